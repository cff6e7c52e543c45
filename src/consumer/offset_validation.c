/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/offset_validation.h"

#include "base/clock.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "wire/messages.h"

#define FIRST_WITH_EPOCHS 2 /* Of OffsetForLeaderEpoch: the asker's idea of the leader epoch. */
#define MEMORY_RETRY_US   100000
#define MAX_STRANGERS     1000 /* Partitions nobody asked for, until the rest is not looked at. */

bool rk_offset_validation_is_due(const struct rk_partition *partition, int16_t fetch_version)
{
    return fetch_version < RK_FIRST_FETCH_WITH_LAST_EPOCH && partition->own.needs_validation &&
           partition->own.position.epoch >= 0;
}

/* Answers */

static void on_error(struct rk_fetcher *fetcher, struct rk_partition *partition,
                     rd_kafka_resp_err_t err, uint64_t now_us) RK_ON_BROKER
{
    struct rk_consumer *consumer = fetcher->consumer;
    unsigned action = rk_error_policy_find(RK_API_OFFSET_FOR_LEADER_EPOCH, err);
    partition->own.retry_at_us =
        now_us + (uint64_t)consumer->core->conf->fetch_error_backoff_ms * 1000;
    rk_failure_row_add(&partition->own.failures, fetcher->own.validation_asked_us);
    if (action & RK_ACTION_REFRESH)
        rk_cluster_post_refresh(consumer->cluster, partition->topic, rd_kafka_err2name(err));
    if (!(action & RK_ACTION_RETRY))
        rk_fetcher_tell_once(fetcher, partition, RK_API_OFFSET_FOR_LEADER_EPOCH, err);
}

/* Without an end, the leader has never heard of the epoch. */
static void take_partition(struct rk_fetcher *fetcher, struct rk_partition *partition,
                           const struct rk_offset_for_leader_epoch_answer_partition *entry,
                           uint64_t now_us) RK_ON_BROKER
{
    const struct rk_fetch_position *position = &partition->own.position;
    bool was_asked = partition->own.is_validating;
    partition->own.is_validating = false;
    if (!was_asked || !rk_cursor_is(position->cursor, position->version))
        return; /* The answer is about another position. */
    if (entry->error_code) {
        on_error(fetcher, partition, rk_error_of_broker(entry->error_code), now_us);
    } else if (entry->end_offset < position->offset) {
        rk_failure_row_add(&partition->own.failures, fetcher->own.validation_asked_us);
        struct rk_returned returned = {.reason = RK_RETURN_DIVERGED,
                                       .end_offset = entry->end_offset,
                                       .end_epoch = entry->leader_epoch};
        rk_fetcher_return(fetcher, partition, &returned);
    } else {
        partition->own.needs_validation = false;
        partition->own.failures.attempts = 0;
    }
}

static void take_answer(struct rk_fetcher *fetcher,
                        const struct rk_offset_for_leader_epoch_answer *answer,
                        uint64_t now_us) RK_ON_BROKER
{
    int strangers = 0;
    for (int32_t t = 0; t < answer->topics.count && strangers < MAX_STRANGERS; t++) {
        const struct rk_offset_for_leader_epoch_answer_topic *topic = &answer->topics.items[t];
        for (int32_t i = 0; i < topic->partitions.count && strangers < MAX_STRANGERS; i++) {
            struct rk_fetch_topic *found =
                rk_fetch_set_find_topic(&fetcher->own.set, topic->topic, NULL);
            struct rk_partition *partition =
                found ? rk_fetch_topic_find(found, topic->partitions.items[i].partition) : NULL;
            if (partition)
                take_partition(fetcher, partition, &topic->partitions.items[i], now_us);
            else
                strangers++;
        }
    }
}

/* What is not answered is asked again later, or not at all if the broker cannot tell. */
static void put_off(struct rk_fetcher *fetcher, bool is_supported, uint64_t now_us)
{
    const struct rk_fetch_set *set = &fetcher->own.set;
    uint64_t wait_us = (uint64_t)fetcher->consumer->core->conf->retry_backoff_ms * 1000;
    for (int t = 0; t < set->topic_count; t++) {
        for (int i = 0; i < set->topics[t]->count; i++) {
            struct rk_partition *partition = set->topics[t]->items[i];
            if (partition->own.is_validating && is_supported)
                partition->own.retry_at_us = now_us + wait_us;
            partition->own.is_validating = false;
            partition->own.needs_validation &= is_supported;
        }
    }
}

static void on_done(struct rk_request *request)
{
    struct rk_fetcher *fetcher = request->owner;
    rk_on_broker(fetcher->loop);
    uint64_t now_us = rk_clock_now_us();
    fetcher->own.is_validating = false;
    if (!fetcher->own.is_ended) {
        if (!request->err)
            take_answer(fetcher, request->answer, now_us);
        put_off(fetcher, request->err != RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, now_us);
        rk_fetcher_run_at(fetcher, now_us);
    }
    rk_request_destroy(request);
}

/* Requests */

static bool may_ask(const struct rk_partition *partition, uint64_t now_us)
{
    return rk_offset_validation_is_due(partition, 0) && partition->own.retry_at_us <= now_us &&
           rk_cursor_is(partition->own.position.cursor, partition->own.position.version);
}

/* False: no memory. */
static bool add_topic(struct rk_request *request, const struct rk_fetch_topic *topic,
                      uint64_t now_us)
{
    struct rk_offset_for_leader_epoch_request *message = request->message;
    struct rk_offset_for_leader_epoch_request_partition *items =
        rk_offset_for_leader_epoch_request_partition_try_new(&request->arena, topic->count);
    int32_t count = 0;
    for (int i = 0; items && i < topic->count; i++) {
        struct rk_partition *partition = topic->items[i];
        if (!may_ask(partition, now_us))
            continue;
        partition->own.is_validating = true;
        items[count].partition = partition->number;
        items[count].current_leader_epoch = partition->own.leader_epoch;
        items[count].leader_epoch = partition->own.position.epoch;
        count++;
    }
    if (count > 0) {
        struct rk_offset_for_leader_epoch_request_topic *entry =
            &message->topics.items[message->topics.count++];
        entry->topic = rk_topic_name(topic->topic);
        entry->partitions.items = items;
        entry->partitions.count = count;
    }
    return items != NULL;
}

void rk_offset_validation_send(struct rk_fetcher *fetcher, uint64_t now_us)
{
    const struct rk_fetch_set *set = &fetcher->own.set;
    if (fetcher->own.is_validating)
        return;
    struct rk_request *request =
        rk_request_try_new(RK_API_OFFSET_FOR_LEADER_EPOCH, fetcher->loop, on_done, fetcher);
    if (!request) {
        rk_fetcher_run_at(fetcher, now_us + MEMORY_RETRY_US);
        return;
    }
    struct rk_offset_for_leader_epoch_request *message = request->message;
    message->topics.items =
        rk_offset_for_leader_epoch_request_topic_try_new(&request->arena, set->topic_count);
    message->topics.count = 0;
    bool is_built = message->topics.items != NULL;
    for (int t = 0; is_built && t < set->topic_count; t++)
        is_built = add_topic(request, set->topics[t], now_us);
    if (!is_built || message->topics.count == 0) {
        put_off(fetcher, true, now_us);
        rk_request_destroy(request);
        return;
    }
    request->min_version = FIRST_WITH_EPOCHS;
    request->timeout_us = (uint64_t)fetcher->consumer->core->conf->socket_timeout_ms * 1000;
    fetcher->own.is_validating = true;
    fetcher->own.validation_asked_us = now_us;
    rk_connection_send(rk_broker_connection(fetcher->broker, RK_PURPOSE_FETCH), request);
}
