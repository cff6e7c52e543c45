/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interceptors: which are called, when, in which order, and what becomes of their answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "conf/conf.h"

/* What was called, one word each. */
static char calls[2048];

RK_FORMAT(1, 2)
static void note(const char *format, ...)
{
    size_t size = strlen(calls);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(calls + size, sizeof(calls) - size, format, arguments);
    va_end(arguments);
}

static void expect_calls(const char *expected)
{
    assert_string_equal(calls, expected);
    calls[0] = '\0';
}

#define ADD(object, point, name, function, opaque)                                        \
    rk_interceptors_add(&(object)->interceptors, point, name, (void (*)(void))(function), \
                        (void *)(uintptr_t)(opaque))

/* Takes "my.*" for its own, refuses "bad". */
static rd_kafka_conf_res_t on_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                  char *errstr, size_t size, void *opaque)
{
    (void)conf;
    note("%s:%s=%s ", (const char *)opaque, name, value ? value : "NULL");
    if (!strcmp(name, "bad")) {
        snprintf(errstr, size, "refused");
        return RD_KAFKA_CONF_INVALID;
    }
    bool mine = !strncmp(name, "my.", 3) || (value && !strcmp(value, "taken"));
    return mine ? RD_KAFKA_CONF_OK : RD_KAFKA_CONF_UNKNOWN;
}

static rd_kafka_conf_res_t set(struct rd_kafka_conf_s *conf, const char *name, const char *value)
{
    return rk_conf_set(conf, name, value, NULL, 0);
}

static void test_adding(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    assert_int_equal(ADD(conf, RK_ON_CONF_SET, "a", on_set, "a"), 0);
    assert_int_equal(ADD(conf, RK_ON_CONF_SET, "a", on_set, "b"), RD_KAFKA_RESP_ERR__CONFLICT);
    assert_int_equal(ADD(conf, RK_ON_CONF_SET, "b", on_set, "b"), 0);
    assert_int_equal(ADD(conf, RK_ON_CONF_SET, NULL, on_set, "b"), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(ADD(conf, RK_ON_CONF_SET, "c", NULL, "b"), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(conf->interceptors.at[RK_ON_CONF_SET].count, 2);
    assert_true(rk_interceptors_has(&conf->interceptors, RK_ON_CONF_SET));
    assert_false(rk_interceptors_has(&conf->interceptors, RK_ON_SEND));
    rk_conf_destroy(conf);
}

static void test_on_conf_set(void **state)
{
    (void)state;
    char errstr[32];
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    ADD(conf, RK_ON_CONF_SET, "a", on_set, "a");
    ADD(conf, RK_ON_CONF_SET, "b", on_set, "b");
    assert_int_equal(set(conf, "client.id", "x"), RD_KAFKA_CONF_OK);
    expect_calls("a:client.id=x b:client.id=x a:client.id=x b:client.id=x ");
    assert_int_equal(set(conf, "linger.ms", "3"), RD_KAFKA_CONF_OK);
    expect_calls("a:linger.ms=3 b:linger.ms=3 "
                 "a:queue.buffering.max.ms=3 b:queue.buffering.max.ms=3 "
                 "a:queue.buffering.max.ms=3 b:queue.buffering.max.ms=3 ");
    assert_int_equal(set(conf, "acks", "1"), RD_KAFKA_CONF_OK);
    expect_calls("a:acks=1 b:acks=1 ");
    assert_int_equal(set(conf, "my.thing", ""), RD_KAFKA_CONF_OK);
    expect_calls("a:my.thing=NULL ");
    assert_int_equal(set(conf, "nope", "1"), RD_KAFKA_CONF_UNKNOWN);
    expect_calls("a:nope=1 b:nope=1 ");
    assert_int_equal(set(conf, "error_cb", "1"), RD_KAFKA_CONF_INVALID);
    expect_calls("a:error_cb=1 b:error_cb=1 ");
    assert_int_equal(set(conf, "message.max.bytes", "x"), RD_KAFKA_CONF_INVALID);
    expect_calls("a:message.max.bytes=x b:message.max.bytes=x ");
    assert_int_equal(rk_conf_set(conf, "bad", "1", errstr, sizeof(errstr)), RD_KAFKA_CONF_INVALID);
    assert_string_equal(errstr, "refused");
    expect_calls("a:bad=1 ");
    assert_int_equal(set(conf, "client.id", "taken"), RD_KAFKA_CONF_OK);
    assert_string_equal(conf->conf.client_id, "x");
    expect_calls("a:client.id=taken ");
    rk_conf_destroy(conf);
}

/* Adds itself to the copy again, as interceptors are to do. */
static rd_kafka_resp_err_t on_dup(rd_kafka_conf_t *copy, const rd_kafka_conf_t *conf,
                                  size_t filter_count, const char **filter, void *opaque)
{
    assert_ptr_not_equal(copy, conf);
    note("dup(%s,%zu%s) ", (const char *)opaque, filter_count, filter_count ? filter[0] : "");
    ADD(copy, RK_ON_CONF_SET, "copy", on_set, "copy");
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_destroy(void *opaque)
{
    note("destroy(%s) ", (const char *)opaque);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void test_copies(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    ADD(conf, RK_ON_CONF_SET, "a", on_set, "a");
    ADD(conf, RK_ON_CONF_DUP, "a", on_dup, "a");
    assert_int_equal(ADD(conf, RK_ON_CONF_DESTROY, "a", on_destroy, "1"), 0);
    assert_int_equal(ADD(conf, RK_ON_CONF_DESTROY, "a", on_destroy, "2"), 0);
    set(conf, "client.id", "x");
    set(conf, "my.thing", "7");
    set(conf, "my.empty", NULL);
    set(conf, "message.max.bytes", "5000");
    calls[0] = '\0';
    struct rd_kafka_conf_s *copy = rk_conf_dup(conf, 0, NULL);
    expect_calls("dup(a,0) copy:client.id=x copy:message.max.bytes=5000 copy:my.thing=7 "
                 "copy:my.empty=NULL ");
    assert_string_equal(copy->conf.client_id, "x");
    assert_int_equal(copy->interceptors.at[RK_ON_CONF_DUP].count, 0);
    struct rd_kafka_conf_s *copy_of_copy = rk_conf_dup(copy, 0, NULL);
    expect_calls("");
    rk_conf_destroy(copy_of_copy);
    rk_conf_destroy(copy);
    expect_calls("");
    const char *filter[] = {"my.", "client."};
    copy = rk_conf_dup(conf, 2, filter);
    expect_calls("dup(a,2my.) copy:message.max.bytes=5000 ");
    rk_conf_destroy(copy);
    rk_conf_destroy(conf);
    expect_calls("destroy(1) destroy(2) ");
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *errstr, size_t size)
{
    (void)rk, (void)conf;
    note("new(%s) ", (const char *)opaque);
    snprintf(errstr, size, "why");
    return RD_KAFKA_RESP_ERR__FAIL;
}

static rd_kafka_resp_err_t on_message(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    note("%s(%d) ", (const char *)opaque, message->partition);
    return message->partition == 7 ? RD_KAFKA_RESP_ERR__BAD_MSG : RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                     rd_kafka_resp_err_t err, void *opaque)
{
    (void)rk, (void)offsets;
    note("%s(%d) ", (const char *)opaque, err);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_handle(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    note("%s ", (const char *)opaque);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_thread(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name,
                                     void *opaque)
{
    (void)rk;
    note("%s(%d,%s) ", (const char *)opaque, (int)type, name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_sent(rd_kafka_t *rk, int socket, const char *name, int32_t id,
                                   int16_t key, int16_t version, int32_t correlation, size_t size,
                                   void *opaque)
{
    (void)rk;
    note("%s(%d,%s,%d,%d,%d,%d,%zu) ", (const char *)opaque, socket, name, id, key, version,
         correlation, size);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_received(rd_kafka_t *rk, int socket, const char *name, int32_t id,
                                       int16_t key, int16_t version, int32_t correlation,
                                       size_t size, int64_t round_trip, rd_kafka_resp_err_t err,
                                       void *opaque)
{
    on_sent(rk, socket, name, id, key, version, correlation, size, opaque);
    note("(%d,%d) ", (int)round_trip, err);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_state(rd_kafka_t *rk, int32_t id, const char *protocol,
                                    const char *name, int port, const char *broker_state,
                                    void *opaque)
{
    (void)rk;
    note("%s(%d,%s,%s,%d,%s) ", (const char *)opaque, id, protocol, name, port, broker_state);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void on_failure(void *opaque, const char *point, const char *interceptor,
                       rd_kafka_resp_err_t err, const char *text)
{
    (void)opaque;
    note("[%s %s %d %s] ", point, interceptor, err, text);
}

static void test_running(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    struct rk_interceptors *all = &conf->interceptors;
    rd_kafka_message_t message = {.partition = 3};
    all->failed = on_failure;
    ADD(conf, RK_ON_NEW, "x", on_new, "x");
    ADD(conf, RK_ON_SEND, "x", on_message, "send1");
    ADD(conf, RK_ON_SEND, "y", on_message, "send2");
    ADD(conf, RK_ON_ACKNOWLEDGEMENT, "x", on_message, "ack");
    ADD(conf, RK_ON_CONSUME, "x", on_message, "consume");
    ADD(conf, RK_ON_COMMIT, "x", on_commit, "commit");
    ADD(conf, RK_ON_DESTROY, "x", on_handle, "destroy");
    ADD(conf, RK_ON_THREAD_START, "x", on_thread, "start");
    ADD(conf, RK_ON_THREAD_EXIT, "x", on_thread, "exit");
    ADD(conf, RK_ON_REQUEST_SENT, "x", on_sent, "sent");
    ADD(conf, RK_ON_RESPONSE_RECEIVED, "x", on_received, "received");
    ADD(conf, RK_ON_BROKER_STATE_CHANGE, "x", on_state, "state");
    rk_interceptors_on_new(all, NULL, conf);
    expect_calls("new(x) [on_new x -196 why] ");
    rk_interceptors_on_send(all, NULL, &message);
    expect_calls("send1(3) send2(3) ");
    message.partition = 7;
    rk_interceptors_on_send(all, NULL, &message);
    expect_calls("send1(7) [on_send x -199 ] send2(7) [on_send y -199 ] ");
    message.partition = 1;
    rk_interceptors_on_acknowledgement(all, NULL, &message);
    rk_interceptors_on_consume(all, NULL, &message);
    rk_interceptors_on_commit(all, NULL, NULL, RD_KAFKA_RESP_ERR__FAIL);
    expect_calls("ack(1) consume(1) commit(-196) ");
    rk_interceptors_on_thread_start(all, NULL, RD_KAFKA_THREAD_BROKER, "rdk:broker1");
    rk_interceptors_on_thread_exit(all, NULL, RD_KAFKA_THREAD_MAIN, "rdk:main");
    expect_calls("start(2,rdk:broker1) exit(0,rdk:main) ");
    struct rk_intercepted_request request = {9, "b:1/1", 1, 3, 12, 99, 1000};
    rk_interceptors_on_request_sent(all, NULL, &request);
    rk_interceptors_on_response_received(all, NULL, &request, 55, RD_KAFKA_RESP_ERR_NO_ERROR);
    expect_calls("sent(9,b:1/1,1,3,12,99,1000) received(9,b:1/1,1,3,12,99,1000) (55,0) ");
    rk_interceptors_on_broker_state_change(all, NULL, 1, "plaintext", "b", 9092, "UP");
    rk_interceptors_on_destroy(all, NULL);
    expect_calls("state(1,plaintext,b,9092,UP) destroy ");
    rk_conf_destroy(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_on_conf_set),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
