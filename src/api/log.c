/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where logs go: rd_kafka_set_log_queue() and its like, and the loggers that come with the library;
 * what a new client logs about itself.
 */
#include "api/client.h"
#include "conf/conf.h"

rd_kafka_resp_err_t rd_kafka_set_log_queue(rd_kafka_t *rk, rd_kafka_queue_t *rkqu)
{
    if (!rk->core->conf->log_queue)
        return RD_KAFKA_RESP_ERR__NOT_CONFIGURED;
    rk_core_set_log_queue(rk->core, rkqu ? rkqu : rk->core->main_queue);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_set_logger(rd_kafka_t *rk, void (*func)(const rd_kafka_t *rk, int level,
                                                      const char *fac, const char *buf))
{
    atomic_store_explicit(&rk->core->log_callback, func, memory_order_relaxed);
}

void rd_kafka_set_log_level(rd_kafka_t *rk, int level)
{
    atomic_store_explicit(&rk->core->log_level, level, memory_order_relaxed);
}

void rd_kafka_log_print(const rd_kafka_t *rk, int level, const char *fac, const char *buf)
{
    rk_log_print(rk ? rk->core->name : NULL, level, fac, buf);
}

void rd_kafka_log_syslog(const rd_kafka_t *rk, int level, const char *fac, const char *buf)
{
    rk_log_syslog(rk ? rk->core->name : NULL, level, fac, buf);
}

static void log_property(void *argument, const char *name, const char *value)
{
    rk_log_debug((struct rk_core *)argument, RK_DEBUG_CONF, "CONF", "  %s = %s", name, value);
}

void rk_client_log_start(rd_kafka_t *rk)
{
    struct rk_core *core = rk->core;
    if (!core->conf->debug)
        return;
    char features[256] = "";
    size_t size = sizeof(features);
    rk_conf_get(core->conf_object, "builtin.features", features, &size);
    rk_log_debug(core, RK_DEBUG_ALL, "INIT",
                 "librdkafka v%s (0x%x) %s initialized (builtin.features %s, debug 0x%x)",
                 rd_kafka_version_str(), (unsigned)rd_kafka_version(), core->name, features,
                 (unsigned)core->conf->debug);
    rk_log_debug(core, RK_DEBUG_CONF, "CONF", "Client configuration:");
    rk_conf_visit_modified(core->conf_object, log_property, core);
}
