/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of a position that a fetcher gives back: it goes on elsewhere, or the offset is
 * gone, the log was truncated, the topic was made anew. On background.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "consumer/closest_replica.h"
#include "consumer/consumer_private.h"
#include "consumer/position_private.h"

/* What the fetcher was told. */
static struct rk_position_loss loss_of(const struct rk_returned *returned, rd_kafka_resp_err_t err,
                                       const char *why, int64_t offset)
{
    return (struct rk_position_loss){.err = err,
                                     .why = why,
                                     .offset = offset,
                                     .broker_id = returned->broker_id,
                                     .attempts = returned->failures};
}

void rk_position_forget_beyond(struct rk_partition *partition, int64_t end, int32_t epoch,
                               bool goes_on_there)
{
    struct rk_consumer_group *group = partition->consumer->group;
    rk_cursor_cut_stored(partition->shared.cursor, end,
                         goes_on_there ? end : RD_KAFKA_OFFSET_INVALID, goes_on_there ? epoch : -1);
    if (partition->known.committed > end) {
        partition->known.committed = RD_KAFKA_OFFSET_INVALID;
        partition->known.committed_epoch = -1;
    }
    if (group)
        group->on_cut(group, partition, end);
}

/* The offset does not exist, or the leader has never heard of the epoch that the record before it
 * had. */
static void reset_lost(struct rk_partition *partition, const struct rk_returned *returned,
                       rd_kafka_resp_err_t err, const char *why) RK_ON_BACKGROUND
{
    const struct rk_fetch_position *position = &returned->position;
    struct rk_position_loss loss = loss_of(returned, err, why, position->offset);
    rk_log(partition->consumer->core, RK_LOG_INFO, "OFFSET",
           "%s [%d]: offset %" PRId64 " (leader epoch %d): %s; auto.offset.reset decides",
           rk_topic_name(partition->topic), (int)partition->number, position->offset,
           (int)position->epoch, why);
    rk_position_reset(partition, &loss);
    if (partition->known.state == RK_PARTITION_LOOKING_UP) {
        rk_position_become_looking_up(partition, RD_KAFKA_OFFSET_END, 0);
        partition->known.is_measuring = true;
    }
}

/* The fetcher's position is older than the truncation the broker has told of. */
static void truncate(struct rk_partition *partition,
                     const struct rk_returned *returned) RK_ON_BACKGROUND
{
    struct rk_cursor *cursor = partition->shared.cursor;
    struct rk_cursor_values values = rk_cursor_void(cursor);
    int64_t offset = returned->end_offset;
    rk_partition_drop_void(partition);
    rk_log(partition->consumer->core, RK_LOG_WARNING, "TRUNCATION",
           "%s [%d]: the log was truncated: offset %" PRId64 " was fetched with leader epoch %d, "
           "which the leader knows up to offset %" PRId64,
           rk_topic_name(partition->topic), (int)partition->number, returned->position.offset,
           (int)returned->position.epoch, offset);
    bool is_failed = partition->topic->conf->auto_offset_reset == RK_TOPIC_CONF_RESET_ERROR;
    bool is_before = values.next >= 0 && values.next < offset;
    rk_position_forget_beyond(partition, offset, returned->end_epoch, !is_failed && !is_before);
    if (is_failed) {
        struct rk_position_loss loss =
            loss_of(returned, RD_KAFKA_RESP_ERR__LOG_TRUNCATION, "the log was truncated", offset);
        rk_position_become_failed(partition, &loss);
    } else if (is_before) {
        rk_position_become_ready(partition, values.next, values.next_epoch);
    } else {
        rk_position_become_ready(partition, offset, returned->end_epoch);
    }
}

/* A topic of that name was deleted and another made, of which nothing was consumed yet: the
 * position means nothing in it, nor do offsets that are stored or committed. */
static void begin_anew(struct rk_partition *partition,
                       const struct rk_returned *returned) RK_ON_BACKGROUND
{
    static const char *const why = "the topic was deleted and made anew";
    int64_t next = rk_cursor_void(partition->shared.cursor).next;
    rk_partition_drop_void(partition);
    rk_cursor_store(partition->shared.cursor, RD_KAFKA_OFFSET_INVALID, -1);
    partition->known.committed = RD_KAFKA_OFFSET_INVALID;
    partition->known.committed_epoch = -1;
    rk_log(partition->consumer->core, RK_LOG_INFO, "OFFSET", "%s [%d]: offset %" PRId64 ": %s",
           rk_topic_name(partition->topic), (int)partition->number, next, why);
    struct rk_position_loss loss =
        loss_of(returned, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, why, next);
    if (partition->topic->conf->auto_offset_reset == RK_TOPIC_CONF_RESET_ERROR)
        rk_position_become_failed(partition, &loss);
    else
        rk_position_become_looking_up(partition, RD_KAFKA_OFFSET_BEGINNING, 0);
}

/* Where to fetch from next. */
static void take_route(struct rk_partition *partition,
                       const struct rk_returned *returned) RK_ON_BACKGROUND
{
    struct rk_closest *closest = &partition->known.closest;
    struct rk_core *core = partition->consumer->core;
    int32_t from = closest->replica;
    uint64_t now_us = rk_clock_now_us();
    switch (returned->reason) {
    case RK_RETURN_REDIRECTED:
        rk_closest_follow(closest, returned->replica, now_us,
                          (uint64_t)core->conf->metadata_max_age_ms * 1000);
        rk_log_debug(core, RK_DEBUG_FETCH, "FETCH", "%s [%d]: fetched from replica %d from now on",
                     rk_topic_name(partition->topic), (int)partition->number,
                     (int)returned->replica);
        break;
    case RK_RETURN_LEASE_OVER:
        rk_closest_leave(closest);
        break;
    case RK_RETURN_NO_FOLLOWER:
        if (from < 0)
            break; /* The leader has changed meanwhile. */
        rk_closest_fail(closest, now_us);
        rk_log_debug(core, RK_DEBUG_FETCH, "FETCH",
                     "%s [%d]: replica %d cannot be fetched from: back to leader %d",
                     rk_topic_name(partition->topic), (int)partition->number, (int)from,
                     (int)partition->known.leader);
        break;
    case RK_RETURN_ASKED:
    case RK_RETURN_OUT_OF_RANGE:
    case RK_RETURN_DIVERGED:
    case RK_RETURN_MADE_ANEW:
    case RK_RETURN_NAMED_ANEW:
        break;
    }
}

static void take_back(struct rk_partition *partition,
                      const struct rk_returned *returned) RK_ON_BACKGROUND
{
    partition->known.position = returned->position;
    switch (returned->reason) {
    case RK_RETURN_ASKED:
    case RK_RETURN_REDIRECTED:
    case RK_RETURN_LEASE_OVER:
    case RK_RETURN_NO_FOLLOWER:
        break;
    case RK_RETURN_OUT_OF_RANGE:
        reset_lost(partition, returned, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
                   "the fetch offset is out of range");
        break;
    case RK_RETURN_DIVERGED:
        if (returned->end_offset < 0)
            reset_lost(partition, returned, RD_KAFKA_RESP_ERR__LOG_TRUNCATION,
                       "the leader does not know the leader epoch of the position");
        else
            truncate(partition, returned);
        break;
    case RK_RETURN_MADE_ANEW:
        begin_anew(partition, returned);
        break;
    case RK_RETURN_NAMED_ANEW:
        partition->known.consumed_id = partition->known.topic_id;
        break;
    }
}

void rk_position_on_returned(struct rk_partition *partition, const struct rk_returned *returned)
{
    const struct rk_fetch_position *position = &returned->position;
    rk_fetcher_count_partition(partition->known.fetcher, -1);
    partition->known.fetcher = NULL;
    partition->known.is_releasing = false;
    if (partition->known.state != RK_PARTITION_STOPPED)
        take_route(partition, returned);
    bool is_current = partition->known.state == RK_PARTITION_READY &&
                      position->cursor == partition->shared.cursor &&
                      position->version == partition->known.position.version;
    if (is_current)
        take_back(partition, returned);
    else
        rk_partition_drop_void(partition); /* What it pushed meanwhile. */
    rk_cursor_release(position->cursor);
    rk_position_settle(partition);
}
