/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a classic group: what they said, and which protocol they have in common. */
#include "base/clock.h"
#include "mock/mock_group.h"

#define PROTOCOLS_MAX 16 /* A member's; every pair of them is compared. */

struct rk_mock_classic_member *rk_mock_classic_member_find(struct rk_mock_group *group,
                                                           const char *id)
{
    struct rk_mock_classic_member *member;
    HASH_FIND_STR(group->classic.members, id, member);
    return member;
}

struct rk_mock_classic_member *rk_mock_classic_member_find_static(struct rk_mock_group *group,
                                                                  const char *instance_id)
{
    struct rk_mock_classic_member *member, *next;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        if (member->instance_id && strcmp(member->instance_id, instance_id) == 0)
            return member;
    }
    return NULL;
}

static size_t protocols_size(const struct rk_join_group_request_protocol *protocols, int32_t count)
{
    size_t size = 0;
    for (int32_t i = 0; i < count; i++)
        size += strlen(protocols[i].name) + 1 + (size_t)protocols[i].metadata.size;
    return size;
}

static void drop_protocols(struct rk_mock_group *group, struct rk_mock_classic_member *member)
{
    group->groups->size -= protocols_size(member->protocols, member->protocol_count);
    for (int32_t i = 0; i < member->protocol_count; i++) {
        rk_free((void *)(uintptr_t)member->protocols[i].name);
        rk_free((void *)(uintptr_t)member->protocols[i].metadata.data);
    }
    rk_free(member->protocols);
    member->protocols = NULL;
    member->protocol_count = 0;
}

static uint8_t *copy_bytes(struct rk_bytes bytes)
{
    uint8_t *copy = rk_malloc((size_t)bytes.size + 1);
    if (bytes.size > 0)
        memcpy(copy, bytes.data, (size_t)bytes.size);
    return copy;
}

bool rk_mock_classic_member_update(struct rk_mock_group *group,
                                   struct rk_mock_classic_member *member,
                                   const struct rk_join_group_request *request)
{
    int32_t count = request->protocols.count, timeout_ms = request->session_timeout_ms;
    size_t size = protocols_size(request->protocols.items, count);
    if (!rk_mock_groups_has_room(group->groups, size))
        return false;
    drop_protocols(group, member);
    member->protocols = rk_calloc((size_t)count, sizeof(*member->protocols));
    member->protocol_count = count;
    for (int32_t i = 0; i < count; i++) {
        const struct rk_join_group_request_protocol *from = &request->protocols.items[i];
        member->protocols[i].name = rk_strdup(from->name);
        member->protocols[i].metadata.data = copy_bytes(from->metadata);
        member->protocols[i].metadata.size = from->metadata.size;
    }
    group->groups->size += size;
    member->session_us = (uint64_t)timeout_ms * 1000;
    if (request->rebalance_timeout_ms >= 0) /* Version 0 has none. */
        timeout_ms = request->rebalance_timeout_ms;
    member->rebalance_us = (uint64_t)timeout_ms * 1000;
    return true;
}

bool rk_mock_classic_member_is_same(const struct rk_mock_classic_member *member,
                                    const struct rk_join_group_request *request)
{
    if (member->protocol_count != request->protocols.count)
        return false;
    for (int32_t i = 0; i < member->protocol_count; i++) {
        const struct rk_join_group_request_protocol *one = &member->protocols[i];
        const struct rk_join_group_request_protocol *other = &request->protocols.items[i];
        if (strcmp(one->name, other->name) != 0 || one->metadata.size != other->metadata.size ||
            memcmp(one->metadata.data, other->metadata.data, (size_t)one->metadata.size) != 0)
            return false;
    }
    return true;
}

struct rk_mock_classic_member *
rk_mock_classic_member_new(struct rk_mock_group *group, const struct rk_join_group_request *request,
                           const char *id, const char *client_id)
{
    struct rk_mock_classic_member *member = RK_NEW(struct rk_mock_classic_member);
    if (!rk_mock_classic_member_update(group, member, request)) {
        rk_free(member);
        return NULL;
    }
    group->groups->size += sizeof(*member);
    const char *prefix = request->group_instance_id ? request->group_instance_id : client_id;
    member->id = id ? rk_strdup(id) : rk_mock_group_new_member_id(group->groups, prefix);
    member->instance_id = rk_strdup_or_null(request->group_instance_id);
    member->client_id = rk_strdup(client_id);
    member->session_at_us = RK_NEVER;
    HASH_ADD_KEYPTR(hh, group->classic.members, member->id, strlen(member->id), member);
    return member;
}

void rk_mock_classic_member_destroy(struct rk_mock_group *group,
                                    struct rk_mock_classic_member *member)
{
    HASH_DEL(group->classic.members, member);
    if (member->join)
        rk_mock_classic_wait_abandon(member->join);
    if (member->sync)
        rk_mock_classic_wait_abandon(member->sync);
    if (group->classic.leader == member)
        group->classic.leader = NULL;
    drop_protocols(group, member);
    group->groups->size -= sizeof(*member) + (size_t)member->assignment_size;
    rk_free(member->assignment);
    rk_free(member->id);
    rk_free(member->instance_id);
    rk_free(member->client_id);
    rk_free(member);
}

void rk_mock_classic_member_rename(struct rk_mock_group *group,
                                   struct rk_mock_classic_member *member, const char *client_id)
{
    HASH_DEL(group->classic.members, member);
    rk_free(member->id);
    rk_free(member->client_id);
    member->id = rk_mock_group_new_member_id(group->groups, member->instance_id);
    member->client_id = rk_strdup(client_id);
    HASH_ADD_KEYPTR(hh, group->classic.members, member->id, strlen(member->id), member);
}

bool rk_mock_classic_member_set_assignment(struct rk_mock_group *group,
                                           struct rk_mock_classic_member *member,
                                           struct rk_bytes assignment)
{
    if (!rk_mock_groups_has_room(group->groups, (size_t)assignment.size))
        return false;
    group->groups->size -= (size_t)member->assignment_size;
    rk_free(member->assignment);
    member->assignment = assignment.size > 0 ? copy_bytes(assignment) : NULL;
    member->assignment_size = assignment.size;
    group->groups->size += (size_t)assignment.size;
    return true;
}

const struct rk_join_group_request_protocol *
rk_mock_classic_protocol(const struct rk_mock_classic_member *member, const char *name)
{
    for (int32_t i = 0; i < member->protocol_count; i++) {
        if (strcmp(member->protocols[i].name, name) == 0)
            return &member->protocols[i];
    }
    return NULL;
}

static bool can_all(const struct rk_mock_group *group, const char *name)
{
    struct rk_mock_classic_member *member, *next;
    HASH_ITER(hh, group->classic.members, member, next)
    {
        if (!rk_mock_classic_protocol(member, name))
            return false;
    }
    return true;
}

bool rk_mock_classic_is_compatible(const struct rk_mock_group *group,
                                   const struct rk_join_group_request *request)
{
    const struct rk_mock_classic *classic = &group->classic;
    if (request->protocols.count < 1 || request->protocols.count > PROTOCOLS_MAX ||
        request->protocol_type[0] == '\0')
        return false;
    if (!classic->members)
        return true;
    if (strcmp(classic->protocol_type, request->protocol_type) != 0)
        return false;
    for (int32_t i = 0; i < request->protocols.count; i++) {
        if (can_all(group, request->protocols.items[i].name))
            return true;
    }
    return false;
}

const char *rk_mock_classic_choose_protocol(const struct rk_mock_group *group)
{
    int votes[PROTOCOLS_MAX] = {0};
    struct rk_mock_classic_member *first = group->classic.members, *member, *next;
    int32_t count = first ? first->protocol_count : 0, best = -1;
    bool is_common[PROTOCOLS_MAX] = {false};
    for (int32_t i = 0; i < count; i++)
        is_common[i] = can_all(group, first->protocols[i].name);
    HASH_ITER(hh, group->classic.members, member, next)
    {
        int32_t choice = -1;
        for (int32_t at = 0; at < member->protocol_count && choice < 0; at++) {
            for (int32_t i = 0; i < count && choice < 0; i++) {
                if (is_common[i] &&
                    strcmp(member->protocols[at].name, first->protocols[i].name) == 0)
                    choice = i;
            }
        }
        if (choice >= 0)
            votes[choice]++;
    }
    for (int32_t i = 0; i < count; i++) {
        if (votes[i] > 0 && (best < 0 || votes[i] > votes[best]))
            best = i;
    }
    return best < 0 ? "" : first->protocols[best].name;
}
