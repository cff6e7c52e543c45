/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broker: its connections, on a loop.
 *
 * Made by the broker table (background) when metadata names it, without a thread; gets its loop and
 * thread at its first use; freed with the client. The thread ends when there is no connection left
 * and nothing to do, and comes back with the next mail; background, which keeps the loop, owns what
 * is the loop's meanwhile. Nothing in a broker names a thread. The seed, through which a client
 * gets its first metadata, is a broker that runs on the background loop.
 */
#ifndef RK_CLUSTER_BROKER_H
#define RK_CLUSTER_BROKER_H

#include <stdatomic.h>

#include "base/window.h"
#include "cluster/connection.h"
#include "event/failure.h"

struct rk_cluster;
struct rk_core;

/* Rolling windows; off without statistics.interval.ms. */
struct rk_broker_windows {
    struct rk_window queue_us;  /* From produce() until a batch is put into a request. */
    struct rk_window outbox_us; /* From there until the request is written. */
    struct rk_window round_trip_us;
    struct rk_window throttle_ms;
};

#define RK_BROKER_ERRORS_MAX 32

/* Errors that were reported, without their durations: each is reported once, though the next
 * address has another one, and so in turn. The oldest makes way. */
struct rk_broker_errors {
    char *texts[RK_BROKER_ERRORS_MAX];
    unsigned count; /* Of all so far. */
};

struct rk_broker {
    struct rk_cluster *cluster;
    struct rk_core *core;
    int32_t id;           /* -1: the seed. */
    struct rk_loop *loop; /* Set once, by background, before anything is posted to the broker. */
    bool owns_loop;
    void *worker; /* The producer's sender or the consumer's fetcher: set before the thread. */
    struct rk_mail keeper_mail; /* Under way while is_keeper_called. */
    _Atomic bool is_keeper_called;
    _Atomic unsigned preparing; /* Bits: mail under way that a connection is to come up. */
    struct {                    /* Background. */
        char *host;
        uint16_t port;
        char *rack;
        bool is_started;              /* It has a loop; a thread unless that rests. */
        bool is_named;                /* By the last metadata. */
        struct rk_timer thread_timer; /* While the system has no thread to give. */
        struct rk_backoff thread_backoff;
        struct rk_failure_row start_failures; /* To begin it at all. */
    } known;
    struct { /* The broker's loop. */
        char *host;
        uint16_t port;
        char *name; /* "host:port/id" */
        struct rk_connection connections[RK_PURPOSE_COUNT];
        bool is_terminated;
        bool is_used;    /* The worker has partitions of it. */
        bool is_retired; /* Metadata names it no more: nothing new is begun with it. */
        struct rk_addresses addresses; /* Shared by its connections for broker.address.ttl. */
        uint64_t addresses_until_us;
        uint64_t assumes_versions_until_us; /* It did not answer ApiVersions: not asked again before
                                               (api.version.fallback.ms). */
        /* Why connections failed since one came up last: */
        struct rk_broker_errors errors; /* reported, */
        char *last_error;               /* the last one of these, without its duration, */
        char *last_failure;             /* the last one, reported or not, with it. */
        int32_t throttle_ms;            /* Reported last. */
        uint64_t down_since_us; /* No connection has been up since then; 0: one is, or none was
                                   tried. */
        uint64_t last_sent_us, last_received_us; /* 0: never. */
        struct rk_broker_windows windows;
    } own;
    struct {
        _Atomic int up_connections; /* Connections that are UP now. */
        _Atomic bool is_failing;    /* The last attempt failed and none is up. */
        _Atomic int state; /* enum rk_connection_state: UP while a connection is, else as the one
                              that changed last. */
        _Atomic uint64_t state_since_us;
        _Atomic uint64_t requests_sent, bytes_sent, answers_received, bytes_received;
        _Atomic uint64_t requests_timed_out, connects, disconnects, requests_in_flight;
        _Atomic uint64_t send_errors, receive_errors, strange_answers, retries_sent;
        _Atomic uint64_t requests[RK_API_COUNT]; /* Sent, by API. */
    } stats;                                     /* Relaxed. */
};

/* Any thread, once the broker is started. takes: request. Completes it with an error when the
 * broker goes away first. */
void rk_broker_post_send(struct rk_broker *broker, enum rk_purpose purpose,
                         struct rk_request *request);
/* Any thread, once the broker is started: that connection is needed in a moment; it comes up while
 * other things are done first. */
void rk_broker_post_prepare(struct rk_broker *broker, enum rk_purpose purpose);
/* Any thread: the address changed; connections to the old one are closed. */
void rk_broker_post_address(struct rk_broker *broker, const char *host, uint16_t port);

/* Any thread: metadata names it no more, or again. What is under way may end. */
void rk_broker_post_retire(struct rk_broker *broker, bool is_retired);
/* Any thread: what is under way on that connection is not waited for any longer. */
void rk_broker_post_drop_join(struct rk_broker *broker);
/* Any thread: closes all its connections. */
void rk_broker_post_drop(struct rk_broker *broker);

struct rk_connection *rk_broker_connection(struct rk_broker *broker,
                                           enum rk_purpose purpose) RK_ON_BROKER;
const char *rk_broker_name(const struct rk_broker *broker) RK_ON_BROKER;

/* For the connections. */
void rk_broker_on_connection_up(struct rk_broker *broker,
                                struct rk_connection *connection) RK_ON_BROKER;
void rk_broker_on_connection_down(struct rk_broker *broker,
                                  struct rk_connection *connection) RK_ON_BROKER;
/* Reports the error, once until a connection comes up, and tells background. */
void rk_broker_on_connection_failed(struct rk_broker *broker, struct rk_connection *connection,
                                    rd_kafka_resp_err_t err, bool was_up,
                                    const char *text) RK_ON_BROKER;
/* One of its connections has another state: so has the broker, perhaps. */
void rk_broker_on_connection_state(struct rk_broker *broker,
                                   struct rk_connection *connection) RK_ON_BROKER;
void rk_broker_note_throttle(struct rk_broker *broker, int32_t throttle_ms) RK_ON_BROKER;
/* takes: what is in `addresses`, which is left empty; kept for broker.address.ttl, in the order in
 * which they are to be tried. */
void rk_broker_take_addresses(struct rk_broker *broker, struct rk_addresses *addresses,
                              uint64_t now_us) RK_ON_BROKER;
enum rk_address_family rk_broker_address_family(const struct rk_broker *broker);
/* For the worker: whether it has partitions of the broker. Without any the connections close when
 * they have been idle for 10 s. */
void rk_broker_set_used(struct rk_broker *broker, bool is_used) RK_ON_BROKER;

/* Background. */
struct rk_broker *rk_broker_new(struct rk_cluster *cluster, int32_t id, const char *host,
                                uint16_t port, const char *rack);
/* broker_thread.c: gives it a loop and thread, and the worker of the client; false when the system
 * has none to give. */
bool rk_broker_start(struct rk_broker *broker) RK_ON_BACKGROUND;
/* Started, and with nothing to do: what reaches everybody who has something may leave it out. */
bool rk_broker_is_resting(const struct rk_broker *broker) RK_ON_BACKGROUND;
/* The client goes away: no thread is started any more. */
void rk_broker_end_keeping(struct rk_broker *broker) RK_ON_BACKGROUND;
/* Runs on the given loop without a thread of its own. */
void rk_broker_run_on(struct rk_broker *broker, struct rk_loop *loop);
/* Only for a broker on the calling loop, or one that has not started. */
void rk_broker_set_address(struct rk_broker *broker, const char *host, uint16_t port);
/* Closes all connections for good. */
void rk_broker_terminate(struct rk_broker *broker) RK_ON_BROKER;
/* broker_thread.c: closes all connections on its loop and ends the thread; waits. Not the broker's
 * own thread. After rk_broker_end_keeping. */
void rk_broker_stop(struct rk_broker *broker);
/* After its loop has ended. */
void rk_broker_destroy(struct rk_broker *broker);

#endif
