/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The statistics as structs, and the table of their fields; both come from statistics.def.
 *
 * Constant data; the structs belong to an observation (observation.h).
 */
#ifndef RK_OBSERVE_STATISTICS_FIELDS_H
#define RK_OBSERVE_STATISTICS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/window.h"

struct rk_broker;
struct rk_connection_view;
struct rk_stats_broker;
struct rk_stats_partition;

#define OBJECT(name, text)   \
    struct rk_stats_##name { \
        const char *key; /* In a map. */
#define INTEGER(member, kind, unit, text) int64_t member;
#define BOOLEAN(member, text)             bool member;
#define STRING(member, text)              const char *member;
#define WINDOW(member, unit, text)        struct rk_window_summary member;
#define REQUESTS(member, text)            int64_t *member; /* RK_API_COUNT of them. */
#define MAP(member, name, key, text)   \
    struct {                           \
        struct rk_stats_##name *items; \
        int count;                     \
    } member;
#define OPTIONAL(member, name, text) struct rk_stats_##name *member;
#define INTERNAL(type, member)       type member;
#define END(name) \
    }             \
    ;
#include "observe/statistics.def"
#undef OBJECT
#undef INTEGER
#undef BOOLEAN
#undef STRING
#undef WINDOW
#undef REQUESTS
#undef MAP
#undef OPTIONAL
#undef INTERNAL
#undef END

enum rk_stats_type {
    RK_STATS_INTEGER,
    RK_STATS_BOOLEAN,
    RK_STATS_STRING,
    RK_STATS_WINDOW,
    RK_STATS_REQUESTS,
    RK_STATS_MAP,
    RK_STATS_OPTIONAL,
};

enum rk_stats_kind {
    RK_STATS_GAUGE,
    RK_STATS_COUNTER, /* Never goes back while the client lives. */
    RK_STATS_CONSTANT,
};

struct rk_stats_object;
typedef const struct rk_stats_object *rk_stats_object_getter(void);

struct rk_stats_field {
    const char *name;
    enum rk_stats_type type;
    enum rk_stats_kind kind;
    const char *unit; /* "": none. */
    size_t offset;
    rk_stats_object_getter *object; /* MAP, OPTIONAL. */
    const char *key;                /* MAP: what its keys are. */
    const char *text;
};

struct rk_stats_object {
    const char *name;
    const char *text;
    size_t size;
    const struct rk_stats_field *fields;
    int field_count;
};

/* The outermost one: struct rk_stats_client. */
const struct rk_stats_object *rk_stats_client_object(void);
/* What a struct rk_window_summary is written as: all integers. */
const struct rk_stats_object *rk_stats_window_object(void);
/* Whether the requests of an API are written, of which there were so many; and by which name. */
bool rk_stats_names_request(bool is_producer, int api_key, int64_t count);
void rk_stats_request_name(int api_key, char *name, size_t size);

#endif
