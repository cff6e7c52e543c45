/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that were written and wait for their answers, oldest first: a broker answers in order.
 * Belongs to a connection.
 */
#ifndef RK_CLUSTER_IN_FLIGHT_H
#define RK_CLUSTER_IN_FLIGHT_H

#include "cluster/request.h"

#define RK_IN_FLIGHT_SKIPPED_MAX 64

struct rk_in_flight {
    struct rk_request_list requests;
    int count;
    int32_t next_correlation_id;
    /* Of requests that were given up: their answers may still come. */
    int32_t skipped[RK_IN_FLIGHT_SKIPPED_MAX];
    int skipped_count;
};

void rk_in_flight_init(struct rk_in_flight *in_flight);
/* For a new connection: ids start at 0, nothing is skipped. */
void rk_in_flight_reset_ids(struct rk_in_flight *in_flight);
/* Ids count up per connection and stay below those reserved for re-authentication. */
int32_t rk_in_flight_take_correlation_id(struct rk_in_flight *in_flight);
void rk_in_flight_add(struct rk_in_flight *in_flight, struct rk_request *request);
/* The oldest, or NULL. */
struct rk_request *rk_in_flight_first(const struct rk_in_flight *in_flight);
struct rk_request *rk_in_flight_take_first(struct rk_in_flight *in_flight);
/* Whether one more request may be given up without closing the connection. */
bool rk_in_flight_may_skip(const struct rk_in_flight *in_flight);
/* Takes the request out; its answer will be known by its id. */
void rk_in_flight_skip(struct rk_in_flight *in_flight, struct rk_request *request);
/* True when the id is that of a skipped request, which is forgotten by that. */
bool rk_in_flight_take_skipped(struct rk_in_flight *in_flight, int32_t correlation_id);
/* When the first of them runs out of time; RK_NEVER when there is none. */
uint64_t rk_in_flight_next_expiry_us(const struct rk_in_flight *in_flight);

#endif
