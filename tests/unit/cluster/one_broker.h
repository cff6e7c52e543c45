/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client that knows one broker, which the test itself plays, and asks for nothing of its own.
 */
#ifndef RK_TEST_CLUSTER_ONE_BROKER_H
#define RK_TEST_CLUSTER_ONE_BROKER_H

#include "client.h"
#include "peer.h"

/* Broker 1 is at that host and the peer's port. */
static inline void know_broker(void *argument)
{
    struct rk_metadata_answer_broker broker = {.node_id = 1, .host = argument, .port = peer_port};
    struct rk_metadata_answer answer = {.brokers = {&broker, 1}, .controller_id = 1};
    rk_on_background(background);
    rk_metadata_stop(&cluster->own.metadata);
    rk_cluster_publish(cluster, rk_snapshot_try_merge(
                                    &(struct rk_snapshot_merge){.answer = &answer, .version = 12}));
}

static inline void use_broker(void *argument)
{
    (void)argument;
    rk_on_background(background);
    assert_non_null(rk_cluster_use_broker(cluster, 1));
}

static inline void start_at(const char *const *with, const char *host)
{
    char name[64];
    snprintf(name, sizeof(name), "%s", host);
    properties = with;
    client_start(RD_KAFKA_PRODUCER);
    on_background(know_broker, name);
    on_background(use_broker, NULL);
}

static inline void start_with(const char *const *with)
{
    start_at(with, "127.0.0.1");
}

static inline int set_up(void **state)
{
    (void)state;
    peer_open();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    if (core)
        client_end();
    peer_shut();
    return 0;
}

static inline struct rk_broker *broker_1(void)
{
    return cluster->own.brokers.items[0];
}

static inline struct rk_connection *connection_1(void)
{
    return &broker_1()->own.connections[RK_PURPOSE_GENERAL];
}

static inline void await_state(enum rk_connection_state state)
{
    uint64_t until_us = rk_clock_now_us() + 10000000;
    int now;
    while ((now = atomic_load(&broker_1()->stats.state)) != (int)state) {
        if (rk_clock_now_us() > until_us)
            fail_msg("still %s, not %s", rk_connection_state_name((enum rk_connection_state)now),
                     rk_connection_state_name(state));
        rk_thread_pause_us(500);
    }
}

/* Answers a Metadata request with one topic of that name. */
static inline void answer_metadata(int fd, const char *topic)
{
    struct peer_request request;
    struct rk_metadata_answer answer;
    peer_take(fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    answer.topics.items = rk_metadata_answer_topic_try_new(&request.arena, 1);
    answer.topics.items[0].name = topic;
    answer.topics.count = 1;
    peer_answer(fd, &request, &answer);
}

/* A call that must be answered by whoever listens now. */
static inline void expect_service(void)
{
    struct call call;
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    answer_metadata(fd, "t");
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
