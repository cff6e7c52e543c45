/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and meanings of error codes: rd_kafka_err2name(), rd_kafka_err2str(),
 * rd_kafka_get_err_descs() and rd_kafka_errno2err(), over the table event/error_codes.def.
 *
 * Pure functions for any thread. Everything they return is static, but for the texts of unknown
 * codes, which stand in a buffer of the calling thread until it asks for the next unknown code.
 */
#ifndef RK_EVENT_ERROR_NAMES_H
#define RK_EVENT_ERROR_NAMES_H

#include <stdbool.h>

#include "rdkafka.h"

/* Whether error_codes.def has the code: a broker may be newer than this library. */
bool rk_error_is_known(rd_kafka_resp_err_t err);

#endif
