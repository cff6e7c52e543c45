/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/partition_reason.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/fetch_request.h"

#define LATE_US 1000000u /* An answer that comes so much later than it may wait. */

/* Reasons */

static void set_full(struct rk_fetcher *fetcher, const struct rk_partition *partition,
                     struct rk_reason *reason)
{
    const struct rk_budget *budget = rk_fetch_request_budget(fetcher, partition);
    int64_t messages = atomic_load_explicit(&partition->prefetch->messages, memory_order_relaxed);
    if (partition->own.is_held)
        rk_reason_set(reason, RK_REASON_BUDGET_FULL, 0, 0,
                      "%" PRId64 " messages wait to be taken (queued.min.messages)", messages);
    else
        rk_reason_set(reason, RK_REASON_BUDGET_FULL, 0, 0,
                      "%" PRId64 " bytes wait to be taken (queued.max.messages.kbytes)",
                      atomic_load(&budget->used));
}

static void set_backing_off(const struct rk_fetcher *fetcher, const struct rk_partition *partition,
                            struct rk_reason *reason)
{
    bool is_own = partition->own.retry_at_us > fetcher->own.retry_at_us;
    rk_reason_set(reason, RK_REASON_BACKING_OFF, 0,
                  RK_MAX(partition->own.retry_at_us, fetcher->own.retry_at_us),
                  "backing off after %s%s%s", is_own ? "an error" : "a Fetch that failed",
                  is_own && partition->own.told ? ": " : "",
                  is_own && partition->own.told ? rd_kafka_err2str(partition->own.told) : "");
}

static void set_fetching(const struct rk_fetcher *fetcher, const struct rk_partition *partition,
                         uint64_t now_us, struct rk_reason *reason) RK_ON_BROKER
{
    const struct rk_conf *conf = fetcher->consumer->core->conf;
    uint64_t patience_us = (uint64_t)conf->fetch_wait_max_ms * 1000 + LATE_US;
    int64_t offset = partition->own.position.offset;
    if (!fetcher->own.is_fetching)
        rk_reason_set(reason, RK_REASON_MOVING, 0, 0, "about to be fetched");
    else if (now_us > fetcher->own.asked_us + patience_us)
        rk_reason_set(reason, RK_REASON_WAITING_ANSWER, fetcher->own.asked_us, 0,
                      "waiting for %s to answer a Fetch", rk_broker_name(fetcher->broker));
    else if (offset >= partition->own.end_offset)
        rk_reason_set(reason, RK_REASON_MOVING, 0, 0, "at the end, offset %" PRId64, offset);
    else
        rk_reason_set(reason, RK_REASON_MOVING, 0, 0, "fetching from offset %" PRId64, offset);
}

void rk_partition_reason_find(struct rk_fetcher *fetcher, const struct rk_partition *partition,
                              uint64_t now_us, struct rk_reason *reason)
{
    const struct rk_fetch_position *position = &partition->own.position;
    const struct rk_connection *connection =
        rk_broker_connection(fetcher->broker, RK_PURPOSE_FETCH);
    if (!rk_cursor_is(position->cursor, position->version))
        rk_reason_set(reason, RK_REASON_HANDOVER, 0, 0, "its position changes");
    else if (rk_reason_of_connection(reason, connection, now_us))
        return;
    else if (partition->own.retry_at_us > now_us || fetcher->own.retry_at_us > now_us)
        set_backing_off(fetcher, partition, reason);
    else if (partition->own.is_validating)
        rk_reason_set(reason, RK_REASON_VALIDATING, 0, 0, "its offset is being validated");
    else if (partition->own.walk.block || partition->own.is_held ||
             !rk_budget_is_low(rk_fetch_request_budget(fetcher, partition)))
        set_full(fetcher, partition, reason);
    else
        set_fetching(fetcher, partition, now_us, reason);
}

static void set_leaderless(const struct rk_partition *partition,
                           struct rk_reason *reason) RK_ON_BACKGROUND
{
    const rd_kafka_topic_t *topic = partition->topic;
    uint64_t since_us = partition->known.silence.since_us;
    if (topic->known.state == RK_TOPIC_MISSING)
        rk_reason_set(reason, RK_REASON_TOPIC_UNKNOWN, topic->known.missing_since_us, 0,
                      "topic unknown: %s", rd_kafka_err2str(topic->known.err));
    else if (topic->known.partition_count == 0)
        rk_reason_set(reason, RK_REASON_NO_METADATA, since_us, 0, "no metadata of the topic");
    else if (partition->number >= topic->known.partition_count)
        rk_reason_set(reason, RK_REASON_PARTITION_UNKNOWN, since_us, 0,
                      "the topic has %d partition(s)", (int)topic->known.partition_count);
    else
        rk_reason_set(reason, RK_REASON_NO_LEADER, since_us, 0, "no leader");
}

void rk_partition_reason_find_known(const struct rk_partition *partition, uint64_t now_us,
                                    struct rk_reason *reason)
{
    uint64_t since_us = partition->known.silence.since_us;
    if (partition->known.state == RK_PARTITION_STOPPED)
        rk_reason_set(reason, RK_REASON_NOTHING, 0, 0, "not consumed");
    else if (partition->known.state == RK_PARTITION_FAILED)
        rk_reason_set(reason, RK_REASON_NO_OFFSET, since_us, 0,
                      "no offset to go on at: seek or assign");
    else if (partition->known.is_paused)
        rk_reason_set(reason, RK_REASON_PAUSED, 0, 0, "paused");
    else if (partition->known.leader < 0)
        set_leaderless(partition, reason);
    else if (partition->known.state == RK_PARTITION_READY && partition->known.fetcher)
        rk_reason_set(reason, RK_REASON_HANDOVER, since_us, 0, "it changes hands");
    else if (partition->known.state == RK_PARTITION_READY)
        rk_reason_set(reason, RK_REASON_NO_BROKER, since_us, 0,
                      "its leader, broker %d, cannot be used", (int)partition->known.leader);
    else if (partition->known.look_up_at_us > now_us)
        rk_reason_set(reason, RK_REASON_BACKING_OFF, since_us, partition->known.look_up_at_us,
                      "looking up its offset failed: %s",
                      rd_kafka_err2str(partition->known.told_look_up));
    else if (partition->known.wanted == RD_KAFKA_OFFSET_STORED)
        rk_reason_set(reason, RK_REASON_LOOKING_UP, since_us, 0,
                      "waiting for the group's coordinator to tell its committed offset");
    else
        rk_reason_set(reason, RK_REASON_LOOKING_UP, since_us, 0,
                      "waiting for broker %d to tell its offset", (int)partition->known.leader);
}

/* Silence */

static uint64_t limit_of(const struct rk_consumer *consumer)
{
    return (uint64_t)consumer->core->conf->silence_log_ms * 1000;
}

/* What is to be told at the end of a look at all partitions. */
struct silent {
    struct rk_consumer *consumer;
    uint64_t now_us;
    char partition[300];
    struct rk_silence silence;
    struct rk_reason reason;
    int count;
    bool goes_on;
};

static void check(struct silent *silent, const struct rk_partition *partition,
                  struct rk_silence *silence, const struct rk_reason *reason)
{
    if (!rk_reason_is_trouble(reason->kind)) {
        rk_silence_end(silence);
        return;
    }
    uint64_t since_us = reason->since_us ? reason->since_us : silent->now_us;
    if (!rk_silence_is_due(silence, since_us, limit_of(silent->consumer), silent->now_us) ||
        silent->count++ > 0)
        return;
    snprintf(silent->partition, sizeof(silent->partition), "%s [%d]",
             rk_topic_name(partition->topic), (int)partition->number);
    silent->silence = *silence;
    silent->reason = *reason;
}

static void tell(const struct silent *silent)
{
    if (silent->count > 0)
        rk_silence_log(silent->consumer->core, silent->partition, &silent->silence, &silent->reason,
                       silent->count - 1, silent->now_us);
}

/* The next look is in half the limit; by the timer only when no Fetch is sent for some time then.
 */
static void look_later(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER
{
    uint64_t half_us = limit_of(fetcher->consumer) / 2;
    uint64_t wait_us = (uint64_t)fetcher->consumer->core->conf->fetch_wait_max_ms * 1000 + LATE_US;
    fetcher->own.looked_us = now_us;
    rk_loop_start_timer(fetcher->loop, &fetcher->own.silence_timer,
                        now_us + half_us + RK_MIN(wait_us, half_us));
}

void rk_partition_reason_watch_fetcher(struct rk_fetcher *fetcher)
{
    if (limit_of(fetcher->consumer) > 0 && !rk_timer_is_started(&fetcher->own.silence_timer))
        look_later(fetcher, rk_clock_now_us());
}

static void look_at_all(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER
{
    struct silent silent = {.consumer = fetcher->consumer, .now_us = now_us};
    const struct rk_fetch_set *set = &fetcher->own.set;
    for (int t = 0; t < set->topic_count; t++) {
        for (int i = 0; i < set->topics[t]->count; i++) {
            struct rk_partition *partition = set->topics[t]->items[i];
            struct rk_reason reason;
            rk_partition_reason_find(fetcher, partition, now_us, &reason);
            check(&silent, partition, &partition->own.silence, &reason);
        }
    }
    tell(&silent);
    if (set->partition_count > 0)
        look_later(fetcher, now_us);
}

void rk_partition_reason_on_fetcher_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_fetcher *fetcher = rk_container_of(timer, struct rk_fetcher, own.silence_timer);
    rk_on_broker(fetcher->loop);
    look_at_all(fetcher, now_us);
}

void rk_partition_reason_pass(struct rk_fetcher *fetcher, uint64_t now_us)
{
    if (rk_timer_is_started(&fetcher->own.silence_timer) &&
        now_us >= fetcher->own.looked_us + limit_of(fetcher->consumer) / 2)
        look_at_all(fetcher, now_us);
}

static void start_timer(struct rk_consumer *consumer) RK_ON_BACKGROUND
{
    uint64_t limit_us = limit_of(consumer);
    if (limit_us > 0 && !rk_timer_is_started(&consumer->known.silence_timer))
        rk_loop_start_timer(rk_cluster_background(consumer->cluster),
                            &consumer->known.silence_timer, rk_clock_now_us() + limit_us / 2);
}

static bool should_be_fetched(const struct rk_partition *partition) RK_ON_BACKGROUND
{
    return (partition->known.state == RK_PARTITION_READY ||
            partition->known.state == RK_PARTITION_LOOKING_UP) &&
           !partition->known.is_paused;
}

void rk_partition_reason_watch(struct rk_partition *partition, bool waits)
{
    struct rk_consumer *consumer = partition->consumer;
    if (!waits || !should_be_fetched(partition)) {
        rk_silence_end(&partition->known.silence);
    } else if (partition->known.silence.since_us == 0) {
        uint64_t now_us = rk_clock_now_us();
        rk_silence_is_due(&partition->known.silence, now_us, limit_of(consumer), now_us);
        start_timer(consumer);
    }
}

static void check_topic(rd_kafka_topic_t *topic, void *argument) RK_ON_BACKGROUND
{
    struct silent *silent = argument;
    struct rk_partition *partition;
    for (int i = 0; (partition = rk_partition_at(topic, i)) != NULL; i++) {
        struct rk_reason reason;
        if (partition->known.silence.since_us == 0)
            continue;
        rk_partition_reason_find_known(partition, silent->now_us, &reason);
        check(silent, partition, &partition->known.silence, &reason);
        silent->goes_on |= partition->known.silence.since_us > 0;
    }
}

void rk_partition_reason_on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_consumer *consumer = rk_container_of(timer, struct rk_consumer, known.silence_timer);
    rk_on_background(rk_cluster_background(consumer->cluster));
    struct silent silent = {.consumer = consumer, .now_us = now_us};
    rk_topic_registry_visit(rk_cluster_topics(consumer->cluster), check_topic, &silent);
    tell(&silent);
    if (silent.goes_on)
        start_timer(consumer);
}
