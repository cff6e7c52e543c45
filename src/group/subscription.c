/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/subscription.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/patterns.h"
#include "event/partition_list.h"
#include "event/partition_sets.h"

static bool add_pattern(struct rk_subscription *subscription, const char *pattern, char *reason,
                        size_t size)
{
    char why[128];
    regex_t *regex = &subscription->patterns[subscription->pattern_count];
    int error = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (!error) {
        subscription->pattern_count++;
        return true;
    }
    regerror(error, regex, why, sizeof(why));
    snprintf(reason, size, "\"%s\" is no regular expression: %s", pattern, why);
    return false;
}

/* One pattern stands as it is, several as (one)|(other). */
static void add_remote_pattern(struct rk_subscription *subscription, const char *pattern)
{
    char *before = subscription->remote_pattern;
    int count = ++subscription->remote_count;
    subscription->remote_pattern = count == 1   ? rk_strdup(pattern)
                                   : count == 2 ? rk_text_format("(%s)|(%s)", before, pattern)
                                                : rk_text_format("%s|(%s)", before, pattern);
    rk_free(before);
}

static bool add(struct rk_subscription *subscription, const char *topic, bool is_remote,
                char *reason, size_t size)
{
    if (!topic || !topic[0]) {
        rk_text_copy(reason, size, "a topic's name is empty");
        return false;
    }
    if (rk_partition_list_find(subscription->list, topic, RD_KAFKA_PARTITION_UA)) {
        snprintf(reason, size, "\"%s\" is named twice", topic);
        return false;
    }
    rk_partition_list_add(subscription->list, topic, RD_KAFKA_PARTITION_UA);
    if (topic[0] == '^' && is_remote) {
        add_remote_pattern(subscription, topic);
        return true;
    }
    if (topic[0] == '^')
        return add_pattern(subscription, topic, reason, size);
    rk_partition_list_add(subscription->names, topic, RD_KAFKA_PARTITION_UA);
    return true;
}

struct rk_subscription *rk_subscription_try_new(const rd_kafka_topic_partition_list_t *list,
                                                bool is_remote, char *reason, size_t size)
{
    if (!list || list->cnt == 0) {
        rk_text_copy(reason, size, "there is nothing to subscribe to");
        return NULL;
    }
    struct rk_subscription *subscription = RK_NEW(struct rk_subscription);
    subscription->list = rk_partition_list_new(list->cnt);
    subscription->names = rk_partition_list_new(list->cnt);
    subscription->patterns = rk_calloc((size_t)list->cnt, sizeof(*subscription->patterns));
    subscription->remote_pattern = rk_strdup("");
    for (int i = 0; i < list->cnt; i++) {
        if (!add(subscription, list->elems[i].topic, is_remote, reason, size)) {
            rk_subscription_destroy(subscription);
            return NULL;
        }
    }
    rk_partition_list_sort(subscription->names, NULL, NULL);
    return subscription;
}

void rk_subscription_destroy(struct rk_subscription *subscription)
{
    if (!subscription)
        return;
    for (int i = 0; i < subscription->pattern_count; i++)
        regfree(&subscription->patterns[i]);
    rk_free(subscription->patterns);
    rk_free(subscription->remote_pattern);
    rk_partition_list_destroy(subscription->list);
    rk_partition_list_destroy(subscription->names);
    rk_free(subscription);
}

bool rk_subscription_matches(const struct rk_subscription *subscription, const char *topic,
                             const struct rk_patterns *blacklist)
{
    if (rk_patterns_match(blacklist, topic))
        return false;
    for (int i = 0; i < subscription->pattern_count; i++) {
        if (regexec(&subscription->patterns[i], topic, 0, NULL, 0) == 0)
            return true;
    }
    return false;
}

rd_kafka_topic_partition_list_t *
rk_subscription_topics(const struct rk_subscription *subscription,
                       const rd_kafka_topic_partition_list_t *found)
{
    rd_kafka_topic_partition_list_t *topics = rk_partition_list_new(subscription->names->cnt);
    for (int i = 0; i < subscription->names->cnt; i++)
        rk_partition_list_add(topics, subscription->names->elems[i].topic, RD_KAFKA_PARTITION_UA);
    for (int i = 0; found && i < found->cnt; i++)
        rk_partition_list_add(topics, found->elems[i].topic, RD_KAFKA_PARTITION_UA);
    rk_partition_set_make(topics);
    return topics;
}
