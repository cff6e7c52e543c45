/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of partitions: what the library keeps in an entry, copies, removal, sorting.
 */
#include "fixture.h"

#include <stdio.h>

#include "base/random.h"
#include "event/partition_list.h"

static void test_details(void **state)
{
    (void)state;
    rd_kafka_topic_partition_t *entry = rk_partition_entry_new("words", 3);
    struct rk_uuid id = {{1, 2, 3}}, none = {{0}};
    assert_int_equal(entry->offset, RD_KAFKA_OFFSET_INVALID);
    assert_int_equal(rk_partition_entry_leader_epoch(entry), -1);
    assert_int_equal(rk_partition_entry_current_leader_epoch(entry), -1);
    struct rk_uuid got = rk_partition_entry_topic_id(entry);
    assert_true(rk_uuid_is_zero(&got));

    /* What is not known takes no memory. */
    rk_partition_entry_set_leader_epoch(entry, -1);
    rk_partition_entry_set_current_leader_epoch(entry, -1);
    rk_partition_entry_set_topic_id(entry, none);
    assert_null(entry->_private);

    rk_partition_entry_set_leader_epoch(entry, 5);
    rk_partition_entry_set_current_leader_epoch(entry, 6);
    rk_partition_entry_set_topic_id(entry, id);
    assert_int_equal(rk_partition_entry_leader_epoch(entry), 5);
    assert_int_equal(rk_partition_entry_current_leader_epoch(entry), 6);
    got = rk_partition_entry_topic_id(entry);
    assert_true(rk_uuid_equal(&got, &id));
    rk_partition_entry_set_leader_epoch(entry, -1);
    assert_int_equal(rk_partition_entry_leader_epoch(entry), -1);
    rk_partition_entry_destroy(entry);
    rk_partition_entry_destroy(NULL);
}

static void test_copy(void **state)
{
    (void)state;
    int mine;
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    for (int i = 0; i < 20; i++)
        rk_partition_list_add(list, "words", i);
    rd_kafka_topic_partition_t *entry = rk_partition_list_find(list, "words", 7);
    entry->offset = 12;
    entry->err = RD_KAFKA_RESP_ERR__STATE;
    entry->opaque = &mine;
    entry->metadata = rk_app_malloc(4);
    memcpy(entry->metadata, "a\0b", 4);
    entry->metadata_size = 4;
    rk_partition_entry_set_leader_epoch(entry, 9);

    rd_kafka_topic_partition_list_t *copy = rk_partition_list_copy(list);
    rk_partition_list_destroy(list);
    assert_int_equal(copy->cnt, 20);
    entry = rk_partition_list_find(copy, "words", 7);
    assert_ptr_equal(entry, &copy->elems[7]);
    assert_int_equal(entry->offset, 12);
    assert_int_equal(entry->err, RD_KAFKA_RESP_ERR__STATE);
    assert_ptr_equal(entry->opaque, &mine);
    assert_int_equal(entry->metadata_size, 4);
    assert_memory_equal(entry->metadata, "a\0b", 4);
    assert_int_equal(rk_partition_entry_leader_epoch(entry), 9);
    assert_null(rk_partition_list_find(copy, "words", 20));
    assert_null(rk_partition_list_find(copy, "word", 1));

    assert_true(rk_partition_list_remove(copy, 7));
    assert_int_equal(copy->cnt, 19);
    assert_int_equal(copy->elems[7].partition, 8);
    assert_false(rk_partition_list_remove(copy, 19));
    assert_false(rk_partition_list_remove(copy, -1));
    assert_true(rk_partition_list_remove(copy, 18));
    rk_partition_list_destroy(copy);
    rk_partition_list_destroy(NULL);
}

static int by_partition(const void *a, const void *b, void *opaque)
{
    const rd_kafka_topic_partition_t *left = a, *right = b;
    int direction = *(int *)opaque;
    return direction * (left->partition / 10 - right->partition / 10);
}

static void test_sort(void **state)
{
    (void)state;
    for (int count = 0; count < 40; count++) {
        rd_kafka_topic_partition_list_t *list = rk_partition_list_new(count);
        for (int i = 0; i < count; i++) {
            char topic[8];
            snprintf(topic, sizeof(topic), "t%u", rk_random_below(3));
            rk_partition_list_add(list, topic, (int32_t)rk_random_below(50))->offset = i;
        }
        const rd_kafka_topic_partition_t *place = list->elems;
        rk_partition_list_sort(list, NULL, NULL);
        assert_ptr_equal(list->elems, place);
        for (int i = 1; i < count; i++) {
            const rd_kafka_topic_partition_t *a = &list->elems[i - 1], *b = &list->elems[i];
            int order = strcmp(a->topic, b->topic);
            assert_true(order < 0 || (order == 0 && a->partition <= b->partition));
            if (order == 0 && a->partition == b->partition)
                assert_true(a->offset < b->offset);
        }
        for (int i = 0; i < count; i++)
            list->elems[i].offset = i;
        int direction = -1;
        rk_partition_list_sort(list, by_partition, &direction);
        for (int i = 1; i < count; i++) {
            const rd_kafka_topic_partition_t *a = &list->elems[i - 1], *b = &list->elems[i];
            assert_true(a->partition / 10 >= b->partition / 10);
            if (a->partition / 10 == b->partition / 10)
                assert_true(a->offset < b->offset);
        }
        rk_partition_list_destroy(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_details),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
