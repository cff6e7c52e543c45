/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/assignment.h"

#include "base/memory.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/position.h"
#include "event/partition_sets.h"

/* A change of the assignment, from the application to background. */
struct change {
    struct rk_consumer *consumer;
    const rd_kafka_topic_partition_list_t *list;
    struct rk_partition **partitions; /* Of the entries; NULL: nobody has named it so far. */
    bool is_of_group;                 /* Not the application's. */
    rd_kafka_resp_err_t err;
};

/* Lists */

static rd_kafka_topic_partition_list_t *sorted_copy(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *copy = rk_partition_list_copy(list);
    rk_partition_list_sort(copy, NULL, NULL);
    return copy;
}

static rd_kafka_resp_err_t check(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        if (!entry->topic[0] || entry->partition < 0 || !rk_position_is_valid(entry->offset))
            return RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    rd_kafka_topic_partition_list_t *sorted = sorted_copy(list);
    for (int i = 1; i < sorted->cnt; i++) {
        if (rk_partition_set_compare(&sorted->elems[i - 1], &sorted->elems[i]) == 0)
            err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    rk_partition_list_destroy(sorted);
    return err;
}

static struct rk_partition *find(struct rk_consumer *consumer,
                                 const rd_kafka_topic_partition_t *entry, bool adds)
{
    struct rk_topic_registry *topics = rk_cluster_topics(consumer->cluster);
    rd_kafka_topic_t *topic = adds ? rk_topic_registry_find_or_add(topics, entry->topic, NULL, NULL)
                                   : rk_topic_registry_find(topics, entry->topic);
    if (!topic)
        return NULL;
    return adds ? rk_partition_find_or_add(topic, entry->partition)
                : rk_partition_find(topic, entry->partition);
}

static void init_change(struct change *change, struct rk_consumer *consumer,
                        const rd_kafka_topic_partition_list_t *list, bool adds)
{
    *change = (struct change){.consumer = consumer, .list = list};
    change->partitions = rk_calloc((size_t)list->cnt + 1, sizeof(*change->partitions));
    for (int i = 0; i < list->cnt; i++)
        change->partitions[i] = find(consumer, &list->elems[i], adds);
}

/* Has background make the change. Partitions nobody has named are made if `adds`. */
static rd_kafka_resp_err_t make_change(struct rk_consumer *consumer, void (*run)(void *argument),
                                       const rd_kafka_topic_partition_list_t *list, bool adds)
{
    struct change change;
    init_change(&change, consumer, list, adds);
    if (!rk_consumer_ask(consumer, run, &change))
        change.err = RD_KAFKA_RESP_ERR__DESTROY;
    rk_free(change.partitions);
    return change.err;
}

/* Background */

static bool may(struct change *change, enum rk_assignment_change kind)
{
    struct rk_assignment_guard *guard = change->consumer->guard;
    if (guard && !change->is_of_group)
        change->err = guard->may_change(guard, kind);
    return !change->err;
}

static void tell_changed(struct rk_consumer *consumer, enum rk_assignment_change kind)
{
    if (consumer->guard)
        consumer->guard->on_changed(consumer->guard, kind);
}

static void replace_list(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    rk_mutex_lock(&consumer->mutex);
    rd_kafka_topic_partition_list_t *before = consumer->shared.assignment;
    consumer->shared.assignment = list;
    rk_mutex_unlock(&consumer->mutex);
    rk_partition_list_destroy(before);
}

static void start(struct rk_partition *partition,
                  const rd_kafka_topic_partition_t *entry) RK_ON_BACKGROUND
{
    rk_position_stop(partition); /* As what it was started as. */
    partition->known.is_assigned = true;
    if (partition->known.is_detached && !rk_queue_is_forwarded_by_application(partition->queue)) {
        rk_queue_forward(partition->queue, partition->consumer->queue);
        partition->known.is_detached = false;
    }
    rk_position_start(partition, entry->offset, rk_partition_entry_leader_epoch(entry));
}

static void stop(struct rk_consumer *consumer,
                 const rd_kafka_topic_partition_t *entry) RK_ON_BACKGROUND
{
    struct rk_partition *partition = find(consumer, entry, false);
    if (!partition || !partition->known.is_assigned)
        return; /* It was started by itself since. */
    partition->known.is_assigned = false;
    rk_position_stop(partition);
}

static void run_set(void *argument)
{
    struct change *change = argument;
    struct rk_consumer *consumer = change->consumer;
    rk_on_background(rk_cluster_background(consumer->cluster));
    if (!may(change, RK_ASSIGNMENT_SET))
        return;
    rd_kafka_topic_partition_list_t *before = rk_assignment_copy(consumer);
    for (int i = 0; i < before->cnt; i++)
        stop(consumer, &before->elems[i]);
    rk_partition_list_destroy(before);
    rk_log_debug(consumer->core, RK_DEBUG_CONSUMER | RK_DEBUG_CGRP, "ASSIGN",
                 "new assignment of %d partition(s)", change->list->cnt);
    for (int i = 0; i < change->list->cnt; i++)
        start(change->partitions[i], &change->list->elems[i]);
    replace_list(consumer, sorted_copy(change->list));
    tell_changed(consumer, RK_ASSIGNMENT_SET);
}

static bool is_assigned(const struct change *change, int index)
{
    const struct rk_partition *partition = change->partitions[index];
    return partition && partition->known.is_assigned;
}

static void run_add(void *argument)
{
    struct change *change = argument;
    struct rk_consumer *consumer = change->consumer;
    rk_on_background(rk_cluster_background(consumer->cluster));
    if (!may(change, RK_ASSIGNMENT_ADD))
        return;
    for (int i = 0; i < change->list->cnt; i++) {
        if (is_assigned(change, i))
            change->err = RD_KAFKA_RESP_ERR__CONFLICT;
    }
    if (change->err)
        return;
    rd_kafka_topic_partition_list_t *list = rk_assignment_copy(consumer);
    for (int i = 0; i < change->list->cnt; i++) {
        rk_partition_list_add_copy(list, &change->list->elems[i]);
        start(change->partitions[i], &change->list->elems[i]);
    }
    rk_partition_list_sort(list, NULL, NULL);
    replace_list(consumer, list);
    tell_changed(consumer, RK_ASSIGNMENT_ADD);
}

static void run_remove(void *argument)
{
    struct change *change = argument;
    struct rk_consumer *consumer = change->consumer;
    rk_on_background(rk_cluster_background(consumer->cluster));
    if (!may(change, RK_ASSIGNMENT_REMOVE))
        return;
    for (int i = 0; i < change->list->cnt; i++) {
        if (!is_assigned(change, i))
            change->err = RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    if (change->err)
        return;
    for (int i = 0; i < change->list->cnt; i++)
        stop(consumer, &change->list->elems[i]);
    rd_kafka_topic_partition_list_t *before = rk_assignment_copy(consumer);
    rd_kafka_topic_partition_list_t *removed = sorted_copy(change->list);
    replace_list(consumer, rk_partition_set_subtract(before, removed));
    rk_partition_list_destroy(removed);
    rk_partition_list_destroy(before);
    tell_changed(consumer, RK_ASSIGNMENT_REMOVE);
}

/* By a group */

static void make_change_here(struct rk_consumer *consumer, void (*run)(void *argument),
                             const rd_kafka_topic_partition_list_t *list, bool adds)
{
    struct change change;
    init_change(&change, consumer, list, adds);
    change.is_of_group = true;
    run(&change);
    rk_free(change.partitions);
}

void rk_assignment_set_here(struct rk_consumer *consumer,
                            const rd_kafka_topic_partition_list_t *list)
{
    static const rd_kafka_topic_partition_list_t nothing = {0};
    make_change_here(consumer, run_set, list ? list : &nothing, true);
}

/* Those of `list` that are assigned, or are not. */
static rd_kafka_topic_partition_list_t *select_assigned(struct rk_consumer *consumer,
                                                        const rd_kafka_topic_partition_list_t *list,
                                                        bool is_wanted) RK_ON_BACKGROUND
{
    rd_kafka_topic_partition_list_t *selected = rk_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        const struct rk_partition *partition = find(consumer, &list->elems[i], false);
        if ((partition && partition->known.is_assigned) == is_wanted)
            rk_partition_list_add_copy(selected, &list->elems[i]);
    }
    return selected;
}

void rk_assignment_add_here(struct rk_consumer *consumer,
                            const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *fitting = select_assigned(consumer, list, false);
    make_change_here(consumer, run_add, fitting, true);
    rk_partition_list_destroy(fitting);
}

void rk_assignment_remove_here(struct rk_consumer *consumer,
                               const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *fitting = select_assigned(consumer, list, true);
    make_change_here(consumer, run_remove, fitting, false);
    rk_partition_list_destroy(fitting);
}

bool rk_assignment_has_any(struct rk_consumer *consumer,
                           const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct rk_partition *partition = find(consumer, &list->elems[i], false);
        if (partition && partition->known.is_assigned)
            return true;
    }
    return false;
}

void rk_assignment_withhold(struct rk_consumer *consumer,
                            const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        struct rk_partition *partition = find(consumer, &list->elems[i], false);
        if (partition && partition->known.is_assigned)
            rk_position_withhold(partition);
    }
}

/* Assignments */

rd_kafka_topic_partition_list_t *rk_assignment_copy(struct rk_consumer *consumer)
{
    rk_mutex_lock(&consumer->mutex);
    rd_kafka_topic_partition_list_t *copy = rk_partition_list_copy(consumer->shared.assignment);
    rk_mutex_unlock(&consumer->mutex);
    return copy;
}

/* After a fatal error, and once it is closed, nothing is assigned any more. */
static bool has_ended(const struct rk_consumer *consumer)
{
    return atomic_load(&consumer->core->fatal_err) || atomic_load(&consumer->is_closed);
}

rd_kafka_resp_err_t rk_assignment_set(struct rk_consumer *consumer,
                                      const rd_kafka_topic_partition_list_t *list)
{
    static const rd_kafka_topic_partition_list_t nothing = {0};
    if (!consumer->queue)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    rd_kafka_resp_err_t err = list ? check(list) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (err)
        return err;
    if (!list || has_ended(consumer))
        list = &nothing;
    return make_change(consumer, run_set, list, true);
}

rd_kafka_resp_err_t rk_assignment_add(struct rk_consumer *consumer,
                                      const rd_kafka_topic_partition_list_t *list)
{
    if (!consumer->queue)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    rd_kafka_resp_err_t err = check(list);
    if (err)
        return err;
    if (has_ended(consumer))
        return rk_assignment_set(consumer, NULL);
    return make_change(consumer, run_add, list, true);
}

rd_kafka_resp_err_t rk_assignment_remove(struct rk_consumer *consumer,
                                         const rd_kafka_topic_partition_list_t *list)
{
    if (!consumer->queue)
        return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
    rd_kafka_resp_err_t err = check(list);
    if (err)
        return err;
    if (has_ended(consumer))
        return rk_assignment_set(consumer, NULL);
    return make_change(consumer, run_remove, list, false);
}

/* Partitions one by one */

struct one {
    struct rk_partition *partition;
    int64_t offset;
    rd_kafka_queue_t *queue;
    rd_kafka_resp_err_t err;
};

static void run_start_one(void *argument)
{
    struct one *one = argument;
    struct rk_partition *partition = one->partition;
    rk_on_background(rk_cluster_background(partition->consumer->cluster));
    rk_position_stop(partition);
    partition->known.is_assigned = false;
    partition->known.is_detached = true;
    if (one->queue || !rk_queue_is_forwarded_by_application(partition->queue))
        rk_queue_forward(partition->queue, one->queue);
    rk_position_start(partition, one->offset, -1);
}

static void run_stop_one(void *argument)
{
    struct one *one = argument;
    struct rk_partition *partition = one->partition;
    rk_on_background(rk_cluster_background(partition->consumer->cluster));
    if (partition->known.state == RK_PARTITION_STOPPED)
        one->err = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    else
        rk_position_stop(partition);
}

rd_kafka_resp_err_t rk_assignment_start_one(rd_kafka_topic_t *topic, int32_t number, int64_t offset,
                                            rd_kafka_queue_t *queue)
{
    struct rk_consumer *consumer = topic->consumer->consumer;
    if (!rk_position_is_valid(offset) || offset == RD_KAFKA_OFFSET_INVALID ||
        (offset == RD_KAFKA_OFFSET_STORED && !consumer->queue))
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    struct one one = {
        .partition = rk_partition_find_or_add(topic, number), .offset = offset, .queue = queue};
    if (!rk_consumer_ask(consumer, run_start_one, &one))
        return RD_KAFKA_RESP_ERR__DESTROY;
    return one.err;
}

rd_kafka_resp_err_t rk_assignment_stop_one(rd_kafka_topic_t *topic, int32_t number)
{
    struct one one = {.partition = rk_partition_find(topic, number)};
    if (!one.partition)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (!rk_consumer_ask(one.partition->consumer, run_stop_one, &one))
        return RD_KAFKA_RESP_ERR__DESTROY;
    return one.err;
}

/* Seek, pause, resume */

static void run_seek(void *argument)
{
    struct change *change = argument;
    rk_on_background(rk_cluster_background(change->consumer->cluster));
    for (int i = 0; i < change->list->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &change->list->elems[i];
        struct rk_partition *partition = change->partitions[i];
        entry->err = RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!partition || partition->known.state == RK_PARTITION_STOPPED)
            entry->err = RD_KAFKA_RESP_ERR__STATE;
        else if (!rk_position_is_valid(entry->offset))
            entry->err = RD_KAFKA_RESP_ERR__INVALID_ARG;
        else
            rk_position_seek(partition, entry->offset, rk_partition_entry_leader_epoch(entry));
    }
}

static void set_all(rd_kafka_topic_partition_list_t *list, rd_kafka_resp_err_t err)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = err;
}

void rk_assignment_seek(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t err = make_change(consumer, run_seek, list, false);
    if (err)
        set_all(list, err);
}

static void set_paused(struct change *change, bool is_paused) RK_ON_BACKGROUND
{
    for (int i = 0; i < change->list->cnt; i++) {
        struct rk_partition *partition = change->partitions[i];
        change->list->elems[i].err =
            partition ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        if (partition)
            rk_position_set_paused(partition, is_paused);
    }
}

static void run_pause(void *argument)
{
    struct change *change = argument;
    rk_on_background(rk_cluster_background(change->consumer->cluster));
    set_paused(change, true);
}

static void run_resume(void *argument)
{
    struct change *change = argument;
    rk_on_background(rk_cluster_background(change->consumer->cluster));
    set_paused(change, false);
}

void rk_assignment_set_paused(struct rk_consumer *consumer, rd_kafka_topic_partition_list_t *list,
                              bool is_paused)
{
    rd_kafka_resp_err_t err =
        make_change(consumer, is_paused ? run_pause : run_resume, list, false);
    if (err)
        set_all(list, err);
}
