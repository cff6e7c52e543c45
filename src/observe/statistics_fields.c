/* SPDX-License-Identifier: BSD-2-Clause */
#include "observe/statistics_fields.h"

#include <stdio.h>

#include "wire/api.h"

#define OBJECT(name, about)                                  \
    static const struct rk_stats_object *name##_object(void) \
    {                                                        \
        typedef struct rk_stats_##name self;                 \
        static const char text[] = about;                    \
        static const struct rk_stats_field fields[] = {
#define FIELD(member, TYPE, KIND, unit, object, key, text) \
    {#member, RK_STATS_##TYPE, RK_STATS_##KIND, unit, offsetof(self, member), object, key, text},
#define INTEGER(member, kind, unit, text) FIELD(member, INTEGER, kind, unit, NULL, NULL, text)
#define BOOLEAN(member, text)             FIELD(member, BOOLEAN, GAUGE, "", NULL, NULL, text)
#define STRING(member, text)              FIELD(member, STRING, GAUGE, "", NULL, NULL, text)
#define WINDOW(member, unit, text)        FIELD(member, WINDOW, GAUGE, unit, NULL, NULL, text)
#define REQUESTS(member, text)            FIELD(member, REQUESTS, COUNTER, "", NULL, NULL, text)
#define MAP(member, name, key, text)      FIELD(member, MAP, GAUGE, "", name##_object, key, text)
#define OPTIONAL(member, name, text)      FIELD(member, OPTIONAL, GAUGE, "", name##_object, NULL, text)
#define INTERNAL(type, member)
#define END(name)                                                                    \
    }                                                                                \
    ;                                                                                \
    static const struct rk_stats_object object = {#name, text, sizeof(self), fields, \
                                                  sizeof(fields) / sizeof(*fields)}; \
    return &object;                                                                  \
    }
#include "observe/statistics.def"

const struct rk_stats_object *rk_stats_client_object(void)
{
    return client_object();
}

const struct rk_stats_object *rk_stats_window_object(void)
{
    typedef struct rk_window_summary self;
#define PART(name, member, about)                                                             \
    {                                                                                         \
        name, RK_STATS_INTEGER, RK_STATS_GAUGE, "", offsetof(self, member), NULL, NULL, about \
    }
    static const struct rk_stats_field fields[] = {
        PART("min", min, "Smallest value."),
        PART("max", max, "Largest value."),
        PART("avg", average, "Average."),
        PART("sum", sum, "Sum of all values."),
        PART("stddev", deviation, "Standard deviation."),
        PART("p50", p50, "Half of the values are not larger."),
        PART("p75", p75, "75 % of them."),
        PART("p90", p90, "90 % of them."),
        PART("p95", p95, "95 % of them."),
        PART("p99", p99, "99 % of them."),
        PART("p99_99", p99_99, "99.99 % of them."),
        PART("outofrange", out_of_range, "Values too large to be counted; in nothing else here."),
        PART("hdrsize", size, "Bytes of memory the window takes once it has a value."),
        PART("cnt", count, "Values."),
    };
    static const struct rk_stats_object object = {
        "window", "What a value did since the statistics before, percentiles within 2 %.",
        sizeof(self), fields, RK_COUNT_OF(fields)};
    return &object;
}

/* Requests by name */

#define FIRST_WITH_SUFFIX RK_API_ELECT_LEADERS
#define LAST_WITH_SUFFIX  RK_API_ENVELOPE

static const int16_t of_all[] = {
    RK_API_LIST_OFFSETS,
    RK_API_METADATA,
    RK_API_FIND_COORDINATOR,
    RK_API_SASL_HANDSHAKE,
    RK_API_API_VERSIONS,
    RK_API_SASL_AUTHENTICATE,
    RK_API_DESCRIBE_CLUSTER,
    RK_API_DESCRIBE_PRODUCERS,
    RK_API_DESCRIBE_TRANSACTIONS,
    RK_API_LIST_TRANSACTIONS,
    RK_API_GET_TELEMETRY_SUBSCRIPTIONS,
    RK_API_PUSH_TELEMETRY,
    RK_API_SHARE_GROUP_HEARTBEAT,
    RK_API_SHARE_FETCH,
    RK_API_SHARE_ACKNOWLEDGE,
};
static const int16_t of_producers[] = {
    RK_API_PRODUCE, RK_API_INIT_PRODUCER_ID,  RK_API_ADD_PARTITIONS_TO_TXN,
    RK_API_END_TXN, RK_API_TXN_OFFSET_COMMIT, RK_API_ADD_OFFSETS_TO_TXN,
};
static const int16_t of_consumers[] = {
    RK_API_FETCH,     RK_API_OFFSET_COMMIT, RK_API_OFFSET_FETCH, RK_API_JOIN_GROUP,
    RK_API_HEARTBEAT, RK_API_LEAVE_GROUP,   RK_API_SYNC_GROUP,
};

static bool is_among(const int16_t *keys, size_t count, int key)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i] == key)
            return true;
    }
    return false;
}

bool rk_stats_names_request(bool is_producer, int api_key, int64_t count)
{
    if (count > 0 || is_among(of_all, RK_COUNT_OF(of_all), api_key))
        return true;
    return is_producer ? is_among(of_producers, RK_COUNT_OF(of_producers), api_key)
                       : is_among(of_consumers, RK_COUNT_OF(of_consumers), api_key);
}

/* librdkafka calls some by other names than Kafka does. */
void rk_stats_request_name(int api_key, char *name, size_t size)
{
    bool has_suffix = api_key >= FIRST_WITH_SUFFIX && api_key <= LAST_WITH_SUFFIX;
    if (api_key == RK_API_API_VERSIONS)
        snprintf(name, size, "ApiVersion");
    else
        snprintf(name, size, "%s%s", rk_api_name((int16_t)api_key), has_suffix ? "Request" : "");
}
