/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The setters of callbacks: each reaches its member, counts as set, and leaves a client's
 * configuration alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "conf/conf.h"

static void function(void)
{
}

/* Any function in place of the one wanted: it is never called. */
#define ANY (void *)function

#define EXPECT_SET(setter, member)                                  \
    do {                                                            \
        rd_kafka_conf_t *conf = rk_conf_new(NULL);                  \
        setter(conf, ANY);                                          \
        assert_ptr_equal((void *)conf->conf.callbacks.member, ANY); \
        assert_true(rk_conf_is_modified(conf, member));             \
        rk_conf_freeze(conf);                                       \
        setter(conf, NULL);                                         \
        assert_ptr_equal((void *)conf->conf.callbacks.member, ANY); \
        rd_kafka_conf_t *copy = rk_conf_dup(conf, 0, NULL);         \
        assert_ptr_equal((void *)copy->conf.callbacks.member, ANY); \
        rk_conf_destroy(copy);                                      \
        rk_conf_destroy(conf);                                      \
    } while (0)

static void test_callbacks(void **state)
{
    (void)state;
    EXPECT_SET(rd_kafka_conf_set_dr_cb, dr_cb);
    EXPECT_SET(rd_kafka_conf_set_dr_msg_cb, dr_msg_cb);
    EXPECT_SET(rd_kafka_conf_set_consume_cb, consume_cb);
    EXPECT_SET(rd_kafka_conf_set_rebalance_cb, rebalance_cb);
    EXPECT_SET(rd_kafka_conf_set_offset_commit_cb, offset_commit_cb);
    EXPECT_SET(rd_kafka_conf_set_error_cb, error_cb);
    EXPECT_SET(rd_kafka_conf_set_throttle_cb, throttle_cb);
    EXPECT_SET(rd_kafka_conf_set_log_cb, log_cb);
    EXPECT_SET(rd_kafka_conf_set_stats_cb, stats_cb);
    EXPECT_SET(rd_kafka_conf_set_background_event_cb, background_event_cb);
    EXPECT_SET(rd_kafka_conf_set_oauthbearer_token_refresh_cb, oauthbearer_token_refresh_cb);
    EXPECT_SET(rd_kafka_conf_set_socket_cb, socket_cb);
    EXPECT_SET(rd_kafka_conf_set_connect_cb, connect_cb);
    EXPECT_SET(rd_kafka_conf_set_closesocket_cb, closesocket_cb);
    EXPECT_SET(rd_kafka_conf_set_open_cb, open_cb);
    EXPECT_SET(rd_kafka_conf_set_resolve_cb, resolve_cb);
    EXPECT_SET(rd_kafka_conf_set_engine_callback_data, ssl_engine_callback_data);
    EXPECT_SET(rd_kafka_conf_set_opaque, opaque);
}

static void test_others(void **state)
{
    (void)state;
    rd_kafka_conf_t *conf = rk_conf_new(NULL);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    assert_int_equal(conf->conf.callbacks.enabled_events, RD_KAFKA_EVENT_ERROR);
    rd_kafka_conf_enable_sasl_queue(conf, 5);
    assert_int_equal(conf->conf.enable_sasl_queue, 1);
    rd_kafka_conf_enable_sasl_queue(conf, 0);
    assert_int_equal(conf->conf.enable_sasl_queue, 0);
    assert_true(rk_conf_is_modified(conf, enable_sasl_queue));
    rd_kafka_conf_res_t expected =
        rk_conf_features() & RK_CONF_FEATURE_SSL ? RD_KAFKA_CONF_OK : RD_KAFKA_CONF_INVALID;
    assert_int_equal(rd_kafka_conf_set_ssl_cert_verify_cb(conf, ANY), expected);
    rk_conf_destroy(conf);
}

static void test_topic(void **state)
{
    (void)state;
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
    rd_kafka_topic_conf_set_opaque(topic_conf, &topic_conf);
    rd_kafka_topic_conf_set_partitioner_cb(topic_conf, ANY);
    rd_kafka_topic_conf_set_msg_order_cmp(topic_conf, ANY);
    rd_kafka_topic_conf_t *copy = rd_kafka_topic_conf_dup(topic_conf);
    assert_ptr_equal(copy->conf.callbacks.opaque, &topic_conf);
    assert_ptr_equal((void *)copy->conf.callbacks.partitioner, ANY);
    assert_ptr_equal((void *)copy->conf.callbacks.msg_order_cmp, ANY);
    rd_kafka_topic_conf_destroy(copy);
    rd_kafka_topic_conf_destroy(topic_conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
