/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metadata answers, one after the other, merged into what is known of a cluster.
 *
 * An input is a sequence of a version in a byte, a size in two, and the body of an answer of that
 * size. Whatever they say, brokers and topics stay sorted, each once, and within bounds.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "cluster/snapshot.h"
#include "wire/codec.h"
#include "wire/messages.h"

#define ARENA_LIMIT (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_topic(const struct rk_snapshot *snapshot, const struct rk_snapshot_topic *topic)
{
    int32_t sum = 0;
    RK_ASSERT(topic->partition_count >= 0);
    for (int32_t p = 0; p < topic->partition_count; p++) {
        const struct rk_snapshot_partition *partition = rk_snapshot_find_partition(topic, p);
        RK_ASSERT(partition && partition->leader >= -1);
        RK_ASSERT(partition->err >= RD_KAFKA_RESP_ERR_UNKNOWN);
        for (int32_t i = 0; i < partition->replica_count; i++)
            sum ^= partition->replicas[i];
        for (int32_t i = 0; i < partition->isr_count; i++)
            sum ^= partition->isrs[i];
        rk_snapshot_find_broker(snapshot, partition->leader ^ (sum & 1));
    }
    RK_ASSERT(!rk_snapshot_find_partition(topic, topic->partition_count));
    RK_ASSERT(!rk_snapshot_find_partition(topic, -1));
}

static void check(const struct rk_snapshot *snapshot)
{
    for (int32_t i = 0; i < snapshot->broker_count; i++) {
        const struct rk_snapshot_broker *broker = &snapshot->brokers[i];
        RK_ASSERT(broker->id >= 0 && broker->port > 0 && broker->host && *broker->host);
        RK_ASSERT(i == 0 || broker->id > snapshot->brokers[i - 1].id);
        RK_ASSERT(rk_snapshot_find_broker(snapshot, broker->id) == broker);
    }
    for (int32_t i = 0; i < snapshot->topic_count; i++) {
        const struct rk_snapshot_topic *topic = snapshot->topics[i];
        RK_ASSERT(i == 0 || strcmp(topic->name, snapshot->topics[i - 1]->name) > 0);
        RK_ASSERT(rk_snapshot_find_topic(snapshot, topic->name) == topic);
        check_topic(snapshot, topic);
    }
}

/* takes: before */
static struct rk_snapshot *merge(struct rk_snapshot *before, int16_t version, const uint8_t *data,
                                 size_t size, uint64_t now_us)
{
    struct rk_metadata_answer answer;
    struct rk_reader reader;
    struct rk_arena arena;
    rk_arena_init(&arena, ARENA_LIMIT);
    rk_reader_init(&reader, data, size);
    struct rk_snapshot *after = NULL;
    if (rk_codec_decode(rk_metadata_api.answer, version, &answer, &reader, &arena)) {
        after = rk_snapshot_try_merge(&(struct rk_snapshot_merge){.before = before,
                                                                  .answer = &answer,
                                                                  .version = version,
                                                                  .is_complete = size % 5 == 0,
                                                                  .answered_by = 1,
                                                                  .now_us = now_us});
        RK_ASSERT(after);
        check(after);
    }
    rk_arena_clear(&arena);
    if (!after)
        return before;
    rk_snapshot_release(before);
    return after;
}

/* What a hint makes of it. */
static void move(const struct rk_snapshot *snapshot, uint8_t byte)
{
    const struct rk_snapshot_broker endpoints[] = {{byte % 4, "moved", 1, NULL},
                                                   {byte % 3, "twice", 2, "rack"}};
    const char *name =
        snapshot->topic_count > 0 ? snapshot->topics[byte % snapshot->topic_count]->name : "none";
    const struct rk_leader_hint hints[] = {{name, byte % 5 - 1, byte % 4, byte, endpoints, 2},
                                           {"none", 0, 1, byte, endpoints, 1}};
    struct rk_snapshot *moved = rk_snapshot_try_move_leaders(snapshot, hints, 2);
    RK_ASSERT(moved);
    check(moved);
    rk_snapshot_release(moved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_snapshot *snapshot = NULL;
    uint64_t now_us = 1;
    while (size >= 3) {
        int16_t versions = (int16_t)(rk_metadata_api.max_version - rk_metadata_api.min_version + 1);
        int16_t version = (int16_t)(rk_metadata_api.min_version + data[0] % versions);
        size_t wanted = (size_t)data[1] << 8 | data[2];
        uint8_t byte = data[0];
        data += 3;
        size -= 3;
        wanted = RK_MIN(wanted, size);
        snapshot = merge(snapshot, version, data, wanted, now_us);
        if (snapshot)
            move(snapshot, byte);
        data += wanted;
        size -= wanted;
        now_us += 3000000;
    }
    rk_snapshot_release(snapshot);
    return 0;
}
