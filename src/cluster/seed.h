/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seed: a client's way into the cluster while no broker is in use, or none can be reached.
 *
 * One broker without a thread, on the background loop, that takes one address after the other:
 * bootstrap servers first, then every broker known from metadata, then the bootstrap servers anew
 * (KIP-899), looked up anew each time. With client.dns.lookup=resolve_canonical_bootstrap_servers_
 * only a bootstrap server stands for the canonical names of its addresses.
 */
#ifndef RK_CLUSTER_SEED_H
#define RK_CLUSTER_SEED_H

#include "cluster/broker.h"
#include "cluster/snapshot.h"

struct rk_core;

struct rk_bootstrap_server {
    char *host;
    uint16_t port;
    int security; /* enum rk_conf_security before "://"; -1: there is none. */
};

struct rk_seed_lookup;
LIST_HEAD(rk_seed_lookup_list, rk_seed_lookup);

struct rk_seed {
    struct rk_cluster *cluster;
    struct rk_broker *broker;
    bool is_started;
    struct rk_seed_lookup_list lookups; /* For canonical names; under way once started. */
    struct rk_bootstrap_server *servers;
    int server_count;
    int next;          /* Index into servers, then into the snapshot's brokers. */
    int seen_failures; /* Of the connection, acted upon. */
    int left_silent;   /* How often one was left before it had failed, since an answer came. */
};

/* Reads bootstrap.servers. */
void rk_seed_init(struct rk_seed *seed, struct rk_cluster *cluster, struct rk_loop *background);
/* Adds a comma-separated list; entries that make no sense, or are for another security.protocol,
 * are logged and left out. Returns how many were taken, those known already included. Background,
 * or before it starts. */
int rk_seed_add(struct rk_seed *seed, struct rk_core *core, const char *list);
/* Looks up canonical names, where they are wanted. */
void rk_seed_start(struct rk_seed *seed) RK_ON_BACKGROUND;
bool rk_seed_is_looking_up(const struct rk_seed *seed);
/* Leaves what it is connected to for a bootstrap server. */
void rk_seed_restart(struct rk_seed *seed) RK_ON_BROKER;
/* Ends everything under way. */
void rk_seed_terminate(struct rk_seed *seed) RK_ON_BROKER;
void rk_seed_clear(struct rk_seed *seed);
/* There is no address at all to try. */
bool rk_seed_is_empty(const struct rk_seed *seed, const struct rk_snapshot *snapshot);
/* Its connection failed, or came up: goes on to the next address, at once while this round has one
 * that was not tried. */
void rk_seed_on_change(struct rk_seed *seed, const struct rk_snapshot *snapshot) RK_ON_BROKER;
/* Whoever it is connected, or connecting, to keeps silent: goes on to the next address, though that
 * one has not failed; as often as there are other bootstrap servers, then it is waited for as long
 * as the configuration says. An attempt that has only just begun, after a back-off, is let be. */
void rk_seed_leave_silent(struct rk_seed *seed, const struct rk_snapshot *snapshot) RK_ON_BROKER;
/* Somebody has answered. */
void rk_seed_on_answer(struct rk_seed *seed);
/* Which broker has answered: the request names it, unless the seed sent it to an address and the
 * answer says whose that is; -1: nobody's. */
int32_t rk_seed_answerer(const struct rk_seed *seed, const struct rk_request *request) RK_ON_BROKER;
/* Every address was tried since a connection was up last. */
bool rk_seed_has_failed(const struct rk_seed *seed, const struct rk_snapshot *snapshot);
/* "host[:port]", "[v6]:port", with or without "PROTOCOL://". False when it is none of these; else
 * the host is the caller's (rk_free). */
bool rk_seed_parse(const char *text, size_t size, struct rk_bootstrap_server *server);

#endif
