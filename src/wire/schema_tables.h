/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads .def files as constant tables (schema.h), after their structs were declared. Included
 * before the .def files, schema_end.h after them. Meant to be included several times.
 */
#define VERSIONS(lowest, highest) .min_version = (lowest), .max_version = (highest)
#define STABLE_UNTIL(version)     .stable_version = (version)
#define FLEXIBLE_SINCE(version)   .flexible_since = (version)
#define NEVER_FLEXIBLE            .flexible_since = RK_NEVER_FLEXIBLE
#define THROTTLED_SINCE(version)  .throttled_since = (version)
#define NEVER_THROTTLED           .throttled_since = RK_NEVER_THROTTLED

#define SINCE(version)            .since = (version)
#define UNTIL(version)            .before = (version) + 1
#define RANGE(first, last)        .since = (first), .before = (last) + 1
#define NULLABLE                  .nullable_since = 1
#define NULLABLE_SINCE(version)   .nullable_since = (version) + 1
#define DEFAULT(value)            .default_value = (value)
#define DEFAULT_NULL              .default_value = -1
#define IGNORABLE                 .ignorable = true
#define TAG(number)               .tag = (number) + 1

#define API(T, NAME, text, ...)                                              \
    static const struct rk_versions T##_versions = {__VA_ARGS__};            \
    const struct rk_api rk_##T##_api = {.key = RK_API_##NAME,                \
                                        .name = text,                        \
                                        .request = &rk_##T##_request_schema, \
                                        .answer = &rk_##T##_answer_schema,   \
                                        __VA_ARGS__};

/* Inside a function, so that the fields can say `self` for the struct they are of. */
#define STRUCT(T)                                   \
    static const struct rk_layout *T##_layout(void) \
    {                                               \
        typedef struct rk_##T self;                 \
        static const char struct_name[] = #T;       \
        static const struct rk_field fields[] = {
#define END(T)                                                             \
    }                                                                      \
    ;                                                                      \
    static const struct rk_layout layout = {                               \
        .name = struct_name,                                               \
        .fields = fields,                                                  \
        .field_count = RK_COUNT_OF(fields),                                \
        .size = sizeof(self),                                              \
    };                                                                     \
    return &layout;                                                        \
    }                                                                      \
    void rk_##T##_init(struct rk_##T *into)                                \
    {                                                                      \
        rk_layout_set_defaults(T##_layout(), into);                        \
    }                                                                      \
    struct rk_##T *rk_##T##_try_new(struct rk_arena *arena, int32_t count) \
    {                                                                      \
        return rk_layout_try_new(T##_layout(), arena, count);              \
    }
#define MESSAGE(T, side) STRUCT(T##_##side)
#define END_MESSAGE(T, side)                            \
    END(T##_##side)                                     \
    const struct rk_schema rk_##T##_##side##_schema = { \
        .name = #T "_" #side,                           \
        .layout = T##_##side##_layout,                  \
        .versions = &T##_versions,                      \
        .size = sizeof(struct rk_##T##_##side),         \
    };

#define RK_FIELD(m, k, s, ...)    \
    {.name = #m,                  \
     .offset = offsetof(self, m), \
     .kind = RK_FIELD_##k,        \
     .shape = RK_FIELD_##s,       \
     __VA_ARGS__},
#define BOOL(m, ...)       RK_FIELD(m, BOOL, ONE, __VA_ARGS__)
#define INT8(m, ...)       RK_FIELD(m, INT8, ONE, __VA_ARGS__)
#define INT16(m, ...)      RK_FIELD(m, INT16, ONE, __VA_ARGS__)
#define INT32(m, ...)      RK_FIELD(m, INT32, ONE, __VA_ARGS__)
#define INT64(m, ...)      RK_FIELD(m, INT64, ONE, __VA_ARGS__)
#define FLOAT64(m, ...)    RK_FIELD(m, FLOAT64, ONE, __VA_ARGS__)
#define UUID(m, ...)       RK_FIELD(m, UUID, ONE, __VA_ARGS__)
#define STRING(m, ...)     RK_FIELD(m, STRING, ONE, __VA_ARGS__)
#define BYTES(m, ...)      RK_FIELD(m, BYTES, ONE, __VA_ARGS__)
#define RECORDS(m, ...)    RK_FIELD(m, RECORDS, ONE, .default_value = -1, __VA_ARGS__)
#define INT8S(m, ...)      RK_FIELD(m, INT8, MANY, __VA_ARGS__)
#define INT32S(m, ...)     RK_FIELD(m, INT32, MANY, __VA_ARGS__)
#define INT64S(m, ...)     RK_FIELD(m, INT64, MANY, __VA_ARGS__)
#define STRINGS(m, ...)    RK_FIELD(m, STRING, MANY, __VA_ARGS__)
#define STRUCTS(m, T, ...) RK_FIELD(m, STRUCT, MANY, .layout = T##_layout, __VA_ARGS__)
#define ONE(m, T, ...)     RK_FIELD(m, STRUCT, ONE, .layout = T##_layout, __VA_ARGS__)
#define MAYBE(m, T, ...)   RK_FIELD(m, STRUCT, MAYBE, .layout = T##_layout, __VA_ARGS__)
