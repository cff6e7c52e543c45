/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_fetch_session.h"

#include "base/random.h"
#include "mock/mock_fetch.h"
#include "mock/mock_state.h"

#define KEY_SIZE_MAX (sizeof(int32_t) + RK_MOCK_TOPIC_NAME_MAX + 1)

struct key {
    uint8_t bytes[KEY_SIZE_MAX];
    size_t size;
};

void rk_mock_fetch_sessions_init(struct rk_mock_fetch_sessions *sessions)
{
    sessions->table = NULL;
    TAILQ_INIT(&sessions->by_use);
}

void rk_mock_fetch_sessions_clear(struct rk_mock_cluster *cluster,
                                  struct rk_mock_fetch_sessions *sessions)
{
    while (!TAILQ_EMPTY(&sessions->by_use))
        rk_mock_fetch_sessions_end(cluster, sessions, TAILQ_FIRST(&sessions->by_use));
}

struct rk_mock_fetch_session *rk_mock_fetch_sessions_use(struct rk_mock_fetch_sessions *sessions,
                                                         int32_t id)
{
    struct rk_mock_fetch_session *session;
    HASH_FIND(hh, sessions->table, &id, sizeof(id), session);
    if (session) {
        TAILQ_REMOVE(&sessions->by_use, session, link);
        TAILQ_INSERT_TAIL(&sessions->by_use, session, link);
    }
    return session;
}

void rk_mock_fetch_sessions_end(struct rk_mock_cluster *cluster,
                                struct rk_mock_fetch_sessions *sessions,
                                struct rk_mock_fetch_session *session)
{
    HASH_DEL(sessions->table, session);
    TAILQ_REMOVE(&sessions->by_use, session, link);
    session->id = 0;
    if (session->fetch)
        rk_mock_fetch_lose_session(session->fetch); /* Which frees it with the fetch. */
    else
        rk_mock_fetch_session_destroy(cluster, session);
}

void rk_mock_fetch_sessions_add(struct rk_mock_cluster *cluster,
                                struct rk_mock_fetch_sessions *sessions,
                                struct rk_mock_fetch_session *session)
{
    struct rk_mock_fetch_session *other;
    if (HASH_COUNT(sessions->table) >= RK_MOCK_FETCH_SESSIONS_MAX)
        rk_mock_fetch_sessions_end(cluster, sessions, TAILQ_FIRST(&sessions->by_use));
    do {
        session->id = 1 + (int32_t)rk_random_below(INT32_MAX - 1);
        HASH_FIND(hh, sessions->table, &session->id, sizeof(session->id), other);
    } while (other);
    session->next_epoch = 1;
    HASH_ADD(hh, sessions->table, id, sizeof(session->id), session);
    TAILQ_INSERT_TAIL(&sessions->by_use, session, link);
}

struct rk_mock_fetch_session *rk_mock_fetch_session_new(bool has_topic_ids)
{
    struct rk_mock_fetch_session *session = RK_NEW(struct rk_mock_fetch_session);
    session->has_topic_ids = has_topic_ids;
    TAILQ_INIT(&session->parts);
    return session;
}

static void remove_part(struct rk_mock_cluster *cluster, struct rk_mock_fetch_session *session,
                        struct rk_mock_fetch_part *part)
{
    RK_ASSERT(!part->waiting);
    HASH_DEL(session->table, part);
    TAILQ_REMOVE(&session->parts, part, link);
    session->part_count--;
    cluster->own.fetch_part_count--;
    if (part->topic)
        rk_mock_topic_release(part->topic);
    rk_free(part);
}

void rk_mock_fetch_session_destroy(struct rk_mock_cluster *cluster,
                                   struct rk_mock_fetch_session *session)
{
    RK_ASSERT(session->id == 0 && !session->fetch);
    while (!TAILQ_EMPTY(&session->parts))
        remove_part(cluster, session, TAILQ_FIRST(&session->parts));
    rk_free(session);
}

/* False for a name too long to be one. */
static bool make_key(const struct rk_mock_fetch_session *session, const char *name,
                     const struct rk_uuid *id, int32_t index, struct key *key)
{
    const void *topic = session->has_topic_ids ? (const void *)id : name;
    size_t size = session->has_topic_ids ? sizeof(*id) : strlen(name) + 1;
    if (size > RK_MOCK_TOPIC_NAME_MAX + 1)
        return false;
    memcpy(key->bytes, &index, sizeof(index));
    memcpy(key->bytes + sizeof(index), topic, size);
    key->size = sizeof(index) + size;
    return true;
}

static struct rk_mock_fetch_part *find_part(const struct rk_mock_fetch_session *session,
                                            const struct key *key)
{
    struct rk_mock_fetch_part *part;
    HASH_FIND(hh, session->table, key->bytes, key->size, part);
    return part;
}

static struct rk_mock_fetch_part *add_part(struct rk_mock_cluster *cluster,
                                           struct rk_mock_fetch_session *session,
                                           const struct key *key, int32_t index)
{
    if (cluster->own.fetch_part_count >= RK_MOCK_FETCH_PARTS_MAX)
        return NULL;
    struct rk_mock_fetch_part *part = rk_calloc(1, sizeof(*part) + key->size);
    part->index = index;
    part->told_high_watermark = -1;
    part->told_log_start = -1;
    part->key_size = key->size;
    memcpy(part->key, key->bytes, key->size);
    HASH_ADD_KEYPTR(hh, session->table, part->key, part->key_size, part);
    TAILQ_INSERT_TAIL(&session->parts, part, link);
    session->part_count++;
    cluster->own.fetch_part_count++;
    return part;
}

static const char *update_topic(struct rk_mock_cluster *cluster,
                                struct rk_mock_fetch_session *session,
                                const struct rk_fetch_request_topic *topic)
{
    struct key key;
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        const struct rk_fetch_request_partition *from = &topic->partitions.items[i];
        if (!make_key(session, topic->topic, &topic->topic_id, from->partition, &key))
            return "a topic's name is too long";
        struct rk_mock_fetch_part *part = find_part(session, &key);
        if (!part)
            part = add_part(cluster, session, &key, from->partition);
        if (!part)
            return "too many partitions in fetch sessions";
        part->current_leader_epoch = from->current_leader_epoch;
        part->last_fetched_epoch = from->last_fetched_epoch;
        part->max_bytes = RK_MAX(from->partition_max_bytes, 0);
        part->fetch_offset = from->fetch_offset;
    }
    return NULL;
}

static const char *forget_topic(struct rk_mock_cluster *cluster,
                                struct rk_mock_fetch_session *session,
                                const struct rk_fetch_request_forgotten_topic *topic)
{
    struct key key;
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        if (!make_key(session, topic->topic, &topic->topic_id, topic->partitions.items[i], &key))
            return "a topic's name is too long";
        struct rk_mock_fetch_part *part = find_part(session, &key);
        if (part)
            remove_part(cluster, session, part);
    }
    return NULL;
}

const char *rk_mock_fetch_session_update(struct rk_mock_cluster *cluster,
                                         struct rk_mock_fetch_session *session,
                                         const struct rk_fetch_request *request)
{
    const char *problem = NULL;
    for (int32_t i = 0; !problem && i < request->forgotten_topics_data.count; i++)
        problem = forget_topic(cluster, session, &request->forgotten_topics_data.items[i]);
    for (int32_t i = 0; !problem && i < request->topics.count; i++)
        problem = update_topic(cluster, session, &request->topics.items[i]);
    return problem;
}

struct rk_mock_partition *rk_mock_fetch_part_find(struct rk_mock_cluster *cluster,
                                                  const struct rk_mock_fetch_session *session,
                                                  struct rk_mock_fetch_part *part)
{
    if (part->topic && part->topic->is_deleted) {
        rk_mock_topic_release(part->topic);
        part->topic = NULL;
    }
    if (!part->topic) {
        struct rk_mock_topic *topic =
            session->has_topic_ids ? rk_mock_topic_find_id(cluster, rk_mock_fetch_part_id(part))
                                   : rk_mock_topic_find(cluster, rk_mock_fetch_part_name(part));
        part->topic = topic ? rk_mock_topic_acquire(topic) : NULL;
    }
    return part->topic ? rk_mock_topic_partition(part->topic, part->index) : NULL;
}
