/* SPDX-License-Identifier: BSD-2-Clause */
/* ListGroups, DescribeGroups and ConsumerGroupDescribe at the broker. */
#include <strings.h>

#include "mock/mock_coordinator.h"

#define CLIENT_HOST "/127.0.0.1"
/* Version of DescribeGroups that says so of a group that is not there. */
#define NOT_FOUND_SINCE 6

static const char *kind_name(const struct rk_mock_group *group)
{
    return group->kind == RK_MOCK_GROUP_CONSUMER ? "consumer" : "classic";
}

/* An empty filter lets everything through. */
static bool passes(const char *value, const char *const *filter, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (strcasecmp(filter[i], value) == 0)
            return true;
    }
    return count <= 0;
}

enum rk_mock_outcome rk_mock_on_list_groups(struct rk_mock_request *request, const void *body,
                                            void *answer)
{
    const struct rk_list_groups_request *from = body;
    struct rk_list_groups_answer *to = answer;
    struct rk_mock_cluster *cluster = request->cluster;
    struct rk_mock_group *group, *next;
    to->error_code = (int16_t)request->injected.err;
    if (request->injected.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return RK_MOCK_ANSWER;
    to->groups.items = rk_list_groups_answer_group_try_new(
        request->arena, (int32_t)HASH_COUNT(cluster->own.groups.by_id));
    if (!to->groups.items)
        return rk_mock_request_no_memory(request);
    HASH_ITER(hh, cluster->own.groups.by_id, group, next)
    {
        const char *type = group->classic.protocol_type, *state = rk_mock_group_state_name(group);
        if (rk_mock_coordinator_find(cluster, RK_MOCK_COORDINATOR_GROUP, group->id) !=
                request->broker ||
            !passes(state, from->states_filter.items, from->states_filter.count) ||
            !passes(kind_name(group), from->types_filter.items, from->types_filter.count))
            continue;
        struct rk_list_groups_answer_group *one = &to->groups.items[to->groups.count++];
        one->group_id = group->id;
        one->protocol_type = group->kind == RK_MOCK_GROUP_CONSUMER ? "consumer" : type ? type : "";
        one->group_state = state;
        one->group_type = kind_name(group);
    }
    return RK_MOCK_ANSWER;
}

static bool describe_classic(const struct rk_mock_group *group,
                             struct rk_describe_groups_answer_group *to, struct rk_arena *arena)
{
    const struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    to->members.items =
        rk_describe_groups_answer_member_try_new(arena, (int32_t)HASH_COUNT(classic->members));
    if (!to->members.items)
        return false;
    to->protocol_type = classic->protocol_type ? classic->protocol_type : "";
    to->protocol_data = classic->protocol ? classic->protocol : "";
    HASH_ITER(hh, classic->members, member, next)
    {
        struct rk_describe_groups_answer_member *one = &to->members.items[to->members.count++];
        const struct rk_join_group_request_protocol *protocol =
            rk_mock_classic_protocol(member, to->protocol_data);
        one->member_id = member->id;
        one->group_instance_id = member->instance_id;
        one->client_id = member->client_id;
        one->client_host = CLIENT_HOST;
        if (protocol)
            one->member_metadata = protocol->metadata;
        if (classic->state == RK_MOCK_CLASSIC_STABLE)
            one->member_assignment = (struct rk_bytes){member->assignment, member->assignment_size};
    }
    return true;
}

/* Why the group cannot be described here. */
static rd_kafka_resp_err_t check(const struct rk_mock_request *request, const char *id)
{
    if (request->injected.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return request->injected.err;
    return rk_mock_coordinator_check(request, RK_MOCK_COORDINATOR_GROUP, id);
}

enum rk_mock_outcome rk_mock_on_describe_groups(struct rk_mock_request *request, const void *body,
                                                void *answer)
{
    const struct rk_describe_groups_request *from = body;
    struct rk_describe_groups_answer *to = answer;
    to->groups.items = rk_describe_groups_answer_group_try_new(request->arena, from->groups.count);
    if (!to->groups.items)
        return rk_mock_request_no_memory(request);
    to->groups.count = from->groups.count;
    for (int32_t i = 0; i < from->groups.count; i++) {
        struct rk_describe_groups_answer_group *one = &to->groups.items[i];
        const struct rk_mock_group *group =
            rk_mock_group_find(&request->cluster->own.groups, from->groups.items[i]);
        one->group_id = from->groups.items[i];
        one->error_code = (int16_t)check(request, one->group_id);
        if (one->error_code != 0)
            continue;
        if (!group || group->kind == RK_MOCK_GROUP_CONSUMER) {
            one->group_state = "Dead";
            if (request->version >= NOT_FOUND_SINCE)
                one->error_code = RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
            continue;
        }
        one->group_state = rk_mock_group_state_name(group);
        if (!describe_classic(group, one, request->arena))
            return rk_mock_request_no_memory(request);
    }
    return RK_MOCK_ANSWER;
}

/* By topic. False: no memory. */
static bool describe_set(struct rk_mock_cluster *cluster, const struct rk_mock_partition_set *set,
                         struct rk_consumer_group_describe_answer_assignment *to,
                         struct rk_arena *arena)
{
    struct rk_consumer_group_describe_answer_topic *one = NULL;
    int32_t *partitions = rk_arena_try_alloc(arena, (size_t)set->count * sizeof(*partitions));
    to->topic_partitions.items = rk_consumer_group_describe_answer_topic_try_new(arena, set->count);
    if (!partitions || !to->topic_partitions.items)
        return false;
    for (int32_t i = 0; i < set->count; i++) {
        const struct rk_mock_place *place = &set->places[i];
        partitions[i] = place->partition;
        if (!one || !rk_uuid_equal(&one->topic_id, &place->topic)) {
            const struct rk_mock_topic *topic = rk_mock_topic_find_id(cluster, &place->topic);
            one = &to->topic_partitions.items[to->topic_partitions.count++];
            one->topic_id = place->topic;
            one->topic_name = topic ? topic->name : "";
            one->partitions.items = &partitions[i];
        }
        one->partitions.count++;
    }
    return true;
}

static bool describe_consumer(struct rk_mock_cluster *cluster, const struct rk_mock_group *group,
                              struct rk_consumer_group_describe_answer_group *to,
                              struct rk_arena *arena)
{
    const struct rk_mock_consumer *consumer = &group->consumer;
    struct rk_mock_consumer_member *member, *next;
    to->members.items = rk_consumer_group_describe_answer_member_try_new(
        arena, (int32_t)HASH_COUNT(consumer->members));
    if (!to->members.items)
        return false;
    to->group_state = rk_mock_group_state_name(group);
    to->group_epoch = to->assignment_epoch = consumer->epoch;
    to->assignor_name = rk_mock_consumer_assignor(group);
    HASH_ITER(hh, consumer->members, member, next)
    {
        struct rk_consumer_group_describe_answer_member *one =
            &to->members.items[to->members.count++];
        one->member_id = member->id;
        one->instance_id = member->instance_id;
        one->rack_id = member->rack;
        one->member_epoch = member->epoch;
        one->client_id = member->client_id;
        one->client_host = CLIENT_HOST;
        one->subscribed_topic_names.items = (const char **)member->topics;
        one->subscribed_topic_names.count = member->topic_count;
        one->subscribed_topic_regex = member->pattern;
        one->member_type = member->classic ? 0 : 1;
        if (!describe_set(cluster, &member->assigned, &one->assignment, arena) ||
            !describe_set(cluster, &member->target, &one->target_assignment, arena))
            return false;
    }
    return true;
}

enum rk_mock_outcome rk_mock_on_consumer_group_describe(struct rk_mock_request *request,
                                                        const void *body, void *answer)
{
    const struct rk_consumer_group_describe_request *from = body;
    struct rk_consumer_group_describe_answer *to = answer;
    to->groups.items =
        rk_consumer_group_describe_answer_group_try_new(request->arena, from->group_ids.count);
    if (!to->groups.items)
        return rk_mock_request_no_memory(request);
    to->groups.count = from->group_ids.count;
    for (int32_t i = 0; i < from->group_ids.count; i++) {
        struct rk_consumer_group_describe_answer_group *one = &to->groups.items[i];
        const struct rk_mock_group *group =
            rk_mock_group_find(&request->cluster->own.groups, from->group_ids.items[i]);
        one->group_id = from->group_ids.items[i];
        one->error_code = (int16_t)check(request, one->group_id);
        if (one->error_code == 0 && (!group || group->kind != RK_MOCK_GROUP_CONSUMER))
            one->error_code = RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
        if (one->error_code == 0 &&
            !describe_consumer(request->cluster, group, one, request->arena))
            return rk_mock_request_no_memory(request);
    }
    return RK_MOCK_ANSWER;
}
