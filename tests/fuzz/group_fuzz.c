/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What members of a group tell each other. The first byte chooses the assignor's own data.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "event/partition_list.h"
#include "group/consumer_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written and read again: the same. */
static void write_again(const rd_kafka_topic_partition_list_t *list)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    rk_protocol_write_assignment(&writer, RK_CONSUMER_PROTOCOL_VERSION, list);
    RK_ASSERT(!writer.failed);
    rd_kafka_topic_partition_list_t *again =
        rk_protocol_try_read_assignment(writer.data, writer.size);
    RK_ASSERT(again && again->cnt == list->cnt);
    rk_partition_list_destroy(again);
    rk_writer_clear(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_protocol_subscription subscription;
    struct rk_arena arena;
    if (size < 1)
        return 0;
    rk_arena_init(&arena, 8 * size + 65536);
    if (rk_protocol_try_read_subscription(
            data + 1, size - 1, (enum rk_protocol_userdata)(data[0] % 3), &arena, &subscription)) {
        for (int32_t i = 0; i < subscription.topic_count; i++)
            RK_ASSERT(subscription.topics[i]);
        for (int32_t i = 0; i < subscription.owned.count; i++)
            RK_ASSERT(subscription.owned.items[i].name);
    }
    rk_arena_clear(&arena);
    rd_kafka_topic_partition_list_t *list = rk_protocol_try_read_assignment(data + 1, size - 1);
    if (list)
        write_again(list);
    rk_partition_list_destroy(list);
    return 0;
}
