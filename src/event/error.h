/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error objects: the public rd_kafka_error_t. One allocation, immutable; whoever gets one frees it
 * with rk_error_destroy (rd_kafka_error_destroy).
 */
#ifndef RK_EVENT_ERROR_H
#define RK_EVENT_ERROR_H

#include <stdarg.h>

#include "base/assert.h"
#include "rdkafka.h"

enum {
    RK_ERROR_FATAL = 1,
    RK_ERROR_RETRIABLE = 2,
    RK_ERROR_TXN_REQUIRES_ABORT = 4,
};

struct rd_kafka_error_s {
    rd_kafka_resp_err_t code;
    unsigned flags; /* RK_ERROR_* */
    char text[];    /* "": rd_kafka_err2str(code). */
};

/* `format` may be NULL: the text is then rd_kafka_err2str(code). */
rd_kafka_error_t *rk_error_new(rd_kafka_resp_err_t code, unsigned flags, const char *format, ...)
    RK_FORMAT(3, 4);
rd_kafka_error_t *rk_error_newv(rd_kafka_resp_err_t code, unsigned flags, const char *format,
                                va_list arguments);
/* NULL is fine. */
void rk_error_destroy(rd_kafka_error_t *error);

#endif
