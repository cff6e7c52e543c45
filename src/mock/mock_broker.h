/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker of the mock cluster: a port that it keeps, a listening socket while it is up, its
 * connections and fetch sessions.
 *
 * Belongs to its cluster, on the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_BROKER_H
#define RK_MOCK_MOCK_BROKER_H

#include "mock/mock_connection.h"
#include "mock/mock_fetch_session.h"
#include "mock/mock_inject.h"
#include "mock/mock_state.h"

/* Since the broker was made. */
struct rk_mock_traffic {
    uint64_t connections, bytes_read, bytes_written;
};

struct rk_mock_broker {
    TAILQ_ENTRY(rk_mock_broker) link;
    struct rk_mock_cluster *cluster;
    int32_t id;
    uint16_t port;
    int reserve_fd;          /* Holds the port while the broker is down. */
    struct rk_watch watch;   /* The listening socket, while it is up. */
    int listen_fd;           /* -1: down. */
    struct rk_timer retry;   /* Accepts again, after the system had no descriptor. */
    char *host;              /* What metadata tells, */
    int32_t advertised_port; /* not always where it listens. */
    char *rack;              /* NULL: none. */
    uint64_t rtt_us;
    bool is_hidden; /* From metadata. */
    struct rk_mock_traffic traffic;
    struct rk_mock_injections injections;
    TAILQ_HEAD(, rk_mock_connection) connections;
    struct rk_mock_fetch_sessions sessions;
};

/* Adds a broker that is up. NULL with errno. */
struct rk_mock_broker *rk_mock_broker_new(struct rk_mock_cluster *cluster, int32_t id);
/* Takes it out of its cluster. Not from inside one of its connections. */
void rk_mock_broker_destroy(struct rk_mock_broker *broker);
/* NULL when there is none. */
struct rk_mock_broker *rk_mock_broker_find(struct rk_mock_cluster *cluster, int32_t id);
/* index < broker_count */
struct rk_mock_broker *rk_mock_broker_at(struct rk_mock_cluster *cluster, int index);
/* Not from inside one of its connections. */
void rk_mock_broker_set_down(struct rk_mock_broker *broker);
/* False with errno. */
bool rk_mock_broker_set_up(struct rk_mock_broker *broker);

#endif
