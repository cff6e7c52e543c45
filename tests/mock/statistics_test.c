/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics: every field of the table is there with its type, and counts what the cluster saw.
 */
#include "support/statistics_fixture.h"

#if RK_TEST_WITH_CJSON

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "observe/statistics_fields.h"
#include "wire/api.h"

static struct statistics_fixture fixture;

enum { BROKERS = 2, PARTITIONS = 4, MESSAGES = 500, MESSAGE_SIZE = 10, QUIET_US = 300000 };

static int begin(void **state)
{
    (void)state;
    statistics_init(&fixture, BROKERS, PARTITIONS);
    return 0;
}

static int end(void **state)
{
    (void)state;
    statistics_end(&fixture);
    return 0;
}

static int64_t number(const char *path)
{
    return statistics_reader_number(&fixture.reader, path);
}

static void connect_owner(void)
{
    rd_kafka_brokers_add(fixture.owner, rd_kafka_mock_cluster_bootstraps(fixture.cluster));
}

/* Fields */

static void check_object(const cJSON *json, const struct rk_stats_object *object);

static void check_map(const cJSON *json, const struct rk_stats_object *object)
{
    const cJSON *item;
    assert_true(cJSON_IsObject(json));
    cJSON_ArrayForEach(item, json)
    {
        check_object(item, object);
    }
}

static void check_field(const cJSON *json, const struct rk_stats_field *field)
{
    const cJSON *item;
    if (!json && field->type != RK_STATS_OPTIONAL)
        fail_msg("%s is missing", field->name);
    switch (field->type) {
    case RK_STATS_INTEGER:
        if (!cJSON_IsNumber(json) || json->valuedouble != (double)(int64_t)json->valuedouble)
            fail_msg("%s is no integer", field->name);
        break;
    case RK_STATS_BOOLEAN:
        assert_true(cJSON_IsBool(json));
        break;
    case RK_STATS_STRING:
        assert_true(cJSON_IsString(json));
        break;
    case RK_STATS_WINDOW:
        check_object(json, rk_stats_window_object());
        break;
    case RK_STATS_REQUESTS:
        cJSON_ArrayForEach(item, json)
        {
            assert_true(cJSON_IsNumber(item));
        }
        break;
    case RK_STATS_MAP:
        check_map(json, field->object());
        break;
    case RK_STATS_OPTIONAL:
        if (json)
            check_object(json, field->object());
        break;
    }
}

/* All fields of the table in its order, and no others. */
static void check_object(const cJSON *json, const struct rk_stats_object *object)
{
    const cJSON *at = json->child;
    assert_true(cJSON_IsObject(json));
    for (int i = 0; i < object->field_count; i++) {
        const struct rk_stats_field *field = &object->fields[i];
        const cJSON *found = cJSON_GetObjectItemCaseSensitive(json, field->name);
        check_field(found, field);
        if (!found)
            continue;
        assert_ptr_equal(found, at);
        at = at->next;
    }
    assert_null(at);
}

static void check_fields(void)
{
    check_object(fixture.reader.last, rk_stats_client_object());
    assert_false(fixture.reader.has_strange_size);
}

/* Counters */

/* What the broker got, of one API or (-1) of all. */
static int64_t seen_by(int32_t broker, int16_t api_key)
{
    size_t count;
    int64_t seen = 0;
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(fixture.cluster, &count);
    for (size_t i = 0; i < count; i++)
        seen += rd_kafka_mock_request_id(requests[i]) == broker &&
                (api_key < 0 || rd_kafka_mock_request_api_key(requests[i]) == api_key);
    rd_kafka_mock_request_destroy_array(requests, count);
    return seen;
}

/* Of all brokers. The seed's entry names the address it tried last: what it sent to others cannot
 * be told apart. */
static int64_t sum_over_brokers(const char *counter)
{
    int64_t sum = 0;
    const cJSON *broker;
    cJSON_ArrayForEach(broker, statistics_reader_find(&fixture.reader, "brokers"))
    {
        const struct statistics_reader reader = {.last = (cJSON *)(uintptr_t)broker};
        sum += statistics_reader_number(&reader, counter);
    }
    return sum;
}

/* By the broker's own entry. */
static int64_t produced_to(const char *nodename, int32_t id)
{
    char name[280];
    snprintf(name, sizeof(name), "%s/%d", nodename, (int)id);
    const cJSON *broker =
        cJSON_GetObjectItemCaseSensitive(statistics_reader_find(&fixture.reader, "brokers"), name);
    const struct statistics_reader reader = {.last = (cJSON *)(uintptr_t)broker};
    return statistics_reader_number(&reader, "req/Produce");
}

static int64_t seen_by_all(int16_t api_key)
{
    return seen_by(1, api_key) + seen_by(2, api_key);
}

static bool are_requests_right(void)
{
    int64_t seen = seen_by_all(-1);
    return sum_over_brokers("tx") == seen && sum_over_brokers("rx") == seen &&
           sum_over_brokers("req/Metadata") == seen_by_all(RK_API_METADATA) &&
           sum_over_brokers("req/ApiVersion") == seen_by_all(RK_API_API_VERSIONS) &&
           number("tx") == seen;
}

static void check_requests(void)
{
    char names[256], *rest = names;
    /* Metadata is asked for now and then: until a picture was taken in between. */
    for (int i = 0; i < 50 && !are_requests_right(); i++)
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    assert_true(are_requests_right());
    assert_true(sum_over_brokers("connects") > sum_over_brokers("disconnects"));
    snprintf(names, sizeof(names), "%s", rd_kafka_mock_cluster_bootstraps(fixture.cluster));
    for (int32_t id = 1; id <= BROKERS; id++) {
        const char *name = strtok_r(id == 1 ? names : NULL, ",", &rest);
        assert_int_equal(produced_to(name, id), seen_by(id, RK_API_PRODUCE));
    }
}

static int64_t partition_number(int partition, const char *field)
{
    char path[128];
    snprintf(path, sizeof(path), "topics/t/partitions/%d/%s", partition, field);
    return number(path);
}

static void test_producer(void **state)
{
    (void)state;
    rd_kafka_mock_start_request_tracking(fixture.cluster);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "client.id", "a \"name\"", NULL);
    for (int i = 0; i < PARTITIONS; i++)
        statistics_produce(&fixture, "t", i, MESSAGES + i);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk, "txmsgs",
                                              PARTITIONS * MESSAGES + 6));
    assert_true(statistics_reader_next(&fixture.reader, fixture.rk)); /* Begun after all that. */
    check_fields();
    check_requests();
    connect_owner();
    for (int i = 0; i < PARTITIONS; i++) {
        int64_t low, high;
        assert_int_equal(
            rd_kafka_query_watermark_offsets(fixture.owner, "t", i, &low, &high, 10000), 0);
        assert_int_equal(high, MESSAGES + i);
        assert_int_equal(partition_number(i, "txmsgs"), high);
        assert_int_equal(partition_number(i, "txbytes"), high * MESSAGE_SIZE);
        assert_int_equal(partition_number(i, "msgs"), high);
        assert_int_equal(partition_number(i, "acked_msgid"), high);
        assert_int_equal(partition_number(i, "msgs_inflight"), 0);
        assert_int_equal(partition_number(i, "msgq_cnt"), 0);
        assert_int_equal(partition_number(i, "broker"), partition_number(i, "leader"));
    }
    assert_string_equal(statistics_reader_text(&fixture.reader, "type"), "producer");
    assert_string_equal(statistics_reader_text(&fixture.reader, "client_id"), "a \"name\"");
    assert_int_equal(number("msg_cnt"), 0);
    assert_int_equal(number("msg_max"), 100000);
    assert_int_equal(number("txmsg_bytes"), (PARTITIONS * MESSAGES + 6) * MESSAGE_SIZE);
    assert_int_equal(number("metadata_cache_cnt"), 1);
    assert_null(statistics_reader_find(&fixture.reader, "cgrp"));
    assert_null(statistics_reader_find(&fixture.reader, "eos"));
    assert_null(statistics_reader_find(&fixture.reader, "fatal"));
}

/* While nothing can be sent. */
static void test_waiting(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 1, -1);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    statistics_produce(&fixture, "t", 1, 7);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/1/msgq_cnt", 7));
    assert_int_equal(partition_number(1, "msgq_bytes"), 7 * MESSAGE_SIZE);
    assert_int_equal(partition_number(1, "msgs"), 7);
    assert_int_equal(partition_number(1, "txmsgs"), 0);
    assert_int_equal(number("msg_cnt"), 7);
    assert_int_equal(number("msg_size"), 7 * MESSAGE_SIZE);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 1, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/1/acked_msgid", 7));
    assert_int_equal(partition_number(1, "msgs"), 7);
}

/* Windows tell of the time since the statistics before: in one of them the message was sent. */
static void test_windows(void **state)
{
    (void)state;
    static const char *const windows[] = {"rtt", "outbuf_latency", "int_latency", "throttle"};
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    int64_t messages = 0, batches = 0, most[4] = {0};
    statistics_produce(&fixture, "t", 0, 100);
    do {
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
        messages += number("topics/t/batchcnt/sum");
        batches += number("topics/t/batchsize/cnt");
        const cJSON *broker;
        cJSON_ArrayForEach(broker, statistics_reader_find(&fixture.reader, "brokers"))
        {
            for (int i = 0; i < 4; i++) {
                const cJSON *window = cJSON_GetObjectItemCaseSensitive(broker, windows[i]);
                const cJSON *count = cJSON_GetObjectItemCaseSensitive(window, "cnt");
                most[i] = count->valueint > most[i] ? count->valueint : most[i];
            }
        }
    } while (messages < 100 || most[0] == 0);
    assert_int_equal(messages, 100);
    assert_in_range(batches, 1, 100);
    for (int i = 0; i < 4; i++)
        assert_true(most[i] > 0);
    assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    assert_int_equal(number("topics/t/batchcnt/cnt"), 0);
}

/* Consumer */

static void fill(int32_t partition, int count)
{
    rd_kafka_t *rk = fixture.rk;
    fixture.rk = fixture.owner;
    statistics_produce(&fixture, "t", partition, count);
    fixture.rk = rk;
    assert_int_equal(rd_kafka_flush(fixture.owner, 10000), 0);
}

static void assign(int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", partition)->offset = offset;
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void take(int count)
{
    for (int i = 0; i < count; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 10000);
        assert_non_null(message);
        assert_int_equal(message->err, 0);
        rd_kafka_message_destroy(message);
    }
}

/* What the group has committed, by this client and by the one before it, and how far behind the end
 * that is. */
static void test_committed(void **state)
{
    (void)state;
    connect_owner();
    fill(1, 100);
    statistics_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "g", "enable.auto.commit", "false",
                     "auto.offset.reset", "earliest", NULL);
    assign(1, RD_KAFKA_OFFSET_STORED);
    take(30);
    assert_int_equal(rd_kafka_commit(fixture.rk, NULL, 0), 0);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/1/committed_offset", 30));
    assert_int_equal(partition_number(1, "commited_offset"), 30);
    assert_int_equal(partition_number(1, "consumer_lag"), 70);
    int64_t epoch = partition_number(1, "stored_leader_epoch");
    assert_int_equal(partition_number(1, "committed_leader_epoch"), epoch);
    take(40);
    assign(1, RD_KAFKA_OFFSET_STORED); /* Begins there again. */
    take(1);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/1/app_offset", 31));
    assert_int_equal(partition_number(1, "committed_offset"), 30);
    assert_int_equal(partition_number(1, "committed_leader_epoch"), epoch);
    assert_int_equal(partition_number(1, "consumer_lag"), 70);
    assert_int_equal(partition_number(1, "consumer_lag_stored"), 69);
}

static void test_consumer(void **state)
{
    (void)state;
    const int64_t none = RD_KAFKA_OFFSET_INVALID;
    connect_owner();
    fill(2, 100);
    statistics_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "g", NULL);
    assign(2, 20);
    take(30);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/2/fetchq_cnt", 50));
    assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    check_fields();
    assert_int_equal(partition_number(2, "rxmsgs"), 80);
    assert_int_equal(partition_number(2, "msgs"), 80);
    assert_true(partition_number(2, "rxbytes") >= 80 * MESSAGE_SIZE);
    assert_true(partition_number(2, "fetchq_size") >= 50 * MESSAGE_SIZE);
    assert_int_equal(partition_number(2, "app_offset"), 50);
    assert_int_equal(partition_number(2, "stored_offset"), 50);
    assert_int_equal(partition_number(2, "next_offset"), 100);
    assert_int_equal(partition_number(2, "hi_offset"), 100);
    assert_int_equal(partition_number(2, "ls_offset"), 100);
    assert_int_equal(partition_number(2, "lo_offset"), 0);
    assert_int_equal(partition_number(2, "consumer_lag_stored"), 50);
    assert_int_equal(partition_number(2, "consumer_lag"), -1);
    assert_int_equal(partition_number(2, "committed_offset"), none);
    assert_int_equal(partition_number(1, "next_offset"), none);
    assert_int_equal(partition_number(1, "rxmsgs"), 0);
    assert_int_equal(number("rxmsgs"), 80);
    assert_int_equal(number("cgrp/assignment_size"), 1);
    assert_int_equal(number("simple_cnt"), -1);
    assert_string_equal(
        statistics_reader_text(&fixture.reader, "topics/t/partitions/2/fetch_state"), "active");
    assert_string_equal(
        statistics_reader_text(&fixture.reader, "topics/t/partitions/1/fetch_state"), "none");
    assign(2, 0); /* What was fetched ahead is void. */
    take(100);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/2/app_offset", 100));
    assert_int_equal(partition_number(2, "rxmsgs"), 180);
    assert_int_equal(partition_number(2, "rx_ver_drops"), 50);
    assert_int_equal(partition_number(2, "fetchq_size"), 0);
}

/* Brokers that are not there are counted too. */
static void test_errors(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    statistics_produce(&fixture, "t", 0, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    rd_kafka_mock_push_request_errors(fixture.cluster, RK_API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    statistics_produce(&fixture, "t", 0, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 10000), 0);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/t/partitions/0/acked_msgid", 2));
    assert_int_equal(partition_number(0, "txmsgs"), 3);
    assert_int_equal(partition_number(0, "msgs"), 2);
    int64_t retries = 0;
    const cJSON *broker;
    cJSON_ArrayForEach(broker, statistics_reader_find(&fixture.reader, "brokers"))
    {
        retries += (int64_t)cJSON_GetObjectItemCaseSensitive(broker, "txretries")->valuedouble;
    }
    assert_int_equal(retries, 1);
}

/* Ways to get them */

static void test_events(void **state)
{
    (void)state;
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture.cluster),
                      error, sizeof(error));
    rd_kafka_conf_set(conf, "statistics.interval.ms", "20", error, sizeof(error));
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_STATS);
    fixture.rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(fixture.rk);
    int count = 0;
    while (count < 3) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 10000);
        assert_non_null(event);
        assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_STATS);
        statistics_reader_take(&fixture.reader, rd_kafka_event_stats(event));
        check_fields();
        rd_kafka_event_destroy(event);
        count++;
    }
    rd_kafka_queue_destroy(queue);
}

static char *kept;

static int keep(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (kept)
        return 0;
    assert_int_equal(strlen(json), size);
    kept = json;
    return 1;
}

static void test_kept_by_the_application(void **state)
{
    (void)state;
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture.cluster),
                      error, sizeof(error));
    rd_kafka_conf_set(conf, "statistics.interval.ms", "20", error, sizeof(error));
    rd_kafka_conf_set_stats_cb(conf, keep);
    fixture.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    uint64_t until_us = rk_clock_now_us() + 10000000;
    while (!kept && rk_clock_now_us() < until_us)
        rd_kafka_poll(fixture.rk, 100);
    rd_kafka_destroy(fixture.rk);
    fixture.rk = NULL;
    assert_non_null(kept);
    statistics_reader_take(&fixture.reader, kept);
    check_fields();
    rd_kafka_mem_free(NULL, kept);
}

static void test_none(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "statistics.interval.ms", "0", NULL);
    uint64_t until_us = rk_clock_now_us() + QUIET_US;
    while (rk_clock_now_us() < until_us)
        rd_kafka_poll(fixture.rk, 50);
    assert_int_equal(fixture.reader.count, 0);
}

/* Clients end in the middle of it, served or not. */
static void test_destroy(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        statistics_start(&fixture, i % 2 ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER,
                         "statistics.interval.ms", "1", NULL);
        if (i % 2 == 0)
            statistics_produce(&fixture, "t", 0, 1);
        rd_kafka_poll(fixture.rk, i);
        rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_producer, begin, end),
        cmocka_unit_test_setup_teardown(test_waiting, begin, end),
        cmocka_unit_test_setup_teardown(test_windows, begin, end),
        cmocka_unit_test_setup_teardown(test_committed, begin, end),
        cmocka_unit_test_setup_teardown(test_consumer, begin, end),
        cmocka_unit_test_setup_teardown(test_errors, begin, end),
        cmocka_unit_test_setup_teardown(test_events, begin, end),
        cmocka_unit_test_setup_teardown(test_kept_by_the_application, begin, end),
        cmocka_unit_test_setup_teardown(test_none, begin, end),
        cmocka_unit_test_setup_teardown(test_destroy, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 77; /* cJSON is not here. */
}

#endif
