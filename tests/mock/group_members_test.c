/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of a classic group: one, two, one that leaves; callbacks in both styles; what each is
 * told of itself and of the group.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "support/group_fixture.h"

#include "base/clock.h"

enum { OFFSET_COMMIT = 8 };

static struct group_fixture fixture;

static bool all_consumed(struct group_fixture *f)
{
    return f->total >= 400;
}

/* Without a callback the library assigns. */
static void one_member_gets_everything(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *member = group_start(&fixture, 0, false, NULL);
    char *id = rd_kafka_memberid(member->rk);
    assert_string_equal(id, "");
    rd_kafka_mem_free(member->rk, id);
    assert_string_equal(rd_kafka_rebalance_protocol(member->rk), "NONE");
    group_subscribe(member, "t");
    group_run(&fixture, all_consumed);
    group_expect_each_once(&fixture, 4, 100);
    assert_int_equal(group_assigned(member), 4);
    assert_string_equal(rd_kafka_rebalance_protocol(member->rk), "EAGER");
    id = rd_kafka_memberid(member->rk);
    assert_true(strlen(id) > 0);
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(member->rk);
    assert_string_equal(rd_kafka_consumer_group_metadata_member_id(metadata), id);
    assert_true(rd_kafka_consumer_group_metadata_generation_id(metadata) > 0);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_mem_free(member->rk, id);
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_subscription(member->rk, &list), 0);
    assert_int_equal(list->cnt, 1);
    assert_string_equal(list->elems[0].topic, "t");
    rd_kafka_topic_partition_list_destroy(list);
    assert_int_equal(rd_kafka_assignment_lost(member->rk), 0);
    assert_int_equal(rd_kafka_consumer_close(member->rk), 0);
    assert_int_equal(rd_kafka_consumer_closed(member->rk), 1);
    assert_int_equal(rd_kafka_consumer_close(member->rk), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(group_assigned(member), 0);
}

/* Nothing of the group is left to ask for; partitions are assigned, and forgotten, as ever. */
static void calls_after_close(void **state)
{
    (void)state;
    struct group_member *member =
        group_start(&fixture, 0, true, "enable.auto.offset.store", "false", NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0), *none = list;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(member->rk, "t", NULL);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    assert_int_equal(rd_kafka_consumer_close(member->rk), 0);
    assert_null(rd_kafka_consumer_poll(member->rk, 10));
    assert_int_equal(rd_kafka_subscribe(member->rk, list), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(rd_kafka_unsubscribe(member->rk), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(rd_kafka_subscription(member->rk, &none), RD_KAFKA_RESP_ERR__DESTROY);
    assert_null(none);
    none = list;
    assert_int_equal(rd_kafka_assignment(member->rk, &none), RD_KAFKA_RESP_ERR__DESTROY);
    assert_null(none);
    assert_int_equal(rd_kafka_commit(member->rk, list, 0), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(rd_kafka_commit(member->rk, NULL, 0), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(rd_kafka_committed(member->rk, list, 100), RD_KAFKA_RESP_ERR__DESTROY);
    assert_int_equal(rd_kafka_assign(member->rk, list), 0);
    assert_int_equal(rd_kafka_assign(member->rk, NULL), 0);
    assert_int_equal(rd_kafka_position(member->rk, list), 0);
    assert_int_equal(rd_kafka_pause_partitions(member->rk, list), 0);
    assert_int_equal(rd_kafka_resume_partitions(member->rk, list), 0);
    assert_int_equal(rd_kafka_seek(topic, 0, 0, 100), RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(rd_kafka_offset_store(topic, 0, 0), RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(rd_kafka_offsets_store(member->rk, list), RD_KAFKA_RESP_ERR__STATE);
    assert_null(rd_kafka_seek_partitions(member->rk, list, 100));
    assert_int_equal(list->elems[0].err, RD_KAFKA_RESP_ERR__STATE);
    assert_null(rd_kafka_memberid(member->rk));
    assert_null(rd_kafka_consumer_group_metadata(member->rk));
    assert_string_equal(rd_kafka_rebalance_protocol(member->rk), "NONE");
    assert_int_equal(rd_kafka_assignment_lost(member->rk), 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_topic_partition_list_destroy(list);
}

/* All that is left to do for a close goes on as soon as the callback has given up the partitions.
 */
static void ask_when_closed(struct group_member *member)
{
    rd_kafka_topic_partition_list_t *list;
    uint64_t until_us = rk_clock_now_us() + CONSUME_TIMEOUT_MS * UINT64_C(1000);
    while (!rd_kafka_consumer_closed(member->rk) && rk_clock_now_us() < until_us)
        sched_yield();
    assert_int_equal(rd_kafka_consumer_closed(member->rk), 1);
    assert_int_equal(rd_kafka_assignment(member->rk, &list), 0);
    assert_int_equal(list->cnt, 0);
    rd_kafka_topic_partition_list_destroy(list);
    assert_int_equal(rd_kafka_subscription(member->rk, &list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void calls_in_the_last_callback(void **state)
{
    (void)state;
    struct group_member *member = group_start(&fixture, 0, true, NULL);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
    member->at_the_end = ask_when_closed;
    assert_int_equal(rd_kafka_consumer_close(member->rk), 0);
    assert_int_equal(member->revokes, 1);
}

static void two_members_share(const char *strategy)
{
    struct group_member *first =
        group_start(&fixture, 0, true, "partition.assignment.strategy", strategy, NULL);
    group_subscribe(first, "t");
    group_run(&fixture, group_first_has_all);
    assert_int_equal(first->assigns, 1);
    struct group_member *second =
        group_start(&fixture, 1, true, "partition.assignment.strategy", strategy, NULL);
    group_subscribe(second, "t");
    group_run(&fixture, group_shares);
    assert_int_equal(first->revokes, 1);
    assert_int_equal(first->losses, 0);
    assert_int_equal(rd_kafka_consumer_close(second->rk), 0);
    assert_int_equal(second->revokes, 1);
    assert_int_equal(group_assigned(second), 0);
    group_destroy_member(second);
    group_run(&fixture, group_first_has_all);
    assert_int_equal(first->losses, 0);
}

static void two_eager_members(void **state)
{
    (void)state;
    two_members_share("range");
}

static void two_round_robin_members(void **state)
{
    (void)state;
    two_members_share("roundrobin");
}

/* Only what moves is given up. */
static void two_cooperative_members(void **state)
{
    (void)state;
    two_members_share("cooperative-sticky");
    assert_int_equal(fixture.members[0].revokes, 1);
}

/* The leader knows where members are (KIP-881): without that, ranges are what follows another. */
static void two_members_in_two_racks(void **state)
{
    enum { RACKS = 2 }; /* One broker each, which leads every second partition. */
    static const char *const racks[RACKS] = {"a", "b"};
    (void)state;
    for (int i = 0; i < RACKS; i++)
        assert_int_equal(rd_kafka_mock_broker_set_rack(fixture.base.cluster, 1 + i, racks[i]), 0);
    for (int i = 0; i < RACKS; i++)
        group_subscribe(group_start(&fixture, i, true, "partition.assignment.strategy", "range",
                                    "client.rack", racks[i], NULL),
                        "t");
    group_run(&fixture, group_shares);
    for (int i = 0; i < RACKS; i++) {
        rd_kafka_topic_partition_list_t *list;
        assert_int_equal(rd_kafka_assignment(fixture.members[i].rk, &list), 0);
        for (int p = 0; p < list->cnt; p++)
            assert_int_equal(list->elems[p].partition % RACKS, i);
        rd_kafka_topic_partition_list_destroy(list);
    }
}

/* What was consumed is committed before the others may go on from there, however long it takes. */
static void commits_what_it_gives_up(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *first =
        group_start(&fixture, 0, true, "auto.commit.interval.ms", "3600000", NULL);
    group_subscribe(first, "t");
    group_run(&fixture, all_consumed);
    for (int broker = 1; broker <= 2; broker++)
        assert_int_equal(
            rd_kafka_mock_broker_push_request_error_rtts(
                fixture.base.cluster, broker, OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 500),
            0);
    group_subscribe(group_start(&fixture, 1, true, NULL), "t");
    group_run(&fixture, group_shares);
    group_run_ms(&fixture, 200);
    group_expect_each_once(&fixture, 4, 100);
}

/* Every call for the other protocol is refused, and nothing happens. */
static void wrong_assign_calls(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 0);
    struct group_member *eager = group_start(&fixture, 0, true, NULL);
    group_subscribe(eager, "t");
    group_run(&fixture, group_first_has_all);
    rd_kafka_error_t *error = rd_kafka_incremental_unassign(eager->rk, list);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__STATE);
    rd_kafka_error_destroy(error);
    error = rd_kafka_incremental_assign(eager->rk, list);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__STATE);
    rd_kafka_error_destroy(error);
    assert_int_equal(group_assigned(eager), 4);
    group_destroy_member(eager);
    struct group_member *cooperative =
        group_start(&fixture, 0, true, "partition.assignment.strategy", "cooperative-sticky", NULL);
    group_subscribe(cooperative, "t");
    group_run(&fixture, group_first_has_all);
    assert_int_equal(rd_kafka_assign(cooperative->rk, list), RD_KAFKA_RESP_ERR__STATE);
    assert_int_equal(group_assigned(cooperative), 4);
    rd_kafka_topic_partition_list_destroy(list);
}

static void bad_subscriptions(void **state)
{
    (void)state;
    struct group_member *member = group_start(&fixture, 0, true, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    assert_int_equal(rd_kafka_subscribe(member->rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_topic_partition_list_add(list, "t", 1);
    assert_int_equal(rd_kafka_subscribe(member->rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_topic_partition_list_destroy(list);
    static const char *const names[] = {"", "^(", "^t["};
    for (int i = 0; i < 3; i++) {
        list = consume_list(names[i], RD_KAFKA_PARTITION_UA, 0);
        assert_int_equal(rd_kafka_subscribe(member->rk, list), RD_KAFKA_RESP_ERR__INVALID_ARG);
        rd_kafka_topic_partition_list_destroy(list);
    }
    group_subscribe(member, "t"); /* Of use all the same. */
    group_run(&fixture, group_first_has_all);
    assert_int_equal(rd_kafka_unsubscribe(member->rk), 0);
    while (group_assigned(member) > 0)
        group_run_ms(&fixture, 5);
    assert_int_equal(member->revokes, 1);
    group_subscribe(member, "t");
    group_run(&fixture, group_first_has_all);
}

/* Nothing is handed out before the application has assigned, nor after it was told to give up. */
static void application_takes_its_time(void **state)
{
    (void)state;
    consume_fill_all(&fixture.base, "t", 4, 100);
    struct group_member *member = group_start(&fixture, 0, true, NULL);
    member->is_held = true;
    group_subscribe(member, "t");
    while (!member->assigns)
        group_run_ms(&fixture, 5);
    group_run_ms(&fixture, 200);
    assert_int_equal(member->messages, 0);
    assert_int_equal(group_assigned(member), 0);
    assert_int_equal(member->last_count, 4);
    rd_kafka_topic_partition_list_t *list = consume_list("t", 2, RD_KAFKA_OFFSET_INVALID);
    assert_int_equal(rd_kafka_assign(member->rk, list), 0); /* Its own choice. */
    rd_kafka_topic_partition_list_destroy(list);
    while (member->messages < 100)
        group_run_ms(&fixture, 5);
    consume_fill(&fixture.base, "t", 2, 100, 50);
    struct group_member *second = group_start(&fixture, 1, true, NULL);
    group_subscribe(second, "t");
    while (!member->revokes)
        group_run_ms(&fixture, 5);
    int before = member->messages;
    consume_fill(&fixture.base, "t", 2, 150, 50);
    group_run_ms(&fixture, 200);
    assert_int_equal(member->messages, before);
    assert_int_equal(second->assigns, 0);
    assert_int_equal(rd_kafka_assign(member->rk, NULL), 0);
    while (!second->assigns)
        group_run_ms(&fixture, 5);
    assert_int_equal(rd_kafka_consumer_close(member->rk), 0); /* Never answered the assignment. */
}

static void rebalances_as_events(void **state)
{
    (void)state;
    struct group_member *member = group_start(&fixture, 0, false, NULL);
    group_destroy_member(member);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char error[256];
    rd_kafka_conf_set(conf, "bootstrap.servers",
                      rd_kafka_mock_cluster_bootstraps(fixture.base.cluster), error, sizeof(error));
    rd_kafka_conf_set(conf, "group.id", "events", error, sizeof(error));
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    assert_non_null(rk);
    member->rk = rk;
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    group_subscribe(member, "t");
    rd_kafka_event_t *event = NULL;
    while (!event)
        event = rd_kafka_queue_poll(queue, 1000);
    assert_int_equal(rd_kafka_event_type(event), RD_KAFKA_EVENT_REBALANCE);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
    assert_int_equal(rd_kafka_event_topic_partition_list(event)->cnt, 4);
    assert_int_equal(group_assigned(member), 0);
    assert_int_equal(rd_kafka_assign(rk, rd_kafka_event_topic_partition_list(event)), 0);
    rd_kafka_event_destroy(event);
    assert_int_equal(group_assigned(member), 4);
    rd_kafka_error_t *refused = rd_kafka_consumer_close_queue(rk, NULL);
    assert_int_equal(rd_kafka_error_code(refused), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_error_destroy(refused);
    rd_kafka_queue_t *closing = rd_kafka_queue_new(rk);
    assert_null(rd_kafka_consumer_close_queue(rk, closing));
    event = rd_kafka_queue_poll(closing, 10000);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS);
    assert_int_equal(rd_kafka_consumer_closed(rk), 0);
    assert_int_equal(rd_kafka_assign(rk, NULL), 0);
    rd_kafka_event_destroy(event);
    while (!rd_kafka_consumer_closed(rk))
        rd_kafka_event_destroy(rd_kafka_queue_poll(closing, 100));
    rd_kafka_queue_destroy(closing);
    rd_kafka_queue_destroy(queue);
}

/* Events that nobody answers do not keep destroy. */
static void events_left_alone(void **state)
{
    (void)state;
    struct group_member *member = group_start(&fixture, 0, true, NULL);
    member->is_held = true;
    group_subscribe(member, "t");
    while (!member->assigns)
        group_run_ms(&fixture, 5);
    rd_kafka_queue_t *closing = rd_kafka_queue_new(member->rk);
    assert_null(rd_kafka_consumer_close_queue(member->rk, closing));
    rd_kafka_queue_destroy(closing);
    group_destroy_member(member);
}

/* Long before it is believed that the topic does not exist; and it is joined with the others. */
static void a_misspelled_topic_is_told_of_at_once(void **state)
{
    (void)state;
    struct group_member *member =
        group_start(&fixture, 0, true, "topic.metadata.propagation.max.ms", "3600000", NULL);
    rd_kafka_topic_partition_list_t *list = consume_list("T", RD_KAFKA_PARTITION_UA, 0);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(member->rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    group_run(&fixture, group_first_has_error);
    assert_int_equal(member->last_error, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    group_run(&fixture, group_first_has_all);
}

/* A consumer with a fatal error does not close, and says that it is fatal. */
static void closing_after_a_fatal_error(void **state)
{
    (void)state;
    struct group_member *member = group_start(&fixture, 0, false, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(member->rk);
    assert_int_equal(
        rd_kafka_test_fatal_error(member->rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "why"), 0);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(member->rk, queue);
    assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(rd_kafka_error_is_fatal(error), 1);
    assert_non_null(strstr(rd_kafka_error_string(error), "why"));
    rd_kafka_error_destroy(error);
    rd_kafka_queue_destroy(queue);
    assert_int_equal(rd_kafka_consumer_close(member->rk), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(rd_kafka_consumer_closed(member->rk), 0);
}

/* Nothing is committed any more, and whoever assigns gives up what was assigned. */
static void calls_after_a_fatal_error(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = consume_list("t", 0, 5);
    for (int is_incremental = 0; is_incremental < 2; is_incremental++) {
        struct group_member *member = group_start(&fixture, 0, false, NULL);
        assert_int_equal(rd_kafka_assign(member->rk, list), 0);
        assert_int_equal(rd_kafka_commit(member->rk, list, 0), 0);
        assert_int_equal(
            rd_kafka_test_fatal_error(member->rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "why"), 0);
        assert_int_equal(rd_kafka_commit(member->rk, list, 0), RD_KAFKA_RESP_ERR__FATAL);
        assert_int_equal(rd_kafka_commit(member->rk, NULL, 1), RD_KAFKA_RESP_ERR__FATAL);
        assert_int_equal(rd_kafka_commit_queue(member->rk, list, NULL, NULL, NULL),
                         RD_KAFKA_RESP_ERR__FATAL);
        assert_int_equal(group_assigned(member), 1);
        if (is_incremental)
            assert_null(rd_kafka_incremental_assign(member->rk, list));
        else
            assert_int_equal(rd_kafka_assign(member->rk, list), 0);
        assert_int_equal(group_assigned(member), 0);
        group_destroy_member(member);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP_TEST(one_member_gets_everything, &fixture),
        GROUP_TEST(calls_after_close, &fixture),
        GROUP_TEST(calls_in_the_last_callback, &fixture),
        GROUP_TEST(two_eager_members, &fixture),
        GROUP_TEST(two_round_robin_members, &fixture),
        GROUP_TEST(two_cooperative_members, &fixture),
        GROUP_TEST(two_members_in_two_racks, &fixture),
        GROUP_TEST(commits_what_it_gives_up, &fixture),
        GROUP_TEST(wrong_assign_calls, &fixture),
        GROUP_TEST(bad_subscriptions, &fixture),
        GROUP_TEST(application_takes_its_time, &fixture),
        GROUP_TEST(rebalances_as_events, &fixture),
        GROUP_TEST(events_left_alone, &fixture),
        GROUP_TEST(a_misspelled_topic_is_told_of_at_once, &fixture),
        GROUP_TEST(closing_after_a_fatal_error, &fixture),
        GROUP_TEST(calls_after_a_fatal_error, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
