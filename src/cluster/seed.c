/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/seed.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "cluster/cluster.h"
#include "conf/conf.h"
#include "event/core.h"

#define DEFAULT_PORT 9092

static bool parse_port(const char *text, size_t size, uint16_t *port)
{
    unsigned value = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || value > UINT16_MAX)
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *port = (uint16_t)value;
    return size > 0 && value > 0 && value <= UINT16_MAX;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What stands before "://": moves past it. False when it is no protocol of Kafka's. */
static bool parse_protocol(const char **text, const char *end, int *security)
{
    static const struct {
        const char *name;
        enum rk_conf_security security;
    } protocols[] = {
        {"plaintext", RK_CONF_SECURITY_PLAINTEXT},
        {"ssl", RK_CONF_SECURITY_SSL},
        {"sasl_plaintext", RK_CONF_SECURITY_SASL_PLAINTEXT},
        {"sasl_ssl", RK_CONF_SECURITY_SASL_SSL},
    };
    *security = -1;
    const char *at = memmem(*text, (size_t)(end - *text), "://", 3);
    if (!at)
        return true;
    size_t size = (size_t)(at - *text);
    for (size_t i = 0; i < RK_COUNT_OF(protocols); i++) {
        if (strlen(protocols[i].name) == size && strncasecmp(protocols[i].name, *text, size) == 0)
            *security = (int)protocols[i].security;
    }
    *text = at + 3;
    return *security >= 0;
}

bool rk_seed_parse(const char *text, size_t size, struct rk_bootstrap_server *server)
{
    const char *end = text + size;
    while (text < end && is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    if (!parse_protocol(&text, end, &server->security))
        return false;
    const char *host = text, *host_end, *port = NULL;
    if (text < end && *text == '[') {
        host = text + 1;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (!host_end || (host_end + 1 < end && host_end[1] != ':'))
            return false;
        if (host_end + 1 < end)
            port = host_end + 2;
    } else {
        host_end = memchr(host, ':', (size_t)(end - host));
        if (host_end)
            port = host_end + 1;
        else
            host_end = end;
    }
    server->port = DEFAULT_PORT;
    if (host_end == host || (port && !parse_port(port, (size_t)(end - port), &server->port)))
        return false;
    server->host = rk_strndup(host, (size_t)(host_end - host));
    return true;
}

static bool has_server(const struct rk_seed *seed, const struct rk_bootstrap_server *server)
{
    for (int i = 0; i < seed->server_count; i++) {
        if (seed->servers[i].port == server->port &&
            strcasecmp(seed->servers[i].host, server->host) == 0)
            return true;
    }
    return false;
}

/* True when the entry was taken, or is there already. */
static bool add_server(struct rk_seed *seed, struct rk_core *core, const char *text, size_t size)
{
    struct rk_bootstrap_server server;
    if (!rk_seed_parse(text, size, &server)) {
        if (size > 0)
            rk_log(core, 4, "BROKER", "bootstrap.servers: \"%.*s\" is no host:port, ignored",
                   (int)size, text);
        return false;
    }
    bool is_ours = server.security < 0 || server.security == core->conf->security_protocol;
    if (!is_ours)
        rk_log(core, 4, "BROKER",
               "bootstrap.servers: \"%.*s\" does not match security.protocol, ignored", (int)size,
               text);
    if (!is_ours || has_server(seed, &server)) {
        rk_free(server.host);
        return is_ours;
    }
    seed->servers =
        rk_realloc(seed->servers, (size_t)(seed->server_count + 1) * sizeof(*seed->servers));
    seed->servers[seed->server_count++] = server;
    return true;
}

static void take_server(struct rk_seed *seed)
{
    const struct rk_bootstrap_server *server = &seed->servers[seed->next];
    rk_broker_set_address(seed->broker, server->host, server->port);
}

int rk_seed_add(struct rk_seed *seed, struct rk_core *core, const char *list)
{
    int before = seed->server_count, taken = 0;
    while (list && *list) {
        size_t size = strcspn(list, ",");
        taken += add_server(seed, core, list, size);
        list += size + (list[size] == ',');
    }
    if (before == 0 && seed->server_count > 0) {
        seed->next = (int)rk_random_below((uint32_t)seed->server_count);
        take_server(seed);
    }
    return taken;
}

void rk_seed_init(struct rk_seed *seed, struct rk_cluster *cluster, struct rk_loop *background)
{
    struct rk_core *core = rk_cluster_core(cluster);
    *seed = (struct rk_seed){0};
    seed->broker = rk_broker_new(cluster, -1, "", 0, NULL);
    rk_broker_run_on(seed->broker, background);
    rk_seed_add(seed, core, core->conf->metadata_broker_list);
}

void rk_seed_clear(struct rk_seed *seed)
{
    rk_broker_destroy(seed->broker);
    for (int i = 0; i < seed->server_count; i++)
        rk_free(seed->servers[i].host);
    rk_free(seed->servers);
}

static int address_count(const struct rk_seed *seed, const struct rk_snapshot *snapshot)
{
    return seed->server_count + (snapshot ? snapshot->broker_count : 0);
}

bool rk_seed_is_empty(const struct rk_seed *seed, const struct rk_snapshot *snapshot)
{
    return address_count(seed, snapshot) == 0;
}

bool rk_seed_has_failed(const struct rk_seed *seed, const struct rk_snapshot *snapshot)
{
    return seed->seen_failures >= address_count(seed, snapshot);
}

void rk_seed_on_change(struct rk_seed *seed, const struct rk_snapshot *snapshot) RK_ON_BROKER
{
    struct rk_connection *connection = rk_broker_connection(seed->broker, RK_PURPOSE_GENERAL);
    int total = address_count(seed, snapshot);
    bool has_failed = connection->own.failures > seed->seen_failures;
    seed->seen_failures = connection->own.failures;
    if (!has_failed || total == 0)
        return;
    seed->next = (seed->next + 1) % total;
    if (seed->next < seed->server_count) {
        take_server(seed);
    } else {
        const struct rk_snapshot_broker *broker =
            &snapshot->brokers[seed->next - seed->server_count];
        rk_broker_set_address(seed->broker, broker->host, broker->port);
    }
    if (seed->seen_failures % total != 0)
        rk_connection_retry_now(connection);
}
