/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmark: keeps the partitions of a topic flowing, so that members of a group can be seen to
 * consume. It is no part of what is measured.
 *
 *     feed <bootstrap> <topic> <partitions> <milliseconds>
 *
 * Produces one small message to each partition, again and again with that pause between. Runs until
 * it is killed.
 */
#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

static rd_kafka_t *producer(const char *bootstrap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client = NULL;
    char text[256];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof(text)) ||
        rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof(text)) ||
        !(client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text)))) {
        fprintf(stderr, "%s\n", text);
        exit(1);
    }
    return client;
}

int main(int argc, char **argv)
{
    rd_kafka_t *client;

    if (argc != 5) {
        fprintf(stderr, "Usage: %s <bootstrap> <topic> <partitions> <milliseconds>\n", argv[0]);
        return 2;
    }
    client = producer(argv[1]);
    for (;;) {
        for (int partition = 0; partition < atoi(argv[3]); partition++)
            rd_kafka_producev(client, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_PARTITION(partition),
                              RD_KAFKA_V_VALUE("message", 7),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        rd_kafka_poll(client, atoi(argv[4])); /* Nothing is told: it is the pause. */
    }
}
