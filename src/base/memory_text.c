/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of base/memory.h that calls no operating system: copies of text. */
#include <string.h>

#include "base/memory.h"

char *rk_strdup(const char *text)
{
    return rk_strndup(text, strlen(text));
}

char *rk_strndup(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    char *copy = rk_malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *rk_strdup_or_null(const char *text)
{
    return text ? rk_strdup(text) : NULL;
}
