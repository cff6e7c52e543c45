/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of partitions as sets, compared with lists that are searched from end to end.
 */
#include "event/partition_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event/partition_list.h"

enum { ROUNDS = 200, MOST = 40 };

static const char *const names[] = {"a", "b", "ba", "c"};
static uint32_t seed;

static int draw(int below)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 16) % (unsigned)below);
}

static rd_kafka_topic_partition_list_t *random_list(void)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    for (int count = draw(MOST); count > 0; count--)
        rk_partition_list_add(list, names[draw(4)], draw(6) - 1);
    return list;
}

/* All that is in the list is in the set once, sorted, and nothing else. */
static void expect_set_of(const rd_kafka_topic_partition_list_t *set,
                          const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 1; i < set->cnt; i++)
        assert_true(rk_partition_set_compare(&set->elems[i - 1], &set->elems[i]) < 0);
    for (int i = 0; i < set->cnt; i++)
        assert_non_null(rk_partition_list_find(list, set->elems[i].topic, set->elems[i].partition));
    for (int i = 0; i < list->cnt; i++)
        assert_non_null(
            rk_partition_list_find(set, list->elems[i].topic, list->elems[i].partition));
}

static void made_of_any_list(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        rd_kafka_topic_partition_list_t *list = random_list();
        rd_kafka_topic_partition_list_t *set = rk_partition_list_copy(list);
        rk_partition_set_make(set);
        expect_set_of(set, list);
        rk_partition_list_destroy(set);
        rk_partition_list_destroy(list);
    }
}

static void found_where_it_stands(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        rd_kafka_topic_partition_list_t *set = random_list();
        rk_partition_set_make(set);
        for (int t = 0; t < 4; t++) {
            const rd_kafka_topic_partition_t *first = NULL;
            for (int i = set->cnt - 1; i >= 0; i--)
                first =
                    set->elems[i].topic[0] == names[t][0] && set->elems[i].topic[1] == names[t][1]
                        ? &set->elems[i]
                        : first;
            assert_ptr_equal(rk_partition_set_find_topic(set, names[t]), first);
            for (int partition = -1; partition < 6; partition++)
                assert_ptr_equal(rk_partition_set_find(set, names[t], partition),
                                 rk_partition_list_find(set, names[t], partition));
        }
        rk_partition_list_destroy(set);
    }
}

static void subtracted_and_merged(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        rd_kafka_topic_partition_list_t *a = random_list(), *b = random_list();
        rk_partition_set_make(a);
        rk_partition_set_make(b);
        rd_kafka_topic_partition_list_t *rest = rk_partition_set_subtract(a, b);
        rd_kafka_topic_partition_list_t *all = rk_partition_set_merge(a, b);
        int common = 0;
        for (int i = 0; i < a->cnt; i++)
            common += rk_partition_set_find(b, a->elems[i].topic, a->elems[i].partition) != NULL;
        assert_int_equal(rest->cnt, a->cnt - common);
        assert_int_equal(all->cnt, a->cnt + b->cnt - common);
        for (int i = 0; i < rest->cnt; i++)
            assert_null(rk_partition_set_find(b, rest->elems[i].topic, rest->elems[i].partition));
        for (int i = 1; i < all->cnt; i++)
            assert_true(rk_partition_set_compare(&all->elems[i - 1], &all->elems[i]) < 0);
        rk_partition_list_destroy(a);
        rk_partition_list_destroy(b);
        rk_partition_list_destroy(rest);
        rk_partition_list_destroy(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_of_any_list),
        cmocka_unit_test(found_where_it_stands),
        cmocka_unit_test(subtracted_and_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
