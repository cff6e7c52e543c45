/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a group is not moving: in the statistics, in rd_kafka_dump(), and in one line of the log, for
 * members of both protocols.
 */
#include "support/statistics_fixture.h"

#if RK_TEST_WITH_CJSON

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/api.h"

enum { TRIES = 400, NEVER_MS = 3600000 };

static struct statistics_fixture fixture;
static bool takes_its_time; /* The application does not do what it is asked. */
static rd_kafka_resp_err_t asked;
static int revokes;
static const char *instance_id = "";

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    bool is_assign = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    (void)opaque;
    asked = err;
    revokes += !is_assign;
    if (takes_its_time)
        return;
    if (strcmp(rd_kafka_rebalance_protocol(rk), "COOPERATIVE") == 0)
        rd_kafka_error_destroy(is_assign ? rd_kafka_incremental_assign(rk, list)
                                         : rd_kafka_incremental_unassign(rk, list));
    else
        rd_kafka_assign(rk, is_assign ? list : NULL);
}

static void of_consumer(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    assert_int_equal(rd_kafka_conf_set(conf, "group.instance.id", instance_id, NULL, 0), 0);
}

/* Coordinators of the other protocol have these. */
static void of_classic(rd_kafka_conf_t *conf)
{
    char text[256];
    of_consumer(conf);
    assert_int_equal(rd_kafka_conf_set(conf, "session.timeout.ms", "6000", text, sizeof(text)), 0);
    assert_int_equal(rd_kafka_conf_set(conf, "heartbeat.interval.ms", "50", text, sizeof(text)), 0);
}

static const char *const protocols[] = {"classic", "consumer"};

/* A client of that protocol; pairs of other properties. */
static void start(int protocol, const char *name, const char *value)
{
    statistics_init(&fixture, 1, 2);
    rd_kafka_mock_group_initial_rebalance_delay_ms(fixture.cluster, 0);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture.cluster, 50);
    fixture.configure = protocol == 0 ? of_classic : of_consumer;
    takes_its_time = false;
    revokes = 0;
    asked = RD_KAFKA_RESP_ERR_NO_ERROR;
    statistics_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "g", "silence.log.ms", "100",
                     "retry.backoff.ms", "500", "retry.backoff.max.ms", "1000", "group.protocol",
                     protocols[protocol], name, value, NULL);
}

static void subscribe(void)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(fixture.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void poll_once(void)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 0);
    if (message)
        rd_kafka_message_destroy(message);
}

/* Where it is told */

static void expect_reason(const char *part, bool polls)
{
    const char *reason = NULL;
    for (int i = 0; i < TRIES; i++) {
        if (polls)
            poll_once();
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
        reason = statistics_reader_text(&fixture.reader, "cgrp/reason");
        if (reason && strstr(reason, part))
            return;
    }
    fail_msg("\"%s\" is not in \"%s\"", part, reason ? reason : "");
}

static void expect_dump(const char *part)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    rd_kafka_dump(file, fixture.rk);
    fclose(file);
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in %s", part, text);
    free(text);
}

static bool is_logged(const char *part)
{
    for (int i = 0; i < fixture.group_line_count; i++) {
        if (strstr(fixture.group_lines[i], "Group \"g\" is not moving: it waits for ") &&
            strstr(fixture.group_lines[i], part) && strstr(fixture.group_lines[i], ", since "))
            return true;
    }
    return false;
}

static void expect_log(const char *part, bool polls)
{
    for (int i = 0; i < TRIES && !is_logged(part); i++) {
        if (polls)
            poll_once();
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
    }
    if (!is_logged(part))
        fail_msg("\"%s\" is not in the log, of %d lines", part, (int)fixture.group_line_count);
}

static void expect_join_state(const char *state)
{
    assert_string_equal(statistics_reader_text(&fixture.reader, "cgrp/join_state"), state);
}

static void expect_told(const char *state, const char *part, bool polls)
{
    expect_reason(part, polls);
    expect_join_state(state);
    expect_dump(part);
    expect_log(part, polls);
}

/* Until nothing is waited for and all is assigned; the callback does what it is asked. */
static void expect_moving(void)
{
    for (int i = 0; i < TRIES; i++) {
        poll_once();
        assert_true(statistics_reader_next(&fixture.reader, fixture.rk));
        if (statistics_reader_number(&fixture.reader, "cgrp/assignment_size") == 2 &&
            strcmp(statistics_reader_text(&fixture.reader, "cgrp/reason"), "") == 0) {
            expect_join_state("steady");
            return;
        }
    }
    fail_msg("it does not move: %s", statistics_reader_text(&fixture.reader, "cgrp/reason"));
}

static void end(void)
{
    takes_its_time = false;
    statistics_end(&fixture);
}

/* What the coordinator is waited for: the n-th answer to one API never comes, or is an error. */
static const struct step {
    int protocol;
    int16_t api_key;
    int before; /* Answers that come. */
    rd_kafka_resp_err_t err;
    const char *join_state, *part;
} steps[] = {
    {0, RK_API_JOIN_GROUP, 0, 0, "wait-join", "the coordinator to answer JoinGroup"},
    {0, RK_API_SYNC_GROUP, 0, 0, "wait-sync", "the leader's assignment (SyncGroup)"},
    {0, RK_API_JOIN_GROUP, 0, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "wait-join",
     "its next attempt to join"},
    {1, RK_API_CONSUMER_GROUP_HEARTBEAT, 0, 0, "wait-join",
     "the coordinator to let it join (ConsumerGroupHeartbeat)"},
    {1, RK_API_CONSUMER_GROUP_HEARTBEAT, 1, 0, "steady",
     "the coordinator to hear what it owns now (ConsumerGroupHeartbeat)"},
    {1, RK_API_CONSUMER_GROUP_HEARTBEAT, 0, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "wait-join", "its next attempt to join"},
};

static void test_the_coordinator(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const struct step *step = &steps[i];
        start(step->protocol, "max.poll.interval.ms", "300000");
        for (int k = 0; k < step->before; k++)
            rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, step->api_key, 1, 0,
                                                         0);
        for (int k = 0; step->err && k < 6; k++)
            rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, step->api_key, 1,
                                                         step->err, 0);
        if (!step->err)
            rd_kafka_mock_broker_push_request_error_rtts(fixture.cluster, 1, step->api_key, 1, 0,
                                                         NEVER_MS);
        subscribe();
        expect_told(step->join_state, step->part, true);
        if (step->err) {
            expect_reason("; last error: ", true);
            expect_reason(rd_kafka_err2str(step->err), true);
            rd_kafka_mock_clear_request_errors(fixture.cluster, step->api_key);
        } else {
            rd_kafka_mock_broker_set_down(fixture.cluster, 1); /* It is asked again. */
            rd_kafka_mock_broker_set_up(fixture.cluster, 1);
        }
        expect_moving();
        end();
    }
}

/* Nobody knows the coordinator: who says so is told. */
static void test_no_coordinator(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < 2; protocol++) {
        start(protocol, "max.poll.interval.ms", "300000");
        for (int i = 0; i < 1000; i++)
            rd_kafka_mock_push_request_errors(fixture.cluster, RK_API_FIND_COORDINATOR, 1,
                                              RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
        subscribe();
        expect_reason("; coordinator: FindCoordinator: ", true);
        expect_reason("the coordinator to be known, since ", true);
        expect_reason(rd_kafka_err2str(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE), true);
        expect_told("wait-join", "; coordinator: FindCoordinator: ", true);
        const char *towards = statistics_reader_text(&fixture.reader, "cgrp/state");
        assert_true(strcmp(towards, "query-coord") == 0 || strcmp(towards, "wait-coord") == 0);
        rd_kafka_mock_clear_request_errors(fixture.cluster, RK_API_FIND_COORDINATOR);
        expect_moving();
        assert_string_equal(statistics_reader_text(&fixture.reader, "cgrp/state"), "up");
        end();
    }
}

/* It is waited for before the application has heard of it. */
static void wait_until_asked(rd_kafka_resp_err_t what)
{
    while (asked != what) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 10);
        if (message)
            rd_kafka_message_destroy(message);
    }
}

static void assign_by_hand(void)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    bool is_assign = asked == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_topic_partition_list_add(list, "t", 1);
    on_rebalance(fixture.rk, is_assign ? asked : RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, list, NULL);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The application takes its time to take partitions, and to give them up. */
static void test_the_application(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < 2; protocol++) {
        start(protocol, "max.poll.interval.ms", "300000");
        takes_its_time = true;
        subscribe();
        expect_told("wait-assign-call", "the application to take partitions", true);
        wait_until_asked(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
        takes_its_time = false;
        assign_by_hand();
        expect_moving();
        takes_its_time = true;
        assert_int_equal(rd_kafka_unsubscribe(fixture.rk), 0);
        expect_told(protocol == 0 ? "wait-unassign-call" : "wait-incr-unassign-to-complete",
                    "the application to give up partitions", true);
        wait_until_asked(RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS);
        takes_its_time = false;
        assign_by_hand();
        subscribe();
        expect_moving();
        end();
    }
}

static void expect_error(const rd_kafka_message_t *message, const char *interval_ms,
                         const char *name)
{
    char begin[400];
    const char *text = rd_kafka_message_errstr(message);
    int ago_ms = 0, used = -1;
    snprintf(begin, sizeof(begin),
             "Application maximum poll interval (%s ms) exceeded: %s of group \"g\" last polled ",
             interval_ms, name);
    assert_memory_equal(text, begin, strlen(begin));
    sscanf(text + strlen(begin),
           "%d ms ago, and is out of the group until it polls again: poll more often, or set "
           "max.poll.interval.ms higher%n",
           &ago_ms, &used);
    assert_true(ago_ms >= atoi(interval_ms));
    assert_int_equal(used, strlen(text + strlen(begin)));
}

/* Which member it was that did not poll, and since when. */
static void test_poll_interval(void **state)
{
    static const struct {
        int protocol;
        const char *instance_id, *interval_ms, *names;
    } members[] = {
        {0, "me", "6000", "group.instance.id \"me\", client.id \"rdkafka\""},
        {1, "", "1500", "client.id \"rdkafka\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char name[200], part[300];
        int errors = 0;
        instance_id = members[i].instance_id;
        start(members[i].protocol, "max.poll.interval.ms", members[i].interval_ms);
        subscribe();
        expect_moving();
        char *id = rd_kafka_memberid(fixture.rk);
        assert_true(id && id[0]);
        snprintf(name, sizeof(name), "member \"%s\" (%s)", id ? id : "", members[i].names);
        snprintf(part, sizeof(part),
                 "the application to poll: max.poll.interval.ms was exceeded by %s, which last "
                 "polled ",
                 name);
        expect_told(members[i].protocol == 0 ? "wait-unassign-call"
                                             : "wait-incr-unassign-to-complete",
                    part, false);
        while (revokes == 0 || errors == 0) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture.rk, 10);
            if (message && message->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED && errors == 0) {
                expect_error(message, members[i].interval_ms, name);
                errors++;
            }
            if (message)
                rd_kafka_message_destroy(message);
        }
        rd_kafka_mem_free(fixture.rk, id);
        instance_id = "";
        expect_moving();
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_coordinator),
        cmocka_unit_test(test_no_coordinator),
        cmocka_unit_test(test_the_application),
        cmocka_unit_test(test_poll_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 77;
}

#endif
