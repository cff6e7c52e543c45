/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How functions answer whose feature is not built yet: those of the files not_implemented_*.c,
 * listed in mklove/not_implemented.txt. What they will do stands in the public headers.
 */
#ifndef RK_API_NOT_IMPLEMENTED_H
#define RK_API_NOT_IMPLEMENTED_H

#include <stddef.h>

#include "rdkafka.h"

/* A new error _NOT_IMPLEMENTED that names the function. */
rd_kafka_error_t *rk_not_implemented_error(const char *function);

/* The same as text; `errstr` NULL with size 0 is fine. */
void rk_not_implemented_text(const char *function, char *errstr, size_t errstr_size);

/*
 * Answers an admin operation: puts a result event of this type with the error _NOT_IMPLEMENTED on
 * the queue, so that a program which waits for the result gets one. borrows: queue. Any thread.
 */
void rk_admin_not_implemented(rd_kafka_t *rk, rd_kafka_queue_t *queue,
                              const rd_kafka_AdminOptions_t *options,
                              rd_kafka_event_type_t event_type);

#endif
