/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile_fixture's client as a member of a group on the topic "t": for
 * tests/mock/hostile_group_*_test.c.
 */
#ifndef SUPPORT_HOSTILE_MEMBER_H
#define SUPPORT_HOSTILE_MEMBER_H

#include "support/hostile_fixture.h"

enum { HOSTILE_MEMBER_PARTITIONS = 2 };

/* For a test: two brokers with "t", no delay of first rebalances. */
int hostile_member_set_up(void **state);

#define HOSTILE_MEMBER_TEST(name, fixture)                                                   \
    cmocka_unit_test_prestate_setup_teardown(name, hostile_member_set_up, hostile_tear_down, \
                                             fixture)

/* How long members whom lies leave behind are waited for; who stands still for as long is put out.
 * Where neither is to be, the longer one. */
#define HOSTILE_SHORT_SESSION "1000"
#define HOSTILE_LONG_SESSION  "45000"

/* The group is named by both, so that those of another group are nobody's concern. */
void hostile_member_start(struct hostile_fixture *fixture, const char *what, int number,
                          const char *session_ms);
/* The same, with the consumer protocol (KIP-848). */
void hostile_member_start_consumer(struct hostile_fixture *fixture, const char *what, int number);
void hostile_member_subscribe(struct hostile_fixture *fixture, const char *topic);
/* Until it has so many partitions. */
void hostile_member_expect(struct hostile_fixture *fixture, int count, const char *what);
void hostile_member_end(struct hostile_fixture *fixture);

/* So many messages are in each partition of "t", and consumed, some of them maybe again. */
void hostile_member_expect_messages(struct hostile_fixture *fixture, int count);

/* Lies for any answer */

static inline enum liar_fate hostile_silent(struct liar_answer *answer)
{
    (void)answer;
    return LIAR_SILENCE;
}

/* The members of a JoinGroup answer that tells any become this many: the true one first, then
 * others of its kind with that id (NULL: its own). */
enum liar_fate hostile_member_multiply(struct liar_answer *answer, int count, const char *id);

#define HOSTILE_BAD(api) \
    RD_KAFKA_RESP_ERR__BAD_MSG, api " failed: A message or an answer is malformed"

#endif
