/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition as the consumer sees it, and the table of a topic's.
 *
 * Made when somebody first names it, by any thread; freed with its topic. Background decides what
 * becomes of it (`known`, position.h); the fetcher that has its fetch position fetches it (`own`).
 * The position exists once: it goes from background to a fetcher with `adopt` and comes back with
 * `returned`. Its cursor (event/cursor.h) is there from the start of consumption to its end.
 */
#ifndef RK_CONSUMER_PARTITION_H
#define RK_CONSUMER_PARTITION_H

#include "cluster/reason.h"
#include "cluster/topic.h"
#include "consumer/fetch_records.h"
#include "event/failure.h"
#include "event/queue.h"

struct rk_consumer;
struct rk_fetcher;

/* What is fetched next. */
struct rk_fetch_position {
    struct rk_cursor *cursor; /* Counted by whoever has the position. */
    uint32_t version;         /* Of the cursor. */
    int64_t offset;
    int32_t epoch;    /* Leader epoch of the record before; -1: unknown. */
    int64_t told_end; /* End offset the application was told last; INVALID: none. */
};

enum rk_partition_state {
    RK_PARTITION_STOPPED,    /* Not consumed. Leaves when it is assigned or started. */
    RK_PARTITION_LOOKING_UP, /* Waits for the offset that a logical one stands for. */
    RK_PARTITION_READY,      /* Fetched as soon as it has a leader and is not paused. */
    RK_PARTITION_FAILED,     /* Has no offset to go on at: until a seek or another assignment. */
};

/* What a fetch of it asked for last. */
struct rk_fetch_sent {
    uint64_t request; /* Number of the request. */
    int64_t offset;
    int32_t epoch; /* -1: none was told. */
    int32_t leader_epoch;
    int32_t max_bytes;
};

/* Fetching from a replica near by (KIP-392): closest_replica.h. */
struct rk_closest {
    int32_t replica;    /* The leader named it; -1: fetched from the leader. */
    uint64_t until_us;  /* Then the leader is asked again. */
    uint64_t barred_us; /* Until then the leader is to serve it itself. */
    unsigned failures;  /* Replicas in a row that could not serve it. */
    uint64_t failed_us; /* When the last did not. */
    int32_t missed;     /* That was because metadata did not know it; -1: it did. */
};

struct rk_partition {
    struct rk_consumer *consumer; /* Not to be followed once the client is gone. */
    rd_kafka_topic_t *topic;      /* Borrowed: it lives in it. */
    int32_t number;
    rd_kafka_queue_t *queue;
    struct rk_budget *budget; /* Used while its queue leads elsewhere than to the consumer queue. */
    struct rk_prefetch *prefetch;
    struct { /* Relaxed; as a broker last told. RD_KAFKA_OFFSET_INVALID: not yet. */
        _Atomic int64_t low, high, stable;
    } watermarks;
    struct {                                                /* Relaxed. */
        _Atomic uint64_t received_messages, received_bytes; /* Bytes as decompressed. */
        _Atomic uint64_t void_messages; /* Dropped because the position had changed. */
    } stats;
    struct rk_mutex mutex; /* RK_RANK_PARTITION */
    struct {
        struct rk_cursor *cursor; /* Counted; NULL: not consumed. */
        char *stored_metadata;    /* With the stored offset; owned. */
        size_t stored_metadata_size;
        int64_t stored_metadata_offset; /* The stored offset that it belongs to. */
    } shared;
    struct { /* Background. */
        enum rk_partition_state state;
        bool is_assigned; /* By rd_kafka_assign() and friends; else by rd_kafka_consume_start(). */
        bool is_detached; /* Its queue was led elsewhere than to the consumer queue. */
        bool is_paused;   /* By the application; outlives the assignment. */
        bool is_withheld; /* By the group: the application is asked to give it up. */
        struct rk_fetch_position position; /* READY: where to begin, unless a fetcher knows more;
                                              its cursor is borrowed. */
        int64_t wanted;         /* LOOKING_UP: RD_KAFKA_OFFSET_BEGINNING, _END, or _STORED. */
        int64_t tail;           /* So many before it; 0: none. */
        int64_t not_before;     /* Not before that offset; -1: no matter. */
        bool is_measuring;      /* _END is asked for first, because the position is lost: offsets
                                   beyond it are as well. */
        uint64_t look_up;       /* Number of the one under way, 0: none. */
        uint64_t look_up_at_us; /* Not before. */
        TAILQ_ENTRY(rk_partition) look_up_link;
        bool is_look_up_listed;
        TAILQ_ENTRY(rk_partition) committed_link; /* Waits for the group's committed offset. */
        bool is_committed_listed;
        int64_t committed; /* The group's offset, as far as is known since it is consumed: what it
                              began at, or was committed by this client; INVALID: not known. */
        int32_t committed_epoch;
        int64_t cut_end;     /* The log was found to end there when this was the last commit that */
        uint64_t cut_commit; /* had been asked for; 0: none. Beyond it they commit nothing. */
        uint64_t auto_commit_at_us; /* Started by itself: not before. */
        int32_t leader;             /* -1: none. */
        int32_t leader_epoch;
        struct rk_closest closest;
        struct rk_uuid topic_id;    /* As metadata tells, */
        struct rk_uuid consumed_id; /* and of the topic that the position lies in; zero: not known
                                       yet. */
        struct rk_fetcher *fetcher; /* Who has the position, or is about to. */
        uint32_t given_version;     /* Of the position it has. */
        bool is_releasing;          /* It was asked to give it back. */
        /* Errors the application was told last, of metadata and of look-ups; 0: none since. */
        rd_kafka_resp_err_t told, told_look_up;
        struct rk_failure_row look_up_failures; /* Since it is looked up. */
        struct rk_silence silence;
    } known;
    struct { /* The loop of the fetcher that has it. */
        struct rk_fetch_position position;
        bool is_assigned; /* As in `known` when it was adopted. */
        int32_t leader_epoch;
        bool is_anew;              /* The topic's id is another one than the position was in. */
        bool is_from_follower;     /* Fetched from the closest replica, */
        uint64_t follow_until_us;  /* until then. */
        uint64_t barred_us;        /* The leader is to serve it itself until then. */
        uint64_t first_request;    /* Answers to earlier ones are not meant for this position. */
        uint64_t answered_request; /* Whose answer has named it: once is all that counts. */
        uint64_t retry_at_us;      /* Back-off after an error. */
        bool is_held;              /* Its limits were met. */
        bool is_fetchable;         /* For the request being built. */
        bool is_in_session;
        bool needs_validation; /* With older brokers: see offset_validation.h. */
        bool is_validating;
        struct rk_fetch_sent sent;
        int32_t max_bytes; /* 0: fetch.message.max.bytes. */
        rd_kafka_resp_err_t told;
        struct rk_failure_row failures; /* Of fetches and validations. */
        struct rk_fetch_walk walk;
        TAILQ_ENTRY(rk_partition) walk_link; /* While the walk is not over. */
        struct rk_budget *walk_budget;       /* What is put off waits for it; NULL: nothing is. */
        int64_t end_offset;                  /* Where the last answer said the partition ends. */
        struct rk_silence silence;
    } own;
};

TAILQ_HEAD(rk_partition_list, rk_partition);

/* A topic's partitions, by number. */
struct rk_consumer_topic {
    struct rk_consumer *consumer;
    struct rk_mutex mutex; /* RK_RANK_PARTITION */
    struct {
        struct rk_partition **items;
        int count, capacity;
    } shared;
};

/* Hooks of the topic registry. */
void rk_consumer_topic_init(void *consumer, rd_kafka_topic_t *topic);
void rk_consumer_topic_clear(rd_kafka_topic_t *topic);

/* The consumer of a topic, while the client lives. */
struct rk_consumer *rk_partition_consumer(const rd_kafka_topic_t *topic);
/* Borrowed; any thread. NULL: nobody has named it. */
struct rk_partition *rk_partition_find(rd_kafka_topic_t *topic, int32_t number);
struct rk_partition *rk_partition_find_or_add(rd_kafka_topic_t *topic, int32_t number);
/* Somebody has named it, or metadata tells of it. While the client lives. */
bool rk_partition_is_known(rd_kafka_topic_t *topic, int32_t number);
/* The i-th by number; NULL behind the last. */
struct rk_partition *rk_partition_at(rd_kafka_topic_t *topic, int index);

/* The cursor with a reference, NULL when the partition is not consumed. Any thread. */
struct rk_cursor *rk_partition_acquire_cursor(struct rk_partition *partition);
/* takes: cursor (NULL: none). Forgets what was stored. */
void rk_partition_set_cursor(struct rk_partition *partition, struct rk_cursor *cursor);

/* Any thread: an error in place of messages, void with them. */
void rk_partition_push_error(struct rk_partition *partition, const struct rk_error_place *place,
                             rd_kafka_resp_err_t err, const char *format, ...) RK_FORMAT(4, 5);
/* What was fetched and is void goes from the queues at once. */
void rk_partition_drop_void(struct rk_partition *partition);

#endif
