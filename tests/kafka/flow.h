/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two halves of most scenarios: to produce payloads and account for every delivery report, and
 * to consume payloads and verify each.
 */
#ifndef KAFKA_TESTS_FLOW_H
#define KAFKA_TESTS_FLOW_H

#include "support.h"

/* What became of each message. Written by the delivery reports, on the producing thread. */
struct production {
    struct options *options;
    struct payload payload;
    char *outcome;    /* By number: 0 no report yet, A acked, N not persisted, P possibly. */
    int64_t *offsets; /* By number, of the acked; -1 where the broker does not tell (acks=0). */
    int32_t *partitions;
    int64_t reported;
    int64_t acked;
    int64_t next_shown;
};

/*
 * Produces all messages, waits for their reports, and destroys the producer. Fails if a message has
 * no report or two, or if a report does not belong to its message. That delivery fails is no
 * failure here. Prints "reports <n>" now and then, for whoever breaks a broker meanwhile; SIGUSR1
 * is their answer: the rest goes as fast as it can.
 */
void production_run(struct production *production, struct options *options);
void production_clear(struct production *production);

/* Where the test asks for partition `number`; -1 leaves it to the partitioner. */
int32_t production_partition(const struct options *options, int64_t number);

enum { RECEPTION_BROKERS = 8 };

struct reception {
    unsigned char *times_seen; /* By number, up to 255. */
    int64_t distinct;
    int64_t duplicates;
    int64_t out_of_order;                   /* Came after a later message of the same partition. */
    int64_t *last;                          /* By partition. */
    int64_t from_broker[RECEPTION_BROKERS]; /* Messages, by the broker's number. */
    int32_t last_broker;                    /* That gave the last one. */
    int64_t silence_ms;                     /* The longest there was between two messages. */
};

/*
 * Consumes from the beginning until every one of the options' messages came, and then to the end of
 * every partition. Fails at once if one is not what was produced. The production, if there is one,
 * says at which partition and offset each message must be.
 */
void reception_run(struct reception *reception, struct options *options,
                   const struct production *production);
void reception_clear(struct reception *reception);

#endif
