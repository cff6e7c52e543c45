/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a partition is not moving: kinds of reasons, what they are called, and those that lie in a
 * broker's connection.
 *
 * A plain value, filled in by whoever owns the partition (producer/queue_reason.h,
 * consumer/partition_reason.h) and read by observe/.
 */
#ifndef RK_CLUSTER_REASON_H
#define RK_CLUSTER_REASON_H

#include "base/assert.h"
#include "cluster/connection.h"

#define RK_REASONS(REASON)                                                                         \
    REASON(NOTHING, "nothing", "Nothing to do: it is empty, or not consumed.")                     \
    REASON(MOVING, "moving", "It moves: messages are sent, fetched or waited for as they should.") \
    REASON(LINGERING, "lingering",                                                                 \
           "Waits for more messages until `queue.buffering.max.ms` is over.")                      \
    REASON(PAUSED, "paused", "Paused by the application.")                                         \
    REASON(TOPIC_UNKNOWN, "topic-unknown",                                                         \
           "The cluster has not told of the topic, or says that there is none.")                   \
    REASON(PARTITION_UNKNOWN, "partition-unknown", "The topic has no such partition.")             \
    REASON(NO_METADATA, "no-metadata", "Nothing is known of the cluster yet.")                     \
    REASON(NO_LEADER, "no-leader", "The partition has no leader.")                                 \
    REASON(NO_BROKER, "no-broker",                                                                 \
           "Its leader is no broker that the cluster names, or can be given a thread.")            \
    REASON(HANDOVER, "handover", "It goes from one broker's thread to another's.")                 \
    REASON(CONNECTING, "connecting", "Its broker is being connected to.")                          \
    REASON(UNREACHABLE, "unreachable",                                                             \
           "Its broker could not be connected to; the next attempt waits.")                        \
    REASON(THROTTLED, "throttled", "Its broker has asked for a pause (quota).")                    \
    REASON(BACKING_OFF, "backing-off", "Waits before it tries again after an error.")              \
    REASON(WAITING_ANSWER, "waiting-answer", "Its broker has not answered.")                       \
    REASON(WAITING_TURN, "waiting-turn", "May be sent, and waits until the connection has room.")  \
    REASON(LOOKING_UP, "looking-up-offset", "Waits for the offset to begin at.")                   \
    REASON(VALIDATING, "validating-offset",                                                        \
           "Asks whether the log was truncated below its offset.")                                 \
    REASON(NO_OFFSET, "no-offset",                                                                 \
           "Has no offset to go on at until the application seeks or assigns.")                    \
    REASON(BUDGET_FULL, "budget-full",                                                             \
           "As much is fetched ahead as may be: the application does not take it.")

struct rk_core;

enum rk_reason_kind {
#define REASON(name, code, meaning) RK_REASON_##name,
    RK_REASONS(REASON)
#undef REASON
        RK_REASON_COUNT,
};

struct rk_reason {
    enum rk_reason_kind kind;
    uint64_t since_us; /* 0: not known, or of no interest. */
    uint64_t until_us; /* 0: not known. */
    char what[160];    /* In words, without the times. */
};

/* Since when something is silent, and when that is to be told next; both 0: it is not. */
struct rk_silence {
    uint64_t since_us, tell_at_us;
};

/* In one word, for programs. */
const char *rk_reason_code(enum rk_reason_kind kind);
/* What STATISTICS.md says of it. */
const char *rk_reason_meaning(enum rk_reason_kind kind);
/* False when all is well, or as the application wants it. */
bool rk_reason_is_trouble(enum rk_reason_kind kind);

/* `format` NULL: its code says it all. */
void rk_reason_set(struct rk_reason *reason, enum rk_reason_kind kind, uint64_t since_us,
                   uint64_t until_us, const char *format, ...) RK_FORMAT(5, 6);
/* "no leader, for 3.2 s", "backing off after Leader not available, another 80 ms" */
void rk_reason_format(const struct rk_reason *reason, uint64_t now_us, char *text, size_t size);
/* It is silent, since then if that is news: true when it is to be told, which is after the limit,
 * and then each time it has doubled. */
bool rk_silence_is_due(struct rk_silence *silence, uint64_t since_us, uint64_t limit_us,
                       uint64_t now_us);
void rk_silence_end(struct rk_silence *silence);
/* One line for all: `more` others are silent too. */
void rk_silence_log(struct rk_core *core, const char *partition, const struct rk_silence *silence,
                    const struct rk_reason *reason, int more, uint64_t now_us);
/* What keeps something from being sent on the connection. False: nothing does. */
bool rk_reason_of_connection(struct rk_reason *reason, const struct rk_connection *connection,
                             uint64_t now_us) RK_ON_BROKER;
/* Something written is not answered: since when. 0: nothing is. */
uint64_t rk_reason_unanswered_since(const struct rk_connection *connection) RK_ON_BROKER;

#endif
