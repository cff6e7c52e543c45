/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/group_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void group_init(struct group_fixture *fixture, int partition_count)
{
    memset(fixture, 0, sizeof(*fixture));
    consume_init(&fixture->base, 2);
    consume_add_topic(&fixture->base, "t", partition_count);
    fixture->partition_count = partition_count;
    rd_kafka_mock_group_initial_rebalance_delay_ms(fixture->base.cluster, 50);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture->base.cluster, 50);
    for (int i = 0; i < GROUP_MEMBERS; i++)
        fixture->members[i].fixture = fixture;
}

void group_destroy_member(struct group_member *member)
{
    if (member->rk)
        rd_kafka_destroy(member->rk);
    member->rk = NULL;
}

void group_end(struct group_fixture *fixture)
{
    for (int i = 0; i < GROUP_MEMBERS; i++)
        group_destroy_member(&fixture->members[i]);
    fixture->base.rk = NULL;
    consume_end(&fixture->base);
}

static void follow(struct group_member *member, rd_kafka_resp_err_t err,
                   rd_kafka_topic_partition_list_t *list)
{
    bool assigns = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    bool is_cooperative = strcmp(rd_kafka_rebalance_protocol(member->rk), "COOPERATIVE") == 0;
    rd_kafka_error_t *error = NULL;
    if (is_cooperative)
        error = assigns ? rd_kafka_incremental_assign(member->rk, list)
                        : rd_kafka_incremental_unassign(member->rk, list);
    else
        assert_int_equal(rd_kafka_assign(member->rk, assigns ? list : NULL), 0);
    if (error)
        fail_msg("%s", rd_kafka_error_string(error));
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct group_fixture *fixture = opaque;
    struct group_member *member = NULL;
    for (int i = 0; i < GROUP_MEMBERS; i++) {
        if (fixture->members[i].rk == rk)
            member = &fixture->members[i];
    }
    assert_non_null(member);
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        member->assigns++;
    else
        member->revokes++;
    member->losses += err != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && rd_kafka_assignment_lost(rk);
    member->last_count = list->cnt;
    if (!member->is_held)
        follow(member, err, list);
    if (member->at_the_end)
        member->at_the_end(member);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

int group_set_up(void **state)
{
    group_init(*state, 4);
    return 0;
}

int group_tear_down(void **state)
{
    group_end(*state);
    return 0;
}

struct group_member *group_start(struct group_fixture *fixture, int index, int with_callback, ...)
{
    struct group_member *member = &fixture->members[index];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *name;
    char error[256];
    bool is_classic = true;
    va_list pairs;
    *member = (struct group_member){.fixture = fixture};
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture->base.cluster));
    set(conf, "group.id", "group");
    set(conf, "fetch.wait.max.ms", "50");
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "retry.backoff.ms", "10");
    set(conf, "retry.backoff.max.ms", "50");
    set(conf, "reconnect.backoff.ms", "10");
    set(conf, "reconnect.backoff.max.ms", "50");
    set(conf, "topic.metadata.propagation.max.ms", "100");
    set(conf, "topic.metadata.refresh.interval.ms", "200");
    va_start(pairs, with_callback);
    while ((name = va_arg(pairs, const char *)) != NULL) {
        set(conf, name, va_arg(pairs, const char *));
        is_classic &= strcmp(name, "group.protocol") != 0;
    }
    va_end(pairs);
    if (is_classic)
        set(conf, "heartbeat.interval.ms", "50");
    rd_kafka_conf_set_opaque(conf, fixture);
    if (with_callback)
        rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    member->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!member->rk)
        fail_msg("%s", error);
    rd_kafka_poll_set_consumer(member->rk);
    return member;
}

void group_subscribe(struct group_member *member, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(member->rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

int group_assigned(const struct group_member *member)
{
    rd_kafka_topic_partition_list_t *list;
    if (rd_kafka_consumer_closed(member->rk))
        return 0;
    assert_int_equal(rd_kafka_assignment(member->rk, &list), 0);
    int count = list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

bool group_first_has_all(struct group_fixture *fixture)
{
    return group_assigned(&fixture->members[0]) == fixture->partition_count;
}

bool group_second_has_all(struct group_fixture *fixture)
{
    return group_assigned(&fixture->members[1]) == fixture->partition_count;
}

bool group_shares(struct group_fixture *fixture)
{
    return group_assigned(&fixture->members[0]) == fixture->partition_count / 2 &&
           group_assigned(&fixture->members[1]) == fixture->partition_count / 2;
}

bool group_first_has_error(struct group_fixture *fixture)
{
    return fixture->members[0].last_error != 0;
}

bool group_first_lost(struct group_fixture *fixture)
{
    return fixture->members[0].losses > 0;
}

void group_expect_each_once(const struct group_fixture *fixture, int partition_count, int count)
{
    for (int p = 0; p < partition_count; p++) {
        for (int i = 0; i < count; i++)
            assert_int_equal(fixture->consumed[p][i], 1);
    }
}

static void poll_one(struct group_member *member)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(member->rk, 5);
    if (!message)
        return;
    if (message->err) {
        member->last_error = message->err;
        snprintf(member->last_words, sizeof(member->last_words), "%s",
                 rd_kafka_message_errstr(message));
    } else {
        struct group_fixture *fixture = member->fixture;
        member->messages++;
        fixture->total++;
        if (strcmp(rd_kafka_topic_name(message->rkt), "t") == 0) {
            assert_true(message->offset < GROUP_MESSAGES);
            fixture->consumed[message->partition][message->offset]++;
        }
    }
    rd_kafka_message_destroy(message);
}

static void poll_all(struct group_fixture *fixture)
{
    for (int i = 0; i < GROUP_MEMBERS; i++) {
        if (fixture->members[i].rk)
            poll_one(&fixture->members[i]);
    }
}

void group_run(struct group_fixture *fixture, bool (*is_done)(struct group_fixture *fixture))
{
    uint64_t until_us = rk_clock_now_us() + CONSUME_TIMEOUT_MS * UINT64_C(1000);
    while (!is_done(fixture)) {
        if (rk_clock_now_us() > until_us)
            fail_msg("the group did not get there");
        poll_all(fixture);
    }
}

void group_run_ms(struct group_fixture *fixture, int ms)
{
    uint64_t until_us = rk_clock_now_us() + (uint64_t)ms * 1000;
    while (rk_clock_now_us() < until_us)
        poll_all(fixture);
}

int group_requests(const struct group_fixture *fixture, int16_t api_key)
{
    size_t count;
    int seen = 0;
    rd_kafka_mock_request_t **requests = rd_kafka_mock_get_requests(fixture->base.cluster, &count);
    for (size_t i = 0; i < count; i++)
        seen += rd_kafka_mock_request_api_key(requests[i]) == api_key;
    rd_kafka_mock_request_destroy_array(requests, count);
    return seen;
}

void group_run_refused(struct group_fixture *fixture, int16_t heartbeat, rd_kafka_resp_err_t err)
{
    enum { BEFORE_IT, ITSELF, AFTER_IT, ALL };
    rd_kafka_mock_start_request_tracking(fixture->base.cluster);
    rd_kafka_mock_push_request_errors(fixture->base.cluster, heartbeat, 1, err);
    while (group_requests(fixture, heartbeat) < ALL)
        group_run_ms(fixture, 5);
    rd_kafka_mock_stop_request_tracking(fixture->base.cluster);
}
