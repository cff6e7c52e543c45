/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plugins: the libraries of plugin.library.paths.
 *
 * Each is loaded when the property is set, and its conf_init() sees the configuration then; it adds
 * interceptors. A library stays loaded as long as the configuration it was loaded for - with a
 * client, as long as the client's core - and is unloaded after on_conf_destroy has run. A copy of a
 * configuration loads its libraries anew. One thread at a time, as the configuration.
 */
#ifndef RK_CONF_PLUGINS_H
#define RK_CONF_PLUGINS_H

#include <stddef.h>

#include "rdkafka.h"

struct rk_library;

struct rk_plugin {
    char *path;
    struct rk_library *library;
    void *opaque; /* conf_init's own. */
};

struct rk_plugins {
    struct rk_plugin **items; /* By address: conf_init may keep that of its opaque. */
    size_t count;
};

/*
 * Loads those of a list separated by ';' that are not loaded yet, in order. Blanks around a path,
 * and empty paths, are passed over. INVALID, with a text that names library and reason, at the
 * first that cannot be loaded or does not want to; those before it stay.
 */
rd_kafka_conf_res_t rk_plugins_load(struct rk_plugins *plugins, rd_kafka_conf_t *conf,
                                    const char *paths, char *errstr, size_t size);
/* Unloads all. */
void rk_plugins_clear(struct rk_plugins *plugins);

#endif
