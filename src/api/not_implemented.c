/* SPDX-License-Identifier: BSD-2-Clause */
#include "api/not_implemented.h"

#include <stdio.h>

#include "base/memory.h"
#include "event/event.h"
#include "event/queue.h"

rd_kafka_error_t *rk_not_implemented_error(const char *function)
{
    return rd_kafka_error_new(RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, "%s() is not implemented yet",
                              function);
}

void rk_not_implemented_text(const char *function, char *errstr, size_t errstr_size)
{
    snprintf(errstr, errstr_size, "%s() is not implemented yet", function);
}

static void destroy_result(rd_kafka_event_t *event)
{
    rk_free(event);
}

/* A result has no callback: served by one, it is dropped. */
static const struct rk_event_kind result_kind = {
    .name = "admin result",
    .destroy = destroy_result,
};

void rk_admin_not_implemented(rd_kafka_t *rk, rd_kafka_queue_t *queue,
                              const rd_kafka_AdminOptions_t *options,
                              rd_kafka_event_type_t event_type)
{
    rd_kafka_event_t *event = RK_NEW(rd_kafka_event_t);

    (void)rk;
    (void)options; /* None can have been made yet. */
    rk_event_init(event, &result_kind, event_type);
    event->err = RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
    event->text = rk_strdup("This admin operation is not implemented yet");
    rk_queue_push(queue, event);
}
