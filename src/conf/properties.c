/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/properties.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define VALUES(name)                         static const struct rk_property_value name##_values[] = {
#define VALUE(constant, number, text, built) {text, constant, built},
#define SYNONYM(text, constant)              {text, constant, true},
/* clang-format off */
#define VALUES_END {NULL, 0, false}};
/* clang-format on */
#include "conf/properties/values.def"

/* Where the member of a kind of property stands: RK_OFFSET_<kind> gives a macro that takes the
 * member's name. */
#define RK_OFFSET_INT(min, max, initial)              RK_OFFSET_OF
#define RK_OFFSET_NAMED_INT(min, max, initial, names) RK_OFFSET_OF
#define RK_OFFSET_INT_AT(place, min, max, initial)    offsetof(STRUCT, place) RK_OFFSET_DONE
#define RK_OFFSET_BOOL(initial)                       RK_OFFSET_OF
#define RK_OFFSET_ENUM(names, initial)                RK_OFFSET_OF
#define RK_OFFSET_FLAGS(names, initial)               RK_OFFSET_OF
#define RK_OFFSET_FIXED_FLAGS(names)                  RK_OFFSET_OF
#define RK_OFFSET_DOUBLE(min, max, initial)           RK_OFFSET_OF
#define RK_OFFSET_STRING(initial)                     RK_OFFSET_OF
#define RK_OFFSET_CHECKED_STRING(initial, function)   RK_OFFSET_OF
#define RK_OFFSET_KAFKA_STRING(initial)               RK_OFFSET_OF
#define RK_OFFSET_PATTERNS()                          RK_OFFSET_OF
#define RK_OFFSET_CERTIFICATE()                       RK_OFFSET_OF
#define RK_OFFSET_POINTER(place, initial)             offsetof(STRUCT, place) RK_OFFSET_DONE
#define RK_OFFSET_INTERNAL(type)                      RK_PROPERTY_NO_OFFSET RK_OFFSET_DONE
#define RK_OFFSET_INVALID(guidance)                   RK_PROPERTY_NO_OFFSET RK_OFFSET_DONE
#define RK_OFFSET_OF(member)                          offsetof(STRUCT, member)
#define RK_OFFSET_DONE(member)

/* The members of struct rk_property that depend on the kind. */
#define RK_KIND_INT(low, high, start) \
    .type = RK_PROPERTY_INT, .min = low, .max = high, .initial = start
#define RK_KIND_NAMED_INT(low, high, start, names) \
    RK_KIND_INT(low, high, start), .values = names##_values
#define RK_KIND_INT_AT(place, low, high, start) RK_KIND_INT(low, high, start)
#define RK_KIND_BOOL(start)                     .type = RK_PROPERTY_BOOL, .max = 1, .initial = start
#define RK_KIND_ENUM(names, start) \
    .type = RK_PROPERTY_ENUM, .values = names##_values, .initial = start
#define RK_KIND_FLAGS(names, start) \
    .type = RK_PROPERTY_FLAGS, .values = names##_values, .initial = start
#define RK_KIND_FIXED_FLAGS(names) .type = RK_PROPERTY_FIXED_FLAGS, .values = names##_values
#define RK_KIND_DOUBLE(low, high, start) \
    .type = RK_PROPERTY_DOUBLE, .min = low, .max = high, .initial_double = start
#define RK_KIND_STRING(start) .type = RK_PROPERTY_STRING, .initial_text = start
#define RK_KIND_CHECKED_STRING(start, function) \
    .type = RK_PROPERTY_STRING, .initial_text = start, .check = function
#define RK_KIND_KAFKA_STRING(start)   .type = RK_PROPERTY_KAFKA_STRING, .initial_text = start
#define RK_KIND_PATTERNS()            .type = RK_PROPERTY_PATTERNS
#define RK_KIND_CERTIFICATE()         .type = RK_PROPERTY_CERTIFICATE, .initial_text = "NULL"
#define RK_KIND_POINTER(place, start) .type = RK_PROPERTY_POINTER, .initial_text = start
#define RK_KIND_INTERNAL(what)        .type = what, .initial_text = "NULL"
#define RK_KIND_INVALID(guidance)     .type = RK_PROPERTY_INVALID, .initial_text = guidance

#define PROPERTY(member, property, kind, who, how, state, sentence) \
    {.name = property,                                              \
     .text = sentence,                                              \
     .clients = RK_CLIENTS_##who,                                   \
     .importance = RK_IMPORTANCE_##how,                             \
     .status = RK_STATUS_##state,                                   \
     .offset = RK_OFFSET_##kind(member),                            \
     RK_KIND_##kind},
#define ALIAS(id, property, real, who, how, state) \
    {.name = property,                             \
     .type = RK_PROPERTY_ALIAS,                    \
     .clients = RK_CLIENTS_##who,                  \
     .importance = RK_IMPORTANCE_##how,            \
     .status = RK_STATUS_##state,                  \
     .offset = RK_PROPERTY_NO_OFFSET,              \
     .target = ID(real)},

#define STRUCT     struct rk_conf
#define ID(member) RK_CONF_ID_##member
const struct rk_property rk_conf_properties[RK_CONF_IDS] = {
#include "conf/properties/global.def"
};
#undef STRUCT
#undef ID

#define STRUCT     struct rk_topic_conf
#define ID(member) RK_TOPIC_CONF_ID_##member
const struct rk_property rk_topic_conf_properties[RK_TOPIC_CONF_IDS] = {
#include "conf/properties/topic.def"
};

int rk_property_find(const struct rk_property *properties, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(properties[i].name, name))
            return i;
    return -1;
}

/* Numbers with dots between them, 0.8 or later; the last part may be "x". */
const char *rk_property_check_broker_version(const char *value)
{
    static const char *const wanted = "a release number such as 0.10.0.1";
    if (!value)
        return wanted;
    long part[2] = {0, 0};
    int parts = 0;
    for (const char *at = value;; at++) {
        char *end = NULL;
        if (!strcmp(at, "x") && parts > 0)
            break;
        if (*at < '0' || *at > '9')
            return wanted;
        long number = strtol(at, &end, 10);
        if (parts < 2)
            part[parts] = number;
        parts++;
        if (!*end)
            break;
        if (*end != '.')
            return wanted;
        at = end;
    }
    if (part[0] == 0 && (parts < 2 || part[1] < 8))
        return "release 0.8 or later";
    return NULL;
}

const char *rk_property_check_sasl_mechanism(const char *value)
{
    return value && !strpbrk(value, " ,;") ? NULL : "the name of one mechanism";
}

const char *rk_property_check_partitioner(const char *value)
{
    static const char *const names[] = {"random", "consistent",     "consistent_random", "murmur2",
                                        "fnv1a",  "murmur2_random", "fnv1a_random"};
    for (size_t i = 0; value && i < RK_COUNT_OF(names); i++)
        if (!strcmp(value, names[i]))
            return NULL;
    return "one of random, consistent, consistent_random, murmur2, murmur2_random, fnv1a, "
           "fnv1a_random";
}
