/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What members of a group tell the coordinator: why they join and leave (KIP-800), under which id,
 * where they are, and when they say nothing.
 */
#include "support/hostile_member.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEPT = 32 };

static struct hostile_fixture fixture;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen {
    char join_ids[KEPT][64], join_reasons[KEPT][256], leave_reasons[KEPT][256];
    char rack[64];                /* Of heartbeats: the first, */
    int later_beats, later_racks; /* and those that follow. */
    int joins, leaves, version;
} seen;

static void look_at_beat(const struct rk_consumer_group_heartbeat_request *request)
{
    if (request->member_epoch == 0) {
        snprintf(seen.rack, sizeof(seen.rack), "%s", request->rack_id ? request->rack_id : "none");
    } else if (request->member_epoch > 0) {
        seen.later_beats++;
        seen.later_racks += request->rack_id != NULL;
    }
}

static enum liar_fate look(struct liar_answer *answer, void *opaque)
{
    (void)opaque;
    pthread_mutex_lock(&lock);
    if (answer->api->key == RK_API_JOIN_GROUP && seen.joins < KEPT) {
        const struct rk_join_group_request *request = answer->request;
        seen.version = answer->version;
        snprintf(seen.join_ids[seen.joins], sizeof(seen.join_ids[0]), "%s", request->member_id);
        snprintf(seen.join_reasons[seen.joins++], sizeof(seen.join_reasons[0]), "%s",
                 request->reason ? request->reason : "");
    } else if (answer->api->key == RK_API_LEAVE_GROUP && seen.leaves < KEPT) {
        const struct rk_leave_group_request *request = answer->request;
        assert_int_equal(request->members.count, 1);
        const char *reason = request->members.items[0].reason;
        snprintf(seen.leave_reasons[seen.leaves++], sizeof(seen.leave_reasons[0]), "%s",
                 reason ? reason : "");
    } else if (answer->api->key == RK_API_CONSUMER_GROUP_HEARTBEAT) {
        look_at_beat(answer->request);
    }
    pthread_mutex_unlock(&lock);
    return LIAR_TRUTH;
}

static struct seen seen_so_far(void)
{
    pthread_mutex_lock(&lock);
    struct seen copy = seen;
    pthread_mutex_unlock(&lock);
    return copy;
}

static void begin(const char *name, const char *property, const char *value)
{
    memset(&seen, 0, sizeof(seen));
    hostile_start(&fixture, RD_KAFKA_CONSUMER, "group.id", name, "heartbeat.interval.ms", "20",
                  property, value, NULL);
    liar_set_hook(fixture.liar, look, NULL);
}

static bool has_joined(struct hostile_fixture *f, const void *index)
{
    (void)f;
    return seen_so_far().joins > *(const int *)index;
}

static void expect_join(int index, const char *reason, bool has_id)
{
    hostile_wait(&fixture, has_joined, &index, reason);
    struct seen so_far = seen_so_far();
    assert_string_equal(so_far.join_reasons[index], reason);
    assert_int_equal(so_far.join_ids[index][0] != '\0', has_id);
}

static bool has_left(struct hostile_fixture *f, const void *count)
{
    return liar_request_count(f->liar, 0, RK_API_LEAVE_GROUP) == *(const int *)count;
}

/* The first JoinGroup brings the id, the second one the generation. */
static void a_member_says_why_it_joins_and_leaves(void **state)
{
    static const int one = 1;
    (void)state;
    begin("why", "client.id", "c");
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the first generation");
    expect_join(0, "", false);
    expect_join(1, "", true);
    assert_int_equal(seen_so_far().version, 9);
    hostile_member_subscribe(&fixture, "other");
    expect_join(2, "the subscription changed", true);
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the subscription of before");
    assert_int_equal(rd_kafka_unsubscribe(fixture.rk), 0);
    hostile_wait(&fixture, has_left, &one, "LeaveGroup");
    int joins = seen_so_far().joins;
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "a new beginning");
    expect_join(joins, "", false);
    struct seen all = seen_so_far();
    assert_string_equal(all.join_ids[2], all.join_ids[1]);
    assert_true(all.leaves > 0);
    assert_string_equal(all.leave_reasons[0], "the consumer was closed or unsubscribed");
}

/* The coordinator put it out, and waits for what it was until that one's session ends. */
static void a_member_says_what_made_it_join_again(void **state)
{
    (void)state;
    begin("again", "session.timeout.ms", "6000");
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the first generation");
    int joins = seen_so_far().joins;
    rd_kafka_mock_push_request_errors(fixture.base.cluster, RK_API_HEARTBEAT, 1,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    expect_join(joins, "Heartbeat: UNKNOWN_MEMBER_ID", false);
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the next generation");
    assert_int_equal(liar_request_count(fixture.liar, 0, RK_API_LEAVE_GROUP), 0);
}

/* It keeps its place: no id has to be asked for, and no LeaveGroup ends it. */
static void a_static_member_does_not_leave(void **state)
{
    (void)state;
    begin("static", "group.instance.id", "i");
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "the first generation");
    expect_join(0, "", false);
    assert_int_equal(seen_so_far().joins, 1);
    assert_int_equal(rd_kafka_consumer_close(fixture.rk), 0);
    assert_int_equal(liar_request_count(fixture.liar, 0, RK_API_LEAVE_GROUP), 0);
}

static bool has_beaten_on(struct hostile_fixture *f, const void *count)
{
    (void)f;
    return seen_so_far().later_beats >= *(const int *)count;
}

/* Once: it does not move (KIP-848). */
static void a_member_says_where_it_is(void **state)
{
    static const int some = 5;
    (void)state;
    memset(&seen, 0, sizeof(seen));
    liar_set_hook(fixture.liar, look, NULL);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(fixture.base.cluster, 20);
    hostile_start(&fixture, RD_KAFKA_CONSUMER, "group.id", "where", "group.protocol", "consumer",
                  "client.rack", "here", NULL);
    hostile_member_subscribe(&fixture, "t");
    hostile_member_expect(&fixture, HOSTILE_MEMBER_PARTITIONS, "its partitions");
    hostile_wait(&fixture, has_beaten_on, &some, "more heartbeats");
    struct seen all = seen_so_far();
    assert_string_equal(all.rack, "here");
    assert_int_equal(all.later_racks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_MEMBER_TEST(a_member_says_why_it_joins_and_leaves, &fixture),
        HOSTILE_MEMBER_TEST(a_member_says_what_made_it_join_again, &fixture),
        HOSTILE_MEMBER_TEST(a_static_member_does_not_leave, &fixture),
        HOSTILE_MEMBER_TEST(a_member_says_where_it_is, &fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
