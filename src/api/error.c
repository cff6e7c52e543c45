/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_error_*() and the errors of the calling thread and of the client. Codes and their names:
 * event/error_names.c.
 */
#include <errno.h>
#include <stdarg.h>

#include "api/client.h"
#include "event/error.h"
#include "producer/producer.h"

rd_kafka_resp_err_t rd_kafka_last_error(void)
{
    return rk_last_error();
}

int rd_kafka_errno(void)
{
    return errno;
}

rd_kafka_resp_err_t rd_kafka_error_code(const rd_kafka_error_t *error)
{
    return error ? error->code : RD_KAFKA_RESP_ERR_NO_ERROR;
}

const char *rd_kafka_error_name(const rd_kafka_error_t *error)
{
    return error ? rd_kafka_err2name(error->code) : "";
}

const char *rd_kafka_error_string(const rd_kafka_error_t *error)
{
    if (!error)
        return "";
    return error->text[0] ? error->text : rd_kafka_err2str(error->code);
}

static int has_flag(const rd_kafka_error_t *error, unsigned flag)
{
    return error && (error->flags & flag);
}

int rd_kafka_error_is_fatal(const rd_kafka_error_t *error)
{
    return has_flag(error, RK_ERROR_FATAL);
}

int rd_kafka_error_is_retriable(const rd_kafka_error_t *error)
{
    return has_flag(error, RK_ERROR_RETRIABLE);
}

int rd_kafka_error_txn_requires_abort(const rd_kafka_error_t *error)
{
    return has_flag(error, RK_ERROR_TXN_REQUIRES_ABORT);
}

void rd_kafka_error_destroy(rd_kafka_error_t *error)
{
    rk_error_destroy(error);
}

rd_kafka_error_t *rd_kafka_error_new(rd_kafka_resp_err_t code, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    rd_kafka_error_t *error = rk_error_newv(code, 0, fmt, arguments);
    va_end(arguments);
    return error;
}

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *errstr, size_t errstr_size)
{
    return rk_core_fatal_error(rk->core, errstr, errstr_size);
}

rd_kafka_resp_err_t rd_kafka_test_fatal_error(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                              const char *reason)
{
    if (!err)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    bool is_first =
        rk_core_raise_fatal(rk->core, err, "test_fatal_error: %s", reason ? reason : "");
    if (is_first && rk->producer)
        rk_producer_on_fatal(rk->producer);
    return is_first ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS;
}
