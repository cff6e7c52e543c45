/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an event made of a member, in words, for tables of what is expected: the state that follows,
 * what is to be done (in capitals), and what else is so now and was not before.
 */
#ifndef RK_TEST_GROUP_OUTCOME_H
#define RK_TEST_GROUP_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "group/member.h"

struct outcome {
    char text[200];
    size_t used;
};

static inline void add(struct outcome *outcome, const char *word)
{
    outcome->used +=
        (size_t)snprintf(outcome->text + outcome->used, sizeof(outcome->text) - outcome->used,
                         "%s%s", outcome->used > 0 ? " " : "", word);
}

static inline void add_if(struct outcome *outcome, bool is_so, const char *word)
{
    if (is_so)
        add(outcome, word);
}

/* "REVOKE(a0 a1)" */
static inline void add_list(struct outcome *outcome, const char *word,
                            const rd_kafka_topic_partition_list_t *list)
{
    char text[100];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s(", word);
    for (int i = 0; i < list->cnt; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%d", i > 0 ? " " : "",
                                 list->elems[i].topic, (int)list->elems[i].partition);
    snprintf(text + used, sizeof(text) - used, ")");
    add(outcome, text);
}

/* What members of both protocols may be told to do. */
static inline void add_common(struct outcome *outcome, const struct rk_member *member,
                              unsigned actions)
{
    add_if(outcome, actions & RK_MEMBERSHIP_TELL_POLL_EXCEEDED, "EXCEEDED");
    add_if(outcome, actions & RK_MEMBERSHIP_TELL_ERROR, "ERROR");
    add_if(outcome, actions & RK_MEMBERSHIP_TELL_FATAL, "FATAL");
    if (actions & RK_MEMBERSHIP_TELL_ASSIGN)
        add_list(outcome, "ASSIGN", member->asked_list);
    if (actions & RK_MEMBERSHIP_TELL_REVOKE)
        add_list(outcome, "REVOKE", member->asked_list);
}

#endif
