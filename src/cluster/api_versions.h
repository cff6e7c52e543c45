/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one broker speaks: a range of versions per API, learnt at each connect. A value of its
 * connection.
 */
#ifndef RK_CLUSTER_API_VERSIONS_H
#define RK_CLUSTER_API_VERSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/api.h"
#include "wire/messages.h"

#define RK_API_VERSIONS_KEYS 128 /* Keys beyond are of no interest to a client. */

struct rk_api_versions {
    bool is_known;
    struct {
        int16_t min, max; /* min > max: not offered. */
    } ranges[RK_API_VERSIONS_KEYS];
};

void rk_api_versions_clear(struct rk_api_versions *versions);
void rk_api_versions_learn(struct rk_api_versions *versions,
                           const struct rk_api_versions_answer *answer);
/* For brokers that cannot be asked, which are older than 0.10: what a release speaks, by its number
 * ("0.9.0.1"); later ones count as 0.10.0. */
void rk_api_versions_assume(struct rk_api_versions *versions, const char *release);
/* Highest version in both ranges, -1 when they do not meet. */
int16_t rk_api_versions_pick(const struct rk_api_versions *versions, enum rk_api_key key,
                             int16_t min_version, int16_t max_version);
/* Which version of ApiVersions itself to try after error 35 to `sent`; -1: none is left. */
int16_t rk_api_versions_fallback(int16_t sent, const struct rk_api_versions_answer *answer);

#endif
