/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of the consumer protocol against the mock cluster's coordinator, both without a network
 * and in a time of their own: requests and answers get lost and are late, applications dawdle,
 * members close, die and come back, topics appear. Nothing is ever owned twice; when it is calm
 * again everything is somebody's.
 */
#include "group/consumer_membership.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "event/partition_list.h"
#include "group/consumer_target.h"
#include "mock/mock_topic.h"
#include "support/group_checker.h"

#define SECOND UINT64_C(1000000)

enum { MEMBERS = 5, TOPICS = 3, EVENTS_MAX = 64, SEEDS = 60 };

enum what { NOTHING, ARRIVES, ANSWERED, APPLICATION_DONE };

/* Something that is under way. */
struct event {
    enum what what;
    uint64_t at_us;
    uint64_t order;
    int member;
    bool is_leave;
    bool is_lost; /* The answer. */
    uint32_t attempt, life;
    struct rk_arena arena;
    struct rk_consumer_group_heartbeat_request request;
    rd_kafka_resp_err_t err;
    struct rk_mock_consumer_result result;
    struct rk_mock_partition_set assigned;
};

struct member {
    struct rk_consumer_membership machine;
    struct rk_consumer_target target;
    bool is_running;
    uint32_t life; /* Which run of it. */
    char id[16];
};

static struct {
    struct rk_mock_groups groups;
    struct rk_mock_topics_view view;
    struct rk_mock_topic topics[TOPICS];
    struct group_checker checker;
    struct member members[MEMBERS];
    struct event events[EVENTS_MAX];
    uint64_t now_us, order;
    uint32_t seed;
    bool is_calm;
} world;

static uint32_t random_below(uint32_t limit)
{
    world.seed = world.seed * 1664525 + 1013904223;
    return (world.seed >> 10) % limit;
}

/* In place of base/random_os: a seed gives the same run again. */

uint32_t rk_random_below(uint32_t limit)
{
    return random_below(limit);
}

uint32_t rk_random_u32(void)
{
    return random_below(UINT32_MAX);
}

void rk_random_bytes(void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)random_below(256);
}

static void add_topic(int index, int32_t partition_count)
{
    struct rk_mock_topic *topic = &world.topics[index];
    *topic = (struct rk_mock_topic){.partition_count = partition_count};
    topic->name = rk_strdup((const char *[]){"t0", "t1", "t2"}[index]);
    topic->id.bytes[3] = (uint8_t)(index + 1);
    HASH_ADD_KEYPTR(by_name, world.view.by_name, topic->name, strlen(topic->name), topic);
    HASH_ADD(by_id, world.view.by_id, id, sizeof(topic->id), topic);
    world.view.version++;
}

/* Events */

static struct event *post(enum what what, int member, uint64_t delay_us)
{
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct event *event = &world.events[i];
        if (event->what != NOTHING)
            continue;
        *event = (struct event){.what = what,
                                .at_us = world.now_us + delay_us,
                                .order = world.order++,
                                .member = member,
                                .life = world.members[member].life};
        rk_arena_init(&event->arena, 1 << 20);
        return event;
    }
    fail_msg("too much is under way");
    return NULL;
}

static void drop(struct event *event)
{
    event->what = NOTHING;
    rk_arena_clear(&event->arena);
    rk_mock_partition_set_clear(&event->assigned);
}

static uint64_t latency_us(void)
{
    return world.is_calm || random_below(10) ? 1000 + random_below(20000)
                                             : SECOND * random_below(20);
}

static bool is_unlucky(void)
{
    return !world.is_calm && random_below(12) == 0;
}

/* A member's wishes */

static const char **subscribed(struct event *event, const struct member *member)
{
    const rd_kafka_topic_partition_list_t *topics = member->machine.base.topics;
    const char **names = rk_arena_try_alloc(&event->arena, (size_t)topics->cnt * sizeof(*names));
    for (int i = 0; i < topics->cnt; i++)
        names[i] = rk_arena_try_text(&event->arena, topics->elems[i].topic,
                                     strlen(topics->elems[i].topic));
    return names;
}

/* Comes back under the name that it had. */
static bool keeps_its_name(int index)
{
    return index % 2 != 0;
}

static void send_heartbeat(int index, bool is_leave)
{
    struct member *member = &world.members[index];
    const struct rk_consumer_beat *beat = &member->machine.beat;
    struct event *event = post(ARRIVES, index, latency_us());
    struct rk_consumer_group_heartbeat_request *request = &event->request;
    rk_consumer_group_heartbeat_request_init(request);
    event->attempt = member->machine.base.attempt;
    event->is_leave = is_leave;
    request->group_id = "g";
    request->member_id = rk_arena_try_text(&event->arena, member->id, strlen(member->id));
    request->instance_id = member->machine.conf.is_static ? request->member_id : NULL;
    request->member_epoch = is_leave ? member->machine.leaving_epoch : beat->epoch;
    if (is_leave)
        return;
    if (beat->has_all)
        request->rebalance_timeout_ms = 60000;
    if (beat->has_subscription) {
        request->subscribed_topic_names.items = subscribed(event, member);
        request->subscribed_topic_names.count = member->machine.base.topics->cnt;
    }
    if (beat->has_owned) {
        rd_kafka_topic_partition_list_t *held = rk_consumer_membership_held(&member->machine);
        assert_true(rk_consumer_target_try_fill(&member->target, held, request, &event->arena));
        rk_partition_list_destroy(held);
    }
}

static void act(int index)
{
    struct rk_consumer_membership *machine = &world.members[index].machine;
    unsigned actions = rk_member_take_actions(&machine->base);
    if (actions & RK_MEMBERSHIP_SEND_HEARTBEAT)
        send_heartbeat(index, false);
    if (actions & RK_MEMBERSHIP_SEND_LEAVE)
        send_heartbeat(index, true);
    if (actions & (RK_MEMBERSHIP_TELL_ASSIGN | RK_MEMBERSHIP_TELL_REVOKE))
        post(APPLICATION_DONE, index, world.is_calm ? 1000 : SECOND * random_below(15));
    if (actions & (RK_MEMBERSHIP_TELL_FATAL | RK_MEMBERSHIP_TELL_ERROR))
        fail_msg("member %s: %s", world.members[index].id,
                 rd_kafka_err2name(machine->base.told_err));
}

/* The coordinator */

static void arrive(struct event *event)
{
    static const struct rk_mock_partition_set nothing;
    struct event *back = NULL;
    bool never_arrives = is_unlucky(), is_lost = is_unlucky();
    /* What a process has sent does not arrive after what the next one of its name sends. */
    never_arrives |=
        keeps_its_name(event->member) && event->life != world.members[event->member].life;
    struct rk_mock_consumer_result result = {.err = RD_KAFKA_RESP_ERR__TIMED_OUT};
    if (!never_arrives)
        rk_mock_consumer_heartbeat(&world.groups, &world.view, &event->request, 1, "test",
                                   world.now_us, &result);
    back =
        post(ANSWERED, event->member, never_arrives || is_lost ? 5 * SECOND : 1000 + latency_us());
    back->attempt = event->attempt;
    back->life = event->life;
    back->is_leave = event->is_leave;
    if (is_lost)
        result = (struct rk_mock_consumer_result){.err = RD_KAFKA_RESP_ERR__TIMED_OUT};
    if (result.member && result.tells_assignment)
        rk_mock_partition_set_add_from(&back->assigned, &result.member->assigned, false, &nothing);
    back->result = result;
}

static rd_kafka_topic_partition_list_t *take_target(struct event *event, struct member *member,
                                                    bool *is_partial)
{
    struct rk_consumer_group_heartbeat_answer_assignment assignment;
    int32_t count = event->assigned.count;
    assignment.topic_partitions.items =
        rk_consumer_group_heartbeat_answer_topic_try_new(&event->arena, count);
    assignment.topic_partitions.count = count;
    for (int32_t i = 0; i < count; i++) {
        assignment.topic_partitions.items[i].topic_id = event->assigned.places[i].topic;
        assignment.topic_partitions.items[i].partitions.items =
            &event->assigned.places[i].partition;
        assignment.topic_partitions.items[i].partitions.count = 1;
    }
    assert_true(rk_consumer_target_try_set(&member->target, &assignment));
    for (int32_t i = 0; i < count; i++) {
        const struct rk_uuid *id = &event->assigned.places[i].topic;
        struct rk_mock_topic *topic;
        HASH_FIND(by_id, world.view.by_id, id, sizeof(*id), topic);
        if (topic)
            rk_consumer_target_learn(&member->target, id, topic->name);
    }
    rd_kafka_topic_partition_list_t *held = rk_consumer_membership_held(&member->machine);
    rd_kafka_topic_partition_list_t *list =
        rk_consumer_target_resolve(&member->target, held, is_partial);
    rk_partition_list_destroy(held);
    return list;
}

static void take_answer(struct event *event)
{
    struct member *member = &world.members[event->member];
    struct rk_consumer_answer answer = {
        .err = event->result.err, .epoch = event->result.epoch, .interval_ms = 3000};
    if (event->life != member->life || !member->is_running)
        return;
    if (event->is_leave) {
        rk_consumer_membership_on_leave_answer(&member->machine, world.now_us);
        return;
    }
    if (event->result.tells_assignment && event->attempt == member->machine.base.attempt)
        answer.target = take_target(event, member, &answer.is_partial);
    rk_consumer_membership_on_heartbeat_answer(&member->machine, event->attempt, &answer,
                                               world.now_us);
}

/* What a member has is what the coordinator lets it have, as long as that knows it. */
static void check_member(const struct member *member)
{
    struct rk_mock_group *group = rk_mock_group_find(&world.groups, "g");
    struct rk_mock_consumer_member *known =
        group ? rk_mock_consumer_member_find(group, member->id) : NULL;
    const rd_kafka_topic_partition_list_t *owned = member->machine.base.owned;
    if (!known || known->epoch <= 0 || member->machine.epoch <= 0)
        return;
    for (int i = 0; i < owned->cnt; i++) {
        struct rk_mock_place place = {.partition = owned->elems[i].partition};
        place.topic = world.topics[owned->elems[i].topic[1] - '0'].id;
        if (!rk_mock_partition_set_has(&known->assigned, &place) &&
            !rk_mock_partition_set_has(&known->revoking, &place))
            fail_msg("%s has %s [%d] without leave", member->id, owned->elems[i].topic,
                     (int)owned->elems[i].partition);
    }
}

/* Life */

static void start(int index)
{
    struct member *member = &world.members[index];
    rd_kafka_topic_partition_list_t *topics = rk_partition_list_new(0);
    member->life++;
    member->is_running = true;
    snprintf(member->id, sizeof(member->id), "m%d", index);
    if (!keeps_its_name(index))
        snprintf(member->id, sizeof(member->id), "m%d.%u", index, member->life);
    rk_consumer_membership_init(
        &member->machine,
        &(struct rk_consumer_membership_conf){.max_poll_interval_us = 1000000 * SECOND,
                                              .leave_timeout_us = 5 * SECOND,
                                              .session_timeout_us = 45 * SECOND,
                                              .heartbeat_interval_us = 3 * SECOND,
                                              .retry_backoff_ms = 100,
                                              .retry_backoff_max_ms = 1000},
        member->id);
    for (int i = 0; i <= index % TOPICS; i++)
        rk_partition_list_add(topics, (const char *[]){"t0", "t1", "t2"}[i], 0);
    if (index == 0) {
        rk_partition_list_add(topics, "t1", 0);
        rk_partition_list_add(topics, "t2", 0);
    }
    rk_consumer_membership_on_subscribe(&member->machine, topics, NULL, world.now_us);
    act(index);
}

/* At once, as a process that is killed. */
static void stop(int index)
{
    struct member *member = &world.members[index];
    member->is_running = false;
    rk_consumer_membership_clear(&member->machine);
    rk_consumer_target_clear(&member->target);
}

static void handle(struct event *event)
{
    struct member *member = &world.members[event->member];
    if (event->what == ARRIVES)
        arrive(event);
    else if (event->what == ANSWERED)
        take_answer(event);
    else if (event->life == member->life && member->is_running)
        rk_consumer_membership_on_answered(&member->machine, world.now_us);
    int index = event->member;
    drop(event);
    if (member->is_running) {
        act(index);
        check_member(member);
        if (member->machine.state == RK_CONSUMER_CLOSED)
            stop(index);
    }
}

static struct event *next_event(void)
{
    struct event *next = NULL;
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct event *event = &world.events[i];
        if (event->what != NOTHING && (!next || event->at_us < next->at_us ||
                                       (event->at_us == next->at_us && event->order < next->order)))
            next = event;
    }
    return next;
}

static int next_timer(uint64_t *at_us)
{
    int index = -1;
    *at_us = RK_NEVER;
    for (int i = 0; i < MEMBERS; i++) {
        if (!world.members[i].is_running)
            continue;
        uint64_t deadline_us = rk_consumer_membership_deadline(&world.members[i].machine);
        if (deadline_us < *at_us) {
            *at_us = deadline_us;
            index = i;
        }
    }
    return index;
}

static void run_until(uint64_t until_us)
{
    for (;;) {
        uint64_t timer_us;
        struct event *event = next_event();
        int index = next_timer(&timer_us);
        uint64_t next_us = RK_MIN(timer_us, world.groups.wake_at_us);
        if (event)
            next_us = RK_MIN(next_us, event->at_us);
        if (next_us > until_us)
            break;
        world.now_us = RK_MAX(world.now_us, next_us);
        if (world.groups.wake_at_us <= world.now_us) {
            rk_mock_groups_on_time(&world.groups, world.now_us);
        } else if (event && event->at_us <= world.now_us) {
            handle(event);
        } else if (index >= 0) {
            rk_consumer_membership_on_timer(&world.members[index].machine, world.now_us);
            act(index);
            if (world.members[index].machine.state == RK_CONSUMER_CLOSED)
                stop(index);
        }
        if (world.checker.problem[0])
            fail_msg("%s", world.checker.problem);
    }
    world.now_us = until_us;
}

static void trouble(int step)
{
    int index = (int)random_below(MEMBERS);
    struct member *member = &world.members[index];
    if (step == 20 && HASH_CNT(by_name, world.view.by_name) < TOPICS)
        add_topic(2, 5);
    if (!member->is_running) {
        start(index);
    } else if (random_below(3) == 0) {
        rk_consumer_membership_on_close(&member->machine, world.now_us);
        act(index);
        if (member->machine.state == RK_CONSUMER_CLOSED)
            stop(index);
    } else if (random_below(3) == 0) {
        stop(index);
    }
}

static void settle(void)
{
    int owned = 0;
    world.is_calm = true;
    for (int i = 0; i < MEMBERS; i++) {
        if (world.members[i].is_running &&
            world.members[i].machine.base.goal == RK_MEMBERSHIP_WANTS_IN)
            continue;
        if (world.members[i].is_running)
            stop(i);
        start(i);
    }
    run_until(world.now_us + 180 * SECOND);
    for (int i = 0; i < MEMBERS; i++) {
        struct rk_consumer_membership *machine = &world.members[i].machine;
        assert_string_equal(rk_consumer_membership_state_name(machine->state), "stable");
        owned += machine->base.owned->cnt;
    }
    assert_int_equal(owned, 7 + 4 + 5);
    assert_string_equal(rk_mock_group_state_name(rk_mock_group_find(&world.groups, "g")), "Stable");
}

static void run_seed(uint32_t seed)
{
    memset(&world, 0, sizeof(world));
    world.seed = seed;
    world.now_us = 1000 * SECOND;
    rk_mock_groups_init(&world.groups);
    group_checker_watch(&world.checker, &world.groups);
    add_topic(0, 7);
    add_topic(1, 4);
    for (int step = 0; step < 40; step++) {
        trouble(step);
        run_until(world.now_us + SECOND * (1 + random_below(10)));
    }
    settle();
    for (int i = 0; i < MEMBERS; i++)
        stop(i);
    for (int i = 0; i < EVENTS_MAX; i++) {
        if (world.events[i].what != NOTHING)
            drop(&world.events[i]);
    }
    assert_true(world.checker.assignments > 10);
    rk_mock_groups_clear(&world.groups);
    HASH_CLEAR(by_name, world.view.by_name);
    HASH_CLEAR(by_id, world.view.by_id);
    for (int i = 0; i < TOPICS; i++)
        rk_free(world.topics[i].name);
}

static void in_all_weathers(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %u\n", seed);
        run_seed(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_all_weathers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
