/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_Uuid_*(): topic ids as objects of the application's.
 */
#include "event/uuid.h"

#include "base/memory.h"

const char *rd_kafka_Uuid_base64str(const rd_kafka_Uuid_t *uuid)
{
    return uuid->text;
}

int64_t rd_kafka_Uuid_least_significant_bits(const rd_kafka_Uuid_t *uuid)
{
    return uuid->least_significant_bits;
}

int64_t rd_kafka_Uuid_most_significant_bits(const rd_kafka_Uuid_t *uuid)
{
    return uuid->most_significant_bits;
}

rd_kafka_Uuid_t *rd_kafka_Uuid_new(int64_t most_significant_bits, int64_t least_significant_bits)
{
    rd_kafka_Uuid_t *uuid = RK_NEW(rd_kafka_Uuid_t);
    rk_uuid_init(uuid, most_significant_bits, least_significant_bits);
    return uuid;
}

rd_kafka_Uuid_t *rd_kafka_Uuid_copy(const rd_kafka_Uuid_t *uuid)
{
    return rd_kafka_Uuid_new(uuid->most_significant_bits, uuid->least_significant_bits);
}

void rd_kafka_Uuid_destroy(rd_kafka_Uuid_t *uuid)
{
    rk_free(uuid);
}
