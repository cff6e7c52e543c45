/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes batches ready for the wire: codec, header, CRC. On the sender's loop, once per batch;
 * retries send the same bytes.
 */
#ifndef RK_PRODUCER_PRODUCE_PREPARE_H
#define RK_PRODUCER_PRODUCE_PREPARE_H

#include "producer/sender.h"

/* Those that cannot be prepared are failed and left out: `*count` is what remains. */
void rk_produce_prepare_all(struct rk_sender *sender, struct rk_batch **batches,
                            int *count) RK_ON_BROKER;

#endif
