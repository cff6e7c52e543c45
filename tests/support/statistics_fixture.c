/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/statistics_fixture.h"

#if RK_TEST_WITH_CJSON

#include <stdio.h>
#include <string.h>

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, error, sizeof(error));
    if (!rk)
        fail_msg("%s", error);
    return rk;
}

void statistics_init(struct statistics_fixture *fixture, int broker_count, int partition_count)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL); /* It would miss bootstrap.servers. */
    *fixture = (struct statistics_fixture){.owner = new_client(RD_KAFKA_PRODUCER, conf)};
    fixture->cluster = rd_kafka_mock_cluster_new(fixture->owner, broker_count);
    assert_non_null(fixture->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, "t", partition_count, 1), 0);
}

/* Some thread of the client. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    struct statistics_fixture *fixture = rd_kafka_opaque(rk);
    (void)level;
    if (strcmp(facility, "GROUP") == 0 && fixture->group_line_count < STATISTICS_GROUP_LINES) {
        char *line = fixture->group_lines[fixture->group_line_count];
        snprintf(line, sizeof(fixture->group_lines[0]), "%s", text);
        fixture->group_line_count++;
    }
    if (strcmp(facility, "SILENT") != 0)
        return;
    if (fixture->silence_count == STATISTICS_SILENCES)
        return;
    snprintf(fixture->silences[fixture->silence_count], sizeof(fixture->silences[0]), "%s", text);
    fixture->silence_count++;
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    struct statistics_fixture *fixture = opaque;
    return statistics_reader_cb(rk, json, size, &fixture->reader);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    (void)err;
    (void)reason;
    (void)opaque;
}

void statistics_start(struct statistics_fixture *fixture, rd_kafka_type_t type, ...)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    va_list pairs;
    const char *name;
    set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture->cluster));
    set(conf, "statistics.interval.ms", "50");
    set(conf, "linger.ms", "0");
    set(conf, "reconnect.backoff.ms", "200");
    set(conf, "reconnect.backoff.max.ms", "400");
    va_start(pairs, type);
    while ((name = va_arg(pairs, const char *)) != NULL)
        set(conf, name, va_arg(pairs, const char *));
    va_end(pairs);
    if (fixture->configure)
        fixture->configure(conf);
    rd_kafka_conf_set_opaque(conf, fixture);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    fixture->rk = new_client(type, conf);
}

void statistics_end(struct statistics_fixture *fixture)
{
    if (fixture->rk)
        rd_kafka_destroy(fixture->rk);
    rd_kafka_mock_cluster_destroy(fixture->cluster);
    rd_kafka_destroy(fixture->owner);
    statistics_reader_clear(&fixture->reader);
}

void statistics_produce(struct statistics_fixture *fixture, const char *topic, int32_t partition,
                        int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(
            rd_kafka_producev(fixture->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                              RD_KAFKA_V_KEY("key", 3), RD_KAFKA_V_VALUE("seven..", 7),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
            0);
    }
}

#endif
