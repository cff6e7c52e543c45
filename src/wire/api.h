/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APIs of the Kafka protocol: keys, names, versions known here, schemas. Constant data.
 */
#ifndef RK_WIRE_API_H
#define RK_WIRE_API_H

#include "wire/schema.h"

enum rk_api_key {
#define KEY(number, NAME, text)         RK_API_##NAME = (number),
#define KEY_AND_SCHEMA(number, NAME, T) RK_API_##NAME = (number),
#include "wire/api_keys.def"
#undef KEY
#undef KEY_AND_SCHEMA
    RK_API_COUNT,
};

/* An API this client has a schema for. The numbers mean what they mean in struct rk_versions. */
struct rk_api {
    int16_t key;
    int16_t min_version;
    int16_t max_version;
    int16_t stable_version;
    int16_t flexible_since;
    int16_t throttled_since;
    const char *name; /* As in Kafka: "ApiVersions" */
    const struct rk_schema *request;
    const struct rk_schema *answer;
};

/* NULL for an API without a schema here, and for any other number. */
const struct rk_api *rk_api_find(int16_t key);
/* The name of any API that Kafka has, with or without a schema; else "Unknown". */
const char *rk_api_name(int16_t key);

/* The highest version to use with a broker whose switches are unknown. */
static inline int16_t rk_api_stable_version(const struct rk_api *api)
{
    return api->stable_version > 0 ? api->stable_version : api->max_version;
}

/* 0 to 2 for requests and 0 or 1 for answers; any version may be asked about. */
int rk_api_request_header_version(const struct rk_api *api, int16_t version);
int rk_api_answer_header_version(const struct rk_api *api, int16_t version);

#endif
