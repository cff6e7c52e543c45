/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/leader_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "event/partition_list.h"
#include "event/partition_sets.h"

#define TOPIC_NAME_MAX  249
#define ARENA_MAX_FIXED (64 << 10) /* Beyond what the members' bytes ask for. */

/* What a coordinator may say */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids, sorted: none is empty, and none is there twice. */
static bool has_honest_ids(const struct rk_join_group_answer *answer, struct rk_arena *arena)
{
    int32_t count = answer->members.count;
    const char **ids = rk_arena_try_alloc(arena, (size_t)count * sizeof(*ids));
    if (!ids)
        return true;
    for (int32_t i = 0; i < count; i++)
        ids[i] = answer->members.items[i].member_id;
    qsort(ids, (size_t)count, sizeof(*ids), compare_texts);
    for (int32_t i = 0; i < count; i++) {
        if (!ids[i][0] || (i > 0 && strcmp(ids[i - 1], ids[i]) == 0))
            return false;
    }
    return true;
}

bool rk_leader_plan_is_possible(const struct rk_join_group_answer *answer)
{
    const struct rk_join_group_answer_member *own = NULL;
    struct rk_protocol_subscription subscription;
    struct rk_arena arena;
    for (int32_t i = 0; i < answer->members.count && !own; i++) {
        if (strcmp(answer->members.items[i].member_id, answer->member_id) == 0)
            own = &answer->members.items[i];
    }
    if (!own)
        return false;
    size_t size = (size_t)RK_MAX(own->metadata.size, 0);
    rk_arena_init(&arena,
                  8 * size + (size_t)answer->members.count * sizeof(char *) + ARENA_MAX_FIXED);
    bool is_possible = rk_protocol_try_read_subscription(own->metadata.data, size, RK_USERDATA_NONE,
                                                         &arena, &subscription) &&
                       has_honest_ids(answer, &arena);
    rk_arena_clear(&arena);
    return is_possible;
}

/* Members and topics */

/* What no topic can be called is not asked for. */
static bool is_name(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return size > 0 && size <= TOPIC_NAME_MAX && text[size] == '\0';
}

static void add_topics(struct rk_leader_plan *plan)
{
    rd_kafka_topic_partition_list_t *all = rk_partition_list_new(0);
    for (int32_t m = 0; m < plan->member_count; m++) {
        const struct rk_protocol_subscription *subscription = &plan->members[m].subscription;
        for (int32_t t = 0; t < subscription->topic_count; t++) {
            if (is_name(subscription->topics[t]))
                rk_partition_list_add(all, subscription->topics[t], 0);
        }
    }
    rk_partition_set_make(all);
    plan->topics = rk_partition_list_copy(all); /* It stays; the room of all is not needed. */
    rk_partition_list_destroy(all);
}

struct rk_leader_plan *rk_leader_plan_try_new(const struct rk_assignor *assignor,
                                              const struct rk_join_group_answer *answer)
{
    struct rk_leader_plan *plan = RK_NEW(struct rk_leader_plan);
    enum rk_protocol_userdata userdata = rk_protocol_userdata_of(assignor->name);
    size_t size = 0;
    for (int32_t i = 0; i < answer->members.count; i++)
        size += sizeof(*plan->members) + (size_t)RK_MAX(answer->members.items[i].metadata.size, 0);
    plan->assignor = assignor;
    plan->answer = answer;
    rk_arena_init(&plan->arena, 8 * size + ARENA_MAX_FIXED);
    plan->members = rk_arena_try_alloc(&plan->arena, (size_t)RK_MAX(answer->members.count, 1) *
                                                         sizeof(*plan->members));
    if (!plan->members) {
        rk_leader_plan_destroy(plan);
        return NULL;
    }
    plan->member_count = RK_MAX(answer->members.count, 0);
    for (int32_t i = 0; i < plan->member_count; i++) {
        const struct rk_join_group_answer_member *from = &answer->members.items[i];
        struct rk_leader_member *member = &plan->members[i];
        member->id = from->member_id;
        if (!rk_protocol_try_read_subscription(from->metadata.data,
                                               (size_t)RK_MAX(from->metadata.size, 0), userdata,
                                               &plan->arena, &member->subscription)) {
            member->subscription = (struct rk_protocol_subscription){.generation = -1};
            plan->unreadable_count++;
        }
    }
    add_topics(plan);
    return plan;
}

void rk_leader_plan_forget_members(struct rk_leader_plan *plan)
{
    for (int32_t i = 0; i < plan->member_count; i++)
        rk_partition_list_destroy(plan->members[i].assignment);
    plan->member_count = 0;
    plan->members = NULL;
    plan->answer = NULL;
    rk_arena_clear(&plan->arena);
}

void rk_leader_plan_destroy(struct rk_leader_plan *plan)
{
    if (!plan)
        return;
    rk_leader_plan_forget_members(plan);
    rk_partition_list_destroy(plan->topics);
    rk_free(plan);
}

rd_kafka_topic_partition_t *rk_leader_plan_find_topic(const struct rk_leader_plan *plan,
                                                      const char *name)
{
    return rk_partition_set_find_topic(plan->topics, name);
}

/* The input of the assignors, as indexes */

struct input {
    struct rk_assignor_input of;
    struct rk_arena arena;
    struct rk_assignor_topic *topics;
    struct rk_assignor_member *members;
    int32_t *order; /* Of the i-th of `members` among the plan's. */
    int32_t *owner;
    bool failed;
};

static void *try_alloc(struct input *input, size_t count, size_t size)
{
    void *memory =
        input->failed ? NULL : rk_arena_try_alloc(&input->arena, (count ? count : 1) * size);
    if (!memory)
        input->failed = true;
    return memory;
}

static void add_existing_topics(struct input *input, const struct rk_leader_plan *plan)
{
    input->topics = try_alloc(input, (size_t)plan->topics->cnt, sizeof(*input->topics));
    for (int i = 0; i < plan->topics->cnt && !input->failed; i++) {
        const rd_kafka_topic_partition_t *topic = &plan->topics->elems[i];
        if (topic->partition > 0) {
            input->topics[input->of.topic_count++] =
                (struct rk_assignor_topic){.name = topic->topic,
                                           .partition_count = topic->partition,
                                           .first = input->of.partition_count};
            input->of.partition_count += topic->partition;
        }
    }
}

static const struct rk_assignor_topic *find_topic(const struct input *input, const char *name)
{
    int32_t low = 0, high = input->of.topic_count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (strcmp(input->topics[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < input->of.topic_count && strcmp(input->topics[low].name, name) == 0;
    return is_found ? &input->topics[low] : NULL;
}

static int compare_numbers(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

/* Ascending, each once; returns how many. */
static int32_t tidy(int32_t *numbers, int32_t count)
{
    int32_t unique = 0;
    qsort(numbers, (size_t)count, sizeof(*numbers), compare_numbers);
    for (int32_t i = 0; i < count; i++) {
        if (i == 0 || numbers[i] != numbers[unique - 1])
            numbers[unique++] = numbers[i];
    }
    return unique;
}

static int32_t *add_subscribed(struct input *input, const struct rk_protocol_subscription *from,
                               int32_t *count)
{
    int32_t *topics = try_alloc(input, (size_t)from->topic_count, sizeof(*topics));
    *count = 0;
    for (int32_t i = 0; i < from->topic_count && !input->failed; i++) {
        const struct rk_assignor_topic *topic = find_topic(input, from->topics[i]);
        if (topic)
            topics[(*count)++] = (int32_t)(topic - input->topics);
    }
    if (!input->failed)
        *count = tidy(topics, *count);
    return topics;
}

static int32_t *add_owned(struct input *input, const struct rk_protocol_subscription *from,
                          int32_t *count)
{
    size_t total = 0;
    for (int32_t i = 0; i < from->owned.count; i++)
        total += (size_t)from->owned.items[i].partition_count;
    int32_t *owned = try_alloc(input, total, sizeof(*owned));
    *count = 0;
    for (int32_t i = 0; i < from->owned.count && !input->failed; i++) {
        const struct rk_protocol_topic *entry = &from->owned.items[i];
        const struct rk_assignor_topic *topic = find_topic(input, entry->name);
        for (int32_t p = 0; topic && p < entry->partition_count; p++) {
            if (entry->partitions[p] >= 0 && entry->partitions[p] < topic->partition_count)
                owned[(*count)++] = topic->first + entry->partitions[p];
        }
    }
    if (!input->failed)
        *count = tidy(owned, *count);
    return owned;
}

/* One member on its way to its place. */
struct placed {
    struct rk_assignor_member member;
    int32_t number; /* In the plan. */
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *one = a, *other = b;
    int order = rk_assignor_compare_members(&one->member, &other->member);
    return order ? order : (one->number > other->number) - (one->number < other->number);
}

/* In the order that all leaders use. */
static void add_members(struct input *input, const struct rk_leader_plan *plan)
{
    size_t count = (size_t)plan->member_count;
    struct placed *placed = try_alloc(input, count, sizeof(*placed));
    input->members = try_alloc(input, count, sizeof(*input->members));
    input->order = try_alloc(input, count, sizeof(*input->order));
    for (int32_t m = 0; m < plan->member_count && !input->failed; m++) {
        const struct rk_protocol_subscription *subscription = &plan->members[m].subscription;
        struct rk_assignor_member *member = &placed[m].member;
        placed[m].number = m;
        *member = (struct rk_assignor_member){
            .id = plan->members[m].id,
            .instance_id = plan->answer->members.items[m].group_instance_id,
            .rack = subscription->rack,
            .generation = subscription->generation,
        };
        member->topics = add_subscribed(input, subscription, &member->topic_count);
        member->owned = add_owned(input, subscription, &member->owned_count);
    }
    if (!input->failed)
        qsort(placed, count, sizeof(*placed), compare_placed);
    for (size_t i = 0; i < count && !input->failed; i++) {
        input->members[i] = placed[i].member;
        input->order[i] = placed[i].number;
    }
    input->of.member_count = plan->member_count;
}

static void add_racks_of(struct input *input, struct rk_assignor_racks *racks,
                         const struct rk_snapshot_partition *partition,
                         const struct rk_snapshot *snapshot)
{
    const char **names =
        try_alloc(input, (size_t)RK_MAX(partition->replica_count, 0), sizeof(*names));
    for (int32_t r = 0; r < partition->replica_count && !input->failed; r++) {
        const struct rk_snapshot_broker *broker =
            rk_snapshot_find_broker(snapshot, partition->replicas[r]);
        if (broker && broker->rack)
            names[racks->count++] = broker->rack;
    }
    racks->names = names;
}

static void add_racks(struct input *input, const struct rk_snapshot *snapshot)
{
    bool any = false;
    for (int32_t m = 0; m < input->of.member_count && !input->failed; m++)
        any |= input->members[m].rack != NULL;
    if (!any || !snapshot)
        return;
    struct rk_assignor_racks *racks =
        try_alloc(input, (size_t)input->of.partition_count, sizeof(*racks));
    for (int32_t t = 0; t < input->of.topic_count && !input->failed; t++) {
        const struct rk_snapshot_topic *topic =
            rk_snapshot_find_topic(snapshot, input->topics[t].name);
        int32_t known = topic ? topic->partition_count : 0;
        for (int32_t p = 0; p < RK_MIN(known, input->topics[t].partition_count); p++)
            add_racks_of(input, &racks[input->topics[t].first + p], &topic->partitions[p],
                         snapshot);
    }
    input->of.racks = racks;
}

static void take_owners(const struct input *input, struct rk_leader_plan *plan)
{
    for (int32_t m = 0; m < plan->member_count; m++) {
        rk_partition_list_destroy(plan->members[m].assignment);
        plan->members[m].assignment = rk_partition_list_new(0);
    }
    for (int32_t t = 0; t < input->of.topic_count; t++) {
        const struct rk_assignor_topic *topic = &input->topics[t];
        for (int32_t p = 0; p < topic->partition_count; p++) {
            int32_t owner = input->owner[topic->first + p];
            if (owner != RK_ASSIGNOR_NOBODY)
                rk_partition_list_add(plan->members[input->order[owner]].assignment, topic->name,
                                      p);
        }
    }
}

bool rk_leader_plan_try_assign(struct rk_leader_plan *plan, const struct rk_snapshot *snapshot)
{
    struct input input = {.failed = false};
    rk_arena_init(&input.arena, SIZE_MAX / 2); /* By what was taken in within limits already. */
    add_existing_topics(&input, plan);
    add_members(&input, plan);
    add_racks(&input, snapshot);
    input.owner = try_alloc(&input, (size_t)input.of.partition_count, sizeof(*input.owner));
    input.of.topics = input.topics;
    input.of.members = input.members;
    bool is_made = !input.failed && plan->assignor->try_assign(&input.of, input.owner);
    if (is_made)
        take_owners(&input, plan);
    rk_arena_clear(&input.arena);
    return is_made;
}
