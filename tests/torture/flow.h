/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the torture runs again and again: a producer's and a consumer's whole life against one mock
 * cluster, with every promise checked that holds whatever failed.
 */
#ifndef TORTURE_FLOW_H
#define TORTURE_FLOW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rdkafka.h"
#include "torture/faults.h"

/* The cluster, and a topic filled for consumers. */
void flow_begin(void);
void flow_end(void);

/* Creates, connects, produces, flushes, destroys: each message that produce() took is reported
 * exactly once. */
void flow_produce(void);
/* Creates, connects, consumes all messages of the topic, closes, destroys: in order, none twice. */
void flow_consume(void);
/* Creates, subscribes, joins a group of its own, consumes all messages, commits, closes, destroys:
 * no message left out, and twice only after another assignment; what was committed is committed. */
void flow_join(void);
void flow_join_consumer(void); /* The same by KIP-848. */

/* Sockets are opened by a socket_cb of the application's from now on, or no longer. */
void flow_use_socket_callback(bool is_used);
/* Bootstrap servers are taken by the names of their addresses from now on, or no longer. */
void flow_use_canonical_names(bool is_used);
/* A configuration for the cluster, with little patience. */
rd_kafka_conf_t *flow_new_conf(void);
void flow_set(rd_kafka_conf_t *conf, const char *name, const char *value);
/* The topic filled for consumers. */
enum { FLOW_PARTITIONS = 2, FLOW_FILLED = 30, FLOW_TIMEOUT_MS = 30000 };
#define FLOW_TOPIC "filled"

/* Runs the flow with the n-th call failing, and as many behind it as `count` says, for n = 1,
 * 1 + step, ... until a run ends without reaching it; after each, nothing is left. */
struct torture {
    enum fault_kind kind;
    const char *name;
    int error; /* See faults.h. */
    int count, step;
};
void flow_torture(void (*flow)(void), const struct torture *torture);

#endif
