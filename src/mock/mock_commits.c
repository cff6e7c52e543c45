/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_commits.h"

#include "mock/mock_coordinator.h"
#include "mock/mock_hash.h"
#include "mock/mock_request.h"

#define METADATA_SIZE_MAX 4096 /* As brokers are configured. */
#define COMMITS_MAX       1000000
#define FETCH_GROUP_SINCE 8 /* OffsetFetch names groups; */
#define FETCH_ERROR_SINCE 2 /* has an error for the whole group. */
#define TOPIC_IDS_SINCE   10

/* What one group has committed of one topic. */
struct committed_topic {
    UT_hash_handle hh;
    struct rk_uuid id; /* A topic with another id is another topic. */
    struct rk_mock_commit *partitions;
    int32_t count;
    char name[];
};

struct rk_mock_commits {
    UT_hash_handle hh;
    struct committed_topic *topics;
    char group[];
};

/* Keeping */

static struct rk_mock_commits *find_group(const struct rk_mock_cluster *cluster, const char *group)
{
    struct rk_mock_commits *commits;
    HASH_FIND(hh, cluster->own.commits, group, strlen(group), commits);
    return commits;
}

static void forget_topic(struct rk_mock_cluster *cluster, struct rk_mock_commits *commits,
                         struct committed_topic *topic)
{
    HASH_DEL(commits->topics, topic);
    for (int32_t i = 0; i < topic->count; i++)
        rk_free(topic->partitions[i].metadata);
    cluster->own.commit_count -= topic->count;
    rk_free(topic->partitions);
    rk_free(topic);
}

/* Those of a topic that is still there. */
static struct committed_topic *find_topic(const struct rk_mock_cluster *cluster,
                                          const struct rk_mock_commits *commits, const char *name)
{
    struct committed_topic *topic = NULL;
    if (commits)
        HASH_FIND(hh, commits->topics, name, strlen(name), topic);
    const struct rk_mock_topic *now =
        topic ? rk_mock_topic_find((struct rk_mock_cluster *)(uintptr_t)cluster, name) : NULL;
    return now && rk_uuid_equal(&now->id, &topic->id) ? topic : NULL;
}

const struct rk_mock_commit *rk_mock_commits_find(const struct rk_mock_cluster *cluster,
                                                  const char *group, const char *topic,
                                                  int32_t partition)
{
    const struct committed_topic *found = find_topic(cluster, find_group(cluster, group), topic);
    if (!found || partition < 0 || partition >= found->count ||
        found->partitions[partition].offset == -1)
        return NULL;
    return &found->partitions[partition];
}

static struct rk_mock_commits *need_group(struct rk_mock_cluster *cluster, const char *group)
{
    struct rk_mock_commits *commits = find_group(cluster, group);
    if (commits)
        return commits;
    size_t length = strlen(group);
    commits = rk_calloc(1, sizeof(*commits) + length + 1);
    memcpy(commits->group, group, length);
    HASH_ADD_KEYPTR(hh, cluster->own.commits, commits->group, length, commits);
    return commits;
}

static struct committed_topic *need_topic(struct rk_mock_cluster *cluster,
                                          struct rk_mock_commits *commits,
                                          const struct rk_mock_topic *of)
{
    struct committed_topic *topic;
    size_t length = strlen(of->name);
    HASH_FIND(hh, commits->topics, of->name, length, topic);
    if (topic && !rk_uuid_equal(&topic->id, &of->id)) {
        forget_topic(cluster, commits, topic);
        topic = NULL;
    }
    if (!topic) {
        topic = rk_calloc(1, sizeof(*topic) + length + 1);
        memcpy(topic->name, of->name, length);
        topic->id = of->id;
        HASH_ADD_KEYPTR(hh, commits->topics, topic->name, length, topic);
    }
    return topic;
}

static void grow(struct rk_mock_cluster *cluster, struct committed_topic *topic, int32_t count)
{
    if (count <= topic->count)
        return;
    cluster->own.commit_count += count - topic->count;
    topic->partitions = rk_realloc(topic->partitions, (size_t)count * sizeof(*topic->partitions));
    for (int32_t i = topic->count; i < count; i++)
        topic->partitions[i] = (struct rk_mock_commit){.offset = -1, .leader_epoch = -1};
    topic->count = count;
}

void rk_mock_commits_clear(struct rk_mock_cluster *cluster)
{
    struct rk_mock_commits *commits, *next;
    struct committed_topic *topic, *next_topic;
    HASH_ITER(hh, cluster->own.commits, commits, next)
    {
        HASH_ITER(hh, commits->topics, topic, next_topic)
        forget_topic(cluster, commits, topic);
        HASH_DEL(cluster->own.commits, commits);
        rk_free(commits);
    }
}

/* OffsetCommit */

static rd_kafka_resp_err_t check_coordinator(struct rk_mock_request *request, const char *group)
{
    if (!*group)
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    return rk_mock_coordinator_check(request, RK_MOCK_COORDINATOR_GROUP, group);
}

/* Whether the coordinator takes commits of that member. */
static rd_kafka_resp_err_t check_member(struct rk_mock_request *request,
                                        const struct rk_offset_commit_request *from)
{
    rd_kafka_resp_err_t err = check_coordinator(request, from->group_id);
    if (err || request->injected.err)
        return err;
    return rk_mock_group_check_commit(&request->cluster->own.groups, from->group_id,
                                      from->generation_id_or_member_epoch, from->member_id,
                                      from->group_instance_id, request->now_us);
}

static rd_kafka_resp_err_t commit(struct rk_mock_request *request, const char *group,
                                  struct rk_mock_topic *topic,
                                  const struct rk_offset_commit_request_partition *from)
{
    struct rk_mock_cluster *cluster = request->cluster;
    struct rk_mock_partition *partition =
        topic ? rk_mock_topic_partition(topic, from->partition_index) : NULL;
    rd_kafka_resp_err_t err = rk_mock_request_partition_error(request, partition);
    if (err)
        return err;
    if (!topic && request->version >= TOPIC_IDS_SINCE)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
    if (!partition)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (from->committed_metadata && strlen(from->committed_metadata) > METADATA_SIZE_MAX)
        return RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    if (cluster->own.commit_count > COMMITS_MAX)
        return RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE;
    struct committed_topic *kept = need_topic(cluster, need_group(cluster, group), topic);
    grow(cluster, kept, from->partition_index + 1);
    struct rk_mock_commit *to = &kept->partitions[from->partition_index];
    if (cluster->own.groups.on_committed)
        cluster->own.groups.on_committed(cluster->own.groups.on_committed_argument, group,
                                         topic->name, from->partition_index, to->offset,
                                         from->committed_offset);
    rk_free(to->metadata);
    to->metadata = rk_strdup_or_null(from->committed_metadata);
    to->offset = from->committed_offset;
    to->leader_epoch = from->committed_leader_epoch;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Backwards: a broker's answer has some order of its own. */
enum rk_mock_outcome rk_mock_on_offset_commit(struct rk_mock_request *request, const void *body,
                                              void *answer)
{
    const struct rk_offset_commit_request *from = body;
    struct rk_offset_commit_answer *to = answer;
    rd_kafka_resp_err_t err = check_member(request, from);
    to->topics.items = rk_offset_commit_answer_topic_try_new(request->arena, from->topics.count);
    if (!to->topics.items)
        return rk_mock_request_no_memory(request);
    to->topics.count = from->topics.count;
    for (int32_t i = 0; i < from->topics.count; i++) {
        const struct rk_offset_commit_request_topic *from_topic = &from->topics.items[i];
        struct rk_offset_commit_answer_topic *to_topic =
            &to->topics.items[from->topics.count - 1 - i];
        int32_t count = from_topic->partitions.count;
        struct rk_mock_topic *topic =
            request->version >= TOPIC_IDS_SINCE
                ? rk_mock_topic_find_id(request->cluster, &from_topic->topic_id)
                : rk_mock_topic_find(request->cluster, from_topic->name);
        to_topic->name = from_topic->name;
        to_topic->topic_id = from_topic->topic_id;
        to_topic->partitions.items =
            rk_offset_commit_answer_partition_try_new(request->arena, count);
        if (!to_topic->partitions.items)
            return rk_mock_request_no_memory(request);
        to_topic->partitions.count = count;
        for (int32_t k = 0; k < count; k++) {
            struct rk_offset_commit_answer_partition *result =
                &to_topic->partitions.items[count - 1 - k];
            result->partition_index = from_topic->partitions.items[k].partition_index;
            result->error_code = (int16_t)(err ? err
                                               : commit(request, from->group_id, topic,
                                                        &from_topic->partitions.items[k]));
        }
    }
    return RK_MOCK_ANSWER;
}

/* OffsetFetch */

/* What is asked of one group, in any version. */
struct question {
    const char *group;
    const char *topic;
    struct rk_uuid id;
    rd_kafka_resp_err_t err; /* Of each partition. */
};

static void tell(const struct rk_mock_request *request, const struct question *question,
                 int32_t partition, struct rk_offset_fetch_answer_group_partition *to)
{
    const struct rk_mock_commit *commit =
        question->err || !question->topic
            ? NULL
            : rk_mock_commits_find(request->cluster, question->group, question->topic, partition);
    to->partition_index = partition;
    to->committed_offset = commit ? commit->offset : -1;
    to->committed_leader_epoch = commit ? commit->leader_epoch : -1;
    to->metadata = commit && commit->metadata ? commit->metadata : "";
    to->error_code = (int16_t)question->err;
}

/* Answers in the form of version 8. False: no memory. */
static bool tell_topic(struct rk_mock_request *request, struct question question,
                       const int32_t *partitions, int32_t count,
                       struct rk_offset_fetch_answer_group_topic *to)
{
    if (request->version >= TOPIC_IDS_SINCE) {
        const struct rk_mock_topic *topic = rk_mock_topic_find_id(request->cluster, &question.id);
        question.topic = topic ? topic->name : NULL;
        if (!topic && !question.err)
            question.err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
    }
    to->name = question.topic;
    to->topic_id = question.id;
    to->partitions.items = rk_offset_fetch_answer_group_partition_try_new(request->arena, count);
    if (!to->partitions.items)
        return false;
    to->partitions.count = count;
    for (int32_t i = 0; i < count; i++)
        tell(request, &question, partitions[i], &to->partitions.items[i]);
    return true;
}

/* Everything that the group has committed. False: no memory. */
static bool tell_all(struct rk_mock_request *request, const char *group,
                     struct rk_offset_fetch_answer_group *to)
{
    const struct rk_mock_commits *commits = find_group(request->cluster, group);
    struct committed_topic *topic, *next;
    int32_t count = commits ? (int32_t)HASH_COUNT(commits->topics) : 0;
    to->topics.items = rk_offset_fetch_answer_group_topic_try_new(request->arena, count);
    to->topics.count = 0;
    if (!to->topics.items)
        return false;
    if (!commits)
        return true;
    HASH_ITER(hh, commits->topics, topic, next)
    {
        int32_t *partitions =
            rk_arena_try_alloc(request->arena, (size_t)topic->count * sizeof(*partitions));
        int32_t committed = 0;
        if (!partitions)
            return false;
        for (int32_t i = 0; i < topic->count; i++) {
            if (topic->partitions[i].offset != -1)
                partitions[committed++] = i;
        }
        struct question question = {.group = group, .topic = topic->name, .id = topic->id};
        if (find_topic(request->cluster, commits, topic->name) == topic &&
            !tell_topic(request, question, partitions, committed,
                        &to->topics.items[to->topics.count++]))
            return false;
    }
    return true;
}

static bool tell_group(struct rk_mock_request *request,
                       const struct rk_offset_fetch_request_group *from,
                       struct rk_offset_fetch_answer_group *to)
{
    rd_kafka_resp_err_t err = request->injected.err, partition_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!err)
        err = check_coordinator(request, from->group_id);
    if (!err)
        err = rk_mock_group_check_fetch(&request->cluster->own.groups, from->group_id,
                                        from->member_epoch, from->member_id, request->now_us);
    if (err == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || request->version < FETCH_ERROR_SINCE) {
        partition_err = err;
        err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    to->group_id = from->group_id;
    to->error_code = (int16_t)err;
    if (err)
        return true;
    if (from->topics.count < 0)
        return tell_all(request, from->group_id, to);
    to->topics.items =
        rk_offset_fetch_answer_group_topic_try_new(request->arena, from->topics.count);
    if (!to->topics.items)
        return false;
    to->topics.count = from->topics.count;
    for (int32_t i = 0; i < from->topics.count; i++) {
        const struct rk_offset_fetch_request_group_topic *topic = &from->topics.items[i];
        struct question question = {.group = from->group_id,
                                    .topic = topic->name,
                                    .id = topic->topic_id,
                                    .err = partition_err};
        if (!tell_topic(request, question, topic->partition_indexes.items,
                        topic->partition_indexes.count, &to->topics.items[i]))
            return false;
    }
    return true;
}

/* Before version 8 there is one group, in structs of its own, which differ in nothing else. */
static bool tell_old(struct rk_mock_request *request, const struct rk_offset_fetch_request *from,
                     struct rk_offset_fetch_answer *to)
{
    int32_t count = from->topics.count;
    struct rk_offset_fetch_request_group asked;
    struct rk_offset_fetch_answer_group told;
    rk_offset_fetch_request_group_init(&asked);
    rk_offset_fetch_answer_group_init(&told);
    asked.group_id = from->group_id;
    asked.topics.items =
        rk_offset_fetch_request_group_topic_try_new(request->arena, RK_MAX(count, 0));
    asked.topics.count = count;
    if (!asked.topics.items)
        return false;
    for (int32_t i = 0; i < count; i++) {
        asked.topics.items[i].name = from->topics.items[i].name;
        asked.topics.items[i].partition_indexes.items =
            from->topics.items[i].partition_indexes.items;
        asked.topics.items[i].partition_indexes.count =
            from->topics.items[i].partition_indexes.count;
    }
    if (!tell_group(request, &asked, &told))
        return false;
    to->error_code = told.error_code;
    to->topics.items = rk_offset_fetch_answer_topic_try_new(request->arena, told.topics.count);
    to->topics.count = told.topics.count;
    for (int32_t i = 0; to->topics.items && i < told.topics.count; i++) {
        const struct rk_offset_fetch_answer_group_topic *topic = &told.topics.items[i];
        struct rk_offset_fetch_answer_topic *to_topic = &to->topics.items[i];
        to_topic->name = topic->name;
        to_topic->partitions.items =
            rk_offset_fetch_answer_partition_try_new(request->arena, topic->partitions.count);
        to_topic->partitions.count = topic->partitions.count;
        if (!to_topic->partitions.items)
            return false;
        for (int32_t k = 0; k < topic->partitions.count; k++) {
            const struct rk_offset_fetch_answer_group_partition *partition =
                &topic->partitions.items[k];
            to_topic->partitions.items[k] = (struct rk_offset_fetch_answer_partition){
                .partition_index = partition->partition_index,
                .committed_offset = partition->committed_offset,
                .committed_leader_epoch = partition->committed_leader_epoch,
                .metadata = partition->metadata,
                .error_code = partition->error_code,
            };
        }
    }
    return to->topics.items;
}

enum rk_mock_outcome rk_mock_on_offset_fetch(struct rk_mock_request *request, const void *body,
                                             void *answer)
{
    const struct rk_offset_fetch_request *from = body;
    struct rk_offset_fetch_answer *to = answer;
    if (request->version < FETCH_GROUP_SINCE)
        return tell_old(request, from, to) ? RK_MOCK_ANSWER : rk_mock_request_no_memory(request);
    int32_t count = from->groups.count;
    to->groups.items = rk_offset_fetch_answer_group_try_new(request->arena, count);
    if (!to->groups.items)
        return rk_mock_request_no_memory(request);
    to->groups.count = count;
    for (int32_t i = 0; i < count; i++) {
        if (!tell_group(request, &from->groups.items[i], &to->groups.items[i]))
            return rk_mock_request_no_memory(request);
    }
    return RK_MOCK_ANSWER;
}
