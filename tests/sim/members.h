/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of the consumer group "g", each an application with a thread of its own, and the history
 * of their partitions.
 *
 * A member polls, follows its rebalance callback, and is told by the scenario to stall, to leave or
 * to die. What must hold of any history (history.c) is checked as it happens:
 *
 * - no partition is two members' in one generation, at the coordinator and in the applications;
 *   while nothing is disturbed it is nobody's until who had it has given it up;
 * - what a member is handed out begins at the committed offset, has no gaps, and comes only while
 *   the partition is its own;
 * - committed offsets never move backwards but after a seek of who has the partition, and are never
 * ahead of what was handed out;
 * - while nothing is disturbed no partition is lost to a member that polls in time, and what was
 *   handed out is committed when the next one takes the partition: duplicates are only what a
 *   member that died, or lost its partitions, had not committed;
 * - in the end (sim_group_settle) each partition has one owner, nobody rebalances any more, and
 *   each record was handed out.
 *
 * Holder of the baton only.
 */
#ifndef SIM_MEMBERS_H
#define SIM_MEMBERS_H

#include "sim/sim.h"

enum { SIM_MEMBERS_MAX = 16 };

struct sim_member {
    int slot; /* Its bit, and which of sim_member_at(). */
    struct sim_client *client;
    struct sim_thread *thread;
    enum { SIM_MEMBER_LIVES, SIM_MEMBER_LEAVES, SIM_MEMBER_DIES } order;
    bool has_ended;
    bool commits_itself;    /* In its callback, and now and then. */
    int64_t max_poll_ms;    /* Its max.poll.interval.ms. */
    uint64_t polled_ms;     /* When it last polled. */
    bool is_late;           /* It did not poll in time since its last assignment. */
    uint64_t late_until_ms; /* It has polled too late: what follows from that comes until then. */
    bool has_stalled;       /* It was to sleep for as long as that, and has not polled since. */
    bool seems_alive;       /* While it did not: to subscribe counts as a poll. */
    int64_t stall_ms;       /* It is to sleep that long. */
    int64_t callback_ms;    /* Its callback takes up to that long. */
    int poll_ms;            /* A poll of it waits that long for a message. */
    int assigns, revokes, losses;
    rd_kafka_resp_err_t fatal;
    bool may_be_fenced; /* Somebody else takes its name. */
    bool plays;         /* Seeks, pauses and resumes now and then; resumes all when it ends. */
    bool has_paused, has_ever_paused;
};

/* Begins the history; after sim_cluster(). */
void sim_group(void);
/* Something is in disorder from now on, or all is as it should be again. */
void sim_group_disturb(bool is_disturbed);

/* A member in a slot that is free; pairs up to NULL. Subscribes to nothing yet. */
struct sim_member *sim_member(int slot, const char *property, ...);
/* The one that lives there; NULL. */
struct sim_member *sim_member_at(int slot);
/* Names up to NULL. */
void sim_member_subscribe(struct sim_member *member, const char *topic, ...);
/* It sleeps when it next would poll. */
void sim_member_stall(struct sim_member *member, int64_t ms);
/* Closes and is destroyed; or only the latter, without a word to the group. Does not wait. */
void sim_member_leave(struct sim_member *member);
void sim_member_die(struct sim_member *member);
/* Waits until who leaves or dies has gone; its slot is free then. */
void sim_member_await_end(struct sim_member *member);
/* Partitions it has. */
int sim_member_count(const struct sim_member *member);

/* All partitions of the topics (up to NULL) have one owner and all their records are handed out,
 * within that time; then nothing moves for a while. */
void sim_group_settle(int64_t within_ms, const char *topic, ...);
/* Callbacks of all members so far. */
int sim_group_rebalances(void);
/* The highest number of requests about groups within a second. */
int sim_group_busiest_second(void);
/* Ends the members that are left. */
void sim_group_end(void);

/* history.c */
void sim_history_begin(void);
void sim_history_disturb(bool is_disturbed);
bool sim_history_is_calm(void);
/* For the rest of its session the group may wait for it, and take no commits: longer than those of
 * partitions that are given up are tried for. */
void sim_history_leader_gone(void);
void sim_history_take(struct sim_member *member, const char *topic, int32_t partition);
/* `is_kept`: what was handed out of it is committed by now, or on its way. */
void sim_history_give_up(struct sim_member *member, const char *topic, int32_t partition,
                         bool is_lost, bool is_kept);
void sim_history_hand_out(struct sim_member *member, const char *topic, int32_t partition,
                          int64_t offset);
/* Its application seeks: what it hands out from there may be committed again. */
void sim_history_seek(const char *topic, int32_t partition, int64_t offset);
/* It has nothing any more. */
void sim_history_forget(const struct sim_member *member);
int sim_history_count(const struct sim_member *member);
/* Each partition of the topic has one owner, who had all of it. What is missing, or NULL. */
const char *sim_history_missing(const char *topic);
/* A partition of which something that was handed out is not committed, or NULL. */
const char *sim_history_uncommitted(void);
/* Somewhere among what it was handed out of the partition, or at its end. */
int64_t sim_history_any_offset(const char *topic, int32_t partition);

#endif
