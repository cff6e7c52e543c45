/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a connection, played line by line by the test itself, with blocking calls that
 * give up after ten seconds.
 */
#ifndef RK_TEST_CLUSTER_PEER_H
#define RK_TEST_CLUSTER_PEER_H

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "net/socket.h"
#include "wire/header.h"
#include "wire/messages.h"

enum { PEER_WAIT_MS = 10000 };

static int peer_listener = -1;
static uint16_t peer_port;

/* A request as it arrived. */
struct peer_request {
    struct rk_request_header header;
    const struct rk_api *api;
    void *message;
    struct rk_arena arena;
};

static inline void peer_open(void)
{
    peer_port = 0;
    peer_listener = rk_socket_listen(&peer_port);
    assert_true(peer_listener >= 0);
}

static inline void peer_shut(void)
{
    if (peer_listener >= 0)
        close(peer_listener);
    peer_listener = -1;
}

/* Nothing listens any more; again after peer_reopen. */
static inline void peer_reopen(void)
{
    peer_listener = rk_socket_listen(&peer_port);
    assert_true(peer_listener >= 0);
}

static inline bool peer_is_ready(int fd, int timeout_ms)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&entry, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready == 1;
}

/* -1: nobody came in time. */
static inline int peer_try_accept(int timeout_ms)
{
    return peer_is_ready(peer_listener, timeout_ms) ? rk_socket_accept(peer_listener) : -1;
}

static inline int peer_accept(void)
{
    int fd = peer_try_accept(PEER_WAIT_MS);
    if (fd < 0)
        fail_msg("nobody connects");
    return fd;
}

static inline void peer_write(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd entry = {.fd = fd, .events = POLLOUT};
            if (poll(&entry, 1, PEER_WAIT_MS) != 1)
                fail_msg("the client does not read");
            continue;
        }
        if (sent < 0)
            return; /* The client has gone: whoever expects something will see. */
        at += sent;
        size -= (size_t)sent;
    }
}

/* False when the client closed before. */
static inline bool peer_read(int fd, void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        if (!peer_is_ready(fd, PEER_WAIT_MS))
            fail_msg("the client sends nothing");
        ssize_t got = recv(fd, at, size, 0);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static inline bool peer_try_take(int fd, struct peer_request *request)
{
    uint8_t prefix[4];
    if (!peer_read(fd, prefix, sizeof(prefix)))
        return false;
    size_t size = (size_t)rk_load_be32(prefix);
    uint8_t *frame = malloc(size);
    assert_true(peer_read(fd, frame, size));
    rk_arena_init(&request->arena, 64u << 20);
    void *kept = rk_arena_try_alloc(&request->arena, size);
    memcpy(kept, frame, size);
    free(frame);
    struct rk_reader reader;
    rk_reader_init(&reader, kept, size);
    request->api = rk_request_header_decode(&reader, &request->arena, &request->header);
    assert_non_null(request->api);
    request->message = rk_arena_try_alloc(&request->arena, request->api->request->size);
    if (!rk_codec_decode(request->api->request, request->header.api_version, request->message,
                         &reader, &request->arena))
        fail_msg("%s v%d: %s", request->api->name, request->header.api_version, reader.failure);
    return true;
}

static inline void peer_take(int fd, enum rk_api_key key, struct peer_request *request)
{
    if (!peer_try_take(fd, request))
        fail_msg("the client has gone");
    assert_int_equal(request->header.api_key, key);
}

static inline void peer_done(struct peer_request *request)
{
    rk_arena_clear(&request->arena);
}

/* The bytes of an answer's frame, the size in front; free. */
static inline uint8_t *peer_encode(const struct peer_request *request, int16_t version,
                                   const void *answer, size_t *size)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    assert_int_equal(
        rk_answer_encode(request->api, version, request->header.correlation_id, answer, &writer),
        RK_CODEC_OK);
    *size = rk_writer_total(&writer);
    uint8_t *bytes = malloc(*size);
    rk_writer_copy(&writer, bytes);
    rk_writer_clear(&writer);
    return bytes;
}

static inline void peer_answer(int fd, struct peer_request *request, const void *answer)
{
    size_t size;
    uint8_t *bytes = peer_encode(request, request->header.api_version, answer, &size);
    peer_write(fd, bytes, size);
    free(bytes);
    peer_done(request);
}

/* What this broker speaks. */
static inline void peer_versions(struct rk_api_versions_answer *answer, struct rk_arena *arena)
{
    static const struct {
        int16_t key, max;
    } spoken[] = {{RK_API_PRODUCE, 9},
                  {RK_API_FETCH, 11},
                  {RK_API_LIST_OFFSETS, 5},
                  {RK_API_METADATA, 12},
                  {RK_API_API_VERSIONS, 4}};
    rk_api_versions_answer_init(answer);
    answer->api_keys.count = (int32_t)RK_COUNT_OF(spoken);
    answer->api_keys.items = rk_api_versions_answer_api_key_try_new(arena, answer->api_keys.count);
    for (size_t i = 0; i < RK_COUNT_OF(spoken); i++) {
        answer->api_keys.items[i].api_key = spoken[i].key;
        answer->api_keys.items[i].max_version = spoken[i].max;
    }
}

/* Takes the request for versions and answers it. */
static inline void peer_negotiate(int fd)
{
    struct peer_request request;
    struct rk_api_versions_answer answer;
    peer_take(fd, RK_API_API_VERSIONS, &request);
    peer_versions(&answer, &request.arena);
    peer_answer(fd, &request, &answer);
}

/* A connection that is up. */
static inline int peer_bring_up(void)
{
    int fd = peer_accept();
    peer_negotiate(fd);
    return fd;
}

/* The client closes; bytes that come before are passed over. */
static inline void peer_expect_close(int fd)
{
    uint8_t bytes[4096];
    ssize_t got;
    do {
        if (!peer_is_ready(fd, PEER_WAIT_MS))
            fail_msg("the client does not close");
        got = recv(fd, bytes, sizeof(bytes), 0);
    } while (got > 0);
    close(fd);
}

#endif
