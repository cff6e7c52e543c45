/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/error_policy.h"

#include <stdio.h>

#include "base/assert.h"

#define E(name)                      RD_KAFKA_RESP_ERR_##name
#define ANY                          (-1) /* Every request that has no row of its own for the error. */
#define RETRY                        RK_ACTION_RETRY
#define REFRESH                      RK_ACTION_REFRESH
#define FAIL                         RK_ACTION_FAIL
#define FATAL                        RK_ACTION_FATAL
#define SPLIT                        RK_ACTION_SPLIT
#define COORDINATOR                  RK_ACTION_FIND_COORDINATOR
#define RESET                        RK_ACTION_RESET_OFFSET
#define VALIDATE                     RK_ACTION_VALIDATE
#define BUMP                         RK_ACTION_BUMP_EPOCH
#define SESSION                      RK_ACTION_NEW_SESSION
#define PERSISTED                    RK_ACTION_MAY_BE_PERSISTED
#define REJOIN                       RK_ACTION_REJOIN
#define NO_GENERATION                RK_ACTION_RESET_GENERATION
#define NO_MEMBER                    (RK_ACTION_RESET_GENERATION | RK_ACTION_RESET_MEMBER)

#define FETCH_SESSION_TOPIC_ID_ERROR 106 /* Has no name in rdkafka.h. */

static const struct {
    int16_t api;
    int16_t err;
    unsigned actions;
} rows[] = {
    /* Produce */
    {RK_API_PRODUCE, E(DUPLICATE_SEQUENCE_NUMBER), RK_ACTION_NONE},
    {RK_API_PRODUCE, E(MSG_SIZE_TOO_LARGE), SPLIT},
    {RK_API_PRODUCE, E(RECORD_LIST_TOO_LARGE), SPLIT},
    {RK_API_PRODUCE, E(REQUEST_TIMED_OUT), RETRY | PERSISTED},
    {RK_API_PRODUCE, E(NOT_ENOUGH_REPLICAS), RETRY},
    {RK_API_PRODUCE, E(NOT_ENOUGH_REPLICAS_AFTER_APPEND), RETRY | PERSISTED},
    {RK_API_PRODUCE, E(UNKNOWN_TOPIC_OR_PART), RETRY | REFRESH},
    {RK_API_PRODUCE, E(UNKNOWN_TOPIC_ID), RETRY | REFRESH},
    {RK_API_PRODUCE, E(KAFKA_STORAGE_ERROR), RETRY | REFRESH},
    {RK_API_PRODUCE, E(OUT_OF_ORDER_SEQUENCE_NUMBER), RETRY | BUMP},
    {RK_API_PRODUCE, E(UNKNOWN_PRODUCER_ID), RETRY | BUMP},
    {RK_API_PRODUCE, E(INVALID_PRODUCER_EPOCH), FAIL | BUMP},
    {RK_API_PRODUCE, E(INVALID_MSG), RETRY},
    {RK_API_PRODUCE, E(_TRANSPORT), RETRY | REFRESH | PERSISTED},
    {RK_API_PRODUCE, E(_TIMED_OUT), RETRY | REFRESH | PERSISTED},
    {RK_API_PRODUCE, E(_BAD_MSG), RETRY | PERSISTED},
    /* Fetch */
    {RK_API_FETCH, E(OFFSET_OUT_OF_RANGE), RESET},
    {RK_API_FETCH, E(UNKNOWN_LEADER_EPOCH), RETRY | REFRESH},
    {RK_API_FETCH, E(FENCED_LEADER_EPOCH), RETRY | REFRESH | VALIDATE},
    {RK_API_FETCH, E(OFFSET_NOT_AVAILABLE), RETRY},
    {RK_API_FETCH, E(FETCH_SESSION_ID_NOT_FOUND), RETRY | SESSION},
    {RK_API_FETCH, FETCH_SESSION_TOPIC_ID_ERROR, RETRY | SESSION},
    {RK_API_FETCH, E(INVALID_FETCH_SESSION_EPOCH), RETRY | SESSION},
    {RK_API_FETCH, E(INCONSISTENT_TOPIC_ID), RETRY | SESSION | REFRESH},
    {RK_API_FETCH, E(UNKNOWN_TOPIC_ID), RETRY | REFRESH},
    {RK_API_FETCH, E(UNKNOWN_TOPIC_OR_PART), RETRY | REFRESH},
    {RK_API_FETCH, E(TOPIC_AUTHORIZATION_FAILED), FAIL | REFRESH},
    {RK_API_FETCH, E(INVALID_MSG), RETRY},
    {RK_API_FETCH, E(UNKNOWN), RETRY},
    /* ListOffsets */
    {RK_API_LIST_OFFSETS, E(OFFSET_NOT_AVAILABLE), RETRY},
    {RK_API_LIST_OFFSETS, E(UNKNOWN_TOPIC_OR_PART), RETRY | REFRESH},
    {RK_API_LIST_OFFSETS, E(UNKNOWN_TOPIC_ID), RETRY | REFRESH},
    {RK_API_LIST_OFFSETS, E(UNKNOWN_LEADER_EPOCH), RETRY | REFRESH},
    {RK_API_LIST_OFFSETS, E(FENCED_LEADER_EPOCH), RETRY | REFRESH},
    /* InitProducerId */
    {RK_API_INIT_PRODUCER_ID, E(CONCURRENT_TRANSACTIONS), RETRY},
    {RK_API_INIT_PRODUCER_ID, E(CLUSTER_AUTHORIZATION_FAILED), FATAL},
    {RK_API_INIT_PRODUCER_ID, E(PRODUCER_FENCED), FATAL},
    {RK_API_INIT_PRODUCER_ID, E(INVALID_PRODUCER_EPOCH), FATAL},
    {RK_API_INIT_PRODUCER_ID, E(_UNSUPPORTED_FEATURE), FATAL},
    /* OffsetCommit, OffsetFetch */
    {RK_API_OFFSET_COMMIT, E(UNKNOWN_TOPIC_OR_PART), FAIL | REFRESH},
    {RK_API_OFFSET_COMMIT, E(_WAIT_COORD), RETRY},
    {RK_API_OFFSET_FETCH, E(_WAIT_COORD), RETRY},
    /* Classic groups */
    {RK_API_JOIN_GROUP, E(UNKNOWN_MEMBER_ID), REJOIN | NO_MEMBER},
    {RK_API_JOIN_GROUP, E(MEMBER_ID_REQUIRED), REJOIN},
    {RK_API_JOIN_GROUP, E(REBALANCE_IN_PROGRESS), REJOIN},
    {RK_API_JOIN_GROUP, E(FENCED_INSTANCE_ID), FATAL},
    {RK_API_SYNC_GROUP, E(UNKNOWN_MEMBER_ID), REJOIN | NO_MEMBER},
    {RK_API_SYNC_GROUP, E(ILLEGAL_GENERATION), REJOIN | NO_GENERATION},
    {RK_API_SYNC_GROUP, E(REBALANCE_IN_PROGRESS), REJOIN},
    {RK_API_SYNC_GROUP, E(FENCED_INSTANCE_ID), FATAL},
    {RK_API_HEARTBEAT, E(UNKNOWN_MEMBER_ID), REJOIN | NO_MEMBER},
    {RK_API_HEARTBEAT, E(ILLEGAL_GENERATION), REJOIN | NO_GENERATION},
    {RK_API_HEARTBEAT, E(REBALANCE_IN_PROGRESS), REJOIN},
    {RK_API_HEARTBEAT, E(FENCED_INSTANCE_ID), FATAL},
    {RK_API_JOIN_GROUP, E(_WAIT_COORD), RETRY},
    {RK_API_SYNC_GROUP, E(_WAIT_COORD), RETRY},
    {RK_API_HEARTBEAT, E(_WAIT_COORD), RETRY},
    /* Groups of the consumer protocol */
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(UNKNOWN_MEMBER_ID), REJOIN | NO_GENERATION},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(FENCED_MEMBER_EPOCH), REJOIN | NO_GENERATION},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(FENCED_INSTANCE_ID), FATAL},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(UNRELEASED_INSTANCE_ID), FATAL},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(INVALID_REQUEST), FATAL},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(UNSUPPORTED_ASSIGNOR), FATAL},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(UNSUPPORTED_VERSION), FATAL},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(_UNSUPPORTED_FEATURE), FATAL},
    {RK_API_CONSUMER_GROUP_HEARTBEAT, E(_WAIT_COORD), RETRY},
    /* Any other request */
    {ANY, E(NO_ERROR), RK_ACTION_NONE},
    {ANY, E(LEADER_NOT_AVAILABLE), RETRY | REFRESH},
    {ANY, E(NOT_LEADER_FOR_PARTITION), RETRY | REFRESH},
    {ANY, E(FENCED_LEADER_EPOCH), RETRY | REFRESH},
    {ANY, E(UNKNOWN_LEADER_EPOCH), RETRY | REFRESH},
    {ANY, E(REPLICA_NOT_AVAILABLE), RETRY | REFRESH},
    {ANY, E(BROKER_NOT_AVAILABLE), RETRY | REFRESH},
    {ANY, E(LISTENER_NOT_FOUND), RETRY | REFRESH},
    {ANY, E(KAFKA_STORAGE_ERROR), RETRY | REFRESH},
    {ANY, E(ELECTION_NOT_NEEDED), RETRY | REFRESH},
    {ANY, E(PREFERRED_LEADER_NOT_AVAILABLE), RETRY | REFRESH},
    {ANY, E(ELIGIBLE_LEADERS_NOT_AVAILABLE), RETRY | REFRESH},
    {ANY, E(UNKNOWN_TOPIC_ID), RETRY | REFRESH},
    {ANY, E(INCONSISTENT_TOPIC_ID), RETRY | REFRESH},
    {ANY, E(UNSTABLE_OFFSET_COMMIT), RETRY},
    {ANY, E(NETWORK_EXCEPTION), RETRY | REFRESH},
    {ANY, E(REQUEST_TIMED_OUT), RETRY},
    {ANY, E(COORDINATOR_LOAD_IN_PROGRESS), RETRY},
    {ANY, E(COORDINATOR_NOT_AVAILABLE), RETRY | COORDINATOR},
    {ANY, E(NOT_COORDINATOR), RETRY | COORDINATOR},
    {ANY, E(NOT_CONTROLLER), RETRY | REFRESH},
    {ANY, E(THROTTLING_QUOTA_EXCEEDED), RETRY},
    {ANY, E(_TRANSPORT), RETRY | REFRESH},
    {ANY, E(_TIMED_OUT), RETRY | REFRESH},
    {ANY, E(_UNKNOWN_BROKER), RETRY | REFRESH},
    {ANY, E(_RESOLVE), RETRY | REFRESH},
    {ANY, E(_BAD_MSG), RETRY},
    {ANY, E(_CRIT_SYS_RESOURCE), RETRY}, /* No memory here: nothing was sent. */
};

unsigned rk_error_policy_find(enum rk_api_key key, rd_kafka_resp_err_t err)
{
    unsigned actions = FAIL;
    if (!err)
        return RK_ACTION_NONE; /* Nearly always. */
    for (size_t i = 0; i < RK_COUNT_OF(rows); i++) {
        if (rows[i].err != (int16_t)err)
            continue;
        if (rows[i].api == (int16_t)key)
            return rows[i].actions;
        if (rows[i].api == ANY)
            actions = rows[i].actions;
    }
    return actions;
}

const char *rk_error_policy_text(unsigned actions, char *text, size_t size)
{
    static const struct {
        unsigned action;
        const char *name;
    } names[] = {
        {RETRY, "Retry"},
        {REFRESH, "Refresh"},
        {FAIL, "Permanent"},
        {FATAL, "Fatal"},
        {SPLIT, "Split"},
        {COORDINATOR, "FindCoordinator"},
        {RESET, "ResetOffset"},
        {VALIDATE, "Validate"},
        {BUMP, "BumpEpoch"},
        {RK_ACTION_ABORTABLE, "Abortable"},
        {SESSION, "NewSession"},
        {PERSISTED, "MsgPossiblyPersisted"},
        {REJOIN, "Rejoin"},
        {NO_GENERATION, "ResetGeneration"},
        {RK_ACTION_RESET_MEMBER, "ResetMember"},
    };
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < RK_COUNT_OF(names); i++) {
        if (!(actions & names[i].action) || used >= size)
            continue;
        int added = snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "", names[i].name);
        used += (size_t)RK_MAX(added, 0);
    }
    return text;
}
