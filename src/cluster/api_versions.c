/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/api_versions.h"

#include <limits.h>
#include <stdio.h>

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

/* What came with which release, oldest first; versions of what was there before go up. */
static const struct {
    int minor, patch; /* Of 0.<minor>.<patch> */
    enum rk_api_key key;
    int16_t max;
} releases[] = {
    {8, 0, RK_API_PRODUCE, 0},
    {8, 0, RK_API_FETCH, 0},
    {8, 0, RK_API_LIST_OFFSETS, 0},
    {8, 0, RK_API_METADATA, 0},
    {8, 1, RK_API_OFFSET_COMMIT, 0},
    {8, 1, RK_API_OFFSET_FETCH, 0},
    {8, 2, RK_API_OFFSET_COMMIT, 1},
    {8, 2, RK_API_OFFSET_FETCH, 1},
    {8, 2, RK_API_FIND_COORDINATOR, 0},
    {9, 0, RK_API_PRODUCE, 1},
    {9, 0, RK_API_FETCH, 1},
    {9, 0, RK_API_OFFSET_COMMIT, 2},
    {9, 0, RK_API_JOIN_GROUP, 0},
    {9, 0, RK_API_HEARTBEAT, 0},
    {9, 0, RK_API_LEAVE_GROUP, 0},
    {9, 0, RK_API_SYNC_GROUP, 0},
    {9, 0, RK_API_DESCRIBE_GROUPS, 0},
    {9, 0, RK_API_LIST_GROUPS, 0},
    {10, 0, RK_API_PRODUCE, 2},
    {10, 0, RK_API_FETCH, 2},
    {10, 0, RK_API_METADATA, 1},
    {10, 0, RK_API_SASL_HANDSHAKE, 0},
    {10, 0, RK_API_API_VERSIONS, 0},
};

void rk_api_versions_assume(struct rk_api_versions *versions, const char *release)
{
    int major = 0, minor = 0, patch = 0;
    sscanf(release, "%d.%d.%d", &major, &minor, &patch);
    if (major > 0)
        minor = INT_MAX;
    rk_api_versions_clear(versions);
    for (size_t i = 0; i < RK_COUNT_OF(releases); i++) {
        if (releases[i].minor > minor || (releases[i].minor == minor && releases[i].patch > patch))
            continue;
        versions->ranges[releases[i].key].min = 0;
        versions->ranges[releases[i].key].max = releases[i].max;
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
