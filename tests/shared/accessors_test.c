/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client, a topic and a configuration tell about themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rdkafka.h"

enum { TIMEOUT_MS = 20000 };

static int client_opaque, topic_opaque;
static int logged;

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
    logged++;
}

static rd_kafka_t *new_client(rd_kafka_type_t type)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "2", NULL, 0);
    rd_kafka_conf_set(conf, "client.id", "teller", NULL, 0);
    rd_kafka_conf_set(conf, "request.required.acks", "1", NULL, 0);
    rd_kafka_conf_set_opaque(conf, &client_opaque);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_t *rk = rd_kafka_new(type, conf, NULL, 0);
    assert_non_null(rk);
    return rk;
}

static void assert_value(const rd_kafka_conf_t *conf, const char *name, const char *expected)
{
    char value[256];
    size_t size = sizeof(value);
    assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, expected);
    assert_int_equal(size, strlen(expected) + 1);
    size = 0;
    assert_int_equal(rd_kafka_conf_get(conf, name, NULL, &size), RD_KAFKA_CONF_OK);
    assert_int_equal(size, strlen(expected) + 1);
}

static const char *value_in(const char **pairs, size_t count, const char *name)
{
    for (size_t i = 0; i + 1 < count; i += 2)
        if (!strcmp(pairs[i], name))
            return pairs[i + 1];
    return NULL;
}

static void test_a_client(void **state)
{
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER);
    assert_int_equal(rd_kafka_type(rk), RD_KAFKA_PRODUCER);
    assert_ptr_equal(rd_kafka_opaque(rk), &client_opaque);
    assert_int_equal(strncmp(rd_kafka_name(rk), "teller#producer-", 16), 0);
    assert_null(rd_kafka_queue_get_sasl(rk));
    const rd_kafka_conf_t *conf = rd_kafka_conf(rk);
    assert_value(conf, "client.id", "teller");
    assert_value(conf, "linger.ms", "5");
    assert_value(conf, "acks", "1"); /* Of the default topic configuration. */
    assert_value(conf, "test.mock.num.brokers", "2");
    /* It stays as it is. */
    assert_int_equal(
        rd_kafka_conf_set((rd_kafka_conf_t *)(uintptr_t)conf, "linger.ms", "7", NULL, 0),
        RD_KAFKA_CONF_INVALID);
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_default_topic_conf_dup(rk);
    char value[64];
    size_t size = sizeof(value);
    assert_int_equal(rd_kafka_topic_conf_get(topic_conf, "acks", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "1");
    rd_kafka_topic_conf_destroy(topic_conf);
    char *cluster_id = rd_kafka_clusterid(rk, TIMEOUT_MS);
    assert_non_null(cluster_id);
    rd_kafka_mem_free(rk, cluster_id);
    assert_true(rd_kafka_controllerid(rk, TIMEOUT_MS) > 0);
    size_t count;
    int32_t *ids = rd_kafka_brokers_learned_ids(rk, &count);
    assert_int_equal(count, 2);
    assert_int_equal(ids[0] + ids[1], 3);
    rd_kafka_mem_free(rk, ids);
    assert_int_equal(rd_kafka_brokers_add(rk, "127.0.0.1:1,127.0.0.1:2"), 2);
    rd_kafka_destroy(rk);
}

static void test_a_topic(void **state)
{
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER);
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    rd_kafka_topic_conf_set_opaque(conf, &topic_opaque);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "t", conf);
    assert_string_equal(rd_kafka_topic_name(topic), "t");
    assert_ptr_equal(rd_kafka_topic_opaque(topic), &topic_opaque);
    /* Another handle of the same topic: its configuration counts no more. */
    rd_kafka_topic_t *again = rd_kafka_topic_new(rk, "t", rd_kafka_topic_conf_new());
    assert_ptr_equal(again, topic);
    assert_ptr_equal(rd_kafka_topic_opaque(again), &topic_opaque);
    rd_kafka_topic_destroy(again);
    rd_kafka_topic_destroy(topic);
    /* The random partitioner stays in its range. */
    for (int i = 0; i < 100; i++) {
        int32_t partition = rd_kafka_msg_partitioner_random(NULL, NULL, 0, 3, NULL, NULL);
        assert_true(partition >= 0 && partition < 3);
    }
    rd_kafka_destroy(rk);
}

static void test_configurations(void **state)
{
    size_t count, topic_count;
    (void)state;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_null(rd_kafka_conf_get_default_topic_conf(conf));
    rd_kafka_conf_set(conf, "compression.type", "lz4", NULL, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_conf_get_default_topic_conf(conf);
    assert_non_null(topic_conf);
    const char **pairs = rd_kafka_conf_dump(conf, &count);
    const char **topic_pairs = rd_kafka_topic_conf_dump(topic_conf, &topic_count);
    assert_int_equal(count % 2, 0);
    assert_string_equal(value_in(pairs, count, "compression.codec"), "lz4");
    assert_null(value_in(pairs, count, "compression.type")); /* An alias. */
    assert_null(value_in(pairs, count, "group.id"));         /* Not set. */
    assert_string_equal(value_in(topic_pairs, topic_count, "auto.offset.reset"), "smallest");
    rd_kafka_conf_dump_free(pairs, count);
    rd_kafka_conf_dump_free(topic_pairs, topic_count);
    char error[200] = "";
    assert_int_equal(rd_kafka_conf_set_ssl_cert(conf, RD_KAFKA_CERT_PUBLIC_KEY,
                                                RD_KAFKA_CERT_ENC_PEM, NULL, 0, error,
                                                sizeof(error)),
                     RD_KAFKA_CONF_OK); /* None. */
    rd_kafka_conf_destroy(conf);
}

/* What a function writes to a FILE. */
static char *written_by(void (*write)(FILE *file, void *argument), void *argument)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    write(file, argument);
    fclose(file);
    return text;
}

static void show_properties(FILE *file, void *argument)
{
    (void)argument;
    rd_kafka_conf_properties_show(file);
}

static void dump(FILE *file, void *rk)
{
    rd_kafka_dump(file, rk);
}

static void test_texts(void **state)
{
    (void)state;
    char *text = written_by(show_properties, NULL);
    assert_non_null(strstr(text, "bootstrap.servers"));
    assert_non_null(strstr(text, "request.required.acks"));
    free(text);
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER);
    text = written_by(dump, rk);
    assert_non_null(strstr(text, rd_kafka_name(rk)));
    free(text);
    rd_kafka_destroy(rk);
}

static void test_loggers(void **state)
{
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_PRODUCER);
    assert_true(logged > 0);
    rd_kafka_test_fatal_error(rk, RD_KAFKA_RESP_ERR__STATE, "logged for want of an error_cb");
    int before = logged;
    assert_true(before > 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    rd_kafka_set_logger(rk, NULL);
    assert_int_equal(rd_kafka_errno2err(ENOENT), RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    assert_int_equal(rd_kafka_errno2err(ETIMEDOUT), RD_KAFKA_RESP_ERR__TIMED_OUT);
    errno = EBUSY;
    assert_int_equal(rd_kafka_errno(), EBUSY);
#pragma GCC diagnostic pop
    rd_kafka_destroy(rk);
    assert_int_equal(logged, before); /* Nobody was told. */
}

static int woken;

static void on_wake_up(rd_kafka_t *rk, void *opaque)
{
    assert_ptr_equal(rd_kafka_opaque(rk), &client_opaque);
    woken += opaque == &topic_opaque;
}

static void test_wake_ups(void **state)
{
    int ends[2];
    char byte = 0;
    (void)state;
    rd_kafka_t *rk = new_client(RD_KAFKA_CONSUMER);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main(rk);
    rd_kafka_queue_forward(main_queue, queue);
    assert_int_equal(pipe(ends), 0);
    rd_kafka_queue_io_event_enable(queue, ends[1], "!", 1);
    rd_kafka_queue_yield(queue);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, '!');
    rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
    rd_kafka_queue_cb_event_enable(queue, on_wake_up, &topic_opaque);
    rd_kafka_queue_yield(queue);
    assert_int_equal(woken, 1);
    rd_kafka_queue_cb_event_enable(queue, NULL, NULL);
    rd_kafka_queue_yield(queue);
    assert_int_equal(woken, 1);
    close(ends[0]);
    close(ends[1]);
    rd_kafka_queue_destroy(main_queue);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client),       cmocka_unit_test(test_a_topic),
        cmocka_unit_test(test_configurations), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_loggers),        cmocka_unit_test(test_wake_ups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
