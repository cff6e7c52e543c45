/* SPDX-License-Identifier: BSD-2-Clause */
/* The scenario's verbs about clients. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/checkers.h"
#include "sim/run.h"
#include "sim/scheduler.h"

enum { VALUE_MAX = 1024, BIG_VALUE_MAX = 65536, POLL_MS = 100, LEVEL_DEBUG = 7 };
/* A consumer waits a while for its last commit. */
enum { DESTROY_MS = 1000, DESTROY_CONSUMER_MS = 4000 };
enum { LOGGED_MAX = 1000 };

static struct sim_client *clients;
static int client_count;
static struct {
    const char *facilities[LOGGED_MAX]; /* Static. */
    int count;
} logged;

struct sim_client *sim_clients(void)
{
    return clients;
}

rd_kafka_t *sim_handle(struct sim_client *client)
{
    return client->handle;
}

/* Callbacks */

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    sim_on_report(opaque, message);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    sim_trace_text("error_cb %d: %s: %s", ((struct sim_client *)opaque)->number,
                   rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct sim_client *client = rd_kafka_opaque(rk);
    if (logged.count < LOGGED_MAX)
        logged.facilities[logged.count++] = facility;
    if (level < LEVEL_DEBUG || getenv("SIM_DEBUG"))
        sim_trace_text("log %d %s: %s", client ? client->number : 0, facility, text);
}

int sim_logged(const char *facility)
{
    int count = 0;
    for (int i = 0; i < logged.count; i++)
        count += strcmp(logged.facilities[i], facility) == 0;
    return count;
}

/* Life */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    sim_check(rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK, "%s",
              text);
}

/* Topic properties that were not set are unknown to the configuration: they have their default. */
static bool has(const rd_kafka_conf_t *conf, const char *name, const char *value,
                const char *otherwise)
{
    char text[64];
    size_t size = sizeof(text);
    bool is_set = rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK;
    return strcmp(is_set ? text : otherwise, value) == 0;
}

static void learn_promises(struct sim_client *client, const rd_kafka_conf_t *conf)
{
    client->is_idempotent = has(conf, "enable.idempotence", "true", "false");
    client->is_ordered =
        (client->is_idempotent || has(conf, "max.in.flight.requests.per.connection", "1", "")) &&
        has(conf, "queuing.strategy", "fifo", "fifo") && !has(conf, "acks", "0", "-1");
    client->is_acked_by_all = has(conf, "acks", "-1", "-1");
}

static struct sim_client *new_client(rd_kafka_type_t type, void (*prepare)(rd_kafka_conf_t *conf),
                                     const char *property, va_list rest)
{
    struct sim_client *client = sim_alloc(sizeof(*client));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];
    client->number = ++client_count;
    client->is_producer = type == RD_KAFKA_PRODUCER;
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    set(conf, "bootstrap.servers", sim_bootstraps());
    if (client->is_producer)
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    else
        set(conf, "group.id", "g");
    for (; property; property = va_arg(rest, const char *))
        set(conf, property, va_arg(rest, const char *));
    if (client->is_producer)
        learn_promises(client, conf);
    if (prepare)
        prepare(conf);
    client->handle = rd_kafka_new(type, conf, text, sizeof(text));
    sim_check(client->handle != NULL, "no client: %s", text);
    client->next = clients;
    clients = client;
    return client;
}

struct sim_client *sim_producer(const char *property, ...)
{
    va_list rest;
    va_start(rest, property);
    struct sim_client *client = new_client(RD_KAFKA_PRODUCER, NULL, property, rest);
    va_end(rest);
    return client;
}

struct sim_client *sim_consumer(const char *property, ...)
{
    va_list rest;
    va_start(rest, property);
    struct sim_client *client = new_client(RD_KAFKA_CONSUMER, NULL, property, rest);
    va_end(rest);
    return client;
}

struct sim_client *sim_consumer_with(void (*prepare)(rd_kafka_conf_t *conf), const char *property,
                                     va_list rest)
{
    return new_client(RD_KAFKA_CONSUMER, prepare, property, rest);
}

void sim_destroy(struct sim_client *client, int64_t within_ms)
{
    uint64_t begin_us = sim_now_us();
    client->is_destroyed = true;
    sim_note("client %d is destroyed", client->number);
    rd_kafka_destroy(client->handle);
    client->handle = NULL;
    int64_t took_ms = (int64_t)((sim_now_us() - begin_us) / 1000);
    sim_check(took_ms <= within_ms || (sim_allowances() & SIM_ALLOW_SLOW_DESTROY),
              "destroying client %d took %d ms", client->number, (int)took_ms);
}

void sim_clients_end(void)
{
    for (struct sim_client *client = clients; client; client = client->next) {
        if (client->handle)
            sim_destroy(client, rd_kafka_type(client->handle) == RD_KAFKA_CONSUMER
                                    ? DESTROY_CONSUMER_MS
                                    : DESTROY_MS);
    }
}

/* Producing */

void sim_poll_for(struct sim_client *client, int64_t ms)
{
    uint64_t end_us = sim_now_us() + (uint64_t)ms * 1000;
    while (sim_now_us() < end_us)
        rd_kafka_poll(client->handle, (int)((end_us - sim_now_us() + 999) / 1000));
}

static size_t random_size(void)
{
    if (sim_one_in(200))
        return sim_below(BIG_VALUE_MAX);
    return sim_one_in(10) ? sim_below(VALUE_MAX) : sim_below(100);
}

/* Memory of the application's, which the library frees. */
static rd_kafka_resp_err_t hand_over(struct sim_client *client, const char *topic, int partition,
                                     int flags, const char *text, size_t size, int64_t number)
{
    char *own = malloc(size);
    sim_check(own != NULL, "no memory");
    memcpy(own, text, size);
    rd_kafka_resp_err_t err =
        rd_kafka_producev(client->handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_MSGFLAGS(flags), RD_KAFKA_V_VALUE(own, size),
                          RD_KAFKA_V_OPAQUE((void *)(intptr_t)(number + 1)), RD_KAFKA_V_END);
    if (err)
        free(own);
    return err;
}

rd_kafka_resp_err_t sim_produce_one(struct sim_client *client, const char *topic, int partition,
                                    int flags, size_t size)
{
    char text[BIG_VALUE_MAX + 64];
    rd_kafka_resp_err_t err;
    int64_t number = sim_message_add(client, topic, partition);
    sim_hide_begin();
    size = sim_message_text(client, number, text, sizeof(text), size ? size : random_size());
    sim_hide_end();
    if (flags & RD_KAFKA_MSG_F_FREE)
        err = hand_over(client, topic, partition, flags, text, size, number);
    else
        err = rd_kafka_producev(
            client->handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
            RD_KAFKA_V_MSGFLAGS(flags | RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(text, size),
            RD_KAFKA_V_OPAQUE((void *)(intptr_t)(number + 1)), RD_KAFKA_V_END);
    if (err) {
        struct sim_message *message = &client->messages[number];
        sim_check(message->reports == 0, "message %d-%d was refused, but has a report",
                  client->number, (int)number);
        message->is_refused = 1;
        client->refused++;
    }
    return err;
}

void sim_produce(struct sim_client *client, const char *topic, int partition, int count)
{
    for (int i = 0; i < count;) {
        int flags = sim_one_in(4) ? RD_KAFKA_MSG_F_FREE : RD_KAFKA_MSG_F_COPY;
        rd_kafka_resp_err_t err = sim_produce_one(client, topic, partition, flags, 0);
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(client->handle, POLL_MS);
            continue;
        }
        sim_check(!err, "produce to %s [%d]: %s", topic, partition, rd_kafka_err2name(err));
        i++;
        if (sim_one_in(16))
            rd_kafka_poll(client->handle, 0);
    }
}

void sim_flush(struct sim_client *client, int64_t within_ms)
{
    rd_kafka_resp_err_t err = rd_kafka_flush(client->handle, (int)within_ms);
    struct sim_counts counts = sim_counts(client);
    sim_check(!err, "flush of client %d within %d ms: %s, %d messages are left", client->number,
              (int)within_ms, rd_kafka_err2name(err), rd_kafka_outq_len(client->handle));
    sim_check(
        counts.acked + counts.not_persisted + counts.possibly_persisted == counts.accepted,
        "flush of client %d has ended, but %d messages are not reported", client->number,
        (int)(counts.accepted - counts.acked - counts.not_persisted - counts.possibly_persisted));
}

void sim_await_acked(struct sim_client *client, uint64_t count, int64_t within_ms)
{
    uint64_t end_us = sim_now_us() + (uint64_t)within_ms * 1000;
    while (client->acked < count && sim_now_us() < end_us)
        rd_kafka_poll(client->handle, (int)((end_us - sim_now_us() + 999) / 1000));
    sim_check(client->acked >= count, "client %d has %d messages delivered after %d ms, not %d",
              client->number, (int)client->acked, (int)within_ms, (int)count);
}

struct sim_counts sim_counts(const struct sim_client *client)
{
    return (struct sim_counts){
        .accepted = (uint64_t)client->message_count - client->refused,
        .acked = client->acked,
        .not_persisted = client->not_persisted,
        .possibly_persisted = client->possibly_persisted,
    };
}

/* Consuming */

static rd_kafka_topic_partition_list_t *list_of(const char *topic, int first, int count,
                                                int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, first + i)->offset = offset;
    return list;
}

/* The offset that comes next; -1 when it is not known from here. */
static void expect(struct sim_client *client, const char *topic, int partition, int64_t offset)
{
    sim_progress_of(client, topic, partition)->expected = offset >= 0 ? offset
                                                          : offset == RD_KAFKA_OFFSET_BEGINNING
                                                              ? 0
                                                              : -1;
}

void sim_assign(struct sim_client *client, const char *topic, int partition_count, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = list_of(topic, 0, partition_count, offset);
    sim_note("consumer %d: assign %s, %d partitions at %d", client->number, topic, partition_count,
             (int)offset);
    for (int i = 0; i < partition_count; i++)
        expect(client, topic, i, offset);
    rd_kafka_resp_err_t err = rd_kafka_assign(client->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    sim_check(!err, "assign: %s", rd_kafka_err2name(err));
}

void sim_seek(struct sim_client *client, const char *topic, int partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = list_of(topic, partition, 1, offset);
    sim_note("consumer %d: seek %s [%d] to %d", client->number, topic, partition, (int)offset);
    rd_kafka_error_t *error = rd_kafka_seek_partitions(client->handle, list, 0);
    sim_check(!error, "seek: %s", rd_kafka_error_string(error));
    sim_check(!list->elems[0].err, "seek: %s", rd_kafka_err2name(list->elems[0].err));
    rd_kafka_topic_partition_list_destroy(list);
    expect(client, topic, partition, offset);
}

void sim_pause(struct sim_client *client, const char *topic, int partition, bool is_paused)
{
    rd_kafka_topic_partition_list_t *list = list_of(topic, partition, 1, RD_KAFKA_OFFSET_INVALID);
    sim_note("consumer %d: %s %s [%d]", client->number, is_paused ? "pause" : "resume", topic,
             partition);
    rd_kafka_resp_err_t err = is_paused ? rd_kafka_pause_partitions(client->handle, list)
                                        : rd_kafka_resume_partitions(client->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    sim_check(!err, "pause or resume: %s", rd_kafka_err2name(err));
}

static void change(struct sim_client *client, const char *topic, int partition, int64_t offset,
                   const char *verb,
                   rd_kafka_error_t *call(rd_kafka_t *rk,
                                          const rd_kafka_topic_partition_list_t *list))
{
    rd_kafka_topic_partition_list_t *list = list_of(topic, partition, 1, offset);
    sim_note("consumer %d: %s %s [%d] at %d", client->number, verb, topic, partition, (int)offset);
    rd_kafka_error_t *error = call(client->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    sim_check(!error, "%s: %s", verb, rd_kafka_error_string(error));
}

void sim_assign_one(struct sim_client *client, const char *topic, int partition, int64_t offset)
{
    expect(client, topic, partition, offset);
    change(client, topic, partition, offset, "assign", rd_kafka_incremental_assign);
}

void sim_unassign_one(struct sim_client *client, const char *topic, int partition)
{
    change(client, topic, partition, RD_KAFKA_OFFSET_INVALID, "unassign",
           rd_kafka_incremental_unassign);
}

bool sim_consume_one(struct sim_client *client, int64_t within_ms)
{
    uint64_t end_us = sim_now_us() + (uint64_t)within_ms * 1000;
    for (;;) {
        uint64_t now_us = sim_now_us();
        int left_ms = now_us < end_us ? (int)((end_us - now_us + 999) / 1000) : 0;
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client->handle, left_ms);
        if (!message)
            return false;
        bool is_message = !message->err;
        if (is_message)
            sim_on_message(client, message);
        else
            sim_note("consumer %d: %s", client->number, rd_kafka_message_errstr(message));
        rd_kafka_message_destroy(message);
        if (is_message)
            return true;
    }
}

void sim_consume(struct sim_client *client, int count, int64_t within_ms)
{
    uint64_t end_us = sim_now_us() + (uint64_t)within_ms * 1000;
    for (int i = 0; i < count; i++) {
        int64_t left_ms = end_us > sim_now_us() ? (int64_t)(end_us - sim_now_us()) / 1000 : 0;
        sim_check(sim_consume_one(client, left_ms),
                  "consumer %d got %d of %d messages within %d ms", client->number, i, count,
                  (int)within_ms);
    }
}

static int64_t missing(const struct sim_client *client, const char *topic, int partition_count)
{
    int64_t sum = 0;
    for (const struct sim_progress *at = client->progress; at; at = at->next) {
        if (topic && (at->partition >= partition_count || strcmp(topic, at->topic) != 0))
            continue;
        sum += sim_log_end(at->topic, at->partition) - (at->expected > 0 ? at->expected : 0);
    }
    return sum;
}

void sim_consume_all_of(struct sim_client *client, const char *topic, int partition_count,
                        int64_t within_ms)
{
    uint64_t end_us = sim_now_us() + (uint64_t)within_ms * 1000;
    for (int64_t left; (left = missing(client, topic, partition_count)) > 0;) {
        int64_t left_ms = end_us > sim_now_us() ? (int64_t)(end_us - sim_now_us()) / 1000 : 0;
        for (int64_t i = 0; i < left; i++)
            sim_check(sim_consume_one(client, left_ms),
                      "consumer %d has not got %d messages within %d ms", client->number,
                      (int)(left - i), (int)within_ms);
    }
}

void sim_consume_all(struct sim_client *client, int64_t within_ms)
{
    sim_consume_all_of(client, NULL, 0, within_ms);
}

uint64_t sim_consumed(const struct sim_client *client)
{
    return client->consumed;
}
