/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a group of the consumer protocol: what they said. */
#include "base/clock.h"
#include "base/text.h"
#include "mock/mock_group.h"
#include "mock/mock_topic.h"

#define PATTERN_SIZE_MAX 1000
#define REPEATS_MAX      2 /* More "{n}" in each other would take all memory. */

struct rk_mock_consumer_member *rk_mock_consumer_member_find(const struct rk_mock_group *group,
                                                             const char *id)
{
    struct rk_mock_consumer_member *member;
    HASH_FIND_STR(group->consumer.members, id, member);
    return member;
}

struct rk_mock_consumer_member *
rk_mock_consumer_member_find_static(const struct rk_mock_group *group, const char *instance_id)
{
    struct rk_mock_consumer_member *member, *next;
    HASH_ITER(hh, group->consumer.members, member, next)
    {
        if (member->instance_id && strcmp(member->instance_id, instance_id) == 0)
            return member;
    }
    return NULL;
}

static void drop_topics(struct rk_mock_consumer_member *member)
{
    for (int32_t i = 0; i < member->topic_count; i++)
        rk_free(member->topics[i]);
    rk_free(member->topics);
    member->topics = NULL;
    member->topic_count = 0;
}

static void drop_pattern(struct rk_mock_consumer_member *member)
{
    if (member->pattern)
        regfree(&member->regex);
    rk_free(member->pattern);
    member->pattern = NULL;
}

struct rk_mock_consumer_member *
rk_mock_consumer_member_new(struct rk_mock_group *group,
                            const struct rk_consumer_group_heartbeat_request *request,
                            const char *id, const char *client_id)
{
    struct rk_mock_consumer_member *member = RK_NEW(struct rk_mock_consumer_member);
    member->id = rk_strdup(id);
    member->instance_id = rk_strdup_or_null(request->instance_id);
    member->client_id = rk_strdup(client_id);
    member->session_at_us = RK_NEVER;
    member->revoke_at_us = RK_NEVER;
    group->groups->size += sizeof(*member);
    HASH_ADD_KEYPTR(hh, group->consumer.members, member->id, strlen(member->id), member);
    return member;
}

void rk_mock_consumer_member_destroy(struct rk_mock_group *group,
                                     struct rk_mock_consumer_member *member)
{
    HASH_DEL(group->consumer.members, member);
    group->groups->size -= sizeof(*member) + member->size;
    drop_topics(member);
    drop_pattern(member);
    if (member->classic)
        rk_mock_classic_member_destroy(group, member->classic);
    rk_mock_partition_set_clear(&member->target);
    rk_mock_partition_set_clear(&member->assigned);
    rk_mock_partition_set_clear(&member->revoking);
    rk_free(member->id);
    rk_free(member->instance_id);
    rk_free(member->rack);
    rk_free(member->client_id);
    rk_free(member->assignor);
    rk_free(member);
}

void rk_mock_consumer_member_rename(struct rk_mock_group *group,
                                    struct rk_mock_consumer_member *member, const char *id)
{
    HASH_DEL(group->consumer.members, member);
    rk_free(member->id);
    member->id = rk_strdup(id);
    HASH_ADD_KEYPTR(hh, group->consumer.members, member->id, strlen(member->id), member);
}

/* True when it was another. */
static bool replace(char **text, const char *by)
{
    if (!by || (*text && strcmp(*text, by) == 0))
        return false;
    rk_free(*text);
    *text = rk_strdup(by);
    return true;
}

/* A pattern for the whole name; false when it is none. */
static bool try_compile(regex_t *regex, const char *pattern)
{
    int repeats = 0;
    for (const char *at = pattern; *at; at++) {
        repeats += *at == '{';
        if (*at == '\\' && at[1] >= '0' && at[1] <= '9')
            return false; /* RE2 has none of these. */
    }
    if (strlen(pattern) > PATTERN_SIZE_MAX || repeats > REPEATS_MAX)
        return false;
    char *whole = rk_text_format("^(%s)$", pattern);
    bool is_good = regcomp(regex, whole, REG_EXTENDED | REG_NOSUB) == 0;
    rk_free(whole);
    return is_good;
}

static rd_kafka_resp_err_t update_pattern(struct rk_mock_consumer_member *member,
                                          const char *pattern, bool *has_changed)
{
    regex_t regex;
    if (!pattern || (member->pattern && strcmp(member->pattern, pattern) == 0) ||
        (!member->pattern && pattern[0] == '\0'))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (pattern[0] != '\0' && !try_compile(&regex, pattern))
        return RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION;
    drop_pattern(member);
    *has_changed = true;
    if (pattern[0] == '\0')
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    member->pattern = rk_strdup(pattern);
    member->regex = regex;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool same_topics(const struct rk_mock_consumer_member *member, const char *const *names,
                        int32_t count)
{
    if (member->topic_count != count)
        return false;
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(member->topics[i], names[i]) != 0)
            return false;
    }
    return true;
}

static void update_topics(struct rk_mock_consumer_member *member, const char *const *names,
                          int32_t count)
{
    drop_topics(member);
    member->topics = rk_calloc((size_t)RK_MAX(count, 1), sizeof(*member->topics));
    for (int32_t i = 0; i < count; i++)
        member->topics[member->topic_count++] = rk_strdup(names[i]);
}

static size_t size_of(const struct rk_consumer_group_heartbeat_request *request)
{
    size_t size = request->subscribed_topic_regex ? strlen(request->subscribed_topic_regex) : 0;
    for (int32_t i = 0; i < request->subscribed_topic_names.count; i++)
        size += strlen(request->subscribed_topic_names.items[i]) + sizeof(char *);
    return size;
}

rd_kafka_resp_err_t
rk_mock_consumer_member_update(struct rk_mock_group *group, struct rk_mock_consumer_member *member,
                               const struct rk_consumer_group_heartbeat_request *request,
                               bool *has_changed)
{
    const char *const *names = request->subscribed_topic_names.items;
    int32_t count = request->subscribed_topic_names.count;
    size_t size = size_of(request);
    if (!rk_mock_groups_has_room(group->groups, size))
        return RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED;
    rd_kafka_resp_err_t err = update_pattern(member, request->subscribed_topic_regex, has_changed);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err;
    if (count >= 0 && !same_topics(member, names, count)) {
        update_topics(member, names, count);
        *has_changed = true;
    }
    if (count >= 0 || request->subscribed_topic_regex) {
        group->groups->size += size - member->size;
        member->size = size;
    }
    if (replace(&member->rack, request->rack_id))
        *has_changed = true;
    if (replace(&member->assignor, request->server_assignor))
        *has_changed = true;
    if (request->rebalance_timeout_ms >= 0)
        member->rebalance_us = (uint64_t)request->rebalance_timeout_ms * 1000;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool rk_mock_consumer_member_wants(const struct rk_mock_consumer_member *member,
                                   const struct rk_mock_topic *topic)
{
    for (int32_t i = 0; i < member->topic_count; i++) {
        if (strcmp(member->topics[i], topic->name) == 0)
            return true;
    }
    return member->pattern && regexec(&member->regex, topic->name, 0, NULL, 0) == 0;
}
