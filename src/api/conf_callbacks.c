/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_conf_set_..(): what of a client's configuration is not text - callbacks, opaque, events.
 *
 * A configuration that belongs to a client stays as it is.
 */
#include "conf/conf.h"

/* Sets a callback, and marks the property of that name as set by the application. */
#define SET(object, member, value)                      \
    do {                                                \
        if ((object)->frozen)                           \
            break;                                      \
        (object)->conf.callbacks.member = (value);      \
        (object)->modified[RK_CONF_ID_##member] = true; \
    } while (0)

void rd_kafka_conf_set_events(rd_kafka_conf_t *conf, int events)
{
    SET(conf, enabled_events, events);
}

void rd_kafka_conf_set_background_event_cb(rd_kafka_conf_t *conf,
                                           void (*event_cb)(rd_kafka_t *rk, rd_kafka_event_t *rkev,
                                                            void *opaque))
{
    SET(conf, background_event_cb, event_cb);
}

void rd_kafka_conf_set_dr_cb(rd_kafka_conf_t *conf,
                             void (*dr_cb)(rd_kafka_t *rk, void *payload, size_t len,
                                           rd_kafka_resp_err_t err, void *opaque, void *msg_opaque))
{
    SET(conf, dr_cb, dr_cb);
}

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
                                 void (*dr_msg_cb)(rd_kafka_t *rk,
                                                   const rd_kafka_message_t *rkmessage,
                                                   void *opaque))
{
    SET(conf, dr_msg_cb, dr_msg_cb);
}

void rd_kafka_conf_set_consume_cb(rd_kafka_conf_t *conf,
                                  void (*consume_cb)(rd_kafka_message_t *rkmessage, void *opaque))
{
    SET(conf, consume_cb, consume_cb);
}

void rd_kafka_conf_set_rebalance_cb(
    rd_kafka_conf_t *conf,
    void (*rebalance_cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque))
{
    SET(conf, rebalance_cb, rebalance_cb);
}

void rd_kafka_conf_set_offset_commit_cb(
    rd_kafka_conf_t *conf,
    void (*offset_commit_cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                             rd_kafka_topic_partition_list_t *offsets, void *opaque))
{
    SET(conf, offset_commit_cb, offset_commit_cb);
}

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf,
                                void (*error_cb)(rd_kafka_t *rk, int err, const char *reason,
                                                 void *opaque))
{
    SET(conf, error_cb, error_cb);
}

void rd_kafka_conf_set_throttle_cb(rd_kafka_conf_t *conf,
                                   void (*throttle_cb)(rd_kafka_t *rk, const char *broker_name,
                                                       int32_t broker_id, int throttle_time_ms,
                                                       void *opaque))
{
    SET(conf, throttle_cb, throttle_cb);
}

void rd_kafka_conf_set_log_cb(rd_kafka_conf_t *conf,
                              void (*log_cb)(const rd_kafka_t *rk, int level, const char *fac,
                                             const char *buf))
{
    SET(conf, log_cb, log_cb);
}

void rd_kafka_conf_set_stats_cb(rd_kafka_conf_t *conf,
                                int (*stats_cb)(rd_kafka_t *rk, char *json, size_t json_len,
                                                void *opaque))
{
    SET(conf, stats_cb, stats_cb);
}

void rd_kafka_conf_set_oauthbearer_token_refresh_cb(
    rd_kafka_conf_t *conf,
    void (*oauthbearer_token_refresh_cb)(rd_kafka_t *rk, const char *oauthbearer_config,
                                         void *opaque))
{
    SET(conf, oauthbearer_token_refresh_cb, oauthbearer_token_refresh_cb);
}

void rd_kafka_conf_enable_sasl_queue(rd_kafka_conf_t *conf, int enable)
{
    if (conf->frozen)
        return;
    conf->conf.enable_sasl_queue = enable != 0;
    conf->modified[RK_CONF_ID_enable_sasl_queue] = true;
}

void rd_kafka_conf_set_socket_cb(rd_kafka_conf_t *conf,
                                 int (*socket_cb)(int domain, int type, int protocol, void *opaque))
{
    SET(conf, socket_cb, socket_cb);
}

void rd_kafka_conf_set_connect_cb(rd_kafka_conf_t *conf,
                                  int (*connect_cb)(int sockfd, const struct sockaddr *addr,
                                                    int addrlen, const char *id, void *opaque))
{
    SET(conf, connect_cb, connect_cb);
}

void rd_kafka_conf_set_closesocket_cb(rd_kafka_conf_t *conf,
                                      int (*closesocket_cb)(int sockfd, void *opaque))
{
    SET(conf, closesocket_cb, closesocket_cb);
}

void rd_kafka_conf_set_open_cb(rd_kafka_conf_t *conf,
                               int (*open_cb)(const char *pathname, int flags, mode_t mode,
                                              void *opaque))
{
    SET(conf, open_cb, open_cb);
}

void rd_kafka_conf_set_resolve_cb(rd_kafka_conf_t *conf,
                                  int (*resolve_cb)(const char *node, const char *service,
                                                    const struct addrinfo *hints,
                                                    struct addrinfo **res, void *opaque))
{
    SET(conf, resolve_cb, resolve_cb);
}

rd_kafka_conf_res_t rd_kafka_conf_set_ssl_cert_verify_cb(
    rd_kafka_conf_t *conf,
    int (*ssl_cert_verify_cb)(rd_kafka_t *rk, const char *broker_name, int32_t broker_id,
                              int *x509_error, int depth, const char *buf, size_t size,
                              char *errstr, size_t errstr_size, void *opaque))
{
    if (conf->frozen || !(rk_conf_features() & RK_CONF_FEATURE_SSL))
        return RD_KAFKA_CONF_INVALID;
    conf->conf.callbacks.ssl_cert_verify_cb = ssl_cert_verify_cb;
    conf->modified[RK_CONF_ID_ssl_certificate_verify_cb] = true;
    return RD_KAFKA_CONF_OK;
}

void rd_kafka_conf_set_engine_callback_data(rd_kafka_conf_t *conf, void *callback_data)
{
    SET(conf, ssl_engine_callback_data, callback_data);
}

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque)
{
    SET(conf, opaque, opaque);
}
