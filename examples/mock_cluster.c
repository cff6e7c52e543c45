/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Kafka cluster in one small process, for the tests of any Kafka client.
 *
 *   mock_cluster [-p port] [number of brokers] [topic:partitions ...]
 *
 * Prints the bootstrap servers on standard output as soon as the brokers listen, and serves until
 * Control-C. The brokers have ports of 127.0.0.1 that the system chose; with -p they are told to
 * clients as that port and the following ones, from which bytes are carried to theirs and back.
 * Topics it does not know are created when a client asks for them. Messages are kept in memory, the
 * latest few megabytes per partition.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Carries bytes from one descriptor to another until either side ends; then both are told. */
struct pipe {
    int from, to;
};

static void *carry(void *argument)
{
    struct pipe pipe = *(struct pipe *)argument;
    char bytes[16384];
    ssize_t got, sent = 0;

    free(argument);
    while (sent >= 0 && (got = read(pipe.from, bytes, sizeof(bytes))) > 0)
        for (ssize_t at = 0; at < got && sent >= 0; at += sent)
            sent = send(pipe.to, bytes + at, (size_t)(got - at), MSG_NOSIGNAL);
    shutdown(pipe.from, SHUT_RDWR);
    shutdown(pipe.to, SHUT_RDWR);
    close(pipe.from);
    close(pipe.to);
    return NULL;
}

static void start_carrying(int from, int to)
{
    struct pipe *pipe = malloc(sizeof(*pipe));
    pthread_t thread;

    *pipe = (struct pipe){dup(from), dup(to)};
    if (pthread_create(&thread, NULL, carry, pipe) != 0)
        free(pipe);
    else
        pthread_detach(thread);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* One given port: accepts clients and connects each to the broker. */
struct front {
    int listener, broker_port;
};

static void *serve_front(void *argument)
{
    const struct front *front = argument;

    for (;;) {
        int client = accept(front->listener, NULL, NULL);
        int broker = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in address = loopback(front->broker_port);

        if (client >= 0 && broker >= 0 &&
            connect(broker, (struct sockaddr *)&address, sizeof(address)) == 0) {
            start_carrying(client, broker);
            start_carrying(broker, client);
        }
        close(client); /* Each direction has descriptors of its own. */
        close(broker);
    }
    return NULL;
}

/* Opens the given ports in front of the brokers' own, which `bootstraps` lists by broker id. */
static int open_fronts(rd_kafka_mock_cluster_t *cluster, int broker_count, int first_port)
{
    const char *at = rd_kafka_mock_cluster_bootstraps(cluster);

    for (int i = 0; i < broker_count; i++) {
        struct front *front = malloc(sizeof(*front));
        struct sockaddr_in address = loopback(first_port + i);
        pthread_t thread;
        int yes = 1;

        at = strchr(at, ':') + 1;
        front->broker_port = atoi(at);
        front->listener = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(front->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        if (bind(front->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
            listen(front->listener, 128) != 0 ||
            pthread_create(&thread, NULL, serve_front, front) != 0) {
            fprintf(stderr, "port %d: ", first_port + i);
            perror(NULL);
            return 1;
        }
        pthread_detach(thread);
        rd_kafka_mock_broker_set_host_port(cluster, i + 1, "127.0.0.1", first_port + i);
    }
    for (int i = 0; i < broker_count; i++)
        printf("%s127.0.0.1:%d", i ? "," : "", first_port + i);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    int first_port = argc > 2 && strcmp(argv[1], "-p") == 0 ? atoi(argv[2]) : 0;
    const char *program = argv[0];
    int number, result = 0;

    if (first_port) {
        argc -= 2;
        argv += 2;
    }
    int broker_count = argc > 1 ? atoi(argv[1]) : 1;
    char error[512];
    sigset_t signals;
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *cluster;

    if (broker_count < 1) {
        fprintf(stderr, "usage: %s [-p port] [number of brokers] [topic:partitions ...]\n",
                program);
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
    if (!result && first_port)
        result = open_fronts(cluster, broker_count, first_port);
    else if (!result)
        printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    if (!result) {
        fflush(stdout);
        sigwait(&signals, &number);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(handle);
    return result;
}
