/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The application's interceptors: functions called at fixed points, in the order they were added.
 *
 * Kept in the configuration (struct rd_kafka_conf_s), those of the client too: the client's are
 * added from on_new, before its threads start, and read by any thread afterwards. A copy of a
 * configuration starts without interceptors.
 */
#ifndef RK_CONF_INTERCEPTORS_H
#define RK_CONF_INTERCEPTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "rdkafka.h"

enum rk_interceptor_point {
    RK_ON_CONF_SET,
    RK_ON_CONF_DUP,
    RK_ON_CONF_DESTROY,
    RK_ON_NEW,
    RK_ON_DESTROY,
    RK_ON_SEND,
    RK_ON_ACKNOWLEDGEMENT,
    RK_ON_CONSUME,
    RK_ON_COMMIT,
    RK_ON_REQUEST_SENT,
    RK_ON_RESPONSE_RECEIVED,
    RK_ON_THREAD_START,
    RK_ON_THREAD_EXIT,
    RK_ON_BROKER_STATE_CHANGE,
    RK_INTERCEPTOR_POINTS,
};

struct rk_interceptor {
    char *name;
    union {
        rd_kafka_interceptor_f_on_conf_set_t *on_conf_set;
        rd_kafka_interceptor_f_on_conf_dup_t *on_conf_dup;
        rd_kafka_interceptor_f_on_conf_destroy_t *on_conf_destroy;
        rd_kafka_interceptor_f_on_new_t *on_new;
        rd_kafka_interceptor_f_on_destroy_t *on_destroy;
        rd_kafka_interceptor_f_on_send_t *on_send;
        rd_kafka_interceptor_f_on_acknowledgement_t *on_acknowledgement;
        rd_kafka_interceptor_f_on_consume_t *on_consume;
        rd_kafka_interceptor_f_on_commit_t *on_commit;
        rd_kafka_interceptor_f_on_request_sent_t *on_request_sent;
        rd_kafka_interceptor_f_on_response_received_t *on_response_received;
        rd_kafka_interceptor_f_on_thread_start_t *on_thread_start;
        rd_kafka_interceptor_f_on_thread_exit_t *on_thread_exit;
        rd_kafka_interceptor_f_on_broker_state_change_t *on_broker_state_change;
        void (*any)(void); /* The same pointer, for comparing. */
    } function;
    void *opaque;
};

struct rk_interceptor_list {
    struct rk_interceptor *items;
    size_t count;
};

/* Told about each interceptor that failed: `point` is "on_send" and so on. Runs on the thread the
 * interceptor ran on. */
typedef void(rk_interceptor_failed_t)(void *opaque, const char *point, const char *interceptor,
                                      rd_kafka_resp_err_t err, const char *text);

struct rk_interceptors {
    struct rk_interceptor_list at[RK_INTERCEPTOR_POINTS];
    rk_interceptor_failed_t
        *failed; /* Set by the client before its threads start; NULL: failures are ignored. */
    void *failed_opaque;
};

/*
 * Adds one at the end. `function` is the pointer cast to void (*)(void). The same name with the
 * same function again: RD_KAFKA_RESP_ERR__CONFLICT, except on_conf_destroy, which may be there many
 * times. No name or function: _INVALID_ARG.
 */
rd_kafka_resp_err_t rk_interceptors_add(struct rk_interceptors *interceptors,
                                        enum rk_interceptor_point point, const char *name,
                                        void (*function)(void), void *opaque);
void rk_interceptors_clear(struct rk_interceptors *interceptors);

/* Whether there is anything to run: one load, for the paths of every message. */
static inline bool rk_interceptors_has(const struct rk_interceptors *interceptors,
                                       enum rk_interceptor_point point)
{
    return interceptors->at[point].count != 0;
}

/* The first answer other than UNKNOWN; UNKNOWN when nobody knew the property. */
rd_kafka_conf_res_t rk_interceptors_on_conf_set(const struct rk_interceptors *interceptors,
                                                rd_kafka_conf_t *conf, const char *name,
                                                const char *value, char *errstr, size_t size);
void rk_interceptors_on_conf_dup(const struct rk_interceptors *interceptors, rd_kafka_conf_t *copy,
                                 const rd_kafka_conf_t *conf, size_t filter_count,
                                 const char **filter);
void rk_interceptors_on_conf_destroy(const struct rk_interceptors *interceptors);
void rk_interceptors_on_new(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                            const rd_kafka_conf_t *conf);
void rk_interceptors_on_destroy(const struct rk_interceptors *interceptors, rd_kafka_t *rk);
void rk_interceptors_on_send(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                             rd_kafka_message_t *message);
void rk_interceptors_on_acknowledgement(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                        rd_kafka_message_t *message);
void rk_interceptors_on_consume(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                rd_kafka_message_t *message);
void rk_interceptors_on_commit(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                               const rd_kafka_topic_partition_list_t *offsets,
                               rd_kafka_resp_err_t err);

/* What the interceptors of requests and answers are told. */
struct rk_intercepted_request {
    int socket;
    const char *broker_name;
    int32_t broker_id;
    int16_t api_key;
    int16_t api_version;
    int32_t correlation_id;
    size_t size;
};
void rk_interceptors_on_request_sent(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                     const struct rk_intercepted_request *request);
/* round_trip_us is -1 when not known. */
void rk_interceptors_on_response_received(const struct rk_interceptors *interceptors,
                                          rd_kafka_t *rk,
                                          const struct rk_intercepted_request *answer,
                                          int64_t round_trip_us, rd_kafka_resp_err_t err);
void rk_interceptors_on_thread_start(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                     rd_kafka_thread_type_t type, const char *thread_name);
void rk_interceptors_on_thread_exit(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                    rd_kafka_thread_type_t type, const char *thread_name);
void rk_interceptors_on_broker_state_change(const struct rk_interceptors *interceptors,
                                            rd_kafka_t *rk, int32_t broker_id,
                                            const char *security_protocol, const char *name,
                                            int port, const char *state);

#endif
