/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main job, shown and proved on the cluster inside the library.
 *
 *   demo [-n messages] [-t seconds] [-z codec] [-X property=value ...]
 *
 * A producer owns a cluster of three brokers, and sends messages of 100 to 1000 bytes. A consumer
 * in a second thread reads the topic's partitions from their beginning, and checks each message:
 * its content, its place in the order of its partition, and that it came once. The brokers keep
 * only the latest few megabytes of a partition, so the producer stays a bounded number of messages
 * ahead of the consumer. The exit code is 0 only if every message sent was delivered and verified.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define TOPIC             "demo"
#define PARTITION_COUNT   4
#define SMALLEST          100
#define LARGEST           1000
#define DEFAULT_MESSAGES  2000000
#define DEFAULT_SECONDS   10
#define MESSAGES_MAX      1000000000
#define AHEAD_MAX         4000  /* Times 1000 bytes: less than a broker keeps of one partition. */
#define STALL_SECONDS_MAX 30    /* Without any progress for this long, the demo gives up. */
#define FILLER_SIZE       65536 /* Contents are slices of this many pseudo-random bytes. */

/* Latencies in microseconds are counted in buckets that are at most 1/16 wide. */
#define LATENCY_BUCKETS (28 * 16)

struct demo {
    int64_t message_limit;
    int64_t time_limit_us; /* 0: only the number of messages counts. */
    unsigned char *filler;
    rd_kafka_t *producer;
    rd_kafka_t *consumer;
    int64_t started_us;
    int64_t bytes;

    /* Written by the delivery reports, which run in the producing thread. */
    int64_t delivered;
    int64_t failed;
    int64_t latency_max_us;
    int64_t latencies[LATENCY_BUCKETS];

    /* Written by the consuming thread; the counter also read by the other. */
    unsigned char *seen; /* One bit per message. */
    int64_t last[PARTITION_COUNT];
    _Atomic int64_t verified;
    atomic_bool wrong; /* A check failed: both threads stop. */
    atomic_bool done;  /* Nothing more will come: the consuming thread ends. */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory) {
        fprintf(stderr, "no memory for %zu bytes\n", size);
        exit(1);
    }
    return memory;
}

/*
 * The content of a message follows from its number: the number itself in eight bytes, then a slice
 * of the filler. Returns the size, and where the slice begins.
 */
static size_t content_of(int64_t number, size_t *slice)
{
    uint64_t random = mix((uint64_t)number + 1);
    size_t size = SMALLEST + (size_t)(random % (LARGEST - SMALLEST + 1));

    *slice = (size_t)(random >> 32) % (FILLER_SIZE - LARGEST);
    return size;
}

/* The filler is text of random letters, so that a codec has something to do, but not too easily. */
static unsigned char *new_filler(void)
{
    unsigned char *filler = allocate(FILLER_SIZE);

    for (size_t i = 0; i < FILLER_SIZE; i++)
        filler[i] = (unsigned char)('a' + mix(i + UINT64_C(0x9e3779b97f4a7c15)) % 26);
    return filler;
}

/* ---- Latencies ------------------------------------------------------------------------------ */

static int bucket_of(int64_t latency_us)
{
    int exponent = 0;

    while (latency_us >> exponent >= 32)
        exponent++;
    int bucket = exponent * 16 + (int)(latency_us >> exponent);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The highest latency that falls into the bucket. */
static int64_t bucket_limit_us(int bucket)
{
    int exponent = bucket < 32 ? 0 : bucket / 16 - 1;

    return (((int64_t)bucket - exponent * 16 + 1) << exponent) - 1;
}

static double percentile_ms(const struct demo *demo, double fraction)
{
    int64_t left = (int64_t)((double)demo->delivered * fraction);
    int bucket = 0;

    while (bucket < LATENCY_BUCKETS - 1 && (left -= demo->latencies[bucket]) >= 0)
        bucket++;
    int64_t limit_us = bucket_limit_us(bucket);
    return (double)(limit_us < demo->latency_max_us ? limit_us : demo->latency_max_us) / 1000.0;
}

/* ---- The consumer's thread ------------------------------------------------------------------ */

/* Says what is wrong with a message, or NULL. Number and content must be right, and be new. */
static const char *check(struct demo *demo, const rd_kafka_message_t *message)
{
    int64_t number;
    size_t slice;

    if (message->len < sizeof(number))
        return "is too short";
    memcpy(&number, message->payload, sizeof(number));
    if (number < 0 || number >= demo->message_limit)
        return "has an impossible number";
    if (message->len != content_of(number, &slice) ||
        memcmp((const unsigned char *)message->payload + sizeof(number), demo->filler + slice,
               message->len - sizeof(number)) != 0)
        return "has another content than was sent";
    if (demo->seen[number / 8] & (1 << (number % 8)))
        return "came twice";
    if (message->partition < 0 || message->partition >= PARTITION_COUNT)
        return "came from an unknown partition";
    if (number <= demo->last[message->partition])
        return "is out of order";
    demo->seen[number / 8] |= (unsigned char)(1 << (number % 8));
    demo->last[message->partition] = number;
    return NULL;
}

static void *consume(void *argument)
{
    struct demo *demo = argument;

    while (!atomic_load(&demo->done) && !atomic_load(&demo->wrong)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(demo->consumer, 100);
        const char *problem;

        if (!message)
            continue;
        if (message->err) {
            fprintf(stderr, "\nconsumer: %s\n", rd_kafka_message_errstr(message));
        } else if ((problem = check(demo, message))) {
            fprintf(stderr, "\nthe message at partition %d offset %" PRId64 " %s\n",
                    (int)message->partition, message->offset, problem);
            atomic_store(&demo->wrong, true);
        } else {
            atomic_fetch_add(&demo->verified, 1);
        }
        rd_kafka_message_destroy(message);
    }
    return NULL;
}

/* ---- The producer's thread ------------------------------------------------------------------ */

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct demo *demo = opaque;
    int64_t latency_us = rd_kafka_message_latency(message);

    (void)producer;
    if (message->err) {
        if (demo->failed++ == 0)
            fprintf(stderr, "\nnot delivered: %s\n", rd_kafka_err2str(message->err));
        return;
    }
    demo->delivered++;
    if (latency_us < 0)
        return;
    demo->latencies[bucket_of(latency_us)]++;
    if (latency_us > demo->latency_max_us)
        demo->latency_max_us = latency_us;
}

/* On a terminal one line that is written over, elsewhere one line each time. */
static void show_progress(const struct demo *demo, int64_t sent)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    int64_t verified = atomic_load(&demo->verified);
    double seconds = (double)(now_us() - demo->started_us) / 1e6;

    printf("%s%6.1f s  %9" PRId64 " sent  %9" PRId64 " verified  %7.1f MB/s%s",
           terminal ? "\r" : "", seconds, sent, verified, (double)demo->bytes / 1e6 / seconds,
           terminal ? "  " : "\n");
    fflush(stdout);
}

/* Follows the clock: shows progress, and notices when the consumer gets nothing any more. */
struct watch {
    int64_t next_show_us;
    int64_t progress_at_us;
    int64_t verified;
};

static bool is_stalled(struct demo *demo, struct watch *watch, int64_t sent)
{
    int64_t now = now_us(), verified = atomic_load(&demo->verified);

    if (now >= watch->next_show_us) {
        if (watch->next_show_us)
            show_progress(demo, sent);
        watch->next_show_us = now + (isatty(STDOUT_FILENO) == 1 ? 200000 : 1000000);
    }
    if (verified != watch->verified || watch->progress_at_us == 0) {
        watch->verified = verified;
        watch->progress_at_us = now;
    }
    if (now - watch->progress_at_us < STALL_SECONDS_MAX * INT64_C(1000000))
        return false;
    fprintf(stderr, "\nno message came for %d seconds\n", STALL_SECONDS_MAX);
    atomic_store(&demo->wrong, true);
    return true;
}

static bool produce_one(struct demo *demo, int64_t number)
{
    unsigned char content[LARGEST];
    size_t slice, size = content_of(number, &slice);
    rd_kafka_resp_err_t error;

    memcpy(content, &number, sizeof(number));
    memcpy(content + sizeof(number), demo->filler + slice, size - sizeof(number));
    do {
        error = rd_kafka_producev(demo->producer, RD_KAFKA_V_TOPIC(TOPIC),
                                  RD_KAFKA_V_VALUE(content, size),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && rd_kafka_poll(demo->producer, 100) >= 0);
    if (error) {
        fprintf(stderr, "\nnot accepted: %s\n", rd_kafka_err2str(error));
        atomic_store(&demo->wrong, true);
        return false;
    }
    demo->bytes += (int64_t)size;
    return true;
}

/* Produces until a limit is reached, never too far ahead of the consumer. Returns the number. */
static int64_t produce(struct demo *demo, struct watch *watch)
{
    int64_t sent = 0;

    while (sent < demo->message_limit && !interrupted && !demo->failed &&
           !atomic_load(&demo->wrong)) {
        if (sent - atomic_load(&demo->verified) >= AHEAD_MAX) {
            rd_kafka_poll(demo->producer, 1);
            if (is_stalled(demo, watch, sent))
                break;
            continue;
        }
        if (!produce_one(demo, sent))
            break;
        sent++;
        if (sent % 64 == 0) {
            rd_kafka_poll(demo->producer, 0);
            is_stalled(demo, watch, sent);
            if (demo->time_limit_us && now_us() - demo->started_us > demo->time_limit_us)
                break;
        }
    }
    return sent;
}

/* Waits until every message has its report, and the consumer has seen it. */
static void finish(struct demo *demo, struct watch *watch, int64_t sent)
{
    if (rd_kafka_flush(demo->producer, STALL_SECONDS_MAX * 1000))
        fprintf(stderr, "\n%d messages without a report\n", rd_kafka_outq_len(demo->producer));
    while (atomic_load(&demo->verified) < demo->delivered && !atomic_load(&demo->wrong) &&
           !is_stalled(demo, watch, sent))
        rd_kafka_poll(demo->producer, 10);
}

/* ---- Set-up and summary --------------------------------------------------------------------- */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[512];

    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error))) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[512];
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof(error));

    if (!client) {
        fprintf(stderr, "no client: %s\n", error);
        exit(1);
    }
    return client;
}

/* Starts the consumer on the brokers that live in the producer. */
static void start_consumer(struct demo *demo)
{
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(demo->producer);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *partitions;
    rd_kafka_resp_err_t error;

    error = rd_kafka_mock_topic_create(cluster, TOPIC, PARTITION_COUNT, 3);
    if (!error) {
        set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster));
        set(conf, "group.id", "demo");
        set(conf, "enable.auto.commit", "false");
        set(conf, "fetch.wait.max.ms", "10");
        demo->consumer = new_client(RD_KAFKA_CONSUMER, conf);
        rd_kafka_poll_set_consumer(demo->consumer);

        partitions = rd_kafka_topic_partition_list_new(PARTITION_COUNT);
        rd_kafka_topic_partition_list_add_range(partitions, TOPIC, 0, PARTITION_COUNT - 1);
        for (int i = 0; i < partitions->cnt; i++)
            partitions->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
        error = rd_kafka_assign(demo->consumer, partitions);
        rd_kafka_topic_partition_list_destroy(partitions);
    }
    if (error) {
        fprintf(stderr, "no consumer: %s\n", rd_kafka_err2str(error));
        exit(1);
    }
}

/* Reads the options into the demo and the producer's configuration. */
static bool parse(struct demo *demo, rd_kafka_conf_t *conf, int argc, char **argv)
{
    double seconds = -1;
    int option;

    while ((option = getopt(argc, argv, "n:t:z:X:")) != -1) {
        char *equals;

        if (option == 'n') {
            demo->message_limit = atoll(optarg);
        } else if (option == 't') {
            seconds = atof(optarg);
        } else if (option == 'z') {
            set(conf, "compression.codec", optarg);
        } else if (option == 'X' && (equals = strchr(optarg, '='))) {
            *equals = '\0';
            set(conf, optarg, equals + 1);
        } else {
            return false;
        }
    }
    if (demo->message_limit == 0) {
        demo->message_limit = DEFAULT_MESSAGES;
        seconds = seconds < 0 ? DEFAULT_SECONDS : seconds;
    }
    demo->time_limit_us = seconds > 0 ? (int64_t)(seconds * 1e6) : 0;
    return optind == argc && demo->message_limit > 0 && demo->message_limit <= MESSAGES_MAX;
}

/* Prints what happened. Returns true when all is well. */
static bool show_summary(const struct demo *demo, int64_t sent, double seconds)
{
    int64_t verified = atomic_load(&demo->verified);
    bool good = !atomic_load(&demo->wrong) && sent > 0 && demo->failed == 0 &&
                demo->delivered == sent && verified == sent;

    printf("\n%" PRId64 " messages, %.1f MB in %.1f s: %.0f messages/s, %.1f MB/s\n", sent,
           (double)demo->bytes / 1e6, seconds, (double)sent / seconds,
           (double)demo->bytes / 1e6 / seconds);
    printf("produce latency: p50 %.2f ms, p99 %.2f ms, max %.2f ms\n", percentile_ms(demo, 0.5),
           percentile_ms(demo, 0.99), (double)demo->latency_max_us / 1000.0);
    printf("delivery reports: %" PRId64 " delivered, %" PRId64 " failed\n", demo->delivered,
           demo->failed);
    if (good)
        printf("verified: every message came once, in order, with its content\n");
    else
        printf("NOT verified: %" PRId64 " of %" PRId64 " messages\n", verified, sent);
    return good;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    struct demo *demo = allocate(sizeof(*demo));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct watch watch = {0, 0, 0};
    pthread_t thread;

    set(conf, "test.mock.num.brokers", "3");
    set(conf, "linger.ms", "1");
    if (!parse(demo, conf, argc, argv)) {
        fprintf(stderr, "usage: %s [-n messages] [-t seconds] [-z codec] [-X property=value ...]\n",
                argv[0]);
        return 2;
    }
    rd_kafka_conf_set_opaque(conf, demo);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    sigaction(SIGINT, &action, NULL);
    demo->filler = new_filler();
    demo->seen = allocate((size_t)demo->message_limit / 8 + 1);
    for (int i = 0; i < PARTITION_COUNT; i++)
        demo->last[i] = -1;

    demo->producer = new_client(RD_KAFKA_PRODUCER, conf);
    start_consumer(demo);
    printf("%s: 3 brokers at %s\n", rd_kafka_version_str(),
           rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(demo->producer)));
    demo->started_us = now_us();
    if (pthread_create(&thread, NULL, consume, demo)) {
        fprintf(stderr, "no thread for the consumer\n");
        return 1;
    }

    int64_t sent = produce(demo, &watch);
    finish(demo, &watch, sent);
    double seconds = (double)(now_us() - demo->started_us) / 1e6;
    show_progress(demo, sent);
    atomic_store(&demo->done, true);
    pthread_join(thread, NULL);

    bool good = show_summary(demo, sent, seconds);
    rd_kafka_consumer_close(demo->consumer);
    rd_kafka_destroy(demo->consumer);
    rd_kafka_destroy(demo->producer);
    free(demo->seen);
    free(demo->filler);
    free(demo);
    return good ? 0 : 1;
}
