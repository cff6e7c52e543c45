/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/plugins.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/library.h"
#include "base/memory.h"
#include "base/text.h"

static bool is_loaded(const struct rk_plugins *plugins, const char *path)
{
    for (size_t i = 0; i < plugins->count; i++)
        if (!strcmp(plugins->items[i]->path, path))
            return true;
    return false;
}

static void destroy(struct rk_plugin *plugin)
{
    rk_library_close(plugin->library);
    rk_free(plugin->path);
    rk_free(plugin);
}

static rd_kafka_conf_res_t refuse(const char *path, const char *reason, char *errstr, size_t size)
{
    if (errstr && size)
        snprintf(errstr, size, "plugin.library.paths: %s (plugin %s)", reason, path);
    return RD_KAFKA_CONF_INVALID;
}

/* takes: path */
static rd_kafka_conf_res_t load(struct rk_plugins *plugins, rd_kafka_conf_t *conf, char *path,
                                char *errstr, size_t size)
{
    char reason[512] = "";
    struct rk_plugin *plugin = RK_NEW(struct rk_plugin);
    rd_kafka_plugin_f_conf_init_t *conf_init = NULL;
    plugin->path = path;
    plugin->library = rk_library_open(path, reason, sizeof(reason));
    if (plugin->library)
        conf_init = (rd_kafka_plugin_f_conf_init_t *)rk_library_find(plugin->library, "conf_init",
                                                                     reason, sizeof(reason));
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__FAIL;
    if (conf_init) {
        err = conf_init(conf, &plugin->opaque, reason, sizeof(reason));
        if (err && !*reason)
            snprintf(reason, sizeof(reason), "conf_init() failed with error %d", (int)err);
    }
    if (err) {
        refuse(path, reason, errstr, size);
        destroy(plugin);
        return RD_KAFKA_CONF_INVALID;
    }
    plugins->items = rk_realloc(plugins->items, (plugins->count + 1) * sizeof(*plugins->items));
    plugins->items[plugins->count++] = plugin;
    return RD_KAFKA_CONF_OK;
}

/* Without blanks at the ends. */
static char *new_trimmed(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    return rk_text_format("%.*s", (int)length, text);
}

rd_kafka_conf_res_t rk_plugins_load(struct rk_plugins *plugins, rd_kafka_conf_t *conf,
                                    const char *paths, char *errstr, size_t size)
{
    rd_kafka_conf_res_t result = RD_KAFKA_CONF_OK;
    while (result == RD_KAFKA_CONF_OK && paths && *paths) {
        size_t length = strcspn(paths, ";");
        char *path = new_trimmed(paths, length);
        paths += length + (paths[length] == ';');
        if (!*path || is_loaded(plugins, path))
            rk_free(path);
        else
            result = load(plugins, conf, path, errstr, size);
    }
    return result;
}

void rk_plugins_clear(struct rk_plugins *plugins)
{
    for (size_t i = plugins->count; i > 0; i--)
        destroy(plugins->items[i - 1]);
    rk_free(plugins->items);
    *plugins = (struct rk_plugins){0};
}
