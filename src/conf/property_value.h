/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One property's value: from text, into a configuration, out of it, and back to text.
 *
 * `base` is the struct rk_conf or struct rk_topic_conf the property belongs to. Aliases are
 * resolved by the caller.
 */
#ifndef RK_CONF_PROPERTY_VALUE_H
#define RK_CONF_PROPERTY_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "conf/properties.h"

/* A value that was read and found good, not stored yet. */
struct rk_parsed_value {
    int number;
    double real;
    char *chars; /* Owned; NULL: unset. */
    struct rk_patterns patterns;
};

/*
 * Reads `value` (NULL or "": no value). Anything but RD_KAFKA_CONF_OK is RD_KAFKA_CONF_INVALID,
 * with a text that names property, value and what it may be.
 */
rd_kafka_conf_res_t rk_property_parse(const struct rk_property *property, const void *base,
                                      const char *value, struct rk_parsed_value *parsed,
                                      char *errstr, size_t size);
/* Puts it in the place of the value before. takes: what is in `parsed` */
void rk_property_store(const struct rk_property *property, void *base,
                       struct rk_parsed_value *parsed);
void rk_parsed_value_clear(struct rk_parsed_value *parsed);

/* The default, into memory that holds no value yet. */
void rk_property_init(const struct rk_property *property, void *base);
/* Frees the value, after wiping it when it is sensitive, and leaves it unset. */
void rk_property_clear(const struct rk_property *property, void *base);
void rk_property_copy(const struct rk_property *property, void *to, const void *from);
/* Numbers only: back to the default. */
void rk_property_reset_number(const struct rk_property *property, void *base);

/* Appends the value as text; false when there is none. */
bool rk_property_format(const struct rk_property *property, const void *base, struct rk_text *text);
/* What it may be: "1..100", "true, false", "none, gzip, ..."; empty when anything goes. */
void rk_property_format_range(const struct rk_property *property, struct rk_text *text);

#endif
