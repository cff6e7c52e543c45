/* SPDX-License-Identifier: BSD-2-Clause */
/* ConsumerGroupHeartbeat at the broker. */
#include "mock/mock_coordinator.h"

/* An assignment as messages tell it: by topic. False: no memory. */
static bool tell_assignment(struct rk_consumer_group_heartbeat_answer *to,
                            const struct rk_mock_partition_set *set, struct rk_arena *arena)
{
    to->assignment = rk_consumer_group_heartbeat_answer_assignment_try_new(arena, 1);
    int32_t *partitions = rk_arena_try_alloc(arena, (size_t)set->count * sizeof(*partitions));
    struct rk_consumer_group_heartbeat_answer_topic
        *topics = rk_consumer_group_heartbeat_answer_topic_try_new(arena, set->count),
        *topic = NULL;
    if (!to->assignment || !partitions || !topics)
        return false;
    to->assignment->topic_partitions.items = topics;
    to->assignment->topic_partitions.count = 0;
    for (int32_t i = 0; i < set->count; i++) {
        const struct rk_mock_place *place = &set->places[i];
        partitions[i] = place->partition;
        if (!topic || !rk_uuid_equal(&topic->topic_id, &place->topic)) {
            topic = &topics[to->assignment->topic_partitions.count++];
            topic->topic_id = place->topic;
            topic->partitions.items = &partitions[i];
        }
        topic->partitions.count++;
    }
    return true;
}

enum rk_mock_outcome rk_mock_on_consumer_group_heartbeat(struct rk_mock_request *request,
                                                         const void *body, void *answer)
{
    const struct rk_consumer_group_heartbeat_request *from = body;
    struct rk_consumer_group_heartbeat_answer *to = answer;
    struct rk_mock_cluster *cluster = request->cluster;
    struct rk_mock_topics_view view = rk_mock_coordinator_topics(cluster);
    struct rk_mock_consumer_result result = {.err = request->injected.err};
    if (result.err == RD_KAFKA_RESP_ERR_NO_ERROR)
        result.err = rk_mock_coordinator_check(request, RK_MOCK_COORDINATOR_GROUP, from->group_id);
    if (result.err == RD_KAFKA_RESP_ERR_NO_ERROR)
        rk_mock_consumer_heartbeat(&cluster->own.groups, &view, from, request->version,
                                   request->client_id, request->now_us, &result);
    to->error_code = (int16_t)result.err;
    to->error_message = result.message;
    to->member_id = result.id;
    to->member_epoch = result.epoch;
    if (!result.member)
        return RK_MOCK_ANSWER;
    to->heartbeat_interval_ms = cluster->own.groups.consumer_heartbeat_ms;
    if (result.tells_assignment && !tell_assignment(to, &result.member->assigned, request->arena))
        return rk_mock_request_no_memory(request);
    return RK_MOCK_ANSWER;
}
