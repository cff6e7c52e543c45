/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list of regular expressions separated by commas: topic.blacklist. POSIX extended syntax; empty
 * entries are skipped.
 */
#ifndef RK_CONF_PATTERNS_H
#define RK_CONF_PATTERNS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct rk_patterns {
    char *text; /* As it was set. */
    size_t count;
    regex_t *items;
};

/* Compiles `text` (NULL: no patterns) into `patterns`, which holds none. false: `reason` says which
 * one is wrong, and why. */
bool rk_patterns_parse(struct rk_patterns *patterns, const char *text, char *reason, size_t size);
void rk_patterns_clear(struct rk_patterns *patterns);
/* Whether one of them matches; as many threads as like. */
bool rk_patterns_match(const struct rk_patterns *patterns, const char *topic);

#endif
