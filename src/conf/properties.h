/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of properties: what each is called, what it may be, and where its value stands.
 *
 * Constant data made from properties/ by the preprocessor; read by conf.c, conf_check.c and
 * conf_markdown.c. What is done to a value - parse, store, print, copy - stands in
 * property_value.h.
 */
#ifndef RK_CONF_PROPERTIES_H
#define RK_CONF_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

enum rk_property_type {
    RK_PROPERTY_BOOL,
    RK_PROPERTY_INT, /* With `values`: their names are taken too. */
    RK_PROPERTY_DOUBLE,
    RK_PROPERTY_STRING,
    RK_PROPERTY_KAFKA_STRING, /* A string that is printed as "" when unset. */
    RK_PROPERTY_ENUM,
    RK_PROPERTY_FLAGS,
    RK_PROPERTY_FIXED_FLAGS, /* builtin.features: setting only checks. */
    RK_PROPERTY_PATTERNS,
    RK_PROPERTY_POINTER,     /* Has a setter function of its own. */
    RK_PROPERTY_CERTIFICATE, /* The same. */
    RK_PROPERTY_INTERNAL,
    RK_PROPERTY_INVALID, /* Always refused, with a text that tells what to use. */
    RK_PROPERTY_ALIAS,
};

enum rk_property_clients {
    RK_CLIENTS_CONSUMER = 1,
    RK_CLIENTS_PRODUCER = 2,
    RK_CLIENTS_ALL = 3,
};

enum rk_property_importance {
    RK_IMPORTANCE_HIGH,
    RK_IMPORTANCE_MEDIUM,
    RK_IMPORTANCE_LOW,
};

/* Bits. */
enum rk_property_status {
    RK_STATUS_PLAIN = 0,
    RK_STATUS_HIDDEN = 1,
    RK_STATUS_DEPRECATED = 2,
    RK_STATUS_EXPERIMENTAL = 4,
    RK_STATUS_SENSITIVE = 8,
    RK_STATUS_DEPRECATED_HIDDEN = RK_STATUS_DEPRECATED | RK_STATUS_HIDDEN,
    RK_STATUS_DEPRECATED_EXPERIMENTAL = RK_STATUS_DEPRECATED | RK_STATUS_EXPERIMENTAL,
};

struct rk_property_value {
    const char *name; /* NULL ends a list. */
    int number;
    bool built; /* This build has the code for it. */
};

#define RK_PROPERTY_NO_OFFSET ((size_t)-1)

struct rk_property {
    const char *name;
    const char *text;
    enum rk_property_type type;
    enum rk_property_clients clients;
    enum rk_property_importance importance;
    unsigned status;
    size_t offset; /* In struct rk_conf or struct rk_topic_conf. */
    int min, max;
    int initial;
    double initial_double;
    const char
        *initial_text; /* Strings: may be NULL. Pointers: for the manual. INVALID: the guidance. */
    const struct rk_property_value *values;
    /* CHECKED_STRING: NULL, or what is wrong with the value (NULL: no value). */
    const char *(*check)(const char *value);
    int target; /* ALIAS: place of the real property in the same table. */
};

extern const struct rk_property rk_conf_properties[RK_CONF_IDS];
extern const struct rk_property rk_topic_conf_properties[RK_TOPIC_CONF_IDS];

/* Place in the table, -1 when there is no such name; names are compared exactly. */
int rk_property_find(const struct rk_property *properties, int count, const char *name);

/* The checks of CHECKED_STRING properties. */
const char *rk_property_check_broker_version(const char *value);
const char *rk_property_check_sasl_mechanism(const char *value);
const char *rk_property_check_partitioner(const char *value);

#endif
