/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection to one broker: bring-up, requests in flight, time-outs, throttling, idle close.
 *
 * Embedded in a broker, several per broker by purpose, so that a long-polling Fetch never delays a
 * commit or a Produce. All functions run on the broker's loop. It connects when somebody wants it
 * (rk_connection_want, rk_connection_prepare, or a request that waits) and closes when idle: at
 * once when metadata names the broker no more, after 10 s when nobody has partitions of it or it
 * was for joining, else after connections.max.idle.ms if that is set.
 */
#ifndef RK_CLUSTER_CONNECTION_H
#define RK_CLUSTER_CONNECTION_H

#include "cluster/api_versions.h"
#include "cluster/backoff.h"
#include "cluster/in_flight.h"
#include "cluster/request.h"
#include "net/resolver.h"
#include "net/stream.h"

struct rk_broker;

enum rk_purpose {
    RK_PURPOSE_GENERAL, /* Metadata, look-ups, admin. */
    RK_PURPOSE_PRODUCE,
    RK_PURPOSE_FETCH,
    RK_PURPOSE_COORDINATOR, /* Heartbeats, commits. */
    RK_PURPOSE_JOIN,        /* What a coordinator answers when all members are there. */
    RK_PURPOSE_COUNT,
};

enum rk_connection_state {
    RK_CONNECTION_IDLE,        /* No socket. Leaves when wanted. */
    RK_CONNECTION_RESOLVING,   /* A name look-up runs. */
    RK_CONNECTION_CONNECTING,  /* TCP. */
    RK_CONNECTION_NEGOTIATING, /* ApiVersions sent; nothing else may be sent. */
    RK_CONNECTION_UP,
    RK_CONNECTION_BACKING_OFF, /* Waits until it may try again. */
    RK_CONNECTION_CLOSED,      /* For good: the client goes away. */
};

/* Whoever builds requests on the broker's own loop: a producer's sender, a consumer's fetcher. */
struct rk_connection_user {
    /* Something changed: the connection came up or went down, an answer arrived, there is room to
     * send. Looks for itself. */
    void (*run)(struct rk_connection_user *user, uint64_t now_us);
};

struct rk_connection {
    struct rk_broker *broker;
    enum rk_purpose purpose;
    struct rk_connection_user *user; /* NULL: only requests sent by others. */
    struct {                         /* The broker's loop. */
        enum rk_connection_state state;
        bool is_wanted;
        bool is_running_user; /* Inside user->run: a send is encoded at once. */
        bool is_settling;     /* No recursion: a send from a handler waits in the outbox. */
        uint64_t state_since_us;
        uint64_t throttled_until_us;
        uint64_t last_used_us;
        uint64_t retry_at_us;         /* While backing off. */
        uint64_t attempt_at_us;       /* When it began to connect last. */
        uint64_t in_flight_expiry_us; /* Not later than the first expiry in flight or unsent. */
        struct rk_stream *stream;
        struct rk_watch watch;
        struct rk_timer timer; /* The nearest of: connect time-out, request time-out, throttle end,
                                  idle close, back-off end. */
        struct rk_backoff backoff;
        struct rk_addresses addresses;
        int next_address;
        struct rk_resolver_job *job;
        struct rk_api_versions versions;
        struct rk_in_flight in_flight;   /* Written, and waiting for the answer. */
        struct rk_request_list outbox;   /* Not encoded yet. */
        struct rk_request_list unsent;   /* Encoded; the first may be written in part. */
        struct rk_request_list finished; /* To be completed at the end of the current event. */
        int unsent_count;
        int told_in_flight;  /* Of requests under way, in the broker's count. */
        int part;            /* First part of the first unsent frame that is not out, */
        size_t part_written; /* and how much of it is. */
        struct {
            rd_kafka_resp_err_t err; /* Not 0: to be closed at the end of the current event. */
            char *text;
            bool is_ours; /* Nothing is wrong with the broker: we wanted it closed. */
            bool goes_on; /* It is to be another's connection, without a rest. */
        } broken;
        struct {
            struct rk_block *frame; /* Being filled; NULL between frames. */
            size_t filled;
            uint8_t prefix[4];
            size_t prefix_size;
        } reader;
        int16_t negotiating_version; /* Of the ApiVersions request under way. */
        int failures;                /* Attempts that failed since it was last up, */
        uint64_t failing_since_us;   /* and when the first of them began. */
        int timeouts;                /* Requests in a row that were not answered. */
        char address_text[64];       /* Of the current attempt, for errors. */
    } own;
};

void rk_connection_init(struct rk_connection *connection, struct rk_broker *broker,
                        enum rk_purpose purpose);
/* Fails every request with _DESTROY and closes for good. */
void rk_connection_terminate(struct rk_connection *connection) RK_ON_BROKER;
void rk_connection_clear(struct rk_connection *connection);

/* Keeps the connection up while wanted. */
void rk_connection_want(struct rk_connection *connection, bool wanted) RK_ON_BROKER;
bool rk_connection_is_up(const struct rk_connection *connection) RK_ON_BROKER;
/* Up, not throttled, and less than max.in.flight requests under way. */
bool rk_connection_may_send(const struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;
/* Requests sent or about to be sent on it. */
int rk_connection_in_flight_count(const struct rk_connection *connection) RK_ON_BROKER;
/* The version a request of that API would be sent with, within [min, max]; -1 when the ranges do
 * not meet. Only while up. */
int16_t rk_connection_version(const struct rk_connection *connection, enum rk_api_key key,
                              int16_t min_version, int16_t max_version) RK_ON_BROKER;
/* Cuts a back-off short. */
void rk_connection_retry_now(struct rk_connection *connection) RK_ON_BROKER;
/* Its broker is used no more, or again: looks soon when it is to be closed for being idle. */
void rk_connection_look_at_time(struct rk_connection *connection) RK_ON_BROKER;
/* Connects if it does not, for somebody who will send something in a moment. */
void rk_connection_prepare(struct rk_connection *connection) RK_ON_BROKER;
/* Closes it if nothing is under way and nobody wants it. */
void rk_connection_close_idle(struct rk_connection *connection) RK_ON_BROKER;
/* Lets the user look for something to send, and sends what waits. What a user calls when it has got
 * new work. */
void rk_connection_poke(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;
/* Sends now when it may, or as soon as it may. takes: request */
void rk_connection_send(struct rk_connection *connection, struct rk_request *request) RK_ON_BROKER;
/* Whether the request is on its way, with some of its bytes out and some not. */
bool rk_connection_is_writing(const struct rk_connection *connection,
                              const struct rk_request *request) RK_ON_BROKER;
/* Takes back a request that was sent here, of which nothing is out: it is completed with that error
 * at the end of the next event (rk_connection_poke). */
void rk_connection_withdraw(struct rk_connection *connection, struct rk_request *request,
                            rd_kafka_resp_err_t err, const char *text) RK_ON_BROKER;
/* There is a socket, or a look-up on the way to one. */
bool rk_connection_is_open(const struct rk_connection *connection) RK_ON_BROKER;
/* Closes with that error: everything under way fails with it (was_written tells what may have
 * arrived). Reconnects after back-off if wanted. No error of the broker's: nothing goes up. */
void rk_connection_drop(struct rk_connection *connection, rd_kafka_resp_err_t err,
                        const char *format, ...) RK_ON_BROKER RK_FORMAT(3, 4);
const char *rk_connection_state_name(enum rk_connection_state state);

#endif
