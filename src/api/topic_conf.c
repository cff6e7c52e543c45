/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_topic_conf_*(): a topic's configuration as an object of the application.
 */
#include "conf/conf.h"

rd_kafka_topic_conf_t *rd_kafka_topic_conf_new(void)
{
    return rk_topic_conf_new();
}

rd_kafka_topic_conf_t *rd_kafka_topic_conf_dup(const rd_kafka_topic_conf_t *conf)
{
    return rk_topic_conf_dup(conf);
}

void rd_kafka_topic_conf_destroy(rd_kafka_topic_conf_t *topic_conf)
{
    rk_topic_conf_destroy(topic_conf);
}

rd_kafka_conf_res_t rd_kafka_topic_conf_set(rd_kafka_topic_conf_t *conf, const char *name,
                                            const char *value, char *errstr, size_t errstr_size)
{
    return rk_topic_conf_set(conf, name, value, errstr, errstr_size);
}

rd_kafka_conf_res_t rd_kafka_topic_conf_get(const rd_kafka_topic_conf_t *conf, const char *name,
                                            char *dest, size_t *dest_size)
{
    return rk_topic_conf_get(conf, name, dest, dest_size);
}

const char **rd_kafka_topic_conf_dump(rd_kafka_topic_conf_t *conf, size_t *cntp)
{
    return rk_topic_conf_dump(conf, cntp);
}

void rd_kafka_topic_conf_set_opaque(rd_kafka_topic_conf_t *conf, void *rkt_opaque)
{
    conf->conf.callbacks.opaque = rkt_opaque;
    conf->modified[RK_TOPIC_CONF_ID_opaque] = true;
}

void rd_kafka_topic_conf_set_partitioner_cb(
    rd_kafka_topic_conf_t *topic_conf,
    int32_t (*partitioner)(const rd_kafka_topic_t *rkt, const void *keydata, size_t keylen,
                           int32_t partition_cnt, void *rkt_opaque, void *msg_opaque))
{
    topic_conf->conf.callbacks.partitioner = partitioner;
    topic_conf->modified[RK_TOPIC_CONF_ID_partitioner_cb] = true;
}

void rd_kafka_topic_conf_set_msg_order_cmp(rd_kafka_topic_conf_t *topic_conf,
                                           int (*msg_order_cmp)(const rd_kafka_message_t *a,
                                                                const rd_kafka_message_t *b))
{
    topic_conf->conf.callbacks.msg_order_cmp = msg_order_cmp;
    topic_conf->modified[RK_TOPIC_CONF_ID_msg_order_cmp] = true;
}
