/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the connection share: connection.c (states), connection_setup.c (resolving,
 * connecting, negotiating), connection_io.c (frames in and out) and connection_deadlines.c.
 */
#ifndef RK_CLUSTER_CONNECTION_PRIVATE_H
#define RK_CLUSTER_CONNECTION_PRIVATE_H

#include "cluster/broker.h"
#include "cluster/connection.h"

/* connection.c */
void rk_connection_set_state(struct rk_connection *connection, enum rk_connection_state state,
                             uint64_t now_us) RK_ON_BROKER;
/* Marks it broken: dropped when the current event ends. The first reason counts. */
void rk_connection_break(struct rk_connection *connection, rd_kafka_resp_err_t err,
                         const char *format, ...) RK_ON_BROKER RK_FORMAT(3, 4);
/* Puts the request among those to be completed when the current event ends. takes: request */
void rk_connection_finish(struct rk_connection *connection, struct rk_request *request,
                          rd_kafka_resp_err_t err, const char *text) RK_ON_BROKER;
/* Somebody wants it up, or waits to send. */
bool rk_connection_is_needed(const struct rk_connection *connection) RK_ON_BROKER;

/* connection_deadlines.c */
/* What the connection waits for next, from its state. */
uint64_t rk_connection_next_deadline(const struct rk_connection *connection,
                                     uint64_t now_us) RK_ON_BROKER;
/* Does what is due by now. */
void rk_connection_on_due(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;

/* connection_setup.c */
void rk_connection_begin(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;
void rk_connection_on_handshake(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;
/* Gives up what the attempt holds. */
void rk_connection_end_attempt(struct rk_connection *connection) RK_ON_BROKER;

/* connection_io.c */
/* Encodes and queues; completes the request with an error, by way of `finished`, when that fails.
 * takes: request */
void rk_connection_encode(struct rk_connection *connection, struct rk_request *request,
                          uint64_t now_us) RK_ON_BROKER;
/* Writes as much as the socket takes. */
void rk_connection_flush(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;
/* Tells interceptors that a request that is out will not have its answer. */
void rk_connection_intercept_failure(const struct rk_connection *connection,
                                     const struct rk_request *request,
                                     rd_kafka_resp_err_t err) RK_ON_BROKER;
/* Reads and completes what has arrived. */
void rk_connection_on_readable(struct rk_connection *connection, uint64_t now_us) RK_ON_BROKER;
void rk_connection_watch(struct rk_connection *connection) RK_ON_BROKER;
void rk_connection_reader_clear(struct rk_connection *connection) RK_ON_BROKER;

#endif
