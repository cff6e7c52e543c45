/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration of consumer groups: not implemented yet. An operation answers with an error event;
 * none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

const rd_kafka_error_t *rd_kafka_group_result_error(const rd_kafka_group_result_t *groupres)
{
    return NULL;
}

const char *rd_kafka_group_result_name(const rd_kafka_group_result_t *groupres)
{
    return NULL;
}

const rd_kafka_topic_partition_list_t *
rd_kafka_group_result_partitions(const rd_kafka_group_result_t *groupres)
{
    return NULL;
}

void rd_kafka_ListConsumerGroups(rd_kafka_t *rk, const rd_kafka_AdminOptions_t *options,
                                 rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_LISTCONSUMERGROUPS_RESULT);
}

const char *rd_kafka_ConsumerGroupListing_group_id(const rd_kafka_ConsumerGroupListing_t *grplist)
{
    return NULL;
}

int rd_kafka_ConsumerGroupListing_is_simple_consumer_group(
    const rd_kafka_ConsumerGroupListing_t *grplist)
{
    return -1;
}

rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupListing_state(const rd_kafka_ConsumerGroupListing_t *grplist)
{
    return RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN;
}

rd_kafka_consumer_group_type_t
rd_kafka_ConsumerGroupListing_type(const rd_kafka_ConsumerGroupListing_t *grplist)
{
    return RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN;
}

const rd_kafka_ConsumerGroupListing_t **
rd_kafka_ListConsumerGroups_result_valid(const rd_kafka_ListConsumerGroups_result_t *result,
                                         size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_error_t **
rd_kafka_ListConsumerGroups_result_errors(const rd_kafka_ListConsumerGroups_result_t *result,
                                          size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_DescribeConsumerGroups(rd_kafka_t *rk, const char **groups, size_t groups_cnt,
                                     const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DESCRIBECONSUMERGROUPS_RESULT);
}

const rd_kafka_ConsumerGroupDescription_t **rd_kafka_DescribeConsumerGroups_result_groups(
    const rd_kafka_DescribeConsumerGroups_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const char *
rd_kafka_ConsumerGroupDescription_group_id(const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return NULL;
}

const rd_kafka_error_t *
rd_kafka_ConsumerGroupDescription_error(const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return NULL;
}

int rd_kafka_ConsumerGroupDescription_is_simple_consumer_group(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return -1;
}

const char *rd_kafka_ConsumerGroupDescription_partition_assignor(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return NULL;
}

const rd_kafka_AclOperation_t *rd_kafka_ConsumerGroupDescription_authorized_operations(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupDescription_state(const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN;
}

const rd_kafka_Node_t *
rd_kafka_ConsumerGroupDescription_coordinator(const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return NULL;
}

rd_kafka_consumer_group_type_t
rd_kafka_ConsumerGroupDescription_type(const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN;
}

size_t
rd_kafka_ConsumerGroupDescription_member_count(const rd_kafka_ConsumerGroupDescription_t *grpdesc)
{
    return 0;
}

const rd_kafka_MemberDescription_t *
rd_kafka_ConsumerGroupDescription_member(const rd_kafka_ConsumerGroupDescription_t *grpdesc,
                                         size_t idx)
{
    return NULL;
}

const char *rd_kafka_MemberDescription_client_id(const rd_kafka_MemberDescription_t *member)
{
    return NULL;
}

const char *rd_kafka_MemberDescription_group_instance_id(const rd_kafka_MemberDescription_t *member)
{
    return NULL;
}

const char *rd_kafka_MemberDescription_consumer_id(const rd_kafka_MemberDescription_t *member)
{
    return NULL;
}

const char *rd_kafka_MemberDescription_host(const rd_kafka_MemberDescription_t *member)
{
    return NULL;
}

const rd_kafka_MemberAssignment_t *
rd_kafka_MemberDescription_assignment(const rd_kafka_MemberDescription_t *member)
{
    return NULL;
}

const rd_kafka_topic_partition_list_t *
rd_kafka_MemberAssignment_partitions(const rd_kafka_MemberAssignment_t *assignment)
{
    return NULL;
}

const rd_kafka_MemberAssignment_t *
rd_kafka_MemberDescription_target_assignment(const rd_kafka_MemberDescription_t *member)
{
    return NULL;
}

rd_kafka_DeleteGroup_t *rd_kafka_DeleteGroup_new(const char *group)
{
    return NULL;
}

void rd_kafka_DeleteGroup_destroy(rd_kafka_DeleteGroup_t *del_group)
{
}

void rd_kafka_DeleteGroup_destroy_array(rd_kafka_DeleteGroup_t **del_groups, size_t del_group_cnt)
{
}

void rd_kafka_DeleteGroups(rd_kafka_t *rk, rd_kafka_DeleteGroup_t **del_groups,
                           size_t del_group_cnt, const rd_kafka_AdminOptions_t *options,
                           rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DELETEGROUPS_RESULT);
}

const rd_kafka_group_result_t **
rd_kafka_DeleteGroups_result_groups(const rd_kafka_DeleteGroups_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_ListConsumerGroupOffsets_t *
rd_kafka_ListConsumerGroupOffsets_new(const char *group_id,
                                      const rd_kafka_topic_partition_list_t *partitions)
{
    return NULL;
}

void rd_kafka_ListConsumerGroupOffsets_destroy(rd_kafka_ListConsumerGroupOffsets_t *list_grpoffsets)
{
}

void rd_kafka_ListConsumerGroupOffsets_destroy_array(
    rd_kafka_ListConsumerGroupOffsets_t **list_grpoffsets, size_t list_grpoffset_cnt)
{
}

void rd_kafka_ListConsumerGroupOffsets(rd_kafka_t *rk,
                                       rd_kafka_ListConsumerGroupOffsets_t **list_grpoffsets,
                                       size_t list_grpoffsets_cnt,
                                       const rd_kafka_AdminOptions_t *options,
                                       rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT);
}

const rd_kafka_group_result_t **rd_kafka_ListConsumerGroupOffsets_result_groups(
    const rd_kafka_ListConsumerGroupOffsets_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_AlterConsumerGroupOffsets_t *
rd_kafka_AlterConsumerGroupOffsets_new(const char *group_id,
                                       const rd_kafka_topic_partition_list_t *partitions)
{
    return NULL;
}

void rd_kafka_AlterConsumerGroupOffsets_destroy(
    rd_kafka_AlterConsumerGroupOffsets_t *alter_grpoffsets)
{
}

void rd_kafka_AlterConsumerGroupOffsets_destroy_array(
    rd_kafka_AlterConsumerGroupOffsets_t **alter_grpoffsets, size_t alter_grpoffset_cnt)
{
}

void rd_kafka_AlterConsumerGroupOffsets(rd_kafka_t *rk,
                                        rd_kafka_AlterConsumerGroupOffsets_t **alter_grpoffsets,
                                        size_t alter_grpoffsets_cnt,
                                        const rd_kafka_AdminOptions_t *options,
                                        rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT);
}

const rd_kafka_group_result_t **rd_kafka_AlterConsumerGroupOffsets_result_groups(
    const rd_kafka_AlterConsumerGroupOffsets_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_DeleteConsumerGroupOffsets_t *
rd_kafka_DeleteConsumerGroupOffsets_new(const char *group,
                                        const rd_kafka_topic_partition_list_t *partitions)
{
    return NULL;
}

void rd_kafka_DeleteConsumerGroupOffsets_destroy(
    rd_kafka_DeleteConsumerGroupOffsets_t *del_grpoffsets)
{
}

void rd_kafka_DeleteConsumerGroupOffsets_destroy_array(
    rd_kafka_DeleteConsumerGroupOffsets_t **del_grpoffsets, size_t del_grpoffset_cnt)
{
}

void rd_kafka_DeleteConsumerGroupOffsets(rd_kafka_t *rk,
                                         rd_kafka_DeleteConsumerGroupOffsets_t **del_grpoffsets,
                                         size_t del_grpoffsets_cnt,
                                         const rd_kafka_AdminOptions_t *options,
                                         rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DELETECONSUMERGROUPOFFSETS_RESULT);
}

const rd_kafka_group_result_t **rd_kafka_DeleteConsumerGroupOffsets_result_groups(
    const rd_kafka_DeleteConsumerGroupOffsets_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}
