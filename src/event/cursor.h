/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cursor: where the consumption of one partition stands, from one assignment of it to the next.
 *
 * Counted: the partition holds one, and each event with fetched messages. Its values are a group
 * that is read and written as a whole by any thread, whatever locks it holds: writers enter by
 * making the sequence odd, readers look again when it changed under them. `version` goes up when
 * everything fetched so far becomes void: seek, pause, the end of the assignment. An event carries
 * the version it was fetched under and is dropped when it is another by now.
 */
#ifndef RK_EVENT_CURSOR_H
#define RK_EVENT_CURSOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"

struct rk_cursor {
    _Atomic uint32_t references;
    bool stores_offsets; /* enable.auto.offset.store: handing out a message stores its offset. */
    _Atomic uint32_t sequence; /* Odd while somebody writes. */
    _Atomic uint32_t version;
    /* Offsets are RD_KAFKA_OFFSET_INVALID, epochs -1, while not known. */
    _Atomic int64_t next;     /* Where consumption goes on: behind what was handed out. */
    _Atomic int64_t position; /* The same once a message was handed out: rd_kafka_position(). */
    _Atomic int64_t stored;   /* To be committed. */
    _Atomic int64_t gap_from; /* From here to gap_to there is nothing for the application: next */
    _Atomic int64_t gap_to;   /* stands behind it when it gets there. INVALID: none. */
    _Atomic int32_t next_epoch;
    _Atomic int32_t position_epoch;
    _Atomic int32_t stored_epoch;
};

/* A copy of the group; `next` is past the gap. */
struct rk_cursor_values {
    uint32_t version;
    int64_t next, position, stored;
    int32_t next_epoch, position_epoch, stored_epoch;
};

/* One reference; nothing known, version 1. */
struct rk_cursor *rk_cursor_new(bool stores_offsets);
struct rk_cursor *rk_cursor_acquire(struct rk_cursor *cursor);
/* NULL is fine. */
void rk_cursor_release(struct rk_cursor *cursor);

struct rk_cursor_values rk_cursor_read(const struct rk_cursor *cursor);
/* Makes everything fetched so far void; returns the values, with the new version. */
struct rk_cursor_values rk_cursor_void(struct rk_cursor *cursor);
/* Consumption goes on there, if the version is still that one. */
void rk_cursor_set_next(struct rk_cursor *cursor, uint32_t version, int64_t offset, int32_t epoch);
void rk_cursor_store(struct rk_cursor *cursor, int64_t offset, int32_t epoch);
/* What is stored lies beyond `end`, where the log ends by now: `offset` is stored instead. */
void rk_cursor_cut_stored(struct rk_cursor *cursor, int64_t end, int64_t offset, int32_t epoch);
/* Was fetched under that version: from there to there only what is not for the application, such as
 * the ends of transactions. */
void rk_cursor_set_gap(struct rk_cursor *cursor, uint32_t version, int64_t from, int64_t to);

/* Another thread is writing: waits for it. As rk_cursor_enter. */
uint32_t rk_cursor_enter_later(struct rk_cursor *cursor);

static inline bool rk_cursor_is(const struct rk_cursor *cursor, uint32_t version)
{
    return atomic_load_explicit(&cursor->version, memory_order_relaxed) == version;
}

/* Inside: members are stored with release order, so that no store is seen before the sequence is
 * odd; that costs nothing on x86 and little elsewhere. returns: what rk_cursor_leave wants */
static inline uint32_t rk_cursor_enter(struct rk_cursor *cursor)
{
    uint32_t sequence = atomic_load_explicit(&cursor->sequence, memory_order_relaxed);
    if (RK_LIKELY(!(sequence & 1) && atomic_compare_exchange_strong_explicit(
                                         &cursor->sequence, &sequence, sequence + 1,
                                         memory_order_acq_rel, memory_order_relaxed)))
        return sequence + 1;
    return rk_cursor_enter_later(cursor);
}

static inline void rk_cursor_leave(struct rk_cursor *cursor, uint32_t entered)
{
    atomic_store_explicit(&cursor->sequence, entered + 1, memory_order_release);
}

/*
 * The one place that moves the position: a message was handed out whose offset is `offset`, and
 * consumption goes on at `next`. False, and nothing is changed, when it was fetched under another
 * version.
 */
static inline bool rk_cursor_advance(struct rk_cursor *cursor, uint32_t version, int64_t offset,
                                     int64_t next, int32_t epoch)
{
    uint32_t entered = rk_cursor_enter(cursor);
    bool is_current = rk_cursor_is(cursor, version);
    if (is_current) {
        atomic_store_explicit(&cursor->next, next, memory_order_release);
        atomic_store_explicit(&cursor->next_epoch, epoch, memory_order_release);
        atomic_store_explicit(&cursor->position, offset + 1, memory_order_release);
        atomic_store_explicit(&cursor->position_epoch, epoch, memory_order_release);
        if (cursor->stores_offsets) {
            atomic_store_explicit(&cursor->stored, offset + 1, memory_order_release);
            atomic_store_explicit(&cursor->stored_epoch, epoch, memory_order_release);
        }
    }
    rk_cursor_leave(cursor, entered);
    return is_current;
}

#endif
