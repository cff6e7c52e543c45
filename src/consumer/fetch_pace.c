/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/fetch_pace.h"

#include "base/assert.h"

/* A sound broker answers early now and then: what it tells of a partition is not always data. */
#define FREE_ANSWERS   3
#define FIRST_PAUSE_US 1000
#define MAX_DOUBLES    6

uint64_t rk_fetch_pace_on_answer(struct rk_fetch_pace *self, bool has_news, uint64_t took_us,
                                 uint64_t asked_us)
{
    if (has_news || took_us >= asked_us / 2) {
        self->early_answers = 0;
        return 0;
    }
    if (self->early_answers < FREE_ANSWERS) {
        self->early_answers++;
        return 0;
    }
    unsigned doubles = RK_MIN(self->early_answers - FREE_ANSWERS, (unsigned)MAX_DOUBLES);
    self->early_answers += doubles < MAX_DOUBLES;
    return RK_MIN((uint64_t)FIRST_PAUSE_US << doubles, asked_us - took_us);
}
