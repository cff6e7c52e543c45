/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The application's callbacks, as members of the configuration.
 *
 * Set before the client exists, frozen with it; each type is that of the public setter. NULL: not
 * set, the built-in way applies.
 */
#ifndef RK_CONF_CALLBACKS_H
#define RK_CONF_CALLBACKS_H

#include <sys/types.h>

#include "rdkafka.h"

struct addrinfo;
struct sockaddr;

struct rk_callbacks {
    void (*dr_cb)(rd_kafka_t *rk, void *payload, size_t len, rd_kafka_resp_err_t err, void *opaque,
                  void *msg_opaque);
    void (*dr_msg_cb)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    void (*consume_cb)(rd_kafka_message_t *message, void *opaque);
    void (*rebalance_cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque);
    void (*offset_commit_cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                             rd_kafka_topic_partition_list_t *offsets, void *opaque);
    void (*error_cb)(rd_kafka_t *rk, int err, const char *reason, void *opaque);
    void (*throttle_cb)(rd_kafka_t *rk, const char *broker_name, int32_t broker_id,
                        int throttle_time_ms, void *opaque);
    void (*log_cb)(const rd_kafka_t *rk, int level, const char *facility, const char *text);
    int (*stats_cb)(rd_kafka_t *rk, char *json, size_t json_size, void *opaque);
    void (*background_event_cb)(rd_kafka_t *rk, rd_kafka_event_t *event, void *opaque);
    void (*oauthbearer_token_refresh_cb)(rd_kafka_t *rk, const char *oauthbearer_config,
                                         void *opaque);
    int (*socket_cb)(int domain, int type, int protocol, void *opaque);
    int (*connect_cb)(int socket, const struct sockaddr *address, int address_size, const char *id,
                      void *opaque);
    int (*closesocket_cb)(int socket, void *opaque);
    int (*open_cb)(const char *path, int flags, mode_t mode, void *opaque);
    int (*resolve_cb)(const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **result, void *opaque);
    int (*ssl_cert_verify_cb)(rd_kafka_t *rk, const char *broker_name, int32_t broker_id,
                              int *x509_error, int depth, const char *buffer, size_t size,
                              char *errstr, size_t errstr_size, void *opaque);
    void *ssl_engine_callback_data;
    void *opaque;       /* Last argument of all of the above. */
    int enabled_events; /* RD_KAFKA_EVENT_*; rk_conf_freeze() adds those that callbacks imply. */
};

struct rk_topic_callbacks {
    int32_t (*partitioner)(const rd_kafka_topic_t *topic, const void *key, size_t key_size,
                           int32_t partition_count, void *topic_opaque, void *message_opaque);
    int (*msg_order_cmp)(const rd_kafka_message_t *a, const rd_kafka_message_t *b);
    void *opaque;
};

#endif
