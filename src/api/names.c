/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of public enumerators, for people and for Kafka's tools, which spell them the same way.
 * Pure functions for any thread; all names are static.
 */
#include <stddef.h>
#include <strings.h>

#include "rdkafka.h"

/* The entry of a table of names, or NULL beyond its end or in a gap. */
#define NAME_AT(names, index) \
    ((size_t)(index) < sizeof(names) / sizeof((names)[0]) ? (names)[index] : NULL)

/* What the public functions without a NULL answer say about a value that has no name. */
static const char *or_unsupported(const char *name)
{
    return name ? name : "UNSUPPORTED";
}

/* The index of a name, upper and lower case being the same; 0, which is unknown, for others. */
static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcasecmp(names[i], name))
            return i;
    return 0;
}

static const char *const group_state_names[RD_KAFKA_CONSUMER_GROUP_STATE__CNT] = {
    [RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN] = "Unknown",
    [RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE] = "PreparingRebalance",
    [RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE] = "CompletingRebalance",
    [RD_KAFKA_CONSUMER_GROUP_STATE_STABLE] = "Stable",
    [RD_KAFKA_CONSUMER_GROUP_STATE_DEAD] = "Dead",
    [RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY] = "Empty",
};

const char *rd_kafka_consumer_group_state_name(rd_kafka_consumer_group_state_t state)
{
    return NAME_AT(group_state_names, state);
}

rd_kafka_consumer_group_state_t rd_kafka_consumer_group_state_code(const char *name)
{
    return (rd_kafka_consumer_group_state_t)find_name(group_state_names,
                                                      RD_KAFKA_CONSUMER_GROUP_STATE__CNT, name);
}

static const char *const group_type_names[RD_KAFKA_CONSUMER_GROUP_TYPE__CNT] = {
    [RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN] = "Unknown",
    [RD_KAFKA_CONSUMER_GROUP_TYPE_CONSUMER] = "Consumer",
    [RD_KAFKA_CONSUMER_GROUP_TYPE_CLASSIC] = "Classic",
};

const char *rd_kafka_consumer_group_type_name(rd_kafka_consumer_group_type_t type)
{
    return NAME_AT(group_type_names, type);
}

rd_kafka_consumer_group_type_t rd_kafka_consumer_group_type_code(const char *name)
{
    return (rd_kafka_consumer_group_type_t)find_name(group_type_names,
                                                     RD_KAFKA_CONSUMER_GROUP_TYPE__CNT, name);
}

const char *rd_kafka_ConfigSource_name(rd_kafka_ConfigSource_t confsource)
{
    static const char *const names[RD_KAFKA_CONFIG_SOURCE__CNT] = {
        [RD_KAFKA_CONFIG_SOURCE_UNKNOWN_CONFIG] = "UNKNOWN_CONFIG",
        [RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG] = "DYNAMIC_TOPIC_CONFIG",
        [RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG] = "DYNAMIC_BROKER_CONFIG",
        [RD_KAFKA_CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER_CONFIG] = "DYNAMIC_DEFAULT_BROKER_CONFIG",
        [RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG] = "STATIC_BROKER_CONFIG",
        [RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG] = "DEFAULT_CONFIG",
        [RD_KAFKA_CONFIG_SOURCE_GROUP_CONFIG] = "GROUP_CONFIG",
    };

    return or_unsupported(NAME_AT(names, confsource));
}

const char *rd_kafka_ResourceType_name(rd_kafka_ResourceType_t restype)
{
    static const char *const names[RD_KAFKA_RESOURCE__CNT] = {
        [RD_KAFKA_RESOURCE_UNKNOWN] = "UNKNOWN",
        [RD_KAFKA_RESOURCE_ANY] = "ANY",
        [RD_KAFKA_RESOURCE_TOPIC] = "TOPIC",
        [RD_KAFKA_RESOURCE_GROUP] = "GROUP",
        [RD_KAFKA_RESOURCE_BROKER] = "BROKER",
        [RD_KAFKA_RESOURCE_TRANSACTIONAL_ID] = "TRANSACTIONAL_ID",
    };

    return or_unsupported(NAME_AT(names, restype));
}

const char *rd_kafka_ResourcePatternType_name(rd_kafka_ResourcePatternType_t resource_pattern_type)
{
    static const char *const names[RD_KAFKA_RESOURCE_PATTERN_TYPE__CNT] = {
        [RD_KAFKA_RESOURCE_PATTERN_UNKNOWN] = "UNKNOWN",
        [RD_KAFKA_RESOURCE_PATTERN_ANY] = "ANY",
        [RD_KAFKA_RESOURCE_PATTERN_MATCH] = "MATCH",
        [RD_KAFKA_RESOURCE_PATTERN_LITERAL] = "LITERAL",
        [RD_KAFKA_RESOURCE_PATTERN_PREFIXED] = "PREFIXED",
    };

    return or_unsupported(NAME_AT(names, resource_pattern_type));
}

const char *rd_kafka_AclOperation_name(rd_kafka_AclOperation_t acl_operation)
{
    static const char *const names[RD_KAFKA_ACL_OPERATION__CNT] = {
        [RD_KAFKA_ACL_OPERATION_UNKNOWN] = "UNKNOWN",
        [RD_KAFKA_ACL_OPERATION_ANY] = "ANY",
        [RD_KAFKA_ACL_OPERATION_ALL] = "ALL",
        [RD_KAFKA_ACL_OPERATION_READ] = "READ",
        [RD_KAFKA_ACL_OPERATION_WRITE] = "WRITE",
        [RD_KAFKA_ACL_OPERATION_CREATE] = "CREATE",
        [RD_KAFKA_ACL_OPERATION_DELETE] = "DELETE",
        [RD_KAFKA_ACL_OPERATION_ALTER] = "ALTER",
        [RD_KAFKA_ACL_OPERATION_DESCRIBE] = "DESCRIBE",
        [RD_KAFKA_ACL_OPERATION_CLUSTER_ACTION] = "CLUSTER_ACTION",
        [RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS] = "DESCRIBE_CONFIGS",
        [RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS] = "ALTER_CONFIGS",
        [RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE] = "IDEMPOTENT_WRITE",
    };

    return or_unsupported(NAME_AT(names, acl_operation));
}

const char *rd_kafka_AclPermissionType_name(rd_kafka_AclPermissionType_t acl_permission_type)
{
    static const char *const names[RD_KAFKA_ACL_PERMISSION_TYPE__CNT] = {
        [RD_KAFKA_ACL_PERMISSION_TYPE_UNKNOWN] = "UNKNOWN",
        [RD_KAFKA_ACL_PERMISSION_TYPE_ANY] = "ANY",
        [RD_KAFKA_ACL_PERMISSION_TYPE_DENY] = "DENY",
        [RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW] = "ALLOW",
    };

    return or_unsupported(NAME_AT(names, acl_permission_type));
}
