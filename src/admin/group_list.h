/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups of a cluster: every broker is asked for those that it coordinates, and to describe
 * them.
 *
 * One struct rk_group_lists per client, made and freed by api/client.c; an application thread asks
 * and waits, the requests belong to background. A broker that cannot answer yet is asked again
 * until the deadline.
 */
#ifndef RK_ADMIN_GROUP_LIST_H
#define RK_ADMIN_GROUP_LIST_H

#include "cluster/cluster.h"

struct rk_group_lists;

/* What one broker said. */
struct rk_group_part {
    const struct rk_snapshot_broker *broker; /* The snapshot's. */
    rd_kafka_resp_err_t err;
    struct rk_request *list;     /* With an answer to ListGroups; NULL: it has not answered. */
    struct rk_request *describe; /* With one to DescribeGroups; NULL: there are none. */
};

struct rk_group_parts {
    struct rk_snapshot *snapshot; /* One reference. */
    int count;
    struct rk_group_part items[];
};

struct rk_group_lists *rk_group_lists_new(struct rk_cluster *cluster);
/* Who waits gets _DESTROY. */
void rk_group_lists_terminate(struct rk_group_lists *lists) RK_ON_BACKGROUND;
/* After the loops have ended. NULL is fine. */
void rk_group_lists_destroy(struct rk_group_lists *lists);

/*
 * Asks all brokers, and waits for their answers until the deadline. `group`: that one alone, whose
 * coordinator's answer is enough; NULL: all. Errors: _TIMED_OUT, _TRANSPORT, _DESTROY; else
 * `*parts` is the caller's, and what went wrong with a single broker stands there. Application
 * threads only.
 */
rd_kafka_resp_err_t rk_group_lists_ask(struct rk_group_lists *lists, const char *group,
                                       uint64_t deadline_us, struct rk_group_parts **parts);
/* NULL is fine. */
void rk_group_parts_destroy(struct rk_group_parts *parts);

#endif
