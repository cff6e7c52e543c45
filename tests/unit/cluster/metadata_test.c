/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked about the cluster when, and what becomes of the answers.
 */
#include "whole.h"

/* Nobody asks in a circle without rest, whatever a broker answers. */
static void an_answer_that_is_none_is_met_with_patience(void **state)
{
    (void)state;
    start_with("topic.metadata.refresh.interval.ms", "10");
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    uint64_t until_us = rk_clock_now_us() + 600000;
    int asked = 0;
    while (rk_clock_now_us() < until_us || asked < 2) {
        struct peer_request request;
        if (!peer_is_ready(fd, 100))
            continue;
        peer_take(fd, RK_API_METADATA, &request);
        say(fd, &request, 0, NULL); /* It is starting up: no brokers. */
        asked++;
    }
    assert_in_range(asked, 2, 8);
    close(fd);
}

static void refreshed_at_the_interval(void **state)
{
    (void)state;
    static const char *const names[] = {"topic.metadata.refresh.interval.ms",
                                        "metadata.max.age.ms"};
    for (int i = 0; i < 2; i++) {
        static const struct says a[] = {{"a", 0, 1, 1, 5}, {NULL, 0, 0, 0, 0}};
        properties = common(names[i], "200");
        client_start(RD_KAFKA_PRODUCER);
        topic_of("a");
        rk_cluster_post_start(cluster);
        int fd = peer_bring_up();
        uint64_t before_us = rk_clock_now_us();
        for (int round = 0; round < 3; round++)
            answer_about(fd, "a,", 1, a);
        assert_true(rk_clock_now_us() - before_us >= 390000);
        close(fd);
        client_end();
    }
}

static void wishes_are_coalesced(void **state)
{
    (void)state;
    static const struct says known[] = {{"a", 0, 1, 1, 5}, {"b", 0, 1, 1, 5}, {NULL, 0, 0, 0, 0}};
    struct peer_request request;
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    expect_asked(fd, &request, "");
    for (int i = 0; i < 50; i++) {
        want("a");
        want("b");
    }
    settle_background();
    say(fd, &request, 1, NULL);
    answer_about(fd, "a,b,", 1, known);
    for (int i = 0; i < 50; i++)
        want("a");
    answer_about(fd, "a,", 1, known);
    close(fd);
}

/* Who wants news while a request is under way wants newer ones than its answer. */
static void a_wish_while_asking_is_not_lost(void **state)
{
    (void)state;
    static const struct says before[] = {{"a", 0, 1, 1, 5}, {NULL, 0, 0, 0, 0}};
    static const struct says after[] = {{"a", 0, 1, 2, 6}, {NULL, 0, 0, 0, 0}};
    struct peer_request request;
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    answer_about(fd, "", 2, NULL);
    want("a");
    expect_asked(fd, &request, "a,");
    want("a");
    settle_background();
    say(fd, &request, 2, before);
    expect_told("a", RK_TOPIC_EXISTS, 1, 1);
    answer_about(fd, "a,", 2, after);
    expect_told("a", RK_TOPIC_EXISTS, 1, 2);
    close(fd);
}

static void asked_again_until_there_is_a_leader(void **state)
{
    (void)state;
    static const struct says created[] = {{"a", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, 0, 0, 0},
                                          {NULL, 0, 0, 0, 0}};
    static const struct says nobody[] = {{"a", 0, 2, -1, 0}, {NULL, 0, 0, 0, 0}};
    static const struct says stranger[] = {{"a", 0, 2, 7, 1}, {NULL, 0, 0, 0, 0}};
    static const struct says leader[] = {{"a", 0, 2, 1, 2}, {NULL, 0, 0, 0, 0}};
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    want("a");
    uint64_t before_us = rk_clock_now_us();
    answer_about(fd, "a,", 1, created);
    expect_told("a", RK_TOPIC_UNKNOWN, 0, -1);
    answer_about(fd, "a,", 1, nobody);
    expect_told("a", RK_TOPIC_EXISTS, 2, -1);
    answer_about(fd, "a,", 1, stranger); /* Not a broker that is named. */
    expect_told("a", RK_TOPIC_EXISTS, 2, 7);
    answer_about(fd, "a,", 1, leader);
    expect_told("a", RK_TOPIC_EXISTS, 2, 1);
    assert_true(rk_clock_now_us() - before_us >= 500000); /* Back-off: 100, 200, 400 ms. */
    expect_silence(fd, 200);
    close(fd);
}

static void a_new_topic_does_not_wait_behind_a_missing_one(void **state)
{
    (void)state;
    static const struct says none[] = {{"m", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0, 0, 0},
                                       {NULL, 0, 0, 0, 0}};
    static const struct says both[] = {{"a", 0, 1, 1, 1},
                                       {"m", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0, 0, 0},
                                       {NULL, 0, 0, 0, 0}};
    static const char *const slow[] = {"retry.backoff.ms",
                                       "60000",
                                       "retry.backoff.max.ms",
                                       "60000",
                                       "topic.metadata.refresh.fast.interval.ms",
                                       "100",
                                       NULL};
    start_with_list(slow);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    want("m");
    answer_about(fd, "m,", 1, none); /* The next one is a minute away. */
    want("a");
    answer_about(fd, "a,m,", 1, both);
    close(fd);
}

static void the_first_topic_does_not_wait(void **state)
{
    (void)state;
    static const struct says both[] = {{"a", 0, 1, 1, 1}, {NULL, 0, 0, 0, 0}};
    static const char *const slow[] = {"topic.metadata.refresh.fast.interval.ms", "60000", NULL};
    start_with_list(slow);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    want("a"); /* A minute after the first look it would be, had that named a topic. */
    answer_about(fd, "a,", 1, both);
    expect_told("a", RK_TOPIC_EXISTS, 1, 1);
    close(fd);
}

static void refresh_brokers(void *argument)
{
    (void)argument;
    rk_on_background(background);
    rk_cluster_refresh_brokers(cluster, "the test wants it");
}

static void who_has_no_topics_keeps_a_distance_too(void **state)
{
    (void)state;
    static const char *const slow[] = {"topic.metadata.refresh.fast.interval.ms", "60000", NULL};
    start_with_list(slow);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    on_background(refresh_brokers, NULL);
    answer_about(fd, "", 1, NULL); /* Only the first look does not count. */
    on_background(refresh_brokers, NULL);
    expect_silence(fd, 300);
    close(fd);
}

static void a_topic_is_missing_after_a_while(void **state)
{
    (void)state;
    static const struct says none[] = {{"a", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0, 0, 0},
                                       {NULL, 0, 0, 0, 0}};
    start_with("topic.metadata.propagation.max.ms", "250");
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    want("a");
    enum rk_topic_state told;
    answer_about(fd, "a,", 1, none);
    expect_told("a", RK_TOPIC_UNKNOWN, 0, -1);
    do {
        answer_about(fd, "a,", 1, none);
        await(&watch.told);
        told = watch.notes[watch.read++].state;
    } while (told == RK_TOPIC_UNKNOWN);
    assert_int_equal(told, RK_TOPIC_MISSING);
    expect_silence(fd, 300);
    want("a");
    static const struct says found[] = {{"a", 0, 1, 1, 0}, {NULL, 0, 0, 0, 0}};
    answer_about(fd, "a,", 1, found);
    expect_told("a", RK_TOPIC_EXISTS, 1, 1);
    close(fd);
}

static void a_forbidden_topic_is_missing_at_once(void **state)
{
    (void)state;
    static const struct says forbidden[] = {
        {"a", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 0, 0, 0}, {NULL, 0, 0, 0, 0}};
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    want("a");
    answer_about(fd, "a,", 1, forbidden);
    expect_told("a", RK_TOPIC_MISSING, 0, -1);
    assert_int_equal(topic_of("a")->known.err, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    expect_silence(fd, 300);
    close(fd);
}

static void topics_of_the_blacklist_are_missing(void **state)
{
    (void)state;
    static const struct says both[] = {{"a", 0, 1, 1, 0}, {"b", 0, 1, 1, 0}, {NULL, 0, 0, 0, 0}};
    static const char *const own[] = {"topic.blacklist", "x,^b$",
                                      "topic.metadata.propagation.max.ms", "0", NULL};
    start_with_list(own);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    want("b");
    answer_about(fd, "b,", 1, both);
    expect_told("b", RK_TOPIC_MISSING, -1, -1);
    want("a");
    answer_about(fd, "a,", 1, both);
    expect_told("a", RK_TOPIC_EXISTS, 1, 1);
    close(fd);
}

static void topics_nobody_uses_are_not_kept(void **state)
{
    (void)state;
    static const struct says more[] = {
        {"a", 0, 1, 1, 5}, {"b", 0, 9, 1, 5}, {"c", 0, 9, 1, 5}, {NULL, 0, 0, 0, 0}};
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, more);
    want("b");
    answer_about(fd, "b,", 1, more);
    expect_told("b", RK_TOPIC_EXISTS, 9, 1);
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(cluster);
    assert_int_equal(snapshot->topic_count, 1);
    rk_snapshot_release(snapshot);
    close(fd);
}

/* Leader hints */

static void hints_are_taken_when_newer(void **state)
{
    (void)state;
    static const struct says a[] = {{"a", 0, 2, 1, 5}, {NULL, 0, 0, 0, 0}};
    static const struct says later[] = {{"a", 0, 2, 3, 6}, {NULL, 0, 0, 0, 0}};
    struct rk_snapshot_broker endpoints[] = {{.id = 3, .host = "127.0.0.1", .port = peer_port},
                                             {.id = -1, .host = "x", .port = 1},
                                             {.id = 4, .host = NULL, .port = 1},
                                             {.id = 5, .host = "", .port = 1},
                                             {.id = 6, .host = "x", .port = 0}};
    properties = common(NULL, NULL);
    client_start(RD_KAFKA_PRODUCER);
    rd_kafka_topic_t *topic = topic_of("a");
    observe();
    rk_cluster_post_start(cluster);
    int fd = peer_bring_up();
    answer_about(fd, "a,", 2, a);
    expect_told("a", RK_TOPIC_EXISTS, 2, 1);
    rk_cluster_post_leader_hint(cluster, topic, 0, 2, 5, NULL, 0);       /* Not newer. */
    rk_cluster_post_leader_hint(cluster, topic, 0, 9, 6, endpoints, 5);  /* Nobody knows 9. */
    rk_cluster_post_leader_hint(cluster, topic, 0, -1, 7, endpoints, 5); /* Nobody. */
    rk_cluster_post_leader_hint(cluster, topic, 7, 3, 7, endpoints, 5);  /* No such partition. */
    rk_cluster_post_leader_hint(cluster, topic, 0, 3, 6, endpoints, 5);
    expect_told("a", RK_TOPIC_EXISTS, 2, 3);
    struct rk_snapshot *snapshot = rk_cluster_acquire_snapshot(cluster);
    const struct rk_snapshot_topic *data = rk_snapshot_find_topic(snapshot, "a");
    assert_int_equal(data->partitions[0].leader, 3);
    assert_int_equal(data->partitions[0].leader_epoch, 6);
    assert_int_equal(data->partitions[1].leader, 1);
    assert_int_equal(snapshot->broker_count, 3); /* 1, 2 and 3 alone. */
    rk_snapshot_release(snapshot);
    answer_about(fd, "a,", 3, later); /* It is asked for all the same. */
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_that_is_none_is_met_with_patience),
        TEST(refreshed_at_the_interval),
        TEST(wishes_are_coalesced),
        TEST(a_wish_while_asking_is_not_lost),
        TEST(asked_again_until_there_is_a_leader),
        TEST(a_new_topic_does_not_wait_behind_a_missing_one),
        TEST(the_first_topic_does_not_wait),
        TEST(who_has_no_topics_keeps_a_distance_too),
        TEST(a_topic_is_missing_after_a_while),
        TEST(a_forbidden_topic_is_missing_at_once),
        TEST(topics_of_the_blacklist_are_missing),
        TEST(topics_nobody_uses_are_not_kept),
        TEST(hints_are_taken_when_newer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
