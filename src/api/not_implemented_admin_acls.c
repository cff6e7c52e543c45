/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration of access control lists: not implemented yet. An operation answers with an error
 * event; none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

const rd_kafka_error_t *rd_kafka_acl_result_error(const rd_kafka_acl_result_t *aclres)
{
    return NULL;
}

rd_kafka_AclBinding_t *rd_kafka_AclBinding_new(rd_kafka_ResourceType_t restype, const char *name,
                                               rd_kafka_ResourcePatternType_t resource_pattern_type,
                                               const char *principal, const char *host,
                                               rd_kafka_AclOperation_t operation,
                                               rd_kafka_AclPermissionType_t permission_type,
                                               char *errstr, size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return NULL;
}

rd_kafka_AclBindingFilter_t *rd_kafka_AclBindingFilter_new(
    rd_kafka_ResourceType_t restype, const char *name,
    rd_kafka_ResourcePatternType_t resource_pattern_type, const char *principal, const char *host,
    rd_kafka_AclOperation_t operation, rd_kafka_AclPermissionType_t permission_type, char *errstr,
    size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return NULL;
}

rd_kafka_ResourceType_t rd_kafka_AclBinding_restype(const rd_kafka_AclBinding_t *acl)
{
    return RD_KAFKA_RESOURCE_UNKNOWN;
}

const char *rd_kafka_AclBinding_name(const rd_kafka_AclBinding_t *acl)
{
    return NULL;
}

const char *rd_kafka_AclBinding_principal(const rd_kafka_AclBinding_t *acl)
{
    return NULL;
}

const char *rd_kafka_AclBinding_host(const rd_kafka_AclBinding_t *acl)
{
    return NULL;
}

rd_kafka_AclOperation_t rd_kafka_AclBinding_operation(const rd_kafka_AclBinding_t *acl)
{
    return RD_KAFKA_ACL_OPERATION_UNKNOWN;
}

rd_kafka_AclPermissionType_t rd_kafka_AclBinding_permission_type(const rd_kafka_AclBinding_t *acl)
{
    return RD_KAFKA_ACL_PERMISSION_TYPE_UNKNOWN;
}

rd_kafka_ResourcePatternType_t
rd_kafka_AclBinding_resource_pattern_type(const rd_kafka_AclBinding_t *acl)
{
    return RD_KAFKA_RESOURCE_PATTERN_UNKNOWN;
}

const rd_kafka_error_t *rd_kafka_AclBinding_error(const rd_kafka_AclBinding_t *acl)
{
    return NULL;
}

void rd_kafka_AclBinding_destroy(rd_kafka_AclBinding_t *acl_binding)
{
}

void rd_kafka_AclBinding_destroy_array(rd_kafka_AclBinding_t **acl_bindings,
                                       size_t acl_bindings_cnt)
{
}

const rd_kafka_acl_result_t **
rd_kafka_CreateAcls_result_acls(const rd_kafka_CreateAcls_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_CreateAcls(rd_kafka_t *rk, rd_kafka_AclBinding_t **new_acls, size_t new_acls_cnt,
                         const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_CREATEACLS_RESULT);
}

const rd_kafka_AclBinding_t **
rd_kafka_DescribeAcls_result_acls(const rd_kafka_DescribeAcls_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_DescribeAcls(rd_kafka_t *rk, rd_kafka_AclBindingFilter_t *acl_filter,
                           const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DESCRIBEACLS_RESULT);
}

const rd_kafka_DeleteAcls_result_response_t **
rd_kafka_DeleteAcls_result_responses(const rd_kafka_DeleteAcls_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

const rd_kafka_error_t *rd_kafka_DeleteAcls_result_response_error(
    const rd_kafka_DeleteAcls_result_response_t *result_response)
{
    return NULL;
}

const rd_kafka_AclBinding_t **rd_kafka_DeleteAcls_result_response_matching_acls(
    const rd_kafka_DeleteAcls_result_response_t *result_response, size_t *matching_acls_cntp)
{
    *matching_acls_cntp = 0;
    return NULL;
}

void rd_kafka_DeleteAcls(rd_kafka_t *rk, rd_kafka_AclBindingFilter_t **del_acls,
                         size_t del_acls_cnt, const rd_kafka_AdminOptions_t *options,
                         rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DELETEACLS_RESULT);
}
