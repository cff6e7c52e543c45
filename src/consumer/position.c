/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/position.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "consumer/closest_replica.h"
#include "consumer/consumer_private.h"
#include "consumer/offset_lookup.h"
#include "consumer/partition_reason.h"
#include "consumer/position_private.h"
#include "event/failure.h"

static const char *topic_of(const struct rk_partition *partition)
{
    return rk_topic_name(partition->topic);
}

bool rk_position_is_valid(int64_t offset)
{
    return offset >= 0 || offset == RD_KAFKA_OFFSET_BEGINNING || offset == RD_KAFKA_OFFSET_END ||
           offset == RD_KAFKA_OFFSET_STORED || offset == RD_KAFKA_OFFSET_INVALID ||
           offset <= RD_KAFKA_OFFSET_TAIL_BASE;
}

/* States */

void rk_position_become_ready(struct rk_partition *partition, int64_t offset, int32_t epoch)
{
    struct rk_cursor *cursor = partition->shared.cursor;
    struct rk_cursor_values values = rk_cursor_read(cursor);
    partition->known.state = RK_PARTITION_READY;
    partition->known.look_up = 0; /* The answer to one under way came too late. */
    partition->known.consumed_id = partition->known.topic_id;
    partition->known.position = (struct rk_fetch_position){.cursor = cursor,
                                                           .version = values.version,
                                                           .offset = offset,
                                                           .epoch = epoch,
                                                           .told_end = RD_KAFKA_OFFSET_INVALID};
    rk_cursor_set_next(cursor, values.version, offset, epoch);
    rk_log_debug(partition->consumer->core, RK_DEBUG_TOPIC | RK_DEBUG_FETCH, "FETCH",
                 "Partition %s [%d] start fetching at offset %" PRId64, topic_of(partition),
                 (int)partition->number, offset);
}

static void push_error(struct rk_partition *partition, rd_kafka_resp_err_t err, int64_t offset,
                       const char *why) RK_ON_BACKGROUND
{
    struct rk_cursor *cursor = partition->shared.cursor;
    struct rk_error_place place = {
        .cursor = cursor, .version = rk_cursor_read(cursor).version, .offset = offset};
    rk_partition_push_error(partition, &place, err, "%s", why);
}

void rk_position_become_failed(struct rk_partition *partition, const struct rk_position_loss *loss)
{
    char broker[300];
    struct rk_cluster *cluster = partition->consumer->cluster;
    struct rk_failure failure = {.err = loss->err,
                                 .words = loss->why,
                                 .attempts = loss->attempts.attempts,
                                 .since_us = loss->attempts.since_us};
    if (loss->broker_id >= 0)
        failure.broker = rk_cluster_name_broker(cluster, loss->broker_id, broker, sizeof(broker));
    char *text = rk_failure_text(&failure, rk_clock_now_us());
    partition->known.state = RK_PARTITION_FAILED;
    partition->known.look_up = 0;
    push_error(partition, loss->err, loss->offset, text);
    rk_free(text);
}

void rk_position_become_looking_up(struct rk_partition *partition, int64_t wanted, int64_t tail)
{
    partition->known.state = RK_PARTITION_LOOKING_UP;
    partition->known.wanted = wanted;
    partition->known.tail = tail;
    partition->known.not_before = -1;
    partition->known.is_measuring = false;
    partition->known.look_up = 0; /* The answer to an older one is not waited for. */
    partition->known.look_up_at_us = 0;
    partition->known.look_up_failures = (struct rk_failure_row){.attempts = 0};
}

void rk_position_reset(struct rk_partition *partition, const struct rk_position_loss *loss)
{
    int64_t wanted = RD_KAFKA_OFFSET_END;
    switch ((enum rk_topic_conf_reset)partition->topic->conf->auto_offset_reset) {
    case RK_TOPIC_CONF_RESET_BEGINNING:
        wanted = RD_KAFKA_OFFSET_BEGINNING;
        break;
    case RK_TOPIC_CONF_RESET_END:
        break;
    case RK_TOPIC_CONF_RESET_ERROR:
        rk_position_become_failed(partition, loss);
        return;
    }
    rk_log_debug(partition->consumer->core, RK_DEBUG_TOPIC, "OFFSET",
                 "%s [%d]: %s: going on at the %s", topic_of(partition), (int)partition->number,
                 loss->why, wanted == RD_KAFKA_OFFSET_END ? "end" : "beginning");
    rk_position_become_looking_up(partition, wanted, 0);
}

static void go_to(struct rk_partition *partition, int64_t offset, int32_t epoch) RK_ON_BACKGROUND
{
    if (offset >= 0)
        rk_position_become_ready(partition, offset, epoch);
    else if (offset <= RD_KAFKA_OFFSET_TAIL_BASE)
        rk_position_become_looking_up(partition, RD_KAFKA_OFFSET_END,
                                      RD_KAFKA_OFFSET_TAIL_BASE - offset);
    else if (offset == RD_KAFKA_OFFSET_BEGINNING || offset == RD_KAFKA_OFFSET_END)
        rk_position_become_looking_up(partition, offset, 0);
    else if (partition->consumer->group)
        rk_position_become_looking_up(partition, RD_KAFKA_OFFSET_STORED, 0);
    else
        rk_position_reset(partition, &(struct rk_position_loss){
                                         .err = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
                                         .why = "no committed offset, for there is no group.id",
                                         .offset = offset,
                                         .broker_id = -1});
}

/* Fetchers */

static bool is_halted(const struct rk_partition *partition)
{
    return partition->known.is_paused || partition->known.is_withheld;
}

/* NULL: metadata has to tell of it first, if it does not start just now. */
static struct rk_broker *closest_broker(struct rk_partition *partition) RK_ON_BACKGROUND
{
    struct rk_consumer *consumer = partition->consumer;
    struct rk_closest *closest = &partition->known.closest;
    if (closest->replica < 0)
        return NULL;
    struct rk_broker *broker = rk_cluster_use_broker(consumer->cluster, closest->replica);
    if (!broker) {
        rk_log_debug(consumer->core, RK_DEBUG_FETCH, "FETCH",
                     "%s [%d]: replica %d is not known: back to leader %d", topic_of(partition),
                     (int)partition->number, (int)closest->replica, (int)partition->known.leader);
        rk_closest_miss(closest, rk_clock_now_us());
        rk_cluster_post_refresh(consumer->cluster, partition->topic,
                                "the closest replica is not known");
    }
    return broker;
}

static struct rk_fetcher *wanted_fetcher(struct rk_partition *partition) RK_ON_BACKGROUND
{
    if (partition->known.state != RK_PARTITION_READY || is_halted(partition) ||
        partition->known.leader < 0)
        return NULL;
    struct rk_broker *broker = closest_broker(partition);
    if (!broker)
        broker = rk_cluster_use_broker(partition->consumer->cluster, partition->known.leader);
    return broker ? broker->worker : NULL;
}

static void give_to(struct rk_partition *partition, struct rk_fetcher *fetcher) RK_ON_BACKGROUND
{
    struct rk_fetch_position position = partition->known.position;
    rk_cursor_acquire(position.cursor);
    partition->known.fetcher = fetcher;
    partition->known.given_version = position.version;
    rk_fetcher_count_partition(fetcher, 1);
    rk_fetcher_post_adopt(fetcher, partition, &position);
}

/* The connection that it will be fetched by comes up meanwhile. */
static void prepare_leader(struct rk_partition *partition) RK_ON_BACKGROUND
{
    if (partition->known.leader < 0 || is_halted(partition))
        return;
    struct rk_broker *broker =
        rk_cluster_use_broker(partition->consumer->cluster, partition->known.leader);
    if (broker)
        rk_broker_post_prepare(broker, RK_PURPOSE_FETCH);
}

static void want_look_up(struct rk_partition *partition) RK_ON_BACKGROUND
{
    struct rk_consumer_group *group = partition->consumer->group;
    prepare_leader(partition);
    if (partition->known.wanted == RD_KAFKA_OFFSET_STORED)
        group->look_up(group, partition);
    else
        rk_offset_lookup_want(partition);
}

void rk_position_settle(struct rk_partition *partition)
{
    if (partition->known.is_releasing)
        return; /* Goes on when the position comes back. */
    struct rk_fetcher *wanted = wanted_fetcher(partition);
    struct rk_fetcher *fetcher = partition->known.fetcher;
    if (!fetcher) {
        rk_partition_reason_watch(partition, !wanted);
        if (wanted)
            give_to(partition, wanted);
        else if (partition->known.state == RK_PARTITION_LOOKING_UP && !partition->known.look_up)
            want_look_up(partition);
    } else if (fetcher != wanted ||
               partition->known.given_version != partition->known.position.version) {
        partition->known.is_releasing = true;
        rk_fetcher_post_release(fetcher, partition);
    }
}

/* What the application asks for */

static void forget_leader(struct rk_partition *partition)
{
    rk_closest_leave(&partition->known.closest);
    partition->known.leader = -1;
    partition->known.leader_epoch = -1;
}

/* `err` 0: all is well. Told once while it stays the same. */
static void tell(struct rk_partition *partition, rd_kafka_resp_err_t *told, rd_kafka_resp_err_t err,
                 const char *text) RK_ON_BACKGROUND
{
    if (err && err != *told && partition->known.state != RK_PARTITION_STOPPED)
        push_error(partition, err, RD_KAFKA_OFFSET_INVALID, text);
    *told = err;
}

static bool has_missed_one_come(const struct rk_partition *partition) RK_ON_BACKGROUND
{
    int32_t missed = partition->known.closest.missed;
    return missed >= 0 && rk_cluster_use_broker(partition->consumer->cluster, missed);
}

static void set_leader(struct rk_partition *partition, int32_t leader, int32_t leader_epoch,
                       const struct rk_uuid *topic_id) RK_ON_BACKGROUND
{
    bool is_same = partition->known.leader == leader &&
                   partition->known.leader_epoch == leader_epoch &&
                   rk_uuid_equal(&partition->known.topic_id, topic_id);
    if (rk_uuid_is_zero(&partition->known.consumed_id))
        partition->known.consumed_id = *topic_id;
    else if (!rk_uuid_equal(&partition->known.consumed_id, topic_id))
        partition->known.position.epoch = -1; /* Another topic of that name. */
    if (!is_same)
        rk_closest_leave(&partition->known.closest);
    if (partition->known.leader != leader)
        partition->known.look_up = 0; /* Whom it asks may never answer. */
    partition->known.leader = leader;
    partition->known.leader_epoch = leader_epoch;
    partition->known.topic_id = *topic_id;
    if (!is_same)
        rk_log_debug(partition->consumer->core, RK_DEBUG_TOPIC, "BRKDELGT",
                     "%s [%d]: delegate to broker %d (leader epoch %d)", topic_of(partition),
                     (int)partition->number, (int)leader, (int)leader_epoch);
    bool has_come = has_missed_one_come(partition);
    if (has_come)
        rk_closest_find(&partition->known.closest);
    rk_position_settle(partition);
    if ((!is_same || has_come) && partition->known.fetcher && !partition->known.is_releasing)
        rk_fetcher_post_update(partition->known.fetcher, partition);
}

/* What metadata says of the topic or partition, who said it, and since when. */
static void tell_missing(struct rk_partition *partition, rd_kafka_resp_err_t err,
                         rd_kafka_resp_err_t said, const char *words) RK_ON_BACKGROUND
{
    char answerer[300];
    rd_kafka_resp_err_t *told = &partition->known.told;
    char *text = rk_failure_text(
        &(struct rk_failure){.err = said,
                             .words = words,
                             .broker = rk_cluster_name_answerer(partition->consumer->cluster,
                                                                answerer, sizeof(answerer)),
                             .since_us = partition->topic->known.missing_since_us},
        rk_clock_now_us());
    tell(partition, told, err, text);
    rk_free(text);
}

static void take_metadata(struct rk_partition *partition,
                          const struct rk_snapshot_topic *data) RK_ON_BACKGROUND
{
    const rd_kafka_topic_t *topic = partition->topic;
    const struct rk_snapshot_partition *found = rk_snapshot_find_partition(data, partition->number);
    if (topic->known.state == RK_TOPIC_MISSING) {
        bool is_unknown = topic->known.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                          topic->known.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
        tell_missing(partition, is_unknown ? RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC : topic->known.err,
                     topic->known.err, NULL);
        forget_leader(partition);
        rk_position_settle(partition);
    } else if (data && data->partition_count > 0 && !found) {
        tell_missing(partition, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                     RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                     "the topic does not have this partition");
        forget_leader(partition);
        rk_position_settle(partition);
    } else if (found) {
        tell(partition, &partition->known.told, RD_KAFKA_RESP_ERR_NO_ERROR, NULL);
        set_leader(partition, found->leader, found->leader_epoch, &data->id);
    }
}

void rk_position_on_topic(struct rk_cluster_observer *observer, rd_kafka_topic_t *topic,
                          const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot)
{
    struct rk_consumer *consumer = rk_container_of(observer, struct rk_consumer, observer);
    rk_on_background(rk_cluster_background(consumer->cluster));
    (void)snapshot;
    struct rk_partition *partition;
    for (int i = 0; (partition = rk_partition_at(topic, i)) != NULL; i++)
        take_metadata(partition, data);
    if (consumer->guard)
        consumer->guard->on_topic(consumer->guard, topic);
}

/* What is known now, and news of it when that is not enough. */
static void look_at_metadata(struct rk_partition *partition) RK_ON_BACKGROUND
{
    struct rk_cluster *cluster = partition->consumer->cluster;
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(cluster);
    const struct rk_snapshot_topic *data =
        snapshot ? rk_snapshot_find_topic(snapshot, topic_of(partition)) : NULL;
    take_metadata(partition, data);
    rk_snapshot_release(snapshot);
    if (partition->known.leader < 0)
        rk_cluster_post_refresh(cluster, partition->topic, "a partition is to be consumed");
}

void rk_position_start(struct rk_partition *partition, int64_t offset, int32_t epoch)
{
    struct rk_consumer *consumer = partition->consumer;
    rk_position_stop(partition);
    rk_partition_set_cursor(partition,
                            rk_cursor_new(consumer->core->conf->enable_auto_offset_store));
    partition->known.told = RD_KAFKA_RESP_ERR_NO_ERROR;
    partition->known.told_look_up = RD_KAFKA_RESP_ERR_NO_ERROR;
    rk_closest_init(&partition->known.closest);
    partition->known.committed = RD_KAFKA_OFFSET_INVALID;
    partition->known.committed_epoch = -1;
    partition->known.auto_commit_at_us =
        rk_clock_now_us() + (uint64_t)partition->topic->conf->auto_commit_interval_ms * 1000;
    go_to(partition, offset, epoch);
    look_at_metadata(partition);
}

void rk_position_stop(struct rk_partition *partition)
{
    struct rk_consumer_group *group = partition->consumer->group;
    if (partition->known.state == RK_PARTITION_STOPPED)
        return;
    if (group)
        group->on_stop(group, partition);
    partition->known.state = RK_PARTITION_STOPPED;
    partition->known.is_withheld = false;
    partition->known.look_up = 0;
    rk_cursor_void(partition->shared.cursor);
    rk_partition_drop_void(partition);
    partition->known.position = (struct rk_fetch_position){.offset = RD_KAFKA_OFFSET_INVALID};
    rk_partition_set_cursor(partition, NULL);
    rk_position_settle(partition);
}

void rk_position_seek(struct rk_partition *partition, int64_t offset, int32_t epoch)
{
    rk_cursor_void(partition->shared.cursor);
    rk_partition_drop_void(partition);
    go_to(partition, offset, epoch);
    rk_position_settle(partition);
}

/* What was fetched goes; consumption goes on behind what was handed out, once it may. */
static void halt(struct rk_partition *partition) RK_ON_BACKGROUND
{
    if (partition->known.state != RK_PARTITION_READY)
        return;
    struct rk_cursor_values values = rk_cursor_void(partition->shared.cursor);
    rk_partition_drop_void(partition);
    partition->known.position.version = values.version;
    partition->known.position.offset = values.next;
    partition->known.position.epoch = values.next_epoch;
    partition->known.position.told_end = RD_KAFKA_OFFSET_INVALID;
}

void rk_position_set_paused(struct rk_partition *partition, bool is_paused)
{
    if (partition->known.is_paused == is_paused)
        return;
    bool was_halted = is_halted(partition);
    partition->known.is_paused = is_paused;
    if (!was_halted)
        halt(partition);
    rk_position_settle(partition);
}

void rk_position_withhold(struct rk_partition *partition)
{
    bool was_halted = is_halted(partition);
    if (partition->known.state == RK_PARTITION_STOPPED || partition->known.is_withheld)
        return;
    partition->known.is_withheld = true;
    if (!was_halted)
        halt(partition);
    rk_position_settle(partition);
}

/* Look-ups */

static void tell_look_up(struct rk_partition *partition, rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    char broker[300];
    const struct rk_failure_row *row = &partition->known.look_up_failures;
    char *text =
        rk_failure_text(&(struct rk_failure){.what = "offset look-up",
                                             .err = err,
                                             .broker = rk_cluster_name_broker(
                                                 partition->consumer->cluster,
                                                 partition->known.leader, broker, sizeof(broker)),
                                             .attempts = row->attempts,
                                             .since_us = row->since_us},
                        rk_clock_now_us());
    tell(partition, &partition->known.told_look_up, err, text);
    rk_free(text);
}

/* The position was lost in a log that ends there. */
static void go_on_after_loss(struct rk_partition *partition, int64_t end,
                             int32_t epoch) RK_ON_BACKGROUND
{
    bool is_at_end = partition->topic->conf->auto_offset_reset == RK_TOPIC_CONF_RESET_END;
    bool is_before = false;
    struct rk_cursor_values values = {0};
    if (partition->known.position.offset > end) { /* What was fetched is of the log before. */
        values = rk_cursor_void(partition->shared.cursor);
        rk_partition_drop_void(partition);
        is_before = is_at_end && values.next >= 0 && values.next < end;
    }
    rk_position_forget_beyond(partition, end, epoch, is_at_end && !is_before);
    if (is_before) /* What was not handed out yet is fetched again. */
        rk_position_become_ready(partition, values.next, values.next_epoch);
    else if (is_at_end)
        rk_position_become_ready(partition, end, epoch);
    else
        rk_position_become_looking_up(partition, RD_KAFKA_OFFSET_BEGINNING, 0);
}

void rk_position_on_looked_up(struct rk_partition *partition, rd_kafka_resp_err_t err,
                              int64_t offset, int32_t epoch, uint64_t asked_us, uint64_t now_us)
{
    const struct rk_conf *conf = partition->consumer->core->conf;
    if (!err && offset < 0)
        err = RD_KAFKA_RESP_ERR__BAD_MSG;
    if (!err)
        partition->known.told_look_up = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (err) {
        rk_failure_row_add(&partition->known.look_up_failures, asked_us);
        if (err != RD_KAFKA_RESP_ERR__TIMED_OUT)
            tell_look_up(partition, err);
        partition->known.look_up_at_us = now_us + (uint64_t)conf->fetch_error_backoff_ms * 1000;
    } else if (partition->known.is_measuring) {
        go_on_after_loss(partition, offset, epoch);
    } else if (partition->known.tail > 0) {
        int64_t from = RK_MAX(offset - partition->known.tail, 0);
        rk_position_become_looking_up(partition, RD_KAFKA_OFFSET_BEGINNING, 0);
        partition->known.not_before = from;
    } else {
        bool is_cut = offset < partition->known.not_before;
        rk_position_become_ready(partition, is_cut ? partition->known.not_before : offset,
                                 is_cut ? -1 : epoch);
    }
    rk_position_settle(partition);
}

void rk_position_on_committed(struct rk_partition *partition, const struct rk_committed *committed,
                              uint64_t now_us)
{
    const struct rk_conf *conf = partition->consumer->core->conf;
    rd_kafka_resp_err_t err = committed->err;
    if (err) {
        tell(partition, &partition->known.told_look_up, err,
             committed->error_text ? committed->error_text : rd_kafka_err2str(err));
        partition->known.look_up_at_us = now_us + (uint64_t)conf->fetch_error_backoff_ms * 1000;
    } else {
        partition->known.told_look_up = RD_KAFKA_RESP_ERR_NO_ERROR;
        partition->known.committed = committed->offset;
        partition->known.committed_epoch = committed->epoch;
        if (committed->offset >= 0)
            rk_position_become_ready(partition, committed->offset, committed->epoch);
        else
            rk_position_reset(
                partition, &(struct rk_position_loss){.err = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
                                                      .why = "no committed offset",
                                                      .offset = RD_KAFKA_OFFSET_STORED,
                                                      .broker_id = committed->broker_id,
                                                      .attempts = committed->attempts});
    }
    rk_position_settle(partition);
}
