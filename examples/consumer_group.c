/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A member of a consumer group: shares the partitions of topics with the other members, and commits
 * by hand what it has done.
 *
 *   consumer_group <bootstrap servers> <group> <assignor> <topic or ^pattern> ...
 *
 * Assignors: range, roundrobin, sticky, cooperative-sticky. The rebalance callback works for all.
 * Values go to standard output, one per line. A message counts as done when its line was written;
 * every 100 of them, and before partitions are given up, the offsets are committed.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* What was stored is committed; waits for the answer. */
static void commit(rd_kafka_t *consumer)
{
    rd_kafka_resp_err_t error;

    if (fflush(stdout)) { /* A line that is only in the buffer would be lost with us. */
        perror("standard output");
        return;
    }
    error = rd_kafka_commit(consumer, NULL, 0);
    /* There may be nothing new to commit. */
    if (error && error != RD_KAFKA_RESP_ERR__NO_OFFSET)
        fprintf(stderr, "not committed: %s\n", rd_kafka_err2str(error));
}

/* Runs inside rd_kafka_consumer_poll() and rd_kafka_consumer_close(). Until it has assigned or
 * unassigned, nothing more of these partitions is handed out. */
static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t what,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    int is_cooperative = strcmp(rd_kafka_rebalance_protocol(consumer), "COOPERATIVE") == 0;
    int is_lost = rd_kafka_assignment_lost(consumer);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_t *error = NULL;

    (void)opaque;
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        fprintf(stderr, "%d partitions more\n", partitions->cnt);
        if (is_cooperative)
            error = rd_kafka_incremental_assign(consumer, partitions);
        else
            code = rd_kafka_assign(consumer, partitions);
    } else {
        fprintf(stderr, "%d partitions less%s\n", partitions->cnt, is_lost ? ", lost" : "");
        if (!is_lost)
            commit(consumer); /* Whoever gets them goes on from there. */
        if (is_cooperative)
            error = rd_kafka_incremental_unassign(consumer, partitions);
        else
            code = rd_kafka_assign(consumer, NULL);
    }
    if (error || code)
        fprintf(stderr, "rebalance: %s\n",
                error ? rd_kafka_error_string(error) : rd_kafka_err2str(code));
    if (error)
        rd_kafka_error_destroy(error);
}

static rd_kafka_t *new_member(const char *bootstrap_servers, const char *group,
                              const char *assignor)
{
    const char *properties[][2] = {
        {"bootstrap.servers", bootstrap_servers},    {"group.id", group},
        {"partition.assignment.strategy", assignor}, {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"}, /* A message is stored when it was dealt with. */
        {"auto.offset.reset", "earliest"},
    };
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *consumer;

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], error, sizeof(error)))
            goto failed;
    }
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (consumer) {
        rd_kafka_poll_set_consumer(consumer); /* One queue for messages and for errors. */
        return consumer;
    }
failed:
    fprintf(stderr, "no consumer: %s\n", error);
    rd_kafka_conf_destroy(conf);
    return NULL;
}

static int subscribe(rd_kafka_t *consumer, char **topics, int count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_resp_err_t error;

    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    error = rd_kafka_subscribe(consumer, list);
    if (error)
        fprintf(stderr, "not subscribed: %s\n", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(list);
    return error ? -1 : 0;
}

/* Until a signal comes: 0, or an error that does not pass: -1. */
static int consume(rd_kafka_t *consumer)
{
    long messages = 0;
    int is_over = 0;

    while (!stop && !is_over) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 500);
        rd_kafka_error_t *error = NULL;

        if (!message)
            continue; /* Nothing arrived in half a second. */
        if (message->err) {
            fprintf(stderr, "%s\n", rd_kafka_message_errstr(message));
            is_over = message->err == RD_KAFKA_RESP_ERR__FATAL; /* All others may pass. */
        } else {
            fwrite(message->payload, 1, message->len, stdout);
            putchar('\n');
            error = rd_kafka_offset_store_message(message);
            if (!error && ++messages % 100 == 0)
                commit(consumer);
        }
        if (error) {
            fprintf(stderr, "%s\n", rd_kafka_error_string(error));
            rd_kafka_error_destroy(error);
        }
        rd_kafka_message_destroy(message);
    }
    fprintf(stderr, "%ld messages\n", messages);
    return is_over ? -1 : 0;
}

int main(int argc, char **argv)
{
    /* SA_RESETHAND: a second Control-C ends at once. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    rd_kafka_t *consumer;
    int result;

    if (argc < 5) {
        fprintf(stderr, "usage: %s <bootstrap servers> <group> <assignor> <topic> ...\n", argv[0]);
        return 2;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    consumer = new_member(argv[1], argv[2], argv[3]);
    if (!consumer)
        return 1;
    result = subscribe(consumer, argv + 4, argc - 4);
    if (result == 0)
        result = consume(consumer);
    rd_kafka_consumer_close(consumer); /* Gives up the partitions, and leaves the group. */
    rd_kafka_destroy(consumer);
    return result == 0 ? 0 : 1;
}
