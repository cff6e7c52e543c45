/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/fetch_answer.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/fetch_request.h"
#include "runtime/signal.h"

#define FIRST_WITH_TOPIC_IDS 13
#define MAX_ENDPOINTS        4
#define MEMORY_RETRY_US      100000
#define MAX_STRANGERS        1000 /* Partitions nobody asked for, until the rest is not looked at. */

/* Messages */

/* takes: the part's block */
static bool add_part(struct rk_fetcher *fetcher, const struct rk_message_part *part)
{
    if (fetcher->own.part_count == fetcher->own.part_capacity) {
        size_t capacity = RK_MAX(fetcher->own.part_capacity * 2, 16);
        void *parts = rk_try_realloc(fetcher->own.parts, capacity * sizeof(*part));
        if (!parts) {
            rk_block_release(part->block);
            return false;
        }
        fetcher->own.parts = parts;
        fetcher->own.part_capacity = capacity;
    }
    fetcher->own.parts[fetcher->own.part_count++] = *part;
    return true;
}

static void drop_parts(struct rk_fetcher *fetcher)
{
    for (size_t i = 0; i < fetcher->own.part_count; i++)
        rk_block_release(fetcher->own.parts[i].block);
    fetcher->own.part_count = 0;
}

/* Messages in front of the position are not counted; where some are missing from the batch, it may
 * be fewer than that. */
static void count_parts(const struct rk_fetcher *fetcher, struct rk_partition *partition)
{
    int64_t messages = 0, bytes = 0;
    for (size_t i = 0; i < fetcher->own.part_count; i++) {
        const struct rk_record_cursor *records = &fetcher->own.parts[i].records;
        int64_t before = RK_MAX(partition->own.position.offset - records->base_offset, 0);
        int64_t missing = (int64_t)records->last_offset_delta + 1 - records->left;
        messages += records->left - RK_MIN(RK_MAX(before - missing, 0), records->left);
        bytes += records->end - records->at;
    }
    atomic_fetch_add_explicit(&partition->stats.received_messages, (uint64_t)messages,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&partition->stats.received_bytes, (uint64_t)bytes,
                              memory_order_relaxed);
}

/* Sends up what was collected, and moves the position to where the walk stands. `tells_all`: there
 * is no error to tell about what lies between. False: no memory. */
static bool flush(struct rk_fetcher *fetcher, struct rk_partition *partition, bool tells_all)
{
    struct rk_fetch_position *position = &partition->own.position;
    rd_kafka_event_t *event = NULL;
    int64_t given = position->offset; /* Behind the last message that goes up. */
    if (fetcher->own.part_count > 0) {
        struct rk_message_batch_setup setup = {
            .pool = fetcher->consumer->slabs,
            .topic = partition->topic,
            .partition = partition->number,
            .broker_id = fetcher->broker->id,
            .cursor = position->cursor,
            .version = position->version,
            .first_offset = position->offset,
            .asked_us = partition->own.walk.asked_us,
            .prefetch = partition->prefetch,
            .budget = rk_fetch_request_budget(fetcher, partition),
            .parts = fetcher->own.parts,
            .part_count = fetcher->own.part_count,
        };
        given = setup.parts[setup.part_count - 1].next_offset;
        event = rk_message_batch_try_new(&setup);
        if (event)
            count_parts(fetcher, partition);
        drop_parts(fetcher);
        if (!event)
            return false;
    }
    position->offset = partition->own.walk.offset;
    position->epoch = partition->own.walk.epoch;
    if (given < position->offset && tells_all)
        rk_cursor_set_gap(position->cursor, position->version, given, position->offset);
    struct rk_consumer_group *group = fetcher->consumer->group;
    if (event && group)
        group->post_stored(group);
    if (event)
        rk_queue_push(partition->queue, event);
    return true;
}

/* Of what was fetched just now. */
static void push_failure(struct rk_fetcher *fetcher, struct rk_partition *partition,
                         const struct rk_error_place *place, rd_kafka_resp_err_t err,
                         const char *words) RK_ON_BROKER
{
    char *text = rk_failure_text(&(struct rk_failure){.err = err,
                                                      .words = words,
                                                      .broker = rk_broker_name(fetcher->broker),
                                                      .attempts = 1,
                                                      .since_us = partition->own.walk.asked_us},
                                 rk_clock_now_us());
    rk_partition_push_error(partition, place, err, "%s", text);
    rk_free(text);
}

/* Which broker's disk to look at is said, too. */
static void push_unreadable(struct rk_fetcher *fetcher, struct rk_partition *partition,
                            const struct rk_fetch_error *error) RK_ON_BROKER
{
    struct rk_error_place place = rk_fetch_request_error_place(fetcher, partition, error->offset);
    push_failure(fetcher, partition, &place, error->err, error->text);
}

/* Once per end offset. */
static void tell_end(struct rk_fetcher *fetcher, struct rk_partition *partition)
{
    int64_t offset = partition->own.position.offset;
    if (!fetcher->consumer->core->conf->enable_partition_eof ||
        offset < partition->own.end_offset || partition->own.position.told_end == offset)
        return;
    partition->own.position.told_end = offset;
    struct rk_error_place place = rk_fetch_request_error_place(fetcher, partition, offset);
    rk_partition_push_error(partition, &place, RD_KAFKA_RESP_ERR__PARTITION_EOF, "reached the end");
}

/* The first batch is larger than what was asked for: an old broker cuts it off. */
static void ask_for_more(struct rk_fetcher *fetcher, struct rk_partition *partition) RK_ON_BROKER
{
    size_t needed = partition->own.walk.needed_size;
    size_t most = (size_t)fetcher->consumer->core->conf->receive_message_max_bytes;
    if (needed == 0)
        needed = (size_t)RK_MAX(partition->own.sent.max_bytes, 1024) * 2;
    if (needed > most) {
        struct rk_error_place place =
            rk_fetch_request_error_place(fetcher, partition, partition->own.position.offset);
        push_failure(fetcher, partition, &place, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                     "the next batch is larger than receive.message.max.bytes");
        partition->own.walk.offset += partition->own.walk.offset < INT64_MAX;
        return;
    }
    partition->own.max_bytes = (int32_t)needed;
}

/* Puts the rest off. It does not count, or it might wait for room that it takes itself; it is part
 * of one answer at most, for nothing more is fetched while its budget is used up. */
static void put_off(struct rk_fetcher *fetcher, struct rk_partition *partition) RK_ON_BROKER
{
    partition->own.walk_budget = rk_budget_acquire(rk_fetch_request_budget(fetcher, partition));
    TAILQ_INSERT_TAIL(&fetcher->own.walks, partition, own.walk_link);
    rk_signal_raise(&fetcher->consumer->room->is_wanted);
    if (rk_budget_is_low(partition->own.walk_budget)) /* No memory, or room came meanwhile. */
        rk_fetcher_run_at(fetcher, rk_clock_now_us() + MEMORY_RETRY_US);
}

static void take_up(struct rk_fetcher *fetcher, struct rk_partition *partition)
{
    if (!partition->own.walk_budget)
        return;
    TAILQ_REMOVE(&fetcher->own.walks, partition, own.walk_link);
    rk_budget_release(partition->own.walk_budget);
    partition->own.walk_budget = NULL;
}

/* Room for one more batch behind those collected; always when there is nothing else. */
static bool may_decompress(const struct rk_budget *budget, int64_t collected)
{
    return rk_budget_left(budget) > collected ||
           (collected == 0 && rk_budget_left(budget) == atomic_load(&budget->limit));
}

/* Looks through the answer as far as there is room. */
static void walk(struct rk_fetcher *fetcher, struct rk_partition *partition) RK_ON_BROKER
{
    struct rk_fetch_walk *self = &partition->own.walk;
    const struct rk_budget *budget = rk_fetch_request_budget(fetcher, partition);
    enum rk_fetch_step step;
    int64_t collected = 0;
    bool is_sound = true;
    do {
        struct rk_message_part part;
        struct rk_fetch_error error;
        step = rk_fetch_walk_next(self, &fetcher->own.decompressor,
                                  may_decompress(budget, collected), &part, &error);
        if (step == RK_FETCH_STEP_PART) {
            collected += part.records.end - part.records.at;
            is_sound = add_part(fetcher, &part);
        } else if (step == RK_FETCH_STEP_ERROR) {
            is_sound = flush(fetcher, partition, false);
            collected = 0;
            if (is_sound)
                push_unreadable(fetcher, partition, &error);
            if (rk_budget_left(budget) <= 0)
                step = RK_FETCH_STEP_NO_ROOM; /* Errors are bounded as well. */
        } else if (step == RK_FETCH_STEP_TOO_LARGE) {
            ask_for_more(fetcher, partition);
        }
    } while (is_sound && (step == RK_FETCH_STEP_PART || step == RK_FETCH_STEP_ERROR));
    is_sound = is_sound && flush(fetcher, partition, step != RK_FETCH_STEP_TOO_LARGE);
    drop_parts(fetcher);
    if (is_sound && step == RK_FETCH_STEP_NO_ROOM) {
        put_off(fetcher, partition);
        return;
    }
    fetcher->own.batches_cut_off += self->was_cut_off;
    rk_fetch_walk_clear(self);
    if (is_sound)
        tell_end(fetcher, partition);
    else /* No memory: the answer is fetched again from where it got to. */
        partition->own.retry_at_us = rk_clock_now_us() + MEMORY_RETRY_US;
}

void rk_fetch_answer_drop_walk(struct rk_fetcher *fetcher, struct rk_partition *partition)
{
    take_up(fetcher, partition);
    rk_fetch_walk_clear(&partition->own.walk);
}

void rk_fetch_answer_resume(struct rk_fetcher *fetcher, uint64_t now_us)
{
    struct rk_partition *partition = TAILQ_FIRST(&fetcher->own.walks), *next;
    struct rk_partition *last = TAILQ_LAST(&fetcher->own.walks, rk_partition_list);
    (void)now_us;
    if (partition) /* Before looking: room that comes later is told of. */
        rk_signal_raise(&fetcher->consumer->room->is_wanted);
    for (; partition; partition = next) {
        next = partition == last ? NULL : TAILQ_NEXT(partition, own.walk_link);
        if (!rk_budget_is_low(partition->own.walk_budget))
            continue;
        take_up(fetcher, partition);
        walk(fetcher, partition);
    }
}

/* Messages that other partitions' bytes would be kept alive by get bytes of their own. */
static struct rk_block *block_for(struct rk_fetcher *fetcher, struct rk_partition *partition,
                                  struct rk_block *frame, const struct rk_records *records,
                                  const uint8_t **data)
{
    *data = records->data;
    if (rk_fetch_request_budget(fetcher, partition) == fetcher->budget ||
        (size_t)records->size >= frame->size / 2)
        return rk_block_acquire(frame);
    struct rk_block *copy = rk_block_try_new((size_t)records->size);
    if (!copy)
        return rk_block_acquire(frame);
    memcpy(copy->data, records->data, (size_t)records->size);
    *data = copy->data;
    return copy;
}

static void take_records(struct rk_fetcher *fetcher, struct rk_partition *partition,
                         struct rk_block *frame,
                         const struct rk_fetch_answer_partition *answer) RK_ON_BROKER
{
    const struct rk_conf *conf = fetcher->consumer->core->conf;
    struct rk_fetch_walk *self = &partition->own.walk;
    if (answer->records.size <= 0) {
        tell_end(fetcher, partition);
        return;
    }
    bool is_committed = conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
    const uint8_t *data;
    struct rk_block *block = block_for(fetcher, partition, frame, &answer->records, &data);
    bool is_sound = rk_fetch_walk_start(self, block, data, (size_t)answer->records.size,
                                        answer->aborted_transactions.items,
                                        is_committed ? answer->aborted_transactions.count : 0);
    rk_block_release(block);
    if (!is_sound) {
        partition->own.retry_at_us = rk_clock_now_us() + MEMORY_RETRY_US;
        return;
    }
    self->offset = partition->own.position.offset;
    self->epoch = partition->own.position.epoch;
    self->end_offset = answer->high_watermark;
    self->checks_crcs = conf->check_crcs;
    self->size_limit = (size_t)conf->receive_message_max_bytes;
    self->asked_us = fetcher->own.asked_us;
    walk(fetcher, partition);
}

/* Errors of a partition */

static void take_hint(struct rk_fetcher *fetcher, const struct rk_partition *partition,
                      const struct rk_fetch_answer *answer,
                      const struct rk_fetch_answer_partition *entry)
{
    const struct rk_fetch_answer_current_leader *leader = &entry->current_leader;
    if (leader->leader_id < 0 || leader->leader_epoch < 0)
        return;
    struct rk_snapshot_broker endpoints[MAX_ENDPOINTS];
    int32_t count = 0;
    for (int32_t i = 0; i < answer->node_endpoints.count && count < MAX_ENDPOINTS; i++) {
        const struct rk_fetch_answer_node_endpoint *node = &answer->node_endpoints.items[i];
        if (node->node_id != leader->leader_id || !node->host || node->port <= 0 ||
            node->port > UINT16_MAX)
            continue;
        endpoints[count++] = (struct rk_snapshot_broker){.id = node->node_id,
                                                         .host = node->host,
                                                         .port = (uint16_t)node->port,
                                                         .rack = node->rack};
    }
    rk_cluster_post_leader_hint(fetcher->consumer->cluster, partition->topic, partition->number,
                                leader->leader_id, leader->leader_epoch, endpoints, count);
}

/* Whatever is wrong there, the leader decides. */
static void on_useless_follower(struct rk_fetcher *fetcher, struct rk_partition *partition,
                                unsigned action, const char *why) RK_ON_BROKER
{
    struct rk_returned returned = {.reason = RK_RETURN_NO_FOLLOWER};
    if (action & RK_ACTION_NEW_SESSION)
        rk_fetcher_end_session(fetcher, true);
    if (action & RK_ACTION_REFRESH)
        rk_cluster_post_refresh(fetcher->consumer->cluster, partition->topic, why);
    rk_fetcher_return(fetcher, partition, &returned);
}

static void on_error(struct rk_fetcher *fetcher, struct rk_partition *partition,
                     const struct rk_fetch_answer *answer,
                     const struct rk_fetch_answer_partition *entry, uint64_t now_us) RK_ON_BROKER
{
    struct rk_consumer *consumer = fetcher->consumer;
    rd_kafka_resp_err_t err = rk_error_of_broker(entry->error_code);
    unsigned action = rk_error_policy_find(RK_API_FETCH, err);
    rk_failure_row_add(&partition->own.failures, fetcher->own.asked_us);
    rk_log_debug(consumer->core, RK_DEBUG_FETCH, "FETCHERR",
                 "%s [%d]: fetch at offset %" PRId64 " failed: %s", rk_topic_name(partition->topic),
                 (int)partition->number, partition->own.position.offset, rd_kafka_err2str(err));
    if (partition->own.is_from_follower) {
        take_hint(fetcher, partition, answer, entry);
        on_useless_follower(fetcher, partition, action, rd_kafka_err2name(err));
        return;
    }
    if (action & RK_ACTION_RESET_OFFSET) { /* Of the offset, or the epoch it was fetched with. */
        struct rk_returned returned = {.reason = RK_RETURN_OUT_OF_RANGE};
        rk_fetcher_return(fetcher, partition, &returned);
        return;
    }
    partition->own.retry_at_us =
        now_us + (uint64_t)consumer->core->conf->fetch_error_backoff_ms * 1000;
    take_hint(fetcher, partition, answer, entry);
    if (action & RK_ACTION_NEW_SESSION)
        rk_fetcher_end_session(fetcher, true);
    if (action & RK_ACTION_REFRESH)
        rk_cluster_post_refresh(consumer->cluster, partition->topic, rd_kafka_err2name(err));
    if (!(action & RK_ACTION_RETRY) || err == RD_KAFKA_RESP_ERR_INVALID_MSG)
        rk_fetcher_tell_once(fetcher, partition, RK_API_FETCH, err);
}

static void on_divergence(struct rk_fetcher *fetcher, struct rk_partition *partition,
                          const struct rk_fetch_answer_diverging_epoch *diverging,
                          uint64_t now_us) RK_ON_BROKER
{
    const struct rk_conf *conf = fetcher->consumer->core->conf;
    if (partition->own.is_from_follower) { /* Perhaps it only lags behind. */
        on_useless_follower(fetcher, partition, RK_ACTION_NONE, NULL);
        return;
    }
    if (diverging->end_offset >= partition->own.position.offset) {
        partition->own.position.epoch = diverging->epoch; /* The same record, by another name. */
        partition->own.retry_at_us = now_us + (uint64_t)conf->retry_backoff_ms * 1000;
        return;
    }
    rk_failure_row_add(&partition->own.failures, fetcher->own.asked_us);
    struct rk_returned returned = {.reason = RK_RETURN_DIVERGED,
                                   .end_offset = diverging->end_offset,
                                   .end_epoch = diverging->epoch};
    rk_fetcher_return(fetcher, partition, &returned);
}

/* A replica that is nearer is to be fetched from (KIP-392). */
static void on_redirect(struct rk_fetcher *fetcher, struct rk_partition *partition, int32_t replica,
                        uint64_t now_us) RK_ON_BROKER
{
    if (partition->own.barred_us > now_us) { /* It failed a moment ago, but the leader insists. */
        partition->own.retry_at_us = partition->own.barred_us;
        return;
    }
    struct rk_returned returned = {.reason = RK_RETURN_REDIRECTED, .replica = replica};
    rk_fetcher_return(fetcher, partition, &returned);
}

/* Answers */

static void note_ends(struct rk_fetcher *fetcher, struct rk_partition *partition,
                      const struct rk_fetch_answer_partition *entry)
{
    bool is_committed =
        fetcher->consumer->core->conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
    partition->own.end_offset = is_committed && entry->last_stable_offset >= 0
                                    ? entry->last_stable_offset
                                    : entry->high_watermark;
    atomic_store_explicit(&partition->watermarks.high, entry->high_watermark, memory_order_relaxed);
    atomic_store_explicit(&partition->watermarks.stable,
                          entry->last_stable_offset >= 0 ? entry->last_stable_offset
                                                         : RD_KAFKA_OFFSET_INVALID,
                          memory_order_relaxed);
    if (entry->log_start_offset >= 0)
        atomic_store_explicit(&partition->watermarks.low, entry->log_start_offset,
                              memory_order_relaxed);
}

static bool is_found(const struct rk_fetch_answer_partition *entry)
{
    return !entry->error_code || entry->error_code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

/* Metadata tells another id of the topic than the position was in. A broker that was asked for that
 * id has it, so it is true; by name, nothing is proved. */
static void return_anew(struct rk_fetcher *fetcher, struct rk_partition *partition,
                        int16_t version) RK_ON_BROKER
{
    bool by_id = version >= FIRST_WITH_TOPIC_IDS;
    rk_failure_row_add(&partition->own.failures, fetcher->own.asked_us);
    struct rk_returned returned = {.reason = by_id ? RK_RETURN_MADE_ANEW : RK_RETURN_NAMED_ANEW};
    rk_fetcher_return(fetcher, partition, &returned);
}

/* True: there was something to read. */
static bool take_partition(struct rk_fetcher *fetcher, struct rk_partition *partition,
                           const struct rk_request *request,
                           const struct rk_fetch_answer_partition *entry,
                           uint64_t now_us) RK_ON_BROKER
{
    const struct rk_fetch_position *position = &partition->own.position;
    if (partition->own.first_request > fetcher->own.last_request ||
        partition->own.answered_request == fetcher->own.last_request ||
        !rk_cursor_is(position->cursor, position->version) || partition->own.walk.block ||
        position->offset != partition->own.sent.offset)
        return false; /* The answer is about another position, or has named it before. */
    partition->own.answered_request = fetcher->own.last_request;
    if (partition->own.is_anew && is_found(entry)) {
        return_anew(fetcher, partition, request->version);
    } else if (entry->error_code) {
        on_error(fetcher, partition, request->answer, entry, now_us);
    } else if (entry->diverging_epoch.epoch >= 0 && entry->diverging_epoch.end_offset >= 0) {
        on_divergence(fetcher, partition, &entry->diverging_epoch, now_us);
    } else if (entry->preferred_read_replica >= 0 && entry->records.size <= 0 &&
               entry->preferred_read_replica != fetcher->broker->id &&
               !partition->own.is_from_follower) {
        on_redirect(fetcher, partition, entry->preferred_read_replica, now_us);
    } else {
        partition->own.told = RD_KAFKA_RESP_ERR_NO_ERROR;
        partition->own.failures.attempts = 0;
        note_ends(fetcher, partition, entry);
        take_records(fetcher, partition, request->frame, entry);
        return position->offset != partition->own.sent.offset || partition->own.walk.block;
    }
    return false;
}

static bool is_forgotten(const struct rk_fetch_set *set, const struct rk_fetch_answer_topic *topic,
                         int32_t number, bool by_id)
{
    for (int i = 0; i < set->forgotten_count; i++) {
        const struct rk_forgotten *forgotten = &set->forgotten[i];
        if (forgotten->number == number && (by_id ? rk_uuid_equal(&forgotten->id, &topic->topic_id)
                                                  : strcmp(forgotten->topic, topic->topic) == 0))
            return true;
    }
    return false;
}

/* Returns how many of the named partitions nobody has asked for. */
static int take_topic(struct rk_fetcher *fetcher, const struct rk_request *request,
                      const struct rk_fetch_answer_topic *topic, bool *has_news,
                      uint64_t now_us) RK_ON_BROKER
{
    bool by_id = request->version >= FIRST_WITH_TOPIC_IDS;
    int strangers = 0;
    for (int32_t i = 0; i < topic->partitions.count && strangers < MAX_STRANGERS; i++) {
        const struct rk_fetch_answer_partition *entry = &topic->partitions.items[i];
        struct rk_fetch_topic *found = rk_fetch_set_find_topic(
            &fetcher->own.set, by_id ? NULL : topic->topic, &topic->topic_id);
        struct rk_partition *partition =
            found ? rk_fetch_topic_find(found, entry->partition_index) : NULL;
        if (partition)
            *has_news |= take_partition(fetcher, partition, request, entry, now_us);
        else
            strangers += !is_forgotten(&fetcher->own.set, topic, entry->partition_index, by_id);
    }
    return strangers;
}

static void advance_session(struct rk_fetcher *fetcher, const struct rk_fetch_answer *answer)
{
    bool has_ended = fetcher->own.asked_ends != fetcher->own.session.ends;
    if (fetcher->own.is_full) {
        fetcher->own.session.id = answer->session_id;
        fetcher->own.session.epoch = answer->session_id && !has_ended ? 1 : 0;
    } else if (has_ended) {
        return; /* While the request was under way: the next one begins another. */
    } else if (fetcher->own.session.epoch == INT32_MAX) {
        fetcher->own.session.epoch = 1;
    } else {
        fetcher->own.session.epoch++;
    }
}

static void take_answer(struct rk_fetcher *fetcher, const struct rk_request *request,
                        uint64_t now_us) RK_ON_BROKER
{
    const struct rk_fetch_request *asked = request->message;
    const struct rk_fetch_answer *answer = request->answer;
    bool has_news = false;
    int32_t count = 0;
    int strangers = 0;
    advance_session(fetcher, answer);
    for (int32_t i = 0; i < answer->responses.count && strangers < MAX_STRANGERS; i++) {
        count += answer->responses.items[i].partitions.count;
        strangers += take_topic(fetcher, request, &answer->responses.items[i], &has_news, now_us);
    }
    fetcher->own.retry_at_us =
        now_us + rk_fetch_pace_on_answer(&fetcher->own.pace, has_news,
                                         now_us - fetcher->own.asked_us,
                                         (uint64_t)asked->max_wait_ms * 1000);
    /* The broker's idea of the session is not ours. Nothing at all is a pause it asks for. */
    if (fetcher->own.is_full ? count != fetcher->own.asked_count && count > 0 : strangers > 0)
        rk_fetcher_end_session(fetcher, !fetcher->own.is_full);
}

/* The request as a whole. */
static void on_failure(struct rk_fetcher *fetcher, rd_kafka_resp_err_t err, const char *text,
                       uint64_t now_us) RK_ON_BROKER
{
    struct rk_core *core = fetcher->consumer->core;
    bool is_session_error = err == RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND ||
                            err == RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH;
    rk_fetcher_end_session(fetcher, err != RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND);
    fetcher->own.failures++;
    rk_log_debug(core, RK_DEBUG_FETCH, "FETCHERR", "%s: Fetch failed: %s",
                 rk_broker_name(fetcher->broker), text);
    if (err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && fetcher->own.failures == 1) {
        char *whole = rk_failure_text(
            &(struct rk_failure){
                .err = err, .words = text, .attempts = 1, .since_us = fetcher->own.asked_us},
            now_us);
        rk_core_post_error(core, err, "%s", whole);
        rk_free(whole);
    }
    if (is_session_error && fetcher->own.failures == 1)
        return;
    if (!is_session_error)
        rk_fetcher_return_followers(fetcher, RK_NEVER, RK_RETURN_NO_FOLLOWER);
    fetcher->own.retry_at_us =
        now_us + rk_backoff_us((uint64_t)core->conf->retry_backoff_ms * 1000,
                               (uint64_t)core->conf->retry_backoff_max_ms * 1000,
                               fetcher->own.failures - 1);
    rk_fetcher_run_at(fetcher, fetcher->own.retry_at_us);
}

void rk_fetch_answer_on_done(struct rk_request *request)
{
    struct rk_fetcher *fetcher = request->owner;
    const struct rk_fetch_answer *answer = request->answer;
    rk_on_broker(fetcher->loop);
    uint64_t now_us = rk_clock_now_us();
    fetcher->own.is_fetching = false;
    if (fetcher->own.is_ended || request->err == RD_KAFKA_RESP_ERR__DESTROY) {
        /* Nobody waits for it. */
    } else if (request->err) {
        on_failure(fetcher, request->err, request->error_text, now_us);
    } else if (answer->error_code) {
        rd_kafka_resp_err_t err = rk_error_of_broker(answer->error_code);
        on_failure(fetcher, err, rd_kafka_err2str(err), now_us);
    } else {
        fetcher->own.failures = 0;
        take_answer(fetcher, request, now_us);
    }
    rk_request_destroy(request);
}
