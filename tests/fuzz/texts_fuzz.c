/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What applications write as text: addresses of brokers, and the values of properties.
 *
 * The first byte chooses: 0 an address; else the property with that number, and the configuration
 * is checked as a client would.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cluster/seed.h"
#include "rdkafka.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_address(const uint8_t *data, size_t size)
{
    struct rk_bootstrap_server server;
    if (memchr(data, 0, size) || !rk_seed_parse((const char *)data, size, &server))
        return; /* A text ends at its first zero. */
    RK_ASSERT(server.host && *server.host && server.port > 0);
    rk_free(server.host);
}

/* What there is, but for what loads code. */
static const char *name_of(size_t number)
{
    static const char **names;
    static size_t count;
    if (!names) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        names = rd_kafka_conf_dump(conf, &count);
        rd_kafka_conf_destroy(conf);
    }
    const char *name = names[number * 2 % count];
    return strncmp(name, "plugin.", 7) == 0 ? "bootstrap.servers" : name;
}

static void set_property(const char *name, const char *value)
{
    char error[128];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK) {
        char again[256];
        size_t size = sizeof(again);
        rd_kafka_conf_get(conf, name, again, &size);
        rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
        size_t count;
        rd_kafka_conf_dump_free(rd_kafka_conf_dump(copy, &count), count);
        rd_kafka_conf_destroy(copy);
    } else {
        RK_ASSERT(memchr(error, 0, sizeof(error)));
    }
    rd_kafka_conf_destroy(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 0) {
        parse_address(data + 1, size - 1);
        return 0;
    }
    char *value = rk_strndup((const char *)data + 1, size - 1);
    set_property(name_of(data[0]), value);
    rk_free(value);
    return 0;
}
