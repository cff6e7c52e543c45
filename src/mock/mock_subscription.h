/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What members of a classic consumer group tell each other through the coordinator
 * (ConsumerProtocol in Kafka's words), for a coordinator that does look at it: one that lets
 * members of both protocols into a group (mock_migration.h).
 *
 * Pure functions; the bytes come from anybody. Topics there are not are passed over.
 */
#ifndef RK_MOCK_MOCK_SUBSCRIPTION_H
#define RK_MOCK_MOCK_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "mock/mock_consumer.h"
#include "mock/mock_partition_set.h"
#include "wire/writer.h"

struct rk_mock_subscription {
    const char **topics;
    int32_t topic_count;
    struct rk_mock_partition_set owned; /* Since version 1. */
    const char *rack;                   /* Since version 3; NULL. */
};

/* False when the bytes are none, or memory is out. Names live in the arena. */
bool rk_mock_subscription_try_read(struct rk_bytes bytes, const struct rk_mock_topics_view *view,
                                   struct rk_arena *arena,
                                   struct rk_mock_subscription *subscription);
void rk_mock_subscription_clear(struct rk_mock_subscription *subscription);
/* Adds to `set`; no bytes are an assignment of nothing. */
bool rk_mock_assignment_try_read(struct rk_bytes bytes, const struct rk_mock_topics_view *view,
                                 struct rk_arena *arena, struct rk_mock_partition_set *set);
void rk_mock_assignment_write(struct rk_writer *writer, const struct rk_mock_topics_view *view,
                              const struct rk_mock_partition_set *set);

#endif
