/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/in_flight.h"

#include "base/clock.h"

#define RESERVED_IDS 8

void rk_in_flight_init(struct rk_in_flight *in_flight)
{
    TAILQ_INIT(&in_flight->requests);
    in_flight->count = 0;
    rk_in_flight_reset_ids(in_flight);
}

void rk_in_flight_reset_ids(struct rk_in_flight *in_flight)
{
    in_flight->next_correlation_id = 0;
    in_flight->skipped_count = 0;
}

int32_t rk_in_flight_take_correlation_id(struct rk_in_flight *in_flight)
{
    if (in_flight->next_correlation_id > INT32_MAX - RESERVED_IDS)
        in_flight->next_correlation_id = 0;
    return in_flight->next_correlation_id++;
}

void rk_in_flight_add(struct rk_in_flight *in_flight, struct rk_request *request)
{
    TAILQ_INSERT_TAIL(&in_flight->requests, request, link);
    in_flight->count++;
}

struct rk_request *rk_in_flight_first(const struct rk_in_flight *in_flight)
{
    return TAILQ_FIRST(&in_flight->requests);
}

struct rk_request *rk_in_flight_take_first(struct rk_in_flight *in_flight)
{
    struct rk_request *request = TAILQ_FIRST(&in_flight->requests);
    if (request) {
        TAILQ_REMOVE(&in_flight->requests, request, link);
        in_flight->count--;
    }
    return request;
}

bool rk_in_flight_may_skip(const struct rk_in_flight *in_flight)
{
    return in_flight->skipped_count < RK_IN_FLIGHT_SKIPPED_MAX;
}

void rk_in_flight_skip(struct rk_in_flight *in_flight, struct rk_request *request)
{
    TAILQ_REMOVE(&in_flight->requests, request, link);
    in_flight->count--;
    in_flight->skipped[in_flight->skipped_count++] = request->wire.correlation_id;
}

bool rk_in_flight_take_skipped(struct rk_in_flight *in_flight, int32_t correlation_id)
{
    for (int i = 0; i < in_flight->skipped_count; i++) {
        if (in_flight->skipped[i] != correlation_id)
            continue;
        in_flight->skipped[i] = in_flight->skipped[--in_flight->skipped_count];
        return true;
    }
    return false;
}

uint64_t rk_in_flight_next_expiry_us(const struct rk_in_flight *in_flight)
{
    uint64_t next_us = RK_NEVER;
    struct rk_request *request;
    TAILQ_FOREACH (request, &in_flight->requests, link) {
        if (request->wire.expires_us < next_us)
            next_us = request->wire.expires_us;
    }
    return next_us;
}
