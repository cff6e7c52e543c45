/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A static member that came back and has nothing of a topic it subscribes to: whether that is so
 * because the group still goes by its former subscription (DescribeGroups tells).
 *
 * Everything runs on background; what is asked lives in the request's arena.
 */
#include <string.h>

#include "base/clock.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/partition_list.h"
#include "group/consumer_protocol.h"
#include "group/group_private.h"
#include "event/partition_sets.h"

/* Of each topic that it lacks: how many partitions the member with the most of them has. */

static void count_most(rd_kafka_topic_partition_list_t *lacking,
                       const rd_kafka_topic_partition_list_t *assignment)
{
    int end;
    for (int i = 0; i < assignment->cnt; i = end) {
        const char *topic = assignment->elems[i].topic;
        for (end = i + 1; end < assignment->cnt; end++) {
            if (strcmp(assignment->elems[end].topic, topic) != 0)
                break;
        }
        rd_kafka_topic_partition_t *entry = rk_partition_set_find_topic(lacking, topic);
        if (entry)
            entry->offset = RK_MAX(entry->offset, end - i);
    }
}

static bool may_have_partitions(const struct rk_group *group, const char *name)
{
    const rd_kafka_topic_t *topic = rk_topic_registry_find(rk_cluster_topics(group->cluster), name);
    return topic && topic->known.state != RK_TOPIC_MISSING;
}

/* Nobody has the topic, or others have partitions of it to spare. */
static bool is_left_out(const struct rk_group *group,
                        const struct rk_describe_groups_answer_group *described)
{
    const struct rk_member *member = group->own.member;
    bool is_found = false;
    rd_kafka_topic_partition_list_t *lacking =
        rk_partition_set_of_other_topics(member->topics, member->target);
    for (int i = 0; i < lacking->cnt; i++)
        lacking->elems[i].offset = 0;
    for (int32_t i = 0; i < described->members.count; i++) {
        struct rk_bytes bytes = described->members.items[i].member_assignment;
        rd_kafka_topic_partition_list_t *assignment =
            rk_protocol_try_read_assignment(bytes.data, (size_t)RK_MAX(bytes.size, 0));
        if (assignment)
            count_most(lacking, assignment);
        rk_partition_list_destroy(assignment);
    }
    for (int i = 0; i < lacking->cnt && !is_found; i++)
        is_found =
            lacking->elems[i].offset != 1 && may_have_partitions(group, lacking->elems[i].topic);
    rk_partition_list_destroy(lacking);
    return is_found;
}

/* Who cannot find out joins again: that is for once. In a group that is rebalancing what it
 * subscribes to counts already. */
static void on_described(struct rk_request *request)
{
    const struct rk_group_call *call = request->owner;
    struct rk_group *group = call->group;
    const struct rk_describe_groups_answer *answer = request->answer;
    rd_kafka_resp_err_t err = request->err;
    if (err == RD_KAFKA_RESP_ERR__DESTROY) {
        rk_request_destroy(request);
        return;
    }
    rk_on_background(rk_cluster_background(group->cluster));
    const struct rk_describe_groups_answer_group *described =
        answer && answer->groups.count == 1 ? answer->groups.items : NULL;
    if (answer)
        err = described ? rk_error_of_broker(described->error_code) : RD_KAFKA_RESP_ERR__BAD_MSG;
    rk_coordinator_take_error(group->coordinator, request, err);
    bool is_stable = !err && strcmp(described->group_state, "Stable") == 0;
    if (call->attempt == group->own.membership.base.attempt &&
        (err || (is_stable && is_left_out(group, described))))
        rk_membership_on_left_out(&group->own.membership, call->attempt, rk_clock_now_us());
    rk_group_settle(group);
    rk_request_destroy(request);
}

void rk_group_look_at_members(struct rk_group *group)
{
    struct rk_request *request =
        rk_group_try_new_request(group, RK_API_DESCRIBE_GROUPS, on_described);
    const char **groups = request ? rk_request_try_alloc(request, sizeof(*groups)) : NULL;
    if (!groups) {
        rk_request_destroy(request);
        return;
    }
    struct rk_describe_groups_request *message = request->message;
    groups[0] = group->core->conf->group_id;
    message->groups.items = groups;
    message->groups.count = 1;
    request->deadline_us = rk_clock_now_us() + request->timeout_us;
    rk_coordinator_send(group->coordinator, request);
}
