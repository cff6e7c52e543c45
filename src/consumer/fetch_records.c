/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/fetch_records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define PACK_SIZE  65536
#define SMALL_SIZE 4096 /* Compressed; what comes out of it is packed with others. */
#define SHARE_SIZE 16384

/* Life */

static int compare_aborted(const void *a, const void *b)
{
    const struct rk_fetch_answer_aborted_transaction *left = a, *right = b;
    if (left->producer_id != right->producer_id)
        return left->producer_id < right->producer_id ? -1 : 1;
    return (left->first_offset > right->first_offset) - (left->first_offset < right->first_offset);
}

/* Brokers do not all sort the list, and one that lies may make it as long as an answer can be. */
static bool copy_aborted(struct rk_fetch_walk *walk,
                         const struct rk_fetch_answer_aborted_transaction *aborted, int count)
{
    if (count <= 0)
        return true;
    walk->aborted.items = rk_try_malloc((size_t)count * sizeof(*aborted));
    walk->aborted.ended = rk_try_calloc((size_t)count, sizeof(*walk->aborted.ended));
    if (!walk->aborted.items || !walk->aborted.ended)
        return false;
    memcpy(walk->aborted.items, aborted, (size_t)count * sizeof(*aborted));
    qsort(walk->aborted.items, (size_t)count, sizeof(*aborted), compare_aborted);
    walk->aborted.count = count;
    return true;
}

bool rk_fetch_walk_start(struct rk_fetch_walk *walk, struct rk_block *block, const uint8_t *data,
                         size_t size, const struct rk_fetch_answer_aborted_transaction *aborted,
                         int aborted_count)
{
    rk_fetch_walk_clear(walk);
    if (!copy_aborted(walk, aborted, aborted_count)) {
        rk_fetch_walk_clear(walk);
        return false;
    }
    rk_record_batches_init(&walk->batches, data, size);
    walk->block = rk_block_acquire(block);
    return true;
}

void rk_fetch_walk_clear(struct rk_fetch_walk *walk)
{
    rk_block_release(walk->block);
    walk->block = NULL;
    rk_block_release(walk->pack);
    walk->pack = NULL;
    rk_free(walk->aborted.items);
    rk_free(walk->aborted.ended);
    memset(&walk->aborted, 0, sizeof(walk->aborted));
    walk->has_found = false;
    walk->was_cut_off = false;
    walk->needed_size = 0;
}

/* Errors */

/* Of a batch whose header may be anything; -1: cannot be believed. */
static int64_t claimed_next_offset(const struct rk_record_batch_header *header)
{
    if (header->base_offset < 0 || header->last_offset_delta < 0 ||
        header->base_offset >= INT64_MAX - header->last_offset_delta)
        return -1;
    return rk_record_batch_next_offset(header);
}

/* Where the next sound batch begins; -1: there is none, or it makes no sense there. */
static int64_t offset_of_following(const struct rk_fetch_walk *walk, int64_t begin)
{
    struct rk_record_batches rest = walk->batches;
    struct rk_record_batch batch;
    bool is_found = rk_record_batches_next(&rest, &batch) == RK_RECORD_BATCH_FOUND;
    return is_found && batch.header.base_offset > begin ? batch.header.base_offset : -1;
}

static bool is_within(const struct rk_fetch_walk *walk, int64_t offset)
{
    return walk->end_offset <= walk->offset || offset < walk->end_offset;
}

/* A batch that cannot be read may lie about where it stands, too: it is believed as far as the log
 * and what follows it allow. */
static enum rk_fetch_step report(struct rk_fetch_walk *walk, const struct rk_record_batch *batch,
                                 struct rk_fetch_error *error, rd_kafka_resp_err_t err,
                                 const char *what)
{
    int64_t begin = walk->offset;
    int64_t next = claimed_next_offset(&batch->header);
    if (next >= 0 && is_within(walk, batch->header.base_offset))
        begin = RK_MAX(batch->header.base_offset, begin);
    else
        next = -1;
    int64_t following = offset_of_following(walk, begin);
    if (following >= 0 && (next < 0 || next > following))
        next = following;
    if (!is_within(walk, next))
        next = walk->end_offset;
    if (begin < INT64_MAX) /* There, a lie has led; nothing lies behind it. */
        next = RK_MAX(next, begin + 1);
    else
        next = begin;
    error->err = err;
    error->offset = begin;
    snprintf(error->text, sizeof(error->text),
             "batch at offset %" PRId64 " %s: passed over up to offset %" PRId64,
             batch->header.base_offset, what, next);
    walk->offset = next;
    return RK_FETCH_STEP_ERROR;
}

static const char *decompression_failure(rd_kafka_resp_err_t err)
{
    if (err == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED)
        return "is compressed with a codec that this build does not have";
    if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return "unpacks to more than receive.message.max.bytes";
    return "cannot be decompressed";
}

/* Transactions */

/* The first of the producer's in the list; `count` when there is none. */
static int first_of_producer(const struct rk_fetch_walk *walk, int64_t producer_id)
{
    int low = 0, high = walk->aborted.count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (walk->aborted.items[middle].producer_id < producer_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_begun(const struct rk_fetch_walk *walk, int at, int64_t producer_id,
                      int64_t last_offset)
{
    return at < walk->aborted.count && walk->aborted.items[at].producer_id == producer_id &&
           walk->aborted.items[at].first_offset <= last_offset;
}

/* An aborted transaction of the producer began up to that offset and has not ended. */
static bool is_aborted(const struct rk_fetch_walk *walk, int64_t producer_id, int64_t last_offset)
{
    int first = first_of_producer(walk, producer_id);
    return first < walk->aborted.count &&
           has_begun(walk, first + walk->aborted.ended[first], producer_id, last_offset);
}

static void end_aborted(struct rk_fetch_walk *walk, int64_t producer_id, int64_t last_offset)
{
    int first = first_of_producer(walk, producer_id);
    while (first < walk->aborted.count &&
           has_begun(walk, first + walk->aborted.ended[first], producer_id, last_offset))
        walk->aborted.ended[first]++;
}

/* The transaction ends here; its producer may begin another one at once. */
static void take_control(struct rk_fetch_walk *walk, const struct rk_record_batch *batch)
{
    struct rk_record_cursor cursor;
    struct rk_record record;
    struct rk_control_record control;
    if (rk_record_batch_codec(&batch->header) == 0 &&
        rk_record_cursor_init(&cursor, &batch->header, batch->records, batch->records_size) == 0 &&
        rk_record_read(&cursor, &record) == RK_RECORD_FOUND &&
        rk_control_record_parse(&record, &control) == 0 && control.type == RK_CONTROL_ABORT)
        end_aborted(walk, batch->header.producer_id,
                    rk_record_batch_next_offset(&batch->header) - 1);
}

/* True when there is nothing for the application in it. */
static bool passes_over(struct rk_fetch_walk *walk, const struct rk_record_batch *batch)
{
    const struct rk_record_batch_header *header = &batch->header;
    if (header->record_count == 0)
        return true;
    if (header->magic < 2)
        return false;
    if (rk_record_batch_is_control(header)) {
        take_control(walk, batch);
        return true;
    }
    return rk_record_batch_is_transactional(header) &&
           is_aborted(walk, header->producer_id, rk_record_batch_next_offset(header) - 1);
}

/* Records */

static bool reserve_pack(struct rk_fetch_walk *walk, size_t size)
{
    if (walk->pack && walk->pack_used + size <= walk->pack->size)
        return true;
    rk_block_release(walk->pack);
    walk->pack = rk_block_try_new(PACK_SIZE);
    walk->pack_used = 0;
    return walk->pack != NULL;
}

/* What comes out of a small batch goes behind that of the one before. */
static rd_kafka_resp_err_t decompress_small(struct rk_fetch_walk *walk,
                                            const struct rk_record_batch *batch,
                                            struct rk_decompressor *decompressor,
                                            struct rk_block **block, const uint8_t **records,
                                            size_t *size)
{
    const uint8_t *output;
    rd_kafka_resp_err_t err =
        rk_decompress_scratch(decompressor, rk_record_batch_codec(&batch->header), batch->records,
                              batch->records_size, walk->size_limit, &output, size);
    if (err)
        return err;
    bool is_shared = *size <= SHARE_SIZE;
    if (is_shared && !reserve_pack(walk, *size))
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    *block = is_shared ? rk_block_acquire(walk->pack) : rk_block_try_new(*size);
    if (!*block)
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    uint8_t *to = (*block)->data + (is_shared ? walk->pack_used : 0);
    memcpy(to, output, *size);
    *records = to;
    if (is_shared)
        walk->pack_used += *size;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t decompress(struct rk_fetch_walk *walk,
                                      const struct rk_record_batch *batch,
                                      struct rk_decompressor *decompressor, struct rk_block **block,
                                      const uint8_t **records, size_t *size)
{
    if (batch->records_size <= SMALL_SIZE)
        return decompress_small(walk, batch, decompressor, block, records, size);
    rd_kafka_resp_err_t err =
        rk_decompress(decompressor, rk_record_batch_codec(&batch->header), batch->records,
                      batch->records_size, walk->size_limit, block);
    if (!err) {
        *records = (*block)->data;
        *size = (*block)->size;
    }
    return err;
}

static enum rk_fetch_step make_part(struct rk_fetch_walk *walk, const struct rk_record_batch *batch,
                                    struct rk_decompressor *decompressor,
                                    struct rk_message_part *part, struct rk_fetch_error *error)
{
    const struct rk_record_batch_header *header = &batch->header;
    const uint8_t *records = batch->records;
    size_t size = batch->records_size;
    struct rk_block *block = NULL;
    if (rk_record_batch_codec(header) != 0) {
        rd_kafka_resp_err_t err = decompress(walk, batch, decompressor, &block, &records, &size);
        if (err == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE)
            return RK_FETCH_STEP_NO_ROOM;
        if (err)
            return report(walk, batch, error, err, decompression_failure(err));
    }
    if (rk_record_cursor_init(&part->records, header, records, size)) {
        rk_block_release(block);
        return report(walk, batch, error, RD_KAFKA_RESP_ERR__BAD_MSG,
                      "holds fewer bytes than the records it claims");
    }
    part->block = block ? block : rk_block_acquire(walk->block);
    part->next_offset = rk_record_batch_next_offset(header);
    part->leader_epoch = header->partition_leader_epoch;
    part->timestamp_type = RD_KAFKA_TIMESTAMP_CREATE_TIME;
    if (rk_record_batch_is_log_append(header))
        part->timestamp_type = RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    walk->offset = part->next_offset;
    walk->epoch = part->leader_epoch;
    return RK_FETCH_STEP_PART;
}

/* A batch whose header agrees with its bytes. END: the walk goes on behind it. */
static enum rk_fetch_step step_found(struct rk_fetch_walk *walk,
                                     const struct rk_record_batch *batch, bool may_decompress,
                                     struct rk_decompressor *decompressor,
                                     struct rk_message_part *part, struct rk_fetch_error *error)
{
    const struct rk_record_batch_header *header = &batch->header;
    int64_t next = rk_record_batch_next_offset(header);
    if (next <= walk->offset)
        return RK_FETCH_STEP_END;
    if (walk->checks_crcs && rk_record_batch_check_crc(batch))
        return report(walk, batch, error, RD_KAFKA_RESP_ERR__BAD_MSG,
                      "has another checksum than it says");
    if (passes_over(walk, batch)) {
        walk->offset = next;
        walk->epoch = header->partition_leader_epoch;
        return RK_FETCH_STEP_END;
    }
    if (rk_record_batch_codec(header) != 0 && !may_decompress)
        return RK_FETCH_STEP_NO_ROOM;
    return make_part(walk, batch, decompressor, part, error);
}

enum rk_fetch_step rk_fetch_walk_next(struct rk_fetch_walk *walk,
                                      struct rk_decompressor *decompressor, bool may_decompress,
                                      struct rk_message_part *part, struct rk_fetch_error *error)
{
    for (;;) {
        struct rk_record_batches before = walk->batches;
        struct rk_record_batch batch;
        enum rk_fetch_step step;
        switch (rk_record_batches_next(&walk->batches, &batch)) {
        case RK_RECORD_BATCH_END:
            return RK_FETCH_STEP_END;
        case RK_RECORD_BATCH_TRUNCATED:
            walk->needed_size = batch.size;
            walk->was_cut_off = true;
            return walk->has_found ? RK_FETCH_STEP_END : RK_FETCH_STEP_TOO_LARGE;
        case RK_RECORD_BATCH_CORRUPT:
            walk->has_found = true;
            if (batch.size > 0 && claimed_next_offset(&batch.header) >= 0 &&
                claimed_next_offset(&batch.header) <= walk->offset)
                break;
            return report(walk, &batch, error, RD_KAFKA_RESP_ERR__BAD_MSG, "contradicts itself");
        case RK_RECORD_BATCH_FOUND:
            walk->has_found = true;
            step = step_found(walk, &batch, may_decompress, decompressor, part, error);
            if (step == RK_FETCH_STEP_NO_ROOM)
                walk->batches = before;
            if (step != RK_FETCH_STEP_END)
                return step;
            break;
        }
    }
}
