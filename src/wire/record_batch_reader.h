/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what brokers store and send as `records`: batches of magic 2, and message sets of magic 0
 * and 1 through the same functions.
 *
 * Pure functions; any thread. Nothing is copied or allocated: everything handed out points into the
 * bytes given. No number in those bytes is believed before it was checked against their size. The
 * steps:
 *
 *     rk_record_batches_init(&batches, data, size);
 *     while (rk_record_batches_next(&batches, &batch) == RK_RECORD_BATCH_FOUND) {
 *         rk_record_batch_check_crc(&batch), if check.crcs;
 *         records = batch.records, or what rk_decompress makes of them;
 *         rk_record_cursor_init(&cursor, &batch.header, records, records_size);
 *         while (rk_record_read(&cursor, &record) == RK_RECORD_FOUND)
 *             ...
 *     }
 */
#ifndef RK_WIRE_RECORD_BATCH_READER_H
#define RK_WIRE_RECORD_BATCH_READER_H

#include "rdkafka.h"

#include "base/assert.h"
#include "wire/record_batch.h"

/* The batches in one partition's `records`. */
struct rk_record_batches {
    const uint8_t *at;
    const uint8_t *end;
};

struct rk_record_batch {
    struct rk_record_batch_header header;
    const uint8_t *data; /* The whole batch: one batch, one compressed message, or a run of plain
                            messages of one magic. */
    size_t size;
    const uint8_t *records; /* Compressed if the header says so. */
    size_t records_size;
};

enum rk_record_batch_result {
    /* No bytes are left. */
    RK_RECORD_BATCH_END,
    /* `batch` is filled in, its header checked against its bytes. */
    RK_RECORD_BATCH_FOUND,
    /* The last batch is cut off by the fetch size, which is no error: batch->size is what it needs,
     * 0 if not even its size is there. Only END follows. */
    RK_RECORD_BATCH_TRUNCATED,
    /* The header contradicts itself or the bytes. batch->header has base_offset, and
     * last_offset_delta where it is usable, else 0. batch->size 0: its size cannot be believed
     * either and only END follows; otherwise the next batch does. */
    RK_RECORD_BATCH_CORRUPT,
};

void rk_record_batches_init(struct rk_record_batches *batches, const uint8_t *data, size_t size);
enum rk_record_batch_result rk_record_batches_next(struct rk_record_batches *batches,
                                                   struct rk_record_batch *batch);

/* Reads one header of magic 2 at the start of `size` bytes and checks it against them: NO_ERROR;
 * _UNDERFLOW when the batch is longer than that (the header is filled in if it is there whole);
 * _BAD_MSG when it is not magic 2 or contradicts itself. */
rd_kafka_resp_err_t rk_record_batch_header_parse(struct rk_record_batch_header *header,
                                                 const uint8_t *data, size_t size);

/* NO_ERROR or _BAD_MSG. */
rd_kafka_resp_err_t rk_record_batch_check_crc(const struct rk_record_batch *batch);

/* One record; pointers into the batch. */
struct rk_record {
    int64_t offset;
    int64_t timestamp; /* Milliseconds; -1 none. Its type is the batch's:
                          rk_record_batch_is_log_append. */
    const uint8_t *key;
    const uint8_t *value;
    const uint8_t *headers; /* Count and all, not checked yet: rk_record_headers_parse. */
    int32_t key_size;       /* -1: null. */
    int32_t value_size;     /* -1: null. */
    int32_t headers_size;   /* 0: none. */
};

/* Where reading stands inside the records of one batch. Copying it is fine. */
struct rk_record_cursor {
    const uint8_t *at;
    const uint8_t *end;
    int64_t base_offset;
    int64_t base_timestamp;
    int64_t timestamp_mask; /* 0 when all records have the batch's timestamp, else all ones. */
    uint32_t last_offset_delta;
    int32_t left; /* Records not read yet, as the header claims. */
    int8_t magic;
};

enum rk_record_result {
    RK_RECORD_END,
    RK_RECORD_FOUND,
    RK_RECORD_CORRUPT, /* And every further call says so. */
};

/* `records` are the decompressed bytes. NO_ERROR, or _BAD_MSG when they cannot hold what the header
 * claims. */
rd_kafka_resp_err_t rk_record_cursor_init(struct rk_record_cursor *cursor,
                                          const struct rk_record_batch_header *header,
                                          const uint8_t *records, size_t size);
RK_ALWAYS_INLINE enum rk_record_result rk_record_read(struct rk_record_cursor *cursor,
                                                      struct rk_record *record);
/* The same without the short cut, which wire/record_read.h takes for records without a long number.
 */
enum rk_record_result rk_record_read_carefully(struct rk_record_cursor *cursor,
                                               struct rk_record *record);

/* Number of headers in a record's raw headers; -1 when that cannot be or exceeds
 * RK_RECORD_HEADERS_MAX. */
int32_t rk_record_headers_count(const uint8_t *raw, size_t size);
/* Fills as many entries as rk_record_headers_count said. NO_ERROR, or _BAD_MSG when they do not
 * fill the bytes exactly. */
rd_kafka_resp_err_t rk_record_headers_parse(const uint8_t *raw, size_t size,
                                            struct rk_record_header *headers, int32_t count);

/* The one record of a control batch. */
enum rk_control_type {
    RK_CONTROL_ABORT = 0,
    RK_CONTROL_COMMIT = 1,
    RK_CONTROL_OTHER, /* Raft's and unknown ones: to be skipped. */
};

struct rk_control_record {
    enum rk_control_type type;
    int32_t coordinator_epoch; /* -1 if not said. */
};

rd_kafka_resp_err_t rk_control_record_parse(const struct rk_record *record,
                                            struct rk_control_record *control);

#include "wire/record_read.h"

#endif
