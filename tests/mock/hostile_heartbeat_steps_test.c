/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of the consumer protocol (KIP-848) whose coordinator keeps silent at each step, gives
 * what was not asked for or what nobody has a name for, or more than there can be.
 */
#include "support/hostile_member.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "support/memory_peak.h"

enum { MESSAGES = 5, MEGABYTE = 1 << 20, TOO_MANY = 250000, MANY = 50000 };

static struct hostile_fixture fixture;

#define TOLD(answer)  ((struct rk_consumer_group_heartbeat_answer *)(answer)->answer)
#define ASKED(answer) ((const struct rk_consumer_group_heartbeat_request *)(answer)->request)

static bool is_beat(const struct liar_answer *answer)
{
    return ASKED(answer)->member_epoch >= 0 && TOLD(answer)->error_code == 0;
}

static enum liar_fate puts_out(struct liar_answer *answer)
{
    if (!is_beat(answer))
        return LIAR_TRUTH;
    *TOLD(answer) = (struct rk_consumer_group_heartbeat_answer){
        .error_code = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID};
    return LIAR_TELL;
}

/* The coordinator tells the truth again: to who it does not know any more. */
static void expect_recovery(const char *what)
{
    static const struct hostile_lie lie = {LIE(puts_out), false};
    hostile_tell(&fixture, &lie, 1, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
    hostile_expect_told(&fixture);
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, what);
    hostile_member_expect_messages(&fixture, MESSAGES);
}

/* Silence */

static enum liar_fate silent_to_acknowledgements(struct liar_answer *answer)
{
    return is_beat(answer) && ASKED(answer)->topic_partitions.count > 0 ? LIAR_SILENCE : LIAR_TRUTH;
}

static enum liar_fate silent_to_members(struct liar_answer *answer)
{
    return ASKED(answer)->member_epoch > 0 ? LIAR_SILENCE : LIAR_TRUTH;
}

static const struct {
    int api_key;
    struct hostile_lie lie;
} silences[] = {
    {RK_API_FIND_COORDINATOR, {LIE(hostile_silent), false}},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, {LIE(hostile_silent), false}},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, {LIE(silent_to_acknowledgements), false}},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, {LIE(silent_to_members), false}},
    {RK_API_OFFSET_FETCH, {LIE(hostile_silent), false}},
};

/* Closed or destroyed while the answer to each of these does not come, to leaving neither. */
static void test_ends_at_every_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3 * RK_COUNT_OF(silences); i++) {
        hostile_member_start_consumer(&fixture, "ends", (int)i);
        hostile_tell(&fixture, &silences[i / 3].lie, 1, silences[i / 3].api_key, 0);
        hostile_member_subscribe(&fixture, "t");
        hostile_expect_told(&fixture);
        hostile_tell(&fixture, &silences[1].lie, 1000, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
        if (i % 3 == 0)
            assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
        if (i % 3 == 1)
            rd_kafka_destroy_flags(fixture.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        else
            rd_kafka_destroy(fixture.rk);
        fixture.rk = NULL;
    }
}

/* One that does not answer is asked again when the time for that is over. */
static void test_silence_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(silences); i++) {
        struct hostile_fixture *it = &fixture;
        hostile_member_set_up((void **)&it);
        rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture.base.cluster, 50);
        hostile_start(&fixture, RD_KAFKA_CONSUMER, "group.protocol", "consumer",
                      "socket.timeout.ms", "300", NULL);
        hostile_tell(&fixture, &silences[i].lie, 2, silences[i].api_key, 0);
        hostile_member_subscribe(&fixture, "t");
        hostile_expect_told(&fixture);
        hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, silences[i].lie.name);
        hostile_member_expect_messages(&fixture, MESSAGES);
        hostile_tear_down((void **)&it);
    }
}

/* Assignments */

static void assign(struct liar_answer *answer, int32_t topic_count,
                   struct rk_consumer_group_heartbeat_answer_topic **topics)
{
    struct rk_consumer_group_heartbeat_answer_assignment *assignment =
        rk_consumer_group_heartbeat_answer_assignment_try_new(answer->arena, 1);
    static int32_t first[] = {0};
    *topics = rk_consumer_group_heartbeat_answer_topic_try_new(answer->arena, topic_count);
    for (int32_t i = 0; i < topic_count; i++) {
        memcpy((*topics)[i].topic_id.bytes, "there is no such", 16);
        rk_store_be32((*topics)[i].topic_id.bytes, i + 1);
        (*topics)[i].partitions.items = first;
        (*topics)[i].partitions.count = 1;
    }
    assignment->topic_partitions.items = *topics;
    assignment->topic_partitions.count = topic_count;
    TOLD(answer)->assignment = assignment;
}

static struct rk_uuid noted_id;

static enum liar_fate notes_id(struct liar_answer *answer)
{
    const struct rk_consumer_group_heartbeat_answer_assignment *assignment =
        TOLD(answer)->assignment;
    if (!assignment || assignment->topic_partitions.count == 0)
        return LIAR_TRUTH;
    noted_id = assignment->topic_partitions.items[0].topic_id;
    return LIAR_TELL;
}

static enum liar_fate assigns_noted(struct liar_answer *answer)
{
    struct rk_consumer_group_heartbeat_answer_topic *topics;
    if (!is_beat(answer) || ASKED(answer)->member_epoch == 0)
        return LIAR_TRUTH;
    assign(answer, 1, &topics);
    topics->topic_id = noted_id;
    return LIAR_TELL;
}

static bool has_other(struct hostile_fixture *it, const void *argument)
{
    rd_kafka_topic_partition_list_t *list;
    (void)argument;
    assert_int_equal(rd_kafka_assignment(it->rk, &list), 0);
    bool has = list->cnt == 1 && strcmp(list->elems[0].topic, "other") == 0;
    rd_kafka_topic_partition_list_destroy(list);
    return has;
}

/* The coordinator decides. */
static void test_topic_not_subscribed_to(void **state)
{
    (void)state;
    static const struct hostile_lie notes = {LIE(notes_id), false};
    static const struct hostile_lie lie = {LIE(assigns_noted), false};
    hostile_add_topic(&fixture, "other", 1);
    hostile_member_start_consumer(&fixture, "other", 0);
    hostile_tell(&fixture, &notes, 1, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
    hostile_member_subscribe(&fixture, "other");
    hostile_wait(&fixture, has_other, NULL, "its topic");
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the other topic");
    hostile_tell(&fixture, &lie, 3, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
    hostile_wait(&fixture, has_other, NULL, "what was not subscribed to");
    hostile_expect_told(&fixture);
    expect_recovery("the true assignment");
}

/* More than is believed: nothing changes but that it is told of. */

static enum liar_fate endless_partitions(struct liar_answer *answer)
{
    struct rk_consumer_group_heartbeat_answer_topic *topics;
    if (!is_beat(answer))
        return LIAR_TRUTH;
    assign(answer, 1, &topics);
    int32_t *numbers = liar_alloc(answer, TOO_MANY * sizeof(*numbers));
    for (int32_t i = 0; i < TOO_MANY; i++)
        numbers[i] = i;
    topics->partitions.items = numbers;
    topics->partitions.count = TOO_MANY;
    return LIAR_TELL;
}

static enum liar_fate endless_topics(struct liar_answer *answer)
{
    struct rk_consumer_group_heartbeat_answer_topic *topics;
    if (!is_beat(answer))
        return LIAR_TRUTH;
    assign(answer, TOO_MANY, &topics);
    for (int32_t i = 0; i < TOO_MANY; i++)
        topics[i].partitions.count = 0;
    return LIAR_TELL;
}

static void test_endless_assignments(void **state)
{
    (void)state;
    static const struct hostile_lie endless[] = {{LIE(endless_partitions), false},
                                                 {LIE(endless_topics), false}};
    for (size_t i = 0; i < RK_COUNT_OF(endless); i++) {
        struct hostile_fixture *it = &fixture;
        hostile_member_set_up((void **)&it);
        hostile_member_start_consumer(&fixture, "endless", (int)i);
        hostile_tell(&fixture, &endless[i], 3, RK_API_CONSUMER_GROUP_HEARTBEAT, 0);
        memory_peak_reset();
        size_t before = memory_peak_now();
        hostile_member_subscribe(&fixture, "t");
        hostile_expect_told(&fixture);
        hostile_expect_error(&fixture, HOSTILE_BAD("ConsumerGroupHeartbeat"));
        if (memory_peak_is_counted() && memory_peak() > before + 96 * MEGABYTE)
            fail_msg("%s: %zu MB", endless[i].name, (memory_peak() - before) / MEGABYTE);
        hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the true assignment");
        hostile_member_expect_messages(&fixture, MESSAGES);
        hostile_tear_down((void **)&it);
    }
}

/* Names: what Metadata says of ids that heartbeats assign. */

struct naming {
    const char *name;
    int32_t count; /* Of topics assigned. */
    /* NULL: the truth, which is that there are none. */
    void (*change)(struct rk_metadata_answer *answer, struct rk_arena *arena);
    int assigned; /* How many partitions the application has then. */
};

static const struct naming *_Atomic naming;
static _Atomic int times_named;

static void names_all(struct rk_metadata_answer *answer, const char *name)
{
    for (int32_t i = 0; i < answer->topics.count; i++) {
        answer->topics.items[i].error_code = 0;
        answer->topics.items[i].name = name;
    }
}

static void one_name(struct rk_metadata_answer *answer, struct rk_arena *arena)
{
    (void)arena;
    names_all(answer, "t");
}

static void empty_name(struct rk_metadata_answer *answer, struct rk_arena *arena)
{
    (void)arena;
    names_all(answer, "");
}

static void no_name(struct rk_metadata_answer *answer, struct rk_arena *arena)
{
    (void)arena;
    names_all(answer, NULL);
}

static void long_names(struct rk_metadata_answer *answer, struct rk_arena *arena)
{
    char *text = rk_arena_try_alloc(arena, 30001);
    memset(text, 'x', 30000);
    text[30000] = '\0';
    names_all(answer, text);
}

/* Each id a hundred times over, under names of its own. */
static void many_names(struct rk_metadata_answer *answer, struct rk_arena *arena)
{
    int32_t asked = answer->topics.count;
    struct rk_metadata_answer_topic *items = rk_metadata_answer_topic_try_new(arena, 100 * asked);
    for (int32_t i = 0; i < 100 * asked; i++) {
        char *text = rk_arena_try_alloc(arena, 20);
        snprintf(text, 20, "name-%d", (int)i);
        items[i].topic_id = answer->topics.items[i % asked].topic_id;
        items[i].name = text;
    }
    answer->topics.items = items;
    answer->topics.count = 100 * asked;
}

static enum liar_fate name_topics(struct liar_answer *answer, void *opaque)
{
    const struct naming *now = naming;
    struct rk_consumer_group_heartbeat_answer_topic *topics;
    const struct rk_metadata_request *asked = answer->request;
    (void)opaque;
    if (!now)
        return LIAR_TRUTH;
    if (answer->api->key == RK_API_CONSUMER_GROUP_HEARTBEAT && is_beat(answer))
        assign(answer, now->count, &topics);
    if (answer->api->key == RK_API_METADATA && asked->topics.count > 0 &&
        !asked->topics.items[0].name) {
        if (now->change)
            now->change(answer->answer, answer->arena);
        times_named++;
    }
    return LIAR_TELL;
}

static bool is_named(struct hostile_fixture *it, const void *argument)
{
    const struct naming *now = argument;
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_assignment(it->rk, &list), 0);
    bool has = list->cnt == now->assigned;
    rd_kafka_topic_partition_list_destroy(list);
    return has && times_named >= (now->assigned ? 1 : 3);
}

static void test_names(void **state)
{
    (void)state;
    static const struct naming namings[] = {
        {"nobody knows them", 3, NULL, 0},       {"all have one name", 3, one_name, 1},
        {"they have no name", 3, no_name, 0},    {"they have an empty name", 3, empty_name, 0},
        {"of long names", 3, long_names, 1},     {"of many names each", 3, many_names, 3},
        {"nobody knows so many", MANY, NULL, 0},
    };
    for (size_t i = 0; i < RK_COUNT_OF(namings); i++) {
        struct hostile_fixture *it = &fixture;
        hostile_member_set_up((void **)&it);
        hostile_member_start_consumer(&fixture, "names", (int)i);
        times_named = 0;
        naming = &namings[i];
        liar_set_hook(fixture.liar, name_topics, NULL);
        hostile_member_subscribe(&fixture, "t");
        hostile_wait(&fixture, is_named, &namings[i], namings[i].name);
        naming = NULL;
        expect_recovery(namings[i].name);
        hostile_tear_down((void **)&it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_MEMBER_TEST(test_ends_at_every_step, &fixture),
        cmocka_unit_test(test_silence_passes),
        HOSTILE_MEMBER_TEST(test_topic_not_subscribed_to, &fixture),
        cmocka_unit_test(test_endless_assignments),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
