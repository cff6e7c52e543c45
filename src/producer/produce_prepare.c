/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/produce_prepare.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"
#include "producer/delivery.h"
#include "producer/producer.h"
#include "wire/compression.h"
#include "wire/legacy_message_set.h"

#define STACK_PARTS               64
#define PREFETCH_AHEAD            2
#define FIRST_WITH_RECORD_BATCHES 3 /* Versions of Produce. */
#define FIRST_WITH_TIMESTAMPS     2

static int codec_of(const struct rk_batch *batch)
{
    int codec = batch->topic->conf->compression_codec;
    return codec == RK_TOPIC_CONF_COMPRESSION_INHERIT
               ? batch->producer->core->conf->compression_codec
               : codec;
}

/* A broker that knows one of the APIs in that version reads the codec; all read the others. */
static const struct {
    int codec;
    enum rk_api_key api;
    int16_t version;
} new_codecs[] = {
    {RK_COMPRESSION_LZ4, RK_API_FIND_COORDINATOR, 0}, /* Kafka 0.8.2 */
    {RK_COMPRESSION_LZ4, RK_API_PRODUCE, 1},
    {RK_COMPRESSION_ZSTD, RK_API_PRODUCE, 7},
};

static bool reads_codec(struct rk_sender *sender, int codec) RK_ON_BROKER
{
    const struct rk_connection *connection =
        rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE);
    bool is_new = false;
    for (size_t i = 0; i < RK_COUNT_OF(new_codecs); i++) {
        if (new_codecs[i].codec != codec)
            continue;
        is_new = true;
        if (rk_connection_version(connection, new_codecs[i].api, new_codecs[i].version,
                                  INT16_MAX) >= 0)
            return true;
    }
    return !is_new;
}

/* What the topic asks for, as far as this broker can read it. */
static int usable_codec(struct rk_sender *sender, const struct rk_batch *batch) RK_ON_BROKER
{
    int codec = codec_of(batch);
    if (codec == RK_COMPRESSION_NONE || reads_codec(sender, codec))
        return codec;
    if (!(sender->own.said_unread_codecs & (1u << codec)))
        rk_log(sender->producer->core, RK_LOG_WARNING, "COMPRESSION",
               "%s: Broker does not support compression type %s: batches are sent uncompressed",
               rk_broker_name(sender->broker), rk_compression_name(codec));
    sender->own.said_unread_codecs |= 1u << codec;
    return RK_COMPRESSION_NONE;
}

int rk_produce_magic(struct rk_sender *sender)
{
    const struct rk_connection *connection =
        rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE);
    int16_t version = rk_connection_version(connection, RK_API_PRODUCE, 0, INT16_MAX);
    if (version < 0 || version >= FIRST_WITH_RECORD_BATCHES)
        return 2;
    return version >= FIRST_WITH_TIMESTAMPS ? 1 : 0;
}

static void fill_header(struct rk_record_batch_header *header, const struct rk_batch *batch)
{
    rk_record_batch_header_init(header);
    header->last_offset_delta = (int32_t)batch->record_count - 1;
    header->base_timestamp = batch->base_timestamp_ms;
    header->max_timestamp = batch->max_timestamp_ms;
    header->record_count = (int32_t)batch->record_count;
}

static void write_header(const struct rk_batch *batch, uint8_t *at, int codec,
                         const struct iovec *parts, int count)
{
    struct rk_record_batch_header header;
    fill_header(&header, batch);
    header.attributes = (int16_t)codec;
    rk_record_batch_header_write(at, &header, parts, (size_t)count);
}

/* Compressed when that makes it smaller; else the segments are sent. */
static rd_kafka_resp_err_t make_batch(struct rk_sender *sender, struct rk_batch *batch, int codec,
                                      const struct iovec *parts, int count)
{
    struct rk_block *block = NULL;
    if (codec != RK_COMPRESSION_NONE) {
        rd_kafka_resp_err_t err =
            rk_compress(sender->own.compressor, codec, batch->topic->conf->compression_level, 2,
                        parts, (size_t)count, RK_RECORD_BATCH_HEADER_SIZE, &block);
        if (err)
            return err;
        if (block->size >= batch->size) {
            rk_block_release(block);
            block = NULL;
        }
    }
    batch->sending.encoded = block;
    if (!block) {
        write_header(batch, batch->first->bytes, RK_COMPRESSION_NONE, parts, count);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    struct iovec part = {block->data + RK_RECORD_BATCH_HEADER_SIZE,
                         block->size - RK_RECORD_BATCH_HEADER_SIZE};
    write_header(batch, block->data, codec, &part, 1);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* For brokers from before 0.11. */
static rd_kafka_resp_err_t make_message_set(struct rk_sender *sender, struct rk_batch *batch,
                                            int magic, int codec, const struct iovec *parts,
                                            int count)
{
    struct rk_record_batch_header header;
    fill_header(&header, batch);
    return rk_legacy_message_set_write(sender->own.compressor, magic, codec,
                                       batch->topic->conf->compression_level, &header, parts,
                                       (size_t)count, &batch->sending.encoded);
}

static rd_kafka_resp_err_t prepare(struct rk_sender *sender, struct rk_batch *batch, int magic,
                                   int codec) RK_ON_BROKER
{
    struct iovec on_stack[STACK_PARTS], *parts = on_stack;
    int count = rk_batch_record_parts(batch, parts, STACK_PARTS);
    if (count > STACK_PARTS) {
        parts = rk_try_malloc((size_t)count * sizeof(*parts));
        if (!parts)
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        rk_batch_record_parts(batch, parts, count);
    }
    rk_block_release(batch->sending.encoded);
    batch->sending.encoded = NULL;
    rd_kafka_resp_err_t err = magic == 2
                                  ? make_batch(sender, batch, codec, parts, count)
                                  : make_message_set(sender, batch, magic, codec, parts, count);
    batch->sending.is_prepared = !err;
    batch->sending.magic = (uint8_t)magic;
    batch->sending.codec = (uint8_t)codec;
    if (parts != on_stack)
        rk_free(parts);
    return err;
}

static bool is_prepared_for(const struct rk_batch *batch, int magic, int codec)
{
    return batch->sending.is_prepared && batch->sending.magic == magic &&
           batch->sending.codec == codec;
}

static void fail(const struct rk_sender *sender, struct rk_batch *batch, rd_kafka_resp_err_t err,
                 int codec) RK_ON_BROKER
{
    char what[80] = "Putting the batch into the broker's form";
    uint64_t now_us = rk_clock_now_us();
    if (codec != RK_COMPRESSION_NONE)
        snprintf(what, sizeof(what), "Compressing the batch with %s", rk_compression_name(codec));
    char *text = rk_failure_text(&(struct rk_failure){.what = what,
                                                      .err = err,
                                                      .broker = rk_broker_name(sender->broker),
                                                      .attempts = batch->sending.attempts + 1,
                                                      .since_us = batch->base_enqueued_us},
                                 now_us);
    rk_delivery_fail(batch, err, text, rk_batch_status(batch), now_us);
    rk_free(text);
}

void rk_produce_prepare_all(struct rk_sender *sender, struct rk_batch **batches, int *count)
{
    int kept = 0;
    int magic = rk_produce_magic(sender);
    for (int i = 0; i < *count; i++) {
        struct rk_batch *batch = batches[i];
        if (i + PREFETCH_AHEAD < *count)
            rk_segment_prefetch(batches[i + PREFETCH_AHEAD]->first);
        int codec = usable_codec(sender, batch);
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!is_prepared_for(batch, magic, codec))
            err = prepare(sender, batch, magic, codec);
        if (!err) {
            batches[kept++] = batch;
            continue;
        }
        rk_partition_queue_forget(batch->queue, batch, false);
        fail(sender, batch, err, codec);
    }
    *count = kept;
}
