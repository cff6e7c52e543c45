/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers that lie about groups, in answers to ListGroups and DescribeGroups:
 * rd_kafka_list_groups() comes back in its time, whatever it says then, and tells the truth the
 * next time it is told.
 */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"

enum { TIMES = 3, MANY = 20000, TIMEOUT_MS = 60000, POLL_MS = 50 };

static struct hostile_fixture fixture;
static rd_kafka_t *member;      /* Of the group "g"; it talks to the true brokers. */
static _Atomic int many = MANY; /* Groups or members in a lie. */

static bool is_assigned(void)
{
    rd_kafka_topic_partition_list_t *list;
    assert_int_equal(rd_kafka_assignment(member, &list), 0);
    bool has_any = list->cnt > 0;
    rd_kafka_topic_partition_list_destroy(list);
    return has_any;
}

static void start_member(void)
{
    char error[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers",
                      rd_kafka_mock_cluster_bootstraps(fixture.base.cluster), NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "g", NULL, 0);
    member = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!member)
        fail_msg("%s", error);
    rd_kafka_topic_partition_list_t *list = consume_list("t", RD_KAFKA_PARTITION_UA, 0);
    assert_int_equal(rd_kafka_subscribe(member, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    for (int i = 0; !is_assigned(); i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(member, POLL_MS);
        if (message)
            rd_kafka_message_destroy(message);
        if (i > TIMEOUT_MS / POLL_MS)
            fail_msg("the member gets no partitions");
    }
}

static int begin(void **state)
{
    (void)state;
    hostile_init(&fixture, 2);
    hostile_add_topic(&fixture, "t", 2);
    rd_kafka_mock_group_initial_rebalance_delay_ms(fixture.base.cluster, 0);
    start_member();
    hostile_start(&fixture, RD_KAFKA_PRODUCER, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rd_kafka_destroy(member);
    hostile_end(&fixture);
    return 0;
}

/* Any answer */

/* The frame as it is but for its end, with its size put right. */
static enum liar_fate resized(struct liar_answer *answer, size_t size)
{
    uint8_t *bytes = liar_alloc(answer, size);
    memcpy(bytes, answer->frame.data, RK_MIN(size, answer->frame.size));
    bytes[2] = (uint8_t)((size - 4) >> 8);
    bytes[3] = (uint8_t)(size - 4);
    answer->raw = (struct liar_bytes){bytes, size};
    return LIAR_RAW;
}

static enum liar_fate bytes_missing(struct liar_answer *answer)
{
    return resized(answer, answer->frame.size - 2);
}

static enum liar_fate bytes_too_many(struct liar_answer *answer)
{
    return resized(answer, answer->frame.size + 2);
}

static enum liar_fate wrong_correlation(struct liar_answer *answer)
{
    uint8_t *bytes = liar_copy(answer, answer->frame.data, answer->frame.size);
    bytes[5] ^= 0x55;
    answer->raw = (struct liar_bytes){bytes, answer->frame.size};
    return LIAR_RAW;
}

/* ListGroups */

#define LISTED(answer) ((struct rk_list_groups_answer *)(answer)->answer)

static enum liar_fate unknown_error(struct liar_answer *answer)
{
    LISTED(answer)->error_code = 4711;
    return LIAR_TELL;
}

static enum liar_fate negative_error(struct liar_answer *answer)
{
    LISTED(answer)->error_code = -190;
    return LIAR_TELL;
}

/* Names "g0", "g1" ...; in an order that makes searching dear. */
static const char *name_of(struct liar_answer *answer, int number)
{
    char *name = liar_alloc(answer, 12);
    snprintf(name, 12, "g%d", number);
    return name;
}

static enum liar_fate many_listed(struct liar_answer *answer)
{
    int count = many;
    struct rk_list_groups_answer_group *items =
        rk_list_groups_answer_group_try_new(answer->arena, count);
    for (int i = 0; i < count; i++)
        items[i] = (struct rk_list_groups_answer_group){name_of(answer, i), "consumer", "Stable",
                                                        "consumer"};
    LISTED(answer)->groups.items = items;
    LISTED(answer)->groups.count = count;
    return LIAR_TELL;
}

static enum liar_fate empty_name(struct liar_answer *answer)
{
    struct rk_list_groups_answer_group *items =
        rk_list_groups_answer_group_try_new(answer->arena, 2);
    for (int i = 0; i < 2; i++)
        items[i] = (struct rk_list_groups_answer_group){"", "", "", ""};
    LISTED(answer)->groups.items = items;
    LISTED(answer)->groups.count = 2;
    return LIAR_TELL;
}

/* DescribeGroups */

#define DESCRIBED(answer) (((struct rk_describe_groups_answer *)(answer)->answer)->groups)

static enum liar_fate none_described(struct liar_answer *answer)
{
    DESCRIBED(answer).count = 0;
    return LIAR_TELL;
}

static enum liar_fate another_described(struct liar_answer *answer)
{
    if (DESCRIBED(answer).count == 0)
        return LIAR_TRUTH;
    DESCRIBED(answer).items[0].group_id = "another";
    return LIAR_TELL;
}

static enum liar_fate error_in_group(struct liar_answer *answer)
{
    if (DESCRIBED(answer).count == 0)
        return LIAR_TRUTH;
    DESCRIBED(answer).items[0].error_code = -190;
    DESCRIBED(answer).items[0].members.count = 0;
    return LIAR_TELL;
}

/* Groups that nobody asked for, without members, as those of another kind have. */
static enum liar_fate many_described(struct liar_answer *answer)
{
    int count = many;
    struct rk_describe_groups_answer_group *items =
        rk_describe_groups_answer_group_try_new(answer->arena, count);
    for (int i = 0; i < count; i++)
        items[i] = (struct rk_describe_groups_answer_group){.group_id = name_of(answer, count - i),
                                                            .group_state = "Dead",
                                                            .protocol_type = "",
                                                            .protocol_data = ""};
    DESCRIBED(answer).items = items;
    DESCRIBED(answer).count = count;
    return LIAR_TELL;
}

static enum liar_fate many_members(struct liar_answer *answer)
{
    int count = many;
    if (DESCRIBED(answer).count == 0)
        return LIAR_TRUTH;
    struct rk_describe_groups_answer_member *items =
        rk_describe_groups_answer_member_try_new(answer->arena, count);
    for (int i = 0; i < count; i++)
        items[i] = (struct rk_describe_groups_answer_member){
            .member_id = "", .client_id = "", .client_host = "", .member_metadata.size = 0};
    DESCRIBED(answer).items[0].members.items = items;
    DESCRIBED(answer).items[0].members.count = count;
    return LIAR_TELL;
}

/* The tests */

#define LISTING(name)       \
    {                       \
        RK_API_LIST_GROUPS, \
        {                   \
            LIE(name), true \
        }                   \
    }
#define DESCRIBING(name)        \
    {                           \
        RK_API_DESCRIBE_GROUPS, \
        {                       \
            LIE(name), true     \
        }                       \
    }

static const struct {
    int api_key;
    struct hostile_lie lie;
} lies[] = {
    LISTING(hostile_closed),     LISTING(hostile_cut),          LISTING(bytes_missing),
    LISTING(bytes_too_many),     LISTING(hostile_garbage),      LISTING(wrong_correlation),
    LISTING(unknown_error),      LISTING(negative_error),       LISTING(empty_name),
    DESCRIBING(hostile_closed),  DESCRIBING(hostile_cut),       DESCRIBING(bytes_missing),
    DESCRIBING(hostile_garbage), DESCRIBING(wrong_correlation), DESCRIBING(none_described),
    DESCRIBING(error_in_group),  DESCRIBING(another_described), DESCRIBING(many_described),
    DESCRIBING(many_members),
};

/* What this process has used of the processor: it does not stand still with it. */
static double worked_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

/* How many groups of that name it tells of; -1: of none at all. */
static int list_groups(const char *name, int *err)
{
    const struct rd_kafka_group_list *list = NULL;
    int count = 0;
    *err = rd_kafka_list_groups(fixture.rk, NULL, &list, TIMEOUT_MS);
    if (*err && *err != RD_KAFKA_RESP_ERR__PARTIAL)
        return -1;
    assert_non_null(list);
    for (int i = 0; i < list->group_cnt; i++)
        count += strcmp(list->groups[i].group, name) == 0;
    rd_kafka_group_list_destroy(list);
    return count;
}

static void expect_truth(const char *after)
{
    int err;
    int count = list_groups("g", &err);
    if (err || count != 1)
        fail_msg("after %s: %s, %d groups of that name", after, rd_kafka_err2name(err), count);
}

static void test_the_truth_in_the_end(void **state)
{
    (void)state;
    expect_truth("nothing");
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++) {
        int err = 0;
        hostile_tell(&fixture, &lies[i].lie, TIMES, lies[i].api_key, 0);
        for (int calls = 0; calls < TIMES && !hostile_was_told(&fixture); calls++)
            list_groups("g", &err);
        hostile_expect_told(&fixture);
        expect_truth(lies[i].lie.name);
    }
}

/* Both lists are long and have nothing in common: looked through once, not once for each. */
static enum liar_fate tell_many(struct liar_answer *answer, void *opaque)
{
    (void)opaque;
    if (answer->api->key == RK_API_LIST_GROUPS)
        return many_listed(answer);
    return answer->api->key == RK_API_DESCRIBE_GROUPS ? many_described(answer) : LIAR_TRUTH;
}

/* The lesser of two times: others may be at work as well. */
static double work_of(int count)
{
    double least_ms = 0;
    many = count;
    for (int i = 0; i < 2; i++) {
        int err;
        double begin_ms = worked_ms();
        assert_int_equal(list_groups("g7", &err), 2); /* Of each broker. */
        assert_int_equal(err, 0);
        double took_ms = worked_ms() - begin_ms;
        least_ms = i == 0 || took_ms < least_ms ? took_ms : least_ms;
    }
    return least_ms;
}

/* Ten times as many are ten times the work, not a hundred times. */
static void test_many_groups(void **state)
{
    (void)state;
    liar_set_hook(fixture.liar, tell_many, NULL);
    double few_ms = work_of(MANY / 10), many_ms = work_of(MANY);
    if (many_ms > 40 * few_ms)
        fail_msg("the work of %.1f ms becomes %.1f ms", few_ms, many_ms);
    liar_set_hook(fixture.liar, NULL, NULL);
    expect_truth("many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_truth_in_the_end),
        cmocka_unit_test(test_many_groups),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
