/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library for tests that is no plugin: it has no conf_init().
 */
#include "rdkafka.h"

__attribute__((visibility("default"))) int unrelated(void);

int unrelated(void)
{
    return rd_kafka_version();
}
