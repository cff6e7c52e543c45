/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/reason.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "cluster/broker.h"
#include "event/core.h"

static const struct {
    const char *code, *meaning;
} reasons[] = {
#define REASON(name, code, meaning) {code, meaning},
    RK_REASONS(REASON)
#undef REASON
};

const char *rk_reason_code(enum rk_reason_kind kind)
{
    return reasons[kind].code;
}

const char *rk_reason_meaning(enum rk_reason_kind kind)
{
    return reasons[kind].meaning;
}

bool rk_reason_is_trouble(enum rk_reason_kind kind)
{
    return kind > RK_REASON_PAUSED;
}

void rk_reason_set(struct rk_reason *reason, enum rk_reason_kind kind, uint64_t since_us,
                   uint64_t until_us, const char *format, ...)
{
    reason->kind = kind;
    reason->since_us = since_us;
    reason->until_us = until_us;
    if (!format) {
        rk_text_copy(reason->what, sizeof(reason->what), reasons[kind].code);
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->what, sizeof(reason->what), format, arguments);
    va_end(arguments);
}

static void format_duration(uint64_t duration_us, char *text, size_t size)
{
    if (duration_us < 1000)
        snprintf(text, size, "%u us", (unsigned)duration_us);
    else if (duration_us < 1000000)
        snprintf(text, size, "%u ms", (unsigned)(duration_us / 1000));
    else
        snprintf(text, size, "%.1f s", (double)duration_us / 1e6);
}

void rk_reason_format(const struct rk_reason *reason, uint64_t now_us, char *text, size_t size)
{
    char since[32] = "", until[32] = "";
    if (reason->since_us > 0 && reason->since_us < now_us)
        format_duration(now_us - reason->since_us, since, sizeof(since));
    if (reason->until_us > now_us && reason->until_us != RK_NEVER)
        format_duration(reason->until_us - now_us, until, sizeof(until));
    snprintf(text, size, "%s%s%s%s%s", reason->what, *since ? ", for " : "", since,
             *until ? ", another " : "", until);
}

bool rk_silence_is_due(struct rk_silence *silence, uint64_t since_us, uint64_t limit_us,
                       uint64_t now_us)
{
    if (silence->since_us == 0) {
        silence->since_us = since_us;
        silence->tell_at_us = since_us + limit_us;
    }
    if (now_us < silence->tell_at_us)
        return false;
    silence->tell_at_us = now_us + (now_us - silence->since_us);
    return true;
}

void rk_silence_end(struct rk_silence *silence)
{
    *silence = (struct rk_silence){0};
}

void rk_silence_log(struct rk_core *core, const char *partition, const struct rk_silence *silence,
                    const struct rk_reason *reason, int more, uint64_t now_us)
{
    char text[256], others[48] = "";
    rk_reason_format(reason, now_us, text, sizeof(text));
    if (more > 0)
        snprintf(others, sizeof(others), " (and %d more like it)", more);
    rk_log(core, RK_LOG_NOTICE, "SILENT", "%s has not moved for %.1f s: %s%s", partition,
           (double)(now_us - silence->since_us) / 1e6, text, others);
}

/* The broker was up before, or never: what counts is how long it has not been. */
static uint64_t down_since(const struct rk_connection *connection)
{
    uint64_t down_since_us = connection->broker->own.down_since_us;
    return down_since_us ? down_since_us : connection->own.state_since_us;
}

bool rk_reason_of_connection(struct rk_reason *reason, const struct rk_connection *connection,
                             uint64_t now_us)
{
    const struct rk_broker *broker = connection->broker;
    const char *error = broker->own.last_error;
    switch (connection->own.state) {
    case RK_CONNECTION_UP:
        if (connection->own.throttled_until_us <= now_us)
            return false;
        rk_reason_set(reason, RK_REASON_THROTTLED, 0, connection->own.throttled_until_us,
                      "throttled by %s", rk_broker_name(broker));
        return true;
    case RK_CONNECTION_BACKING_OFF:
        rk_reason_set(reason, RK_REASON_UNREACHABLE, down_since(connection),
                      connection->own.retry_at_us, "%s%s", error ? "" : rk_broker_name(broker),
                      error ? error : " closed the connection");
        return true;
    case RK_CONNECTION_IDLE:
    case RK_CONNECTION_CLOSED:
    case RK_CONNECTION_RESOLVING:
    case RK_CONNECTION_CONNECTING:
    case RK_CONNECTION_NEGOTIATING:
        break;
    }
    rk_reason_set(reason, RK_REASON_CONNECTING, down_since(connection), 0,
                  "connecting to %s (%s)%s%s", rk_broker_name(broker),
                  rk_connection_state_name(connection->own.state), error ? " after " : "",
                  error ? error : "");
    return true;
}

uint64_t rk_reason_unanswered_since(const struct rk_connection *connection)
{
    const struct rk_request *first = rk_in_flight_first(&connection->own.in_flight);
    if (!first)
        first = TAILQ_FIRST(&connection->own.unsent);
    return first ? first->sent_us : 0;
}
