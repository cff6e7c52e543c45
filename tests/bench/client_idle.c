/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmark client: what a client costs that has nothing to do, and what it costs to make one. */
#include "client.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SETTLE_SECONDS = 2 };

struct task_counts {
    int threads;
    long wake_ups; /* Of all threads but this one: each return from a wait. */
};

static long read_wake_ups(const char *task)
{
    char path[300], line[256];
    long count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
    file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1)
            break;
    fclose(file);
    return count;
}

static struct task_counts count_tasks(void)
{
    struct task_counts counts = {0, 0};
    DIR *directory = opendir("/proc/self/task");
    struct dirent *entry;

    if (!directory)
        bench_fail("/proc/self/task cannot be read");
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        counts.threads++;
        if (atol(entry->d_name) != (long)getpid())
            counts.wake_ups += read_wake_ups(entry->d_name);
    }
    closedir(directory);
    return counts;
}

/* Lets time pass: what the library does meanwhile, unasked, is what is measured. */
static void pause_seconds(int seconds)
{
    struct timespec pause = {seconds, 0};

    nanosleep(&pause, NULL);
}

/* A member follows its rebalance while it polls. */
static void take_part(rd_kafka_t *client)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, SETTLE_SECONDS * 1000);

    if (message)
        rd_kafka_message_destroy(message);
}

/* A producer that has delivered one message, so that it is connected. */
static rd_kafka_t *used_producer(const struct bench_options *options)
{
    rd_kafka_t *client = bench_client(RD_KAFKA_PRODUCER, bench_conf(options));
    rd_kafka_resp_err_t error;

    error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(options->topic), RD_KAFKA_V_VALUE("{}", 2),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (!error)
        error = rd_kafka_flush(client, 10 * 1000);
    if (error)
        bench_fail("produce: %s", rd_kafka_err2str(error));
    return client;
}

void bench_idle(const struct bench_options *options, struct bench_result *result)
{
    struct task_counts before, after;
    int partition_count;
    rd_kafka_t *client =
        options->is_consumer ? bench_consumer(options, &partition_count) : used_producer(options);

    if (options->is_member)
        take_part(client);
    pause_seconds(SETTLE_SECONDS);
    before = count_tasks();
    bench_measure_start(result);
    pause_seconds(options->seconds);
    bench_measure_stop(result);
    after = count_tasks();
    result->messages = 1;
    snprintf(result->extra, sizeof(result->extra),
             ",\"seconds\":%d,\"threads\":%d,\"wake_ups\":%ld,\"wake_ups_per_s\":%.2f",
             options->seconds, after.threads, after.wake_ups - before.wake_ups,
             (double)(after.wake_ups - before.wake_ups) / result->wall_s);
    if (options->is_consumer)
        rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
}

/* A "message" here is a client: created and destroyed, with what it does in between on its own. */
void bench_create(const struct bench_options *options, struct bench_result *result)
{
    rd_kafka_type_t type = options->is_consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;

    for (long number = -options->messages / 10; number < options->messages; number++) {
        rd_kafka_conf_t *conf = bench_conf(options);

        if (number == 0)
            bench_measure_start(result);
        if (options->is_consumer)
            bench_conf_set(conf, "group.id", "bench");
        rd_kafka_destroy(bench_client(type, conf));
    }
    bench_measure_stop(result);
    result->messages = options->messages;
}
