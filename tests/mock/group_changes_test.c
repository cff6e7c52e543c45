/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to a group and its members: applications that do not poll, restarts of static
 * members, patterns and topics that come, coordinators that fail, move, or refuse.
 */
#include <stdio.h>
#include <string.h>

#include "support/group_fixture.h"

enum { OFFSET_COMMIT = 8, JOIN_GROUP = 11, HEARTBEAT = 12, SYNC_GROUP = 14 };

static struct group_fixture fixture;

static bool all_consumed(struct group_fixture *f)
{
    return f->total >= 40;
}

/* It is told, has lost its partitions, and gets some again when it polls. */
static void application_that_does_not_poll(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, "session.timeout.ms", "1000",
                                             "max.poll.interval.ms", "1000", NULL);
    struct group_member *second = group_start(&fixture, 1, true, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    rd_kafka_t *silent = first->rk;
    first->rk = NULL; /* Not polled. */
    group_run(&fixture, group_second_has_all);
    assert_int_equal(second->losses, 0);
    first->rk = silent;
    group_run(&fixture, group_first_has_error);
    assert_int_equal(first->last_error, RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED);
    group_run(&fixture, group_first_lost);
    group_run(&fixture, group_shares);
}

/* Neither by the timer, nor when the application gives it up at last. */
static void nothing_lost_is_committed(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 10);
    struct group_member *first =
        group_start(&fixture, 0, true, "session.timeout.ms", "1000", "max.poll.interval.ms", "1000",
                    "enable.auto.offset.store", "false", "auto.commit.interval.ms", "20", NULL);
    struct group_member *second =
        group_start(&fixture, 1, true, "enable.auto.commit", "false", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    group_run(&fixture, all_consumed);
    rd_kafka_t *silent = first->rk;
    first->rk = NULL; /* Not polled. */
    group_subscribe(second, "t");
    group_run(&fixture, group_second_has_all);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    assert_int_equal(rd_kafka_offsets_store(silent, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    group_run_ms(&fixture, 200);
    first->rk = silent;
    group_run(&fixture, group_first_lost);
    group_run(&fixture, group_shares);
    assert_int_equal(group_requests(&fixture, OFFSET_COMMIT), 0);
}

/* Part of its partitions is to go when it closes: it is told of these, and then of the others. */
static void closes_while_it_is_asked(void **state)
{
    (void)state;
    struct group_member *first =
        group_start(&fixture, 0, true, "partition.assignment.strategy", "cooperative-sticky", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_t *silent = first->rk;
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(silent);
    first->rk = NULL; /* Not polled. */
    group_subscribe(
        group_start(&fixture, 1, true, "partition.assignment.strategy", "cooperative-sticky", NULL),
        "t");
    while (rd_kafka_queue_length(queue) == 0)
        group_run_ms(&fixture, 5);
    rd_kafka_queue_destroy(queue);
    first->rk = silent;
    assert_int_equal(rd_kafka_consumer_close(silent), 0);
    assert_int_equal(first->revokes, 2);
    assert_int_equal(first->last_count, 2);
}

/* Nobody is asked to take what it would have to give up at once; the others have it soon. */
static void unsubscribes_before_it_is_asked(void **state)
{
    static const char *const properties[][2] = {{"group.protocol", "consumer"},
                                                {"partition.assignment.strategy", "range"}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *const *property = properties[i];
        struct group_member *first =
            group_start(&fixture, 0, true, "group.id", property[1], property[0], property[1], NULL);
        rd_kafka_t *silent = first->rk;
        rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(silent);
        group_subscribe(first, "t");
        first->rk = NULL; /* Not polled. */
        while (rd_kafka_queue_length(queue) == 0)
            group_run_ms(&fixture, 5);
        assert_int_equal(rd_kafka_unsubscribe(silent), 0);
        group_subscribe(
            group_start(&fixture, 1, true, "group.id", property[1], property[0], property[1], NULL),
            "t");
        group_run(&fixture, group_second_has_all);
        rd_kafka_queue_destroy(queue);
        first->rk = silent;
        group_run_ms(&fixture, 100);
        assert_int_equal(first->assigns, 0);
        assert_int_equal(first->revokes, 0);
        group_subscribe(first, "t");
        group_run(&fixture, group_shares);
        group_destroy_member(first);
        group_destroy_member(&fixture.members[1]);
    }
}

/* The others do not notice. */
static void static_member_comes_back(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, "group.instance.id", "a", NULL);
    struct group_member *second = group_start(&fixture, 1, true, "group.instance.id", "b", NULL);
    group_subscribe(first, "t");
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    int assigns = first->assigns, revokes = first->revokes;
    group_destroy_member(second);
    second = group_start(&fixture, 1, true, "group.instance.id", "b", NULL);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    group_run_ms(&fixture, 200);
    assert_int_equal(first->assigns, assigns);
    assert_int_equal(first->revokes, revokes);
    /* Unsubscribing is leaving. */
    assert_int_equal(rd_kafka_unsubscribe(second->rk), 0);
    group_run(&fixture, group_first_has_all);
}

static bool first_has_none(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 0;
}

/* It has nothing to assign, and still sees what becomes of the topics. */
static void static_leader_comes_back(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct group_member *leader =
            group_start(&fixture, 0, true, "group.instance.id", "a", NULL);
        group_subscribe(leader, "t");
        group_run(&fixture, group_first_has_all);
        if (i == 0)
            group_destroy_member(leader);
    }
    assert_int_equal(rd_kafka_mock_topic_delete(fixture.base.cluster, "t"), 0);
    group_run(&fixture, first_has_none);
    consume_add_topic(&fixture.base, "t", 4);
    group_run(&fixture, group_first_has_all);
}

/* Two with one name: the older one is put out, for good. */
static void static_member_twice(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, "group.instance.id", "a", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    struct group_member *second = group_start(&fixture, 1, true, "group.instance.id", "a", NULL);
    group_subscribe(second, "t");
    group_run(&fixture, group_first_lost);
    char text[200];
    assert_int_equal(rd_kafka_fatal_error(first->rk, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    assert_int_equal(rd_kafka_subscribe(first->rk, list), RD_KAFKA_RESP_ERR__FATAL);
    rd_kafka_topic_partition_list_destroy(list);
    assert_int_equal(rd_kafka_consumer_close(first->rk), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    group_run(&fixture, group_second_has_all);
}

static bool has_six(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 6;
}

static bool has_nine(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 9;
}

/* Patterns follow the topics of the cluster, but for the blacklist; those of leaders too. */
static void patterns(void **state)
{
    (void)state;
    consume_add_topic(&fixture.base, "t2", 2);
    consume_add_topic(&fixture.base, "t3", 8);
    consume_add_topic(&fixture.base, "other", 1);
    struct group_member *member =
        group_start(&fixture, 0, true, "topic.blacklist", "^t3$,^x", NULL);
    group_subscribe(member, "^t[0-9]*$");
    group_run(&fixture, has_six);
    consume_add_topic(&fixture.base, "t4", 3);
    group_run(&fixture, has_nine);
    assert_int_equal(rd_kafka_mock_topic_delete(fixture.base.cluster, "t4"), 0);
    group_run(&fixture, has_six);
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_subscription(member->rk, &list), 0);
    assert_string_equal(list->elems[0].topic, "^t[0-9]*$");
    rd_kafka_topic_partition_list_destroy(list);
}

static bool first_has_one(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 1;
}

/* A topic that is not there is told of, and consumed when it is made. */
static void topic_that_comes_later(void **state)
{
    (void)state;
    struct group_member *member = group_start(&fixture, 0, true, NULL);
    group_subscribe(member, "later");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    consume_add_topic(&fixture.base, "later", 1);
    group_run(&fixture, first_has_one);
}

/* While it is away members keep what they have; they go on with the next one. */
static void coordinator_moves(void **state)
{
    (void)state;
    rd_kafka_mock_coordinator_set(fixture.base.cluster, "group", "group", 1);
    struct group_member *first = group_start(&fixture, 0, true, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_mock_coordinator_set(fixture.base.cluster, "group", "group", 2);
    group_run_ms(&fixture, 300);
    struct group_member *second = group_start(&fixture, 1, true, NULL);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(first->losses, 0);
}

static void closes_without_coordinator(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 1);
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 2);
    struct group_member *second = group_start(&fixture, 1, true, NULL);
    group_subscribe(second, "t"); /* Never gets there. */
    assert_int_equal(rd_kafka_consumer_close(second->rk), 0);
    group_destroy_member(second);
    assert_int_equal(rd_kafka_consumer_close(first->rk), 0);
    assert_int_equal(first->revokes, 1);
    group_destroy_member(first);
}

/* The error is told, and when it is over the member is in. */
static void group_that_may_not_be_used(void **state)
{
    (void)state;
    rd_kafka_mock_push_request_errors(fixture.base.cluster, JOIN_GROUP, 2,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    struct group_member *first = group_start(&fixture, 0, true, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(first->last_error, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    group_run(&fixture, group_first_has_all);
}

/* The member loses what it has, and is in again when the one that it was is given up. */
static void errors_that_lose(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t of_heartbeat[] = {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                                                       RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION};
    struct group_member *first = group_start(&fixture, 0, true, "session.timeout.ms", "1000", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    for (size_t i = 0; i < sizeof(of_heartbeat) / sizeof(of_heartbeat[0]); i++) {
        first->losses = 0;
        rd_kafka_mock_push_request_errors(fixture.base.cluster, HEARTBEAT, 1, of_heartbeat[i]);
        group_run(&fixture, group_first_lost);
        group_run(&fixture, group_first_has_all);
    }
    static const rd_kafka_resp_err_t of_sync[] = {
        RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE};
    for (size_t i = 0; i < sizeof(of_sync) / sizeof(of_sync[0]); i++) {
        group_destroy_member(first);
        rd_kafka_mock_push_request_errors(fixture.base.cluster, SYNC_GROUP, 1, of_sync[i]);
        first = group_start(&fixture, 0, true, "session.timeout.ms", "1000", NULL);
        group_subscribe(first, "t");
        group_run(&fixture, group_first_has_all);
    }
}

static void errors_that_lose_nothing(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
                                                 RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                                 RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS};
    struct group_member *first = group_start(&fixture, 0, true, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        group_run_refused(&fixture, HEARTBEAT, errors[i]);
        group_run(&fixture, group_first_has_all);
        assert_int_equal(first->losses, 0);
    }
}

static void destroys_without_closing(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_destroy_flags(first->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    first->rk = NULL;
    assert_int_equal(first->revokes, 0);
    first = group_start(&fixture, 0, true, NULL);
    rd_kafka_destroy(first->rk); /* Never subscribed. */
    first->rk = NULL;
    first = group_start(&fixture, 0, true, NULL);
    group_subscribe(first, "t");
    group_destroy_member(first); /* While it joins. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(application_that_does_not_poll, &fixture),
        GROUP_TEST(nothing_lost_is_committed, &fixture),
        GROUP_TEST(closes_while_it_is_asked, &fixture),
        GROUP_TEST(unsubscribes_before_it_is_asked, &fixture),
        GROUP_TEST(static_member_comes_back, &fixture),
        GROUP_TEST(static_leader_comes_back, &fixture),
        GROUP_TEST(static_member_twice, &fixture),
        GROUP_TEST(patterns, &fixture),
        GROUP_TEST(topic_that_comes_later, &fixture),
        GROUP_TEST(coordinator_moves, &fixture),
        GROUP_TEST(closes_without_coordinator, &fixture),
        GROUP_TEST(group_that_may_not_be_used, &fixture),
        GROUP_TEST(errors_that_lose, &fixture),
        GROUP_TEST(errors_that_lose_nothing, &fixture),
        GROUP_TEST(destroys_without_closing, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
