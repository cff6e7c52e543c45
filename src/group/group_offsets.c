/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/group_offsets.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "group/group_offsets_private.h"
#include "event/partition_sets.h"
#include "runtime/reply.h"

/* The outcome of a commit, for a thread that waits. */
struct outcome {
    rd_kafka_resp_err_t err;
    rd_kafka_topic_partition_list_t *list; /* NULL: nothing was committed. */
};

/* One call, on its way to background and back. */
struct call {
    struct rk_group_offsets *offsets;
    rd_kafka_topic_partition_list_t *list; /* NULL: what is stored. */
    rd_kafka_queue_t *queue;               /* Counted; NULL: the main queue, if anybody listens. */
    rk_commit_callback_t *callback;
    void *opaque;
    struct rk_reply *reply; /* Somebody waits; NULL: nobody. */
    bool is_auto;
    bool is_silent; /* The waiting thread calls back itself. */
};

static void drop_outcome(void *answer)
{
    struct outcome *outcome = answer;
    rk_partition_list_destroy(outcome->list);
    rk_free(outcome);
}

/* takes: call. borrows: list (NULL: none) */
static void answer(struct call *call, rd_kafka_resp_err_t err,
                   const rd_kafka_topic_partition_list_t *list)
{
    if (call->reply) {
        struct outcome *outcome = RK_NEW(struct outcome);
        outcome->err = err;
        outcome->list = list ? rk_partition_list_copy(list) : NULL;
        rk_reply_answer(call->reply, outcome);
    }
    rk_queue_release(call->queue);
    rk_partition_list_destroy(call->list);
    rk_free(call);
}

/* One that was not answered in time says what became of the coordinator. */
static void log_failure(const struct call *call, rd_kafka_resp_err_t err,
                        const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND
{
    const struct rk_group_offsets *offsets = call->offsets;
    const rd_kafka_topic_partition_t *first = NULL;
    for (int i = 0; i < list->cnt && !first; i++)
        first = list->elems[i].err ? &list->elems[i] : NULL;
    if (!first)
        return;
    if (!err)
        err = first->err;
    const char *where = err == RD_KAFKA_RESP_ERR__TIMED_OUT
                            ? rk_coordinator_look(offsets->own.coordinator).last_error
                            : offsets->own.committer.answered_by;
    rk_log(offsets->core, RK_LOG_WARNING, "COMMITFAIL",
           "Group \"%s\": OffsetCommit failed for %s [%d] of %d partition(s): %s%s%s%s",
           offsets->core->conf->group_id, first->topic, (int)first->partition, list->cnt,
           rd_kafka_err2str(err), where[0] ? " (" : "", where, where[0] ? ")" : "");
}

/* To whom it may concern. */
static void tell(const struct call *call, rd_kafka_resp_err_t err,
                 const rd_kafka_topic_partition_list_t *list) RK_ON_BACKGROUND
{
    struct rk_core *core = call->offsets->core;
    bool is_empty = err == RD_KAFKA_RESP_ERR__NO_OFFSET;
    if (!is_empty && err != RD_KAFKA_RESP_ERR__DESTROY)
        rk_interceptors_on_commit(&core->conf_object->interceptors, core->client, list, err);
    if (call->queue) {
        rk_queue_push(call->queue, rk_event_new_commit(err, rk_partition_list_copy(list),
                                                       call->callback, call->opaque));
    } else if (call->is_silent || (call->is_auto && is_empty)) {
        return;
    } else if (core->enabled_events & RD_KAFKA_EVENT_OFFSET_COMMIT) {
        rk_queue_push(core->main_queue,
                      rk_event_new_commit(err, rk_partition_list_copy(list), NULL, NULL));
    } else if (!call->reply && err != RD_KAFKA_RESP_ERR__DESTROY) {
        log_failure(call, err, list);
    }
}

static void on_done(struct rk_commit *commit)
{
    struct call *call = commit->owner;
    rk_on_background(call->offsets->background);
    tell(call, commit->err, commit->offsets);
    answer(call, commit->err, commit->offsets);
    rk_commit_destroy(commit);
}

static void fail(struct call *call, rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    tell(call, err, call->list ? call->list : list);
    answer(call, err, call->list);
    rk_partition_list_destroy(list);
}

static void begin(void *argument)
{
    struct call *call = argument;
    struct rk_group_offsets *offsets = call->offsets;
    rk_on_background(offsets->background);
    rd_kafka_topic_partition_list_t *list = call->list;
    if (!list && offsets->own.identity.is_lost) {
        fail(call, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
        return;
    }
    rk_group_commit_flush_ended(offsets); /* Stored before. */
    if (!list)
        list = rk_group_commit_gather(offsets);
    call->list = NULL;
    uint64_t patience_us = (uint64_t)offsets->core->conf->socket_timeout_ms * 1000;
    struct rk_commit *commit = rk_commit_new(list, rk_clock_now_us() + patience_us, on_done, call);
    if (offsets->own.identity.is_lost)
        rk_group_commit_refuse_assigned(offsets, commit);
    rk_committer_commit(&offsets->own.committer, commit);
}

static void drop_call(void *argument)
{
    answer(argument, RD_KAFKA_RESP_ERR__DESTROY, NULL);
}

static struct call *new_call(struct rk_group_offsets *offsets,
                             const rd_kafka_topic_partition_list_t *list)
{
    struct call *call = RK_NEW(struct call);
    call->offsets = offsets;
    call->list = list ? rk_partition_list_copy(list) : NULL;
    return call;
}

void rk_group_offsets_commit_auto(struct rk_group_offsets *offsets,
                                  rd_kafka_topic_partition_list_t *list)
{
    struct call *call = new_call(offsets, NULL);
    uint64_t patience_us = (uint64_t)offsets->core->conf->socket_timeout_ms * 1000;
    call->is_auto = true;
    rk_committer_commit(&offsets->own.committer,
                        rk_commit_new(list, rk_clock_now_us() + patience_us, on_done, call));
}

void rk_group_offsets_commit_async(struct rk_group_offsets *offsets,
                                   const rd_kafka_topic_partition_list_t *list)
{
    rk_cluster_post_call(offsets->cluster, begin, drop_call, new_call(offsets, list));
}

void rk_group_offsets_commit_to(struct rk_group_offsets *offsets,
                                const rd_kafka_topic_partition_list_t *list,
                                rd_kafka_queue_t *queue, rk_commit_callback_t *callback,
                                void *opaque)
{
    struct call *call = new_call(offsets, list);
    call->queue = rk_queue_acquire(queue);
    call->callback = callback;
    call->opaque = opaque;
    rk_cluster_post_call(offsets->cluster, begin, drop_call, call);
}

rd_kafka_resp_err_t rk_group_offsets_commit_and_wait(struct rk_group_offsets *offsets,
                                                     const rd_kafka_topic_partition_list_t *list,
                                                     rd_kafka_topic_partition_list_t **result)
{
    struct rk_reply *reply = rk_reply_new(drop_outcome);
    struct call *call = new_call(offsets, list);
    void *answered;
    call->reply = reply;
    call->is_silent = result != NULL;
    rk_cluster_post_call(offsets->cluster, begin, drop_call, call);
    rk_reply_wait(reply, RK_NEVER, &answered); /* Background keeps a deadline. */
    rk_reply_release(reply);
    struct outcome *outcome = answered;
    rd_kafka_resp_err_t err = outcome->err;
    if (result) {
        *result = outcome->list;
        outcome->list = NULL;
    }
    drop_outcome(outcome);
    return err;
}

/* What is committed */

struct question {
    struct rk_group_offsets *offsets;
    struct rk_committed_query *query;
    struct rk_reply *reply;
};

static void on_answered(struct rk_committed_query *query)
{
    rk_reply_answer(query->owner, query);
}

static void ask(void *argument)
{
    const struct question *question = argument;
    rk_on_background(question->offsets->background);
    rk_committed_query_ask(&question->offsets->own.queries, question->query);
}

static void drop_question(void *argument)
{
    const struct question *question = argument;
    question->query->err = RD_KAFKA_RESP_ERR__DESTROY;
    rk_reply_answer(question->reply, question->query);
}

/* The partitions as a set, without what the application has filled in. */
static rd_kafka_topic_partition_list_t *places_of(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *places = rk_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        rk_partition_list_add(places, list->elems[i].topic, list->elems[i].partition);
    rk_partition_set_make(places);
    return places;
}

static void take_entry(rd_kafka_topic_partition_t *to, const rd_kafka_topic_partition_t *from)
{
    to->offset = from->offset;
    to->err = from->err;
    rk_partition_entry_set_leader_epoch(to, rk_partition_entry_leader_epoch(from));
    rk_app_free(to->metadata);
    to->metadata = NULL;
    to->metadata_size = from->metadata_size;
    if (!from->metadata)
        return;
    to->metadata = rk_app_malloc(from->metadata_size + 1);
    memcpy(to->metadata, from->metadata, from->metadata_size + 1);
}

rd_kafka_resp_err_t rk_group_offsets_committed(struct rk_group_offsets *offsets,
                                               rd_kafka_topic_partition_list_t *list,
                                               uint64_t deadline_us)
{
    struct rk_reply *reply = rk_reply_new(NULL);
    struct rk_committed_query *query =
        rk_committed_query_new(places_of(list), deadline_us, on_answered, reply);
    struct question question = {offsets, query, reply};
    void *answered;
    rk_cluster_post_call(offsets->cluster, ask, drop_question, &question);
    rk_reply_wait(reply, RK_NEVER, &answered); /* Background keeps the deadline. */
    rk_reply_release(reply);
    rd_kafka_resp_err_t err = query->err;
    for (int i = 0; i < list->cnt && !err; i++) {
        const rd_kafka_topic_partition_t *from =
            rk_partition_set_find(query->offsets, list->elems[i].topic, list->elems[i].partition);
        take_entry(&list->elems[i], from);
    }
    rk_committed_query_destroy(query);
    return err;
}

/* For membership */

struct rk_coordinator *rk_group_offsets_coordinator(struct rk_group_offsets *offsets)
{
    return offsets->own.coordinator;
}

struct rk_membership_identity *rk_group_offsets_identity(struct rk_group_offsets *offsets)
{
    return &offsets->own.identity;
}

void rk_group_offsets_set_on_member_error(struct rk_group_offsets *offsets,
                                          void (*on_member_error)(void *argument,
                                                                  rd_kafka_resp_err_t err),
                                          void *argument)
{
    offsets->own.on_member_error = on_member_error;
    offsets->own.on_member_error_argument = argument;
}

void rk_group_offsets_when_committed(struct rk_group_offsets *offsets,
                                     struct rk_commit_waiter *waiter)
{
    rk_group_commit_flush_ended(offsets);
    rk_committer_wait(&offsets->own.committer, waiter);
}

void rk_group_offsets_give_up(struct rk_group_offsets *offsets,
                              const rd_kafka_topic_partition_list_t *list)
{
    rk_committer_give_up(&offsets->own.committer, list);
}

/* Life */

/* The log has become shorter than that since the commit was asked for: no lower offsets are kept
 * from being committed. */
static bool is_cut_off(const struct rk_committer *committer, const struct rk_partition *partition,
                       const rd_kafka_topic_partition_t *entry) RK_ON_BACKGROUND
{
    return entry->offset > partition->known.cut_end &&
           rk_committer_is_up_to(committer, partition->known.cut_commit, entry);
}

static void on_committed(struct rk_committer *committer, const rd_kafka_topic_partition_t *entry)
{
    struct rk_group_offsets *offsets =
        rk_container_of(committer, struct rk_group_offsets, own.committer);
    rk_on_background(offsets->background);
    rd_kafka_topic_t *topic =
        rk_topic_registry_find(rk_cluster_topics(offsets->cluster), entry->topic);
    struct rk_partition *partition = topic ? rk_partition_find(topic, entry->partition) : NULL;
    struct rk_uuid id = rk_partition_entry_topic_id(entry);
    bool is_of_old_topic =
        partition && !rk_uuid_is_zero(&id) && !rk_uuid_equal(&id, &partition->known.consumed_id);
    if (!partition || partition->known.state == RK_PARTITION_STOPPED || is_of_old_topic)
        return;
    bool is_void = is_cut_off(committer, partition, entry);
    partition->known.committed = is_void ? RD_KAFKA_OFFSET_INVALID : entry->offset;
    partition->known.committed_epoch = is_void ? -1 : rk_partition_entry_leader_epoch(entry);
}

static void on_member_error(struct rk_committer *committer, rd_kafka_resp_err_t err)
{
    struct rk_group_offsets *offsets =
        rk_container_of(committer, struct rk_group_offsets, own.committer);
    rk_on_background(offsets->background);
    if (offsets->own.on_member_error)
        offsets->own.on_member_error(offsets->own.on_member_error_argument, err);
}

struct rk_group_offsets *rk_group_offsets_new(struct rk_consumer *consumer,
                                              struct rk_cluster *cluster)
{
    struct rk_group_offsets *offsets = RK_NEW(struct rk_group_offsets);
    const char *group_id = consumer->core->conf->group_id;
    offsets->core = consumer->core;
    offsets->cluster = cluster;
    offsets->consumer = consumer;
    offsets->background = rk_cluster_background(cluster);
    offsets->hooks = (struct rk_consumer_group){
        .look_up = rk_group_position_look_up,
        .on_stop = rk_group_commit_on_stop,
        .on_cut = rk_group_commit_on_cut,
        .post_stored = rk_group_commit_post_stored,
    };
    offsets->own.coordinator = rk_coordinator_new(cluster, RK_COORDINATOR_OF_GROUP, group_id);
    rk_membership_identity_init(&offsets->own.identity);
    rk_committer_init(&offsets->own.committer, cluster, offsets->own.coordinator, group_id,
                      &offsets->own.identity);
    offsets->own.committer.on_committed = on_committed;
    offsets->own.committer.on_member_error = on_member_error;
    rk_committed_queries_init(&offsets->own.queries, cluster, offsets->own.coordinator, group_id,
                              &offsets->own.identity);
    TAILQ_INIT(&offsets->own.look_ups);
    rk_timer_init(&offsets->own.look_up_timer, rk_group_position_on_timer);
    rk_timer_init(&offsets->own.commit_timer, rk_group_commit_on_timer);
    rk_timer_init(&offsets->own.ended_timer, rk_group_commit_on_ended_timer);
    consumer->group = &offsets->hooks;
    return offsets;
}

void rk_group_offsets_terminate(struct rk_group_offsets *offsets)
{
    offsets->own.is_terminated = true;
    rk_loop_stop_timer(offsets->background, &offsets->own.look_up_timer);
    rk_loop_stop_timer(offsets->background, &offsets->own.commit_timer);
    rk_loop_stop_timer(offsets->background, &offsets->own.ended_timer);
    rk_committer_terminate(&offsets->own.committer);
    rk_committed_queries_terminate(&offsets->own.queries);
    rk_coordinator_terminate(offsets->own.coordinator);
}

void rk_group_offsets_destroy(struct rk_group_offsets *offsets)
{
    if (!offsets)
        return;
    offsets->consumer->group = NULL;
    rk_partition_list_destroy(offsets->own.ended);
    rk_committer_clear(&offsets->own.committer);
    rk_coordinator_destroy(offsets->own.coordinator);
    rk_free(offsets);
}
