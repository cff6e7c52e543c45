/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the operating system that fail: the n-th of a kind, or all from the n-th on.
 *
 * Asked by the twins of the seams; set by sim_fail_call() (sim.h). Holder of the baton only.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum sim_fault {
    SIM_FAULT_MEMORY, /* rk_try_*: NULL */
    SIM_FAULT_THREAD, /* EAGAIN */
    SIM_FAULT_SOCKET, /* EMFILE */
    SIM_FAULT_WAKE,   /* A loop's descriptor: EMFILE */
    SIM_FAULT_COUNT,
};

/* Counts the call; true: it is to fail. */
bool sim_fault_takes(enum sim_fault fault);
/* Calls of this kind so far. */
uint64_t sim_fault_calls(enum sim_fault fault);
/* The n-th call from now on fails (1: the next), and `more` after it. */
void sim_fail_call(enum sim_fault fault, uint64_t n, uint64_t more);

#endif
