/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a group is not moving, of what lasts for seconds only or needs requests in some order: whole,
 * in the statistics, in rd_kafka_dump() and in one line of the log. tests/mock/group_reasons_test.c
 * has what lasts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock/mock_cluster.h"
#include "sim/sim.h"
#include "wire/api.h"

enum { LONG_US = 30000000, TOLD_MS = 20000, LOGGED_MS = 40000, RECORDS = 5 };

static struct sim_client *consumer;
static bool has_consumer_protocol;
static char logged[1000];                   /* The last such line. */
static char counted[1000], join_state[100]; /* Of the last statistics. */

/* On another thread: copied by hand, as ThreadSanitizer looks into calls of the C library. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    if (strcmp(facility, "GROUP") != 0)
        return;
    size_t i = 0;
    for (; text[i] && i + 1 < sizeof(logged); i++)
        logged[i] = text[i];
    logged[i] = '\0';
}

/* The value of a string of the group, quotes in it included. */
static void copy_text(const char *json, const char *name, char *text, size_t size)
{
    const char *at = strstr(json, "\"cgrp\":");
    at = at ? strstr(at, name) : NULL;
    text[0] = '\0';
    for (at = at ? at + strlen(name) : ""; *at && *at != '"' && size > 1; size--) {
        at += *at == '\\';
        *text++ = *at++;
    }
    *text = '\0';
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    (void)rk;
    (void)size;
    (void)opaque;
    copy_text(json, "\"reason\":\"", counted, sizeof(counted));
    copy_text(json, "\"join_state\":\"", join_state, sizeof(join_state));
    return 0;
}

static void prepare(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
}

static struct sim_client *consumer_of(const char *property, ...)
{
    va_list rest;
    va_start(rest, property);
    struct sim_client *client = sim_consumer_with(prepare, property, rest);
    va_end(rest);
    return client;
}

/* One that knows its cluster, but no topic. */
static void begin(bool is_consumer_protocol, const char *instance_id)
{
    has_consumer_protocol = is_consumer_protocol;
    sim_cluster(1);
    sim_topic("t", 1, 1);
    rk_mock_cluster_set_group_delay(sim_mock(), 0);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", 0, RECORDS);
    sim_flush(producer, 10000);
    consumer = consumer_of("group.protocol", has_consumer_protocol ? "consumer" : "classic",
                           "group.instance.id", instance_id, "silence.log.ms", "500",
                           "statistics.interval.ms", "100", "auto.offset.reset", "earliest",
                           "auto.commit.interval.ms", "60000", "log.thread.name", "false", NULL);
    rd_kafka_poll_set_consumer(sim_handle(consumer));
    sim_run_for(2000);
}

static void subscribe(const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    sim_check(!rd_kafka_subscribe(sim_handle(consumer), list), "subscribe");
    rd_kafka_topic_partition_list_destroy(list);
}

/* Whether there was a message. */
static bool poll_once(void)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(sim_handle(consumer), 10);
    bool is_message = message && !message->err;
    if (message)
        rd_kafka_message_destroy(message);
    return is_message;
}

static void consume_all(void)
{
    for (int count = 0; count < RECORDS; count += poll_once()) {
    }
}

/* The next answers to these requests. */
static void answer(int16_t api, int count, rd_kafka_resp_err_t err, uint64_t delay_us)
{
    const struct rk_mock_error error = {.err = err, .delay_us = delay_us};
    for (int i = 0; i < count; i++)
        rk_mock_cluster_push_errors(sim_mock(), api, &error, 1);
}

/* The time is there, and then, from its beginning, `rest`; all of it when it is empty. */
static bool is_whole(const char *text, const char *begin, const char *what, const char *rest)
{
    char expected[300];
    int used = -1;
    snprintf(expected, sizeof(expected), "%swaits for %s, since ", begin, what);
    if (strncmp(text, expected, strlen(expected)) != 0)
        return false;
    text += strlen(expected);
    sscanf(text, "%*d.%*1d s%n", &used);
    return used > 0 && (rest[0] ? strncmp(text + used, rest, strlen(rest)) == 0 : !text[used]);
}

static bool is_dumped(const char *what, const char *rest)
{
    char *text = NULL, *line, *end;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    rd_kafka_dump(file, sim_handle(consumer));
    fclose(file);
    line = strstr(text, ": it waits for ");
    end = line ? strchr(line, '\n') : NULL;
    if (end)
        *end = '\0';
    bool is_there = line && is_whole(line, ": it ", what, rest);
    free(text);
    return is_there;
}

static void expect_told(const char *state, const char *what, const char *rest)
{
    uint64_t until_ms = sim_now_ms() + TOLD_MS;
    while (!is_whole(counted, "", what, rest) && sim_now_ms() < until_ms)
        poll_once();
    sim_check(is_whole(counted, "", what, rest), "statistics: \"%s\"", counted);
    sim_check(strcmp(join_state, state) == 0, "join_state %s", join_state);
    sim_check(is_dumped(what, rest), "it is not in the dump");
}

static void expect_logged(const char *what, const char *rest)
{
    static const char begin_of_line[] = "Group \"g\" is not moving: it ";
    uint64_t until_ms = sim_now_ms() + LOGGED_MS;
    while (!is_whole(logged, begin_of_line, what, rest) && sim_now_ms() < until_ms)
        poll_once();
    sim_check(is_whole(logged, begin_of_line, what, rest), "log: \"%s\"", logged);
}

static void expect_all(const char *state, const char *what, const char *rest)
{
    expect_told(state, what, rest);
    expect_logged(what, rest);
}

SIM_SCENARIO(group_reason_commit, "what partitions have stored is committed before others get them")
{
    begin(sim_one_in(2), "");
    subscribe("t");
    consume_all();
    poll_once();
    answer(RK_API_OFFSET_COMMIT, 1, 0, LONG_US);
    sim_check(!rd_kafka_unsubscribe(sim_handle(consumer)), "unsubscribe");
    expect_all("wait-unassign-to-complete", "the commit of what its partitions have stored", "");
    sim_allow(SIM_ALLOW_SLOW_DESTROY);
}

SIM_SCENARIO(group_reason_leave, "a member that leaves waits for the coordinator's answer")
{
    begin(sim_one_in(2), "");
    subscribe("t");
    while (strcmp(join_state, "steady") != 0)
        poll_once();
    answer(has_consumer_protocol ? RK_API_CONSUMER_GROUP_HEARTBEAT : RK_API_LEAVE_GROUP, 1, 0,
           LONG_US);
    sim_check(!rd_kafka_unsubscribe(sim_handle(consumer)), "unsubscribe");
    expect_all("init",
               has_consumer_protocol
                   ? "the coordinator to answer that it leaves (ConsumerGroupHeartbeat)"
                   : "the coordinator to answer LeaveGroup",
               "");
}

/* The line in the log is that of the error. */
SIM_SCENARIO(group_reason_failed, "a fatal error was raised: nothing is waited for any more")
{
    begin(sim_one_in(2), "me");
    subscribe("t");
    consume_all();
    answer(has_consumer_protocol ? RK_API_CONSUMER_GROUP_HEARTBEAT : RK_API_HEARTBEAT, 1,
           RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 0);
    expect_told("init", "nothing any more: a fatal error was raised",
                has_consumer_protocol ? "; last error: ConsumerGroupHeartbeat: Another member uses "
                                      : "; last error: Heartbeat: Another member uses ");
}

SIM_SCENARIO(group_reason_topics, "a leader waits for metadata of the members' topics")
{
    begin(false, "");
    answer(RK_API_METADATA, 20, 0, LONG_US);
    subscribe("t");
    expect_all("wait-metadata", "metadata of the members' topics", "");
}

SIM_SCENARIO(group_reason_pattern, "a pattern is subscribed to: all topics are asked for first")
{
    begin(false, "");
    answer(RK_API_METADATA, 20, 0, LONG_US);
    subscribe("^t.*");
    expect_all("init", "metadata of all topics, for its patterns", "");
}

SIM_SCENARIO(group_reason_names, "partitions of topics are assigned whose names are not known")
{
    begin(true, "");
    answer(RK_API_METADATA, 20, 0, LONG_US);
    subscribe("t");
    expect_all("wait-metadata", "metadata of assigned topics: their names", "");
}

SIM_SCENARIO(group_reason_unsure, "what is owned was not confirmed: nothing new is taken before")
{
    begin(true, "");
    answer(RK_API_METADATA, 20, 0, LONG_US / 10);
    answer(RK_API_CONSUMER_GROUP_HEARTBEAT, 1, 0, 0);
    answer(RK_API_CONSUMER_GROUP_HEARTBEAT, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 0);
    answer(RK_API_CONSUMER_GROUP_HEARTBEAT, 5, 0, LONG_US);
    subscribe("t");
    expect_all("steady", "the coordinator to confirm what it owns (ConsumerGroupHeartbeat)",
               "; last error: ConsumerGroupHeartbeat: ");
}

SIM_SCENARIO(group_reason_shadow, "the place of a static member is what it was before's")
{
    begin(true, "me");
    answer(RK_API_CONSUMER_GROUP_HEARTBEAT, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 0);
    answer(RK_API_CONSUMER_GROUP_HEARTBEAT, 1, 0, LONG_US);
    subscribe("t");
    expect_all("wait-join",
               "the coordinator to let go of what this static member was before "
               "(ConsumerGroupHeartbeat)",
               "; last error: ConsumerGroupHeartbeat: ");
}

/* That is told before its session ends. */
SIM_SCENARIO(group_reason_stable, "a member in order has no coordinator any more")
{
    begin(sim_one_in(2), "");
    subscribe("t");
    consume_all();
    sim_broker_stop(1);
    expect_all("steady", "the coordinator to be known", "; coordinator: ");
    sim_allow(SIM_ALLOW_SLOW_DESTROY);
}
