/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A consumer without a group: reads partitions of a topic from their beginning.
 *
 *   consumer [-e] <bootstrap servers> <topic> [partition ...]
 *
 * Without partitions it reads all that the topic has. Values go to standard output, one per line.
 * With -e it ends when every partition was read to its end; otherwise it waits for more.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static rd_kafka_t *new_consumer(const char *bootstrap_servers)
{
    /* group.id is asked for by the consumer calls; assigned partitions never join the group. */
    const char *properties[][2] = {
        {"bootstrap.servers", bootstrap_servers}, {"group.id", "consumer-example"},
        {"enable.auto.commit", "false"},          {"enable.partition.eof", "true"},
        {"auto.offset.reset", "earliest"},
    };
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *consumer;

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], error, sizeof(error)))
            goto failed;
    }
    /* The configuration belongs to the consumer from here on, if it could be created. */
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

/* Asks the cluster how many partitions the topic has. Returns 0, with a message, if it has none. */
static int32_t count_partitions(rd_kafka_t *consumer, const char *name)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, name, NULL);
    rd_kafka_resp_err_t error = topic ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
    int32_t count = 0;

    if (!error)
        error = rd_kafka_metadata(consumer, 0, topic, &metadata, 10 * 1000);
    if (!error && metadata->topic_cnt == 1) {
        error = metadata->topics[0].err;
        count = metadata->topics[0].partition_cnt;
    }
    if (error)
        fprintf(stderr, "topic %s: %s\n", name, rd_kafka_err2str(error));
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    if (topic)
        rd_kafka_topic_destroy(topic);
    return error ? 0 : count;
}

/* Returns the number of partitions now being read, 0 when there was a problem. */
static int assign(rd_kafka_t *consumer, const char *topic, char **partitions, int count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_resp_err_t error;

    if (count > 0) {
        for (int i = 0; i < count; i++)
            rd_kafka_topic_partition_list_add(list, topic, atoi(partitions[i]));
    } else if ((count = count_partitions(consumer, topic)) > 0) {
        rd_kafka_topic_partition_list_add_range(list, topic, 0, count - 1);
    }
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;

    error = rd_kafka_assign(consumer, list); /* The list is copied. */
    if (error)
        fprintf(stderr, "not assigned: %s\n", rd_kafka_err2str(error));
    count = error ? 0 : list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

/* Reads until stopped, or until `count` partitions have ended. Returns the number of messages. */
static long consume(rd_kafka_t *consumer, int count, bool stop_at_end)
{
    long messages = 0;

    while (!stop && !(stop_at_end && count == 0)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 500);

        if (!message)
            continue; /* Nothing arrived in half a second. */
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            messages++;
            fwrite(message->payload, 1, message->len, stdout);
            putchar('\n');
        } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            count--;
            fprintf(stderr, "partition %d ends at offset %lld\n", (int)message->partition,
                    (long long)message->offset);
        } else {
            fprintf(stderr, "%s\n", rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
    }
    return messages;
}

int main(int argc, char **argv)
{
    /* SA_RESETHAND: a second Control-C ends at once. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    bool stop_at_end = argc > 1 && strcmp(argv[1], "-e") == 0;
    char **arguments = argv + 1 + stop_at_end;
    int argument_count = argc - 1 - stop_at_end, partition_count;
    rd_kafka_t *consumer;

    if (argument_count < 2) {
        fprintf(stderr, "usage: %s [-e] <bootstrap servers> <topic> [partition ...]\n", argv[0]);
        return 2;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    consumer = new_consumer(arguments[0]);
    if (!consumer)
        return 1;

    partition_count = assign(consumer, arguments[1], arguments + 2, argument_count - 2);
    if (partition_count > 0)
        fprintf(stderr, "%ld messages\n", consume(consumer, partition_count, stop_at_end));
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return partition_count > 0 ? 0 : 1;
}
