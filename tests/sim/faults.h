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
    SIM_FAULT_THREAD,
    SIM_FAULT_SOCKET,
    SIM_FAULT_WAKE, /* A loop's descriptor. */
    SIM_FAULT_CONNECT,
    SIM_FAULT_READ, /* Of clients, as writing. */
    SIM_FAULT_WRITE,
    SIM_FAULT_LOOK_UP, /* EAI_* */
    SIM_FAULT_COUNT,
};

/* Counts the call; true: it is to fail, with errno set to its error. */
bool sim_fault_takes(enum sim_fault fault);
/* The same; 0, or the error. */
int sim_fault_error(enum sim_fault fault);
/* Those it can have by the manual pages and that are not mistakes of the caller, up to a 0. */
const int *sim_fault_errors(enum sim_fault fault);
/* Calls of this kind so far. */
uint64_t sim_fault_calls(enum sim_fault fault);
/* The n-th call from now on fails (1: the next), and `more` after it, with the first error. */
void sim_fail_call(enum sim_fault fault, uint64_t n, uint64_t more);
void sim_fail_call_with(enum sim_fault fault, int error, uint64_t n, uint64_t more);

#endif
