/* SPDX-License-Identifier: BSD-2-Clause */
/* Automatic commits: from time to time, and when a partition's consumption ends. */
#include "group/group_offsets_private.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"

static struct rk_group_offsets *of_group(struct rk_consumer_group *group)
{
    return rk_container_of(group, struct rk_group_offsets, hooks);
}

/* What is stored */

/* It has not been told yet what is committed: what is stored by now, of messages from a former
 * assignment, may be less. Or the position is lost, and it is not known where the log ends: what is
 * stored may be beyond it. */
static bool is_in_doubt(const struct rk_partition *partition)
{
    return partition->known.state == RK_PARTITION_LOOKING_UP &&
           (partition->known.wanted == RD_KAFKA_OFFSET_STORED || partition->known.is_measuring);
}

/* Adds what the partition has stored beyond what is committed. Offsets that were stored before a
 * seek back, and those behind them, are committed already. While another topic has come to have the
 * name, and the position is still in the old one, there is nothing to commit. */
static void add_stored(rd_kafka_topic_partition_list_t *list,
                       struct rk_partition *partition) RK_ON_BACKGROUND
{
    struct rk_cursor_values values = rk_cursor_read(partition->shared.cursor);
    if (values.stored < 0 || values.stored <= partition->known.committed ||
        !rk_uuid_equal(&partition->known.consumed_id, &partition->known.topic_id))
        return;
    rd_kafka_topic_partition_t *entry =
        rk_partition_list_add(list, rk_topic_name(partition->topic), partition->number);
    entry->offset = values.stored;
    rk_partition_entry_set_leader_epoch(entry, values.stored_epoch);
    rk_partition_entry_set_topic_id(entry, partition->known.consumed_id);
    rk_mutex_lock(&partition->mutex);
    if (partition->shared.stored_metadata &&
        partition->shared.stored_metadata_offset == values.stored) {
        entry->metadata_size = partition->shared.stored_metadata_size;
        entry->metadata = rk_app_malloc(entry->metadata_size);
        memcpy(entry->metadata, partition->shared.stored_metadata, entry->metadata_size);
    }
    rk_mutex_unlock(&partition->mutex);
}

/* The application, or we, commit what it stores. Partitions that were started by themselves have a
 * switch of their own. */
static bool is_auto(const struct rk_group_offsets *offsets, const struct rk_partition *partition)
{
    const struct rk_conf *conf = offsets->core->conf;
    return conf->enable_auto_commit && conf->offset_store_method == RK_CONF_OFFSET_STORE_BROKER &&
           (partition->known.is_assigned || partition->topic->conf->auto_commit_enable);
}

struct look {
    struct rk_group_offsets *offsets;
    rd_kafka_topic_partition_list_t *list;
    bool is_auto;
    bool goes_on; /* There is, or will be, something to commit. */
    uint64_t now_us;
};

static bool is_due(const struct look *look, struct rk_partition *partition) RK_ON_BACKGROUND
{
    if (!look->is_auto || partition->known.is_assigned)
        return true;
    if (look->now_us < partition->known.auto_commit_at_us)
        return false;
    partition->known.auto_commit_at_us =
        look->now_us + (uint64_t)partition->topic->conf->auto_commit_interval_ms * 1000;
    return true;
}

static void visit(rd_kafka_topic_t *topic, void *argument) RK_ON_BACKGROUND
{
    struct look *look = argument;
    struct rk_partition *partition;
    for (int i = 0; (partition = rk_partition_at(topic, i)) != NULL; i++) {
        if (partition->known.state == RK_PARTITION_STOPPED ||
            (look->is_auto && !is_auto(look->offsets, partition)))
            continue;
        struct rk_cursor_values values = rk_cursor_read(partition->shared.cursor);
        look->goes_on |=
            values.stored > partition->known.committed ||
            atomic_load_explicit(&partition->prefetch->messages, memory_order_relaxed) > 0;
        if (is_due(look, partition) && !(look->is_auto && is_in_doubt(partition)))
            add_stored(look->list, partition);
    }
}

rd_kafka_topic_partition_list_t *rk_group_commit_gather(struct rk_group_offsets *offsets)
{
    struct look look = {.offsets = offsets, .list = rk_partition_list_new(8)};
    rk_topic_registry_visit(rk_cluster_topics(offsets->cluster), visit, &look);
    return look.list;
}

void rk_group_commit_refuse_assigned(struct rk_group_offsets *offsets, struct rk_commit *commit)
{
    struct rk_topic_registry *topics = rk_cluster_topics(offsets->cluster);
    for (int i = 0; i < commit->offsets->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &commit->offsets->elems[i];
        rd_kafka_topic_t *topic = rk_topic_registry_find(topics, entry->topic);
        struct rk_partition *partition = topic ? rk_partition_find(topic, entry->partition) : NULL;
        if (partition && partition->known.is_assigned)
            entry->err = RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
    }
}

/* From time to time */

static bool has_timer(const struct rk_group_offsets *offsets)
{
    const struct rk_conf *conf = offsets->core->conf;
    return conf->enable_auto_commit && conf->auto_commit_interval_ms > 0 &&
           conf->offset_store_method == RK_CONF_OFFSET_STORE_BROKER;
}

static void start_timer(struct rk_group_offsets *offsets, uint64_t now_us) RK_ON_BACKGROUND
{
    if (!rk_timer_is_started(&offsets->own.commit_timer) && !offsets->own.is_terminated)
        rk_loop_start_timer(offsets->background, &offsets->own.commit_timer,
                            now_us + (uint64_t)offsets->core->conf->auto_commit_interval_ms * 1000);
}

/* An idle consumer has no timer: it stops when there is nothing to commit, and no message that
 * could be handed out. */
void rk_group_commit_on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group_offsets *offsets =
        rk_container_of(timer, struct rk_group_offsets, own.commit_timer);
    rk_on_background(offsets->background);
    atomic_store(&offsets->is_stirred, false);
    struct look look = {
        .offsets = offsets, .list = rk_partition_list_new(8), .is_auto = true, .now_us = now_us};
    rk_topic_registry_visit(rk_cluster_topics(offsets->cluster), visit, &look);
    if (look.goes_on) {
        atomic_store(&offsets->is_stirred, true);
        start_timer(offsets, now_us);
    }
    /* While the last one is under way there is time. */
    if (look.list->cnt > 0 && !offsets->own.identity.is_lost &&
        !rk_committer_is_busy(&offsets->own.committer))
        rk_group_offsets_commit_auto(offsets, look.list);
    else
        rk_partition_list_destroy(look.list);
}

static void stir(void *argument)
{
    struct rk_group_offsets *offsets = argument;
    rk_on_background(offsets->background);
    start_timer(offsets, rk_clock_now_us());
}

static void drop_nothing(void *argument)
{
    (void)argument;
}

void rk_group_commit_post_stored(struct rk_consumer_group *group)
{
    struct rk_group_offsets *offsets = of_group(group);
    if (atomic_load_explicit(&offsets->is_stirred, memory_order_relaxed) || !has_timer(offsets))
        return;
    if (!atomic_exchange(&offsets->is_stirred, true))
        rk_cluster_post_call(offsets->cluster, stir, drop_nothing, offsets);
}

/* At the end of a partition's consumption */

void rk_group_commit_on_stop(struct rk_consumer_group *group, struct rk_partition *partition)
{
    struct rk_group_offsets *offsets = of_group(group);
    rk_on_background(offsets->background);
    if (!is_auto(offsets, partition) || is_in_doubt(partition) || offsets->own.identity.is_lost ||
        offsets->own.is_terminated)
        return;
    if (!offsets->own.ended)
        offsets->own.ended = rk_partition_list_new(8);
    add_stored(offsets->own.ended, partition);
    rk_loop_start_timer(offsets->background, &offsets->own.ended_timer, 0);
}

void rk_group_commit_flush_ended(struct rk_group_offsets *offsets)
{
    rd_kafka_topic_partition_list_t *list = offsets->own.ended;
    offsets->own.ended = NULL;
    rk_loop_stop_timer(offsets->background, &offsets->own.ended_timer);
    if (list && list->cnt > 0)
        rk_group_offsets_commit_auto(offsets, list);
    else
        rk_partition_list_destroy(list);
}

void rk_group_commit_on_ended_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_group_offsets *offsets =
        rk_container_of(timer, struct rk_group_offsets, own.ended_timer);
    (void)now_us;
    rk_on_background(offsets->background);
    rk_group_commit_flush_ended(offsets);
}

/* When the log is cut */

void rk_group_commit_on_cut(struct rk_consumer_group *group, struct rk_partition *partition,
                            int64_t end)
{
    struct rk_group_offsets *offsets = of_group(group);
    rk_on_background(offsets->background);
    partition->known.cut_end = end;
    partition->known.cut_commit = offsets->own.committer.last_number;
}
