/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_mem_*(): the allocator that the application shares with the library. Any thread.
 */
#include "base/memory.h"
#include "rdkafka.h"

void *rd_kafka_mem_calloc(rd_kafka_t *rk, size_t num, size_t size)
{
    (void)rk;
    return rk_app_calloc(num, size);
}

void *rd_kafka_mem_malloc(rd_kafka_t *rk, size_t size)
{
    (void)rk;
    return rk_app_malloc(size);
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *ptr)
{
    (void)rk;
    rk_app_free(ptr);
}
