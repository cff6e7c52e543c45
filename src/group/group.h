/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The group a consumer is in, from the application's calls to the coordinator's answers.
 *
 * Made and freed by api/client.c for a consumer with group.id. Runs on background: membership.h
 * decides, this carries requests out and answers in, asks the application through the consumer's
 * queue, and follows what it assigns. Functions here are for application threads unless they say
 * otherwise; they have background do it while they wait.
 */
#ifndef RK_GROUP_GROUP_H
#define RK_GROUP_GROUP_H

#include "consumer/consumer.h"
#include "group/group_offsets.h"
#include "group/membership.h"
#include "runtime/roles.h"

struct rk_group;

/* Before the first thread starts. borrows: offsets, with the group's coordinator */
struct rk_group *rk_group_new(struct rk_core *core, struct rk_cluster *cluster,
                              struct rk_consumer *consumer, struct rk_group_offsets *offsets);
/* Nothing is done and sent any more; while the loops run. */
void rk_group_terminate(void *group) RK_ON_BACKGROUND;
/* After the loops have ended: the events that wait for the application go. */
void rk_group_drop_all(struct rk_group *group);
void rk_group_destroy(struct rk_group *group);

/* _INVALID_ARG, _FATAL, _DESTROY (closed). Replaces what was subscribed to. */
rd_kafka_resp_err_t rk_group_subscribe(struct rk_group *group,
                                       const rd_kafka_topic_partition_list_t *list);
rd_kafka_resp_err_t rk_group_unsubscribe(struct rk_group *group);
/* A copy, the caller's. */
rd_kafka_topic_partition_list_t *rk_group_subscription(struct rk_group *group);

/*
 * Closes: the application gives up its partitions, served from `queue`; what it has stored is
 * committed, and the group is left: RK_GROUP_LEAVE_MAX_MS at most for each of these, whatever
 * brokers do. Does not wait. _DESTROY: was closed before.
 */
#define RK_GROUP_LEAVE_MAX_MS 3000
rd_kafka_resp_err_t rk_group_begin_close(struct rk_group *group, rd_kafka_queue_t *queue);
bool rk_group_is_closed(const struct rk_group *group);
/* Closed for the application too: the callback in which it gave up its last partitions is over, to
 * whose end it may ask what it has. */
bool rk_group_is_over(const struct rk_group *group);
/* The whole of it: serves callbacks on the calling thread until it is closed. */
rd_kafka_resp_err_t rk_group_close(struct rk_group *group);
/* For destroy: the same, and when somebody else closes it, the rest of that without asking the
 * application. */
void rk_group_end(struct rk_group *group);

/* Any thread. A copy that rk_app_free frees; NULL when memory is out. */
char *rk_group_member_id(struct rk_group *group);
/* A new one. Any thread. */
rd_kafka_consumer_group_metadata_t *rk_group_metadata(struct rk_group *group);
bool rk_group_is_lost(const struct rk_group *group);
/* "NONE", "EAGER", "COOPERATIVE" */
const char *rk_group_protocol_name(struct rk_group *group);

/* How it stands, for statistics and dumps. Texts are static, or the view's. */
struct rk_group_view {
    const char *state;
    const char *join_state;
    int64_t state_age_us;
    int64_t rebalance_age_us; /* 0: none so far. */
    int64_t rebalance_count;
    char rebalance_reason[160];
    char waits_for[900]; /* Why it is not moving; "" when it is. */
};

void rk_group_look(struct rk_group *group, uint64_t now_us,
                   struct rk_group_view *view) RK_ON_BACKGROUND;

#endif
