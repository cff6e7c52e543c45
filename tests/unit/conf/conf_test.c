/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setting, reading, copying and dumping properties.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "conf/conf.h"
#include "conf/properties.h"

static char errstr[512];

static struct rd_kafka_conf_s *new_conf(void)
{
    return rk_conf_new(NULL);
}

static rd_kafka_conf_res_t set(struct rd_kafka_conf_s *conf, const char *name, const char *value)
{
    errstr[0] = '\0';
    return rk_conf_set(conf, name, value, errstr, sizeof(errstr));
}

/* The value, "(unset)" when there is none. */
static const char *get(const struct rd_kafka_conf_s *conf, const char *name)
{
    static char value[512];
    size_t size = sizeof(value);
    if (rk_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK)
        return "(unset)";
    assert_int_equal(size, strlen(value) + 1);
    return value;
}

struct trial {
    const char *name, *value;
    const char *result; /* What it reads afterwards; NULL: refused, value unchanged. */
};

static const struct trial value_trials[] = {
    /* Texts. */
    {"client.id", "x", "x"},
    {"client.id", "   x y  ", "x y  "},
    {"client.id", "", "rdkafka"},
    {"client.id", "x", "x"},
    {"client.id", NULL, "rdkafka"},
    {"client.id", "   ", ""},
    {"group.id", "g", "g"},
    {"group.id", "", "(unset)"},
    {"client.rack", "r", "r"},
    {"client.rack", "", ""},
    {"client.rack", " r", " r"},
    {"client.rack", NULL, ""},
    {"group.protocol.type", "x", "x"},
    {"group.protocol.type", "", "consumer"},
    /* Booleans. */
    {"socket.keepalive.enable", "T", "true"},
    {"socket.keepalive.enable", "0", "false"},
    {"socket.keepalive.enable", "1", "true"},
    {"socket.keepalive.enable", "False", "false"},
    {"socket.keepalive.enable", "TRUE", "true"},
    {"socket.keepalive.enable", "f", "false"},
    {"socket.keepalive.enable", "yes", NULL},
    {"socket.keepalive.enable", " true", NULL},
    {"socket.keepalive.enable", "", NULL},
    {"socket.keepalive.enable", NULL, NULL},
    /* Whole numbers. */
    {"message.max.bytes", "2000", "2000"},
    {"message.max.bytes", "0x1000", "4096"},
    {"message.max.bytes", "010000", "4096"},
    {"message.max.bytes", "+3000", "3000"},
    {"message.max.bytes", " 2000", "2000"},
    {"message.max.bytes", "2001abc", "2001"},
    {"message.max.bytes", "2002.9", "2002"},
    {"message.max.bytes", "12abc", NULL},
    {"message.max.bytes", "abc", NULL},
    {"message.max.bytes", "-5", NULL},
    {"message.max.bytes", "999", NULL},
    {"message.max.bytes", "1000", "1000"},
    {"message.max.bytes", "1000000000", "1000000000"},
    {"message.max.bytes", "1000000001", NULL},
    {"message.max.bytes", "   ", NULL},
    {"message.max.bytes", "", NULL},
    {"message.max.bytes", NULL, NULL},
    {"message.max.bytes", "99999999999999999999999", NULL},
    {"retries", "99999999999", "1215752191"},
    {"retries", "4294967297", "1"},
    {"acks", "all", "-1"},
    {"acks", "1", "1"},
    {"acks", "ALL", "-1"},
    {"acks", "  0", "0"},
    {"acks", "all ", NULL},
    {"acks", "xx", NULL},
    {"acks", "5000", NULL},
    /* Fractions. */
    {"linger.ms", "1.5", "1.5"},
    {"linger.ms", "0.1", "0.1"},
    {"linger.ms", "1e3", "1000"},
    {"linger.ms", "12junk", "12"},
    {"linger.ms", "1234.5678", "1234.57"},
    {"linger.ms", "900000", "900000"},
    {"linger.ms", "900000.1", NULL},
    {"linger.ms", "-1", NULL},
    {"linger.ms", "abc", NULL},
    {"linger.ms", "nan", NULL},
    {"linger.ms", "inf", NULL},
    {"linger.ms", "", NULL},
    /* One of several names. */
    {"broker.address.family", "v4", "v4"},
    {"broker.address.family", " V6 ", "v6"},
    {"broker.address.family", "2", NULL},
    {"broker.address.family", "v4,v6", NULL},
    {"broker.address.family", "-v4", NULL},
    {"broker.address.family", "", NULL},
    {"broker.address.family", "  ", NULL},
    {"auto.offset.reset", "earliest", "smallest"},
    {"auto.offset.reset", "beginning", "smallest"},
    {"auto.offset.reset", "latest", "largest"},
    {"auto.offset.reset", "end", "largest"},
    {"auto.offset.reset", "error", "error"},
    {"auto.offset.reset", "x", NULL},
    {"compression.codec", "inherit", NULL},
    {"topic.compression.codec", "inherit", "none"}, /* Reads the client's property. */
    {"offset.store.method", "none", "none"},
    {"topic.offset.store.method", "none", NULL},
    /* Lists of flags: each call adds. */
    {"debug", "broker", "broker"},
    {"debug", "topic, MSG ", "broker,topic,msg"},
    {"debug", "-broker", "topic,msg"},
    {"debug", "+ cgrp", "topic,msg,cgrp"},
    {"debug", ",, ,", "topic,msg,cgrp"},
    {"debug", "foo", NULL},
    {"debug", "broker,foo", NULL},
    {"debug", "-all", ""},
    {"debug", "telemetry", "telemetry"},
    {"debug", "", NULL},
    /* Checked texts. */
    {"sasl.mechanism", "PLAIN", "PLAIN"},
    {"sasl.mechanism", "PLAIN,GSSAPI", NULL},
    {"sasl.mechanism", "PLAIN GSSAPI", NULL},
    {"sasl.mechanism", "", NULL},
    {"partitioner", "murmur2", "murmur2"},
    {"partitioner", "MURMUR2", NULL},
    {"partitioner", "", NULL},
    {"partitioner", "fnv1a_random", "fnv1a_random"},
    {"broker.version.fallback", "0.9.0.1", "0.9.0.1"},
    {"broker.version.fallback", "0.8.x", "0.8.x"},
    {"broker.version.fallback", "2.3.1", "2.3.1"},
    {"broker.version.fallback", "1", "1"},
    {"broker.version.fallback", "0.7.0", NULL},
    {"broker.version.fallback", "x", NULL},
    {"broker.version.fallback", "1.", NULL},
    {"broker.version.fallback", "", NULL},
    {"plugin.library.paths", "", "(unset)"},
    /* Patterns. */
    {"topic.blacklist", "^foo,bar", "^foo,bar"},
    {"topic.blacklist", "foo,[bar", NULL},
    {"topic.blacklist", "a,,b", "a,,b"},
    {"topic.blacklist", "", "(unset)"},
    /* Not settable as text. */
    {"error_cb", "x", NULL},
    {"error_cb", "", NULL},
    {"opaque", "1", NULL},
    {"ssl_key", "x", NULL},
    {"interceptors", "x", NULL},
    {"default_topic_conf", "x", NULL},
    {"ssl.truststore.location", "x", NULL},
    {"ssl.truststore.location", "", NULL},
    {"sasl.jaas.config", "x", NULL},
    {"enabled_events", "3", "3"},
};

static void test_values(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    for (size_t i = 0; i < RK_COUNT_OF(value_trials); i++) {
        const struct trial *trial = &value_trials[i];
        bool has_prefix =
            !strncmp(trial->name, "topic.", 6) && strcmp(trial->name, "topic.blacklist");
        const char *name = has_prefix ? trial->name + 6 : trial->name;
        char before[512];
        snprintf(before, sizeof(before), "%s", get(conf, name));
        rd_kafka_conf_res_t result = set(conf, trial->name, trial->value);
        if (result != (trial->result ? RD_KAFKA_CONF_OK : RD_KAFKA_CONF_INVALID) ||
            strcmp(get(conf, name), trial->result ? trial->result : before))
            fail_msg("%s=%s gives %d, reads \"%s\": %s", trial->name, trial->value, result,
                     get(conf, name), errstr);
        assert_int_equal(*errstr != 0, result != RD_KAFKA_CONF_OK);
    }
    rk_conf_destroy(conf);
}

static void test_refusals_name_property_value_and_range(void **state)
{
    static const struct {
        const char *name, *value, *parts[3];
    } trials[] = {
        {"message.max.bytes", "5", {"\"message.max.bytes\"", "5", "1000..1000000000"}},
        {"message.max.bytes", "abc", {"\"message.max.bytes\"", "\"abc\"", "1000..1000000000"}},
        {"retries", "-1", {"\"message.send.max.retries\"", "-1", "0..2147483647"}},
        {"linger.ms", "900001", {"\"queue.buffering.max.ms\"", "900001", "0..900000"}},
        {"acks", "some", {"\"request.required.acks\"", "\"some\"", "-1..1000, all"}},
        {"check.crcs", "maybe", {"\"check.crcs\"", "\"maybe\"", "true, false"}},
        {"isolation.level",
         "x",
         {"\"isolation.level\"", "\"x\"", "read_uncommitted, read_committed"}},
        {"debug", "broker,x", {"\"debug\"", "\"broker,x\"", "generic, broker"}},
        {"partitioner", "x", {"\"partitioner\"", "\"x\"", "murmur2_random"}},
        {"topic.blacklist", "a,(b", {"\"topic.blacklist\"", "\"a,(b\"", "\"(b\""}},
        {"nonsense", "1", {"No such configuration property", "\"nonsense\"", ""}},
        {"ssl.truststore.location", "x", {"\"ssl.truststore.location\"", "ssl.ca.location", "PEM"}},
        {"plugin.library.paths", "x", {"plugin.library.paths", "cannot open", "(plugin x)"}},
    };
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    for (size_t i = 0; i < RK_COUNT_OF(trials); i++) {
        assert_int_not_equal(set(conf, trials[i].name, trials[i].value), RD_KAFKA_CONF_OK);
        for (size_t part = 0; part < 3; part++)
            if (!strstr(errstr, trials[i].parts[part]))
                fail_msg("\"%s\" lacks \"%s\"", errstr, trials[i].parts[part]);
        /* Without room for a text, the result is the same. */
        assert_int_not_equal(rk_conf_set(conf, trials[i].name, trials[i].value, NULL, 0),
                             RD_KAFKA_CONF_OK);
        assert_int_not_equal(rk_conf_set(conf, trials[i].name, trials[i].value, errstr, 0),
                             RD_KAFKA_CONF_OK);
        char small[8];
        rk_conf_set(conf, trials[i].name, trials[i].value, small, sizeof(small));
        assert_int_equal(strlen(small), 7);
    }
    rk_conf_destroy(conf);
}

static void test_unknown_names(void **state)
{
    static const char *const names[] = {
        "foo",       "",           "topic.",           "topic.foo",
        "Client.id", "TOPIC.acks", "topic.topic.acks", "topic.client.id"};
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    for (size_t i = 0; i < RK_COUNT_OF(names); i++)
        assert_int_equal(set(conf, names[i], "1"), RD_KAFKA_CONF_UNKNOWN);
    assert_null(conf->default_topic_conf);
    assert_string_equal(get(conf, "foo"), "(unset)");
    rk_conf_destroy(conf);
}

static void test_aliases(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    assert_int_equal(set(conf, "bootstrap.servers", "a:1"), RD_KAFKA_CONF_OK);
    assert_string_equal(get(conf, "metadata.broker.list"), "a:1");
    assert_int_equal(set(conf, "metadata.broker.list", "b:2"), RD_KAFKA_CONF_OK);
    assert_string_equal(get(conf, "bootstrap.servers"), "b:2");
    assert_int_equal(set(conf, "compression.type", "none"), RD_KAFKA_CONF_OK);
    assert_true(rk_conf_is_modified(conf, compression_codec));
    assert_null(conf->default_topic_conf);
    rk_conf_destroy(conf);
}

static void test_topic_properties_through_the_client(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    assert_string_equal(get(conf, "acks"), "(unset)"); /* No topic configuration yet. */
    assert_int_equal(set(conf, "acks", "1"), RD_KAFKA_CONF_OK);
    assert_int_equal(conf->default_topic_conf->conf.request_required_acks, 1);
    assert_int_equal(set(conf, "topic.acks", "0"), RD_KAFKA_CONF_OK);
    assert_string_equal(get(conf, "request.required.acks"), "0");
    assert_string_equal(get(conf, "message.timeout.ms"), "300000");
    assert_string_equal(get(conf, "topic.acks"), "(unset)");
    /* A name at both scopes is the client's; the prefix asks for the topic's. */
    assert_int_equal(set(conf, "enable.auto.commit", "false"), RD_KAFKA_CONF_OK);
    assert_int_equal(conf->conf.enable_auto_commit, 0);
    assert_int_equal(conf->default_topic_conf->conf.auto_commit_enable, 1);
    assert_int_equal(set(conf, "topic.enable.auto.commit", "false"), RD_KAFKA_CONF_OK);
    assert_int_equal(conf->default_topic_conf->conf.auto_commit_enable, 0);
    rk_conf_destroy(conf);
}

static void test_topic_conf(void **state)
{
    (void)state;
    struct rd_kafka_topic_conf_s *topic_conf = rk_topic_conf_new();
    char value[32];
    size_t size = sizeof(value);
    assert_int_equal(rk_topic_conf_set(topic_conf, "topic.acks", "1", errstr, sizeof(errstr)),
                     RD_KAFKA_CONF_OK);
    assert_int_equal(rk_topic_conf_get(topic_conf, "acks", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "1");
    assert_int_equal(rk_topic_conf_get(topic_conf, "topic.acks", value, &size),
                     RD_KAFKA_CONF_UNKNOWN);
    assert_int_equal(rk_topic_conf_set(topic_conf, "client.id", "x", errstr, sizeof(errstr)),
                     RD_KAFKA_CONF_UNKNOWN);
    assert_int_equal(rk_topic_conf_set(topic_conf, "opaque", "x", errstr, sizeof(errstr)),
                     RD_KAFKA_CONF_INVALID);
    topic_conf->conf.callbacks.opaque = value;
    topic_conf->modified[RK_TOPIC_CONF_ID_opaque] = true;
    struct rd_kafka_topic_conf_s *copy = rk_topic_conf_dup(topic_conf);
    assert_int_equal(copy->conf.request_required_acks, 1);
    assert_ptr_equal(copy->conf.callbacks.opaque, value);
    assert_string_equal(copy->conf.partitioner, "consistent_random");
    assert_ptr_not_equal(copy->conf.partitioner, topic_conf->conf.partitioner);
    assert_true(rk_topic_conf_is_modified(copy, request_required_acks));
    assert_false(rk_topic_conf_is_modified(copy, partitioner));
    rk_topic_conf_destroy(copy);
    rk_topic_conf_destroy(topic_conf);
    rk_topic_conf_destroy(NULL);
}

static void test_get_sizes(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    char value[8] = "#######";
    size_t size = 0;
    assert_int_equal(rk_conf_get(conf, "message.max.bytes", NULL, &size), RD_KAFKA_CONF_OK);
    assert_int_equal(size, 8);
    assert_int_equal(rk_conf_get(conf, "message.max.bytes", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "1000000");
    size = 4;
    assert_int_equal(rk_conf_get(conf, "message.max.bytes", value, &size), RD_KAFKA_CONF_OK);
    assert_int_equal(size, 8);
    assert_string_equal(value, "100");
    size = 0;
    memset(value, '#', sizeof(value));
    assert_int_equal(rk_conf_get(conf, "message.max.bytes", value, &size), RD_KAFKA_CONF_OK);
    assert_int_equal(value[0], '#');
    size = 5;
    assert_int_equal(rk_conf_get(conf, "group.id", value, &size), RD_KAFKA_CONF_UNKNOWN);
    assert_int_equal(size, 5);
    rk_conf_destroy(conf);
}

static void stats_callback(void)
{
}

static void test_pointers(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    char expected[32];
    assert_string_equal(get(conf, "stats_cb"), "(unset)");
    void (*function)(void) = stats_callback;
    memcpy(&conf->conf.callbacks.stats_cb, &function, sizeof(function));
    snprintf(expected, sizeof(expected), "%p", *(void **)&conf->conf.callbacks.stats_cb);
    assert_string_equal(get(conf, "stats_cb"), expected);
    assert_string_equal(get(conf, "default_topic_conf"), "(unset)");
    snprintf(expected, sizeof(expected), "%p", (void *)rk_conf_default_topic_conf(conf));
    assert_string_equal(get(conf, "default_topic_conf"), expected);
    rk_conf_destroy(conf);
}

static const char *dumped(const char **pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i += 2)
        if (!strcmp(pairs[i], name))
            return pairs[i + 1];
    return NULL;
}

static void test_dump(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    size_t count = 0;
    set(conf, "ssl.key.password", "secret");
    set(conf, "linger.ms", "7");
    set(conf, "acks", "1");
    const char **pairs = rk_conf_dump(conf, &count);
    assert_int_equal(count % 2, 0);
    assert_string_equal(pairs[0], "builtin.features");
    assert_string_equal(pairs[2], "client.id");
    assert_string_equal(pairs[count - 2], "enable.metrics.push");
    assert_string_equal(dumped(pairs, count, "ssl.key.password"), "secret");
    assert_string_equal(dumped(pairs, count, "queue.buffering.max.ms"), "7");
    assert_string_equal(dumped(pairs, count, "debug"), "");
    assert_null(dumped(pairs, count, "linger.ms"));
    assert_null(dumped(pairs, count, "group.id"));
    assert_null(dumped(pairs, count, "request.required.acks"));
    assert_null(dumped(pairs, count, "ssl.truststore.location"));
    assert_null(dumped(pairs, count, "error_cb"));
    assert_non_null(dumped(pairs, count, "default_topic_conf"));
    rk_conf_dump_free(pairs, count);
    pairs = rk_topic_conf_dump(conf->default_topic_conf, &count);
    assert_string_equal(pairs[0], "request.required.acks");
    assert_string_equal(pairs[1], "1");
    assert_int_equal(count, 30);
    rk_conf_dump_free(pairs, count);
    rk_conf_destroy(conf);
}

static void test_patterns(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    assert_false(rk_patterns_match(&conf->conf.topic_blacklist, "foo"));
    set(conf, "topic.blacklist", "^foo,bar$");
    assert_true(rk_patterns_match(&conf->conf.topic_blacklist, "foobaz"));
    assert_true(rk_patterns_match(&conf->conf.topic_blacklist, "xbar"));
    assert_false(rk_patterns_match(&conf->conf.topic_blacklist, "xbarx"));
    assert_int_equal(set(conf, "topic.blacklist", "(("), RD_KAFKA_CONF_INVALID);
    assert_true(rk_patterns_match(&conf->conf.topic_blacklist, "foobaz"));
    struct rd_kafka_conf_s *copy = rk_conf_dup(conf, 0, NULL);
    set(conf, "topic.blacklist", NULL);
    assert_false(rk_patterns_match(&conf->conf.topic_blacklist, "foobaz"));
    assert_true(rk_patterns_match(&copy->conf.topic_blacklist, "foobaz"));
    rk_conf_destroy(copy);
    rk_conf_destroy(conf);
}

static void test_features_can_be_asked_for(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    char before[512];
    snprintf(before, sizeof(before), "%s", get(conf, "builtin.features"));
    assert_int_equal(set(conf, "builtin.features", "regex"), RD_KAFKA_CONF_OK);
    assert_int_equal(set(conf, "builtin.features", "-regex"), RD_KAFKA_CONF_OK);
    assert_string_equal(get(conf, "builtin.features"), before);
    const struct rk_property_value *feature =
        rk_conf_properties[RK_CONF_ID_builtin_features].values;
    for (; feature->name; feature++) {
        assert_int_equal(set(conf, "builtin.features", feature->name),
                         feature->built ? RD_KAFKA_CONF_OK : RD_KAFKA_CONF_INVALID);
        if (!feature->built)
            assert_non_null(strstr(errstr, feature->name));
    }
    assert_int_equal(set(conf, "builtin.features", "nonsense"), RD_KAFKA_CONF_INVALID);
    struct rd_kafka_conf_s *copy = rk_conf_dup(conf, 0, NULL);
    assert_string_equal(get(copy, "builtin.features"), before);
    rk_conf_destroy(copy);
    rk_conf_destroy(conf);
}

static void test_codecs_are_those_built(void **state)
{
    static const struct {
        const char *name;
        int built;
    } codecs[] = {{"none", 1},
                  {"gzip", RK_WITH_ZLIB},
                  {"snappy", RK_WITH_SNAPPY},
                  {"lz4", RK_WITH_LZ4},
                  {"zstd", RK_WITH_ZSTD}};
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    for (size_t i = 0; i < RK_COUNT_OF(codecs); i++) {
        rd_kafka_conf_res_t expected = codecs[i].built ? RD_KAFKA_CONF_OK : RD_KAFKA_CONF_INVALID;
        assert_int_equal(set(conf, "compression.codec", codecs[i].name), expected);
        assert_int_equal(set(conf, "topic.compression.codec", codecs[i].name), expected);
    }
    rk_conf_destroy(conf);
}

static void test_dup(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    set(conf, "client.id", "me");
    set(conf, "message.max.bytes", "1000000"); /* The default, but set. */
    set(conf, "debug", "broker");
    set(conf, "linger.ms", "0.5");
    set(conf, "acks", "1");
    conf->conf.fetch_max_bytes = 77; /* Derived: not set by the application. */
    conf->conf.callbacks.opaque = conf;
    conf->modified[RK_CONF_ID_opaque] = true;
    rk_conf_set_certificate(conf, RD_KAFKA_CERT_CA, RD_KAFKA_CERT_ENC_PEM, "pem", 3, errstr,
                            sizeof(errstr));
    struct rd_kafka_conf_s *copy = rk_conf_dup(conf, 0, NULL);
    assert_string_equal(copy->conf.client_id, "me");
    assert_true(rk_conf_is_modified(copy, message_max_bytes));
    assert_false(rk_conf_is_modified(copy, receive_message_max_bytes));
    assert_int_equal(copy->conf.debug, RK_DEBUG_BROKER);
    assert_true(copy->conf.queue_buffering_max_ms == 0.5);
    assert_int_equal(copy->conf.fetch_max_bytes, 52428800);
    assert_ptr_equal(copy->conf.callbacks.opaque, conf);
    assert_int_equal(copy->default_topic_conf->conf.request_required_acks, 1);
    assert_ptr_not_equal(copy->default_topic_conf, conf->default_topic_conf);
    assert_memory_equal(copy->conf.ssl_ca->bytes, "pem", 3);
    assert_ptr_not_equal(copy->conf.ssl_ca, conf->conf.ssl_ca);
    rk_conf_destroy(copy);

    const char *filter[] = {"client.", "queue.buffering.max"};
    copy = rk_conf_dup(conf, 2, filter);
    assert_string_equal(copy->conf.client_id, "rdkafka");
    assert_true(copy->conf.queue_buffering_max_ms == 5);
    assert_int_equal(copy->conf.debug, RK_DEBUG_BROKER);
    rk_conf_destroy(copy);
    rk_conf_destroy(conf);
}

static void test_certificates(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    assert_int_equal(rk_conf_set_certificate(conf, RD_KAFKA_CERT_PRIVATE_KEY, RD_KAFKA_CERT_ENC_DER,
                                             "abc", 3, NULL, 0),
                     RD_KAFKA_CONF_OK);
    assert_int_equal(conf->conf.ssl_key->size, 3);
    assert_int_equal(conf->conf.ssl_key->encoding, RD_KAFKA_CERT_ENC_DER);
    assert_int_equal(rk_conf_set_certificate(conf, RD_KAFKA_CERT_PRIVATE_KEY, RD_KAFKA_CERT_ENC_PEM,
                                             "de", 2, NULL, 0),
                     RD_KAFKA_CONF_OK);
    assert_memory_equal(conf->conf.ssl_key->bytes, "de", 2);
    assert_int_equal(rk_conf_set_certificate(conf, RD_KAFKA_CERT__CNT, RD_KAFKA_CERT_ENC_PEM, "de",
                                             2, errstr, sizeof(errstr)),
                     RD_KAFKA_CONF_INVALID);
    assert_int_equal(rk_conf_set_certificate(conf, RD_KAFKA_CERT_CA, RD_KAFKA_CERT_ENC__CNT, "de",
                                             2, errstr, sizeof(errstr)),
                     RD_KAFKA_CONF_INVALID);
    assert_int_equal(rk_conf_set_certificate(conf, RD_KAFKA_CERT_PRIVATE_KEY, RD_KAFKA_CERT_ENC_PEM,
                                             NULL, 0, NULL, 0),
                     RD_KAFKA_CONF_OK);
    assert_null(conf->conf.ssl_key);
    rk_conf_destroy(conf);
}

static void test_default_topic_conf_changes_hands(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    struct rd_kafka_topic_conf_s *first = rk_topic_conf_new(), *second = rk_topic_conf_new();
    rk_conf_set_default_topic_conf(conf, first);
    assert_ptr_equal(conf->default_topic_conf, first);
    rk_conf_set_default_topic_conf(conf, first);
    assert_false(conf->default_topic_conf_was_replaced);
    set(conf, "acks", "1");
    assert_int_equal(first->conf.request_required_acks, 1);
    rk_conf_set_default_topic_conf(conf, second);
    assert_true(conf->default_topic_conf_was_replaced);
    rk_conf_set_default_topic_conf(conf, NULL);
    assert_null(conf->default_topic_conf);
    rk_conf_destroy(conf);
    rk_conf_destroy(NULL);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    (void)rk, (void)err, (void)partitions, (void)opaque;
}

static void test_freeze(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = new_conf();
    conf->conf.callbacks.rebalance_cb = on_rebalance;
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_DR;
    const struct rk_conf *frozen = rk_conf_freeze(conf);
    assert_ptr_equal(frozen, &conf->conf);
    assert_non_null(conf->default_topic_conf);
    assert_int_equal(frozen->callbacks.enabled_events,
                     RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_REBALANCE);
    assert_int_equal(set(conf, "client.id", "x"), RD_KAFKA_CONF_INVALID);
    assert_string_equal(frozen->client_id, "rdkafka");
    struct rd_kafka_conf_s *copy = rk_conf_dup(conf, 0, NULL);
    assert_int_equal(set(copy, "client.id", "x"), RD_KAFKA_CONF_OK);
    rk_conf_destroy(copy);
    rk_conf_destroy(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refusals_name_property_value_and_range),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_topic_properties_through_the_client),
        cmocka_unit_test(test_topic_conf),
        cmocka_unit_test(test_get_sizes),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_dump),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_features_can_be_asked_for),
        cmocka_unit_test(test_codecs_are_those_built),
        cmocka_unit_test(test_dup),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_default_topic_conf_changes_hands),
        cmocka_unit_test(test_freeze),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
