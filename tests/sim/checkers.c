/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/checkers.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/scheduler.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { BROKERS_MAX = 1024, LOOK_UP_MS = 50 };

static void *grow(void *items, int64_t count, int64_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = 2 * *capacity + 64;
    return sim_resize(items, (size_t)*capacity * size);
}

/* Noting */

int64_t sim_message_add(struct sim_client *client, const char *topic, int32_t partition)
{
    client->messages = grow(client->messages, client->message_count, &client->message_capacity,
                            sizeof(*client->messages));
    struct sim_message *message = &client->messages[client->message_count];
    sim_hide_begin();
    *message = (struct sim_message){.partition = partition, .offset = -1};
    snprintf(message->topic, sizeof(message->topic), "%s", topic);
    sim_hide_end();
    return client->message_count++;
}

size_t sim_message_text(const struct sim_client *client, int64_t number, char *text, size_t room,
                        size_t size)
{
    int length = snprintf(text, room, "%d-%" PRId64 " ", client->number, number);
    size_t end = (size_t)length < size ? size : (size_t)length;
    for (size_t i = (size_t)length; i < end && i < room; i++)
        text[i] = (char)('a' + i % 26);
    return end < room ? end : room;
}

/* Whose it is; -1 when it is nobody's. */
static void parse(struct sim_log_record *record, const char *text, size_t size)
{
    int64_t numbers[2] = {0, 0};
    size_t i = 0;
    record->client = -1;
    record->number = -1;
    for (int part = 0; part < 2; part++) {
        size_t begin = i;
        for (; i < size && text[i] >= '0' && text[i] <= '9'; i++)
            numbers[part] = 10 * numbers[part] + (text[i] - '0');
        if (i == begin || i == size || text[i++] != (part ? ' ' : '-'))
            return;
    }
    record->client = (int)numbers[0];
    record->number = numbers[1];
}

static void add_record(struct sim_log_record **records, size_t *count, size_t *capacity,
                       int64_t offset, const void *text, size_t size)
{
    int64_t room = (int64_t)*capacity;
    *records = grow(*records, (int64_t)*count, &room, sizeof(**records));
    *capacity = (size_t)room;
    struct sim_log_record *record = &(*records)[(*count)++];
    record->offset = offset;
    parse(record, text, text ? size : 0);
}

void sim_log_add(struct sim_log *log, int64_t offset, const void *text, size_t size)
{
    add_record(&log->records, &log->count, &log->capacity, offset, text, size);
}

void sim_on_report(struct sim_client *client, const rd_kafka_message_t *report)
{
    int64_t number = (int64_t)(intptr_t)report->_private - 1;
    if (number < 0)
        return; /* Not one of sim_produce(). */
    sim_check(number < client->message_count, "a report of a message that never was");
    struct sim_message *message = &client->messages[number];
    sim_check(!message->is_refused, "message %d-%" PRId64 " was refused, but has a report",
              client->number, number);
    sim_check(++message->reports == 1, "message %d-%" PRId64 " is reported twice", client->number,
              number);
    message->err = report->err;
    message->status = rd_kafka_message_status(report);
    message->partition = report->partition;
    message->offset = report->offset;
    if (!report->err)
        client->acked++;
    else if (message->status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
        client->not_persisted++;
    else
        client->possibly_persisted++;
    sim_check(report->err || message->status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
              "message %d-%" PRId64 " was delivered, but is said not to be persisted",
              client->number, number);
    sim_progress();
}

struct sim_progress *sim_progress_of(struct sim_client *client, const char *topic,
                                     int32_t partition)
{
    struct sim_progress *progress = client->progress;
    while (progress && (progress->partition != partition || strcmp(progress->topic, topic) != 0))
        progress = progress->next;
    if (progress)
        return progress;
    progress = sim_alloc(sizeof(*progress));
    sim_hide_begin();
    snprintf(progress->topic, sizeof(progress->topic), "%s", topic);
    sim_hide_end();
    progress->partition = partition;
    progress->expected = -1;
    progress->next = client->progress;
    client->progress = progress;
    return progress;
}

void sim_on_message(struct sim_client *client, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    struct sim_progress *progress = sim_progress_of(client, topic, message->partition);
    sim_check(progress->expected < 0 || message->offset == progress->expected ||
                  (sim_allowances() & SIM_ALLOW_GAPS),
              "consumer %d got offset %" PRId64 " of %s [%d] instead of %" PRId64, client->number,
              message->offset, topic, message->partition, progress->expected);
    progress->expected = message->offset + 1;
    add_record(&progress->records, &progress->count, &progress->capacity, message->offset,
               message->payload, message->len);
    client->consumed++;
    sim_progress();
}

/* Checks at the end */

static struct sim_client *client_of(int number)
{
    struct sim_client *client = sim_clients();
    while (client && client->number != number)
        client = client->next;
    return client;
}

static const struct sim_log *find_log(const struct sim_log *logs, const char *topic,
                                      int32_t partition)
{
    while (logs && (logs->partition != partition || strcmp(logs->topic, topic) != 0))
        logs = logs->next;
    return logs;
}

static const struct sim_log_record *find_record(const struct sim_log *log, int64_t offset)
{
    size_t low = 0, high = log ? log->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->records[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return log && low < log->count && log->records[low].offset == offset ? &log->records[low]
                                                                         : NULL;
}

/* Counts appearances; the first ones of what was delivered must come in order. */
static void check_log(const struct sim_log *log, struct sim_client *client)
{
    int64_t last = -1;
    uint8_t *seen = sim_alloc((size_t)client->message_count + 1);
    for (size_t i = 0; i < log->count; i++) {
        const struct sim_log_record *record = &log->records[i];
        if (record->client != client->number)
            continue;
        sim_check(record->number < client->message_count &&
                      !client->messages[record->number].is_refused,
                  "%s [%d] has message %d-%" PRId64 ", which was not produced", log->topic,
                  log->partition, record->client, record->number);
        client->messages[record->number].in_log++;
        if (seen[record->number]++ || !client->messages[record->number].reports ||
            client->messages[record->number].err)
            continue;
        sim_check(record->number > last || !client->is_ordered ||
                      (sim_allowances() & SIM_ALLOW_DISORDER),
                  "%s [%d] has message %d-%" PRId64 " at offset %" PRId64 ", behind %" PRId64,
                  log->topic, log->partition, record->client, record->number, record->offset, last);
        last = record->number;
    }
    sim_free(seen);
}

static void check_message(const struct sim_log *logs, const struct sim_client *client,
                          int64_t number)
{
    const struct sim_message *message = &client->messages[number];
    if (message->is_refused)
        return;
    if (!message->reports) {
        sim_check(client->is_destroyed || (sim_allowances() & SIM_ALLOW_UNREPORTED),
                  "message %d-%" PRId64 " is not reported", client->number, number);
        return;
    }
    sim_check(message->in_log < 2 || !client->is_idempotent,
              "message %d-%" PRId64 " is in the log %d times", client->number, number,
              message->in_log);
    if (message->err) {
        sim_check(message->status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED || message->in_log == 0 ||
                      (sim_allowances() & SIM_ALLOW_LIES),
                  "message %d-%" PRId64 " was reported as not persisted (%s), and is in the log",
                  client->number, number, rd_kafka_err2name(message->err));
        return;
    }
    if (!client->is_acked_by_all || (sim_allowances() & SIM_ALLOW_LOSS))
        return;
    const struct sim_log *log = find_log(logs, message->topic, message->partition);
    if (log && message->offset >= 0 && message->offset < log->start_offset)
        return; /* The log has grown beyond its limit. */
    const struct sim_log_record *record = find_record(log, message->offset);
    sim_check(record && record->client == client->number && record->number == number,
              "message %d-%" PRId64 " was delivered to %s [%d] at %" PRId64 ", where it is not",
              client->number, number, message->topic, message->partition, message->offset);
}

static void check_consumed(const struct sim_log *logs, const struct sim_client *client)
{
    for (const struct sim_progress *got = client->progress; got; got = got->next) {
        const struct sim_log *log = find_log(logs, got->topic, got->partition);
        for (size_t i = 0; i < got->count; i++) {
            const struct sim_log_record *mine = &got->records[i];
            if (log && mine->offset < log->start_offset)
                continue;
            const struct sim_log_record *there = find_record(log, mine->offset);
            sim_check(there && there->client == mine->client && there->number == mine->number,
                      "consumer %d got %d-%" PRId64 " at %s [%d] %" PRId64
                      ", where the log has something else",
                      client->number, mine->client, mine->number, got->topic, got->partition,
                      mine->offset);
        }
    }
}

void sim_check_messages(void)
{
    const struct sim_log *logs = sim_read_logs();
    for (const struct sim_log *log = logs; log; log = log->next) {
        for (size_t i = 0; i < log->count; i++) {
            int client = log->records[i].client;
            sim_check(client < 0 || client_of(client), "%s [%d] has a message of client %d",
                      log->topic, log->partition, client);
        }
        for (struct sim_client *client = sim_clients(); client; client = client->next)
            check_log(log, client);
    }
    for (struct sim_client *client = sim_clients(); client; client = client->next) {
        for (int64_t i = 0; i < client->message_count; i++)
            check_message(logs, client, i);
        if (!(sim_allowances() & (SIM_ALLOW_GAPS | SIM_ALLOW_LOSS)))
            check_consumed(logs, client);
    }
}

void sim_check_requests(int cap)
{
    size_t count = 0;
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(sim_mock(), &count);
    size_t first = 0;
    int within[BROKERS_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        int32_t broker = requests[i].broker_id % BROKERS_MAX;
        for (; requests[first].timestamp_us + 1000000 <= requests[i].timestamp_us; first++)
            within[requests[first].broker_id % BROKERS_MAX]--;
        sim_check(++within[broker] <= cap,
                  "storm: broker %d got %d requests within the second to %.6f s, the last a %s",
                  requests[i].broker_id, within[broker], (double)requests[i].timestamp_us / 1e6,
                  rk_api_name(requests[i].api_key));
    }
    rk_free(requests);
}

/* A look-up that was abandoned ends by itself: the one thread that may outlive its client. */
void sim_check_nothing_left(void)
{
    for (int i = 0; i < LOOK_UP_MS && sim_internal_threads() > 0; i++)
        sim_run_for(1);
    for (const struct sim_thread *thread = sim_threads(); thread; thread = thread->next) {
        sim_check(!thread->is_internal || thread->wait == SIM_ENDED ||
                      (sim_allowances() & SIM_ALLOW_ABANDONED),
                  "thread %s is left", thread->name);
        sim_check(thread->is_let_go || thread->wait != SIM_ENDED, "nobody joined thread %d, %s",
                  thread->index, thread->name);
    }
    sim_check(sim_descriptors_open() == 0, "%d descriptors are left", sim_descriptors_open());
    if (!(sim_allowances() & SIM_ALLOW_ABANDONED))
        sim_check_no_memory_left();
}
