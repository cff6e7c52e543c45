/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/assignor_balance.h"

#include <string.h>

#include "base/memory.h"
#include "group/assignor_kinds.h"

#define NONE (-1)

/* Partitions of one kind that one member has: any of them is as good as the first. So a move costs
 * a look at the kinds that the giver has, not at its partitions. */
struct pile {
    int32_t kind;
    int32_t count;
    int32_t first; /* Partition; NONE only while it is made. */
    int32_t next;  /* Pile of the same member; NONE. Of a free one: the next that is free. */
};

struct work {
    struct rk_assignor_balance *of;
    struct rk_assignor_kinds kinds;
    struct pile *piles; /* As many as there are partitions. */
    int32_t unused;     /* The first pile that is free. */
    int32_t *next;      /* Per partition: of the same pile; NONE. */
    int32_t *first;     /* Per member: its piles. */

    /* Members by how many they own, ascending. */
    int32_t *ranks;  /* Members. */
    int32_t *places; /* Per member: where in `ranks` it is. */
    int32_t *starts; /* Per number: the first place of those that own as many, or more. */
    bool *settled;   /* Per member: nothing can go from it. */

    /* A search; per member and topic. */
    int32_t *parents; /* Who would give it one; RK_ASSIGNOR_NOBODY: not found yet. */
    int32_t *by;      /* Of which circle of topics. */
    int32_t *queue;   /* Members, as they are found. */
    bool *asked;      /* Per circle. */
};

/* Piles of partitions */

/* On the pile that `link` leads to; on a new one when there is none, or it is another kind's. */
static void put(struct work *work, const int32_t *link, int32_t partition, int32_t member)
{
    int32_t kind = work->kinds.kinds[partition], pile = *link;
    if (pile == NONE || work->piles[pile].kind != kind) {
        pile = work->unused;
        work->unused = work->piles[pile].next;
        work->piles[pile] = (struct pile){.kind = kind, .first = NONE, .next = work->first[member]};
        work->first[member] = pile;
    }
    work->next[partition] = work->piles[pile].first;
    work->piles[pile].first = partition;
    work->piles[pile].count++;
}

/* By kind, so that a pile to put the next one on is the member's first. */
static void make_piles(struct work *work)
{
    const struct rk_assignor_input *input = work->of->input;
    for (int32_t m = 0; m < input->member_count; m++)
        work->first[m] = NONE;
    for (int32_t i = 0; i <= input->partition_count; i++)
        work->piles[i].next = i < input->partition_count ? i + 1 : NONE;
    for (int32_t i = input->partition_count; i-- > 0;) {
        int32_t partition = work->kinds.order[i], owner = work->of->owner[partition];
        if (owner != RK_ASSIGNOR_NOBODY)
            put(work, &work->first[owner], partition, owner);
    }
}

/* The first one of the pile that `from` leads to. */
static void move(struct work *work, int32_t *from, int32_t to)
{
    int32_t taken = *from, partition = work->piles[taken].first;
    int32_t *link = &work->first[to];
    work->piles[taken].first = work->next[partition];
    work->piles[taken].count--;
    if (work->piles[taken].first == NONE) {
        *from = work->piles[taken].next;
        work->piles[taken].next = work->unused;
        work->unused = taken;
    }
    while (*link != NONE && work->piles[*link].kind != work->kinds.kinds[partition]) {
        link = &work->piles[*link].next;
        work->of->looks++;
    }
    put(work, link, partition, to);
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

static int32_t circle_of(const struct work *work, int32_t pile)
{
    return work->kinds.circles[work->of->topics[work->piles[pile].first]];
}

/* How good it is that this goes from the one to the other: what the former did not have before, or
 * the latter had, or is near. */
static int32_t worth_of(const struct work *work, int32_t from, int32_t to, int32_t partition)
{
    const struct rk_assignor_balance *of = work->of;
    return (of->claims[partition] != from) * 8 + (of->claims[partition] == to) * 4 +
           (of->older[partition] == to) * 2 + rk_assignor_is_near(of->input, to, partition);
}

/* What may best go from one to the other; of what is as good that of which there is most, so that
 * those who come later have a choice. Returns what leads to its pile; NULL: nothing. `circle` NONE:
 * of any topic. */
static int32_t *find_best(struct work *work, int32_t from, int32_t to, int32_t circle)
{
    int32_t *best = NULL, best_worth = -1;
    for (int32_t *link = &work->first[from]; *link != NONE; link = &work->piles[*link].next) {
        const struct pile *pile = &work->piles[*link];
        int32_t worth = worth_of(work, from, to, pile->first);
        bool is_better =
            worth > best_worth || (worth == best_worth && pile->count > work->piles[*best].count);
        work->of->looks++;
        if (is_better && (circle == NONE || circle_of(work, *link) == circle) &&
            may_have(work, to, pile->first)) {
            best = link;
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
        int32_t to = work->ranks[place], *best = find_best(work, from, to, NONE);
        if (best) {
            move(work, best, to);
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
    for (int32_t pile = work->first[member]; pile != NONE; pile = work->piles[pile].next) {
        int32_t topic = work->of->topics[work->piles[pile].first], circle = circle_of(work, pile);
        work->of->looks++;
        if (work->asked[circle])
            continue;
        work->asked[circle] = true;
        for (int32_t i = subscribers->starts[topic]; i < subscribers->starts[topic + 1]; i++) {
            int32_t to = subscribers->members[i];
            if (work->parents[to] != RK_ASSIGNOR_NOBODY)
                continue;
            work->parents[to] = member;
            work->by[to] = circle;
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
        move(work, find_best(work, work->parents[m], m, work->by[m]), m);
    return true;
}

static bool try_init(struct work *work, struct rk_assignor_balance *balance)
{
    size_t members = (size_t)balance->input->member_count + 1;
    size_t partitions = (size_t)balance->input->partition_count + 1;
    *work = (struct work){.of = balance};
    if (!rk_assignor_kinds_try_init(&work->kinds, balance))
        return false;
    work->piles = rk_try_calloc(partitions, sizeof(*work->piles));
    work->next = rk_try_calloc(partitions, sizeof(int32_t));
    work->starts = rk_try_calloc(partitions + 1, sizeof(int32_t));
    work->first = rk_try_calloc(6 * members, sizeof(int32_t));
    work->settled = rk_try_calloc(members, sizeof(bool));
    work->asked = rk_try_calloc((size_t)balance->input->topic_count + 1, sizeof(bool));
    if (!work->piles || !work->next || !work->starts || !work->first || !work->settled ||
        !work->asked)
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
        make_piles(&work);
        rank_members(&work);
        give_all(&work, false);
        give_all(&work, true);
    }
    rk_assignor_kinds_clear(&work.kinds);
    rk_free(work.piles);
    rk_free(work.next);
    rk_free(work.starts);
    rk_free(work.first);
    rk_free(work.settled);
    rk_free(work.asked);
    return has_memory;
}
