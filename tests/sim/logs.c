/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the logs of the mock cluster, on its thread. */
#include <string.h>

#include "mock/mock_hash.h"
#include "mock/mock_state.h"
#include "sim/checkers.h"
#include "sim/scheduler.h"
#include "sim/sim.h"

#define DECOMPRESSED_MAX ((size_t)64 * 1024 * 1024)

static struct sim_log *logs;

static void forget_logs(void)
{
    while (logs) {
        struct sim_log *next = logs->next;
        sim_free(logs->records);
        sim_free(logs);
        logs = next;
    }
}

static void read_batch(struct sim_log *log, struct rk_mock_cluster *cluster,
                       const struct rk_mock_batch *stored)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    struct rk_record_cursor cursor;
    struct rk_record record;
    rk_record_batches_init(&batches, stored->block->data, stored->block->size);
    sim_check(rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND,
              "%s [%d] has a batch that cannot be read", log->topic, log->partition);
    const uint8_t *records = batch.records;
    size_t size = batch.records_size;
    int codec = rk_record_batch_codec(&batch.header);
    if (codec != RK_COMPRESSION_NONE)
        sim_check(!rk_decompress_scratch(&cluster->own.decompressor, codec, batch.records,
                                         batch.records_size, DECOMPRESSED_MAX, &records, &size),
                  "%s [%d] has a batch that cannot be decompressed", log->topic, log->partition);
    sim_check(!rk_record_cursor_init(&cursor, &batch.header, records, size),
              "%s [%d] has a batch with other records than it says", log->topic, log->partition);
    while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND) {
        if (record.offset >= log->start_offset)
            sim_log_add(log, record.offset, record.value,
                        record.value_size > 0 ? (size_t)record.value_size : 0);
    }
}

static void read_partition(struct rk_mock_cluster *cluster,
                           const struct rk_mock_partition *partition)
{
    struct sim_log *log = sim_alloc(sizeof(*log));
    strncpy(log->topic, partition->topic->name, sizeof(log->topic) - 1);
    log->partition = partition->index;
    log->start_offset = partition->log.start_offset;
    log->end_offset = partition->log.end_offset;
    for (size_t i = 0; i < partition->log.count; i++)
        read_batch(log, cluster, rk_mock_log_at(&partition->log, i));
    log->next = logs;
    logs = log;
}

static void read_all(struct rk_mock_cluster *cluster, void *argument)
{
    struct rk_mock_topic *topic, *next;
    (void)argument;
    sim_hide_begin();
    HASH_ITER(by_name, cluster->own.topics, topic, next)
    {
        for (int32_t i = 0; i < topic->partition_count; i++)
            read_partition(cluster, topic->partitions[i]);
    }
    sim_hide_end();
}

struct sim_log *sim_read_logs(void)
{
    forget_logs();
    if (sim_mock())
        rk_mock_cluster_run(sim_mock(), read_all, NULL);
    return logs;
}

struct question {
    const char *topic;
    int32_t partition;
    int count;
    int64_t end_offset;
};

static struct rk_mock_partition *find(struct rk_mock_cluster *cluster,
                                      const struct question *question)
{
    struct rk_mock_topic *topic = rk_mock_topic_find(cluster, question->topic);
    return topic ? rk_mock_topic_partition(topic, question->partition) : NULL;
}

static void tell_end(struct rk_mock_cluster *cluster, void *argument)
{
    struct question *question = argument;
    const struct rk_mock_partition *partition = find(cluster, question);
    question->end_offset = partition ? partition->log.end_offset : -1;
}

int64_t sim_log_end(const char *topic, int partition)
{
    struct question question = {.topic = topic, .partition = partition};
    rk_mock_cluster_run(sim_mock(), tell_end, &question);
    return question.end_offset;
}

static void lose(struct rk_mock_cluster *cluster, void *argument)
{
    struct question *question = argument;
    struct rk_mock_partition *partition = find(cluster, question);
    if (!partition)
        return;
    struct rk_mock_log *log = &partition->log;
    rk_mock_log_truncate(log, RK_MAX(log->start_offset, log->end_offset - question->count));
    rk_mock_sequences_clear(&partition->sequences);
    rk_mock_partition_set_leader(partition, partition->leader_id); /* A new epoch. */
}

void sim_lose_tail(const char *topic, int partition, int count)
{
    struct question question = {.topic = topic, .partition = partition, .count = count};
    sim_note_fault("%s [%d] loses its last %d records", topic, partition, count);
    sim_allow(SIM_ALLOW_LOSS);
    rk_mock_cluster_run(sim_mock(), lose, &question);
}
