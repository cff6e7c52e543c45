/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The byte form of group metadata: round trip, cut off at every byte, changed.
 */
#include "fixture.h"

#include "event/group_metadata.h"

static const char expected[] = "CGMDv2:\7\0\0\0grp\0mem\0\1";

static void test_round_trip(void **state)
{
    (void)state;
    static const char *const instances[] = {NULL, "", "static-1"};
    for (size_t i = 0; i < RK_COUNT_OF(instances); i++) {
        size_t size;
        const char *problem = NULL;
        rd_kafka_consumer_group_metadata_t *written =
            rk_group_metadata_new("group", 123456789, "member", instances[i]);
        void *bytes = rk_group_metadata_write(written, &size);
        rk_group_metadata_destroy(written);
        rd_kafka_consumer_group_metadata_t *read = rk_group_metadata_read(bytes, size, &problem);
        assert_non_null(read);
        assert_null(problem);
        assert_string_equal(read->group_id, "group");
        assert_int_equal(read->generation_id, 123456789);
        assert_string_equal(read->member_id, "member");
        if (instances[i])
            assert_string_equal(read->group_instance_id, instances[i]);
        else
            assert_null(read->group_instance_id);
        rk_group_metadata_destroy(read);

        for (size_t cut = 0; cut < size; cut++) {
            void *part = rk_malloc(cut);
            memcpy(part, bytes, cut);
            problem = NULL;
            assert_null(rk_group_metadata_read(part, cut, &problem));
            assert_non_null(problem);
            rk_free(part);
        }
        rk_app_free(bytes);
    }
    rk_group_metadata_destroy(NULL);
}

static void test_form(void **state)
{
    (void)state;
    size_t size;
    rd_kafka_consumer_group_metadata_t *metadata = rk_group_metadata_new("grp", 7, "mem", NULL);
    char *bytes = rk_group_metadata_write(metadata, &size);
    rk_group_metadata_destroy(metadata);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    assert_int_equal(size, sizeof(expected) - 1);
    assert_memory_equal(bytes, expected, size);
#endif
    const char *problem = NULL;
    bytes[0] = 'D';
    assert_null(rk_group_metadata_read(bytes, size, &problem));
    bytes[0] = 'C';
    bytes[12] = '\n';
    assert_null(rk_group_metadata_read(bytes, size, &problem));
    bytes[12] = (char)0xe4;
    assert_null(rk_group_metadata_read(bytes, size, &problem));
    bytes[12] = 'r';
    metadata = rk_group_metadata_read(bytes, size, &problem);
    assert_non_null(metadata);
    rk_group_metadata_destroy(metadata);
    rk_app_free(bytes);

    char longer[sizeof(expected)];
    memcpy(longer, expected, sizeof(expected));
    assert_null(rk_group_metadata_read(longer, sizeof(longer), &problem));
    assert_null(rk_group_metadata_read(NULL, 0, &problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
