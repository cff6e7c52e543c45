/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client: the public rd_kafka_t.
 *
 * Made by rd_kafka_new(), freed by rd_kafka_destroy(). The core is its first member and is set
 * before anybody else sees the client.
 */
#ifndef RK_API_CLIENT_H
#define RK_API_CLIENT_H

#include "event/core.h"

struct rd_kafka_s {
    struct rk_core *core;
};

#endif
