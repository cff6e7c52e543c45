/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/error.h"

#include <stdio.h>

#include "base/memory.h"

rd_kafka_error_t *rk_error_newv(rd_kafka_resp_err_t code, unsigned flags, const char *format,
                                va_list arguments)
{
    int length = 0;
    if (format) {
        va_list again;
        va_copy(again, arguments);
        length = vsnprintf(NULL, 0, format, again);
        va_end(again);
    }
    size_t size = length > 0 ? (size_t)length + 1 : 1;
    rd_kafka_error_t *error = rk_malloc(sizeof(*error) + size);
    error->code = code;
    error->flags = flags;
    error->text[0] = '\0';
    if (size > 1)
        vsnprintf(error->text, size, format, arguments);
    return error;
}

rd_kafka_error_t *rk_error_new(rd_kafka_resp_err_t code, unsigned flags, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    rd_kafka_error_t *error = rk_error_newv(code, flags, format, arguments);
    va_end(arguments);
    return error;
}

void rk_error_destroy(rd_kafka_error_t *error)
{
    rk_free(error);
}
