/* SPDX-License-Identifier: BSD-2-Clause */
/* Applications that are members of a group, each with a thread. */
#include "sim/members.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/checkers.h"
#include "sim/scheduler.h"
#include "wire/api.h"

/* What close may take: INTRODUCTION.md. */
enum { CLOSE_MS = 10000, DIE_MS = 1000, POLL_MS = 300, SETTLED_MS = 20000, LOOK_MS = 200 };
enum { SECOND_US = 1000000 };

static struct sim_member *members[SIM_MEMBERS_MAX];
static int rebalances;

struct sim_member *sim_member_at(int slot)
{
    return members[slot];
}

int sim_group_rebalances(void)
{
    return rebalances;
}

int sim_member_count(const struct sim_member *member)
{
    return sim_history_count(member);
}

void sim_group(void)
{
    sim_history_begin();
}

void sim_group_disturb(bool is_disturbed)
{
    sim_history_disturb(is_disturbed);
}

/* The rebalance callback */

static struct sim_member *member_of(const struct sim_client *client)
{
    for (int i = 0; i < SIM_MEMBERS_MAX; i++) {
        if (members[i] && members[i]->client == client)
            return members[i];
    }
    sim_fail("a callback of client %d, who is no member", client->number);
}

static bool is_cooperative(rd_kafka_t *rk)
{
    return rd_kafka_rebalance_protocol(rk)[0] == 'C';
}

static void take(struct sim_member *member, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *error = NULL;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    member->assigns++;
    for (int i = 0; i < list->cnt; i++)
        sim_history_take(member, list->elems[i].topic, list->elems[i].partition);
    /* What it takes soon after a poll that came too late is of before: others may wait for it, or
     * have given it up, already. */
    member->is_late =
        sim_now_ms() < member->late_until_ms || member->stall_ms >= member->max_poll_ms;
    member->seems_alive &= member->is_late;
    if (member->has_ever_paused)
        rd_kafka_resume_partitions(rk, list); /* A pause outlives the assignment. */
    if (is_cooperative(rk))
        error = rd_kafka_incremental_assign(rk, list);
    else
        err = rd_kafka_assign(rk, list);
    sim_check(!error && !err, "assign: %s",
              error ? rd_kafka_error_string(error) : rd_kafka_err2name(err));
}

static void give_up(struct sim_member *member, rd_kafka_t *rk,
                    rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *error = NULL;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    bool is_lost = rd_kafka_assignment_lost(rk) != 0;
    member->revokes++;
    member->losses += is_lost;
    if (member->commits_itself && !is_lost) {
        err = rd_kafka_commit(rk, NULL, 0);
        sim_note("member %d commits: %s", member->slot, rd_kafka_err2name(err));
    }
    bool is_kept = !err || err == RD_KAFKA_RESP_ERR__NO_OFFSET;
    for (int i = 0; i < list->cnt; i++)
        sim_history_give_up(member, list->elems[i].topic, list->elems[i].partition, is_lost,
                            is_kept);
    err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_cooperative(rk))
        error = rd_kafka_incremental_unassign(rk, list);
    else
        err = rd_kafka_assign(rk, NULL);
    sim_check(!error && !err, "unassign: %s",
              error ? rd_kafka_error_string(error) : rd_kafka_err2name(err));
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct sim_member *member = member_of(opaque);
    bool takes = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    rebalances++;
    sim_note("member %d %s %d partitions%s", member->slot, takes ? "takes" : "gives up", list->cnt,
             !takes && rd_kafka_assignment_lost(rk) ? ", lost" : "");
    for (int i = 0; i < list->cnt; i++)
        sim_note("member %d: %s [%d]", member->slot, list->elems[i].topic,
                 (int)list->elems[i].partition);
    if (member->callback_ms > 0)
        sim_run_for((int64_t)sim_below((uint64_t)member->callback_ms));
    if (takes)
        take(member, rk, list);
    else
        give_up(member, rk, list);
}

static void prepare(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
}

/* Life */

static void on_message(struct sim_member *member, const rd_kafka_message_t *message)
{
    if (message->err) {
        sim_note("member %d: %s", member->slot, rd_kafka_message_errstr(message));
        return;
    }
    sim_history_hand_out(member, rd_kafka_topic_name(message->rkt), message->partition,
                         message->offset);
    sim_on_message(member->client, message);
}

/* What it had is others' by now, whether it knows or not. */
static void note_poll(struct sim_member *member)
{
    uint64_t limit_ms = (uint64_t)member->max_poll_ms;
    if (member->has_stalled || sim_now_ms() + 1 >= member->polled_ms + limit_ms) {
        member->is_late = true;
        member->late_until_ms = sim_now_ms() + limit_ms;
    }
    member->has_stalled = false;
    member->polled_ms = sim_now_ms();
}

/* `all` is its own, and may be about to be taken away. */
static void seek_or_pause(struct sim_member *member, const rd_kafka_topic_partition_list_t *all)
{
    rd_kafka_t *rk = sim_handle(member->client);
    const rd_kafka_topic_partition_t *at = &all->elems[sim_below((uint64_t)all->cnt)];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry =
        rd_kafka_topic_partition_list_add(list, at->topic, at->partition);
    entry->offset = sim_history_any_offset(at->topic, at->partition);
    if (sim_one_in(2)) {
        rd_kafka_pause_partitions(rk, list);
        member->has_paused = member->has_ever_paused = true;
    } else {
        sim_note("member %d seeks %s [%d] to %d", member->slot, at->topic, (int)at->partition,
                 (int)entry->offset);
        sim_history_seek(at->topic, at->partition, entry->offset);
        rd_kafka_error_t *error = rd_kafka_seek_partitions(rk, list, 0);
        if (!error && !entry->err)
            sim_progress_of(member->client, at->topic, at->partition)->expected = entry->offset;
        rd_kafka_error_destroy(error);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void play(struct sim_member *member)
{
    rd_kafka_t *rk = sim_handle(member->client);
    rd_kafka_topic_partition_list_t *list = NULL;
    if (rd_kafka_assignment(rk, &list))
        return;
    if (list->cnt > 0 && member->has_paused && (!member->plays || sim_one_in(2))) {
        rd_kafka_resume_partitions(rk, list);
        member->has_paused = false;
    } else if (list->cnt > 0 && member->plays) {
        seek_or_pause(member, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void poll_once(struct sim_member *member)
{
    rd_kafka_t *rk = sim_handle(member->client);
    note_poll(member);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, member->poll_ms);
    member->polled_ms = sim_now_ms();
    if (message) {
        on_message(member, message);
        rd_kafka_message_destroy(message);
    }
    if (member->plays ? sim_one_in(20) : member->has_paused)
        play(member);
    if (member->commits_itself && sim_one_in(50))
        rd_kafka_commit(rk, NULL, 1);
    member->fatal = rd_kafka_fatal_error(rk, NULL, 0);
}

static void sleep_through(struct sim_member *member)
{
    while (member->stall_ms > 0 && member->order == SIM_MEMBER_LIVES) {
        int64_t ms = member->stall_ms < LOOK_MS ? member->stall_ms : LOOK_MS;
        sim_run_for(ms);
        member->stall_ms -= ms;
    }
}

struct value {
    char text[64];
};

static struct value value_of(rd_kafka_t *rk, const char *property)
{
    struct value value = {""};
    size_t size = sizeof(value.text);
    rd_kafka_conf_get(rd_kafka_conf(rk), property, value.text, &size);
    return value;
}

/* Nobody is told that it goes, as a static member or one that dies. It may be the leader whose plan
 * all wait for. */
static bool is_silent(const struct sim_member *member, rd_kafka_t *rk)
{
    return strcmp(value_of(rk, "group.protocol").text, "classic") == 0 &&
           (member->order == SIM_MEMBER_DIES || value_of(rk, "group.instance.id").text[0]);
}

static void end(struct sim_member *member)
{
    rd_kafka_t *rk = sim_handle(member->client);
    uint64_t begin_ms = sim_now_ms();
    note_poll(member);
    if (is_silent(member, rk))
        sim_history_leader_gone();
    if (member->order == SIM_MEMBER_DIES) {
        sim_note("member %d dies", member->slot);
        sim_history_forget(member);
        member->client->is_destroyed = true;
        rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        member->client->handle = NULL;
        sim_check(sim_now_ms() - begin_ms <= DIE_MS, "member %d died for %d ms", member->slot,
                  (int)(sim_now_ms() - begin_ms));
    } else {
        sim_note("member %d leaves", member->slot);
        if (sim_one_in(2))
            rd_kafka_consumer_close(rk);
        sim_destroy(member->client, CLOSE_MS);
        sim_check(sim_now_ms() - begin_ms <= CLOSE_MS, "member %d left for %d ms", member->slot,
                  (int)(sim_now_ms() - begin_ms));
    }
    sim_note("member %d has gone", member->slot);
    sim_check(member->order == SIM_MEMBER_DIES || sim_history_count(member) == 0,
              "member %d has gone without giving up all", member->slot);
}

static void live(void *argument)
{
    struct sim_member *member = argument;
    while (member->order == SIM_MEMBER_LIVES) {
        sleep_through(member);
        if (member->order == SIM_MEMBER_LIVES)
            poll_once(member);
    }
    end(member);
    member->has_ended = true;
}

struct sim_member *sim_member(int slot, const char *property, ...)
{
    va_list rest;
    sim_check(!members[slot], "somebody lives in slot %d", slot);
    struct sim_member *member = sim_alloc(sizeof(*member));
    va_start(rest, property);
    member->client = sim_consumer_with(prepare, property, rest);
    va_end(rest);
    rd_kafka_t *rk = sim_handle(member->client);
    member->slot = slot;
    member->max_poll_ms = strtoll(value_of(rk, "max.poll.interval.ms").text, NULL, 10);
    member->commits_itself = strcmp(value_of(rk, "enable.auto.commit").text, "false") == 0;
    member->polled_ms = sim_now_ms();
    member->poll_ms = POLL_MS;
    members[slot] = member;
    sim_note("member %d is client %d", slot, member->client->number);
    member->thread = sim_spawn("member", live, member);
    return member;
}

void sim_member_subscribe(struct sim_member *member, const char *topic, ...)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    va_list rest;
    va_start(rest, topic);
    for (; topic; topic = va_arg(rest, const char *)) {
        sim_note("member %d subscribes to %s", member->slot, topic);
        rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    }
    va_end(rest);
    member->seems_alive |= member->has_stalled;
    rd_kafka_resp_err_t err = rd_kafka_subscribe(sim_handle(member->client), list);
    rd_kafka_topic_partition_list_destroy(list);
    sim_check(!err || err == RD_KAFKA_RESP_ERR__FATAL, "subscribe: %s", rd_kafka_err2name(err));
}

void sim_member_stall(struct sim_member *member, int64_t ms)
{
    sim_note("member %d stalls for %d ms", member->slot, (int)ms);
    member->stall_ms = ms;
    /* Whoever waits for it may give up before it does, even if it is woken before: its callbacks
     * take time too. */
    member->has_stalled |= ms >= member->max_poll_ms;
    member->is_late |= member->has_stalled;
}

void sim_member_leave(struct sim_member *member)
{
    if (member->order == SIM_MEMBER_LIVES)
        member->order = SIM_MEMBER_LEAVES;
}

void sim_member_die(struct sim_member *member)
{
    if (member->order == SIM_MEMBER_LIVES)
        member->order = SIM_MEMBER_DIES;
}

void sim_member_await_end(struct sim_member *member)
{
    sim_join(member->thread);
    sim_history_forget(member);
    members[member->slot] = NULL;
}

void sim_group_end(void)
{
    for (int i = 0; i < SIM_MEMBERS_MAX; i++) {
        if (members[i])
            sim_member_leave(members[i]);
    }
    for (int i = 0; i < SIM_MEMBERS_MAX; i++) {
        if (members[i])
            sim_member_await_end(members[i]);
    }
}

/* The whole group */

void sim_group_settle(int64_t within_ms, const char *topic, ...)
{
    uint64_t begin_ms = sim_now_ms(), moved_ms = begin_ms;
    for (int before = rebalances; sim_now_ms() < moved_ms + SETTLED_MS; before = rebalances) {
        const char *missing = NULL;
        va_list rest;
        sim_run_for(LOOK_MS);
        va_start(rest, topic);
        for (const char *at = topic; at && !missing; at = va_arg(rest, const char *))
            missing = sim_history_missing(at);
        va_end(rest);
        if (missing || rebalances != before)
            moved_ms = sim_now_ms();
        sim_check(moved_ms < begin_ms + (uint64_t)within_ms, "after %d ms %s", (int)within_ms,
                  missing ? missing : "the group still rebalances");
    }
    sim_note("settled after %d ms", (int)(moved_ms - begin_ms));
}

static bool is_about_groups(int16_t api_key)
{
    switch (api_key) {
    case RK_API_FIND_COORDINATOR:
    case RK_API_JOIN_GROUP:
    case RK_API_SYNC_GROUP:
    case RK_API_HEARTBEAT:
    case RK_API_LEAVE_GROUP:
    case RK_API_OFFSET_COMMIT:
    case RK_API_OFFSET_FETCH:
    case RK_API_CONSUMER_GROUP_HEARTBEAT:
        return true;
    default:
        return false;
    }
}

int sim_group_busiest_second(void)
{
    size_t count = 0, kept = 0;
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(sim_mock(), &count);
    int most = 0;
    for (size_t i = 0, first = 0; i < count; i++) {
        if (!is_about_groups(requests[i].api_key))
            continue;
        requests[kept++] = requests[i];
        while (requests[first].timestamp_us + SECOND_US <= requests[i].timestamp_us)
            first++;
        most = most > (int)(kept - first) ? most : (int)(kept - first);
    }
    rk_free(requests);
    return most;
}
