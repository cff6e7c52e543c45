/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_list_groups(): what it says of groups and members, of one group and of none; brokers
 * that cannot answer yet, are down, or say no; a client that is destroyed meanwhile.
 */
#include <pthread.h>
#include <string.h>

#include "support/group_fixture.h"

enum { DESCRIBE_GROUPS = 15, LIST_GROUPS = 16, SHORT_MS = 500 };

static struct group_fixture fixture;

static void start_group(void)
{
    for (int i = 0; i < 2; i++)
        group_subscribe(group_start(&fixture, i, true, "client.id", i == 0 ? "one" : "two",
                                    "heartbeat.interval.ms", "100", NULL),
                        "t");
    group_run(&fixture, group_shares);
}

static const struct rd_kafka_group_list *list_within(const char *group, int timeout_ms,
                                                     rd_kafka_resp_err_t expected)
{
    const struct rd_kafka_group_list *list = NULL;
    assert_int_equal(rd_kafka_list_groups(fixture.base.producer, group, &list, timeout_ms),
                     expected);
    return list;
}

static const struct rd_kafka_group_list *list_now(const char *group)
{
    return list_within(group, CONSUME_TIMEOUT_MS, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void check_group(const struct rd_kafka_group_list *list)
{
    assert_int_equal(list->group_cnt, 1);
    const struct rd_kafka_group_info *group = &list->groups[0];
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata(fixture.members[0].rk);
    char *member_id = rd_kafka_memberid(fixture.members[0].rk);
    bool found = false;
    assert_int_equal(group->err, 0);
    assert_string_equal(group->state, "Stable");
    assert_string_equal(group->protocol_type, "consumer");
    assert_string_equal(group->protocol, "range");
    assert_true(group->broker.id >= 1);
    assert_true(group->broker.port > 0);
    assert_string_equal(group->broker.host, "127.0.0.1");
    assert_int_equal(group->member_cnt, 2);
    for (int i = 0; i < 2; i++) {
        const struct rd_kafka_group_member_info *member = &group->members[i];
        bool is_first = strcmp(member->member_id, member_id) == 0;
        found |= is_first;
        assert_string_equal(member->client_id, is_first ? "one" : "two");
        assert_true(strlen(member->client_host) > 0);
        assert_non_null(member->member_metadata);
        assert_true(member->member_metadata_size > 0);
        assert_true(member->member_assignment_size > 0);
    }
    assert_true(found);
    rd_kafka_mem_free(fixture.members[0].rk, member_id);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_group_list_destroy(list);
}

static void a_group_and_its_members(void **state)
{
    (void)state;
    start_group();
    check_group(list_now(NULL));
    check_group(list_now("group"));
    const struct rd_kafka_group_list *none = list_now("another");
    assert_int_equal(none->group_cnt, 0);
    rd_kafka_group_list_destroy(none);
}

static void no_groups(void **state)
{
    (void)state;
    const struct rd_kafka_group_list *none = list_now(NULL);
    assert_int_equal(none->group_cnt, 0);
    rd_kafka_group_list_destroy(none);
    rd_kafka_group_list_destroy(NULL);
}

static void brokers_that_cannot_answer_yet(void **state)
{
    (void)state;
    start_group();
    rd_kafka_mock_push_request_errors(fixture.base.cluster, LIST_GROUPS, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    check_group(list_now(NULL));
    rd_kafka_mock_push_request_errors(fixture.base.cluster, DESCRIBE_GROUPS, 1,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    check_group(list_now(NULL));
}

static void brokers_that_say_no(void **state)
{
    (void)state;
    start_group();
    rd_kafka_mock_push_request_errors(fixture.base.cluster, LIST_GROUPS, 2,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    assert_null(
        list_within(NULL, CONSUME_TIMEOUT_MS, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED));
    rd_kafka_mock_push_request_errors(fixture.base.cluster, LIST_GROUPS, 1,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    rd_kafka_group_list_destroy(list_within(NULL, CONSUME_TIMEOUT_MS, RD_KAFKA_RESP_ERR__PARTIAL));
    rd_kafka_mock_push_request_errors(fixture.base.cluster, DESCRIBE_GROUPS, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    const struct rd_kafka_group_list *refused = list_now(NULL);
    assert_int_equal(refused->group_cnt, 1);
    assert_int_equal(refused->groups[0].err, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    rd_kafka_group_list_destroy(refused);
}

/* The group's coordinator is not among those that are down. */
static void brokers_that_are_down(void **state)
{
    (void)state;
    rd_kafka_mock_coordinator_set(fixture.base.cluster, "group", "group", 1);
    start_group();
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 2);
    check_group(list_within(NULL, SHORT_MS, RD_KAFKA_RESP_ERR__PARTIAL));
    check_group(list_now("group")); /* Does not wait for the other. */
    rd_kafka_mock_broker_set_down(fixture.base.cluster, 1);
    const struct rd_kafka_group_list *list = NULL;
    rd_kafka_resp_err_t err = rd_kafka_list_groups(fixture.base.producer, NULL, &list, SHORT_MS);
    assert_true(err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_null(list);
}

static void *ask(void *rk)
{
    const struct rd_kafka_group_list *list = NULL;
    assert_int_equal(rd_kafka_list_groups(rk, NULL, &list, CONSUME_TIMEOUT_MS),
                     RD_KAFKA_RESP_ERR__DESTROY);
    assert_null(list);
    return NULL;
}

static bool has_list_request(void)
{
    size_t count;
    bool found = false;
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(fixture.base.cluster, &count);
    for (size_t i = 0; i < count; i++)
        found |= rd_kafka_mock_request_api_key(requests[i]) == LIST_GROUPS;
    rd_kafka_mock_request_destroy_array(requests, count);
    return found;
}

static void a_client_that_is_destroyed(void **state)
{
    (void)state;
    pthread_t thread;
    for (int broker = 1; broker <= 2; broker++)
        rd_kafka_mock_broker_push_request_error_rtts(fixture.base.cluster, broker, LIST_GROUPS, 1,
                                                     RD_KAFKA_RESP_ERR_NO_ERROR,
                                                     CONSUME_TIMEOUT_MS);
    rd_kafka_mock_start_request_tracking(fixture.base.cluster);
    consume_start(&fixture.base, NULL);
    assert_int_equal(pthread_create(&thread, NULL, ask, fixture.base.rk), 0);
    while (!has_list_request())
        rd_kafka_poll(fixture.base.producer, 10);
    rd_kafka_destroy(fixture.base.rk);
    fixture.base.rk = NULL;
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(a_group_and_its_members, &fixture),
        GROUP_TEST(no_groups, &fixture),
        GROUP_TEST(brokers_that_cannot_answer_yet, &fixture),
        GROUP_TEST(brokers_that_say_no, &fixture),
        GROUP_TEST(brokers_that_are_down, &fixture),
        GROUP_TEST(a_client_that_is_destroyed, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
