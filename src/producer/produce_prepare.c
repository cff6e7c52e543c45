/* SPDX-License-Identifier: BSD-2-Clause */
#include "producer/produce_prepare.h"

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "producer/delivery.h"
#include "producer/producer.h"
#include "wire/compression.h"

#define STACK_PARTS     64
#define FIRST_WITH_ZSTD 7

static int codec_of(const struct rk_batch *batch)
{
    int codec = batch->topic->conf->compression_codec;
    return codec == RK_TOPIC_CONF_COMPRESSION_INHERIT
               ? batch->producer->core->conf->compression_codec
               : codec;
}

/* What the topic asks for, as far as this broker can read it. */
static int usable_codec(struct rk_sender *sender, const struct rk_batch *batch) RK_ON_BROKER
{
    int codec = codec_of(batch);
    if (codec != RK_COMPRESSION_ZSTD)
        return codec;
    const struct rk_connection *connection =
        rk_broker_connection(sender->broker, RK_PURPOSE_PRODUCE);
    if (rk_connection_version(connection, RK_API_PRODUCE, FIRST_WITH_ZSTD, INT16_MAX) >= 0)
        return codec;
    if (!sender->own.said_no_zstd)
        rk_log(sender->producer->core, 4, "COMPRESSION",
               "%s: the broker cannot read zstd: batches are sent uncompressed",
               rk_broker_name(sender->broker));
    sender->own.said_no_zstd = true;
    return RK_COMPRESSION_NONE;
}

static void write_header(struct rk_batch *batch, uint8_t *at, const struct iovec *parts, int count)
{
    struct rk_record_batch_header header;
    rk_record_batch_header_init(&header);
    header.attributes = batch->sending.attributes;
    header.last_offset_delta = (int32_t)batch->record_count - 1;
    header.base_timestamp = batch->base_timestamp_ms;
    header.max_timestamp = batch->max_timestamp_ms;
    header.record_count = (int32_t)batch->record_count;
    rk_record_batch_header_write(at, &header, parts, (size_t)count);
}

/* Compressed when that makes it smaller. */
static rd_kafka_resp_err_t compress(struct rk_sender *sender, struct rk_batch *batch, int codec,
                                    const struct iovec *parts, int count)
{
    struct rk_block *block;
    rd_kafka_resp_err_t err =
        rk_compress(sender->own.compressor, codec, batch->topic->conf->compression_level, 2, parts,
                    (size_t)count, RK_RECORD_BATCH_HEADER_SIZE, &block);
    if (err)
        return err;
    if (block->size >= batch->size) {
        rk_block_release(block);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    batch->sending.compressed = block;
    batch->sending.attributes = (int16_t)codec;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t prepare(struct rk_sender *sender, struct rk_batch *batch) RK_ON_BROKER
{
    struct iovec on_stack[STACK_PARTS], *parts = on_stack;
    int count = rk_batch_record_parts(batch, parts, STACK_PARTS);
    if (count > STACK_PARTS) {
        parts = rk_try_malloc((size_t)count * sizeof(*parts));
        if (!parts)
            return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        rk_batch_record_parts(batch, parts, count);
    }
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    int codec = usable_codec(sender, batch);
    batch->sending.attributes = 0;
    if (codec != RK_COMPRESSION_NONE)
        err = compress(sender, batch, codec, parts, count);
    if (!err && batch->sending.compressed) {
        struct rk_block *block = batch->sending.compressed;
        struct iovec part = {block->data + RK_RECORD_BATCH_HEADER_SIZE,
                             block->size - RK_RECORD_BATCH_HEADER_SIZE};
        write_header(batch, block->data, &part, 1);
    } else if (!err) {
        write_header(batch, batch->first->bytes, parts, count);
    }
    batch->sending.is_prepared = !err;
    if (parts != on_stack)
        rk_free(parts);
    return err;
}

void rk_produce_prepare_all(struct rk_sender *sender, struct rk_batch **batches, int *count)
{
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        struct rk_batch *batch = batches[i];
        rd_kafka_resp_err_t err =
            batch->sending.is_prepared ? RD_KAFKA_RESP_ERR_NO_ERROR : prepare(sender, batch);
        if (!err) {
            batches[kept++] = batch;
            continue;
        }
        rk_partition_queue_forget(batch->queue);
        rk_delivery_fail(batch, err, "the batch could not be compressed",
                         RD_KAFKA_MSG_STATUS_NOT_PERSISTED, rk_clock_now_us());
    }
    *count = kept;
}
