/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions: not implemented yet.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_error_t *rd_kafka_init_transactions(rd_kafka_t *rk, int timeout_ms)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_begin_transaction(rd_kafka_t *rk)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *
rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                     const rd_kafka_consumer_group_metadata_t *cgmetadata,
                                     int timeout_ms)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_abort_transaction(rd_kafka_t *rk, int timeout_ms)
{
    return rk_not_implemented_error(__func__);
}
