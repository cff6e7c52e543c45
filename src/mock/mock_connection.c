/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>

#include "base/big_endian.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "mock/mock_broker.h"
#include "mock/mock_fetch.h"
#include "mock/mock_group_requests.h"
#include "mock/mock_request.h"
#include "net/socket.h"
#include "wire/header.h"

#define FRAME_SIZE_MAX   ((size_t)100 * 1024 * 1024) /* Kafka's socket.request.max.bytes. */
#define INPUT_SIZE_FIRST ((size_t)64 * 1024)
#define INPUT_SIZE_KEPT  ((size_t)4 * 1024 * 1024) /* Larger ones are freed when empty. */
#define ANSWER_SIZE_KEPT ((size_t)64 * 1024)
/* With more than this to send, no further request is read. */
#define ANSWER_COUNT_MAX 10000
#define ANSWER_SIZE_MAX  ((size_t)64 * 1024 * 1024)

static void on_ready(struct rk_watch *watch, short revents, uint64_t now_us);
static void on_delay_over(struct rk_timer *timer, uint64_t now_us);

void rk_mock_connection_new(struct rk_mock_broker *broker, int fd)
{
    struct rk_mock_connection *connection = RK_NEW(struct rk_mock_connection);
    connection->broker = broker;
    connection->fd = fd;
    STAILQ_INIT(&connection->answers);
    rk_watch_init(&connection->watch, on_ready);
    rk_timer_init(&connection->delay, on_delay_over);
    TAILQ_INSERT_TAIL(&broker->connections, connection, link);
    rk_loop_watch(broker->cluster->loop, &connection->watch, fd, POLLIN);
    rk_mock_cluster_debug(broker->cluster, "MOCK", "broker %d: connection accepted", broker->id);
}

void rk_mock_connection_destroy(struct rk_mock_connection *connection)
{
    if (!connection)
        return;
    struct rk_mock_broker *broker = connection->broker;
    rk_mock_fetch_destroy(connection->fetch);
    rk_mock_group_request_destroy(connection->group_request);
    rk_loop_stop_timer(broker->cluster->loop, &connection->delay);
    rk_loop_unwatch(broker->cluster->loop, &connection->watch);
    rk_socket_close(connection->fd);
    while (!STAILQ_EMPTY(&connection->answers)) {
        struct rk_mock_answer *answer = STAILQ_FIRST(&connection->answers);
        STAILQ_REMOVE_HEAD(&connection->answers, link);
        rk_mock_answer_destroy(answer);
    }
    rk_mock_answer_destroy(connection->spare);
    if (connection->is_doomed)
        TAILQ_REMOVE(&broker->cluster->own.doomed, connection, doomed_link);
    if (connection->is_resumed)
        TAILQ_REMOVE(&broker->cluster->own.resumed, connection, resumed_link);
    TAILQ_REMOVE(&broker->connections, connection, link);
    rk_free(connection->input.bytes);
    rk_free(connection);
}

void rk_mock_connection_fail(struct rk_mock_connection *connection, const char *format, ...)
{
    if (connection->is_doomed)
        return;
    connection->is_doomed = true;
    TAILQ_INSERT_TAIL(&connection->broker->cluster->own.doomed, connection, doomed_link);
    if (!format)
        return;
    va_list arguments;
    va_start(arguments, format);
    char *text = rk_text_formatv(format, arguments);
    va_end(arguments);
    rk_mock_cluster_log(connection->broker->cluster, RK_MOCK_LOG_LEVEL_ERROR, "MOCK",
                        "broker %d: connection closed: %s", connection->broker->id, text);
    rk_free(text);
}

/* Nothing more is taken out of the input for now. */
static bool is_held(const struct rk_mock_connection *connection)
{
    return connection->is_doomed || connection->is_closing || connection->fetch ||
           connection->group_request || connection->answer_count >= ANSWER_COUNT_MAX ||
           connection->answer_size >= ANSWER_SIZE_MAX;
}

static size_t input_size(const struct rk_mock_connection *connection)
{
    return connection->input.end - connection->input.start;
}

/* What the frame at the start of the input takes, its prefix included; 0 while that is not there.
 */
static size_t next_frame_size(const struct rk_mock_connection *connection)
{
    if (input_size(connection) < RK_FRAME_PREFIX_SIZE)
        return 0;
    const uint8_t *at = connection->input.bytes + connection->input.start;
    return RK_FRAME_PREFIX_SIZE + (size_t)(uint32_t)rk_load_be32(at);
}

/*
 * Makes room for more bytes of the next frame; the memory doubles with what has really come, never
 * by what a frame claims. False when there is to be no more for now.
 */
static bool reserve_input(struct rk_mock_connection *connection)
{
    size_t size = input_size(connection);
    if (connection->input.end < connection->input.capacity)
        return true;
    if (connection->input.start > 0) {
        memmove(connection->input.bytes, connection->input.bytes + connection->input.start, size);
        connection->input.start = 0;
        connection->input.end = size;
        return true;
    }
    if (size > 0 && is_held(connection))
        return false;
    size_t capacity = RK_MAX(connection->input.capacity * 2, INPUT_SIZE_FIRST);
    uint8_t *bytes = rk_try_realloc(connection->input.bytes, capacity);
    if (!bytes) {
        rk_mock_connection_fail(connection, "no memory for a request");
        return false;
    }
    connection->input.bytes = bytes;
    connection->input.capacity = capacity;
    return true;
}

static void read_input(struct rk_mock_connection *connection)
{
    int error;
    if (!reserve_input(connection))
        return;
    ssize_t got = rk_socket_read(connection->fd, connection->input.bytes + connection->input.end,
                                 connection->input.capacity - connection->input.end, &error);
    if (got > 0) {
        connection->input.end += (size_t)got;
        connection->broker->traffic.bytes_read += (uint64_t)got;
    } else if (got == 0 || (error != EAGAIN && error != EWOULDBLOCK)) {
        rk_mock_connection_fail(connection, NULL); /* The client has gone, as it may. */
    }
}

/* The size of a frame that has come whole and may be handled; 0 for none. */
static size_t complete_frame_size(struct rk_mock_connection *connection)
{
    size_t size = is_held(connection) ? 0 : next_frame_size(connection);
    if (size > RK_FRAME_PREFIX_SIZE + FRAME_SIZE_MAX) {
        rk_mock_connection_fail(connection, "a request claims %zu bytes",
                                size - RK_FRAME_PREFIX_SIZE);
        return 0;
    }
    return size <= input_size(connection) ? size : 0;
}

static void handle_input(struct rk_mock_connection *connection, uint64_t now_us)
{
    size_t size;
    while ((size = complete_frame_size(connection)) > 0) {
        const uint8_t *frame = connection->input.bytes + connection->input.start;
        rk_mock_request_handle(connection, frame + RK_FRAME_PREFIX_SIZE,
                               size - RK_FRAME_PREFIX_SIZE, now_us);
        connection->input.start += size;
    }
}

static void tidy_input(struct rk_mock_connection *connection)
{
    if (input_size(connection) > 0)
        return;
    connection->input.start = 0;
    connection->input.end = 0;
    if (connection->input.capacity <= INPUT_SIZE_KEPT)
        return;
    rk_free(connection->input.bytes);
    connection->input.bytes = NULL;
    connection->input.capacity = 0;
}

struct rk_mock_answer *rk_mock_answer_new(struct rk_mock_connection *connection)
{
    struct rk_mock_answer *answer = connection->spare;
    connection->spare = NULL;
    if (answer)
        return answer;
    answer = RK_NEW(struct rk_mock_answer);
    rk_writer_init(&answer->writer);
    return answer;
}

void rk_mock_answer_hold(struct rk_mock_answer *answer, struct rk_block *block)
{
    if (answer->block_count == answer->block_capacity) {
        answer->block_capacity = RK_MAX(answer->block_capacity * 2, 16);
        answer->blocks =
            rk_realloc(answer->blocks, (size_t)answer->block_capacity * sizeof(*answer->blocks));
    }
    answer->blocks[answer->block_count++] = rk_block_acquire(block);
}

static void release_blocks(struct rk_mock_answer *answer)
{
    for (int i = 0; i < answer->block_count; i++)
        rk_block_release(answer->blocks[i]);
    answer->block_count = 0;
}

void rk_mock_answer_destroy(struct rk_mock_answer *answer)
{
    if (!answer)
        return;
    release_blocks(answer);
    rk_free(answer->blocks);
    rk_writer_clear(&answer->writer);
    rk_free(answer);
}

void rk_mock_connection_send(struct rk_mock_connection *connection, struct rk_mock_answer *answer,
                             uint64_t due_us)
{
    answer->due_us = due_us;
    connection->is_closing = connection->is_closing || answer->closes;
    connection->answer_count++;
    connection->answer_size += rk_writer_total(&answer->writer);
    STAILQ_INSERT_TAIL(&connection->answers, answer, link);
}

static void finish_answer(struct rk_mock_connection *connection, struct rk_mock_answer *answer)
{
    STAILQ_REMOVE_HEAD(&connection->answers, link);
    connection->answer_count--;
    connection->answer_size -= rk_writer_total(&answer->writer);
    release_blocks(answer);
    if (connection->spare || answer->writer.capacity > ANSWER_SIZE_KEPT) {
        rk_mock_answer_destroy(answer);
        return;
    }
    rk_writer_reset(&answer->writer);
    answer->parts = NULL;
    connection->spare = answer;
}

static void advance_parts(struct rk_mock_answer *answer, size_t sent)
{
    while (answer->part_count > 0 && sent >= answer->parts->iov_len) {
        sent -= answer->parts->iov_len;
        answer->parts++;
        answer->part_count--;
    }
    if (sent > 0) {
        answer->parts->iov_base = (uint8_t *)answer->parts->iov_base + sent;
        answer->parts->iov_len -= sent;
    }
}

/* True when all of it was taken. */
static bool write_answer(struct rk_mock_connection *connection, struct rk_mock_answer *answer)
{
    if (!answer->parts)
        answer->parts = rk_writer_finish(&answer->writer, &answer->part_count);
    if (!answer->parts) {
        rk_mock_connection_fail(connection, "no memory for an answer");
        return false;
    }
    while (answer->part_count > 0) {
        int error;
        ssize_t sent = rk_socket_write(connection->fd, answer->parts, answer->part_count, &error);
        if (sent >= 0) {
            advance_parts(answer, (size_t)sent);
            connection->broker->traffic.bytes_written += (uint64_t)sent;
            continue;
        }
        if (error == EAGAIN || error == EWOULDBLOCK)
            connection->is_blocked = true;
        else
            rk_mock_connection_fail(connection, NULL);
        return false;
    }
    return true;
}

static void send_answers(struct rk_mock_connection *connection, uint64_t now_us)
{
    connection->is_blocked = false;
    while (!connection->is_doomed && !STAILQ_EMPTY(&connection->answers)) {
        struct rk_mock_answer *answer = STAILQ_FIRST(&connection->answers);
        if (answer->due_us > now_us) {
            rk_loop_start_timer(connection->broker->cluster->loop, &connection->delay,
                                answer->due_us);
            return;
        }
        if (answer->closes) {
            rk_mock_connection_fail(connection, NULL);
            return;
        }
        if (!write_answer(connection, answer))
            return;
        finish_answer(connection, answer);
    }
}

static void update_watch(struct rk_mock_connection *connection)
{
    bool is_full = is_held(connection) && input_size(connection) > 0 &&
                   input_size(connection) == connection->input.capacity;
    short events = (short)((is_full ? 0 : POLLIN) | (connection->is_blocked ? POLLOUT : 0));
    if (!connection->is_doomed && events != connection->watch.events)
        rk_loop_watch(connection->broker->cluster->loop, &connection->watch, connection->fd,
                      events);
}

void rk_mock_connection_resume(struct rk_mock_connection *connection)
{
    if (connection->is_resumed)
        return;
    connection->is_resumed = true;
    TAILQ_INSERT_TAIL(&connection->broker->cluster->own.resumed, connection, resumed_link);
}

void rk_mock_connection_run(struct rk_mock_connection *connection, uint64_t now_us)
{
    if (connection->is_resumed)
        TAILQ_REMOVE(&connection->broker->cluster->own.resumed, connection, resumed_link);
    connection->is_resumed = false;
    do {
        handle_input(connection, now_us);
        send_answers(connection, now_us);
    } while (complete_frame_size(connection) > 0); /* Sending made room for more answers. */
    tidy_input(connection);
    update_watch(connection);
}

static void on_ready(struct rk_watch *watch, short revents, uint64_t now_us)
{
    struct rk_mock_connection *connection =
        rk_container_of(watch, struct rk_mock_connection, watch);
    struct rk_mock_cluster *cluster = connection->broker->cluster;
    rk_loop_assert_mine(cluster->loop);
    if (revents & (POLLERR | POLLHUP))
        rk_mock_connection_fail(connection, NULL);
    else if (revents & POLLIN)
        read_input(connection);
    rk_mock_connection_run(connection, now_us);
    rk_mock_cluster_settle(cluster);
}

static void on_delay_over(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_mock_connection *connection =
        rk_container_of(timer, struct rk_mock_connection, delay);
    struct rk_mock_cluster *cluster = connection->broker->cluster;
    rk_mock_connection_run(connection, now_us);
    rk_mock_cluster_settle(cluster);
}
