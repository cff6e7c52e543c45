/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to do about an error: the one table, (request, error code) -> action. Data; any thread.
 */
#ifndef RK_CLUSTER_ERROR_POLICY_H
#define RK_CLUSTER_ERROR_POLICY_H

#include <stddef.h>

#include "rdkafka.h"
#include "wire/api.h"

enum rk_error_action {
    RK_ACTION_NONE = 0,  /* No error, or one that counts as success (DUPLICATE_SEQUENCE_NUMBER). */
    RK_ACTION_RETRY = 1, /* Try again after back-off. */
    RK_ACTION_REFRESH = 2, /* Metadata is old: refresh it (with RETRY or FAIL). */
    RK_ACTION_FAIL = 4,    /* This operation fails for good. */
    RK_ACTION_FATAL = 8,   /* The client cannot go on. */
    RK_ACTION_SPLIT = 16,  /* Produce: the batch is too large. */
    RK_ACTION_FIND_COORDINATOR = 32,
    RK_ACTION_RESET_OFFSET = 64,       /* Fetch: auto.offset.reset decides. */
    RK_ACTION_VALIDATE = 128,          /* Fetch: check the position's leader epoch. */
    RK_ACTION_BUMP_EPOCH = 256,        /* Produce, idempotent. */
    RK_ACTION_ABORTABLE = 512,         /* Transaction must be aborted. */
    RK_ACTION_NEW_SESSION = 1024,      /* Fetch: begin a new session. */
    RK_ACTION_MAY_BE_PERSISTED = 2048, /* The data may have been written all the same. */
    RK_ACTION_REJOIN = 4096,           /* Groups: the member has to join again, */
    RK_ACTION_RESET_GENERATION = 8192, /* as one that has no partitions any more, */
    RK_ACTION_RESET_MEMBER = 16384,    /* and no member id either. */
};

/* What a broker says: codes below UNKNOWN are ours, from a broker they mean nothing. */
static inline rd_kafka_resp_err_t rk_error_of_broker(int16_t code)
{
    return code < RD_KAFKA_RESP_ERR_UNKNOWN ? RD_KAFKA_RESP_ERR_UNKNOWN : (rd_kafka_resp_err_t)code;
}

/* Bits of enum rk_error_action. `err` is a broker's or a local code. */
unsigned rk_error_policy_find(enum rk_api_key key, rd_kafka_resp_err_t err);
/* Their names with commas between, for logs; returns `text`. */
const char *rk_error_policy_text(unsigned actions, char *text, size_t size);

#endif
