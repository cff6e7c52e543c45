/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulation's name resolution. net/resolver_posix.c itself is part of the simulation; the
 * calls it makes are linked to these (-Wl,--wrap).
 */
#include "sim/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "runtime/thread.h"
#include "sim/network.h"

enum { NAMES_MAX = 1024, ADDRESSES_MAX = 16, SLOW_MAX_US = 20000 };

static struct {
    struct name {
        char name[64];
        char addresses[ADDRESSES_MAX][48];
        int address_count;
        enum sim_name_state state;
    } names[NAMES_MAX];
    int count;
    char dead[NAMES_MAX][48];
    int dead_count;
} table;

static struct name *find(const char *name)
{
    for (int i = 0; i < table.count; i++) {
        if (strcmp(table.names[i].name, name) == 0)
            return &table.names[i];
    }
    return NULL;
}

static struct name *need(const char *text)
{
    struct name *name = find(text);
    if (name)
        return name;
    if (table.count == NAMES_MAX)
        sim_fail("more than %d names", NAMES_MAX);
    name = &table.names[table.count++];
    snprintf(name->name, sizeof(name->name), "%s", text);
    return name;
}

void sim_name(const char *text, const char *addresses)
{
    sim_hide_begin();
    struct name *name = need(text);
    name->address_count = 0;
    while (*addresses && name->address_count < ADDRESSES_MAX) {
        size_t size = strcspn(addresses, ",");
        snprintf(name->addresses[name->address_count++], sizeof(name->addresses[0]), "%.*s",
                 (int)size, addresses);
        addresses += size + (addresses[size] == ',');
    }
    sim_hide_end();
}

void sim_name_state(const char *text, enum sim_name_state state)
{
    sim_hide_begin();
    struct name *name = need(text);
    name->state = state;
    sim_wake_all(SIM_WAITS_NAME, name);
    sim_hide_end();
    sim_note_fault("look-ups of %s: %d", text, (int)state);
}

void sim_address_dead(const char *address, bool is_dead)
{
    sim_note_fault("packets to %s %s", address, is_dead ? "vanish" : "arrive");
    for (int i = 0; i < table.dead_count; i++) {
        if (strcmp(table.dead[i], address) == 0)
            strcpy(table.dead[i], table.dead[--table.dead_count]);
    }
    if (is_dead && table.dead_count < NAMES_MAX)
        snprintf(table.dead[table.dead_count++], sizeof(table.dead[0]), "%s", address);
    for (struct sim_connection *at = sim_connections(); at; at = at->next) {
        if (strcmp(at->address, address) != 0)
            continue;
        at->is_dead = is_dead;
        if (!is_dead)
            sim_connection_retry(at);
    }
}

bool sim_address_is_dead(const char *address)
{
    for (int i = 0; i < table.dead_count; i++) {
        if (strcmp(table.dead[i], address) == 0)
            return true;
    }
    return false;
}

/* One list entry with its address behind it. False when the text is no address of the family. */
static bool add_address(struct addrinfo ***end, const char *text, int family, uint16_t port)
{
    struct item {
        struct addrinfo info;
        struct sockaddr_in6 address;
    };
    struct in_addr v4;
    struct in6_addr v6;
    bool is_v4 = inet_pton(AF_INET, text, &v4) == 1;
    if (!is_v4 && inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    if (family != AF_UNSPEC && family != (is_v4 ? AF_INET : AF_INET6))
        return false;
    struct item *item = sim_alloc(sizeof(*item));
    struct sockaddr_in *to_v4 = (void *)&item->address;
    item->info.ai_family = is_v4 ? AF_INET : AF_INET6;
    item->info.ai_socktype = SOCK_STREAM;
    item->info.ai_addr = (struct sockaddr *)&item->address;
    item->info.ai_addrlen = is_v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (is_v4)
        *to_v4 =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = v4};
    else
        item->address = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = v6};
    **end = &item->info;
    *end = &item->info.ai_next;
    return true;
}

/* Takes its time; hangs while the name does. */
static int ask(const char *host, int family, uint16_t port, struct addrinfo **result)
{
    sim_trace_text("look up %s", host);
    rk_thread_pause_us(1 + sim_chance_below(SIM_CHANCE_NETWORK, SLOW_MAX_US));
    struct name *name = find(host);
    int error = sim_fault_error(SIM_FAULT_LOOK_UP);
    if (error)
        errno = ENOMEM; /* Of EAI_SYSTEM. */
    if (error || !name)
        return error ? error : EAI_NONAME;
    while (name->state == SIM_NAME_HANGS)
        sim_wait_for(SIM_WAITS_NAME, name, name - table.names, RK_NEVER);
    if (name->state == SIM_NAME_FAILS)
        return EAI_AGAIN;
    sim_hide_begin();
    for (int i = 0; i < name->address_count; i++)
        add_address(&result, name->addresses[i], family, port);
    sim_hide_end();
    return 0;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result)
{
    struct addrinfo **end = result;
    uint16_t port = 0;
    *result = NULL;
    for (const char *at = service; *at; at++)
        port = (uint16_t)(port * 10 + (*at - '0'));
    sim_hide_begin();
    bool is_literal = add_address(&end, host, hints->ai_family, port);
    sim_hide_end();
    if (is_literal)
        return 0;
    if (hints->ai_flags & AI_NUMERICHOST)
        return EAI_NONAME;
    int error = ask(host, hints->ai_family, port, result);
    return error || *result ? error : EAI_NONAME;
}

void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        sim_free(list);
        list = next;
    }
}

int __wrap_getnameinfo(const struct sockaddr *address, socklen_t address_size, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags);
int __wrap_getnameinfo(const struct sockaddr *address, socklen_t address_size, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags)
{
    char text[INET6_ADDRSTRLEN];
    const void *raw = address->sa_family == AF_INET
                          ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                          : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
    (void)address_size;
    (void)service;
    (void)service_size;
    inet_ntop(address->sa_family, raw, text, sizeof(text));
    if (flags & NI_NUMERICHOST) {
        snprintf(host, host_size, "%s", text);
        return 0;
    }
    for (int i = 0; i < table.count; i++) {
        for (int j = 0; j < table.names[i].address_count; j++) {
            if (strcmp(table.names[i].addresses[j], text) != 0)
                continue;
            snprintf(host, host_size, "%s", table.names[i].name);
            return 0;
        }
    }
    return EAI_NONAME;
}
