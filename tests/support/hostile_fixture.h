/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client whose brokers lie, and what it said of them: for tests/mock/hostile_*_test.c.
 *
 * One fixture per test, used by the test's thread. Behind the liar stands a mock cluster with the
 * texts of consume_fixture.h in it; broker 1 + p % brokers leads partition p.
 */
#ifndef SUPPORT_HOSTILE_FIXTURE_H
#define SUPPORT_HOSTILE_FIXTURE_H

#include "support/consume_fixture.h"
#include "support/liar.h"

enum { HOSTILE_ERRORS_MAX = 512, HOSTILE_PARTITIONS_MAX = 8 };

struct hostile_error {
    rd_kafka_resp_err_t err;
    int32_t partition; /* -1: of the client, not of a partition. */
    int64_t offset;
    char text[320];
};

/* Changes an answer into a lie. */
struct hostile_lie {
    const char *name;
    enum liar_fate (*tell)(struct liar_answer *answer);
    bool may_fail; /* Messages may come back undelivered. */
};

#define LIE(name) #name, name

/* Of any answer: none, all but its end, and nothing that it could mean. */
enum liar_fate hostile_closed(struct liar_answer *answer);
enum liar_fate hostile_cut(struct liar_answer *answer);
enum liar_fate hostile_garbage(struct liar_answer *answer);

/* Hints at a leader that cannot be: (name, leader, epoch, host, port). */
#define HOSTILE_HINTS(HINT)                                     \
    HINT(hint_without_address, 77, INT32_MAX, NULL, 0)          \
    HINT(hint_without_host, 77, INT32_MAX, "", 9092)            \
    HINT(hint_to_port_0, 77, INT32_MAX, "127.0.0.1", 0)         \
    HINT(hint_to_port_70000, 77, INT32_MAX, "127.0.0.1", 70000) \
    HINT(hint_to_nobody, -9, INT32_MAX, "127.0.0.1", 1)

struct hostile_fixture {
    struct consume_fixture base;
    struct liar *liar;
    rd_kafka_t *rk;
    struct hostile_error errors[HOSTILE_ERRORS_MAX];
    int error_count;
    int sent;                             /* Messages produced, */
    int delivered, undelivered;           /* and reported. */
    struct hostile_error report;          /* Of the last that was not delivered. */
    int64_t next[HOSTILE_PARTITIONS_MAX]; /* Offset expected next. */
    int64_t gap_from, gap_to;             /* Partition 0 may go on there; 0: it may not. */
    bool may_repeat;                      /* Messages may come again. */
    int throttle_count, throttle_max_ms, throttle_min_ms;
    struct { /* What is told now. */
        const struct hostile_lie *_Atomic lie;
        int api_key, broker;
        _Atomic int times; /* Left. */
    } script;
};

void hostile_init(struct hostile_fixture *fixture, int broker_count);
void hostile_add_topic(struct hostile_fixture *fixture, const char *topic, int partition_count);
/* With pairs of property and value up to NULL. */
void hostile_start(struct hostile_fixture *fixture, rd_kafka_type_t type, ...)
    __attribute__((sentinel));
/* Destroys the client, if that was not done, and the brokers. */
void hostile_end(struct hostile_fixture *fixture);

/* A test with two brokers and "t" of two partitions; `fixture`: its struct hostile_fixture. */
#define HOSTILE_TEST(name, fixture) \
    cmocka_unit_test_prestate_setup_teardown(name, hostile_set_up, hostile_tear_down, fixture)
int hostile_set_up(void **state);
int hostile_tear_down(void **state);

/* In the next `times` answers to that API, of one broker or of all (0); then the truth. */
void hostile_tell(struct hostile_fixture *fixture, const struct hostile_lie *lie, int times,
                  int api_key, int broker);
bool hostile_was_told(const struct hostile_fixture *fixture);
void hostile_expect_told(struct hostile_fixture *fixture);

/* Serves callbacks; a consumer's messages are checked to follow one another. */
void hostile_serve(struct hostile_fixture *fixture, int timeout_ms);
void hostile_produce(struct hostile_fixture *fixture, const char *topic, int32_t partition);
/* Until everything produced was reported. */
void hostile_expect_reported(struct hostile_fixture *fixture);
/* The same, and nothing as undelivered. */
void hostile_expect_delivered(struct hostile_fixture *fixture);
/* Consumes partitions of "t" up to before that offset. */
void hostile_expect_consumed(struct hostile_fixture *fixture, int32_t partition, int64_t until);
/* Until the client or a partition has told that error with that in its text. */
const struct hostile_error *hostile_expect_error(struct hostile_fixture *fixture,
                                                 rd_kafka_resp_err_t err, const char *part);
/* Errors of no partition so far. */
int hostile_count_client_errors(const struct hostile_fixture *fixture);
const struct hostile_error *hostile_find_error(const struct hostile_fixture *fixture,
                                               rd_kafka_resp_err_t err, const char *part);
/* Serves until it holds; fails the test, saying what did not come, after a long while. */
void hostile_wait(struct hostile_fixture *fixture,
                  bool (*holds)(struct hostile_fixture *fixture, const void *argument),
                  const void *argument, const char *what);

#endif
