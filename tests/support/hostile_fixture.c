/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hostile_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 100000, SERVE_MS = 20 }; /* The first ends a test that stands still. */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void note(struct hostile_error *error, rd_kafka_resp_err_t err, int32_t partition,
                 int64_t offset, const char *text)
{
    error->err = err;
    error->partition = partition;
    error->offset = offset;
    snprintf(error->text, sizeof(error->text), "%s", text ? text : "");
}

static void note_error(struct hostile_fixture *fixture, rd_kafka_resp_err_t err, int32_t partition,
                       int64_t offset, const char *text)
{
    if (fixture->error_count == HOSTILE_ERRORS_MAX)
        fail_msg("more errors than anybody can read; the last: %s", text);
    note(&fixture->errors[fixture->error_count++], err, partition, offset, text);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    note_error(opaque, err, -1, -1, reason);
}

static void on_throttle(rd_kafka_t *rk, const char *broker, int32_t id, int throttle_ms,
                        void *opaque)
{
    struct hostile_fixture *fixture = opaque;
    (void)rk;
    (void)broker;
    (void)id;
    fixture->throttle_count++;
    if (throttle_ms > fixture->throttle_max_ms)
        fixture->throttle_max_ms = throttle_ms;
    if (throttle_ms < fixture->throttle_min_ms)
        fixture->throttle_min_ms = throttle_ms;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct hostile_fixture *fixture = opaque;
    (void)rk;
    fixture->delivered += !message->err;
    fixture->undelivered += message->err != 0;
    if (message->err)
        note(&fixture->report, message->err, message->partition, message->offset,
             rd_kafka_message_errstr(message));
}

static void drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
}

static enum liar_fate tell_lie(struct liar_answer *answer, void *opaque)
{
    struct hostile_fixture *fixture = opaque;
    const struct hostile_lie *lie = fixture->script.lie;
    bool is_meant = lie && answer->api->key == fixture->script.api_key &&
                    (fixture->script.broker == 0 || fixture->script.broker == answer->broker);
    if (!is_meant || fixture->script.times <= 0)
        return LIAR_TELL;
    enum liar_fate fate = lie->tell(answer);
    if (fate != LIAR_TRUTH)
        fixture->script.times--;
    return fate;
}

void hostile_tell(struct hostile_fixture *fixture, const struct hostile_lie *lie, int times,
                  int api_key, int broker)
{
    liar_set_hook(fixture->liar, NULL, NULL); /* Not under way after this. */
    fixture->script.lie = lie;
    fixture->script.api_key = api_key;
    fixture->script.broker = broker;
    fixture->script.times = times;
    liar_set_hook(fixture->liar, tell_lie, fixture);
}

bool hostile_was_told(const struct hostile_fixture *fixture)
{
    return fixture->script.times <= 0;
}

static bool was_told(struct hostile_fixture *fixture, const void *argument)
{
    (void)argument;
    return hostile_was_told(fixture);
}

void hostile_expect_told(struct hostile_fixture *fixture)
{
    hostile_wait(fixture, was_told, NULL, fixture->script.lie->name);
}

void hostile_init(struct hostile_fixture *fixture, int broker_count)
{
    memset(fixture, 0, sizeof(*fixture));
    consume_init(&fixture->base, broker_count);
    fixture->liar = liar_new(rd_kafka_mock_cluster_bootstraps(fixture->base.cluster), broker_count);
}

void hostile_add_topic(struct hostile_fixture *fixture, const char *topic, int partition_count)
{
    int broker_count = 1;
    for (const char *at = liar_bootstrap(fixture->liar); (at = strchr(at, ',')) != NULL; at++)
        broker_count++;
    consume_add_topic(&fixture->base, topic, partition_count);
    for (int p = 0; p < partition_count; p++)
        rd_kafka_mock_partition_set_leader(fixture->base.cluster, topic, p, 1 + p % broker_count);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", text);
}

void hostile_start(struct hostile_fixture *fixture, rd_kafka_type_t type, ...)
{
    static const char *const usual[][2] = {
        {"retry.backoff.ms", "10"},
        {"retry.backoff.max.ms", "50"},
        {"reconnect.backoff.ms", "10"},
        {"reconnect.backoff.max.ms", "50"},
        {"topic.metadata.propagation.max.ms", "100"},
        {"topic.metadata.refresh.fast.interval.ms", "20"},
    };
    static const char *const of_consumers[][2] = {{"group.id", "group"},
                                                  {"fetch.wait.max.ms", "50"},
                                                  {"fetch.error.backoff.ms", "10"},
                                                  {"auto.offset.reset", "earliest"},
                                                  {"enable.auto.commit", "false"}};
    char text[256];
    const char *name;
    va_list pairs;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", liar_bootstrap(fixture->liar));
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        set(conf, usual[i][0], usual[i][1]);
    for (size_t i = 0; type == RD_KAFKA_CONSUMER && i < sizeof(of_consumers) / sizeof(usual[0]);
         i++)
        set(conf, of_consumers[i][0], of_consumers[i][1]);
    if (type == RD_KAFKA_PRODUCER) {
        set(conf, "linger.ms", "0");
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    }
    va_start(pairs, type);
    while ((name = va_arg(pairs, const char *)) != NULL)
        set(conf, name, va_arg(pairs, const char *));
    va_end(pairs);
    rd_kafka_conf_set_opaque(conf, fixture);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_throttle_cb(conf, on_throttle);
    rd_kafka_conf_set_log_cb(conf, drop_log);
    fixture->rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!fixture->rk)
        fail_msg("%s", text);
    if (type == RD_KAFKA_CONSUMER)
        fixture->base.rk = fixture->rk;
}

void hostile_end(struct hostile_fixture *fixture)
{
    if (fixture->rk)
        rd_kafka_destroy(fixture->rk);
    fixture->rk = fixture->base.rk = NULL;
    liar_destroy(fixture->liar);
    consume_end(&fixture->base);
}

static void take_message(struct hostile_fixture *fixture, rd_kafka_message_t *message)
{
    if (message->err) {
        note_error(fixture, message->err, message->partition, message->offset,
                   rd_kafka_message_errstr(message));
    } else {
        int64_t *next = &fixture->next[message->partition];
        if (message->partition == 0 && fixture->gap_to && *next == fixture->gap_from &&
            message->offset == fixture->gap_to)
            *next = fixture->gap_to;
        if (fixture->may_repeat && message->offset < *next)
            *next = message->offset;
        if (message->offset != *next)
            fail_msg("partition %d: offset %lld came after %lld", (int)message->partition,
                     (long long)message->offset, (long long)*next - 1);
        consume_check_text(message);
        *next = message->offset + 1;
    }
    rd_kafka_message_destroy(message);
}

void hostile_serve(struct hostile_fixture *fixture, int timeout_ms)
{
    if (!fixture->base.rk) {
        rd_kafka_poll(fixture->rk, timeout_ms);
        return;
    }
    rd_kafka_message_t *message = rd_kafka_consumer_poll(fixture->rk, timeout_ms);
    if (message)
        take_message(fixture, message);
    rd_kafka_poll(fixture->rk, 0);
}

void hostile_wait(struct hostile_fixture *fixture,
                  bool (*holds)(struct hostile_fixture *fixture, const void *argument),
                  const void *argument, const char *what)
{
    int64_t until_ms = now_ms() + WAIT_MS;
    while (!holds(fixture, argument)) {
        if (now_ms() > until_ms) {
            for (int i = 0; i < fixture->error_count; i++)
                print_message("%s [%d]: %s\n", rd_kafka_err2name(fixture->errors[i].err),
                              (int)fixture->errors[i].partition, fixture->errors[i].text);
            fail_msg("%s: did not come about", what);
        }
        hostile_serve(fixture, SERVE_MS);
    }
}

/* Lies */

enum liar_fate hostile_closed(struct liar_answer *answer)
{
    (void)answer;
    return LIAR_CLOSE;
}

enum liar_fate hostile_cut(struct liar_answer *answer)
{
    answer->raw = (struct liar_bytes){answer->frame.data, answer->frame.size - 3};
    return LIAR_RAW_AND_CLOSE;
}

enum liar_fate hostile_garbage(struct liar_answer *answer)
{
    uint8_t *bytes = liar_copy(answer, answer->frame.data, answer->frame.size);
    memset(bytes + 8, 0xff, answer->frame.size - 8);
    answer->raw = (struct liar_bytes){bytes, answer->frame.size};
    return LIAR_RAW;
}

int hostile_set_up(void **state)
{
    hostile_init(*state, 2);
    hostile_add_topic(*state, "t", 2);
    return 0;
}

int hostile_tear_down(void **state)
{
    hostile_end(*state);
    return 0;
}

void hostile_produce(struct hostile_fixture *fixture, const char *topic, int32_t partition)
{
    assert_int_equal(rd_kafka_producev(fixture->rk, RD_KAFKA_V_TOPIC(topic),
                                       RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t) "text", 4),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     0);
    fixture->sent++;
}

static bool is_reported(struct hostile_fixture *fixture, const void *argument)
{
    (void)argument;
    return fixture->delivered + fixture->undelivered == fixture->sent;
}

void hostile_expect_reported(struct hostile_fixture *fixture)
{
    const struct hostile_lie *lie = fixture->script.lie;
    char what[64];
    snprintf(what, sizeof(what), "delivery reports after %s", lie ? lie->name : "the truth");
    hostile_wait(fixture, is_reported, NULL, what);
}

void hostile_expect_delivered(struct hostile_fixture *fixture)
{
    hostile_expect_reported(fixture);
    if (fixture->undelivered > 0)
        fail_msg("%d not delivered: %s", fixture->undelivered, fixture->report.text);
}

struct consumed {
    int32_t partition;
    int64_t until;
};

static bool is_consumed(struct hostile_fixture *fixture, const void *argument)
{
    const struct consumed *consumed = argument;
    return fixture->next[consumed->partition] >= consumed->until;
}

void hostile_expect_consumed(struct hostile_fixture *fixture, int32_t partition, int64_t until)
{
    struct consumed consumed = {partition, until};
    char what[64];
    snprintf(what, sizeof(what), "partition %d up to offset %lld", (int)partition,
             (long long)until);
    hostile_wait(fixture, is_consumed, &consumed, what);
}

int hostile_count_client_errors(const struct hostile_fixture *fixture)
{
    int count = 0;
    for (int i = 0; i < fixture->error_count; i++)
        count += fixture->errors[i].partition < 0;
    return count;
}

const struct hostile_error *hostile_find_error(const struct hostile_fixture *fixture,
                                               rd_kafka_resp_err_t err, const char *part)
{
    for (int i = 0; i < fixture->error_count; i++) {
        if (fixture->errors[i].err == err && strstr(fixture->errors[i].text, part))
            return &fixture->errors[i];
    }
    return NULL;
}

static bool has_error(struct hostile_fixture *fixture, const void *argument)
{
    const struct hostile_error *wanted = argument;
    return hostile_find_error(fixture, wanted->err, wanted->text);
}

const struct hostile_error *hostile_expect_error(struct hostile_fixture *fixture,
                                                 rd_kafka_resp_err_t err, const char *part)
{
    struct hostile_error wanted;
    note(&wanted, err, -1, -1, part);
    hostile_wait(fixture, has_error, &wanted, part);
    return hostile_find_error(fixture, err, part);
}
