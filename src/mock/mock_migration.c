/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_migration.h"

#include "base/clock.h"
#include "mock/mock_group.h"
#include "mock/mock_subscription.h"

#define PROTOCOL_TYPE "consumer"
#define ARENA_SIZE    ((size_t)1 << 20)

bool rk_mock_migration_is_on(const struct rk_mock_group *group)
{
    return group->kind == RK_MOCK_GROUP_CONSUMER && group->consumer.members;
}

/* ---- One protocol in the words of the other ---- */

/* What a classic member said, as a heartbeat; it borrows from the subscription. */
static void fill(struct rk_consumer_group_heartbeat_request *request,
                 const struct rk_mock_classic_member *classic,
                 const struct rk_mock_subscription *subscription)
{
    rk_consumer_group_heartbeat_request_init(request);
    request->instance_id = classic->instance_id;
    request->rack_id = subscription->rack;
    request->rebalance_timeout_ms = (int32_t)(classic->rebalance_us / 1000);
    request->subscribed_topic_names.items = subscription->topics;
    request->subscribed_topic_names.count = subscription->topic_count;
}

static bool is_readable(const struct rk_mock_classic_member *classic,
                        const struct rk_mock_topics_view *view)
{
    struct rk_mock_subscription subscription;
    struct rk_mock_partition_set set = {0};
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_SIZE);
    bool is_good =
        rk_mock_subscription_try_read(classic->protocols[0].metadata, view, &arena,
                                      &subscription) &&
        rk_mock_assignment_try_read(
            (struct rk_bytes){classic->assignment, classic->assignment_size}, view, &arena, &set);
    rk_mock_subscription_clear(&subscription);
    rk_mock_partition_set_clear(&set);
    rk_arena_clear(&arena);
    return is_good;
}

/* One for a classic member; it has nothing yet. */
static struct rk_mock_consumer_member *stand_in(struct rk_mock_group *group,
                                                struct rk_mock_classic_member *classic,
                                                const struct rk_mock_subscription *subscription)
{
    struct rk_consumer_group_heartbeat_request request;
    fill(&request, classic, subscription);
    struct rk_mock_consumer_member *member =
        rk_mock_consumer_member_new(group, &request, classic->id, classic->client_id);
    member->classic = classic;
    classic->session_at_us = RK_NEVER; /* Its stand-in has one. */
    return member;
}

/* ---- From one kind to the other ---- */

static void claim(const struct rk_mock_group *group, struct rk_mock_consumer_member *member,
                  const struct rk_mock_partition_set *set)
{
    for (int32_t i = 0; i < set->count; i++) {
        const struct rk_mock_place *place = &set->places[i];
        if (rk_mock_consumer_is_free(group, member, place))
            rk_mock_partition_set_add(&member->assigned, &place->topic, place->partition);
    }
}

/* What it was assigned last, and what it said that it still has in the middle of a rebalance. */
static void adopt(struct rk_mock_group *group, struct rk_mock_classic_member *classic,
                  const struct rk_mock_topics_view *view, uint64_t now_us)
{
    struct rk_consumer_group_heartbeat_request request;
    struct rk_mock_subscription subscription;
    struct rk_mock_partition_set assigned = {0};
    struct rk_arena arena;
    bool has_changed = false;
    rk_arena_init(&arena, ARENA_SIZE);
    rk_mock_subscription_try_read(classic->protocols[0].metadata, view, &arena, &subscription);
    rk_mock_assignment_try_read((struct rk_bytes){classic->assignment, classic->assignment_size},
                                view, &arena, &assigned);
    struct rk_mock_consumer_member *member = stand_in(group, classic, &subscription);
    fill(&request, classic, &subscription);
    rk_mock_consumer_member_update(group, member, &request, &has_changed);
    member->epoch = member->previous_epoch = group->consumer.epoch;
    claim(group, member, &assigned);
    claim(group, member, &subscription.owned);
    rk_mock_partition_set_add_from(&member->target, &member->assigned, true, &member->assigned);
    rk_mock_consumer_keep_alive(group, member, now_us);
    rk_mock_partition_set_clear(&assigned);
    rk_mock_subscription_clear(&subscription);
    rk_arena_clear(&arena);
}

rd_kafka_resp_err_t rk_mock_migration_upgrade(struct rk_mock_group *group,
                                              const struct rk_mock_topics_view *view,
                                              uint64_t now_us)
{
    struct rk_mock_classic *classic = &group->classic;
    struct rk_mock_classic_member *member, *next;
    if (classic->members && strcmp(classic->protocol_type, PROTOCOL_TYPE) != 0)
        return RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
    HASH_ITER(hh, classic->members, member, next)
    {
        if (!is_readable(member, view))
            return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    group->kind = RK_MOCK_GROUP_CONSUMER;
    if (classic->members)
        group->consumer.epoch = classic->generation;
    rk_mock_classic_suspend(group);
    HASH_ITER(hh, classic->members, member, next)
    adopt(group, member, view, now_us);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool rk_mock_migration_try_downgrade(struct rk_mock_group *group, uint64_t now_us)
{
    struct rk_mock_consumer_member *member, *next;
    if (!rk_mock_migration_is_on(group))
        return false;
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        if (!member->classic)
            return false;
    }
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        member->classic = NULL;
        rk_mock_consumer_member_destroy(group, member);
    }
    group->consumer.is_stale = false;
    group->kind = RK_MOCK_GROUP_CLASSIC;
    rk_mock_classic_resume(group, group->consumer.epoch, now_us);
    return true;
}

void rk_mock_migration_release_static(struct rk_mock_group *group, const char *instance_id,
                                      uint64_t now_us)
{
    struct rk_mock_consumer_member *member =
        instance_id ? rk_mock_consumer_member_find_static(group, instance_id) : NULL;
    if (!member || member->epoch != RK_MOCK_EPOCH_AWAY)
        return;
    rk_mock_consumer_member_destroy(group, member);
    group->consumer.is_stale = true;
    rk_mock_migration_try_downgrade(group, now_us);
}

/* ---- JoinGroup ---- */

static void keep_only(struct rk_mock_partition_set *set, const struct rk_mock_partition_set *owned)
{
    struct rk_mock_partition_set kept = {0};
    rk_mock_partition_set_add_from(&kept, set, true, owned);
    rk_mock_partition_set_move(set, &kept);
}

static bool write_assignment(struct rk_mock_group *group,
                             const struct rk_mock_consumer_member *member,
                             const struct rk_mock_topics_view *view)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    rk_mock_assignment_write(&writer, view, &member->assigned);
    bool is_good =
        !writer.failed && rk_mock_classic_member_set_assignment(
                              group, member->classic,
                              (struct rk_bytes){.data = writer.data, .size = (int32_t)writer.size});
    rk_writer_clear(&writer);
    return is_good;
}

/* A step towards its target: what it does not say it owns it has given up. */
static void go_on(const struct rk_mock_classic_joiner *joiner,
                  const struct rk_mock_topics_view *view,
                  const struct rk_mock_subscription *subscription,
                  struct rk_mock_consumer_member *member, bool is_new)
{
    struct rk_mock_group *group = joiner->group;
    struct rk_consumer_group_heartbeat_request request;
    bool has_changed = is_new;
    fill(&request, member->classic, subscription);
    if (rk_mock_consumer_member_update(group, member, &request, &has_changed) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, member->id);
        return;
    }
    rk_mock_consumer_keep_alive(group, member, joiner->now_us);
    if (has_changed || rk_mock_consumer_needs_assignment(group, view))
        rk_mock_consumer_assign(group, view);
    keep_only(&member->assigned, &subscription->owned);
    keep_only(&member->revoking, &subscription->owned);
    if (member->revoking.count == 0)
        member->revoke_at_us = RK_NEVER;
    rk_mock_consumer_reconcile(group, member, NULL, joiner->now_us);
    if (!write_assignment(group, member, view)) {
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_UNKNOWN, member->id);
        return;
    }
    struct rk_mock_classic_result result = {
        .group = group,
        .member = member->classic,
        .generation = member->epoch,
        .protocol = member->classic->protocols[0].name,
        .member_id = member->id,
        .leader = "",
    };
    joiner->wait->answer(joiner->wait, &result);
    rk_mock_group_tell_assigned(group);
}

static void join_new(const struct rk_mock_classic_joiner *joiner,
                     const struct rk_mock_topics_view *view,
                     const struct rk_mock_subscription *subscription, const char *id)
{
    struct rk_mock_group *group = joiner->group;
    struct rk_mock_classic_member *classic = NULL;
    rk_mock_classic_set_type(&group->classic, PROTOCOL_TYPE);
    if (HASH_COUNT(group->consumer.members) < RK_MOCK_GROUP_MEMBERS_MAX &&
        !(id && rk_mock_consumer_member_find(group, id)))
        classic = rk_mock_classic_member_new(group, joiner->request, id, joiner->client_id);
    if (!classic)
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED,
                               id ? id : "");
    else
        go_on(joiner, view, subscription, stand_in(group, classic, subscription), true);
}

static void join_again(const struct rk_mock_classic_joiner *joiner,
                       const struct rk_mock_topics_view *view,
                       const struct rk_mock_subscription *subscription,
                       struct rk_mock_classic_member *classic)
{
    struct rk_mock_group *group = joiner->group;
    struct rk_mock_consumer_member *member = rk_mock_consumer_member_find(group, classic->id);
    if (!rk_mock_classic_member_update(group, classic, joiner->request)) {
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, classic->id);
        return;
    }
    if (joiner->request->member_id[0] == '\0') { /* A static one is back. */
        rk_mock_classic_member_rename(group, classic, joiner->client_id);
        rk_mock_consumer_member_rename(group, member, classic->id);
    }
    go_on(joiner, view, subscription, member, false);
}

static void join_with_id(const struct rk_mock_classic_joiner *joiner,
                         const struct rk_mock_topics_view *view,
                         const struct rk_mock_subscription *subscription)
{
    const char *id = joiner->request->member_id;
    const char *instance_id = joiner->request->group_instance_id;
    struct rk_mock_classic_pending *pending;
    struct rk_mock_classic_member *classic;
    HASH_FIND_STR(joiner->group->classic.pending, id, pending);
    if (pending && !instance_id) {
        rk_mock_classic_drop_pending(joiner->group, pending);
        join_new(joiner, view, subscription, id);
        return;
    }
    rd_kafka_resp_err_t err =
        rk_mock_classic_check_member(joiner->group, id, instance_id, &classic);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        rk_mock_classic_refuse(joiner->wait, err, id);
    else
        join_again(joiner, view, subscription, classic);
}

static void join_without_id(const struct rk_mock_classic_joiner *joiner,
                            const struct rk_mock_topics_view *view,
                            const struct rk_mock_subscription *subscription)
{
    const char *instance_id = joiner->request->group_instance_id;
    struct rk_mock_consumer_member *member =
        instance_id ? rk_mock_consumer_member_find_static(joiner->group, instance_id) : NULL;
    if (member && member->classic)
        join_again(joiner, view, subscription, member->classic);
    else if (member)
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID, "");
    else if (!instance_id && joiner->version >= RK_MOCK_CLASSIC_ID_REQUIRED_SINCE)
        rk_mock_classic_give_id(joiner);
    else
        join_new(joiner, view, subscription, NULL);
}

void rk_mock_migration_join(const struct rk_mock_classic_joiner *joiner,
                            const struct rk_mock_topics_view *view)
{
    const struct rk_join_group_request *request = joiner->request;
    struct rk_mock_subscription subscription;
    struct rk_arena arena;
    if (strcmp(request->protocol_type, PROTOCOL_TYPE) != 0 ||
        !rk_mock_classic_is_compatible(joiner->group, request)) {
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
                               request->member_id);
        return;
    }
    rk_arena_init(&arena, ARENA_SIZE);
    if (!rk_mock_subscription_try_read(request->protocols.items[0].metadata, view, &arena,
                                       &subscription))
        rk_mock_classic_refuse(joiner->wait, RD_KAFKA_RESP_ERR_UNKNOWN, request->member_id);
    else if (request->member_id[0] != '\0')
        join_with_id(joiner, view, &subscription);
    else
        join_without_id(joiner, view, &subscription);
    rk_mock_subscription_clear(&subscription);
    rk_arena_clear(&arena);
}

/* ---- SyncGroup, Heartbeat, LeaveGroup ---- */

static rd_kafka_resp_err_t find_member(struct rk_mock_group *group, int32_t generation,
                                       const char *member_id, const char *instance_id,
                                       struct rk_mock_consumer_member **member)
{
    struct rk_mock_classic_member *classic;
    rd_kafka_resp_err_t err = rk_mock_classic_check_member(group, member_id, instance_id, &classic);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    *member = rk_mock_consumer_member_find(group, member_id);
    return (*member)->epoch == generation ? RD_KAFKA_RESP_ERR_NO_ERROR
                                          : RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
}

/* Its time to join again begins. */
static rd_kafka_resp_err_t ask_to_join(struct rk_mock_group *group,
                                       struct rk_mock_consumer_member *member, uint64_t now_us)
{
    if (member->revoke_at_us == RK_NEVER) {
        member->revoke_at_us = now_us + member->rebalance_us;
        rk_mock_group_wake_by(group, member->revoke_at_us);
    }
    return RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

void rk_mock_migration_sync(struct rk_mock_group *group,
                            const struct rk_sync_group_request *request,
                            struct rk_mock_classic_wait *wait, uint64_t now_us)
{
    struct rk_mock_consumer_member *member;
    rd_kafka_resp_err_t err = find_member(group, request->generation_id, request->member_id,
                                          request->group_instance_id, &member);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        ((request->protocol_type && strcmp(request->protocol_type, PROTOCOL_TYPE) != 0) ||
         (request->protocol_name &&
          strcmp(request->protocol_name, member->classic->protocols[0].name) != 0)))
        err = RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL;
    /* Who is to give up something is told so by what it gets. */
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && member->epoch != group->consumer.epoch &&
        member->revoking.count == 0)
        err = ask_to_join(group, member, now_us);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rk_mock_classic_refuse(wait, err, "");
        return;
    }
    rk_mock_consumer_keep_alive(group, member, now_us);
    struct rk_mock_classic_result result = {
        .group = group,
        .member = member->classic,
        .generation = member->epoch,
        .protocol = member->classic->protocols[0].name,
    };
    wait->answer(wait, &result);
}

rd_kafka_resp_err_t rk_mock_migration_heartbeat(struct rk_mock_group *group,
                                                const struct rk_heartbeat_request *request,
                                                uint64_t now_us)
{
    struct rk_mock_consumer_member *member;
    rd_kafka_resp_err_t err = find_member(group, request->generation_id, request->member_id,
                                          request->group_instance_id, &member);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    rk_mock_consumer_keep_alive(group, member, now_us);
    if (group->consumer.is_stale || member->epoch != group->consumer.epoch ||
        member->revoking.count > 0 || rk_mock_consumer_has_more(group, member))
        return ask_to_join(group, member, now_us);
    member->revoke_at_us = RK_NEVER;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rk_mock_migration_leave(struct rk_mock_group *group, struct rk_mock_classic_member *classic)
{
    rk_mock_consumer_member_destroy(group, rk_mock_consumer_member_find(group, classic->id));
    group->consumer.is_stale = true;
}
