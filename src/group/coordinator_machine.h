/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the coordinator of a group is known, and when it is asked for: the pure part of
 * coordinator.h. A value; no clock, no socket.
 *
 * Each event returns what is to be done at once; rk_coordinator_machine_next_us says when
 * rk_coordinator_machine_on_due is to be called.
 */
#ifndef RK_GROUP_COORDINATOR_MACHINE_H
#define RK_GROUP_COORDINATOR_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/backoff.h"
#include "rdkafka.h"

enum rk_coordinator_state {
    RK_COORDINATOR_UNKNOWN,     /* And nobody needs it. Leaves when wanted. */
    RK_COORDINATOR_ASKING,      /* A FindCoordinator request is under way. */
    RK_COORDINATOR_BACKING_OFF, /* Wanted, and not asked for before `not_before_us`. */
    RK_COORDINATOR_KNOWN,
};

enum rk_coordinator_order {
    RK_COORDINATOR_DO_NOTHING,
    RK_COORDINATOR_DO_ASK,  /* Send FindCoordinator; its end is on_found or on_not_found. */
    RK_COORDINATOR_DO_SEND, /* What waits may be sent. */
    RK_COORDINATOR_DO_FAIL, /* What waits is to fail with `err`: asking again would not help. */
};

struct rk_coordinator_machine {
    enum rk_coordinator_state state;
    bool is_wanted; /* Requests wait for it. */
    int32_t broker_id;
    rd_kafka_resp_err_t err;   /* Why it is not known; 0: nobody has asked. */
    uint64_t unknown_since_us; /* 0: it is known, or was never wanted. */
    uint64_t not_before_us;    /* FindCoordinator waits until then. */
    struct rk_backoff backoff;
};

void rk_coordinator_machine_init(struct rk_coordinator_machine *machine, int backoff_ms,
                                 int backoff_max_ms);

/* Requests wait for it, or none does any more. */
enum rk_coordinator_order rk_coordinator_machine_on_wanted(struct rk_coordinator_machine *machine,
                                                           bool is_wanted, uint64_t now_us);
enum rk_coordinator_order rk_coordinator_machine_on_found(struct rk_coordinator_machine *machine,
                                                          int32_t broker_id);
/* `is_final`: the same answer would come again. */
enum rk_coordinator_order
rk_coordinator_machine_on_not_found(struct rk_coordinator_machine *machine, rd_kafka_resp_err_t err,
                                    bool is_final, uint64_t now_us);
/* Others say so of another broker meanwhile. False: no news, or it is not known now. */
bool rk_coordinator_machine_on_moved(struct rk_coordinator_machine *machine, int32_t broker_id);
/* The broker says that it is not the coordinator, or did not answer. What was sent to another
 * broker than the one that is taken for it says nothing. */
enum rk_coordinator_order rk_coordinator_machine_on_lost(struct rk_coordinator_machine *machine,
                                                         int32_t broker_id, rd_kafka_resp_err_t err,
                                                         uint64_t now_us);
/* The coordinator has done what it was asked. */
void rk_coordinator_machine_on_served(struct rk_coordinator_machine *machine, int32_t broker_id);
enum rk_coordinator_order rk_coordinator_machine_on_due(struct rk_coordinator_machine *machine,
                                                        uint64_t now_us);
/* RK_NEVER: no matter. */
uint64_t rk_coordinator_machine_next_us(const struct rk_coordinator_machine *machine);
/* "unknown", "asking", "backing-off", "known" */
const char *rk_coordinator_state_name(enum rk_coordinator_state state);

#endif
