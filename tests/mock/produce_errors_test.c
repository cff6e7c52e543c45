/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What brokers may answer to Produce, and what becomes of the messages.
 */
#include "support/produce_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum { STEP_MAX = 16, FLUSH_MS = 60000 };

/* What the brokers do with the first requests; the later ones they serve. */
static struct script {
    int err;
    enum scripted_fate fate;
    int only_partition; /* -1: all. Else in all requests. */
} script[STEP_MAX];
static int step_count;

static struct produce_fixture fixture;

static void add_step(int err, enum scripted_fate fate)
{
    script[step_count++] = (struct script){.err = err, .fate = fate, .only_partition = -1};
}

static enum scripted_fate follow_script(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    bool is_first = produce->number == 0 || script[0].only_partition >= 0;
    if (!is_first && produce->number >= step_count)
        return SCRIPTED_ANSWER;
    const struct script *step = &script[is_first ? 0 : produce->number];
    for (int32_t t = 0; t < produce->answer->responses.count; t++) {
        const struct rk_produce_answer_topic *topic = &produce->answer->responses.items[t];
        for (int32_t p = 0; p < topic->partition_responses.count; p++) {
            struct rk_produce_answer_partition *partition = &topic->partition_responses.items[p];
            if (step->err &&
                (step->only_partition < 0 || step->only_partition == partition->index)) {
                partition->error_code = (int16_t)step->err;
                partition->base_offset = -1;
            }
        }
    }
    return step->fate;
}

static int set_up(void **state)
{
    (void)state;
    memset(script, 0, sizeof(script));
    script[0].only_partition = -1;
    step_count = 0;
    fixture_init(&fixture, 2);
    scripted_add_topic(fixture.cluster, "t", 4);
    scripted_set_hook(fixture.cluster, follow_script, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void start_quick(const char *retries)
{
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "60000", "retry.backoff.ms", "10",
                  "retry.backoff.max.ms", "20", "message.send.max.retries", retries, NULL);
}

/* What was produced since the last time goes now, all of a partition in one batch. */
static void send_and_wait(int report_count)
{
    assert_int_equal(rd_kafka_flush(fixture.rk, FLUSH_MS), 0);
    fixture_wait(&fixture, report_count);
}

/* Retriable errors are retried, and nothing is written twice for those that wrote nothing. */
static void test_retriable(void **state)
{
    (void)state;
    static const int errors[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
        RD_KAFKA_RESP_ERR_INVALID_MSG,
    };
    for (size_t i = 0; i < RK_COUNT_OF(errors); i++)
        add_step(errors[i], SCRIPTED_ANSWER);
    start_quick("100");
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    send_and_wait(10);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, 10);
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_PRODUCE), 8);
}

static void test_permanent(void **state)
{
    (void)state;
    add_step(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, SCRIPTED_ANSWER);
    start_quick("100");
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    send_and_wait(10);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    assert_int_equal(fixture.reports[0].offset, RD_KAFKA_OFFSET_INVALID);
    fixture_produce_many(&fixture, "t", 0, 10, 10);
    send_and_wait(20);
    fixture_expect_outcome(&fixture, 10, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

/* As many retries as the application allows: one is the first attempt. */
static void test_retries_run_out(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        add_step(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, SCRIPTED_ANSWER);
    start_quick("2");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                           RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_PRODUCE), 3);
}

static void test_uncertain_once_is_uncertain(void **state)
{
    (void)state;
    add_step(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, SCRIPTED_ANSWER);
    add_step(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, SCRIPTED_ANSWER);
    start_quick("1");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                           RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
}

static void test_duplicate_is_success(void **state)
{
    (void)state;
    add_step(RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER, SCRIPTED_ANSWER);
    start_quick("1");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    assert_int_equal(fixture.reports[0].offset, RD_KAFKA_OFFSET_INVALID);
}

/* Connections */

static void test_closed_before_answer(void **state)
{
    (void)state;
    add_step(0, SCRIPTED_CLOSE); /* Written, but nobody says so. */
    start_quick("100");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    assert_int_equal(fixture.reports[0].offset, 3);
    assert_int_equal(scripted_record_count(fixture.cluster, "t", 0), 6);
}

static void test_closed_without_retries(void **state)
{
    (void)state;
    add_step(0, SCRIPTED_CLOSE);
    start_quick("0");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, RD_KAFKA_RESP_ERR__TRANSPORT,
                           RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
}

static void test_malformed_answer(void **state)
{
    (void)state;
    add_step(0, SCRIPTED_MALFORMED);
    start_quick("100");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    assert_int_equal(fixture.last_error, RD_KAFKA_RESP_ERR__BAD_MSG);
}

static void test_request_times_out(void **state)
{
    (void)state;
    add_step(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, SCRIPTED_SILENCE);
    fixture_start(&fixture, REPORT_MESSAGES, "socket.timeout.ms", "200", "request.timeout.ms",
                  "100", "retry.backoff.ms", "10", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    assert_int_equal(scripted_record_count(fixture.cluster, "t", 0), 3);
}

/* Answers that do not fit the request */

static enum scripted_fate leave_out(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    if (produce->number == 0)
        produce->answer->responses.items[0].partition_responses.count = 0;
    return SCRIPTED_ANSWER;
}

static void test_partition_left_out(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, leave_out, NULL);
    start_quick("100");
    fixture_produce_many(&fixture, "t", 0, 0, 3);
    send_and_wait(3);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
}

/* Twice the same partition, one nobody asked for, a topic nobody asked for. */
static enum scripted_fate say_too_much(struct scripted_produce *produce, void *opaque)
{
    struct rk_produce_answer *answer = produce->answer;
    (void)opaque;
    struct rk_produce_answer_topic *topics = rk_produce_answer_topic_try_new(produce->arena, 2);
    struct rk_produce_answer_partition *partitions =
        rk_produce_answer_partition_try_new(produce->arena, 3);
    topics[0] = answer->responses.items[0];
    partitions[0].index = 1000;
    partitions[1] = topics[0].partition_responses.items[0];
    partitions[2] = partitions[1];
    partitions[2].error_code = RD_KAFKA_RESP_ERR_UNKNOWN;
    topics[0].partition_responses.items = partitions;
    topics[0].partition_responses.count = 3;
    topics[1].name = "nobody asked";
    topics[1].topic_id.bytes[3] = 9;
    topics[1].partition_responses = topics[0].partition_responses;
    answer->responses.items = topics;
    answer->responses.count = 2;
    return SCRIPTED_ANSWER;
}

static void test_too_much_in_the_answer(void **state)
{
    (void)state;
    for (int16_t version = 12; version <= 13; version++) {
        scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, version);
        scripted_set_hook(fixture.cluster, say_too_much, NULL);
        start_quick("100");
        fixture_produce_many(&fixture, "t", 0, 0, 3);
        send_and_wait(3);
        fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
        rd_kafka_destroy(fixture.rk);
        fixture.report_count = 0;
    }
    fixture.rk = NULL;
}

/* Local codes are not the broker's to use: they mean things to us. */
static void test_local_codes_from_the_broker(void **state)
{
    (void)state;
    static const int codes[] = {RD_KAFKA_RESP_ERR__DESTROY,
                                RD_KAFKA_RESP_ERR__TIMED_OUT,
                                RD_KAFKA_RESP_ERR__TRANSPORT,
                                -30000,
                                30000,
                                RD_KAFKA_RESP_ERR_UNKNOWN};
    for (size_t i = 0; i < RK_COUNT_OF(codes); i++)
        add_step(codes[i], SCRIPTED_ANSWER);
    start_quick("100");
    for (size_t i = 0; i < RK_COUNT_OF(codes); i++) {
        fixture_produce_many(&fixture, "t", 0, (int)i, 1);
        send_and_wait((int)i + 1);
        assert_int_not_equal(fixture.reports[i].err, 0);
        assert_int_equal(fixture.reports[i].status, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    }
    assert_int_equal(scripted_request_count(fixture.cluster, RK_API_PRODUCE), RK_COUNT_OF(codes));
}

/* One partition's error is its own. */
static void test_errors_are_per_partition(void **state)
{
    (void)state;
    scripted_set_leader(fixture.cluster, "t", 1, 0);
    scripted_set_leader(fixture.cluster, "t", 3, 0);
    add_step(RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS, SCRIPTED_ANSWER);
    script[0].only_partition = 2;
    start_quick("100");
    for (int p = 0; p < 4; p++)
        fixture_produce_many(&fixture, "t", p, 10 * p, 10);
    send_and_wait(40);
    for (int i = 0; i < 40; i++) {
        bool is_bad = fixture.reports[i].partition == 2;
        assert_int_equal(fixture.reports[i].err,
                         is_bad ? RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS : 0);
    }
    fixture_expect_each_once(&fixture, 40);
}

/* Records that are refused (KIP-467) */

static enum scripted_fate refuse_records(struct scripted_produce *produce, void *opaque)
{
    static const int32_t several[] = {7, 3, 99, -1, 3};
    struct rk_produce_answer_partition *partition =
        &produce->answer->responses.items[0].partition_responses.items[0];
    int count = *(const int *)opaque;
    partition->error_code = RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
    partition->error_message = "the batch is bad";
    partition->record_errors.count = count;
    partition->record_errors.items = rk_produce_answer_record_error_try_new(produce->arena, count);
    for (int i = 0; i < count; i++) {
        partition->record_errors.items[i].batch_index = several[i];
        if (i == 0)
            partition->record_errors.items[i].batch_index_error_message = "this one is bad";
    }
    return SCRIPTED_ANSWER;
}

static void test_record_errors(void **state)
{
    (void)state;
    int count = 1;
    scripted_set_hook(fixture.cluster, refuse_records, &count);
    start_quick("100");
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    send_and_wait(10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(fixture.reports[i].err, i == 7
                                                     ? RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP
                                                     : RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD);
        assert_int_equal(fixture.reports[i].status, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    }
    assert_non_null(strstr(fixture.reports[7].error_text, "this one is bad (127.0.0.1:"));
    assert_non_null(strstr(fixture.reports[6].error_text, ", attempt 1 within "));
    count = 5; /* Of which two are there, one of them twice. */
    fixture_produce_many(&fixture, "t", 0, 10, 10);
    send_and_wait(20);
    for (int i = 10; i < 20; i++)
        assert_int_equal(fixture.reports[i].err, i == 17 || i == 13
                                                     ? RD_KAFKA_RESP_ERR_INVALID_RECORD
                                                     : RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD);
    assert_non_null(strstr(fixture.reports[17].error_text, "this one is bad (127.0.0.1:"));
    assert_non_null(strstr(fixture.reports[13].error_text, "the batch is bad (127.0.0.1:"));
}

/* Batches that are too large for the broker */

static enum scripted_fate refuse_large(struct scripted_produce *produce, void *opaque)
{
    (void)opaque;
    for (int32_t p = 0; p < produce->request->topic_data.items[0].partition_data.count; p++) {
        struct rk_produce_answer_partition *partition =
            &produce->answer->responses.items[0].partition_responses.items[p];
        if (produce->request->topic_data.items[0].partition_data.items[p].records.size > 150) {
            partition->error_code = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
            partition->base_offset = -1;
        }
    }
    return SCRIPTED_ANSWER;
}

static void test_large_batches_are_split(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, refuse_large, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "50", "message.send.max.retries", "0",
                  "max.in.flight", "1", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 1000);
    send_and_wait(1000);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, 1000);
    fixture_expect_texts(&fixture, "t", 0, 0, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(fixture.reports[i].offset, (intptr_t)fixture.reports[i].opaque);
    assert_int_equal(rd_kafka_outq_len(fixture.rk), 0);
}

/* And every second request goes wrong otherwise: the order is kept all the same. */
static enum scripted_fate refuse_large_or_fail(struct scripted_produce *produce, void *opaque)
{
    struct rk_produce_answer_partition *partition =
        &produce->answer->responses.items[0].partition_responses.items[0];
    refuse_large(produce, opaque);
    if (!partition->error_code && produce->number % 2) {
        partition->error_code = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
        partition->base_offset = -1;
    }
    return SCRIPTED_ANSWER;
}

static void test_halves_keep_the_order(void **state)
{
    (void)state;
    scripted_set_hook(fixture.cluster, refuse_large_or_fail, NULL);
    fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "50", "retry.backoff.ms", "1",
                  "retry.backoff.max.ms", "2", "max.in.flight", "1", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 300);
    send_and_wait(300);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, 300);
}

/* Compressed as a whole, no longer worth it in pieces. */
static void test_compressed_batches_are_split(void **state)
{
    (void)state;
    static const char *const codecs[] = {"gzip", "snappy", "lz4", "zstd"};
    scripted_set_hook(fixture.cluster, refuse_large, NULL);
    for (int i = 0; i < 4; i++) {
        fixture_start(&fixture, REPORT_MESSAGES, "linger.ms", "50", "compression.codec", codecs[i],
                      NULL);
        for (int j = 0; j < 100; j++) /* As good as random. */
            fixture_produce_many(&fixture, "t", i, j * 7919 % 99991, 1);
        send_and_wait(100);
        fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
        assert_int_equal(scripted_record_count(fixture.cluster, "t", i), 100);
        rd_kafka_destroy(fixture.rk);
        fixture.report_count = 0;
    }
    fixture.rk = NULL;
}

static void test_single_large_record_fails(void **state)
{
    (void)state;
    static char value[200];
    scripted_set_hook(fixture.cluster, refuse_large, NULL);
    start_quick("100");
    rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture.rk, "t", NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rd_kafka_produce(topic, 0, 0, value, i == 1 ? sizeof(value) : 1, NULL, 0,
                                          (void *)(intptr_t)i),
                         0);
    send_and_wait(3);
    fixture_expect_each_once(&fixture, 3);
    for (int i = 0; i < 3; i++) {
        bool is_large = (intptr_t)fixture.reports[i].opaque == 1;
        assert_int_equal(fixture.reports[i].err,
                         is_large ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE : 0);
        assert_ptr_equal(fixture.reports[i].payload, value);
    }
    rd_kafka_topic_destroy(topic);
}

/* Brokers of other ages */

static void test_versions(void **state)
{
    (void)state;
    int count = 0;
    for (int16_t version = 3; version <= 13; version++) {
        scripted_set_max_version(fixture.cluster, RK_API_PRODUCE, version);
        scripted_set_max_version(fixture.cluster, RK_API_METADATA,
                                 (int16_t)(version > 12 ? 13 : version - 2));
        start_quick("100");
        fixture_produce_many(&fixture, "t", 0, count, 5);
        fixture_produce_many(&fixture, "t", 1, count, 5);
        send_and_wait(10);
        fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
        count += 5;
        fixture_expect_texts(&fixture, "t", 0, 0, count);
        fixture_expect_texts(&fixture, "t", 1, 0, count);
        rd_kafka_destroy(fixture.rk);
        fixture.report_count = 0;
    }
    fixture.rk = NULL;
}

static void test_broker_down_at_start(void **state)
{
    (void)state;
    scripted_set_up(fixture.cluster, 0, false);
    fixture_start(&fixture, REPORT_MESSAGES, "reconnect.backoff.ms", "20",
                  "reconnect.backoff.max.ms", "50", NULL);
    fixture_produce_many(&fixture, "t", 0, 0, 10);
    while (fixture.error_count == 0)
        fixture_poll(&fixture, 20);
    fixture_poll(&fixture, 200);
    assert_int_equal(fixture.report_count, 0);
    scripted_set_up(fixture.cluster, 0, true);
    send_and_wait(10);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_texts(&fixture, "t", 0, 0, 10);
}

static void test_broker_goes_and_comes(void **state)
{
    (void)state;
    fixture_start(&fixture, REPORT_MESSAGES, "reconnect.backoff.ms", "10",
                  "reconnect.backoff.max.ms", "20", "retry.backoff.ms", "10", "max.in.flight", "1",
                  NULL);
    for (int round = 0; round < 5; round++) {
        fixture_produce_many(&fixture, "t", 0, 100 * round, 50);
        scripted_set_up(fixture.cluster, 0, false);
        fixture_produce_many(&fixture, "t", 0, 100 * round + 50, 50);
        fixture_poll(&fixture, 30);
        scripted_set_up(fixture.cluster, 0, true);
    }
    send_and_wait(500);
    fixture_expect_outcome(&fixture, 0, 0, RD_KAFKA_MSG_STATUS_PERSISTED);
    fixture_expect_each_once(&fixture, 500);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_retriable),
        TEST(test_permanent),
        TEST(test_retries_run_out),
        TEST(test_uncertain_once_is_uncertain),
        TEST(test_duplicate_is_success),
        TEST(test_closed_before_answer),
        TEST(test_closed_without_retries),
        TEST(test_malformed_answer),
        TEST(test_request_times_out),
        TEST(test_partition_left_out),
        TEST(test_too_much_in_the_answer),
        TEST(test_local_codes_from_the_broker),
        TEST(test_errors_are_per_partition),
        TEST(test_record_errors),
        TEST(test_large_batches_are_split),
        TEST(test_halves_keep_the_order),
        TEST(test_compressed_batches_are_split),
        TEST(test_single_large_record_fails),
        TEST(test_versions),
        TEST(test_broker_down_at_start),
        TEST(test_broker_goes_and_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
