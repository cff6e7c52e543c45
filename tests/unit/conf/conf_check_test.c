/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is checked and derived over several properties when a client is created.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "conf/conf_check.h"

static char errstr[512];

/* A configuration from "name=value name=value". */
static struct rd_kafka_conf_s *conf_of(const char *settings)
{
    struct rd_kafka_conf_s *conf = rk_conf_new(NULL);
    char *copy = rk_strdup(settings), *rest = copy;
    for (char *pair; (pair = strsep(&rest, " "));) {
        if (!*pair)
            continue;
        char *value = strchr(pair, '=');
        *value++ = '\0';
        if (rk_conf_set(conf, pair, value, errstr, sizeof(errstr)) != RD_KAFKA_CONF_OK)
            fail_msg("%s", errstr);
    }
    rk_free(copy);
    return conf;
}

static const char *get(const struct rd_kafka_conf_s *conf, const char *name)
{
    static char value[512];
    size_t size = sizeof(value);
    return rk_conf_get(conf, name, value, &size) == RD_KAFKA_CONF_OK ? value : "(unset)";
}

struct trial {
    char type; /* P: producer, C: consumer, S: share consumer. */
    const char *settings;
    const char *name; /* NULL: refused with a text that has `text` in it. */
    const char *text; /* What `name` reads afterwards. */
};

static rd_kafka_resp_err_t finish(struct rd_kafka_conf_s *conf, char type)
{
    errstr[0] = '\0';
    if (type == 'S')
        return rk_conf_finish_share(conf, errstr, sizeof(errstr));
    return rk_conf_finish(conf, type == 'P' ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, errstr,
                          sizeof(errstr));
}

static void run(const struct trial *trials, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct trial *trial = &trials[i];
        struct rd_kafka_conf_s *conf = conf_of(trial->settings);
        for (int round = 0; round < 2; round++) { /* A second run gives the same. */
            rd_kafka_resp_err_t err = finish(conf, trial->type);
            bool good = trial->name
                            ? !err && !strcmp(get(conf, trial->name), trial->text)
                            : err == RD_KAFKA_RESP_ERR__INVALID_ARG && strstr(errstr, trial->text);
            if (!good)
                fail_msg("%c %s: %d, %s is \"%s\", not \"%s\"; \"%s\"", trial->type,
                         trial->settings, err, trial->name ? trial->name : "",
                         trial->name ? get(conf, trial->name) : "", trial->text, errstr);
        }
        rk_conf_destroy(conf);
    }
}

static void test_all_clients(void **state)
{
    static const struct trial trials[] = {
        {'P', "", "allow.auto.create.topics", "true"},
        {'C', "", "allow.auto.create.topics", "false"},
        {'C', "allow.auto.create.topics=true", "allow.auto.create.topics", "true"},
        {'P', "allow.auto.create.topics=false", "allow.auto.create.topics", "false"},
        {'P', "bootstrap.servers=b,x.AZURE.com:1", "connections.max.idle.ms", "230000"},
        {'P', "bootstrap.servers=azure connections.max.idle.ms=0", "connections.max.idle.ms", "0"},
        {'P', "bootstrap.servers=b", "connections.max.idle.ms", "0"},
        {'P', "", "metadata.max.age.ms", "900000"},
        {'P', "topic.metadata.refresh.interval.ms=1000", "metadata.max.age.ms", "3000"},
        {'P', "topic.metadata.refresh.interval.ms=-1", "metadata.max.age.ms", "900000"},
        {'P', "topic.metadata.refresh.interval.ms=9 metadata.max.age.ms=5", "metadata.max.age.ms",
         "5"},
        {'P', "", "topic.metadata.refresh.fast.interval.ms", "100"},
        {'P', "retry.backoff.ms=777", "topic.metadata.refresh.fast.interval.ms", "777"},
        {'P', "retry.backoff.ms=7 topic.metadata.refresh.fast.interval.ms=8",
         "topic.metadata.refresh.fast.interval.ms", "8"},
        {'P', "reconnect.backoff.ms=20000", NULL, "`reconnect.backoff.max.ms`"},
        {'C', "reconnect.backoff.max.ms=99", NULL, "`reconnect.backoff.ms`"},
        {'C', "reconnect.backoff.max.ms=100", "reconnect.backoff.ms", "100"},
        {'P', "debug=broker", "log_level", "7"},
        {'P', "log_level=3", "log_level", "3"},
        {'P', "api.version.request=false", "api.version.request", "true"},
        {'P', "api.version.request=false broker.version.fallback=0.9.0", "api.version.request",
         "false"},
    };
    (void)state;
    run(trials, RK_COUNT_OF(trials));
}

static void test_consumer(void **state)
{
    static const struct trial trials[] = {
        {'C', "", "fetch.max.bytes", "52428800"},
        {'C', "fetch.max.bytes=1000", NULL, "`message.max.bytes`"},
        {'C', "fetch.max.bytes=1000000", "fetch.max.bytes", "1000000"},
        {'C', "queued.max.messages.kbytes=100", "fetch.max.bytes", "1000000"},
        {'C', "queued.max.messages.kbytes=10000", "fetch.max.bytes", "10240000"},
        {'C', "queued.max.messages.kbytes=2097151", "fetch.max.bytes", "52428800"},
        {'C', "message.max.bytes=100000000", "fetch.max.bytes", "100000000"},
        {'C', "message.max.bytes=100000000", "receive.message.max.bytes", "100000512"},
        {'C', "", "receive.message.max.bytes", "100000000"},
        {'C', "fetch.max.bytes=200000000", "receive.message.max.bytes", "200000512"},
        {'C', "fetch.max.bytes=2147483135", "receive.message.max.bytes", "2147483647"},
        {'C', "receive.message.max.bytes=52429311", NULL, "`fetch.max.bytes` + 512"},
        {'C', "receive.message.max.bytes=52429312", "receive.message.max.bytes", "52429312"},
        {'P', "receive.message.max.bytes=1000", "receive.message.max.bytes", "1000"},
        {'C', "fetch.min.bytes=100000000", "fetch.min.bytes", "100000000"},
        {'C', "fetch.min.bytes=100000001", NULL, "`fetch.min.bytes`"},
        {'C', "max.poll.interval.ms=44999", NULL, "`session.timeout.ms`"},
        {'C', "max.poll.interval.ms=45000", "max.poll.interval.ms", "45000"},
        {'C', "enable.idempotence=true", "enable.idempotence", "false"},
        {'C', "partition.assignment.strategy=foo", NULL, "\"foo\""},
        {'C', "partition.assignment.strategy=range,foo", NULL, "\"foo\""},
        {'C', "partition.assignment.strategy=,", NULL, "names no strategy"},
        {'C', "partition.assignment.strategy=rang", NULL, "\"rang\""},
        {'C', "partition.assignment.strategy=range,cooperative-sticky", NULL, "must not mix"},
        {'C', "partition.assignment.strategy=cooperative-sticky", "partition.assignment.strategy",
         "cooperative-sticky"},
        {'C', "partition.assignment.strategy=sticky,range", "partition.assignment.strategy",
         "sticky,range"},
        {'C', "partition.assignment.strategy=range,,roundrobin", "partition.assignment.strategy",
         "range,,roundrobin"},
        {'C', "group.protocol=consumer max.poll.interval.ms=1000", "max.poll.interval.ms", "1000"},
        {'C', "group.protocol=consumer session.timeout.ms=45000", NULL, "`session.timeout.ms`"},
        {'C', "group.protocol=consumer heartbeat.interval.ms=1", NULL, "`heartbeat.interval.ms`"},
        {'C', "group.protocol=consumer group.protocol.type=x", NULL, "`group.protocol.type`"},
        {'C', "group.protocol=consumer partition.assignment.strategy=range", NULL,
         "`partition.assignment.strategy`"},
        {'C', "group.protocol=consumer group.remote.assignor=range", "group.remote.assignor",
         "range"},
        {'C', "group.remote.assignor=range", NULL, "`group.remote.assignor`"},
    };
    (void)state;
    run(trials, RK_COUNT_OF(trials));
    struct rd_kafka_conf_s *conf = conf_of("partition.assignment.strategy=range");
    rk_conf_set(conf, "partition.assignment.strategy", " range , roundrobin ", NULL, 0);
    assert_int_equal(finish(conf, 'C'), 0);
    rk_conf_destroy(conf);
}

static void test_idempotence_and_transactions(void **state)
{
    static const struct trial trials[] = {
        {'P', "", "max.in.flight", "1000000"},
        {'P', "enable.idempotence=true", "max.in.flight", "5"},
        {'P', "enable.idempotence=true max.in.flight=6", NULL, "`max.in.flight`"},
        {'P', "enable.idempotence=true max.in.flight=3", "max.in.flight", "3"},
        {'P', "enable.idempotence=true acks=1", NULL, "`acks`"},
        {'P', "enable.idempotence=true acks=all", "acks", "-1"},
        {'P', "enable.idempotence=true retries=0", NULL, "`retries`"},
        {'P', "enable.idempotence=true retries=1", "retries", "1"},
        {'P', "enable.idempotence=true queue.buffering.backpressure.threshold=2", NULL,
         "`queue.buffering.backpressure.threshold`"},
        {'P', "enable.idempotence=true queuing.strategy=lifo", NULL, "`queuing.strategy`"},
        {'P', "enable.gapless.guarantee=true", NULL, "`enable.idempotence`"},
        {'P', "enable.gapless.guarantee=true enable.idempotence=true", "enable.gapless.guarantee",
         "true"},
        {'P', "transactional.id=t", "enable.idempotence", "true"},
        {'P', "transactional.id=t", "max.in.flight", "5"},
        {'P', "transactional.id=t", "socket.timeout.ms", "59900"},
        {'P', "transactional.id=t", "message.timeout.ms", "60000"},
        {'P', "transactional.id=t acks=0", NULL, "`acks`"},
        {'P', "transactional.id=t enable.idempotence=false", NULL, "`transactional.id`"},
        {'P', "transactional.id=t transaction.timeout.ms=1000", "socket.timeout.ms", "900"},
        {'P', "transactional.id=t transaction.timeout.ms=500000", "socket.timeout.ms", "499900"},
        {'P', "transactional.id=t transaction.timeout.ms=2147483647", "socket.timeout.ms",
         "2147483547"},
        {'P', "transactional.id=t transaction.timeout.ms=1000 socket.timeout.ms=1100",
         "socket.timeout.ms", "1100"},
        {'P', "transactional.id=t transaction.timeout.ms=1000 socket.timeout.ms=1101", NULL,
         "`socket.timeout.ms`"},
        {'P', "transactional.id=t transaction.timeout.ms=2147483647 socket.timeout.ms=300000",
         "socket.timeout.ms", "300000"},
        {'P', "transactional.id=t message.timeout.ms=60001", NULL, "`message.timeout.ms`"},
        {'P', "transactional.id=t message.timeout.ms=50000", "message.timeout.ms", "50000"},
        {'P', "transactional.id=t message.timeout.ms=0", "message.timeout.ms", "0"},
        {'P', "transactional.id=t transaction.timeout.ms=400000", "message.timeout.ms", "400000"},
    };
    (void)state;
    run(trials, RK_COUNT_OF(trials));
}

static void test_linger(void **state)
{
    static const struct trial trials[] = {
        {'P', "", "sticky.partitioning.linger.ms", "10"},
        {'P', "linger.ms=100", "sticky.partitioning.linger.ms", "200"},
        {'P', "linger.ms=0.3", "sticky.partitioning.linger.ms", "0"},
        {'P', "linger.ms=800000 message.timeout.ms=0", "sticky.partitioning.linger.ms", "900000"},
        {'P', "linger.ms=100 sticky.partitioning.linger.ms=7", "sticky.partitioning.linger.ms",
         "7"},
        {'P', "linger.ms=100 message.timeout.ms=100", NULL, "`linger.ms`"},
        {'P', "linger.ms=100 message.timeout.ms=101", "linger.ms", "100"},
        {'P', "message.timeout.ms=3", "linger.ms", "2.9"},
        {'P', "message.timeout.ms=5", "linger.ms", "4.9"},
        {'P', "message.timeout.ms=6", "linger.ms", "5"},
        {'P', "message.timeout.ms=1", "linger.ms", "0.9"},
        {'P', "message.timeout.ms=0", "linger.ms", "5"},
        {'C', "message.timeout.ms=3", "linger.ms", "5"},
    };
    (void)state;
    run(trials, RK_COUNT_OF(trials));
}

static void test_security(void **state)
{
    static const struct trial trials[] = {
        {'P', "ssl.keystore.location=x", NULL, "`ssl.keystore.password`"},
        {'P', "ssl.keystore.location=x ssl.keystore.password=y", "ssl.keystore.location", "x"},
        {'P', "ssl.ca.location=x ssl.ca.pem=y", NULL, "`ssl.ca.pem`"},
        {'P', "https.ca.location=x https.ca.pem=y", NULL, "`https.ca.pem`"},
        {'P', "sasl.mechanism=OAUTHBEARER sasl.oauthbearer.method=oidc", NULL,
         "`sasl.oauthbearer.token.endpoint.url`"},
        {'P', "sasl.mechanism=oauthbearer sasl.oauthbearer.method=oidc", NULL, "endpoint.url`"},
        {'P',
         "sasl.mechanism=OAUTHBEARER sasl.oauthbearer.method=oidc "
         "sasl.oauthbearer.token.endpoint.url=http://x",
         "enable_sasl_queue", "true"},
        {'P',
         "sasl.mechanism=OAUTHBEARER sasl.oauthbearer.method=oidc "
         "sasl.oauthbearer.metadata.authentication.type=aws_iam",
         "enable_sasl_queue", "true"},
        {'P',
         "sasl.mechanism=OAUTHBEARER sasl.oauthbearer.method=oidc "
         "sasl.oauthbearer.metadata.authentication.type=azure_imds",
         NULL, "endpoint.url`"},
        {'P',
         "sasl.mechanism=OAUTHBEARER sasl.oauthbearer.method=oidc "
         "sasl.oauthbearer.metadata.authentication.type=azure_imds "
         "sasl.oauthbearer.config=query=x",
         "enable_sasl_queue", "true"},
        {'P', "sasl.oauthbearer.method=oidc", "enable_sasl_queue", "false"},
        {'P', "test.mock.num.brokers=1 security.protocol=ssl", "security.protocol", "plaintext"},
    };
    (void)state;
    run(trials, RK_COUNT_OF(trials));
    static const struct trial unbuilt[] = {
        {'P', "security.protocol=ssl", NULL, "`ssl`, but this build of the library has no TLS"},
        {'C', "security.protocol=sasl_ssl", NULL, "`sasl_ssl`"},
        {'C', "security.protocol=sasl_plaintext", NULL, "no SASL"},
    };
    if (!(rk_conf_features() & (RK_CONF_FEATURE_SSL | RK_CONF_FEATURE_SASL)))
        run(unbuilt, RK_COUNT_OF(unbuilt));
}

static void on_token_refresh(rd_kafka_t *rk, const char *config, void *opaque)
{
    (void)rk, (void)config, (void)opaque;
}

static void test_callbacks(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = conf_of("");
    conf->modified[RK_CONF_ID_socket_cb] = true;
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_non_null(strstr(errstr, "socket_cb"));
    conf->modified[RK_CONF_ID_socket_cb] = false;
    conf->modified[RK_CONF_ID_open_cb] = true;
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_non_null(strstr(errstr, "open_cb"));
    conf->modified[RK_CONF_ID_open_cb] = false;
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR_NO_ERROR);
    rk_conf_destroy(conf);

    conf = conf_of("sasl.mechanism=OAUTHBEARER enable.sasl.oauthbearer.unsecure.jwt=true");
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR_NO_ERROR);
    conf->conf.callbacks.oauthbearer_token_refresh_cb = on_token_refresh;
    conf->modified[RK_CONF_ID_oauthbearer_token_refresh_cb] = true;
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_int_equal(rk_conf_finish(conf, RD_KAFKA_PRODUCER, NULL, 0),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    rk_conf_destroy(conf);
}

static void test_corrected_and_tried_again(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = conf_of("transactional.id=t message.timeout.ms=3 acks=1");
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR__INVALID_ARG);
    rk_conf_set(conf, "acks", "all", NULL, 0);
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_string_equal(get(conf, "linger.ms"), "2.9");
    rk_conf_set(conf, "transactional.id", NULL, NULL, 0);
    rk_conf_set(conf, "message.timeout.ms", "1000", NULL, 0);
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_string_equal(get(conf, "linger.ms"), "5");
    assert_string_equal(get(conf, "enable.idempotence"), "false");
    assert_string_equal(get(conf, "max.in.flight"), "1000000");
    assert_string_equal(get(conf, "socket.timeout.ms"), "60000");
    rk_conf_destroy(conf);
}

static void test_topic(void **state)
{
    (void)state;
    struct rd_kafka_conf_s *conf = conf_of("compression.codec=none linger.ms=10");
    struct rd_kafka_topic_conf_s *topic_conf = rk_topic_conf_new();
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rk_topic_conf_finish(conf, topic_conf, RD_KAFKA_PRODUCER, errstr, 512), 0);
    assert_int_equal(topic_conf->conf.compression_codec, RK_TOPIC_CONF_COMPRESSION_NONE);
    conf->conf.compression_codec = RK_CONF_COMPRESSION_LZ4;
    assert_int_equal(rk_topic_conf_finish(conf, topic_conf, RD_KAFKA_PRODUCER, errstr, 512), 0);
    assert_int_equal(topic_conf->conf.compression_codec, RK_TOPIC_CONF_COMPRESSION_LZ4);
    rk_topic_conf_set(topic_conf, "compression.codec", "none", NULL, 0);
    assert_int_equal(rk_topic_conf_finish(conf, topic_conf, RD_KAFKA_PRODUCER, errstr, 512), 0);
    assert_int_equal(topic_conf->conf.compression_codec, RK_TOPIC_CONF_COMPRESSION_NONE);
    rk_topic_conf_set(topic_conf, "message.timeout.ms", "10", NULL, 0);
    assert_int_equal(rk_topic_conf_finish(conf, topic_conf, RD_KAFKA_PRODUCER, errstr, 512),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    assert_non_null(strstr(errstr, "`message.timeout.ms`"));
    assert_int_equal(rk_topic_conf_finish(conf, topic_conf, RD_KAFKA_CONSUMER, errstr, 512), 0);
    rk_topic_conf_destroy(topic_conf);
    rk_conf_destroy(conf);

    conf = conf_of("enable.idempotence=true");
    topic_conf = rk_topic_conf_new();
    assert_int_equal(finish(conf, 'P'), RD_KAFKA_RESP_ERR_NO_ERROR);
    rk_topic_conf_set(topic_conf, "acks", "1", NULL, 0);
    assert_int_equal(rk_topic_conf_finish(conf, topic_conf, RD_KAFKA_PRODUCER, errstr, 512),
                     RD_KAFKA_RESP_ERR__INVALID_ARG);
    rk_topic_conf_destroy(topic_conf);
    rk_conf_destroy(conf);
}

static void test_share(void **state)
{
    static const struct trial trials[] = {
        {'S', "group.id=g", "connections.max.idle.ms", "540000"},
        {'S', "group.id=g", "reconnect.backoff.ms", "50"},
        {'S', "group.id=g", "reconnect.backoff.max.ms", "1000"},
        {'S', "group.id=g", "receive.message.max.bytes", "2147483647"},
        {'S', "reconnect.backoff.ms=5000", "reconnect.backoff.max.ms", "5000"},
        {'S', "receive.message.max.bytes=100000000", "receive.message.max.bytes", "100000000"},
        {'S', "enable.auto.commit=true", NULL, "`enable.auto.commit`"},
        {'S', "group.protocol=classic", NULL, "`group.protocol`"},
        {'S', "socket.max.fails=1", NULL, "`socket.max.fails`"},
        {'S', "partition.assignment.strategy=range", NULL, "`partition.assignment.strategy`"},
        {'S', "group.instance.id=x", NULL, "`group.instance.id`"},
        {'S', "isolation.level=read_committed", NULL, "`isolation.level`"},
        {'S', "group.remote.assignor=x", NULL, "`group.remote.assignor`"},
        {'S', "queued.min.messages=1", NULL, "`queued.min.messages`"},
        {'S', "queued.max.messages.kbytes=1", NULL, "`queued.max.messages.kbytes`"},
        {'S', "fetch.queue.backoff.ms=1", NULL, "`fetch.queue.backoff.ms`"},
        {'S', "fetch.error.backoff.ms=1", NULL, "`fetch.error.backoff.ms`"},
        {'S', "enable.partition.eof=true", NULL, "`enable.partition.eof`"},
        {'S', "message.copy.max.bytes=1", NULL, "`message.copy.max.bytes`"},
        {'S', "topic.blacklist=x", NULL, "`topic.blacklist`"},
        {'S', "allow.auto.create.topics=true", NULL, "`allow.auto.create.topics`"},
        {'S', "auto.offset.reset=earliest", NULL, "`auto.offset.reset`"},
        {'S', "consume.callback.max.messages=1", NULL, "`consume.callback.max.messages`"},
        {'S', "enabled_events=16", NULL, "RD_KAFKA_EVENT_REBALANCE"},
        {'S', "fetch.max.bytes=1000", NULL, "`fetch.max.bytes`"},
    };
    (void)state;
    run(trials, RK_COUNT_OF(trials));
}

static char warnings[4096];

static void collect(void *opaque, int level, const char *text)
{
    (void)opaque;
    size_t size = strlen(warnings);
    snprintf(warnings + size, sizeof(warnings) - size, "%d %s\n", level, text);
}

static void expect_warnings(const char *settings, rd_kafka_type_t type, int lines, const char *part)
{
    struct rd_kafka_conf_s *conf = conf_of(settings);
    warnings[0] = '\0';
    rk_conf_warnings(conf, type, collect, NULL);
    int count = 0;
    for (const char *at = warnings; (at = strchr(at, '\n')); at++)
        count++;
    if (count != lines || (part && !strstr(warnings, part)))
        fail_msg("%s: %s", settings, warnings);
    rk_conf_destroy(conf);
}

static void test_warnings(void **state)
{
    (void)state;
    expect_warnings("", RD_KAFKA_PRODUCER, 1, "5 No `bootstrap.servers`");
    expect_warnings("test.mock.num.brokers=1", RD_KAFKA_PRODUCER, 0, NULL);
    expect_warnings("bootstrap.servers=a", RD_KAFKA_CONSUMER, 0, NULL);
    expect_warnings("bootstrap.servers=a group.id=x", RD_KAFKA_CONSUMER, 0, NULL);
    expect_warnings("bootstrap.servers=a group.id=x", RD_KAFKA_PRODUCER, 1,
                    "4 Configuration property group.id is a consumer property and will be ignored "
                    "by this producer instance");
    expect_warnings("bootstrap.servers=a linger.ms=1 acks=1", RD_KAFKA_CONSUMER, 2,
                    "request.required.acks is a producer property");
    expect_warnings("bootstrap.servers=a socket.blocking.max.ms=1", RD_KAFKA_CONSUMER, 1,
                    "4 Configuration property socket.blocking.max.ms is deprecated: ");
    expect_warnings("bootstrap.servers=a enable.gapless.guarantee=false", RD_KAFKA_PRODUCER, 1,
                    "enable.gapless.guarantee is experimental: ");
    expect_warnings("bootstrap.servers=a retry.backoff.ms=2000", RD_KAFKA_PRODUCER, 1,
                    "retry.backoff.max.ms");
    struct rd_kafka_conf_s *conf = conf_of("bootstrap.servers=a acks=1");
    rk_conf_set_default_topic_conf(conf, rk_topic_conf_new());
    warnings[0] = '\0';
    rk_conf_warnings(conf, RD_KAFKA_PRODUCER, collect, NULL);
    assert_non_null(strstr(warnings, "rd_kafka_conf_set_default_topic_conf()"));
    rk_conf_destroy(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_clients),
        cmocka_unit_test(test_consumer),
        cmocka_unit_test(test_idempotence_and_transactions),
        cmocka_unit_test(test_linger),
        cmocka_unit_test(test_security),
        cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_corrected_and_tried_again),
        cmocka_unit_test(test_topic),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_warnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
