/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/faults.h"

#include <errno.h>
#include <netdb.h>

#include "sim/sim.h"

enum { ERRORS_MAX = 16 };

static struct {
    uint64_t calls;
    uint64_t first, end; /* Those that fail. */
    int error;
} faults[SIM_FAULT_COUNT];

/* EINTR is not there where the seam itself goes on. */
static const int errors[SIM_FAULT_COUNT][ERRORS_MAX] = {
    [SIM_FAULT_MEMORY] = {ENOMEM},
    [SIM_FAULT_THREAD] = {EAGAIN, EPERM},
    [SIM_FAULT_SOCKET] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAFNOSUPPORT, EPROTONOSUPPORT},
    [SIM_FAULT_WAKE] = {EMFILE, ENFILE, ENODEV, ENOMEM},
    [SIM_FAULT_CONNECT] = {ECONNREFUSED, EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT,
                           EAGAIN, ENETUNREACH, EHOSTUNREACH, EPROTOTYPE, ETIMEDOUT},
    [SIM_FAULT_READ] = {ECONNRESET, EAGAIN, ECONNREFUSED, ENOMEM, ENOTCONN, ETIMEDOUT, EHOSTUNREACH,
                        ENETUNREACH},
    [SIM_FAULT_WRITE] = {EPIPE, EAGAIN, ECONNRESET, EACCES, ENOBUFS, ENOMEM, ENOTCONN, ETIMEDOUT,
                         EHOSTUNREACH, ENETUNREACH, EMSGSIZE},
    [SIM_FAULT_LOOK_UP] = {EAI_AGAIN, EAI_ADDRFAMILY, EAI_FAIL, EAI_FAMILY, EAI_MEMORY, EAI_NODATA,
                           EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE, EAI_SYSTEM},
};

int sim_fault_error(enum sim_fault fault)
{
    uint64_t number = ++faults[fault].calls;
    bool fails = number >= faults[fault].first && number < faults[fault].end;
    if (fails)
        sim_note("call %d of kind %d fails with %d", (int)number, (int)fault, faults[fault].error);
    return fails ? faults[fault].error : 0;
}

bool sim_fault_takes(enum sim_fault fault)
{
    int error = sim_fault_error(fault);
    if (error)
        errno = error;
    return error != 0;
}

const int *sim_fault_errors(enum sim_fault fault)
{
    return errors[fault];
}

uint64_t sim_fault_calls(enum sim_fault fault)
{
    return faults[fault].calls;
}

void sim_fail_call_with(enum sim_fault fault, int error, uint64_t n, uint64_t more)
{
    faults[fault].first = faults[fault].calls + n;
    faults[fault].end = more == UINT64_MAX ? UINT64_MAX : faults[fault].first + 1 + more;
    faults[fault].error = error;
    sim_note_fault("calls of kind %d fail with %d", (int)fault, error);
}

void sim_fail_call(enum sim_fault fault, uint64_t n, uint64_t more)
{
    sim_fail_call_with(fault, errors[fault][0], n, more);
}
