/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plain events: what each does when it is served by callback, and what it holds.
 */
#include "fixture.h"

#include "event/cursor.h"
#include "event/partition_list.h"
#include "event/prefetch.h"

static struct rk_core *core;

static struct {
    int err;
    char text[100];
    int32_t broker_id;
    int number;
    int64_t offset;
} got;
static char *kept_json;
static int stats_result;

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    assert_ptr_equal(rk, core->client);
    assert_ptr_equal(opaque, &got);
    got.err = err;
    strcpy(got.text, reason);
}

static void on_throttle(rd_kafka_t *rk, const char *broker_name, int32_t broker_id, int throttle_ms,
                        void *opaque)
{
    assert_ptr_equal(rk, core->client);
    assert_ptr_equal(opaque, &got);
    strcpy(got.text, broker_name);
    got.broker_id = broker_id;
    got.number = throttle_ms;
}

static int on_stats(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    assert_ptr_equal(rk, core->client);
    assert_ptr_equal(opaque, &got);
    assert_int_equal(size, strlen(json));
    kept_json = json;
    return stats_result;
}

static void on_message(rd_kafka_message_t *message, void *opaque)
{
    assert_ptr_equal(opaque, &got);
    got.offset = message->offset;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    assert_ptr_equal(rk, core->client);
    got.number = level;
    assert_string_equal(facility, "FAC");
    strcpy(got.text, text);
}

static void configure(rd_kafka_conf_t *conf)
{
    conf->conf.callbacks.opaque = &got;
    conf->conf.callbacks.error_cb = on_error;
    conf->conf.callbacks.throttle_cb = on_throttle;
    conf->conf.callbacks.stats_cb = on_stats;
    conf->conf.callbacks.consume_cb = on_message;
    conf->conf.callbacks.log_cb = on_log;
}

static int set_up(void **state)
{
    (void)state;
    reset_notes();
    memset(&got, 0, sizeof(got));
    core = core_new(configure);
    return 0;
}

static int set_up_without_callbacks(void **state)
{
    (void)state;
    reset_notes();
    memset(&got, 0, sizeof(got));
    core = core_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    core_end(core);
    return 0;
}

/* takes: event. How many were served. */
static int serve(rd_kafka_event_t *event)
{
    rk_queue_push(core->main_queue, event);
    return rk_queue_serve(core->main_queue, 0, 0);
}

static void test_error(void **state)
{
    (void)state;
    assert_int_equal(serve(rk_event_new_error(RD_KAFKA_RESP_ERR__TRANSPORT, "gone")), 1);
    assert_int_equal(got.err, RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_string_equal(got.text, "gone");
    assert_int_equal(serve(rk_event_new_error(RD_KAFKA_RESP_ERR__RESOLVE, NULL)), 1);
    assert_string_equal(got.text, rd_kafka_err2str(RD_KAFKA_RESP_ERR__RESOLVE));
}

static void test_consumer_error(void **state)
{
    (void)state;
    rd_kafka_topic_t *topic = topic_new(core, "words");
    rd_kafka_event_t *event =
        rk_event_new_consumer_error(RD_KAFKA_RESP_ERR__PARTITION_EOF, topic, 3, 17, "end");
    const struct rk_message *message = rk_event_own_message(event);
    assert_ptr_equal(message->rkmessage.rkt, topic);
    assert_int_equal(message->rkmessage.partition, 3);
    assert_int_equal(message->kind, RK_MESSAGE_ERROR);
    rk_topic_release(topic);
    assert_int_equal(destroyed_count, 0);
    assert_int_equal(serve(event), 1);
    assert_int_equal(destroyed_count, 1);
    assert_int_equal(got.err, RD_KAFKA_RESP_ERR__PARTITION_EOF);
    assert_string_equal(got.text, "end");
}

static void test_throttle(void **state)
{
    (void)state;
    assert_int_equal(serve(rk_event_new_throttle("broker:9092/7", 7, 1234)), 1);
    assert_string_equal(got.text, "broker:9092/7");
    assert_int_equal(got.broker_id, 7);
    assert_int_equal(got.number, 1234);
    rd_kafka_event_t *event = rk_event_new_throttle("b", 1, 1);
    assert_int_equal(event->type, RD_KAFKA_EVENT_NONE);
    assert_int_equal(event->priority, RK_PRIORITY_HIGH);
    rk_event_destroy(event);
}

static void test_stats(void **state)
{
    (void)state;
    stats_result = 0;
    assert_int_equal(serve(rk_event_new_stats(rk_app_strdup("{}"), 2)), 1);
    stats_result = 1;
    assert_int_equal(serve(rk_event_new_stats(rk_app_strdup("{\"a\":1}"), 7)), 1);
    assert_string_equal(kept_json, "{\"a\":1}");
    rk_app_free(kept_json);

    rd_kafka_event_t *event = rk_event_new_stats(rk_app_strdup("{}"), 2);
    assert_string_equal(rk_event_stats(event), "{}");
    assert_int_equal(event->priority, RK_PRIORITY_HIGH);
    struct rk_event_log log;
    assert_false(rk_event_get_log(event, &log));
    assert_null(rk_event_own_message(event));
    rk_event_destroy(event);
}

static void test_fetch(void **state)
{
    (void)state;
    assert_int_equal(serve(rk_event_new_fetch(message_new(1, 99))), 1);
    assert_int_equal(got.offset, 99);
    assert_int_equal(destroyed_count, 1);

    rd_kafka_event_t *event = rk_event_new_fetch(message_new(1, 5));
    assert_int_equal(event->kind->message_count(event), 1);
    assert_null(rk_event_stats(event));
    rk_queue_push(core->main_queue, event);
    struct rk_message *message = rk_queue_take_message(core->main_queue, 0);
    assert_int_equal(message->rkmessage.offset, 5);
    rk_message_destroy(message);
}

static void test_log(void **state)
{
    (void)state;
    rd_kafka_event_t *event = rk_event_new_log(5, RK_DEBUG_MSG, "FAC", "a line");
    struct rk_event_log log;
    assert_true(rk_event_get_log(event, &log));
    assert_string_equal(log.facility, "FAC");
    assert_string_equal(log.text, "a line");
    assert_int_equal(log.level, 5);
    assert_int_equal(log.context, RK_DEBUG_MSG);
    assert_int_equal(event->priority, RK_PRIORITY_MEDIUM);
    assert_int_equal(serve(event), 1);
    assert_int_equal(got.number, 5);
    assert_string_equal(got.text, "a line");
}

static void test_without_callbacks(void **state)
{
    (void)state;
    assert_int_equal(serve(rk_event_new_throttle("b", 1, 1)), 0);
    assert_int_equal(serve(rk_event_new_stats(rk_app_strdup("{}"), 2)), 0);
    assert_int_equal(serve(rk_event_new_fetch(message_new(1, 5))), 0);
    assert_int_equal(serve(rk_event_new_log(5, 0, "FAC", "a line")), 0);
    assert_int_equal(serve(rk_event_new_error(RD_KAFKA_RESP_ERR__TRANSPORT, "gone")), 1);
}

static void test_what_an_event_owns(void **state)
{
    (void)state;
    rd_kafka_event_t *event = plain_new(0);
    event->text = rk_strdup("text");
    event->partitions = rk_partition_list_new(1);
    rk_partition_list_add(event->partitions, "words", 1);
    rk_event_destroy(event);
    rk_event_destroy(NULL);
    assert_int_equal(destroyed_count, 1);
}

/* Errors of partitions */

static struct {
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    struct rk_error_place place;
} partition;

static void begin_partition(void)
{
    partition.topic = topic_new(core, "topic");
    partition.queue = rk_queue_new(core, "test");
    partition.place = (struct rk_error_place){.cursor = rk_cursor_new(true), .offset = 5};
    partition.place.version = rk_cursor_read(partition.place.cursor).version;
}

static void end_partition(void)
{
    rk_queue_release(partition.queue);
    rk_cursor_release(partition.place.cursor);
    rk_topic_release(partition.topic);
}

static void push_partition_errors(int count)
{
    for (int i = 0; i < count; i++)
        rk_queue_push(partition.queue,
                      rk_event_new_partition_error(RD_KAFKA_RESP_ERR__PARTITION_EOF,
                                                   partition.topic, 7, "end", &partition.place));
}

static void test_void_errors_give_nothing(void **state)
{
    (void)state;
    begin_partition();
    push_partition_errors(3);
    struct rk_message *message = rk_queue_take_message(partition.queue, 0);
    assert_int_equal(message->rkmessage.err, RD_KAFKA_RESP_ERR__PARTITION_EOF);
    assert_int_equal(message->rkmessage.offset, 5);
    rk_message_destroy(message);
    rk_cursor_void(partition.place.cursor);
    assert_null(rk_queue_take_event(partition.queue, 0));
    assert_null(rk_queue_take_message(partition.queue, 0));
    end_partition();
}

static void count_tell(void *argument)
{
    ++*(int *)argument;
}

/* Those nobody takes count like messages nobody takes, and who waits for room is told. */
static void test_errors_count_in_a_budget(void **state)
{
    (void)state;
    int told_count = 0;
    struct rk_room *room = rk_room_new(count_tell, &told_count);
    begin_partition();
    partition.place.prefetch = rk_prefetch_new(room, 1);
    partition.place.budget = rk_budget_new(1);
    push_partition_errors(2);
    int64_t left = rk_budget_left(partition.place.budget);
    assert_in_range(-left, 2 * sizeof(struct rk_message), 2000);
    atomic_store(&room->is_wanted, true);
    rk_message_destroy(rk_queue_take_message(partition.queue, 0));
    assert_true(rk_budget_left(partition.place.budget) > left);
    assert_int_equal(told_count, 0);
    rk_event_destroy(rk_queue_take_event(partition.queue, 0));
    assert_int_equal(rk_budget_left(partition.place.budget), 1);
    assert_int_equal(told_count, 1);
    rk_budget_release(partition.place.budget);
    rk_prefetch_release(partition.place.prefetch);
    end_partition();
    rk_room_release(room);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_error),
        TEST(test_consumer_error),
        TEST(test_throttle),
        TEST(test_stats),
        TEST(test_fetch),
        TEST(test_log),
        cmocka_unit_test_setup_teardown(test_without_callbacks, set_up_without_callbacks,
                                        tear_down),
        TEST(test_what_an_event_owns),
        TEST(test_void_errors_give_nothing),
        TEST(test_errors_count_in_a_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
