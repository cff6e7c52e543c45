/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/headers.h"

#include <string.h>

#include "base/memory.h"
#include "wire/record_batch_reader.h"
#include "wire/record_batch_writer.h"

rd_kafka_headers_t *rk_headers_new(size_t count)
{
    rd_kafka_headers_t *headers = RK_NEW(rd_kafka_headers_t);
    if (count && count <= RK_RECORD_HEADERS_MAX) {
        headers->items = rk_try_malloc(count * sizeof(*headers->items));
        headers->capacity = headers->items ? count : 0;
    }
    return headers;
}

static void free_item(const rd_kafka_headers_t *headers, const struct rk_record_header *item)
{
    uintptr_t at = (uintptr_t)item->name, block = (uintptr_t)headers->block;
    if (at < block || at >= block + headers->block_size)
        rk_free((void *)at);
}

void rk_headers_destroy(rd_kafka_headers_t *headers)
{
    if (!headers)
        return;
    for (size_t i = 0; i < headers->count; i++)
        free_item(headers, &headers->items[i]);
    rk_free(headers->block);
    rk_free(headers->items);
    rk_free(headers);
}

static size_t value_size_of(const struct rk_record_header *item)
{
    return item->value_size > 0 ? (size_t)item->value_size : 0;
}

/* Name and value, each with its NUL. */
static size_t storage_size(const struct rk_record_header *item)
{
    return (size_t)item->name_size + 1 + value_size_of(item) + 1;
}

/* Copies name and value to `storage` and lets the item point there; returns the end. */
static char *store(struct rk_record_header *item, char *storage)
{
    char *name = storage;
    memcpy(name, item->name, (size_t)item->name_size);
    name[item->name_size] = '\0';
    item->name = name;

    char *value = name + item->name_size + 1;
    size_t value_size = value_size_of(item);
    if (value_size)
        memcpy(value, item->value, value_size);
    value[value_size] = '\0';
    item->value = item->value_size >= 0 ? (const uint8_t *)value : NULL;
    return value + value_size + 1;
}

/* Moves what the items of a new list point to into a block of its own. */
static bool store_all(rd_kafka_headers_t *headers)
{
    size_t size = 0;
    for (size_t i = 0; i < headers->count; i++)
        size += storage_size(&headers->items[i]);
    headers->block = rk_try_malloc(size);
    if (!headers->block) {
        headers->count = 0;
        return false;
    }
    headers->block_size = size;
    char *at = headers->block;
    for (size_t i = 0; i < headers->count; i++)
        at = store(&headers->items[i], at);
    return true;
}

rd_kafka_headers_t *rk_headers_try_copy(const rd_kafka_headers_t *headers)
{
    rd_kafka_headers_t *copy = RK_NEW(rd_kafka_headers_t);
    if (!headers->count)
        return copy;
    copy->items = rk_try_malloc(headers->count * sizeof(*copy->items));
    if (copy->items) {
        memcpy(copy->items, headers->items, headers->count * sizeof(*copy->items));
        copy->count = copy->capacity = headers->count;
    }
    if (!copy->items || !store_all(copy)) {
        rk_headers_destroy(copy);
        return NULL;
    }
    return copy;
}

size_t rk_headers_count(const rd_kafka_headers_t *headers)
{
    return headers->count;
}

const struct rk_record_header *rk_headers_at(const rd_kafka_headers_t *headers, size_t index)
{
    return &headers->items[index];
}

static bool make_room(rd_kafka_headers_t *headers)
{
    if (headers->count < headers->capacity)
        return true;
    size_t capacity = headers->capacity ? headers->capacity * 2 : 8;
    struct rk_record_header *items =
        rk_try_realloc(headers->items, capacity * sizeof(*headers->items));
    if (!items)
        return false;
    headers->items = items;
    headers->capacity = capacity;
    return true;
}

rd_kafka_resp_err_t rk_header_set(struct rk_record_header *item, const char *name,
                                  ssize_t name_size, const void *value, ssize_t value_size)
{
    if (!name)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    size_t name_length = name_size == -1 ? strlen(name) : (size_t)name_size;
    size_t value_length = !value ? 0 : value_size == -1 ? strlen(value) : (size_t)value_size;
    if (name_length > INT32_MAX || value_length > INT32_MAX)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    *item = (struct rk_record_header){
        .name = name,
        .name_size = (int32_t)name_length,
        .value = value,
        .value_size = value ? (int32_t)value_length : -1,
    };
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_headers_add(rd_kafka_headers_t *headers, const char *name, ssize_t name_size,
                                   const void *value, ssize_t value_size)
{
    struct rk_record_header item;
    rd_kafka_resp_err_t err = rk_header_set(&item, name, name_size, value, value_size);
    if (err)
        return err;
    char *storage = make_room(headers) ? rk_try_malloc(storage_size(&item)) : NULL;
    if (!storage)
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    store(&item, storage);
    headers->items[headers->count++] = item;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool has_name(const struct rk_record_header *item, const char *name, size_t size)
{
    return (size_t)item->name_size == size && memcmp(item->name, name, size) == 0;
}

size_t rk_headers_remove(rd_kafka_headers_t *headers, const char *name)
{
    size_t size = strlen(name), kept = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (has_name(&headers->items[i], name, size))
            free_item(headers, &headers->items[i]);
        else
            headers->items[kept++] = headers->items[i];
    }
    size_t removed = headers->count - kept;
    headers->count = kept;
    return removed;
}

const struct rk_record_header *rk_headers_find(const rd_kafka_headers_t *headers, const char *name,
                                               size_t index)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < headers->count; i++) {
        if (has_name(&headers->items[i], name, size) && index-- == 0)
            return &headers->items[i];
    }
    return NULL;
}

const struct rk_record_header *rk_headers_find_last(const rd_kafka_headers_t *headers,
                                                    const char *name)
{
    size_t size = strlen(name);
    for (size_t i = headers->count; i > 0; i--) {
        if (has_name(&headers->items[i - 1], name, size))
            return &headers->items[i - 1];
    }
    return NULL;
}

rd_kafka_resp_err_t rk_headers_parse(const uint8_t *raw, size_t size, rd_kafka_headers_t **headers)
{
    *headers = NULL;
    int32_t count = rk_record_headers_count(raw, size);
    if (count < 0)
        return RD_KAFKA_RESP_ERR__BAD_MSG;

    rd_kafka_headers_t *parsed = RK_NEW(rd_kafka_headers_t);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    parsed->items = rk_try_malloc((size_t)count * sizeof(*parsed->items));
    if (parsed->items)
        err = rk_record_headers_parse(raw, size, parsed->items, count);
    if (!err) {
        parsed->count = parsed->capacity = (size_t)count;
        if (count && !store_all(parsed))
            err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    }
    if (err) {
        rk_headers_destroy(parsed);
        return err;
    }
    *headers = parsed;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

size_t rk_headers_wire_size(const rd_kafka_headers_t *headers)
{
    if (!headers || !headers->count)
        return 0;
    if (headers->count > RK_RECORD_HEADERS_MAX)
        return SIZE_MAX;
    size_t size = rk_record_headers_size(headers->items, (int32_t)headers->count);
    return size > INT32_MAX ? SIZE_MAX : size;
}

uint8_t *rk_headers_write(const rd_kafka_headers_t *headers, uint8_t *at)
{
    return rk_record_headers_write(at, headers->items, (int32_t)headers->count);
}
