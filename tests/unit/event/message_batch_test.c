/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iterator over fetched messages: what it gives, in which order, when it gives nothing, what it
 * counts, and whose memory it holds.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>

#include "event/cursor.h"
#include "event/headers.h"
#include "event/message_batch.h"
#include "event/prefetch.h"
#include "wire/record_batch_writer.h"

enum { BUDGET = 1 << 20, MESSAGES = 1000 };

static struct rk_core *core;
static rd_kafka_topic_t *topic;
static rd_kafka_queue_t *queue;
static struct rk_slab_pool *pool;
static struct rk_room *room;
static struct rk_budget *budget;
static struct rk_prefetch *prefetch;
static struct rk_cursor *cursor;
static _Atomic int told_count;

static void tell(void *argument)
{
    assert_null(argument);
    atomic_fetch_add(&told_count, 1);
}

static int begin(void **state)
{
    (void)state;
    reset_notes();
    atomic_store(&told_count, 0);
    core = core_new(NULL);
    topic = topic_new(core, "topic");
    queue = rk_queue_new(core, "test");
    pool = rk_slab_pool_new();
    room = rk_room_new(tell, NULL);
    budget = rk_budget_new(BUDGET);
    prefetch = rk_prefetch_new(room, MESSAGES);
    cursor = rk_cursor_new(true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rk_queue_release(queue);
    assert_int_equal(atomic_load(&budget->used), 0);
    assert_int_equal(atomic_load(&prefetch->messages), 0);
    rk_cursor_release(cursor);
    rk_prefetch_release(prefetch);
    rk_budget_release(budget);
    rk_room_release(room);
    rk_slab_pool_release(pool);
    rk_topic_release(topic);

    core_end(core);
    return 0;
}

/* Parts */

/* `count` records with the offsets from `base` on, in steps of `step`; values are the offset as
 * text. */
static struct rk_message_part part_new(int64_t base, int count, int step, int64_t next_offset)
{
    struct rk_block *block = rk_block_try_new((size_t)count * 64 + 1);
    uint8_t *at = block->data;
    for (int i = 0; i < count; i++) {
        char value[32];
        static const uint8_t headers[] = {2, 2, 'h', 2, 'v'};
        bool has_headers = i % 2;
        int size = snprintf(value, sizeof(value), "%lld", (long long)(base + i * step));
        size_t headers_size = has_headers ? sizeof(headers) : 0;
        size_t body = rk_record_body_size(i, i * step, 3, size, headers_size);
        at = rk_record_write(at, body, i, i * step, "key", 3, value, size,
                             has_headers ? headers : NULL, headers_size);
    }
    struct rk_record_batch_header header = {.base_offset = base,
                                            .last_offset_delta = (int32_t)(next_offset - 1 - base),
                                            .record_count = count,
                                            .magic = 2,
                                            .base_timestamp = 5000};
    struct rk_message_part part = {.block = block,
                                   .next_offset = next_offset,
                                   .leader_epoch = (int32_t)base,
                                   .timestamp_type = RD_KAFKA_TIMESTAMP_CREATE_TIME};
    assert_int_equal(
        rk_record_cursor_init(&part.records, &header, block->data, (size_t)(at - block->data)), 0);
    return part;
}

/* Pushes a batch of these parts and gives up the references on their blocks. */
static void push(struct rk_message_part *parts, size_t count, int64_t first_offset)
{
    struct rk_message_batch_setup setup = {
        .pool = pool,
        .topic = topic,
        .partition = 7,
        .broker_id = 3,
        .cursor = cursor,
        .version = rk_cursor_read(cursor).version,
        .first_offset = first_offset,
        .prefetch = prefetch,
        .budget = budget,
        .parts = parts,
        .part_count = count,
    };
    rd_kafka_event_t *event = rk_message_batch_try_new(&setup);
    assert_non_null(event);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || parts[i].block != parts[i - 1].block)
            rk_block_release(parts[i].block);
    }
    rk_queue_push(queue, event);
}

static void push_one(int64_t base, int count, int64_t first_offset)
{
    struct rk_message_part part = part_new(base, count, 1, base + count);
    push(&part, 1, first_offset);
}

static struct rk_message *take(void)
{
    return rk_queue_take_message(queue, 0);
}

static void expect(int64_t offset)
{
    struct rk_message *message = take();
    char value[32];
    assert_non_null(message);
    assert_int_equal(message->rkmessage.err, 0);
    assert_int_equal(message->rkmessage.offset, offset);
    int size = snprintf(value, sizeof(value), "%lld", (long long)offset);
    assert_int_equal(message->rkmessage.len, size);
    assert_memory_equal(message->rkmessage.payload, value, (size_t)size);
    rk_message_destroy(message);
}

/* Messages */

static void test_what_a_message_tells(void **state)
{
    (void)state;
    push_one(10, 2, 10);
    assert_int_equal(rk_queue_length(queue), 2);
    struct rk_message *first = take(), *second = take();
    assert_null(take());
    assert_ptr_equal(first->rkmessage.rkt, topic);
    assert_int_equal(first->rkmessage.partition, 7);
    assert_int_equal(first->rkmessage.offset, 10);
    assert_int_equal(first->rkmessage.key_len, 3);
    assert_memory_equal(first->rkmessage.key, "key", 3);
    assert_null(first->rkmessage._private);
    assert_int_equal(first->broker_id, 3);
    assert_int_equal(first->leader_epoch, 10);
    assert_int_equal(first->delivery_count, -1);
    assert_int_equal(first->latency_us, -1);
    assert_int_equal(second->timestamp_ms, 5001);
    assert_int_equal(second->timestamp_type, RD_KAFKA_TIMESTAMP_CREATE_TIME);
    rd_kafka_headers_t *headers;
    assert_int_equal(rk_message_headers(first, &headers), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rk_message_headers(second, &headers), 0);
    assert_int_equal(rk_headers_count(headers), 1);
    rk_message_destroy(first);
    rk_message_destroy(second);
}

static void test_the_position_follows(void **state)
{
    (void)state;
    assert_int_equal(rk_cursor_read(cursor).position, RD_KAFKA_OFFSET_INVALID);
    struct rk_message_part parts[2] = {part_new(0, 3, 2, 9), part_new(20, 1, 1, 30)};
    push(parts, 2, 0);
    static const struct {
        int64_t offset, next;
        int32_t epoch;
    } steps[] = {{0, 1, 0}, {2, 3, 0}, {4, 9, 0}, {20, 30, 20}};
    for (size_t i = 0; i < RK_COUNT_OF(steps); i++) {
        expect(steps[i].offset);
        struct rk_cursor_values values = rk_cursor_read(cursor);
        assert_int_equal(values.next, steps[i].next);
        assert_int_equal(values.position, steps[i].offset + 1);
        assert_int_equal(values.stored, steps[i].offset + 1);
        assert_int_equal(values.next_epoch, steps[i].epoch);
        assert_int_equal(values.stored_epoch, steps[i].epoch);
    }
    assert_int_equal(rk_queue_length(queue), 0);
    assert_null(take());
}

static void test_records_before_the_position_are_passed_over(void **state)
{
    (void)state;
    push_one(100, 10, 107);
    expect(107);
    expect(108);
    expect(109);
    assert_null(take());
    assert_int_equal(rk_queue_length(queue), 0);
    push_one(110, 3, 120); /* All of it. */
    assert_null(take());
    assert_int_equal(rk_cursor_read(cursor).next, 113);
}

/* The same offset twice, or a lower one, is never given: whatever a broker sends. */
static void test_offsets_only_go_up(void **state)
{
    (void)state;
    struct rk_message_part parts[2] = {part_new(5, 3, 1, 8), part_new(6, 4, 1, 10)};
    push(parts, 2, 0);
    for (int64_t offset = 5; offset < 10; offset++)
        expect(offset);
    assert_null(take());
}

static void test_storing_can_be_the_application_s(void **state)
{
    (void)state;
    rk_cursor_release(cursor);
    cursor = rk_cursor_new(false);
    push_one(0, 1, 0);
    expect(0);
    assert_int_equal(rk_cursor_read(cursor).stored, RD_KAFKA_OFFSET_INVALID);
    rk_cursor_store(cursor, 44, 2);
    assert_int_equal(rk_cursor_read(cursor).stored, 44);
    assert_int_equal(rk_cursor_read(cursor).stored_epoch, 2);
}

/* Versions */

static void test_void_batches_give_nothing(void **state)
{
    (void)state;
    push_one(0, 5, 0);
    push_one(5, 5, 5);
    expect(0);
    struct rk_cursor_values values = rk_cursor_void(cursor);
    assert_int_equal(values.next, 1);
    push_one(1, 2, 1);
    expect(1);
    expect(2);
    assert_null(take());
    assert_int_equal(rk_cursor_read(cursor).position, 3);
}

static void test_void_batches_can_be_removed(void **state)
{
    (void)state;
    struct rk_error_place place = {.cursor = cursor, .version = rk_cursor_read(cursor).version};
    push_one(0, 5, 0);
    rd_kafka_event_t *error =
        rk_event_new_partition_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, topic, 7, "end", &place);
    rk_queue_push(queue, error);
    assert_int_equal(rk_queue_remove(queue, rk_message_batch_is_void, NULL), 0);
    assert_int_equal(rk_queue_length(queue), 6);
    rk_cursor_void(cursor);
    push_one(9, 1, 9);
    rk_queue_remove(queue, rk_message_batch_is_void, NULL);
    assert_int_equal(rk_queue_length(queue), 1);
    assert_int_equal(atomic_load(&prefetch->messages), 1);
    expect(9);
}

static void test_set_next_of_another_version(void **state)
{
    (void)state;
    uint32_t version = rk_cursor_read(cursor).version;
    rk_cursor_set_next(cursor, version, 5, 1);
    assert_int_equal(rk_cursor_read(cursor).next, 5);
    rk_cursor_void(cursor);
    rk_cursor_set_next(cursor, version, 6, 2);
    assert_int_equal(rk_cursor_read(cursor).next, 5);
    assert_int_equal(rk_cursor_read(cursor).next_epoch, 1);
}

/* Damage */

static void test_damaged_records_become_an_error(void **state)
{
    (void)state;
    struct rk_message_part parts[2] = {part_new(0, 4, 1, 4), part_new(4, 2, 1, 6)};
    struct rk_record record;
    struct rk_record_cursor second = parts[0].records;
    rk_record_read(&second, &record);
    parts[0].block->data[second.at - parts[0].block->data] = 0x7f; /* The second one's length. */
    push(parts, 2, 0);
    expect(0);
    struct rk_message *message = take();
    assert_int_equal(message->rkmessage.err, RD_KAFKA_RESP_ERR__BAD_MSG);
    assert_int_equal(message->rkmessage.offset, 1);
    assert_int_equal(message->rkmessage.partition, 7);
    assert_int_equal(rk_cursor_read(cursor).next, 4);
    rk_message_destroy(message);
    expect(4);
    expect(5);
    assert_null(take());
}

/* Credit */

static void test_credit_comes_back(void **state)
{
    (void)state;
    push_one(0, 300, 0);
    int64_t bytes = atomic_load(&budget->used);
    assert_int_equal(atomic_load(&prefetch->messages), 300);
    assert_true(bytes > 300);
    for (int i = 0; i < 128; i++)
        expect(i);
    assert_int_equal(atomic_load(&prefetch->messages), 300 - 128);
    assert_true(atomic_load(&budget->used) < bytes);
    for (int i = 128; i < 300; i++)
        expect(i);
    assert_int_equal(atomic_load(&prefetch->messages), 0);
    assert_int_equal(atomic_load(&budget->used), 0);
}

static void test_who_waits_for_room_is_told(void **state)
{
    (void)state;
    push_one(0, MESSAGES, 0);
    assert_true(rk_prefetch_is_full(prefetch));
    atomic_store(&room->is_wanted, true);
    probed_queue = queue;
    int taken = 0;
    while (atomic_load(&told_count) == 0) {
        assert_true(taken < MESSAGES);
        expect(taken++);
    }
    assert_true(rk_prefetch_is_low(prefetch));
    assert_in_range(taken, MESSAGES / 4, MESSAGES / 4 + RK_SLAB_MESSAGES);
    assert_false(atomic_load(&room->is_wanted));
    atomic_store(&room->is_wanted, true); /* Told once only when the mark is crossed. */
    while (taken < MESSAGES)
        expect(taken++);
    assert_int_equal(told_count, 1);
}

static void test_dropping_tells_too(void **state)
{
    (void)state;
    push_one(0, MESSAGES, 0);
    atomic_store(&room->is_wanted, true);
    rk_cursor_void(cursor);
    rk_queue_remove(queue, rk_message_batch_is_void, NULL);
    assert_int_equal(told_count, 1);
    atomic_store(&room->is_wanted, true);
    rk_room_close(room);
    rk_room_tell(room);
    assert_int_equal(told_count, 1);
}

/* Memory */

static void test_messages_outlive_everything(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct rk_message *messages[COUNT];
    struct rk_message_part parts[2] = {part_new(0, 200, 1, 200), part_new(200, 100, 1, 300)};
    push(parts, 2, 0);
    for (int i = 0; i < COUNT; i++)
        messages[i] = take();
    /* The client goes: the core's last reference is the messages'. */
    rd_kafka_topic_t *held = topic;
    end(NULL);
    (void)held;
    srand(1);
    for (int i = COUNT - 1; i > 0; i--) {
        int other = rand() % (i + 1);
        struct rk_message *swapped = messages[i];
        messages[i] = messages[other];
        messages[other] = swapped;
    }
    for (int i = 0; i < COUNT; i++) {
        char value[32];
        int size = snprintf(value, sizeof(value), "%lld", (long long)messages[i]->rkmessage.offset);
        assert_memory_equal(messages[i]->rkmessage.payload, value, (size_t)size);
        rk_message_destroy(messages[i]);
    }
    begin(NULL);
}

static void test_no_allocation_per_message(void **state)
{
    (void)state;
    push_one(0, 64, 0);
    for (int i = 0; i < 64; i++)
        expect(i); /* The pool has its slab. */
    struct rk_message_part part = part_new(64, 10000, 1, 10064);
    push(&part, 1, 64);
    unsigned long long before = rk_memory_allocations();
    for (int i = 0; i < 10000; i++) {
        struct rk_message *message = rk_queue_take_message_within(queue, 0);
        assert_int_equal(message->rkmessage.offset, 64 + i);
        rk_message_destroy(message);
    }
    assert_int_equal(rk_memory_allocations() - before, 0);
}

static void test_many_at_once(void **state)
{
    (void)state;
    rd_kafka_message_t *messages[500];
    push_one(0, 150, 0);
    push_one(150, 150, 150);
    assert_int_equal(rk_queue_take_messages(queue, 0, messages, 500), 300);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(messages[i]->offset, i);
        rk_message_destroy(rk_message_from_public(messages[i]));
    }
}

/* As events they come one by one. */
static void test_events(void **state)
{
    (void)state;
    push_one(0, 2, 0);
    for (int i = 0; i < 2; i++) {
        rd_kafka_event_t *event = rk_queue_take_event(queue, 0);
        assert_int_equal(event->type, RD_KAFKA_EVENT_FETCH);
        assert_int_equal(rk_event_own_message(event)->rkmessage.offset, i);
        rk_event_destroy(event);
    }
    assert_null(rk_queue_take_event(queue, 0));
}

/* Callbacks */

static int consumed;

static void consume(rd_kafka_message_t *message, void *opaque)
{
    (void)opaque;
    assert_int_equal(message->offset, consumed);
    if (++consumed == 3)
        rk_request_yield();
}

static void test_consume_callback(void **state)
{
    (void)state;
    push_one(0, 5, 0);
    /* Without a callback nothing is lost. */
    assert_int_equal(rk_queue_serve(queue, 0, 0), 0);
    assert_int_equal(rk_queue_length(queue), 5);
    rk_take_yield_request();
    core->conf_object->conf.callbacks.consume_cb = consume;
    consumed = 0;
    assert_int_equal(rk_queue_serve(queue, 0, 0), 3);
    assert_true(rk_take_yield_request());
    assert_int_equal(rk_queue_length(queue), 2);
    assert_int_equal(rk_queue_serve(queue, 0, 0), 2);
    assert_int_equal(consumed, 5);
}

static rd_kafka_resp_err_t intercept(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    *(int64_t *)opaque += message->offset;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void test_interceptors_see_each_message(void **state)
{
    (void)state;
    int64_t sum = 0;
    rk_interceptors_add(&core->conf_object->interceptors, RK_ON_CONSUME, "sum",
                        (void (*)(void))intercept, &sum);
    push_one(0, 100, 0);
    for (int i = 0; i < 100; i++)
        expect(i);
    assert_int_equal(sum, 99 * 100 / 2);
}

/* Threads */

enum { THREADS = 4, BATCHES = 40, PER_BATCH = 500 };

static _Atomic int64_t offset_sum;
static _Atomic int thread_count;

static void *take_all(void *argument)
{
    struct rk_message *held = NULL, *message;
    (void)argument;
    while ((message = take()) != NULL) {
        atomic_fetch_add(&offset_sum, message->rkmessage.offset);
        atomic_fetch_add(&thread_count, 1);
        /* Destroyed later than the next one. */
        rk_message_destroy(held);
        held = message;
    }
    rk_message_destroy(held);
    return NULL;
}

static void test_several_threads(void **state)
{
    (void)state;
    int64_t count = BATCHES * PER_BATCH;
    atomic_store(&offset_sum, 0);
    atomic_store(&thread_count, 0);
    for (int i = 0; i < BATCHES; i++)
        push_one((int64_t)i * PER_BATCH, PER_BATCH, (int64_t)i * PER_BATCH);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(thread_count, count);
    assert_int_equal(offset_sum, count * (count - 1) / 2);
    assert_int_equal(rk_cursor_read(cursor).next, count);
}

static void *make_void(void *argument)
{
    for (int i = 0; i < 200; i++) {
        struct rk_cursor_values values = rk_cursor_void(cursor);
        assert_true(values.position == values.stored);
        rk_cursor_set_next(cursor, values.version, i, i);
        values = rk_cursor_read(cursor);
        assert_true(values.position == values.stored);
    }
    return argument;
}

/* Position and stored offset are one group, whoever reads. */
static void test_cursor_is_read_as_a_whole(void **state)
{
    (void)state;
    pthread_t taker, breaker;
    for (int i = 0; i < BATCHES; i++)
        push_one((int64_t)i * PER_BATCH, PER_BATCH, (int64_t)i * PER_BATCH);
    assert_int_equal(pthread_create(&taker, NULL, take_all, NULL), 0);
    assert_int_equal(pthread_create(&breaker, NULL, make_void, NULL), 0);
    pthread_join(taker, NULL);
    pthread_join(breaker, NULL);
    rk_queue_remove(queue, NULL, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_message_tells),
        TEST(test_the_position_follows),
        TEST(test_records_before_the_position_are_passed_over),
        TEST(test_offsets_only_go_up),
        TEST(test_storing_can_be_the_application_s),
        TEST(test_void_batches_give_nothing),
        TEST(test_void_batches_can_be_removed),
        TEST(test_set_next_of_another_version),
        TEST(test_damaged_records_become_an_error),
        TEST(test_credit_comes_back),
        TEST(test_who_waits_for_room_is_told),
        TEST(test_dropping_tells_too),
        TEST(test_messages_outlive_everything),
        TEST(test_no_allocation_per_message),
        TEST(test_many_at_once),
        TEST(test_events),
        TEST(test_consume_callback),
        TEST(test_interceptors_see_each_message),
        TEST(test_several_threads),
        TEST(test_cursor_is_read_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
