/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_consumer.h"

#include "base/clock.h"
#include "mock/mock_group.h"
#include "mock/mock_migration.h"
#include "mock/mock_topic.h"

#define MEMBERS_MAX          1000
#define MEMBER_ID_MADE_UNTIL 0 /* Version: later ones bring their own. */

void rk_mock_consumer_clear(struct rk_mock_group *group)
{
    struct rk_mock_consumer_member *member, *next;
    HASH_ITER(hh, group->consumer.members, member, next)
    rk_mock_consumer_member_destroy(group, member);
}

/* ---- Time ---- */

static uint64_t due_us(const struct rk_mock_consumer_member *member)
{
    return RK_MIN(member->session_at_us, member->revoke_at_us);
}

uint64_t rk_mock_consumer_next_us(const struct rk_mock_group *group)
{
    struct rk_mock_consumer_member *member, *next;
    uint64_t at_us = RK_NEVER;
    HASH_ITER(hh, group->consumer.members, member, next)
    at_us = RK_MIN(at_us, due_us(member));
    return at_us;
}

void rk_mock_consumer_on_time(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_consumer_member *member, *next;
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        if (due_us(member) > now_us)
            continue;
        rk_mock_consumer_member_destroy(group, member);
        group->consumer.is_stale = true;
    }
    rk_mock_migration_try_downgrade(group, now_us);
}

void rk_mock_consumer_keep_alive(struct rk_mock_group *group,
                                 struct rk_mock_consumer_member *member, uint64_t now_us)
{
    member->session_at_us = now_us + (member->classic ? member->classic->session_us
                                                      : group->groups->consumer_session_us);
    rk_mock_group_wake_by(group, member->session_at_us);
}

/* ---- What a member says it has ---- */

static bool any_place(const struct rk_mock_owned *owned, const struct rk_mock_partition_set *set,
                      bool is_in)
{
    for (int32_t i = 0; i < owned->count; i++) {
        const struct rk_consumer_group_heartbeat_request_topic *topic = &owned->topics[i];
        for (int32_t k = 0; k < topic->partitions.count; k++) {
            struct rk_mock_place place = {topic->topic_id, topic->partitions.items[k]};
            if (rk_mock_partition_set_has(set, &place) == is_in)
                return true;
        }
    }
    return false;
}

bool rk_mock_owned_meets(const struct rk_mock_owned *owned, const struct rk_mock_partition_set *set)
{
    return any_place(owned, set, true);
}

bool rk_mock_owned_is_within(const struct rk_mock_owned *owned,
                             const struct rk_mock_partition_set *set)
{
    return !any_place(owned, set, false);
}

/* ---- Heartbeats ---- */

struct beat {
    struct rk_mock_group *group;
    const struct rk_mock_topics_view *view;
    const struct rk_consumer_group_heartbeat_request *request;
    const char *client_id;
    uint64_t now_us;
    struct rk_mock_consumer_result *result;
};

static rd_kafka_resp_err_t refuse(struct rk_mock_consumer_result *result, rd_kafka_resp_err_t err,
                                  const char *message)
{
    *result = (struct rk_mock_consumer_result){.err = err, .message = message};
    return err;
}

static rd_kafka_resp_err_t check_request(const struct rk_consumer_group_heartbeat_request *request,
                                         int16_t version, struct rk_mock_consumer_result *result)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    bool is_join = request->member_epoch == RK_MOCK_EPOCH_JOIN;
    if (request->group_id[0] == '\0')
        return refuse(result, err, "GroupId can't be empty.");
    if (request->member_epoch < RK_MOCK_EPOCH_AWAY)
        return refuse(result, err, "MemberEpoch is invalid.");
    if (request->member_id[0] == '\0' && (!is_join || version > MEMBER_ID_MADE_UNTIL))
        return refuse(result, err, "MemberId can't be empty.");
    if (request->instance_id && request->instance_id[0] == '\0')
        return refuse(result, err, "InstanceId can't be empty.");
    if (request->member_epoch == RK_MOCK_EPOCH_AWAY && !request->instance_id)
        return refuse(result, err, "InstanceId can't be null.");
    if (is_join && request->rebalance_timeout_ms < 0)
        return refuse(result, err, "RebalanceTimeoutMs must be provided in first request.");
    if (is_join && request->topic_partitions.count != 0)
        return refuse(result, err, "TopicPartitions must be empty when (re-)joining.");
    if (is_join && request->subscribed_topic_names.count < 0 && !request->subscribed_topic_regex)
        return refuse(result, err,
                      "Either SubscribedTopicNames or SubscribedTopicRegex must be "
                      "non-null when (re-)joining.");
    if (request->server_assignor && !rk_mock_consumer_has_assignor(request->server_assignor))
        return refuse(result, RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR,
                      "Supported assignors: uniform, range.");
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool is_full(const struct rk_consumer_group_heartbeat_request *request)
{
    return request->member_epoch == RK_MOCK_EPOCH_JOIN ||
           (request->rebalance_timeout_ms >= 0 && request->topic_partitions.count >= 0 &&
            (request->subscribed_topic_names.count >= 0 || request->subscribed_topic_regex));
}

/* The member that a request with an epoch means. */
static rd_kafka_resp_err_t find_member(const struct beat *beat,
                                       struct rk_mock_consumer_member **member)
{
    const struct rk_consumer_group_heartbeat_request *request = beat->request;
    *member = request->instance_id
                  ? rk_mock_consumer_member_find_static(beat->group, request->instance_id)
                  : rk_mock_consumer_member_find(beat->group, request->member_id);
    if (!*member)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    return strcmp((*member)->id, request->member_id) == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                          : RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

/* A member that has missed the answer with its new epoch still has less than it may. */
static rd_kafka_resp_err_t check_epoch(const struct beat *beat,
                                       const struct rk_mock_consumer_member *member)
{
    const struct rk_consumer_group_heartbeat_request *request = beat->request;
    struct rk_mock_owned owned = {request->topic_partitions.items, request->topic_partitions.count};
    if (request->member_epoch == member->epoch)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return request->member_epoch == member->previous_epoch && owned.count >= 0 &&
                   rk_mock_owned_is_within(&owned, &member->assigned)
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH;
}

/* A static member is back, and goes on with what it had. */
static void take_place(const struct beat *beat, struct rk_mock_consumer_member *member)
{
    rk_mock_consumer_member_rename(beat->group, member, beat->request->member_id);
    member->epoch = member->previous_epoch = RK_MOCK_EPOCH_JOIN;
}

static rd_kafka_resp_err_t join(const struct beat *beat, struct rk_mock_consumer_member **member,
                                bool *is_new)
{
    struct rk_mock_group *group = beat->group;
    const char *instance_id = beat->request->instance_id, *id = beat->request->member_id;
    char *made = NULL;
    *member = instance_id ? rk_mock_consumer_member_find_static(group, instance_id)
                          : rk_mock_consumer_member_find(group, id);
    if (*member && instance_id) {
        if ((*member)->epoch != RK_MOCK_EPOCH_AWAY && !(*member)->classic)
            return RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID;
        take_place(beat, *member);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (*member)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (HASH_COUNT(group->consumer.members) >= MEMBERS_MAX ||
        !rk_mock_groups_has_room(group->groups, sizeof(**member)) ||
        rk_mock_consumer_member_find(group, id))
        return RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED;
    if (id[0] == '\0')
        made = rk_mock_group_new_member_id(group->groups, beat->client_id);
    *member = rk_mock_consumer_member_new(group, beat->request, made ? made : id, beat->client_id);
    rk_free(made);
    *is_new = true;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void leave(const struct beat *beat)
{
    struct rk_mock_consumer_member *member;
    rd_kafka_resp_err_t err = find_member(beat, &member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        refuse(beat->result, err, NULL);
        return;
    }
    beat->result->id = beat->request->member_id;
    beat->result->epoch = beat->request->member_epoch;
    if (beat->request->member_epoch == RK_MOCK_EPOCH_AWAY) {
        member->epoch = RK_MOCK_EPOCH_AWAY;
        rk_mock_partition_set_clear(&member->revoking);
        member->revoke_at_us = RK_NEVER;
        rk_mock_consumer_keep_alive(beat->group, member, beat->now_us);
        return;
    }
    rk_mock_consumer_member_destroy(beat->group, member);
    if (!rk_mock_migration_try_downgrade(beat->group, beat->now_us))
        rk_mock_consumer_assign(beat->group, beat->view);
}

bool rk_mock_consumer_needs_assignment(struct rk_mock_group *group,
                                       const struct rk_mock_topics_view *view)
{
    struct rk_mock_consumer *consumer = &group->consumer;
    if (consumer->is_stale)
        return true;
    if (consumer->topics_version == view->version)
        return false;
    consumer->topics_version = view->version;
    return consumer->topics_hash != rk_mock_consumer_topics_hash(group, view);
}

/* From here on it speaks for itself. */
static void drop_classic(const struct beat *beat, struct rk_mock_consumer_member *member)
{
    if (member->classic)
        rk_mock_classic_member_destroy(beat->group, member->classic);
    member->classic = NULL;
    if (member->revoking.count == 0)
        member->revoke_at_us = RK_NEVER; /* Its time to join again. */
}

static void go_on(const struct beat *beat, struct rk_mock_consumer_member *member, bool is_new)
{
    const struct rk_consumer_group_heartbeat_request *request = beat->request;
    struct rk_mock_consumer_result *result = beat->result;
    struct rk_mock_owned owned = {request->topic_partitions.items, request->topic_partitions.count};
    bool has_changed = is_new;
    rd_kafka_resp_err_t err =
        rk_mock_consumer_member_update(beat->group, member, request, &has_changed);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (is_new)
            rk_mock_consumer_member_destroy(beat->group, member);
        refuse(result, err, NULL);
        return;
    }
    drop_classic(beat, member);
    rk_mock_consumer_keep_alive(beat->group, member, beat->now_us);
    if (has_changed || rk_mock_consumer_needs_assignment(beat->group, beat->view))
        rk_mock_consumer_assign(beat->group, beat->view);
    rk_mock_consumer_reconcile(beat->group, member, owned.count >= 0 ? &owned : NULL, beat->now_us);
    result->id = member->id;
    result->epoch = member->epoch;
    result->member = member;
    result->tells_assignment = is_full(request) || !member->is_told;
    member->is_told = true;
    rk_mock_group_tell_assigned(beat->group);
}

/* Another group becomes one of this kind with the first one who joins. */
static rd_kafka_resp_err_t check_kind(const struct beat *beat, bool is_join)
{
    struct rk_mock_group *group = beat->group;
    if (group && is_join && group->kind != RK_MOCK_GROUP_CONSUMER)
        return rk_mock_migration_upgrade(group, beat->view, beat->now_us);
    return group && rk_mock_group_may_be(group, RK_MOCK_GROUP_CONSUMER)
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
}

void rk_mock_consumer_heartbeat(struct rk_mock_groups *groups,
                                const struct rk_mock_topics_view *view,
                                const struct rk_consumer_group_heartbeat_request *request,
                                int16_t version, const char *client_id, uint64_t now_us,
                                struct rk_mock_consumer_result *result)
{
    bool is_join = request->member_epoch == RK_MOCK_EPOCH_JOIN, is_new = false;
    struct rk_mock_consumer_member *member;
    struct beat beat = {.view = view,
                        .request = request,
                        .client_id = client_id,
                        .now_us = now_us,
                        .result = result};
    *result = (struct rk_mock_consumer_result){0};
    if (check_request(request, version, result) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    beat.group = is_join ? rk_mock_group_need(groups, request->group_id)
                         : rk_mock_group_find(groups, request->group_id);
    if (!beat.group && is_join) {
        refuse(result, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, NULL);
        return;
    }
    rd_kafka_resp_err_t err = check_kind(&beat, is_join);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        refuse(result, err, "Group not found.");
        return;
    }
    if (request->member_epoch < 0) {
        leave(&beat);
        return;
    }
    err = is_join ? join(&beat, &member, &is_new) : find_member(&beat, &member);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && !is_join)
        err = check_epoch(&beat, member);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        go_on(&beat, member, is_new);
    else
        refuse(result, err, NULL);
    if (result->err != RD_KAFKA_RESP_ERR_NO_ERROR) /* It was to be the first one. */
        rk_mock_migration_try_downgrade(beat.group, now_us);
}

rd_kafka_resp_err_t rk_mock_consumer_check(struct rk_mock_group *group, int32_t epoch,
                                           const char *member_id, uint64_t now_us)
{
    struct rk_mock_consumer_member *member = rk_mock_consumer_member_find(group, member_id);
    if (!member)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (epoch != member->epoch)
        return member->classic ? RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION
                               : RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH;
    rk_mock_consumer_keep_alive(group, member, now_us);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

const char *rk_mock_consumer_state_name(const struct rk_mock_group *group)
{
    struct rk_mock_consumer_member *member, *next;
    if (!group->consumer.members)
        return "Empty";
    if (group->consumer.is_stale)
        return "Assigning";
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        if (member->epoch != group->consumer.epoch || member->revoking.count > 0 ||
            !rk_mock_partition_set_covers(&member->assigned, &member->target))
            return "Reconciling";
    }
    return "Stable";
}

void rk_mock_consumer_begin_target(struct rk_mock_group *group)
{
    struct rk_mock_consumer_member *member, *next;
    HASH_ITER(hh, group->consumer.members, member, next)
    rk_mock_partition_set_clear(&member->target);
    group->consumer.is_manual = true;
    group->consumer.epoch++;
}

void rk_mock_consumer_add_target(struct rk_mock_group *group, const char *member_id,
                                 const struct rk_uuid *topic, int32_t partition)
{
    struct rk_mock_consumer_member *member = rk_mock_consumer_member_find(group, member_id);
    if (member)
        rk_mock_partition_set_add(&member->target, topic, partition);
}
