/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream over a TCP socket.
 */
#ifndef RK_NET_TCP_STREAM_H
#define RK_NET_TCP_STREAM_H

#include "net/socket.h"
#include "net/stream.h"

/* Closes the descriptor when the application's closesocket_cb shall not. */
typedef void rk_socket_closer(void *argument, int fd);

/*
 * Begins to connect over `fd`, which the stream closes with `closer` (NULL: rk_socket_close). Never
 * NULL: a failure shows in the handshake. `already_connecting` errno: 0 when connect was called,
 * else why it failed.
 */
struct rk_stream *rk_tcp_stream_new(int fd, int connect_error, rk_socket_closer *closer,
                                    void *closer_argument);

#endif
