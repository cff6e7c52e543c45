/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/text.h"
#include "conf/property_value.h"

/* Either kind of configuration, for what is the same for both. */
struct view {
    const struct rk_property *properties;
    int count;
    void *base;
    bool *modified;
};

static struct view view_of(struct rd_kafka_conf_s *conf)
{
    return (struct view){rk_conf_properties, RK_CONF_IDS, &conf->conf, conf->modified};
}

static struct view view_of_topic(struct rd_kafka_topic_conf_s *topic_conf)
{
    return (struct view){rk_topic_conf_properties, RK_TOPIC_CONF_IDS, &topic_conf->conf,
                         topic_conf->modified};
}

/* For reading only. */
static struct view view_of_const(const struct rd_kafka_conf_s *conf)
{
    return view_of((struct rd_kafka_conf_s *)(uintptr_t)conf);
}

static struct view view_of_const_topic(const struct rd_kafka_topic_conf_s *topic_conf)
{
    return view_of_topic((struct rd_kafka_topic_conf_s *)(uintptr_t)topic_conf);
}

static void init(struct view view)
{
    for (int i = 0; i < view.count; i++)
        if (view.properties[i].offset != RK_PROPERTY_NO_OFFSET)
            rk_property_init(&view.properties[i], view.base);
}

static void clear(struct view view)
{
    for (int i = 0; i < view.count; i++)
        if (view.properties[i].offset != RK_PROPERTY_NO_OFFSET)
            rk_property_clear(&view.properties[i], view.base);
}

/* The place in the table of a property or of what it is an alias of; -1 when there is no such name.
 */
static int find_real(struct view view, const char *name)
{
    int id = rk_property_find(view.properties, view.count, name);
    if (id >= 0 && view.properties[id].type == RK_PROPERTY_ALIAS)
        id = view.properties[id].target;
    return id;
}

static rd_kafka_conf_res_t refuse_unknown(const char *name, char *errstr, size_t size)
{
    if (errstr && size)
        snprintf(errstr, size, "No such configuration property: \"%s\"", name);
    return RD_KAFKA_CONF_UNKNOWN;
}

struct rd_kafka_conf_s *rk_conf_new(void (*log_cb)(const rd_kafka_t *rk, int level,
                                                   const char *facility, const char *text))
{
    struct rd_kafka_conf_s *conf = RK_NEW(struct rd_kafka_conf_s);
    init(view_of(conf));
    conf->conf.callbacks.log_cb = log_cb;
    return conf;
}

void rk_conf_destroy(struct rd_kafka_conf_s *conf)
{
    if (!conf)
        return;
    rk_interceptors_on_conf_destroy(&conf->interceptors);
    rk_interceptors_clear(&conf->interceptors);
    for (size_t i = 0; i < conf->intercepted.count; i++) {
        struct rk_intercepted_property *property = &conf->intercepted.items[i];
        if (property->value)
            explicit_bzero(property->value, strlen(property->value));
        rk_free(property->name);
        rk_free(property->value);
    }
    rk_free(conf->intercepted.items);
    rk_topic_conf_destroy(conf->default_topic_conf);
    clear(view_of(conf));
    rk_plugins_clear(&conf->plugins);
    rk_free(conf);
}

/* Asks the interceptors whether the property is theirs; what they take is remembered for copies. */
static rd_kafka_conf_res_t intercept(struct rd_kafka_conf_s *conf, const char *name,
                                     const char *value, char *errstr, size_t size)
{
    rd_kafka_conf_res_t result =
        rk_interceptors_on_conf_set(&conf->interceptors, conf, name, value, errstr, size);
    if (result == RD_KAFKA_CONF_OK) {
        size_t count = conf->intercepted.count++;
        conf->intercepted.items =
            rk_realloc(conf->intercepted.items, (count + 1) * sizeof(*conf->intercepted.items));
        conf->intercepted.items[count] =
            (struct rk_intercepted_property){rk_strdup(name), rk_strdup_or_null(value)};
    }
    return result;
}

/* Parses, asks the interceptors (`conf` NULL: there are none) under the property's own name,
 * stores. */
static rd_kafka_conf_res_t set_property(struct view view, int id, struct rd_kafka_conf_s *conf,
                                        const char *value, char *errstr, size_t size)
{
    const struct rk_property *property = &view.properties[id];
    struct rk_parsed_value parsed;
    rd_kafka_conf_res_t result =
        rk_property_parse(property, view.base, value, &parsed, errstr, size);
    if (result != RD_KAFKA_CONF_OK)
        return result;
    result = conf ? intercept(conf, property->name, value, errstr, size) : RD_KAFKA_CONF_UNKNOWN;
    if (result == RD_KAFKA_CONF_UNKNOWN && conf && id == RK_CONF_ID_plugin_library_paths &&
        rk_plugins_load(&conf->plugins, conf, value, errstr, size) != RD_KAFKA_CONF_OK)
        result = RD_KAFKA_CONF_INVALID;
    if (result != RD_KAFKA_CONF_UNKNOWN) {
        rk_parsed_value_clear(&parsed);
        return result;
    }
    rk_property_store(property, view.base, &parsed);
    view.modified[id] = true;
    return RD_KAFKA_CONF_OK;
}

static const char *without_topic_prefix(const char *name)
{
    return strncmp(name, "topic.", 6) ? name : name + 6;
}

/* A client's properties that begin with "topic." are found before the prefix counts as one. */
static bool is_topic_property(const char *name)
{
    name = without_topic_prefix(name);
    return rk_property_find(rk_topic_conf_properties, RK_TOPIC_CONF_IDS, name) >= 0;
}

rd_kafka_conf_res_t rk_conf_set(struct rd_kafka_conf_s *conf, const char *name, const char *value,
                                char *errstr, size_t size)
{
    if (conf->frozen) {
        if (errstr && size)
            snprintf(errstr, size,
                     "Configuration property \"%s\" cannot be set: the configuration belongs to a "
                     "client",
                     name);
        return RD_KAFKA_CONF_INVALID;
    }
    if (value && !*value)
        value = NULL;
    rd_kafka_conf_res_t result = intercept(conf, name, value, errstr, size);
    if (result != RD_KAFKA_CONF_UNKNOWN)
        return result;
    int id = rk_property_find(rk_conf_properties, RK_CONF_IDS, name);
    if (id < 0) {
        if (!is_topic_property(name))
            return refuse_unknown(name, errstr, size);
        return rk_topic_conf_set(rk_conf_default_topic_conf(conf), name, value, errstr, size);
    }
    const struct rk_property *property = &rk_conf_properties[id];
    if (property->type == RK_PROPERTY_ALIAS)
        return rk_conf_set(conf, rk_conf_properties[property->target].name, value, errstr, size);
    return set_property(view_of(conf), id, conf, value, errstr, size);
}

rd_kafka_conf_res_t rk_topic_conf_set(struct rd_kafka_topic_conf_s *topic_conf, const char *name,
                                      const char *value, char *errstr, size_t size)
{
    struct view view = view_of_topic(topic_conf);
    int id = find_real(view, without_topic_prefix(name));
    if (id < 0)
        return refuse_unknown(name, errstr, size);
    return set_property(view, id, NULL, value, errstr, size);
}

/* Copies a text out as conf_get does: `*size` is the capacity, and becomes what the whole text
 * takes. */
static void give_text(const struct rk_text *text, char *value, size_t *size)
{
    if (value)
        rk_text_copy(value, *size, rk_text_chars(text));
    *size = text->size + 1;
}

static rd_kafka_conf_res_t get(struct view view, const char *name, char *value, size_t *size)
{
    int id = find_real(view, name);
    if (id < 0)
        return RD_KAFKA_CONF_UNKNOWN;
    struct rk_text text = {0};
    bool is_set = rk_property_format(&view.properties[id], view.base, &text);
    if (is_set)
        give_text(&text, value, size);
    rk_text_clear(&text);
    return is_set ? RD_KAFKA_CONF_OK : RD_KAFKA_CONF_UNKNOWN;
}

rd_kafka_conf_res_t rk_conf_get(const struct rd_kafka_conf_s *conf, const char *name, char *value,
                                size_t *size)
{
    const struct rd_kafka_topic_conf_s *topic_conf = conf->default_topic_conf;
    if (!strcmp(name, rk_conf_properties[RK_CONF_ID_default_topic_conf].name) && topic_conf) {
        struct rk_text text = {0};
        rk_text_appendf(&text, "%p", (const void *)topic_conf);
        give_text(&text, value, size);
        rk_text_clear(&text);
        return RD_KAFKA_CONF_OK;
    }
    if (rk_property_find(rk_conf_properties, RK_CONF_IDS, name) >= 0)
        return get(view_of_const(conf), name, value, size);
    return topic_conf ? rk_topic_conf_get(topic_conf, name, value, size) : RD_KAFKA_CONF_UNKNOWN;
}

rd_kafka_conf_res_t rk_topic_conf_get(const struct rd_kafka_topic_conf_s *topic_conf,
                                      const char *name, char *value, size_t *size)
{
    return get(view_of_const_topic(topic_conf), name, value, size);
}

struct dump {
    const char **pairs; /* Room for all properties. */
    size_t count;
    bool out_of_memory;
};

static void dump_one(struct dump *dump, const char *name, const char *value)
{
    char *own_name = rk_app_strdup(name);
    char *own_value = rk_app_strdup(value);
    dump->out_of_memory |= !own_name || !own_value;
    dump->pairs[dump->count++] = own_name;
    dump->pairs[dump->count++] = own_value;
}

/* `default_topic_conf` is shown in its place; NULL: not at all. */
static void dump_all(struct dump *dump, struct view view, const void *default_topic_conf)
{
    for (int i = 0; i < view.count; i++) {
        struct rk_text text = {0};
        bool is_set = rk_property_format(&view.properties[i], view.base, &text);
        if (default_topic_conf && i == RK_CONF_ID_default_topic_conf) {
            rk_text_appendf(&text, "%p", default_topic_conf);
            is_set = true;
        }
        if (is_set)
            dump_one(dump, view.properties[i].name, rk_text_chars(&text));
        rk_text_clear(&text);
    }
}

static const char **give_dump(struct dump *dump, size_t *count)
{
    *count = dump->count;
    if (dump->out_of_memory) {
        rk_conf_dump_free(dump->pairs, dump->count);
        dump->pairs = NULL;
        *count = 0;
    }
    return dump->pairs;
}

const char **rk_conf_dump(const struct rd_kafka_conf_s *conf, size_t *count)
{
    struct dump dump = {.pairs = rk_app_calloc(2 * RK_CONF_IDS, sizeof(char *))};
    *count = 0;
    if (!dump.pairs)
        return NULL;
    dump_all(&dump, view_of_const(conf), conf->default_topic_conf);
    return give_dump(&dump, count);
}

const char **rk_topic_conf_dump(const struct rd_kafka_topic_conf_s *topic_conf, size_t *count)
{
    struct dump dump = {.pairs = rk_app_calloc(2 * RK_TOPIC_CONF_IDS, sizeof(char *))};
    *count = 0;
    if (!dump.pairs)
        return NULL;
    dump_all(&dump, view_of_const_topic(topic_conf), NULL);
    return give_dump(&dump, count);
}

void rk_conf_dump_free(const char **pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rk_app_free((void *)(uintptr_t)pairs[i]);
    rk_app_free((void *)pairs);
}

static void visit_modified(struct view view,
                           void (*visit)(void *argument, const char *name, const char *value),
                           void *argument)
{
    for (int i = 0; i < view.count; i++) {
        const struct rk_property *property = &view.properties[i];
        struct rk_text text = {0};
        if (view.modified[i] && property->status & RK_STATUS_SENSITIVE)
            visit(argument, property->name, "[redacted]");
        else if (view.modified[i] && rk_property_format(property, view.base, &text))
            visit(argument, property->name, rk_text_chars(&text));
        rk_text_clear(&text);
    }
}

void rk_conf_visit_modified(const struct rd_kafka_conf_s *conf,
                            void (*visit)(void *argument, const char *name, const char *value),
                            void *argument)
{
    visit_modified(view_of_const(conf), visit, argument);
    if (conf->default_topic_conf)
        visit_modified(view_of_const_topic(conf->default_topic_conf), visit, argument);
}

void rk_conf_set_default_topic_conf(struct rd_kafka_conf_s *conf,
                                    struct rd_kafka_topic_conf_s *topic_conf)
{
    struct rd_kafka_topic_conf_s *old = conf->default_topic_conf;
    if (old == topic_conf)
        return;
    if (conf->frozen) {
        rk_topic_conf_destroy(topic_conf);
        return;
    }
    for (int i = 0; old && i < RK_TOPIC_CONF_IDS; i++)
        conf->default_topic_conf_was_replaced |= old->modified[i];
    rk_topic_conf_destroy(old);
    conf->default_topic_conf = topic_conf;
    conf->modified[RK_CONF_ID_default_topic_conf] = true;
}

struct rd_kafka_topic_conf_s *rk_conf_default_topic_conf(struct rd_kafka_conf_s *conf)
{
    if (!conf->default_topic_conf)
        conf->default_topic_conf = rk_topic_conf_new();
    return conf->default_topic_conf;
}

static bool is_filtered(const char *name, size_t filter_count, const char **filter)
{
    for (size_t i = 0; i < filter_count; i++)
        if (!strncmp(name, filter[i], strlen(filter[i])))
            return true;
    return false;
}

/* The interceptors that on_conf_dup gave the copy see each value first, as if it were set. */
static void copy_property(struct rd_kafka_conf_s *copy, const struct rd_kafka_conf_s *conf, int id)
{
    const struct rk_property *property = &rk_conf_properties[id];
    struct rk_text text = {0};
    rd_kafka_conf_res_t result = RD_KAFKA_CONF_UNKNOWN;
    if (property->type != RK_PROPERTY_POINTER && property->type != RK_PROPERTY_CERTIFICATE) {
        char ignored[1];
        rk_property_format(property, &conf->conf, &text);
        result = intercept(copy, property->name, rk_text_chars(&text), ignored, sizeof(ignored));
    }
    if (result == RD_KAFKA_CONF_UNKNOWN && id == RK_CONF_ID_plugin_library_paths)
        result = rk_plugins_load(&copy->plugins, copy, conf->conf.plugin_library_paths, NULL, 0) ==
                         RD_KAFKA_CONF_OK
                     ? RD_KAFKA_CONF_UNKNOWN
                     : RD_KAFKA_CONF_INVALID;
    if (result == RD_KAFKA_CONF_UNKNOWN) {
        rk_property_copy(property, &copy->conf, &conf->conf);
        copy->modified[id] = true;
    }
    if (text.chars)
        explicit_bzero(text.chars, text.size);
    rk_text_clear(&text);
}

struct rd_kafka_conf_s *rk_conf_dup(const struct rd_kafka_conf_s *conf, size_t filter_count,
                                    const char **filter)
{
    struct rd_kafka_conf_s *copy = rk_conf_new(conf->conf.callbacks.log_cb);
    rk_interceptors_on_conf_dup(&conf->interceptors, copy, conf, filter_count, filter);
    for (int i = 0; i < RK_CONF_IDS; i++) {
        const struct rk_property *property = &rk_conf_properties[i];
        if (!conf->modified[i] || is_filtered(property->name, filter_count, filter))
            continue;
        if (property->offset != RK_PROPERTY_NO_OFFSET)
            copy_property(copy, conf, i);
    }
    for (size_t i = 0; i < conf->intercepted.count; i++) {
        const struct rk_intercepted_property *property = &conf->intercepted.items[i];
        if (!is_filtered(property->name, filter_count, filter))
            rk_conf_set(copy, property->name, property->value, NULL, 0);
    }
    const char *name = rk_conf_properties[RK_CONF_ID_default_topic_conf].name;
    if (conf->default_topic_conf && !is_filtered(name, filter_count, filter))
        rk_conf_set_default_topic_conf(copy, rk_topic_conf_dup(conf->default_topic_conf));
    return copy;
}

void rk_conf_thaw(struct rd_kafka_conf_s *conf)
{
    conf->frozen = false;
}

const struct rk_conf *rk_conf_freeze(struct rd_kafka_conf_s *conf)
{
    struct rk_callbacks *callbacks = &conf->conf.callbacks;
    if (callbacks->rebalance_cb)
        callbacks->enabled_events |= RD_KAFKA_EVENT_REBALANCE;
    if (callbacks->offset_commit_cb)
        callbacks->enabled_events |= RD_KAFKA_EVENT_OFFSET_COMMIT;
    if (callbacks->error_cb)
        callbacks->enabled_events |= RD_KAFKA_EVENT_ERROR;
    if (callbacks->dr_cb || callbacks->dr_msg_cb)
        callbacks->enabled_events |= RD_KAFKA_EVENT_DR;
    if (callbacks->oauthbearer_token_refresh_cb)
        callbacks->enabled_events |= RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH;
    rk_conf_default_topic_conf(conf);
    conf->frozen = true;
    return &conf->conf;
}

int rk_conf_features(void)
{
    struct rk_conf conf = {0};
    rk_property_init(&rk_conf_properties[RK_CONF_ID_builtin_features], &conf);
    return conf.builtin_features;
}

struct rd_kafka_topic_conf_s *rk_topic_conf_new(void)
{
    struct rd_kafka_topic_conf_s *topic_conf = RK_NEW(struct rd_kafka_topic_conf_s);
    init(view_of_topic(topic_conf));
    return topic_conf;
}

void rk_topic_conf_destroy(struct rd_kafka_topic_conf_s *topic_conf)
{
    if (!topic_conf)
        return;
    clear(view_of_topic(topic_conf));
    rk_free(topic_conf);
}

struct rd_kafka_topic_conf_s *rk_topic_conf_dup(const struct rd_kafka_topic_conf_s *topic_conf)
{
    struct rd_kafka_topic_conf_s *copy = rk_topic_conf_new();
    for (int i = 0; i < RK_TOPIC_CONF_IDS; i++)
        if (topic_conf->modified[i]) {
            rk_property_copy(&rk_topic_conf_properties[i], &copy->conf, &topic_conf->conf);
            copy->modified[i] = true;
        }
    return copy;
}
