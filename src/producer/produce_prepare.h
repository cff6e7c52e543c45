/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes batches ready for the wire: codec, header, CRC; or, for a broker from before 0.11, the
 * message set it reads, which has no place for record headers. On the sender's loop. Retries send
 * the same bytes, unless the broker is another one and reads something else.
 */
#ifndef RK_PRODUCER_PRODUCE_PREPARE_H
#define RK_PRODUCER_PRODUCE_PREPARE_H

#include "producer/sender.h"

/* The format the broker reads: 2, record batches, or message sets of magic 0 or 1. While its
 * connection is up. */
int rk_produce_magic(struct rk_sender *sender) RK_ON_BROKER;
/* Those that cannot be prepared are failed and left out: `*count` is what remains. */
void rk_produce_prepare_all(struct rk_sender *sender, struct rk_batch **batches,
                            int *count) RK_ON_BROKER;

#endif
