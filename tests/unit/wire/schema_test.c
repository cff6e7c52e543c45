/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables made from the .def files: rules that every schema must keep, which the compiler does
 * not check.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "wire/api.h"

/* The deepest is groups, members, assignments, topics and partitions; it bounds the codec's
 * recursion. */
#define DEPTH_MAX 6

struct context {
    const struct rk_schema *schema;
    int fields;
    int tags;
};

static void fail_field(const struct context *context, const struct rk_field *field,
                       const char *what)
{
    fail_msg("%s.%s: %s", context->schema->name, field->name, what);
}

static int last_version(const struct context *context, const struct rk_field *field)
{
    return field->before > 0 ? field->before - 1 : context->schema->versions->max_version;
}

static bool may_default_to_null(const struct rk_field *field)
{
    return field->shape == RK_FIELD_MANY || field->kind == RK_FIELD_STRING ||
           field->kind == RK_FIELD_BYTES || field->kind == RK_FIELD_RECORDS;
}

static void check_versions(const struct context *context, const struct rk_field *field)
{
    const struct rk_versions *versions = context->schema->versions;
    int last = last_version(context, field);
    if (field->since > last || last > versions->max_version)
        fail_field(context, field, "versions that the API does not have");
    if (last < versions->min_version)
        fail_field(context, field, "in no version");
    if (field->nullable_since > 0 && field->nullable_since - 1 > last)
        fail_field(context, field, "nullable only where it is absent");
    if (field->nullable_since > 0 && !may_default_to_null(field))
        fail_field(context, field, "a kind that cannot be null");
}

static void check_default(const struct context *context, const struct rk_field *field)
{
    bool is_plain = field->shape == RK_FIELD_ONE &&
                    (field->kind <= RK_FIELD_INT64 || field->kind == RK_FIELD_FLOAT64);
    if (may_default_to_null(field) && field->default_value != 0 && field->default_value != -1)
        fail_field(context, field, "a default that is neither empty nor null");
    if (!may_default_to_null(field) && !is_plain && field->default_value != 0)
        fail_field(context, field, "a default for a kind that has none");
    if (may_default_to_null(field) && field->default_value == -1 && field->nullable_since == 0 &&
        field->kind != RK_FIELD_RECORDS)
        fail_field(context, field, "a null default that cannot be written");
}

static void check_tag(const struct context *context, const struct rk_field *field)
{
    if (field->since < context->schema->versions->flexible_since)
        fail_field(context, field, "tagged in a version without tags");
    if (field->kind == RK_FIELD_RECORDS)
        fail_field(context, field, "records cannot be tagged, their size is not known in time");
}

static void check_layout(struct context *context, const struct rk_layout *layout, int depth)
{
    assert_true(depth <= DEPTH_MAX);
    assert_true(layout->field_count > 0);
    int last_tag = 0;
    for (int i = 0; i < layout->field_count; i++) {
        const struct rk_field *field = &layout->fields[i];
        context->fields++;
        check_versions(context, field);
        check_default(context, field);
        assert_true(field->offset < layout->size);
        if (field->tag) {
            check_tag(context, field);
            if (field->tag <= last_tag)
                fail_field(context, field, "tags do not ascend");
            last_tag = field->tag;
            context->tags++;
        } else if (last_tag) {
            fail_field(context, field, "behind tagged fields");
        }
        assert_int_equal(field->layout != NULL, field->kind == RK_FIELD_STRUCT);
        if (field->layout)
            check_layout(context, field->layout(), depth + 1);
    }
}

static void test_every_schema(void **state)
{
    (void)state;
    int apis = 0, fields = 0, tags = 0;
    for (int16_t key = 0; key < RK_API_COUNT; key++) {
        const struct rk_api *api = rk_api_find(key);
        if (!api)
            continue;
        apis++;
        const struct rk_schema *schemas[] = {api->request, api->answer};
        for (int side = 0; side < 2; side++) {
            struct context context = {.schema = schemas[side]};
            assert_int_equal(schemas[side]->layout()->size, schemas[side]->size);
            assert_string_equal(schemas[side]->layout()->name, schemas[side]->name);
            check_layout(&context, schemas[side]->layout(), 1);
            fields += context.fields;
            tags += context.tags;
        }
    }
    assert_int_equal(apis, 27);
    assert_true(fields > 500);
    assert_true(tags > 10);
}

static void test_field_versions(void **state)
{
    (void)state;
    struct rk_field field = {.since = 3, .before = 8};
    assert_false(rk_field_is_in(&field, 2));
    assert_true(rk_field_is_in(&field, 3));
    assert_true(rk_field_is_in(&field, 7));
    assert_false(rk_field_is_in(&field, 8));
    field = (struct rk_field){.before = 1};
    assert_true(rk_field_is_in(&field, 0));
    assert_false(rk_field_is_in(&field, 1));
    field = (struct rk_field){.since = 0};
    assert_true(rk_field_is_in(&field, 0));
    assert_true(rk_field_is_in(&field, 100));
    assert_false(rk_field_is_nullable(&field, 5));
    field.nullable_since = 3 + 1;
    assert_false(rk_field_is_nullable(&field, 2));
    assert_true(rk_field_is_nullable(&field, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_schema),
        cmocka_unit_test(test_field_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
