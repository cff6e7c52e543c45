/* SPDX-License-Identifier: BSD-2-Clause */
/* What the application wants of its membership. */
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "event/partition_list.h"
#include "group/consumer_membership_private.h"
#include "event/partition_sets.h"

static void want(struct rk_consumer_membership *membership, rd_kafka_topic_partition_list_t *topics,
                 const char *pattern, uint64_t now_us)
{
    if (!rk_partition_set_same_topics(topics, membership->base.topics) ||
        strcmp(pattern, membership->pattern) != 0) {
        membership->subscription++;
        membership->is_refused = false;
        membership->base.told_err = RD_KAFKA_RESP_ERR_NO_ERROR; /* Of another one. */
        if (membership->base.goal == RK_MEMBERSHIP_WANTS_IN)
            membership->base.heartbeat_at_us = RK_MIN(membership->base.heartbeat_at_us, now_us);
    }
    rk_member_replace(&membership->base.topics, topics);
    char *copy = rk_strdup(pattern);
    rk_free(membership->pattern);
    membership->pattern = copy;
}

void rk_consumer_membership_on_subscribe(struct rk_consumer_membership *membership,
                                         rd_kafka_topic_partition_list_t *topics,
                                         const char *pattern, uint64_t now_us)
{
    rk_member_want_in(&membership->base, now_us);
    want(membership, topics, pattern ? pattern : "", now_us);
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_unsubscribe(struct rk_consumer_membership *membership,
                                           uint64_t now_us)
{
    rk_member_want_out(&membership->base);
    want(membership, rk_partition_list_new(0), "", now_us);
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_close(struct rk_consumer_membership *membership, uint64_t now_us)
{
    membership->base.goal = RK_MEMBERSHIP_WANTS_CLOSE;
    rk_consumer_membership_advance(membership, now_us);
}

void rk_consumer_membership_on_poll(struct rk_consumer_membership *membership, uint64_t now_us)
{
    membership->base.polled_us = now_us;
    membership->has_polled = true;
    rk_consumer_membership_advance(membership, now_us);
}
