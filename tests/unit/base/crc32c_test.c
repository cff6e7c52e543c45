/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C: published values, and every form against the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"

static uint32_t by_definition(uint32_t crc, const uint8_t *at, size_t size)
{
    crc = ~crc;
    while (size--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static uint8_t noise[64 * 1024];

static int make_noise(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 1664525 + 1013904223;
        noise[i] = (uint8_t)(seed >> 24);
    }
    return 0;
}

static void test_published_values(void **state)
{
    uint8_t bytes[32];
    (void)state;
    assert_int_equal(rk_crc32c(0, "", 0), 0);
    assert_int_equal(rk_crc32c(0, "123456789", 9), 0xe3069283);
    memset(bytes, 0, sizeof(bytes)); /* From here on RFC 3720, appendix B.4. */
    assert_int_equal(rk_crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(rk_crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(rk_crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(rk_crc32c(0, bytes, sizeof(bytes)), 0x113fdb5c);
}

/* All sizes around which a form changes its step, from all alignments. */
static void test_every_form_is_the_definition(void **state)
{
    static const size_t steps[] = {0, 3 * 256, 2 * 3 * 256, 3 * 4096, 3 * 4096 + 3 * 256};
    struct rk_crc32c_form forms[4];
    size_t count = rk_crc32c_forms(forms, 4);
    (void)state;
    assert_true(count >= 1);
    for (size_t form = 0; form < count; form++) {
        for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++) {
            for (size_t i = 0; i < 40; i++) {
                size_t size = steps[step] + i < 16 ? i : steps[step] + i - 16;
                const uint8_t *at = noise + i % 9;
                uint32_t start = (uint32_t)(i * 0x01234567);
                assert_int_equal(forms[form].compute(start, at, size),
                                 by_definition(start, at, size));
            }
        }
        assert_int_equal(forms[form].compute(0, noise, sizeof(noise)),
                         by_definition(0, noise, sizeof(noise)));
    }
}

static void test_parts_make_the_whole(void **state)
{
    uint32_t whole = rk_crc32c(0, noise, 20000);
    (void)state;
    for (size_t cut = 0; cut <= 20000; cut += 997)
        assert_int_equal(rk_crc32c(rk_crc32c(0, noise, cut), noise + cut, 20000 - cut), whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_values),
        cmocka_unit_test(test_every_form_is_the_definition),
        cmocka_unit_test(test_parts_make_the_whole),
    };
    return cmocka_run_group_tests_name("crc32c", tests, make_noise, NULL);
}
