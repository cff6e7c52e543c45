/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold in every scenario, and what is noted down to tell. Holder of the baton only.
 *
 * Reports: each message that produce() took has exactly one delivery report; at most one, and is
 * then counted as discarded, if its client was destroyed with it unreported. None comes for a
 * message that produce() refused.
 *
 * Persistence: a message reported without error, with acks=all, is in the log, at the partition and
 * offset of its report (unless SIM_ALLOW_LOSS). A message reported NOT_PERSISTED is not in the log
 * (unless SIM_ALLOW_LIES). Nothing is in the log that was not produced. Brokers understand every
 * request that reaches them whole.
 *
 * Order: with max.in.flight=1 (and acks other than 0) or enable.idempotence the first appearances
 * of one producer's delivered messages in a partition are in the order of produce() (unless
 * SIM_ALLOW_DISORDER). Messages produced by one thread are meant; scenarios with several to a
 * producer allow disorder.
 *
 * Duplicates: with enable.idempotence no message is in the log twice.
 *
 * Consumption: the offsets a consumer gets of a partition follow each other without gap or
 * repetition from where it was assigned or sought to (unless SIM_ALLOW_GAPS), and each message is
 * the one that the log has at that offset.
 *
 * Liveness: sim_flush(), sim_consume() and sim_destroy() say their bound; a run without progress is
 * a deadlock or a livelock (scheduler.h); no broker gets more requests (sim_request_cap) or
 * connections (64) within a second than its cap.
 *
 * End: no thread, descriptor or byte of the library is left.
 */
#ifndef SIM_CHECKERS_H
#define SIM_CHECKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

struct sim_log_record {
    int64_t offset;
    int client; /* -1: not one of sim_produce(). */
    int64_t number;
};

/* What a partition's log held at the end, or when asked. */
struct sim_log {
    struct sim_log *next;
    char topic[64];
    int32_t partition;
    int64_t start_offset, end_offset;
    struct sim_log_record *records;
    size_t count, capacity;
};

void sim_log_add(struct sim_log *log, int64_t offset, const void *text, size_t size);

struct sim_message {
    int32_t partition; /* Of the report; before it, what was asked for. */
    int64_t offset;
    rd_kafka_resp_err_t err;
    rd_kafka_msg_status_t status;
    uint8_t is_refused; /* By produce(). */
    uint8_t reports;
    uint8_t in_log; /* How often. */
    char topic[30];
};

/* What a consumer got of one partition. */
struct sim_progress {
    struct sim_progress *next;
    char topic[64];
    int32_t partition;
    int64_t expected; /* The next offset; -1: any. */
    struct sim_log_record *records;
    size_t count, capacity;
};

struct sim_client {
    struct sim_client *next;
    int number;
    rd_kafka_t *handle;
    bool is_producer, is_destroyed;
    bool is_ordered, is_idempotent, is_acked_by_all;
    struct sim_message *messages;
    int64_t message_count, message_capacity;
    uint64_t acked, not_persisted, possibly_persisted, refused, consumed;
    struct sim_progress *progress;
};

struct sim_client *sim_clients(void);
unsigned sim_allowances(void);

/* A new message, and its text: "<client>-<number> ". */
int64_t sim_message_add(struct sim_client *client, const char *topic, int32_t partition);
size_t sim_message_text(const struct sim_client *client, int64_t number, char *text, size_t room,
                        size_t size);
void sim_on_report(struct sim_client *client, const rd_kafka_message_t *message);
void sim_on_message(struct sim_client *client, const rd_kafka_message_t *message);
struct sim_progress *sim_progress_of(struct sim_client *client, const char *topic,
                                     int32_t partition);

/* The logs of the cluster as they are now; any application thread. Valid until the next call. */
struct sim_log *sim_read_logs(void);
/* All checks on messages, with the logs of the end. */
void sim_check_messages(void);
void sim_check_requests(int cap);
/* After everything was destroyed. */
void sim_check_nothing_left(void);
void sim_check_no_memory_left(void);

#endif
