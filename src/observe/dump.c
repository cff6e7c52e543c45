/* SPDX-License-Identifier: BSD-2-Clause */
#include "observe/dump.h"

#include <inttypes.h>

#include "base/clock.h"
#include "event/core.h"
#include "runtime/reply.h"

#define PATIENCE_US 1000000u

static void print_client(FILE *file, const struct rk_stats_client *client)
{
    fprintf(file, "%s %s, %.1f s old\n", client->type, client->name, (double)client->age / 1e6);
    fprintf(file, "  waiting for rd_kafka_poll(): %" PRId64 "\n", client->replyq);
    if (client->msg_max > 0 || client->msg_size_max > 0)
        fprintf(file,
                "  messages: %" PRId64 " of at most %" PRId64 ", bytes: %" PRId64
                " of at most %" PRId64 "\n",
                client->msg_cnt, client->msg_max, client->msg_size, client->msg_size_max);
    fprintf(file,
            "  sent: %" PRId64 " requests, %" PRId64 " bytes; received: %" PRId64
            " answers, %" PRId64 " bytes\n",
            client->tx, client->tx_bytes, client->rx, client->rx_bytes);
    if (client->cgrp)
        fprintf(file, "  group: %" PRId64 " partitions assigned, %s, %s%s%s\n",
                client->cgrp->assignment_size, client->cgrp->state, client->cgrp->join_state,
                client->cgrp->reason[0] ? ": it " : "", client->cgrp->reason);
    if (client->fatal)
        fprintf(file, "  fatal error: %s: %s\n", client->fatal->error, client->fatal->reason);
}

static void print_cluster(FILE *file, const struct rk_subject *subject)
{
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(subject->cluster);
    if (snapshot)
        fprintf(file, "cluster %s: %d brokers, %d topics known, controller %d\n",
                snapshot->cluster_id ? snapshot->cluster_id : "without id",
                (int)snapshot->broker_count, (int)snapshot->topic_count,
                (int)snapshot->controller_id);
    else
        fprintf(file, "cluster: no metadata yet\n");
    rk_snapshot_release(snapshot);
}

static void print_connection(FILE *file, const struct rk_connection_view *view)
{
    fprintf(file, "    %s: %s for %.1f s", view->purpose, view->state, (double)view->age_us / 1e6);
    if (view->waiting + view->in_flight > 0)
        fprintf(file, ", %d requests to be written, %d not answered", view->waiting,
                view->in_flight);
    fprintf(file, "\n");
}

static void print_broker(FILE *file, const struct rk_stats_broker *broker)
{
    fprintf(file, "broker %s (%s): %s for %.1f s", broker->name, broker->source, broker->state,
            (double)broker->stateage / 1e6);
    fprintf(file, "; %" PRId64 " requests, %" PRId64 " answers, %" PRId64 " timed out\n",
            broker->tx, broker->rx, broker->req_timeouts);
    for (int i = 0; i < broker->connection_count; i++)
        print_connection(file, &broker->connections[i]);
    if (*broker->error)
        fprintf(file, "    last error: %s\n", broker->error);
}

static void print_partition(FILE *file, const struct rk_stats_partition *partition,
                            bool is_producer)
{
    bool is_silent = is_producer ? partition->msgs == 0 : !partition->desired;
    if (is_silent) /* Nobody has used it. */
        return;
    fprintf(file, "  [%" PRId64 "] leader %" PRId64 ": ", partition->partition, partition->leader);
    if (is_producer)
        fprintf(file,
                "%" PRId64 " messages (%" PRId64 " bytes) queued, %" PRId64 " in flight, %" PRId64
                " acknowledged",
                partition->msgq_cnt, partition->msgq_bytes, partition->msgs_inflight,
                partition->acked_msgid);
    else
        fprintf(file,
                "%" PRId64 " messages (%" PRId64 " bytes) fetched, next offset %" PRId64
                " of %" PRId64 ", taken up to %" PRId64 ", stored %" PRId64,
                partition->fetchq_cnt, partition->fetchq_size, partition->next_offset,
                partition->hi_offset, partition->app_offset, partition->stored_offset);
    fprintf(file, "; %s\n", partition->reason);
}

static void print_topic(FILE *file, const struct rk_stats_topic *topic, bool is_producer)
{
    fprintf(file, "topic %s: %d partitions, ", topic->topic, topic->partitions.count - 1);
    if (topic->metadata_age > 0)
        fprintf(file, "metadata %.1f s old\n", (double)topic->metadata_age / 1e3);
    else
        fprintf(file, "no metadata\n");
    for (int i = 0; i < topic->partitions.count; i++)
        print_partition(file, &topic->partitions.items[i], is_producer);
}

static void print(FILE *file, const struct rk_observation *observation)
{
    const struct rk_stats_client *client = &observation->stats;
    bool is_producer = observation->subject.producer != NULL;
    print_client(file, client);
    print_cluster(file, &observation->subject);
    for (int i = 0; i < client->brokers.count; i++)
        print_broker(file, &client->brokers.items[i]);
    for (int i = 0; i < client->topics.count; i++)
        print_topic(file, &client->topics.items[i], is_producer);
}

static void drop(void *observation)
{
    rk_observation_destroy(observation);
}

static void on_observed(struct rk_observation *observation, void *reply)
{
    rk_reply_answer(reply, observation);
}

static void on_abandoned(void *reply)
{
    rk_reply_abandon(reply);
}

void rk_dump(const struct rk_subject *subject, FILE *file)
{
    struct rk_reply *reply = rk_reply_new(drop);
    void *observation = NULL;
    rk_observation_start(subject, false, on_observed, on_abandoned, reply);
    bool is_answered = rk_reply_wait(reply, rk_clock_now_us() + PATIENCE_US, &observation);
    rk_reply_release(reply);
    if (observation) {
        print(file, observation);
        rk_observation_destroy(observation);
    } else {
        fprintf(file, "%s: %s\n", subject->core->name,
                is_answered ? "it ends" : "one of its threads is busy, perhaps in a callback");
        print_cluster(file, subject);
    }
}
