/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of bytes to a peer, without blocking: one small vtable, so that TLS can stack on TCP.
 *
 * Owned by one connection, on its loop.
 */
#ifndef RK_NET_STREAM_H
#define RK_NET_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct rk_stream;

enum {
    RK_STREAM_AGAIN = -1,  /* Nothing could be read or written now. */
    RK_STREAM_FAILED = -2, /* See rk_stream_error. */
};

struct rk_stream_methods {
    /* Bytes read, 0 when the peer closed, RK_STREAM_AGAIN or RK_STREAM_FAILED. */
    ssize_t (*read)(struct rk_stream *stream, void *bytes, size_t size);
    /* Bytes taken, RK_STREAM_AGAIN or RK_STREAM_FAILED. */
    ssize_t (*write)(struct rk_stream *stream, const struct iovec *parts, int count);
    /* Goes on with connecting and handshakes: 1 when done, RK_STREAM_AGAIN or RK_STREAM_FAILED. */
    int (*handshake)(struct rk_stream *stream);
    /* poll(2) events it waits for beyond what its user wants. */
    short (*events)(const struct rk_stream *stream);
    const char *(*error)(const struct rk_stream *stream); /* Text of the last failure. */
    void (*destroy)(struct rk_stream *stream);
};

struct rk_stream {
    const struct rk_stream_methods *methods;
    int fd; /* To be watched. */
};

static inline ssize_t rk_stream_read(struct rk_stream *stream, void *bytes, size_t size)
{
    return stream->methods->read(stream, bytes, size);
}

static inline ssize_t rk_stream_write(struct rk_stream *stream, const struct iovec *parts,
                                      int count)
{
    return stream->methods->write(stream, parts, count);
}

static inline int rk_stream_handshake(struct rk_stream *stream)
{
    return stream->methods->handshake(stream);
}

static inline short rk_stream_events(const struct rk_stream *stream)
{
    return stream->methods->events(stream);
}

static inline const char *rk_stream_error(const struct rk_stream *stream)
{
    return stream->methods->error(stream);
}

static inline void rk_stream_destroy(struct rk_stream *stream)
{
    if (stream)
        stream->methods->destroy(stream);
}

#endif
