/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits of offsets, one request after the other: what each carries, and what its answer means to
 * whoever asked. The coordinator is the test.
 */
#include "unit/cluster/client.h"

#include "base/assert.h"
#include "cluster/error_policy.h"
#include "group/offset_commit.h"

enum { FAR_US = 60 * 1000000, COMMITS = 4, PAST = 1 };

static struct rk_committer committer;
static struct rk_membership_identity identity;
static struct rk_request *under_way; /* What the coordinator has not answered. */
static sem_t sent;
static int sent_count, committed_count, waited_count, member_error_count;
static uint64_t committed_number; /* Of the commit that the last one came from. */
static rd_kafka_resp_err_t taken_err, member_err;
static void (*at_member_error)(void); /* What the member does about it; or NULL. */

/* The coordinator */

void rk_coordinator_send(struct rk_coordinator *coordinator, struct rk_request *request)
{
    RK_ASSERT(!coordinator && !under_way);
    under_way = request;
    sent_count++;
    sem_post(&sent);
}

unsigned rk_coordinator_take_error(struct rk_coordinator *coordinator,
                                   const struct rk_request *request, rd_kafka_resp_err_t err)
{
    (void)coordinator;
    taken_err = err;
    return rk_error_policy_find((enum rk_api_key)request->api->key, err);
}

/* Who asks */

struct asked {
    struct rk_commit *commit;
    int ended;
};

static struct asked asked[COMMITS];

static void on_done(struct rk_commit *commit)
{
    struct asked *one = commit->owner;
    one->ended++;
    one->commit = commit;
}

static void on_committed(struct rk_committer *it, const rd_kafka_topic_partition_t *entry)
{
    rk_on_background(background);
    committed_number = 0;
    while (!rk_committer_is_up_to(it, committed_number, entry))
        committed_number++;
    committed_count++;
}

static void on_member_error(struct rk_committer *it, rd_kafka_resp_err_t err)
{
    (void)it;
    member_err = err;
    member_error_count++;
    if (at_member_error)
        at_member_error();
}

static void on_waited(struct rk_commit_waiter *waiter)
{
    (void)waiter;
    waited_count++;
}

/* "t0=5 u1=6": topic, partition, offset of one digit; "-" is none. */
static rd_kafka_topic_partition_list_t *list_of(const char *text)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    for (; *text; text += 4 + (text[4] == ' ')) {
        char topic[2] = {text[0], '\0'};
        rk_partition_list_add(list, topic, text[1] - '0')->offset =
            text[3] == '-' ? RD_KAFKA_OFFSET_INVALID : text[3] - '0';
    }
    return list;
}

struct wish {
    int number;
    const char *offsets;
    uint64_t deadline_us;
};

static void run_commit(void *argument)
{
    const struct wish *wish = argument;
    rk_on_background(background);
    asked[wish->number] = (struct asked){0};
    struct rk_commit *commit =
        rk_commit_new(list_of(wish->offsets), wish->deadline_us, on_done, &asked[wish->number]);
    asked[wish->number].commit = commit;
    rk_committer_commit(&committer, commit);
}

static void commit(int number, const char *offsets)
{
    struct wish wish = {number, offsets, rk_clock_now_us() + FAR_US};
    on_background(run_commit, &wish);
}

static void commit_until(int number, const char *offsets, uint64_t deadline_us)
{
    struct wish wish = {number, offsets, deadline_us};
    on_background(run_commit, &wish);
}

/* The outcome of a commit, and of each of its partitions in the order they were given. */
static void expect_outcome(int number, rd_kafka_resp_err_t err, rd_kafka_resp_err_t first,
                           rd_kafka_resp_err_t second)
{
    const struct rk_commit *one = asked[number].commit;
    assert_int_equal(asked[number].ended, 1);
    assert_int_equal(one->err, err);
    if (one->offsets->cnt > 0)
        assert_int_equal(one->offsets->elems[0].err, first);
    if (one->offsets->cnt > 1)
        assert_int_equal(one->offsets->elems[1].err, second);
    rk_commit_destroy(asked[number].commit);
    asked[number].commit = NULL;
}

/* Requests */

static void expect_sent(const char *expected)
{
    char text[100] = "";
    size_t used = 0;
    await(&sent);
    const struct rk_offset_commit_request *message = under_way->message;
    for (int32_t t = 0; t < message->topics.count; t++) {
        const struct rk_offset_commit_request_topic *topic = &message->topics.items[t];
        for (int32_t i = 0; i < topic->partitions.count; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%d=%lld",
                                     used > 0 ? " " : "", topic->name,
                                     (int)topic->partitions.items[i].partition_index,
                                     (long long)topic->partitions.items[i].committed_offset);
    }
    assert_string_equal(text, expected);
}

/* Answers: by topic, partition and error, up to a NULL. */
struct told {
    const char *topic;
    int32_t partition;
    int err;
};

static struct rk_request *take_request(void)
{
    struct rk_request *request = under_way;
    under_way = NULL;
    request->version = 9;
    return request;
}

static void run_answer(void *argument)
{
    const struct told *told = argument;
    struct rk_request *request = take_request();
    struct rk_offset_commit_answer *answer = rk_request_try_alloc(request, sizeof(*answer));
    int count = 0;
    rk_on_background(background);
    while (told[count].topic)
        count++;
    answer->topics.items = rk_offset_commit_answer_topic_try_new(&request->arena, count);
    answer->topics.count = count;
    for (int i = 0; i < count; i++) {
        struct rk_offset_commit_answer_topic *topic = &answer->topics.items[i];
        topic->name = told[i].topic;
        topic->partitions.items = rk_offset_commit_answer_partition_try_new(&request->arena, 1);
        topic->partitions.count = 1;
        topic->partitions.items[0].partition_index = told[i].partition;
        topic->partitions.items[0].error_code = (int16_t)told[i].err;
    }
    request->answer = answer;
    request->on_done(request);
}

/* All of one topic together, as honest brokers do. */
static void run_answer_of_t(void *argument)
{
    const int *errors = argument;
    struct rk_request *request = take_request();
    const struct rk_offset_commit_request *message = request->message;
    struct rk_offset_commit_answer *answer = rk_request_try_alloc(request, sizeof(*answer));
    int32_t count = message->topics.items[0].partitions.count;
    rk_on_background(background);
    RK_ASSERT(message->topics.count == 1);
    answer->topics.items = rk_offset_commit_answer_topic_try_new(&request->arena, 1);
    answer->topics.count = 1;
    answer->topics.items[0].name = "t";
    answer->topics.items[0].partitions.items =
        rk_offset_commit_answer_partition_try_new(&request->arena, count);
    answer->topics.items[0].partitions.count = count;
    for (int32_t i = 0; i < count; i++) { /* In any order. */
        struct rk_offset_commit_answer_partition *to =
            &answer->topics.items[0].partitions.items[count - 1 - i];
        to->partition_index = message->topics.items[0].partitions.items[i].partition_index;
        to->error_code = (int16_t)errors[to->partition_index];
    }
    request->answer = answer;
    request->on_done(request);
}

/* Of partitions 0 and 1 of "t". */
static void answer_of_t(int first, int second)
{
    int errors[] = {first, second};
    on_background(run_answer_of_t, errors);
}

static void answer_all(const struct told *told)
{
    on_background(run_answer, (void *)(uintptr_t)told);
}

static void run_failure(void *argument)
{
    struct rk_request *request = take_request();
    rk_on_background(background);
    request->err = *(const rd_kafka_resp_err_t *)argument;
    request->on_done(request);
}

static void fail_request(rd_kafka_resp_err_t err)
{
    on_background(run_failure, &err);
}

/* Life */

static void run_init(void *argument)
{
    (void)argument;
    rk_committer_init(&committer, cluster, NULL, "group", &identity);
    committer.on_committed = on_committed;
    committer.on_member_error = on_member_error;
}

static void run_terminate(void *argument)
{
    (void)argument;
    rk_on_background(background);
    rk_committer_terminate(&committer);
}

static int begin(void **state)
{
    static const char *const soon[] = {"retry.backoff.ms", "1", "retry.backoff.max.ms", "1", NULL};
    (void)state;
    properties = soon;
    client_start(RD_KAFKA_CONSUMER);
    rk_membership_identity_init(&identity);
    memset(asked, 0, sizeof(asked));
    sent_count = committed_count = waited_count = member_error_count = 0;
    taken_err = member_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    at_member_error = NULL;
    sem_init(&sent, 0, 0);
    on_background(run_init, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    on_background(run_terminate, NULL);
    if (under_way)
        fail_request(RD_KAFKA_RESP_ERR__DESTROY);
    for (int i = 0; i < COMMITS; i++) {
        if (asked[i].commit)
            rk_commit_destroy(asked[i].commit);
    }
    client_end();
    rk_committer_clear(&committer);
    sem_destroy(&sent);
    return 0;
}

/* Tests */

static void run_look(void *argument)
{
    bool *busy = argument;
    rk_on_background(background);
    *busy = rk_committer_is_busy(&committer);
}

static bool is_busy(void)
{
    bool busy;
    on_background(run_look, &busy);
    return busy;
}

static void one_request_at_a_time(void **state)
{
    (void)state;
    commit(0, "t0=5");
    expect_sent("t0=5");
    commit(1, "t0=7 t1=1");
    commit(2, "t0=6"); /* The last that was asked for counts, whatever it is. */
    assert_int_equal(sent_count, 1);
    answer_of_t(0, 0);
    assert_int_equal(committed_number, 1);
    expect_outcome(0, 0, 0, 0);
    assert_int_equal(asked[1].ended, 0);
    expect_sent("t0=6 t1=1");
    answer_of_t(0, 0);
    expect_outcome(1, 0, 0, 0);
    expect_outcome(2, 0, 0, 0);
    assert_int_equal(committed_count, 3);
    assert_int_equal(committed_number, 2); /* Of t1, which the third does not have. */
    commit(0, "t0=1");
    expect_sent("t0=1");
    commit(1, "t0=7 t1=1");
    commit(2, "t1=6");
    answer_of_t(0, 0);
    expect_sent("t0=7 t1=6");
    answer_of_t(0, 0);
    assert_int_equal(committed_number, 6);
    assert_false(is_busy());
}

static void each_partition_has_its_outcome(void **state)
{
    (void)state;
    const rd_kafka_resp_err_t too_large = RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    commit(0, "t0=5 t1=6");
    expect_sent("t0=5 t1=6");
    answer_of_t(too_large, 0);
    expect_outcome(0, 0, too_large, 0); /* One was committed. */
    assert_int_equal(taken_err, too_large);
    commit(0, "t0=5 t1=6");
    expect_sent("t0=5 t1=6");
    const rd_kafka_resp_err_t denied = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    answer_of_t(too_large, denied);
    expect_outcome(0, denied, too_large, denied);
    assert_int_equal(committed_count, 1);
}

static void nothing_to_commit(void **state)
{
    (void)state;
    commit(0, "");
    expect_outcome(0, RD_KAFKA_RESP_ERR__NO_OFFSET, 0, 0);
    commit(0, "t0=- t1=-");
    expect_outcome(0, RD_KAFKA_RESP_ERR__NO_OFFSET, 0, 0);
    commit(0, "t0=- t1=4");
    expect_sent("t1=4");
    assert_int_equal(sent_count, 1);
}

/* Only what did not succeed, and nothing older than what was asked for since. */
static void what_may_pass_is_tried_again(void **state)
{
    (void)state;
    commit(0, "t0=5 t1=6");
    expect_sent("t0=5 t1=6");
    commit(1, "t1=8");
    answer_of_t(0, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    assert_int_equal(asked[0].ended, 0);
    expect_sent("t1=8");
    fail_request(RD_KAFKA_RESP_ERR__TRANSPORT);
    expect_sent("t1=8");
    answer_of_t(0, 0);
    expect_outcome(0, 0, 0, 0);
    expect_outcome(1, 0, 0, 0);
    assert_int_equal(committed_count, 2);
}

static void until_the_deadline(void **state)
{
    (void)state;
    commit(0, "t0=5");
    expect_sent("t0=5");
    commit_until(1, "t0=6", PAST);
    answer_of_t(0, 0);
    expect_outcome(1, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT, 0);
    assert_int_equal(sent_count, 1);
    expect_outcome(0, 0, 0, 0);
    commit(0, "t0=5");
    expect_sent("t0=5");
    asked[0].commit->deadline_us = PAST; /* It passes while the request is under way. */
    answer_of_t(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0);
    expect_outcome(0, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                   RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0);
}

/* An answer about others says nothing of these; who goes on so is not asked for ever. */
static void answers_about_something_else(void **state)
{
    (void)state;
    static const struct told others[] = {{"u", 0, 0}, {"t", 7, 0}, {"t", -1, 0},
                                         {"t", 0, 0}, {"t", 0, 0}, {NULL, 0, 0}};
    static const struct told true_ones[] = {{"t", 0, 0}, {NULL, 0, 0}};
    commit(0, "t0=5 t1=6");
    for (int i = 0; i < RK_COORDINATOR_BAD_ANSWERS_MAX; i++) {
        expect_sent("t0=5 t1=6");
        assert_int_equal(asked[0].ended, 0);
        answer_all(others);
        assert_int_equal(taken_err, RD_KAFKA_RESP_ERR__BAD_MSG);
    }
    expect_outcome(0, RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__BAD_MSG,
                   RD_KAFKA_RESP_ERR__BAD_MSG);
    commit(0, "t0=5");
    expect_sent("t0=5");
    answer_all(true_ones);
    expect_outcome(0, 0, 0, 0);
}

/* What is said of a member reaches it, unless it is another by now. */
static void errors_of_members(void **state)
{
    (void)state;
    identity.generation = 3;
    identity.member_id = "me";
    commit(0, "t0=5");
    expect_sent("t0=5");
    const struct rk_offset_commit_request *message = under_way->message;
    assert_int_equal(message->generation_id_or_member_epoch, 3);
    assert_string_equal(message->member_id, "me");
    answer_of_t(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 0);
    expect_outcome(0, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                   0);
    assert_int_equal(member_error_count, 1);
    assert_int_equal(member_err, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    commit(0, "t0=5");
    expect_sent("t0=5");
    identity.generation = 4;
    answer_of_t(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 0);
    expect_outcome(0, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 0);
    assert_int_equal(member_error_count, 1);
}

static void commit_at_once(void)
{
    struct wish wish = {1, "t0=6 u0=7", rk_clock_now_us() + FAR_US};
    run_commit(&wish);
}

/* It settles something, and that is committed: after the answer has been looked at. */
static void the_member_commits_when_it_is_told(void **state)
{
    (void)state;
    const rd_kafka_resp_err_t rebalance = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    identity.generation = 3;
    identity.member_id = "me";
    at_member_error = commit_at_once;
    commit(0, "t0=5 t1=5");
    expect_sent("t0=5 t1=5");
    answer_of_t(rebalance, 0);
    assert_int_equal(member_error_count, 1);
    expect_outcome(0, 0, rebalance, 0);
    assert_int_equal(committed_count, 1);
    assert_int_equal(asked[1].ended, 0);
    static const struct told both[] = {{"t", 0, 0}, {"u", 0, 0}, {NULL, 0, 0}};
    expect_sent("t0=6 u0=7");
    answer_all(both);
    expect_outcome(1, 0, 0, 0);
    assert_int_equal(committed_count, 3);
    assert_int_equal(sent_count, 2);
    assert_false(is_busy());
}

/* The epoch may have moved on while the request was under way: a few times. */
static void stale_epochs(void **state)
{
    (void)state;
    const rd_kafka_resp_err_t stale = RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH;
    enum { ATTEMPTS = 10 };
    identity.is_consumer = true;
    identity.member_id = "me";
    identity.generation = 1;
    commit(0, "t0=5");
    for (int i = 0; i < ATTEMPTS; i++) {
        expect_sent("t0=5");
        assert_int_equal(under_way->min_version, 9);
        assert_int_equal(
            ((struct rk_offset_commit_request *)under_way->message)->generation_id_or_member_epoch,
            identity.generation);
        identity.generation++;
        answer_of_t(stale, 0);
    }
    expect_outcome(0, stale, stale, 0);
    commit(0, "t0=5");
    expect_sent("t0=5");
    identity.generation = -1; /* No member any more. */
    answer_of_t(stale, 0);
    expect_outcome(0, stale, stale, 0);
    identity.is_consumer = false;
    identity.generation = 1;
    commit(0, "t0=5");
    expect_sent("t0=5");
    answer_of_t(stale, 0);
    expect_outcome(0, stale, stale, 0);
}

/* Without the id of each topic no version that names them by it. */
static void versions(void **state)
{
    (void)state;
    identity.generation = 1;
    identity.instance_id = "static";
    commit(0, "t0=5");
    expect_sent("t0=5");
    const struct rk_offset_commit_request *message = under_way->message;
    assert_int_equal(under_way->max_version, 9);
    assert_string_equal(message->group_instance_id, "static");
    under_way->version = 6;
    under_way->prepare(under_way);
    assert_null(message->group_instance_id);
    answer_of_t(0, 0);
    expect_outcome(0, 0, 0, 0);
}

static struct rk_commit_waiter waiter = {.on_committed = on_waited};

static void run_wait(void *argument)
{
    (void)argument;
    rk_on_background(background);
    rk_committer_wait(&committer, &waiter);
}

/* For what was asked for before, not for what comes after. */
static void who_waits_for_all_before(void **state)
{
    (void)state;
    on_background(run_wait, NULL);
    assert_int_equal(waited_count, 1);
    commit(0, "t0=5");
    expect_sent("t0=5");
    commit(1, "t0=6");
    on_background(run_wait, NULL);
    answer_of_t(0, 0);
    assert_int_equal(waited_count, 1);
    expect_sent("t0=6");
    commit(2, "t0=7");
    answer_of_t(RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE, 0); /* An outcome, too. */
    assert_int_equal(waited_count, 2);
    expect_sent("t0=7");
}

static void the_end_is_an_outcome(void **state)
{
    (void)state;
    const rd_kafka_resp_err_t gone = RD_KAFKA_RESP_ERR__DESTROY;
    commit(0, "t0=5");
    expect_sent("t0=5");
    commit(1, "t1=6");
    on_background(run_wait, NULL);
    on_background(run_terminate, NULL);
    expect_outcome(0, gone, gone, 0);
    expect_outcome(1, gone, gone, 0);
    assert_int_equal(waited_count, 1);
    answer_of_t(0, 0); /* Too late. */
    assert_int_equal(committed_count, 0);
    commit(2, "t0=7");
    expect_outcome(2, gone, gone, 0);
    assert_int_equal(sent_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_request_at_a_time),
        TEST(each_partition_has_its_outcome),
        TEST(nothing_to_commit),
        TEST(what_may_pass_is_tried_again),
        TEST(until_the_deadline),
        TEST(answers_about_something_else),
        TEST(errors_of_members),
        TEST(the_member_commits_when_it_is_told),
        TEST(stale_epochs),
        TEST(versions),
        TEST(who_waits_for_all_before),
        TEST(the_end_is_an_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
