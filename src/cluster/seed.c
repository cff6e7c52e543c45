/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/seed.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"
#include "event/core.h"

#define DEFAULT_PORT 9092
#define MAX_AT_ONCE  16 /* Addresses tried one after the other until there is a pause. */

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

/* A bootstrap server whose canonical names are looked up. */
struct rk_seed_lookup {
    LIST_ENTRY(rk_seed_lookup) link;
    struct rk_seed *seed;
    struct rk_bootstrap_server server;
    struct rk_resolver_job *job; /* NULL: not begun. */
};

static bool is_same(const struct rk_bootstrap_server *a, const struct rk_bootstrap_server *b)
{
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

static bool has_server(const struct rk_seed *seed, const struct rk_bootstrap_server *server)
{
    for (int i = 0; i < seed->server_count; i++) {
        if (is_same(&seed->servers[i], server))
            return true;
    }
    const struct rk_seed_lookup *lookup;
    LIST_FOREACH (lookup, &seed->lookups, link) {
        if (is_same(&lookup->server, server))
            return true;
    }
    return false;
}

static void take_server(struct rk_seed *seed)
{
    const struct rk_bootstrap_server *server = &seed->servers[seed->next];
    rk_broker_set_address(seed->broker, server->host, server->port);
}

/* takes: server */
static void keep_server(struct rk_seed *seed, struct rk_bootstrap_server server)
{
    seed->servers =
        rk_realloc(seed->servers, (size_t)(seed->server_count + 1) * sizeof(*seed->servers));
    seed->servers[seed->server_count++] = server;
    if (seed->server_count == 1) {
        seed->next = 0;
        take_server(seed);
    }
}

static void free_lookup(struct rk_seed_lookup *lookup)
{
    LIST_REMOVE(lookup, link);
    rk_free(lookup->server.host);
    rk_free(lookup);
}

static void on_names(void *owner, struct rk_resolver_answer *answer)
{
    struct rk_seed_lookup *lookup = owner;
    struct rk_seed *seed = lookup->seed;
    struct rk_cluster *cluster = seed->cluster;
    struct rk_bootstrap_server server = lookup->server;
    rk_on_background(cluster->background);
    lookup->server.host = NULL;
    free_lookup(lookup);
    for (int i = 0; i < answer->name_count; i++) {
        struct rk_bootstrap_server named = server;
        named.host = answer->names[i];
        if (has_server(seed, &named))
            continue;
        named.host = rk_strdup(named.host);
        keep_server(seed, named);
    }
    if (answer->name_count > 0) {
        rk_free(server.host);
    } else {
        rk_log(cluster->core, RK_LOG_WARNING, "BROKER",
               "bootstrap.servers: no canonical name for %s: %s; it is used as it is", server.host,
               answer->error ? answer->error : "none");
        keep_server(seed, server);
    }
    rk_metadata_want_all(&cluster->own.metadata, "a bootstrap server was looked up");
}

static void begin_lookup(struct rk_seed_lookup *lookup)
{
    struct rk_seed *seed = lookup->seed;
    lookup->job = rk_resolver_start_canonical(
        rk_cluster_resolver(seed->cluster), lookup->server.host, lookup->server.port,
        rk_broker_address_family(seed->broker), seed->broker->loop, on_names, lookup);
}

/* takes: server */
static void add_lookup(struct rk_seed *seed, struct rk_bootstrap_server server)
{
    struct rk_seed_lookup *lookup = RK_NEW(struct rk_seed_lookup);
    lookup->seed = seed;
    lookup->server = server;
    LIST_INSERT_HEAD(&seed->lookups, lookup, link);
    if (seed->is_started)
        begin_lookup(lookup);
}

/* True when the entry was taken, or is there already. */
static bool add_server(struct rk_seed *seed, struct rk_core *core, const char *text, size_t size)
{
    struct rk_bootstrap_server server;
    if (!rk_seed_parse(text, size, &server)) {
        if (size > 0)
            rk_log(core, RK_LOG_WARNING, "BROKER",
                   "bootstrap.servers: \"%.*s\" is no host:port, ignored", (int)size, text);
        return false;
    }
    bool is_ours = server.security < 0 || server.security == core->conf->security_protocol;
    if (!is_ours)
        rk_log(core, RK_LOG_WARNING, "BROKER",
               "bootstrap.servers: \"%.*s\" does not match security.protocol, ignored", (int)size,
               text);
    if (!is_ours || has_server(seed, &server))
        rk_free(server.host);
    else if (core->conf->client_dns_lookup == RK_CONF_DNS_LOOKUP_CANONICAL)
        add_lookup(seed, server);
    else
        keep_server(seed, server);
    return is_ours;
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
    *seed = (struct rk_seed){.cluster = cluster};
    LIST_INIT(&seed->lookups);
    seed->broker = rk_broker_new(cluster, -1, "", 0, NULL);
    rk_broker_run_on(seed->broker, background);
    rk_seed_add(seed, core, core->conf->metadata_broker_list);
}

void rk_seed_start(struct rk_seed *seed)
{
    struct rk_seed_lookup *lookup;
    seed->is_started = true;
    LIST_FOREACH (lookup, &seed->lookups, link) {
        begin_lookup(lookup);
    }
}

bool rk_seed_is_looking_up(const struct rk_seed *seed)
{
    return !LIST_EMPTY(&seed->lookups);
}

void rk_seed_restart(struct rk_seed *seed)
{
    struct rk_connection *connection = rk_broker_connection(seed->broker, RK_PURPOSE_GENERAL);
    if (seed->server_count == 0)
        return;
    seed->next = (int)rk_random_below((uint32_t)seed->server_count);
    take_server(seed);
    rk_connection_drop(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                       "The client begins anew with the bootstrap servers");
}

void rk_seed_terminate(struct rk_seed *seed)
{
    struct rk_seed_lookup *lookup;
    while ((lookup = LIST_FIRST(&seed->lookups)) != NULL) {
        if (lookup->job)
            rk_resolver_abandon(lookup->job);
        free_lookup(lookup);
    }
    rk_broker_terminate(seed->broker);
}

void rk_seed_clear(struct rk_seed *seed)
{
    rk_broker_destroy(seed->broker);
    while (!LIST_EMPTY(&seed->lookups)) /* Never begun. */
        free_lookup(LIST_FIRST(&seed->lookups));
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

int32_t rk_seed_answerer(const struct rk_seed *seed, const struct rk_request *request)
{
    const struct rk_metadata_answer *answer = request->answer;
    const struct rk_broker *broker = seed->broker;
    if (request->broker_id >= 0 || !broker->own.host)
        return request->broker_id;
    for (int32_t i = 0; i < answer->brokers.count; i++) {
        if (answer->brokers.items[i].port == broker->own.port &&
            strcmp(answer->brokers.items[i].host, broker->own.host) == 0)
            return answer->brokers.items[i].node_id;
    }
    return request->broker_id;
}

bool rk_seed_has_failed(const struct rk_seed *seed, const struct rk_snapshot *snapshot)
{
    return seed->seen_failures >= address_count(seed, snapshot);
}

static void take_next(struct rk_seed *seed, const struct rk_snapshot *snapshot) RK_ON_BROKER
{
    seed->next = (seed->next + 1) % address_count(seed, snapshot);
    if (seed->next < seed->server_count) {
        take_server(seed);
    } else {
        const struct rk_snapshot_broker *broker =
            &snapshot->brokers[seed->next - seed->server_count];
        rk_broker_set_address(seed->broker, broker->host, broker->port);
    }
}

void rk_seed_leave_silent(struct rk_seed *seed, const struct rk_snapshot *snapshot)
{
    struct rk_connection *connection = rk_broker_connection(seed->broker, RK_PURPOSE_GENERAL);
    if (!rk_connection_is_open(connection) || seed->left_silent >= seed->server_count - 1 ||
        rk_clock_now_us() - connection->own.attempt_at_us < RK_METADATA_SILENCE_US / 2)
        return;
    seed->left_silent++;
    rk_connection_drop(connection, RD_KAFKA_RESP_ERR__TRANSPORT,
                       "It keeps silent: another address is tried");
    connection->own.broken.goes_on = true;
    take_next(seed, snapshot);
}

void rk_seed_on_answer(struct rk_seed *seed)
{
    seed->left_silent = 0;
}

void rk_seed_on_change(struct rk_seed *seed, const struct rk_snapshot *snapshot)
{
    struct rk_connection *connection = rk_broker_connection(seed->broker, RK_PURPOSE_GENERAL);
    int total = address_count(seed, snapshot);
    bool has_failed = connection->own.failures > seed->seen_failures;
    seed->seen_failures = connection->own.failures;
    if (!has_failed || total == 0)
        return;
    take_next(seed, snapshot);
    if (seed->seen_failures % RK_MIN(total, MAX_AT_ONCE) != 0)
        rk_connection_retry_now(connection);
}
