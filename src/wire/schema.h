/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a schema is: for each message, which C member is which kind of field in which versions.
 *
 * Messages are described once, in schema/<api>.def. The preprocessor reads the files twice: through
 * schema_structs.h for the C structs (messages.h) and through schema_tables.h for constant tables
 * of the types below (messages.c), which the codec walks. Everything here is read-only and may be
 * used from any thread.
 *
 * A .def file is made of these words (a field without versions is in all versions of its struct):
 *
 *     API(fetch, FETCH, "Fetch", VERSIONS(0, 18), ...)             once, first: the API
 *     STRUCT(name) fields END(name)           struct rk_<name>, a part of a message
 *     MESSAGE(api, request) fields END_MESSAGE(api, request)       struct rk_<api>_request
 *     MESSAGE(api, answer)  fields END_MESSAGE(api, answer)        struct rk_<api>_answer
 *
 *     BOOL INT8 INT16 INT32 INT64 FLOAT64 UUID        (member, versions and properties...)
 *     STRING                                  const char *, NUL-terminated; NULL is null
 *     BYTES                                   struct rk_bytes, size -1 is null
 *     RECORDS                                 struct rk_records, size -1 is null
 *     INT8S INT32S INT64S STRINGS             struct { T *items; int32_t count; }; -1 is null
 *     STRUCTS(member, name, ...)              the same with items of struct rk_<name>
 *     ONE(member, name, ...)                  a struct rk_<name> in place
 *     MAYBE(member, name, ...)                struct rk_<name> *; NULL is null
 *
 *     SINCE(3)            in version 3 and higher      RANGE(3, 7)  in versions 3 to 7
 *     UNTIL(7)            in versions 0 to 7
 *     NULLABLE            may be null                  NULLABLE_SINCE(2)  from version 2 on
 *     DEFAULT(x)          if it is not 0, "", or empty DEFAULT_NULL
 *     IGNORABLE           dropped when the version lacks it; other fields must then be the default
 *     TAG(0)              a tagged field, written when it is not the default; ascending in a struct
 *
 * Members have the protocol's names in snake case. Nested structs are named
 * rk_<api>_<request|answer>_<item>, the item in the singular: `topics` has items
 * rk_metadata_answer_topic. What lists topics has _topic items and what lists partitions has
 * _partition items whatever the field's name (topic_data, responses, partition_responses). Where
 * two lists would claim one name, the deeper one has its parent's item before it:
 * rk_offset_fetch_answer_group_topic.
 */
#ifndef RK_WIRE_SCHEMA_H
#define RK_WIRE_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/types.h"

/*
 * Record batches of one partition, never copied by the codec.
 *
 * Decoded: `data` points into the frame, whose block must be kept while they are used; no parts.
 * To encode: the bytes of `parts` if there are any, else of `data`; they must stay until the frame
 * is sent. `size` is their sum, -1 for null.
 */
struct rk_records {
    const uint8_t *data;
    int32_t size;
    int32_t part_count;
    const struct iovec *parts;
};

enum rk_field_kind {
    RK_FIELD_BOOL,
    RK_FIELD_INT8,
    RK_FIELD_INT16,
    RK_FIELD_INT32,
    RK_FIELD_INT64,
    RK_FIELD_FLOAT64,
    RK_FIELD_UUID,
    RK_FIELD_STRING,
    RK_FIELD_BYTES,
    RK_FIELD_RECORDS,
    RK_FIELD_STRUCT,
};

enum rk_field_shape {
    RK_FIELD_ONE,
    RK_FIELD_MANY,  /* struct rk_items. */
    RK_FIELD_MAYBE, /* A pointer to a struct; NULL is null. */
};

/* What every array member looks like. */
struct rk_items {
    void *items;
    int32_t count; /* -1: null. */
};

struct rk_layout;

struct rk_field {
    const char *name;
    const struct rk_layout *(*layout)(void); /* Of RK_FIELD_STRUCT. */
    int64_t default_value;                   /* Text, bytes, arrays: 0 is empty, -1 is null. */
    uint16_t offset;
    uint8_t kind;           /* enum rk_field_kind. */
    uint8_t shape;          /* enum rk_field_shape. */
    uint8_t since;          /* The first version that has it, */
    uint8_t before;         /* the first that no longer has it; 0: all higher ones have it. */
    uint8_t nullable_since; /* The first version in which it may be null, plus 1; 0: never. */
    uint8_t tag;            /* Plus 1; 0: not a tagged field. */
    bool ignorable;
};

struct rk_layout {
    const char *name;
    const struct rk_field *fields;
    uint16_t field_count;
    uint16_t size; /* Of the C struct. */
};

#define RK_NEVER_FLEXIBLE  INT16_MAX
#define RK_NEVER_THROTTLED INT16_MAX

struct rk_versions {
    int16_t min_version;
    int16_t max_version;
    int16_t stable_version;  /* Brokers have versions above it behind a switch; 0: none are. */
    int16_t flexible_since;  /* RK_NEVER_FLEXIBLE. */
    int16_t throttled_since; /* From this version on the broker answers first and expects the
                                client to pause (KIP-219). RK_NEVER_THROTTLED. */
};

struct rk_schema {
    const char *name; /* "fetch_request" */
    const struct rk_layout *(*layout)(void);
    const struct rk_versions *versions;
    uint16_t size; /* Of the C struct. */
};

static inline bool rk_schema_is_flexible(const struct rk_schema *schema, int16_t version)
{
    return version >= schema->versions->flexible_since;
}

static inline bool rk_field_is_in(const struct rk_field *field, int16_t version)
{
    return version >= field->since && version <= (uint8_t)(field->before - 1);
}

static inline bool rk_field_is_nullable(const struct rk_field *field, int16_t version)
{
    return field->nullable_since > 0 && version >= field->nullable_since - 1;
}

#endif
