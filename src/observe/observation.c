/* SPDX-License-Identifier: BSD-2-Clause */
#include "observe/observation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/reason.h"
#include "conf/conf.h"
#include "consumer/assignment.h"
#include "consumer/consumer_private.h"
#include "event/core.h"
#include "event/queue.h"
#include "group/group.h"
#include "producer/producer.h"

const char *rk_observation_text(struct rk_arena *arena, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const char *copy = rk_arena_try_text(arena, text, (size_t)RK_MIN(size, (int)sizeof(text) - 1));
    return copy ? copy : "";
}

void rk_observation_set_reason(struct rk_arena *arena, struct rk_stats_partition *partition,
                               const struct rk_reason *reason, uint64_t now_us)
{
    char text[256];
    rk_reason_format(reason, now_us, text, sizeof(text));
    partition->reason_code = rk_reason_code(reason->kind);
    partition->reason = rk_observation_text(arena, "%s", text);
}

/* Totals */

static void sum_broker(struct rk_stats_client *client, const struct rk_stats_broker *broker)
{
    client->tx += broker->tx;
    client->tx_bytes += broker->txbytes;
    client->rx += broker->rx;
    client->rx_bytes += broker->rxbytes;
}

static void sum_topic(struct rk_stats_client *client, const struct rk_stats_topic *topic)
{
    for (int i = 0; i < topic->partitions.count; i++) {
        const struct rk_stats_partition *partition = &topic->partitions.items[i];
        client->txmsgs += partition->txmsgs;
        client->txmsg_bytes += partition->txbytes;
        client->rxmsgs += partition->rxmsgs;
        client->rxmsg_bytes += partition->rxbytes;
    }
}

static void see_producer(struct rk_stats_client *client, struct rk_producer *producer)
{
    client->msg_cnt = atomic_load_explicit(&producer->queued_messages, memory_order_relaxed);
    client->msg_size = atomic_load_explicit(&producer->queued_bytes, memory_order_relaxed);
    client->msg_max = producer->limits.queue_messages;
    client->msg_size_max = producer->limits.queue_bytes;
}

static void see_group(struct rk_observation *observation) RK_ON_BACKGROUND
{
    struct rk_stats_client *client = &observation->stats;
    struct rk_group_view view;
    rd_kafka_topic_partition_list_t *list = rk_assignment_copy(observation->subject.consumer);
    rk_group_look(observation->subject.group, observation->now_us, &view);
    client->cgrp = RK_NEW(struct rk_stats_cgrp);
    client->cgrp->state = view.state;
    client->cgrp->stateage = view.state_age_us / 1000;
    client->cgrp->join_state = view.join_state;
    client->cgrp->rebalance_age = view.rebalance_age_us / 1000;
    client->cgrp->rebalance_cnt = view.rebalance_count;
    client->cgrp->rebalance_reason =
        rk_observation_text(&observation->arena, "%s", view.rebalance_reason);
    client->cgrp->assignment_size = list->cnt;
    client->cgrp->reason = rk_observation_text(&observation->arena, "%s", view.waits_for);
    if (list->cnt > 0)
        client->simple_cnt = -1;
    rd_kafka_topic_partition_list_destroy(list);
}

static void see_fatal(struct rk_observation *observation)
{
    struct rk_core *core = observation->subject.core;
    char text[512];
    rd_kafka_resp_err_t err = rk_core_fatal_error(core, text, sizeof(text));
    if (!err)
        return;
    struct rk_stats_fatal *fatal = RK_NEW(struct rk_stats_fatal);
    observation->stats.fatal = fatal;
    fatal->error = rd_kafka_err2str(err);
    fatal->reason = rk_observation_text(&observation->arena, "%s", text);
    fatal->cnt = atomic_load_explicit(&core->fatal_count, memory_order_relaxed);
}

/* What is true of the client as a whole, once all loops have had their look. */
static void see_client(struct rk_observation *observation)
{
    const struct rk_subject *subject = &observation->subject;
    struct rk_stats_client *client = &observation->stats;
    int64_t wall_ms;
    client->ts = (int64_t)rk_clock_now_and_wall(&wall_ms);
    client->time = wall_ms / 1000;
    client->age = client->ts - (int64_t)subject->created_us;
    client->name = subject->core->name;
    client->client_id = subject->core->conf->client_id ? subject->core->conf->client_id : "rdkafka";
    client->type = subject->producer ? "producer" : "consumer";
    client->replyq = (int64_t)rk_queue_length(subject->core->main_queue);
    if (subject->producer)
        see_producer(client, subject->producer);
    see_fatal(observation);
    for (int i = 0; i < client->brokers.count; i++)
        sum_broker(client, &client->brokers.items[i]);
    for (int i = 0; i < client->topics.count; i++)
        sum_topic(client, &client->topics.items[i]);
}

/* Its loops */

static void release(struct rk_observation *observation)
{
    if (atomic_fetch_sub(&observation->references, 1) != 1)
        return;
    void (*abandoned)(void *argument) = observation->abandoned;
    void *argument = observation->argument;
    if (atomic_load(&observation->is_abandoned)) {
        rk_observation_destroy(observation);
        abandoned(argument);
        return;
    }
    see_client(observation);
    observation->done(observation, argument);
}

static void abandon(struct rk_observation *observation)
{
    atomic_store(&observation->is_abandoned, true);
    release(observation);
}

struct broker_mail {
    struct rk_mail mail;
    struct rk_observation *observation;
    struct rk_stats_broker *item;
};

static int64_t messages_in(const struct rk_request_list *list, int64_t *messages)
{
    int64_t count = 0;
    const struct rk_request *request;
    TAILQ_FOREACH (request, list, link) {
        *messages += request->message_count;
        count++;
    }
    return count;
}

static int64_t age_of(uint64_t since_us, uint64_t now_us)
{
    return since_us ? (int64_t)(now_us - RK_MIN(since_us, now_us)) : -1;
}

static const char *purpose_name(enum rk_purpose purpose)
{
    static const char *const names[] = {
        [RK_PURPOSE_GENERAL] = "general", [RK_PURPOSE_PRODUCE] = "produce",
        [RK_PURPOSE_FETCH] = "fetch",     [RK_PURPOSE_COORDINATOR] = "coordinator",
        [RK_PURPOSE_JOIN] = "join",
    };
    return names[purpose];
}

static void see_connection(struct rk_stats_broker *item, const struct rk_connection *connection,
                           uint64_t now_us)
{
    int64_t waiting = messages_in(&connection->own.outbox, &item->outbuf_msg_cnt) +
                      messages_in(&connection->own.unsent, &item->outbuf_msg_cnt);
    int64_t in_flight = messages_in(&connection->own.in_flight.requests, &item->waitresp_msg_cnt);
    item->outbuf_cnt += waiting;
    item->waitresp_cnt += in_flight;
    if (!item->connections || connection->own.state_since_us == 0)
        return; /* It was never used. */
    item->connections[item->connection_count++] = (struct rk_connection_view){
        .purpose = purpose_name(connection->purpose),
        .state = rk_connection_state_name(connection->own.state),
        .age_us = age_of(connection->own.state_since_us, now_us),
        .waiting = (int)waiting,
        .in_flight = (int)in_flight,
    };
}

static int64_t load(const _Atomic uint64_t *counter)
{
    return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

static void see_counters(struct rk_stats_broker *item, const struct rk_broker *broker)
{
    item->tx = load(&broker->stats.requests_sent);
    item->txbytes = load(&broker->stats.bytes_sent);
    item->txerrs = load(&broker->stats.send_errors);
    item->txretries = load(&broker->stats.retries_sent);
    item->req_timeouts = load(&broker->stats.requests_timed_out);
    item->rx = load(&broker->stats.answers_received);
    item->rxbytes = load(&broker->stats.bytes_received);
    item->rxerrs = load(&broker->stats.receive_errors);
    item->rxcorriderrs = load(&broker->stats.strange_answers);
    item->connects = load(&broker->stats.connects);
    item->disconnects = load(&broker->stats.disconnects);
    for (int key = 0; item->req && key < RK_API_COUNT; key++)
        item->req[key] = load(&broker->stats.requests[key]);
}

static void see_windows(struct rk_stats_broker *item, struct rk_broker *broker, bool resets)
{
    struct rk_broker_windows *windows = &broker->own.windows;
    rk_window_summarize(&windows->queue_us, &item->int_latency, resets);
    rk_window_summarize(&windows->outbox_us, &item->outbuf_latency, resets);
    rk_window_summarize(&windows->round_trip_us, &item->rtt, resets);
    rk_window_summarize(&windows->throttle_ms, &item->throttle, resets);
}

/* On the broker's loop, or on background while it has none, or that has no thread. */
static void see_broker(const struct rk_observation *observation, struct rk_stats_broker *item)
{
    struct rk_broker *broker = item->broker;
    uint64_t now_us = rk_clock_now_us();
    uint64_t since_us = load(&broker->stats.state_since_us);
    item->name = rk_observation_text(&item->arena, "%s", broker->own.name);
    item->key = item->name;
    item->nodeid = broker->id;
    item->nodename =
        rk_observation_text(&item->arena, "%.*s", (int)strcspn(item->name, "/"), item->name);
    item->source = item->is_seed ? "configured" : "learned";
    item->state = rk_connection_state_name(
        (enum rk_connection_state)atomic_load_explicit(&broker->stats.state, memory_order_relaxed));
    item->stateage = age_of(since_us ? since_us : observation->subject.created_us, now_us);
    item->txidle = age_of(broker->own.last_sent_us, now_us);
    item->rxidle = age_of(broker->own.last_received_us, now_us);
    item->wakeups = broker->owns_loop ? (int64_t)rk_loop_wakeups(broker->loop) : 0;
    item->req = rk_arena_try_alloc(&item->arena, RK_API_COUNT * sizeof(*item->req));
    const char *error = broker->own.last_error;
    item->error = rk_observation_text(&item->arena, "%s", error ? error : "");
    see_counters(item, broker);
    item->connections =
        rk_arena_try_alloc(&item->arena, RK_PURPOSE_COUNT * sizeof(*item->connections));
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        see_connection(item, &broker->own.connections[i], now_us);
    see_windows(item, broker, observation->resets_windows);
}

static void deliver_broker(struct rk_mail *mail)
{
    struct broker_mail *self = rk_container_of(mail, struct broker_mail, mail);
    struct rk_observation *observation = self->observation;
    rk_on_broker(self->item->broker->loop);
    see_broker(observation, self->item);
    rk_observation_see_partitions(observation, self->item);
    rk_free(self);
    release(observation);
}

static void discard_broker(struct rk_mail *mail)
{
    struct broker_mail *self = rk_container_of(mail, struct broker_mail, mail);
    struct rk_observation *observation = self->observation;
    rk_free(self);
    abandon(observation);
}

static void post_broker(struct rk_observation *observation, struct rk_stats_broker *item)
{
    struct broker_mail *self = RK_NEW(struct broker_mail);
    self->mail.deliver = deliver_broker;
    self->mail.discard = discard_broker;
    self->observation = observation;
    self->item = item;
    atomic_fetch_add(&observation->references, 1);
    rk_loop_post(item->broker->loop, &self->mail);
}

static void add_broker(struct rk_broker *broker, bool is_seed, void *argument)
{
    struct rk_observation *observation = argument;
    struct rk_stats_broker *items = observation->stats.brokers.items;
    if (is_seed && broker->own.port == 0)
        return; /* It has not had an address yet. */
    int count = observation->stats.brokers.count++;
    items = rk_realloc(items, ((size_t)count + 1) * sizeof(*items));
    items[count] = (struct rk_stats_broker){.broker = broker, .is_seed = is_seed};
    rk_arena_init(&items[count].arena, SIZE_MAX);
    observation->stats.brokers.items = items;
}

static int compare_id(const void *id, const void *item)
{
    int32_t one = *(const int32_t *)id;
    int32_t other = ((const struct rk_stats_broker *)item)->broker->id;
    return (one > other) - (one < other);
}

struct rk_stats_broker *rk_observation_find_broker(struct rk_observation *observation, int32_t id)
{
    return bsearch(&id, observation->stats.brokers.items, (size_t)observation->stats.brokers.count,
                   sizeof(struct rk_stats_broker), compare_id);
}

static void see_or_post(struct rk_observation *observation, struct rk_stats_broker *item)
{
    struct rk_broker *broker = item->broker;
    if (item->is_seed || !broker->known.is_started) {
        see_broker(observation, item);
    } else if (rk_loop_try_borrow(broker->loop)) {
        rk_on_broker(broker->loop);
        see_broker(observation, item);
        rk_observation_see_partitions(observation, item);
        rk_loop_give_back(broker->loop);
    } else {
        post_broker(observation, item);
    }
}

static void see_on_background(void *argument)
{
    struct rk_observation *observation = argument;
    struct rk_cluster *cluster = observation->subject.cluster;
    rk_on_background(rk_cluster_background(cluster));
    observation->now_us = rk_clock_now_us();
    rk_cluster_visit_brokers(cluster, add_broker, observation);
    rk_observation_see_topics(observation);
    if (observation->subject.group)
        see_group(observation);
    for (int i = 0; i < observation->stats.brokers.count; i++)
        see_or_post(observation, &observation->stats.brokers.items[i]);
    release(observation);
}

static void drop_on_background(void *argument)
{
    abandon(argument);
}

void rk_observation_start(const struct rk_subject *subject, bool resets_windows,
                          void (*done)(struct rk_observation *observation, void *argument),
                          void (*abandoned)(void *argument), void *argument)
{
    struct rk_observation *observation = RK_NEW(struct rk_observation);
    observation->subject = *subject;
    observation->resets_windows = resets_windows;
    observation->done = done;
    observation->abandoned = abandoned;
    observation->argument = argument;
    atomic_init(&observation->references, 1);
    rk_arena_init(&observation->arena, SIZE_MAX);
    rk_cluster_post_call(subject->cluster, see_on_background, drop_on_background, observation);
}

static void free_broker(struct rk_stats_broker *item)
{
    rk_free(item->toppars.items);
    rk_arena_clear(&item->arena);
}

void rk_observation_destroy(struct rk_observation *observation)
{
    struct rk_stats_client *client = &observation->stats;
    for (int i = 0; i < client->brokers.count; i++)
        free_broker(&client->brokers.items[i]);
    for (int i = 0; i < client->topics.count; i++)
        rk_free(client->topics.items[i].partitions.items);
    rk_free(client->brokers.items);
    rk_free(client->topics.items);
    rk_free(client->cgrp);
    rk_free(client->eos);
    rk_free(client->fatal);
    rk_arena_clear(&observation->arena);
    rk_free(observation);
}
