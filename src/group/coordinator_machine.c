/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/coordinator_machine.h"

#include "base/assert.h"
#include "base/clock.h"

#define TO(state) (1u << RK_COORDINATOR_##state)

static const unsigned next_states[] = {
    [RK_COORDINATOR_UNKNOWN] = TO(ASKING) | TO(BACKING_OFF),
    [RK_COORDINATOR_ASKING] = TO(KNOWN) | TO(BACKING_OFF) | TO(UNKNOWN),
    [RK_COORDINATOR_BACKING_OFF] = TO(ASKING) | TO(UNKNOWN),
    [RK_COORDINATOR_KNOWN] = TO(UNKNOWN),
};

static void set_state(struct rk_coordinator_machine *machine, enum rk_coordinator_state state)
{
    RK_ASSERT(next_states[machine->state] & (1u << state));
    machine->state = state;
    RK_ASSERT((machine->broker_id >= 0) == (state == RK_COORDINATOR_KNOWN));
}

void rk_coordinator_machine_init(struct rk_coordinator_machine *machine, int backoff_ms,
                                 int backoff_max_ms)
{
    *machine = (struct rk_coordinator_machine){.broker_id = -1};
    rk_backoff_init(&machine->backoff, backoff_ms, backoff_max_ms);
}

/* From UNKNOWN: asks if it is wanted, now or when it may. */
static enum rk_coordinator_order begin(struct rk_coordinator_machine *machine, uint64_t now_us)
{
    if (!machine->is_wanted)
        return RK_COORDINATOR_DO_NOTHING;
    if (!machine->unknown_since_us)
        machine->unknown_since_us = now_us;
    if (now_us < machine->not_before_us) {
        set_state(machine, RK_COORDINATOR_BACKING_OFF);
        return RK_COORDINATOR_DO_NOTHING;
    }
    set_state(machine, RK_COORDINATOR_ASKING);
    return RK_COORDINATOR_DO_ASK;
}

enum rk_coordinator_order rk_coordinator_machine_on_wanted(struct rk_coordinator_machine *machine,
                                                           bool is_wanted, uint64_t now_us)
{
    machine->is_wanted = is_wanted;
    switch (machine->state) {
    case RK_COORDINATOR_UNKNOWN:
        return begin(machine, now_us);
    case RK_COORDINATOR_ASKING:
        break; /* The answer is good for the next one. */
    case RK_COORDINATOR_BACKING_OFF:
        if (!is_wanted)
            set_state(machine, RK_COORDINATOR_UNKNOWN);
        break;
    case RK_COORDINATOR_KNOWN:
        return is_wanted ? RK_COORDINATOR_DO_SEND : RK_COORDINATOR_DO_NOTHING;
    }
    return RK_COORDINATOR_DO_NOTHING;
}

enum rk_coordinator_order rk_coordinator_machine_on_found(struct rk_coordinator_machine *machine,
                                                          int32_t broker_id)
{
    if (machine->state != RK_COORDINATOR_ASKING)
        return RK_COORDINATOR_DO_NOTHING;
    machine->broker_id = broker_id;
    machine->unknown_since_us = 0;
    set_state(machine, RK_COORDINATOR_KNOWN);
    return RK_COORDINATOR_DO_SEND;
}

bool rk_coordinator_machine_on_moved(struct rk_coordinator_machine *machine, int32_t broker_id)
{
    if (machine->state != RK_COORDINATOR_KNOWN || machine->broker_id == broker_id)
        return false;
    machine->broker_id = broker_id;
    return true;
}

enum rk_coordinator_order
rk_coordinator_machine_on_not_found(struct rk_coordinator_machine *machine, rd_kafka_resp_err_t err,
                                    bool is_final, uint64_t now_us)
{
    if (machine->state != RK_COORDINATOR_ASKING)
        return RK_COORDINATOR_DO_NOTHING;
    machine->err = err;
    machine->not_before_us = now_us + rk_backoff_next_us(&machine->backoff);
    if (is_final) {
        set_state(machine, RK_COORDINATOR_UNKNOWN);
        return RK_COORDINATOR_DO_FAIL;
    }
    set_state(machine, machine->is_wanted ? RK_COORDINATOR_BACKING_OFF : RK_COORDINATOR_UNKNOWN);
    return RK_COORDINATOR_DO_NOTHING;
}

enum rk_coordinator_order rk_coordinator_machine_on_lost(struct rk_coordinator_machine *machine,
                                                         int32_t broker_id, rd_kafka_resp_err_t err,
                                                         uint64_t now_us)
{
    if (machine->state != RK_COORDINATOR_KNOWN || machine->broker_id != broker_id)
        return RK_COORDINATOR_DO_NOTHING;
    machine->err = err;
    machine->broker_id = -1;
    machine->unknown_since_us = now_us;
    /* The first time at once; again and again, after ever longer pauses. */
    bool is_again = machine->backoff.failures > 0;
    uint64_t wait_us = rk_backoff_next_us(&machine->backoff);
    machine->not_before_us = is_again ? now_us + wait_us : now_us;
    set_state(machine, RK_COORDINATOR_UNKNOWN);
    return begin(machine, now_us);
}

void rk_coordinator_machine_on_served(struct rk_coordinator_machine *machine, int32_t broker_id)
{
    if (machine->state != RK_COORDINATOR_KNOWN || machine->broker_id != broker_id)
        return;
    machine->err = RD_KAFKA_RESP_ERR_NO_ERROR;
    rk_backoff_reset(&machine->backoff);
}

enum rk_coordinator_order rk_coordinator_machine_on_due(struct rk_coordinator_machine *machine,
                                                        uint64_t now_us)
{
    if (machine->state != RK_COORDINATOR_BACKING_OFF || now_us < machine->not_before_us)
        return RK_COORDINATOR_DO_NOTHING;
    set_state(machine, RK_COORDINATOR_ASKING);
    return RK_COORDINATOR_DO_ASK;
}

uint64_t rk_coordinator_machine_next_us(const struct rk_coordinator_machine *machine)
{
    return machine->state == RK_COORDINATOR_BACKING_OFF ? machine->not_before_us : RK_NEVER;
}

const char *rk_coordinator_state_name(enum rk_coordinator_state state)
{
    static const char *const names[] = {
        [RK_COORDINATOR_UNKNOWN] = "unknown",
        [RK_COORDINATOR_ASKING] = "asking",
        [RK_COORDINATOR_BACKING_OFF] = "backing-off",
        [RK_COORDINATOR_KNOWN] = "known",
    };
    return names[state];
}
