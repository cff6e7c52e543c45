/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coordinators that lie to a member of the consumer protocol (KIP-848), a few times, and then tell
 * the truth: the client says what was wrong and who said it, does not ask without end, and has and
 * consumes its partitions in the end.
 */
#include "support/hostile_member.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/big_endian.h"

enum { TIMES = 3, MESSAGES = 5, NO_SUCH_ERROR = 4711, BEATS_AT_ONCE = 20, SPACING_MS = 50 };

static struct hostile_fixture fixture;

#define TOLD(answer) ((struct rk_consumer_group_heartbeat_answer *)(answer)->answer)

static int32_t asked_epoch(const struct liar_answer *answer)
{
    return ((const struct rk_consumer_group_heartbeat_request *)answer->request)->member_epoch;
}

/* Not of one who leaves. */
static bool is_beat(const struct liar_answer *answer)
{
    return asked_epoch(answer) >= 0 && TOLD(answer)->error_code == 0;
}

/* Bytes: what comes before the assignment is sound. */

static enum liar_fate ends_with(struct liar_answer *answer, const void *end, size_t size)
{
    enum { BEFORE = 4 + 4 + 1 + 4 + 2 + 1 + 1 + 4 + 4 };
    uint8_t *bytes = liar_alloc(answer, BEFORE + size);
    rk_store_be32(bytes, (int32_t)(BEFORE + size - 4));
    rk_store_be32(bytes + 4, answer->correlation_id);
    rk_store_be32(bytes + 17, 1);
    rk_store_be32(bytes + 21, SPACING_MS);
    memcpy(bytes + BEFORE, end, size);
    answer->raw = (struct liar_bytes){bytes, BEFORE + size};
    return is_beat(answer) ? LIAR_RAW : LIAR_TRUTH;
}

#define ENDS(name, text)                                   \
    static enum liar_fate name(struct liar_answer *answer) \
    {                                                      \
        return ends_with(answer, text, sizeof(text) - 1);  \
    }
#define ONE_TOPIC \
    "\x01\x02"    \
    "0123456789abcdef"

ENDS(bytes_missing, "")
ENDS(bytes_too_many, "\xff\x00xyz")
ENDS(null_topics, "\x01\x00\x00\x00")
ENDS(endless_topics, "\x01\xff\xff\xff\xff\x0f\x00\x00")
ENDS(endless_number, "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
ENDS(null_partitions, ONE_TOPIC "\x00\x00\x00\x00")
ENDS(endless_partitions, ONE_TOPIC "\xff\xff\xff\xff\x0f\x00\x00\x00")
ENDS(fewer_partitions, ONE_TOPIC "\x03\x00\x00\x00\x00")
ENDS(endless_tags, "\xff\xff\xff\xff\xff\x0f")

/* Errors */

static enum liar_fate with_error(struct liar_answer *answer, int err, const char *text)
{
    if (!is_beat(answer))
        return LIAR_TRUTH;
    *TOLD(answer) = (struct rk_consumer_group_heartbeat_answer){
        .error_code = (int16_t)err, .error_message = text, .member_epoch = 0};
    return LIAR_TELL;
}

#define WITH_ERROR(name, err, text)                        \
    static enum liar_fate name(struct liar_answer *answer) \
    {                                                      \
        return with_error(answer, err, text);              \
    }

WITH_ERROR(unknown_error, NO_SUCH_ERROR, NULL)
WITH_ERROR(negative_error, -190, "") /* Ours mean something else. */
WITH_ERROR(told_error, NO_SUCH_ERROR, "for a reason")
WITH_ERROR(unknown_member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, NULL)
WITH_ERROR(fenced, RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, NULL)
WITH_ERROR(not_coordinator, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, NULL)
WITH_ERROR(loading, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, NULL)
WITH_ERROR(unauthorised_topic, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, NULL)
WITH_ERROR(not_for_heartbeats, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, NULL)

static enum liar_fate long_error(struct liar_answer *answer)
{
    enum { LENGTH = 32000 };
    char *text = liar_alloc(answer, LENGTH + 1);
    memset(text, '%', LENGTH);
    return with_error(answer, NO_SUCH_ERROR, text);
}

static enum liar_fate leave_refused(struct liar_answer *answer)
{
    TOLD(answer)->error_code = RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    return asked_epoch(answer) < 0 ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate leave_assigns(struct liar_answer *answer)
{
    if (asked_epoch(answer) >= 0)
        return LIAR_TRUTH;
    TOLD(answer)->member_epoch = 7;
    TOLD(answer)->assignment =
        rk_consumer_group_heartbeat_answer_assignment_try_new(answer->arena, 1);
    return LIAR_TELL;
}

/* Numbers and names */

static enum liar_fate with_epoch(struct liar_answer *answer, int32_t epoch)
{
    TOLD(answer)->member_epoch = epoch;
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate with_interval(struct liar_answer *answer, int32_t interval_ms)
{
    TOLD(answer)->heartbeat_interval_ms = interval_ms;
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate with_member_id(struct liar_answer *answer, const char *id)
{
    TOLD(answer)->member_id = id;
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate throttled(struct liar_answer *answer, int32_t ms)
{
    TOLD(answer)->throttle_time_ms = ms;
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

#define WITH(what, name, value)                            \
    static enum liar_fate name(struct liar_answer *answer) \
    {                                                      \
        return what(answer, value);                        \
    }

WITH(with_epoch, epoch_of_nobody, 0)
WITH(with_epoch, epoch_of_leaving, -1)
WITH(with_epoch, epoch_of_being_away, -2)
WITH(with_epoch, lowest_epoch, INT32_MIN)
WITH(with_epoch, epoch_of_the_past, 1)
WITH(with_epoch, epoch_of_the_future, INT32_MAX)
WITH(with_interval, no_interval, 0)
WITH(with_interval, negative_interval, -1)
WITH(with_interval, lowest_interval, INT32_MIN)
WITH(with_interval, shortest_interval, 1)
WITH(with_interval, endless_interval, INT32_MAX)
WITH(with_member_id, no_member_id, NULL)
WITH(with_member_id, empty_member_id, "")
WITH(with_member_id, member_id_of_another, "AAAAAAAAAAAAAAAAAAAAAA")
WITH(throttled, negative_throttle, INT32_MIN)

static enum liar_fate long_member_id(struct liar_answer *answer)
{
    char *id = liar_alloc(answer, 30001);
    memset(id, 'A', 30000);
    return with_member_id(answer, id);
}

/* Assignments: so many topics, each of an id of its own, with these partitions. */

static const struct rk_uuid no_topic = {"there is no such"};
static const int32_t one[] = {0};

static struct rk_consumer_group_heartbeat_answer_topic *
assign(struct liar_answer *answer, int32_t topic_count, const int32_t *partitions, int32_t count)
{
    struct rk_consumer_group_heartbeat_answer_assignment *assignment =
        rk_consumer_group_heartbeat_answer_assignment_try_new(answer->arena, 1);
    struct rk_consumer_group_heartbeat_answer_topic *topics =
        rk_consumer_group_heartbeat_answer_topic_try_new(answer->arena, topic_count);
    for (int32_t i = 0; i < topic_count; i++) {
        topics[i].topic_id = no_topic;
        rk_store_be32(topics[i].topic_id.bytes, i + 1);
        topics[i].partitions.items = (int32_t *)(uintptr_t)partitions;
        topics[i].partitions.count = count;
    }
    assignment->topic_partitions.items = topics;
    assignment->topic_partitions.count = topic_count;
    if (is_beat(answer))
        TOLD(answer)->assignment = assignment;
    return topics;
}

/* These partitions of "t", whose id the first true assignment told. */
static struct rk_uuid id_of_t;

static enum liar_fate assign_t(struct liar_answer *answer, const int32_t *partitions, int32_t count)
{
    const struct rk_consumer_group_heartbeat_answer_assignment *true_one = TOLD(answer)->assignment;
    if (!is_beat(answer))
        return LIAR_TRUTH;
    if (rk_uuid_is_zero(&id_of_t)) {
        if (!true_one || true_one->topic_partitions.count == 0)
            return LIAR_TRUTH;
        id_of_t = true_one->topic_partitions.items[0].topic_id;
    }
    assign(answer, 1, partitions, count)->topic_id = id_of_t;
    return LIAR_TELL;
}

#define ASSIGNS_T(name, ...)                                          \
    static enum liar_fate name(struct liar_answer *answer)            \
    {                                                                 \
        static const int32_t partitions[] = {__VA_ARGS__};            \
        return assign_t(answer, partitions, RK_COUNT_OF(partitions)); \
    }

ASSIGNS_T(same_partition_twice, 0, 1, 0, 1, 1, 0)
ASSIGNS_T(negative_partitions, -1, 0, INT32_MIN, 1)
ASSIGNS_T(only_negative_partitions, -1, -2)
ASSIGNS_T(huge_partition, 0, INT32_MAX)
ASSIGNS_T(partition_there_is_not, 0, 1, 2)

static enum liar_fate unknown_topic(struct liar_answer *answer)
{
    assign(answer, 1, one, 1);
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate topics_without_partitions(struct liar_answer *answer)
{
    assign(answer, 1000, NULL, 0);
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate nothing(struct liar_answer *answer)
{
    assign(answer, 0, NULL, 0);
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate topic_without_id(struct liar_answer *answer)
{
    memset(&assign(answer, 1, one, 1)->topic_id, 0, sizeof(struct rk_uuid));
    return is_beat(answer) ? LIAR_TELL : LIAR_TRUTH;
}

static enum liar_fate same_topic_twice(struct liar_answer *answer)
{
    static const int32_t both[] = {1, 0};
    enum liar_fate fate = assign_t(answer, both, 2);
    if (fate == LIAR_TRUTH)
        return fate;
    struct rk_consumer_group_heartbeat_answer_topic *topics = assign(answer, 2, both, 2);
    topics[0].topic_id = topics[1].topic_id = id_of_t;
    return LIAR_TELL;
}

/* Another partition each time: the member acknowledges each, and is given the next at once. */
static enum liar_fate something_else_each_time(struct liar_answer *answer)
{
    static const int32_t numbers[] = {0, 1};
    static int count;
    return assign_t(answer, &numbers[count++ % 2], 1);
}

/* What is told, of what it is an error, and what that says; 0: of none, for all goes on. */
struct lie_case {
    struct hostile_lie lie;
    int times;
    bool is_kept; /* The coordinator does not know what was told: it puts the member out. */
    rd_kafka_resp_err_t err;
    const char *part;
};

#define QUIET       0, NULL
#define BROKEN      RD_KAFKA_RESP_ERR__BAD_MSG, "Malformed ConsumerGroupHeartbeat answer"
#define BAD         HOSTILE_BAD("ConsumerGroupHeartbeat") " ("
#define FAILED(err) err, "ConsumerGroupHeartbeat failed: "

#define LIE_ABOUT(name, ...)              \
    {                                     \
        {#name, name, false}, __VA_ARGS__ \
    }
#define BEAT(name, ...)    LIE_ABOUT(name, TIMES, false, __VA_ARGS__)
#define ASSIGNS(name, ...) LIE_ABOUT(name, TIMES, true, __VA_ARGS__)

static const struct lie_case lies[] = {
    BEAT(hostile_closed, QUIET),
    BEAT(hostile_cut, QUIET),
    BEAT(hostile_garbage, BROKEN),
    BEAT(bytes_missing, BROKEN),
    BEAT(bytes_too_many, BROKEN),
    BEAT(null_topics, BROKEN),
    BEAT(endless_topics, BROKEN),
    BEAT(endless_number, BROKEN),
    BEAT(null_partitions, BROKEN),
    BEAT(endless_partitions, BROKEN),
    BEAT(fewer_partitions, BROKEN),
    BEAT(endless_tags, BROKEN),
    BEAT(unknown_error, FAILED(NO_SUCH_ERROR)),
    BEAT(negative_error, FAILED(RD_KAFKA_RESP_ERR_UNKNOWN)),
    BEAT(told_error, NO_SUCH_ERROR, ": for a reason"),
    BEAT(long_error, FAILED(NO_SUCH_ERROR)),
    BEAT(unknown_member, QUIET),
    BEAT(fenced, QUIET),
    BEAT(not_coordinator, QUIET),
    BEAT(loading, QUIET),
    BEAT(unauthorised_topic, FAILED(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)),
    BEAT(not_for_heartbeats, FAILED(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER)),
    BEAT(epoch_of_nobody, BAD),
    BEAT(epoch_of_leaving, BAD),
    BEAT(epoch_of_being_away, BAD),
    BEAT(lowest_epoch, BAD),
    BEAT(epoch_of_the_past, QUIET),
    BEAT(epoch_of_the_future, QUIET),
    LIE_ABOUT(no_interval, 1, false, QUIET),
    LIE_ABOUT(negative_interval, 1, false, QUIET),
    LIE_ABOUT(lowest_interval, 1, false, QUIET),
    LIE_ABOUT(shortest_interval, 40, false, QUIET),
    LIE_ABOUT(endless_interval, 1, false, QUIET),
    BEAT(no_member_id, QUIET),
    BEAT(empty_member_id, BAD),
    BEAT(member_id_of_another, BAD),
    BEAT(long_member_id, BAD),
    BEAT(negative_throttle, QUIET),
    ASSIGNS(same_partition_twice, QUIET),
    ASSIGNS(same_topic_twice, QUIET),
    ASSIGNS(negative_partitions, QUIET),
    ASSIGNS(only_negative_partitions, QUIET),
    ASSIGNS(huge_partition, QUIET),
    ASSIGNS(partition_there_is_not, QUIET),
    ASSIGNS(unknown_topic, QUIET),
    ASSIGNS(topics_without_partitions, QUIET),
    ASSIGNS(nothing, QUIET),
    ASSIGNS(topic_without_id, BAD),
    LIE_ABOUT(something_else_each_time, 40, true, QUIET),
};

/* Only a member with its epoch may. */
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
static void expect_few_requests(const char *name, int64_t since_ms)
{
    int count = liar_request_count(fixture.liar, 0, RK_API_CONSUMER_GROUP_HEARTBEAT);
    int64_t most = BEATS_AT_ONCE + 2 + (now_ms() - since_ms) / SPACING_MS;
    if (count > most)
        fail_msg("%s: %d heartbeats, %lld may be", name, count, (long long)most);
}

static void tell_and_join(const struct lie_case *told, int number)
{
    static const struct hostile_lie puts_out = {LIE(fenced), false};
    int64_t since_ms = now_ms();
    memset(&id_of_t, 0, sizeof(id_of_t));
    hostile_member_start_consumer(&fixture, "beats", number);
    hostile_tell(&fixture, &told->lie, told->times, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
    hostile_member_subscribe(&fixture, "t");
    hostile_expect_told(&fixture);
    if (told->is_kept) {
        hostile_tell(&fixture, &puts_out, 1, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
        hostile_expect_told(&fixture);
    }
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, told->lie.name);
    hostile_wait(&fixture, commits, NULL, told->lie.name);
    if (told->err) {
        const struct hostile_error *error = hostile_expect_error(&fixture, told->err, told->part);
        assert_non_null(strstr(error->text, "127.0.0.1:"));
    }
    hostile_member_expect_messages(&fixture, MESSAGES);
    expect_few_requests(told->lie.name, since_ms);
    hostile_member_end(&fixture);
}

static void test_in_the_end_it_consumes(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++) {
        struct hostile_fixture *it = &fixture;
        hostile_member_set_up((void **)&it);
        tell_and_join(&lies[i], (int)i);
        hostile_tear_down((void **)&it);
    }
}

/* Whatever is said of it, a member that leaves has left. */
static void test_leaves(void **state)
{
    (void)state;
    static const struct hostile_lie answers[] = {
        {LIE(hostile_closed), false}, {LIE(hostile_cut), false},   {LIE(hostile_garbage), false},
        {LIE(leave_refused), false},  {LIE(leave_assigns), false},
    };
    for (size_t i = 0; i < RK_COUNT_OF(answers); i++) {
        hostile_member_start_consumer(&fixture, "leaves", (int)i);
        hostile_member_subscribe(&fixture, "t");
        hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, answers[i].name);
        hostile_tell(&fixture, &answers[i], 1, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
        assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
        assert_true(hostile_was_told(&fixture));
        hostile_member_end(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_the_end_it_consumes),
        HOSTILE_MEMBER_TEST(test_leaves, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
