/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's connection to a mock broker: frames in, answers out, in the order of the requests.
 *
 * Made when it is accepted; belongs to its broker, on the cluster's loop. While a fetch waits for
 * records the requests behind it wait too, as with a real broker. A failed connection is doomed
 * first and freed by rk_mock_cluster_settle(), so that whoever is at work on it can finish.
 */
#ifndef RK_MOCK_MOCK_CONNECTION_H
#define RK_MOCK_MOCK_CONNECTION_H

#include "base/block.h"
#include "mock/mock_state.h"
#include "wire/writer.h"

/* An answer on its way out; or, with `closes`, the end of the connection at its time. */
struct rk_mock_answer {
    STAILQ_ENTRY(rk_mock_answer) link;
    uint64_t due_us; /* Not to be sent before. */
    bool closes;
    struct rk_writer writer; /* One frame, encoded. */
    struct iovec *parts;     /* Of it, those that are not sent; NULL before the first. */
    int part_count;
    struct rk_block **blocks; /* References to what the frame splices. */
    int block_count, block_capacity;
};

struct rk_mock_connection {
    TAILQ_ENTRY(rk_mock_connection) link;
    TAILQ_ENTRY(rk_mock_connection) doomed_link, resumed_link;
    struct rk_mock_broker *broker;
    int fd;
    struct rk_watch watch;
    struct rk_timer delay; /* Until the first answer is due. */
    struct {
        uint8_t *bytes;
        size_t start, end, capacity;
    } input;
    STAILQ_HEAD(, rk_mock_answer) answers;
    int answer_count;
    size_t answer_size;
    struct rk_mock_answer *spare;                /* With its memory, for the next answer. */
    struct rk_mock_fetch *fetch;                 /* That waits, */
    struct rk_mock_group_request *group_request; /* or this. */
    bool is_closing; /* An answer that closes is queued: nothing more is read. */
    bool is_doomed;
    bool is_resumed;
    bool is_blocked; /* The socket takes no more. */
};

/* takes: fd */
void rk_mock_connection_new(struct rk_mock_broker *broker, int fd);
/* Frees it at once. NULL is fine. */
void rk_mock_connection_destroy(struct rk_mock_connection *connection);
/* To be closed by settle; `format` and what follows say why, NULL for no reason worth telling. */
void rk_mock_connection_fail(struct rk_mock_connection *connection, const char *format, ...)
    RK_FORMAT(2, 3);
/* Goes on with the requests that have arrived, then with sending. */
void rk_mock_connection_run(struct rk_mock_connection *connection, uint64_t now_us);
/* The same, when settle comes to it. */
void rk_mock_connection_resume(struct rk_mock_connection *connection);

/* An empty answer, to be given to rk_mock_connection_send. */
struct rk_mock_answer *rk_mock_answer_new(struct rk_mock_connection *connection);
/* Takes a reference that lasts until the answer is sent. */
void rk_mock_answer_hold(struct rk_mock_answer *answer, struct rk_block *block);
void rk_mock_answer_destroy(struct rk_mock_answer *answer);
/* takes: answer */
void rk_mock_connection_send(struct rk_mock_connection *connection, struct rk_mock_answer *answer,
                             uint64_t due_us);

#endif
