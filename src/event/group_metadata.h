/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who a consumer is in its group, for transactions: the public rd_kafka_consumer_group_metadata_t.
 *
 * A plain immutable object; one owner, the application once it got it. It has a byte form that one
 * process writes and another one, on the same kind of machine, reads.
 */
#ifndef RK_EVENT_GROUP_METADATA_H
#define RK_EVENT_GROUP_METADATA_H

#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

struct rd_kafka_consumer_group_metadata_s {
    int32_t generation_id; /* -1: not a member. */
    char *group_id;
    char *member_id;         /* "": not a member. */
    char *group_instance_id; /* NULL: not a static member. */
};

/* Texts are copied; group_instance_id may be NULL. */
rd_kafka_consumer_group_metadata_t *rk_group_metadata_new(const char *group_id,
                                                          int32_t generation_id,
                                                          const char *member_id,
                                                          const char *group_instance_id);
/* NULL is fine. */
void rk_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *metadata);
/* The byte form, from the application's allocator; NULL when memory is out. */
void *rk_group_metadata_write(const rd_kafka_consumer_group_metadata_t *metadata, size_t *size);
/* NULL with the reason in `*problem` (static) when the bytes are not that form. */
rd_kafka_consumer_group_metadata_t *rk_group_metadata_read(const void *bytes, size_t size,
                                                           const char **problem);

#endif
