/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of one group on a mock cluster, polled by the test's thread: for
 * tests/mock/group_*_test.c.
 *
 * Each member counts what it was told and what it was handed out; the fixture counts how often each
 * message was consumed by anybody.
 */
#ifndef SUPPORT_GROUP_FIXTURE_H
#define SUPPORT_GROUP_FIXTURE_H

#include "support/consume_fixture.h"

enum { GROUP_MEMBERS = 4, GROUP_PARTITIONS = 8, GROUP_MESSAGES = 200 };

struct group_fixture;

struct group_member {
    struct group_fixture *fixture;
    rd_kafka_t *rk; /* NULL: not started, or destroyed. */
    bool is_held;   /* Its callback leaves assigning to the test. */
    void (*at_the_end)(struct group_member *member); /* Of its callback; or NULL. */
    int assigns, revokes, losses;
    int last_count; /* Partitions in the last callback. */
    int messages;
    rd_kafka_resp_err_t last_error; /* Of an error instead of a message. */
    char last_words[300];           /* Its. */
};

struct group_fixture {
    struct consume_fixture base;
    int partition_count; /* Of the topic "t". */
    struct group_member members[GROUP_MEMBERS];
    int consumed[GROUP_PARTITIONS][GROUP_MESSAGES]; /* Of the topic "t". */
    int total;
};

/* A cluster with the topic "t". */
void group_init(struct group_fixture *fixture, int partition_count);
void group_end(struct group_fixture *fixture);
/* A test with four partitions, and the fixture as its state. */
int group_set_up(void **state);
int group_tear_down(void **state);
#define GROUP_TEST(function, fixture) \
    cmocka_unit_test_prestate_setup_teardown(function, group_set_up, group_tear_down, fixture)
/* A member, with properties, pairs up to NULL; `with_callback`: has a rebalance callback. */
struct group_member *group_start(struct group_fixture *fixture, int index, int with_callback, ...)
    __attribute__((sentinel));
void group_subscribe(struct group_member *member, const char *topic);
/* Has `members` polled in turn until `is_done` says so; fails the test when it does not. */
void group_run(struct group_fixture *fixture, bool (*is_done)(struct group_fixture *fixture));
/* The same for so long, whatever happens. */
void group_run_ms(struct group_fixture *fixture, int ms);
/* The same until the next heartbeat has met that error and the member knows: it has beaten again.
 */
void group_run_refused(struct group_fixture *fixture, int16_t heartbeat, rd_kafka_resp_err_t err);
/* How many requests of that API have come since rd_kafka_mock_start_request_tracking(). */
int group_requests(const struct group_fixture *fixture, int16_t api_key);
int group_assigned(const struct group_member *member);
/* For group_run(): the first member, or the second, has all of "t"; each of these two has half. */
bool group_first_has_all(struct group_fixture *fixture);
bool group_second_has_all(struct group_fixture *fixture);
bool group_shares(struct group_fixture *fixture);
bool group_first_has_error(struct group_fixture *fixture);
bool group_first_lost(struct group_fixture *fixture);
/* The first messages of the first partitions were consumed once each. */
void group_expect_each_once(const struct group_fixture *fixture, int partition_count, int count);
void group_destroy_member(struct group_member *member);

#endif
