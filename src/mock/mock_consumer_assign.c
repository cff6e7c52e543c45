/* SPDX-License-Identifier: BSD-2-Clause */
/* The coordinator's own assignors, and the way of each member to what they give it. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "mock/mock_group.h"
#include "mock/mock_topic.h"

#define NOBODY (-1)

/* A topic that somebody wants, while an assignment is made. */
struct wanted {
    struct rk_mock_topic *topic;
    int32_t *owners;      /* Of each partition, an index into members; NOBODY. */
    int32_t *subscribers; /* Members, ascending. */
    int32_t subscriber_count;
};

struct plan {
    struct rk_mock_consumer_member **members; /* By instance or member id. */
    int32_t *loads;                           /* How many partitions each got. */
    int32_t member_count;
    struct wanted *topics; /* By name. */
    int32_t topic_count;
    int64_t partition_count;
};

static int compare_members(const void *one, const void *other)
{
    const struct rk_mock_consumer_member *a = *(struct rk_mock_consumer_member *const *)one;
    const struct rk_mock_consumer_member *b = *(struct rk_mock_consumer_member *const *)other;
    if (!a->instance_id != !b->instance_id)
        return a->instance_id ? -1 : 1;
    return a->instance_id ? strcmp(a->instance_id, b->instance_id) : strcmp(a->id, b->id);
}

static int compare_topics(const void *one, const void *other)
{
    return strcmp(((const struct wanted *)one)->topic->name,
                  ((const struct wanted *)other)->topic->name);
}

static bool is_wanted(const struct rk_mock_group *group, const struct rk_mock_topic *topic)
{
    struct rk_mock_consumer_member *member, *next;
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        if (rk_mock_consumer_member_wants(member, topic))
            return true;
    }
    return false;
}

static void add_topic(struct plan *plan, struct rk_mock_topic *topic)
{
    struct wanted *wanted = &plan->topics[plan->topic_count++];
    size_t count = (size_t)topic->partition_count;
    wanted->topic = topic;
    wanted->owners = rk_malloc(RK_MAX(count, 1) * sizeof(*wanted->owners));
    for (size_t i = 0; i < count; i++)
        wanted->owners[i] = NOBODY;
    wanted->subscribers = rk_calloc((size_t)plan->member_count, sizeof(*wanted->subscribers));
    for (int32_t i = 0; i < plan->member_count; i++) {
        if (rk_mock_consumer_member_wants(plan->members[i], topic))
            wanted->subscribers[wanted->subscriber_count++] = i;
    }
    plan->partition_count += topic->partition_count;
}

static void plan_init(struct plan *plan, const struct rk_mock_group *group,
                      const struct rk_mock_topics_view *view)
{
    struct rk_mock_consumer_member *member, *next;
    struct rk_mock_topic *topic, *next_topic;
    size_t count = HASH_COUNT(group->consumer.members);
    *plan = (struct plan){0};
    plan->members = rk_calloc(RK_MAX(count, 1), sizeof(struct rk_mock_consumer_member *));
    plan->loads = rk_calloc(RK_MAX(count, 1), sizeof(*plan->loads));
    HASH_ITER(hh, group->consumer.members, member, next)
    plan->members[plan->member_count++] = member;
    qsort(plan->members, count, sizeof(struct rk_mock_consumer_member *), compare_members);
    plan->topics = rk_calloc(RK_MAX(HASH_CNT(by_name, view->by_name), 1), sizeof(*plan->topics));
    HASH_ITER(by_name, view->by_name, topic, next_topic)
    {
        if (is_wanted(group, topic))
            add_topic(plan, topic);
    }
    qsort(plan->topics, (size_t)plan->topic_count, sizeof(*plan->topics), compare_topics);
}

static void plan_clear(struct plan *plan)
{
    for (int32_t i = 0; i < plan->topic_count; i++) {
        rk_free(plan->topics[i].owners);
        rk_free(plan->topics[i].subscribers);
    }
    rk_free(plan->topics);
    rk_free(plan->members);
    rk_free(plan->loads);
}

static void give(struct plan *plan, struct wanted *wanted, int32_t partition, int32_t member)
{
    wanted->owners[partition] = member;
    plan->loads[member]++;
}

/* Per topic, neighbours together. */
static void assign_range(struct plan *plan)
{
    for (int32_t i = 0; i < plan->topic_count; i++) {
        struct wanted *wanted = &plan->topics[i];
        int32_t partition = 0, count = wanted->topic->partition_count;
        for (int32_t k = 0; k < wanted->subscriber_count; k++) {
            int32_t share =
                count / wanted->subscriber_count + (k < count % wanted->subscriber_count);
            while (share-- > 0)
                give(plan, wanted, partition++, wanted->subscribers[k]);
        }
    }
}

/* What a member had stays with it, as far as that is fair. */
static void keep(struct plan *plan, const struct rk_mock_topics_view *view)
{
    int64_t fair = plan->member_count ? plan->partition_count / plan->member_count : 0;
    int64_t extras = plan->member_count ? plan->partition_count % plan->member_count : 0;
    for (int32_t m = 0; m < plan->member_count; m++) {
        const struct rk_mock_partition_set *had = &plan->members[m]->target;
        for (int32_t i = 0; i < had->count; i++) {
            struct wanted key = {0}, *wanted;
            const struct rk_mock_place *place = &had->places[i];
            HASH_FIND(by_id, view->by_id, &place->topic, sizeof(place->topic), key.topic);
            wanted = key.topic ? bsearch(&key, plan->topics, (size_t)plan->topic_count, sizeof(key),
                                         compare_topics)
                               : NULL;
            if (!wanted || place->partition >= wanted->topic->partition_count ||
                wanted->owners[place->partition] != NOBODY ||
                !rk_mock_consumer_member_wants(plan->members[m], wanted->topic))
                continue;
            if (plan->loads[m] >= fair) {
                if (plan->loads[m] > fair || extras == 0)
                    continue;
                extras--;
            }
            give(plan, wanted, place->partition, m);
        }
    }
}

/* Evenly; who has least gets the next. */
static void assign_uniform(struct plan *plan, const struct rk_mock_topics_view *view)
{
    keep(plan, view);
    for (int32_t i = 0; i < plan->topic_count; i++) {
        struct wanted *wanted = &plan->topics[i];
        for (int32_t p = 0; p < wanted->topic->partition_count; p++) {
            int32_t best = wanted->subscribers[0];
            if (wanted->owners[p] != NOBODY)
                continue;
            for (int32_t k = 1; k < wanted->subscriber_count; k++) {
                if (plan->loads[wanted->subscribers[k]] < plan->loads[best])
                    best = wanted->subscribers[k];
            }
            give(plan, wanted, p, best);
        }
    }
}

bool rk_mock_consumer_has_assignor(const char *name)
{
    return strcmp(name, "uniform") == 0 || strcmp(name, "range") == 0;
}

const char *rk_mock_consumer_assignor(const struct rk_mock_group *group)
{
    struct rk_mock_consumer_member *member, *next;
    int range = 0, uniform = 0;
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        if (member->assignor)
            *(strcmp(member->assignor, "range") == 0 ? &range : &uniform) += 1;
    }
    return range > uniform ? "range" : "uniform";
}

uint32_t rk_mock_consumer_topics_hash(const struct rk_mock_group *group,
                                      const struct rk_mock_topics_view *view)
{
    struct rk_mock_topic *topic, *next;
    uint32_t hash = 1;
    HASH_ITER(by_name, view->by_name, topic, next)
    {
        if (!is_wanted(group, topic))
            continue;
        hash = rk_crc32(hash, topic->id.bytes, sizeof(topic->id.bytes));
        hash = rk_crc32(hash, &topic->partition_count, sizeof(topic->partition_count));
    }
    return hash;
}

void rk_mock_consumer_assign(struct rk_mock_group *group, const struct rk_mock_topics_view *view)
{
    struct rk_mock_consumer *consumer = &group->consumer;
    struct plan plan;
    consumer->epoch = consumer->epoch == INT32_MAX ? 1 : consumer->epoch + 1;
    consumer->topics_version = view->version;
    consumer->topics_hash = rk_mock_consumer_topics_hash(group, view);
    consumer->is_stale = false;
    if (consumer->is_manual)
        return;
    plan_init(&plan, group, view);
    if (strcmp(rk_mock_consumer_assignor(group), "range") == 0)
        assign_range(&plan);
    else
        assign_uniform(&plan, view);
    for (int32_t m = 0; m < plan.member_count; m++)
        rk_mock_partition_set_clear(&plan.members[m]->target);
    for (int32_t i = 0; i < plan.topic_count; i++) {
        const struct wanted *wanted = &plan.topics[i];
        for (int32_t p = 0; p < wanted->topic->partition_count; p++) {
            if (wanted->owners[p] != NOBODY)
                rk_mock_partition_set_add(&plan.members[wanted->owners[p]]->target,
                                          &wanted->topic->id, p);
        }
    }
    plan_clear(&plan);
}

/* ---- Step by step ---- */

bool rk_mock_consumer_is_free(const struct rk_mock_group *group,
                              const struct rk_mock_consumer_member *member,
                              const struct rk_mock_place *place)
{
    struct rk_mock_consumer_member *other, *next;
    HASH_ITER(hh, group->consumer.members, other, next)
    {
        if (other != member && (rk_mock_partition_set_has(&other->assigned, place) ||
                                rk_mock_partition_set_has(&other->revoking, place)))
            return false;
    }
    return true;
}

bool rk_mock_consumer_has_more(const struct rk_mock_group *group,
                               const struct rk_mock_consumer_member *member)
{
    for (int32_t i = 0; i < member->target.count; i++) {
        const struct rk_mock_place *place = &member->target.places[i];
        if (!rk_mock_partition_set_has(&member->assigned, place) &&
            rk_mock_consumer_is_free(group, member, place))
            return true;
    }
    return false;
}

static void advance_epoch(struct rk_mock_consumer_member *member, int32_t epoch)
{
    if (member->epoch == epoch)
        return;
    member->previous_epoch = member->epoch;
    member->epoch = epoch;
}

static void take_free(const struct rk_mock_group *group, struct rk_mock_consumer_member *member)
{
    for (int32_t i = 0; i < member->target.count; i++) {
        const struct rk_mock_place *place = &member->target.places[i];
        if (rk_mock_partition_set_has(&member->assigned, place) ||
            !rk_mock_consumer_is_free(group, member, place))
            continue;
        rk_mock_partition_set_add(&member->assigned, &place->topic, place->partition);
        member->is_told = false;
    }
}

void rk_mock_consumer_reconcile(struct rk_mock_group *group, struct rk_mock_consumer_member *member,
                                const struct rk_mock_owned *owned, uint64_t now_us)
{
    struct rk_mock_partition_set kept = {0};
    if (member->revoking.count > 0) {
        if (!owned || rk_mock_owned_meets(owned, &member->revoking))
            return;
        rk_mock_partition_set_clear(&member->revoking);
        member->revoke_at_us = RK_NEVER;
    }
    rk_mock_partition_set_add_from(&kept, &member->assigned, true, &member->target);
    rk_mock_partition_set_add_from(&member->revoking, &member->assigned, false, &member->target);
    rk_mock_partition_set_move(&member->assigned, &kept);
    if (member->revoking.count > 0) {
        member->is_told = false;
        member->revoke_at_us = now_us + member->rebalance_us;
        rk_mock_group_wake_by(group, member->revoke_at_us);
        return;
    }
    advance_epoch(member, group->consumer.epoch);
    take_free(group, member);
}
