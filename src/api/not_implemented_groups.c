/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of groups: not implemented yet.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_resp_err_t rd_kafka_list_groups(rd_kafka_t *rk, const char *group,
                                         const struct rd_kafka_group_list **grplistp,
                                         int timeout_ms)
{
    *grplistp = NULL;
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

void rd_kafka_group_list_destroy(const struct rd_kafka_group_list *grplist)
{
}
