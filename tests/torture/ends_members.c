/* SPDX-License-Identifier: BSD-2-Clause */
/* States of a group's member, for ends_test.c. */
#include "torture/ends.h"

#include "runtime/thread.h"

enum { TIMEOUT_MS = 20000, LONG_MS = 60000 };

static void subscribe(void)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "filled", RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(it.rk, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

static void make_member(const char *servers)
{
    ends_make(RD_KAFKA_CONSUMER, ends_new_conf(servers));
    subscribe();
}

static void take_one(void)
{
    it.messages[it.message_count] = rd_kafka_consumer_poll(it.rk, TIMEOUT_MS);
    assert_non_null(it.messages[it.message_count]);
    assert_int_equal(it.messages[it.message_count++]->err, 0);
}

static void member_without_coordinator(void)
{
    make_member("127.0.0.1:1");
    rk_thread_pause_us(5000);
}

/* The coordinator answers when it has waited for others. */
static void member_joining(void)
{
    ends_set_group_delay(LONG_MS);
    make_member(NULL);
    rk_thread_pause_us(50000);
}

static void hold(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                 void *opaque)
{
    (void)rk;
    (void)err;
    (void)list;
    (void)opaque;
    atomic_fetch_add(&it.inside, 1);
    rk_thread_pause_us(ENDS_CALLBACK_MS * 1000);
}

/* Nobody polls, so the application is never asked. */
static void member_not_asked(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    rd_kafka_conf_set_rebalance_cb(conf, hold);
    ends_make(RD_KAFKA_CONSUMER, conf);
    subscribe();
    rk_thread_pause_us(50000);
}

static void *poll_once(void *argument)
{
    (void)argument;
    rd_kafka_message_t *message = rd_kafka_consumer_poll(it.rk, TIMEOUT_MS);
    if (message)
        rd_kafka_message_destroy(message);
    return NULL;
}

static void member_in_callback(void)
{
    rd_kafka_conf_t *conf = ends_new_conf(NULL);
    rd_kafka_conf_set_rebalance_cb(conf, hold);
    ends_make(RD_KAFKA_CONSUMER, conf);
    subscribe();
    ends_start_thread(poll_once);
}

/* With messages held, whose offsets are stored and not committed. */
static void member_consuming(void)
{
    make_member(NULL);
    take_one();
    take_one();
}

static void *block_in_commit(void *argument)
{
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    assert_int_not_equal(rd_kafka_commit(it.rk, NULL, 0), RD_KAFKA_RESP_ERR__IN_PROGRESS);
    return NULL;
}

static void *block_in_committed(void *argument)
{
    (void)argument;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "filled", 0);
    atomic_fetch_add(&it.inside, 1);
    assert_int_not_equal(rd_kafka_committed(it.rk, list, LONG_MS), 0);
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

static void member_committing(void)
{
    member_consuming();
    ends_set_delay(LONG_MS);
    ends_start_thread(block_in_commit);
    ends_start_thread(block_in_committed);
}

static void *block_in_close(void *argument)
{
    (void)argument;
    atomic_fetch_add(&it.inside, 1);
    rd_kafka_consumer_close(it.rk);
    return NULL;
}

static void member_closing(void)
{
    member_consuming();
    ends_set_delay(LONG_MS);
    ends_start_thread(block_in_close);
}

static void member_closed(void)
{
    member_consuming();
    assert_int_equal(rd_kafka_consumer_close(it.rk), 0);
}

static void member_unsubscribed(void)
{
    member_consuming();
    assert_int_equal(rd_kafka_unsubscribe(it.rk), 0);
}

#define ROW(name)   \
    {               \
#name, name \
    }

const struct ends_state ends_member_states[] = {
    ROW(member_without_coordinator),
    ROW(member_joining),
    ROW(member_not_asked),
    ROW(member_in_callback),
    ROW(member_consuming),
    ROW(member_committing),
    ROW(member_closing),
    ROW(member_closed),
    ROW(member_unsubscribed),
    {NULL, NULL},
};
