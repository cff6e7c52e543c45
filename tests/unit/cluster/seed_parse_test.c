/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is a bootstrap server, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cluster/seed.h"
#include "conf/conf.h"

static const struct {
    const char *text;
    const char *host; /* NULL: refused. */
    uint16_t port;
    int security;
} cases[] = {
    {"host", "host", 9092, -1},
    {"host:1", "host", 1, -1},
    {"host:65535", "host", 65535, -1},
    {" \thost:9093\n", "host", 9093, -1},
    {"10.0.0.1:9093", "10.0.0.1", 9093, -1},
    {"[::1]", "::1", 9092, -1},
    {"[fe80::1%eth0]:9093", "fe80::1%eth0", 9093, -1},
    {"PLAINTEXT://host:9093", "host", 9093, RK_CONF_SECURITY_PLAINTEXT},
    {"plaintext://[::1]:9093", "::1", 9093, RK_CONF_SECURITY_PLAINTEXT},
    {"SSL://host", "host", 9092, RK_CONF_SECURITY_SSL},
    {"SASL_SSL://host", "host", 9092, RK_CONF_SECURITY_SASL_SSL},
    {"sasl_plaintext://host", "host", 9092, RK_CONF_SECURITY_SASL_PLAINTEXT},
    {"", NULL, 0, 0},
    {"   ", NULL, 0, 0},
    {":9092", NULL, 0, 0},
    {"host:", NULL, 0, 0},
    {"host:0", NULL, 0, 0},
    {"host:65536", NULL, 0, 0},
    {"host:99999999999999999999", NULL, 0, 0},
    {"host:90a", NULL, 0, 0},
    {"host:-1", NULL, 0, 0},
    {"host: 9092", NULL, 0, 0},
    {"host:9092:9093", NULL, 0, 0},
    {"::1", NULL, 0, 0},
    {"[::1", NULL, 0, 0},
    {"[]:9092", NULL, 0, 0},
    {"[::1]9092", NULL, 0, 0},
    {"[::1]:", NULL, 0, 0},
    {"http://host:80", NULL, 0, 0},
    {"://host", NULL, 0, 0},
    {"PLAINTEXT://", NULL, 0, 0},
};

static void parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        struct rk_bootstrap_server server = {0};
        size_t size = strlen(cases[i].text);
        char *exact = rk_malloc(size); /* No closing NUL to lean on. */
        memcpy(exact, cases[i].text, size);
        bool is_server = rk_seed_parse(exact, size, &server);
        rk_free(exact);
        if (is_server != (cases[i].host != NULL))
            fail_msg("\"%s\": %s", cases[i].text, is_server ? "taken" : "refused");
        if (!is_server)
            continue;
        assert_string_equal(server.host, cases[i].host);
        assert_int_equal(server.port, cases[i].port);
        assert_int_equal(server.security, cases[i].security);
        rk_free(server.host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
