/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics events: every statistics.interval.ms the client is observed, and the JSON of it goes
 * to the application's main queue.
 *
 * Made and freed by api/client.c; lives on rdk:main. Without an interval there is no timer.
 */
#ifndef RK_OBSERVE_STATISTICS_H
#define RK_OBSERVE_STATISTICS_H

#include "observe/observation.h"

struct rk_statistics;

/* Before `main` starts. NULL when statistics.interval.ms is 0. */
struct rk_statistics *rk_statistics_new(const struct rk_subject *subject, struct rk_loop *main);
/* All loops have ended; observations under way are freed with the loops, which comes first. NULL is
 * fine. */
void rk_statistics_destroy(struct rk_statistics *statistics);

#endif
