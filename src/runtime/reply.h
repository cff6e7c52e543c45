/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reply: one application thread waits, with a deadline, for one answer from a loop.
 *
 * Counted, one reference for the waiter and one for the answerer, so that either may go first: an
 * answer that nobody waits for any more is freed by `drop`.
 */
#ifndef RK_RUNTIME_REPLY_H
#define RK_RUNTIME_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/thread.h"

struct rk_reply;

/* Two references. `drop` frees an answer that was not taken; NULL when answers need no freeing. */
struct rk_reply *rk_reply_new(void (*drop)(void *answer));
void rk_reply_release(struct rk_reply *reply);
/* Answerer, at most once; gives up its reference. takes: answer (which may be NULL) */
void rk_reply_answer(struct rk_reply *reply, void *answer);
/* Answerer: gives up its reference without an answer; the waiter sees `abandoned`. */
void rk_reply_abandon(struct rk_reply *reply);
/*
 * Waiter: true when the answer came before the deadline, with the answer (or NULL when it was
 * abandoned) in `answer`, owned by the caller. May be called again after a time-out. Does not give
 * up the waiter's reference.
 */
bool rk_reply_wait(struct rk_reply *reply, uint64_t deadline_us, void **answer);

#endif
