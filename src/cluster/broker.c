/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/broker.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/queue.h"

#define HIGHEST_US          ((int64_t)1 << 27) /* 134 s: more than any request may take. */
#define HIGHEST_THROTTLE_MS ((int64_t)1 << 20)

/* Requests from other loops */

static void deliver_send(struct rk_mail *mail)
{
    struct rk_request *request = rk_container_of(mail, struct rk_request, mail);
    struct rk_connection *connection = request->wire.connection;
    rk_on_broker(connection->broker->loop);
    rk_connection_send(connection, request);
}

static void discard_send(struct rk_mail *mail)
{
    struct rk_request *request = rk_container_of(mail, struct rk_request, mail);
    rk_request_fail(request, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
}

void rk_broker_post_send(struct rk_broker *broker, enum rk_purpose purpose,
                         struct rk_request *request)
{
    request->wire.connection = &broker->own.connections[purpose];
    request->mail.deliver = deliver_send;
    request->mail.discard = discard_send;
    rk_loop_post(broker->loop, &request->mail);
}

/* Addresses */

void rk_broker_set_address(struct rk_broker *broker, const char *host, uint16_t port)
{
    rk_free(broker->own.host);
    rk_free(broker->own.name);
    broker->own.host = rk_strdup(host);
    broker->own.port = port;
    broker->own.addresses_until_us = 0;
    if (broker->id >= 0) /* The seed goes round: what one does not answer, the next may not. */
        broker->own.assumes_versions_until_us = 0;
    bool is_v6 = strchr(host, ':') != NULL;
    char id[16] = "bootstrap";
    if (broker->id >= 0)
        snprintf(id, sizeof(id), "%d", (int)broker->id);
    broker->own.name =
        rk_text_format("%s%s%s:%u/%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port, id);
}

/* News for a broker, from background. */
struct news_mail {
    struct rk_mail mail;
    struct rk_broker *broker;
    char *host; /* NULL: still the same. */
    uint16_t port;
    bool is_retired;
    enum rk_purpose purpose;
};

static void free_news(struct rk_mail *mail)
{
    struct news_mail *self = rk_container_of(mail, struct news_mail, mail);
    rk_free(self->host);
    rk_free(self);
}

static void post_news(struct news_mail news, void (*deliver)(struct rk_mail *mail))
{
    struct news_mail *self = RK_NEW(struct news_mail);
    *self = news;
    self->mail.deliver = deliver;
    self->mail.discard = free_news;
    rk_loop_post(self->broker->loop, &self->mail);
}

static void deliver_address(struct rk_mail *mail)
{
    struct news_mail *self = rk_container_of(mail, struct news_mail, mail);
    struct rk_broker *broker = self->broker;
    rk_on_broker(broker->loop);
    rk_broker_set_address(broker, self->host, self->port);
    for (int i = 0; i < RK_PURPOSE_COUNT; i++) {
        rk_connection_drop(&broker->own.connections[i], RD_KAFKA_RESP_ERR__TRANSPORT,
                           "The broker has moved to %s:%u", self->host, self->port);
        rk_connection_retry_now(&broker->own.connections[i]);
    }
    free_news(mail);
}

void rk_broker_post_address(struct rk_broker *broker, const char *host, uint16_t port)
{
    post_news((struct news_mail){.broker = broker, .host = rk_strdup(host), .port = port},
              deliver_address);
}

static void deliver_retire(struct rk_mail *mail)
{
    struct news_mail *self = rk_container_of(mail, struct news_mail, mail);
    struct rk_broker *broker = self->broker;
    rk_on_broker(broker->loop);
    broker->own.is_retired = self->is_retired;
    uint64_t now_us = rk_clock_now_us();
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        rk_connection_poke(&broker->own.connections[i], now_us);
    free_news(mail);
}

void rk_broker_post_retire(struct rk_broker *broker, bool is_retired)
{
    post_news((struct news_mail){.broker = broker, .is_retired = is_retired}, deliver_retire);
}

static void deliver_prepare(struct rk_mail *mail)
{
    struct news_mail *self = rk_container_of(mail, struct news_mail, mail);
    struct rk_broker *broker = self->broker;
    rk_on_broker(broker->loop);
    atomic_fetch_and(&broker->preparing, ~(1u << self->purpose));
    rk_connection_prepare(&broker->own.connections[self->purpose]);
    free_news(mail);
}

void rk_broker_post_prepare(struct rk_broker *broker, enum rk_purpose purpose)
{
    unsigned bit = 1u << purpose;
    if (!(atomic_fetch_or(&broker->preparing, bit) & bit))
        post_news((struct news_mail){.broker = broker, .purpose = purpose}, deliver_prepare);
}

static void deliver_drop(struct rk_mail *mail)
{
    struct news_mail *self = rk_container_of(mail, struct news_mail, mail);
    rk_on_broker(self->broker->loop);
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        rk_connection_drop(&self->broker->own.connections[i], RD_KAFKA_RESP_ERR__TRANSPORT,
                           "The client begins anew with the bootstrap servers");
    free_news(mail);
}

void rk_broker_post_drop(struct rk_broker *broker)
{
    post_news((struct news_mail){.broker = broker}, deliver_drop);
}

/* A JoinGroup may be answered minutes later, so its connection is the last to notice that it is
 * dead: it goes with the one for heartbeats. */
static void drop_join(struct rk_broker *broker, const char *text) RK_ON_BROKER
{
    struct rk_connection *join = rk_broker_connection(broker, RK_PURPOSE_JOIN);
    if (rk_connection_is_open(join))
        rk_connection_drop(join, RD_KAFKA_RESP_ERR__TRANSPORT, "%s", text);
}

static void deliver_drop_join(struct rk_mail *mail)
{
    struct news_mail *self = rk_container_of(mail, struct news_mail, mail);
    rk_on_broker(self->broker->loop);
    drop_join(self->broker, "The answer is not waited for any longer");
    free_news(mail);
}

void rk_broker_post_drop_join(struct rk_broker *broker)
{
    post_news((struct news_mail){.broker = broker}, deliver_drop_join);
}

void rk_broker_take_addresses(struct rk_broker *broker, struct rk_addresses *addresses,
                              uint64_t now_us)
{
    rk_addresses_clear(&broker->own.addresses);
    broker->own.addresses = *addresses;
    *addresses = (struct rk_addresses){0};
    broker->own.addresses_until_us =
        now_us + (uint64_t)broker->core->conf->broker_address_ttl * 1000;
    for (int i = broker->own.addresses.count - 1; i > 0; i--) {
        int other = (int)rk_random_below((uint32_t)i + 1);
        struct rk_address swapped = broker->own.addresses.items[i];
        broker->own.addresses.items[i] = broker->own.addresses.items[other];
        broker->own.addresses.items[other] = swapped;
    }
}

enum rk_address_family rk_broker_address_family(const struct rk_broker *broker)
{
    switch ((enum rk_conf_address_family)broker->core->conf->broker_address_family) {
    case RK_CONF_ADDRESS_FAMILY_V4:
        return RK_FAMILY_V4;
    case RK_CONF_ADDRESS_FAMILY_V6:
        return RK_FAMILY_V6;
    case RK_CONF_ADDRESS_FAMILY_ANY:
        break;
    }
    return RK_FAMILY_ANY;
}

/* What the worker tells */

void rk_broker_set_used(struct rk_broker *broker, bool is_used)
{
    if (broker->own.is_used == is_used)
        return;
    broker->own.is_used = is_used;
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        rk_connection_look_at_time(&broker->own.connections[i]);
}

/* What the connections tell */

static void forget_errors(struct rk_broker *broker)
{
    struct rk_broker_errors *errors = &broker->own.errors;
    for (int i = 0; i < RK_BROKER_ERRORS_MAX; i++)
        rk_free(errors->texts[i]);
    *errors = (struct rk_broker_errors){.count = 0};
    rk_free(broker->own.last_error);
    broker->own.last_error = NULL;
    rk_free(broker->own.last_failure);
    broker->own.last_failure = NULL;
}

/* False when it was there. takes: text */
static bool add_error(struct rk_broker_errors *errors, char *text)
{
    for (int i = 0; i < RK_BROKER_ERRORS_MAX && errors->texts[i]; i++) {
        if (strcmp(errors->texts[i], text) == 0) {
            rk_free(text);
            return false;
        }
    }
    char **place = &errors->texts[errors->count++ % RK_BROKER_ERRORS_MAX];
    rk_free(*place);
    *place = text;
    return true;
}

void rk_broker_on_connection_up(struct rk_broker *broker, struct rk_connection *connection)
{
    (void)connection;
    if (broker->id >= 0)
        rk_core_name_broker(broker->core, broker->id, broker->own.name);
    atomic_fetch_add_explicit(&broker->stats.up_connections, 1, memory_order_relaxed);
    atomic_store_explicit(&broker->stats.is_failing, false, memory_order_relaxed);
    broker->own.down_since_us = 0;
    forget_errors(broker);
    rk_cluster_post_connection_change(broker->cluster);
}

void rk_broker_on_connection_down(struct rk_broker *broker, struct rk_connection *connection)
{
    if (atomic_fetch_sub_explicit(&broker->stats.up_connections, 1, memory_order_relaxed) == 1)
        broker->own.down_since_us = connection->own.state_since_us;
    rk_cluster_post_connection_change(broker->cluster);
}

/* Without the duration at the end, which differs every time. */
static char *without_duration(const char *text)
{
    const char *after = strstr(text, " (after ");
    return rk_strndup(text, after ? (size_t)(after - text) : strlen(text));
}

void rk_broker_on_connection_failed(struct rk_broker *broker, struct rk_connection *connection,
                                    rd_kafka_resp_err_t err, bool was_up, const char *text)
{
    if (was_up && connection == rk_broker_connection(broker, RK_PURPOSE_COORDINATOR))
        drop_join(broker, text);
    rk_free(broker->own.last_failure);
    broker->own.last_failure = rk_strdup(text);
    if (atomic_load_explicit(&broker->stats.up_connections, memory_order_relaxed) == 0)
        atomic_store_explicit(&broker->stats.is_failing, true, memory_order_relaxed);
    if (was_up && err == RD_KAFKA_RESP_ERR__TRANSPORT &&
        !broker->core->conf->log_connection_close) {
        rk_log_debug(broker->core, RK_DEBUG_BROKER, "FAIL", "%s", text);
    } else {
        rk_free(broker->own.last_error);
        broker->own.last_error = without_duration(text);
        if (add_error(&broker->own.errors, without_duration(text)))
            rk_core_post_error(broker->core, err, "%s", text);
    }
    rk_cluster_post_connection_change(broker->cluster);
}

void rk_broker_on_connection_state(struct rk_broker *broker, struct rk_connection *connection)
{
    static const char *const protocols[] = {
        [RK_CONF_SECURITY_PLAINTEXT] = "plaintext",
        [RK_CONF_SECURITY_SSL] = "ssl",
        [RK_CONF_SECURITY_SASL_PLAINTEXT] = "sasl_plaintext",
        [RK_CONF_SECURITY_SASL_SSL] = "sasl_ssl",
    };
    struct rk_core *core = broker->core;
    bool any_up = atomic_load_explicit(&broker->stats.up_connections, memory_order_relaxed) > 0;
    if (!any_up && broker->own.down_since_us == 0)
        broker->own.down_since_us = connection->own.state_since_us;
    int state = any_up ? RK_CONNECTION_UP : (int)connection->own.state;
    int before = atomic_exchange_explicit(&broker->stats.state, state, memory_order_relaxed);
    if (state == before || broker->own.port == 0)
        return; /* Without an address: a seed that knows nobody. */
    atomic_store_explicit(&broker->stats.state_since_us, connection->own.state_since_us,
                          memory_order_relaxed);
    if (rk_interceptors_has(&core->conf_object->interceptors, RK_ON_BROKER_STATE_CHANGE))
        rk_interceptors_on_broker_state_change(
            &core->conf_object->interceptors, core->client, broker->id,
            protocols[core->conf->security_protocol], broker->own.host, broker->own.port,
            rk_connection_state_name((enum rk_connection_state)state));
}

void rk_broker_note_throttle(struct rk_broker *broker, int32_t throttle_ms)
{
    if (RK_LIKELY(throttle_ms == 0 && broker->own.throttle_ms == 0))
        return;
    broker->own.throttle_ms = throttle_ms;
    if (broker->core->conf->callbacks.throttle_cb)
        rk_queue_push(broker->core->main_queue,
                      rk_event_new_throttle(broker->own.name, broker->id, throttle_ms));
}

/* Life */

struct rk_connection *rk_broker_connection(struct rk_broker *broker, enum rk_purpose purpose)
{
    return &broker->own.connections[purpose];
}

const char *rk_broker_name(const struct rk_broker *broker)
{
    return broker->own.name;
}

static void init_windows(struct rk_broker *broker)
{
    bool is_on = broker->core->conf->statistics_interval_ms > 0;
    struct rk_broker_windows *windows = &broker->own.windows;
    rk_window_init(&windows->queue_us, is_on ? HIGHEST_US : 0);
    rk_window_init(&windows->outbox_us, is_on ? HIGHEST_US : 0);
    rk_window_init(&windows->round_trip_us, is_on ? HIGHEST_US : 0);
    rk_window_init(&windows->throttle_ms, is_on ? HIGHEST_THROTTLE_MS : 0);
}

static void clear_windows(struct rk_broker *broker)
{
    struct rk_broker_windows *windows = &broker->own.windows;
    rk_window_clear(&windows->queue_us);
    rk_window_clear(&windows->outbox_us);
    rk_window_clear(&windows->round_trip_us);
    rk_window_clear(&windows->throttle_ms);
}

struct rk_broker *rk_broker_new(struct rk_cluster *cluster, int32_t id, const char *host,
                                uint16_t port, const char *rack)
{
    struct rk_broker *broker = RK_NEW(struct rk_broker);
    broker->cluster = cluster;
    broker->core = rk_cluster_core(cluster);
    broker->id = id;
    broker->known.host = rk_strdup(host);
    broker->known.port = port;
    broker->known.rack = rk_strdup_or_null(rack);
    rk_broker_set_address(broker, host, port);
    init_windows(broker);
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        rk_connection_init(&broker->own.connections[i], broker, (enum rk_purpose)i);
    return broker;
}

void rk_broker_run_on(struct rk_broker *broker, struct rk_loop *loop)
{
    broker->loop = loop;
    broker->known.is_started = true;
    broker->own.is_used = true; /* By everybody who has nobody else. */
}

void rk_broker_terminate(struct rk_broker *broker)
{
    if (broker->own.is_terminated)
        return;
    broker->own.is_terminated = true;
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        rk_connection_terminate(&broker->own.connections[i]);
}

void rk_broker_destroy(struct rk_broker *broker)
{
    struct rk_cluster_observer *observer = broker->cluster->observer;
    if (broker->owns_loop) {
        if (observer)
            observer->detach(observer, broker, broker->worker);
        rk_loop_destroy(broker->loop);
    }
    for (int i = 0; i < RK_PURPOSE_COUNT; i++)
        rk_connection_clear(&broker->own.connections[i]);
    rk_addresses_clear(&broker->own.addresses);
    clear_windows(broker);
    forget_errors(broker);
    rk_free(broker->own.host);
    rk_free(broker->own.name);
    rk_free(broker->known.host);
    rk_free(broker->known.rack);
    rk_free(broker);
}
