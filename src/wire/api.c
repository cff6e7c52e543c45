/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/api.h"

#include <stddef.h>

#include "wire/messages.h"

static const struct rk_api *const apis[RK_API_COUNT] = {
#define KEY(number, NAME, text)
#define KEY_AND_SCHEMA(number, NAME, T) [number] = &rk_##T##_api,
#include "wire/api_keys.def"
#undef KEY
#undef KEY_AND_SCHEMA
};

/* Of those without a schema. */
static const char *const names[RK_API_COUNT] = {
#define KEY(number, NAME, text) [number] = text,
#define KEY_AND_SCHEMA(number, NAME, T)
#include "wire/api_keys.def"
#undef KEY
#undef KEY_AND_SCHEMA
};

const struct rk_api *rk_api_find(int16_t key)
{
    return key >= 0 && key < RK_API_COUNT ? apis[key] : NULL;
}

const char *rk_api_name(int16_t key)
{
    const struct rk_api *api = rk_api_find(key);
    if (api)
        return api->name;
    return key >= 0 && key < RK_API_COUNT ? names[key] : "Unknown";
}

int rk_api_request_header_version(const struct rk_api *api, int16_t version)
{
    return version >= api->flexible_since ? 2 : 1;
}

/* ApiVersions is answered before the client can know what the broker speaks. */
int rk_api_answer_header_version(const struct rk_api *api, int16_t version)
{
    return version >= api->flexible_since && api->key != RK_API_API_VERSIONS ? 1 : 0;
}
