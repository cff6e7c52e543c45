/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message sets, the record format of brokers before 0.11 (magic 0 and 1): the parts that differ
 * from record batches.
 *
 * Pure functions; any thread. Reading goes through record_batch_reader.h, which calls the functions
 * here for magic 0 and 1: a run of plain messages, or one compressed message (a "wrapper" with a
 * set inside), counts as a batch. One level of nesting is legal. Offsets in a wrapper of magic 1
 * are relative to its last message, whose offset the wrapper has. Writing takes records of magic 2,
 * the form batches are kept in, for a broker that knows no better; record headers have no place in
 * these formats and are left out.
 */
#ifndef RK_WIRE_LEGACY_MESSAGE_SET_H
#define RK_WIRE_LEGACY_MESSAGE_SET_H

#include "wire/compression.h"
#include "wire/record_batch_reader.h"

/* Offset and size, crc, magic, attributes, key and value lengths; magic 1 has 8 bytes of timestamp
 * more. */
#define RK_LEGACY_ENTRY_SIZE_MIN 26

/* For rk_record_batches_next: magic 0 or 1 stands at its place behind batches->at. */
enum rk_record_batch_result rk_legacy_batches_next(struct rk_record_batches *batches,
                                                   struct rk_record_batch *batch);
/* For rk_record_batch_check_crc, rk_record_cursor_init and rk_record_read. */
rd_kafka_resp_err_t rk_legacy_check_crc(const struct rk_record_batch *batch);
rd_kafka_resp_err_t rk_legacy_cursor_init(struct rk_record_cursor *cursor,
                                          const struct rk_record_batch_header *header,
                                          const uint8_t *records, size_t size);
enum rk_record_result rk_legacy_read(struct rk_record_cursor *cursor, struct rk_record *record);

/*
 * Writes the records of a plain batch of magic 2, whose parts are its record bytes without the
 * header, as a message set: messages with offsets from 0, wrapped in one compressed message unless
 * codec is none. zstd has no place here: _NOT_IMPLEMENTED. `header` gives base timestamp and count.
 * returns: *block, a new reference, holds exactly the set.
 */
rd_kafka_resp_err_t rk_legacy_message_set_write(struct rk_compressor *compressor, int magic,
                                                int codec, int level,
                                                const struct rk_record_batch_header *header,
                                                const struct iovec *parts, size_t part_count,
                                                struct rk_block **block);

#endif
