/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/fetcher.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "consumer/consumer_private.h"
#include "consumer/fetch_answer.h"
#include "consumer/fetch_request.h"
#include "consumer/partition_reason.h"
#include "event/failure.h"
#include "runtime/signal.h"

#define OVERDUE_US 2000000

static struct rk_connection *connection_of(struct rk_fetcher *fetcher) RK_ON_BROKER
{
    return rk_broker_connection(fetcher->broker, RK_PURPOSE_FETCH);
}

/* Running */

void rk_fetcher_run_at(struct rk_fetcher *fetcher, uint64_t at_us)
{
    if (!rk_timer_is_started(&fetcher->own.timer) || fetcher->own.timer.deadline_us > at_us)
        rk_loop_start_timer(fetcher->loop, &fetcher->own.timer, at_us);
}

static struct rk_partition *find_follower(const struct rk_fetcher *fetcher, uint64_t until_us)
{
    const struct rk_fetch_set *set = &fetcher->own.set;
    for (int t = 0; fetcher->own.follower_count > 0 && t < set->topic_count; t++) {
        for (int i = 0; i < set->topics[t]->count; i++) {
            struct rk_partition *partition = set->topics[t]->items[i];
            if (partition->own.is_from_follower && partition->own.follow_until_us <= until_us)
                return partition;
        }
    }
    return NULL;
}

void rk_fetcher_return_followers(struct rk_fetcher *fetcher, uint64_t until_us,
                                 enum rk_return_reason reason)
{
    struct rk_partition *partition;
    while ((partition = find_follower(fetcher, until_us)) != NULL) {
        struct rk_returned returned = {.reason = reason};
        rk_fetcher_return(fetcher, partition, &returned);
    }
}

void rk_fetcher_expect_answer(struct rk_fetcher *fetcher, uint64_t at_us)
{
    fetcher->own.overdue_at_us = at_us + OVERDUE_US;
    if (fetcher->own.follower_count > 0)
        rk_fetcher_run_at(fetcher, fetcher->own.overdue_at_us);
}

/* A replica that says nothing may be gone for the cluster, and others have what it has: the leader
 * is asked again, and metadata. */
static void check_followers(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER
{
    bool is_waiting = fetcher->own.is_fetching || !rk_connection_is_up(connection_of(fetcher));
    if (fetcher->own.follower_count == 0 || !is_waiting)
        return;
    uint64_t silent_at_us = fetcher->broker->own.last_received_us + OVERDUE_US;
    uint64_t at_us = RK_MAX(fetcher->own.overdue_at_us, silent_at_us); /* An answer may be long. */
    if (at_us > now_us) {
        rk_fetcher_run_at(fetcher, at_us);
        return;
    }
    rk_cluster_post_refresh(fetcher->consumer->cluster, find_follower(fetcher, RK_NEVER)->topic,
                            "a replica does not answer");
    rk_fetcher_return_followers(fetcher, RK_NEVER, RK_RETURN_NO_FOLLOWER);
}

/* The connection has news, or somebody poked it. */
static void run(struct rk_connection_user *user, uint64_t now_us)
{
    struct rk_fetcher *fetcher = rk_container_of(user, struct rk_fetcher, user);
    rk_on_broker(fetcher->loop);
    if (fetcher->own.is_ended || fetcher->own.is_fetching)
        return;
    if (connection_of(fetcher)->own.state == RK_CONNECTION_BACKING_OFF)
        rk_fetcher_return_followers(fetcher, RK_NEVER, RK_RETURN_NO_FOLLOWER);
    if (!rk_connection_may_send(connection_of(fetcher), now_us))
        return;
    if (fetcher->own.retry_at_us > now_us) {
        rk_fetcher_run_at(fetcher, fetcher->own.retry_at_us);
        return;
    }
    rk_fetcher_return_followers(fetcher, now_us, RK_RETURN_LEASE_OVER);
    rk_fetch_request_send(fetcher, now_us);
}

/* Looks at everything again. */
static void look(struct rk_fetcher *fetcher, uint64_t now_us) RK_ON_BROKER
{
    if (fetcher->own.is_ended)
        return;
    check_followers(fetcher, now_us);
    rk_fetch_answer_resume(fetcher, now_us);
    rk_connection_want(connection_of(fetcher), fetcher->own.set.partition_count > 0);
    if (!fetcher->own.is_fetching)
        rk_connection_poke(connection_of(fetcher), now_us);
}

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_fetcher *fetcher = rk_container_of(timer, struct rk_fetcher, own.timer);
    rk_on_broker(fetcher->loop);
    look(fetcher, now_us);
}

struct kick_mail {
    struct rk_mail mail;
    struct rk_fetcher *fetcher;
};

static void free_kick(struct rk_mail *mail)
{
    rk_free(rk_container_of(mail, struct kick_mail, mail));
}

static void on_kick(struct rk_mail *mail)
{
    struct rk_fetcher *fetcher = rk_container_of(mail, struct kick_mail, mail)->fetcher;
    rk_on_broker(fetcher->loop);
    free_kick(mail);
    rk_signal_lower(&fetcher->is_kicked);
    look(fetcher, rk_clock_now_us());
}

void rk_fetcher_post_kick(struct rk_fetcher *fetcher)
{
    if (rk_loop_is_resting(fetcher->loop) || rk_signal_raise(&fetcher->is_kicked))
        return; /* At rest it has no partition that could use room. */
    struct kick_mail *kick = RK_NEW(struct kick_mail);
    kick->mail.deliver = on_kick;
    kick->mail.discard = free_kick;
    kick->fetcher = fetcher;
    rk_loop_post(fetcher->loop, &kick->mail);
}

void rk_fetcher_tell_once(struct rk_fetcher *fetcher, struct rk_partition *partition,
                          enum rk_api_key key, rd_kafka_resp_err_t err)
{
    struct rk_error_place place =
        rk_fetch_request_error_place(fetcher, partition, partition->own.position.offset);
    if (partition->own.told == err)
        return;
    partition->own.told = err;
    char what[80];
    snprintf(what, sizeof(what), "%s at offset %" PRId64, rk_api_name((int16_t)key), place.offset);
    char *text = rk_failure_text(&(struct rk_failure){.what = what,
                                                      .err = err,
                                                      .broker = rk_broker_name(fetcher->broker),
                                                      .attempts = partition->own.failures.attempts,
                                                      .since_us = partition->own.failures.since_us},
                                 rk_clock_now_us());
    rk_partition_push_error(partition, &place, err, "%s", text);
    rk_free(text);
}

void rk_fetcher_end_session(struct rk_fetcher *fetcher, bool keeps_id)
{
    fetcher->own.session.epoch = 0;
    fetcher->own.session.ends++;
    if (!keeps_id)
        fetcher->own.session.id = 0;
    rk_fetch_set_leave_session(&fetcher->own.set);
}

/* Positions on their way */

struct move_mail {
    struct rk_mail mail;
    struct rk_fetcher *fetcher;
    struct rk_partition *partition;
    struct rk_returned returned; /* Of an adopt, its position. */
    bool is_assigned;
    int32_t leader_epoch;
    struct rk_closest closest;
    bool is_from_follower, is_anew;
    struct rk_uuid topic_id;
};

static void discard_move(struct rk_mail *mail)
{
    struct move_mail *self = rk_container_of(mail, struct move_mail, mail);
    rk_cursor_release(self->returned.position.cursor);
    rk_free(self);
}

static struct move_mail *new_move(struct rk_fetcher *fetcher, struct rk_partition *partition,
                                  void (*deliver)(struct rk_mail *mail))
{
    struct move_mail *self = RK_NEW(struct move_mail);
    self->mail.deliver = deliver;
    self->mail.discard = discard_move;
    self->fetcher = fetcher;
    self->partition = partition;
    return self;
}

/* Who leads it, and from whom it is fetched. */
static void take_leader(struct rk_fetcher *fetcher, struct rk_partition *partition,
                        const struct move_mail *self) RK_ON_BROKER
{
    partition->own.leader_epoch = self->leader_epoch;
    partition->own.is_anew = self->is_anew;
    partition->own.is_from_follower = self->is_from_follower;
    partition->own.follow_until_us = self->closest.until_us;
    partition->own.barred_us = self->closest.barred_us;
    partition->own.needs_validation = !self->is_from_follower; /* The leader has done it. */
    fetcher->own.follower_count += self->is_from_follower;
    if (!fetcher->own.is_fetching)
        rk_fetcher_expect_answer(fetcher, rk_clock_now_us());
    else if (self->is_from_follower)
        rk_fetcher_run_at(fetcher, fetcher->own.overdue_at_us);
}

static void on_adopt(struct rk_mail *mail)
{
    struct move_mail *self = rk_container_of(mail, struct move_mail, mail);
    struct rk_fetcher *fetcher = self->fetcher;
    struct rk_partition *partition = self->partition;
    rk_on_broker(fetcher->loop);
    if (fetcher->own.is_ended) {
        discard_move(mail);
        return;
    }
    partition->own.position = self->returned.position;
    partition->own.is_assigned = self->is_assigned;
    take_leader(fetcher, partition, self);
    partition->own.first_request = fetcher->own.last_request + 1;
    partition->own.answered_request = 0;
    partition->own.retry_at_us = 0;
    partition->own.is_held = false;
    partition->own.is_in_session = false;
    partition->own.is_validating = false;
    partition->own.max_bytes = 0;
    partition->own.told = RD_KAFKA_RESP_ERR_NO_ERROR;
    partition->own.failures = (struct rk_failure_row){.attempts = 0};
    /* To the session it would be the same partition as before, of which there is nothing new to
     * tell, not even its end. */
    if (fetcher->consumer->core->conf->enable_partition_eof &&
        rk_fetch_set_is_forgotten(&fetcher->own.set, partition))
        rk_fetcher_end_session(fetcher, true);
    rk_fetch_set_add(&fetcher->own.set, partition, &self->topic_id);
    rk_broker_set_used(fetcher->broker, true);
    rk_silence_end(&partition->own.silence);
    rk_partition_reason_watch_fetcher(fetcher);
    rk_free(self);
    rk_fetcher_run_at(fetcher, 0); /* Not before the adopts behind it in the mailbox. */
}

static void on_update(struct rk_mail *mail)
{
    struct move_mail *self = rk_container_of(mail, struct move_mail, mail);
    struct rk_fetcher *fetcher = self->fetcher;
    struct rk_partition *partition = self->partition;
    rk_on_broker(fetcher->loop);
    if (rk_fetch_set_contains(&fetcher->own.set, partition)) {
        struct rk_fetch_topic *before =
            rk_fetch_set_find_topic(&fetcher->own.set, rk_topic_name(partition->topic), NULL);
        if (!rk_uuid_is_zero(&before->id) && !rk_uuid_equal(&before->id, &self->topic_id))
            partition->own.position.epoch = -1;
        rk_fetch_set_set_topic_id(&fetcher->own.set, partition->topic, &self->topic_id);
        fetcher->own.follower_count -= partition->own.is_from_follower;
        take_leader(fetcher, partition, self);
        partition->own.is_validating = false;
        partition->own.retry_at_us = 0;
        rk_fetcher_run_at(fetcher, 0);
    }
    rk_free(self);
}

static void on_release(struct rk_mail *mail)
{
    struct move_mail *self = rk_container_of(mail, struct move_mail, mail);
    rk_on_broker(self->fetcher->loop);
    /* It may have come back on its own already. */
    if (rk_fetch_set_contains(&self->fetcher->own.set, self->partition)) {
        struct rk_returned returned = {.reason = RK_RETURN_ASKED};
        rk_fetcher_return(self->fetcher, self->partition, &returned);
    }
    rk_free(self);
}

static void on_returned(struct rk_mail *mail)
{
    struct move_mail *self = rk_container_of(mail, struct move_mail, mail);
    rk_on_background(rk_cluster_background(self->fetcher->consumer->cluster));
    rk_position_on_returned(self->partition, &self->returned);
    rk_free(self);
}

void rk_fetcher_return(struct rk_fetcher *fetcher, struct rk_partition *partition,
                       struct rk_returned *returned)
{
    returned->position = partition->own.position;
    returned->broker_id = fetcher->broker->id;
    returned->failures = partition->own.failures;
    rk_fetch_answer_drop_walk(fetcher, partition);
    rk_fetch_set_remove(&fetcher->own.set, partition);
    fetcher->own.follower_count -= partition->own.is_from_follower;
    partition->own.is_from_follower = false;
    if (fetcher->own.set.partition_count == 0) {
        rk_connection_want(connection_of(fetcher), false);
        rk_broker_set_used(fetcher->broker, false);
        rk_loop_stop_timer(fetcher->loop, &fetcher->own.silence_timer);
    }
    struct move_mail *self = new_move(fetcher, partition, on_returned);
    self->returned = *returned;
    rk_loop_post(rk_cluster_background(fetcher->consumer->cluster), &self->mail);
}

static void tell_leader(struct move_mail *self) RK_ON_BACKGROUND
{
    const struct rk_partition *partition = self->partition;
    self->leader_epoch = partition->known.leader_epoch;
    self->topic_id = partition->known.topic_id;
    self->is_anew = !rk_uuid_equal(&partition->known.consumed_id, &self->topic_id);
    self->closest = partition->known.closest;
    self->is_from_follower = self->fetcher->broker->id == partition->known.closest.replica;
}

void rk_fetcher_post_adopt(struct rk_fetcher *fetcher, struct rk_partition *partition,
                           const struct rk_fetch_position *position)
{
    struct move_mail *self = new_move(fetcher, partition, on_adopt);
    self->returned.position = *position;
    self->is_assigned = partition->known.is_assigned;
    tell_leader(self);
    rk_loop_post(fetcher->loop, &self->mail);
}

void rk_fetcher_post_update(struct rk_fetcher *fetcher, struct rk_partition *partition)
{
    struct move_mail *self = new_move(fetcher, partition, on_update);
    tell_leader(self);
    rk_loop_post(fetcher->loop, &self->mail);
}

void rk_fetcher_post_release(struct rk_fetcher *fetcher, struct rk_partition *partition)
{
    rk_loop_post(fetcher->loop, &new_move(fetcher, partition, on_release)->mail);
}

/* Shares */

void rk_fetcher_count_partition(struct rk_fetcher *fetcher, int change)
{
    struct rk_consumer *consumer = fetcher->consumer;
    bool was_in_use = fetcher->known.partition_count > 0;
    fetcher->known.partition_count += change;
    bool is_in_use = fetcher->known.partition_count > 0;
    if (was_in_use == is_in_use)
        return;
    consumer->known.fetchers_in_use += is_in_use ? 1 : -1;
    int64_t share = consumer->budget_limit / RK_MAX(consumer->known.fetchers_in_use, 1);
    struct rk_fetcher *each;
    rk_mutex_lock(&consumer->room->mutex);
    LIST_FOREACH (each, &consumer->fetchers, link) {
        rk_budget_set_limit(each->budget, share);
    }
    rk_mutex_unlock(&consumer->room->mutex);
}

/* Life */

struct rk_fetcher *rk_fetcher_new(struct rk_consumer *consumer, struct rk_broker *broker)
{
    struct rk_fetcher *fetcher = RK_NEW(struct rk_fetcher);
    fetcher->user.run = run;
    fetcher->consumer = consumer;
    fetcher->broker = broker;
    fetcher->loop = broker->loop;
    fetcher->budget = rk_budget_new(consumer->budget_limit);
    TAILQ_INIT(&fetcher->own.walks);
    rk_timer_init(&fetcher->own.timer, on_timer);
    rk_timer_init(&fetcher->own.silence_timer, rk_partition_reason_on_fetcher_timer);
    rk_decompressor_init(&fetcher->own.decompressor);
    rk_mutex_lock(&consumer->room->mutex);
    LIST_INSERT_HEAD(&consumer->fetchers, fetcher, link);
    rk_mutex_unlock(&consumer->room->mutex);
    return fetcher;
}

void rk_fetcher_end(struct rk_fetcher *fetcher)
{
    rk_on_broker(fetcher->loop);
    fetcher->own.is_ended = true;
    for (int t = 0; t < fetcher->own.set.topic_count; t++) {
        const struct rk_fetch_topic *topic = fetcher->own.set.topics[t];
        for (int i = 0; i < topic->count; i++) {
            rk_fetch_answer_drop_walk(fetcher, topic->items[i]);
            rk_cursor_release(topic->items[i]->own.position.cursor);
        }
    }
    rk_fetch_set_clear(&fetcher->own.set);
    rk_loop_stop_timer(fetcher->loop, &fetcher->own.timer);
    rk_loop_stop_timer(fetcher->loop, &fetcher->own.silence_timer);
}

void rk_fetcher_destroy(struct rk_fetcher *fetcher)
{
    struct rk_consumer *consumer = fetcher->consumer;
    rk_mutex_lock(&consumer->room->mutex);
    LIST_REMOVE(fetcher, link);
    rk_mutex_unlock(&consumer->room->mutex);
    rk_fetch_set_clear(&fetcher->own.set);
    rk_decompressor_clear(&fetcher->own.decompressor);
    rk_budget_release(fetcher->budget);
    rk_free(fetcher->own.parts);
    rk_free(fetcher);
}
