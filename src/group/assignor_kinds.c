/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/assignor_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare_int32(int32_t a, int32_t b)
{
    return (a > b) - (a < b);
}

/* Topics with the same subscribers */

struct circle {
    const int32_t *members;
    int32_t count;
    int32_t topic;
};

static int compare_members(const struct circle *a, const struct circle *b)
{
    if (a->count != b->count)
        return compare_int32(a->count, b->count);
    return a->count == 0 ? 0
                         : memcmp(a->members, b->members, (size_t)a->count * sizeof(*a->members));
}

static int compare_circles(const void *a, const void *b)
{
    int order = compare_members(a, b);
    const struct circle *left = a, *right = b;
    return order ? order : compare_int32(left->topic, right->topic);
}

static bool try_find_circles(int32_t *circles, const struct rk_assignor_balance *balance)
{
    const struct rk_assignor_subscribers *subscribers = balance->subscribers;
    int32_t count = balance->input->topic_count;
    struct circle *sorted = rk_try_calloc((size_t)count + 1, sizeof(*sorted));
    if (!sorted)
        return false;
    for (int32_t t = 0; t < count; t++)
        sorted[t] = (struct circle){.members = subscribers->members + subscribers->starts[t],
                                    .count = subscribers->starts[t + 1] - subscribers->starts[t],
                                    .topic = t};
    qsort(sorted, (size_t)count, sizeof(*sorted), compare_circles);
    for (int32_t i = 0, circle = 0; i < count; i++) {
        circle += i > 0 && compare_members(&sorted[i - 1], &sorted[i]) != 0;
        circles[sorted[i].topic] = circle;
    }
    rk_free(sorted);
    return true;
}

/* Partitions that are alike */

struct alike {
    int32_t circle, claim, older;
    const struct rk_assignor_racks *racks; /* NULL: unknown. */
    int32_t partition;
};

static int compare_racks(const struct rk_assignor_racks *a, const struct rk_assignor_racks *b)
{
    if (!a || !b)
        return 0; /* Nothing is known of any. */
    if (a->count != b->count)
        return compare_int32(a->count, b->count);
    for (int32_t i = 0; i < a->count; i++) {
        int order = strcmp(a->names[i], b->names[i]);
        if (order)
            return order;
    }
    return 0;
}

static int compare_kinds(const struct alike *a, const struct alike *b)
{
    if (a->circle != b->circle)
        return compare_int32(a->circle, b->circle);
    if (a->claim != b->claim)
        return compare_int32(a->claim, b->claim);
    if (a->older != b->older)
        return compare_int32(a->older, b->older);
    return compare_racks(a->racks, b->racks);
}

static int compare_alike(const void *a, const void *b)
{
    int order = compare_kinds(a, b);
    const struct alike *left = a, *right = b;
    return order ? order : compare_int32(left->partition, right->partition);
}

static bool try_find_kinds(struct rk_assignor_kinds *kinds,
                           const struct rk_assignor_balance *balance)
{
    const struct rk_assignor_input *input = balance->input;
    int32_t count = input->partition_count;
    struct alike *sorted = rk_try_calloc((size_t)count + 1, sizeof(*sorted));
    if (!sorted)
        return false;
    for (int32_t p = 0; p < count; p++)
        sorted[p] = (struct alike){.circle = kinds->circles[balance->topics[p]],
                                   .claim = balance->claims[p],
                                   .older = balance->older[p],
                                   .racks = input->racks ? &input->racks[p] : NULL,
                                   .partition = p};
    qsort(sorted, (size_t)count, sizeof(*sorted), compare_alike);
    for (int32_t i = 0, kind = 0; i < count; i++) {
        kind += i > 0 && compare_kinds(&sorted[i - 1], &sorted[i]) != 0;
        kinds->kinds[sorted[i].partition] = kind;
        kinds->order[i] = sorted[i].partition;
    }
    rk_free(sorted);
    return true;
}

bool rk_assignor_kinds_try_init(struct rk_assignor_kinds *kinds,
                                const struct rk_assignor_balance *balance)
{
    size_t partitions = (size_t)balance->input->partition_count + 1;
    *kinds = (struct rk_assignor_kinds){
        .circles = rk_try_calloc((size_t)balance->input->topic_count + 1, sizeof(int32_t)),
        .kinds = rk_try_calloc(partitions, sizeof(int32_t)),
        .order = rk_try_calloc(partitions, sizeof(int32_t)),
    };
    return kinds->circles && kinds->kinds && kinds->order &&
           try_find_circles(kinds->circles, balance) && try_find_kinds(kinds, balance);
}

void rk_assignor_kinds_clear(struct rk_assignor_kinds *kinds)
{
    rk_free(kinds->circles);
    rk_free(kinds->kinds);
    rk_free(kinds->order);
}
