/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/metadata.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "cluster/debug.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"

#define MAX_REQUEST_TIMEOUT_US \
    10000000u /* A broker that hangs must not keep the client blind for longer. */

#define REBOOTSTRAP_REQUIRED 129 /* Has no name in rdkafka.h. */

static void on_answer(struct rk_request *request);

/* What a look at the registry collects for one request. */
struct collection {
    struct rk_metadata *metadata;
    struct rk_request *request;
    bool all;
    bool again; /* What was asked for already. */
    int32_t count, capacity;
    struct rk_metadata_request_topic *items;
};

static void schedule(struct rk_metadata *metadata)
{
    struct rk_loop *loop = metadata->cluster->background;
    uint64_t due_us = metadata->next_refresh_us;
    if (metadata->failing_since_us)
        due_us = RK_MAX(due_us, metadata->not_before_us);
    if (metadata->wants_all || metadata->wants_some)
        due_us = RK_MIN(due_us, metadata->not_before_us);
    if (metadata->is_asking || due_us == RK_NEVER || metadata->is_stopped)
        rk_loop_stop_timer(loop, &metadata->timer);
    else
        rk_loop_start_timer(loop, &metadata->timer, due_us);
}

static bool is_asked_for(const struct collection *collection, const rd_kafka_topic_t *topic)
{
    if (collection->again)
        return topic->known.is_asked;
    return collection->all || topic->known.is_wanted_again;
}

static void count_topic(rd_kafka_topic_t *topic, void *argument)
{
    struct collection *collection = argument;
    collection->capacity += is_asked_for(collection, topic);
}

static void collect_topic(rd_kafka_topic_t *topic, void *argument)
{
    struct collection *collection = argument;
    if (!is_asked_for(collection, topic))
        return;
    if (collection->count == collection->capacity)
        return; /* Added meanwhile by another thread: it has asked for a refresh of its own. */
    if (!collection->again) {
        topic->known.is_asked = true;
        topic->known.is_wanted_again = false; /* Whoever wants news from now on wants newer ones. */
    }
    collection->items[collection->count++].name = topic->base.name;
}

static bool allows_creation(const struct rk_core *core)
{
    return core->conf->allow_auto_create_topics; /* Unset: true for producers only. */
}

static struct rk_request *new_request(struct rk_metadata *metadata, bool again, uint64_t now_us)
{
    struct rk_cluster *cluster = metadata->cluster;
    const struct rk_conf *conf = cluster->core->conf;
    struct rk_request *request =
        rk_request_try_new(RK_API_METADATA, cluster->background, on_answer, metadata);
    if (!request)
        return NULL;
    struct collection collection = {
        .metadata = metadata, .request = request, .all = metadata->wants_all, .again = again};
    rk_topic_registry_visit(&cluster->topics, count_topic, &collection);
    collection.items = rk_metadata_request_topic_try_new(&request->arena, collection.capacity);
    if (!collection.items) {
        rk_request_destroy(request);
        return NULL;
    }
    rk_topic_registry_visit(&cluster->topics, collect_topic, &collection);
    struct rk_metadata_request *message = request->message;
    message->topics.items = collection.items;
    message->topics.count = collection.count;
    message->allow_auto_topic_creation = allows_creation(cluster->core);
    uint64_t patience_us = (uint64_t)conf->socket_timeout_ms * 1000;
    request->timeout_us = RK_MIN(patience_us, MAX_REQUEST_TIMEOUT_US);
    request->deadline_us = now_us + patience_us; /* A broker may say to wait for days. */
    return request;
}

static void ask(struct rk_metadata *metadata, uint64_t now_us) RK_ON_BACKGROUND
{
    if (rk_seed_is_empty(&metadata->cluster->own.seed, metadata->cluster->own.snapshot)) {
        metadata->next_refresh_us = RK_NEVER; /* Until brokers are added. */
        metadata->wants_some = metadata->wants_all = false;
        return;
    }
    struct rk_request *request = new_request(metadata, false, now_us);
    if (!request) {
        metadata->not_before_us = now_us + rk_backoff_next_us(&metadata->backoff);
        return;
    }
    metadata->is_asking = true;
    metadata->wants_all = false;
    metadata->wants_some = metadata->wants_new = false;
    metadata->last_asked_us = now_us;
    bool names_any = ((const struct rk_metadata_request *)request->message)->topics.count > 0;
    if (names_any || metadata->cluster->own.snapshot)
        metadata->distance_from_us = now_us;
    metadata->requests[0] = request; /* It may fail at once, and be answered. */
    metadata->asked_count = 1;
    rk_loop_start_timer(metadata->cluster->background, &metadata->silence_timer,
                        now_us + RK_METADATA_SILENCE_US);
    int32_t broker_id = rk_cluster_send_any(metadata->cluster, request);
    metadata->asked[0] = broker_id;
}

/* Nobody has answered for a while, although somebody may be there. */
static void on_silence(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_metadata *metadata = rk_container_of(timer, struct rk_metadata, silence_timer);
    struct rk_cluster *cluster = metadata->cluster;
    rk_on_background(cluster->background);
    rk_on_broker(cluster->background); /* The seed runs here. */
    if (!metadata->is_asking || metadata->asked_count == RK_METADATA_ASKED_MAX)
        return;
    struct rk_broker *other = rk_cluster_use_other(cluster, metadata->asked, metadata->asked_count);
    struct rk_request *request = other ? new_request(metadata, true, now_us) : NULL;
    rk_loop_start_timer(cluster->background, &metadata->silence_timer,
                        now_us + RK_METADATA_SILENCE_US);
    if (!request)
        return;
    rk_log_debug(cluster->core, RK_DEBUG_METADATA, "METADATA",
                 "No answer to a metadata request within %dms: asking broker %d as well",
                 (int)((now_us - metadata->last_asked_us) / 1000), (int)other->id);
    metadata->requests[metadata->asked_count] = request;
    metadata->asked[metadata->asked_count++] = other->id;
    rk_broker_post_send(other, RK_PURPOSE_GENERAL, request);
}

/* The periodic one: at the refresh interval, and before what is known gets too old. */
static uint64_t next_refresh(const struct rk_metadata *metadata, uint64_t now_us)
{
    const struct rk_conf *conf = metadata->cluster->core->conf;
    int interval_ms = conf->metadata_max_age_ms;
    if (conf->topic_metadata_refresh_interval_ms > 0)
        interval_ms = RK_MIN(interval_ms, conf->topic_metadata_refresh_interval_ms);
    return now_us + (uint64_t)interval_ms * 1000;
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_metadata *metadata = rk_container_of(timer, struct rk_metadata, timer);
    rk_on_background(metadata->cluster->background);
    if (now_us >= metadata->next_refresh_us) {
        metadata->wants_all = true;
        metadata->next_refresh_us = next_refresh(metadata, now_us);
    }
    ask(metadata, now_us);
    schedule(metadata);
}

void rk_metadata_init(struct rk_metadata *metadata, struct rk_cluster *cluster)
{
    const struct rk_conf *conf = cluster->core->conf;
    *metadata = (struct rk_metadata){.cluster = cluster, .next_refresh_us = RK_NEVER};
    rk_timer_init(&metadata->timer, on_timer);
    rk_timer_init(&metadata->silence_timer, on_silence);
    rk_backoff_init(&metadata->backoff, conf->retry_backoff_ms, conf->retry_backoff_max_ms);
}

void rk_metadata_start(struct rk_metadata *metadata)
{
    metadata->wants_all = true;
    metadata->not_before_us = 0;
    schedule(metadata);
}

void rk_metadata_stop(struct rk_metadata *metadata)
{
    metadata->is_stopped = true;
    rk_loop_stop_timer(metadata->cluster->background, &metadata->silence_timer);
    schedule(metadata);
}

static uint64_t fast_interval(const struct rk_metadata *metadata)
{
    const struct rk_conf *conf = metadata->cluster->core->conf;
    return (uint64_t)conf->topic_metadata_refresh_fast_interval_ms * 1000;
}

/* Not sooner than the fast interval after the last request, however many ask. The first look at
 * the bootstrap servers does not count: the first topics mostly come right after it. */
static uint64_t earliest(const struct rk_metadata *metadata)
{
    return RK_MAX(metadata->not_before_us, metadata->distance_from_us + fast_interval(metadata));
}

void rk_metadata_want_topic(struct rk_metadata *metadata, rd_kafka_topic_t *topic,
                            const char *reason)
{
    bool is_new = topic->known.state == RK_TOPIC_UNKNOWN && !topic->known.is_wanted_again &&
                  !topic->known.is_asked;
    rk_log_debug(metadata->cluster->core, RK_DEBUG_METADATA, "METADATA",
                 "Requesting metadata for topic %s: %s", topic->base.name, reason);
    topic->known.is_wanted_again = true;
    metadata->wants_some = true;
    metadata->wants_new |= is_new;
    if (!is_new)
        metadata->not_before_us = earliest(metadata);
    else if (!metadata->failing_since_us) /* Not behind topics that are not there. */
        metadata->not_before_us =
            RK_MIN(metadata->not_before_us, metadata->distance_from_us + fast_interval(metadata));
    schedule(metadata);
}

void rk_metadata_want_all(struct rk_metadata *metadata, const char *reason)
{
    rk_log_debug(metadata->cluster->core, RK_DEBUG_METADATA, "METADATA",
                 "Requesting metadata for all topics in use: %s", reason);
    metadata->wants_all = true;
    metadata->not_before_us = earliest(metadata);
    schedule(metadata);
}

/* Answers */

static void want_again(rd_kafka_topic_t *topic, void *argument)
{
    (void)argument;
    if (topic->known.is_asked)
        topic->known.is_wanted_again = true;
    topic->known.is_asked = false;
}

static void rebootstrap_if_due(struct rk_metadata *metadata, uint64_t now_us) RK_ON_BACKGROUND
{
    const struct rk_conf *conf = metadata->cluster->core->conf;
    uint64_t trigger_us = (uint64_t)conf->metadata_recovery_rebootstrap_trigger_ms * 1000;
    if (!metadata->failing_since_us)
        metadata->failing_since_us = now_us;
    if (now_us - metadata->failing_since_us < trigger_us)
        return;
    metadata->failing_since_us = now_us;
    rk_cluster_rebootstrap(metadata->cluster, "nobody has answered for too long");
}

static void on_failure(struct rk_metadata *metadata, const char *text,
                       uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_cluster *cluster = metadata->cluster;
    rk_log_debug(cluster->core, RK_DEBUG_METADATA, "METADATA", "Metadata request failed: %s", text);
    rebootstrap_if_due(metadata, now_us);
    rk_topic_registry_visit(&cluster->topics, want_again, NULL);
    metadata->wants_some = true;
    metadata->not_before_us = now_us + rk_backoff_next_us(&metadata->backoff);
}

static bool has_all_leaders(const struct rk_snapshot_topic *data,
                            const struct rk_snapshot *snapshot)
{
    for (int32_t i = 0; i < data->partition_count; i++) {
        if (!rk_snapshot_find_broker(snapshot, data->partitions[i].leader))
            return false;
    }
    return data->partition_count > 0;
}

static bool is_missing_error(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
}

static bool is_final_error(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

/* A topic that is not there may be on its way through the cluster: believed only after a while.
 * True while it is to be asked for again. */
static bool note_missing(struct rk_metadata *metadata, rd_kafka_topic_t *topic,
                         rd_kafka_resp_err_t err, uint64_t now_us)
{
    uint64_t patience_us =
        (uint64_t)metadata->cluster->core->conf->topic_metadata_propagation_max_ms * 1000;
    topic->known.err = err;
    if (!topic->known.missing_since_us)
        topic->known.missing_since_us = now_us;
    if (!is_final_error(err) && now_us - topic->known.missing_since_us < patience_us)
        return true;
    topic->known.state = RK_TOPIC_MISSING;
    topic->known.partition_count = 0;
    return false;
}

/*
 * How many partitions it has. A topic's partitions never become fewer: an answer with less comes
 * from a broker that is behind, or the topic was deleted and made again, or the answer before was
 * wrong. The second shows by its id at once; else it is believed when all answers have said so for
 * a while. True while it is to be asked for again.
 */
static bool note_partition_count(struct rk_metadata *metadata, rd_kafka_topic_t *topic,
                                 const struct rk_snapshot_topic *data, uint64_t now_us)
{
    uint64_t patience_us =
        (uint64_t)metadata->cluster->core->conf->topic_metadata_propagation_max_ms * 1000;
    bool has_id = !rk_uuid_is_zero(&data->id) && !rk_uuid_is_zero(&topic->known.id);
    bool is_certain = has_id && !rk_uuid_equal(&data->id, &topic->known.id);
    if (!is_certain && data->partition_count < topic->known.partition_count) {
        if (!topic->known.fewer_since_us)
            topic->known.fewer_since_us = now_us;
        if (now_us - topic->known.fewer_since_us < patience_us)
            return true;
    }
    topic->known.partition_count = data->partition_count;
    topic->known.fewer_since_us = 0;
    return false;
}

/* True while it is to be asked for again. */
static bool note_topic(struct rk_metadata *metadata, rd_kafka_topic_t *topic,
                       const struct rk_snapshot_topic *data, const struct rk_snapshot *snapshot,
                       uint64_t now_us)
{
    if (!data)
        return note_missing(metadata, topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, now_us);
    if (is_missing_error(data->err) || is_final_error(data->err))
        return note_missing(metadata, topic, data->err, now_us);
    if (data->partition_count == 0) {
        topic->known.err = data->err; /* It is being created. */
        return true;
    }
    topic->known.state = RK_TOPIC_EXISTS;
    topic->known.err = RD_KAFKA_RESP_ERR_NO_ERROR;
    topic->known.missing_since_us = 0;
    bool has_too_few = note_partition_count(metadata, topic, data, now_us);
    topic->known.id = data->id;
    return has_too_few || !has_all_leaders(data, snapshot);
}

struct round {
    struct rk_metadata *metadata;
    struct rk_snapshot *snapshot;
    uint64_t now_us;
    bool some_wanted;
};

static void on_topic_answer(rd_kafka_topic_t *topic, void *argument) RK_ON_BACKGROUND
{
    struct round *round = argument;
    if (!topic->known.is_asked)
        return;
    topic->known.is_asked = false;
    const struct rk_snapshot_topic *data =
        rk_snapshot_find_topic(round->snapshot, topic->base.name);
    if (note_topic(round->metadata, topic, data, round->snapshot, round->now_us)) {
        topic->known.is_wanted_again = true;
        round->some_wanted = true;
    }
    rk_cluster_tell_topic(round->metadata->cluster, topic, data, round->snapshot);
}

/* Only topics the client works with enter the snapshot, whatever a broker names, and none of
 * topic.blacklist. */
static void keep_known_topics(struct rk_cluster *cluster, struct rk_metadata_answer *answer)
{
    const struct rk_patterns *blacklist = &cluster->core->conf->topic_blacklist;
    int32_t kept = 0;
    for (int32_t i = 0; i < answer->topics.count; i++) {
        const char *name = answer->topics.items[i].name;
        if (name && rk_topic_registry_find(&cluster->topics, name) &&
            !rk_patterns_match(blacklist, name))
            answer->topics.items[kept++] = answer->topics.items[i];
    }
    answer->topics.count = kept;
}

static void on_success(struct rk_metadata *metadata, const struct rk_request *request,
                       uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_cluster *cluster = metadata->cluster;
    rk_on_broker(cluster->background); /* The seed runs here. */
    keep_known_topics(cluster, request->answer);
    struct rk_snapshot *snapshot = rk_snapshot_try_merge(&(struct rk_snapshot_merge){
        .before = cluster->own.snapshot,
        .answer = request->answer,
        .version = request->version,
        .answered_by = rk_seed_answerer(&cluster->own.seed, request),
        .now_us = now_us,
    });
    if (!snapshot) {
        on_failure(metadata, "no memory for the answer", now_us);
        return;
    }
    metadata->failing_since_us = 0;
    rk_seed_on_answer(&cluster->own.seed);
    metadata->next_refresh_us = next_refresh(metadata, now_us);
    rk_debug_metadata(cluster->core, cluster->own.snapshot, snapshot, request->answer);
    rk_snapshot_acquire(snapshot);
    rk_cluster_publish(cluster, snapshot);
    struct round round = {.metadata = metadata, .snapshot = snapshot, .now_us = now_us};
    rk_topic_registry_visit(&cluster->topics, on_topic_answer, &round);
    rk_snapshot_release(snapshot);
    if (round.some_wanted) {
        metadata->wants_some = true;
        metadata->not_before_us = now_us + rk_backoff_next_us(&metadata->backoff);
        if (metadata->wants_new)
            metadata->not_before_us = RK_MIN(metadata->not_before_us,
                                             metadata->distance_from_us + fast_interval(metadata));
    } else {
        rk_backoff_reset(&metadata->backoff);
        metadata->not_before_us = 0;
        if (!metadata->wants_new) /* What was wanted since it was asked is news of old topics. */
            metadata->not_before_us = earliest(metadata);
    }
}

static bool has_failed(const struct rk_request *request)
{
    const struct rk_metadata_answer *answer = request->answer;
    return request->err || answer->error_code || answer->brokers.count <= 0;
}

/* False when it is of no account: another broker has answered, or may still do better. */
static bool counts(struct rk_metadata *metadata, const struct rk_request *request)
{
    int others = 0;
    bool is_asked = false;
    for (int i = 0; i < metadata->asked_count; i++) {
        others += metadata->requests[i] && metadata->requests[i] != request;
        if (metadata->requests[i] != request)
            continue;
        is_asked = true;
        metadata->requests[i] = NULL;
    }
    if (!is_asked || (others > 0 && has_failed(request)))
        return false;
    metadata->is_asking = false;
    metadata->asked_count = 0;
    rk_loop_stop_timer(metadata->cluster->background, &metadata->silence_timer);
    return true;
}

static void tell_unsupported(const struct rk_metadata *metadata, const struct rk_request *request,
                             uint64_t now_us)
{
    char *text = rk_failure_text(&(struct rk_failure){.err = request->err,
                                                      .words = request->error_text,
                                                      .attempts = 1,
                                                      .since_us = metadata->last_asked_us},
                                 now_us);
    rk_core_post_error(metadata->cluster->core, request->err, "%s", text);
    rk_free(text);
}

static void on_answer(struct rk_request *request)
{
    struct rk_metadata *metadata = request->owner;
    rk_on_background(metadata->cluster->background);
    const struct rk_metadata_answer *answer = request->answer;
    uint64_t now_us = rk_clock_now_us();
    bool is_of_account = counts(metadata, request);
    if (request->broker_id < 0 && !metadata->is_stopped)
        rk_cluster_post_connection_change(metadata->cluster); /* The seed may have nothing to do. */
    if (metadata->is_stopped || !is_of_account) {
        rk_request_destroy(request);
        return;
    }
    if (answer && answer->error_code == REBOOTSTRAP_REQUIRED)
        rk_cluster_rebootstrap(metadata->cluster, "the cluster says so");
    /* Nothing that another try would change: no silence until somebody restarts the broker. */
    if (request->err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && !metadata->failing_since_us)
        tell_unsupported(metadata, request, now_us);
    if (request->err)
        on_failure(metadata, request->error_text, now_us);
    else if (answer->error_code)
        on_failure(metadata, rd_kafka_err2str(rk_error_of_broker(answer->error_code)), now_us);
    else if (answer->brokers.count <= 0)
        on_failure(metadata, "the broker names no brokers: it is starting up", now_us);
    else
        on_success(metadata, request, now_us);
    rk_request_destroy(request);
    schedule(metadata);
}
