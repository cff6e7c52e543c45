/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produce, at the broker: each partition's batch is checked as real brokers do, by its header and
 * checksum, and appended. Records are not looked at one by one.
 */
#include "mock/mock_fetch.h"
#include "mock/mock_leader.h"
#include "mock/mock_request.h"

#include "wire/record_batch_reader.h"

#define ZSTD_SINCE      7  /* KIP-110 */
#define LEADERS_SINCE   10 /* KIP-951 */
#define TOPIC_IDS_SINCE 13

/* One batch of magic 2 that fills the records exactly. */
static rd_kafka_resp_err_t read_batch(const struct rk_records *records,
                                      struct rk_record_batch *batch)
{
    struct rk_record_batches batches;
    if (records->size <= 0)
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    rk_record_batches_init(&batches, records->data, (size_t)records->size);
    if (rk_record_batches_next(&batches, batch) != RK_RECORD_BATCH_FOUND)
        return RD_KAFKA_RESP_ERR_INVALID_MSG;
    if (batch->header.magic != 2 || batch->size != (size_t)records->size)
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t check_batch(const struct rk_record_batch *batch, int16_t version)
{
    const struct rk_record_batch_header *header = &batch->header;
    int codec = rk_record_batch_codec(header);
    if (rk_record_batch_check_crc(batch) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return RD_KAFKA_RESP_ERR_INVALID_MSG;
    if (header->record_count <= 0 || header->record_count - 1 != header->last_offset_delta ||
        rk_record_batch_is_control(header) || codec > RK_COMPRESSION_ZSTD)
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    if (header->producer_id >= 0 && (header->producer_epoch < 0 || header->base_sequence < 0))
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    if (codec == RK_COMPRESSION_ZSTD && version < ZSTD_SINCE)
        return RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t append(struct rk_mock_partition *partition,
                                  const struct rk_record_batch *batch, int64_t *base_offset)
{
    bool is_idempotent = batch->header.producer_id >= 0;
    if (is_idempotent) {
        rd_kafka_resp_err_t err =
            rk_mock_sequences_check(&partition->sequences, &batch->header, base_offset);
        if (err == RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER)
            return RD_KAFKA_RESP_ERR_NO_ERROR; /* With the offset it got the first time. */
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return err;
    }
    *base_offset = rk_mock_log_append(&partition->log, batch);
    if (*base_offset < 0)
        return RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR;
    if (is_idempotent)
        rk_mock_sequences_add(&partition->sequences, &batch->header, *base_offset);
    rk_mock_fetch_on_append(partition, batch->size);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t produce(struct rk_mock_request *request, int16_t acks,
                                   struct rk_mock_topic *topic,
                                   const struct rk_produce_request_partition *from,
                                   struct rk_produce_answer_partition *to)
{
    struct rk_record_batch batch;
    struct rk_mock_partition *partition =
        topic ? rk_mock_topic_partition(topic, from->index) : NULL;
    rd_kafka_resp_err_t err = rk_mock_request_partition_error(request, partition);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    if (acks < -1 || acks > 1)
        return RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS;
    if (!topic && request->version >= TOPIC_IDS_SINCE)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
    if (!partition)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (partition->leader_id != request->broker->id) {
        if (request->version >= LEADERS_SINCE) {
            to->current_leader.leader_id = partition->leader_id;
            to->current_leader.leader_epoch = partition->leader_epoch;
        }
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    }
    err = read_batch(&from->records, &batch);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = check_batch(&batch, request->version);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = append(partition, &batch, &to->base_offset);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        to->log_start_offset = partition->log.start_offset;
    return err;
}

static bool produce_topic(struct rk_mock_request *request, int16_t acks,
                          const struct rk_produce_request_topic *from,
                          struct rk_produce_answer_topic *to, struct rk_mock_leaders *leaders)
{
    struct rk_mock_topic *topic = request->version >= TOPIC_IDS_SINCE
                                      ? rk_mock_topic_find_id(request->cluster, &from->topic_id)
                                      : rk_mock_topic_find(request->cluster, from->name);
    bool is_good = true;
    to->name = from->name;
    to->topic_id = from->topic_id;
    for (int32_t i = 0; i < from->partition_data.count; i++) {
        const struct rk_produce_request_partition *part = &from->partition_data.items[i];
        struct rk_produce_answer_partition *answer = &to->partition_responses.items[i];
        answer->index = part->index;
        answer->base_offset = -1;
        rd_kafka_resp_err_t err = produce(request, acks, topic, part, answer);
        answer->error_code = (int16_t)err;
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            answer->base_offset = -1;
            is_good = false;
            rk_mock_cluster_debug(request->cluster, "MOCK",
                                  "broker %d: Produce to %s [%d]: error %d", request->broker->id,
                                  topic ? topic->name : "?", part->index, err);
        }
        rk_mock_leaders_add(leaders, answer->current_leader.leader_id);
    }
    return is_good;
}

/* The addresses of the leaders named. */
static bool name_leaders(struct rk_mock_request *request, const struct rk_mock_leaders *leaders,
                         struct rk_produce_answer *answer)
{
    answer->node_endpoints.items =
        rk_produce_answer_node_endpoint_try_new(request->arena, leaders->count);
    if (!answer->node_endpoints.items)
        return false;
    answer->node_endpoints.count = leaders->count;
    for (int i = 0; i < leaders->count; i++) {
        struct rk_produce_answer_node_endpoint *endpoint = &answer->node_endpoints.items[i];
        endpoint->node_id = leaders->brokers[i]->id;
        endpoint->host = leaders->brokers[i]->host;
        endpoint->port = leaders->brokers[i]->advertised_port;
        endpoint->rack = leaders->brokers[i]->rack;
    }
    return true;
}

enum rk_mock_outcome rk_mock_on_produce(struct rk_mock_request *request, const void *body,
                                        void *answer)
{
    const struct rk_produce_request *from = body;
    struct rk_produce_answer *to = answer;
    struct rk_mock_leaders leaders = {.cluster = request->cluster};
    bool is_good = true;
    to->responses.items = rk_produce_answer_topic_try_new(request->arena, from->topic_data.count);
    if (!to->responses.items)
        return rk_mock_request_no_memory(request);
    to->responses.count = from->topic_data.count;
    for (int32_t i = 0; i < from->topic_data.count; i++) {
        const struct rk_produce_request_topic *topic = &from->topic_data.items[i];
        int32_t count = topic->partition_data.count;
        to->responses.items[i].partition_responses.items =
            rk_produce_answer_partition_try_new(request->arena, count);
        if (!to->responses.items[i].partition_responses.items)
            return rk_mock_request_no_memory(request);
        to->responses.items[i].partition_responses.count = count;
        is_good &= produce_topic(request, from->acks, topic, &to->responses.items[i], &leaders);
    }
    if (from->acks == 0) {
        if (!is_good) /* The only way to tell a client that expects no answer. */
            rk_mock_connection_fail(request->connection, "a failed Produce with acks=0");
        return RK_MOCK_SILENT;
    }
    if (request->version >= LEADERS_SINCE && !name_leaders(request, &leaders, to))
        return rk_mock_request_no_memory(request);
    return RK_MOCK_ANSWER;
}
