/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A producer: each line of standard input becomes one message.
 *
 *   producer <bootstrap servers> <topic>
 *
 * Every message gets exactly one delivery report. Control-C stops reading, waits for the reports of
 * what was already accepted, and says how it went. The exit code is 0 when all were delivered.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

static volatile sig_atomic_t stop;

/* The opaque pointer of the configuration: the callback's counters, no globals needed. */
struct totals {
    long delivered;
    long failed;
};

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* Runs inside rd_kafka_poll() and rd_kafka_flush(), on the thread that called them. */
static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct totals *totals = opaque;

    (void)producer;
    if (message->err) {
        totals->failed++;
        fprintf(stderr, "not delivered: %s\n", rd_kafka_err2str(message->err));
    } else {
        totals->delivered++;
    }
}

/* Tells about problems with the cluster. The client retries by itself: this is for information. */
static void on_error(rd_kafka_t *producer, int error, const char *reason, void *opaque)
{
    (void)producer;
    (void)opaque;
    fprintf(stderr, "%s: %s\n", rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
}

static rd_kafka_t *new_producer(const char *bootstrap_servers, struct totals *totals)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *producer;

    rd_kafka_conf_set_opaque(conf, totals);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap_servers, error, sizeof(error)) ||
        rd_kafka_conf_set(conf, "linger.ms", "5", error, sizeof(error)))
        goto failed;

    /* The configuration belongs to the producer from here on, if it could be created. */
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (producer)
        return producer;
failed:
    fprintf(stderr, "no producer: %s\n", error);
    rd_kafka_conf_destroy(conf);
    return NULL;
}

/* Hands over one message. RD_KAFKA_MSG_F_COPY: the line may be reused as soon as this returns. */
static rd_kafka_resp_err_t produce(rd_kafka_t *producer, const char *topic, char *line, size_t size)
{
    rd_kafka_resp_err_t error;

    do {
        error = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_VALUE(line, size),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        /* When the local queue is full, reports make room; otherwise just serve what is ready. */
        rd_kafka_poll(producer, error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stop);
    return error;
}

int main(int argc, char **argv)
{
    /* No SA_RESTART: a read is interrupted. SA_RESETHAND: a second Control-C ends at once. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    struct totals totals = {0, 0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    rd_kafka_t *producer;

    if (argc != 3) {
        fprintf(stderr, "usage: %s <bootstrap servers> <topic>\n", argv[0]);
        return 2;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    producer = new_producer(argv[1], &totals);
    if (!producer)
        return 1;

    while (!stop && (size = getline(&line, &capacity, stdin)) >= 0) {
        size_t length = (size_t)size - (size > 0 && line[size - 1] == '\n');
        rd_kafka_resp_err_t error = produce(producer, argv[2], line, length);

        if (error) {
            totals.failed++;
            fprintf(stderr, "not accepted: %s\n", rd_kafka_err2str(error));
        }
    }
    free(line);

    /* Wait for the outstanding reports. What is left after that is counted as failed. */
    if (rd_kafka_flush(producer, 30 * 1000) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(producer, 1000);
    }
    rd_kafka_destroy(producer);
    fprintf(stderr, "%ld delivered, %ld failed\n", totals.delivered, totals.failed);
    return totals.failed ? 1 : 0;
}
