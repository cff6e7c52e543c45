/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_group.h"

#include "base/clock.h"
#include "base/text.h"

#define FIRST_DELAY_US        (UINT64_C(3000) * 1000)
#define CONSUMER_SESSION_US   (UINT64_C(30000) * 1000)
#define CONSUMER_HEARTBEAT_MS 3000
#define PREFIX_SIZE_MAX       100

void rk_mock_groups_init(struct rk_mock_groups *groups)
{
    *groups = (struct rk_mock_groups){
        .wake_at_us = RK_NEVER,
        .first_delay_us = FIRST_DELAY_US,
        .consumer_session_us = CONSUMER_SESSION_US,
        .consumer_heartbeat_ms = CONSUMER_HEARTBEAT_MS,
    };
}

static void destroy(struct rk_mock_group *group)
{
    struct rk_mock_groups *groups = group->groups;
    rk_mock_consumer_clear(group); /* Some of them stand for classic ones. */
    rk_mock_classic_clear(group);
    HASH_DEL(groups->by_id, group);
    groups->size -= strlen(group->id) + 1;
    rk_free(group);
}

void rk_mock_groups_clear(struct rk_mock_groups *groups)
{
    struct rk_mock_group *group, *next;
    HASH_ITER(hh, groups->by_id, group, next)
    destroy(group);
}

struct rk_mock_group *rk_mock_group_find(struct rk_mock_groups *groups, const char *id)
{
    struct rk_mock_group *group;
    HASH_FIND_STR(groups->by_id, id, group);
    return group;
}

struct rk_mock_group *rk_mock_group_need(struct rk_mock_groups *groups, const char *id)
{
    struct rk_mock_group *group = rk_mock_group_find(groups, id);
    size_t size = strlen(id) + 1;
    if (group || HASH_COUNT(groups->by_id) >= RK_MOCK_GROUPS_MAX ||
        !rk_mock_groups_has_room(groups, size))
        return group;
    group = rk_calloc(1, sizeof(*group) + size);
    memcpy(group->id, id, size);
    group->groups = groups;
    group->wake_at_us = RK_NEVER;
    groups->size += size;
    HASH_ADD_KEYPTR(hh, groups->by_id, group->id, size - 1, group);
    return group;
}

bool rk_mock_group_is_empty(const struct rk_mock_group *group)
{
    return !group->classic.members && !group->classic.pending && !group->consumer.members;
}

bool rk_mock_group_may_be(const struct rk_mock_group *group, enum rk_mock_group_kind kind)
{
    return group->kind == kind || group->kind == RK_MOCK_GROUP_UNDECIDED ||
           (group->kind == RK_MOCK_GROUP_CONSUMER && !group->consumer.members) ||
           rk_mock_group_is_empty(group);
}

const char *rk_mock_group_state_name(const struct rk_mock_group *group)
{
    if (group->kind == RK_MOCK_GROUP_CONSUMER)
        return rk_mock_consumer_state_name(group);
    switch (group->classic.state) {
    case RK_MOCK_CLASSIC_EMPTY:
        return "Empty";
    case RK_MOCK_CLASSIC_PREPARING:
        return "PreparingRebalance";
    case RK_MOCK_CLASSIC_COMPLETING:
        return "CompletingRebalance";
    case RK_MOCK_CLASSIC_STABLE:
        return "Stable";
    }
    return "Dead";
}

void rk_mock_group_tell_assigned(const struct rk_mock_group *group)
{
    const struct rk_mock_groups *groups = group->groups;
    if (groups->on_assigned)
        groups->on_assigned(groups->on_assigned_argument, group);
}

void rk_mock_group_wake_by(struct rk_mock_group *group, uint64_t at_us)
{
    struct rk_mock_groups *groups = group->groups;
    group->wake_at_us = RK_MIN(group->wake_at_us, at_us);
    groups->wake_at_us = RK_MIN(groups->wake_at_us, at_us);
}

void rk_mock_groups_on_time(struct rk_mock_groups *groups, uint64_t now_us)
{
    struct rk_mock_group *group, *next;
    groups->wake_at_us = RK_NEVER;
    HASH_ITER(hh, groups->by_id, group, next)
    {
        if (group->wake_at_us <= now_us) {
            rk_mock_classic_on_time(group, now_us);
            rk_mock_consumer_on_time(group, now_us);
            group->wake_at_us =
                RK_MIN(rk_mock_classic_next_us(group), rk_mock_consumer_next_us(group));
        }
        groups->wake_at_us = RK_MIN(groups->wake_at_us, group->wake_at_us);
    }
}

bool rk_mock_groups_has_room(const struct rk_mock_groups *groups, size_t size)
{
    return size <= RK_MOCK_GROUPS_SIZE_MAX - RK_MIN(groups->size, RK_MOCK_GROUPS_SIZE_MAX);
}

char *rk_mock_group_new_member_id(struct rk_mock_groups *groups, const char *prefix)
{
    return rk_text_format("%.*s-%08x", PREFIX_SIZE_MAX, prefix, ++groups->member_count);
}

rd_kafka_resp_err_t rk_mock_group_check_commit(struct rk_mock_groups *groups, const char *group_id,
                                               int32_t generation_or_epoch, const char *member_id,
                                               const char *instance_id, uint64_t now_us)
{
    struct rk_mock_group *group = rk_mock_group_find(groups, group_id);
    bool is_nobody = generation_or_epoch < 0 && member_id[0] == '\0' && !instance_id;
    if (is_nobody)
        return group && (group->classic.members || group->consumer.members)
                   ? RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID
                   : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!group)
        return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    if (group->kind == RK_MOCK_GROUP_CONSUMER)
        return rk_mock_consumer_check(group, generation_or_epoch, member_id, now_us);
    return rk_mock_classic_check_commit(group, generation_or_epoch, member_id, instance_id, now_us);
}

rd_kafka_resp_err_t rk_mock_group_check_fetch(struct rk_mock_groups *groups, const char *group_id,
                                              int32_t member_epoch, const char *member_id,
                                              uint64_t now_us)
{
    struct rk_mock_group *group = rk_mock_group_find(groups, group_id);
    struct rk_mock_classic_member *member;
    if (!group || !member_id || member_id[0] == '\0')
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (group->kind == RK_MOCK_GROUP_CONSUMER)
        return rk_mock_consumer_check(group, member_epoch, member_id, now_us);
    return rk_mock_classic_check_member(group, member_id, NULL, &member);
}

void rk_mock_group_on_moved(struct rk_mock_group *group, uint64_t now_us)
{
    rk_mock_classic_on_moved(group, now_us);
}
