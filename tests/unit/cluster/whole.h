/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole cluster against a peer that is all of its brokers.
 */
#ifndef RK_TEST_CLUSTER_WHOLE_H
#define RK_TEST_CLUSTER_WHOLE_H

#include "client.h"
#include "peer.h"

enum { NOTES = 64 };

/* The observer's notes. */
static struct {
    struct rk_cluster_observer observer;
    sem_t told;
    _Atomic int count;
    int read; /* By the test. */
    struct {
        char topic[16];
        enum rk_topic_state state;
        int partition_count; /* -1: no data. */
        int32_t leader;      /* Of the first partition. */
    } notes[NOTES];
} watch;

static inline void on_topic(struct rk_cluster_observer *observer, rd_kafka_topic_t *topic,
                            const struct rk_snapshot_topic *data,
                            const struct rk_snapshot *snapshot)
{
    int i = atomic_load(&watch.count);
    (void)observer;
    (void)snapshot;
    if (i < NOTES) {
        snprintf(watch.notes[i].topic, sizeof(watch.notes[i].topic), "%s", topic->base.name);
        watch.notes[i].state = topic->known.state;
        watch.notes[i].partition_count = data ? data->partition_count : -1;
        watch.notes[i].leader = data && data->partition_count ? data->partitions[0].leader : -1;
    }
    atomic_store(&watch.count, i + 1);
    sem_post(&watch.told);
}

static inline void *attach(struct rk_cluster_observer *observer, struct rk_broker *broker)
{
    (void)observer;
    return broker;
}

static inline void detach(struct rk_cluster_observer *observer, struct rk_broker *broker,
                          void *worker)
{
    (void)observer;
    assert_ptr_equal(worker, broker);
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

static inline const char *const *common(const char *name, const char *value)
{
    static const char *all[16];
    static char servers[64];
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", peer_port);
    const char *const fixed[] = {"bootstrap.servers",
                                 servers,
                                 "reconnect.backoff.ms",
                                 "10",
                                 "reconnect.backoff.max.ms",
                                 "50",
                                 "retry.backoff.max.ms",
                                 "400",
                                 "allow.auto.create.topics",
                                 "false",
                                 name,
                                 value,
                                 NULL};
    memcpy(all, fixed, sizeof(fixed));
    return all;
}

static inline void observe(void)
{
    memset(&watch, 0, sizeof(watch));
    sem_init(&watch.told, 0, 0);
    watch.observer =
        (struct rk_cluster_observer){.on_topic = on_topic, .attach = attach, .detach = detach};
    rk_cluster_set_observer(cluster, &watch.observer);
}

/* Started, with properties of its own: at most three, NULL at the end. */
static inline void start_with_list(const char *const *own)
{
    static const char *all[20];
    int count = 0;
    for (const char *const *one = common(NULL, NULL); *one; one++)
        all[count++] = *one;
    while (*own)
        all[count++] = *own++;
    all[count] = NULL;
    properties = all;
    client_start(RD_KAFKA_PRODUCER);
    observe();
    rk_cluster_post_start(cluster);
}

/* Started, with one property of its own (NULL: none). */
static inline void start_with(const char *name, const char *value)
{
    properties = common(name, value);
    client_start(RD_KAFKA_PRODUCER);
    observe();
    rk_cluster_post_start(cluster);
}

static inline rd_kafka_topic_t *topic_of(const char *name)
{
    return rk_topic_registry_find_or_add(rk_cluster_topics(cluster), name, NULL, NULL);
}

static inline void want(const char *name)
{
    rk_cluster_post_refresh(cluster, topic_of(name), "the test wants it");
}

static inline void do_nothing(void *argument)
{
    (void)argument;
}

/* What was posted before has been delivered. */
static inline void settle_background(void)
{
    on_background(do_nothing, NULL);
}

/* The peer's side: what it says about a topic. */

struct says {
    const char *topic; /* NULL: the end. */
    int err;
    int partitions;
    int32_t leader;
    int32_t epoch;
};

static inline void fill(struct rk_metadata_answer *answer, struct rk_arena *arena, int broker_count,
                        const struct says *says)
{
    rk_metadata_answer_init(answer);
    answer->cluster_id = "cluster";
    answer->controller_id = 1;
    answer->brokers.items = rk_metadata_answer_broker_try_new(arena, broker_count);
    answer->brokers.count = broker_count;
    for (int i = 0; i < broker_count; i++) {
        answer->brokers.items[i].node_id = i + 1;
        answer->brokers.items[i].host = "127.0.0.1";
        answer->brokers.items[i].port = peer_port;
    }
    answer->topics.items = rk_metadata_answer_topic_try_new(arena, 10);
    for (; says && says->topic; says++) {
        struct rk_metadata_answer_topic *topic = &answer->topics.items[answer->topics.count++];
        topic->name = says->topic;
        topic->error_code = (int16_t)says->err;
        topic->partitions.count = says->partitions;
        topic->partitions.items = rk_metadata_answer_partition_try_new(arena, says->partitions);
        for (int i = 0; i < says->partitions; i++) {
            topic->partitions.items[i].partition_index = i;
            topic->partitions.items[i].leader_id = says->leader;
            topic->partitions.items[i].leader_epoch = says->epoch;
        }
    }
}

/* Topics in the request, in the order of the alphabet, as "a,b,". */
static inline void names_in(const struct peer_request *request, char *names)
{
    const struct rk_metadata_request *message = request->message;
    *names = '\0';
    for (char name = 'a'; name <= 'z'; name++)
        for (int i = 0; i < message->topics.count; i++)
            if (message->topics.items[i].name[0] == name) {
                strcat(names, message->topics.items[i].name);
                strcat(names, ",");
            }
}

static inline void expect_asked(int fd, struct peer_request *request, const char *expected)
{
    char names[256];
    peer_take(fd, RK_API_METADATA, request);
    names_in(request, names);
    assert_string_equal(names, expected);
}

static inline void say(int fd, struct peer_request *request, int broker_count,
                       const struct says *says)
{
    struct rk_metadata_answer answer;
    fill(&answer, &request->arena, broker_count, says);
    peer_answer(fd, request, &answer);
}

static inline void answer_about(int fd, const char *expected, int broker_count,
                                const struct says *says)
{
    struct peer_request request;
    expect_asked(fd, &request, expected);
    say(fd, &request, broker_count, says);
}

static inline void expect_silence(int fd, int for_ms)
{
    if (peer_is_ready(fd, for_ms))
        fail_msg("the client sends something");
}

static inline void expect_told(const char *topic, enum rk_topic_state state, int partition_count,
                               int32_t leader)
{
    await(&watch.told);
    int i = watch.read++;
    assert_true(i < NOTES);
    assert_string_equal(watch.notes[i].topic, topic);
    assert_int_equal(watch.notes[i].state, state);
    assert_int_equal(watch.notes[i].partition_count, partition_count);
    assert_int_equal(watch.notes[i].leader, leader);
}

/* An application thread that waits for a query. */

struct asker {
    struct rk_thread *thread;
    const char *const *topics;
    int count;
    uint64_t timeout_us;
    rd_kafka_resp_err_t err;
    struct rk_snapshot *answer;
    uint64_t waited_us;
};

static inline void run_asker(void *argument)
{
    struct asker *asker = argument;
    uint64_t before_us = rk_clock_now_us();
    asker->err = rk_cluster_query(cluster, asker->topics, asker->count,
                                  before_us + asker->timeout_us, &asker->answer);
    asker->waited_us = rk_clock_now_us() - before_us;
}

static inline void ask(struct asker *asker, const char *const *topics, int count,
                       uint64_t timeout_us)
{
    *asker = (struct asker){.topics = topics, .count = count, .timeout_us = timeout_us};
    asker->thread = rk_thread_start("asker", run_asker, asker);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
