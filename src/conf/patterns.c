/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/patterns.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static bool add(struct rk_patterns *patterns, const char *pattern, char *reason, size_t size)
{
    patterns->items = rk_realloc(patterns->items, (patterns->count + 1) * sizeof(*patterns->items));
    regex_t *compiled = &patterns->items[patterns->count];
    int error = regcomp(compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (!error) {
        patterns->count++;
        return true;
    }
    char why[128];
    regerror(error, compiled, why, sizeof(why));
    snprintf(reason, size, "pattern \"%s\": %s", pattern, why);
    return false;
}

bool rk_patterns_parse(struct rk_patterns *patterns, const char *text, char *reason, size_t size)
{
    *patterns = (struct rk_patterns){0};
    if (!text)
        return true;
    patterns->text = rk_strdup(text);
    for (const char *at = text; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (length) {
            char *pattern = rk_strndup(at, length);
            bool added = add(patterns, pattern, reason, size);
            rk_free(pattern);
            if (!added) {
                rk_patterns_clear(patterns);
                return false;
            }
        }
        at += length;
    }
    return true;
}

void rk_patterns_clear(struct rk_patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++)
        regfree(&patterns->items[i]);
    rk_free(patterns->items);
    rk_free(patterns->text);
    *patterns = (struct rk_patterns){0};
}

bool rk_patterns_match(const struct rk_patterns *patterns, const char *topic)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (!regexec(&patterns->items[i], topic, 0, NULL, 0))
            return true;
    return false;
}
