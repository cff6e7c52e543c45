/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits of members that rebalances overtake: what they still have is committed as of the new
 * generation; what they may have lost is not, whatever its commit waited for. And members that
 * leave while they join, or are refused.
 */
#include "mock/mock_cluster.h"
#include "sim/members.h"
#include "wire/api.h"

enum { BROKERS = 3, LATE_US = 3000000, FOUND_MS = 2000, BOUND_MS = 60000, PATIENT_MAX = 20 };

static struct sim_member *join(int slot, const char *topic)
{
    struct sim_member *member =
        sim_member(slot, "partition.assignment.strategy", "cooperative-sticky",
                   "session.timeout.ms", "6000", "heartbeat.interval.ms", "1000", NULL);
    sim_member_subscribe(member, topic, NULL);
    return member;
}

/* A member of its own for each topic: nothing moves. */
static struct sim_member *begin(void)
{
    sim_cluster(BROKERS);
    sim_topic("t", 1, BROKERS);
    sim_topic("u", 1, BROKERS);
    sim_group();
    struct sim_member *member = join(0, "t");
    sim_group_settle(BOUND_MS, "t", NULL);
    return member;
}

/* The next requests of all members. */
static void answer(int16_t api, int count, rd_kafka_resp_err_t err, uint64_t delay_us)
{
    const struct rk_mock_error error = {.err = err, .delay_us = delay_us};
    for (int i = 0; i < count; i++)
        rk_mock_cluster_push_errors(sim_mock(), api, &error, 1);
}

static rd_kafka_resp_err_t commit(const struct sim_member *member, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = 0;
    uint64_t begin_ms = sim_now_ms();
    rd_kafka_resp_err_t err = rd_kafka_commit(sim_handle(member->client), list, 0);
    sim_note("committed after %d ms: %s", (int)(sim_now_ms() - begin_ms), rd_kafka_err2name(err));
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static void must_commit(const struct sim_member *member, const char *topic)
{
    rd_kafka_resp_err_t err = commit(member, topic);
    sim_check(!err, "commit: %s", rd_kafka_err2name(err));
}

/* What it has is committed and not lost, though its last callback takes its time. */
static void leave(struct sim_member *member, const char *topic)
{
    member->callback_ms = 2 * LATE_US / 1000;
    rd_kafka_unsubscribe(sim_handle(member->client));
    must_commit(member, topic);
}

static void join_second(int slot)
{
    join(slot, "u");
}

/* The answer to its JoinGroup is late: the group has gone on to a generation it does not know. */
SIM_SCENARIO(group_commit_overtaken, "a member commits before it knows its new generation")
{
    struct sim_member *member = begin();
    answer(RK_API_JOIN_GROUP, 4, RD_KAFKA_RESP_ERR_NO_ERROR, LATE_US);
    sim_at(0, join_second, 1);
    sim_run_for(LATE_US / 1000 + FOUND_MS); /* The second one asks twice. */
    answer(RK_API_OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 0);
    must_commit(member, "t");
    sim_group_settle(BOUND_MS, "t", "u", NULL);
    sim_check(member->losses == 0, "it has lost its partition");
    sim_group_end();
}

SIM_SCENARIO(group_commit_early, "a member commits before its generation is complete")
{
    struct sim_member *member = begin();
    int before = member->assigns;
    answer(RK_API_SYNC_GROUP, 4, RD_KAFKA_RESP_ERR_NO_ERROR, LATE_US);
    sim_at(0, join_second, 1);
    sim_run_for(FOUND_MS);
    sim_check(member->assigns == before, "it knows what it has");
    answer(RK_API_OFFSET_COMMIT, 2, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, 0);
    must_commit(member, "t");
    sim_group_settle(BOUND_MS, "t", "u", NULL);
    sim_group_end();
}

/* Its commit would be tried again for longer than it takes to join as somebody else. */
SIM_SCENARIO(group_commit_lost, "a member loses all and is in again before a commit is repeated")
{
    struct sim_member *member = begin();
    sim_group_disturb(true);
    answer(RK_API_OFFSET_COMMIT, 20, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0);
    answer(RK_API_HEARTBEAT, 1, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 0);
    rd_kafka_resp_err_t err = commit(member, "t");
    sim_check(err != RD_KAFKA_RESP_ERR_NO_ERROR, "what is lost is committed");
    sim_group_settle(BOUND_MS, "t", NULL);
    sim_check(member->losses == 1, "it has not lost its partition");
    sim_group_end();
}

/* Its JoinGroup is answered while the application gives up what it has, and commits. */
SIM_SCENARIO(group_leave_overtaken, "a member leaves before it knows its new generation")
{
    begin();
    struct sim_member *member = join(1, "u");
    sim_group_settle(BOUND_MS, "t", "u", NULL);
    answer(RK_API_JOIN_GROUP, 5, RD_KAFKA_RESP_ERR_NO_ERROR, LATE_US);
    sim_at(0, join_second, 2);
    sim_run_for(LATE_US / 1000 + FOUND_MS);
    leave(member, "u");
    sim_group_settle(BOUND_MS, "t", "u", NULL);
    sim_check(member->losses == 0, "it has lost its partition");
    sim_group_end();
}

/* A leader: nobody but itself brings the generation to an end in which its commit is taken. */
static void leave_leading(int16_t api)
{
    struct sim_member *member = begin();
    answer(api, 5, RD_KAFKA_RESP_ERR_NO_ERROR, LATE_US);
    sim_at(0, join_second, 1);
    sim_run_for(LATE_US / 1000 + FOUND_MS);
    leave(member, "t");
    sim_group_settle(BOUND_MS, "u", NULL);
    sim_check(member->losses == 0, "it has lost its partition");
    sim_group_end();
}

SIM_SCENARIO(group_leave_leading, "a leader leaves before it knows that it is the leader")
{
    leave_leading(RK_API_JOIN_GROUP);
}

SIM_SCENARIO(group_leave_early, "a leader leaves before its generation is complete")
{
    leave_leading(RK_API_SYNC_GROUP);
}

/* One that takes its time keeps all others waiting, for longer than a session. */
SIM_SCENARIO(group_leave_waiting, "a member leaves that waits for others to join")
{
    struct sim_member *member = begin();
    struct sim_member *slow = join(1, "u");
    slow->callback_ms = BOUND_MS;
    sim_run_for(FOUND_MS);
    join(2, "u");
    sim_run_for(5 * FOUND_MS);
    member->callback_ms = FOUND_MS;
    rd_kafka_unsubscribe(sim_handle(member->client));
    sim_run_for(FOUND_MS);
    sim_check(member->losses == 0, "it has lost its partition");
    slow->callback_ms = 0;
    sim_group_settle(2 * BOUND_MS, "u", NULL);
    sim_group_end();
}

SIM_SCENARIO(group_join_refused, "a coordinator that is not ready yet is not pressed")
{
    struct sim_member *member = begin();
    answer(RK_API_JOIN_GROUP, 30, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 0);
    sim_group_disturb(true);
    sim_member_subscribe(member, "t", "u", NULL);
    sim_group_settle(2 * BOUND_MS, "t", "u", NULL);
    sim_check(sim_group_busiest_second() <= PATIENT_MAX, "%d requests within a second",
              sim_group_busiest_second());
    sim_group_end();
}
