/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/fetch_request.h"

#include <inttypes.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/fetch_answer.h"
#include "consumer/offset_validation.h"
#include "consumer/partition_reason.h"
#include "runtime/signal.h"
#include "wire/messages.h"

#define FIRST_WITH_SESSIONS    7
#define FIRST_WITH_TOPIC_IDS   13
#define FIRST_WITH_ALL_MAGICS  4  /* Brokers claim older ones that they refuse (KAFKA-18659). */
#define SHORT_WAIT_MS          10 /* While a partition may get room at any time. */
#define MAX_SHORT_WAIT_DOUBLES 6

struct rk_budget *rk_fetch_request_budget(const struct rk_fetcher *fetcher,
                                          const struct rk_partition *partition)
{
    bool is_shared =
        partition->own.is_assigned && !rk_queue_is_forwarded_by_application(partition->queue);
    return is_shared ? fetcher->budget : partition->budget;
}

struct rk_error_place rk_fetch_request_error_place(const struct rk_fetcher *fetcher,
                                                   const struct rk_partition *partition,
                                                   int64_t offset)
{
    return (struct rk_error_place){
        .cursor = partition->own.position.cursor,
        .version = partition->own.position.version,
        .offset = offset,
        .prefetch = partition->prefetch,
        .budget = rk_fetch_request_budget(fetcher, partition),
    };
}

/* What may be fetched */

struct selection {
    struct rk_fetcher *fetcher;
    uint64_t now_us;
    int16_t version;
    uint64_t next_us; /* When a back-off ends. */
    bool needs_validation;
    int count;
    int held;     /* Wait for room. */
    int64_t room; /* Bytes. */
    bool has_shared;
    bool is_barred; /* A partition is to be served by this broker whatever is nearer. */
};

static bool has_room(struct selection *selection, struct rk_partition *partition,
                     const struct rk_budget *budget)
{
    if (partition->own.is_held)
        partition->own.is_held = !rk_prefetch_is_low(partition->prefetch);
    else
        partition->own.is_held = rk_prefetch_is_full(partition->prefetch);
    bool has_room = !partition->own.is_held && rk_budget_is_low(budget);
    selection->held += !has_room;
    return has_room;
}

static void select_partition(struct selection *selection, struct rk_partition *partition)
{
    const struct rk_fetch_position *position = &partition->own.position;
    partition->own.is_fetchable = false;
    if (!rk_cursor_is(position->cursor, position->version))
        return; /* Void: it is about to be asked back. */
    if (partition->own.walk.block) {
        selection->held++;
        return;
    }
    if (partition->own.retry_at_us > selection->now_us) {
        selection->next_us = RK_MIN(selection->next_us, partition->own.retry_at_us);
        return;
    }
    if (rk_offset_validation_is_due(partition, selection->version)) {
        selection->needs_validation = true;
        return;
    }
    struct rk_budget *budget = rk_fetch_request_budget(selection->fetcher, partition);
    if (!has_room(selection, partition, budget))
        return;
    partition->own.is_fetchable = true;
    selection->is_barred |= partition->own.barred_us > selection->now_us;
    selection->count++;
    if (budget == selection->fetcher->budget)
        selection->has_shared = true;
    else
        selection->room += rk_budget_left(budget);
}

static void select_partitions(struct selection *selection)
{
    const struct rk_fetch_set *set = &selection->fetcher->own.set;
    selection->next_us = RK_NEVER;
    selection->count = selection->held = 0;
    selection->room = 0;
    selection->has_shared = selection->is_barred = false;
    for (int t = 0; t < set->topic_count; t++) {
        for (int i = 0; i < set->topics[t]->count; i++)
            select_partition(selection, set->topics[t]->items[i]);
    }
    if (selection->has_shared)
        selection->room += rk_budget_left(selection->fetcher->budget);
}

/* The request */

static int32_t partition_max_bytes(const struct rk_fetcher *fetcher,
                                   const struct rk_partition *partition)
{
    const struct rk_conf *conf = fetcher->consumer->core->conf;
    if (partition->own.max_bytes > 0)
        return partition->own.max_bytes;
    struct rk_budget *budget = rk_fetch_request_budget(fetcher, partition);
    if (budget == fetcher->budget)
        return conf->fetch_message_max_bytes;
    return (int32_t)RK_MAX(1, RK_MIN(rk_budget_left(budget), conf->fetch_message_max_bytes));
}

static struct rk_fetch_sent to_be_sent(const struct rk_fetcher *fetcher,
                                       const struct rk_partition *partition, int16_t version)
{
    return (struct rk_fetch_sent){
        .offset = partition->own.position.offset,
        .epoch = version >= RK_FIRST_FETCH_WITH_LAST_EPOCH ? partition->own.position.epoch : -1,
        .leader_epoch = partition->own.leader_epoch,
        .max_bytes = partition_max_bytes(fetcher, partition),
    };
}

static bool is_same(const struct rk_fetch_sent *a, const struct rk_fetch_sent *b)
{
    return a->offset == b->offset && a->epoch == b->epoch && a->leader_epoch == b->leader_epoch &&
           a->max_bytes == b->max_bytes;
}

/* Fills in what the broker does not know yet. False: no memory. */
static bool add_topic(struct rk_fetcher *fetcher, struct rk_request *request, int16_t version,
                      const struct rk_fetch_topic *topic) RK_ON_BROKER
{
    struct rk_fetch_request *message = request->message;
    struct rk_fetch_request_partition *items =
        rk_fetch_request_partition_try_new(&request->arena, topic->count);
    int32_t count = 0;
    if (!items)
        return false;
    for (int i = 0; i < topic->count; i++) {
        struct rk_partition *partition = topic->items[i];
        if (!partition->own.is_fetchable)
            continue;
        struct rk_fetch_sent sent = to_be_sent(fetcher, partition, version);
        if (partition->own.is_in_session && is_same(&sent, &partition->own.sent))
            continue;
        items[count].partition = partition->number;
        items[count].current_leader_epoch = sent.leader_epoch;
        items[count].fetch_offset = sent.offset;
        items[count].last_fetched_epoch = sent.epoch;
        items[count].partition_max_bytes = sent.max_bytes;
        partition->own.sent = sent;
        partition->own.is_in_session = true;
        rk_log_debug(fetcher->consumer->core, RK_DEBUG_FETCH | RK_DEBUG_MSG, "FETCH",
                     "%s: Fetch topic %s [%d] at offset %" PRId64 " (v%d, leader epoch %d)",
                     rk_broker_name(fetcher->broker), rk_topic_name(topic->topic),
                     (int)partition->number, sent.offset, (int)partition->own.position.version,
                     (int)sent.leader_epoch);
        count++;
    }
    if (count == 0)
        return true;
    struct rk_fetch_request_topic *entry = &message->topics.items[message->topics.count++];
    entry->topic = rk_topic_name(topic->topic);
    entry->topic_id = topic->id;
    entry->partitions.items = items;
    entry->partitions.count = count;
    fetcher->own.asked_count += count;
    return true;
}

static bool add_topics(struct rk_fetcher *fetcher, struct rk_request *request,
                       int16_t version) RK_ON_BROKER
{
    const struct rk_fetch_set *set = &fetcher->own.set;
    struct rk_fetch_request *message = request->message;
    message->topics.items = rk_fetch_request_topic_try_new(&request->arena, set->topic_count);
    message->topics.count = 0;
    fetcher->own.asked_count = 0;
    if (!message->topics.items)
        return false;
    for (int i = 0; i < set->topic_count; i++) {
        int at = (fetcher->own.first_topic + i) % set->topic_count;
        if (!add_topic(fetcher, request, version, set->topics[at]))
            return false;
    }
    if (fetcher->own.session.id == 0)
        fetcher->own.first_topic = (fetcher->own.first_topic + 1) % set->topic_count;
    return true;
}

/* Those in the session that may not be fetched now leave it. */
static void forget_unfetchable(struct rk_fetch_set *set)
{
    for (int t = 0; t < set->topic_count; t++) {
        const struct rk_fetch_topic *topic = set->topics[t];
        for (int i = 0; i < topic->count; i++) {
            if (topic->items[i]->own.is_in_session && !topic->items[i]->own.is_fetchable)
                rk_fetch_set_forget(set, topic, topic->items[i]);
        }
    }
}

/* It came back before the broker was told that it had left: the request names it anew. */
static bool has_come_back(struct rk_fetch_set *set, const struct rk_forgotten *forgotten,
                          bool by_id)
{
    struct rk_fetch_topic *topic =
        rk_fetch_set_find_topic(set, by_id ? NULL : forgotten->topic, &forgotten->id);
    struct rk_partition *partition = topic ? rk_fetch_topic_find(topic, forgotten->number) : NULL;
    return partition && partition->own.is_fetchable;
}

static bool add_forgotten(struct rk_fetcher *fetcher, struct rk_request *request)
{
    struct rk_fetch_set *set = &fetcher->own.set;
    struct rk_fetch_request *message = request->message;
    if (set->forgotten_count == 0)
        return true;
    message->forgotten_topics_data.items =
        rk_fetch_request_forgotten_topic_try_new(&request->arena, set->forgotten_count);
    message->forgotten_topics_data.count = 0;
    if (!message->forgotten_topics_data.items)
        return false;
    for (int i = 0; i < set->forgotten_count; i++) {
        const struct rk_forgotten *forgotten = &set->forgotten[i];
        if (has_come_back(set, forgotten, fetcher->own.session.by_id))
            continue;
        struct rk_fetch_request_forgotten_topic *entry =
            &message->forgotten_topics_data.items[message->forgotten_topics_data.count++];
        entry->topic = forgotten->topic;
        entry->topic_id = forgotten->id;
        entry->partitions.items = rk_request_try_alloc(request, sizeof(int32_t));
        if (!entry->partitions.items)
            return false;
        entry->partitions.items[0] = forgotten->number;
        entry->partitions.count = 1;
    }
    set->forgotten_count = 0;
    return true;
}

/* Short while a partition waits for room, so that it is fetched soon after it has got some; longer
 * and longer while it does not get any. */
static int32_t max_wait_ms(struct rk_fetcher *fetcher, const struct selection *selection)
{
    int32_t wanted_ms = fetcher->consumer->core->conf->fetch_wait_max_ms;
    if (selection->held == 0) {
        fetcher->own.held_requests = 0;
        return wanted_ms;
    }
    unsigned doubles = RK_MIN(fetcher->own.held_requests, (unsigned)MAX_SHORT_WAIT_DOUBLES);
    fetcher->own.held_requests++;
    return RK_MIN(wanted_ms, SHORT_WAIT_MS << doubles);
}

static void fill_in(struct rk_fetcher *fetcher, struct rk_request *request,
                    const struct selection *selection)
{
    const struct rk_conf *conf = fetcher->consumer->core->conf;
    struct rk_fetch_request *message = request->message;
    message->max_wait_ms = max_wait_ms(fetcher, selection);
    message->min_bytes = conf->fetch_min_bytes;
    message->max_bytes =
        (int32_t)RK_MAX(1, RK_MIN((int64_t)conf->fetch_max_bytes, selection->room));
    message->isolation_level = conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
    message->session_id = fetcher->own.session.id;
    message->session_epoch = fetcher->own.session.epoch;
    message->rack_id = conf->client_rack && !selection->is_barred ? conf->client_rack : "";
    request->timeout_us =
        ((uint64_t)conf->socket_timeout_ms + (uint64_t)message->max_wait_ms) * 1000;
}

static int16_t choose_version(const struct rk_fetcher *fetcher) RK_ON_BROKER
{
    struct rk_connection *connection = rk_broker_connection(fetcher->broker, RK_PURPOSE_FETCH);
    int16_t max_version = fetcher->own.set.topics_without_id > 0
                              ? FIRST_WITH_TOPIC_IDS - 1
                              : rk_api_stable_version(rk_api_find(RK_API_FETCH));
    int16_t version =
        rk_connection_version(connection, RK_API_FETCH, FIRST_WITH_ALL_MAGICS, max_version);
    return version >= 0 ? version : rk_connection_version(connection, RK_API_FETCH, 0, max_version);
}

/* A session names topics either by name or by id, all of them. */
static void prepare_session(struct rk_fetcher *fetcher, int16_t version) RK_ON_BROKER
{
    bool by_id = version >= FIRST_WITH_TOPIC_IDS;
    if (version < FIRST_WITH_SESSIONS)
        rk_fetcher_end_session(fetcher, false);
    else if (fetcher->own.session.by_id != by_id)
        rk_fetcher_end_session(fetcher, true);
    fetcher->own.session.by_id = by_id;
    fetcher->own.is_full = fetcher->own.session.epoch == 0;
    if (fetcher->own.is_full)
        rk_fetch_set_leave_session(&fetcher->own.set);
    else
        forget_unfetchable(&fetcher->own.set);
}

void rk_fetch_request_send(struct rk_fetcher *fetcher, uint64_t now_us)
{
    int16_t version = choose_version(fetcher);
    struct selection selection = {.fetcher = fetcher, .now_us = now_us, .version = version};
    select_partitions(&selection);
    if (selection.held > 0) {
        /* Room that came before this is seen now, later room is told of. */
        rk_signal_raise(&fetcher->consumer->room->is_wanted);
        select_partitions(&selection);
    }
    if (selection.next_us != RK_NEVER)
        rk_fetcher_run_at(fetcher, selection.next_us);
    if (selection.needs_validation)
        rk_offset_validation_send(fetcher, now_us);
    if (selection.count == 0)
        return;
    struct rk_request *request =
        rk_request_try_new(RK_API_FETCH, fetcher->loop, rk_fetch_answer_on_done, fetcher);
    bool is_built = false;
    if (request) {
        request->min_version = request->max_version = RK_MAX(version, 0);
        prepare_session(fetcher, version);
        fill_in(fetcher, request, &selection);
        is_built = add_topics(fetcher, request, version) && add_forgotten(fetcher, request);
    }
    if (!is_built) { /* No memory. */
        rk_request_destroy(request);
        rk_fetcher_end_session(fetcher, true);
        fetcher->own.retry_at_us = now_us + 100000;
        rk_fetcher_run_at(fetcher, fetcher->own.retry_at_us);
        return;
    }
    fetcher->own.last_request++;
    fetcher->own.asked_ends = fetcher->own.session.ends;
    fetcher->own.is_fetching = true;
    int32_t wait_ms = ((const struct rk_fetch_request *)request->message)->max_wait_ms;
    rk_fetcher_expect_answer(fetcher, now_us + (uint64_t)wait_ms * 1000);
    fetcher->own.asked_us = now_us;
    rk_partition_reason_pass(fetcher, now_us);
    rk_connection_send(rk_broker_connection(fetcher->broker, RK_PURPOSE_FETCH), request);
}
