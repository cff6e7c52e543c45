/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of a group of the consumer protocol (KIP-848): what they share, keep, lose and are told.
 */
#include <stdio.h>
#include <string.h>

#include "support/group_fixture.h"

#define HEARTBEAT    68 /* ConsumerGroupHeartbeat */
#define COMMIT       8
#define FETCH_COMMIT 9

static struct group_fixture fixture;

static struct group_member *start(int index)
{
    return group_start(&fixture, index, true, "group.protocol", "consumer", NULL);
}

static bool first_has_one(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 1;
}

static bool first_has_six(struct group_fixture *f)
{
    return group_assigned(&f->members[0]) == 6;
}

static bool all_consumed(struct group_fixture *f)
{
    return f->total >= 400;
}

/* Without a callback the library assigns; what it had is committed when it closes. */
static void one_member_gets_everything(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *member =
        group_start(&fixture, 0, false, "group.protocol", "consumer", NULL);
    char *id = rd_kafka_memberid(member->rk);
    assert_int_equal(strlen(id), 22);
    assert_int_equal(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                     22);
    assert_string_equal(rd_kafka_rebalance_protocol(member->rk), "NONE");
    group_subscribe(member, "t");
    assert_string_equal(rd_kafka_rebalance_protocol(member->rk), "COOPERATIVE");
    group_run(&fixture, all_consumed);
    group_expect_each_once(&fixture, 4, 100);
    assert_int_equal(group_assigned(member), 4);
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(member->rk);
    assert_string_equal(rd_kafka_consumer_group_metadata_member_id(metadata), id);
    assert_true(rd_kafka_consumer_group_metadata_generation_id(metadata) > 0);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_mem_free(member->rk, id);
    assert_int_equal(rd_kafka_assignment_lost(member->rk), 0);
    assert_int_equal(rd_kafka_consumer_close(member->rk), 0);
    assert_int_equal(rd_kafka_consumer_close(member->rk), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(group_assigned(member), 0);
    group_destroy_member(member);
    consume_fill(&fixture.base, "t", 2, 100, 50);
    group_subscribe(start(0), "t");
    while (fixture.total < 450)
        group_run_ms(&fixture, 5);
    group_expect_each_once(&fixture, 4, 100);
    assert_int_equal(fixture.total, 450);
}

/* Only what moves is given up, and nothing is consumed twice. */
static void two_members_share(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *first = start(0), *second;
    group_subscribe(first, "t");
    group_run(&fixture, all_consumed);
    assert_int_equal(first->assigns, 1);
    second = start(1);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(first->revokes, 1);
    assert_int_equal(first->last_count, 2);
    assert_int_equal(first->losses, 0);
    for (int p = 0; p < 4; p++)
        consume_fill(&fixture.base, "t", p, 100, 50);
    while (fixture.total < 600)
        group_run_ms(&fixture, 5);
    group_expect_each_once(&fixture, 4, 150);
    assert_int_equal(second->messages, 100);
    assert_int_equal(rd_kafka_consumer_close(second->rk), 0);
    assert_int_equal(second->revokes, 1);
    group_destroy_member(second);
    group_run(&fixture, group_first_has_all);
    assert_int_equal(first->losses, 0);
    group_expect_each_once(&fixture, 4, 150);
}

/* Only incremental changes are accepted, once something is subscribed to. */
static void wrong_assign_calls(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    struct group_member *member = start(0);
    assert_int_equal(rd_kafka_assign(member->rk, list), 0);
    assert_int_equal(rd_kafka_assign(member->rk, NULL), 0);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    assert_int_equal(rd_kafka_assign(member->rk, list), RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(group_assigned(member), 4);
    rd_kafka_error_t *error = rd_kafka_incremental_assign(member->rk, list);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__CONFLICT);
    rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
}

/* It is told, has lost its partitions, and gets some again when it polls. */
static void application_that_does_not_poll(void **state)
{
    (void)state;
    struct group_member *first = group_start(&fixture, 0, true, "group.protocol", "consumer",
                                             "max.poll.interval.ms", "1000", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    struct group_member *second = start(1);
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

static struct group_member *start_static(int index, const char *name)
{
    return group_start(&fixture, index, true, "group.protocol", "consumer", "group.instance.id",
                       name, NULL);
}

/* The others do not notice. */
static void static_member_comes_back(void **state)
{
    (void)state;
    struct group_member *first = start_static(0, "a"), *second = start_static(1, "b");
    group_subscribe(first, "t");
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    int assigns = first->assigns, revokes = first->revokes;
    group_destroy_member(second);
    second = start_static(1, "b");
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    group_run_ms(&fixture, 200);
    assert_int_equal(first->assigns, assigns);
    assert_int_equal(first->revokes, revokes);
}

/* The one that comes later is refused; the other does not notice. */
static void static_member_twice(void **state)
{
    (void)state;
    struct group_member *first = start_static(1, "a"), *second = start_static(0, "a");
    group_subscribe(first, "t");
    group_run(&fixture, group_second_has_all);
    group_subscribe(second, "t");
    group_run(&fixture, group_first_has_error);
    char text[300];
    assert_int_equal(rd_kafka_fatal_error(second->rk, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID);
    assert_non_null(strstr(text, "ConsumerGroupHeartbeat"));
    assert_int_equal(rd_kafka_fatal_error(first->rk, text, sizeof(text)), 0);
    assert_int_equal(first->revokes, 0);
}

/* The coordinator matches, and gives topics that only their ids tell. */
static void patterns(void **state)
{
    (void)state;
    consume_add_topic(&fixture.base, "other", 1);
    struct group_member *member = start(0);
    group_subscribe(member, "^t[0-9]*");
    group_run(&fixture, group_first_has_all);
    consume_add_topic(&fixture.base, "t2", 2);
    group_run(&fixture, first_has_six);
    assert_int_equal(rd_kafka_mock_topic_delete(fixture.base.cluster, "t2"), 0);
    group_run(&fixture, group_first_has_all);
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_subscription(member->rk, &list), 0);
    assert_string_equal(list->elems[0].topic, "^t[0-9]*");
    rd_kafka_topic_partition_list_destroy(list);
    list = consume_list("^t", RD_KAFKA_PARTITION_UA, 0); /* Names beside patterns, and several. */
    rd_kafka_topic_partition_list_add(list, "^oth.*", RD_KAFKA_PARTITION_UA);
    rd_kafka_topic_partition_list_add(list, "other2", RD_KAFKA_PARTITION_UA);
    consume_add_topic(&fixture.base, "other2", 1);
    assert_int_equal(rd_kafka_subscribe(member->rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    group_run(&fixture, first_has_six);
    assert_int_equal(member->losses, 0);
}

/* One that cannot be is told of once, and the member stays usable. */
static void bad_pattern(void **state)
{
    (void)state;
    struct group_member *member = start(0);
    group_subscribe(member, "^t(");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION);
    char text[300];
    assert_int_equal(rd_kafka_fatal_error(member->rk, text, sizeof(text)), 0);
    group_subscribe(member, "^t.*");
    group_run(&fixture, group_first_has_all);
}

/* Brokers of the preview have none: that is told of, and the member stays usable. */
static void patterns_at_old_brokers(void **state)
{
    (void)state;
    char text[500];
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.base.cluster, HEARTBEAT, 0, 0), 0);
    struct group_member *member = start(0);
    group_subscribe(member, "^t.*");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE);
    assert_non_null(
        strstr(member->last_words, "the broker has no ConsumerGroupHeartbeat from v1 on"));
    assert_int_equal(rd_kafka_fatal_error(member->rk, text, sizeof(text)), 0);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
}

/* A member that such a broker refuses a pattern gives up what it has before others get it. */
static void pattern_of_a_member_at_old_brokers(void **state)
{
    (void)state;
    char text[500];
    consume_fill_all(&fixture.base, "t", 4, 100);
    assert_int_equal(rd_kafka_mock_set_apiversion(fixture.base.cluster, HEARTBEAT, 0, 0), 0);
    struct group_member *first = start(0), *second = start(1);
    group_subscribe(first, "t");
    group_run(&fixture, all_consumed);
    group_subscribe(first, "^t.*");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(first->last_error, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE);
    group_subscribe(second, "t");
    group_run(&fixture, group_second_has_all);
    assert_int_equal(group_assigned(first), 0);
    assert_int_equal(first->revokes, 1);
    assert_int_equal(first->last_count, 4);
    first->last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    group_run_ms(&fixture, 300);
    assert_int_equal(first->last_error, 0); /* Once. */
    group_subscribe(first, "t");
    group_run(&fixture, group_shares);
    for (int p = 0; p < 4; p++)
        consume_fill(&fixture.base, "t", p, 100, 50);
    while (fixture.total < 600)
        group_run_ms(&fixture, 5);
    group_expect_each_once(&fixture, 4, 150);
    assert_int_equal(first->losses + second->losses, 0);
    assert_int_equal(rd_kafka_fatal_error(first->rk, text, sizeof(text)), 0);
}

/* A topic that is not there is told of, and consumed when it is made. */
static void topic_that_comes_later(void **state)
{
    (void)state;
    struct group_member *member = start(0);
    group_subscribe(member, "later");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    consume_add_topic(&fixture.base, "later", 1);
    group_run(&fixture, first_has_one);
}

/* The same name and another topic: what was consumed of the old one is given up first. */
static void topic_made_again(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *member = start(0);
    group_subscribe(member, "t");
    group_run(&fixture, all_consumed);
    assert_int_equal(rd_kafka_mock_topic_delete(fixture.base.cluster, "t"), 0);
    consume_add_topic(&fixture.base, "t", 4);
    while (member->revokes < 1 || member->assigns < 2 || !group_first_has_all(&fixture))
        group_run_ms(&fixture, 5);
    assert_int_equal(member->losses, 0);
    memset(fixture.consumed, 0, sizeof(fixture.consumed));
    fixture.total = 0;
}

/* While it is away members keep what they have; they go on with the next one. */
static void coordinator_moves(void **state)
{
    (void)state;
    rd_kafka_mock_coordinator_set(fixture.base.cluster, "group", "group", 1);
    struct group_member *first = start(0), *second;
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_mock_coordinator_set(fixture.base.cluster, "group", "group", 2);
    group_run_ms(&fixture, 300);
    second = start(1);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(first->losses, 0);
}

static void closes_without_coordinator(void **state)
{
    (void)state;
    struct group_member *first = start(0), *second = start(1);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 1);
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 2);
    group_subscribe(second, "t"); /* Never gets there. */
    assert_int_equal(rd_kafka_consumer_close(second->rk), 0);
    group_destroy_member(second);
    assert_int_equal(rd_kafka_consumer_close(first->rk), 0);
    assert_int_equal(first->revokes, 1);
    group_destroy_member(first);
}

/* The member goes on, or loses all and is in again. */
static void errors_that_pass(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t err;
        bool loses, is_told;
    } cases[] = {
        {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, true, false},
        {RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, true, false},
        {RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, true, false},
        {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, false, false},
        {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, false, false},
        {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, false, false},
        {RD_KAFKA_RESP_ERR__TRANSPORT, false, false},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, false, true},
        {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, false, true},
    };
    struct group_member *first = start(0);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int losses = first->losses;
        first->last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
        group_run_refused(&fixture, HEARTBEAT, cases[i].err);
        if (cases[i].is_told)
            group_run(&fixture, group_first_has_error);
        while (cases[i].loses && first->losses == losses)
            group_run_ms(&fixture, 5);
        group_run(&fixture, group_first_has_all);
        assert_int_equal(first->losses - losses, cases[i].loses);
        assert_int_equal(first->last_error, cases[i].is_told ? cases[i].err : 0);
    }
    consume_fill_all(&fixture.base, "t", 4, 100);
    group_run(&fixture, all_consumed);
}

/* Final ones, with the coordinator's own words. */
static void errors_that_stay(void **state)
{
    (void)state;
    char text[500];
    struct group_member *member = group_start(&fixture, 0, true, "group.protocol", "consumer",
                                              "group.remote.assignor", "nobody", NULL);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(rd_kafka_fatal_error(member->rk, text, sizeof(text)),
                     RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR);
    assert_non_null(strstr(text, "uniform, range"));
    group_destroy_member(member);
    member = group_start(&fixture, 0, true, "group.protocol", "consumer", "group.remote.assignor",
                         "range", NULL);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    group_destroy_member(member);
}

/* Brokers that do not mix the protocols in a group: the error is told, and when the others have
 * gone the member is in. */
static void group_of_another_type(void **state)
{
    (void)state;
    char text[500];
    rd_kafka_resp_err_t errors[100];
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        errors[i] = RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
    struct group_member *classic = group_start(&fixture, 1, true, NULL);
    group_subscribe(classic, "t");
    group_run(&fixture, group_second_has_all);
    rd_kafka_mock_push_request_errors_array(fixture.base.cluster, HEARTBEAT,
                                            sizeof(errors) / sizeof(errors[0]), errors);
    struct group_member *member = start(0);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    assert_int_equal(rd_kafka_fatal_error(member->rk, text, sizeof(text)), 0);
    assert_int_equal(classic->losses, 0);
    group_destroy_member(classic);
    rd_kafka_mock_clear_request_errors(fixture.base.cluster, HEARTBEAT);
    group_run(&fixture, group_first_has_all);
    group_destroy_member(member);
    classic = group_start(&fixture, 1, true, NULL); /* And back. */
    group_subscribe(classic, "t");
    group_run(&fixture, group_second_has_all);
}

/* Members of both protocols share; when those of one have gone the others have all, and nobody has
 * lost anything. */
static void share_with_a_classic_member(const char *assignor)
{
    struct group_member *classic = group_start(&fixture, 1, true, "partition.assignment.strategy",
                                               assignor, "heartbeat.interval.ms", "100", NULL);
    group_subscribe(classic, "t");
    group_run(&fixture, group_second_has_all);
    struct group_member *member = start(0);
    group_subscribe(member, "t");
    group_run(&fixture, group_shares);
    group_destroy_member(member);
    group_run(&fixture, group_second_has_all);
    member = start(0);
    group_subscribe(member, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(classic->losses, 0);
    group_destroy_member(classic);
    group_run(&fixture, group_first_has_all);
    assert_int_equal(member->losses, 0);
    group_destroy_member(member);
}

static void group_of_both_protocols(void **state)
{
    (void)state;
    rd_kafka_mock_group_initial_rebalance_delay_ms(fixture.base.cluster, 0);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture.base.cluster, 100);
    share_with_a_classic_member("range");
    share_with_a_classic_member("cooperative-sticky");
}

/* Commits that come from an epoch that is over, or are told so, are made again from the next. */
static void commits_of_an_old_epoch(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *member = group_start(&fixture, 0, true, "group.protocol", "consumer",
                                              "enable.auto.commit", "false", NULL);
    rd_kafka_mock_push_request_errors(fixture.base.cluster, FETCH_COMMIT, 1,
                                      RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH);
    group_subscribe(member, "t");
    group_run(&fixture, all_consumed);
    rd_kafka_mock_push_request_errors(fixture.base.cluster, COMMIT, 1,
                                      RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH);
    assert_int_equal(rd_kafka_commit(member->rk, NULL, 0), 0);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 3, 0);
    assert_int_equal(rd_kafka_committed(member->rk, list, 5000), 0);
    assert_int_equal(list->elems[0].offset, 100);
    rd_kafka_topic_partition_list_destroy(list);
    assert_int_equal(member->losses, 0);
}

static void unsubscribes(void **state)
{
    (void)state;
    struct group_member *first = start(0), *second = start(1);
    group_subscribe(first, "t");
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(rd_kafka_unsubscribe(first->rk), 0);
    group_run(&fixture, group_second_has_all);
    assert_int_equal(group_assigned(first), 0);
    assert_int_equal(first->losses, 0);
    group_subscribe(first, "t");
    group_run(&fixture, group_shares);
    consume_add_topic(&fixture.base, "single", 1);
    group_subscribe(first, "single"); /* Without leaving. */
    group_run(&fixture, first_has_one);
    group_run(&fixture, group_second_has_all);
    assert_int_equal(first->losses, 0);
}

/* Nothing is given to others before the application has given it up. */
static void application_takes_its_time(void **state)
{
    (void)state;
    struct group_member *first = start(0), *second = start(1);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    first->is_held = true;
    group_subscribe(second, "t");
    while (!first->revokes)
        group_run_ms(&fixture, 5);
    group_run_ms(&fixture, 300);
    assert_int_equal(group_assigned(second), 0);
    assert_int_equal(rd_kafka_consumer_close(first->rk), 0); /* Never answered. */
    group_run(&fixture, group_second_has_all);
    assert_int_equal(second->losses, 0);
}

static void destroys_without_closing(void **state)
{
    (void)state;
    struct group_member *first = start(0);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_destroy_flags(first->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    first->rk = NULL;
    assert_int_equal(first->revokes, 0);
    first = start(0);
    rd_kafka_destroy(first->rk); /* Never subscribed. */
    first->rk = NULL;
    first = start(0);
    group_subscribe(first, "t");
    group_destroy_member(first); /* While it joins. */
}

/* The usual session, of 30 s, is longer than group_run() waits. */
static void goes_without_a_word(void **state)
{
    (void)state;
    rd_kafka_mock_set_group_consumer_session_timeout_ms(fixture.base.cluster, 1000);
    struct group_member *first = start(0), *second = start(1);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_destroy_flags(first->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    first->rk = NULL;
    group_subscribe(second, "t");
    group_run(&fixture, group_second_has_all);
}

/* With the usual pauses of 3 s group_run() would not see as many. */
static bool many_beats(struct group_fixture *f)
{
    return group_requests(f, HEARTBEAT) >= 20;
}

static void beats_as_often_as_it_is_told(void **state)
{
    (void)state;
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture.base.cluster, 100);
    group_subscribe(start(0), "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    group_run(&fixture, many_beats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(one_member_gets_everything, &fixture),
        GROUP_TEST(two_members_share, &fixture),
        GROUP_TEST(wrong_assign_calls, &fixture),
        GROUP_TEST(application_that_does_not_poll, &fixture),
        GROUP_TEST(static_member_comes_back, &fixture),
        GROUP_TEST(static_member_twice, &fixture),
        GROUP_TEST(patterns, &fixture),
        GROUP_TEST(bad_pattern, &fixture),
        GROUP_TEST(patterns_at_old_brokers, &fixture),
        GROUP_TEST(pattern_of_a_member_at_old_brokers, &fixture),
        GROUP_TEST(topic_that_comes_later, &fixture),
        GROUP_TEST(topic_made_again, &fixture),
        GROUP_TEST(coordinator_moves, &fixture),
        GROUP_TEST(closes_without_coordinator, &fixture),
        GROUP_TEST(errors_that_pass, &fixture),
        GROUP_TEST(errors_that_stay, &fixture),
        GROUP_TEST(group_of_another_type, &fixture),
        GROUP_TEST(group_of_both_protocols, &fixture),
        GROUP_TEST(commits_of_an_old_epoch, &fixture),
        GROUP_TEST(unsubscribes, &fixture),
        GROUP_TEST(application_takes_its_time, &fixture),
        GROUP_TEST(destroys_without_closing, &fixture),
        GROUP_TEST(goes_without_a_word, &fixture),
        GROUP_TEST(beats_as_often_as_it_is_told, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
