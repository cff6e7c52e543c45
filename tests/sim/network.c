/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/network.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "runtime/thread.h"
#include "sim/names.h"

enum {
    FIRST_FD = 1000,
    FDS_MAX = 65536,
    CLIENT = 0,
    SERVER = 1,
    CONNECTS_MAX = 64, /* Within a second, unless the scenario has more clients. */
    REST_AFTER = 32
};

#define CONNECT_GIVE_UP_US ((uint64_t)127 * 1000 * 1000)
#define SECOND_US          ((uint64_t)1000 * 1000)

static struct {
    struct sim_descriptor *table[FDS_MAX];
    int open_count;
    int limit;
    struct sim_node *nodes;
    int node_count;
    struct sim_connection *connections;
    uint64_t connect_cap; /* To a node within a second; 0: the usual. */
    uint64_t cut_one_in;  /* How often what arrives is cut into pieces; 0: never. */
} network = {.limit = FDS_MAX};

/* Descriptors */

struct sim_descriptor *sim_descriptor_new(enum sim_descriptor_kind kind)
{
    if (network.open_count >= network.limit) {
        errno = EMFILE;
        return NULL;
    }
    int i = 0;
    while (network.table[i])
        i++;
    struct sim_descriptor *descriptor = sim_alloc(sizeof(*descriptor));
    descriptor->fd = FIRST_FD + i;
    descriptor->kind = kind;
    network.table[i] = descriptor;
    network.open_count++;
    return descriptor;
}

struct sim_descriptor *sim_descriptor_find(int fd)
{
    int i = fd - FIRST_FD;
    if (i < 0 || i >= FDS_MAX || !network.table[i])
        sim_fail("descriptor %d is used, but not open", fd);
    return network.table[i];
}

void sim_descriptor_free(struct sim_descriptor *descriptor)
{
    if (descriptor->poller)
        sim_fail("descriptor %d is closed while a thread waits for it", descriptor->fd);
    network.table[descriptor->fd - FIRST_FD] = NULL;
    network.open_count--;
    sim_free(descriptor);
}

int sim_descriptors_open(void)
{
    return network.open_count;
}

void sim_descriptor_limit(int limit)
{
    network.limit = limit < 0 ? FDS_MAX : limit;
    sim_note_fault("at most %d descriptors", network.limit);
}

static short socket_events(const struct sim_descriptor *descriptor)
{
    const struct sim_connection *connection = descriptor->connection;
    int side = descriptor->side;
    if (!connection)
        return POLLOUT | POLLHUP;
    if (connection->error[side])
        return POLLIN | POLLOUT | POLLERR | POLLHUP;
    if (connection->state != SIM_ESTABLISHED)
        return 0;
    const struct sim_stream *in = &connection->streams[!side];
    short events = 0;
    if (in->arrived > 0 || in->has_end_arrived)
        events |= POLLIN;
    if (3 * sim_stream_room(connection, side) >= connection->node->link.buffer)
        events |= POLLOUT;
    return events;
}

short sim_descriptor_events(const struct sim_descriptor *descriptor)
{
    switch (descriptor->kind) {
    case SIM_WAKE:
        return descriptor->wakes > 0 ? POLLIN : 0;
    case SIM_LISTENER:
        return sim_connection_accept(descriptor->node) ? POLLIN : 0;
    case SIM_SOCKET:
        return socket_events(descriptor);
    case SIM_RESERVED:
    case SIM_CLOSED:
        break;
    }
    return 0;
}

void sim_descriptor_changed(struct sim_descriptor *descriptor)
{
    struct sim_thread *poller = descriptor ? descriptor->poller : NULL;
    if (!poller)
        return;
    short events = sim_descriptor_events(descriptor);
    for (int i = 0; i < poller->entry_count; i++) {
        const struct rk_wait_entry *entry = &poller->entries[i];
        if (entry->fd == descriptor->fd && (events & (entry->events | POLLERR | POLLHUP)))
            sim_make_runnable(poller);
    }
}

/* Nodes */

struct sim_node *sim_node_find(uint16_t port)
{
    struct sim_node *node = network.nodes;
    while (node && node->port != port)
        node = node->next;
    return node;
}

/* A link is as fast as this seed makes it. */
static void init_link(struct sim_link *link)
{
    static const uint64_t latencies_us[] = {50, 500, 2000, 20000};
    static const size_t buffers[] = {64 * 1024, 256 * 1024, 1024 * 1024, 4096};
    *link = (struct sim_link){
        .latency_us = latencies_us[sim_chance_below(SIM_CHANCE_NETWORK, 4)],
        .buffer = buffers[sim_chance_below(SIM_CHANCE_NETWORK, 4)],
        .bytes_per_second = (uint64_t)100 * 1000 * 1000,
    };
    link->jitter_us = link->latency_us / 2;
}

struct sim_node *sim_node_new(uint16_t port)
{
    struct sim_node *node = sim_alloc(sizeof(*node));
    static const uint64_t cuts[] = {0, 32, 8, 2};
    if (!network.nodes)
        network.cut_one_in = cuts[sim_chance_below(SIM_CHANCE_NETWORK, 4)];
    node->port = port;
    node->number = ++network.node_count;
    init_link(&node->link);
    node->next = network.nodes;
    network.nodes = node;
    return node;
}

void sim_connect_cap(int per_second)
{
    sim_check(per_second <= SIM_CONNECTS_KEPT, "that many are not kept");
    network.connect_cap = (uint64_t)per_second;
}

void sim_keep_whole(void)
{
    network.cut_one_in = 0;
}

struct sim_node *sim_nodes(void)
{
    return network.nodes;
}

struct sim_connection *sim_connections(void)
{
    return network.connections;
}

static uint64_t latency(const struct sim_link *link)
{
    return link->latency_us + sim_chance_below(SIM_CHANCE_NETWORK, link->jitter_us + 1);
}

/* Streams */

static void deliver(struct sim_event *event);

static void start_delivery(struct sim_stream *stream)
{
    if (stream->piece_first < stream->piece_end)
        sim_event_start(&stream->event, stream->pieces[stream->piece_first].at_us);
    else if (stream->is_ended && !stream->has_end_arrived)
        sim_event_start(&stream->event, sim_now_us() + latency(&stream->connection->node->link));
}

static void add_piece(struct sim_stream *stream, size_t size, uint64_t at_us)
{
    if (stream->piece_first == stream->piece_end)
        stream->piece_first = stream->piece_end = 0;
    if (stream->piece_end == stream->piece_capacity) {
        stream->piece_capacity = 2 * stream->piece_capacity + 16;
        stream->pieces =
            sim_resize(stream->pieces, stream->piece_capacity * sizeof(*stream->pieces));
    }
    stream->pieces[stream->piece_end++] = (struct sim_piece){size, at_us};
}

static int side_of_writer(const struct sim_stream *stream)
{
    return stream == &stream->connection->streams[CLIENT] ? CLIENT : SERVER;
}

/* Bytes reached an end that nobody holds any more. */
static void answer_with_reset(struct sim_event *event)
{
    struct sim_connection *connection =
        (void *)((char *)event - offsetof(struct sim_connection, resetting));
    if (connection->node->link.is_blackhole || connection->is_dead)
        return;
    sim_connection_reset(connection);
}

static size_t size_to_deliver(struct sim_stream *stream, size_t size)
{
    const struct sim_link *link = &stream->connection->node->link;
    if (link->drip_size && size > link->drip_size)
        return link->drip_size;
    if (network.cut_one_in && size > 1 &&
        sim_chance_below(SIM_CHANCE_NETWORK, network.cut_one_in) == 0)
        return 1 + (size_t)sim_chance_below(SIM_CHANCE_NETWORK, size - 1);
    return size;
}

/* The client's machine has repeated it for long enough. */
static void give_up_sending(struct sim_event *event)
{
    struct sim_connection *connection =
        (void *)((char *)event - offsetof(struct sim_connection, unacknowledged));
    connection->error[CLIENT] = ETIMEDOUT;
    connection->streams[SERVER].arrived = 0;
    if (connection->ends[CLIENT])
        sim_trace(SIM_TRACE_RESET, connection->ends[CLIENT]->fd, ETIMEDOUT);
    sim_descriptor_changed(connection->ends[CLIENT]);
}

static void wait_for_acknowledgement(struct sim_connection *connection)
{
    if (connection->unacknowledged_us && !connection->unacknowledged.place)
        sim_event_start(&connection->unacknowledged, sim_now_us() + connection->unacknowledged_us);
}

static void deliver(struct sim_event *event)
{
    struct sim_stream *stream = (void *)((char *)event - offsetof(struct sim_stream, event));
    struct sim_connection *connection = stream->connection;
    const struct sim_link *link = &connection->node->link;
    int reader = !side_of_writer(stream);
    struct sim_descriptor *end = connection->ends[reader];
    if (connection->is_dead || link->is_blackhole || link->is_frozen) {
        if (reader == SERVER && !link->is_frozen)
            wait_for_acknowledgement(connection);
        return; /* Goes on with sim_connection_retry. */
    }
    if (reader == SERVER)
        sim_event_stop(&connection->unacknowledged);
    if (!end && !connection->is_awaiting_accept && connection->state == SIM_ESTABLISHED) {
        if (stream->piece_first < stream->piece_end && connection->ends[!reader])
            sim_event_start(&connection->resetting, sim_now_us() + latency(link));
        return;
    }
    int64_t fd = end ? end->fd : -1;
    if (stream->piece_first < stream->piece_end) {
        struct sim_piece *piece = &stream->pieces[stream->piece_first];
        size_t size = size_to_deliver(stream, piece->size);
        sim_trace(SIM_TRACE_ARRIVE, fd, (int64_t)size);
        stream->arrived += size;
        piece->size -= size;
        if (piece->size == 0)
            stream->piece_first++;
        else
            piece->at_us = sim_now_us() +
                           (link->drip_size ? link->drip_every_us : 1 + latency(link) / REST_AFTER);
    } else {
        sim_trace(SIM_TRACE_FIN, fd, 0);
        stream->has_end_arrived = true;
    }
    start_delivery(stream);
    sim_descriptor_changed(end);
}

/* Small numbers are the dangerous ones: half of the changes are in one bit. */
static void corrupt(uint8_t *bytes, size_t size)
{
    uint64_t chance = sim_chance(SIM_CHANCE_NETWORK);
    size_t at = (size_t)sim_chance_below(SIM_CHANCE_NETWORK, size);
    bytes[at] ^= (uint8_t)(chance & 256 ? 1u << (chance & 7) : chance | 1);
}

size_t sim_connection_write(struct sim_connection *connection, int side, const void *bytes,
                            size_t size)
{
    struct sim_stream *stream = &connection->streams[side];
    const struct sim_link *link = &connection->node->link;
    size_t room = sim_stream_room(connection, side);
    if (size > room)
        size = room;
    if (!size)
        return 0;
    if (stream->end + size > stream->capacity) {
        size_t held = stream->end - stream->start;
        uint8_t *larger = sim_alloc(stream->capacity = 2 * (held + size));
        if (held)
            memcpy(larger, stream->bytes + stream->start, held);
        sim_free(stream->bytes);
        stream->bytes = larger;
        stream->start = 0;
        stream->end = held;
    }
    memcpy(stream->bytes + stream->end, bytes, size);
    if (side == SERVER && link->corrupt_one_in &&
        sim_chance_below(SIM_CHANCE_NETWORK, link->corrupt_one_in) == 0)
        corrupt(stream->bytes + stream->end, size);
    stream->end += size;
    bool was_idle = stream->piece_first == stream->piece_end;
    uint64_t at_us = sim_now_us() + latency(link);
    if (!was_idle && stream->pieces[stream->piece_end - 1].at_us > at_us)
        at_us = stream->pieces[stream->piece_end - 1].at_us;
    if (link->bytes_per_second)
        at_us += size * SECOND_US / link->bytes_per_second;
    add_piece(stream, size, at_us);
    if (was_idle)
        start_delivery(stream);
    return size;
}

size_t sim_connection_read(struct sim_connection *connection, int side, void *bytes, size_t size)
{
    struct sim_stream *stream = &connection->streams[!side];
    bool was_full = sim_stream_room(connection, !side) * 3 < connection->node->link.buffer;
    if (size > stream->arrived)
        size = stream->arrived;
    if (!size)
        return 0;
    memcpy(bytes, stream->bytes + stream->start, size);
    stream->start += size;
    stream->arrived -= size;
    if (stream->start == stream->end)
        stream->start = stream->end = 0;
    if (was_full)
        sim_descriptor_changed(connection->ends[!side]);
    return size;
}

/* Connections */

static void note_connect(struct sim_node *node)
{
    uint64_t cap = network.connect_cap ? network.connect_cap : CONNECTS_MAX;
    uint64_t oldest_us =
        node->connects < cap ? 0 : node->connects_at_us[(node->connects - cap) % SIM_CONNECTS_KEPT];
    node->connects_at_us[node->connects++ % SIM_CONNECTS_KEPT] = sim_now_us();
    if (node->connects > cap && sim_now_us() - oldest_us < SECOND_US)
        sim_fail("storm: %d connections to port %d within a second", (int)cap, node->port);
}

static void fail_connecting(struct sim_connection *connection, int error)
{
    sim_event_stop(&connection->connecting);
    connection->state = SIM_CONNECT_FAILED;
    connection->error[CLIENT] = error;
    if (connection->ends[CLIENT])
        sim_trace(SIM_TRACE_CONNECT_FAILED, connection->ends[CLIENT]->fd, error);
    sim_descriptor_changed(connection->ends[CLIENT]);
}

static void go_on_connecting(struct sim_event *event)
{
    struct sim_connection *connection =
        (void *)((char *)event - offsetof(struct sim_connection, connecting));
    struct sim_node *node = connection->node;
    uint64_t now_us = sim_now_us();
    if (node->link.connect == SIM_CONNECT_HANGS || node->link.is_blackhole || connection->is_dead) {
        if (now_us - connection->begun_us > CONNECT_GIVE_UP_US)
            fail_connecting(connection, ETIMEDOUT);
        else
            sim_event_start(&connection->connecting, now_us + (SECOND_US << connection->tries++));
        return;
    }
    if (node->link.connect == SIM_CONNECT_REFUSED || !node->listener) {
        fail_connecting(connection, ECONNREFUSED);
        return;
    }
    connection->state = SIM_ESTABLISHED;
    connection->is_awaiting_accept = true;
    if (connection->ends[CLIENT])
        sim_trace(SIM_TRACE_CONNECTED, connection->ends[CLIENT]->fd, node->port);
    sim_descriptor_changed(connection->ends[CLIENT]);
    sim_descriptor_changed(node->listener);
}

void sim_connection_start(struct sim_descriptor *descriptor, const char *address, uint16_t port)
{
    struct sim_connection *connection = sim_alloc(sizeof(*connection));
    struct sim_node *node = sim_node_find(port);
    if (!node)
        node = sim_node_new(port);
    connection->node = node;
    connection->begun_us = sim_now_us();
    connection->connecting.fire = go_on_connecting;
    connection->resetting.fire = answer_with_reset;
    connection->unacknowledged.fire = give_up_sending;
    connection->unacknowledged_us = (uint64_t)descriptor->unacknowledged_ms * 1000;
    for (int i = 0; i < 2; i++) {
        connection->streams[i].connection = connection;
        connection->streams[i].event.fire = deliver;
    }
    connection->is_dead = sim_address_is_dead(address);
    snprintf(connection->address, sizeof(connection->address), "%s", address);
    connection->ends[CLIENT] = descriptor;
    descriptor->connection = connection;
    connection->next = network.connections;
    network.connections = connection;
    note_connect(node);
    sim_event_start(&connection->connecting, sim_now_us() + 2 * latency(&node->link));
}

struct sim_connection *sim_connection_accept(const struct sim_node *node)
{
    struct sim_connection *oldest = NULL; /* The newest stand first. */
    if (node->link.connect == SIM_CONNECT_SILENT)
        return NULL;
    for (struct sim_connection *at = network.connections; at; at = at->next) {
        if (at->node == node && at->is_awaiting_accept && at->state == SIM_ESTABLISHED)
            oldest = at;
    }
    return oldest;
}

static void free_connection(struct sim_connection *connection)
{
    struct sim_connection **at = &network.connections;
    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    sim_event_stop(&connection->connecting);
    sim_event_stop(&connection->resetting);
    sim_event_stop(&connection->unacknowledged);
    for (int i = 0; i < 2; i++) {
        sim_event_stop(&connection->streams[i].event);
        sim_free(connection->streams[i].bytes);
        sim_free(connection->streams[i].pieces);
    }
    sim_free(connection);
}

static bool is_free(const struct sim_connection *connection)
{
    if (connection->ends[CLIENT] || connection->ends[SERVER])
        return false;
    if (!connection->is_awaiting_accept || connection->is_dead ||
        connection->state != SIM_ESTABLISHED)
        return true;
    return connection->node->link.connect == SIM_CONNECT_SILENT || !connection->node->listener;
}

void sim_connection_close(struct sim_connection *connection, int side)
{
    connection->ends[side] = NULL;
    if (is_free(connection)) {
        free_connection(connection);
        return;
    }
    if (connection->error[side] || connection->is_dead)
        return;
    if (connection->streams[!side].arrived > 0) { /* Unread bytes: the peer is told by a reset. */
        sim_event_start(&connection->resetting, sim_now_us() + latency(&connection->node->link));
        return;
    }
    connection->streams[side].is_ended = true;
    if (connection->streams[side].piece_first == connection->streams[side].piece_end)
        start_delivery(&connection->streams[side]);
}

void sim_connection_reset(struct sim_connection *connection)
{
    if (connection->state == SIM_CONNECTING) {
        fail_connecting(connection, ECONNRESET);
        return;
    }
    for (int i = 0; i < 2; i++) {
        connection->error[i] = ECONNRESET;
        connection->streams[i].arrived = 0;
        sim_event_stop(&connection->streams[i].event);
        if (connection->ends[i])
            sim_trace(SIM_TRACE_RESET, connection->ends[i]->fd, 0);
    }
    connection->is_awaiting_accept = false;
    sim_descriptor_changed(connection->ends[CLIENT]);
    sim_descriptor_changed(connection->ends[SERVER]);
    if (is_free(connection))
        free_connection(connection);
}

void sim_connection_retry(struct sim_connection *connection)
{
    uint64_t now_us = sim_now_us();
    if (connection->state == SIM_CONNECTING)
        sim_event_start(&connection->connecting, now_us + latency(&connection->node->link));
    for (int i = 0; i < 2; i++) {
        struct sim_stream *stream = &connection->streams[i];
        if (stream->event.place || connection->error[i])
            continue;
        for (size_t piece = stream->piece_first; piece < stream->piece_end; piece++)
            stream->pieces[piece].at_us = now_us + latency(&connection->node->link);
        start_delivery(stream);
    }
    if (connection->node->listener)
        sim_descriptor_changed(connection->node->listener);
}
