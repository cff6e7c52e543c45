/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_sequence.h"

#include "mock/mock_hash.h"

struct rk_mock_producer {
    UT_hash_handle hh;
    int64_t id;
    int16_t epoch;
    int count;  /* Batches remembered, all of this epoch. */
    int newest; /* The last of them. */
    struct remembered_batch {
        int32_t first_sequence;
        int32_t last_sequence;
        int64_t offset;
    } batches[RK_MOCK_SEQUENCES_WINDOW];
};

static void forget(struct rk_mock_sequences *sequences, struct rk_mock_producer *producer)
{
    HASH_DEL(sequences->producers, producer);
    rk_free(producer);
}

void rk_mock_sequences_clear(struct rk_mock_sequences *sequences)
{
    struct rk_mock_producer *producer, *next;
    HASH_ITER(hh, sequences->producers, producer, next)
    forget(sequences, producer);
}

/* Sequences go from 2147483647 to 0. */
static int32_t add_to_sequence(int32_t sequence, int32_t count)
{
    return (int32_t)(((uint32_t)sequence + (uint32_t)count) & INT32_MAX);
}

static struct rk_mock_producer *find(const struct rk_mock_sequences *sequences, int64_t id)
{
    struct rk_mock_producer *producer;
    HASH_FIND(hh, sequences->producers, &id, sizeof(id), producer);
    return producer;
}

static const struct remembered_batch *find_batch(const struct rk_mock_producer *producer,
                                                 int32_t first_sequence, int32_t last_sequence)
{
    for (int i = 0; i < producer->count; i++) {
        const struct remembered_batch *batch = &producer->batches[i];
        if (batch->first_sequence == first_sequence && batch->last_sequence == last_sequence)
            return batch;
    }
    return NULL;
}

rd_kafka_resp_err_t rk_mock_sequences_check(const struct rk_mock_sequences *sequences,
                                            const struct rk_record_batch_header *header,
                                            int64_t *offset)
{
    const struct rk_mock_producer *producer = find(sequences, header->producer_id);
    if (!producer)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (header->producer_epoch < producer->epoch)
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    if (header->producer_epoch > producer->epoch)
        return header->base_sequence == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                          : RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;

    int32_t last_sequence = add_to_sequence(header->base_sequence, header->last_offset_delta);
    const struct remembered_batch *batch =
        find_batch(producer, header->base_sequence, last_sequence);
    if (batch) {
        *offset = batch->offset;
        return RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER;
    }
    int32_t expected = add_to_sequence(producer->batches[producer->newest].last_sequence, 1);
    return header->base_sequence == expected ? RD_KAFKA_RESP_ERR_NO_ERROR
                                             : RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
}

void rk_mock_sequences_add(struct rk_mock_sequences *sequences,
                           const struct rk_record_batch_header *header, int64_t offset)
{
    struct rk_mock_producer *producer = find(sequences, header->producer_id);
    if (!producer) {
        if (HASH_COUNT(sequences->producers) >= RK_MOCK_PRODUCERS_MAX)
            forget(sequences, sequences->producers);
        producer = RK_NEW(struct rk_mock_producer);
        producer->id = header->producer_id;
        producer->epoch = header->producer_epoch;
        HASH_ADD(hh, sequences->producers, id, sizeof(producer->id), producer);
    }
    if (producer->epoch != header->producer_epoch) {
        producer->epoch = header->producer_epoch;
        producer->count = 0;
    }
    producer->newest = producer->count == 0 ? 0 : (producer->newest + 1) % RK_MOCK_SEQUENCES_WINDOW;
    producer->count = RK_MIN(producer->count + 1, RK_MOCK_SEQUENCES_WINDOW);
    producer->batches[producer->newest] = (struct remembered_batch){
        .first_sequence = header->base_sequence,
        .last_sequence = add_to_sequence(header->base_sequence, header->last_offset_delta),
        .offset = offset,
    };
}
