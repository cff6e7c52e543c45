/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads .def files as declarations: their C structs and what comes with each. Included before the
 * .def files, schema_end.h after them. Meant to be included several times.
 */
#define API(T, NAME, text, ...)                            \
    extern const struct rk_api rk_##T##_api;               \
    extern const struct rk_schema rk_##T##_request_schema; \
    extern const struct rk_schema rk_##T##_answer_schema;

#define STRUCT(T) struct rk_##T {
#define END(T)                               \
    }                                        \
    ;                                        \
    void rk_##T##_init(struct rk_##T *into); \
    struct rk_##T *rk_##T##_try_new(struct rk_arena *arena, int32_t count);
#define MESSAGE(T, side)     STRUCT(T##_##side)
#define END_MESSAGE(T, side) END(T##_##side)

#define BOOL(m, ...)         bool m;
#define INT8(m, ...)         int8_t m;
#define INT16(m, ...)        int16_t m;
#define INT32(m, ...)        int32_t m;
#define INT64(m, ...)        int64_t m;
#define FLOAT64(m, ...)      double m;
#define UUID(m, ...)         struct rk_uuid m;
#define STRING(m, ...)       const char *m;
#define BYTES(m, ...)        struct rk_bytes m;
#define RECORDS(m, ...)      struct rk_records m;

#define RK_ITEMS(type, m) \
    struct {              \
        type *items;      \
        int32_t count;    \
    } m;
#define INT8S(m, ...)      RK_ITEMS(int8_t, m)
#define INT32S(m, ...)     RK_ITEMS(int32_t, m)
#define INT64S(m, ...)     RK_ITEMS(int64_t, m)
#define STRINGS(m, ...)    RK_ITEMS(const char *, m)
#define STRUCTS(m, T, ...) RK_ITEMS(struct rk_##T, m)
#define ONE(m, T, ...)     struct rk_##T m;
#define MAYBE(m, T, ...)   struct rk_##T *m;
