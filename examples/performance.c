/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast is it: throughput, latency and CPU of producing and consuming.
 *
 *   performance -P -b <bootstrap servers> -t <topic> [-c count] [-s size] [-z codec] [-a acks] ...
 *   performance -C -b <bootstrap servers> -t <topic> [-c count] [-p partition] [-o offset] ...
 *
 * `performance -h` lists all options. Control-C ends a run and prints its summary.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

enum {
    POOL_COUNT = 1024,    /* Different values that are produced in turn. */
    POLL_INTERVAL = 100,  /* Produced messages between two polls. */
    SAMPLE_INTERVAL = 32, /* Messages of which one has its latency taken. */
    BUCKETS_PER_DOUBLING = 16,
    BUCKET_COUNT = 48 * BUCKETS_PER_DOUBLING,
    TIMEOUT_MS = 10 * 1000, /* For what the cluster is asked before the run. */
};

static const char help[] =
    "usage: performance -P|-C -b <bootstrap servers> -t <topic> [options]\n"
    "  -P | -C        produce or consume\n"
    "  -b host:port   bootstrap servers, separated by commas\n"
    "  -t topic\n"
    "  -p partition   produce: to it alone (default: the partitioner chooses)\n"
    "                 consume: from it alone (default: all)\n"
    "  -c count       messages; 0: until Control-C (default)\n"
    "  -X name=value  sets a configuration property; `-X list` prints them all\n"
    "  -i ms          time between two progress lines (default: 1000)\n"
    "  -l             takes the latency of every message, not of one in 32\n"
    "  -q             prints the summary only\n"
    "producing:\n"
    "  -s size        bytes per value (default: 100)\n"
    "  -k key         key of every message\n"
    "  -z codec       none, gzip, snappy, lz4 or zstd\n"
    "  -a acks        -1 (all replicas, default), 0 or 1\n"
    "  -r rate        messages per second (default: as many as possible)\n"
    "consuming:\n"
    "  -o offset      beginning (default), end, a number, or -N for the last N\n"
    "  -e             ends when every partition is read to its end\n"
    "Latency: produce: from the call to the delivery report's arrival in the client; consume: "
    "from\n"
    "the message's timestamp, so clocks count, and reading old messages shows their age.\n";

struct options {
    char mode;
    const char *topic;
    const char *key;
    int32_t partition;
    int64_t offset;
    long count;
    long rate;
    size_t size;
    int interval_ms;
    int sample_interval;
    bool is_quiet;
    bool ends_at_end;
};

/* Everything below is touched by the main thread only: callbacks run inside poll. */
static struct run {
    struct options options;
    long messages; /* Produced: reported as delivered. */
    uint64_t bytes;
    long failed;
    rd_kafka_resp_err_t first_error;
    int64_t started_us;
    int64_t last_print_us;
    long last_messages;
    uint64_t last_bytes;
    struct rusage started_usage;
    uint64_t latencies[BUCKET_COUNT]; /* How many samples fell into each range; see bucket_of(). */
    long samples;
    int until_sample;
} run;

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static int64_t now_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Ranges grow with the value: 16 per doubling, so that a percentile is exact to about 6 %. */
static int bucket_of(int64_t latency_us)
{
    int doublings = 0;

    if (latency_us < BUCKETS_PER_DOUBLING)
        return latency_us < 0 ? 0 : (int)latency_us;
    while (latency_us >> doublings >= 2 * BUCKETS_PER_DOUBLING)
        doublings++;
    doublings = doublings * BUCKETS_PER_DOUBLING + (int)(latency_us >> doublings);
    return doublings < BUCKET_COUNT ? doublings : BUCKET_COUNT - 1;
}

/* The largest latency of a range. */
static double bucket_end_us(int bucket)
{
    int doublings = bucket / BUCKETS_PER_DOUBLING - 1;

    if (doublings < 0)
        return bucket;
    return (double)(((int64_t)(bucket - doublings * BUCKETS_PER_DOUBLING) + 1) << doublings) - 1;
}

static double percentile_ms(double percent)
{
    double wanted = (double)run.samples * percent / 100;
    uint64_t seen = 0;

    for (int bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        seen += run.latencies[bucket];
        if ((double)seen >= wanted)
            return bucket_end_us(bucket) / 1000;
    }
    return 0;
}

static bool is_sampled(void)
{
    if (--run.until_sample > 0)
        return false;
    run.until_sample = run.options.sample_interval;
    return true;
}

static void add_latency(int64_t latency_us)
{
    run.latencies[bucket_of(latency_us)]++;
    run.samples++;
}

static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void start_measuring(void)
{
    getrusage(RUSAGE_SELF, &run.started_usage);
    run.started_us = run.last_print_us = now_us(CLOCK_MONOTONIC);
    run.until_sample = 1;
}

/* A line per interval, with the rates since the line before. */
static void print_progress(void)
{
    int64_t now = now_us(CLOCK_MONOTONIC);
    double seconds = (double)(now - run.last_print_us) / 1e6;

    if (run.options.is_quiet || seconds * 1000 < run.options.interval_ms)
        return;
    printf("%8.1f s  %12ld messages  %10.0f messages/s  %8.2f MB/s\n",
           (double)(now - run.started_us) / 1e6, run.messages,
           (double)(run.messages - run.last_messages) / seconds,
           (double)(run.bytes - run.last_bytes) / seconds / 1e6);
    fflush(stdout);
    run.last_print_us = now;
    run.last_messages = run.messages;
    run.last_bytes = run.bytes;
}

static void print_summary(void)
{
    double seconds = (double)(now_us(CLOCK_MONOTONIC) - run.started_us) / 1e6;
    struct rusage usage;
    double cpu;

    getrusage(RUSAGE_SELF, &usage);
    cpu = cpu_seconds(&usage) - cpu_seconds(&run.started_usage);
    printf("%s %ld messages, %.2f MB in %.3f s: %.0f messages/s, %.2f MB/s\n",
           run.options.mode == 'P' ? "produced" : "consumed", run.messages, (double)run.bytes / 1e6,
           seconds, (double)run.messages / seconds, (double)run.bytes / seconds / 1e6);
    printf("CPU %.3f s, %.0f %% of a core, %.0f ns per message; at most %.1f MB of memory\n", cpu,
           100 * cpu / seconds, run.messages ? cpu * 1e9 / (double)run.messages : 0,
           (double)usage.ru_maxrss / 1024);
    if (run.samples > 0)
        printf("latency of %ld messages: p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, p99.9 %.3f ms\n",
               run.samples, percentile_ms(50), percentile_ms(90), percentile_ms(99),
               percentile_ms(99.9));
    if (run.failed)
        printf("%ld failed, the first with: %s\n", run.failed, rd_kafka_err2str(run.first_error));
}

static void add_failure(rd_kafka_resp_err_t error)
{
    if (run.failed++ == 0)
        run.first_error = error;
}

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    (void)client;
    (void)opaque;
    fprintf(stderr, "%s: %s\n", rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer;
    (void)opaque;
    if (message->err) {
        add_failure(message->err);
        return;
    }
    run.messages++;
    run.bytes += message->len + message->key_len;
    if (is_sampled())
        add_latency(rd_kafka_message_latency(message));
}

/* takes: conf. Returns NULL after it has said why. */
static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[512];
    rd_kafka_t *client;

    rd_kafka_conf_set_error_cb(conf, on_error);
    client = rd_kafka_new(type, conf, error, sizeof(error));
    if (!client) {
        fprintf(stderr, "no client: %s\n", error);
        rd_kafka_conf_destroy(conf);
    }
    return client;
}

/* POOL_COUNT values one after the other: text that looks like JSON, so that codecs have real work.
 */
static char *make_values(size_t size)
{
    static const char pattern[] =
        "{\"order\":%u,\"customer\":\"c%05u\",\"price\":%u.%02u,\"note\":\"%08x\"}";
    char *values = malloc(POOL_COUNT * size + 128);
    uint32_t chance = 12345;

    for (size_t at = 0; values && at < POOL_COUNT * size;) {
        unsigned number = chance >> 8;
        int written;

        chance = chance * 1664525 + 1013904223;
        written = snprintf(values + at, 128, pattern, number, number % 50000, number % 700,
                           number % 100, chance * 2654435761u);
        at += written > 0 ? (size_t)written : 1;
    }
    return values;
}

/* Waits, serving reports, until the message with this number is due. */
static void keep_rate(rd_kafka_t *producer, long number)
{
    int64_t due_us = run.started_us + (int64_t)((double)number * 1e6 / (double)run.options.rate);

    while (!stop && now_us(CLOCK_MONOTONIC) < due_us)
        rd_kafka_poll(producer, 1);
}

static void produce_messages(rd_kafka_t *producer, rd_kafka_topic_t *topic, char *values)
{
    const struct options *options = &run.options;
    size_t key_size = options->key ? strlen(options->key) : 0;

    for (long number = 0; !stop && (options->count == 0 || number < options->count); number++) {
        char *value = values + (size_t)(number % POOL_COUNT) * options->size;

        while (rd_kafka_produce(topic, options->partition, RD_KAFKA_MSG_F_COPY, value,
                                options->size, options->key, key_size, NULL) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL || stop) {
                add_failure(rd_kafka_last_error());
                break;
            }
            rd_kafka_poll(producer, 10); /* Reports make room. */
            print_progress();
        }
        if (options->rate)
            keep_rate(producer, number);
        if (number % POLL_INTERVAL == 0) {
            rd_kafka_poll(producer, 0);
            print_progress();
        }
    }
}

static int produce(rd_kafka_conf_t *conf)
{
    char *values = make_values(run.options.size);
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;

    if (!values) {
        fprintf(stderr, "no memory for values of %zu bytes\n", run.options.size);
        rd_kafka_conf_destroy(conf);
        return 1;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    producer = new_client(RD_KAFKA_PRODUCER, conf);
    if (!producer) {
        free(values);
        return 1;
    }
    topic = rd_kafka_topic_new(producer, run.options.topic, NULL);
    if (topic) {
        start_measuring();
        produce_messages(producer, topic, values);
        /* The second Control-C ends the wait, too. */
        stop = 0;
        while (!stop && rd_kafka_outq_len(producer) > 0) {
            rd_kafka_poll(producer, 100);
            print_progress();
        }
        if (rd_kafka_outq_len(producer) > 0)
            printf("%d messages without a report\n", rd_kafka_outq_len(producer));
        print_summary();
        rd_kafka_topic_destroy(topic);
    } else {
        add_failure(rd_kafka_last_error());
        fprintf(stderr, "%s: %s\n", run.options.topic, rd_kafka_err2str(run.first_error));
    }
    rd_kafka_destroy(producer);
    free(values);
    return run.failed ? 1 : 0;
}

/* The partitions to read: the one asked for, or all. NULL after it has said why. */
static rd_kafka_topic_partition_list_t *find_partitions(rd_kafka_t *consumer)
{
    const struct options *options = &run.options;
    rd_kafka_topic_partition_list_t *partitions = rd_kafka_topic_partition_list_new(1);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = NULL;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    int count = options->partition == RD_KAFKA_PARTITION_UA ? 0 : 1;

    if (count == 0) {
        topic = rd_kafka_topic_new(consumer, options->topic, NULL);
        error = rd_kafka_metadata(consumer, 0, topic, &metadata, TIMEOUT_MS);
        if (!error && metadata->topic_cnt == 1) {
            error = metadata->topics[0].err;
            count = metadata->topics[0].partition_cnt;
        }
    }
    for (int index = 0; index < count; index++) {
        int32_t partition =
            metadata ? metadata->topics[0].partitions[index].id : options->partition;

        rd_kafka_topic_partition_list_add(partitions, options->topic, partition)->offset =
            options->offset;
    }
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    if (topic)
        rd_kafka_topic_destroy(topic);
    if (count > 0)
        return partitions;
    fprintf(stderr, "%s: %s\n", options->topic, error ? rd_kafka_err2str(error) : "no partitions");
    rd_kafka_topic_partition_list_destroy(partitions);
    return NULL;
}

static void take_message(const rd_kafka_message_t *message)
{
    if (run.messages == 0)
        start_measuring(); /* Connecting is not part of it. */
    run.messages++;
    run.bytes += message->len + message->key_len;
    if (is_sampled()) {
        rd_kafka_timestamp_type_t type;
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);

        if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp_ms > 0)
            add_latency(now_us(CLOCK_REALTIME) - timestamp_ms * 1000);
    }
}

static void consume_messages(rd_kafka_t *consumer, int partition_count)
{
    const struct options *options = &run.options;

    start_measuring();
    while (!stop && (options->count == 0 || run.messages < options->count)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

        if (!message) {
            print_progress();
            continue;
        }
        if (!message->err)
            take_message(message);
        else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            stop = options->ends_at_end && --partition_count == 0;
        else
            fprintf(stderr, "%s\n", rd_kafka_message_errstr(message));
        rd_kafka_message_destroy(message);
        if (run.messages % POLL_INTERVAL == 0)
            print_progress();
    }
    print_summary();
}

static int consume(rd_kafka_conf_t *conf)
{
    rd_kafka_topic_partition_list_t *partitions;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__FAIL;
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, conf);

    if (!consumer)
        return 1;
    rd_kafka_poll_set_consumer(consumer);
    partitions = find_partitions(consumer);
    if (partitions) {
        error = rd_kafka_assign(consumer, partitions);
        if (error)
            fprintf(stderr, "assign: %s\n", rd_kafka_err2str(error));
        else
            consume_messages(consumer, partitions->cnt);
        rd_kafka_topic_partition_list_destroy(partitions);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return error ? 1 : 0;
}

static void set_property(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[512];

    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
}

static void set_property_text(rd_kafka_conf_t *conf, char *text)
{
    char *equals = strchr(text, '=');

    if (!strcmp(text, "list")) {
        rd_kafka_conf_properties_show(stdout);
        exit(0);
    }
    if (!equals) {
        fprintf(stderr, "-X %s: a name, = and a value are wanted\n", text);
        exit(2);
    }
    *equals = '\0';
    set_property(conf, text, equals + 1);
}

static int64_t parse_offset(const char *text)
{
    if (!strcmp(text, "beginning"))
        return RD_KAFKA_OFFSET_BEGINNING;
    if (!strcmp(text, "end"))
        return RD_KAFKA_OFFSET_END;
    if (text[0] == '-')
        return RD_KAFKA_OFFSET_TAIL(strtoll(text + 1, NULL, 10));
    return strtoll(text, NULL, 10);
}

/* Options that set members; returns false for those that set properties. */
static bool parse_member(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'P':
    case 'C':
        options->mode = (char)option;
        return true;
    case 't':
        options->topic = value;
        return true;
    case 'p':
        options->partition = atoi(value);
        return true;
    case 'c':
        options->count = atol(value);
        return true;
    case 's':
        options->size = strtoul(value, NULL, 10);
        return true;
    case 'k':
        options->key = value;
        return true;
    case 'r':
        options->rate = atol(value);
        return true;
    case 'o':
        options->offset = parse_offset(value);
        return true;
    case 'i':
        options->interval_ms = atoi(value);
        return true;
    case 'l':
        options->sample_interval = 1;
        return true;
    case 'q':
        options->is_quiet = true;
        return true;
    case 'e':
        options->ends_at_end = true;
        return true;
    default:
        return false;
    }
}

static void set_options(rd_kafka_conf_t *conf, int option, char *value)
{
    if (option == 'b')
        set_property(conf, "bootstrap.servers", value);
    else if (option == 'z')
        set_property(conf, "compression.codec", value);
    else if (option == 'a')
        set_property(conf, "acks", value);
    else if (option == 'X')
        set_property_text(conf, value);
}

int main(int argc, char **argv)
{
    static const char letters[] = "PCt:p:b:s:k:c:z:a:r:o:i:X:lqeh";
    struct sigaction action = {.sa_handler = on_signal};
    rd_kafka_conf_t *conf;
    int option;

    run.options = (struct options){.partition = RD_KAFKA_PARTITION_UA,
                                   .offset = RD_KAFKA_OFFSET_BEGINNING,
                                   .size = 100,
                                   .interval_ms = 1000,
                                   .sample_interval = SAMPLE_INTERVAL};
    while ((option = getopt(argc, argv, letters)) != -1) {
        if (parse_member(&run.options, option, optarg) || strchr("bzaX", option))
            continue;
        fputs(help, option == 'h' ? stdout : stderr);
        return option == 'h' ? 0 : 2;
    }
    conf = rd_kafka_conf_new();
    if (run.options.mode == 'C') {
        /* What assigned partitions need; -X may change it. */
        set_property(conf, "group.id", "performance");
        set_property(conf, "enable.auto.commit", "false");
        set_property(conf, "enable.partition.eof", "true");
    }
    for (optind = 1; (option = getopt(argc, argv, letters)) != -1;)
        set_options(conf, option, optarg);
    if (optind != argc || !run.options.mode || !run.options.topic) {
        fputs(help, stderr);
        rd_kafka_conf_destroy(conf);
        return 2;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return run.options.mode == 'P' ? produce(conf) : consume(conf);
}
