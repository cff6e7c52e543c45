/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/assignor_balance.h"

#include <string.h>

#include "base/memory.h"

struct work {
    struct rk_assignor_balance *of;
    int32_t *next;  /* Per partition: of the same owner. */
    int32_t *first; /* Per member: its partitions. */

    /* Members by how many they own, ascending. */
    int32_t *ranks;  /* Members. */
    int32_t *places; /* Per member: where in `ranks` it is. */
    int32_t *starts; /* Per number: the first place of those that own as many, or more. */
    bool *settled;   /* Per member: nothing can go from it. */

    /* A search; per member and topic. */
    int32_t *parents; /* Who would give it one; RK_ASSIGNOR_NOBODY: not found yet. */
    int32_t *by;      /* Of which topic. */
    int32_t *queue;   /* Members, as they are found. */
    bool *asked;      /* Per topic. */
};

/* Lists of partitions */

static void list_partitions(struct work *work)
{
    const struct rk_assignor_input *input = work->of->input;
    for (int32_t m = 0; m < input->member_count; m++)
        work->first[m] = -1;
    for (int32_t p = input->partition_count; p-- > 0;) {
        int32_t owner = work->of->owner[p];
        if (owner != RK_ASSIGNOR_NOBODY) {
            work->next[p] = work->first[owner];
            work->first[owner] = p;
        }
    }
}

static void relist(struct work *work, int32_t partition, int32_t to)
{
    int32_t *place = &work->first[work->of->owner[partition]];
    while (*place != partition)
        place = &work->next[*place];
    *place = work->next[partition];
    work->next[partition] = work->first[to];
    work->first[to] = partition;
    work->of->owner[partition] = to;
}

/* Members in order */

static void rank_members(struct work *work)
{
    const struct rk_assignor_input *input = work->of->input;
    const int32_t *counts = work->of->counts;
    for (int32_t m = 0; m < input->member_count; m++)
        work->starts[counts[m] + 1]++;
    for (int32_t n = 0; n <= input->partition_count; n++)
        work->starts[n + 1] += work->starts[n];
    /* Filled by moving each start to its end, which is the next one's start. */
    for (int32_t m = 0; m < input->member_count; m++) {
        work->places[m] = work->starts[counts[m]]++;
        work->ranks[work->places[m]] = m;
    }
    memmove(work->starts + 1, work->starts,
            ((size_t)input->partition_count + 1) * sizeof(*work->starts));
    work->starts[0] = 0;
}

static void swap(struct work *work, int32_t place, int32_t other)
{
    int32_t member = work->ranks[place];
    work->ranks[place] = work->ranks[other];
    work->ranks[other] = member;
    work->places[work->ranks[place]] = place;
    work->places[member] = other;
}

static void add_one(struct work *work, int32_t member)
{
    int32_t count = work->of->counts[member]++;
    swap(work, work->places[member], --work->starts[count + 1]);
}

static void take_one(struct work *work, int32_t member)
{
    int32_t count = work->of->counts[member]--;
    swap(work, work->places[member], work->starts[count]++);
}

/* Moves */

static bool may_have(const struct work *work, int32_t member, int32_t partition)
{
    return rk_assignor_is_subscribed(&work->of->input->members[member],
                                     work->of->topics[partition]);
}

/* What may best go from one to the other: what the former did not have before, or the latter had,
 * or is near. RK_ASSIGNOR_NOBODY: nothing. `topic` -1: any. */
static int32_t find_best(const struct work *work, int32_t from, int32_t to, int32_t topic)
{
    const struct rk_assignor_balance *of = work->of;
    int32_t best = RK_ASSIGNOR_NOBODY, best_worth = -1;
    for (int32_t p = work->first[from]; p >= 0; p = work->next[p]) {
        int32_t worth = (of->claims[p] != from) * 8 + (of->claims[p] == to) * 4 +
                        (of->older[p] == to) * 2 + rk_assignor_is_near(of->input, to, p);
        if (worth > best_worth && (topic < 0 || of->topics[p] == topic) && may_have(work, to, p)) {
            best = p;
            best_worth = worth;
        }
    }
    return best;
}

/* From the member to the poorest that may have one of its partitions. */
static bool try_give(struct work *work, int32_t from)
{
    const int32_t *counts = work->of->counts;
    for (int32_t place = 0; counts[from] - counts[work->ranks[place]] >= 2; place++) {
        int32_t to = work->ranks[place], partition = find_best(work, from, to, -1);
        if (partition != RK_ASSIGNOR_NOBODY) {
            relist(work, partition, to);
            take_one(work, from);
            add_one(work, to);
            return true;
        }
    }
    return false;
}

/* Whom a partition of this member's can go to. */
static int32_t ask(struct work *work, int32_t member, int32_t found)
{
    const struct rk_assignor_subscribers *subscribers = work->of->subscribers;
    for (int32_t p = work->first[member]; p >= 0; p = work->next[p]) {
        int32_t topic = work->of->topics[p];
        if (work->asked[topic])
            continue;
        work->asked[topic] = true;
        for (int32_t i = subscribers->starts[topic]; i < subscribers->starts[topic + 1]; i++) {
            int32_t to = subscribers->members[i];
            if (work->parents[to] != RK_ASSIGNOR_NOBODY)
                continue;
            work->parents[to] = member;
            work->by[to] = topic;
            work->queue[found++] = to;
        }
    }
    return found;
}

/* One goes to a member that has at least two fewer, by way of others. If there is none, all that
 * were found are settled: whatever others do, it does not reach them. */
static bool try_chain(struct work *work, int32_t from)
{
    const struct rk_assignor_input *input = work->of->input;
    const int32_t *counts = work->of->counts;
    int32_t found = 1, to = from;
    for (int32_t m = 0; m < input->member_count; m++)
        work->parents[m] = RK_ASSIGNOR_NOBODY;
    memset(work->asked, 0, (size_t)input->topic_count * sizeof(*work->asked));
    work->queue[0] = work->parents[from] = from;
    for (int32_t i = 0; i < found && counts[from] - counts[to] < 2; i++) {
        to = work->queue[i];
        if (counts[from] - counts[to] < 2)
            found = ask(work, to, found);
    }
    if (counts[from] - counts[to] < 2) {
        for (int32_t i = 0; i < found; i++)
            work->settled[work->queue[i]] = true;
        return false;
    }
    add_one(work, to);
    take_one(work, from);
    for (int32_t m = to; m != from; m = work->parents[m])
        relist(work, find_best(work, work->parents[m], m, work->by[m]), m);
    return true;
}

static bool try_init(struct work *work, struct rk_assignor_balance *balance)
{
    size_t members = (size_t)balance->input->member_count + 1;
    size_t partitions = (size_t)balance->input->partition_count + 1;
    *work = (struct work){.of = balance};
    work->next = rk_try_calloc(partitions, sizeof(int32_t));
    work->starts = rk_try_calloc(partitions + 1, sizeof(int32_t));
    work->first = rk_try_calloc(6 * members, sizeof(int32_t));
    work->settled = rk_try_calloc(members, sizeof(bool));
    work->asked = rk_try_calloc((size_t)balance->input->topic_count + 1, sizeof(bool));
    if (!work->next || !work->starts || !work->first || !work->settled || !work->asked)
        return false;
    work->ranks = work->first + members;
    work->places = work->ranks + members;
    work->parents = work->places + members;
    work->by = work->parents + members;
    work->queue = work->by + members;
    return true;
}

/* The richest first. Who gives goes down; all above have done what they can. */
static void give_all(struct work *work, bool by_chains)
{
    for (int32_t place = work->of->input->member_count - 1; place >= 0;) {
        int32_t member = work->ranks[place];
        if (work->settled[member] ||
            (!try_give(work, member) && !(by_chains && try_chain(work, member))))
            place--;
    }
}

bool rk_assignor_try_balance(struct rk_assignor_balance *balance)
{
    struct work work;
    bool has_memory = try_init(&work, balance);
    if (has_memory) {
        list_partitions(&work);
        rank_members(&work);
        give_all(&work, false);
        give_all(&work, true);
    }
    rk_free(work.next);
    rk_free(work.starts);
    rk_free(work.first);
    rk_free(work.settled);
    rk_free(work.asked);
    return has_memory;
}
