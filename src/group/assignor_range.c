/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Range: each topic's partitions in as many runs as it has subscribers, the first ones longer by
 * one where they do not come out even. Partitions of the same number go to the same member in all
 * topics that have as many partitions and the same subscribers.
 *
 * Where racks tell members apart (KIP-881), members get partitions with a replica in their rack
 * first, and any if they do not say where they are; what is left is given out in runs, with the
 * same share for each. Who gets what is as in Kafka's own assignor, so that it does not matter
 * which client leads a group: tests/kafka compares the two.
 */
#include <string.h>

#include "base/memory.h"
#include "group/assignor.h"

/* One topic while it is given out. */
struct share {
    const struct rk_assignor_topic *topic;
    const int32_t *subscribers;
    int32_t subscriber_count;
    int32_t each;    /* Partitions for every subscriber. */
    int32_t extra;   /* Subscribers that may still get one more. */
    int32_t *counts; /* Given so far, per subscriber. */
    bool by_rack;
};

static int32_t room(const struct share *share, int32_t subscriber)
{
    return share->each + (share->extra > 0 ? 1 : 0) - share->counts[subscriber];
}

static void give(struct share *share, int32_t partition, int32_t subscriber, int32_t *owner)
{
    owner[share->topic->first + partition] = share->subscribers[subscriber];
    if (++share->counts[subscriber] > share->each)
        share->extra--;
}

static bool is_free(const struct share *share, int32_t partition, const int32_t *owner)
{
    return owner[share->topic->first + partition] == RK_ASSIGNOR_NOBODY;
}

static bool same_racks(const struct rk_assignor_racks *a, const struct rk_assignor_racks *b)
{
    for (int32_t i = 0; i < a->count; i++) {
        bool found = false;
        for (int32_t j = 0; j < b->count && !found; j++)
            found = strcmp(a->names[i], b->names[j]) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* Racks matter when some member is near some partition, and not near all for the same reason. */
static bool do_racks_matter(const struct rk_assignor_input *input, const struct share *share)
{
    const struct rk_assignor_topic *topic = share->topic;
    bool any_near = false, all_same = true;
    if (!input->racks)
        return false;
    for (int32_t p = 0; p < topic->partition_count; p++) {
        const struct rk_assignor_racks *racks = &input->racks[topic->first + p];
        for (int32_t s = 0; s < share->subscriber_count && !any_near; s++)
            any_near = rk_assignor_is_near(input, share->subscribers[s], topic->first + p);
        all_same = all_same && same_racks(racks, &input->racks[topic->first]) &&
                   same_racks(&input->racks[topic->first], racks);
    }
    return any_near && !all_same;
}

/* The partition is near to the member, which is anywhere when it does not say. */
static bool is_content(const struct rk_assignor_input *input, int32_t member, int32_t partition)
{
    return !input->members[member].rack || rk_assignor_is_near(input, member, partition);
}

/* The subscriber may have this partition of each of these topics, and is near to all of them. */
static bool fits(const struct rk_assignor_input *input, const struct share *shares, int32_t count,
                 int32_t partition, int32_t subscriber)
{
    for (int32_t i = 0; i < count; i++) {
        const struct share *share = &shares[i];
        if (room(share, subscriber) <= 0 ||
            !is_content(input, share->subscribers[subscriber], share->topic->first + partition))
            return false;
    }
    return true;
}

static void give_near_together(const struct rk_assignor_input *input, struct share *shares,
                               int32_t count, int32_t *owner)
{
    for (int32_t p = 0; p < shares->topic->partition_count; p++) {
        if (!is_free(shares, p, owner))
            continue;
        int32_t s = 0;
        while (s < shares->subscriber_count && !fits(input, shares, count, p, s))
            s++;
        for (int32_t i = 0; i < count && s < shares->subscriber_count; i++)
            give(&shares[i], p, s, owner);
    }
}

static void give_near(const struct rk_assignor_input *input, struct share *share, int32_t *owner)
{
    for (int32_t s = 0; s < share->subscriber_count; s++) {
        for (int32_t p = 0; p < share->topic->partition_count; p++) {
            if (is_free(share, p, owner) && fits(input, share, 1, p, s))
                give(share, p, s, owner);
        }
    }
}

static void give_runs(struct share *share, int32_t *owner)
{
    int32_t p = 0;
    for (int32_t s = 0; s < share->subscriber_count; s++) {
        for (; room(share, s) > 0 && p < share->topic->partition_count; p++) {
            if (is_free(share, p, owner))
                give(share, p, s, owner);
        }
    }
}

/* The next topics from `t` on that go together with it are those with as many partitions and the
 * same subscribers; `done` marks what was given out. */
static int32_t collect(const struct share *all, int32_t topic_count, int32_t t, bool *done,
                       struct share *group)
{
    int32_t count = 0;
    for (int32_t i = t; i < topic_count; i++) {
        if (done[i] || all[i].topic->partition_count != all[t].topic->partition_count ||
            all[i].subscriber_count != all[t].subscriber_count ||
            memcmp(all[i].subscribers, all[t].subscribers,
                   (size_t)all[t].subscriber_count * sizeof(int32_t)) != 0)
            continue;
        done[i] = true;
        group[count++] = all[i];
    }
    return count;
}

/* `any_by_rack`: racks matter for any topic of all, which is enough for those that go together, as
 * in Kafka's own assignor. */
static void give_group(const struct rk_assignor_input *input, struct share *group, int32_t count,
                       bool any_by_rack, int32_t *owner)
{
    if (any_by_rack && count > 1)
        give_near_together(input, group, count, owner);
    else if (group->by_rack)
        give_near(input, group, owner);
    for (int32_t i = 0; i < count; i++)
        give_runs(&group[i], owner);
}

/* Whether racks matter for any topic. */
static bool prepare(const struct rk_assignor_input *input,
                    const struct rk_assignor_subscribers *subscribers, struct share *shares,
                    int32_t *counts)
{
    bool any_by_rack = false;
    for (int32_t t = 0; t < input->topic_count; t++) {
        struct share *share = &shares[t];
        share->topic = &input->topics[t];
        share->subscribers = subscribers->members + subscribers->starts[t];
        share->subscriber_count = subscribers->starts[t + 1] - subscribers->starts[t];
        share->counts = counts + subscribers->starts[t];
        if (share->subscriber_count == 0)
            continue;
        share->each = share->topic->partition_count / share->subscriber_count;
        share->extra = share->topic->partition_count % share->subscriber_count;
        share->by_rack = do_racks_matter(input, share);
        any_by_rack |= share->by_rack;
    }
    return any_by_rack;
}

bool rk_assignor_try_range(const struct rk_assignor_input *input, int32_t *owner)
{
    struct rk_assignor_subscribers subscribers;
    if (!rk_assignor_subscribers_try_init(&subscribers, input))
        return false;
    size_t topic_count = (size_t)input->topic_count;
    size_t total = (size_t)subscribers.starts[topic_count];
    struct share *shares = rk_try_calloc(2 * topic_count + 1, sizeof(*shares));
    int32_t *counts = rk_try_calloc(total + 1, sizeof(*counts));
    bool *done = rk_try_calloc(topic_count + 1, sizeof(*done));
    bool has_memory = shares && counts && done;
    for (int32_t p = 0; p < input->partition_count; p++)
        owner[p] = RK_ASSIGNOR_NOBODY;
    if (has_memory) {
        bool any_by_rack = prepare(input, &subscribers, shares, counts);
        for (int32_t t = 0; t < input->topic_count; t++) {
            if (done[t] || shares[t].subscriber_count == 0)
                continue;
            struct share *group = shares + topic_count;
            int32_t count = collect(shares, input->topic_count, t, done, group);
            give_group(input, group, count, any_by_rack, owner);
        }
    }
    rk_free(shares);
    rk_free(counts);
    rk_free(done);
    rk_assignor_subscribers_clear(&subscribers);
    return has_memory;
}
