/* SPDX-License-Identifier: BSD-2-Clause */
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <librdkafka/rdkafka_mock.h>

#define DEMO_BROKERS    3
#define DEMO_PARTITIONS 8
#define TROUBLE_MS      8000 /* How long something is broken, or nothing. */
#define STEP_MS         20

int64_t workload_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool set(struct workload *workload, const char *name, const char *value)
{
    char error[512];
    if (rd_kafka_conf_set(workload->conf, name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK)
        return true;
    fprintf(stderr, "%s\n", error);
    return false;
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    struct workload *workload = opaque;
    (void)rk;
    (void)size;
    workload->on_statistics(json, workload->opaque);
    return 0; /* The library frees it. */
}

/* Their effect is in the statistics. */
static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
    (void)rk;
    (void)error;
    (void)reason;
    (void)opaque;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text; /* The terminal belongs to the program. */
}

void workload_init(struct workload *workload,
                   void (*on_statistics_json)(const char *json, void *opaque), void *opaque)
{
    *workload = (struct workload){.on_statistics = on_statistics_json,
                                  .opaque = opaque,
                                  .conf = rd_kafka_conf_new(),
                                  .rate = 1000,
                                  .interval_ms = 1000};
    rd_kafka_conf_set_opaque(workload->conf, workload);
    rd_kafka_conf_set_stats_cb(workload->conf, on_statistics);
    rd_kafka_conf_set_error_cb(workload->conf, on_error);
    rd_kafka_conf_set_log_cb(workload->conf, on_log);
}

static bool set_property(struct workload *workload, const char *argument)
{
    char name[128];
    size_t size = strcspn(argument, "=");
    if (argument[size] != '=' || size >= sizeof(name)) {
        fprintf(stderr, "-X %s: not a property and its value\n", argument);
        return false;
    }
    memcpy(name, argument, size);
    name[size] = '\0';
    return set(workload, name, argument + size + 1);
}

bool workload_option(struct workload *workload, int option, const char *argument)
{
    switch (option) {
    case 'C':
    case 'P':
        workload->consumes = option == 'C';
        return true;
    case 'd':
        workload->is_demo = true;
        return true;
    case 'r':
        workload->rate = atoi(argument);
        return workload->rate >= 0;
    case 'i':
        workload->interval_ms = atoi(argument);
        return workload->interval_ms > 0;
    case 'X':
        return set_property(workload, argument);
    }
    return false;
}

/* All partitions of the topic, from their beginning. */
static bool assign(struct workload *workload)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(workload->rk, workload->topic, NULL);
    rd_kafka_resp_err_t error = rd_kafka_metadata(workload->rk, 0, topic, &metadata, 10000);
    rd_kafka_topic_destroy(topic);
    if (error) {
        fprintf(stderr, "%s: %s\n", workload->topic, rd_kafka_err2str(error));
        return false;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(list, workload->topic, i)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_metadata_destroy(metadata);
    error = rd_kafka_assign(workload->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_poll_set_consumer(workload->rk);
    return !error;
}

static bool set_all(struct workload *workload)
{
    char interval[32], brokers[32];
    snprintf(interval, sizeof(interval), "%d", workload->interval_ms);
    snprintf(brokers, sizeof(brokers), "%d", DEMO_BROKERS);
    return set(workload, "statistics.interval.ms", interval) &&
           (!workload->consumes || set(workload, "group.id", "workload")) &&
           set(workload, workload->is_demo ? "test.mock.num.brokers" : "bootstrap.servers",
               workload->is_demo ? brokers : workload->servers);
}

/* In a demonstration there is nothing to consume unless somebody produces it. */
static bool start_feeder(struct workload *workload)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *servers =
        rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(workload->rk));
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (rd_kafka_conf_set(conf, "bootstrap.servers", servers, error, sizeof(error)) ==
        RD_KAFKA_CONF_OK)
        workload->feeder = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!workload->feeder) {
        fprintf(stderr, "no producer: %s\n", error);
        rd_kafka_conf_destroy(conf);
    }
    return workload->feeder != NULL;
}

bool workload_start(struct workload *workload, int argc, char **argv)
{
    char error[512] = "too few or too many arguments";
    int wanted = workload->is_demo ? 0 : 2;
    workload->servers = argc > 0 ? argv[0] : "";
    workload->topic = argc > 1 ? argv[1] : "orders";
    if (argc == wanted && set_all(workload)) {
        workload->rk = rd_kafka_new(workload->consumes ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER,
                                    workload->conf, error, sizeof(error));
    }
    if (!workload->rk)
        goto failed;
    workload->conf = NULL;
    workload->began_ms = workload_now_ms();
    if (workload->is_demo)
        rd_kafka_mock_topic_create(rd_kafka_handle_mock_cluster(workload->rk), workload->topic,
                                   DEMO_PARTITIONS, 1);
    if (!workload->consumes)
        return true;
    return assign(workload) && (!workload->is_demo || start_feeder(workload));
failed:
    fprintf(stderr, "no client: %s\n", error);
    if (workload->conf)
        rd_kafka_conf_destroy(workload->conf);
    return false;
}

/* In turn: nothing, a partition without a leader, nothing, a broker that cannot be reached. */
static void make_trouble(struct workload *workload, int64_t now_ms)
{
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(workload->rk);
    int trouble = (int)((now_ms - workload->began_ms) / TROUBLE_MS % 4);
    if (!workload->is_demo || trouble == workload->trouble)
        return;
    workload->trouble = trouble;
    rd_kafka_mock_partition_set_leader(cluster, workload->topic, 2, trouble == 1 ? -1 : 3);
    if (trouble == 3)
        rd_kafka_mock_broker_set_down(cluster, 2);
    else
        rd_kafka_mock_broker_set_up(cluster, 2);
}

static void produce(struct workload *workload, rd_kafka_t *rk, int64_t now_ms)
{
    static const char value[200] = "a message of the workload";
    int64_t due = (now_ms - workload->began_ms) * workload->rate / 1000;
    for (; workload->sent < due; workload->sent++) {
        char key[32];
        snprintf(key, sizeof(key), "%lld", (long long)workload->sent);
        if (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(workload->topic),
                              RD_KAFKA_V_KEY(key, strlen(key)),
                              RD_KAFKA_V_VALUE((void *)(uintptr_t)value, sizeof(value)),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END))
            return; /* The queue is full: what is due is made up for later. */
    }
}

/* As much as comes until then. */
static void consume(struct workload *workload, int64_t until_ms)
{
    int64_t left_ms;
    while ((left_ms = until_ms - workload_now_ms()) >= 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(workload->rk, (int)left_ms);
        if (message)
            rd_kafka_message_destroy(message);
    }
}

void workload_run(struct workload *workload, int timeout_ms)
{
    int64_t until_ms = workload_now_ms() + timeout_ms, now_ms;
    do {
        now_ms = workload_now_ms();
        make_trouble(workload, now_ms);
        if (workload->feeder) {
            produce(workload, workload->feeder, now_ms);
            rd_kafka_poll(workload->feeder, 0);
        }
        if (workload->consumes) {
            consume(workload, now_ms + STEP_MS);
        } else {
            produce(workload, workload->rk, now_ms);
            rd_kafka_poll(workload->rk, STEP_MS);
        }
    } while (now_ms < until_ms);
}

void workload_stop(struct workload *workload)
{
    if (!workload->rk)
        return;
    if (workload->feeder)
        rd_kafka_destroy(workload->feeder);
    if (!workload->consumes) {
        rd_kafka_flush(workload->rk, 1000);
        rd_kafka_purge(workload->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
    rd_kafka_destroy(workload->rk);
}
