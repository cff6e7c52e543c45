/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/cursor.h"

#include "base/memory.h"
#include "rdkafka.h"
#include "runtime/thread.h"

#define SPINS    200 /* The writer is done within nanoseconds, unless it lost its processor. */
#define PAUSE_US 20

struct rk_cursor *rk_cursor_new(bool stores_offsets)
{
    struct rk_cursor *cursor = RK_NEW(struct rk_cursor);
    atomic_init(&cursor->references, 1);
    cursor->stores_offsets = stores_offsets;
    atomic_init(&cursor->version, 1);
    atomic_init(&cursor->next, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&cursor->position, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&cursor->stored, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&cursor->gap_from, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&cursor->gap_to, RD_KAFKA_OFFSET_INVALID);
    atomic_init(&cursor->next_epoch, -1);
    atomic_init(&cursor->position_epoch, -1);
    atomic_init(&cursor->stored_epoch, -1);
    return cursor;
}

struct rk_cursor *rk_cursor_acquire(struct rk_cursor *cursor)
{
    atomic_fetch_add_explicit(&cursor->references, 1, memory_order_relaxed);
    return cursor;
}

void rk_cursor_release(struct rk_cursor *cursor)
{
    if (cursor && atomic_fetch_sub_explicit(&cursor->references, 1, memory_order_acq_rel) == 1)
        rk_free(cursor);
}

/* Comes back when it may be done. */
static void wait(unsigned *attempts)
{
    if (++*attempts > SPINS)
        rk_thread_pause_us(PAUSE_US);
}

__attribute__((noinline)) uint32_t rk_cursor_enter_later(struct rk_cursor *cursor)
{
    unsigned attempts = 0;
    for (;;) {
        wait(&attempts);
        uint32_t sequence = atomic_load_explicit(&cursor->sequence, memory_order_relaxed);
        if (!(sequence & 1) &&
            atomic_compare_exchange_strong_explicit(&cursor->sequence, &sequence, sequence + 1,
                                                    memory_order_acq_rel, memory_order_relaxed))
            return sequence + 1;
    }
}

static int64_t next_of(const struct rk_cursor *cursor)
{
    int64_t next = atomic_load_explicit(&cursor->next, memory_order_acquire);
    return next != RD_KAFKA_OFFSET_INVALID &&
                   next == atomic_load_explicit(&cursor->gap_from, memory_order_acquire)
               ? atomic_load_explicit(&cursor->gap_to, memory_order_acquire)
               : next;
}

static struct rk_cursor_values read_members(const struct rk_cursor *cursor)
{
    return (struct rk_cursor_values){
        .version = atomic_load_explicit(&cursor->version, memory_order_acquire),
        .next = next_of(cursor),
        .position = atomic_load_explicit(&cursor->position, memory_order_acquire),
        .stored = atomic_load_explicit(&cursor->stored, memory_order_acquire),
        .next_epoch = atomic_load_explicit(&cursor->next_epoch, memory_order_acquire),
        .position_epoch = atomic_load_explicit(&cursor->position_epoch, memory_order_acquire),
        .stored_epoch = atomic_load_explicit(&cursor->stored_epoch, memory_order_acquire),
    };
}

struct rk_cursor_values rk_cursor_read(const struct rk_cursor *cursor)
{
    unsigned attempts = 0;
    for (;;) {
        uint32_t before = atomic_load_explicit(&cursor->sequence, memory_order_acquire);
        struct rk_cursor_values values = read_members(cursor);
        if (!(before & 1) &&
            atomic_load_explicit(&cursor->sequence, memory_order_relaxed) == before)
            return values;
        wait(&attempts);
    }
}

struct rk_cursor_values rk_cursor_void(struct rk_cursor *cursor)
{
    uint32_t entered = rk_cursor_enter(cursor);
    uint32_t version = atomic_load_explicit(&cursor->version, memory_order_relaxed) + 1;
    atomic_store_explicit(&cursor->version, version, memory_order_release);
    struct rk_cursor_values values = read_members(cursor);
    atomic_store_explicit(&cursor->gap_from, RD_KAFKA_OFFSET_INVALID, memory_order_release);
    rk_cursor_leave(cursor, entered);
    return values;
}

void rk_cursor_set_next(struct rk_cursor *cursor, uint32_t version, int64_t offset, int32_t epoch)
{
    uint32_t entered = rk_cursor_enter(cursor);
    if (rk_cursor_is(cursor, version)) {
        atomic_store_explicit(&cursor->next, offset, memory_order_release);
        atomic_store_explicit(&cursor->next_epoch, epoch, memory_order_release);
    }
    rk_cursor_leave(cursor, entered);
}

void rk_cursor_set_gap(struct rk_cursor *cursor, uint32_t version, int64_t from, int64_t to)
{
    uint32_t entered = rk_cursor_enter(cursor);
    if (rk_cursor_is(cursor, version)) {
        if (atomic_load_explicit(&cursor->gap_from, memory_order_relaxed) ==
                RD_KAFKA_OFFSET_INVALID ||
            atomic_load_explicit(&cursor->gap_to, memory_order_relaxed) != from)
            atomic_store_explicit(&cursor->gap_from, from, memory_order_release);
        atomic_store_explicit(&cursor->gap_to, to, memory_order_release);
    }
    rk_cursor_leave(cursor, entered);
}

void rk_cursor_store(struct rk_cursor *cursor, int64_t offset, int32_t epoch)
{
    uint32_t entered = rk_cursor_enter(cursor);
    atomic_store_explicit(&cursor->stored, offset, memory_order_release);
    atomic_store_explicit(&cursor->stored_epoch, epoch, memory_order_release);
    rk_cursor_leave(cursor, entered);
}

void rk_cursor_cut_stored(struct rk_cursor *cursor, int64_t end, int64_t offset, int32_t epoch)
{
    uint32_t entered = rk_cursor_enter(cursor);
    if (atomic_load_explicit(&cursor->stored, memory_order_relaxed) > end) {
        atomic_store_explicit(&cursor->stored, offset, memory_order_release);
        atomic_store_explicit(&cursor->stored_epoch, epoch, memory_order_release);
    }
    rk_cursor_leave(cursor, entered);
}
