/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of an error that the application is told: what failed and why, with whom, at which
 * attempt, and since when. The one place that puts these in words; a value, any thread.
 */
#ifndef RK_EVENT_FAILURE_H
#define RK_EVENT_FAILURE_H

#include <stdint.h>

#include "base/text.h"
#include "rdkafka.h"

struct rk_failure {
    const char *what; /* "Fetch of t [0] at offset 12"; NULL: who is told knows. */
    rd_kafka_resp_err_t err;
    const char *words;  /* What the broker, or a request's error, said of it; NULL: nothing. */
    const char *broker; /* "host:port/id"; NULL: `words` name it, or there is none. */
    int attempts;       /* Made so far, this one included; 0: not counted. */
    uint64_t since_us;  /* The first began, or it has been so; 0: just now. */
};

/* Of one thing that is tried again and again, with one owner. Zeroed: it has not failed. */
struct rk_failure_row {
    int attempts;
    uint64_t since_us; /* The first of them began. */
};

/* One more, which began then. */
void rk_failure_row_add(struct rk_failure_row *row, uint64_t began_us);
/*
 * "Fetch of t [0] at offset 12 failed: Broker: Unknown topic: gone (10.0.0.7:9092/2, attempt 3
 * within 240ms)"; without `what` only what was said, or what the error's code means. rk_free.
 */
char *rk_failure_text(const struct rk_failure *failure, uint64_t now_us);
/* For such a text; `now_us` may have been read before. */
unsigned long long rk_failure_ms_since(uint64_t since_us, uint64_t now_us);
/* "attempt 3 within 240ms", without the time if it is not known, or "for 240ms" when attempts are
 * not counted; "" for neither. */
void rk_failure_append_attempts(struct rk_text *text, int attempts, uint64_t since_us,
                                uint64_t now_us);

#endif
