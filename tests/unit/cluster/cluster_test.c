/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way into the cluster, its brokers, and its end.
 */
#include "whole.h"

static void the_way_in(void **state)
{
    (void)state;
    static const struct says a[] = {{"a", 0, 3, 1, 5}, {NULL, 0, 0, 0, 0}};
    start_with(NULL, NULL);
    assert_null(rk_cluster_acquire_snapshot(cluster));
    assert_null(rk_cluster_wait_snapshot(cluster, rk_clock_now_us() + 10000));
    int fd = peer_bring_up();
    answer_about(fd, "", 2, NULL);
    struct rk_snapshot *snapshot = rk_cluster_wait_snapshot(cluster, RK_NEVER);
    assert_string_equal(snapshot->cluster_id, "cluster");
    assert_int_equal(snapshot->broker_count, 2);
    rk_snapshot_release(snapshot);
    want("a");
    answer_about(fd, "a,", 2, a);
    expect_told("a", RK_TOPIC_EXISTS, 3, 1);
    expect_silence(fd, 300);                  /* All is known. */
    assert_int_equal(peer_try_accept(0), -1); /* And no broker is in use. */
    close(fd);
}

/* The peer is found, and metadata had from it. */
static void reach_peer(void)
{
    client_start(RD_KAFKA_PRODUCER);
    rk_cluster_post_start(cluster);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    rk_snapshot_release(rk_cluster_wait_snapshot(cluster, RK_NEVER));
    close(fd);
}

static void servers_are_tried_in_turn(void **state)
{
    (void)state;
    uint16_t closed[2] = {0, 0};
    char servers[128];
    for (int i = 0; i < 2; i++)
        rk_socket_close(rk_socket_listen(&closed[i]));
    snprintf(servers, sizeof(servers), "127.0.0.1:%u, ,127.0.0.1:%u,nonsense:x,localhost:%u",
             closed[0], closed[1], peer_port);
    properties = common("broker.address.family", "v4");
    ((const char **)(uintptr_t)properties)[1] = servers;
    reach_peer();
}

/* Whoever is left for keeping silent has had no failure: the next is tried without a rest. Which of
 * the two comes first is drawn. */
static void a_silent_server_is_left_at_once(void **state)
{
    (void)state;
    uint16_t port = 0;
    char servers[64];
    int silent = rk_socket_listen(&port);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u,127.0.0.1:%u", port, peer_port);
    const char *const patient[] = {
        "bootstrap.servers", servers, "reconnect.backoff.ms", "3600000", "reconnect.backoff.max.ms",
        "3600000",           NULL};
    properties = patient;
    reach_peer();
    rk_socket_close(silent);
}

static void all_brokers_down_is_said_once(void **state)
{
    (void)state;
    peer_shut();
    start_with(NULL, NULL);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
    expect_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
    rk_thread_pause_us(150000);
    expect_no_error(); /* It is still down. */
    peer_reopen();
    int fd = peer_bring_up();
    want("a");
    struct peer_request request;
    peer_take(fd, RK_API_METADATA, &request);
    peer_done(&request);
    peer_shut();
    close(fd);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Disconnected by");
    expect_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down"); /* Again. */
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
    rk_thread_pause_us(150000);
    expect_no_error();
}

static void no_server_that_makes_sense(void **state)
{
    (void)state;
    properties = common(NULL, NULL);
    ((const char **)(uintptr_t)properties)[1] = "nonsense:x,ssl://host,http://host";
    client_start(RD_KAFKA_PRODUCER);
    rk_cluster_post_start(cluster);
    expect_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "No brokers configured");
    expect_no_error();
    /* Until there is one. */
    char list[128];
    snprintf(list, sizeof(list), "x:y,127.0.0.1:%u,PLAINTEXT://127.0.0.1:%u", peer_port, peer_port);
    assert_int_equal(rk_cluster_add_brokers(cluster, list), 2);
    assert_int_equal(rk_cluster_add_brokers(cluster, list), 2);
    assert_int_equal(cluster->own.seed.server_count, 1);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    close(fd);
}

static void add_on_background(void *argument)
{
    *(int *)argument = rk_cluster_add_brokers(cluster, "127.0.0.1:1");
}

static void brokers_are_added_from_a_callback(void **state)
{
    (void)state;
    int added = 0;
    start_with(NULL, NULL);
    on_background(add_on_background, &added); /* Does not wait for itself. */
    assert_int_equal(added, 1);
}

/* Brokers */

static void count_brokers(void *argument)
{
    *(int *)argument = cluster->own.brokers.count;
}

/* Brokers that were named once and never used do not stay for good. */
static void brokers_nobody_used_are_forgotten(void **state)
{
    (void)state;
    int count = 0;
    struct peer_request request;
    struct rk_metadata_answer answer;
    start_with("topic.metadata.refresh.fast.interval.ms", "1");
    int fd = peer_bring_up();
    for (int round = 0; round < 5; round++) {
        peer_take(fd, RK_API_METADATA, &request);
        fill(&answer, &request.arena, 200, NULL);
        for (int i = 0; i < answer.brokers.count; i++)
            answer.brokers.items[i].node_id = 1000 * round + 200 - i;
        peer_answer(fd, &request, &answer);
        want("a"); /* Not there: asked again. */
    }
    peer_take(fd, RK_API_METADATA, &request);
    peer_done(&request);
    on_background(count_brokers, &count);
    assert_int_equal(count, 200);
    close(fd);
}

/* Servers that are tried in turn have an error each, which is reported once. */
static void each_server_is_reported_once(void **state)
{
    (void)state;
    properties = common(NULL, NULL);
    ((const char **)(uintptr_t)properties)[1] = "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3";
    client_start(RD_KAFKA_PRODUCER);
    rk_cluster_post_start(cluster);
    while (atomic_load(&cluster->own.seed.broker->stats.connects) < 12)
        rk_thread_pause_us(1000);
    client_terminate();
    assert_int_equal(rk_queue_length(core->main_queue), 4); /* And that all are down. */
}

/* A list of addresses that lead nowhere is not gone through without rest. */
static void a_long_list_of_brokers_is_tried_with_rests(void **state)
{
    (void)state;
    struct peer_request request;
    struct rk_metadata_answer answer;
    properties = common(NULL, NULL);
    ((const char **)(uintptr_t)properties)[3] = "20000"; /* reconnect.backoff.ms */
    ((const char **)(uintptr_t)properties)[5] = "20000";
    client_start(RD_KAFKA_PRODUCER);
    observe();
    rk_cluster_post_start(cluster);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    fill(&answer, &request.arena, 500, NULL);
    peer_shut();
    peer_answer(fd, &request, &answer);
    close(fd);
    want("a");
    rk_thread_pause_us(300000);
    assert_in_range(atomic_load(&cluster->own.seed.broker->stats.connects), 1, 50);
}

static void use_both(void *argument)
{
    struct rk_broker **brokers = argument;
    rk_on_background(background);
    brokers[0] = rk_cluster_use_broker(cluster, 1);
    brokers[1] = rk_cluster_use_broker(cluster, 2);
}

static void the_seed_rests_when_a_broker_is_up(void **state)
{
    (void)state;
    struct call call;
    struct rk_metadata_answer answer;
    struct peer_request request, of_seed;
    start_with(NULL, NULL);
    int seed = peer_bring_up();
    answer_about(seed, "", 1, NULL);
    rk_snapshot_release(rk_cluster_wait_snapshot(cluster, RK_NEVER));
    want("a");
    expect_asked(seed, &of_seed, "a,"); /* It has work while the broker comes up. */
    call_start(&call, RK_API_METADATA);
    int fd = peer_bring_up();
    peer_take(fd, RK_API_METADATA, &request);
    rk_metadata_answer_init(&answer);
    peer_answer(fd, &request, &answer);
    call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
    settle_background();
    say(seed, &of_seed, 1, NULL);
    peer_expect_close(seed);
    expect_asked(fd, &request, "a,"); /* Through the broker. */
    peer_done(&request);
    close(fd);
}

static void a_broker_that_is_gone_is_left_alone(void **state)
{
    (void)state;
    struct rk_broker *brokers[2], *again[2];
    struct call call;
    start_with("topic.metadata.refresh.interval.ms", "100");
    int seed = peer_bring_up();
    answer_about(seed, "", 2, NULL);
    rk_snapshot_release(rk_cluster_wait_snapshot(cluster, RK_NEVER));
    on_background(use_both, brokers);
    assert_non_null(brokers[1]);
    answer_about(seed, "", 1, NULL);
    do {
        rk_thread_pause_us(1000);
        on_background(use_both, again);
        assert_non_null(again[0]);
    } while (again[1]);
    rk_cluster_post_send(cluster, 2, RK_PURPOSE_GENERAL, call_new(&call, RK_API_METADATA));
    call_expect(&call, RD_KAFKA_RESP_ERR__UNKNOWN_BROKER);
    answer_about(seed, "", 2, NULL); /* It is back. */
    do {
        rk_thread_pause_us(1000);
        on_background(use_both, again);
    } while (!again[1]);
    assert_ptr_equal(again[1], brokers[1]);
    close(seed);
}

static void requests_to_any_broker(void **state)
{
    (void)state;
    struct call calls[2];
    struct peer_request request;
    start_with(NULL, NULL);
    for (int i = 0; i < 2; i++)
        rk_cluster_post_send_any(cluster, call_new(&calls[i], RK_API_LIST_OFFSETS));
    int fd = peer_bring_up();
    for (int i = 0; i < 3; i++) {
        assert_true(peer_try_take(fd, &request));
        if (request.header.api_key == RK_API_METADATA) {
            say(fd, &request, 1, NULL);
        } else {
            struct rk_list_offsets_answer offsets;
            rk_list_offsets_answer_init(&offsets);
            peer_answer(fd, &request, &offsets);
        }
    }
    call_expect(&calls[0], RD_KAFKA_RESP_ERR_NO_ERROR);
    call_expect(&calls[1], RD_KAFKA_RESP_ERR_NO_ERROR);
    close(fd);
}

/* Beginning anew */

static int bring_up_with_metadata_13(void)
{
    struct peer_request request;
    struct rk_api_versions_answer answer;
    int fd = peer_accept();
    peer_take(fd, RK_API_API_VERSIONS, &request);
    peer_versions(&answer, &request.arena);
    for (int i = 0; i < answer.api_keys.count; i++)
        if (answer.api_keys.items[i].api_key == RK_API_METADATA)
            answer.api_keys.items[i].max_version = 13;
    peer_answer(fd, &request, &answer);
    return fd;
}

static void the_cluster_says_that_it_is_another(void **state)
{
    (void)state;
    struct peer_request request;
    struct rk_metadata_answer answer;
    start_with(NULL, NULL);
    int fd = bring_up_with_metadata_13();
    answer_about(fd, "", 1, NULL);
    want("a");
    expect_asked(fd, &request, "a,");
    rk_metadata_answer_init(&answer);
    answer.error_code = 129;
    peer_answer(fd, &request, &answer);
    peer_expect_close(fd);
    fd = bring_up_with_metadata_13();
    expect_asked(fd, &request, "a,");
    peer_done(&request);
    close(fd);
}

static void nobody_answers_for_long(void **state)
{
    (void)state;
    start_with("metadata.recovery.rebootstrap.trigger.ms", "300");
    int fd = peer_bring_up();
    uint64_t before_us = rk_clock_now_us();
    struct peer_request request;
    while (peer_try_take(fd, &request)) /* Until the client closes. */
        say(fd, &request, 0, NULL);
    assert_true(rk_clock_now_us() - before_us >= 290000);
    close(fd);
    fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    close(fd);
}

/* The end */

static void terminated_at_each_step(void **state)
{
    (void)state;
    enum { NEVER_STARTED, STARTED, ACCEPTED, NEGOTIATED, ASKED, ANSWERED, IN_USE, STEPS };
    for (int step = 0; step < STEPS; step++) {
        static const struct says a[] = {{"a", 0, 8, 1, 5}, {NULL, 0, 0, 0, 0}};
        struct peer_request request;
        struct asker asker;
        struct call call;
        int fd = -1, other = -1;
        properties = common(NULL, NULL);
        client_start(RD_KAFKA_PRODUCER);
        if (step >= STARTED)
            rk_cluster_post_start(cluster);
        ask(&asker, NULL, 0, 60000000);
        want("a");
        if (step >= ACCEPTED)
            fd = peer_accept();
        if (step >= NEGOTIATED)
            peer_negotiate(fd);
        if (step >= ASKED)
            peer_take(fd, RK_API_METADATA, &request);
        if (step >= ANSWERED)
            say(fd, &request, 3, a);
        else if (step == ASKED)
            peer_done(&request);
        if (step >= IN_USE) {
            rk_snapshot_release(rk_cluster_wait_snapshot(cluster, rk_clock_now_us() + 200000));
            call_start(&call, RK_API_METADATA);
            other = peer_try_accept(1000);
        }
        client_terminate();
        rk_thread_join(asker.thread);
        rk_snapshot_release(asker.answer);
        if (step >= IN_USE) {
            call_wait(&call);
            call_end(&call);
        }
        want("late");
        client_end();
        if (fd >= 0)
            close(fd);
        if (other >= 0)
            close(other);
        peer_shut();
        peer_open();
    }
}

/* Answers that name more and more brokers arrive while the client goes away. */
static void terminated_while_answers_arrive(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct peer_request request;
        properties = common("topic.metadata.refresh.interval.ms", "1");
        client_start(RD_KAFKA_PRODUCER);
        rk_cluster_post_start(cluster);
        int fd = peer_bring_up();
        peer_take(fd, RK_API_METADATA, &request);
        say(fd, &request, 3, NULL);
        rk_snapshot_release(rk_cluster_wait_snapshot(cluster, RK_NEVER));
        struct call call;
        call_start(&call, RK_API_METADATA);
        int other = peer_bring_up();
        peer_take(other, RK_API_METADATA, &request);
        say(other, &request, 3, NULL);
        call_expect(&call, RD_KAFKA_RESP_ERR_NO_ERROR);
        /* The periodic one goes to the broker; its answer and the end meet. */
        want("a");
        if (peer_is_ready(other, 1000) && peer_try_take(other, &request))
            say(other, &request, 50, NULL);
        client_end();
        close(fd);
        close(other);
        peer_shut();
        peer_open();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_way_in),
        TEST(servers_are_tried_in_turn),
        TEST(a_silent_server_is_left_at_once),
        TEST(all_brokers_down_is_said_once),
        TEST(no_server_that_makes_sense),
        TEST(brokers_are_added_from_a_callback),
        TEST(brokers_nobody_used_are_forgotten),
        TEST(each_server_is_reported_once),
        TEST(a_long_list_of_brokers_is_tried_with_rests),
        TEST(the_seed_rests_when_a_broker_is_up),
        TEST(a_broker_that_is_gone_is_left_alone),
        TEST(requests_to_any_broker),
        TEST(the_cluster_says_that_it_is_another),
        TEST(nobody_answers_for_long),
        TEST(terminated_at_each_step),
        TEST(terminated_while_answers_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
