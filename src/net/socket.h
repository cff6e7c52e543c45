/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: a seam (socket_posix.c), replaced in tests. Non-blocking TCP; results as in stream.h.
 * Any thread, one at a time per descriptor.
 */
#ifndef RK_NET_SOCKET_H
#define RK_NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* An address of any family, as connect(2) takes it. */
struct rk_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* Several addresses of one name; value; the list is owned. */
struct rk_addresses {
    struct rk_address *items;
    int count;
};

void rk_addresses_clear(struct rk_addresses *addresses);
void rk_addresses_copy(struct rk_addresses *to, const struct rk_addresses *from);
/* "ipv4#127.0.0.1:9092", "ipv6#[::1]:9092". */
void rk_address_text(const struct rk_address *address, char *text, size_t size);
/* Text of an errno value, thread-safe; static or in the thread's own buffer. */
const char *rk_socket_error_text(int error);

/* A new non-blocking, close-on-exec TCP socket; -1 with errno. */
int rk_socket_open(int family);
/* Makes a descriptor the application gave (socket_cb) non-blocking and close-on-exec. False with
 * errno. */
bool rk_socket_adopt(int fd);
struct rk_socket_options {
    int send_buffer, receive_buffer; /* 0: the system's. */
    bool keepalive, no_delay;
    int unacknowledged_ms; /* Sent bytes that the other machine does not acknowledge for so long
                              end the connection (RFC 5482); 0: the system's. */
};
void rk_socket_set_options(int fd, const struct rk_socket_options *options);
/* 0 when connected at once or under way, else errno. */
int rk_socket_connect(int fd, const struct rk_address *address);
/* 0, or the errno with which connecting failed; EINPROGRESS while it is under way. */
int rk_socket_connect_result(int fd);
ssize_t rk_socket_read(int fd, void *bytes, size_t size, int *error);
ssize_t rk_socket_write(int fd, const struct iovec *parts, int count, int *error);
void rk_socket_close(int fd);

/* Listening side, for the mock cluster. */
/* Holds 127.0.0.1:*port (0: any, which is written back) without listening: connecting is refused,
 * rk_socket_listen may take it, nobody else does. -1 with errno. */
int rk_socket_reserve(uint16_t *port);
/* Listens on 127.0.0.1:*port (0: any, which is written back). -1 with errno. */
int rk_socket_listen(uint16_t *port);
/* Accepted non-blocking descriptor, or -1 when there is none. */
int rk_socket_accept(int fd);

#endif
