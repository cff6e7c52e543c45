/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Kafka cluster in one small process, for the tests of any Kafka client.
 *
 *   mock_cluster [number of brokers] [topic:partitions ...]
 *
 * Prints the bootstrap servers on standard output as soon as the brokers listen, on ports of
 * 127.0.0.1 that the system chose, and serves until Control-C. Topics it does not know are created
 * when a client asks for them. Messages are kept in memory, the latest few megabytes per partition.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/* Creates the topic that "name:partitions" describes, on up to three brokers. */
static rd_kafka_resp_err_t create_topic(rd_kafka_mock_cluster_t *cluster, const char *description,
                                        int broker_count)
{
    const char *colon = strrchr(description, ':');
    int partition_count = colon ? atoi(colon + 1) : 0;
    char name[250];

    if (partition_count < 1 || (size_t)(colon - description) >= sizeof(name))
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    snprintf(name, sizeof(name), "%.*s", (int)(colon - description), description);
    return rd_kafka_mock_topic_create(cluster, name, partition_count,
                                      broker_count < 3 ? broker_count : 3);
}

int main(int argc, char **argv)
{
    int broker_count = argc > 1 ? atoi(argv[1]) : 1;
    int number, result = 0;
    char error[512];
    sigset_t signals;
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *cluster;

    if (broker_count < 1) {
        fprintf(stderr, "usage: %s [number of brokers] [topic:partitions ...]\n", argv[0]);
        return 2;
    }
    /* Blocked before any thread exists, so that all threads leave these to sigwait() below. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);

    /* The cluster needs a client to live in. This one never connects to anything. */
    handle = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, error, sizeof(error));
    if (!handle) {
        fprintf(stderr, "no client: %s\n", error);
        return 1;
    }
    cluster = rd_kafka_mock_cluster_new(handle, broker_count);
    if (!cluster) {
        fprintf(stderr, "no cluster of %d brokers\n", broker_count);
        rd_kafka_destroy(handle);
        return 1;
    }

    for (int i = 2; i < argc && !result; i++) {
        rd_kafka_resp_err_t failure = create_topic(cluster, argv[i], broker_count);

        if (failure) {
            fprintf(stderr, "topic %s: %s\n", argv[i], rd_kafka_err2str(failure));
            result = 1;
        }
    }
    if (!result) {
        printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
        fflush(stdout);
        sigwait(&signals, &number);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(handle);
    return result;
}
