/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core for the tests of cluster/: its errors can be taken out as events.
 */
#ifndef RK_TEST_CLUSTER_CORE_H
#define RK_TEST_CLUSTER_CORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "conf/conf_check.h"
#include "event/core.h"
#include "event/queue.h"

static struct rk_core *core;

/* Set by a test before it starts something: name and value, the last name NULL. */
static const char *const *properties;
/* What no property can say: callbacks. */
static void (*configure)(rd_kafka_conf_t *conf);

static inline void core_start(rd_kafka_type_t type)
{
    char text[256];
    rd_kafka_conf_t *conf = rk_conf_new(NULL);
    for (const char *const *at = properties; at && *at; at += 2)
        if (rk_conf_set(conf, at[0], at[1], text, sizeof(text)) != RD_KAFKA_CONF_OK)
            fail_msg("%s", text);
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_ERROR;
    conf->modified[RK_CONF_ID_enabled_events] = true;
    if (configure)
        configure(conf);
    if (rk_conf_finish(conf, type, text, sizeof(text)))
        fail_msg("%s", text);
    core = rk_core_new(type, rk_strdup("test#1"), conf);
    core->client = (rd_kafka_t *)(void *)core;
    core->main_queue = rk_queue_new(core, "main");
    properties = NULL;
    configure = NULL;
}

static inline void core_end(void)
{
    rk_queue_disable(core->main_queue);
    rk_queue_release(core->main_queue);
    rk_core_end_logs(core);
    rk_core_release(core);
    core = NULL;
}

/* The next error event within ten seconds: its code; the text goes to `text`. 0 when none comes. */
static inline rd_kafka_resp_err_t take_error(char *text, size_t size)
{
    rd_kafka_event_t *event = rk_queue_take_event(core->main_queue, rk_clock_now_us() + 10000000);
    if (!event)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = event->err;
    snprintf(text, size, "%s", event->text ? event->text : "");
    rk_event_destroy(event);
    return err;
}

#endif
