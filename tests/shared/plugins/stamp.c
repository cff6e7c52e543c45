/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for tests: adds a header "stamp" to each message that is produced. Its value is the
 * property stamp.text, which the plugin makes up.
 */
#include <stdlib.h>
#include <string.h>

#include "rdkafka.h"

struct stamp {
    char *text;
};

static rd_kafka_resp_err_t on_send(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    const struct stamp *stamp = opaque;
    rd_kafka_headers_t *headers;
    (void)rk;
    if (rd_kafka_message_headers(message, &headers)) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_message_set_headers(message, headers);
    }
    return rd_kafka_header_add(headers, "stamp", -1, stamp->text, -1);
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *errstr, size_t size)
{
    (void)conf;
    (void)errstr;
    (void)size;
    return rd_kafka_interceptor_add_on_send(rk, "stamp", on_send, opaque);
}

static rd_kafka_conf_res_t on_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                       char *errstr, size_t size, void *opaque)
{
    struct stamp *stamp = opaque;
    (void)conf;
    (void)errstr;
    (void)size;
    if (strcmp(name, "stamp.text") != 0)
        return RD_KAFKA_CONF_UNKNOWN;
    free(stamp->text);
    stamp->text = value ? strdup(value) : NULL;
    return RD_KAFKA_CONF_OK;
}

static rd_kafka_resp_err_t on_conf_destroy(void *opaque)
{
    struct stamp *stamp = opaque;
    free(stamp->text);
    free(stamp);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

__attribute__((visibility("default"))) rd_kafka_resp_err_t
conf_init(rd_kafka_conf_t *conf, void **opaque, char *errstr, size_t size);

rd_kafka_resp_err_t conf_init(rd_kafka_conf_t *conf, void **opaque, char *errstr, size_t size)
{
    struct stamp *stamp = calloc(1, sizeof(*stamp));
    (void)errstr;
    (void)size;
    if (!stamp)
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    *opaque = stamp;
    rd_kafka_conf_interceptor_add_on_new(conf, "stamp", on_new, stamp);
    rd_kafka_conf_interceptor_add_on_conf_set(conf, "stamp", on_conf_set, stamp);
    return rd_kafka_conf_interceptor_add_on_conf_destroy(conf, "stamp", on_conf_destroy, stamp);
}
