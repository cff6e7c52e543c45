/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tcp_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/text.h"

struct tcp_stream {
    struct rk_stream stream;
    rk_socket_closer *closer;
    void *closer_argument;
    bool is_connected;
    int error; /* errno of the first failure. */
    char error_text[128];
};

static struct tcp_stream *tcp(struct rk_stream *stream)
{
    return rk_container_of(stream, struct tcp_stream, stream);
}

static int fail(struct tcp_stream *self, int error)
{
    self->error = error;
    rk_text_copy(self->error_text, sizeof(self->error_text), rk_socket_error_text(error));
    return RK_STREAM_FAILED;
}

static ssize_t outcome(struct tcp_stream *self, ssize_t result, int error)
{
    if (result >= 0)
        return result;
    if (error == EAGAIN || error == EWOULDBLOCK)
        return RK_STREAM_AGAIN;
    return fail(self, error);
}

static ssize_t tcp_read(struct rk_stream *stream, void *bytes, size_t size)
{
    int error;
    ssize_t got = rk_socket_read(stream->fd, bytes, size, &error);
    return outcome(tcp(stream), got, error);
}

static ssize_t tcp_write(struct rk_stream *stream, const struct iovec *parts, int count)
{
    int error;
    ssize_t sent = rk_socket_write(stream->fd, parts, count, &error);
    return outcome(tcp(stream), sent, error);
}

static int tcp_handshake(struct rk_stream *stream)
{
    struct tcp_stream *self = tcp(stream);
    if (self->is_connected)
        return 1;
    if (self->error)
        return RK_STREAM_FAILED;
    int error = rk_socket_connect_result(stream->fd);
    if (error == EINPROGRESS)
        return RK_STREAM_AGAIN;
    if (error)
        return fail(self, error);
    self->is_connected = true;
    return 1;
}

static short tcp_events(const struct rk_stream *stream)
{
    const struct tcp_stream *self =
        rk_container_of((struct rk_stream *)(uintptr_t)stream, struct tcp_stream, stream);
    return self->is_connected ? 0 : POLLOUT;
}

static const char *tcp_error(const struct rk_stream *stream)
{
    const struct tcp_stream *self =
        rk_container_of((struct rk_stream *)(uintptr_t)stream, struct tcp_stream, stream);
    return self->error_text;
}

static void tcp_destroy(struct rk_stream *stream)
{
    struct tcp_stream *self = tcp(stream);
    if (self->closer)
        self->closer(self->closer_argument, stream->fd);
    else
        rk_socket_close(stream->fd);
    rk_free(self);
}

static const struct rk_stream_methods methods = {
    .read = tcp_read,
    .write = tcp_write,
    .handshake = tcp_handshake,
    .events = tcp_events,
    .error = tcp_error,
    .destroy = tcp_destroy,
};

struct rk_stream *rk_tcp_stream_new(int fd, int connect_error, rk_socket_closer *closer,
                                    void *closer_argument)
{
    struct tcp_stream *self = RK_NEW(struct tcp_stream);
    self->stream.methods = &methods;
    self->stream.fd = fd;
    self->closer = closer;
    self->closer_argument = closer_argument;
    if (connect_error)
        fail(self, connect_error);
    return &self->stream;
}
