/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics of a client read back: for tests/mock/statistics_*_test.c.
 *
 * One per client, used by the test's thread; `statistics_reader_cb` is its stats_cb, the reader its
 * opaque.
 */
#ifndef SUPPORT_STATISTICS_READER_H
#define SUPPORT_STATISTICS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"

struct cJSON;

struct statistics_reader {
    struct cJSON *last; /* NULL: none came yet. */
    int count;
    bool has_strange_size; /* The size that came with it was not that of the text. */
    bool is_no_json;
};

int statistics_reader_cb(rd_kafka_t *rk, char *json, size_t size, void *opaque);
void statistics_reader_take(struct statistics_reader *reader, const char *json);
void statistics_reader_clear(struct statistics_reader *reader);

/* Polls until new ones came; false after ten seconds. */
bool statistics_reader_next(struct statistics_reader *reader, rd_kafka_t *rk);
/* The value at the end of that path of keys ("topics/t/partitions/0/msgs"); NULL: there is none. */
const struct cJSON *statistics_reader_find(const struct statistics_reader *reader,
                                           const char *path);
/* INT64_MIN when there is no such number; NULL when there is no such text. */
int64_t statistics_reader_number(const struct statistics_reader *reader, const char *path);
const char *statistics_reader_text(const struct statistics_reader *reader, const char *path);
/* Polls until the text at that path is the wanted one; false, and says what it was, after ten
 * seconds. */
bool statistics_reader_wait_text(struct statistics_reader *reader, rd_kafka_t *rk, const char *path,
                                 const char *wanted);
bool statistics_reader_wait_number(struct statistics_reader *reader, rd_kafka_t *rk,
                                   const char *path, int64_t wanted);

#endif
