/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual network: descriptors, byte streams between them, and nodes, which are ports that
 * brokers listen on, with the link that leads there.
 *
 * What the twins of the sockets (socket_sim.c) and of waiting (wait_sim.c) stand on; scenarios use
 * the verbs in sim.h. A stream keeps order and loses nothing, as TCP does: bytes arrive after the
 * link's latency and at its speed, in pieces cut by chance. Holder of the baton only.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/scheduler.h"
#include "sim/sim.h"

struct sim_connection;
struct sim_descriptor;

enum { SIM_CONNECTS_KEPT = 256 };

/* Where a broker listens, and the link to it. */
struct sim_node {
    struct sim_node *next;
    uint16_t port;
    int number; /* From 1, as they were made. */
    struct sim_link link;
    struct sim_descriptor *listener;            /* NULL: nobody listens. */
    uint64_t connects;                          /* Attempts so far, */
    uint64_t connects_at_us[SIM_CONNECTS_KEPT]; /* and when the last were. */
};

/* One direction of a connection. The first event of the queue delivers its bytes. */
struct sim_stream {
    struct sim_connection *connection;
    uint8_t *bytes; /* From `read` to `written`. */
    size_t start, end, capacity;
    size_t arrived; /* Of those in `bytes`, what the reader may have. */
    struct sim_piece {
        size_t size;
        uint64_t at_us;
    } * pieces; /* On their way. */
    size_t piece_first, piece_end, piece_capacity;
    bool is_ended, has_end_arrived; /* The writer closed. */
    struct sim_event event;
};

enum sim_connection_state { SIM_CONNECTING, SIM_ESTABLISHED, SIM_CONNECT_FAILED };

struct sim_connection {
    struct sim_connection *next; /* Of all. */
    struct sim_node *node;
    enum sim_connection_state state;
    char address[48]; /* Where it leads to. */
    bool is_dead;     /* Half-open: nothing goes through, and nobody is told. */
    uint64_t tries, begun_us;
    struct sim_event connecting;
    struct sim_event resetting;
    struct sim_event unacknowledged; /* What the client sent does not arrive: it gives up. */
    uint64_t unacknowledged_us;      /* When that is; 0: never. */
    struct sim_stream streams[2];    /* By the writer: client, server. */
    struct sim_descriptor *ends[2];  /* NULL: closed, or not accepted yet. */
    bool is_awaiting_accept;
    int error[2]; /* What each end sees. */
};

enum sim_descriptor_kind { SIM_CLOSED, SIM_SOCKET, SIM_LISTENER, SIM_RESERVED, SIM_WAKE };

struct sim_descriptor {
    int fd;
    enum sim_descriptor_kind kind;
    struct sim_thread *poller; /* Who waits for it. */
    struct sim_connection *connection;
    int side;
    int unacknowledged_ms;
    struct sim_node *node;
    uint64_t wakes;
};

/* Descriptors. The lowest free number is given, as the system does. */
struct sim_descriptor *sim_descriptor_new(enum sim_descriptor_kind kind);
struct sim_descriptor *sim_descriptor_find(int fd); /* Fails the run when it is not open. */
void sim_descriptor_free(struct sim_descriptor *descriptor);
/* poll(2)'s bits as they stand. */
short sim_descriptor_events(const struct sim_descriptor *descriptor);
/* Something changed: whoever waits for it looks again. */
void sim_descriptor_changed(struct sim_descriptor *descriptor);

struct sim_node *sim_node_find(uint16_t port); /* NULL */
struct sim_node *sim_node_new(uint16_t port);
struct sim_node *sim_nodes(void);
struct sim_connection *sim_connections(void);

void sim_connection_start(struct sim_descriptor *descriptor, const char *address, uint16_t port);
/* The next that waits at this listener, or NULL. */
struct sim_connection *sim_connection_accept(const struct sim_node *node);
size_t sim_connection_read(struct sim_connection *connection, int side, void *bytes, size_t size);
/* Takes what fits. */
size_t sim_connection_write(struct sim_connection *connection, int side, const void *bytes,
                            size_t size);
void sim_connection_close(struct sim_connection *connection, int side);
/* Both ends are told at once. */
void sim_connection_reset(struct sim_connection *connection);
/* The link changed: what was held up goes on. */
void sim_connection_retry(struct sim_connection *connection);

static inline size_t sim_stream_room(const struct sim_connection *connection, int side)
{
    const struct sim_stream *stream = &connection->streams[side];
    size_t held = stream->end - stream->start;
    return held < connection->node->link.buffer ? connection->node->link.buffer - held : 0;
}

#endif
