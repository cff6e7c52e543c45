/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients for tests that see nothing but the public interface, those of tests/shared/ among them:
 * inline, so that nothing is linked. A failure is the test's.
 */
#ifndef SUPPORT_CLIENT_H
#define SUPPORT_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rdkafka.h"

/* With pairs of property and value up to NULL. takes: conf */
static inline rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, va_list pairs)
{
    char error[256];
    const char *name;
    while ((name = va_arg(pairs, const char *)) != NULL)
        if (rd_kafka_conf_set(conf, name, va_arg(pairs, const char *), error, sizeof(error)))
            fail_msg("%s", error);
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

/* The code of an error object, which is destroyed. */
static inline int client_code_of(rd_kafka_error_t *error)
{
    int code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}

#endif
