/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocking queries of application threads.
 */
#include "whole.h"

/* Queries */

static void expect_query(struct asker *asker, rd_kafka_resp_err_t err)
{
    rk_thread_join(asker->thread);
    assert_int_equal(asker->err, err);
    assert_true((asker->answer != NULL) == (err == RD_KAFKA_RESP_ERR_NO_ERROR));
}

static void queries(void **state)
{
    (void)state;
    static const char *const names[] = {"c", "b"};
    static const struct says some[] = {{"b", 0, 2, 1, 1},
                                       {"c", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0, 0, 0},
                                       {NULL, 0, 0, 0, 0}};
    struct asker asker;
    struct peer_request request;
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);

    ask(&asker, names, 2, 10000000);
    answer_about(fd, "b,c,", 1, some);
    expect_query(&asker, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(asker.answer->topic_count, 2);
    assert_int_equal(rk_snapshot_find_topic(asker.answer, "c")->err,
                     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rk_snapshot_release(asker.answer);

    ask(&asker, NULL, 0, 10000000); /* All. */
    peer_take(fd, RK_API_METADATA, &request);
    assert_int_equal(((struct rk_metadata_request *)request.message)->topics.count, -1);
    assert_false(((struct rk_metadata_request *)request.message)->allow_auto_topic_creation);
    say(fd, &request, 0, NULL); /* A broker that starts is asked again. */
    peer_take(fd, RK_API_METADATA, &request);
    say(fd, &request, 1, some);
    expect_query(&asker, RD_KAFKA_RESP_ERR_NO_ERROR);
    rk_snapshot_release(asker.answer);

    topic_of("z");
    ask(&asker, names, 0, 10000000); /* Those in use. */
    answer_about(fd, "z,", 1, NULL);
    expect_query(&asker, RD_KAFKA_RESP_ERR_NO_ERROR);
    rk_snapshot_release(asker.answer);
    close(fd);
}

/* One that gives up does not cost the others their connection. */
static void queries_that_give_up(void **state)
{
    (void)state;
    struct asker hasty, patient;
    struct peer_request requests[2];
    start_with(NULL, NULL);
    int fd = peer_bring_up();
    answer_about(fd, "", 1, NULL);
    ask(&hasty, NULL, 0, 100000);
    peer_take(fd, RK_API_METADATA, &requests[0]);
    ask(&patient, NULL, 0, 20000000);
    peer_take(fd, RK_API_METADATA, &requests[1]);
    expect_query(&hasty, RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_in_range(hasty.waited_us, 95000, 20000000);
    rk_thread_pause_us(1200000);
    say(fd, &requests[0], 1, NULL);
    say(fd, &requests[1], 1, NULL);
    expect_query(&patient, RD_KAFKA_RESP_ERR_NO_ERROR);
    rk_snapshot_release(patient.answer);
    close(fd);
}

static void queries_without_a_broker(void **state)
{
    (void)state;
    struct asker askers[3];
    peer_shut();
    start_with(NULL, NULL);
    expect_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
    ask(&askers[0], NULL, 0, 0);
    ask(&askers[1], NULL, 0, 300000);
    ask(&askers[2], NULL, 0, 60000000);
    rk_thread_join(askers[0].thread);
    assert_int_not_equal(askers[0].err, RD_KAFKA_RESP_ERR_NO_ERROR);
    expect_query(&askers[1], RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_in_range(askers[1].waited_us, 295000, 20000000);
    client_terminate();
    expect_query(&askers[2], RD_KAFKA_RESP_ERR__DESTROY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(queries),
        TEST(queries_that_give_up),
        TEST(queries_without_a_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
