/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coordinators that lie to a member of a classic group, a few times, and then tell the truth: the
 * client says what was wrong, does not ask without end, and has its partitions in the end.
 */
#include "support/hostile_member.h"

#include <string.h>
#include <time.h>

#include "base/assert.h"

enum { TIMES = 3, ENDLESS = 1000000, MANY = 5000, NO_SUCH_ERROR = 4711 };

static struct hostile_fixture fixture;

/* JoinGroup. The first answer of all is a member id, no more. */

#define JOINED(answer) ((struct rk_join_group_answer *)(answer)->answer)

static bool is_refused(const struct liar_answer *answer)
{
    return JOINED(answer)->error_code != 0;
}

static enum liar_fate join_unknown_error(struct liar_answer *answer)
{
    JOINED(answer)->error_code = NO_SUCH_ERROR;
    return LIAR_TELL;
}

static enum liar_fate join_negative_error(struct liar_answer *answer)
{
    JOINED(answer)->error_code = -190; /* Ours mean something else. */
    return LIAR_TELL;
}

static enum liar_fate join_inconsistent(struct liar_answer *answer)
{
    JOINED(answer)->error_code = RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL;
    return LIAR_TELL;
}

static enum liar_fate join_id_required_without_id(struct liar_answer *answer)
{
    JOINED(answer)->error_code = RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED;
    JOINED(answer)->member_id = "";
    return LIAR_TELL;
}

static enum liar_fate join_id_required_again(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->error_code = RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED;
    return LIAR_TELL;
}

static enum liar_fate join_without_member_id(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->member_id = "";
    return LIAR_TELL;
}

static enum liar_fate join_without_ids(struct liar_answer *answer)
{
    JOINED(answer)->leader = "";
    return join_without_member_id(answer);
}

static enum liar_fate join_generation(struct liar_answer *answer, int32_t generation)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->generation_id = generation;
    return LIAR_TELL;
}

static enum liar_fate join_negative_generation(struct liar_answer *answer)
{
    return join_generation(answer, -1);
}

static enum liar_fate join_lowest_generation(struct liar_answer *answer)
{
    return join_generation(answer, INT32_MIN);
}

static enum liar_fate join_generation_of_the_past(struct liar_answer *answer)
{
    return join_generation(answer, 0);
}

static enum liar_fate join_generation_of_the_future(struct liar_answer *answer)
{
    return join_generation(answer, INT32_MAX);
}

static enum liar_fate join_protocol(struct liar_answer *answer, const char *name)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->protocol_name = name;
    return LIAR_TELL;
}

static enum liar_fate join_protocol_of_nobody(struct liar_answer *answer)
{
    return join_protocol(answer, "no such assignor");
}

static enum liar_fate join_protocol_not_offered(struct liar_answer *answer)
{
    return join_protocol(answer, "cooperative-sticky");
}

static enum liar_fate join_without_protocol(struct liar_answer *answer)
{
    return join_protocol(answer, answer->version >= 7 ? NULL : "");
}

static enum liar_fate join_other_type(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->protocol_type = "connect";
    return LIAR_TELL;
}

static enum liar_fate join_leads_nobody(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->members.count = 0;
    return LIAR_TELL;
}

static enum liar_fate join_leads_others(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->members.items[0].member_id = "another";
    return LIAR_TELL;
}

static enum liar_fate join_with_itself(struct liar_answer *answer)
{
    return hostile_member_multiply(answer, 2, NULL);
}

static enum liar_fate join_with_nameless_members(struct liar_answer *answer)
{
    return hostile_member_multiply(answer, 3, "");
}

static enum liar_fate join_with_many_of_one_name(struct liar_answer *answer)
{
    return hostile_member_multiply(answer, MANY, "another");
}

static enum liar_fate join_own_garbage(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    uint8_t *bytes = liar_alloc(answer, 1000);
    memset(bytes, 0xfe, 1000);
    JOINED(answer)->members.items[0].metadata = (struct rk_bytes){bytes, 1000};
    return LIAR_TELL;
}

static enum liar_fate join_skips_for_no_reason(struct liar_answer *answer)
{
    if (is_refused(answer))
        return LIAR_TRUTH;
    JOINED(answer)->skip_assignment = true;
    return LIAR_TELL;
}

/* SyncGroup */

#define SYNCED(answer) ((struct rk_sync_group_answer *)(answer)->answer)

static enum liar_fate sync_with(struct liar_answer *answer, const void *bytes, size_t size)
{
    void *copy = liar_copy(answer, bytes, size);
    SYNCED(answer)->assignment = (struct rk_bytes){copy, (int32_t)size};
    return LIAR_TELL;
}

static enum liar_fate sync_garbage(struct liar_answer *answer)
{
    return sync_with(answer, "\x00\x00 garbage that is none", 24);
}

static enum liar_fate sync_negative_version(struct liar_answer *answer)
{
    return sync_with(answer, "\xff\xfe\x00\x00\x00\x00\xff\xff\xff\xff", 10);
}

static enum liar_fate sync_huge_counts(struct liar_answer *answer)
{
    return sync_with(answer, "\x00\x00\x7f\xff\xff\xff\x00\x01t\x7f\xff\xff\xff", 13);
}

static enum liar_fate sync_negative_counts(struct liar_answer *answer)
{
    return sync_with(answer, "\x00\x00\x80\x00\x00\x00", 6);
}

static enum liar_fate sync_cut(struct liar_answer *answer)
{
    SYNCED(answer)->assignment.size -= 7;
    return LIAR_TELL;
}

static enum liar_fate sync_unknown_topic(struct liar_answer *answer)
{
    return sync_with(answer, "\x00\x00\x00\x00\x00\x01\x00\x01x\x00\x00\x00\x01\x00\x00\x00\x00",
                     17);
}

static enum liar_fate sync_unknown_error(struct liar_answer *answer)
{
    SYNCED(answer)->error_code = NO_SUCH_ERROR;
    return LIAR_TELL;
}

static enum liar_fate sync_illegal_generation(struct liar_answer *answer)
{
    SYNCED(answer)->error_code = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    return LIAR_TELL;
}

/* Heartbeat */

#define HEARD(answer) ((struct rk_heartbeat_answer *)(answer)->answer)

static enum liar_fate heartbeat_unknown_error(struct liar_answer *answer)
{
    HEARD(answer)->error_code = NO_SUCH_ERROR;
    return LIAR_TELL;
}

static enum liar_fate heartbeat_rebalance(struct liar_answer *answer)
{
    HEARD(answer)->error_code = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    return LIAR_TELL;
}

static enum liar_fate heartbeat_unknown_member(struct liar_answer *answer)
{
    HEARD(answer)->error_code = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    return LIAR_TELL;
}

static enum liar_fate heartbeat_generation(struct liar_answer *answer)
{
    HEARD(answer)->error_code = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    return LIAR_TELL;
}

/* What is told, of what it is an error, and what that says; 0: of none, for all goes on. */
struct lie_case {
    int api_key;
    struct hostile_lie lie;
    int times; /* 1: nothing is asked again because of it. */
    rd_kafka_resp_err_t err;
    const char *part;
};

#define BROKEN(api)      RD_KAFKA_RESP_ERR__BAD_MSG, "Malformed " api " answer"
#define FAILED(api, err) err, api " failed: "

#define QUIET            0, NULL

#define CASE(key, name, times, ...)                            \
    {                                                          \
        RK_API_##key, {#name, name, false}, times, __VA_ARGS__ \
    }
#define JOIN(...)      CASE(JOIN_GROUP, __VA_ARGS__)
#define SYNC(...)      CASE(SYNC_GROUP, __VA_ARGS__)
#define HEARTBEAT(...) CASE(HEARTBEAT, __VA_ARGS__)
#define LEAVE(...)     CASE(LEAVE_GROUP, __VA_ARGS__)

static const struct lie_case lies[] = {
    JOIN(hostile_closed, TIMES, QUIET),
    JOIN(hostile_cut, TIMES, QUIET),
    JOIN(hostile_garbage, TIMES, BROKEN("JoinGroup")),
    JOIN(join_unknown_error, TIMES, FAILED("JoinGroup", NO_SUCH_ERROR)),
    JOIN(join_negative_error, TIMES, FAILED("JoinGroup", RD_KAFKA_RESP_ERR_UNKNOWN)),
    JOIN(join_inconsistent, TIMES,
         FAILED("JoinGroup", RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)),
    JOIN(join_id_required_without_id, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_id_required_again, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_without_member_id, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_without_ids, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_negative_generation, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_lowest_generation, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_generation_of_the_past, TIMES, QUIET),
    JOIN(join_generation_of_the_future, TIMES, QUIET),
    JOIN(join_protocol_of_nobody, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_protocol_not_offered, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_without_protocol, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_other_type, TIMES,
         FAILED("JoinGroup", RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)),
    JOIN(join_leads_nobody, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_leads_others, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_with_itself, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_with_nameless_members, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_with_many_of_one_name, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_own_garbage, TIMES, HOSTILE_BAD("JoinGroup")),
    JOIN(join_skips_for_no_reason, 1, QUIET),
    SYNC(hostile_closed, TIMES, QUIET),
    SYNC(hostile_cut, TIMES, QUIET),
    SYNC(hostile_garbage, TIMES, BROKEN("SyncGroup")),
    SYNC(sync_garbage, TIMES, HOSTILE_BAD("SyncGroup")),
    SYNC(sync_negative_version, TIMES, HOSTILE_BAD("SyncGroup")),
    SYNC(sync_huge_counts, TIMES, HOSTILE_BAD("SyncGroup")),
    SYNC(sync_negative_counts, TIMES, HOSTILE_BAD("SyncGroup")),
    SYNC(sync_cut, TIMES, HOSTILE_BAD("SyncGroup")),
    SYNC(sync_unknown_topic, TIMES, QUIET),
    SYNC(sync_unknown_error, TIMES, FAILED("SyncGroup", NO_SUCH_ERROR)),
    SYNC(sync_illegal_generation, TIMES, QUIET),
    HEARTBEAT(hostile_closed, TIMES, QUIET),
    HEARTBEAT(hostile_cut, TIMES, QUIET),
    HEARTBEAT(hostile_garbage, TIMES, BROKEN("Heartbeat")),
    HEARTBEAT(heartbeat_unknown_error, TIMES, FAILED("Heartbeat", NO_SUCH_ERROR)),
    HEARTBEAT(heartbeat_rebalance, TIMES, QUIET),
    HEARTBEAT(heartbeat_unknown_member, 1, QUIET),
    HEARTBEAT(heartbeat_generation, TIMES, QUIET),
    LEAVE(hostile_closed, 1, QUIET),
    LEAVE(hostile_cut, 1, QUIET),
    LEAVE(hostile_garbage, 1, QUIET),
};
/* Only a member of the generation may. */
static bool commits(struct hostile_fixture *unused, const void *argument)
{
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    (void)unused;
    (void)argument;
    bool is_done = rd_kafka_commit(fixture.rk, list, 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    return is_done;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One that takes longer may ask more often, not the other way round. */
static void expect_few_requests(const char *name, int before, int64_t since_ms)
{
    int count = liar_request_count(fixture.liar, 0, RK_API_JOIN_GROUP) - before;
    int64_t most = 20 + (now_ms() - since_ms) / 100;
    if (count > most)
        fail_msg("%s: %d JoinGroup requests, %lld may be", name, count, (long long)most);
}

static bool is_told_of(struct hostile_fixture *unused, const void *argument)
{
    const struct lie_case *one = argument;
    (void)unused;
    return ENDLESS - fixture.script.times >= one->times &&
           hostile_find_error(&fixture, one->err, one->part);
}

/* As often as it is to be, and until its error is: an answer may come too late to be one. */
static void expect_told(const struct lie_case *one)
{
    if (one->err) {
        hostile_wait(&fixture, is_told_of, one, one->lie.name);
        hostile_tell(&fixture, &one->lie, 0, one->api_key, 0);
    } else {
        hostile_expect_told(&fixture);
    }
}

static void tell_and_join(const struct lie_case *one, int number)
{
    int before = liar_request_count(fixture.liar, 0, RK_API_JOIN_GROUP);
    int64_t since_ms = now_ms();
    bool is_at_the_end = one->api_key == RK_API_LEAVE_GROUP;
    hostile_member_start(&fixture, "lies", number,
                         is_at_the_end ? HOSTILE_LONG_SESSION : HOSTILE_SHORT_SESSION);
    hostile_tell(&fixture, &one->lie, one->err ? ENDLESS : one->times, one->api_key, 0);
    hostile_member_subscribe(&fixture, "t");
    if (is_at_the_end) {
        hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, one->lie.name);
        assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
        assert_true(hostile_was_told(&fixture));
    } else {
        expect_told(one);
        hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, one->lie.name);
        hostile_wait(&fixture, commits, NULL, one->lie.name);
    }
    expect_few_requests(one->lie.name, before, since_ms);
    hostile_member_end(&fixture);
}

static void test_in_the_end_it_is_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++)
        tell_and_join(&lies[i], (int)i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_MEMBER_TEST(test_in_the_end_it_is_in, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
