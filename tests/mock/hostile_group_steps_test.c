/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of a classic group whose coordinator keeps silent at each step, and what others in the
 * group may cost them.
 */
#include "support/hostile_member.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "support/memory_peak.h"

enum { MEGABYTE = 1 << 20 };

static struct hostile_fixture fixture;

#define JOINED(answer) ((struct rk_join_group_answer *)(answer)->answer)
#define SYNCED(answer) ((struct rk_sync_group_answer *)(answer)->answer)

/* A coordinator keeps JoinGroup until all members are there: what does not wait for them is not
 * kept. */
static void test_what_waits_keeps_nothing_else(void **state)
{
    (void)state;
    static const struct hostile_lie lie = {LIE(hostile_silent), false};
    hostile_member_start(&fixture, "parked", 0, HOSTILE_LONG_SESSION);
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "a member of its own");
    hostile_tell(&fixture, &lie, 1, RK_API_JOIN_GROUP, 0);
    hostile_member_subscribe(&fixture, "other");
    hostile_expect_told(&fixture);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    assert_int_equal(rd_kafka_committed(fixture.rk, list, CONSUME_TIMEOUT_MS), 0);
    rd_kafka_commit(fixture.rk, list, 0); /* Whatever the answer is: there is one. */
    rd_kafka_topic_partition_list_destroy(list);
    assert_int_equal(liar_request_count(fixture.liar, 0, RK_API_LEAVE_GROUP), 0);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
    assert_int_equal(liar_request_count(fixture.liar, 0, RK_API_LEAVE_GROUP), 1);
    hostile_member_end(&fixture);
    /* It has left: nobody is waited for. */
    hostile_member_start(&fixture, "parked", 0, HOSTILE_LONG_SESSION);
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the next member of this group");
}

/* Closed or destroyed while the answer to each of these does not come. */
static void test_ends_at_every_step(void **state)
{
    (void)state;
    static const struct hostile_lie lie = {LIE(hostile_silent), false};
    static const int keys[] = {RK_API_FIND_COORDINATOR, RK_API_JOIN_GROUP, RK_API_SYNC_GROUP,
                               RK_API_OFFSET_FETCH, RK_API_HEARTBEAT};
    for (size_t i = 0; i < 3 * RK_COUNT_OF(keys); i++) {
        hostile_member_start(&fixture, "ends", (int)i, HOSTILE_SHORT_SESSION);
        hostile_tell(&fixture, &lie, 1000, keys[i / 3], 0);
        int before = liar_request_count(fixture.liar, 0, keys[i / 3]);
        hostile_member_subscribe(&fixture, "t");
        while (liar_request_count(fixture.liar, 0, keys[i / 3]) == before)
            hostile_serve(&fixture, 20);
        if (i % 3 == 0)
            assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
        if (i % 3 == 1)
            rd_kafka_destroy_flags(fixture.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        else
            rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
    }
}

/* Members that nobody has heard of, and what they are said to want. */

static struct rk_bytes wants_many(struct liar_answer *answer)
{
    enum { NAME_SIZE = 12 };
    int topics = memory_peak_is_counted() ? 12000 : 1200; /* What they cost is what matters. */
    size_t size = 2 + 4 + (2 + NAME_SIZE) * (size_t)topics + 4;
    uint8_t *bytes = liar_alloc(answer, size), *at = bytes + 6;
    rk_store_be32(bytes + 2, topics);
    for (int i = 0; i < topics; i++, at += 2 + NAME_SIZE) {
        char name[NAME_SIZE + 1];
        snprintf(name, sizeof(name), "%06d%06d", answer->correlation_id, i);
        at[1] = NAME_SIZE;
        memcpy(at + 2, name, NAME_SIZE);
    }
    rk_store_be32(at, -1);
    return (struct rk_bytes){bytes, (int32_t)size};
}

static struct rk_bytes wants_garbage(struct liar_answer *answer)
{
    uint8_t *bytes = liar_alloc(answer, 1 << 20);
    memset(bytes, 0x7f, 1 << 20);
    return (struct rk_bytes){bytes, 1 << 20};
}

static enum liar_fate join_with(struct liar_answer *answer, struct rk_bytes metadata)
{
    if (hostile_member_multiply(answer, 2, "another") == LIAR_TRUTH)
        return LIAR_TRUTH;
    JOINED(answer)->members.items[1].metadata = metadata;
    return LIAR_TELL;
}

static enum liar_fate join_with_one_who_wants_many(struct liar_answer *answer)
{
    return join_with(answer, wants_many(answer));
}

static enum liar_fate join_with_one_who_wants_garbage(struct liar_answer *answer)
{
    return join_with(answer, wants_garbage(answer));
}

/* They get nothing, this member all; and they cost little, however often they come. */
static void test_other_members(void **state)
{
    (void)state;
    static const struct hostile_lie others[] = {{LIE(join_with_one_who_wants_garbage), false},
                                                {LIE(join_with_one_who_wants_many), false}};
    for (size_t i = 0; i < RK_COUNT_OF(others); i++) {
        hostile_member_start(&fixture, "others", (int)i, HOSTILE_SHORT_SESSION);
        hostile_tell(&fixture, &others[i], 1000, RK_API_JOIN_GROUP, 0);
        memory_peak_reset();
        size_t before = memory_peak_now();
        for (int k = 0; k < 2; k++) {
            hostile_member_subscribe(&fixture, "t");
            hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, others[i].name);
            hostile_member_subscribe(&fixture, "other");
            hostile_member_expect(&fixture, 0, others[i].name);
        }
        if (memory_peak_is_counted() && memory_peak() > before + 96 * MEGABYTE)
            fail_msg("%s: %zu MB", others[i].name, (memory_peak() - before) / MEGABYTE);
        hostile_member_end(&fixture);
    }
}

/* An assignment of more than there can be is none. */

static enum liar_fate sync_endless(struct liar_answer *answer)
{
    enum { COUNT = 250000 };
    uint8_t *bytes = liar_alloc(answer, 17 + 4 * (size_t)COUNT);
    memcpy(bytes, "\x00\x00\x00\x00\x00\x01\x00\x01t", 9);
    rk_store_be32(bytes + 9, COUNT);
    for (int i = 0; i < COUNT; i++)
        rk_store_be32(bytes + 13 + 4 * (size_t)i, i);
    rk_store_be32(bytes + 13 + 4 * (size_t)COUNT, -1);
    SYNCED(answer)->assignment = (struct rk_bytes){bytes, 17 + 4 * COUNT};
    return LIAR_TELL;
}

static void test_endless_assignment(void **state)
{
    (void)state;
    static const struct hostile_lie lie = {LIE(sync_endless), false};
    hostile_member_start(&fixture, "endless", 0, HOSTILE_LONG_SESSION);
    hostile_tell(&fixture, &lie, 2, RK_API_SYNC_GROUP, 0);
    hostile_member_subscribe(&fixture, "t");
    hostile_expect_error(&fixture, HOSTILE_BAD("SyncGroup"));
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the true assignment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_MEMBER_TEST(test_what_waits_keeps_nothing_else, &fixture),
        HOSTILE_MEMBER_TEST(test_ends_at_every_step, &fixture),
        HOSTILE_MEMBER_TEST(test_other_members, &fixture),
        HOSTILE_MEMBER_TEST(test_endless_assignment, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
