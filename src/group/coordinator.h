/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The coordinator of a group: which broker it is, and requests to it.
 *
 * Everything runs on the background loop. Whoever has a group makes one, calls
 * rk_coordinator_terminate when the client ends, and frees it when the loops have ended, for
 * requests that are under way point to it.
 *
 * A request of any API is filled in and handed to rk_coordinator_send. While the coordinator is not
 * known it waits here, and FindCoordinator is asked of any broker, with growing pauses; then it
 * goes to one of the connections of its own to that broker. A request of which nothing was written
 * when its broker could not be reached comes back here and waits for the next coordinator, until
 * its deadline. So what the sender has to look after are answers: it gives the error of each to
 * rk_coordinator_take_error, which marks the coordinator as unknown when it is another one by now,
 * and says what to do. An answer that is not about what was asked is _BAD_MSG to it: that is told.
 * The sender retries by itself, after a pause of its own; a request that it sends again at once
 * would only wait until a coordinator is known again.
 *
 * JoinGroup and SyncGroup may be answered minutes later, and a coordinator that stands still does
 * not answer at all: when they take long, other brokers are asked whether they know of another one,
 * and the wait ends (_TRANSPORT) when there is one.
 */
#ifndef RK_GROUP_COORDINATOR_H
#define RK_GROUP_COORDINATOR_H

#include "cluster/cluster.h"
#include "group/coordinator_machine.h"

enum rk_coordinator_kind { /* As in FindCoordinator. */
                           RK_COORDINATOR_OF_GROUP = 0,
                           RK_COORDINATOR_OF_TRANSACTION = 1,
};

/* Who answers something else is asked so often, and then not for that any more. */
#define RK_COORDINATOR_BAD_ANSWERS_MAX 5

struct rk_coordinator;

/* Any thread, before anything is sent. `key` is copied: group.id, or transactional.id. */
struct rk_coordinator *rk_coordinator_new(struct rk_cluster *cluster, enum rk_coordinator_kind kind,
                                          const char *key);
/* What waits, and whatever is sent from now on, completes with _DESTROY. */
void rk_coordinator_terminate(struct rk_coordinator *coordinator) RK_ON_BACKGROUND;
/* After the loops have ended. NULL is fine. */
void rk_coordinator_destroy(struct rk_coordinator *coordinator);

/*
 * Sends to the coordinator. The request's reply_loop is the background loop; on_done runs there
 * exactly once, never inside this call, with an answer, or with one of these errors:
 *
 *     _WAIT_COORD    deadline_us passed and nothing was written, mostly because no coordinator is
 *                    known; error_text has the last reason
 *     _TRANSPORT, _TIMED_OUT, _BAD_MSG
 *                    it may have arrived (timeout_us counts from when it is written); the
 *                    coordinator is looked up again
 *     _DESTROY       the client ends
 *     what a broker says of the group and would say again (GROUP_AUTHORIZATION_FAILED,
 *                    INVALID_GROUP_ID ...), or _UNSUPPORTED_FEATURE
 *
 * deadline_us RK_NEVER waits as long as the client lives. takes: request
 */
void rk_coordinator_send(struct rk_coordinator *coordinator,
                         struct rk_request *request) RK_ON_BACKGROUND;
/* Whether nobody waits for the answer any more; with the sender's owner. */
typedef bool rk_coordinator_test(const struct rk_request *request, const void *owner,
                                 const void *argument);
/* Ends what waits here and is over, with _DESTROY. What was sent ends as it would; but there are
 * never more than a few such JoinGroups and SyncGroups under way. */
void rk_coordinator_abandon(struct rk_coordinator *coordinator, rk_coordinator_test *is_over,
                            const void *argument) RK_ON_BACKGROUND;
/*
 * For on_done: what the coordinator said, 0 included, or request->err. Of several errors in one
 * answer the first that is not 0. Marks it as unknown if that follows. Returns bits of enum
 * rk_error_action for the request's API.
 */
unsigned rk_coordinator_take_error(struct rk_coordinator *coordinator,
                                   const struct rk_request *request,
                                   rd_kafka_resp_err_t err) RK_ON_BACKGROUND;
/* A member is about to join again: the connection for that, if the coordinator is known, comes up
 * while the application gives up its partitions. */
void rk_coordinator_prepare_join(struct rk_coordinator *coordinator) RK_ON_BACKGROUND;

/* For reasons, statistics and dumps. */
struct rk_coordinator_view {
    enum rk_coordinator_state state;
    int32_t broker_id;         /* -1: not known. */
    uint64_t unknown_since_us; /* 0: it is known, or nobody has wanted it. */
    uint64_t retry_at_us;      /* 0: nothing waits for a pause to end. */
    int waiting;               /* Requests that wait for it. */
    const char *last_error;    /* What failed last, naming broker and step; "" once it served
                                  something. The coordinator's, until the next event. */
};

struct rk_coordinator_view
rk_coordinator_look(const struct rk_coordinator *coordinator) RK_ON_BACKGROUND;

#endif
