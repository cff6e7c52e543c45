/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection waits for, and what happens when it does not come: set-up and request
 * time-outs, the end of a back-off or of throttling, idle close. The deadlines follow from the
 * connection's state; connection.c keeps the one timer. The broker's loop.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/connection_private.h"
#include "conf/conf.h"
#include "event/core.h"

#define UNUSED_IDLE_US 10000000u

static void expire_outbox(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    struct rk_request *request = TAILQ_FIRST(&connection->own.outbox);
    while (request) {
        struct rk_request *next = TAILQ_NEXT(request, link);
        if (request->deadline_us <= now_us) {
            TAILQ_REMOVE(&connection->own.outbox, request, link);
            const char *why = connection->broker->own.last_failure;
            char *text =
                rk_text_format("%s: %s request timed out before it could be sent, after %llums%s%s",
                               rk_broker_name(connection->broker), request->api->name,
                               (unsigned long long)(now_us - request->wire.queued_us) / 1000,
                               why ? "; the last failure: " : "", why ? why : "");
            rk_connection_finish(connection, request, RD_KAFKA_RESP_ERR__TIMED_OUT, text);
            rk_free(text);
        }
        request = next;
    }
}

/* The first in the list whose time is up, or NULL. */
static struct rk_request *find_expired(const struct rk_request_list *list, uint64_t now_us)
{
    struct rk_request *request;
    TAILQ_FOREACH (request, list, link) {
        if (request->wire.expires_us <= now_us)
            break;
    }
    return request;
}

static uint64_t next_expiry(const struct rk_connection *connection) RK_ON_BROKER
{
    uint64_t next_us = rk_in_flight_next_expiry_us(&connection->own.in_flight);
    const struct rk_request *request;
    TAILQ_FOREACH (request, &connection->own.unsent, link) {
        next_us = RK_MIN(next_us, request->wire.expires_us);
    }
    return next_us;
}

static void break_expired(struct rk_connection *connection, const struct rk_request *request,
                          uint64_t now_us) RK_ON_BROKER
{
    rk_connection_break(
        connection, RD_KAFKA_RESP_ERR__TIMED_OUT,
        "%s request timed out: %s %s for %llums, %d request(s) in flight", request->api->name,
        request->was_written ? "no answer from" : "it could not be written to",
        connection->own.address_text, (unsigned long long)(now_us - request->sent_us) / 1000,
        rk_connection_in_flight_count(connection));
}

/* Requests whose time is up end the connection, at the latest socket.max.fails of them: answers
 * come in order, one that does not come keeps the others. */
static void check_expiry(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    if (now_us < connection->own.in_flight_expiry_us)
        return;
    struct rk_broker *broker = connection->broker;
    int max_timeouts = broker->core->conf->socket_max_fails;
    struct rk_request *request;
    while ((request = find_expired(&connection->own.in_flight.requests, now_us)) != NULL) {
        atomic_fetch_add_explicit(&broker->stats.requests_timed_out, 1, memory_order_relaxed);
        connection->own.timeouts++;
        if ((max_timeouts > 0 && connection->own.timeouts >= max_timeouts) ||
            !rk_in_flight_may_skip(&connection->own.in_flight)) {
            break_expired(connection, request, now_us);
            return;
        }
        rk_in_flight_skip(&connection->own.in_flight, request);
        rk_connection_intercept_failure(connection, request, RD_KAFKA_RESP_ERR__TIMED_OUT);
        char *text = rk_text_format("%s: %s request timed out: no answer for %llums",
                                    rk_broker_name(broker), request->api->name,
                                    (unsigned long long)(now_us - request->sent_us) / 1000);
        rk_connection_finish(connection, request, RD_KAFKA_RESP_ERR__TIMED_OUT, text);
        rk_free(text);
    }
    if ((request = find_expired(&connection->own.unsent, now_us)) != NULL) {
        atomic_fetch_add_explicit(&broker->stats.requests_timed_out, 1, memory_order_relaxed);
        break_expired(connection, request, now_us);
        return;
    }
    connection->own.in_flight_expiry_us = next_expiry(connection);
}

static uint64_t setup_deadline(const struct rk_connection *connection)
{
    const struct rk_conf *conf = connection->broker->core->conf;
    int timeout_ms = connection->own.state == RK_CONNECTION_NEGOTIATING
                         ? conf->api_version_request_timeout_ms
                         : conf->socket_connection_setup_timeout_ms;
    return connection->own.state_since_us + (uint64_t)timeout_ms * 1000;
}

static uint64_t idle_deadline(const struct rk_connection *connection) RK_ON_BROKER
{
    const struct rk_broker *broker = connection->broker;
    int idle_ms = broker->core->conf->connections_max_idle_ms;
    uint64_t idle_us = idle_ms > 0 ? (uint64_t)idle_ms * 1000 : RK_NEVER;
    if (rk_connection_in_flight_count(connection) > 0 || rk_connection_is_needed(connection))
        return RK_NEVER;
    if (broker->own.is_retired)
        idle_us = 0;
    else if (!broker->own.is_used || connection->purpose == RK_PURPOSE_JOIN)
        idle_us = RK_MIN(idle_us, (uint64_t)UNUSED_IDLE_US);
    return idle_us == RK_NEVER ? RK_NEVER : connection->own.last_used_us + idle_us;
}

uint64_t rk_connection_next_deadline(const struct rk_connection *connection, uint64_t now_us)
{
    uint64_t next_us = RK_NEVER;
    switch (connection->own.state) {
    case RK_CONNECTION_IDLE:
    case RK_CONNECTION_CLOSED:
        break;
    case RK_CONNECTION_RESOLVING:
    case RK_CONNECTION_CONNECTING:
    case RK_CONNECTION_NEGOTIATING:
        next_us = setup_deadline(connection);
        break;
    case RK_CONNECTION_UP:
        next_us = RK_MIN(connection->own.in_flight_expiry_us, idle_deadline(connection));
        if (connection->own.throttled_until_us > now_us)
            next_us = RK_MIN(next_us, connection->own.throttled_until_us);
        break;
    case RK_CONNECTION_BACKING_OFF:
        next_us = connection->own.retry_at_us;
        break;
    }
    const struct rk_request *request;
    TAILQ_FOREACH (request, &connection->own.outbox, link) {
        next_us = RK_MIN(next_us, request->deadline_us);
    }
    return next_us;
}

void rk_connection_on_due(struct rk_connection *connection, uint64_t now_us)
{
    switch (connection->own.state) {
    case RK_CONNECTION_IDLE:
    case RK_CONNECTION_CLOSED:
        break;
    case RK_CONNECTION_RESOLVING:
    case RK_CONNECTION_CONNECTING:
    case RK_CONNECTION_NEGOTIATING:
        if (now_us >= setup_deadline(connection))
            rk_connection_break(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                                "Connection setup timed out: %s",
                                connection->own.address_text[0] ? connection->own.address_text
                                                                : "name look-up hangs");
        break;
    case RK_CONNECTION_UP:
        check_expiry(connection, now_us);
        if (now_us >= idle_deadline(connection)) {
            rk_connection_end_attempt(connection);
            rk_connection_set_state(connection, RK_CONNECTION_IDLE, now_us);
        }
        break;
    case RK_CONNECTION_BACKING_OFF:
        if (now_us >= connection->own.retry_at_us)
            rk_connection_set_state(connection, RK_CONNECTION_IDLE, now_us);
        break;
    }
    expire_outbox(connection, now_us);
}
