/* SPDX-License-Identifier: BSD-2-Clause */
/* How a run begins and ends, among the files of tests/sim. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim.h"

/* A process's status. */
enum { SIM_FAILED = 1, SIM_TOO_LONG = 4 };

/* What a run tells the process that started it. */
struct sim_result {
    uint64_t virtual_us, points, trace_sum;
    uint64_t messages; /* Accepted, and consumed. */
};

/* sim_is_full() is true from now on. */
void sim_set_full(void);

/* In a process of its own, which it ends; the status is 0 when all was well. */
_Noreturn void sim_run(const struct sim_scenario *scenario, uint64_t seed, const char *trace_path,
                       int seconds, int result_fd);

/* Parts of the end, in this order. */
void sim_actions_end(void);
void sim_clients_end(void);
void sim_cluster_end(void);

/* Prints each thread's name, what it waits for and, where possible, its stack. */
void sim_threads_show(void);
/* Fails the run after that many seconds of the processor's time, or many more by the clock; 0:
 * never. */
void sim_watchdog_begin(int seconds);
/* The failure that follows is the watchdog's: the status says so. */
void sim_run_over_limit(void);

#endif
