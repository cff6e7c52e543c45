/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream over a TCP socket.
 */
#ifndef RK_NET_TCP_STREAM_H
#define RK_NET_TCP_STREAM_H

#include "net/socket.h"
#include "net/stream.h"

/* How a descriptor is closed that is the application's to close (closesocket_cb). */
typedef void rk_socket_closer(void *argument, int fd);

/*
 * Over `fd`, for which connect was called, and which the stream closes with `closer` (NULL:
 * rk_socket_close). Never NULL: `connect_error`, the errno of a connect that failed at once, or 0,
 * shows in the handshake.
 */
struct rk_stream *rk_tcp_stream_new(int fd, int connect_error, rk_socket_closer *closer,
                                    void *closer_argument);

#endif
