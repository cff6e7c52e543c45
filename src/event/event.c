/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/event.h"

#include <string.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/cursor.h"
#include "event/message.h"
#include "event/partition_list.h"
#include "event/prefetch.h"

void rk_event_init(rd_kafka_event_t *event, const struct rk_event_kind *kind,
                   rd_kafka_event_type_t type)
{
    *event = (rd_kafka_event_t){.kind = kind, .type = type, .length = 1};
}

void rk_event_destroy(rd_kafka_event_t *event)
{
    if (!event)
        return;
    rk_free(event->text);
    event->text = NULL;
    rk_partition_list_destroy(event->partitions);
    event->partitions = NULL;
    event->kind->destroy(event);
}

static void destroy_plain(rd_kafka_event_t *event)
{
    rk_free(event);
}

/* Errors */

static enum rk_served serve_error(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    const char *text = event->text ? event->text : rd_kafka_err2str(event->err);
    if (core->conf->callbacks.error_cb)
        core->conf->callbacks.error_cb(core->client, event->err, text,
                                       core->conf->callbacks.opaque);
    else
        rk_log(core, RK_LOG_ERROR, "ERROR", "%s", text);
    ++*count;
    return RK_SERVED_WHOLE;
}

static const struct rk_event_kind error_kind = {
    .name = "error",
    .serve = serve_error,
    .destroy = destroy_plain,
};

rd_kafka_event_t *rk_event_new_error(rd_kafka_resp_err_t err, const char *text)
{
    rd_kafka_event_t *event = RK_NEW(rd_kafka_event_t);
    rk_event_init(event, &error_kind, RD_KAFKA_EVENT_ERROR);
    event->err = err;
    event->text = rk_strdup_or_null(text);
    return event;
}

/* Events around one message: a consumer's error, or a consumed message. */

struct message_event {
    rd_kafka_event_t event;      /* First. */
    struct rk_message *message;  /* NULL once it was taken. */
    struct rk_error_place place; /* All counted; without cursor: never void. */
    int64_t bytes;               /* That count in its budget. */
};

static bool is_message_void(const rd_kafka_event_t *event)
{
    const struct message_event *mine = rk_container_of(event, const struct message_event, event);
    return mine->place.cursor && !rk_cursor_is(mine->place.cursor, mine->place.version);
}

static struct rk_message *give_message(rd_kafka_event_t *event)
{
    struct message_event *mine = rk_container_of(event, struct message_event, event);
    struct rk_message *message = mine->message;
    if (is_message_void(event))
        return NULL;
    mine->message = NULL;
    return message;
}

static bool has_no_message(const rd_kafka_event_t *event)
{
    return !rk_container_of(event, const struct message_event, event)->message;
}

static size_t count_message(rd_kafka_event_t *event)
{
    return !has_no_message(event);
}

static const rd_kafka_message_t *message_at(rd_kafka_event_t *event, size_t index)
{
    (void)index;
    return &rk_container_of(event, struct message_event, event)->message->rkmessage;
}

static void destroy_message_event(rd_kafka_event_t *event)
{
    struct message_event *mine = rk_container_of(event, struct message_event, event);
    rk_message_destroy(mine->message);
    rk_cursor_release(mine->place.cursor);
    if (mine->place.budget && rk_budget_give(mine->place.budget, mine->bytes))
        rk_room_tell(mine->place.prefetch->room);
    rk_budget_release(mine->place.budget);
    rk_prefetch_release(mine->place.prefetch);
    rk_free(mine);
}

static rd_kafka_event_t *new_message_event(const struct rk_event_kind *kind,
                                           rd_kafka_event_type_t type, struct rk_message *message)
{
    struct message_event *mine = RK_NEW(struct message_event);
    rk_event_init(&mine->event, kind, type);
    mine->message = message;
    mine->event.err = message->rkmessage.err;
    return &mine->event;
}

static enum rk_served serve_consumer_error(rd_kafka_event_t *event, struct rk_core *core,
                                           int *count)
{
    return is_message_void(event) ? RK_SERVED_WHOLE : serve_error(event, core, count);
}

static const struct rk_event_kind consumer_error_kind = {
    .name = "consumer error",
    .serve = serve_consumer_error,
    .next_message = give_message,
    .is_empty = has_no_message,
    .is_void = is_message_void,
    .destroy = destroy_message_event,
};

rd_kafka_event_t *rk_event_new_consumer_error(rd_kafka_resp_err_t err, rd_kafka_topic_t *topic,
                                              int32_t partition, int64_t offset, const char *text)
{
    struct rk_message *message = rk_message_new_error(err, topic, partition, offset, text);
    rd_kafka_event_t *event =
        new_message_event(&consumer_error_kind, RD_KAFKA_EVENT_ERROR, message);
    event->text = rk_strdup_or_null(text);
    return event;
}

rd_kafka_event_t *rk_event_new_partition_error(rd_kafka_resp_err_t err, rd_kafka_topic_t *topic,
                                               int32_t partition, const char *text,
                                               const struct rk_error_place *place)
{
    rd_kafka_event_t *event =
        rk_event_new_consumer_error(err, topic, partition, place->offset, text);
    struct message_event *mine = rk_container_of(event, struct message_event, event);
    mine->place = *place;
    if (place->cursor)
        rk_cursor_acquire(place->cursor);
    if (place->budget) {
        rk_prefetch_acquire(place->prefetch);
        rk_budget_acquire(place->budget);
        /* The text is there twice; and four blocks are not free of cost either. */
        mine->bytes = (int64_t)(sizeof(*mine) + sizeof(struct rk_message) + 2 * strlen(text) +
                                4 * sizeof(max_align_t));
        rk_budget_take(place->budget, mine->bytes);
    }
    return event;
}

static enum rk_served serve_fetch(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    const struct rk_callbacks *callbacks = &core->conf->callbacks;
    if (callbacks->consume_cb) {
        callbacks->consume_cb((rd_kafka_message_t *)(uintptr_t)message_at(event, 0),
                              callbacks->opaque);
        ++*count;
    }
    return RK_SERVED_WHOLE;
}

static const struct rk_event_kind fetch_kind = {
    .name = "fetch",
    .serve = serve_fetch,
    .next_message = give_message,
    .is_empty = has_no_message,
    .message_count = count_message,
    .message_at = message_at,
    .destroy = destroy_message_event,
};

rd_kafka_event_t *rk_event_new_fetch(struct rk_message *message)
{
    return new_message_event(&fetch_kind, RD_KAFKA_EVENT_FETCH, message);
}

const struct rk_message *rk_event_own_message(const rd_kafka_event_t *event)
{
    if (event->kind != &consumer_error_kind && event->kind != &fetch_kind)
        return NULL;
    return rk_container_of(event, const struct message_event, event)->message;
}

/* Logs */

struct log_event {
    rd_kafka_event_t event; /* First; its text is the line. */
    char *facility;
    int level, context;
};

static enum rk_served serve_log(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    struct log_event *mine = rk_container_of(event, struct log_event, event);
    rk_log_callback_t *callback = atomic_load_explicit(&core->log_callback, memory_order_relaxed);
    if (callback) {
        callback(core->client, mine->level, mine->facility, event->text);
        ++*count;
    }
    return RK_SERVED_WHOLE;
}

static void destroy_log(rd_kafka_event_t *event)
{
    struct log_event *mine = rk_container_of(event, struct log_event, event);
    rk_free(mine->facility);
    rk_free(mine);
}

static const struct rk_event_kind log_kind = {
    .name = "log",
    .serve = serve_log,
    .destroy = destroy_log,
};

rd_kafka_event_t *rk_event_new_log(int level, int context, const char *facility, const char *text)
{
    struct log_event *mine = RK_NEW(struct log_event);
    rk_event_init(&mine->event, &log_kind, RD_KAFKA_EVENT_LOG);
    mine->event.priority = RK_PRIORITY_MEDIUM;
    mine->event.text = rk_strdup(text);
    mine->facility = rk_strdup(facility);
    mine->level = level;
    mine->context = context;
    mine->event.notice_size = sizeof(*mine) + strlen(text) + strlen(facility);
    return &mine->event;
}

bool rk_event_get_log(const rd_kafka_event_t *event, struct rk_event_log *log)
{
    if (event->kind != &log_kind)
        return false;
    const struct log_event *mine = rk_container_of(event, const struct log_event, event);
    *log = (struct rk_event_log){.facility = mine->facility,
                                 .text = event->text,
                                 .level = mine->level,
                                 .context = mine->context};
    return true;
}

/* Throttling */

struct throttle_event {
    rd_kafka_event_t event; /* First. */
    char *broker_name;
    int32_t broker_id;
    int throttle_ms;
};

static enum rk_served serve_throttle(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    struct throttle_event *mine = rk_container_of(event, struct throttle_event, event);
    const struct rk_callbacks *callbacks = &core->conf->callbacks;
    if (callbacks->throttle_cb) {
        callbacks->throttle_cb(core->client, mine->broker_name, mine->broker_id, mine->throttle_ms,
                               callbacks->opaque);
        ++*count;
    }
    return RK_SERVED_WHOLE;
}

static void destroy_throttle(rd_kafka_event_t *event)
{
    struct throttle_event *mine = rk_container_of(event, struct throttle_event, event);
    rk_free(mine->broker_name);
    rk_free(mine);
}

static const struct rk_event_kind throttle_kind = {
    .name = "throttle",
    .serve = serve_throttle,
    .destroy = destroy_throttle,
};

rd_kafka_event_t *rk_event_new_throttle(const char *broker_name, int32_t broker_id, int throttle_ms)
{
    struct throttle_event *mine = RK_NEW(struct throttle_event);
    rk_event_init(&mine->event, &throttle_kind, RD_KAFKA_EVENT_NONE);
    mine->event.priority = RK_PRIORITY_HIGH;
    mine->broker_name = rk_strdup(broker_name);
    mine->broker_id = broker_id;
    mine->throttle_ms = throttle_ms;
    mine->event.notice_size = sizeof(*mine) + strlen(broker_name);
    return &mine->event;
}

/* Statistics */

struct stats_event {
    rd_kafka_event_t event; /* First. */
    char *json; /* Of the application's allocator; NULL once the application keeps it. */
    size_t size;
};

static enum rk_served serve_stats(rd_kafka_event_t *event, struct rk_core *core, int *count)
{
    struct stats_event *mine = rk_container_of(event, struct stats_event, event);
    const struct rk_callbacks *callbacks = &core->conf->callbacks;
    if (callbacks->stats_cb) {
        if (callbacks->stats_cb(core->client, mine->json, mine->size, callbacks->opaque) == 1)
            mine->json = NULL;
        ++*count;
    }
    return RK_SERVED_WHOLE;
}

static void destroy_stats(rd_kafka_event_t *event)
{
    struct stats_event *mine = rk_container_of(event, struct stats_event, event);
    rk_app_free(mine->json);
    rk_free(mine);
}

static const struct rk_event_kind stats_kind = {
    .name = "statistics",
    .serve = serve_stats,
    .destroy = destroy_stats,
};

rd_kafka_event_t *rk_event_new_stats(char *json, size_t size)
{
    struct stats_event *mine = RK_NEW(struct stats_event);
    rk_event_init(&mine->event, &stats_kind, RD_KAFKA_EVENT_STATS);
    mine->event.priority = RK_PRIORITY_HIGH;
    mine->json = json;
    mine->size = size;
    mine->event.notice_size = sizeof(*mine) + size;
    return &mine->event;
}

const char *rk_event_stats(const rd_kafka_event_t *event)
{
    if (event->kind != &stats_kind)
        return NULL;
    return rk_container_of(event, const struct stats_event, event)->json;
}
