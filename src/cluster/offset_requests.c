/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/offset_requests.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"

#define FIRST_WITH_LEADER_EPOCHS 4

/* One set of queries while background works on it; outlives the queries while requests point to it.
 */
struct rk_offset_job {
    LIST_ENTRY(rk_offset_job) link;
    struct rk_cluster *cluster;
    struct rk_offset_queries *queries; /* NULL: given back. */
    struct rk_timer timer;             /* The next attempt, or the deadline. */
    struct rk_backoff backoff;
    uint64_t retry_at_us; /* The next attempt; RK_NEVER: all are answered, or asked about. */
    int requests;         /* Under way. */
    bool is_asking;       /* Requests that fail at once come back within `ask`. */
};

static void on_answer(struct rk_request *request);

/* Giving back */

static void deliver_done(struct rk_mail *mail)
{
    struct rk_offset_queries *queries = rk_container_of(mail, struct rk_offset_queries, mail);
    queries->on_done(queries);
}

static void discard_done(struct rk_mail *mail)
{
    rk_offset_queries_destroy(rk_container_of(mail, struct rk_offset_queries, mail));
}

static void free_if_unused(struct rk_offset_job *job)
{
    if (!job->queries && job->requests == 0 && !job->is_asking)
        rk_free(job);
}

static void give_back(struct rk_offset_job *job)
{
    struct rk_offset_queries *queries = job->queries;
    job->queries = NULL;
    rk_loop_stop_timer(job->cluster->background, &job->timer);
    LIST_REMOVE(job, link);
    queries->mail.deliver = deliver_done;
    queries->mail.discard = discard_done;
    if (queries->reply_loop)
        rk_loop_post(queries->reply_loop, &queries->mail);
    else
        queries->on_done(queries);
}

static void finish_all(struct rk_offset_job *job, rd_kafka_resp_err_t err)
{
    for (int i = 0; i < job->queries->count; i++) {
        struct rk_offset_query *item = &job->queries->items[i];
        if (item->is_answered)
            continue;
        item->is_answered = true;
        if (!item->err || err == RD_KAFKA_RESP_ERR__DESTROY)
            item->err = err;
    }
    give_back(job);
}

/* Asking */

static const struct rk_snapshot_partition *look_up(const struct rk_offset_job *job,
                                                   const struct rk_offset_query *item)
{
    const struct rk_snapshot *snapshot = job->cluster->own.snapshot;
    const struct rk_snapshot_topic *topic =
        rk_snapshot_find_topic(snapshot, item->topic->base.name);
    return rk_snapshot_find_partition(topic, item->partition);
}

/* The topic is known for good, and has no such partition. */
static bool is_unknown_partition(const struct rk_offset_query *item)
{
    return item->topic->known.state == RK_TOPIC_EXISTS &&
           item->partition >= item->topic->known.partition_count;
}

static int32_t leader_of(struct rk_offset_job *job, struct rk_offset_query *item) RK_ON_BACKGROUND
{
    if (item->is_answered || item->is_asked)
        return -1;
    if (is_unknown_partition(item) || item->topic->known.state == RK_TOPIC_MISSING) {
        item->is_answered = true;
        item->err = item->topic->known.state == RK_TOPIC_MISSING && item->topic->known.err
                        ? item->topic->known.err
                        : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        return -1;
    }
    const struct rk_snapshot_partition *partition = look_up(job, item);
    if (partition && rk_snapshot_find_broker(job->cluster->own.snapshot, partition->leader))
        return partition->leader;
    item->err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    rk_metadata_want_topic(&job->cluster->own.metadata, item->topic, "an offset look-up waits");
    return -1;
}

/* A broker refuses a partition that is named twice, with another time too: the next request. */
static bool is_named(const struct rk_list_offsets_request_topic *topic, int32_t partition)
{
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        if (topic->partitions.items[i].partition_index == partition)
            return true;
    }
    return false;
}

/* All that is chosen of the topic that `items[0]` is about; entries are NULL once they were seen.
 * False: no memory. */
static bool add_topic(struct rk_offset_job *job, struct rk_request *request, int32_t leader,
                      struct rk_offset_query **items, int count)
{
    struct rk_list_offsets_request *message = request->message;
    struct rk_list_offsets_request_topic *entry = &message->topics.items[message->topics.count];
    const rd_kafka_topic_t *topic = items[0]->topic;
    int of_topic = 0;
    for (int i = 0; i < count; i++)
        of_topic += items[i] && items[i]->topic == topic;
    entry->name = topic->base.name;
    entry->partitions.items = rk_list_offsets_request_partition_try_new(&request->arena, of_topic);
    entry->partitions.count = 0;
    if (!entry->partitions.items)
        return false;
    message->topics.count++;
    for (int i = 0; i < count; i++) {
        struct rk_offset_query *item = items[i];
        if (!item || item->topic != topic)
            continue;
        items[i] = NULL;
        if (is_named(entry, item->partition))
            continue;
        struct rk_list_offsets_request_partition *named =
            &entry->partitions.items[entry->partitions.count++];
        named->partition_index = item->partition;
        named->current_leader_epoch = look_up(job, item)->leader_epoch;
        named->timestamp = item->timestamp;
        item->err =
            RD_KAFKA_RESP_ERR_NO_ERROR; /* Of the attempt before, or for lack of a leader. */
        item->is_asked = true;
        item->asked_of = leader;
    }
    return true;
}

/* Everything that leader is to be asked, by topic. False: no memory. */
static bool add_topics(struct rk_offset_job *job, struct rk_request *request,
                       int32_t leader) RK_ON_BACKGROUND
{
    struct rk_offset_queries *queries = job->queries;
    struct rk_list_offsets_request *message = request->message;
    struct rk_offset_query **chosen =
        rk_request_try_alloc(request, (size_t)queries->count * sizeof(struct rk_offset_query *));
    int count = 0;
    message->topics.items = rk_list_offsets_request_topic_try_new(&request->arena, queries->count);
    message->topics.count = 0;
    if (!chosen || !message->topics.items)
        return false;
    for (int i = 0; i < queries->count; i++) {
        if (leader_of(job, &queries->items[i]) == leader)
            chosen[count++] = &queries->items[i];
    }
    for (int i = 0; i < count; i++) {
        if (chosen[i] && !add_topic(job, request, leader, chosen + i, count - i))
            return false;
    }
    return true;
}

static struct rk_request *new_request(struct rk_offset_job *job, int32_t leader) RK_ON_BACKGROUND
{
    struct rk_request *request =
        rk_request_try_new(RK_API_LIST_OFFSETS, job->cluster->background, on_answer, job);
    if (!request)
        return NULL;
    struct rk_list_offsets_request *message = request->message;
    if (job->cluster->own.offsets_lack_epochs)
        request->max_version = FIRST_WITH_LEADER_EPOCHS - 1;
    message->replica_id = -1;
    message->isolation_level = job->queries->read_committed;
    if (!add_topics(job, request, leader)) {
        rk_request_destroy(request);
        return NULL;
    }
    request->deadline_us = job->queries->deadline_us;
    /* Longer than this look-up may take: one that gives up must not cost the connection. */
    request->timeout_us = (uint64_t)job->cluster->core->conf->socket_timeout_ms * 1000;
    return request;
}

static bool is_finished(const struct rk_offset_job *job)
{
    for (int i = 0; i < job->queries->count; i++) {
        if (!job->queries->items[i].is_answered)
            return false;
    }
    return true;
}

/* Has something to ask that no request under way asks. */
static bool has_waiting(const struct rk_offset_job *job)
{
    for (int i = 0; i < job->queries->count; i++) {
        const struct rk_offset_query *item = &job->queries->items[i];
        if (!item->is_answered && !item->is_asked)
            return true;
    }
    return false;
}

/* Partitions that are to be asked about again do not wait for a broker that keeps silent about
 * others. */
static void settle(struct rk_offset_job *job, uint64_t now_us)
{
    if (!job->queries)
        return;
    if (is_finished(job)) {
        give_back(job);
        return;
    }
    if (job->retry_at_us == RK_NEVER && has_waiting(job))
        job->retry_at_us = now_us + rk_backoff_next_us(&job->backoff);
    rk_loop_start_timer(job->cluster->background, &job->timer,
                        RK_MIN(job->queries->deadline_us, job->retry_at_us));
}

static void ask(struct rk_offset_job *job, uint64_t now_us) RK_ON_BACKGROUND
{
    job->is_asking = true;
    job->retry_at_us = RK_NEVER;
    for (int i = 0; job->queries && i < job->queries->count; i++) {
        int32_t leader = leader_of(job, &job->queries->items[i]);
        if (leader < 0)
            continue;
        struct rk_request *request = new_request(job, leader);
        if (!request) {
            finish_all(job, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
            break;
        }
        job->requests++;
        rk_cluster_send(job->cluster, leader, RK_PURPOSE_GENERAL, request);
    }
    job->is_asking = false;
    settle(job, now_us);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_offset_job *job = rk_container_of(timer, struct rk_offset_job, timer);
    rk_on_background(job->cluster->background);
    if (now_us >= job->queries->deadline_us) {
        finish_all(job, RD_KAFKA_RESP_ERR__TIMED_OUT);
        free_if_unused(job);
        return;
    }
    ask(job, now_us);
    free_if_unused(job);
}

/* Answers */

/* Looks from `*hint` on, where the last one was found. */
static struct rk_offset_query *find_item(struct rk_offset_job *job, const char *topic,
                                         const struct rk_list_offsets_request_partition *named,
                                         int *hint)
{
    for (int i = 0; i < job->queries->count; i++) {
        int at = (*hint + i) % job->queries->count;
        struct rk_offset_query *item = &job->queries->items[at];
        if (item->is_asked && item->partition == named->partition_index &&
            item->timestamp == named->timestamp && item->topic->base.name == topic) {
            *hint = at + 1;
            return item;
        }
    }
    return NULL;
}

static void take_result(struct rk_offset_job *job, struct rk_offset_query *item,
                        const struct rk_list_offsets_answer_partition *partition) RK_ON_BACKGROUND
{
    rd_kafka_resp_err_t err = rk_error_of_broker(partition->error_code);
    unsigned action = rk_error_policy_find(RK_API_LIST_OFFSETS, err);
    item->is_asked = false;
    item->err = err;
    if (action & RK_ACTION_REFRESH)
        rk_metadata_want_topic(&job->cluster->own.metadata, item->topic, rd_kafka_err2str(err));
    if (action & RK_ACTION_RETRY)
        return;
    item->is_answered = true;
    item->offset = partition->offset;
    item->found_timestamp = partition->timestamp;
    item->leader_epoch = partition->leader_epoch;
    if (partition->old_style_offsets.count > 0)
        item->offset = partition->old_style_offsets.items[0];
}

static void take_failure(struct rk_offset_job *job, struct rk_offset_query *item,
                         rd_kafka_resp_err_t err) RK_ON_BACKGROUND
{
    item->is_asked = false;
    item->err = err;
    if (rk_error_policy_find(RK_API_LIST_OFFSETS, err) & RK_ACTION_RETRY)
        rk_metadata_want_topic(&job->cluster->own.metadata, item->topic, "a look-up failed");
    else
        item->is_answered = true;
}

/* More than was asked for is no honest answer, and would only take time: `most` are looked at. */
static const struct rk_list_offsets_answer_topic *
find_topic(const struct rk_list_offsets_answer *answer, const char *name, int32_t most)
{
    for (int32_t i = 0; i < RK_MIN(answer->topics.count, most); i++) {
        if (strcmp(answer->topics.items[i].name, name) == 0)
            return &answer->topics.items[i];
    }
    return NULL;
}

/* Answers have the order of the request, as a rule. */
static const struct rk_list_offsets_answer_partition *
find_partition(const struct rk_list_offsets_answer_topic *topic, int32_t number, int32_t hint,
               int32_t most)
{
    int32_t count = topic ? RK_MIN(topic->partitions.count, most) : 0;
    for (int32_t i = 0; i < count; i++) {
        int32_t at = (hint + i) % count;
        if (topic->partitions.items[at].partition_index == number)
            return &topic->partitions.items[at];
    }
    return NULL;
}

static void take_answer(struct rk_offset_job *job,
                        const struct rk_request *request) RK_ON_BACKGROUND
{
    const struct rk_list_offsets_request *asked = request->message;
    int hint = 0;
    for (int32_t t = 0; t < asked->topics.count; t++) {
        const struct rk_list_offsets_request_topic *topic = &asked->topics.items[t];
        const struct rk_list_offsets_answer_topic *found =
            request->err ? NULL : find_topic(request->answer, topic->name, asked->topics.count);
        for (int32_t i = 0; i < topic->partitions.count; i++) {
            struct rk_offset_query *item =
                find_item(job, topic->name, &topic->partitions.items[i], &hint);
            if (!item)
                continue;
            const struct rk_list_offsets_answer_partition *partition =
                find_partition(found, item->partition, i, topic->partitions.count);
            if (request->err)
                take_failure(job, item, request->err);
            else if (partition)
                take_result(job, item, partition);
            item->is_asked = false; /* An answer that leaves it out means: ask again. */
        }
    }
}

static void on_answer(struct rk_request *request)
{
    struct rk_offset_job *job = request->owner;
    rk_on_background(job->cluster->background);
    job->requests--;
    /* The built-in cluster of librdkafka 2.0 writes epochs of eight bytes. */
    if (request->err == RD_KAFKA_RESP_ERR__BAD_MSG && request->version >= FIRST_WITH_LEADER_EPOCHS)
        job->cluster->own.offsets_lack_epochs = true;
    if (job->queries) {
        take_answer(job, request);
        if (request->err == RD_KAFKA_RESP_ERR__DESTROY)
            finish_all(job, RD_KAFKA_RESP_ERR__DESTROY);
        else if (!job->is_asking)
            settle(job, rk_clock_now_us());
    }
    rk_request_destroy(request);
    free_if_unused(job);
}

/* What a broker was asked that leads the partition no more: it may never answer. */
static void take_from_former_leaders(struct rk_offset_job *job)
{
    for (int i = 0; i < job->queries->count; i++) {
        struct rk_offset_query *item = &job->queries->items[i];
        const struct rk_snapshot_partition *partition = item->is_asked ? look_up(job, item) : NULL;
        if (!partition || partition->leader < 0 || partition->leader == item->asked_of)
            continue;
        item->is_asked = false;
    }
}

void rk_offset_jobs_on_snapshot(struct rk_cluster *cluster)
{
    struct rk_offset_job *job;
    LIST_FOREACH (job, &cluster->own.offset_jobs, link) {
        if (job->is_asking)
            continue;
        take_from_former_leaders(job);
        if (has_waiting(job))
            rk_loop_start_timer(cluster->background, &job->timer, 0);
    }
}

void rk_offset_jobs_terminate(struct rk_cluster *cluster)
{
    struct rk_offset_job *job;
    while ((job = LIST_FIRST(&cluster->own.offset_jobs)) != NULL) {
        finish_all(job, RD_KAFKA_RESP_ERR__DESTROY);
        free_if_unused(job);
    }
}

/* Entry */

struct rk_offset_queries *rk_offset_queries_new(struct rk_cluster *cluster, int count)
{
    struct rk_offset_queries *queries =
        rk_calloc(1, sizeof(*queries) + (size_t)count * sizeof(*queries->items));
    queries->cluster = cluster;
    queries->deadline_us = RK_NEVER;
    queries->count = count;
    for (int i = 0; i < count; i++) {
        queries->items[i].offset = -1;
        queries->items[i].found_timestamp = -1;
        queries->items[i].leader_epoch = -1;
    }
    return queries;
}

void rk_offset_queries_destroy(struct rk_offset_queries *queries)
{
    rk_free(queries);
}

static void begin(void *argument)
{
    struct rk_offset_queries *queries = argument;
    struct rk_cluster *cluster = queries->cluster;
    rk_on_background(cluster->background);
    struct rk_offset_job *job = RK_NEW(struct rk_offset_job);
    job->cluster = cluster;
    job->queries = queries;
    job->retry_at_us = RK_NEVER;
    rk_timer_init(&job->timer, on_timer);
    rk_backoff_init(&job->backoff, cluster->core->conf->retry_backoff_ms,
                    cluster->core->conf->retry_backoff_max_ms);
    LIST_INSERT_HEAD(&cluster->own.offset_jobs, job, link);
    if (cluster->own.is_terminating)
        finish_all(job, RD_KAFKA_RESP_ERR__DESTROY);
    else
        rk_loop_start_timer(cluster->background, &job->timer, 0);
    free_if_unused(job);
}

static void drop(void *argument)
{
    struct rk_offset_queries *queries = argument;
    for (int i = 0; i < queries->count; i++)
        queries->items[i].err = RD_KAFKA_RESP_ERR__DESTROY;
    if (queries->reply_loop)
        rk_offset_queries_destroy(queries);
    else
        queries->on_done(queries);
}

void rk_offset_queries_post(struct rk_offset_queries *queries)
{
    rk_cluster_post_call(queries->cluster, begin, drop, queries);
}

static void answer_waiter(struct rk_offset_queries *queries)
{
    rk_reply_answer(queries->owner, NULL);
}

void rk_offset_queries_ask(struct rk_offset_queries *queries)
{
    struct rk_reply *reply = rk_reply_new(NULL);
    void *nothing;
    queries->reply_loop = NULL;
    queries->on_done = answer_waiter;
    queries->owner = reply;
    rk_offset_queries_post(queries);
    rk_reply_wait(reply, RK_NEVER, &nothing); /* Background keeps the deadline. */
    rk_reply_release(reply);
}
