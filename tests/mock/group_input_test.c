/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What applications and groups do wrong, with both protocols: each has its
 * error, at once, and the consumer goes on to consume.
 */
#include "support/group_fixture.h"

#include <stdio.h>
#include <string.h>

#include "wire/api.h"

enum { CLASSIC, CONSUMER, PROTOCOLS, ERRORS = 20, PARTITIONS = 4, MESSAGES = 20 };

static const char *const protocols[PROTOCOLS] = {"classic", "consumer"};
static const int16_t first_requests[PROTOCOLS] = {RK_API_JOIN_GROUP,
                                                  RK_API_CONSUMER_GROUP_HEARTBEAT};

static struct group_fixture fixture;
static int protocol;

static struct group_member *start_one(int index, const char *strategy)
{
    bool is_classic = protocol == CLASSIC;
    struct group_member *member =
        group_start(&fixture, index, true, "group.protocol", protocols[protocol],
                    is_classic ? "partition.assignment.strategy" : "client.id", strategy, NULL);
    return member;
}

static struct group_member *start(void)
{
    return start_one(0, "range");
}

static bool consumed_all(struct group_fixture *f)
{
    return f->total >= PARTITIONS * MESSAGES;
}

/* It is in the group, without an error that ends it, and consumes. */
static void expect_usable(struct group_member *member)
{
    char text[300];
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    consume_fill_all(&fixture.base, "t", PARTITIONS, MESSAGES);
    group_run(&fixture, consumed_all);
    assert_int_equal(rd_kafka_fatal_error(member->rk, text, sizeof(text)), 0);
    assert_int_equal(rd_kafka_consumer_close(member->rk), 0);
}

/* Each test with each protocol. */
static void with_both(void (*run)(void))
{
    for (protocol = 0; protocol < PROTOCOLS; protocol++) {
        group_init(&fixture, PARTITIONS);
        rd_kafka_mock_group_initial_rebalance_delay_ms(fixture.base.cluster, 0);
        run();
        group_end(&fixture);
    }
}

/* Subscriptions */

static rd_kafka_resp_err_t subscribe_to(struct group_member *member, const char *first,
                                        const char *second)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    if (first)
        rd_kafka_topic_partition_list_add(list, first, RD_KAFKA_PARTITION_UA);
    if (second)
        rd_kafka_topic_partition_list_add(list, second, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(member->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static int subscription_size(const struct group_member *member)
{
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_subscription(member->rk, &list), 0);
    int count = list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

static void refuse_all(struct group_member *member, int topics)
{
    static const char *const bad[][2] = {
        {NULL, NULL}, {"", NULL}, {"t", ""}, {"t", "t"}, {"^t.*", "^t.*"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(subscribe_to(member, bad[i][0], bad[i][1]),
                         RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(subscription_size(member), topics);
}

static void bad_subscriptions(void)
{
    struct group_member *member = start();
    refuse_all(member, 0);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    refuse_all(member, 1);
    assert_int_equal(group_assigned(member), PARTITIONS); /* What was there is left alone. */
    assert_int_equal(member->revokes, 0);
    expect_usable(member);
}

static void test_bad_subscriptions(void **state)
{
    (void)state;
    with_both(bad_subscriptions);
}

/* Whoever matches patterns says that one is none: the client, or the
 * coordinator, whose syntax is another. */
static void bad_pattern(void)
{
    struct group_member *member = start();
    if (protocol == CLASSIC) {
        assert_int_equal(subscribe_to(member, "^t(", NULL), RD_KAFKA_RESP_ERR__INVALID_ARG);
        assert_int_equal(subscribe_to(member, "t", "^["), RD_KAFKA_RESP_ERR__INVALID_ARG);
        assert_int_equal(subscription_size(member), 0);
    } else {
        assert_int_equal(subscribe_to(member, "^t(", NULL), 0);
        group_run(&fixture, group_first_has_error);
        assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION);
    }
    expect_usable(member);
}

static void test_bad_pattern(void **state)
{
    (void)state;
    with_both(bad_pattern);
}

/* Assign calls */

static bool first_was_told(struct group_fixture *f)
{
    return f->members[0].assigns > 0;
}

static rd_kafka_resp_err_t code_of(rd_kafka_error_t *error)
{
    rd_kafka_resp_err_t err = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_destroy(error);
    return err;
}

static rd_kafka_topic_partition_list_t *all_of_t(void)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int p = 0; p < PARTITIONS; p++)
        rd_kafka_topic_partition_list_add(list, "t", p);
    return list;
}

/* While the application is asked, only the calls of the protocol are taken. */
static void refuse_wrong_calls(struct group_member *member, bool is_cooperative)
{
    rd_kafka_topic_partition_list_t *list = all_of_t();
    group_subscribe(member, "t");
    member->is_held = true;
    group_run(&fixture, first_was_told);
    if (is_cooperative) {
        assert_int_equal(rd_kafka_assign(member->rk, list), RD_KAFKA_RESP_ERR__STATE);
        assert_int_equal(code_of(rd_kafka_incremental_assign(member->rk, NULL)),
                         RD_KAFKA_RESP_ERR__INVALID_ARG);
        rd_kafka_topic_partition_list_add(list, "t", 0);
        assert_int_equal(code_of(rd_kafka_incremental_assign(member->rk, list)),
                         RD_KAFKA_RESP_ERR__INVALID_ARG);
        rd_kafka_topic_partition_list_del_by_idx(list, PARTITIONS);
        assert_int_equal(code_of(rd_kafka_incremental_unassign(member->rk, list)),
                         RD_KAFKA_RESP_ERR__INVALID_ARG);
        assert_int_equal(group_assigned(member), 0);
        assert_int_equal(code_of(rd_kafka_incremental_assign(member->rk, list)), 0);
        assert_int_equal(code_of(rd_kafka_incremental_assign(member->rk, list)),
                         RD_KAFKA_RESP_ERR__CONFLICT);
    } else {
        assert_int_equal(code_of(rd_kafka_incremental_assign(member->rk, list)),
                         RD_KAFKA_RESP_ERR__STATE);
        assert_int_equal(code_of(rd_kafka_incremental_unassign(member->rk, list)),
                         RD_KAFKA_RESP_ERR__STATE);
        list->elems[1].offset = -7; /* No offset and no name of one. */
        assert_int_equal(rd_kafka_assign(member->rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
        list->elems[1].offset = RD_KAFKA_OFFSET_INVALID;
        assert_int_equal(group_assigned(member), 0);
        assert_int_equal(rd_kafka_assign(member->rk, list), 0);
    }
    assert_int_equal(group_assigned(member), PARTITIONS);
    member->is_held = false;
    rd_kafka_topic_partition_list_destroy(list);
    expect_usable(member);
}

static void wrong_calls(void)
{
    refuse_wrong_calls(start(), protocol == CONSUMER);
}

static void wrong_calls_when_cooperative(void)
{
    refuse_wrong_calls(start_one(0, "cooperative-sticky"), true);
}

static void test_wrong_calls(void **state)
{
    (void)state;
    with_both(wrong_calls);
    with_both(wrong_calls_when_cooperative);
}

/* What the cluster does not allow: told once, and over when it does. */

static void expect_refusal(struct group_member *member, int16_t api_key, rd_kafka_resp_err_t err)
{
    for (int i = 0; i < ERRORS; i++)
        rd_kafka_mock_push_request_errors(fixture.base.cluster, api_key, 1, err);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, err);
    rd_kafka_mock_clear_request_errors(fixture.base.cluster, api_key);
    expect_usable(member);
}

static void unauthorised_group(void)
{
    expect_refusal(start(), first_requests[protocol], RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
}

static void unauthorised_to_find_it(void)
{
    expect_refusal(start(), RK_API_FIND_COORDINATOR, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
}

static void unauthorised_commits(void)
{
    struct group_member *member = start();
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    rd_kafka_mock_push_request_errors(fixture.base.cluster, RK_API_OFFSET_COMMIT, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(rd_kafka_commit(member->rk, list, 0),
                     RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(rd_kafka_commit(member->rk, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    expect_usable(member);
}

static void unauthorised_topic(void)
{
    struct group_member *member = start();
    rd_kafka_mock_topic_set_error(fixture.base.cluster, "t",
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_mock_topic_set_error(fixture.base.cluster, "t", 0);
    expect_usable(member);
}

static void test_unauthorised(void **state)
{
    (void)state;
    with_both(unauthorised_group);
    with_both(unauthorised_to_find_it);
    with_both(unauthorised_commits);
    with_both(unauthorised_topic);
}

/* For what the group, or the member, is. */
static void refused_members(void)
{
    static const rd_kafka_resp_err_t errors[] = {
        RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,
        RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, /* Who heartbeats by KIP-848 names none. */
    };
    for (int i = 0; i < (protocol == CLASSIC ? 3 : 2); i++) {
        struct group_member *member = start();
        fixture.total = 0;
        expect_refusal(member, first_requests[protocol], errors[i]);
        group_destroy_member(member);
    }
}

static void test_refused_members(void **state)
{
    (void)state;
    with_both(refused_members);
}

/* A group whose members speak the other protocol, and brokers that do not mix them: told, and
 * joined when they are gone. */
static void wrong_group(void)
{
    int own = protocol;
    int16_t api_key = first_requests[own];
    rd_kafka_resp_err_t errors[100], err = own == CLASSIC
                                               ? RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL
                                               : RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        errors[i] = err;
    protocol = own == CLASSIC ? CONSUMER : CLASSIC;
    struct group_member *other = start_one(1, "range");
    protocol = own;
    group_subscribe(other, "t");
    group_run(&fixture, group_second_has_all);
    rd_kafka_mock_push_request_errors_array(fixture.base.cluster, api_key,
                                            sizeof(errors) / sizeof(errors[0]), errors);
    struct group_member *member = start();
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, err);
    assert_int_equal(group_assigned(other), PARTITIONS);
    assert_int_equal(rd_kafka_consumer_close(other->rk), 0);
    group_destroy_member(other);
    rd_kafka_mock_clear_request_errors(fixture.base.cluster, api_key);
    expect_usable(member);
}

static void test_wrong_group(void **state)
{
    (void)state;
    with_both(wrong_group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_subscriptions), cmocka_unit_test(test_bad_pattern),
        cmocka_unit_test(test_wrong_calls),       cmocka_unit_test(test_unauthorised),
        cmocka_unit_test(test_refused_members),   cmocka_unit_test(test_wrong_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
