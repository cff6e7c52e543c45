/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/consumer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "consumer/assignment.h"
#include "consumer/consumer_private.h"
#include "consumer/offset_lookup.h"
#include "consumer/partition_reason.h"
#include "consumer/position.h"
#include "runtime/reply.h"

/* The cluster's observer */

static void *attach(struct rk_cluster_observer *observer, struct rk_broker *broker)
{
    struct rk_consumer *consumer = rk_container_of(observer, struct rk_consumer, observer);
    struct rk_fetcher *fetcher = rk_fetcher_new(consumer, broker);
    broker->own.connections[RK_PURPOSE_FETCH].user = &fetcher->user;
    return fetcher;
}

static void detach(struct rk_cluster_observer *observer, struct rk_broker *broker, void *worker)
{
    (void)observer;
    broker->own.connections[RK_PURPOSE_FETCH].user = NULL;
    if (worker)
        rk_fetcher_destroy(worker);
}

static void broker_ending(void *worker)
{
    rk_fetcher_end(worker);
}

/* Room; under the room's lock. */
static void tell_fetchers(void *argument)
{
    struct rk_consumer *consumer = argument;
    struct rk_fetcher *fetcher;
    LIST_FOREACH (fetcher, &consumer->fetchers, link) {
        rk_fetcher_post_kick(fetcher);
    }
}

/* Life */

struct rk_consumer *rk_consumer_new(struct rk_core *core)
{
    const struct rk_conf *conf = core->conf;
    struct rk_consumer *consumer = RK_NEW(struct rk_consumer);
    consumer->core = core;
    consumer->observer.on_topic = rk_position_on_topic;
    consumer->observer.attach = attach;
    consumer->observer.detach = detach;
    consumer->observer.broker_ending = broker_ending;
    consumer->slabs = rk_slab_pool_new();
    consumer->room = rk_room_new(tell_fetchers, consumer);
    LIST_INIT(&consumer->fetchers);
    consumer->budget_limit = (int64_t)conf->queued_max_messages_kbytes * 1000;
    rk_mutex_init(&consumer->mutex, RK_RANK_PARTITION);
    consumer->shared.assignment = rk_partition_list_new(0);
    rk_offset_lookup_init(consumer);
    rk_timer_init(&consumer->known.silence_timer, rk_partition_reason_on_timer);
    if (conf->group_id && conf->group_id[0])
        core->consumer_queue = consumer->queue = rk_queue_new(core, "consumer");
    return consumer;
}

struct rk_topic_parts rk_consumer_topic_parts(struct rk_consumer *consumer)
{
    return (struct rk_topic_parts){
        .init = rk_consumer_topic_init, .clear = rk_consumer_topic_clear, .argument = consumer};
}

void rk_consumer_start(struct rk_consumer *consumer, struct rk_cluster *cluster)
{
    consumer->cluster = cluster;
    rk_cluster_set_observer(cluster, &consumer->observer);
}

void rk_consumer_set_guard(struct rk_consumer *consumer, struct rk_assignment_guard *guard)
{
    consumer->guard = guard;
}

rd_kafka_queue_t *rk_consumer_queue(const struct rk_consumer *consumer)
{
    return consumer->queue;
}

/* Asking background */

struct question {
    void (*run)(void *argument);
    void *argument;
    struct rk_reply *reply;
    bool was_run;
};

static void run_question(void *argument)
{
    struct question *question = argument;
    question->run(question->argument);
    question->was_run = true;
    rk_reply_answer(question->reply, NULL);
}

static void drop_question(void *argument)
{
    rk_reply_abandon(((struct question *)argument)->reply);
}

bool rk_consumer_ask(struct rk_consumer *consumer, void (*run)(void *argument), void *argument)
{
    struct question question = {.run = run, .argument = argument, .reply = rk_reply_new(NULL)};
    void *nothing;
    rk_cluster_post_call(consumer->cluster, run_question, drop_question, &question);
    rk_reply_wait(question.reply, RK_NEVER, &nothing); /* Background does not block. */
    rk_reply_release(question.reply);
    return question.was_run;
}

/* Ending */

static void visit_stop(rd_kafka_topic_t *topic, void *argument) RK_ON_BACKGROUND
{
    struct rk_partition *partition;
    (void)argument;
    for (int i = 0; (partition = rk_partition_at(topic, i)) != NULL; i++)
        rk_position_stop(partition);
}

void rk_consumer_stop_all_here(struct rk_consumer *consumer)
{
    rk_topic_registry_visit(rk_cluster_topics(consumer->cluster), visit_stop, NULL);
}

void rk_consumer_begin_close(struct rk_consumer *consumer)
{
    atomic_store(&consumer->is_closed, true);
}

/* What stands in a queue holds its topic, and the topic the queue. */
static void visit_drop(rd_kafka_topic_t *topic, void *argument)
{
    struct rk_partition *partition;
    (void)argument;
    for (int i = 0; (partition = rk_partition_at(topic, i)) != NULL; i++) {
        struct rk_cursor *cursor = rk_partition_acquire_cursor(partition);
        if (cursor)
            rk_cursor_void(cursor);
        rk_cursor_release(cursor);
        rk_partition_set_cursor(partition, NULL);
        rk_queue_disable(partition->queue);
        rk_queue_remove(partition->queue, rk_message_batch_is_void, NULL);
        rk_queue_forward(partition->queue, NULL);
        rk_queue_remove(partition->queue, NULL, NULL);
    }
}

void rk_consumer_drop_all(struct rk_consumer *consumer)
{
    rk_room_close(consumer->room);
    rk_topic_registry_visit(rk_cluster_topics(consumer->cluster), visit_drop, NULL);
    if (consumer->queue) {
        rk_queue_disable(consumer->queue);
        rk_queue_forward(consumer->queue, NULL);
        rk_queue_remove(consumer->queue, NULL, NULL);
    }
}

void rk_consumer_destroy(struct rk_consumer *consumer)
{
    consumer->core->consumer_queue = NULL;
    rk_queue_release(consumer->queue);
    rk_partition_list_destroy(consumer->shared.assignment);
    rk_slab_pool_release(consumer->slabs);
    rk_room_release(consumer->room);
    rk_mutex_clear(&consumer->mutex);
    rk_free(consumer);
}
