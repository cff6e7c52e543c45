/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of public enumerators.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rdkafka.h"

static void test_group_states(void **state)
{
    (void)state;
    assert_string_equal(
        rd_kafka_consumer_group_state_name(RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE),
        "PreparingRebalance");
    assert_null(rd_kafka_consumer_group_state_name(RD_KAFKA_CONSUMER_GROUP_STATE__CNT));
    assert_null(rd_kafka_consumer_group_state_name((rd_kafka_consumer_group_state_t)-1));
    for (int i = 0; i < RD_KAFKA_CONSUMER_GROUP_STATE__CNT; i++) {
        const char *name = rd_kafka_consumer_group_state_name((rd_kafka_consumer_group_state_t)i);

        assert_non_null(name);
        assert_int_equal(rd_kafka_consumer_group_state_code(name), i);
    }
    assert_int_equal(rd_kafka_consumer_group_state_code("sTABLE"),
                     RD_KAFKA_CONSUMER_GROUP_STATE_STABLE);
    assert_int_equal(rd_kafka_consumer_group_state_code("Stab"),
                     RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN);
}

static void test_group_types(void **state)
{
    (void)state;
    assert_null(rd_kafka_consumer_group_type_name(RD_KAFKA_CONSUMER_GROUP_TYPE__CNT));
    for (int i = 0; i < RD_KAFKA_CONSUMER_GROUP_TYPE__CNT; i++) {
        const char *name = rd_kafka_consumer_group_type_name((rd_kafka_consumer_group_type_t)i);

        assert_non_null(name);
        assert_int_equal(rd_kafka_consumer_group_type_code(name), i);
    }
    assert_int_equal(rd_kafka_consumer_group_type_code("CLASSIC"),
                     RD_KAFKA_CONSUMER_GROUP_TYPE_CLASSIC);
    assert_int_equal(rd_kafka_consumer_group_type_code("share"),
                     RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN);
}

static void test_admin_names(void **state)
{
    (void)state;
    assert_string_equal(rd_kafka_ConfigSource_name(RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG),
                        "DEFAULT_CONFIG");
    assert_string_equal(rd_kafka_ConfigSource_name(RD_KAFKA_CONFIG_SOURCE_GROUP_CONFIG),
                        "GROUP_CONFIG");
    assert_string_equal(rd_kafka_ConfigSource_name((rd_kafka_ConfigSource_t)6), "UNSUPPORTED");
    assert_string_equal(rd_kafka_ConfigSource_name(RD_KAFKA_CONFIG_SOURCE__CNT), "UNSUPPORTED");
    assert_string_equal(rd_kafka_ResourceType_name(RD_KAFKA_RESOURCE_TRANSACTIONAL_ID),
                        "TRANSACTIONAL_ID");
    assert_string_equal(rd_kafka_ResourceType_name((rd_kafka_ResourceType_t)-1), "UNSUPPORTED");
    assert_string_equal(rd_kafka_ResourcePatternType_name(RD_KAFKA_RESOURCE_PATTERN_PREFIXED),
                        "PREFIXED");
    assert_string_equal(rd_kafka_ResourcePatternType_name(RD_KAFKA_RESOURCE_PATTERN_TYPE__CNT),
                        "UNSUPPORTED");
    assert_string_equal(rd_kafka_AclOperation_name(RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE),
                        "IDEMPOTENT_WRITE");
    assert_string_equal(rd_kafka_AclOperation_name(RD_KAFKA_ACL_OPERATION__CNT), "UNSUPPORTED");
    assert_string_equal(rd_kafka_AclPermissionType_name(RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW),
                        "ALLOW");
    assert_string_equal(rd_kafka_AclPermissionType_name(RD_KAFKA_ACL_PERMISSION_TYPE__CNT),
                        "UNSUPPORTED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_states),
        cmocka_unit_test(test_group_types),
        cmocka_unit_test(test_admin_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
