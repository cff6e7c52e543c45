/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plugins: libraries named by plugin.library.paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rdkafka.h"

enum { TIMEOUT_MS = 20000 };

static char errstr[1024];

/* "<folder>/<name>"; static memory for eight of them. */
static const char *path_of(const char *name)
{
    static char paths[8][512];
    static int next;
    const char *folder = getenv("RK_PLUGIN_FOLDER");
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder ? folder : ".", name);
    return path;
}

static bool is_loaded(const char *name)
{
    void *handle = dlopen(path_of(name), RTLD_NOW | RTLD_NOLOAD);
    if (handle)
        dlclose(handle);
    return handle != NULL;
}

static rd_kafka_conf_res_t set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    errstr[0] = '\0';
    return rd_kafka_conf_set(conf, name, value, errstr, sizeof(errstr));
}

static void assert_paths(const rd_kafka_conf_t *conf, const char *expected)
{
    char value[1024];
    size_t size = sizeof(value);
    rd_kafka_conf_res_t result = rd_kafka_conf_get(conf, "plugin.library.paths", value, &size);
    if (!expected) {
        assert_int_equal(result, RD_KAFKA_CONF_UNKNOWN);
        return;
    }
    assert_int_equal(result, RD_KAFKA_CONF_OK);
    assert_string_equal(value, expected);
}

static void test_loaded_with_the_configuration(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)state;
    assert_false(is_loaded("stamp.so"));
    assert_int_equal(set(conf, "stamp.text", "early"), RD_KAFKA_CONF_UNKNOWN);
    assert_int_equal(set(conf, "plugin.library.paths", path_of("stamp.so")), RD_KAFKA_CONF_OK);
    assert_true(is_loaded("stamp.so"));
    assert_paths(conf, path_of("stamp.so"));
    assert_int_equal(set(conf, "stamp.text", "hello"), RD_KAFKA_CONF_OK);
    /* Again: loaded once. */
    assert_int_equal(set(conf, "plugin.library.paths", path_of("stamp.so")), RD_KAFKA_CONF_OK);
    /* Unset: what is loaded stays. */
    assert_int_equal(set(conf, "plugin.library.paths", ""), RD_KAFKA_CONF_OK);
    assert_paths(conf, NULL);
    assert_true(is_loaded("stamp.so"));
    rd_kafka_conf_destroy(conf);
    assert_false(is_loaded("stamp.so"));
}

static void test_names(void **state)
{
    char paths[1200];
    char before[512];
    (void)state;
    static const char *const forms[] = {"%s;", ";%s", " %s ; %s", "%s;%s"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(paths, sizeof(paths), forms[i], path_of("stamp"), path_of("stamp"));
#pragma GCC diagnostic pop
        if (set(conf, "plugin.library.paths", paths) != RD_KAFKA_CONF_OK)
            fail_msg("%s: %s", paths, errstr);
        assert_true(is_loaded("stamp.so"));
        rd_kafka_conf_destroy(conf);
        assert_false(is_loaded("stamp.so"));
    }
    /* Relative to the working directory. */
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(path_of("")), 0);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(set(conf, "plugin.library.paths", "./stamp"), RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
    assert_int_equal(chdir(before), 0);
}

static void test_refused(void **state)
{
    static const struct {
        const char *library;
        const char *reason;
    } trials[] = {
        {"not_there", "not_there.so: cannot open"},
        {"not_there.so", "not_there.so: cannot open"},
        {"no_plugin", "conf_init"},
        {"unwilling", "not today"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char paths[1200];
        snprintf(paths, sizeof(paths), "%s;%s", path_of("stamp"), path_of(trials[i].library));
        assert_int_equal(set(conf, "plugin.library.paths", paths), RD_KAFKA_CONF_INVALID);
        if (!strstr(errstr, trials[i].reason) || !strstr(errstr, path_of(trials[i].library)))
            fail_msg("%s", errstr);
        assert_paths(conf, NULL);
        /* Without room for a text. */
        assert_int_equal(
            rd_kafka_conf_set(conf, "plugin.library.paths", path_of(trials[i].library), NULL, 0),
            RD_KAFKA_CONF_INVALID);
        rd_kafka_conf_destroy(conf);
        assert_false(is_loaded("unwilling.so"));
        assert_false(is_loaded("stamp.so"));
    }
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;
    (void)rk;
    assert_int_equal(message->err, 0);
    assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
    assert_int_equal(rd_kafka_header_get_all(headers, 0, &name, &value, &size), 0);
    assert_string_equal(name, "stamp");
    snprintf(opaque, 32, "%.*s", (int)size, (const char *)value);
}

/* A copy of a configuration loads its plugins for itself, and tells them what they were told. */
static void test_a_client(void **state)
{
    char stamp[32] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)state;
    assert_int_equal(set(conf, "plugin.library.paths", path_of("stamp")), RD_KAFKA_CONF_OK);
    assert_int_equal(set(conf, "stamp.text", "of the copy"), RD_KAFKA_CONF_OK);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_conf_set_opaque(conf, stamp);
    rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
    rd_kafka_conf_destroy(conf);
    assert_true(is_loaded("stamp.so"));
    assert_paths(copy, path_of("stamp"));
    assert_int_equal(set(copy, "test.mock.num.brokers", "1"), RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, copy, errstr, sizeof(errstr));
    assert_non_null(rk);
    assert_int_equal(
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("v", 1), RD_KAFKA_V_END), 0);
    assert_int_equal(rd_kafka_flush(rk, TIMEOUT_MS), 0);
    assert_string_equal(stamp, "of the copy");
    assert_true(is_loaded("stamp.so"));
    rd_kafka_destroy(rk);
    assert_false(is_loaded("stamp.so"));
}

static void test_a_filtered_copy(void **state)
{
    const char *filter[] = {"plugin.", "stamp."};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)state;
    assert_int_equal(set(conf, "plugin.library.paths", path_of("stamp")), RD_KAFKA_CONF_OK);
    assert_int_equal(set(conf, "stamp.text", "x"), RD_KAFKA_CONF_OK);
    rd_kafka_conf_t *copy = rd_kafka_conf_dup_filter(conf, 2, filter);
    assert_paths(copy, NULL);
    rd_kafka_conf_destroy(conf);
    assert_false(is_loaded("stamp.so"));
    rd_kafka_conf_destroy(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loaded_with_the_configuration),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_client),
        cmocka_unit_test(test_a_filtered_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
