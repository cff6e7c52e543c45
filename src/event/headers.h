/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message headers: the public rd_kafka_headers_t, an ordered list of names and values.
 *
 * Owned by one thread at a time: the application's until it gives them to a message, then the
 * message's. Names and values are copied in, each with a NUL behind it that its size does not
 * count. In a record they stand in wire form (wire/record_batch.h).
 */
#ifndef RK_EVENT_HEADERS_H
#define RK_EVENT_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rdkafka.h"
#include "wire/record_batch.h"

/*
 * A header's name is the start of its storage, the value follows. Headers that came together, by
 * parsing or copying, share one block. For headers.c, and for lists that are lent for a call: those
 * have `items` and `count` only, and are neither changed nor destroyed.
 */
struct rd_kafka_headers_s {
    struct rk_record_header *items;
    size_t count, capacity;
    char *block;
    size_t block_size;
};

/* Room for `count`, more is made as needed. */
rd_kafka_headers_t *rk_headers_new(size_t count);
/* NULL is fine. */
void rk_headers_destroy(rd_kafka_headers_t *headers);
/* NULL when memory is out. */
rd_kafka_headers_t *rk_headers_try_copy(const rd_kafka_headers_t *headers);
size_t rk_headers_count(const rd_kafka_headers_t *headers);
/* The header at `index` < count; pointers are valid until the list is changed. */
const struct rk_record_header *rk_headers_at(const rd_kafka_headers_t *headers, size_t index);

/* Sizes of -1: strlen. Value NULL is Kafka's null. NO_ERROR; _INVALID_ARG when a size is not
 * possible, _CRIT_SYS_RESOURCE when memory is out. */
rd_kafka_resp_err_t rk_headers_add(rd_kafka_headers_t *headers, const char *name, ssize_t name_size,
                                   const void *value, ssize_t value_size);
/* The same checks and defaults for a header that stays where its name and value are. */
rd_kafka_resp_err_t rk_header_set(struct rk_record_header *item, const char *name,
                                  ssize_t name_size, const void *value, ssize_t value_size);
/* Removes all of that name; returns how many. */
size_t rk_headers_remove(rd_kafka_headers_t *headers, const char *name);
/* The `index`-th of that name, from 0, or NULL. */
const struct rk_record_header *rk_headers_find(const rd_kafka_headers_t *headers, const char *name,
                                               size_t index);
/* The last of that name, or NULL. */
const struct rk_record_header *rk_headers_find_last(const rd_kafka_headers_t *headers,
                                                    const char *name);

/* From wire form, the count included. NO_ERROR, also for a count of 0; _BAD_MSG when it is
 * malformed or has too many; _CRIT_SYS_RESOURCE when memory is out. */
rd_kafka_resp_err_t rk_headers_parse(const uint8_t *raw, size_t size, rd_kafka_headers_t **headers);
/* Their wire form, the count included; 0 for none (NULL or empty): such a record carries a count of
 * zero. SIZE_MAX when they are beyond what a record can carry. */
size_t rk_headers_wire_size(const rd_kafka_headers_t *headers);
/* Writes as many bytes as that; returns the end. */
uint8_t *rk_headers_write(const rd_kafka_headers_t *headers, uint8_t *at);

#endif
