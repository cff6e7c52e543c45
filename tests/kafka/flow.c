/* SPDX-License-Identifier: BSD-2-Clause */
/* Producing payloads with every report accounted for; consuming and verifying them. */
#include "flow.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_MS = 120 * 1000,
    SILENCE_MS = 60 * 1000, /* So long may a consumer be without messages. */
    REPORT_SAMPLE = 16,     /* Every so manieth report is compared with its message. */
};

int32_t production_partition(const struct options *options, int64_t number)
{
    return number % 3 == 0 ? (int32_t)(number / 3 % options->partitions) : RD_KAFKA_PARTITION_UA;
}

static char outcome_of(const rd_kafka_message_t *message)
{
    rd_kafka_msg_status_t status = rd_kafka_message_status(message);

    if (!message->err)
        return 'A';
    return status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED ? 'N' : 'P';
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct production *production = opaque;
    const struct options *options = production->options;
    int64_t number = (intptr_t)message->_private;
    const char *difference = NULL;
    int32_t partition;

    (void)producer;
    CHECK(number >= 0 && number < options->count, "a report for message %" PRId64, number);
    CHECK(!production->outcome[number], "a second report for message %" PRId64, number);
    if (number % REPORT_SAMPLE == 0) {
        payload_make(&production->payload, options->seed, options->shape, number);
        difference = payload_compare_content(&production->payload, message);
    }
    CHECK(!difference, "the report of message %" PRId64 ": %s", number, difference);
    partition = production_partition(options, number);
    CHECK(partition < 0 || message->partition == partition,
          "message %" PRId64 " went to partition %d, not %d", number, (int)message->partition,
          (int)partition);

    production->outcome[number] = outcome_of(message);
    production->offsets[number] = message->offset;
    production->partitions[number] = message->partition;
    production->reported++;
    if (!message->err)
        production->acked++;
    else if (production->reported - production->acked == 1)
        fprintf(stderr, "first failed report: message %" PRId64 ": %s\n", number,
                rd_kafka_err2str(message->err));
    if (production->reported >= production->next_shown) {
        printf("reports %" PRId64 "\n", production->reported);
        fflush(stdout);
        production->next_shown += options->count / 100 + 1;
    }
}

static volatile sig_atomic_t hurry;

static void on_signal(int number)
{
    (void)number;
    hurry = 1;
}

/* Serves reports until message `number` is due by the rate. */
static void pace(rd_kafka_t *producer, const struct options *options, int64_t number,
                 int64_t started_ms)
{
    int64_t wait_ms = 0;

    do {
        if (options->rate > 0 && !hurry)
            wait_ms = started_ms + number * 1000 / options->rate - now_ms();
        rd_kafka_poll(producer, wait_ms > 0 ? (int)wait_ms : 0);
    } while (wait_ms > 0 && !hurry);
}

static void produce_all(struct production *production, rd_kafka_t *producer)
{
    const struct options *options = production->options;
    int64_t started_ms = now_ms();
    struct payload payload = {0};

    for (int64_t number = 0; number < options->count; number++) {
        rd_kafka_resp_err_t error;

        payload_make(&payload, options->seed, options->shape, number);
        do {
            error = payload_produce(&payload, producer, options->topic,
                                    production_partition(options, number));
            if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL)
                rd_kafka_poll(producer, 100);
        } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        check_error(error, "produce");
        if ((options->rate > 0 && !hurry) || number % 100 == 0)
            pace(producer, options, number, started_ms);
    }
    payload_clear(&payload);
}

void production_run(struct production *production, struct options *options)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    size_t count = (size_t)options->count;
    rd_kafka_t *producer;

    *production = (struct production){.options = options,
                                      .outcome = allocate(count, 1),
                                      .offsets = allocate(count, sizeof(int64_t)),
                                      .partitions = allocate(count, sizeof(int32_t))};
    rd_kafka_conf_set_opaque(options->producer, production);
    rd_kafka_conf_set_dr_msg_cb(options->producer, on_delivery);
    sigaction(SIGUSR1, &action, NULL);
    producer = new_producer(options);
    produce_all(production, producer);
    check_error(rd_kafka_flush(producer, FLUSH_MS), "flush");
    CHECK(production->reported == options->count,
          "%" PRId64 " of %" PRId64 " messages have a report", production->reported,
          options->count);
    CHECK(rd_kafka_outq_len(producer) == 0, "the queue is not empty after flush");
    rd_kafka_destroy(producer);
}

void production_clear(struct production *production)
{
    payload_clear(&production->payload);
    free(production->outcome);
    free(production->offsets);
    free(production->partitions);
}

/* ---- Consuming ------------------------------------------------------------------------------ */

static void receive(struct reception *reception, const struct options *options,
                    const struct production *production, struct payload *payload,
                    const rd_kafka_message_t *message)
{
    int64_t number = payload_number(message);
    const char *difference;

    CHECK(number >= 0 && number < options->count && message->partition < options->partitions,
          "an unknown message at partition %d offset %" PRId64, (int)message->partition,
          message->offset);
    payload_make(payload, options->seed, options->shape, number);
    difference = payload_compare(payload, message);
    CHECK(!difference, "message %" PRId64 " at partition %d offset %" PRId64 ": %s", number,
          (int)message->partition, message->offset, difference);
    if (production)
        CHECK(production->offsets[number] == message->offset &&
                  production->partitions[number] == message->partition,
              "message %" PRId64 " is at partition %d offset %" PRId64
              ", its report said %d, %" PRId64,
              number, (int)message->partition, message->offset, (int)production->partitions[number],
              production->offsets[number]);

    if (rd_kafka_message_broker_id(message) >= 0 &&
        rd_kafka_message_broker_id(message) < RECEPTION_BROKERS)
        reception->from_broker[rd_kafka_message_broker_id(message)]++;
    reception->last_broker = rd_kafka_message_broker_id(message);
    if (reception->times_seen[number] == 0)
        reception->distinct++;
    else
        reception->duplicates++;
    if (reception->times_seen[number] < UINT8_MAX)
        reception->times_seen[number]++;
    if (number <= reception->last[message->partition])
        reception->out_of_order++;
    else
        reception->last[message->partition] = number;
}

void reception_run(struct reception *reception, struct options *options,
                   const struct production *production)
{
    rd_kafka_t *consumer;
    struct payload payload = {0};
    bool *ended = allocate((size_t)options->partitions, sizeof(bool));
    int ended_count = 0;
    int64_t last_ms = 0;

    *reception = (struct reception){.times_seen = allocate((size_t)options->count, 1),
                                    .last = allocate((size_t)options->partitions, sizeof(int64_t))};
    for (int i = 0; i < options->partitions; i++)
        reception->last[i] = -1;
    set(options->consumer, "enable.partition.eof", "true");
    consumer = new_consumer(options);
    assign_all(consumer, options, RD_KAFKA_OFFSET_BEGINNING);

    /* An end counts until another message of that partition comes. */
    while (reception->distinct < options->count || ended_count < options->partitions) {
        rd_kafka_message_t *message = next_message(consumer, SILENCE_MS);
        bool is_end = message->err != RD_KAFKA_RESP_ERR_NO_ERROR;

        if (!is_end) {
            int64_t here_ms = now_ms();
            if (last_ms && here_ms - last_ms > reception->silence_ms)
                reception->silence_ms = here_ms - last_ms;
            last_ms = here_ms;
            receive(reception, options, production, &payload, message);
        }
        ended_count += is_end - ended[message->partition];
        ended[message->partition] = is_end;
        rd_kafka_message_destroy(message);
    }
    payload_clear(&payload);
    free(ended);
    check_error(rd_kafka_consumer_close(consumer), "consumer_close");
    rd_kafka_destroy(consumer);
}

void reception_clear(struct reception *reception)
{
    free(reception->times_seen);
    free(reception->last);
}
