/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/group_checker.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/reader.h"

#define NAME_SIZE 256

/* A partition in a classic member's assignment. */
struct claim {
    char topic[NAME_SIZE];
    int32_t partition;
    const char *member_id;
};

struct claims {
    struct claim *items;
    size_t count, capacity;
};

static void add_claim(struct claims *claims, const char *topic, size_t length, int32_t partition,
                      const char *member_id)
{
    if (claims->count == claims->capacity) {
        claims->capacity = claims->capacity * 2 + 16;
        claims->items = realloc(claims->items, claims->capacity * sizeof(*claims->items));
    }
    struct claim *claim = &claims->items[claims->count++];
    snprintf(claim->topic, sizeof(claim->topic), "%.*s", (int)length, topic);
    claim->partition = partition;
    claim->member_id = member_id;
}

/* Version, topics with their partitions, and what assignors add; false when it is none of that. */
static bool read_claims(struct claims *claims, const struct rk_mock_classic_member *member)
{
    struct rk_reader reader;
    if (member->assignment_size == 0)
        return true;
    rk_reader_init(&reader, member->assignment, (size_t)member->assignment_size);
    rk_reader_get_int16(&reader);
    int32_t topics = rk_reader_get_int32(&reader);
    for (int32_t i = 0; i < topics && !reader.failed; i++) {
        int16_t length = rk_reader_get_int16(&reader);
        const uint8_t *topic = length < 0 ? NULL : rk_reader_take(&reader, (size_t)length);
        int32_t count = rk_reader_get_int32(&reader);
        for (int32_t k = 0; k < count && topic && !reader.failed; k++)
            add_claim(claims, (const char *)topic, (size_t)length, rk_reader_get_int32(&reader),
                      member->id);
    }
    return !reader.failed;
}

static int compare(const void *one, const void *other)
{
    const struct claim *a = one, *b = other;
    int order = strcmp(a->topic, b->topic);
    return order ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

static void look_classic(struct group_checker *checker, const struct rk_mock_group *group)
{
    struct rk_mock_classic_member *member, *next;
    struct claims claims = {0};
    bool is_readable = true;
    HASH_ITER(hh, group->classic.members, member, next)
    is_readable = read_claims(&claims, member) && is_readable;
    if (claims.count > 0)
        qsort(claims.items, claims.count, sizeof(*claims.items), compare);
    if (!is_readable)
        snprintf(checker->problem, sizeof(checker->problem), "%s: an assignment cannot be read",
                 group->id);
    for (size_t i = 1; i < claims.count; i++) {
        const struct claim *one = &claims.items[i - 1], *other = &claims.items[i];
        if (compare(one, other) == 0)
            snprintf(checker->problem, sizeof(checker->problem),
                     "%s, generation %d: %.40s [%d] is both %.40s's and %.40s's", group->id,
                     group->classic.generation, one->topic, one->partition, one->member_id,
                     other->member_id);
    }
    free(claims.items);
}

static bool meets(const struct rk_mock_consumer_member *one,
                  const struct rk_mock_consumer_member *other)
{
    return rk_mock_partition_set_meets(&one->assigned, &other->assigned) ||
           rk_mock_partition_set_meets(&one->assigned, &other->revoking) ||
           rk_mock_partition_set_meets(&one->revoking, &other->assigned) ||
           rk_mock_partition_set_meets(&one->revoking, &other->revoking);
}

static void look_consumer(struct group_checker *checker, const struct rk_mock_group *group)
{
    struct rk_mock_consumer_member *one, *other;
    for (one = group->consumer.members; one; one = one->hh.next) {
        for (other = one->hh.next; other; other = other->hh.next) {
            if (meets(one, other))
                snprintf(checker->problem, sizeof(checker->problem),
                         "%s, epoch %d: %.40s and %.40s share a partition", group->id,
                         group->consumer.epoch, one->id, other->id);
        }
    }
}

void group_checker_look(struct group_checker *checker, const struct rk_mock_group *group)
{
    checker->assignments++;
    if (checker->problem[0])
        return;
    if (group->kind == RK_MOCK_GROUP_CONSUMER)
        look_consumer(checker, group);
    else
        look_classic(checker, group);
}

static void on_assigned(void *argument, const struct rk_mock_group *group)
{
    group_checker_look(argument, group);
}

void group_checker_watch(struct group_checker *checker, struct rk_mock_groups *groups)
{
    groups->on_assigned = on_assigned;
    groups->on_assigned_argument = checker;
}
