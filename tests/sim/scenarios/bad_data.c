/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch on a broker's disk is damaged (acceptance scenario 23): the consumer is told the
 * partition and the exact offset and goes on behind the batch; other partitions flow as if nothing
 * was (a message takes less than 500 ms); a seek past the batch goes on there, and one back finds
 * the error again.
 */
#include <string.h>

#include "base/big_endian.h"
#include "mock/mock_state.h"
#include "sim/checkers.h"
#include "sim/sim.h"

enum { PARTITIONS = 3, BAD = 1, BATCH = 10, BATCHES = 5, SPOILT = 2, AT_ONCE_MS = 500 };

static void spoil(struct rk_mock_cluster *cluster, void *argument)
{
    struct rk_mock_topic *topic = rk_mock_topic_find(cluster, "t");
    struct rk_mock_log *log = &rk_mock_topic_partition(topic, BAD)->log;
    struct rk_block *block = rk_mock_log_at(log, SPOILT)->block;
    size_t at = *(const size_t *)argument;
    if (at >= RK_RECORD_BATCH_HEADER_SIZE)
        at = RK_RECORD_BATCH_HEADER_SIZE + at % (block->size - RK_RECORD_BATCH_HEADER_SIZE);
    block->data[at] ^= 0x40;
}

static struct sim_client *producer, *consumer;

static void begin(const char *codec)
{
    sim_cluster(2);
    sim_topic("t", PARTITIONS, 2);
    producer = sim_producer("linger.ms", "5", "compression.codec", codec, NULL);
    for (int i = 0; i < BATCHES; i++) {
        for (int p = 0; p < PARTITIONS; p++)
            for (int k = 0; k < BATCH; k++)
                sim_produce_one(producer, "t", p, RD_KAFKA_MSG_F_COPY, 50);
        sim_flush(producer, 5000);
    }
    consumer =
        sim_consumer("check.crcs", "true", "topic.metadata.refresh.interval.ms", "1000", NULL);
}

/* Polls until the error comes; what was in front of it comes first. */
static void expect_error(int64_t within_ms)
{
    uint64_t end_ms = sim_now_ms() + (uint64_t)within_ms;
    bool has_come = false;
    while (!has_come) {
        sim_check(sim_now_ms() < end_ms, "no error of the bad batch");
        rd_kafka_message_t *message = rd_kafka_consumer_poll(sim_handle(consumer), 100);
        if (message && message->err) {
            sim_note("error: %s, offset %d", rd_kafka_message_errstr(message),
                     (int)message->offset);
            sim_check(message->partition == BAD && message->offset == SPOILT * BATCH,
                      "the error is of [%d] offset %d: %s", message->partition,
                      (int)message->offset, rd_kafka_message_errstr(message));
            has_come = true;
        } else if (message) {
            sim_check(message->partition != BAD || message->offset < SPOILT * BATCH,
                      "a message of or behind the bad batch");
            sim_on_message(consumer, message);
        }
        if (message)
            rd_kafka_message_destroy(message);
    }
}

static void expect_others(void)
{
    for (int i = 0; i < 5; i++) {
        uint64_t consumed = sim_consumed(consumer);
        sim_produce(producer, "t", 0, 2);
        sim_produce(producer, "t", 2, 2);
        sim_flush(producer, AT_ONCE_MS);
        for (uint64_t end_ms = sim_now_ms() + AT_ONCE_MS; sim_consumed(consumer) < consumed + 4;)
            sim_check(sim_consume_one(consumer, 100) || sim_now_ms() < end_ms,
                      "other partitions do not flow");
    }
}

static void consume_spoilt(const char *codec, size_t at)
{
    begin(codec);
    rk_mock_cluster_run(sim_mock(), spoil, &at);
    sim_assign(consumer, "t", PARTITIONS, RD_KAFKA_OFFSET_BEGINNING);
    expect_error(5000);
    sim_progress_of(consumer, "t", BAD)->expected = (SPOILT + 1) * BATCH;
    while (sim_consume_one(consumer, 1000))
        ;
    expect_others();
    sim_seek(consumer, "t", BAD, (SPOILT + 1) * BATCH);
    sim_consume(consumer, (BATCHES - SPOILT - 1) * BATCH, 2000);
    expect_others();
    sim_seek(consumer, "t", BAD, SPOILT * BATCH);
    expect_error(5000);
    rk_mock_cluster_run(sim_mock(), spoil, &at); /* As it was: mended. */
    sim_seek(consumer, "t", BAD, 0);
    sim_consume_all(consumer, 5000);
}

SIM_SCENARIO(bad_crc, "a byte of a batch is not what its checksum says")
{
    consume_spoilt("none", RK_RECORD_BATCH_HEADER_SIZE + (size_t)sim_below(500));
}

SIM_SCENARIO(bad_crc_compressed, "the same in compressed records")
{
    static const char *const codecs[] = {"gzip", "snappy", "lz4", "zstd"};
    consume_spoilt(codecs[sim_below(4)], RK_RECORD_BATCH_HEADER_SIZE + (size_t)sim_below(500));
}

SIM_SCENARIO(bad_count, "a batch says another number of records than it has")
{
    consume_spoilt("none", RK_RECORD_BATCH_HEADER_SIZE - 4 + (size_t)sim_below(4));
}
