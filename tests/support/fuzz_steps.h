/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fuzz target's input as steps: each has an event in a byte, another byte, a size in two, and,
 * where the event is an answer, a body of that size. Steps lie in the input; nothing is freed.
 */
#ifndef RK_TESTS_SUPPORT_FUZZ_STEPS_H
#define RK_TESTS_SUPPORT_FUZZ_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "rdkafka.h"
#include "wire/codec.h"
#include "wire/messages.h"

struct fuzz_steps {
    const uint8_t *data;
    size_t size;
    uint8_t events;  /* How many there are. */
    uint8_t answers; /* The events below have a body. */
};

struct fuzz_step {
    uint8_t event;
    uint8_t byte;
    bool is_answer;
    struct rk_reader body; /* Of an answer; else empty. */
};

/* False at the end of the input. */
bool fuzz_next_step(struct fuzz_steps *steps, struct fuzz_step *step);
/* The body as an answer to `api`, of the version that the byte chooses. False when it is none. */
bool fuzz_try_read_answer(struct fuzz_step *step, const struct rk_api *api, void *answer,
                          struct rk_arena *arena);
/* A subscription to one topic or two, for rd_kafka_topic_partition_list_destroy(). */
rd_kafka_topic_partition_list_t *fuzz_topics(uint8_t byte);

#endif
