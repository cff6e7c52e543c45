/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration of configurations: not implemented yet. An operation answers with an error event;
 * none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

const char *rd_kafka_ConfigEntry_name(const rd_kafka_ConfigEntry_t *entry)
{
    return NULL;
}

const char *rd_kafka_ConfigEntry_value(const rd_kafka_ConfigEntry_t *entry)
{
    return NULL;
}

rd_kafka_ConfigSource_t rd_kafka_ConfigEntry_source(const rd_kafka_ConfigEntry_t *entry)
{
    return RD_KAFKA_CONFIG_SOURCE_UNKNOWN_CONFIG;
}

int rd_kafka_ConfigEntry_is_read_only(const rd_kafka_ConfigEntry_t *entry)
{
    return -1;
}

int rd_kafka_ConfigEntry_is_default(const rd_kafka_ConfigEntry_t *entry)
{
    return -1;
}

int rd_kafka_ConfigEntry_is_sensitive(const rd_kafka_ConfigEntry_t *entry)
{
    return -1;
}

int rd_kafka_ConfigEntry_is_synonym(const rd_kafka_ConfigEntry_t *entry)
{
    return -1;
}

const rd_kafka_ConfigEntry_t **rd_kafka_ConfigEntry_synonyms(const rd_kafka_ConfigEntry_t *entry,
                                                             size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_ConfigResource_t *rd_kafka_ConfigResource_new(rd_kafka_ResourceType_t restype,
                                                       const char *resname)
{
    return NULL;
}

void rd_kafka_ConfigResource_destroy(rd_kafka_ConfigResource_t *config)
{
}

void rd_kafka_ConfigResource_destroy_array(rd_kafka_ConfigResource_t **config, size_t config_cnt)
{
}

rd_kafka_resp_err_t rd_kafka_ConfigResource_set_config(rd_kafka_ConfigResource_t *config,
                                                       const char *name, const char *value)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_error_t *
rd_kafka_ConfigResource_add_incremental_config(rd_kafka_ConfigResource_t *config, const char *name,
                                               rd_kafka_AlterConfigOpType_t op_type,
                                               const char *value)
{
    return rk_not_implemented_error(__func__);
}

const rd_kafka_ConfigEntry_t **
rd_kafka_ConfigResource_configs(const rd_kafka_ConfigResource_t *config, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

rd_kafka_ResourceType_t rd_kafka_ConfigResource_type(const rd_kafka_ConfigResource_t *config)
{
    return RD_KAFKA_RESOURCE_UNKNOWN;
}

const char *rd_kafka_ConfigResource_name(const rd_kafka_ConfigResource_t *config)
{
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_ConfigResource_error(const rd_kafka_ConfigResource_t *config)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

const char *rd_kafka_ConfigResource_error_string(const rd_kafka_ConfigResource_t *config)
{
    return NULL;
}

void rd_kafka_AlterConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs, size_t config_cnt,
                           const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_ALTERCONFIGS_RESULT);
}

const rd_kafka_ConfigResource_t **
rd_kafka_AlterConfigs_result_resources(const rd_kafka_AlterConfigs_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_IncrementalAlterConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs,
                                      size_t config_cnt, const rd_kafka_AdminOptions_t *options,
                                      rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_INCREMENTALALTERCONFIGS_RESULT);
}

const rd_kafka_ConfigResource_t **rd_kafka_IncrementalAlterConfigs_result_resources(
    const rd_kafka_IncrementalAlterConfigs_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_DescribeConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs,
                              size_t config_cnt, const rd_kafka_AdminOptions_t *options,
                              rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT);
}

const rd_kafka_ConfigResource_t **
rd_kafka_DescribeConfigs_result_resources(const rd_kafka_DescribeConfigs_result_t *result,
                                          size_t *cntp)
{
    *cntp = 0;
    return NULL;
}
