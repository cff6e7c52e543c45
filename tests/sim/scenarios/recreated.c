/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topic is deleted and made anew under load, with fewer partitions (acceptance scenario 20):
 * producers and consumers go on with the new one without a restart, tell the application of the
 * partitions that are no more, and mix nothing of the two.
 */
#include "mock/mock_cluster.h"
#include "sim/checkers.h"
#include "sim/sim.h"

enum { BEFORE = 6, AFTER = 2, COUNT = 1000, WITHIN_MS = 20000, REFRESH_MS = 1000 };

static struct sim_client *producer, *consumer;
static bool is_over;

static void begin(const char *in_flight)
{
    sim_cluster(3);
    sim_topic("t", BEFORE, 3);
    sim_allow(SIM_ALLOW_LOSS | SIM_ALLOW_GAPS); /* What the old one held is gone. */
    if (sim_one_in(2))
        sim_allow(SIM_ALLOW_DISORDER);
    producer = sim_producer("linger.ms", "5", "max.in.flight", in_flight, "message.timeout.ms",
                            "30000", "topic.metadata.refresh.interval.ms", "1000",
                            "topic.metadata.propagation.max.ms", "2000", "allow.auto.create.topics",
                            "false", NULL);
    consumer = sim_consumer("auto.offset.reset", "earliest", "topic.metadata.refresh.interval.ms",
                            "1000", NULL);
    sim_assign(consumer, "t", BEFORE, RD_KAFKA_OFFSET_BEGINNING);
    sim_produce(producer, "t", -1, COUNT);
    sim_flush(producer, WITHIN_MS);
    sim_consume_all(consumer, WITHIN_MS);
}

static void load(void *unused)
{
    (void)unused;
    while (!is_over) {
        rd_kafka_resp_err_t err =
            sim_produce_one(producer, "t", sim_one_in(2) ? -1 : (int)sim_below(BEFORE), 0, 0);
        sim_check(!err || err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
                      err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                      err == RD_KAFKA_RESP_ERR__QUEUE_FULL,
                  "produce: %s", rd_kafka_err2name(err));
        rd_kafka_poll(sim_handle(producer), 1 + (int)sim_below(100));
    }
}

static void recreate(void)
{
    sim_note_fault("the topic is deleted");
    sim_check(!rk_mock_cluster_delete_topic(sim_mock(), "t"), "not deleted");
    sim_run_for((int64_t)sim_below(sim_one_in(2) ? 10 : 4000));
    sim_topic("t", AFTER, 3);
}

/* What has no place in the new topic has its report, with an error that says so. */
static void check_reports(void)
{
    for (int64_t i = 0; i < producer->message_count; i++) {
        const struct sim_message *message = &producer->messages[i];
        sim_check(message->is_refused || !message->err ||
                      message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
                      message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                      message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                      message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
                  "message %d failed with %s", (int)i, rd_kafka_err2name(message->err));
    }
}

static void change(const char *in_flight)
{
    bool is_told[BEFORE] = {false};
    begin(in_flight);
    struct sim_thread *loader = sim_spawn("load", load, NULL);
    sim_run_for((int64_t)sim_below(1000));
    recreate();
    sim_run_for(REFRESH_MS + (int64_t)sim_below(3000));
    is_over = true;
    sim_join(loader);
    sim_flush(producer, 31000);
    check_reports();
    uint64_t acked = sim_counts(producer).acked;
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 2000);
    sim_check(sim_counts(producer).acked == acked + 100, "the new topic is not produced to");
    /* The new logs are shorter than what was consumed of the old ones: they come as a whole. */
    for (uint64_t end_ms = sim_now_ms() + WITHIN_MS; sim_now_ms() < end_ms;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(sim_handle(consumer), 1000);
        if (message && !message->err)
            sim_on_message(consumer, message);
        else if (message && message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
            is_told[message->partition] = true;
        if (message)
            rd_kafka_message_destroy(message);
    }
    for (int i = 0; i < BEFORE; i++)
        sim_check(is_told[i] == (i >= AFTER), "[%d] is %stold to be gone", i,
                  is_told[i] ? "" : "not ");
}

/* From where the new log begins, its records without a gap. */
static void check_partition(int partition)
{
    const struct sim_progress *got = sim_progress_of(consumer, "t", partition);
    const struct sim_log *log = sim_read_logs();
    while (log && log->partition != partition)
        log = log->next;
    sim_check(log && got->count >= log->count, "[%d] has not come whole", partition);
    const struct sim_log_record *last = &got->records[got->count - log->count];
    for (size_t i = 0; i < log->count; i++)
        sim_check(
            last[i].offset == log->records[i].offset && last[i].number == log->records[i].number,
            "[%d] has message %d at %d, and %d came at %d", partition, (int)log->records[i].number,
            (int)log->records[i].offset, (int)last[i].number, (int)last[i].offset);
}

SIM_SCENARIO(recreated, "a topic is deleted and made anew with fewer partitions, under load")
{
    change(sim_one_in(2) ? "1" : "5");
    for (int i = 0; i < AFTER; i++)
        check_partition(i);
}
