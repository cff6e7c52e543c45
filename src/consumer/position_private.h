/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of a position (consumer/position.h), for the files that lead it through them. On
 * background; after a change, and not within one, rk_position_settle().
 */
#ifndef RK_CONSUMER_POSITION_PRIVATE_H
#define RK_CONSUMER_POSITION_PRIVATE_H

#include "consumer/position.h"

/* There is no offset to go on at. */
struct rk_position_loss {
    rd_kafka_resp_err_t err;
    const char *why;
    int64_t offset;
    int32_t broker_id; /* Who said so; -1: nobody was asked. */
    struct rk_failure_row attempts;
};

void rk_position_become_ready(struct rk_partition *partition, int64_t offset,
                              int32_t epoch) RK_ON_BACKGROUND;
void rk_position_become_looking_up(struct rk_partition *partition, int64_t wanted,
                                   int64_t tail) RK_ON_BACKGROUND;
void rk_position_become_failed(struct rk_partition *partition,
                               const struct rk_position_loss *loss) RK_ON_BACKGROUND;
/* auto.offset.reset decides. */
void rk_position_reset(struct rk_partition *partition,
                       const struct rk_position_loss *loss) RK_ON_BACKGROUND;
/* The log ends at `end`: what is stored beyond it is not to be committed, and what is committed
 * beyond it does not keep lower offsets from that. Where consumption goes on at the end, all before
 * it is done with; else there is nothing to commit for now. */
void rk_position_forget_beyond(struct rk_partition *partition, int64_t end, int32_t epoch,
                               bool goes_on_there) RK_ON_BACKGROUND;
/* Does whatever is to be done next. */
void rk_position_settle(struct rk_partition *partition) RK_ON_BACKGROUND;

#endif
