/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmark: a member of a group, which tells when things happen to it. It uses the public API
 * only, so that LD_LIBRARY_PATH decides which library is measured.
 *
 *     member <bootstrap> <group> <topic> [name=value ...]
 *
 * Prints, with the monotonic clock's milliseconds: `subscribe T` once, `assign T PARTITION...` and
 * `revoke T PARTITION...` whenever that happens, and `message T PARTITION` for the first message of
 * each partition after each assignment. Runs until it is killed; SIGTERM has it leave the group and
 * end.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

enum { POLL_MS = 100, PARTITIONS = 64 };

static char is_new[PARTITIONS];
static volatile sig_atomic_t is_ending;

static void on_signal(int number)
{
    (void)number;
    is_ending = 1;
}

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void check(rd_kafka_resp_err_t error, const char *what)
{
    if (!error)
        return;
    fprintf(stderr, "%s: %s\n", what, rd_kafka_err2str(error));
    exit(1);
}

static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t error,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    int is_assign = error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

    (void)opaque;
    printf("%s %.3f", is_assign ? "assign" : "revoke", now_ms());
    for (int i = 0; i < partitions->cnt; i++) {
        int32_t partition = partitions->elems[i].partition;

        if (partition < PARTITIONS)
            is_new[partition] = (char)is_assign;
        printf(" %" PRId32, partition);
    }
    printf("\n");
    if (strcmp(rd_kafka_rebalance_protocol(client), "COOPERATIVE") == 0)
        rd_kafka_error_destroy(is_assign ? rd_kafka_incremental_assign(client, partitions)
                                         : rd_kafka_incremental_unassign(client, partitions));
    else
        check(rd_kafka_assign(client, is_assign ? partitions : NULL), "assign");
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", text);
        exit(1);
    }
}

static rd_kafka_t *join(int argc, char **argv)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *client;
    char text[256];

    set(conf, "bootstrap.servers", argv[1]);
    set(conf, "group.id", argv[2]);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');

        if (value) {
            *value = '\0';
            set(conf, argv[i], value + 1);
        }
    }
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!client) {
        fprintf(stderr, "%s\n", text);
        exit(1);
    }
    check(rd_kafka_poll_set_consumer(client), "poll_set_consumer");
    rd_kafka_topic_partition_list_add(topics, argv[3], RD_KAFKA_PARTITION_UA);
    printf("subscribe %.3f\n", now_ms());
    check(rd_kafka_subscribe(client, topics), "subscribe");
    rd_kafka_topic_partition_list_destroy(topics);
    return client;
}

int main(int argc, char **argv)
{
    rd_kafka_t *client;

    if (argc < 4) {
        fprintf(stderr, "Usage: %s <bootstrap> <group> <topic> [name=value ...]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGTERM, on_signal);
    client = join(argc, argv);
    while (!is_ending) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, POLL_MS);

        if (message && !message->err && message->partition < PARTITIONS &&
            is_new[message->partition]) {
            is_new[message->partition] = 0;
            printf("message %.3f %" PRId32 "\n", now_ms(), message->partition);
        }
        if (message)
            rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
