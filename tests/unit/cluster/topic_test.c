/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry of topics: one object per name, whoever asks, and lives as long as it must.
 */
#include "core.h"

#include "base/assert.h"
#include "cluster/topic.h"

static struct rk_topic_registry *registry;
static _Atomic int made, cleared;

static void init_part(void *argument, rd_kafka_topic_t *topic)
{
    assert_ptr_equal(argument, &made);
    assert_non_null(topic->conf);
    atomic_fetch_add(&made, 1);
}

static void clear_part(rd_kafka_topic_t *topic)
{
    (void)topic;
    atomic_fetch_add(&cleared, 1);
}

static int set_up(void **state)
{
    (void)state;
    struct rk_topic_parts parts = {init_part, clear_part, &made};
    core_start(RD_KAFKA_PRODUCER);
    made = cleared = 0;
    registry = RK_NEW(struct rk_topic_registry);
    rk_topic_registry_init(registry, core, &parts);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (registry)
        rk_topic_registry_clear(registry);
    rk_free(registry);
    core_end();
    assert_int_equal(made, cleared);
    return 0;
}

static void one_per_name(void **state)
{
    (void)state;
    bool is_new;
    assert_null(rk_topic_registry_find(registry, "t"));
    rd_kafka_topic_t *topic = rk_topic_registry_find_or_add(registry, "t", NULL, &is_new);
    assert_true(is_new);
    assert_string_equal(topic->base.name, "t");
    assert_ptr_equal(rk_topic_registry_find_or_add(registry, "t", NULL, &is_new), topic);
    assert_false(is_new);
    assert_ptr_equal(rk_topic_registry_find(registry, "t"), topic);
    assert_ptr_not_equal(rk_topic_registry_find_or_add(registry, "T", NULL, NULL), topic);
    assert_int_equal(made, 2);
    assert_int_equal(registry->count, 2);
}

static void the_first_configuration_counts(void **state)
{
    (void)state;
    char text[128];
    struct rd_kafka_topic_conf_s *first = rk_topic_conf_new(), *second = rk_topic_conf_new();
    assert_int_equal(rk_topic_conf_set(first, "acks", "1", text, sizeof(text)), RD_KAFKA_CONF_OK);
    assert_int_equal(rk_topic_conf_set(second, "acks", "0", text, sizeof(text)), RD_KAFKA_CONF_OK);
    rd_kafka_topic_t *topic = rk_topic_registry_find_or_add(registry, "t", first, NULL);
    assert_int_equal(topic->conf->request_required_acks, 1);
    rk_topic_registry_find_or_add(registry, "t", second, NULL);
    assert_int_equal(topic->conf->request_required_acks, 1);
    assert_int_equal(
        rk_topic_registry_find_or_add(registry, "u", NULL, NULL)->conf->request_required_acks, -1);
}

static void a_handle_outlives_the_registry(void **state)
{
    (void)state;
    rd_kafka_topic_t *topic = rk_topic_registry_find_or_add(registry, "t", NULL, NULL);
    rk_topic_acquire(topic);
    rk_topic_registry_clear(registry);
    rk_free(registry);
    registry = NULL;
    assert_int_equal(cleared, 0);
    assert_string_equal(topic->base.name, "t");
    rk_topic_release(topic);
    assert_int_equal(cleared, 1);
}

static void count_visit(rd_kafka_topic_t *topic, void *argument)
{
    assert_non_null(topic->base.name);
    ++*(int *)argument;
}

enum { NAMES = 3000, THREADS = 4 };

static rd_kafka_topic_t *found[THREADS][NAMES];

static void find_all(void *argument)
{
    rd_kafka_topic_t **mine = argument;
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        int visited = 0;
        snprintf(name, sizeof(name), "topic%d", i);
        mine[i] = rk_topic_registry_find_or_add(registry, name, NULL, NULL);
        if (i % 500 == 0) {
            rk_topic_registry_visit(registry, count_visit, &visited);
            RK_ASSERT(visited > i);
        }
        RK_ASSERT(rk_topic_registry_find(registry, name) == mine[i]);
    }
}

static void many_threads_agree(void **state)
{
    (void)state;
    struct rk_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = rk_thread_start("finder", find_all, found[i]);
    for (int i = 0; i < THREADS; i++)
        rk_thread_join(threads[i]);
    for (int i = 1; i < THREADS; i++)
        assert_memory_equal(found[0], found[i], sizeof(found[0]));
    int visited = 0;
    rk_topic_registry_visit(registry, count_visit, &visited);
    assert_int_equal(visited, NAMES);
    assert_int_equal(made, NAMES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_per_name),
        TEST(the_first_configuration_counts),
        TEST(a_handle_outlives_the_registry),
        TEST(many_threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
