/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message sets of magic 0 and 1 as an old broker might send them, compressed ones opened; and
 * whatever is read is written as message sets again and must read back the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "wire/legacy_message_set.h"
#include "wire/record_batch_writer.h"

#define LIMIT (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rk_compressor compressor;
static struct rk_decompressor decompressor;

/* Adds the record to those written in the form of magic 2. */
static void add_record(struct rk_scratch *written, const struct rk_record *record, int32_t index)
{
    size_t body =
        rk_record_body_size(record->timestamp, index, record->key_size, record->value_size, 0);
    size_t size = written->size + rk_record_size(body);
    written->data = realloc(written->data, size);
    rk_record_write(written->data + written->size, body, record->timestamp, index, record->key,
                    record->key_size, record->value, record->value_size, NULL, 0);
    written->size = size;
}

static int32_t read_set(const uint8_t *data, size_t size, struct rk_scratch *written)
{
    struct rk_record_batches batches;
    struct rk_record_batch batch;
    enum rk_record_batch_result result;
    int32_t count = 0;

    rk_record_batches_init(&batches, data, size);
    while ((result = rk_record_batches_next(&batches, &batch)) != RK_RECORD_BATCH_END) {
        struct rk_record_cursor cursor;
        struct rk_record record;
        struct rk_block *block = NULL;
        if (result != RK_RECORD_BATCH_FOUND)
            continue;
        rk_record_batch_check_crc(&batch);
        if (rk_decompress(&decompressor, rk_record_batch_codec(&batch.header), batch.records,
                          batch.records_size, LIMIT, &block) != 0)
            continue;
        if (rk_record_cursor_init(&cursor, &batch.header, block->data, block->size) == 0) {
            while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND) {
                if (written)
                    add_record(written, &record, count);
                count++;
            }
        }
        rk_block_release(block);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_scratch written = {.data = NULL};
    struct rk_record_batch_header header;
    int32_t count = read_set(data, size, &written);

    rk_record_batch_header_init(&header);
    header.record_count = count;
    header.last_offset_delta = count;
    for (int magic = 0; magic <= 1 && count > 0; magic++) {
        struct iovec part = {written.data, written.size};
        struct rk_block *set;
        int codec = (int)(size & 3);
        if (!rk_compression_is_available(codec))
            codec = RK_COMPRESSION_NONE;
        RK_ASSERT(rk_legacy_message_set_write(&compressor, magic, codec, -1, &header, &part, 1,
                                              &set) == 0);
        if (written.size < LIMIT / 8)
            RK_ASSERT(read_set(set->data, set->size, NULL) == count);
        rk_block_release(set);
    }
    free(written.data);
    return 0;
}
