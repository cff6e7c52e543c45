/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for tests that does not want to be loaded.
 */
#include <stdio.h>

#include "rdkafka.h"

__attribute__((visibility("default"))) rd_kafka_resp_err_t
conf_init(rd_kafka_conf_t *conf, void **opaque, char *errstr, size_t size);

rd_kafka_resp_err_t conf_init(rd_kafka_conf_t *conf, void **opaque, char *errstr, size_t size)
{
    (void)conf;
    (void)opaque;
    snprintf(errstr, size, "not today");
    return RD_KAFKA_RESP_ERR__STATE;
}
