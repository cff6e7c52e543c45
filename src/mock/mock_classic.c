/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_classic.h"

#include "base/clock.h"
#include "mock/mock_group.h"
#include "mock/mock_migration.h"

#define SESSION_TIMEOUT_MAX_MS (30 * 60 * 1000)

/* Versions of JoinGroup. */
#define SKIP_ASSIGNMENT_SINCE 9

void rk_mock_classic_drop_pending(struct rk_mock_group *group,
                                  struct rk_mock_classic_pending *pending)
{
    HASH_DEL(group->classic.pending, pending);
    group->groups->size -= sizeof(*pending);
    rk_free(pending);
}

void rk_mock_classic_clear(struct rk_mock_group *group)
{
    struct rk_mock_classic_member *member, *next;
    struct rk_mock_classic_pending *pending, *next_pending;
    HASH_ITER(hh, group->classic.members, member, next)
    rk_mock_classic_member_destroy(group, member);
    HASH_ITER(hh, group->classic.pending, pending, next_pending)
    rk_mock_classic_drop_pending(group, pending);
    rk_free(group->classic.protocol);
    rk_free(group->classic.protocol_type);
}

void rk_mock_classic_wait_abandon(struct rk_mock_classic_wait *wait)
{
    if (wait->place)
        *wait->place = NULL;
    wait->place = NULL;
}

/* Puts a request where its member has it; an older one there is never answered. */
static void hold(struct rk_mock_classic_wait **place, struct rk_mock_classic_wait *wait)
{
    if (*place)
        rk_mock_classic_wait_abandon(*place);
    *place = wait;
    wait->place = place;
}

void rk_mock_classic_refuse(struct rk_mock_classic_wait *wait, rd_kafka_resp_err_t err,
                            const char *member_id)
{
    struct rk_mock_classic_result result = {.err = err, .member_id = member_id, .leader = ""};
    wait->answer(wait, &result);
}

rd_kafka_resp_err_t rk_mock_classic_check_member(struct rk_mock_group *group, const char *member_id,
                                                 const char *instance_id,
                                                 struct rk_mock_classic_member **member)
{
    *member = instance_id ? rk_mock_classic_member_find_static(group, instance_id)
                          : rk_mock_classic_member_find(group, member_id);
    if (!*member)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    return strcmp((*member)->id, member_id) == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                 : RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

static rd_kafka_resp_err_t check_generation(struct rk_mock_group *group, int32_t generation,
                                            const char *member_id, const char *instance_id,
                                            struct rk_mock_classic_member **member)
{
    rd_kafka_resp_err_t err = rk_mock_classic_check_member(group, member_id, instance_id, member);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && generation != group->classic.generation)
        err = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    return err;
}

rd_kafka_resp_err_t rk_mock_classic_check_commit(struct rk_mock_group *group, int32_t generation,
                                                 const char *member_id, const char *instance_id,
                                                 uint64_t now_us)
{
    struct rk_mock_classic_member *member;
    rd_kafka_resp_err_t err = check_generation(group, generation, member_id, instance_id, &member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    if (group->classic.state == RK_MOCK_CLASSIC_COMPLETING)
        return RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    rk_mock_classic_keep_alive(group, member, now_us);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* ---- JoinGroup ---- */

void rk_mock_classic_set_type(struct rk_mock_classic *classic, const char *type)
{
    if (classic->members)
        return;
    rk_free(classic->protocol_type);
    classic->protocol_type = rk_strdup(type);
}

/* Takes part in the next generation. */
static void take_part(const struct rk_mock_classic_joiner *join,
                      struct rk_mock_classic_member *member)
{
    hold(&member->join, join->wait);
    member->is_joining = true;
    rk_mock_classic_begin_rebalance(join->group, join->now_us);
    rk_mock_classic_try_complete_join(join->group, join->now_us);
}

static void join_new(const struct rk_mock_classic_joiner *join, const char *id)
{
    struct rk_mock_group *group = join->group;
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member = NULL;
    rk_mock_classic_set_type(classic, join->request->protocol_type);
    if (HASH_COUNT(classic->members) < RK_MOCK_GROUP_MEMBERS_MAX)
        member = rk_mock_classic_member_new(group, join->request, id, join->client_id);
    if (!member) {
        rk_mock_classic_refuse(join->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, id ? id : "");
        return;
    }
    group->kind = RK_MOCK_GROUP_CLASSIC;
    classic->has_newcomers = classic->state == RK_MOCK_CLASSIC_PREPARING;
    take_part(join, member);
}

void rk_mock_classic_give_id(const struct rk_mock_classic_joiner *join)
{
    struct rk_mock_group *group = join->group;
    char *id = rk_mock_group_new_member_id(group->groups, join->client_id);
    size_t length = strlen(id);
    if (HASH_COUNT(group->classic.pending) >= RK_MOCK_GROUP_MEMBERS_MAX ||
        !rk_mock_groups_has_room(group->groups, sizeof(struct rk_mock_classic_pending))) {
        rk_mock_classic_refuse(join->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, "");
        rk_free(id);
        return;
    }
    struct rk_mock_classic_pending *pending = rk_calloc(1, sizeof(*pending) + length + 1);
    group->groups->size += sizeof(*pending);
    memcpy(pending->id, id, length);
    pending->until_us = join->now_us + (uint64_t)join->request->session_timeout_ms * 1000;
    HASH_ADD_KEYPTR(hh, group->classic.pending, pending->id, length, pending);
    rk_mock_group_wake_by(group, pending->until_us);
    rk_mock_classic_refuse(join->wait, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, id);
    rk_free(id);
}

/* The generation goes on; this member has missed nothing but an answer. */
static void repeat_answer(const struct rk_mock_classic_joiner *join,
                          struct rk_mock_classic_member *member)
{
    hold(&member->join, join->wait);
    rk_mock_classic_keep_alive(join->group, member, join->now_us);
    rk_mock_classic_answer_join(join->group, member);
}

/* A static member is back under a new id, and goes on where the old one was. */
static void return_static(const struct rk_mock_classic_joiner *join,
                          struct rk_mock_classic_member *member)
{
    struct rk_mock_group *group = join->group;
    struct rk_mock_classic *classic = &group->classic;
    bool is_leader = classic->leader == member;
    char *old_id = rk_strdup(member->id);
    rk_mock_classic_answer_error(&member->join, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, old_id);
    rk_mock_classic_answer_error(&member->sync, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "");
    member->is_syncing = false;
    if (!rk_mock_classic_member_update(group, member, join->request)) {
        rk_mock_classic_refuse(join->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, "");
        rk_free(old_id);
        return;
    }
    rk_mock_classic_member_rename(group, member, join->client_id);
    if (classic->state == RK_MOCK_CLASSIC_STABLE &&
        strcmp(rk_mock_classic_choose_protocol(group), classic->protocol) == 0) {
        bool is_told = is_leader && join->version >= SKIP_ASSIGNMENT_SINCE;
        struct rk_mock_classic_result result = {
            .group = group,
            .member = member,
            .generation = classic->generation,
            .protocol = classic->protocol,
            .member_id = member->id,
            /* An old client that finds itself to be the leader would assign anew. */
            .leader = is_leader && !is_told ? old_id : classic->leader->id,
            .tells_members = is_told,
            .skips_assignment = is_told,
        };
        rk_mock_classic_keep_alive(group, member, join->now_us);
        join->wait->answer(join->wait, &result);
    } else {
        take_part(join, member);
    }
    rk_free(old_id);
}

static void join_again(const struct rk_mock_classic_joiner *join,
                       struct rk_mock_classic_member *member)
{
    struct rk_mock_group *group = join->group;
    struct rk_mock_classic *classic = &group->classic;
    bool is_same = rk_mock_classic_member_is_same(member, join->request);
    if (is_same && (classic->state == RK_MOCK_CLASSIC_COMPLETING ||
                    (classic->state == RK_MOCK_CLASSIC_STABLE && member != classic->leader))) {
        repeat_answer(join, member);
        return;
    }
    if (!rk_mock_classic_member_update(group, member, join->request)) {
        rk_mock_classic_refuse(join->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, member->id);
        return;
    }
    take_part(join, member);
}

static void join_with_id(const struct rk_mock_classic_joiner *join)
{
    const char *id = join->request->member_id, *instance_id = join->request->group_instance_id;
    struct rk_mock_group *group = join->group;
    struct rk_mock_classic_pending *pending;
    struct rk_mock_classic_member *member;
    HASH_FIND_STR(group->classic.pending, id, pending);
    if (pending && !instance_id) {
        rk_mock_classic_drop_pending(group, pending);
        join_new(join, id);
        return;
    }
    rd_kafka_resp_err_t err = rk_mock_classic_check_member(group, id, instance_id, &member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        rk_mock_classic_refuse(join->wait, err, id);
    else
        join_again(join, member);
}

static void join_without_id(const struct rk_mock_classic_joiner *join)
{
    const char *instance_id = join->request->group_instance_id;
    struct rk_mock_classic_member *member =
        instance_id ? rk_mock_classic_member_find_static(join->group, instance_id) : NULL;
    if (member)
        return_static(join, member);
    else if (!instance_id && join->version >= RK_MOCK_CLASSIC_ID_REQUIRED_SINCE)
        rk_mock_classic_give_id(join);
    else
        join_new(join, NULL);
}

/* From here on the group is a classic one, if it was empty: an id that was given out is remembered.
 */
static void let_in(const struct rk_mock_classic_joiner *join, bool has_id)
{
    join->group->kind = RK_MOCK_GROUP_CLASSIC;
    if (has_id)
        join_with_id(join);
    else
        join_without_id(join);
}

void rk_mock_classic_join(struct rk_mock_groups *groups, const struct rk_mock_topics_view *view,
                          const struct rk_join_group_request *request, int16_t version,
                          const char *client_id, struct rk_mock_classic_wait *wait, uint64_t now_us)
{
    struct rk_mock_classic_joiner join = {
        .group = rk_mock_group_find(groups, request->group_id),
        .request = request,
        .version = version,
        .client_id = client_id,
        .wait = wait,
        .now_us = now_us,
    };
    bool has_id = request->member_id[0] != '\0';
    if (request->session_timeout_ms < 1 || request->session_timeout_ms > SESSION_TIMEOUT_MAX_MS) {
        rk_mock_classic_refuse(wait, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, request->member_id);
        return;
    }
    if (!join.group && !has_id)
        join.group = rk_mock_group_need(groups, request->group_id);
    if (join.group)
        rk_mock_migration_release_static(join.group, request->group_instance_id, now_us);
    if (!join.group)
        rk_mock_classic_refuse(wait,
                               has_id ? RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID
                                      : RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                               request->member_id);
    else if (rk_mock_migration_is_on(join.group))
        rk_mock_migration_join(&join, view);
    else if (!rk_mock_group_may_be(join.group, RK_MOCK_GROUP_CLASSIC) ||
             !rk_mock_classic_is_compatible(join.group, request))
        rk_mock_classic_refuse(wait, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
                               request->member_id);
    else
        let_in(&join, has_id);
}

/* ---- SyncGroup ---- */

static bool differs(const char *told, const char *mine)
{
    return told && (!mine || strcmp(told, mine) != 0);
}

/* Takes the leader's assignments; who is left out gets an empty one. */
static bool assign(struct rk_mock_group *group, const struct rk_sync_group_request *request)
{
    struct rk_mock_classic_member *each, *next;
    HASH_ITER(hh, group->classic.members, each, next)
    rk_mock_classic_member_set_assignment(group, each, (struct rk_bytes){0});
    for (int32_t i = 0; i < request->assignments.count; i++) {
        const struct rk_sync_group_request_assignment *one = &request->assignments.items[i];
        struct rk_mock_classic_member *member = rk_mock_classic_member_find(group, one->member_id);
        if (member && !rk_mock_classic_member_set_assignment(group, member, one->assignment))
            return false;
    }
    return true;
}

static rd_kafka_resp_err_t check_sync(struct rk_mock_group *group,
                                      const struct rk_sync_group_request *request,
                                      struct rk_mock_classic_member **member)
{
    if (!group)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    rd_kafka_resp_err_t err = check_generation(group, request->generation_id, request->member_id,
                                               request->group_instance_id, member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    if (differs(request->protocol_type, group->classic.protocol_type) ||
        differs(request->protocol_name, group->classic.protocol))
        return RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL;
    return group->classic.state == RK_MOCK_CLASSIC_PREPARING
               ? RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS
               : RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_classic_sync(struct rk_mock_groups *groups,
                          const struct rk_sync_group_request *request,
                          struct rk_mock_classic_wait *wait, uint64_t now_us)
{
    struct rk_mock_group *group = rk_mock_group_find(groups, request->group_id);
    struct rk_mock_classic_member *member;
    if (group && rk_mock_migration_is_on(group)) {
        rk_mock_migration_sync(group, request, wait, now_us);
        return;
    }
    rd_kafka_resp_err_t err = check_sync(group, request, &member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rk_mock_classic_refuse(wait, err, "");
        return;
    }
    hold(&member->sync, wait);
    member->has_synced = true;
    rk_mock_classic_keep_alive(group, member, now_us);
    if (group->classic.state == RK_MOCK_CLASSIC_STABLE) {
        rk_mock_classic_answer_sync(group, member);
        return;
    }
    member->is_syncing = true;
    if (member != group->classic.leader)
        return;
    if (assign(group, request)) {
        rk_mock_classic_complete_sync(group, now_us);
        return;
    }
    /* Too large, as for a broker whose log would not take it. */
    rk_mock_classic_answer_error(&member->sync, RD_KAFKA_RESP_ERR_UNKNOWN, "");
    rk_mock_classic_begin_rebalance(group, now_us);
}

/* ---- Heartbeat, LeaveGroup ---- */

rd_kafka_resp_err_t rk_mock_classic_heartbeat(struct rk_mock_groups *groups,
                                              const struct rk_heartbeat_request *request,
                                              uint64_t now_us)
{
    struct rk_mock_group *group = rk_mock_group_find(groups, request->group_id);
    struct rk_mock_classic_member *member;
    if (!group)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (rk_mock_migration_is_on(group))
        return rk_mock_migration_heartbeat(group, request, now_us);
    rd_kafka_resp_err_t err = check_generation(group, request->generation_id, request->member_id,
                                               request->group_instance_id, &member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    rk_mock_classic_keep_alive(group, member, now_us);
    return group->classic.state == RK_MOCK_CLASSIC_PREPARING
               ? RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS
               : RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_mock_classic_leave(struct rk_mock_groups *groups, const char *group_id,
                                          const char *member_id, const char *instance_id,
                                          uint64_t now_us)
{
    struct rk_mock_group *group = rk_mock_group_find(groups, group_id);
    struct rk_mock_classic_member *member;
    struct rk_mock_classic_pending *pending;
    if (!group)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    HASH_FIND_STR(group->classic.pending, member_id, pending);
    if (pending && !instance_id) {
        rk_mock_classic_drop_pending(group, pending);
        rk_mock_classic_try_complete_join(group, now_us);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t err = rk_mock_classic_check_member(group, member_id, instance_id, &member);
    bool is_any_id = instance_id && member_id[0] == '\0' && member;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && !is_any_id)
        return err;
    if (rk_mock_migration_is_on(group))
        rk_mock_migration_leave(group, member);
    else
        rk_mock_classic_remove(group, member, now_us);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The new coordinator knows the members, but not which of them were in the middle of joining. */
void rk_mock_classic_on_moved(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_classic_member *member, *next;
    if (rk_mock_migration_is_on(group))
        return;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        member->is_joining = member->is_syncing = false;
        rk_mock_classic_keep_alive(group, member, now_us);
        rk_mock_classic_answer_error(&member->join, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, member->id);
        rk_mock_classic_answer_error(&member->sync, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, "");
    }
}
