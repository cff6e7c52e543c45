/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_version() and the other questions about the library itself.
 */
#include "base/config.h"
#include "rdkafka.h"

int rd_kafka_version(void)
{
    return RD_KAFKA_VERSION;
}

const char *rd_kafka_version_str(void)
{
    return RK_VERSION_TEXT;
}

const char *rd_kafka_get_debug_contexts(void)
{
    return RD_KAFKA_DEBUG_CONTEXTS;
}
