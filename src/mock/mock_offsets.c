/* SPDX-License-Identifier: BSD-2-Clause */
/* ListOffsets and OffsetForLeaderEpoch, at the broker. */
#include "mock/mock_offsets.h"

/* Times with a meaning of their own. */
enum {
    TIME_LATEST = -1,
    TIME_EARLIEST = -2,
    TIME_NEWEST = -3,         /* KIP-734 */
    TIME_EARLIEST_LOCAL = -4, /* KIP-405 */
};

rd_kafka_resp_err_t rk_mock_partition_check_epoch(const struct rk_mock_partition *partition,
                                                  int32_t leader_epoch)
{
    if (leader_epoch < 0 || leader_epoch == partition->leader_epoch)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return leader_epoch < partition->leader_epoch ? RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH
                                                  : RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH;
}

/* What keeps this broker from answering for a partition. */
static rd_kafka_resp_err_t check_partition(struct rk_mock_request *request,
                                           struct rk_mock_partition *partition,
                                           int32_t leader_epoch)
{
    rd_kafka_resp_err_t err = rk_mock_request_partition_error(request, partition);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    if (!partition)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (partition->leader_id != request->broker->id)
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    return rk_mock_partition_check_epoch(partition, leader_epoch);
}

static struct rk_mock_log_place find_place(struct rk_mock_request *request,
                                           const struct rk_mock_log *log, int64_t timestamp)
{
    struct rk_mock_log_place place = {.offset = -1, .timestamp = -1, .leader_epoch = -1};
    if (timestamp >= 0)
        return rk_mock_log_find_time(log, timestamp, &request->cluster->own.decompressor);
    if (timestamp == TIME_NEWEST)
        return rk_mock_log_find_newest(log, &request->cluster->own.decompressor);
    if (timestamp == TIME_LATEST)
        place.offset = log->end_offset;
    else if (timestamp == TIME_EARLIEST || timestamp == TIME_EARLIEST_LOCAL)
        place.offset = log->start_offset;
    if (place.offset >= 0)
        place.leader_epoch = rk_mock_log_epoch_of(log, place.offset);
    return place;
}

static void list_offset(struct rk_mock_request *request, struct rk_mock_topic *topic,
                        const struct rk_list_offsets_request_partition *from,
                        struct rk_list_offsets_answer_partition *to)
{
    struct rk_mock_partition *partition =
        topic ? rk_mock_topic_partition(topic, from->partition_index) : NULL;
    rd_kafka_resp_err_t err = check_partition(request, partition, from->current_leader_epoch);
    to->partition_index = from->partition_index;
    to->error_code = (int16_t)err;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    struct rk_mock_log_place place = find_place(request, &partition->log, from->timestamp);
    to->offset = place.offset;
    to->timestamp = place.timestamp;
    if (request->version >= 4)
        to->leader_epoch = place.leader_epoch;
}

enum rk_mock_outcome rk_mock_on_list_offsets(struct rk_mock_request *request, const void *body,
                                             void *answer)
{
    const struct rk_list_offsets_request *from = body;
    struct rk_list_offsets_answer *to = answer;
    to->topics.items = rk_list_offsets_answer_topic_try_new(request->arena, from->topics.count);
    if (!to->topics.items)
        return rk_mock_request_no_memory(request);
    to->topics.count = from->topics.count;
    for (int32_t i = 0; i < from->topics.count; i++) {
        const struct rk_list_offsets_request_topic *from_topic = &from->topics.items[i];
        struct rk_list_offsets_answer_topic *to_topic = &to->topics.items[i];
        int32_t count = from_topic->partitions.count;
        struct rk_mock_topic *topic = rk_mock_topic_find(request->cluster, from_topic->name);
        to_topic->name = from_topic->name;
        to_topic->partitions.items =
            rk_list_offsets_answer_partition_try_new(request->arena, count);
        if (!to_topic->partitions.items)
            return rk_mock_request_no_memory(request);
        to_topic->partitions.count = count;
        for (int32_t k = 0; k < count; k++)
            list_offset(request, topic, &from_topic->partitions.items[k],
                        &to_topic->partitions.items[k]);
    }
    return RK_MOCK_ANSWER;
}

static void find_epoch_end(struct rk_mock_request *request, struct rk_mock_topic *topic,
                           const struct rk_offset_for_leader_epoch_request_partition *from,
                           struct rk_offset_for_leader_epoch_answer_partition *to)
{
    struct rk_mock_partition *partition =
        topic ? rk_mock_topic_partition(topic, from->partition) : NULL;
    rd_kafka_resp_err_t err = check_partition(request, partition, from->current_leader_epoch);
    to->partition = from->partition;
    to->error_code = (int16_t)err;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        rk_mock_log_find_epoch_end(&partition->log, from->leader_epoch, &to->leader_epoch,
                                   &to->end_offset);
}

enum rk_mock_outcome rk_mock_on_offset_for_leader_epoch(struct rk_mock_request *request,
                                                        const void *body, void *answer)
{
    const struct rk_offset_for_leader_epoch_request *from = body;
    struct rk_offset_for_leader_epoch_answer *to = answer;
    to->topics.items =
        rk_offset_for_leader_epoch_answer_topic_try_new(request->arena, from->topics.count);
    if (!to->topics.items)
        return rk_mock_request_no_memory(request);
    to->topics.count = from->topics.count;
    for (int32_t i = 0; i < from->topics.count; i++) {
        const struct rk_offset_for_leader_epoch_request_topic *from_topic = &from->topics.items[i];
        struct rk_offset_for_leader_epoch_answer_topic *to_topic = &to->topics.items[i];
        int32_t count = from_topic->partitions.count;
        struct rk_mock_topic *topic = rk_mock_topic_find(request->cluster, from_topic->topic);
        to_topic->topic = from_topic->topic;
        to_topic->partitions.items =
            rk_offset_for_leader_epoch_answer_partition_try_new(request->arena, count);
        if (!to_topic->partitions.items)
            return rk_mock_request_no_memory(request);
        to_topic->partitions.count = count;
        for (int32_t k = 0; k < count; k++)
            find_epoch_end(request, topic, &from_topic->partitions.items[k],
                           &to_topic->partitions.items[k]);
    }
    return RK_MOCK_ANSWER;
}
