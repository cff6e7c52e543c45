/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/failure.h"

#include "base/memory.h"

void rk_failure_row_add(struct rk_failure_row *row, uint64_t began_us)
{
    if (row->attempts++ == 0)
        row->since_us = began_us;
}

unsigned long long rk_failure_ms_since(uint64_t since_us, uint64_t now_us)
{
    return now_us > since_us ? (now_us - since_us) / 1000 : 0;
}

void rk_failure_append_attempts(struct rk_text *text, int attempts, uint64_t since_us,
                                uint64_t now_us)
{
    unsigned long long ms = rk_failure_ms_since(since_us, now_us);
    if (attempts > 0)
        rk_text_appendf(text, "attempt %d", attempts);
    if (since_us)
        rk_text_appendf(text, attempts > 0 ? " within %llums" : "for %llums", ms);
}

char *rk_failure_text(const struct rk_failure *failure, uint64_t now_us)
{
    struct rk_text text = {0}, more = {0};
    const char *meaning = rd_kafka_err2str(failure->err);
    if (failure->what)
        rk_text_appendf(&text, "%s failed: %s%s%s", failure->what, meaning,
                        failure->words ? ": " : "", failure->words ? failure->words : "");
    else
        rk_text_appendf(&text, "%s", failure->words ? failure->words : meaning);
    if (failure->broker)
        rk_text_appendf(&more, "%s", failure->broker);
    if (failure->broker && (failure->attempts > 0 || failure->since_us))
        rk_text_appendf(&more, ", ");
    rk_failure_append_attempts(&more, failure->attempts, failure->since_us, now_us);
    if (more.size > 0)
        rk_text_appendf(&text, " (%s)", rk_text_chars(&more));
    rk_text_clear(&more);
    return rk_text_take(&text);
}
