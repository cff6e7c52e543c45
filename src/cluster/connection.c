/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/connection.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/connection_private.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"

#define TO(state)           (1u << RK_CONNECTION_##state)
#define MAX_UNSENT_REQUESTS 2     /* More would be encoded before the socket can take them. */
#define MIN_RETRY_US        10000 /* Also with reconnect.backoff.ms=0: no loop without rest. */

static const unsigned next_states[] = {
    [RK_CONNECTION_IDLE] = TO(RESOLVING) | TO(CONNECTING) | TO(BACKING_OFF) | TO(CLOSED),
    [RK_CONNECTION_RESOLVING] = TO(CONNECTING) | TO(BACKING_OFF) | TO(CLOSED),
    [RK_CONNECTION_CONNECTING] = TO(NEGOTIATING) | TO(UP) | TO(BACKING_OFF) | TO(CLOSED),
    [RK_CONNECTION_NEGOTIATING] = TO(UP) | TO(BACKING_OFF) | TO(CLOSED),
    [RK_CONNECTION_UP] = TO(IDLE) | TO(BACKING_OFF) | TO(CLOSED),
    [RK_CONNECTION_BACKING_OFF] = TO(IDLE) | TO(CLOSED),
    [RK_CONNECTION_CLOSED] = 0,
};

static void on_timer(struct rk_timer *timer, uint64_t now_us);
static void settle(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;

const char *rk_connection_state_name(enum rk_connection_state state)
{
    static const char *const names[] = {
        [RK_CONNECTION_IDLE] = "INIT",
        [RK_CONNECTION_RESOLVING] = "TRY_CONNECT",
        [RK_CONNECTION_CONNECTING] = "CONNECT",
        [RK_CONNECTION_NEGOTIATING] = "APIVERSION_QUERY",
        [RK_CONNECTION_UP] = "UP",
        [RK_CONNECTION_BACKING_OFF] = "DOWN",
        [RK_CONNECTION_CLOSED] = "DOWN",
    };
    return names[state];
}

static void check_invariants(const struct rk_connection *connection)
{
    bool has_stream = connection->own.stream != NULL;
    switch (connection->own.state) {
    case RK_CONNECTION_IDLE:
    case RK_CONNECTION_BACKING_OFF:
    case RK_CONNECTION_CLOSED:
        RK_ASSERT(!has_stream && !connection->own.job);
        RK_ASSERT(connection->own.in_flight.count == 0 && connection->own.unsent_count == 0);
        break;
    case RK_CONNECTION_RESOLVING:
        RK_ASSERT(!has_stream);
        break;
    case RK_CONNECTION_CONNECTING:
    case RK_CONNECTION_NEGOTIATING:
    case RK_CONNECTION_UP:
        RK_ASSERT(has_stream && !connection->own.job);
        break;
    }
}

void rk_connection_set_state(struct rk_connection *connection, enum rk_connection_state state,
                             uint64_t now_us)
{
    enum rk_connection_state before = connection->own.state;
    RK_ASSERT(next_states[before] & (1u << state));
    connection->own.state = state;
    connection->own.state_since_us = now_us;
    check_invariants(connection);
    if (state == RK_CONNECTION_UP)
        rk_broker_on_connection_up(connection->broker, connection);
    else if (before == RK_CONNECTION_UP)
        rk_broker_on_connection_down(connection->broker, connection);
    rk_broker_on_connection_state(connection->broker, connection);
    rk_log_debug(connection->broker->core, RK_DEBUG_BROKER, "STATE",
                 "%s: Broker changed state %s -> %s", rk_broker_name(connection->broker),
                 rk_connection_state_name(before), rk_connection_state_name(state));
}

void rk_connection_init(struct rk_connection *connection, struct rk_broker *broker,
                        enum rk_purpose purpose)
{
    const struct rk_conf *conf = broker->core->conf;
    *connection = (struct rk_connection){.broker = broker, .purpose = purpose};
    rk_timer_init(&connection->own.timer, on_timer);
    rk_backoff_init(&connection->own.backoff, conf->reconnect_backoff_ms,
                    conf->reconnect_backoff_max_ms);
    rk_api_versions_clear(&connection->own.versions);
    rk_in_flight_init(&connection->own.in_flight);
    TAILQ_INIT(&connection->own.outbox);
    TAILQ_INIT(&connection->own.unsent);
    TAILQ_INIT(&connection->own.finished);
    connection->own.watch.index = -1;
    connection->own.in_flight_expiry_us = RK_NEVER;
}

/* Completion */

void rk_connection_finish(struct rk_connection *connection, struct rk_request *request,
                          rd_kafka_resp_err_t err, const char *text)
{
    if (err) {
        request->err = err;
        request->error_text = rk_strdup(text);
    }
    TAILQ_INSERT_TAIL(&connection->own.finished, request, link);
}

static void finish_list(struct rk_connection *connection, struct rk_request_list *list,
                        rd_kafka_resp_err_t err, const char *text) RK_ON_BROKER
{
    struct rk_request *request;
    while ((request = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, request, link);
        rk_connection_finish(connection, request, err, text);
    }
}

static bool complete_finished(struct rk_connection *connection)
{
    bool any = false;
    struct rk_request *request;
    while ((request = TAILQ_FIRST(&connection->own.finished)) != NULL) {
        TAILQ_REMOVE(&connection->own.finished, request, link);
        rk_request_complete(request);
        any = true;
    }
    return any;
}

/* One request was not answered in time, or wrongly: that is its error, while the others have lost
 * their connection. Puts it first. */
static void finish_culprits(struct rk_connection *connection, struct rk_request_list *list,
                            rd_kafka_resp_err_t err, const char *text, uint64_t now_us) RK_ON_BROKER
{
    struct rk_request *request = TAILQ_FIRST(list);
    struct rk_request *answered = rk_in_flight_first(&connection->own.in_flight);
    while (request) {
        struct rk_request *next = TAILQ_NEXT(request, link);
        if (err == RD_KAFKA_RESP_ERR__TIMED_OUT ? request->wire.expires_us <= now_us
                                                : request == answered) {
            TAILQ_REMOVE(list, request, link);
            rk_connection_finish(connection, request, err, text);
        }
        request = next;
    }
}

/* Fails everything that was handed to this connection and is not answered. */
static void finish_all(struct rk_connection *connection, rd_kafka_resp_err_t err, const char *text,
                       uint64_t now_us) RK_ON_BROKER
{
    struct rk_request *first_unsent = TAILQ_FIRST(&connection->own.unsent);
    if (first_unsent)
        first_unsent->was_written = connection->own.part > 0 || connection->own.part_written > 0;
    struct rk_request *request;
    TAILQ_FOREACH (request, &connection->own.in_flight.requests, link)
        rk_connection_intercept_failure(connection, request, err);
    bool has_culprit = err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__BAD_MSG;
    if (has_culprit && !connection->own.broken.is_ours) {
        finish_culprits(connection, &connection->own.in_flight.requests, err, text, now_us);
        finish_culprits(connection, &connection->own.unsent, err, text, now_us);
        err = RD_KAFKA_RESP_ERR__TRANSPORT;
    }
    finish_list(connection, &connection->own.in_flight.requests, err, text);
    finish_list(connection, &connection->own.unsent, err, text);
    finish_list(connection, &connection->own.outbox, err, text);
    connection->own.in_flight.count = 0;
    connection->own.unsent_count = 0;
    connection->own.part = 0;
    connection->own.part_written = 0;
    connection->own.in_flight_expiry_us = RK_NEVER;
}

/* Breaking and closing */

void rk_connection_break(struct rk_connection *connection, rd_kafka_resp_err_t err,
                         const char *format, ...)
{
    if (connection->own.broken.err)
        return;
    va_list arguments;
    va_start(arguments, format);
    connection->own.broken.err = err;
    connection->own.broken.text = rk_text_formatv(format, arguments);
    va_end(arguments);
}

bool rk_connection_is_open(const struct rk_connection *connection)
{
    return connection->own.stream || connection->own.state == RK_CONNECTION_RESOLVING;
}

void rk_connection_drop(struct rk_connection *connection, rd_kafka_resp_err_t err,
                        const char *format, ...)
{
    if (connection->own.broken.err || !rk_connection_is_open(connection))
        return;
    va_list arguments;
    va_start(arguments, format);
    connection->own.broken.err = err;
    connection->own.broken.is_ours = true;
    connection->own.broken.text = rk_text_formatv(format, arguments);
    va_end(arguments);
    rk_loop_start_timer(connection->broker->loop, &connection->own.timer, 0);
}

bool rk_connection_is_needed(const struct rk_connection *connection)
{
    bool is_wanted = connection->own.is_wanted && !connection->broker->own.is_retired;
    return is_wanted || !TAILQ_EMPTY(&connection->own.outbox);
}

static bool closed_while_idle(const struct rk_connection *connection) RK_ON_BROKER
{
    return connection->own.state == RK_CONNECTION_UP &&
           connection->own.broken.err == RD_KAFKA_RESP_ERR__TRANSPORT &&
           connection->own.in_flight.count == 0 && connection->own.unsent_count == 0 &&
           !rk_connection_is_needed(connection);
}

/* Until it tries again; short again once the last attempt is long ago. */
static void back_off(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    if (now_us - connection->own.attempt_at_us > connection->own.backoff.max_us)
        rk_backoff_reset(&connection->own.backoff);
    uint64_t wait_us =
        connection->own.broken.goes_on ? 0 : rk_backoff_next_us(&connection->own.backoff);
    connection->own.retry_at_us = now_us + RK_MAX(wait_us, (uint64_t)MIN_RETRY_US);
    rk_connection_set_state(connection, RK_CONNECTION_BACKING_OFF, now_us);
}

/* It closed, or kept silent, when asked for its versions, as brokers before 0.10 do. */
static void assume_versions(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    struct rk_broker *broker = connection->broker;
    const struct rk_conf *conf = broker->core->conf;
    if (conf->api_version_fallback_ms == 0)
        return;
    broker->own.assumes_versions_until_us = now_us + (uint64_t)conf->api_version_fallback_ms * 1000;
    rk_log_debug(broker->core, RK_DEBUG_BROKER | RK_DEBUG_FEATURE, "APIVERSION",
                 "%s: no answer to ApiVersions: taken for Kafka %s for the next %dms",
                 rk_broker_name(broker), conf->broker_version_fallback,
                 conf->api_version_fallback_ms);
}

/* Which broker, at what address, what has failed, and since when and how often. */
static char *describe_failure(const struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    unsigned long long in_state_ms = rk_failure_ms_since(connection->own.state_since_us, now_us);
    const char *what = connection->own.broken.text;
    const char *address = connection->own.address_text;
    struct rk_text text = {0};
    rk_text_appendf(&text, "%s: %s (after %llums in state %s", rk_broker_name(connection->broker),
                    what, in_state_ms, rk_connection_state_name(connection->own.state));
    if (address[0] && !strstr(what, address))
        rk_text_appendf(&text, " with %s", address);
    rk_text_appendf(&text, ", ");
    uint64_t since_us =
        connection->own.failures ? connection->own.failing_since_us : connection->own.attempt_at_us;
    rk_failure_append_attempts(&text, connection->own.failures + 1,
                               connection->own.state == RK_CONNECTION_UP ? 0 : since_us, now_us);
    rk_text_appendf(&text, ")");
    return rk_text_take(&text);
}

/* The attempt, or the connection, has failed for the reason in `broken`. */
static void close_broken(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    struct rk_broker *broker = connection->broker;
    rd_kafka_resp_err_t err = connection->own.broken.err;
    char *text = describe_failure(connection, now_us);
    enum rk_connection_state before = connection->own.state;
    bool is_idle_close = closed_while_idle(connection);
    rk_connection_end_attempt(connection);
    finish_all(connection, err, text, now_us);
    if (is_idle_close) {
        rk_connection_set_state(connection, RK_CONNECTION_IDLE, now_us);
    } else {
        back_off(connection, now_us);
        if (connection->own.broken.is_ours) {
            rk_log_debug(broker->core, RK_DEBUG_BROKER, "CLOSE", "%s", text);
        } else {
            if (connection->own.failures++ == 0)
                connection->own.failing_since_us = connection->own.attempt_at_us;
            if (before == RK_CONNECTION_NEGOTIATING)
                assume_versions(connection, now_us);
            rk_broker_on_connection_failed(broker, connection, err, before == RK_CONNECTION_UP,
                                           text);
        }
    }
    rk_free(connection->own.broken.text);
    connection->own.broken.text = NULL;
    connection->own.broken.err = RD_KAFKA_RESP_ERR_NO_ERROR;
    connection->own.broken.is_ours = connection->own.broken.goes_on = false;
    rk_free(text);
}

void rk_connection_terminate(struct rk_connection *connection)
{
    if (connection->own.state == RK_CONNECTION_CLOSED)
        return;
    uint64_t now_us = rk_clock_now_us();
    rk_connection_end_attempt(connection);
    finish_all(connection, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed", now_us);
    rk_connection_set_state(connection, RK_CONNECTION_CLOSED, now_us);
    rk_loop_stop_timer(connection->broker->loop, &connection->own.timer);
    complete_finished(connection);
}

void rk_connection_clear(struct rk_connection *connection)
{
    rk_free(connection->own.broken.text);
    rk_addresses_clear(&connection->own.addresses);
}

/* Sending */

bool rk_connection_is_up(const struct rk_connection *connection)
{
    return connection->own.state == RK_CONNECTION_UP && !connection->own.broken.err;
}

int rk_connection_in_flight_count(const struct rk_connection *connection)
{
    return connection->own.in_flight.count + connection->own.unsent_count;
}

/* Requests that may wait for the socket: what is built later carries more. */
static int unsent_limit(const struct rk_connection *connection)
{
    const struct rk_conf *conf = connection->broker->core->conf;
    return connection->purpose == RK_PURPOSE_PRODUCE ? conf->queue_buffering_backpressure_threshold
                                                     : MAX_UNSENT_REQUESTS;
}

bool rk_connection_may_send(const struct rk_connection *connection, uint64_t now_us)
{
    return rk_connection_is_up(connection) && now_us >= connection->own.throttled_until_us &&
           connection->own.unsent_count < unsent_limit(connection) &&
           rk_connection_in_flight_count(connection) <
               connection->broker->core->conf->max_in_flight_requests_per_connection;
}

int16_t rk_connection_version(const struct rk_connection *connection, enum rk_api_key key,
                              int16_t min_version, int16_t max_version)
{
    return rk_api_versions_pick(&connection->own.versions, key, min_version, max_version);
}

void rk_connection_send(struct rk_connection *connection, struct rk_request *request)
{
    uint64_t now_us = rk_clock_now_us();
    request->wire.connection = connection;
    request->wire.queued_us = now_us;
    if (connection->own.state == RK_CONNECTION_CLOSED) {
        rk_request_fail(request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
        return;
    }
    if (connection->own.is_running_user && rk_connection_is_up(connection) &&
        TAILQ_EMPTY(&connection->own.outbox)) {
        rk_connection_encode(connection, request, now_us);
        return;
    }
    TAILQ_INSERT_TAIL(&connection->own.outbox, request, link);
    settle(connection, now_us);
}

bool rk_connection_is_writing(const struct rk_connection *connection,
                              const struct rk_request *request)
{
    return request == TAILQ_FIRST(&connection->own.unsent) &&
           (connection->own.part > 0 || connection->own.part_written > 0);
}

void rk_connection_withdraw(struct rk_connection *connection, struct rk_request *request,
                            rd_kafka_resp_err_t err, const char *text)
{
    RK_ASSERT(!request->was_written && !rk_connection_is_writing(connection, request));
    struct rk_request *other;
    TAILQ_FOREACH (other, &connection->own.unsent, link) {
        if (other == request)
            break;
    }
    if (other) {
        TAILQ_REMOVE(&connection->own.unsent, request, link);
        connection->own.unsent_count--;
    } else {
        TAILQ_REMOVE(&connection->own.outbox, request, link);
    }
    rk_connection_finish(connection, request, err, text);
}

static void send_outbox(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER
{
    struct rk_request *request;
    while (rk_connection_may_send(connection, now_us) &&
           (request = TAILQ_FIRST(&connection->own.outbox)) != NULL) {
        TAILQ_REMOVE(&connection->own.outbox, request, link);
        rk_connection_encode(connection, request, now_us);
        rk_connection_flush(connection, now_us);
    }
}

static void run_user(struct rk_connection *connection, uint64_t now_us)
{
    if (!connection->user)
        return;
    connection->own.is_running_user = true;
    connection->user->run(connection->user, now_us);
    connection->own.is_running_user = false;
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_connection *connection = rk_container_of(timer, struct rk_connection, own.timer);
    rk_on_broker(connection->broker->loop);
    rk_connection_on_due(connection, now_us);
    settle(connection, now_us);
}

static void tell_in_flight(struct rk_connection *connection) RK_ON_BROKER
{
    int change = rk_connection_in_flight_count(connection) - connection->own.told_in_flight;
    if (change == 0)
        return;
    connection->own.told_in_flight += change;
    atomic_fetch_add_explicit(&connection->broker->stats.requests_in_flight, (uint64_t)change,
                              memory_order_relaxed);
}

/* The end of every event: acts on what it left behind until nothing is left to do, then sets the
 * timer. */
static void settle(struct rk_connection *connection, uint64_t now_us)
{
    if (connection->own.is_settling)
        return;
    connection->own.is_settling = true;
    bool has_room_again;
    do {
        if (connection->own.broken.err)
            close_broken(connection, now_us);
        if (connection->own.state == RK_CONNECTION_IDLE && rk_connection_is_needed(connection))
            rk_connection_begin(connection, now_us);
        send_outbox(connection, now_us);
        run_user(connection, now_us);
        bool was_full = connection->own.unsent_count >= unsent_limit(connection);
        rk_connection_flush(connection, now_us);
        has_room_again = was_full && connection->own.unsent_count < unsent_limit(connection);
    } while (complete_finished(connection) || connection->own.broken.err || has_room_again);
    connection->own.is_settling = false;
    tell_in_flight(connection);
    if (connection->own.state == RK_CONNECTION_CLOSED)
        return;
    rk_connection_watch(connection);
    uint64_t next_us = rk_connection_next_deadline(connection, now_us);
    if (next_us == RK_NEVER)
        rk_loop_stop_timer(connection->broker->loop, &connection->own.timer);
    else
        rk_loop_start_timer(connection->broker->loop, &connection->own.timer, next_us);
}

void rk_connection_poke(struct rk_connection *connection, uint64_t now_us)
{
    settle(connection, now_us);
}

void rk_connection_want(struct rk_connection *connection, bool wanted)
{
    if (connection->own.is_wanted == wanted)
        return;
    connection->own.is_wanted = wanted;
    if (wanted && connection->own.state == RK_CONNECTION_IDLE && !connection->own.is_settling)
        settle(connection, rk_clock_now_us());
}

void rk_connection_prepare(struct rk_connection *connection)
{
    if (connection->own.state != RK_CONNECTION_IDLE || connection->own.is_settling ||
        connection->broker->own.is_retired)
        return;
    uint64_t now_us = rk_clock_now_us();
    rk_connection_begin(connection, now_us);
    settle(connection, now_us);
}

void rk_connection_retry_now(struct rk_connection *connection)
{
    if (connection->own.state != RK_CONNECTION_BACKING_OFF)
        return;
    uint64_t now_us = rk_clock_now_us();
    connection->own.retry_at_us = now_us;
    rk_connection_set_state(connection, RK_CONNECTION_IDLE, now_us);
    settle(connection, now_us);
}

void rk_connection_look_at_time(struct rk_connection *connection)
{
    if (connection->own.state == RK_CONNECTION_UP)
        rk_loop_start_timer(connection->broker->loop, &connection->own.timer, 0);
}

void rk_connection_close_idle(struct rk_connection *connection)
{
    if (connection->own.state != RK_CONNECTION_UP || connection->own.is_settling ||
        rk_connection_is_needed(connection) || rk_connection_in_flight_count(connection) > 0)
        return;
    uint64_t now_us = rk_clock_now_us();
    rk_connection_end_attempt(connection);
    rk_connection_set_state(connection, RK_CONNECTION_IDLE, now_us);
    settle(connection, now_us);
}
