/* SPDX-License-Identifier: BSD-2-Clause */
/* Committed offsets at which partitions begin: asked for many partitions at once. */
#include "group/group_offsets_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "consumer/position.h"

/* The partitions of one question, entry by entry. */
struct look_up {
    struct rk_group_offsets *offsets;
    struct rk_commit_waiter waiter; /* What was stored before is to be committed first. */
    uint64_t number;
    int count;
    struct rk_partition *partitions[];
};

static bool is_waiting(const struct rk_partition *partition)
{
    return partition->known.state == RK_PARTITION_LOOKING_UP &&
           partition->known.wanted == RD_KAFKA_OFFSET_STORED && !partition->known.look_up;
}

static void on_done(struct rk_committed_query *query)
{
    struct look_up *look_up = query->owner;
    struct rk_group_offsets *offsets = look_up->offsets;
    rk_on_background(offsets->background);
    uint64_t now_us = rk_clock_now_us();
    for (int i = 0; i < look_up->count && !offsets->own.is_terminated; i++) {
        struct rk_partition *partition = look_up->partitions[i];
        const rd_kafka_topic_partition_t *entry = &query->offsets->elems[i];
        if (partition->known.look_up != look_up->number)
            continue; /* It was sent elsewhere since. */
        partition->known.look_up = 0;
        struct rk_committed committed = {.err = entry->err,
                                         .error_text = query->error_text,
                                         .offset = entry->offset,
                                         .epoch = rk_partition_entry_leader_epoch(entry),
                                         .broker_id = query->broker_id,
                                         .attempts = {query->attempts, query->since_us}};
        rk_position_on_committed(partition, &committed, now_us);
    }
    rk_free(look_up);
    rk_committed_query_destroy(query);
}

static void ask(struct rk_commit_waiter *waiter)
{
    struct look_up *look_up = waiter->owner;
    struct rk_group_offsets *offsets = look_up->offsets;
    rk_on_background(offsets->background);
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(look_up->count);
    for (int i = 0; i < look_up->count; i++)
        rk_partition_list_add(list, rk_topic_name(look_up->partitions[i]->topic),
                              look_up->partitions[i]->number);
    rk_committed_query_ask(&offsets->own.queries,
                           rk_committed_query_new(list, RK_NEVER, on_done, look_up));
}

/* By topic, so that each is named once. */
static int order(const void *a, const void *b)
{
    const struct rk_partition *one = *(struct rk_partition *const *)a;
    const struct rk_partition *other = *(struct rk_partition *const *)b;
    int by_name = strcmp(rk_topic_name(one->topic), rk_topic_name(other->topic));
    return by_name ? by_name : (one->number > other->number) - (one->number < other->number);
}

static struct look_up *take_due(struct rk_group_offsets *offsets, uint64_t now_us,
                                uint64_t *next_us) RK_ON_BACKGROUND
{
    struct rk_partition *partition, *next;
    int count = 0;
    TAILQ_FOREACH (partition, &offsets->own.look_ups, known.committed_link) {
        count++;
    }
    struct look_up *look_up =
        rk_calloc(1, sizeof(*look_up) + (size_t)count * sizeof(look_up->partitions[0]));
    look_up->offsets = offsets;
    look_up->number = ++offsets->consumer->known.last_look_up;
    for (partition = TAILQ_FIRST(&offsets->own.look_ups); partition; partition = next) {
        next = TAILQ_NEXT(partition, known.committed_link);
        if (is_waiting(partition) && partition->known.look_up_at_us > now_us) {
            *next_us = RK_MIN(*next_us, partition->known.look_up_at_us);
            continue;
        }
        TAILQ_REMOVE(&offsets->own.look_ups, partition, known.committed_link);
        partition->known.is_committed_listed = false;
        if (!is_waiting(partition))
            continue;
        partition->known.look_up = look_up->number;
        look_up->partitions[look_up->count++] = partition;
    }
    qsort(look_up->partitions, (size_t)look_up->count, sizeof(look_up->partitions[0]), order);
    return look_up;
}

void rk_group_position_on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group_offsets *offsets =
        rk_container_of(timer, struct rk_group_offsets, own.look_up_timer);
    rk_on_background(offsets->background);
    uint64_t next_us = RK_NEVER;
    struct look_up *look_up = take_due(offsets, now_us, &next_us);
    if (next_us != RK_NEVER)
        rk_loop_start_timer(offsets->background, timer, next_us);
    if (look_up->count == 0 || offsets->own.is_terminated) {
        rk_free(look_up);
        return;
    }
    look_up->waiter.on_committed = ask;
    look_up->waiter.owner = look_up;
    rk_group_offsets_when_committed(offsets, &look_up->waiter);
}

void rk_group_position_look_up(struct rk_consumer_group *group, struct rk_partition *partition)
{
    struct rk_group_offsets *offsets = rk_container_of(group, struct rk_group_offsets, hooks);
    struct rk_timer *timer = &offsets->own.look_up_timer;
    uint64_t at_us = partition->known.look_up_at_us;
    rk_on_background(offsets->background);
    if (offsets->own.is_terminated)
        return;
    if (!partition->known.is_committed_listed) {
        partition->known.is_committed_listed = true;
        TAILQ_INSERT_TAIL(&offsets->own.look_ups, partition, known.committed_link);
    }
    if (!rk_timer_is_started(timer) || timer->deadline_us > at_us)
        rk_loop_start_timer(offsets->background, timer, at_us);
}
