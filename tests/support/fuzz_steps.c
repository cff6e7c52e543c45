/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/fuzz_steps.h"

#include "base/assert.h"
#include "event/partition_list.h"

enum { HEAD_SIZE = 4 };

bool fuzz_next_step(struct fuzz_steps *steps, struct fuzz_step *step)
{
    if (steps->size < HEAD_SIZE)
        return false;
    const uint8_t *head = steps->data;
    step->event = head[0] % steps->events;
    step->byte = head[1];
    step->is_answer = step->event < steps->answers;
    size_t left = steps->size - HEAD_SIZE;
    size_t size = step->is_answer ? RK_MIN((size_t)head[2] << 8 | head[3], left) : 0;
    rk_reader_init(&step->body, head + HEAD_SIZE, size);
    steps->data += HEAD_SIZE + size;
    steps->size -= HEAD_SIZE + size;
    return true;
}

bool fuzz_try_read_answer(struct fuzz_step *step, const struct rk_api *api, void *answer,
                          struct rk_arena *arena)
{
    int versions = api->max_version - api->min_version + 1;
    int16_t version = (int16_t)(api->min_version + step->byte % versions);
    return rk_codec_decode(api->answer, version, answer, &step->body, arena);
}

rd_kafka_topic_partition_list_t *fuzz_topics(uint8_t byte)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    rk_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    if (byte & 1)
        rk_partition_list_add(list, "u", RD_KAFKA_PARTITION_UA);
    return list;
}
