/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RD_KAFKA_EVENT_OFFSET_COMMIT: what became of a commit of offsets.
 */
#ifndef RK_EVENT_COMMIT_EVENT_H
#define RK_EVENT_COMMIT_EVENT_H

#include "event/event.h"

typedef void(rk_commit_callback_t)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                   rd_kafka_topic_partition_list_t *offsets, void *opaque);

/* takes: offsets. `callback` NULL: offset_commit_cb of the configuration, with its opaque. */
rd_kafka_event_t *rk_event_new_commit(rd_kafka_resp_err_t err,
                                      rd_kafka_topic_partition_list_t *offsets,
                                      rk_commit_callback_t *callback, void *opaque);

#endif
