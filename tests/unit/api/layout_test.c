/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The public headers are the same to the byte as those programs were compiled with: sizes, offsets,
 * values, types. Almost all of it is checked while this is compiled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"

#define IS_SAME_TYPE(expression, expected) _Generic((expression), expected : 1, default : 0)

/* Layouts are those of machines with 64-bit pointers. */
#if UINTPTR_MAX == UINT64_MAX
#define PUBLIC_STRUCT(type, size, alignment)                       \
    _Static_assert(sizeof(type) == (size), #type " has its size"); \
    _Static_assert(_Alignof(type) == (alignment), #type " has its alignment");
#define PUBLIC_PART(type, member, offset, size)                                               \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " is in its place"); \
    _Static_assert(sizeof(((type *)0)->member) == (size), #type "." #member " has its size");
#define PUBLIC_MEMBER(type, member, member_type, offset, size) \
    PUBLIC_PART(type, member, offset, size)                    \
    _Static_assert(IS_SAME_TYPE(((type *)0)->member, member_type), #member " has its type");
#include "public_structs.def"
#undef PUBLIC_STRUCT
#undef PUBLIC_PART
#undef PUBLIC_MEMBER
#endif

#define PUBLIC_ENUM(type, is_signed)                         \
    _Static_assert(sizeof(type) == 4, #type " has 32 bits"); \
    _Static_assert(IS_SAME_TYPE((type)0, int) == (is_signed), #type " has its sign");
#define PUBLIC_VALUE(name, value) _Static_assert((name) == (value), #name " has its value");
#define PUBLIC_MACRO(name, value) _Static_assert((name) == (value), #name " has its value");
#include "public_values.def"
#undef PUBLIC_ENUM
#undef PUBLIC_VALUE
#undef PUBLIC_MACRO

_Static_assert(IS_SAME_TYPE(RD_KAFKA_PARTITION_UA, int32_t), "the type of no partition");
_Static_assert(IS_SAME_TYPE((rd_kafka_topic_partition_t *)0, struct rd_kafka_topic_partition_s *),
               "an entry by both names");
_Static_assert(IS_SAME_TYPE((rd_kafka_message_t *)0, struct rd_kafka_message_s *),
               "a message by both names");
_Static_assert(IS_SAME_TYPE((rd_kafka_metadata_t *)0, struct rd_kafka_metadata *),
               "metadata by both names");
_Static_assert(IS_SAME_TYPE((rd_kafka_CreateTopics_result_t *)0, rd_kafka_event_t *),
               "a result is an event");
_Static_assert(IS_SAME_TYPE((rd_kafka_ElectLeaders_result_t *)0, rd_kafka_event_t *),
               "a result is an event");
_Static_assert(IS_SAME_TYPE((rd_kafka_AclBindingFilter_t *)0, rd_kafka_AclBinding_t *),
               "a filter is an ACL");

/* How many of everything the tables have: nothing was left out of them. */
static void test_counts(void **state)
{
    int structs = 0, members = 0, enums = 0, values = 0, macros = 0;

    (void)state;
#define PUBLIC_STRUCT(type, size, alignment)                   structs++;
#define PUBLIC_PART(type, member, offset, size)                members++;
#define PUBLIC_MEMBER(type, member, member_type, offset, size) members++;
#include "public_structs.def"
#define PUBLIC_ENUM(type, is_signed) enums++;
#define PUBLIC_VALUE(name, value)    values++;
#define PUBLIC_MACRO(name, value)    macros++;
#include "public_values.def"
    assert_int_equal(structs, 12);
    assert_int_equal(members, 77);
    assert_int_equal(enums, 23);
    assert_int_equal(values, 318);
    assert_int_equal(macros, 54);
}

static void test_debug_contexts(void **state)
{
    (void)state;
    assert_string_equal(RD_KAFKA_DEBUG_CONTEXTS,
                        "all,generic,broker,topic,metadata,feature,queue,msg,protocol,cgrp,"
                        "security,fetch,interceptor,plugin,consumer,admin,eos,mock,assignor,conf");
}

struct seen {
    int tags;
    const char *topic, *header_name;
    rd_kafka_topic_t *rkt;
    int32_t partition;
    void *value, *key, *opaque;
    const void *header_value;
    size_t value_size, key_size;
    ssize_t header_size;
    int flags;
    int64_t timestamp;
    rd_kafka_headers_t *headers;
};

/* Reads arguments with exactly the types that a program compiled long ago passes. */
static void read_arguments(struct seen *seen, ...)
{
    va_list arguments;
    rd_kafka_vtype_t tag;

    va_start(arguments, seen);
    while ((tag = va_arg(arguments, rd_kafka_vtype_t)) != RD_KAFKA_VTYPE_END) {
        seen->tags |= 1 << tag;
        switch (tag) {
        case RD_KAFKA_VTYPE_TOPIC:
            seen->topic = va_arg(arguments, const char *);
            break;
        case RD_KAFKA_VTYPE_RKT:
            seen->rkt = va_arg(arguments, rd_kafka_topic_t *);
            break;
        case RD_KAFKA_VTYPE_PARTITION:
            seen->partition = va_arg(arguments, int32_t);
            break;
        case RD_KAFKA_VTYPE_VALUE:
            seen->value = va_arg(arguments, void *);
            seen->value_size = va_arg(arguments, size_t);
            break;
        case RD_KAFKA_VTYPE_KEY:
            seen->key = va_arg(arguments, void *);
            seen->key_size = va_arg(arguments, size_t);
            break;
        case RD_KAFKA_VTYPE_OPAQUE:
            seen->opaque = va_arg(arguments, void *);
            break;
        case RD_KAFKA_VTYPE_MSGFLAGS:
            seen->flags = va_arg(arguments, int);
            break;
        case RD_KAFKA_VTYPE_TIMESTAMP:
            seen->timestamp = va_arg(arguments, int64_t);
            break;
        case RD_KAFKA_VTYPE_HEADER:
            seen->header_name = va_arg(arguments, const char *);
            seen->header_value = va_arg(arguments, const void *);
            seen->header_size = va_arg(arguments, ssize_t);
            break;
        case RD_KAFKA_VTYPE_HEADERS:
            seen->headers = va_arg(arguments, rd_kafka_headers_t *);
            break;
        case RD_KAFKA_VTYPE_END:
            break;
        }
    }
    va_end(arguments);
}

/* Small constants and narrow types arrive whole, whatever the caller's expression was. */
static void test_arguments_of_producev(void **state)
{
    struct seen seen = {0};
    char value[] = "value";
    uint8_t narrow = 200;
    char topic_marker, headers_marker;
    rd_kafka_topic_t *rkt = (rd_kafka_topic_t *)&topic_marker;
    rd_kafka_headers_t *headers = (rd_kafka_headers_t *)&headers_marker;

    (void)state;
    read_arguments(&seen, RD_KAFKA_V_TOPIC("topic"), RD_KAFKA_V_RKT(rkt), RD_KAFKA_V_PARTITION(-1),
                   RD_KAFKA_V_VALUE(value + 1, narrow), RD_KAFKA_V_KEY("key", narrow ? 3 : 0),
                   RD_KAFKA_V_OPAQUE(&seen),
                   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                   RD_KAFKA_V_TIMESTAMP(-5), RD_KAFKA_V_HEADER("name", "text", -1),
                   RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    assert_int_equal(seen.tags, 0x7fe);
    assert_string_equal(seen.topic, "topic");
    assert_ptr_equal(seen.rkt, rkt);
    assert_int_equal(seen.partition, -1);
    assert_ptr_equal(seen.value, value + 1);
    assert_int_equal(seen.value_size, 200);
    assert_string_equal(seen.key, "key");
    assert_int_equal(seen.key_size, 3);
    assert_ptr_equal(seen.opaque, &seen);
    assert_int_equal(seen.flags, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK);
    assert_int_equal(seen.timestamp, -5);
    assert_string_equal(seen.header_name, "name");
    assert_string_equal(seen.header_value, "text");
    assert_int_equal(seen.header_size, -1);
    assert_ptr_equal(seen.headers, headers);
}

/* The type checks look at an argument without running it a second time. */
static void test_arguments_are_evaluated_once(void **state)
{
    struct seen seen = {0};
    int32_t partition = 7;
    int64_t timestamp = 70;

    (void)state;
    read_arguments(&seen, RD_KAFKA_V_PARTITION(partition++), RD_KAFKA_V_TIMESTAMP(++timestamp),
                   RD_KAFKA_V_END);
    assert_int_equal(seen.partition, 7);
    assert_int_equal(partition, 8);
    assert_int_equal(seen.timestamp, 71);
    assert_int_equal(timestamp, 71);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_debug_contexts),
        cmocka_unit_test(test_arguments_of_producev),
        cmocka_unit_test(test_arguments_are_evaluated_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
