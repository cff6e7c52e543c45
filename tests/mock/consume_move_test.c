/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seek, pause, resume and changing assignments while fetches are under way: no message of a
 * position that was left is given, none is skipped, none comes twice.
 */
#include "support/consume_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTITIONS = 4, COUNT = 2000 };

static struct consume_fixture fixture;

static int begin(void **state)
{
    (void)state;
    consume_init(&fixture, 2);
    consume_add_topic(&fixture, "t", PARTITIONS);
    consume_fill_all(&fixture, "t", PARTITIONS, COUNT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    consume_end(&fixture);
    return 0;
}

static void seek(int32_t partition, int64_t offset, rd_kafka_resp_err_t expected)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, offset);
    assert_null(rd_kafka_seek_partitions(fixture.rk, list, CONSUME_TIMEOUT_MS));
    assert_int_equal(list->elems[0].err, expected);
    rd_kafka_topic_partition_list_destroy(list);
}

static void set_paused(int32_t partition, bool is_paused)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, 0);
    if (is_paused)
        assert_int_equal(rd_kafka_pause_partitions(fixture.rk, list), 0);
    else
        assert_int_equal(rd_kafka_resume_partitions(fixture.rk, list), 0);
    assert_int_equal(list->elems[0].err, 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_seek(void **state)
{
    static const int64_t targets[] = {1000, 5, 5, 1999, 0, 700};
    (void)state;
    consume_start(&fixture, "enable.partition.eof", "true", NULL);
    consume_assign(&fixture, "t", 1, 0);
    consume_expect(&fixture, 0, 0);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        seek(0, targets[i], 0);
        consume_expect(&fixture, 0, targets[i]);
    }
    seek(0, RD_KAFKA_OFFSET_END, 0);
    assert_int_equal(consume_expect_error(&fixture, RD_KAFKA_RESP_ERR__PARTITION_EOF), COUNT);
    seek(0, RD_KAFKA_OFFSET_BEGINNING, 0);
    consume_expect(&fixture, 0, 0);
    seek(0, RD_KAFKA_OFFSET_TAIL(2), 0);
    consume_expect(&fixture, 0, COUNT - 2);
    seek(1, 0, RD_KAFKA_RESP_ERR__STATE);
    seek(0, -7, RD_KAFKA_RESP_ERR__INVALID_ARG);
}

static void test_seek_at_once_after_assign(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    seek(0, 1500, 0);
    consume_expect(&fixture, 0, 1500);
}

static void test_pause_before_and_after(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    consume_assign(&fixture, "t", 2, 0);
    for (int i = 0; i < 100; i++)
        rd_kafka_message_destroy(consume_next(&fixture));
    int64_t at = consume_position(&fixture, "t", 0);
    set_paused(0, true);
    int64_t other = consume_position(&fixture, "t", 1);
    for (other = other < 0 ? 0 : other; other < COUNT; other++)
        consume_expect(&fixture, 1, other);
    consume_expect_nothing(&fixture);
    assert_int_equal(consume_position(&fixture, "t", 0), at);
    set_paused(0, false);
    for (at = at < 0 ? 0 : at; at < COUNT; at++)
        consume_expect(&fixture, 0, at);
    /* The flag is the partition's: it stays through another assignment. */
    set_paused(0, true);
    consume_assign(&fixture, "t", 1, 10);
    consume_expect_nothing(&fixture);
    seek(0, 20, 0);
    consume_expect_nothing(&fixture);
    set_paused(0, false);
    consume_expect(&fixture, 0, 20);
}

static void test_pause_of_nobody_s(void **state)
{
    (void)state;
    consume_start(&fixture, NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    assert_int_equal(rd_kafka_pause_partitions(fixture.rk, list), 0);
    assert_int_equal(list->elems[0].err, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    rd_kafka_topic_partition_list_destroy(list);
}

/* A model of what has to come next; -1: anything. */
struct model {
    int64_t next[PARTITIONS];
    bool is_paused[PARTITIONS], is_assigned[PARTITIONS];
};

static void check(struct model *model, const rd_kafka_message_t *message)
{
    int32_t partition = message->partition;
    assert_int_equal(message->err, 0);
    assert_true(model->is_assigned[partition]);
    assert_false(model->is_paused[partition]);
    assert_int_equal(message->offset, model->next[partition]);
    consume_check_text(message);
    model->next[partition]++;
}

static void set_assigned(struct model *model, int32_t partition, bool is_assigned)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", partition, rand() % COUNT);
    rd_kafka_error_t *error = is_assigned ? rd_kafka_incremental_assign(fixture.rk, list)
                                          : rd_kafka_incremental_unassign(fixture.rk, list);
    assert_null(error);
    model->is_assigned[partition] = is_assigned;
    model->next[partition] = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
}

static void act(struct model *model)
{
    int32_t partition = rand() % PARTITIONS;
    switch (rand() % 4) {
    case 0:
        set_assigned(model, partition, !model->is_assigned[partition]);
        break;
    case 1:
        if (model->is_assigned[partition]) {
            model->next[partition] = rand() % COUNT;
            seek(partition, model->next[partition], 0);
        }
        break;
    case 2:
        if (model->is_assigned[partition]) {
            model->is_paused[partition] = !model->is_paused[partition];
            set_paused(partition, model->is_paused[partition]);
        }
        break;
    default:
        rd_kafka_mock_partition_set_leader(fixture.cluster, "t", partition, 1 + rand() % 2);
        break;
    }
}

/* Is there anything that could come? */
static bool expects_any(const struct model *model)
{
    for (int i = 0; i < PARTITIONS; i++) {
        if (model->is_assigned[i] && !model->is_paused[i] && model->next[i] < COUNT)
            return true;
    }
    return false;
}

static void test_at_random(void **state)
{
    struct model model = {0};
    unsigned seed = 20261121;
    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    consume_start(&fixture, "fetch.message.max.bytes", "2000", "queued.min.messages", "50", NULL);
    for (int step = 0; step < 400; step++) {
        act(&model);
        for (int i = rand() % 60; i > 0 && expects_any(&model); i--) {
            rd_kafka_message_t *message = consume_next(&fixture);
            check(&model, message);
            rd_kafka_message_destroy(message);
        }
    }
}

/* Several threads poll while another one moves the positions: every message belongs to its place,
 * and within one thread offsets of a partition go up unless it was moved. */
static _Atomic bool is_over;
static _Atomic int taken, wrong; /* cmocka's assertions belong to the test's thread. */

static void *poll_all(void *argument)
{
    while (!atomic_load(&is_over)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 50);
        if (!message)
            continue;
        if (message->err || !consume_has_text(message))
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&taken, 1);
        rd_kafka_message_destroy(message);
    }
    return argument;
}

static void test_with_threads(void **state)
{
    struct model model = {0};
    pthread_t threads[3];
    (void)state;
    srand(7);
    consume_start(&fixture, "fetch.message.max.bytes", "5000", NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, poll_all, NULL), 0);
    /* Positions that move all the time leave no time to fetch: every now and then they stand. */
    for (int step = 0; step < 300 || atomic_load(&taken) < 500; step++) {
        act(&model);
        if (step % 20 == 0)
            rd_kafka_poll(fixture.rk, 20);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_seek),
        TEST(test_seek_at_once_after_assign),
        TEST(test_pause_before_and_after),
        TEST(test_pause_of_nobody_s),
        TEST(test_at_random),
        TEST(test_with_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
