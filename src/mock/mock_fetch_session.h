/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetch sessions (KIP-227): what partitions a consumer fetches from a broker, and what it was told
 * about them last.
 *
 * A broker has a table of them, of which the one that was not used for longest goes when there are
 * too many. A fetch without a session has one of its own, with id 0. On the cluster's loop.
 */
#ifndef RK_MOCK_MOCK_FETCH_SESSION_H
#define RK_MOCK_MOCK_FETCH_SESSION_H

#include "mock/mock_topic.h"
#include "wire/messages.h"

#define RK_MOCK_FETCH_SESSIONS_MAX 1000    /* Of one broker. */
#define RK_MOCK_FETCH_PARTS_MAX    1000000 /* Partitions of all sessions of a cluster. */

/* A partition of a session. */
struct rk_mock_fetch_part {
    TAILQ_ENTRY(rk_mock_fetch_part) link;
    UT_hash_handle hh;
    struct rk_mock_topic *topic; /* Counted; NULL while there is none, may be deleted. */
    int32_t index;
    int32_t current_leader_epoch, last_fetched_epoch;
    int32_t max_bytes;
    int64_t fetch_offset;
    int64_t told_high_watermark, told_log_start; /* In the last answer; -1. */
    LIST_ENTRY(rk_mock_fetch_part) wait_link;    /* In the partition's list, */
    struct rk_mock_fetch *waiting;               /* if there is a fetch that waits. */
    size_t key_size;
    uint8_t key[]; /* Index, then topic id, or name and NUL: what it was asked for by. */
};

TAILQ_HEAD(rk_mock_fetch_part_list, rk_mock_fetch_part);

struct rk_mock_fetch_session {
    UT_hash_handle hh;
    TAILQ_ENTRY(rk_mock_fetch_session) link;
    int32_t id; /* 0: of one fetch only. */
    int32_t next_epoch;
    bool has_topic_ids;                   /* Or names. */
    struct rk_mock_fetch_part_list parts; /* In the order they are served. */
    struct rk_mock_fetch_part *table;
    int part_count;
    struct rk_mock_fetch *fetch; /* That uses it now. */
};

struct rk_mock_fetch_sessions {
    struct rk_mock_fetch_session *table;        /* By id. */
    TAILQ_HEAD(, rk_mock_fetch_session) by_use; /* Latest last. */
};

void rk_mock_fetch_sessions_init(struct rk_mock_fetch_sessions *sessions);
void rk_mock_fetch_sessions_clear(struct rk_mock_cluster *cluster,
                                  struct rk_mock_fetch_sessions *sessions);
/* Moves it to the latest; NULL when there is none. */
struct rk_mock_fetch_session *rk_mock_fetch_sessions_use(struct rk_mock_fetch_sessions *sessions,
                                                         int32_t id);
/* Ends it; a fetch that waits in it is answered without it. */
void rk_mock_fetch_sessions_end(struct rk_mock_cluster *cluster,
                                struct rk_mock_fetch_sessions *sessions,
                                struct rk_mock_fetch_session *session);
/* Gives a session of one fetch an id. */
void rk_mock_fetch_sessions_add(struct rk_mock_cluster *cluster,
                                struct rk_mock_fetch_sessions *sessions,
                                struct rk_mock_fetch_session *session);

struct rk_mock_fetch_session *rk_mock_fetch_session_new(bool has_topic_ids);
/* One with id 0. */
void rk_mock_fetch_session_destroy(struct rk_mock_cluster *cluster,
                                   struct rk_mock_fetch_session *session);
/* Adds, alters and forgets partitions. NULL, or what is wrong with the request. */
const char *rk_mock_fetch_session_update(struct rk_mock_cluster *cluster,
                                         struct rk_mock_fetch_session *session,
                                         const struct rk_fetch_request *request);
/* Its partition, NULL when it is not there (any more). */
struct rk_mock_partition *rk_mock_fetch_part_find(struct rk_mock_cluster *cluster,
                                                  const struct rk_mock_fetch_session *session,
                                                  struct rk_mock_fetch_part *part);

/* The topic as the client named it. */
static inline const char *rk_mock_fetch_part_name(const struct rk_mock_fetch_part *part)
{
    return (const char *)part->key + sizeof(part->index);
}

static inline const struct rk_uuid *rk_mock_fetch_part_id(const struct rk_mock_fetch_part *part)
{
    return (const struct rk_uuid *)(const void *)(part->key + sizeof(part->index));
}

#endif
