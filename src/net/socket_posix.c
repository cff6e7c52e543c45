/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#define LISTEN_BACKLOG 512
#define MAX_PARTS      1024 /* What one sendmsg takes (IOV_MAX on Linux). */

int rk_socket_open(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
}

static bool add_flag(int fd, int get, int set, int flag)
{
    int flags = fcntl(fd, get);
    return flags >= 0 && fcntl(fd, set, flags | flag) == 0;
}

bool rk_socket_adopt(int fd)
{
    return add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK) && add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

static void set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof(value)); /* A hint: failing is no error. */
}

void rk_socket_set_options(int fd, const struct rk_socket_options *options)
{
    if (options->send_buffer)
        set_option(fd, SOL_SOCKET, SO_SNDBUF, options->send_buffer);
    if (options->receive_buffer)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, options->receive_buffer);
    if (options->keepalive)
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (options->no_delay)
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
#ifdef TCP_USER_TIMEOUT
    if (options->unacknowledged_ms)
        set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options->unacknowledged_ms);
#endif
}

int rk_socket_connect(int fd, const struct rk_address *address)
{
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) == 0)
        return 0;
    return errno == EINPROGRESS || errno == EINTR ? 0 : errno;
}

int rk_socket_connect_result(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    if (poll(&entry, 1, 0) < 1)
        return EINPROGRESS;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

ssize_t rk_socket_read(int fd, void *bytes, size_t size, int *error)
{
    ssize_t got;
    do
        got = recv(fd, bytes, size, 0);
    while (got < 0 && errno == EINTR);
    *error = got < 0 ? errno : 0;
    return got;
}

ssize_t rk_socket_write(int fd, const struct iovec *parts, int count, int *error)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)(count < MAX_PARTS ? count : MAX_PARTS)};
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    *error = sent < 0 ? errno : 0;
    return sent;
}

void rk_socket_close(int fd)
{
    close(fd);
}

static void close_keeping_errno(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
}

int rk_socket_reserve(uint16_t *port)
{
    int fd = rk_socket_open(AF_INET);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        close_keeping_errno(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

int rk_socket_listen(uint16_t *port)
{
    int fd = rk_socket_reserve(port);
    if (fd >= 0 && listen(fd, LISTEN_BACKLOG) != 0) {
        close_keeping_errno(fd);
        return -1;
    }
    return fd;
}

int rk_socket_accept(int fd)
{
    int accepted;
    do
        accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (accepted < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (accepted >= 0)
        set_option(accepted, IPPROTO_TCP, TCP_NODELAY, 1);
    return accepted;
}
