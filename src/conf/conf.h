/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration of a client and of a topic.
 *
 * struct rk_conf and struct rk_topic_conf have one member per property, named as the property with
 * '_' for '.'; conf/properties/ says what each is. They stand in the objects the application
 * builds, rd_kafka_conf_t and rd_kafka_topic_conf_t, which one thread owns until a client or topic
 * takes them: rk_conf_freeze() makes them constant, and then any thread may read them without a
 * lock.
 */
#ifndef RK_CONF_CONF_H
#define RK_CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "rdkafka.h"

#include "base/config.h"
#include "conf/callbacks.h"
#include "conf/interceptors.h"
#include "conf/patterns.h"
#include "conf/plugins.h"

/* Named values: enum rk_conf_security and so on. */
#define VALUES(name)                         enum name {
#define VALUE(constant, number, text, built) constant = (number),
#define SYNONYM(text, constant)
/* clang-format off */
#define VALUES_END };
/* clang-format on */
#include "conf/properties/values.def"
#undef VALUES
#undef VALUE
#undef SYNONYM
#undef VALUES_END

/* A key or certificate given with rd_kafka_conf_set_ssl_cert(): its bytes, read when TLS is set up.
 */
struct rk_certificate {
    rd_kafka_cert_enc_t encoding;
    size_t size;
    unsigned char bytes[];
};

/* What member a kind of property has in the struct: RK_MEMBER_<kind> gives a macro that takes the
 * member's name. */
#define RK_MEMBER_INT(min, max, initial)              RK_MEMBER_OF_INT
#define RK_MEMBER_NAMED_INT(min, max, initial, names) RK_MEMBER_OF_INT
#define RK_MEMBER_INT_AT(member, min, max, initial)   RK_MEMBER_NONE
#define RK_MEMBER_BOOL(initial)                       RK_MEMBER_OF_INT
#define RK_MEMBER_ENUM(names, initial)                RK_MEMBER_OF_INT
#define RK_MEMBER_FLAGS(names, initial)               RK_MEMBER_OF_INT
#define RK_MEMBER_FIXED_FLAGS(names)                  RK_MEMBER_OF_INT
#define RK_MEMBER_DOUBLE(min, max, initial)           RK_MEMBER_OF_DOUBLE
#define RK_MEMBER_STRING(initial)                     RK_MEMBER_OF_STRING
#define RK_MEMBER_CHECKED_STRING(initial, check)      RK_MEMBER_OF_STRING
#define RK_MEMBER_KAFKA_STRING(initial)               RK_MEMBER_OF_STRING
#define RK_MEMBER_PATTERNS()                          RK_MEMBER_OF_PATTERNS
#define RK_MEMBER_CERTIFICATE()                       RK_MEMBER_OF_CERTIFICATE
#define RK_MEMBER_POINTER(member, initial)            RK_MEMBER_NONE
#define RK_MEMBER_INTERNAL(type)                      RK_MEMBER_NONE
#define RK_MEMBER_INVALID(guidance)                   RK_MEMBER_NONE
#define RK_MEMBER_OF_INT(name)                        int name;
#define RK_MEMBER_OF_DOUBLE(name)                     double name;
#define RK_MEMBER_OF_STRING(name)                     char *name; /* NULL: unset. */
#define RK_MEMBER_OF_PATTERNS(name)                   struct rk_patterns name;
#define RK_MEMBER_OF_CERTIFICATE(name)                struct rk_certificate *name;
#define RK_MEMBER_NONE(name)

#define PROPERTY(member, name, kind, clients, importance, status, text) RK_MEMBER_##kind(member)
#define ALIAS(id, name, target, clients, importance, status)
struct rk_conf {
#include "conf/properties/global.def"
    struct rk_callbacks callbacks;
};
struct rk_topic_conf {
#include "conf/properties/topic.def"
    struct rk_topic_callbacks callbacks;
};
#undef PROPERTY
#undef ALIAS

/* RK_CONF_ID_message_max_bytes: place in the table of properties, and in the set of modified ones.
 */
#define PROPERTY(member, name, kind, clients, importance, status, text) RK_CONF_ID_##member,
#define ALIAS(id, name, target, clients, importance, status)            RK_CONF_ID_##id,
enum rk_conf_id {
#include "conf/properties/global.def"
    RK_CONF_IDS,
};
#undef PROPERTY
#undef ALIAS
#define PROPERTY(member, name, kind, clients, importance, status, text) RK_TOPIC_CONF_ID_##member,
#define ALIAS(id, name, target, clients, importance, status)            RK_TOPIC_CONF_ID_##id,
enum rk_topic_conf_id {
#include "conf/properties/topic.def"
    RK_TOPIC_CONF_IDS,
};
#undef PROPERTY
#undef ALIAS

/* A property that an on_conf_set interceptor took for its own; a copy of the configuration is told
 * it again. */
struct rk_intercepted_property {
    char *name;
    char *value; /* May be NULL. */
};

struct rd_kafka_topic_conf_s {
    struct rk_topic_conf conf;
    bool modified[RK_TOPIC_CONF_IDS]; /* Set by the application, if only to the default. */
};

struct rd_kafka_conf_s {
    struct rk_conf conf;
    bool modified[RK_CONF_IDS];
    bool frozen; /* Belongs to a client: no setter changes it. */
    struct rd_kafka_topic_conf_s *default_topic_conf; /* NULL until something is set in it. */
    bool default_topic_conf_was_replaced; /* One with values in it made way for another. */
    struct rk_interceptors interceptors;
    struct rk_plugins plugins;
    struct {
        struct rk_intercepted_property *items;
        size_t count;
    } intercepted;
};

#define rk_conf_is_modified(object, member)       ((object)->modified[RK_CONF_ID_##member])
#define rk_topic_conf_is_modified(object, member) ((object)->modified[RK_TOPIC_CONF_ID_##member])

/* All defaults. `log_cb` is the default logger, which lives in a higher folder. returns: the
 * caller's, rk_conf_destroy */
struct rd_kafka_conf_s *rk_conf_new(void (*log_cb)(const rd_kafka_t *rk, int level,
                                                   const char *facility, const char *text));
/* Runs on_conf_destroy, unloads plugins, wipes secrets. NULL is fine. */
void rk_conf_destroy(struct rd_kafka_conf_s *conf);
/* A copy of what was modified, without the properties whose names begin with one of `filter`, and
 * without interceptors. */
struct rd_kafka_conf_s *rk_conf_dup(const struct rd_kafka_conf_s *conf, size_t filter_count,
                                    const char **filter);

rd_kafka_conf_res_t rk_conf_set(struct rd_kafka_conf_s *conf, const char *name, const char *value,
                                char *errstr, size_t size);
/* `*size`: capacity of `value` before, size with NUL after; `value` may be NULL. */
rd_kafka_conf_res_t rk_conf_get(const struct rd_kafka_conf_s *conf, const char *name, char *value,
                                size_t *size);
/* Name, value, name, value ... from the application's allocator; `*count` counts both. */
const char **rk_conf_dump(const struct rd_kafka_conf_s *conf, size_t *count);
void rk_conf_dump_free(const char **pairs, size_t count);
/* Calls `visit` for each property that was set, those of the default topic configuration last; in
 * place of a secret stands "[redacted]". For logs. */
void rk_conf_visit_modified(const struct rd_kafka_conf_s *conf,
                            void (*visit)(void *argument, const char *name, const char *value),
                            void *argument);

/* takes: topic_conf; destroys the one before. */
void rk_conf_set_default_topic_conf(struct rd_kafka_conf_s *conf,
                                    struct rd_kafka_topic_conf_s *topic_conf);
/* The default topic configuration, made when there is none. borrows */
struct rd_kafka_topic_conf_s *rk_conf_default_topic_conf(struct rd_kafka_conf_s *conf);
rd_kafka_conf_res_t rk_conf_set_certificate(struct rd_kafka_conf_s *conf, rd_kafka_cert_type_t type,
                                            rd_kafka_cert_enc_t encoding, const void *bytes,
                                            size_t size, char *errstr, size_t errstr_size);

/*
 * The client takes the object, after rk_conf_finish(): it becomes constant, what callbacks imply is
 * added to enabled_events, and a default topic configuration is there. The client ends it with
 * rk_conf_destroy(). takes: conf; returns: &conf->conf
 */
const struct rk_conf *rk_conf_freeze(struct rd_kafka_conf_s *conf);
/* The client could not be made: setters work again. */
void rk_conf_thaw(struct rd_kafka_conf_s *conf);

struct rd_kafka_topic_conf_s *rk_topic_conf_new(void);
void rk_topic_conf_destroy(struct rd_kafka_topic_conf_s *topic_conf);
struct rd_kafka_topic_conf_s *rk_topic_conf_dup(const struct rd_kafka_topic_conf_s *topic_conf);
rd_kafka_conf_res_t rk_topic_conf_set(struct rd_kafka_topic_conf_s *topic_conf, const char *name,
                                      const char *value, char *errstr, size_t size);
rd_kafka_conf_res_t rk_topic_conf_get(const struct rd_kafka_topic_conf_s *topic_conf,
                                      const char *name, char *value, size_t *size);
const char **rk_topic_conf_dump(const struct rd_kafka_topic_conf_s *topic_conf, size_t *count);

/* RK_CONF_FEATURE_* of this build. */
int rk_conf_features(void);

#endif
