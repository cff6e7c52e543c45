/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core of a client: what all its parts share, and what outlives rd_kafka_destroy() until the
 * last message, topic or queue is given back.
 *
 * Counted. Made by api/, which gives it the configuration. What stands outside of `shared` and is
 * not atomic is set before the client's first thread starts and only read afterwards, by any
 * thread.
 */
#ifndef RK_EVENT_CORE_H
#define RK_EVENT_CORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"
#include "event/event.h"
#include "rdkafka.h"
#include "runtime/thread.h"

struct rk_conf;
struct rd_kafka_topic_conf_s;

typedef void(rk_log_callback_t)(const rd_kafka_t *rk, int level, const char *facility,
                                const char *text);

/* What brokers are called in texts, "host:port/id", for those who only know the id. */
struct rk_broker_names {
    struct rk_broker_name {
        int32_t id;
        char *name;
    } * items;
    int count;
};

struct rk_core {
    _Atomic int references;
    rd_kafka_t *client; /* For callbacks; not to be followed after destroy. */
    rd_kafka_type_t type;
    char *name; /* "<client.id>#producer-1" */
    const struct rk_conf *conf;
    struct rd_kafka_topic_conf_s *default_topic_conf; /* Belongs to conf_object. */
    rd_kafka_conf_t *conf_object;                     /* What `conf` stands in; owned. */
    rd_kafka_queue_t *main_queue;     /* What rd_kafka_poll() serves; the client holds it. */
    rd_kafka_queue_t *consumer_queue; /* Of a consumer with group.id, what consumer_poll() serves;
                                         the consumer holds it. NULL: none. */
    int enabled_events; /* RD_KAFKA_EVENT_* mask, those implied by callbacks included. */
    bool reports_by_callback, reports_by_event;
    _Atomic int log_level;
    _Atomic int debug_mask; /* RK_DEBUG_* of the debug property (conf/conf.h). */
    _Atomic(rk_log_callback_t *) log_callback;
    _Atomic bool is_terminating; /* destroy has begun. */
    _Atomic int fatal_err;    /* rd_kafka_resp_err_t of the first fatal error; 0 none. Set after its
                                 text. */
    _Atomic int fatal_count;  /* Fatal errors raised. */
    struct rk_mutex mutex;    /* RK_RANK_LOG */
    struct rk_condition left; /* The last visitor has: event/visit.h. */
    struct {
        int visits;
        bool is_closed_to_visits;
        char *fatal_text;
        rd_kafka_queue_t *log_queue;     /* Counted; where logs go with log.queue=true. NULL: */
        struct rk_event_list early_logs; /* they wait here, */
        int early_log_count;             /* up to a limit. */
        unsigned long long dropped_logs; /* Beyond it. */
        bool is_log_ended;               /* Nothing is logged any more. */
        char *cluster_id;
        int32_t controller_id;
        struct rk_broker_names broker_names;
    } shared;
};

/* One reference. takes: name (rk_free), conf (checked by rk_conf_finish; frozen here) */
struct rk_core *rk_core_new(rd_kafka_type_t type, char *name, rd_kafka_conf_t *conf);
/* The client could not be made: the configuration is the application's again. Before the last
 * release. */
void rk_core_give_conf_back(struct rk_core *core);
struct rk_core *rk_core_acquire(struct rk_core *core);
/* NULL is fine. */
void rk_core_release(struct rk_core *core);

/* The broker is called so from now on. Copies. Any thread. */
void rk_core_name_broker(struct rk_core *core, int32_t id, const char *name);
/* Into `text`, which is returned; any thread, any lock but of logs may be held. */
const char *rk_core_broker_name(struct rk_core *core, int32_t id, char *text, size_t size);

/* Levels, as in syslog(3). */
enum rk_log_level {
    RK_LOG_EMERGENCY = 0,
    RK_LOG_ERROR = 3,
    RK_LOG_WARNING = 4,
    RK_LOG_NOTICE = 5,
    RK_LOG_INFO = 6,
    RK_LOG_DEBUG = 7,
};

/*
 * Logging (event/log.c): any thread, no lock held, for log_cb may run here. A log level that is not
 * wanted costs a compare. `facility` is a short upper-case word.
 */
/* What stands for the calling thread in its log lines: "[thrd:<name>]". Copies. */
void rk_log_label_thread(const char *name);
void rk_log(struct rk_core *core, int level, const char *facility, const char *format, ...)
    RK_FORMAT(4, 5);
/* At RK_LOG_DEBUG, as belonging to a context of the debug property. */
void rk_log_context(struct rk_core *core, int context, const char *facility, const char *format,
                    ...) RK_FORMAT(4, 5);
/* `context` is one of RK_DEBUG_*; formats and logs only when that context is on. */
#define rk_log_debug(core, context, facility, ...)                                        \
    do {                                                                                  \
        if (RK_UNLIKELY(atomic_load_explicit(&(core)->debug_mask, memory_order_relaxed) & \
                        (context)))                                                       \
            rk_log_context((core), (context), (facility), __VA_ARGS__);                   \
    } while (0)
/* Where logs go from now on, with log.queue=true: what was logged before follows at once, in order.
 * Takes a reference to the queue. */
void rk_core_set_log_queue(struct rk_core *core, rd_kafka_queue_t *queue);
/* The end of logging, in destroy: gives up the log queue and drops what comes later. */
void rk_core_end_logs(struct rk_core *core);
/* Writes one line to standard error; what rd_kafka_log_print() does. `name` may be NULL. */
void rk_log_print(const char *name, int level, const char *facility, const char *text);
/* The same to syslog(3). */
void rk_log_syslog(const char *name, int level, const char *facility, const char *text);

/* To error_cb or as EVENT_ERROR on the main queue; logged at level 3 when the application takes
 * neither. Any thread, no lock held. */
void rk_core_post_error(struct rk_core *core, rd_kafka_resp_err_t err, const char *format, ...)
    RK_FORMAT(3, 4);
/* Raises a fatal error: only the first is kept; goes up as _FATAL, on the consumer queue if there
 * is one. False when one was raised before. Any thread, no lock held. */
bool rk_core_raise_fatal(struct rk_core *core, rd_kafka_resp_err_t err, const char *format, ...)
    RK_FORMAT(3, 4);
/* The fatal error's code, 0 for none; its text into `text`, which may be NULL. Any thread. */
rd_kafka_resp_err_t rk_core_fatal_error(struct rk_core *core, char *text, size_t size);

/* rd_kafka_last_error() of the calling thread; sets errno too. */
void rk_set_last_error(rd_kafka_resp_err_t err, int error_number);
rd_kafka_resp_err_t rk_last_error(void);

/*
 * rd_kafka_yield() of the calling thread. Set inside a callback; a kind that calls back once per
 * message looks with rk_has_yield_request() after each and stops. The queue's functions clear it
 * before they call back and leave it set when they stopped because of it, for their caller to take.
 */
void rk_request_yield(void);
bool rk_has_yield_request(void);
/* Clears it; true when it was set. */
bool rk_take_yield_request(void);

#endif
