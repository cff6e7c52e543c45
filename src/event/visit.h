/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A visit: an application thread inside a call of the client that blocks or calls back.
 *
 * rd_kafka_destroy() lets those who block go, waits until all visitors have left, and refuses to
 * run inside a visit of its own thread: in a callback. Calls that neither block nor call back make
 * no visit; running one of those while another thread destroys the client is the application's
 * mistake. A visit lives on its thread's stack.
 */
#ifndef RK_EVENT_VISIT_H
#define RK_EVENT_VISIT_H

#include <stdbool.h>

struct rk_core;

struct rk_visit {
    struct rk_core *core;
    struct rk_visit *outer; /* Of the same thread, perhaps to another client. */
    bool is_mark;           /* Not counted. */
};

/* False when the client is gone, or will be as soon as its visitors have left: there is no visit
 * then, and no rk_visit_end(). A thread that is inside already may always come in. */
bool rk_visit_begin(struct rk_visit *visit, struct rk_core *core);
void rk_visit_end(struct rk_visit *visit);
/* Around a callback in a call that makes no visit: destroying the client in it is noticed. */
void rk_visit_mark(struct rk_visit *visit, struct rk_core *core);
void rk_visit_unmark(struct rk_visit *visit);
/* False, and logged, on the client's own threads, in a callback there: a call that waits for them
 * would wait for itself. `call` says what was called. */
bool rk_visit_may_wait(struct rk_core *core, const char *call);
/* The calling thread is inside a visit, or a mark. */
bool rk_visit_is_inside(const struct rk_core *core);
/* For destroy: nobody comes in any more; waits until all have left. */
void rk_visits_close(struct rk_core *core);

#endif
