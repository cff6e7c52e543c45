/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulation's twin of net/socket_posix.c, on the virtual network. */
#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "sim/faults.h"
#include "sim/network.h"

enum { CLIENT = 0, SERVER = 1, FIRST_PORT = 20001 };

#ifdef SIM_WITH_TSAN
void __tsan_write_range(void *address, unsigned long size);
void __tsan_read_range(void *address, unsigned long size);
#else
#define __tsan_write_range(address, size) ((void)(address), (void)(size))
#define __tsan_read_range(address, size)  ((void)(address), (void)(size))
#endif

int rk_socket_open(int family)
{
    (void)family;
    if (sim_fault_takes(SIM_FAULT_SOCKET))
        return -1;
    struct sim_descriptor *descriptor = sim_descriptor_new(SIM_SOCKET);
    return descriptor ? descriptor->fd : -1;
}

bool rk_socket_adopt(int fd)
{
    return sim_descriptor_find(fd) != NULL;
}

void rk_socket_set_options(int fd, const struct rk_socket_options *options)
{
    sim_descriptor_find(fd)->unacknowledged_ms = options->unacknowledged_ms;
}

int rk_socket_connect(int fd, const struct rk_address *address)
{
    const struct sockaddr_in *v4 = (const void *)&address->storage;
    const struct sockaddr_in6 *v6 = (const void *)&address->storage;
    char text[INET6_ADDRSTRLEN] = "";
    bool is_v6 = address->storage.ss_family == AF_INET6;
    uint16_t port = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
    sim_switch_point(SIM_TRACE_CONNECT, fd, port);
    int error = sim_fault_error(SIM_FAULT_CONNECT);
    if (error)
        return error;
    sim_hide_begin();
    inet_ntop(address->storage.ss_family,
              is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, text,
              sizeof(text));
    sim_connection_start(sim_descriptor_find(fd), text, port);
    sim_hide_end();
    return 0;
}

int rk_socket_connect_result(int fd)
{
    const struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    const struct sim_connection *connection = descriptor->connection;
    if (!connection)
        return ENOTCONN;
    if (connection->error[CLIENT])
        return connection->error[CLIENT];
    return connection->state == SIM_ESTABLISHED ? 0 : EINPROGRESS;
}

/* NULL, and what is wrong, when nothing can be read or written. */
static struct sim_connection *usable(const struct sim_descriptor *descriptor, int *error,
                                     enum sim_fault fault)
{
    struct sim_connection *connection = descriptor->connection;
    *error = ENOTCONN;
    if (!connection)
        return NULL;
    *error = connection->error[descriptor->side];
    if (*error)
        return NULL;
    if (descriptor->side == CLIENT && (*error = sim_fault_error(fault)) != 0)
        return NULL;
    *error = EAGAIN;
    return connection->state == SIM_ESTABLISHED ? connection : NULL;
}

ssize_t rk_socket_read(int fd, void *bytes, size_t size, int *error)
{
    sim_switch_point(SIM_TRACE_READ, fd, (int64_t)size);
    const struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    struct sim_connection *connection = usable(descriptor, error, SIM_FAULT_READ);
    if (!connection)
        return -1;
    sim_hide_begin();
    size_t got = sim_connection_read(connection, descriptor->side, bytes, size);
    sim_hide_end();
    if (got) {
        __tsan_write_range(bytes, got);
        *error = 0;
        return (ssize_t)got;
    }
    if (!connection->streams[!descriptor->side].has_end_arrived)
        return -1;
    *error = 0;
    return 0;
}

ssize_t rk_socket_write(int fd, const struct iovec *parts, int count, int *error)
{
    sim_switch_point(SIM_TRACE_WRITE, fd, count);
    const struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    struct sim_connection *connection = usable(descriptor, error, SIM_FAULT_WRITE);
    size_t total = 0;
    if (!connection)
        return -1;
    for (int i = 0; i < count; i++) {
        if (!parts[i].iov_len)
            continue;
        sim_hide_begin();
        size_t taken =
            sim_connection_write(connection, descriptor->side, parts[i].iov_base, parts[i].iov_len);
        sim_hide_end();
        __tsan_read_range(parts[i].iov_base, taken);
        total += taken;
        if (taken < parts[i].iov_len)
            break;
    }
    sim_trace(SIM_TRACE_WRITE, fd, total ? (int64_t)total : -EAGAIN);
    if (!total)
        return -1;
    *error = 0;
    return (ssize_t)total;
}

static void stop_listening(struct sim_node *node)
{
    struct sim_connection *next;
    node->listener = NULL;
    for (struct sim_connection *at = sim_connections(); at; at = next) {
        next = at->next;
        if (at->node == node && at->is_awaiting_accept)
            sim_connection_reset(at);
    }
}

void rk_socket_close(int fd)
{
    int error = errno;
    sim_switch_point(SIM_TRACE_CLOSE, fd, 0);
    struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    if (descriptor->kind == SIM_LISTENER)
        stop_listening(descriptor->node);
    else if (descriptor->connection)
        sim_connection_close(descriptor->connection, descriptor->side);
    sim_descriptor_free(descriptor);
    errno = error;
}

/* Listening */

int rk_socket_reserve(uint16_t *port)
{
    static uint16_t next_port = FIRST_PORT;
    struct sim_descriptor *descriptor = sim_descriptor_new(SIM_RESERVED);
    if (!descriptor)
        return -1;
    if (*port == 0)
        *port = next_port++;
    sim_hide_begin();
    descriptor->node = sim_node_find(*port);
    if (!descriptor->node)
        descriptor->node = sim_node_new(*port);
    sim_hide_end();
    return descriptor->fd;
}

int rk_socket_listen(uint16_t *port)
{
    int fd = rk_socket_reserve(port);
    if (fd < 0)
        return -1;
    struct sim_descriptor *descriptor = sim_descriptor_find(fd);
    descriptor->kind = SIM_LISTENER;
    descriptor->node->listener = descriptor;
    return fd;
}

int rk_socket_accept(int fd)
{
    sim_switch_point(SIM_TRACE_ACCEPT, fd, 0);
    const struct sim_descriptor *listener = sim_descriptor_find(fd);
    struct sim_connection *connection = sim_connection_accept(listener->node);
    if (!connection)
        return -1;
    struct sim_descriptor *accepted = sim_descriptor_new(SIM_SOCKET);
    if (!accepted)
        return -1;
    accepted->connection = connection;
    accepted->side = SERVER;
    connection->ends[SERVER] = accepted;
    connection->is_awaiting_accept = false;
    sim_trace(SIM_TRACE_ACCEPT, accepted->fd, listener->node->port);
    return accepted->fd;
}
