/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetcher: fetches the partitions it has from one broker.
 *
 * One per broker in use, on the broker's loop, made and freed by the consumer's observer. One Fetch
 * is under way at a time. What is read goes up as message batches until the limits of a partition
 * or a budget are met; whoever takes messages out then wakes the fetcher (event/prefetch.h). All
 * functions run on the fetcher's loop unless they say otherwise.
 */
#ifndef RK_CONSUMER_FETCHER_H
#define RK_CONSUMER_FETCHER_H

#include "cluster/broker.h"
#include "consumer/fetch_pace.h"
#include "consumer/fetch_set.h"
#include "consumer/position.h"

struct rk_fetcher {
    struct rk_connection_user user; /* Of the broker's fetch connection. */
    LIST_ENTRY(rk_fetcher) link;    /* In the consumer's list, under its room's lock. */
    struct rk_consumer *consumer;
    struct rk_broker *broker;
    struct rk_loop *loop;
    struct rk_budget
        *budget; /* Of partitions that lead to the consumer queue: this broker's share. */
    _Atomic bool is_kicked; /* The mail is under way. */
    struct {                /* Background. */
        int partition_count;
    } known;
    struct { /* The fetcher's loop. */
        struct rk_fetch_set set;
        struct rk_partition_list walks; /* Whose answers are not wholly looked through. */
        struct rk_timer silence_timer;  /* While there are partitions; partition_reason.h. */
        uint64_t looked_us;             /* At their reasons. */
        struct rk_timer timer;          /* The next back-off that ends, or now. */
        struct rk_decompressor decompressor;
        uint64_t batches_cut_off; /* At the end of an answer. */
        struct {                  /* KIP-227 */
            int32_t id;
            int32_t epoch; /* 0: the next request names all partitions and begins a new one. */
            bool by_id;    /* It names topics by id. */
            unsigned ends; /* Sessions that ended so far. */
        } session;
        unsigned asked_ends;          /* That count when the request under way was sent. */
        uint64_t last_request;        /* Number of the last one sent. */
        bool is_fetching;             /* It is not answered. */
        bool is_validating;           /* An OffsetForLeaderEpoch is under way. */
        uint64_t validation_asked_us; /* When the last was sent. */
        bool is_full;                 /* It names all partitions. */
        int asked_count;              /* Partitions it names. */
        uint64_t asked_us;            /* When it was sent. */
        uint64_t retry_at_us;         /* After a request that failed. */
        int follower_count;           /* Partitions of which the broker is a follower. */
        uint64_t overdue_at_us;       /* They ought to have been answered by then. */
        unsigned failures;            /* Requests in a row. */
        unsigned held_requests;       /* In a row while a partition was held by its limits. */
        struct rk_fetch_pace pace;
        int first_topic; /* Where a request without session begins: they take turns. */
        bool is_ended;
        struct rk_message_part *parts; /* Of the batch being made. */
        size_t part_count, part_capacity;
    } own;
};

/* Background, before its loop starts, and after it has ended. */
struct rk_fetcher *rk_fetcher_new(struct rk_consumer *consumer, struct rk_broker *broker);
void rk_fetcher_destroy(struct rk_fetcher *fetcher);
/* The loop ends. */
void rk_fetcher_end(struct rk_fetcher *fetcher);

/* Any thread: looks whether there is room again. */
void rk_fetcher_post_kick(struct rk_fetcher *fetcher);
/* Background: one more or one less is given to it. */
void rk_fetcher_count_partition(struct rk_fetcher *fetcher, int change) RK_ON_BACKGROUND;
/* Background. takes: the cursor in `position` */
void rk_fetcher_post_adopt(struct rk_fetcher *fetcher, struct rk_partition *partition,
                           const struct rk_fetch_position *position) RK_ON_BACKGROUND;
void rk_fetcher_post_release(struct rk_fetcher *fetcher,
                             struct rk_partition *partition) RK_ON_BACKGROUND;
/* Leader epoch or topic id have changed. */
void rk_fetcher_post_update(struct rk_fetcher *fetcher,
                            struct rk_partition *partition) RK_ON_BACKGROUND;

/* For fetch_answer.c: gives the position back. */
void rk_fetcher_return(struct rk_fetcher *fetcher, struct rk_partition *partition,
                       struct rk_returned *returned) RK_ON_BROKER;
/* What it fetches as a follower, with leases up to then, goes back for that reason. */
void rk_fetcher_return_followers(struct rk_fetcher *fetcher, uint64_t until_us,
                                 enum rk_return_reason reason) RK_ON_BROKER;
/* A request was sent that is answered by then, or a little later. */
void rk_fetcher_expect_answer(struct rk_fetcher *fetcher, uint64_t at_us) RK_ON_BROKER;
/* The partition's error, once while it stays the same. */
void rk_fetcher_tell_once(struct rk_fetcher *fetcher, struct rk_partition *partition,
                          enum rk_api_key key, rd_kafka_resp_err_t err) RK_ON_BROKER;
/* Runs soon, or at that time. */
void rk_fetcher_run_at(struct rk_fetcher *fetcher, uint64_t at_us) RK_ON_BROKER;
/* The session is over; the next request begins another. */
void rk_fetcher_end_session(struct rk_fetcher *fetcher, bool keeps_id) RK_ON_BROKER;

#endif
