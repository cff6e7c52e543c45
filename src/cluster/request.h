/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request and, later, its answer.
 *
 * Filled as a plain struct (wire/messages.h) by the feature that sends it; encoded when a
 * connection is ready, with the negotiated version; completed exactly once, on the loop that was
 * named at its creation, with either a whole decoded answer or a local error. Owned by one party at
 * a time: the sender until it is sent, the broker or connection until it completes, then the
 * handler, which destroys it.
 */
#ifndef RK_CLUSTER_REQUEST_H
#define RK_CLUSTER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/block.h"
#include "rdkafka.h"
#include "runtime/loop.h"
#include "wire/api.h"
#include "wire/writer.h"

struct rk_request;

/* Runs on request->reply_loop. takes: request */
typedef void rk_request_handler(struct rk_request *request);

struct rk_request {
    TAILQ_ENTRY(rk_request) link;
    struct rk_mail mail; /* While it crosses to another loop. */

    const struct rk_api *api;
    void *message;         /* struct rk_<api>_request, in `arena`. */
    struct rk_arena arena; /* What the message points to. */
    int16_t min_version;   /* The feature may narrow what the API table allows. */
    int16_t max_version;
    /* On the broker's loop, before it is encoded: fills in what depends on `version`, which is
     * chosen by now. NULL: nothing does. */
    void (*prepare)(struct rk_request *request);
    uint64_t timeout_us;  /* From the moment it is written to its answer. */
    uint64_t deadline_us; /* Absolute: fails with _TIMED_OUT when not written by then. RK_NEVER:
                             only the connection's fate counts. */
    bool has_no_answer;   /* acks=0: complete when written. */
    struct rk_loop *reply_loop;
    rk_request_handler *on_done;
    void *owner; /* The handler's own. */

    struct { /* The connection's while in its hands. */
        struct rk_writer writer;
        int32_t correlation_id;
        uint64_t queued_us, expires_us;
        struct rk_connection *connection;
    } wire;

    /* The outcome, for on_done. */
    rd_kafka_resp_err_t err; /* Local errors only: _TRANSPORT, _TIMED_OUT, _DESTROY,
                                _UNSUPPORTED_FEATURE, _BAD_MSG ... */
    char *error_text;   /* What failed, naming broker and address; owned; NULL when err is 0. */
    bool lacks_feature; /* _UNSUPPORTED_FEATURE: the broker has the API, but not `min_version`. */
    bool was_written;   /* At least one byte may have reached the broker. */
    void *answer; /* struct rk_<api>_answer, in `answer_arena`; NULL when err != 0 or there is none.
                   */
    struct rk_arena answer_arena;
    struct rk_block *frame; /* The answer's bytes, which records and bytes fields point into; take a
                               reference to keep them. */
    int16_t version;        /* The one it was sent with. */
    int32_t broker_id;      /* Who answered. */
    int32_t throttle_ms;
    uint64_t sent_us, answered_us;
    int32_t message_count; /* Of Produce: the messages in it. */
    bool is_retry;         /* Something in it was sent before. */
};

TAILQ_HEAD(rk_request_list, rk_request);

/*
 * A request of that API with its message set to defaults; `timeout_us` is a minute, the default of
 * socket.timeout.ms, unless changed. NULL when memory is out.
 */
struct rk_request *rk_request_try_new(enum rk_api_key key, struct rk_loop *reply_loop,
                                      rk_request_handler *on_done, void *owner);
/* As it was before it was sent, outcome forgotten, so that it may be sent again. Only the owner. */
void rk_request_reset(struct rk_request *request);
/* NULL is fine. Only the owner. */
void rk_request_destroy(struct rk_request *request);
/* Room in the request's arena for what its message points to; zeroed; NULL when memory is out. */
void *rk_request_try_alloc(struct rk_request *request, size_t size);
/* Hands the request, outcome filled in, to on_done: at once when the calling thread runs the reply
 * loop, else by post. takes: request */
void rk_request_complete(struct rk_request *request);
/* Completes it with a local error and its text. takes: request */
void rk_request_fail(struct rk_request *request, rd_kafka_resp_err_t err, const char *format, ...)
    RK_FORMAT(3, 4);

#endif
