/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers that do what a test tells them: for the producer's tests.
 *
 * A cluster of a few brokers on loopback, all on one thread, which answer ApiVersions, Metadata and
 * Produce through the library's own codec. What they are sent is checked (CRC, counts) and kept.
 * Before a Produce request is answered the test's hook sees it, may change the answer, and says
 * what becomes of it. Functions may be called from any thread, the hook included; what cannot
 * happen in a sound test aborts it.
 */
#ifndef SUPPORT_SCRIPTED_BROKER_H
#define SUPPORT_SCRIPTED_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/messages.h"

struct scripted_cluster;

/* One record as it was appended. */
struct scripted_record {
    void *key, *value; /* NULL: null. */
    size_t key_size, value_size;
    void *headers; /* As in the record, their count first; NULL: none. */
    size_t headers_size;
    int64_t timestamp_ms;
    int codec;
    int request; /* The number of the request it came in. */
};

enum scripted_fate {
    SCRIPTED_ANSWER,
    SCRIPTED_HOLD,      /* Until scripted_release. */
    SCRIPTED_SILENCE,   /* No answer at all. */
    SCRIPTED_CLOSE,     /* The connection is closed; records with error_code 0 are appended. */
    SCRIPTED_MALFORMED, /* Bytes that are no answer. */
};

/* A Produce request and its answer, which says success with the next offsets. */
struct scripted_produce {
    int broker;
    int number; /* Of all Produce requests, from 0. */
    int16_t version;
    const struct rk_produce_request *request;
    struct rk_produce_answer *answer;
    struct rk_arena *arena; /* For what the hook adds to the answer. */
    int delay_ms;           /* Before the answer; also those behind it wait. */
    bool keeps_nothing;     /* Records are neither looked at nor kept. */
};

typedef enum scripted_fate scripted_produce_hook(struct scripted_produce *produce, void *opaque);

struct scripted_cluster *scripted_new(int broker_count);
void scripted_destroy(struct scripted_cluster *cluster);
/* For bootstrap.servers: the first broker. */
const char *scripted_bootstrap(const struct scripted_cluster *cluster);

/* Leaders go round robin over the brokers. Of one that exists: more partitions. */
void scripted_add_topic(struct scripted_cluster *cluster, const char *topic, int partition_count);
/* The same name with a new id, nothing in it. */
void scripted_recreate_topic(struct scripted_cluster *cluster, const char *topic,
                             int partition_count);
void scripted_remove_topic(struct scripted_cluster *cluster, const char *topic);
/* What Metadata says about the topic; 0: all is well. */
void scripted_set_topic_error(struct scripted_cluster *cluster, const char *topic, int err);
/* -1: nobody. With a higher leader epoch. */
void scripted_set_leader(struct scripted_cluster *cluster, const char *topic, int partition,
                         int broker);
/* Down: connections are closed, and new ones refused. */
void scripted_set_up(struct scripted_cluster *cluster, int broker, bool is_up);
/* Not reading: requests stay in the sockets. */
void scripted_set_reading(struct scripted_cluster *cluster, int broker, bool is_reading);
/* What ApiVersions says; of itself -1: it is not answered, and the connection is closed. */
void scripted_set_max_version(struct scripted_cluster *cluster, int api_key, int16_t version);
void scripted_set_hook(struct scripted_cluster *cluster, scripted_produce_hook *hook, void *opaque);
/* Answers that were held go out; those that come later are answered at once, until the hook holds
 * one again. */
void scripted_release(struct scripted_cluster *cluster);

/* How many requests of that API came. */
int scripted_request_count(struct scripted_cluster *cluster, int api_key);
/* Waits until it is at least `count`; false after a minute. */
bool scripted_wait_requests(struct scripted_cluster *cluster, int api_key, int count);
int scripted_record_count(struct scripted_cluster *cluster, const char *topic, int partition);
/* Valid until the next record is appended to the partition or the cluster destroyed. */
const struct scripted_record *scripted_record_at(struct scripted_cluster *cluster,
                                                 const char *topic, int partition, int index);
/* Of the request: the topic's name, by its name or id. */
const char *scripted_topic_name(struct scripted_cluster *cluster,
                                const struct rk_produce_request_topic *topic);

#endif
