/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of assignors: a group under construction, and who gets what in it. One per program. */
#ifndef RK_TEST_GROUP_ASSIGNOR_GROUP_H
#define RK_TEST_GROUP_ASSIGNOR_GROUP_H

#include "group/assignor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_MEMBERS    1000
#define MAX_TOPICS     200
#define MAX_PARTITIONS 10000

/* A group under construction. */
static struct group {
    struct rk_assignor_topic topics[MAX_TOPICS];
    struct rk_assignor_member members[MAX_MEMBERS];
    struct rk_assignor_racks racks[MAX_PARTITIONS];
    char topic_names[MAX_TOPICS][16], member_names[MAX_MEMBERS][16];
    int32_t *subscribed[MAX_MEMBERS], *owned[MAX_MEMBERS];
    int32_t owner[MAX_PARTITIONS], before[MAX_PARTITIONS];
    struct rk_assignor_input input;
} group;

static inline int clear(void **state)
{
    (void)state;
    for (int m = 0; m < MAX_MEMBERS; m++) {
        free(group.subscribed[m]);
        free(group.owned[m]);
    }
    memset(&group, 0, sizeof(group));
    group.input.topics = group.topics;
    group.input.members = group.members;
    return 0;
}

static inline void add_topic(int32_t partition_count)
{
    int32_t t = group.input.topic_count++;
    snprintf(group.topic_names[t], sizeof(group.topic_names[t]), "t%03d", (int)t);
    group.topics[t] = (struct rk_assignor_topic){.name = group.topic_names[t],
                                                 .partition_count = partition_count,
                                                 .first = group.input.partition_count};
    group.input.partition_count += partition_count;
}

/* Topics as digits: "02". */
static inline struct rk_assignor_member *add_member(const char *topics)
{
    int32_t m = group.input.member_count++;
    struct rk_assignor_member *member = &group.members[m];
    snprintf(group.member_names[m], sizeof(group.member_names[m]), "m%04d", (int)m);
    *member = (struct rk_assignor_member){.id = group.member_names[m], .generation = -1};
    group.subscribed[m] = calloc(MAX_TOPICS, sizeof(int32_t));
    for (const char *c = topics; *c; c++)
        group.subscribed[m][member->topic_count++] = *c - '0';
    member->topics = group.subscribed[m];
    return member;
}

static inline void own(int32_t m, int32_t partition)
{
    if (!group.owned[m])
        group.owned[m] = calloc(MAX_PARTITIONS, sizeof(int32_t));
    group.owned[m][group.members[m].owned_count++] = partition;
    group.members[m].owned = group.owned[m];
}

/* Members own what they got. */
static inline void take_over(int32_t generation)
{
    for (int32_t m = 0; m < group.input.member_count; m++) {
        group.members[m].owned_count = 0;
        group.members[m].generation = generation;
    }
    for (int32_t p = 0; p < group.input.partition_count; p++) {
        if (group.owner[p] >= 0)
            own(group.owner[p], p);
    }
    memcpy(group.before, group.owner, sizeof(group.before));
}

static inline void remove_member(int32_t m)
{
    free(group.subscribed[m]);
    free(group.owned[m]);
    int32_t last = --group.input.member_count;
    for (int32_t i = m; i < last; i++) {
        group.members[i] = group.members[i + 1];
        group.subscribed[i] = group.subscribed[i + 1];
        group.owned[i] = group.owned[i + 1];
    }
    group.subscribed[last] = group.owned[last] = NULL;
    for (int32_t p = 0; p < group.input.partition_count; p++) {
        if (group.before[p] == m)
            group.before[p] = RK_ASSIGNOR_NOBODY;
        else if (group.before[p] > m)
            group.before[p]--;
    }
}

static inline void assign(const char *name)
{
    const struct rk_assignor *assignor = rk_assignor_find(name);
    assert_non_null(assignor);
    assert_true(assignor->try_assign(&group.input, group.owner));
}

/* The owners of all partitions as letters, '-' for nobody. */
static inline void expect(const char *owners)
{
    char text[256];
    int32_t p = 0;
    for (; p < group.input.partition_count; p++)
        text[p] = group.owner[p] < 0 ? '-' : (char)('A' + group.owner[p]);
    text[p] = 0;
    assert_string_equal(text, owners);
}

static inline int32_t count_of(int32_t m, int32_t first, int32_t count)
{
    int32_t found = 0;
    for (int32_t p = first; p < first + count; p++)
        found += group.owner[p] == m;
    return found;
}

#endif
