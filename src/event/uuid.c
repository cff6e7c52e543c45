/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/uuid.h"

#include "base/big_endian.h"

static void encode(const uint8_t bytes[16], char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int count = 0;
    for (int i = 0; i < 16; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 6; count -= 6)
            *text++ = digits[bits >> (count - 6) & 63];
    }
    *text++ = digits[bits << (6 - count) & 63];
    *text = '\0';
}

void rk_uuid_init(rd_kafka_Uuid_t *uuid, int64_t most_significant_bits,
                  int64_t least_significant_bits)
{
    uint8_t bytes[16];
    uuid->most_significant_bits = most_significant_bits;
    uuid->least_significant_bits = least_significant_bits;
    rk_store_be64(bytes, most_significant_bits);
    rk_store_be64(bytes + 8, least_significant_bits);
    encode(bytes, uuid->text);
}
