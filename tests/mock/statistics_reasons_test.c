/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a partition is not moving: in the statistics, in rd_kafka_dump(), and in the log after a
 * silence.
 */
#include "support/statistics_fixture.h"

#if RK_TEST_WITH_CJSON

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/api.h"

static struct statistics_fixture fixture;

static int begin(void **state)
{
    (void)state;
    statistics_init(&fixture, 1, 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    statistics_end(&fixture);
    return 0;
}

static void wait_for(const char *code)
{
    assert_true(statistics_reader_wait_text(&fixture.reader, fixture.rk,
                                            "topics/t/partitions/0/reason_code", code));
}

static const char *reason(void)
{
    return statistics_reader_text(&fixture.reader, "topics/t/partitions/0/reason");
}

static void expect_dump(const char *part)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    rd_kafka_dump(file, fixture.rk);
    fclose(file);
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in %s", part, text);
    free(text);
}

static void drain(void)
{
    assert_int_equal(rd_kafka_flush(fixture.rk, 20000), 0);
    wait_for("nothing");
}

/* Producer */

static void test_no_leader(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, -1);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    statistics_produce(&fixture, "t", 0, 3);
    wait_for("no-leader");
    assert_non_null(strstr(reason(), "no leader, for "));
    expect_dump("3 messages (30 bytes) queued, 0 in flight, 0 acknowledged; no leader, for ");
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, 1);
    drain();
    expect_dump("3 acknowledged; nothing to send");
}

static void test_unreachable(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    statistics_produce(&fixture, "t", 0, 1);
    drain();
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    statistics_produce(&fixture, "t", 0, 1);
    wait_for("unreachable");
    assert_non_null(strstr(reason(), "127.0.0.1:"));
    assert_non_null(strstr(reason(), ", for "));
    expect_dump("last error: ");
    rd_kafka_mock_broker_set_up(fixture.cluster, 1);
    drain();
}

static void test_paused(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    statistics_produce(&fixture, "t", 0, 1);
    drain();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_pause_partitions(fixture.rk, list);
    statistics_produce(&fixture, "t", 0, 1);
    wait_for("paused");
    rd_kafka_resume_partitions(fixture.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    drain();
}

static void test_lingering(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "linger.ms", "60000", NULL);
    statistics_produce(&fixture, "t", 0, 1);
    wait_for("lingering");
    assert_non_null(strstr(reason(), "another "));
    drain();
}

static void test_backing_off(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "retry.backoff.ms", "60000",
                     "retry.backoff.max.ms", "60000", NULL);
    rd_kafka_mock_push_request_errors(fixture.cluster, RK_API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    statistics_produce(&fixture, "t", 0, 1);
    wait_for("backing-off");
    if (!strstr(reason(), "backing off after Too few replicas"))
        fail_msg("%s", reason());
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE), 0);
    drain();
}

static void test_waiting_for_an_answer(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    statistics_produce(&fixture, "t", 0, 1);
    drain();
    rd_kafka_mock_broker_set_rtt(fixture.cluster, 1, 60000);
    statistics_produce(&fixture, "t", 0, 1);
    wait_for("waiting-answer");
    assert_int_equal(
        statistics_reader_number(&fixture.reader, "topics/t/partitions/0/msgs_inflight"), 1);
    assert_int_equal(rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_INFLIGHT), 0);
}

static void test_unknown_topic(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "allow.auto.create.topics", "false",
                     "topic.metadata.propagation.max.ms", "10000", NULL);
    rd_kafka_mock_topic_set_error(fixture.cluster, "nowhere",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    statistics_produce(&fixture, "nowhere", 0, 2);
    assert_true(statistics_reader_wait_number(&fixture.reader, fixture.rk,
                                              "topics/nowhere/partitions/-1/msgq_cnt", 2));
    const char *code =
        statistics_reader_text(&fixture.reader, "topics/nowhere/partitions/-1/reason_code");
    assert_true(strcmp(code, "topic-unknown") == 0 || strcmp(code, "no-metadata") == 0);
    rd_kafka_purge(fixture.rk, RD_KAFKA_PURGE_F_QUEUE);
}

/* Consumer */

static void fill(int count)
{
    rd_kafka_t *rk = fixture.rk;
    rd_kafka_brokers_add(fixture.owner, rd_kafka_mock_cluster_bootstraps(fixture.cluster));
    fixture.rk = fixture.owner;
    statistics_produce(&fixture, "t", 0, count);
    fixture.rk = rk;
    assert_int_equal(rd_kafka_flush(fixture.owner, 10000), 0);
}

static void start_consumer(int64_t offset)
{
    statistics_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "g", "queued.min.messages", "10",
                     "fetch.message.max.bytes", "1000", "silence.log.ms", "100", NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = offset;
    assert_int_equal(rd_kafka_assign(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void pause_or_resume(rd_kafka_resp_err_t (*call)(rd_kafka_t *rk,
                                                        rd_kafka_topic_partition_list_t *list))
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    assert_int_equal(call(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Lines with that in them. */
static int count_silences(const char *part)
{
    int told = fixture.silence_count, count = 0;
    for (int i = 0; i < told; i++)
        count += strstr(fixture.silences[i], part) != NULL;
    return count;
}

/* What is told before may be of another time: that there is no metadata yet. */
static void wait_for_silence(const char *part, int count)
{
    uint64_t until_us = rk_clock_now_us() + 20000000;
    while (count_silences(part) < count && rk_clock_now_us() < until_us)
        rd_kafka_poll(fixture.rk, 20);
    if (count_silences(part) < count)
        fail_msg("\"%s\" is not in %s", part, fixture.silences[0]);
}

static void test_consumer(void **state)
{
    (void)state;
    start_consumer(0);
    wait_for("moving");
    assert_string_equal(reason(), "at the end, offset 0");
    pause_or_resume(rd_kafka_pause_partitions);
    wait_for("paused");
    pause_or_resume(rd_kafka_resume_partitions);
    wait_for("moving");
    assert_int_equal(count_silences("paused"), 0);
    fill(500);
    wait_for("budget-full");
    expect_dump("messages wait to be taken (queued.min.messages)");
    wait_for_silence("messages wait to be taken", 1);
    assert_true(count_silences("t [0] has not moved for ") > 0);
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    wait_for("unreachable");
    rd_kafka_assign(fixture.rk, NULL);
    wait_for("nothing");
}

static void test_consumer_without_leader(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, -1);
    start_consumer(RD_KAFKA_OFFSET_END);
    wait_for("no-leader");
    wait_for_silence("no leader", 1);
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, 1);
    wait_for("moving");
}

/* Silence */

static void test_silence(void **state)
{
    (void)state;
    uint64_t began_us = rk_clock_now_us();
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, -1);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "silence.log.ms", "100", NULL);
    statistics_produce(&fixture, "t", 0, 3);
    wait_for_silence("no leader, for ", 3);
    assert_true(rk_clock_now_us() - began_us > 350000); /* After 0.1, 0.2, 0.4 s and so on. */
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, 1);
    assert_int_equal(rd_kafka_flush(fixture.rk, 20000), 0);
}

static void test_silence_of_an_unknown_topic(void **state)
{
    (void)state;
    rd_kafka_mock_broker_set_down(fixture.cluster, 1);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "silence.log.ms", "100", NULL);
    statistics_produce(&fixture, "t", RD_KAFKA_PARTITION_UA, 3);
    wait_for_silence("t [-1] has not moved for ", 1);
    assert_true(count_silences("no metadata of the topic") > 0);
    expect_dump("no metadata yet");
}

static void test_no_silence(void **state)
{
    (void)state;
    rd_kafka_mock_partition_set_leader(fixture.cluster, "t", 0, -1);
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "silence.log.ms", "0", NULL);
    statistics_produce(&fixture, "t", 0, 3);
    for (int i = 0; i < 10; i++)
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    assert_int_equal(fixture.silence_count, 0);
}

/* Moving is no silence, however long it takes. */
static void test_steady_work(void **state)
{
    (void)state;
    statistics_start(&fixture, RD_KAFKA_PRODUCER, "silence.log.ms", "200", NULL);
    int before = -1;
    /* Again when the machine stood still meanwhile. */
    for (int attempt = 0; before != fixture.silence_count && attempt < 10; attempt++) {
        before = fixture.silence_count;
        for (int i = 0; i < 20; i++) {
            statistics_produce(&fixture, "t", 0, 10);
            assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
        }
    }
    assert_int_equal(fixture.silence_count, before);
    drain();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_leader, begin, end),
        cmocka_unit_test_setup_teardown(test_unreachable, begin, end),
        cmocka_unit_test_setup_teardown(test_paused, begin, end),
        cmocka_unit_test_setup_teardown(test_lingering, begin, end),
        cmocka_unit_test_setup_teardown(test_backing_off, begin, end),
        cmocka_unit_test_setup_teardown(test_waiting_for_an_answer, begin, end),
        cmocka_unit_test_setup_teardown(test_unknown_topic, begin, end),
        cmocka_unit_test_setup_teardown(test_consumer, begin, end),
        cmocka_unit_test_setup_teardown(test_consumer_without_leader, begin, end),
        cmocka_unit_test_setup_teardown(test_silence, begin, end),
        cmocka_unit_test_setup_teardown(test_silence_of_an_unknown_topic, begin, end),
        cmocka_unit_test_setup_teardown(test_no_silence, begin, end),
        cmocka_unit_test_setup_teardown(test_steady_work, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 77; /* cJSON is not here. */
}

#endif
