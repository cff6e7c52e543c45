/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debug property shows of connections and of metadata.
 *
 * Each function does nothing unless its context is on. The facilities, and the beginnings of the
 * lines, are those that people look for in the logs of librdkafka.
 */
#ifndef RK_CLUSTER_DEBUG_H
#define RK_CLUSTER_DEBUG_H

#include "cluster/connection.h"
#include "cluster/snapshot.h"
#include "conf/conf.h"
#include "event/core.h"

/* The context "protocol": a request is written, its answer is read. */
void rk_debug_sent(const struct rk_connection *connection, const struct rk_request *request,
                   size_t size) RK_ON_BROKER;
void rk_debug_received(const struct rk_connection *connection, const struct rk_request *request,
                       size_t size, uint64_t now_us) RK_ON_BROKER;

/* The context "broker": the way to a connection; "feature": what its broker speaks. */
void rk_debug_connecting(const struct rk_connection *connection, int fd) RK_ON_BROKER;
void rk_debug_connected(const struct rk_connection *connection) RK_ON_BROKER;
void rk_debug_versions(const struct rk_connection *connection,
                       const struct rk_api_versions_answer *answer) RK_ON_BROKER;

/* "metadata", "topic" and "broker": what an answer says, and what is new in it. `before` may be
 * NULL. */
void rk_debug_metadata(struct rk_core *core, const struct rk_snapshot *before,
                       const struct rk_snapshot *after, const struct rk_metadata_answer *answer);

#endif
