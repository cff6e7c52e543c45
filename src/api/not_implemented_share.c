/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Share consumers (KIP-932): not implemented yet. No object of theirs exists, so functions that
 * read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

size_t rd_kafka_messages_count(const rd_kafka_messages_t *messages)
{
    return 0;
}

rd_kafka_message_t *rd_kafka_messages_get(const rd_kafka_messages_t *messages, size_t index)
{
    return NULL;
}

void rd_kafka_messages_destroy(rd_kafka_messages_t *messages)
{
}

rd_kafka_queue_t *rd_kafka_share_queue_get_sasl(rd_kafka_share_t *rkshare)
{
    return NULL;
}

rd_kafka_resp_err_t
rd_kafka_share_oauthbearer_set_token(rd_kafka_share_t *rkshare, const char *token_value,
                                     int64_t md_lifetime_ms, const char *md_principal_name,
                                     const char **extensions, size_t extension_size, char *errstr,
                                     size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_share_oauthbearer_set_token_failure(rd_kafka_share_t *rkshare,
                                                                 const char *errstr)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

size_t
rd_kafka_share_partition_offsets_list_count(const rd_kafka_share_partition_offsets_list_t *list)
{
    return 0;
}

const rd_kafka_share_partition_offsets_t *
rd_kafka_share_partition_offsets_list_get(const rd_kafka_share_partition_offsets_list_t *list,
                                          size_t index)
{
    return NULL;
}

void rd_kafka_share_partition_offsets_list_destroy(rd_kafka_share_partition_offsets_list_t *list)
{
}

const rd_kafka_topic_partition_t *rd_kafka_share_partition_offsets_partition(
    const rd_kafka_share_partition_offsets_t *partition_offsets)
{
    return NULL;
}

const int64_t *rd_kafka_share_partition_offsets_offsets(
    const rd_kafka_share_partition_offsets_t *partition_offsets)
{
    return NULL;
}

size_t rd_kafka_share_partition_offsets_offsets_cnt(
    const rd_kafka_share_partition_offsets_t *partition_offsets)
{
    return 0;
}

rd_kafka_share_t *rd_kafka_share_consumer_new(rd_kafka_conf_t *conf, char *errstr,
                                              size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return NULL;
}

rd_kafka_error_t *rd_kafka_share_set_acknowledgement_commit_cb(
    rd_kafka_share_t *rkshare,
    void (*share_acknowledgement_commit_cb)(rd_kafka_share_t *rkshare,
                                            rd_kafka_share_partition_offsets_list_t *partitions,
                                            rd_kafka_resp_err_t err, void *opaque),
    void *opaque)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_resp_err_t rd_kafka_share_subscribe(rd_kafka_share_t *rkshare,
                                             const rd_kafka_topic_partition_list_t *topics)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_share_unsubscribe(rd_kafka_share_t *rkshare)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_share_subscription(rd_kafka_share_t *rkshare,
                                                rd_kafka_topic_partition_list_t **topics)
{
    *topics = NULL;
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_error_t *rd_kafka_share_poll(rd_kafka_share_t *rkshare, int timeout_ms,
                                      rd_kafka_messages_t **rkmessages)
{
    *rkmessages = NULL;
    return rk_not_implemented_error(__func__);
}

rd_kafka_resp_err_t rd_kafka_share_acknowledge(rd_kafka_share_t *rkshare,
                                               const rd_kafka_message_t *rkmessage)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_share_acknowledge_type(rd_kafka_share_t *rkshare,
                                                    const rd_kafka_message_t *rkmessage,
                                                    rd_kafka_share_AcknowledgeType_t type)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_share_acknowledge_offset(rd_kafka_share_t *rkshare, const char *topic,
                                                      int32_t partition, int64_t offset,
                                                      rd_kafka_share_AcknowledgeType_t type)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_error_t *rd_kafka_share_commit_async(rd_kafka_share_t *rkshare)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_commit_sync(rd_kafka_share_t *rkshare, int timeout_ms,
                                             rd_kafka_topic_partition_list_t **partitions)
{
    *partitions = NULL;
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_consumer_close(rd_kafka_share_t *rkshare)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_consumer_close_queue(rd_kafka_share_t *rkshare,
                                                      rd_kafka_queue_t *rkqu)
{
    return rk_not_implemented_error(__func__);
}

int rd_kafka_share_consumer_closed(rd_kafka_share_t *rkshare)
{
    return -1;
}

rd_kafka_error_t *rd_kafka_share_destroy(rd_kafka_share_t *rkshare)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_destroy_flags(rd_kafka_share_t *rkshare, int flags)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_set_log_queue(rd_kafka_share_t *rkshare, rd_kafka_queue_t *rkqu)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_sasl_background_callbacks_enable(rd_kafka_share_t *rkshare)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_share_sasl_set_credentials(rd_kafka_share_t *rkshare,
                                                      const char *username, const char *password)
{
    return rk_not_implemented_error(__func__);
}
