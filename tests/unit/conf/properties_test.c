/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of properties against the list of librdkafka's: all of them, in its order, with its
 * ranges and defaults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "conf/conf_markdown.h"
#include "conf/property_value.h"

struct expected {
    const char *name, *scope, *clients, *type, *range, *initial, *importance, *alias_of;
    const char *deprecated, *values, *flags;
};

#define EXPECTED(...) {__VA_ARGS__},
static const struct expected expected[] = {
#include "expected_properties.def"
};

static const struct rk_property *find(const struct expected *row, size_t place,
                                      const struct rk_property **table)
{
    bool is_global = !strcmp(row->scope, "global");
    *table = is_global ? rk_conf_properties : rk_topic_conf_properties;
    return &(*table)[is_global ? place : place - RK_CONF_IDS];
}

static const char *const type_names[] = {
    [RK_PROPERTY_BOOL] = "bool",
    [RK_PROPERTY_INT] = "int",
    [RK_PROPERTY_DOUBLE] = "double",
    [RK_PROPERTY_STRING] = "string",
    [RK_PROPERTY_KAFKA_STRING] = "kstr",
    [RK_PROPERTY_ENUM] = "enum",
    [RK_PROPERTY_FLAGS] = "flags",
    [RK_PROPERTY_FIXED_FLAGS] = "flags",
    [RK_PROPERTY_PATTERNS] = "patlist",
    [RK_PROPERTY_POINTER] = "ptr",
    [RK_PROPERTY_CERTIFICATE] = "internal",
    [RK_PROPERTY_INTERNAL] = "internal",
    [RK_PROPERTY_INVALID] = "invalid",
};

static void test_names_types_and_kinds(void **state)
{
    (void)state;
    assert_int_equal(RK_COUNT_OF(expected), RK_CONF_IDS + RK_TOPIC_CONF_IDS);
    for (size_t i = 0; i < RK_COUNT_OF(expected); i++) {
        const struct rk_property *table, *property = find(&expected[i], i, &table);
        assert_string_equal(property->name, expected[i].name);
        const char *clients = property->clients == RK_CLIENTS_ALL        ? "*"
                              : property->clients == RK_CLIENTS_CONSUMER ? "C"
                                                                         : "P";
        assert_string_equal(clients, expected[i].clients);
        const char *importance = property->importance == RK_IMPORTANCE_HIGH     ? "high"
                                 : property->importance == RK_IMPORTANCE_MEDIUM ? "medium"
                                                                                : "low";
        assert_string_equal(importance, expected[i].importance);
        assert_int_equal(!!(property->status & RK_STATUS_DEPRECATED), *expected[i].deprecated != 0);
        assert_int_equal(!!(property->status & RK_STATUS_HIDDEN),
                         !strcmp(expected[i].flags, "hidden"));
        assert_int_equal(!!(property->status & RK_STATUS_SENSITIVE),
                         !strcmp(expected[i].flags, "sensitive"));
        assert_int_equal(!!(property->status & RK_STATUS_EXPERIMENTAL),
                         !strcmp(expected[i].flags, "experimental"));
        bool is_alias = property->type == RK_PROPERTY_ALIAS;
        assert_int_equal(is_alias, *expected[i].alias_of != 0);
        if (is_alias) {
            property = &table[property->target];
            assert_string_equal(property->name, expected[i].alias_of);
        }
        assert_string_equal(type_names[property->type], expected[i].type);
    }
}

static void append_values(struct rk_text *text, const struct rk_property *property, bool numbers)
{
    for (const struct rk_property_value *at = property->values; at && at->name; at++) {
        rk_text_appendf(text, "%s%s", text->size ? numbers ? ";" : "," : "", at->name);
        if (numbers)
            rk_text_appendf(text, "=%d", at->number);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(expected); i++) {
        const struct rk_property *table, *property = find(&expected[i], i, &table);
        if (property->type == RK_PROPERTY_ALIAS)
            property = &table[property->target];
        struct rk_text range = {0}, values = {0};
        if (property->type == RK_PROPERTY_BOOL)
            rk_text_appendf(&range, "true,false");
        else if (property->type == RK_PROPERTY_INT || property->type == RK_PROPERTY_DOUBLE)
            rk_text_appendf(&range, "%d..%d", property->min, property->max);
        else
            append_values(&range, property, false);
        append_values(&values, property, true);
        assert_string_equal(rk_text_chars(&range), expected[i].range);
        assert_string_equal(rk_text_chars(&values), expected[i].values);
        rk_text_clear(&range);
        rk_text_clear(&values);
    }
}

/* What a new configuration prints for the property. */
static void append_initial(struct rk_text *text, const struct rk_property *property,
                           const void *base)
{
    if (property->offset == RK_PROPERTY_NO_OFFSET || property->type == RK_PROPERTY_POINTER ||
        property->type == RK_PROPERTY_CERTIFICATE)
        rk_text_appendf(text, "%s",
                        property->type == RK_PROPERTY_INVALID ? "" : property->initial_text);
    else
        rk_property_format(property, base, text);
}

static void test_defaults(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    struct rd_kafka_topic_conf_s *topic_conf = rk_topic_conf_new();
    for (size_t i = 0; i < RK_COUNT_OF(expected); i++) {
        const struct rk_property *table, *property = find(&expected[i], i, &table);
        if (property->type == RK_PROPERTY_ALIAS)
            property = &table[property->target];
        if (property->type == RK_PROPERTY_FIXED_FLAGS)
            continue; /* As built: see the next test. */
        struct rk_text value = {0};
        append_initial(&value, property,
                       table == rk_conf_properties ? (void *)&conf->conf
                                                   : (void *)&topic_conf->conf);
        assert_string_equal(rk_text_chars(&value), expected[i].initial);
        rk_text_clear(&value);
    }
    rk_conf_destroy(conf);
    rk_topic_conf_destroy(topic_conf);
}

static void test_features_are_those_built(void **state)
{
    (void)state;
    int features = rk_conf_features();
    assert_int_equal(!!(features & RK_CONF_FEATURE_GZIP), RK_WITH_ZLIB);
    assert_int_equal(!!(features & RK_CONF_FEATURE_SNAPPY), RK_WITH_SNAPPY);
    assert_int_equal(!!(features & RK_CONF_FEATURE_LZ4), RK_WITH_LZ4);
    assert_int_equal(!!(features & RK_CONF_FEATURE_ZSTD), RK_WITH_ZSTD);
    assert_int_equal(!!(features & RK_CONF_FEATURE_SSL), RK_WITH_SSL);
    assert_true(features & RK_CONF_FEATURE_REGEX);
    assert_true(features & RK_CONF_FEATURE_PLUGINS);
}

/* Members have the names that other modules use. */
static void test_members(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    assert_int_equal(conf->conf.message_max_bytes, 1000000);
    assert_true(conf->conf.queue_buffering_max_ms == 5.0);
    assert_string_equal(conf->conf.client_id, "rdkafka");
    assert_null(conf->conf.metadata_broker_list);
    assert_int_equal(conf->conf.security_protocol, RK_CONF_SECURITY_PLAINTEXT);
    assert_int_equal(conf->conf.topic_blacklist.count, 0);
    rk_conf_destroy(conf);
}

static void test_each_has_a_description(void **state)
{
    (void)state;
    struct rk_text text = {0};
    rk_conf_markdown(&text);
    for (size_t i = 0; i < RK_COUNT_OF(expected); i++) {
        const struct rk_property *table, *property = find(&expected[i], i, &table);
        if (property->type != RK_PROPERTY_ALIAS) {
            size_t size = strlen(property->text);
            assert_true(size > 10);
            assert_int_equal(property->text[size - 1], '.');
        }
        struct rk_text cell = {0};
        rk_text_appendf(&cell, "\n| %s |", property->name);
        bool is_hidden = property->status & RK_STATUS_HIDDEN;
        assert_int_equal(strstr(rk_text_chars(&text), rk_text_chars(&cell)) == NULL, is_hidden);
        rk_text_clear(&cell);
    }
    /* A bar inside a cell does not end it. */
    assert_non_null(strstr(rk_text_chars(&text), " \\|\\| kinit"));
    assert_null(strstr(rk_text_chars(&text), " || "));
    rk_text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_types_and_kinds),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_features_are_those_built),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_each_has_a_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
