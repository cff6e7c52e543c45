/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_topic_*(): topic handles.
 */
#include <errno.h>
#include <string.h>

#include "api/client.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/conf_check.h"

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf)
{
    char text[256];
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!topic || strlen(topic) > RK_TOPIC_NAME_MAX)
        err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    else if (conf && !rk_topic_registry_find(rk_cluster_topics(rk->cluster), topic))
        err = rk_topic_conf_finish(rk->core->conf_object, conf, rk->core->type, text, sizeof(text));
    if (err) {
        if (topic && conf)
            rk_log(rk->core, RK_LOG_ERROR, "TOPICCONF",
                   "Incompatible configuration settings for topic \"%s\": %s", topic, text);
        rk_topic_conf_destroy(conf);
        rk_set_last_error(RD_KAFKA_RESP_ERR__INVALID_ARG, EINVAL);
        return NULL;
    }
    bool is_new;
    rd_kafka_topic_t *rkt =
        rk_topic_registry_find_or_add(rk_cluster_topics(rk->cluster), topic, conf, &is_new);
    if (is_new)
        rk_cluster_post_refresh(rk->cluster, rkt, "the application made a handle for it");
    rk_set_last_error(RD_KAFKA_RESP_ERR_NO_ERROR, 0);
    return rk_topic_acquire(rkt);
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *rkt)
{
    rk_topic_release(rkt);
}

const char *rd_kafka_topic_name(const rd_kafka_topic_t *rkt)
{
    return rk_topic_name(rkt);
}

void *rd_kafka_topic_opaque(const rd_kafka_topic_t *rkt)
{
    return rkt->conf->callbacks.opaque;
}
