/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the scripted brokers hold: topics, their partitions and leaders, records. Under the scripted
 * cluster's lock.
 */
#ifndef SUPPORT_SCRIPTED_LOG_H
#define SUPPORT_SCRIPTED_LOG_H

#include "support/scripted_broker.h"
#include "wire/compression.h"

enum { SCRIPTED_TOPIC_MAX = 64 };

struct scripted_partition {
    int leader, leader_epoch;
    struct scripted_record *records;
    int record_count, record_capacity;
};

struct scripted_topic {
    char *name; /* NULL: it was removed. */
    struct rk_uuid id;
    int err;
    int partition_count;
    struct scripted_partition *partitions;
};

struct scripted_log {
    int broker_count;
    struct scripted_topic topics[SCRIPTED_TOPIC_MAX];
    int topic_count;
    struct rk_decompressor decompressor;
};

void scripted_log_init(struct scripted_log *log, int broker_count);
void scripted_log_clear(struct scripted_log *log);
void scripted_log_add_topic(struct scripted_log *log, const char *name, int partition_count);
void scripted_log_remove_topic(struct scripted_log *log, const char *name);
/* These two abort when it is not there. */
struct scripted_topic *scripted_log_find(struct scripted_log *log, const char *name);
struct scripted_partition *scripted_log_partition(struct scripted_log *log, const char *name,
                                                  int partition);
/* By name, or by id where there is no name; NULL: unknown. */
struct scripted_topic *scripted_log_find_requested(struct scripted_log *log, const char *name,
                                                   const struct rk_uuid *id);

/* The topics of a Metadata answer. */
void scripted_log_describe(struct scripted_log *log, const struct rk_metadata_request *request,
                           struct rk_metadata_answer *answer, struct rk_arena *arena);
/* A Produce answer as a sound broker gives it: success with the next offsets, or what is wrong. */
void scripted_log_prepare(struct scripted_log *log, int broker, int16_t version,
                          const struct rk_produce_request *request,
                          struct rk_produce_answer *answer, struct rk_arena *arena);
/* Keeps the records of those partitions whose answer is a success. */
void scripted_log_append(struct scripted_log *log, const struct rk_produce_request *request,
                         const struct rk_produce_answer *answer, int16_t version, int number);

#endif
