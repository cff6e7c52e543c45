/* SPDX-License-Identifier: BSD-2-Clause */
#include "group/coordinator.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cluster/error_policy.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/failure.h"
#include "group/coordinator_question.h"

/* JoinGroup and SyncGroup are answered when all members are there: after so long it is asked
 * whether somebody else is the coordinator by now, then after ever longer pauses. */
#define DOUBT_US     5000000u
#define DOUBT_MAX_US 60000000u
/* So many requests that nobody waits for may be under way before the connection is given up. */
#define ABANDONED_MAX 4
#define PARK_US       2000000u /* For a connection: then it is asked again whose the group is. */

/* What a request is given back with; in its arena. */
struct errand {
    struct rk_coordinator *coordinator;
    rk_request_handler *on_done;
    void *owner;
    uint64_t deadline_us;
    int32_t broker_id; /* Whom it was sent to. */
    const struct rk_request *request;
    TAILQ_ENTRY(errand) link; /* In `joins`. */
    bool is_join;             /* It is in there, */
    bool is_abandoned;        /* and nobody waits for it. */
};

TAILQ_HEAD(errand_list, errand);

struct rk_coordinator {
    struct rk_cluster *cluster;
    enum rk_coordinator_kind kind;
    char *key;
    struct rk_coordinator_machine machine;
    struct rk_request_list waiting; /* For a coordinator. */
    struct errand_list joins;       /* Under way, by the connection of JoinGroup. */
    int abandoned;                  /* Of these, nobody waits for them. */
    uint64_t doubt_at_us;           /* They have been for long; RK_NEVER. */
    uint64_t doubt_us;              /* The pause until then. */
    bool is_doubting;               /* A question is under way for that. */
    struct rk_timer timer;          /* The pause's end, the nearest deadline of these, or doubt. */
    char *last_error;               /* NULL: none. */
    int32_t silent_id;              /* Who did not answer, and is not asked next; -1. */
    bool is_terminated;
};

static void act(struct rk_coordinator *coordinator, enum rk_coordinator_order order,
                uint64_t now_us) RK_ON_BACKGROUND;

static struct rk_core *core_of(const struct rk_coordinator *coordinator)
{
    return rk_cluster_core(coordinator->cluster);
}

static struct rk_loop *loop_of(const struct rk_coordinator *coordinator)
{
    return rk_cluster_background(coordinator->cluster);
}

/* takes: text */
static void set_last_error(struct rk_coordinator *coordinator, char *text)
{
    rk_free(coordinator->last_error);
    coordinator->last_error = text;
    if (text)
        rk_log_debug(core_of(coordinator), RK_DEBUG_CGRP, "COORD", "Group \"%s\": %s",
                     coordinator->key, text);
}

/* Giving back */

/* As the sender made it. */
static void unwrap(struct rk_request *request)
{
    const struct errand *errand = request->owner;
    request->deadline_us = errand->deadline_us;
    request->on_done = errand->on_done;
    request->owner = errand->owner;
}

static void deliver_failure(struct rk_mail *mail)
{
    struct rk_request *request = rk_container_of(mail, struct rk_request, mail);
    request->on_done(request);
}

static void discard_failure(struct rk_mail *mail)
{
    rk_request_destroy(rk_container_of(mail, struct rk_request, mail));
}

/* Not at once: the sender may be in the middle of something. takes: request */
static void fail_later(struct rk_coordinator *coordinator, struct rk_request *request,
                       rd_kafka_resp_err_t err, const char *text)
{
    rk_free(request->error_text);
    request->error_text = rk_strdup(text);
    request->err = err;
    request->mail.deliver = deliver_failure;
    request->mail.discard = discard_failure;
    rk_loop_post(loop_of(coordinator), &request->mail);
}

static void fail_waiting(struct rk_coordinator *coordinator, rd_kafka_resp_err_t err,
                         const char *text)
{
    struct rk_request *request;
    while ((request = TAILQ_FIRST(&coordinator->waiting)) != NULL) {
        TAILQ_REMOVE(&coordinator->waiting, request, link);
        unwrap(request);
        fail_later(coordinator, request, err, text);
    }
}

/* Waiting */

static void schedule(struct rk_coordinator *coordinator) RK_ON_BACKGROUND
{
    uint64_t next_us = rk_coordinator_machine_next_us(&coordinator->machine);
    next_us = RK_MIN(next_us, coordinator->doubt_at_us);
    const struct rk_request *request;
    TAILQ_FOREACH (request, &coordinator->waiting, link) {
        next_us = RK_MIN(next_us, request->deadline_us);
    }
    if (next_us == RK_NEVER)
        rk_loop_stop_timer(loop_of(coordinator), &coordinator->timer);
    else
        rk_loop_start_timer(loop_of(coordinator), &coordinator->timer, next_us);
}

static void expire(struct rk_coordinator *coordinator, uint64_t now_us)
{
    struct rk_request *request, *next;
    for (request = TAILQ_FIRST(&coordinator->waiting); request; request = next) {
        next = TAILQ_NEXT(request, link);
        if (request->deadline_us > now_us)
            continue;
        uint64_t since_us = coordinator->machine.unknown_since_us;
        uint64_t unknown_us = since_us ? now_us - since_us : 0;
        const char *why = coordinator->last_error;
        char *text = rk_text_format("no coordinator of \"%s\" for %.1fs, %s not sent%s%s",
                                    coordinator->key, (double)unknown_us / 1e6, request->api->name,
                                    why ? ": " : "", why ? why : "");
        TAILQ_REMOVE(&coordinator->waiting, request, link);
        unwrap(request);
        fail_later(coordinator, request, RD_KAFKA_RESP_ERR__WAIT_COORD, text);
        rk_free(text);
    }
}

static void doubt(struct rk_coordinator *coordinator, uint64_t now_us) RK_ON_BACKGROUND;

static void on_timer(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_coordinator *coordinator = rk_container_of(timer, struct rk_coordinator, timer);
    rk_on_background(loop_of(coordinator));
    expire(coordinator, now_us);
    doubt(coordinator, now_us);
    enum rk_coordinator_order order = RK_COORDINATOR_DO_NOTHING;
    if (TAILQ_EMPTY(&coordinator->waiting))
        order = rk_coordinator_machine_on_wanted(&coordinator->machine, false, now_us);
    else
        order = rk_coordinator_machine_on_due(&coordinator->machine, now_us);
    act(coordinator, order, now_us);
}

/* FindCoordinator */

static bool is_lost_by(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           err == RD_KAFKA_RESP_ERR__BAD_MSG;
}

/* What waits at somebody else for the other members of the group waits in vain. */
static void leave_former(struct rk_coordinator *coordinator) RK_ON_BACKGROUND
{
    int32_t id = coordinator->machine.broker_id;
    const struct errand *errand;
    TAILQ_FOREACH (errand, &coordinator->joins, link) {
        struct rk_broker *broker =
            errand->broker_id != id ? rk_cluster_use_broker(coordinator->cluster, errand->broker_id)
                                    : NULL;
        if (broker)
            rk_broker_post_drop_join(broker);
    }
}

static void on_answer(struct rk_request *request)
{
    struct rk_coordinator *coordinator = request->owner;
    rk_on_background(loop_of(coordinator));
    rd_kafka_resp_err_t err = request->err;
    uint64_t now_us = rk_clock_now_us();
    int32_t broker_id = -1;
    enum rk_coordinator_order order;
    char broker[300];
    if (err)
        set_last_error(coordinator, rk_text_format("FindCoordinator: %s", request->error_text));
    else
        broker_id = rk_coordinator_question_read(request, &err);
    if (err && !request->err)
        set_last_error(coordinator, rk_text_format("FindCoordinator: %s answered: %s",
                                                   rk_cluster_name_broker(coordinator->cluster,
                                                                          request->broker_id,
                                                                          broker, sizeof(broker)),
                                                   rd_kafka_err2str(err)));
    if (err) {
        bool is_final = !(rk_error_policy_find(RK_API_FIND_COORDINATOR, err) & RK_ACTION_RETRY);
        order = rk_coordinator_machine_on_not_found(&coordinator->machine, err, is_final, now_us);
    } else {
        rk_log_debug(core_of(coordinator), RK_DEBUG_CGRP, "COORD",
                     "Group \"%s\": the coordinator is broker %d", coordinator->key,
                     (int)broker_id);
        order = rk_coordinator_machine_on_found(&coordinator->machine, broker_id);
        leave_former(coordinator);
    }
    rk_request_destroy(request);
    if (!coordinator->is_terminated)
        act(coordinator, order, now_us);
}

static struct rk_request *new_question(struct rk_coordinator *coordinator,
                                       rk_request_handler *handler)
{
    uint64_t patience_us = (uint64_t)core_of(coordinator)->conf->socket_timeout_ms * 1000;
    return rk_coordinator_question_try_new(coordinator->kind, coordinator->key,
                                           loop_of(coordinator), handler, coordinator, patience_us);
}

static void ask(struct rk_coordinator *coordinator, uint64_t now_us) RK_ON_BACKGROUND
{
    struct rk_request *request = new_question(coordinator, on_answer);
    if (request)
        rk_cluster_post_send_other(coordinator->cluster, coordinator->silent_id, request);
    else
        rk_coordinator_machine_on_not_found(&coordinator->machine,
                                            RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, false, now_us);
}

/* In doubt */

static void on_second_opinion(struct rk_request *request)
{
    struct rk_coordinator *coordinator = request->owner;
    rk_on_background(loop_of(coordinator));
    rd_kafka_resp_err_t err = request->err;
    int32_t broker_id = err ? -1 : rk_coordinator_question_read(request, &err);
    coordinator->is_doubting = false;
    rk_request_destroy(request);
    if (err || coordinator->is_terminated ||
        !rk_coordinator_machine_on_moved(&coordinator->machine, broker_id))
        return;
    rk_log_debug(core_of(coordinator), RK_DEBUG_CGRP, "COORD",
                 "Group \"%s\": the coordinator is broker %d by now", coordinator->key,
                 (int)broker_id);
    leave_former(coordinator);
}

/* It may stand still: then nothing but its successor's name ends the wait. While it is not known
 * it is asked for anyway. */
static void doubt(struct rk_coordinator *coordinator, uint64_t now_us)
{
    if (now_us < coordinator->doubt_at_us)
        return;
    coordinator->doubt_us = RK_MIN(2 * coordinator->doubt_us, (uint64_t)DOUBT_MAX_US);
    coordinator->doubt_at_us = now_us + coordinator->doubt_us;
    if (coordinator->machine.state != RK_COORDINATOR_KNOWN || coordinator->is_doubting)
        return;
    struct rk_request *request = new_question(coordinator, on_second_opinion);
    if (!request)
        return;
    coordinator->is_doubting = true;
    rk_cluster_post_send_other(coordinator->cluster, coordinator->machine.broker_id, request);
}

/* Requests */

static void begin_join(struct rk_coordinator *coordinator, struct errand *errand, uint64_t now_us)
{
    errand->is_join = true;
    errand->is_abandoned = false;
    TAILQ_INSERT_TAIL(&coordinator->joins, errand, link);
    coordinator->doubt_us = DOUBT_US;
    coordinator->doubt_at_us = now_us + DOUBT_US;
}

static void end_join(struct rk_coordinator *coordinator, struct errand *errand)
{
    if (!errand->is_join)
        return;
    errand->is_join = false;
    TAILQ_REMOVE(&coordinator->joins, errand, link);
    coordinator->abandoned -= errand->is_abandoned;
    if (TAILQ_EMPTY(&coordinator->joins))
        coordinator->doubt_at_us = RK_NEVER;
}

/* Nothing of it was written, so it may as well go to the next coordinator. */
static bool may_wait_again(const struct rk_coordinator *coordinator,
                           const struct rk_request *request, uint64_t now_us)
{
    const struct errand *errand = request->owner;
    return !coordinator->is_terminated && is_lost_by(request->err) && !request->was_written &&
           !errand->is_abandoned && now_us < errand->deadline_us;
}

static void send_if_any(struct rk_coordinator *coordinator, uint64_t now_us) RK_ON_BACKGROUND
{
    if (!TAILQ_EMPTY(&coordinator->waiting))
        act(coordinator, rk_coordinator_machine_on_wanted(&coordinator->machine, true, now_us),
            now_us);
}

static void on_done(struct rk_request *request)
{
    struct errand *errand = request->owner;
    struct rk_coordinator *coordinator = errand->coordinator;
    enum rk_coordinator_order order = RK_COORDINATOR_DO_NOTHING;
    rk_on_background(loop_of(coordinator));
    uint64_t now_us = rk_clock_now_us();
    bool waits_again = may_wait_again(coordinator, request, now_us);
    end_join(coordinator, errand);
    if (is_lost_by(request->err) && !coordinator->is_terminated) {
        coordinator->silent_id = errand->broker_id;
        set_last_error(coordinator,
                       rk_text_format("%s: %s", request->api->name, request->error_text));
        order = rk_coordinator_machine_on_lost(&coordinator->machine, errand->broker_id,
                                               request->err, now_us);
    }
    if (waits_again) {
        rk_request_reset(request);
        request->deadline_us = errand->deadline_us;
        TAILQ_INSERT_TAIL(&coordinator->waiting, request, link);
        act(coordinator, order, now_us);
        send_if_any(coordinator, now_us);
        return;
    }
    unwrap(request);
    if (request->err == RD_KAFKA_RESP_ERR__TIMED_OUT && !request->was_written)
        request->err = RD_KAFKA_RESP_ERR__WAIT_COORD;
    act(coordinator, order, now_us);
    send_if_any(coordinator, now_us);
    request->on_done(request);
}

/* Brokers answer one request of a connection after the other: what waits for all members of a group
 * has one of its own, so that heartbeats, commits and leaving do not wait behind it. */
static enum rk_purpose purpose_of(const struct rk_request *request)
{
    bool waits_for_all =
        request->api->key == RK_API_JOIN_GROUP || request->api->key == RK_API_SYNC_GROUP;
    return waits_for_all ? RK_PURPOSE_JOIN : RK_PURPOSE_COORDINATOR;
}

static void send_waiting(struct rk_coordinator *coordinator, uint64_t now_us) RK_ON_BACKGROUND
{
    int32_t id = coordinator->machine.broker_id;
    struct rk_broker *broker = rk_cluster_use_broker(coordinator->cluster, id);
    struct rk_request *request, *next;
    if (!broker) {
        set_last_error(coordinator,
                       rk_text_format("FindCoordinator: it is broker %d, which metadata does not "
                                      "name",
                                      (int)id));
        rk_cluster_refresh_brokers(coordinator->cluster, "the coordinator is not known");
        act(coordinator,
            rk_coordinator_machine_on_lost(&coordinator->machine, id,
                                           RD_KAFKA_RESP_ERR__UNKNOWN_BROKER, now_us),
            now_us);
        return;
    }
    for (request = TAILQ_FIRST(&coordinator->waiting); request; request = next) {
        struct errand *errand = request->owner;
        enum rk_purpose purpose = purpose_of(request);
        next = TAILQ_NEXT(request, link);
        if (purpose == RK_PURPOSE_JOIN && coordinator->abandoned >= ABANDONED_MAX)
            continue; /* They end soon. */
        TAILQ_REMOVE(&coordinator->waiting, request, link);
        errand->broker_id = id;
        request->deadline_us = RK_MIN(errand->deadline_us, now_us + PARK_US);
        if (purpose == RK_PURPOSE_JOIN)
            begin_join(coordinator, errand, now_us);
        rk_broker_post_send(broker, purpose, request);
        if (purpose == RK_PURPOSE_JOIN) /* Offsets are asked for next. */
            rk_broker_post_prepare(broker, RK_PURPOSE_COORDINATOR);
    }
    rk_coordinator_machine_on_wanted(&coordinator->machine, !TAILQ_EMPTY(&coordinator->waiting),
                                     now_us);
}

static void act(struct rk_coordinator *coordinator, enum rk_coordinator_order order,
                uint64_t now_us)
{
    switch (order) {
    case RK_COORDINATOR_DO_NOTHING:
        break;
    case RK_COORDINATOR_DO_ASK:
        ask(coordinator, now_us);
        break;
    case RK_COORDINATOR_DO_SEND:
        send_waiting(coordinator, now_us);
        break;
    case RK_COORDINATOR_DO_FAIL:
        fail_waiting(coordinator, coordinator->machine.err, coordinator->last_error);
        rk_coordinator_machine_on_wanted(&coordinator->machine, false, now_us);
        break;
    }
    schedule(coordinator);
}

void rk_coordinator_send(struct rk_coordinator *coordinator, struct rk_request *request)
{
    struct errand *errand = rk_request_try_alloc(request, sizeof(*errand));
    if (!errand) {
        fail_later(coordinator, request, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "no memory");
        return;
    }
    if (coordinator->is_terminated) {
        fail_later(coordinator, request, RD_KAFKA_RESP_ERR__DESTROY,
                   "the client is being destroyed");
        return;
    }
    *errand = (struct errand){
        .coordinator = coordinator,
        .on_done = request->on_done,
        .owner = request->owner,
        .deadline_us = request->deadline_us,
        .broker_id = -1,
        .request = request,
    };
    request->on_done = on_done;
    request->owner = errand;
    uint64_t now_us = rk_clock_now_us();
    TAILQ_INSERT_TAIL(&coordinator->waiting, request, link);
    act(coordinator, rk_coordinator_machine_on_wanted(&coordinator->machine, true, now_us), now_us);
}

static bool is_over_for(const struct errand *errand, rk_coordinator_test *is_over,
                        const void *argument)
{
    return is_over(errand->request, errand->owner, argument);
}

void rk_coordinator_abandon(struct rk_coordinator *coordinator, rk_coordinator_test *is_over,
                            const void *argument)
{
    struct rk_request *request, *next;
    struct errand *errand;
    for (request = TAILQ_FIRST(&coordinator->waiting); request; request = next) {
        next = TAILQ_NEXT(request, link);
        if (!is_over_for(request->owner, is_over, argument))
            continue;
        TAILQ_REMOVE(&coordinator->waiting, request, link);
        unwrap(request);
        fail_later(coordinator, request, RD_KAFKA_RESP_ERR__DESTROY, "it is not wanted any more");
    }
    TAILQ_FOREACH (errand, &coordinator->joins, link) {
        if (errand->is_abandoned || !is_over_for(errand, is_over, argument))
            continue;
        errand->is_abandoned = true;
        struct rk_broker *broker =
            ++coordinator->abandoned >= ABANDONED_MAX
                ? rk_cluster_use_broker(coordinator->cluster, errand->broker_id)
                : NULL;
        if (broker)
            rk_broker_post_drop_join(broker);
    }
}

/* Once, until it answers soundly. */
static void tell_bad_answer(struct rk_coordinator *coordinator,
                            const struct rk_request *request) RK_ON_BACKGROUND
{
    char broker[300];
    char *text = rk_text_format(
        "%s: %s did not answer what it was asked", request->api->name,
        rk_cluster_name_broker(coordinator->cluster, request->broker_id, broker, sizeof(broker)));
    bool is_new = !coordinator->last_error || strcmp(coordinator->last_error, text) != 0;
    set_last_error(coordinator, text);
    if (!is_new)
        return;
    char *whole = rk_failure_text(&(struct rk_failure){.err = RD_KAFKA_RESP_ERR__BAD_MSG,
                                                       .words = text,
                                                       .attempts = 1,
                                                       .since_us = request->sent_us},
                                  rk_clock_now_us());
    rk_core_post_error(core_of(coordinator), RD_KAFKA_RESP_ERR__BAD_MSG, "Group \"%s\": %s",
                       coordinator->key, whole);
    rk_free(whole);
}

unsigned rk_coordinator_take_error(struct rk_coordinator *coordinator,
                                   const struct rk_request *request, rd_kafka_resp_err_t err)
{
    unsigned actions = rk_error_policy_find((enum rk_api_key)request->api->key, err);
    uint64_t now_us = rk_clock_now_us();
    if (request->err)
        return actions; /* It was looked at before. */
    if (err == RD_KAFKA_RESP_ERR__BAD_MSG) {
        tell_bad_answer(coordinator, request);
        return actions;
    }
    if (actions & RK_ACTION_FIND_COORDINATOR) {
        char broker[300];
        set_last_error(coordinator, rk_text_format("%s: %s answered: %s", request->api->name,
                                                   rk_cluster_name_broker(coordinator->cluster,
                                                                          request->broker_id,
                                                                          broker, sizeof(broker)),
                                                   rd_kafka_err2str(err)));
        act(coordinator,
            rk_coordinator_machine_on_lost(&coordinator->machine, request->broker_id, err, now_us),
            now_us);
    } else if (err != RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS) {
        rk_coordinator_machine_on_served(&coordinator->machine, request->broker_id);
        set_last_error(coordinator, NULL);
    }
    return actions;
}

void rk_coordinator_prepare_join(struct rk_coordinator *coordinator)
{
    if (coordinator->machine.state != RK_COORDINATOR_KNOWN || coordinator->is_terminated)
        return;
    struct rk_broker *broker =
        rk_cluster_use_broker(coordinator->cluster, coordinator->machine.broker_id);
    if (broker)
        rk_broker_post_prepare(broker, RK_PURPOSE_JOIN);
}

struct rk_coordinator_view rk_coordinator_look(const struct rk_coordinator *coordinator)
{
    const struct rk_coordinator_machine *machine = &coordinator->machine;
    struct rk_coordinator_view view = {
        .state = machine->state,
        .broker_id = machine->broker_id,
        .unknown_since_us = machine->unknown_since_us,
        .last_error = coordinator->last_error ? coordinator->last_error : "",
    };
    if (machine->state == RK_COORDINATOR_BACKING_OFF)
        view.retry_at_us = machine->not_before_us;
    const struct rk_request *request;
    TAILQ_FOREACH (request, &coordinator->waiting, link) {
        view.waiting++;
    }
    return view;
}

/* Life */

struct rk_coordinator *rk_coordinator_new(struct rk_cluster *cluster, enum rk_coordinator_kind kind,
                                          const char *key)
{
    const struct rk_conf *conf = rk_cluster_core(cluster)->conf;
    struct rk_coordinator *coordinator = RK_NEW(struct rk_coordinator);
    coordinator->cluster = cluster;
    coordinator->kind = kind;
    coordinator->silent_id = -1;
    coordinator->doubt_at_us = RK_NEVER;
    coordinator->key = rk_strdup(key);
    TAILQ_INIT(&coordinator->waiting);
    TAILQ_INIT(&coordinator->joins);
    rk_timer_init(&coordinator->timer, on_timer);
    rk_coordinator_machine_init(&coordinator->machine, conf->retry_backoff_ms,
                                conf->retry_backoff_max_ms);
    return coordinator;
}

void rk_coordinator_terminate(struct rk_coordinator *coordinator)
{
    coordinator->is_terminated = true;
    coordinator->doubt_at_us = RK_NEVER;
    uint64_t now_us = rk_clock_now_us();
    fail_waiting(coordinator, RD_KAFKA_RESP_ERR__DESTROY, "the client is being destroyed");
    act(coordinator, rk_coordinator_machine_on_wanted(&coordinator->machine, false, now_us),
        now_us);
}

void rk_coordinator_destroy(struct rk_coordinator *coordinator)
{
    if (!coordinator)
        return;
    rk_free(coordinator->key);
    rk_free(coordinator->last_error);
    rk_free(coordinator);
}
