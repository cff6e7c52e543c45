/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/interceptors.h"

#include <string.h>

#include "base/memory.h"

static const char *const point_names[RK_INTERCEPTOR_POINTS] = {
    [RK_ON_CONF_SET] = "on_conf_set",
    [RK_ON_CONF_DUP] = "on_conf_dup",
    [RK_ON_CONF_DESTROY] = "on_conf_destroy",
    [RK_ON_NEW] = "on_new",
    [RK_ON_DESTROY] = "on_destroy",
    [RK_ON_SEND] = "on_send",
    [RK_ON_ACKNOWLEDGEMENT] = "on_acknowledgement",
    [RK_ON_CONSUME] = "on_consume",
    [RK_ON_COMMIT] = "on_commit",
    [RK_ON_REQUEST_SENT] = "on_request_sent",
    [RK_ON_RESPONSE_RECEIVED] = "on_response_received",
    [RK_ON_THREAD_START] = "on_thread_start",
    [RK_ON_THREAD_EXIT] = "on_thread_exit",
    [RK_ON_BROKER_STATE_CHANGE] = "on_broker_state_change",
};

rd_kafka_resp_err_t rk_interceptors_add(struct rk_interceptors *interceptors,
                                        enum rk_interceptor_point point, const char *name,
                                        void (*function)(void), void *opaque)
{
    if (!name || !function)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    struct rk_interceptor_list *list = &interceptors->at[point];
    for (size_t i = 0; i < list->count && point != RK_ON_CONF_DESTROY; i++)
        if (list->items[i].function.any == function && !strcmp(list->items[i].name, name))
            return RD_KAFKA_RESP_ERR__CONFLICT;
    list->items = rk_realloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = (struct rk_interceptor){
        .name = rk_strdup(name), .function.any = function, .opaque = opaque};
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_interceptors_clear(struct rk_interceptors *interceptors)
{
    for (int point = 0; point < RK_INTERCEPTOR_POINTS; point++) {
        struct rk_interceptor_list *list = &interceptors->at[point];
        for (size_t i = 0; i < list->count; i++)
            rk_free(list->items[i].name);
        rk_free(list->items);
        *list = (struct rk_interceptor_list){0};
    }
}

static void failed(const struct rk_interceptors *interceptors, enum rk_interceptor_point point,
                   const struct rk_interceptor *interceptor, rd_kafka_resp_err_t err,
                   const char *text)
{
    if (interceptors->failed)
        interceptors->failed(interceptors->failed_opaque, point_names[point], interceptor->name,
                             err, text);
}

/* Calls all interceptors of a point in order, passing on failures. */
#define RUN(point, member, ...)                                                        \
    do {                                                                               \
        const struct rk_interceptor_list *list = &interceptors->at[point];             \
        for (size_t i = 0; i < list->count; i++) {                                     \
            const struct rk_interceptor *at = &list->items[i];                         \
            rd_kafka_resp_err_t result = at->function.member(__VA_ARGS__, at->opaque); \
            if (result)                                                                \
                failed(interceptors, point, at, result, "");                           \
        }                                                                              \
    } while (0)

rd_kafka_conf_res_t rk_interceptors_on_conf_set(const struct rk_interceptors *interceptors,
                                                rd_kafka_conf_t *conf, const char *name,
                                                const char *value, char *errstr, size_t size)
{
    const struct rk_interceptor_list *list = &interceptors->at[RK_ON_CONF_SET];
    for (size_t i = 0; i < list->count; i++) {
        rd_kafka_conf_res_t result = list->items[i].function.on_conf_set(
            conf, name, value, errstr, size, list->items[i].opaque);
        if (result != RD_KAFKA_CONF_UNKNOWN)
            return result;
    }
    return RD_KAFKA_CONF_UNKNOWN;
}

void rk_interceptors_on_conf_dup(const struct rk_interceptors *interceptors, rd_kafka_conf_t *copy,
                                 const rd_kafka_conf_t *conf, size_t filter_count,
                                 const char **filter)
{
    RUN(RK_ON_CONF_DUP, on_conf_dup, copy, conf, filter_count, filter);
}

void rk_interceptors_on_conf_destroy(const struct rk_interceptors *interceptors)
{
    const struct rk_interceptor_list *list = &interceptors->at[RK_ON_CONF_DESTROY];
    for (size_t i = 0; i < list->count; i++) {
        rd_kafka_resp_err_t err = list->items[i].function.on_conf_destroy(list->items[i].opaque);
        if (err)
            failed(interceptors, RK_ON_CONF_DESTROY, &list->items[i], err, "");
    }
}

void rk_interceptors_on_new(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                            const rd_kafka_conf_t *conf)
{
    const struct rk_interceptor_list *list = &interceptors->at[RK_ON_NEW];
    for (size_t i = 0; i < list->count; i++) {
        char text[512] = "";
        rd_kafka_resp_err_t err =
            list->items[i].function.on_new(rk, conf, list->items[i].opaque, text, sizeof(text));
        if (err)
            failed(interceptors, RK_ON_NEW, &list->items[i], err, text);
    }
}

void rk_interceptors_on_destroy(const struct rk_interceptors *interceptors, rd_kafka_t *rk)
{
    RUN(RK_ON_DESTROY, on_destroy, rk);
}

void rk_interceptors_on_send(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                             rd_kafka_message_t *message)
{
    RUN(RK_ON_SEND, on_send, rk, message);
}

void rk_interceptors_on_acknowledgement(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                        rd_kafka_message_t *message)
{
    RUN(RK_ON_ACKNOWLEDGEMENT, on_acknowledgement, rk, message);
}

void rk_interceptors_on_consume(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                rd_kafka_message_t *message)
{
    RUN(RK_ON_CONSUME, on_consume, rk, message);
}

void rk_interceptors_on_commit(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                               const rd_kafka_topic_partition_list_t *offsets,
                               rd_kafka_resp_err_t err)
{
    RUN(RK_ON_COMMIT, on_commit, rk, offsets, err);
}

void rk_interceptors_on_request_sent(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                     const struct rk_intercepted_request *request)
{
    RUN(RK_ON_REQUEST_SENT, on_request_sent, rk, request->socket, request->broker_name,
        request->broker_id, request->api_key, request->api_version, request->correlation_id,
        request->size);
}

void rk_interceptors_on_response_received(const struct rk_interceptors *interceptors,
                                          rd_kafka_t *rk,
                                          const struct rk_intercepted_request *answer,
                                          int64_t round_trip_us, rd_kafka_resp_err_t err)
{
    RUN(RK_ON_RESPONSE_RECEIVED, on_response_received, rk, answer->socket, answer->broker_name,
        answer->broker_id, answer->api_key, answer->api_version, answer->correlation_id,
        answer->size, round_trip_us, err);
}

void rk_interceptors_on_thread_start(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                     rd_kafka_thread_type_t type, const char *thread_name)
{
    RUN(RK_ON_THREAD_START, on_thread_start, rk, type, thread_name);
}

void rk_interceptors_on_thread_exit(const struct rk_interceptors *interceptors, rd_kafka_t *rk,
                                    rd_kafka_thread_type_t type, const char *thread_name)
{
    RUN(RK_ON_THREAD_EXIT, on_thread_exit, rk, type, thread_name);
}

void rk_interceptors_on_broker_state_change(const struct rk_interceptors *interceptors,
                                            rd_kafka_t *rk, int32_t broker_id,
                                            const char *security_protocol, const char *name,
                                            int port, const char *state)
{
    RUN(RK_ON_BROKER_STATE_CHANGE, on_broker_state_change, rk, broker_id, security_protocol, name,
        port, state);
}
