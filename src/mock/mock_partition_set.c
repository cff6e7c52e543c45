/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_partition_set.h"

#include "base/assert.h"
#include "base/memory.h"

void rk_mock_partition_set_clear(struct rk_mock_partition_set *set)
{
    rk_free(set->places);
    *set = (struct rk_mock_partition_set){0};
}

static int compare(const struct rk_mock_place *a, const struct rk_mock_place *b)
{
    int order = memcmp(a->topic.bytes, b->topic.bytes, sizeof(a->topic.bytes));
    return order != 0 ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

/* Where it is, or would be. */
static int32_t position(const struct rk_mock_partition_set *set, const struct rk_mock_place *place)
{
    int32_t low = 0, high = set->count;
    if (high > 0 && compare(&set->places[high - 1], place) < 0)
        return high; /* Most are added in order. */
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (compare(&set->places[middle], place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct rk_mock_partition_set *set, int32_t at,
                  const struct rk_mock_place *place)
{
    return at < set->count && compare(&set->places[at], place) == 0;
}

void rk_mock_partition_set_add(struct rk_mock_partition_set *set, const struct rk_uuid *topic,
                               int32_t partition)
{
    struct rk_mock_place place = {.topic = *topic, .partition = partition};
    int32_t at = position(set, &place);
    if (is_at(set, at, &place))
        return;
    if (set->count == set->capacity) {
        set->capacity = RK_MAX(set->capacity * 2, 8);
        set->places = rk_realloc(set->places, (size_t)set->capacity * sizeof(*set->places));
    }
    memmove(&set->places[at + 1], &set->places[at],
            (size_t)(set->count - at) * sizeof(*set->places));
    set->places[at] = place;
    set->count++;
}

bool rk_mock_partition_set_has(const struct rk_mock_partition_set *set,
                               const struct rk_mock_place *place)
{
    return is_at(set, position(set, place), place);
}

bool rk_mock_partition_set_covers(const struct rk_mock_partition_set *whole,
                                  const struct rk_mock_partition_set *part)
{
    for (int32_t i = 0; i < part->count; i++) {
        if (!rk_mock_partition_set_has(whole, &part->places[i]))
            return false;
    }
    return true;
}

bool rk_mock_partition_set_meets(const struct rk_mock_partition_set *one,
                                 const struct rk_mock_partition_set *other)
{
    for (int32_t i = 0; i < one->count; i++) {
        if (rk_mock_partition_set_has(other, &one->places[i]))
            return true;
    }
    return false;
}

void rk_mock_partition_set_add_from(struct rk_mock_partition_set *to,
                                    const struct rk_mock_partition_set *from, bool is_in,
                                    const struct rk_mock_partition_set *other)
{
    for (int32_t i = 0; i < from->count; i++) {
        if (rk_mock_partition_set_has(other, &from->places[i]) == is_in)
            rk_mock_partition_set_add(to, &from->places[i].topic, from->places[i].partition);
    }
}

void rk_mock_partition_set_move(struct rk_mock_partition_set *to,
                                struct rk_mock_partition_set *from)
{
    rk_mock_partition_set_clear(to);
    *to = *from;
    *from = (struct rk_mock_partition_set){0};
}
