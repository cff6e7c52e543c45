/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produces to a topic while somebody else changes it: adds partitions ("-c grow"), or deletes it
 * and makes it again with fewer ("-c recreate"). SIGUSR1 tells that the change is done: what is
 * produced from then on goes well, as far as its partition is there, without a restart. Before it
 * messages may fail, with errors that name what is missing, and each has one report.
 */
#include "flow.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_MS = 60 * 1000, AFTER = 2000, LEFT_PARTITIONS = 2 };

struct state {
    const struct options *options;
    rd_kafka_resp_err_t *errors; /* By number. */
    bool *is_reported;
    int64_t reported, failed;
    int64_t per_partition[64];
};

static volatile sig_atomic_t is_changed;

static void on_signal(int number)
{
    (void)number;
    is_changed = 1;
}

static void note(struct state *state, int64_t number, rd_kafka_resp_err_t error)
{
    CHECK(!state->is_reported[number], "a second report for message %" PRId64, number);
    state->is_reported[number] = true;
    state->errors[number] = error;
    state->reported++;
    state->failed += error != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (state->reported % 100 == 0) {
        printf("reports %" PRId64 "\n", state->reported - state->failed);
        fflush(stdout);
    }
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct state *state = opaque;

    (void)producer;
    note(state, (int64_t)(intptr_t)message->_private, message->err);
    if (!message->err && message->partition < 64)
        state->per_partition[message->partition]++;
}

/* UNKNOWN_TOPIC_ID has no name in the header of librdkafka 2.0. */
#define ERR_UNKNOWN_TOPIC_ID 100

/* Errors that tell what happened to the topic. */
static bool is_defined(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || (int)error == ERR_UNKNOWN_TOPIC_ID;
}

/* One message; returns the partition it was meant for. */
static int32_t produce(struct state *state, rd_kafka_t *producer, struct payload *payload,
                       int64_t number)
{
    const struct options *options = state->options;
    int32_t partition = production_partition(options, number);
    rd_kafka_resp_err_t error;

    payload_make(payload, options->seed, options->shape, number);
    error = payload_produce(payload, producer, options->topic, partition);
    if (error)
        note(state, number, error);
    rd_kafka_poll(producer, 1000 / options->rate);
    return partition;
}

/* Produces until the change is done, and a while longer; returns how many before it. */
static int64_t produce_all(struct state *state, rd_kafka_t *producer, int64_t *count)
{
    struct payload payload = {0};
    int64_t number = 0, before = -1;

    while (before < 0 || number < before + AFTER) {
        CHECK(number < state->options->count, "nobody has said that the change is done");
        if (before < 0 && is_changed)
            before = number;
        produce(state, producer, &payload, number++);
    }
    *count = number;
    payload_clear(&payload);
    return before;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct options options;
    struct state state;
    int64_t before, count;
    rd_kafka_t *producer;
    bool grows;

    sigaction(SIGUSR1, &action, NULL);
    options_parse(&options, argc, argv);
    CHECK(options.rate > 0 && options.rate <= 1000, "-r is missing");
    grows = strcmp(options.check, "grow") == 0;
    state = (struct state){.options = &options,
                           .errors = allocate((size_t)options.count, sizeof(*state.errors)),
                           .is_reported = allocate((size_t)options.count, 1)};
    rd_kafka_conf_set_opaque(options.producer, &state);
    rd_kafka_conf_set_dr_msg_cb(options.producer, on_delivery);
    producer = new_producer(&options);
    before = produce_all(&state, producer, &count);
    check_error(rd_kafka_flush(producer, FLUSH_MS), "flush");
    CHECK(state.reported == count, "%" PRId64 " of %" PRId64 " messages have a report",
          state.reported, count);
    for (int64_t i = 0; i < count; i++) {
        bool is_gone = !grows && production_partition(&options, i) >= LEFT_PARTITIONS;

        CHECK(!state.errors[i] || is_defined(state.errors[i]), "message %" PRId64 ": %s", i,
              rd_kafka_err2name(state.errors[i]));
        if (i >= before)
            CHECK((state.errors[i] != 0) == is_gone, "after the change, message %" PRId64 ": %s", i,
                  rd_kafka_err2name(state.errors[i]));
        if (grows)
            CHECK(!state.errors[i], "message %" PRId64 ": %s", i,
                  rd_kafka_err2name(state.errors[i]));
    }
    if (grows)
        CHECK(state.per_partition[options.partitions] > 0, "nothing went to the new partitions");
    printf("%" PRId64 " of %" PRId64 " messages failed, %" PRId64 " before the change was done\n",
           state.failed, count, before);
    free(state.errors);
    free(state.is_reported);
    rd_kafka_destroy(producer);
    options_clear(&options);
    return 0;
}
