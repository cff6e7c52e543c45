/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of headers and their wire form, whole, cut off and malformed; headers of messages.
 */
#include "fixture.h"

#include "event/headers.h"

static void expect_header(const struct rk_record_header *header, const char *name,
                          const char *value)
{
    assert_non_null(header);
    assert_string_equal(header->name, name);
    assert_int_equal(header->name_size, strlen(name));
    if (!value) {
        assert_null(header->value);
        assert_int_equal(header->value_size, -1);
        return;
    }
    assert_int_equal(header->value_size, strlen(value));
    assert_string_equal((const char *)header->value, value);
}

static rd_kafka_headers_t *sample(void)
{
    rd_kafka_headers_t *headers = rk_headers_new(2);
    assert_int_equal(rk_headers_add(headers, "one", -1, "first", -1), 0);
    assert_int_equal(rk_headers_add(headers, "two", -1, NULL, 7), 0);
    assert_int_equal(rk_headers_add(headers, "onerous", 3, "second one", 6), 0);
    assert_int_equal(rk_headers_add(headers, "", -1, "", 0), 0);
    return headers;
}

static void expect_sample(const rd_kafka_headers_t *headers)
{
    assert_int_equal(rk_headers_count(headers), 4);
    expect_header(rk_headers_at(headers, 0), "one", "first");
    expect_header(rk_headers_at(headers, 1), "two", NULL);
    expect_header(rk_headers_at(headers, 2), "one", "second");
    expect_header(rk_headers_at(headers, 3), "", "");
}

static void test_list(void **state)
{
    (void)state;
    rd_kafka_headers_t *headers = sample();
    expect_sample(headers);
    expect_header(rk_headers_find(headers, "one", 0), "one", "first");
    expect_header(rk_headers_find(headers, "one", 1), "one", "second");
    assert_null(rk_headers_find(headers, "one", 2));
    assert_null(rk_headers_find(headers, "on", 0));
    expect_header(rk_headers_find_last(headers, "one"), "one", "second");
    expect_header(rk_headers_find_last(headers, "two"), "two", NULL);
    assert_null(rk_headers_find_last(headers, "three"));

    rd_kafka_headers_t *copy = rk_headers_try_copy(headers);
    assert_int_equal(rk_headers_remove(headers, "one"), 2);
    assert_int_equal(rk_headers_remove(headers, "one"), 0);
    assert_int_equal(rk_headers_count(headers), 2);
    expect_header(rk_headers_at(headers, 0), "two", NULL);
    rk_headers_destroy(headers);
    expect_sample(copy);

    /* A copy is a list like any other. */
    assert_int_equal(rk_headers_remove(copy, "one"), 2);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rk_headers_add(copy, "more", -1, "x", 1), 0);
    assert_int_equal(rk_headers_count(copy), 102);
    assert_int_equal(rk_headers_remove(copy, "more"), 100);
    expect_header(rk_headers_at(copy, 1), "", "");
    rk_headers_destroy(copy);
    rk_headers_destroy(NULL);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    rd_kafka_headers_t *headers = rk_headers_new(0);
    assert_int_equal(rk_headers_add(headers, NULL, -1, "x", 1), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rk_headers_add(headers, "x", -2, "x", 1), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rk_headers_add(headers, "x", 1, "x", -2), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rk_headers_add(headers, "x", 1, "x", (ssize_t)INT32_MAX + 1),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rk_headers_count(headers), 0);
    rd_kafka_headers_t *copy = rk_headers_try_copy(headers);
    assert_int_equal(rk_headers_count(copy), 0);
    rk_headers_destroy(copy);
    rk_headers_destroy(headers);
    rk_headers_destroy(rk_headers_new(SIZE_MAX));
}

static void test_wire_form(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        8,                                                  /* Four, in zigzag. */
        6, 'o', 'n', 'e', 10, 'f', 'i', 'r', 's', 't',      /* */
        6, 't', 'w', 'o', 1,                                /* Null. */
        6, 'o', 'n', 'e', 12, 's', 'e', 'c', 'o', 'n', 'd', /* */
        0, 0,                                               /* Both empty. */
    };
    uint8_t bytes[sizeof(expected) + 1];
    rd_kafka_headers_t *headers = sample(), *parsed;
    assert_int_equal(rk_headers_wire_size(headers), sizeof(expected));
    assert_ptr_equal(rk_headers_write(headers, bytes), bytes + sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
    rk_headers_destroy(headers);

    assert_int_equal(rk_headers_parse(bytes, sizeof(expected), &parsed), 0);
    expect_sample(parsed);
    rk_headers_destroy(parsed);

    for (size_t size = 1; size < sizeof(expected); size++) {
        /* At the end of its memory, for the sanitizer to see. */
        uint8_t *cut = rk_malloc(size);
        memcpy(cut, bytes, size);
        assert_int_equal(rk_headers_parse(cut, size, &parsed), RD_KAFKA_RESP_ERR__BAD_MSG);
        assert_null(parsed);
        rk_free(cut);
    }
    assert_int_equal(rk_headers_parse(bytes, sizeof(bytes), &parsed), RD_KAFKA_RESP_ERR__BAD_MSG);

    assert_int_equal(rk_headers_parse((const uint8_t *)"\0", 1, &parsed), 0);
    assert_int_equal(rk_headers_count(parsed), 0);
    assert_int_equal(rk_headers_wire_size(parsed), 0);
    rk_headers_destroy(parsed);
    assert_int_equal(rk_headers_wire_size(NULL), 0);
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"\1", 1},                         /* A count of -1. */
        {"\xfe\xff\xff\xff\x0f", 5},       /* Two thousand million. */
        {"\xc2\x9a\x0c\0\0\0\0", 7},       /* 100001, and no room for them. */
        {"\2\1\0", 3},                     /* A null name. */
        {"\2\0\3", 3},                     /* A value of size -2. */
        {"\2\xfe\xff\xff\xff\x0f\0\0", 8}, /* A name of 2 GiB. */
    };
    for (size_t i = 0; i < RK_COUNT_OF(cases); i++) {
        rd_kafka_headers_t *parsed;
        assert_int_equal(rk_headers_parse((const uint8_t *)cases[i].bytes, cases[i].size, &parsed),
                         RD_KAFKA_RESP_ERR__BAD_MSG);
        assert_null(parsed);
    }
}

static void test_too_many_to_send(void **state)
{
    (void)state;
    rd_kafka_headers_t *headers = rk_headers_new(0);
    for (int i = 0; i <= RK_RECORD_HEADERS_MAX; i++)
        rk_headers_add(headers, "x", 1, NULL, 0);
    assert_int_equal(rk_headers_wire_size(headers), SIZE_MAX);
    assert_int_equal(rk_headers_remove(headers, "x"), RK_RECORD_HEADERS_MAX + 1);
    rk_headers_destroy(headers);
}

/* Headers of messages */

static const uint8_t raw[] = {2, 2, 'a', 2, 'b'};

static void test_message_parses_once(void **state)
{
    (void)state;
    reset_notes();
    struct rk_message *message = message_new(0, 0);
    rd_kafka_headers_t *headers, *again;
    assert_int_equal(rk_message_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    assert_null(headers);

    message->raw_headers = (struct rk_bytes){raw, sizeof(raw)};
    assert_int_equal(rk_message_headers(message, &headers), 0);
    expect_header(rk_headers_at(headers, 0), "a", "b");
    assert_int_equal(rk_message_headers(message, &again), 0);
    assert_ptr_equal(headers, again);
    rk_message_destroy(message);
    assert_int_equal(destroyed_count, 1);
}

static void test_message_without(void **state)
{
    (void)state;
    struct rk_message *message = message_new(0, 0);
    rd_kafka_headers_t *headers;
    message->raw_headers = (struct rk_bytes){raw, 0};
    assert_int_equal(rk_message_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    message->raw_headers = (struct rk_bytes){(const uint8_t *)"", 1};
    assert_int_equal(rk_message_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(rk_message_detach_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    message->raw_headers = (struct rk_bytes){raw, sizeof(raw) - 1};
    assert_int_equal(rk_message_headers(message, &headers), RD_KAFKA_RESP_ERR__BAD_MSG);
    rk_message_destroy(message);
}

static void test_message_gives_away(void **state)
{
    (void)state;
    struct rk_message *message = message_new(0, 0);
    rd_kafka_headers_t *headers, *none;
    message->raw_headers = (struct rk_bytes){raw, sizeof(raw)};
    assert_int_equal(rk_message_detach_headers(message, &headers), 0);
    assert_int_equal(rk_message_headers(message, &none), RD_KAFKA_RESP_ERR__NOENT);
    rk_message_destroy(message);
    expect_header(rk_headers_at(headers, 0), "a", "b");
    rk_headers_destroy(headers);
}

static void test_message_takes(void **state)
{
    (void)state;
    struct rk_message *message = message_new(0, 0);
    rd_kafka_headers_t *headers;
    message->raw_headers = (struct rk_bytes){raw, sizeof(raw)};
    assert_int_equal(rk_message_headers(message, &headers), 0);
    rk_message_set_headers(message, headers);
    rk_message_set_headers(message, sample());
    assert_int_equal(rk_message_headers(message, &headers), 0);
    expect_sample(headers);
    rk_message_set_headers(message, NULL);
    assert_int_equal(rk_message_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    rk_message_set_headers(message, sample());
    rk_message_destroy(message);
}

static void test_error_message(void **state)
{
    (void)state;
    reset_notes();
    struct rk_core *core = core_new(NULL);
    rd_kafka_topic_t *topic = topic_new(core, "words");
    struct rk_message *message =
        rk_message_new_error(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, topic, 2, 8, NULL);
    rk_topic_release(topic);
    const char *text = rd_kafka_err2str(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED);
    assert_string_equal(message->rkmessage.payload, text);
    assert_int_equal(message->rkmessage.len, strlen(text));
    assert_string_equal(rk_topic_name(message->rkmessage.rkt), "words");
    rd_kafka_headers_t *headers;
    assert_int_equal(rk_message_headers(message, &headers), RD_KAFKA_RESP_ERR__NOENT);
    assert_int_equal(destroyed_count, 0);
    rk_message_destroy(message);
    assert_int_equal(destroyed_count, 1);
    rk_message_destroy(NULL);

    struct rk_message elsewhere = {.holder = NULL};
    rk_message_destroy(&elsewhere);
    core_end(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_wire_form),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_too_many_to_send),
        cmocka_unit_test(test_message_parses_once),
        cmocka_unit_test(test_message_without),
        cmocka_unit_test(test_message_gives_away),
        cmocka_unit_test(test_message_takes),
        cmocka_unit_test(test_error_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
