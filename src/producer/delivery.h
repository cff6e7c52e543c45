/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery reports: a batch that is done goes up as one event; its messages are built when the
 * application looks at them.
 */
#ifndef RK_PRODUCER_DELIVERY_H
#define RK_PRODUCER_DELIVERY_H

#include "producer/batch.h"

/* Makes the event a delivery report, which is part of its batch. */
void rk_delivery_init_event(rd_kafka_event_t *event);

/* Done: `batch` succeeded at that offset; without acks nobody knows whether it was persisted. Its
 * report is added to `reports`: those of a whole answer are posted at once. takes: batch */
void rk_delivery_succeed(struct rk_batch *batch, int64_t base_offset, int64_t log_append_ms,
                         int32_t broker_id, uint64_t now_us, struct rk_event_list *reports);
/* takes: the reports */
void rk_delivery_post(struct rk_producer *producer, struct rk_event_list *reports);
/* Done: it failed. `text` NULL: err2str; copied. takes: batch */
void rk_delivery_fail(struct rk_batch *batch, rd_kafka_resp_err_t err, const char *text,
                      rd_kafka_msg_status_t status, uint64_t now_us);

/* The client ends: only interceptors are told. takes: batch */
void rk_delivery_discard(struct rk_batch *batch);

#endif
