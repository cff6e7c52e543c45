/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sticky: members keep what they own as far as the balance allows; what is left goes to whoever has
 * the least. The balance is such that no partition could move to a member that has at least two
 * fewer.
 *
 * Ownership is what members claim: of several, the one of the highest generation counts, and if two
 * claim a partition in the same generation neither does. Cooperative-sticky holds back what changes
 * hands, so that whoever has it gives it up before somebody else gets it in the next round.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/assert.h"
#include "group/assignor.h"
#include "group/assignor_balance.h"

#define CONTESTED (-2)

struct sticky {
    const struct rk_assignor_input *input;
    struct rk_assignor_subscribers subscribers;
    int32_t *owner;  /* The result. */
    int32_t *claims; /* Per partition: who owned it. */
    int32_t *older;  /* Per partition: who claims it from an earlier generation. */
    int32_t *topics; /* Per partition. */
    int32_t *counts; /* Partitions per member, now. */
    int32_t *keeps;  /* Partitions per member that it may keep still. */
    uint64_t *order; /* Partitions as they are given out: candidates, then the partition. */
};

static bool try_init(struct sticky *sticky, const struct rk_assignor_input *input, int32_t *owner)
{
    size_t partitions = (size_t)input->partition_count + 1;
    *sticky = (struct sticky){.input = input, .owner = owner};
    if (!rk_assignor_subscribers_try_init(&sticky->subscribers, input))
        return false;
    sticky->claims = rk_try_calloc(partitions, sizeof(int32_t));
    sticky->older = rk_try_calloc(partitions, sizeof(int32_t));
    sticky->topics = rk_try_calloc(partitions, sizeof(int32_t));
    sticky->order = rk_try_calloc(partitions, sizeof(uint64_t));
    sticky->counts = rk_try_calloc((size_t)input->member_count + 1, sizeof(int32_t));
    sticky->keeps = rk_try_calloc((size_t)input->member_count + 1, sizeof(int32_t));
    return sticky->claims && sticky->older && sticky->topics && sticky->order && sticky->counts &&
           sticky->keeps;
}

static void clear(struct sticky *sticky)
{
    rk_assignor_subscribers_clear(&sticky->subscribers);
    rk_free(sticky->claims);
    rk_free(sticky->older);
    rk_free(sticky->topics);
    rk_free(sticky->order);
    rk_free(sticky->keeps);
    rk_free(sticky->counts);
}

/* What was */

static void claim(struct sticky *sticky, int32_t member, int32_t partition)
{
    const struct rk_assignor_member *members = sticky->input->members;
    int32_t *claims = &sticky->claims[partition], *older = &sticky->older[partition];
    if (*claims == RK_ASSIGNOR_NOBODY) {
        *claims = member;
        return;
    }
    int32_t known = *claims == CONTESTED ? *older : *claims;
    if (members[member].generation > members[known].generation) {
        *older = *claims == CONTESTED ? RK_ASSIGNOR_NOBODY : known;
        *claims = member;
    } else if (members[member].generation == members[known].generation) {
        *claims = CONTESTED;
        *older = known; /* To compare the next one's generation with. */
    } else if (*claims != CONTESTED) {
        *older = member;
    }
}

static void find_claims(struct sticky *sticky)
{
    const struct rk_assignor_input *input = sticky->input;
    for (int32_t t = 0; t < input->topic_count; t++) {
        for (int32_t p = 0; p < input->topics[t].partition_count; p++)
            sticky->topics[input->topics[t].first + p] = t;
    }
    for (int32_t p = 0; p < input->partition_count; p++)
        sticky->owner[p] = sticky->claims[p] = sticky->older[p] = RK_ASSIGNOR_NOBODY;
    for (int32_t m = 0; m < input->member_count; m++) {
        for (int32_t i = 0; i < input->members[m].owned_count; i++)
            claim(sticky, m, input->members[m].owned[i]);
    }
    for (int32_t p = 0; p < input->partition_count; p++) {
        if (sticky->claims[p] == CONTESTED)
            sticky->claims[p] = sticky->older[p] = RK_ASSIGNOR_NOBODY;
    }
}

/* Shares when all members subscribe to the same topics. */
struct quota {
    bool is_equal;
    int32_t least;
    int32_t more; /* Members that have one more. */
};

static struct quota find_quota(const struct rk_assignor_input *input)
{
    struct quota quota = {.is_equal = input->member_count > 0};
    int32_t total = 0;
    for (int32_t m = 1; m < input->member_count; m++)
        quota.is_equal &= rk_assignor_same_topics(&input->members[0], &input->members[m]);
    if (!quota.is_equal)
        return quota;
    for (int32_t i = 0; i < input->members[0].topic_count; i++)
        total += input->topics[input->members[0].topics[i]].partition_count;
    quota.least = total / input->member_count;
    quota.more = total % input->member_count;
    return quota;
}

static bool may_have(const struct sticky *sticky, int32_t member, int32_t partition)
{
    return rk_assignor_is_subscribed(&sticky->input->members[member], sticky->topics[partition]);
}

/* With equal subscriptions no member keeps more than its share. */
static void limit_keeps(struct sticky *sticky)
{
    struct quota quota = find_quota(sticky->input);
    int32_t more = quota.more;
    for (int32_t m = 0; m < sticky->input->member_count; m++) {
        sticky->keeps[m] = sticky->counts[m];
        if (!quota.is_equal)
            continue;
        bool gets_more = sticky->counts[m] > quota.least && more > 0;
        more -= gets_more;
        sticky->keeps[m] = RK_MIN(sticky->counts[m], quota.least + gets_more);
        sticky->counts[m] = sticky->keeps[m];
    }
}

static void keep(struct sticky *sticky)
{
    const struct rk_assignor_input *input = sticky->input;
    for (int32_t p = 0; p < input->partition_count; p++) {
        if (sticky->claims[p] >= 0 && may_have(sticky, sticky->claims[p], p))
            sticky->counts[sticky->claims[p]]++;
    }
    limit_keeps(sticky);
    for (int32_t p = 0; p < input->partition_count; p++) {
        int32_t m = sticky->claims[p];
        if (m >= 0 && may_have(sticky, m, p) && sticky->keeps[m]-- > 0)
            sticky->owner[p] = m;
    }
}

/* What will be */

/* The subscriber with the fewest partitions, a near one first; RK_ASSIGNOR_NOBODY: none. */
static int32_t find_poorest(const struct sticky *sticky, int32_t partition)
{
    const struct rk_assignor_subscribers *subscribers = &sticky->subscribers;
    int32_t topic = sticky->topics[partition], best = RK_ASSIGNOR_NOBODY;
    bool best_is_near = false;
    for (int32_t i = subscribers->starts[topic]; i < subscribers->starts[topic + 1]; i++) {
        int32_t m = subscribers->members[i];
        if (best >= 0 && sticky->counts[m] > sticky->counts[best])
            continue;
        bool is_near = rk_assignor_is_near(sticky->input, m, partition);
        if (best < 0 || sticky->counts[m] < sticky->counts[best] || (is_near && !best_is_near)) {
            best = m;
            best_is_near = is_near;
        }
    }
    return best;
}

static int compare_order(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Partitions with few candidates come first: later nobody with room might be left for them. */
static void give(struct sticky *sticky)
{
    const int32_t *starts = sticky->subscribers.starts;
    size_t count = 0;
    for (int32_t p = 0; p < sticky->input->partition_count; p++) {
        int32_t topic = sticky->topics[p];
        uint64_t candidates = (uint64_t)(starts[topic + 1] - starts[topic]);
        if (sticky->owner[p] == RK_ASSIGNOR_NOBODY && candidates > 0)
            sticky->order[count++] = candidates << 32 | (uint32_t)p;
    }
    qsort(sticky->order, count, sizeof(*sticky->order), compare_order);
    for (size_t i = 0; i < count; i++) {
        int32_t partition = (int32_t)(sticky->order[i] & UINT32_MAX);
        int32_t member = find_poorest(sticky, partition);
        sticky->owner[partition] = member;
        sticky->counts[member]++;
    }
}

static bool try_balance(struct sticky *sticky)
{
    struct rk_assignor_balance balance = {
        .input = sticky->input,
        .subscribers = &sticky->subscribers,
        .topics = sticky->topics,
        .claims = sticky->claims,
        .older = sticky->older,
        .owner = sticky->owner,
        .counts = sticky->counts,
    };
    return rk_assignor_try_balance(&balance);
}

/* What somebody else still says it owns is nobody's in this round. */
static void hold_back(struct sticky *sticky)
{
    const struct rk_assignor_input *input = sticky->input;
    int32_t *others = sticky->claims; /* Not needed any more. */
    for (int32_t p = 0; p < input->partition_count; p++)
        others[p] = 0;
    for (int32_t m = 0; m < input->member_count; m++) {
        const struct rk_assignor_member *member = &input->members[m];
        for (int32_t i = 0; i < member->owned_count; i++) {
            bool is_its = sticky->owner[member->owned[i]] == m;
            others[member->owned[i]] += is_its ? -input->member_count : 1;
        }
    }
    for (int32_t p = 0; p < input->partition_count; p++) {
        if (others[p] > 0)
            sticky->owner[p] = RK_ASSIGNOR_NOBODY;
    }
}

static bool try_assign(const struct rk_assignor_input *input, int32_t *owner, bool holds_back)
{
    struct sticky sticky;
    bool has_memory = try_init(&sticky, input, owner);
    if (has_memory) {
        find_claims(&sticky);
        keep(&sticky);
        give(&sticky);
        has_memory = try_balance(&sticky);
        if (holds_back)
            hold_back(&sticky);
    }
    clear(&sticky);
    return has_memory;
}

bool rk_assignor_try_sticky(const struct rk_assignor_input *input, int32_t *owner)
{
    return try_assign(input, owner, false);
}

bool rk_assignor_try_cooperative_sticky(const struct rk_assignor_input *input, int32_t *owner)
{
    return try_assign(input, owner, true);
}
