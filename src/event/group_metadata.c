/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/group_metadata.h"

#include <string.h>

#include "base/memory.h"

/* The byte form: magic, generation in the machine's byte order, three texts with their NUL, a byte
 * before the third that is 1 when it is absent. */
static const char magic[] = "CGMDv2:";
enum { MAGIC_SIZE = sizeof(magic) - 1 };

rd_kafka_consumer_group_metadata_t *rk_group_metadata_new(const char *group_id,
                                                          int32_t generation_id,
                                                          const char *member_id,
                                                          const char *group_instance_id)
{
    rd_kafka_consumer_group_metadata_t *metadata = RK_NEW(rd_kafka_consumer_group_metadata_t);
    metadata->generation_id = generation_id;
    metadata->group_id = rk_strdup(group_id);
    metadata->member_id = rk_strdup(member_id);
    metadata->group_instance_id = rk_strdup_or_null(group_instance_id);
    return metadata;
}

void rk_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *metadata)
{
    if (!metadata)
        return;
    rk_free(metadata->group_id);
    rk_free(metadata->member_id);
    rk_free(metadata->group_instance_id);
    rk_free(metadata);
}

static char *put(char *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

void *rk_group_metadata_write(const rd_kafka_consumer_group_metadata_t *metadata, size_t *size)
{
    size_t group_size = strlen(metadata->group_id) + 1;
    size_t member_size = strlen(metadata->member_id) + 1;
    size_t instance_size =
        metadata->group_instance_id ? strlen(metadata->group_instance_id) + 1 : 0;
    char instance_is_null = !metadata->group_instance_id;

    *size =
        MAGIC_SIZE + sizeof(metadata->generation_id) + group_size + member_size + 1 + instance_size;
    char *bytes = rk_app_malloc(*size);
    if (!bytes)
        return NULL;
    char *at = put(bytes, magic, MAGIC_SIZE);
    at = put(at, &metadata->generation_id, sizeof(metadata->generation_id));
    at = put(at, metadata->group_id, group_size);
    at = put(at, metadata->member_id, member_size);
    at = put(at, &instance_is_null, 1);
    if (instance_size)
        put(at, metadata->group_instance_id, instance_size);
    return bytes;
}

/* The text at `*at`, which must be printable and end before `end`; moves `*at` behind it. NULL with
 * a problem otherwise. */
static const char *take_text(const char **at, const char *end, const char **problem)
{
    const char *text = *at;
    const char *closing = memchr(text, '\0', (size_t)(end - text));
    if (!closing) {
        *problem = "The buffer is too short";
        return NULL;
    }
    for (const char *c = text; c < closing; c++) {
        if (*c < ' ' || *c > '~') {
            *problem = "The buffer holds characters that are not printable";
            return NULL;
        }
    }
    *at = closing + 1;
    return text;
}

rd_kafka_consumer_group_metadata_t *rk_group_metadata_read(const void *bytes, size_t size,
                                                           const char **problem)
{
    const char *at = bytes, *end = at + size;
    int32_t generation_id;

    if (size < MAGIC_SIZE + sizeof(generation_id)) {
        *problem = "The buffer is too short";
        return NULL;
    }
    if (memcmp(at, magic, MAGIC_SIZE) != 0) {
        *problem = "The buffer does not hold consumer group metadata";
        return NULL;
    }
    memcpy(&generation_id, at + MAGIC_SIZE, sizeof(generation_id));
    at += MAGIC_SIZE + sizeof(generation_id);

    const char *group_id = take_text(&at, end, problem);
    const char *member_id = group_id ? take_text(&at, end, problem) : NULL;
    if (!member_id)
        return NULL;
    if (at == end) {
        *problem = "The buffer is too short";
        return NULL;
    }
    const char *group_instance_id = NULL;
    if (!*at++) {
        group_instance_id = take_text(&at, end, problem);
        if (!group_instance_id)
            return NULL;
    }
    if (at != end) {
        *problem = "The buffer has bytes behind the end of the metadata";
        return NULL;
    }
    return rk_group_metadata_new(group_id, generation_id, member_id, group_instance_id);
}
