/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How soon a fetcher asks again: a broker that answers empty Fetches at once, instead of waiting
 * for data as it was asked, would set the rate of requests. The more such answers come in a row,
 * the longer the pause, up to 64 ms, and never longer than the broker ought to have waited; an
 * answer that brings something, or took its time, ends it. Pure; part of a fetcher.
 */
#ifndef RK_CONSUMER_FETCH_PACE_H
#define RK_CONSUMER_FETCH_PACE_H

#include "base/types.h"

struct rk_fetch_pace {
    unsigned early_answers; /* In a row. */
};

/* The pause before the next request after an answer for which the broker should have waited that
 * long; 0: none. */
uint64_t rk_fetch_pace_on_answer(struct rk_fetch_pace *self, bool has_news, uint64_t took_us,
                                 uint64_t asked_us);

#endif
