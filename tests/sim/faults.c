/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/faults.h"

#include "sim/sim.h"

static struct {
    uint64_t calls;
    uint64_t first, end; /* Those that fail. */
} faults[SIM_FAULT_COUNT];

bool sim_fault_takes(enum sim_fault fault)
{
    uint64_t number = ++faults[fault].calls;
    return number >= faults[fault].first && number < faults[fault].end;
}

uint64_t sim_fault_calls(enum sim_fault fault)
{
    return faults[fault].calls;
}

void sim_fail_call(enum sim_fault fault, uint64_t n, uint64_t more)
{
    faults[fault].first = faults[fault].calls + n;
    faults[fault].end = more == UINT64_MAX ? UINT64_MAX : faults[fault].first + 1 + more;
    sim_note_fault("calls of kind %d fail", (int)fault);
}
