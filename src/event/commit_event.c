/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/commit_event.h"

#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"

struct commit_event {
    rd_kafka_event_t event; /* First. */
    rk_commit_callback_t *callback;
};

static enum rk_served serve(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    const struct commit_event *mine = rk_container_of(event, struct commit_event, event);
    const struct rk_callbacks *callbacks = &core->conf->callbacks;
    if (mine->callback)
        mine->callback(core->client, event->err, event->partitions, event->opaque);
    else if (callbacks->offset_commit_cb)
        callbacks->offset_commit_cb(core->client, event->err, event->partitions, callbacks->opaque);
    ++*count;
    return RK_SERVED_WHOLE;
}

static void destroy(rd_kafka_event_t *event)
{
    rk_free(rk_container_of(event, struct commit_event, event));
}

static const struct rk_event_kind commit_kind = {
    .name = "offset commit",
    .serve = serve,
    .destroy = destroy,
};

rd_kafka_event_t *rk_event_new_commit(rd_kafka_resp_err_t err,
                                      rd_kafka_topic_partition_list_t *offsets,
                                      rk_commit_callback_t *callback, void *opaque)
{
    struct commit_event *mine = RK_NEW(struct commit_event);
    rk_event_init(&mine->event, &commit_kind, RD_KAFKA_EVENT_OFFSET_COMMIT);
    mine->event.priority = RK_PRIORITY_HIGH;
    mine->event.err = err;
    mine->event.partitions = offsets;
    mine->event.opaque = opaque;
    mine->callback = callback;
    return &mine->event;
}
