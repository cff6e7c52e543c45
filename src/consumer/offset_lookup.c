/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/offset_lookup.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cluster/offset_requests.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/position.h"

#define PATIENCE_US 30000000u /* Then the partitions are asked about anew, apart. */

/* The partitions of one set of queries, item by item. */
struct look_up {
    struct rk_consumer *consumer;
    uint64_t number;
    uint64_t asked_us;
    struct rk_partition *partitions[];
};

static void on_done(struct rk_offset_queries *queries)
{
    struct look_up *look_up = queries->owner;
    /* The client goes away: nobody cares, and this may be any thread. */
    if (queries->items[0].err != RD_KAFKA_RESP_ERR__DESTROY) {
        rk_on_background(rk_cluster_background(look_up->consumer->cluster));
        uint64_t now_us = rk_clock_now_us();
        for (int i = 0; i < queries->count; i++) {
            struct rk_partition *partition = look_up->partitions[i];
            const struct rk_offset_query *item = &queries->items[i];
            if (partition->known.look_up != look_up->number)
                continue; /* It was sent elsewhere since. */
            partition->known.look_up = 0;
            rk_position_on_looked_up(partition, item->err, item->offset, item->leader_epoch,
                                     look_up->asked_us, now_us);
        }
    }
    rk_free(look_up);
    rk_offset_queries_destroy(queries);
}

static void unlist(struct rk_consumer *consumer, struct rk_partition *partition)
{
    TAILQ_REMOVE(&consumer->known.look_ups, partition, known.look_up_link);
    partition->known.is_look_up_listed = false;
}

static bool belongs(const struct rk_partition *partition, int32_t leader, uint64_t now_us)
{
    return partition->known.leader == leader && partition->known.look_up_at_us <= now_us;
}

/* Asks about all that are due of one leader. */
static void ask(struct rk_consumer *consumer, int32_t leader, uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_partition *partition, *next;
    int count = 0;
    TAILQ_FOREACH (partition, &consumer->known.look_ups, known.look_up_link) {
        count += belongs(partition, leader, now_us);
    }
    struct rk_offset_queries *queries = rk_offset_queries_new(consumer->cluster, count);
    struct look_up *look_up =
        rk_malloc(sizeof(*look_up) + (size_t)count * sizeof(look_up->partitions[0]));
    look_up->consumer = consumer;
    look_up->number = ++consumer->known.last_look_up;
    look_up->asked_us = now_us;
    queries->on_done = on_done;
    queries->owner = look_up;
    queries->deadline_us = now_us + PATIENCE_US;
    queries->read_committed =
        consumer->core->conf->isolation_level == RK_CONF_ISOLATION_READ_COMMITTED;
    count = 0;
    for (partition = TAILQ_FIRST(&consumer->known.look_ups); partition; partition = next) {
        next = TAILQ_NEXT(partition, known.look_up_link);
        if (!belongs(partition, leader, now_us))
            continue;
        unlist(consumer, partition);
        partition->known.look_up = look_up->number;
        look_up->partitions[count] = partition;
        queries->items[count].topic = partition->topic;
        queries->items[count].partition = partition->number;
        queries->items[count].timestamp = partition->known.wanted == RD_KAFKA_OFFSET_END
                                              ? RK_TIMESTAMP_LATEST
                                              : RK_TIMESTAMP_EARLIEST;
        count++;
    }
    rk_offset_queries_post(queries);
}

/* Those that have moved on or lost their leader need no look-up now. */
static void forget_idle(struct rk_consumer *consumer)
{
    struct rk_partition *partition, *next;
    for (partition = TAILQ_FIRST(&consumer->known.look_ups); partition; partition = next) {
        next = TAILQ_NEXT(partition, known.look_up_link);
        if (partition->known.state != RK_PARTITION_LOOKING_UP || partition->known.leader < 0 ||
            partition->known.look_up || partition->known.wanted == RD_KAFKA_OFFSET_STORED)
            unlist(consumer, partition);
    }
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_consumer *consumer = rk_container_of(timer, struct rk_consumer, known.look_up_timer);
    struct rk_loop *background = rk_cluster_background(consumer->cluster);
    rk_on_background(background);
    forget_idle(consumer);
    uint64_t next_us = RK_NEVER;
    struct rk_partition *partition = TAILQ_FIRST(&consumer->known.look_ups);
    while (partition) {
        if (partition->known.look_up_at_us <= now_us) {
            ask(consumer, partition->known.leader, now_us);
            partition = TAILQ_FIRST(&consumer->known.look_ups);
            next_us = RK_NEVER;
            continue;
        }
        next_us = RK_MIN(next_us, partition->known.look_up_at_us);
        partition = TAILQ_NEXT(partition, known.look_up_link);
    }
    if (next_us != RK_NEVER)
        rk_loop_start_timer(background, &consumer->known.look_up_timer, next_us);
}

void rk_offset_lookup_init(struct rk_consumer *consumer)
{
    TAILQ_INIT(&consumer->known.look_ups);
    rk_timer_init(&consumer->known.look_up_timer, on_timer);
}

void rk_offset_lookup_want(struct rk_partition *partition)
{
    struct rk_consumer *consumer = partition->consumer;
    if (partition->known.leader < 0)
        return;
    if (!partition->known.is_look_up_listed) {
        partition->known.is_look_up_listed = true;
        TAILQ_INSERT_TAIL(&consumer->known.look_ups, partition, known.look_up_link);
    }
    const struct rk_timer *timer = &consumer->known.look_up_timer;
    if (!rk_timer_is_started(timer) || timer->deadline_us > partition->known.look_up_at_us)
        rk_loop_start_timer(rk_cluster_background(consumer->cluster),
                            &consumer->known.look_up_timer, partition->known.look_up_at_us);
}
