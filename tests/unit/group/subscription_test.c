/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be subscribed to and what cannot; what patterns stand for.
 */
#include "group/subscription.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "event/partition_list.h"

static char reason[256];

/* Names with blanks between. */
static rd_kafka_topic_partition_list_t *list_of(const char *names)
{
    rd_kafka_topic_partition_list_t *list = rk_partition_list_new(0);
    char *copy = rk_strdup(names), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        rk_partition_list_add(list, name, 3);
    rk_free(copy);
    return list;
}

static struct rk_subscription *subscription_of(const char *names, bool is_remote)
{
    rd_kafka_topic_partition_list_t *list = list_of(names);
    struct rk_subscription *subscription =
        rk_subscription_try_new(list, is_remote, reason, sizeof(reason));
    rk_partition_list_destroy(list);
    return subscription;
}

static void assert_refused(const char *names, const char *why)
{
    assert_null(subscription_of(names, false));
    if (!strstr(reason, why))
        fail_msg("%s", reason);
}

static void assert_topics(const struct rk_subscription *subscription, const char *found,
                          const char *expected)
{
    rd_kafka_topic_partition_list_t *matches = found ? list_of(found) : NULL;
    rd_kafka_topic_partition_list_t *topics = rk_subscription_topics(subscription, matches);
    rd_kafka_topic_partition_list_t *wanted = list_of(expected);
    assert_int_equal(topics->cnt, wanted->cnt);
    for (int i = 0; i < topics->cnt; i++)
        assert_string_equal(topics->elems[i].topic, wanted->elems[i].topic);
    rk_partition_list_destroy(topics);
    rk_partition_list_destroy(wanted);
    rk_partition_list_destroy(matches);
}

static void what_is_none(void **state)
{
    (void)state;
    assert_refused("", "nothing to subscribe to");
    assert_null(rk_subscription_try_new(NULL, false, reason, sizeof(reason)));
    assert_refused("a b a", "\"a\" is named twice");
    assert_refused("^a ^a", "\"^a\" is named twice");
    assert_refused("b ^(", "\"^(\" is no regular expression: ");
    rd_kafka_topic_partition_list_t *list = list_of("a");
    rk_partition_list_add(list, "", 0);
    assert_null(rk_subscription_try_new(list, false, reason, sizeof(reason)));
    assert_string_equal(reason, "a topic's name is empty");
    rk_partition_list_destroy(list);
    rk_subscription_destroy(NULL);
}

static void names_and_patterns(void **state)
{
    (void)state;
    static const struct rk_patterns nothing;
    struct rk_subscription *subscription = subscription_of("pears ^ap+les$ apples ^plum", false);
    assert_int_equal(subscription->list->cnt, 4);
    assert_int_equal(subscription->pattern_count, 2);
    assert_true(rk_subscription_matches(subscription, "appples", &nothing));
    assert_true(rk_subscription_matches(subscription, "plums", &nothing)); /* From its beginning. */
    assert_false(rk_subscription_matches(subscription, "pears", &nothing)); /* A name. */
    assert_false(rk_subscription_matches(subscription, "pineapples", &nothing));
    assert_topics(subscription, NULL, "apples pears");
    assert_topics(subscription, "plums apples appples plums", "apples appples pears plums");
    rk_subscription_destroy(subscription);
}

/* It is about patterns only: who names a topic gets it. */
static void a_blacklist(void **state)
{
    (void)state;
    regex_t items[2];
    struct rk_patterns blacklist = {.count = 2, .items = items};
    assert_int_equal(regcomp(&items[0], "^apples$", REG_EXTENDED | REG_NOSUB), 0);
    assert_int_equal(regcomp(&items[1], "^x", REG_EXTENDED | REG_NOSUB), 0);
    struct rk_subscription *subscription = subscription_of("apples ^.*", false);
    assert_false(rk_subscription_matches(subscription, "apples", &blacklist));
    assert_false(rk_subscription_matches(subscription, "xyz", &blacklist));
    assert_true(rk_subscription_matches(subscription, "pears", &blacklist));
    assert_topics(subscription, "pears", "apples pears");
    rk_subscription_destroy(subscription);
    regfree(&items[0]);
    regfree(&items[1]);
}

/* Whose syntax is not ours. */
static void patterns_for_the_coordinator(void **state)
{
    (void)state;
    struct rk_subscription *subscription = subscription_of("^(?i)a.* b", true);
    assert_non_null(subscription);
    assert_int_equal(subscription->pattern_count, 0);
    assert_string_equal(subscription->remote_pattern, "^(?i)a.*");
    assert_topics(subscription, NULL, "b");
    rk_subscription_destroy(subscription);
    subscription = subscription_of("b", true);
    assert_string_equal(subscription->remote_pattern, "");
    rk_subscription_destroy(subscription);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(names_and_patterns),
        cmocka_unit_test(a_blacklist),
        cmocka_unit_test(patterns_for_the_coordinator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
