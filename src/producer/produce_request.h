/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One Produce request: batches of several partitions out, their outcomes back. On the sender's
 * loop.
 */
#ifndef RK_PRODUCER_PRODUCE_REQUEST_H
#define RK_PRODUCER_PRODUCE_REQUEST_H

#include "cluster/request.h"
#include "producer/sender.h"

#define RK_PRODUCE_FIRST_TOPIC_ID 13 /* The version that names topics by id. */

/* One batch of a request. Topic and partition stand here too: a batch that is settled belongs to
 * the application. */
struct rk_produce_part {
    struct rk_batch *batch; /* A reference; NULL: settled. */
    rd_kafka_topic_t *topic;
    int32_t partition;
    struct rk_uuid topic_id;
};

/* What a request carries, in its arena. A batch that was reported meanwhile (expired, purged) has
 * `is_reported`. */
struct rk_produce_context {
    LIST_ENTRY(rk_produce_context) link; /* In the sender's in_flight. */
    struct rk_sender *sender;
    struct rk_request *request;
    rd_kafka_topic_t *refreshed;   /* Whose metadata was asked for last because of the answer. */
    rd_kafka_resp_err_t purge_err; /* It was not written when it was purged, and is not sent. */
    int count;
    int next;                      /* The part whose outcome is expected next. */
    struct rk_produce_part *parts; /* By topic name, then partition. */
    struct rk_event_list reports;  /* Of batches that have succeeded: posted together. */
};

/* What a sender collects batches in; reused. rk_free */
struct rk_produce_collection;
struct rk_produce_collection *rk_produce_request_new_collection(void);
/* Sends what is ready, as one request. False when there was nothing to send. */
bool rk_produce_request_send_next(struct rk_sender *sender, uint64_t now_us) RK_ON_BROKER;
/* Reports what is under way and has expired, as far as it is written whole; returns when the next
 * one does. */
uint64_t rk_produce_request_expire(struct rk_sender *sender, uint64_t now_us) RK_ON_BROKER;
/* Reports as purged: with `queued` what waits to be written, with `in_flight` what was. One that is
 * written in part costs the connection. */
void rk_produce_request_purge(struct rk_sender *sender, bool queued, bool in_flight,
                              uint64_t now_us) RK_ON_BROKER;
/* The queue has another sender now: with max.in.flight=1, which waits for ours, the connection is
 * closed if they do not come back soon. */
void rk_produce_request_abandon(struct rk_sender *sender,
                                struct rk_partition_queue *queue) RK_ON_BROKER;
void rk_produce_request_on_give_up(struct rk_timer *timer, uint64_t now_us);

#endif
