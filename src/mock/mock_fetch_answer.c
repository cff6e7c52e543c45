/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fetch is answered with: batches as they are stored, spliced into the answer, within its
 * limits.
 */
#include "mock/mock_fetch.h"
#include "mock/mock_leader.h"
#include "mock/mock_offsets.h"

#define PREFERRED_REPLICA_SINCE 11 /* KIP-392 */
#define LEADERS_SINCE           12 /* KIP-951 */
#define ENDPOINTS_SINCE         16 /* Where those leaders are. */
#define READ_COMMITTED          1

/* A part that is told about. */
struct told_part {
    struct rk_mock_fetch_part *part;
    struct rk_fetch_answer_partition *answer;
};

struct filling {
    struct rk_mock_request *request;
    struct rk_mock_fetch *fetch;
    struct rk_mock_answer *answer;
    int64_t left; /* Bytes. */
    bool has_records;
    struct rk_mock_leaders leaders;
};

/* Where this broker sees the log begin and end; an error when it has no part in it. */
static rd_kafka_resp_err_t look_at_bounds(const struct rk_mock_fetch *fetch,
                                          struct rk_mock_fetch_view *view)
{
    const struct rk_mock_partition *partition = view->partition;
    int32_t broker_id = fetch->connection->broker->id;
    view->log_start = partition->log.start_offset;
    view->end = partition->log.end_offset;
    if (partition->leader_id == broker_id) {
        if (fetch->version >= PREFERRED_REPLICA_SINCE && fetch->has_rack &&
            partition->follower_id != broker_id)
            view->preferred_replica = partition->follower_id;
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (partition->follower_id != broker_id)
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    if (partition->follower_start >= 0)
        view->log_start = partition->follower_start;
    if (partition->follower_end >= 0)
        view->end = partition->follower_end;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_fetch_look(struct rk_mock_fetch *fetch, struct rk_mock_fetch_part *part,
                        struct rk_mock_fetch_view *view)
{
    struct rk_mock_cluster *cluster = fetch->connection->broker->cluster;
    *view = (struct rk_mock_fetch_view){.preferred_replica = -1};
    view->partition = rk_mock_fetch_part_find(cluster, fetch->session, part);
    if (!view->partition) {
        view->err = fetch->session->has_topic_ids && !part->topic
                        ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID
                        : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        return;
    }
    view->err = look_at_bounds(fetch, view);
    if (view->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        view->err = rk_mock_partition_check_epoch(view->partition, part->current_leader_epoch);
    if (view->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    if (part->last_fetched_epoch >= 0) {
        int32_t epoch;
        int64_t end;
        rk_mock_log_find_epoch_end(&view->partition->log, part->last_fetched_epoch, &epoch, &end);
        if (epoch < 0) /* One that never was. */
            view->err = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
        view->is_diverging =
            epoch >= 0 && (epoch < part->last_fetched_epoch || end < part->fetch_offset);
    }
    if (!view->is_diverging && view->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        (part->fetch_offset < view->log_start || part->fetch_offset > view->end))
        view->err = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

/* Batches from the offset on. The very first is given whatever its size (KIP-74). */
static bool add_records(struct filling *filling, const struct rk_mock_fetch_part *part,
                        const struct rk_mock_fetch_view *view, struct rk_records *records)
{
    const struct rk_mock_log *log = &view->partition->log;
    size_t first = rk_mock_log_find(log, part->fetch_offset), count = 0;
    int64_t size = 0, limit = RK_MIN(filling->left, (int64_t)part->max_bytes);
    for (size_t i = first; i < log->count; i++, count++) {
        const struct rk_mock_batch *batch = rk_mock_log_at(log, i);
        int64_t batch_size = (int64_t)batch->block->size;
        bool fits = size + batch_size <= limit || !(filling->has_records || count > 0);
        if (batch->base_offset >= view->end || !fits || size + batch_size > INT32_MAX)
            break;
        size += batch_size;
    }
    records->size = (int32_t)size;
    if (count == 0)
        return true;
    struct iovec *parts = rk_arena_try_alloc(filling->request->arena, count * sizeof(*parts));
    if (!parts)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct rk_block *block = rk_mock_log_at(log, first + i)->block;
        parts[i] = (struct iovec){.iov_base = block->data, .iov_len = block->size};
        rk_mock_answer_hold(filling->answer, block);
    }
    records->parts = parts;
    records->part_count = (int32_t)count;
    filling->left -= size;
    filling->has_records = true;
    return true;
}

static void tell_error(struct filling *filling, const struct rk_mock_fetch_view *view,
                       rd_kafka_resp_err_t err, struct rk_fetch_answer_partition *to)
{
    to->error_code = (int16_t)err;
    to->high_watermark = -1;
    if (filling->fetch->version < LEADERS_SINCE || err != view->err ||
        (err != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION &&
         err != RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH))
        return;
    to->current_leader.leader_id = view->partition->leader_id;
    to->current_leader.leader_epoch = view->partition->leader_epoch;
    rk_mock_leaders_add(&filling->leaders, view->partition->leader_id);
}

static bool tell_part(struct filling *filling, struct rk_mock_fetch_part *part,
                      struct rk_fetch_answer_partition *to)
{
    struct rk_mock_fetch_view view;
    rk_mock_fetch_look(filling->fetch, part, &view);
    rd_kafka_resp_err_t err = rk_mock_request_partition_error(filling->request, view.partition);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = view.err;
    to->partition_index = part->index;
    to->records.size = 0;
    if (filling->fetch->isolation_level != READ_COMMITTED)
        to->aborted_transactions.count = -1;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tell_error(filling, &view, err, to);
        return true;
    }
    to->high_watermark = view.end;
    to->last_stable_offset = view.end;
    to->log_start_offset = view.log_start;
    if (view.is_diverging) {
        rk_mock_log_find_epoch_end(&view.partition->log, part->last_fetched_epoch,
                                   &to->diverging_epoch.epoch, &to->diverging_epoch.end_offset);
        return true;
    }
    if (view.preferred_replica >= 0) {
        to->preferred_read_replica = view.preferred_replica;
        return true;
    }
    return add_records(filling, part, &view, &to->records);
}

/* Whether a session has to be told this; notes what it was told. */
static bool is_news(struct rk_mock_fetch_part *part, const struct rk_fetch_answer_partition *told)
{
    bool is_new = told->error_code != 0 || told->records.size > 0 ||
                  told->preferred_read_replica >= 0 || told->diverging_epoch.epoch >= 0 ||
                  told->high_watermark != part->told_high_watermark ||
                  told->log_start_offset != part->told_log_start;
    part->told_high_watermark = told->high_watermark;
    part->told_log_start = told->log_start_offset;
    return is_new;
}

static bool has_same_topic(const struct rk_mock_fetch_part *a, const struct rk_mock_fetch_part *b)
{
    size_t offset = sizeof(a->index);
    return a->key_size == b->key_size &&
           memcmp(a->key + offset, b->key + offset, a->key_size - offset) == 0;
}

/* The told parts stand in one array; topics are runs of it. */
static bool group_by_topic(struct filling *filling, const struct told_part *told, int32_t count,
                           struct rk_fetch_answer *body)
{
    int32_t runs = 0;
    for (int32_t i = 0; i < count; i++)
        runs += i == 0 || !has_same_topic(told[i - 1].part, told[i].part);
    body->responses.items = rk_fetch_answer_topic_try_new(filling->request->arena, runs);
    if (!body->responses.items)
        return false;
    for (int32_t i = 0; i < count; i++) {
        if (i == 0 || !has_same_topic(told[i - 1].part, told[i].part)) {
            struct rk_fetch_answer_topic *topic = &body->responses.items[body->responses.count++];
            topic->partitions.items = told[i].answer;
            if (filling->fetch->session->has_topic_ids)
                memcpy(&topic->topic_id, rk_mock_fetch_part_id(told[i].part),
                       sizeof(topic->topic_id));
            else
                topic->topic = rk_mock_fetch_part_name(told[i].part);
        }
        body->responses.items[body->responses.count - 1].partitions.count++;
    }
    return true;
}

/* Those that got records go to the end, so that each gets its turn. */
static void rotate(struct rk_mock_fetch_session *session, const struct told_part *told,
                   int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (told[i].answer->records.size <= 0)
            continue;
        TAILQ_REMOVE(&session->parts, told[i].part, link);
        TAILQ_INSERT_TAIL(&session->parts, told[i].part, link);
    }
}

static bool name_leaders(struct filling *filling, struct rk_fetch_answer *body)
{
    const struct rk_mock_leaders *leaders = &filling->leaders;
    if (filling->fetch->version < ENDPOINTS_SINCE)
        return true;
    body->node_endpoints.items =
        rk_fetch_answer_node_endpoint_try_new(filling->request->arena, leaders->count);
    if (!body->node_endpoints.items)
        return false;
    body->node_endpoints.count = leaders->count;
    for (int i = 0; i < leaders->count; i++) {
        struct rk_fetch_answer_node_endpoint *endpoint = &body->node_endpoints.items[i];
        endpoint->node_id = leaders->brokers[i]->id;
        endpoint->host = leaders->brokers[i]->host;
        endpoint->port = leaders->brokers[i]->advertised_port;
        endpoint->rack = leaders->brokers[i]->rack;
    }
    return true;
}

bool rk_mock_fetch_fill(struct rk_mock_request *request, struct rk_mock_fetch *fetch,
                        struct rk_fetch_answer *body, struct rk_mock_answer *answer)
{
    struct rk_mock_fetch_session *session = fetch->session;
    struct filling filling = {
        .request = request,
        .fetch = fetch,
        .answer = answer,
        .left = fetch->max_bytes,
        .leaders = {.cluster = request->cluster},
    };
    size_t part_count = (size_t)session->part_count;
    int32_t count = 0;
    struct rk_mock_fetch_part *part;
    struct told_part *told = rk_arena_try_alloc(request->arena, (part_count + 1) * sizeof(*told));
    struct rk_fetch_answer_partition *answers =
        rk_fetch_answer_partition_try_new(request->arena, session->part_count);
    if (!told || !answers)
        return false;
    TAILQ_FOREACH (part, &session->parts, link) {
        if (!tell_part(&filling, part, &answers[count]))
            return false;
        if (is_news(part, &answers[count]) || !fetch->is_incremental) {
            told[count] = (struct told_part){part, &answers[count]};
            count++;
        } else {
            rk_fetch_answer_partition_init(&answers[count]);
        }
    }
    body->session_id = session->id;
    if (!group_by_topic(&filling, told, count, body) || !name_leaders(&filling, body))
        return false;
    rotate(session, told, count);
    return true;
}
