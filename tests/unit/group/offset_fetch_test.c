/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions for committed offsets: what they ask, what answers mean, and that each has an outcome.
 * The coordinator is the test.
 */
#include "unit/cluster/client.h"

#include "base/assert.h"
#include "cluster/error_policy.h"
#include "group/offset_fetch.h"

enum { FAR_US = 60 * 1000000, OLD = 7, NEW = 9, STALE_TIMES = 20 };

static struct rk_committed_queries queries;
static struct rk_membership_identity identity;
static struct rk_request *under_way; /* What the coordinator has not answered. */
static sem_t sent, done;
static struct rk_committed_query *outcome; /* Of the last question. */
static int16_t version;

/* The coordinator */

void rk_coordinator_send(struct rk_coordinator *coordinator, struct rk_request *request)
{
    RK_ASSERT(!coordinator && !under_way);
    under_way = request;
    sem_post(&sent);
}

unsigned rk_coordinator_take_error(struct rk_coordinator *coordinator,
                                   const struct rk_request *request, rd_kafka_resp_err_t err)
{
    (void)coordinator;
    return rk_error_policy_find((enum rk_api_key)request->api->key, err);
}

/* Who asks */

static void on_done(struct rk_committed_query *query)
{
    RK_ASSERT(!outcome);
    outcome = query;
    sem_post(&done);
}

static void run_ask(void *argument)
{
    const uint64_t *deadline_us = argument;
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(2);
    rk_on_background(background);
    rk_partition_list_add(list, "t", 0);
    rk_partition_list_add(list, "t", 1);
    rk_committed_query_ask(&queries, rk_committed_query_new(list, *deadline_us, on_done, NULL));
}

/* For partitions 0 and 1 of "t". */
static void ask_until(uint64_t deadline_us)
{
    on_background(run_ask, &deadline_us);
}

static void ask(void)
{
    ask_until(rk_clock_now_us() + FAR_US);
    await(&sent);
}

static void expect_entry(int index, int64_t offset, rd_kafka_resp_err_t err)
{
    assert_int_equal(outcome->offsets->elems[index].offset, offset);
    assert_int_equal(outcome->offsets->elems[index].err, err);
}

static void expect_outcome(rd_kafka_resp_err_t err)
{
    await(&done);
    assert_int_equal(outcome->err, err);
    if (err) {
        expect_entry(0, RD_KAFKA_OFFSET_INVALID, err);
        expect_entry(1, RD_KAFKA_OFFSET_INVALID, err);
    }
}

static void end_query(void)
{
    rk_committed_query_destroy(outcome);
    outcome = NULL;
}

/* Answers: of the group, then of partitions, each with its offset or an error. */

struct told {
    const char *group, *topic;
    int err;
    int count;
    struct {
        int32_t partition;
        int64_t offset;
        int err;
        const char *metadata;
    } items[4];
};

static void fill_new(struct rk_request *request, struct rk_offset_fetch_answer *answer,
                     const struct told *told)
{
    struct rk_offset_fetch_answer_group *group =
        rk_offset_fetch_answer_group_try_new(&request->arena, 1);
    struct rk_offset_fetch_answer_group_topic *topic =
        rk_offset_fetch_answer_group_topic_try_new(&request->arena, 1);
    struct rk_offset_fetch_answer_group_partition *items =
        rk_offset_fetch_answer_group_partition_try_new(&request->arena, told->count);
    for (int i = 0; i < told->count; i++) {
        items[i].partition_index = told->items[i].partition;
        items[i].committed_offset = told->items[i].offset;
        items[i].error_code = (int16_t)told->items[i].err;
        items[i].metadata = told->items[i].metadata;
    }
    topic->name = told->topic;
    topic->partitions.items = items;
    topic->partitions.count = told->count;
    group->group_id = told->group;
    group->error_code = (int16_t)told->err;
    group->topics.items = topic;
    group->topics.count = 1;
    answer->groups.items = group;
    answer->groups.count = 1;
}

static void fill_old(struct rk_request *request, struct rk_offset_fetch_answer *answer,
                     const struct told *told)
{
    struct rk_offset_fetch_answer_topic *topic =
        rk_offset_fetch_answer_topic_try_new(&request->arena, 1);
    struct rk_offset_fetch_answer_partition *items =
        rk_offset_fetch_answer_partition_try_new(&request->arena, told->count);
    for (int i = 0; i < told->count; i++) {
        items[i].partition_index = told->items[i].partition;
        items[i].committed_offset = told->items[i].offset;
        items[i].error_code = (int16_t)told->items[i].err;
        items[i].metadata = told->items[i].metadata;
    }
    topic->name = told->topic;
    topic->partitions.items = items;
    topic->partitions.count = told->count;
    answer->error_code = (int16_t)told->err;
    answer->topics.items = topic;
    answer->topics.count = 1;
}

static void run_answer(void *argument)
{
    struct rk_request *request = under_way;
    struct rk_offset_fetch_answer *answer = rk_request_try_alloc(request, sizeof(*answer));
    rk_on_background(background);
    under_way = NULL;
    request->version = version;
    request->prepare(request);
    if (version >= NEW)
        fill_new(request, answer, argument);
    else
        fill_old(request, answer, argument);
    request->answer = answer;
    request->on_done(request);
}

static void answer_with(const struct told *told)
{
    on_background(run_answer, (void *)(uintptr_t)told);
}

/* Partitions 1 and 0: brokers answer in any order. */
static void answer_of_t(int group_err, int first_err, int second_err)
{
    struct told told = {
        "group", "t", group_err, 2, {{1, 6, second_err, NULL}, {0, 5, first_err, "words"}}};
    answer_with(&told);
}

/* Life */

static void run_terminate(void *argument)
{
    (void)argument;
    rk_on_background(background);
    rk_committed_queries_terminate(&queries);
}

static int begin(void **state)
{
    static const char *const soon[] = {"retry.backoff.ms", "1", "retry.backoff.max.ms", "1", NULL};
    (void)state;
    properties = soon;
    client_start(RD_KAFKA_CONSUMER);
    rk_membership_identity_init(&identity);
    rk_committed_queries_init(&queries, cluster, NULL, "group", &identity);
    version = NEW;
    sem_init(&sent, 0, 0);
    sem_init(&done, 0, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    on_background(run_terminate, NULL);
    if (under_way)
        answer_of_t(0, 0, 0);
    if (outcome)
        end_query();
    client_end();
    sem_destroy(&sent);
    sem_destroy(&done);
    return 0;
}

/* Tests */

static void what_was_committed(void **state)
{
    (void)state;
    static const struct told none = {"group", "t", 0, 2, {{0, -1, 0, ""}, {1, 7, 0, NULL}}};
    for (version = OLD; version <= NEW; version += NEW - OLD) {
        ask();
        answer_of_t(0, 0, 0);
        expect_outcome(0);
        expect_entry(0, 5, 0);
        expect_entry(1, 6, 0);
        assert_int_equal(outcome->offsets->elems[0].metadata_size, 5);
        assert_memory_equal(outcome->offsets->elems[0].metadata, "words", 5);
        assert_null(outcome->offsets->elems[1].metadata);
        assert_null(outcome->error_text);
        end_query();
        ask();
        answer_with(&none);
        expect_outcome(0);
        expect_entry(0, RD_KAFKA_OFFSET_INVALID, 0);
        expect_entry(1, 7, 0);
        end_query();
    }
}

/* Each partition has its own error, the group one for all. */
static void errors(void **state)
{
    (void)state;
    const rd_kafka_resp_err_t unauthorised = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    for (version = OLD; version <= NEW; version += NEW - OLD) {
        ask();
        answer_of_t(0, unauthorised, 0);
        expect_outcome(0);
        expect_entry(0, RD_KAFKA_OFFSET_INVALID, unauthorised);
        expect_entry(1, 6, 0);
        assert_null(outcome->offsets->elems[0].metadata);
        end_query();
        ask();
        answer_of_t(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 0, 0);
        expect_outcome(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
        assert_non_null(strstr(outcome->error_text, "OffsetFetch"));
        end_query();
    }
}

/* One partition that may pass is enough to ask for all again. */
static void what_may_pass_is_asked_again(void **state)
{
    (void)state;
    ask();
    answer_of_t(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0, 0);
    await(&sent);
    answer_of_t(0, 0, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT);
    await(&sent);
    assert_null(outcome);
    answer_of_t(0, 0, 0);
    expect_outcome(0);
    expect_entry(1, 6, 0);
}

/* About other groups, topics and partitions, or not about all: not believed, and not for ever. */
static void answers_about_something_else(void **state)
{
    (void)state;
    static const struct told lies[] = {
        {"other", "t", 0, 2, {{0, 5, 0, NULL}, {1, 6, 0, NULL}}},
        {"group", "u", 0, 2, {{0, 5, 0, NULL}, {1, 6, 0, NULL}}},
        {"group", "t", 0, 1, {{0, 5, 0, NULL}}},
        {"group", "t", 0, 2, {{0, 5, 0, NULL}, {0, 6, 0, NULL}}},
        {"group", "t", 0, 3, {{-1, 5, 0, NULL}, {0, 6, 0, NULL}, {1, 7, 0, NULL}}},
    };
    for (size_t i = 0; i < RK_COUNT_OF(lies); i++) {
        ask();
        answer_with(&lies[i]);
        for (int k = 1; k < RK_COORDINATOR_BAD_ANSWERS_MAX; k++) {
            await(&sent);
            assert_null(outcome);
            answer_with(&lies[i]);
        }
        expect_outcome(RD_KAFKA_RESP_ERR__BAD_MSG);
        end_query();
    }
}

static void until_the_deadline(void **state)
{
    (void)state;
    ask_until(rk_clock_now_us() + 1000);
    await(&sent);
    expect_outcome(RD_KAFKA_RESP_ERR__TIMED_OUT);
    answer_of_t(0, 0, 0); /* Too late: nobody waits for it. */
    expect_entry(0, RD_KAFKA_OFFSET_INVALID, RD_KAFKA_RESP_ERR__TIMED_OUT);
}

/* A member of the consumer protocol says which one it is, and waits for its next epoch. */
static void epochs(void **state)
{
    (void)state;
    identity =
        (struct rk_membership_identity){.is_consumer = true, .generation = 3, .member_id = "me"};
    ask();
    for (int i = 0; i < STALE_TIMES; i++) {
        const struct rk_offset_fetch_request *message = under_way->message;
        assert_string_equal(message->groups.items[0].member_id, "me");
        assert_int_equal(message->groups.items[0].member_epoch, identity.generation);
        identity.generation++;
        answer_of_t(RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, 0, 0);
        await(&sent);
    }
    identity.generation = -1; /* It is out. */
    answer_of_t(RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, 0, 0);
    expect_outcome(RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH);
}

static void the_end_is_an_outcome(void **state)
{
    (void)state;
    ask();
    on_background(run_terminate, NULL);
    expect_outcome(RD_KAFKA_RESP_ERR__DESTROY);
    end_query();
    answer_of_t(0, 0, 0);
    assert_null(outcome);
    ask_until(RK_NEVER);
    expect_outcome(RD_KAFKA_RESP_ERR__DESTROY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed),           TEST(errors),
        TEST(what_may_pass_is_asked_again), TEST(answers_about_something_else),
        TEST(until_the_deadline),           TEST(epochs),
        TEST(the_end_is_an_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
