/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/offset_commit.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/partition_sets.h"
#include "wire/messages.h"

#define TOPIC_IDS_SINCE       10
#define INSTANCE_ID_SINCE     7
#define MEMBER_EPOCH_SINCE    9
#define TOPIC_ATTEMPTS        3 /* The topic is new to the broker, or is gone, or was made again. */
#define MEMBER_EPOCH_ATTEMPTS 10
#define MERGED_MAX            10000

#define PENDING               RD_KAFKA_RESP_ERR__IN_PROGRESS /* An entry without an outcome. */
#define LAST_TRY              RD_KAFKA_RESP_ERR__WAIT_CACHE  /* The same, not to be tried again. */

static void pump(struct rk_committer *committer, uint64_t now_us) RK_ON_BACKGROUND;
static void on_answer(struct rk_request *request);

/* Outcomes */

static bool is_pending(const rd_kafka_topic_partition_t *entry)
{
    return entry->err == PENDING || entry->err == LAST_TRY;
}

static bool is_finished(const struct rk_commit *commit)
{
    for (int i = 0; i < commit->offsets->cnt; i++) {
        if (is_pending(&commit->offsets->elems[i]))
            return false;
    }
    return true;
}

static void set_pending(struct rk_commit *commit, rd_kafka_resp_err_t err)
{
    for (int i = 0; i < commit->offsets->cnt; i++) {
        if (is_pending(&commit->offsets->elems[i]))
            commit->offsets->elems[i].err = err;
    }
}

/* Its partitions have their outcomes. The commit failed when all of them did. */
static void finish(struct rk_commit *commit)
{
    rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR_NO_ERROR;
    bool any = false;
    for (int i = 0; i < commit->offsets->cnt; i++) {
        any |= !commit->offsets->elems[i].err;
        if (commit->offsets->elems[i].err)
            last = commit->offsets->elems[i].err;
    }
    if (commit->offsets->cnt == 0)
        last = RD_KAFKA_RESP_ERR__NO_OFFSET;
    commit->err = any ? RD_KAFKA_RESP_ERR_NO_ERROR : last;
    commit->on_done(commit);
}

static bool has_up_to(const struct rk_commit_list *list, uint64_t number)
{
    const struct rk_commit *commit;
    TAILQ_FOREACH (commit, list, link) {
        if (commit->number <= number)
            return true;
    }
    return false;
}

static void tell_waiters(struct rk_committer *committer)
{
    struct rk_commit_waiter *waiter, *next;
    for (waiter = TAILQ_FIRST(&committer->waiters); waiter; waiter = next) {
        next = TAILQ_NEXT(waiter, link);
        if (has_up_to(&committer->queued, waiter->number) ||
            has_up_to(&committer->sending, waiter->number))
            continue;
        TAILQ_REMOVE(&committer->waiters, waiter, link);
        waiter->on_committed(waiter);
    }
}

static void fail_list(struct rk_committer *committer, struct rk_commit_list *list,
                      rd_kafka_resp_err_t err)
{
    struct rk_commit *commit;
    while ((commit = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, commit, link);
        set_pending(commit, err);
        finish(commit);
    }
    tell_waiters(committer);
}

/* The request */

/* What is pending in all of `sending`; of one partition the last. */
static rd_kafka_topic_partition_list_t *merge(const struct rk_committer *committer)
{
    rd_kafka_topic_partition_list_t *all = rk_partition_list_new(16);
    const struct rk_commit *commit;
    TAILQ_FOREACH (commit, &committer->sending, link) {
        for (int i = 0; i < commit->offsets->cnt; i++) {
            if (commit->offsets->elems[i].err == PENDING)
                rk_partition_list_add_copy(all, &commit->offsets->elems[i]);
        }
    }
    rk_partition_list_sort(all, NULL, NULL); /* Equal ones keep their order. */
    rd_kafka_topic_partition_list_t *merged = rk_partition_list_new(all->cnt);
    for (int i = 0; i < all->cnt; i++) {
        bool is_last =
            i + 1 == all->cnt || rk_partition_set_compare(&all->elems[i], &all->elems[i + 1]) != 0;
        if (is_last)
            rk_partition_list_add_copy(merged, &all->elems[i]);
    }
    rk_partition_list_destroy(all);
    return merged;
}

/* Drops what the chosen version does not have. */
static void prepare(struct rk_request *request)
{
    struct rk_offset_commit_request *message = request->message;
    if (request->version < INSTANCE_ID_SINCE)
        message->group_instance_id = NULL;
}

static char *copy_text(struct rk_request *request, const char *text)
{
    return rk_arena_try_text(&request->arena, text, strlen(text));
}

/* The entries of one topic, from `first` on. False: no memory. */
static bool fill_topic(struct rk_request *request, const rd_kafka_topic_partition_list_t *list,
                       int first, int count, struct rk_offset_commit_request_topic *topic)
{
    topic->name = list->elems[first].topic;
    topic->partitions.items = rk_offset_commit_request_partition_try_new(&request->arena, count);
    topic->partitions.count = count;
    if (!topic->partitions.items)
        return false;
    for (int i = 0; i < count; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[first + i];
        struct rk_offset_commit_request_partition *to = &topic->partitions.items[i];
        to->partition_index = entry->partition;
        to->committed_offset = entry->offset;
        to->committed_leader_epoch = rk_partition_entry_leader_epoch(entry);
        to->committed_metadata =
            rk_arena_try_text(&request->arena, entry->metadata ? entry->metadata : "",
                              entry->metadata ? entry->metadata_size : 0);
        if (!to->committed_metadata)
            return false;
    }
    return true;
}

/* Of the topic that the offsets lie in, also when another has come to have the name: what was
 * queued for the old one is refused. */
static struct rk_uuid id_of_topic(const rd_kafka_topic_t *topic,
                                  const rd_kafka_topic_partition_list_t *list, int first,
                                  int count) RK_ON_BACKGROUND
{
    struct rk_uuid known = topic ? topic->known.id : (struct rk_uuid){{0}};
    for (int i = first; i < first + count; i++) {
        struct rk_uuid id = rk_partition_entry_topic_id(&list->elems[i]);
        if (!rk_uuid_is_zero(&id) && !rk_uuid_equal(&id, &known))
            return id;
    }
    return known;
}

static bool fill_topics(struct rk_committer *committer, struct rk_request *request) RK_ON_BACKGROUND
{
    struct rk_offset_commit_request *message = request->message;
    const rd_kafka_topic_partition_list_t *list = committer->merged;
    bool has_ids = true;
    message->topics.items = rk_offset_commit_request_topic_try_new(&request->arena, list->cnt);
    message->topics.count = 0;
    if (!message->topics.items)
        return false;
    for (int i = 0, count; i < list->cnt; i += count) {
        struct rk_offset_commit_request_topic *to = &message->topics.items[message->topics.count++];
        count = rk_partition_list_count_topic(list, i);
        if (!fill_topic(request, list, i, count, to))
            return false;
        const rd_kafka_topic_t *topic =
            rk_topic_registry_find(rk_cluster_topics(committer->cluster), list->elems[i].topic);
        to->topic_id = id_of_topic(topic, list, i, count);
        has_ids &= !rk_uuid_is_zero(&to->topic_id);
    }
    if (!has_ids)
        request->max_version = TOPIC_IDS_SINCE - 1;
    return true;
}

/* NULL: no memory. */
static struct rk_request *new_request(struct rk_committer *committer) RK_ON_BACKGROUND
{
    const struct rk_membership_identity *identity = committer->identity;
    struct rk_request *request = rk_request_try_new(
        RK_API_OFFSET_COMMIT, rk_cluster_background(committer->cluster), on_answer, committer);
    if (!request)
        return NULL;
    struct rk_offset_commit_request *message = request->message;
    message->group_id = committer->group_id;
    message->generation_id_or_member_epoch = identity->generation;
    message->member_id = copy_text(request, identity->member_id);
    if (identity->instance_id)
        message->group_instance_id = copy_text(request, identity->instance_id);
    if (identity->is_consumer)
        request->min_version = MEMBER_EPOCH_SINCE;
    if (!message->member_id || !fill_topics(committer, request)) {
        rk_request_destroy(request);
        return NULL;
    }
    request->prepare = prepare;
    request->timeout_us =
        (uint64_t)rk_cluster_core(committer->cluster)->conf->socket_timeout_ms * 1000;
    const struct rk_commit *commit;
    TAILQ_FOREACH (commit, &committer->sending, link) {
        request->deadline_us = RK_MIN(request->deadline_us, commit->deadline_us);
    }
    committer->sent_generation = identity->generation;
    committer->was_joining = identity->is_joining;
    return request;
}

/* Answers */

/* NULL: it is none that was asked for. */
static const char *name_of(const struct rk_request *request,
                           const struct rk_offset_commit_answer_topic *theirs, int32_t hint)
{
    const struct rk_offset_commit_request *asked = request->message;
    if (request->version < TOPIC_IDS_SINCE)
        return theirs->name;
    int32_t count = asked->topics.count;
    for (int32_t i = 0; i < count; i++) {
        const struct rk_offset_commit_request_topic *ours =
            &asked->topics.items[(hint + i) % count];
        if (rk_uuid_equal(&theirs->topic_id, &ours->topic_id))
            return ours->name;
    }
    return NULL;
}

/* The answer's order may be any. More than was asked for is no honest answer: only as many are
 * looked at. */
static void read_outcomes(rd_kafka_topic_partition_list_t *merged, const struct rk_request *request)
{
    const struct rk_offset_commit_request *asked = request->message;
    const struct rk_offset_commit_answer *answer = request->answer;
    int left = merged->cnt;
    for (int32_t t = 0; t < RK_MIN(answer->topics.count, asked->topics.count); t++) {
        const struct rk_offset_commit_answer_topic *theirs = &answer->topics.items[t];
        const char *name = name_of(request, theirs, t);
        for (int32_t i = 0; name && i < theirs->partitions.count && left > 0; i++, left--) {
            rd_kafka_topic_partition_t *entry =
                rk_partition_set_find(merged, name, theirs->partitions.items[i].partition_index);
            if (entry)
                entry->err = rk_error_of_broker(theirs->partitions.items[i].error_code);
        }
    }
}

/* Puts the outcome of each entry of `merged` into its err; returns the first error. */
static rd_kafka_resp_err_t read_answer(struct rk_committer *committer,
                                       const struct rk_request *request)
{
    rd_kafka_topic_partition_list_t *merged = committer->merged;
    for (int i = 0; i < merged->cnt; i++)
        merged->elems[i].err = request->err ? request->err : RD_KAFKA_RESP_ERR__BAD_MSG;
    if (!request->err)
        read_outcomes(merged, request);
    for (int i = 0; i < merged->cnt; i++) {
        if (merged->elems[i].err)
            return merged->elems[i].err;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* A classic group has gone on to another generation, or is about to. What the member has not given
 * up it has in that one too. */
static bool is_overtaken(const struct rk_committer *committer, rd_kafka_resp_err_t err)
{
    const struct rk_membership_identity *identity = committer->identity;
    if (identity->is_consumer || identity->is_lost || identity->generation < 0)
        return false;
    if (err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
        return identity->is_joining || identity->generation != committer->sent_generation;
    return err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS &&
           (identity->is_joining || committer->was_joining);
}

static bool may_retry(const struct rk_committer *committer, const struct rk_commit *commit,
                      rd_kafka_resp_err_t err, uint64_t now_us)
{
    if (committer->is_terminated || now_us >= commit->deadline_us)
        return false;
    if (is_overtaken(committer, err))
        return true;
    if (err == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH)
        return committer->identity->is_consumer && committer->identity->generation > 0 &&
               commit->attempts < MEMBER_EPOCH_ATTEMPTS;
    if ((err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID ||
         err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) &&
        commit->attempts >= TOPIC_ATTEMPTS)
        return false;
    if (err == RD_KAFKA_RESP_ERR__BAD_MSG && commit->attempts >= RK_COORDINATOR_BAD_ANSWERS_MAX)
        return false;
    return rk_error_policy_find(RK_API_OFFSET_COMMIT, err) & RK_ACTION_RETRY;
}

/* True when it is to be tried again. */
static bool take_outcomes(struct rk_committer *committer, struct rk_commit *commit, uint64_t now_us)
{
    commit->attempts++;
    for (int i = 0; i < commit->offsets->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &commit->offsets->elems[i];
        if (!is_pending(entry))
            continue;
        const rd_kafka_topic_partition_t *sent =
            rk_partition_set_find(committer->merged, entry->topic, entry->partition);
        rd_kafka_resp_err_t err = sent ? sent->err : RD_KAFKA_RESP_ERR__BAD_MSG;
        if (entry->err == LAST_TRY || !may_retry(committer, commit, err, now_us))
            entry->err = err;
    }
    return !is_finished(commit);
}

static void tell_member(struct rk_committer *committer, rd_kafka_resp_err_t err)
{
    bool is_of_member =
        err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
        err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS ||
        err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || err == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH;
    /* An answer to who we were before says nothing. */
    if (is_of_member && committer->on_member_error && committer->sent_generation >= 0 &&
        committer->sent_generation == committer->identity->generation)
        committer->on_member_error(committer, err);
}

static void settle(struct rk_committer *committer, uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_commit_list again = TAILQ_HEAD_INITIALIZER(again);
    struct rk_commit_list ended = TAILQ_HEAD_INITIALIZER(ended);
    struct rk_commit *commit;
    for (int i = 0; i < committer->merged->cnt; i++) {
        if (!committer->merged->elems[i].err && committer->on_committed)
            committer->on_committed(committer, &committer->merged->elems[i]);
    }
    while ((commit = TAILQ_FIRST(&committer->sending)) != NULL) {
        TAILQ_REMOVE(&committer->sending, commit, link);
        if (take_outcomes(committer, commit, now_us)) {
            TAILQ_INSERT_TAIL(&again, commit, link);
        } else {
            TAILQ_INSERT_TAIL(&ended, commit, link);
        }
    }
    rk_partition_list_destroy(committer->merged);
    committer->merged = NULL;
    committer->retry_at_us = 0;
    if (TAILQ_EMPTY(&again))
        rk_backoff_reset(&committer->backoff);
    else
        committer->retry_at_us = now_us + rk_backoff_next_us(&committer->backoff);
    TAILQ_CONCAT(&again, &committer->queued, link);
    TAILQ_CONCAT(&committer->queued, &again, link);
    while ((commit = TAILQ_FIRST(&ended)) != NULL) {
        TAILQ_REMOVE(&ended, commit, link);
        finish(commit);
    }
    tell_waiters(committer);
}

static void note_answer(struct rk_committer *committer,
                        const struct rk_request *request) RK_ON_BACKGROUND
{
    if (request->err)
        rk_text_copy(committer->answered_by, sizeof(committer->answered_by),
                     request->error_text ? request->error_text : "");
    else
        rk_cluster_name_broker(committer->cluster, request->broker_id, committer->answered_by,
                               sizeof(committer->answered_by));
}

static void on_answer(struct rk_request *request)
{
    struct rk_committer *committer = request->owner;
    rk_on_background(rk_cluster_background(committer->cluster));
    uint64_t now_us = rk_clock_now_us();
    if (committer->is_terminated) { /* They have their outcome. */
        rk_request_destroy(request);
        return;
    }
    rd_kafka_resp_err_t err = read_answer(committer, request);
    note_answer(committer, request);
    rk_coordinator_take_error(committer->coordinator, request, err);
    tell_member(committer, err);
    rk_request_destroy(request);
    committer->is_sending = false; /* Not before: the member, when it is told, may commit. */
    settle(committer, now_us);
    pump(committer, now_us);
}

/* Sending */

static void expire(struct rk_committer *committer, uint64_t now_us)
{
    struct rk_commit *commit, *next;
    for (commit = TAILQ_FIRST(&committer->queued); commit; commit = next) {
        next = TAILQ_NEXT(commit, link);
        if (commit->deadline_us > now_us)
            continue;
        TAILQ_REMOVE(&committer->queued, commit, link);
        set_pending(commit, RD_KAFKA_RESP_ERR__TIMED_OUT);
        finish(commit);
    }
    tell_waiters(committer);
}

static void choose(struct rk_committer *committer)
{
    struct rk_commit *commit;
    int count = 0;
    while ((commit = TAILQ_FIRST(&committer->queued)) != NULL && count < MERGED_MAX) {
        TAILQ_REMOVE(&committer->queued, commit, link);
        TAILQ_INSERT_TAIL(&committer->sending, commit, link);
        count += commit->offsets->cnt;
    }
}

static void pump(struct rk_committer *committer, uint64_t now_us)
{
    if (committer->is_sending || committer->is_terminated)
        return;
    expire(committer, now_us);
    if (committer->is_sending || TAILQ_EMPTY(&committer->queued)) /* `expire` has called back. */
        return;
    if (now_us < committer->retry_at_us) {
        rk_loop_start_timer(rk_cluster_background(committer->cluster), &committer->timer,
                            committer->retry_at_us);
        return;
    }
    choose(committer);
    committer->merged = merge(committer);
    struct rk_request *request = new_request(committer);
    if (!request) {
        rk_partition_list_destroy(committer->merged);
        committer->merged = NULL;
        fail_list(committer, &committer->sending, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
        return;
    }
    committer->is_sending = true;
    rk_coordinator_send(committer->coordinator, request);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_committer *committer = rk_container_of(timer, struct rk_committer, timer);
    rk_on_background(rk_cluster_background(committer->cluster));
    pump(committer, now_us);
}

/* Entry */

struct rk_commit *rk_commit_new(rd_kafka_topic_partition_list_t *offsets, uint64_t deadline_us,
                                void (*on_done)(struct rk_commit *commit), void *owner)
{
    struct rk_commit *commit = RK_NEW(struct rk_commit);
    for (int i = offsets->cnt - 1; i >= 0; i--) {
        offsets->elems[i].err = PENDING;
        if (offsets->elems[i].offset < 0)
            rk_partition_list_remove(offsets, i);
    }
    commit->offsets = offsets;
    commit->deadline_us = deadline_us;
    commit->on_done = on_done;
    commit->owner = owner;
    return commit;
}

void rk_commit_destroy(struct rk_commit *commit)
{
    rk_partition_list_destroy(commit->offsets);
    rk_free(commit);
}

void rk_committer_commit(struct rk_committer *committer, struct rk_commit *commit)
{
    if (committer->is_terminated)
        set_pending(commit, RD_KAFKA_RESP_ERR__DESTROY);
    if (is_finished(commit)) {
        finish(commit);
        return;
    }
    commit->number = ++committer->last_number;
    TAILQ_INSERT_TAIL(&committer->queued, commit, link);
    pump(committer, rk_clock_now_us());
}

bool rk_committer_is_up_to(const struct rk_committer *committer, uint64_t number,
                           const rd_kafka_topic_partition_t *entry)
{
    const struct rk_commit *commit;
    if (TAILQ_FIRST(&committer->sending)->number > number)
        return false; /* No need to look: so it is but for once in a long time. */
    TAILQ_FOREACH (commit, &committer->sending, link) {
        for (int i = 0; commit->number > number && i < commit->offsets->cnt; i++) {
            if (is_pending(&commit->offsets->elems[i]) &&
                rk_partition_set_compare(&commit->offsets->elems[i], entry) == 0)
                return false;
        }
    }
    return true;
}

bool rk_committer_is_busy(const struct rk_committer *committer)
{
    return !TAILQ_EMPTY(&committer->queued) || !TAILQ_EMPTY(&committer->sending);
}

/* Entries of these partitions (sorted) without an outcome. */
static void mark(struct rk_commit *commit, const rd_kafka_topic_partition_list_t *list,
                 rd_kafka_resp_err_t err)
{
    for (int i = 0; i < commit->offsets->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &commit->offsets->elems[i];
        if (is_pending(entry) && rk_partition_set_find(list, entry->topic, entry->partition))
            entry->err = err;
    }
}

void rk_committer_give_up(struct rk_committer *committer,
                          const rd_kafka_topic_partition_list_t *list)
{
    struct rk_commit_list ended = TAILQ_HEAD_INITIALIZER(ended);
    struct rk_commit *commit, *next;
    TAILQ_FOREACH (commit, &committer->sending, link) {
        mark(commit, list, LAST_TRY);
    }
    for (commit = TAILQ_FIRST(&committer->queued); commit; commit = next) {
        next = TAILQ_NEXT(commit, link);
        mark(commit, list, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
        if (!is_finished(commit))
            continue;
        TAILQ_REMOVE(&committer->queued, commit, link);
        TAILQ_INSERT_TAIL(&ended, commit, link);
    }
    fail_list(committer, &ended, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
}

void rk_committer_wait(struct rk_committer *committer, struct rk_commit_waiter *waiter)
{
    waiter->number = committer->last_number;
    TAILQ_INSERT_TAIL(&committer->waiters, waiter, link);
    tell_waiters(committer);
}

void rk_committer_init(struct rk_committer *committer, struct rk_cluster *cluster,
                       struct rk_coordinator *coordinator, const char *group_id,
                       const struct rk_membership_identity *identity)
{
    const struct rk_conf *conf = rk_cluster_core(cluster)->conf;
    *committer = (struct rk_committer){
        .cluster = cluster,
        .coordinator = coordinator,
        .group_id = group_id,
        .identity = identity,
    };
    TAILQ_INIT(&committer->queued);
    TAILQ_INIT(&committer->sending);
    TAILQ_INIT(&committer->waiters);
    rk_timer_init(&committer->timer, on_timer);
    rk_backoff_init(&committer->backoff, conf->retry_backoff_ms, conf->retry_backoff_max_ms);
}

void rk_committer_terminate(struct rk_committer *committer)
{
    committer->is_terminated = true;
    rk_loop_stop_timer(rk_cluster_background(committer->cluster), &committer->timer);
    fail_list(committer, &committer->sending, RD_KAFKA_RESP_ERR__DESTROY);
    fail_list(committer, &committer->queued, RD_KAFKA_RESP_ERR__DESTROY);
}

void rk_committer_clear(struct rk_committer *committer)
{
    rk_partition_list_destroy(committer->merged);
}
