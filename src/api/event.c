/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_event_*(): what an event tells. An event belongs to one thread at a time.
 */
#include "event/event.h"

#include "base/assert.h"
#include "base/text.h"
#include "conf/properties.h"
#include "event/message.h"
#include "event/partition_list.h"
#include "event/topic.h"

rd_kafka_event_type_t rd_kafka_event_type(const rd_kafka_event_t *rkev)
{
    return rkev ? rkev->type : RD_KAFKA_EVENT_NONE;
}

const char *rd_kafka_event_name(const rd_kafka_event_t *rkev)
{
    static const struct {
        rd_kafka_event_type_t type;
        const char *name;
    } names[] = {
        {RD_KAFKA_EVENT_NONE, "(NONE)"},
        {RD_KAFKA_EVENT_BACKGROUND, "(NONE)"},
        {RD_KAFKA_EVENT_DR, "DeliveryReport"},
        {RD_KAFKA_EVENT_FETCH, "Fetch"},
        {RD_KAFKA_EVENT_LOG, "Log"},
        {RD_KAFKA_EVENT_ERROR, "Error"},
        {RD_KAFKA_EVENT_REBALANCE, "Rebalance"},
        {RD_KAFKA_EVENT_OFFSET_COMMIT, "OffsetCommit"},
        {RD_KAFKA_EVENT_STATS, "Stats"},
        {RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH, "SaslOAuthBearerTokenRefresh"},
        {RD_KAFKA_EVENT_CREATETOPICS_RESULT, "CreateTopicsResult"},
        {RD_KAFKA_EVENT_DELETETOPICS_RESULT, "DeleteTopicsResult"},
        {RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT, "CreatePartitionsResult"},
        {RD_KAFKA_EVENT_ALTERCONFIGS_RESULT, "AlterConfigsResult"},
        {RD_KAFKA_EVENT_INCREMENTALALTERCONFIGS_RESULT, "IncrementalAlterConfigsResult"},
        {RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, "DescribeConfigsResult"},
        {RD_KAFKA_EVENT_DELETERECORDS_RESULT, "DeleteRecordsResult"},
        {RD_KAFKA_EVENT_LISTCONSUMERGROUPS_RESULT, "ListConsumerGroupsResult"},
        {RD_KAFKA_EVENT_DESCRIBECONSUMERGROUPS_RESULT, "DescribeConsumerGroupsResult"},
        {RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT, "DescribeTopicsResult"},
        {RD_KAFKA_EVENT_DESCRIBECLUSTER_RESULT, "DescribeClusterResult"},
        {RD_KAFKA_EVENT_DELETEGROUPS_RESULT, "DeleteGroupsResult"},
        {RD_KAFKA_EVENT_DELETECONSUMERGROUPOFFSETS_RESULT, "DeleteConsumerGroupOffsetsResult"},
        {RD_KAFKA_EVENT_CREATEACLS_RESULT, "CreateAclsResult"},
        {RD_KAFKA_EVENT_DESCRIBEACLS_RESULT, "DescribeAclsResult"},
        {RD_KAFKA_EVENT_DELETEACLS_RESULT, "DeleteAclsResult"},
        {RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT, "ListConsumerGroupOffsetsResult"},
        {RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT, "AlterConsumerGroupOffsetsResult"},
        {RD_KAFKA_EVENT_LISTOFFSETS_RESULT, "ListOffsetsResult"},
        {RD_KAFKA_EVENT_DESCRIBEUSERSCRAMCREDENTIALS_RESULT, "DescribeUserScramCredentials"},
        {RD_KAFKA_EVENT_ALTERUSERSCRAMCREDENTIALS_RESULT, "AlterUserScramCredentials"},
        {RD_KAFKA_EVENT_ELECTLEADERS_RESULT, "ElectLeadersResult"},
    };
    for (size_t i = 0; i < RK_COUNT_OF(names); i++) {
        if (names[i].type == rd_kafka_event_type(rkev))
            return names[i].name;
    }
    return "?unknown?";
}

void rd_kafka_event_destroy(rd_kafka_event_t *rkev)
{
    rk_event_destroy(rkev);
}

size_t rd_kafka_event_message_count(rd_kafka_event_t *rkev)
{
    return rkev->kind->message_count ? rkev->kind->message_count(rkev) : 0;
}

const rd_kafka_message_t *rd_kafka_event_message_next(rd_kafka_event_t *rkev)
{
    if (rkev->next_message >= rd_kafka_event_message_count(rkev))
        return NULL;
    return rkev->kind->message_at(rkev, rkev->next_message++);
}

size_t rd_kafka_event_message_array(rd_kafka_event_t *rkev, const rd_kafka_message_t **rkmessages,
                                    size_t size)
{
    size_t count = 0, end = rd_kafka_event_message_count(rkev);
    while (count < size && rkev->next_message < end)
        rkmessages[count++] = rkev->kind->message_at(rkev, rkev->next_message++);
    return count;
}

const char *rd_kafka_event_config_string(rd_kafka_event_t *rkev)
{
    return rkev->type == RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH ? rkev->text : NULL;
}

rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *rkev)
{
    return rkev->fatal_err ? rkev->fatal_err : rkev->err;
}

const char *rd_kafka_event_error_string(rd_kafka_event_t *rkev)
{
    return rkev->err && rkev->text ? rkev->text : rd_kafka_err2str(rkev->err);
}

int rd_kafka_event_error_is_fatal(rd_kafka_event_t *rkev)
{
    return rkev->err == RD_KAFKA_RESP_ERR__FATAL;
}

void *rd_kafka_event_opaque(rd_kafka_event_t *rkev)
{
    return rkev->opaque;
}

int rd_kafka_event_log(rd_kafka_event_t *rkev, const char **fac, const char **str, int *level)
{
    struct rk_event_log log;
    if (!rk_event_get_log(rkev, &log))
        return -1;
    if (fac)
        *fac = log.facility;
    if (str)
        *str = log.text;
    if (level)
        *level = log.level;
    return 0;
}

int rd_kafka_event_debug_contexts(rd_kafka_event_t *rkev, char *dst, size_t dstsize)
{
    struct rk_event_log log;
    if (!rk_event_get_log(rkev, &log))
        return -1;
    struct rk_text names = {0};
    const struct rk_property_value *context = rk_conf_properties[RK_CONF_ID_debug].values;
    for (; context->name; context++) {
        if (context->number != RK_DEBUG_ALL && (context->number & log.context))
            rk_text_appendf(&names, "%s%s", names.size ? "," : "", context->name);
    }
    rk_text_copy(dst, dstsize, rk_text_chars(&names));
    rk_text_clear(&names);
    return 0;
}

const char *rd_kafka_event_stats(rd_kafka_event_t *rkev)
{
    return rk_event_stats(rkev);
}

rd_kafka_topic_partition_list_t *rd_kafka_event_topic_partition_list(rd_kafka_event_t *rkev)
{
    return rkev->partitions;
}

rd_kafka_topic_partition_t *rd_kafka_event_topic_partition(rd_kafka_event_t *rkev)
{
    const struct rk_message *message = rk_event_own_message(rkev);
    if (rkev->type != RD_KAFKA_EVENT_ERROR || !message || !message->rkmessage.rkt)
        return NULL;
    rd_kafka_topic_partition_t *entry =
        rk_partition_entry_new(rk_topic_name(message->rkmessage.rkt), message->rkmessage.partition);
    entry->offset = message->rkmessage.offset;
    return entry;
}

/* A result is its event: the same pointer, if it is of that type. */
static const rd_kafka_event_t *result_of(const rd_kafka_event_t *event, rd_kafka_event_type_t type)
{
    return event && event->type == type ? event : NULL;
}

const rd_kafka_CreateTopics_result_t *rd_kafka_event_CreateTopics_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_CREATETOPICS_RESULT);
}

const rd_kafka_DeleteTopics_result_t *rd_kafka_event_DeleteTopics_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DELETETOPICS_RESULT);
}

const rd_kafka_CreatePartitions_result_t *
rd_kafka_event_CreatePartitions_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT);
}

const rd_kafka_AlterConfigs_result_t *rd_kafka_event_AlterConfigs_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_ALTERCONFIGS_RESULT);
}

const rd_kafka_IncrementalAlterConfigs_result_t *
rd_kafka_event_IncrementalAlterConfigs_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_INCREMENTALALTERCONFIGS_RESULT);
}

const rd_kafka_DescribeConfigs_result_t *
rd_kafka_event_DescribeConfigs_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT);
}

const rd_kafka_DeleteRecords_result_t *rd_kafka_event_DeleteRecords_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DELETERECORDS_RESULT);
}

const rd_kafka_ListConsumerGroups_result_t *
rd_kafka_event_ListConsumerGroups_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_LISTCONSUMERGROUPS_RESULT);
}

const rd_kafka_DescribeConsumerGroups_result_t *
rd_kafka_event_DescribeConsumerGroups_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DESCRIBECONSUMERGROUPS_RESULT);
}

const rd_kafka_DescribeTopics_result_t *rd_kafka_event_DescribeTopics_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT);
}

const rd_kafka_DescribeCluster_result_t *
rd_kafka_event_DescribeCluster_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DESCRIBECLUSTER_RESULT);
}

const rd_kafka_DeleteGroups_result_t *rd_kafka_event_DeleteGroups_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DELETEGROUPS_RESULT);
}

const rd_kafka_DeleteConsumerGroupOffsets_result_t *
rd_kafka_event_DeleteConsumerGroupOffsets_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DELETECONSUMERGROUPOFFSETS_RESULT);
}

const rd_kafka_CreateAcls_result_t *rd_kafka_event_CreateAcls_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_CREATEACLS_RESULT);
}

const rd_kafka_DescribeAcls_result_t *rd_kafka_event_DescribeAcls_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DESCRIBEACLS_RESULT);
}

const rd_kafka_DeleteAcls_result_t *rd_kafka_event_DeleteAcls_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DELETEACLS_RESULT);
}

const rd_kafka_ListConsumerGroupOffsets_result_t *
rd_kafka_event_ListConsumerGroupOffsets_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT);
}

const rd_kafka_AlterConsumerGroupOffsets_result_t *
rd_kafka_event_AlterConsumerGroupOffsets_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT);
}

const rd_kafka_ListOffsets_result_t *rd_kafka_event_ListOffsets_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_LISTOFFSETS_RESULT);
}

const rd_kafka_DescribeUserScramCredentials_result_t *
rd_kafka_event_DescribeUserScramCredentials_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_DESCRIBEUSERSCRAMCREDENTIALS_RESULT);
}

const rd_kafka_AlterUserScramCredentials_result_t *
rd_kafka_event_AlterUserScramCredentials_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_ALTERUSERSCRAMCREDENTIALS_RESULT);
}

const rd_kafka_ElectLeaders_result_t *rd_kafka_event_ElectLeaders_result(rd_kafka_event_t *rkev)
{
    return result_of(rkev, RD_KAFKA_EVENT_ELECTLEADERS_RESULT);
}
