/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/statistics_reader.h"

#if RK_TEST_WITH_CJSON

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define PATIENCE_US 10000000u

void statistics_reader_take(struct statistics_reader *reader, const char *json)
{
    cJSON_Delete(reader->last);
    reader->last = cJSON_Parse(json);
    reader->is_no_json |= reader->last == NULL;
    reader->count++;
}

int statistics_reader_cb(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    struct statistics_reader *reader = opaque;
    (void)rk;
    reader->has_strange_size |= strlen(json) != size;
    statistics_reader_take(reader, json);
    return 0;
}

void statistics_reader_clear(struct statistics_reader *reader)
{
    cJSON_Delete(reader->last);
    *reader = (struct statistics_reader){.last = NULL};
}

bool statistics_reader_next(struct statistics_reader *reader, rd_kafka_t *rk)
{
    uint64_t until_us = rk_clock_now_us() + PATIENCE_US;
    int before = reader->count;
    while (reader->count == before) {
        if (rk_clock_now_us() >= until_us)
            return false;
        rd_kafka_poll(rk, 50);
    }
    return !reader->is_no_json && !reader->has_strange_size;
}

const cJSON *statistics_reader_find(const struct statistics_reader *reader, const char *path)
{
    const cJSON *at = reader->last;
    while (at && *path) {
        char key[128];
        size_t size = strcspn(path, "/");
        snprintf(key, sizeof(key), "%.*s", (int)size, path);
        at = cJSON_GetObjectItemCaseSensitive(at, key);
        path += size + (path[size] == '/');
    }
    return at;
}

int64_t statistics_reader_number(const struct statistics_reader *reader, const char *path)
{
    const cJSON *found = statistics_reader_find(reader, path);
    return cJSON_IsNumber(found) ? (int64_t)found->valuedouble : INT64_MIN;
}

const char *statistics_reader_text(const struct statistics_reader *reader, const char *path)
{
    return cJSON_GetStringValue(statistics_reader_find(reader, path));
}

bool statistics_reader_wait_text(struct statistics_reader *reader, rd_kafka_t *rk, const char *path,
                                 const char *wanted)
{
    uint64_t until_us = rk_clock_now_us() + PATIENCE_US;
    const char *text = NULL;
    do {
        if (!statistics_reader_next(reader, rk))
            return false;
        text = statistics_reader_text(reader, path);
        if (text && strcmp(text, wanted) == 0)
            return true;
    } while (rk_clock_now_us() < until_us);
    fprintf(stderr, "%s is \"%s\", not \"%s\"\n", path, text ? text : "(nothing)", wanted);
    return false;
}

bool statistics_reader_wait_number(struct statistics_reader *reader, rd_kafka_t *rk,
                                   const char *path, int64_t wanted)
{
    uint64_t until_us = rk_clock_now_us() + PATIENCE_US;
    do {
        if (!statistics_reader_next(reader, rk))
            return false;
        if (statistics_reader_number(reader, path) == wanted)
            return true;
    } while (rk_clock_now_us() < until_us);
    fprintf(stderr, "%s is %lld, not %lld\n", path,
            (long long)statistics_reader_number(reader, path), (long long)wanted);
    return false;
}

#endif
