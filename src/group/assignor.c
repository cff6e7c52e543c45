/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/assignor.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"

static const struct rk_assignor assignors[] = {
    {"range", false, rk_assignor_try_range},
    {"roundrobin", false, rk_assignor_try_round_robin},
    {"sticky", false, rk_assignor_try_sticky},
    {"cooperative-sticky", true, rk_assignor_try_cooperative_sticky},
};

const struct rk_assignor *rk_assignor_find(const char *name)
{
    for (size_t i = 0; i < sizeof(assignors) / sizeof(assignors[0]); i++) {
        if (strcmp(assignors[i].name, name) == 0)
            return &assignors[i];
    }
    return NULL;
}

int rk_assignor_compare_members(const struct rk_assignor_member *a,
                                const struct rk_assignor_member *b)
{
    if (a->instance_id && b->instance_id)
        return strcmp(a->instance_id, b->instance_id);
    if (a->instance_id || b->instance_id)
        return a->instance_id ? -1 : 1;
    return strcmp(a->id, b->id);
}

bool rk_assignor_is_subscribed(const struct rk_assignor_member *member, int32_t topic)
{
    int32_t low = 0, high = member->topic_count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (member->topics[middle] < topic)
            low = middle + 1;
        else
            high = middle;
    }
    return low < member->topic_count && member->topics[low] == topic;
}

bool rk_assignor_same_topics(const struct rk_assignor_member *a, const struct rk_assignor_member *b)
{
    return a->topic_count == b->topic_count &&
           (a->topic_count == 0 ||
            memcmp(a->topics, b->topics, (size_t)a->topic_count * sizeof(*a->topics)) == 0);
}

bool rk_assignor_is_near(const struct rk_assignor_input *input, int32_t member, int32_t partition)
{
    const char *rack = input->members[member].rack;
    if (!rack || !input->racks)
        return false;
    for (int32_t i = 0; i < input->racks[partition].count; i++) {
        if (strcmp(input->racks[partition].names[i], rack) == 0)
            return true;
    }
    return false;
}

bool rk_assignor_subscribers_try_init(struct rk_assignor_subscribers *subscribers,
                                      const struct rk_assignor_input *input)
{
    size_t total = 0;
    for (int32_t m = 0; m < input->member_count; m++)
        total += (size_t)input->members[m].topic_count;
    subscribers->starts = rk_try_calloc((size_t)input->topic_count + 1, sizeof(int32_t));
    subscribers->members = rk_try_calloc(total + 1, sizeof(int32_t));
    if (!subscribers->starts || !subscribers->members) {
        rk_assignor_subscribers_clear(subscribers);
        return false;
    }
    int32_t *starts = subscribers->starts;
    for (int32_t m = 0; m < input->member_count; m++) {
        for (int32_t t = 0; t < input->members[m].topic_count; t++)
            starts[input->members[m].topics[t] + 1]++;
    }
    for (int32_t t = 0; t < input->topic_count; t++)
        starts[t + 1] += starts[t];
    /* Filled by moving each start to its end, which is the next one's start. */
    for (int32_t m = 0; m < input->member_count; m++) {
        for (int32_t t = 0; t < input->members[m].topic_count; t++)
            subscribers->members[starts[input->members[m].topics[t]]++] = m;
    }
    memmove(starts + 1, starts, (size_t)input->topic_count * sizeof(*starts));
    starts[0] = 0;
    return true;
}

void rk_assignor_subscribers_clear(struct rk_assignor_subscribers *subscribers)
{
    rk_free(subscribers->starts);
    rk_free(subscribers->members);
    *subscribers = (struct rk_assignor_subscribers){0};
}

/* Round robin: the partitions in order, to one member after the other. */
bool rk_assignor_try_round_robin(const struct rk_assignor_input *input, int32_t *owner)
{
    int32_t next = 0;
    for (int32_t t = 0; t < input->topic_count; t++) {
        const struct rk_assignor_topic *topic = &input->topics[t];
        int32_t subscribed = 0;
        for (int32_t m = 0; m < input->member_count; m++)
            subscribed += rk_assignor_is_subscribed(&input->members[m], t);
        for (int32_t p = 0; p < topic->partition_count; p++) {
            owner[topic->first + p] = RK_ASSIGNOR_NOBODY;
            if (subscribed == 0)
                continue;
            while (!rk_assignor_is_subscribed(&input->members[next], t))
                next = (next + 1) % input->member_count;
            owner[topic->first + p] = next;
            next = (next + 1) % input->member_count;
        }
    }
    return true;
}
