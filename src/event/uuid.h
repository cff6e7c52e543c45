/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Topic ids as the application sees them: the public rd_kafka_Uuid_t, a plain immutable value.
 */
#ifndef RK_EVENT_UUID_H
#define RK_EVENT_UUID_H

#include <stdint.h>

#include "base/types.h"
#include "rdkafka.h"

#define RK_UUID_TEXT_SIZE 23 /* 22 characters of base64 without padding, and NUL. */

struct rd_kafka_Uuid_s {
    int64_t most_significant_bits;
    int64_t least_significant_bits;
    char text[RK_UUID_TEXT_SIZE];
};

/* Fills in all members. */
void rk_uuid_init(rd_kafka_Uuid_t *uuid, int64_t most_significant_bits,
                  int64_t least_significant_bits);

#endif
