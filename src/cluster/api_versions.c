/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/api_versions.h"

#include "base/assert.h"

void rk_api_versions_clear(struct rk_api_versions *versions)
{
    versions->is_known = false;
    for (int key = 0; key < RK_API_VERSIONS_KEYS; key++) {
        versions->ranges[key].min = 0;
        versions->ranges[key].max = -1;
    }
}

void rk_api_versions_learn(struct rk_api_versions *versions,
                           const struct rk_api_versions_answer *answer)
{
    rk_api_versions_clear(versions);
    for (int32_t i = 0; i < answer->api_keys.count; i++) {
        int16_t key = answer->api_keys.items[i].api_key;
        if (key < 0 || key >= RK_API_VERSIONS_KEYS)
            continue;
        versions->ranges[key].min = answer->api_keys.items[i].min_version;
        versions->ranges[key].max = answer->api_keys.items[i].max_version;
    }
    versions->is_known = true;
}

int16_t rk_api_versions_pick(const struct rk_api_versions *versions, enum rk_api_key key,
                             int16_t min_version, int16_t max_version)
{
    RK_ASSERT(key < RK_API_VERSIONS_KEYS);
    int16_t low = RK_MAX(min_version, versions->ranges[key].min);
    int16_t high = RK_MIN(max_version, versions->ranges[key].max);
    return low <= high ? high : -1;
}

int16_t rk_api_versions_fallback(int16_t sent, const struct rk_api_versions_answer *answer)
{
    if (sent == 0)
        return -1;
    for (int32_t i = 0; i < answer->api_keys.count; i++) {
        if (answer->api_keys.items[i].api_key == RK_API_API_VERSIONS)
            return RK_MAX(RK_MIN((int16_t)(sent - 1), answer->api_keys.items[i].max_version),
                          (int16_t)0);
    }
    return 0;
}
