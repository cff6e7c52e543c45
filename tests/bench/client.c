/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark client: options, measuring, and the line of JSON in which each run ends.
 *
 *   client <mode> [options]
 */
#include "client.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    void (*run)(const struct bench_options *options, struct bench_result *result);
    const char *topic;
    long messages;
} modes[] = {
    {"produce", bench_produce, "bench", 1000000},
    {"latency", bench_latency, "bench", 5000},
    {"consume", bench_consume, "f.100.none.131072", 2000000},
    {"receive", bench_receive, "l.1000", 1000},
    {"idle", bench_idle, "bench", 1},
    {"create", bench_create, "bench", 200},
    {"memory", bench_memory, "bench", 300000},
};

enum { MODE_COUNT = sizeof(modes) / sizeof(modes[0]) };

static const char usage_text[] =
    "usage: client <mode> -b <bootstrap servers> [options]\n"
    "modes:\n"
    "  produce   as fast as possible, or at a rate; ends when every message is reported\n"
    "  latency   one message at a time, from produce to its report; linger 0\n"
    "  consume   assigned partitions, from the beginning\n"
    "  receive   from the sink's sending to the application, on a topic l.<us>\n"
    "  idle      wake-ups of the library's threads while nothing is to do\n"
    "  create    creates and destroys clients\n"
    "  memory    of queued messages, beyond their bytes\n"
    "options:\n"
    "  -t topic          _p<N> at the end: N partitions   -n messages\n"
    "  -s value size (100)   -k key size (0)   -H headers per message (0)   -z codec\n"
    "  -c single|name|batch  produce() with a topic, producev() with its name, produce_batch();\n"
    "                        consumer_poll() or consume_batch_queue()\n"
    "  -T threads that produce or poll   -r messages per second   -q messages between two polls "
    "(100)\n"
    "  -e reports as events   -o an opaque pointer with each message\n"
    "  -C (idle, create, memory) a consumer   -d seconds (idle)   -X property=value\n"
    "  -g consumers are members of a group; needs a sink with --groups\n";

_Noreturn void bench_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("client: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *bench_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (!memory)
        bench_fail("no memory for %zu bytes", size);
    return memory;
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void bench_measure_start(struct bench_result *result)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    result->started_user_s = seconds_of(usage.ru_utime);
    result->started_system_s = seconds_of(usage.ru_stime);
    result->thread_started_ns = bench_thread_cpu_ns();
    result->started_ns = bench_now_ns();
}

void bench_measure_add_thread(struct bench_result *result, int64_t started_ns)
{
    atomic_fetch_add(&result->application_ns, bench_thread_cpu_ns() - started_ns);
}

void bench_measure_stop(struct bench_result *result)
{
    struct rusage usage;

    result->wall_s = (double)(bench_now_ns() - result->started_ns) / 1e9;
    bench_measure_add_thread(result, result->thread_started_ns);
    getrusage(RUSAGE_SELF, &usage);
    result->user_s = seconds_of(usage.ru_utime) - result->started_user_s;
    result->system_s = seconds_of(usage.ru_stime) - result->started_system_s;
}

static int compare_i64(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

void bench_add_percentiles(struct bench_result *result, int64_t *latencies_ns, long count)
{
    qsort(latencies_ns, (size_t)count, sizeof(*latencies_ns), compare_i64);
    snprintf(result->extra, sizeof(result->extra),
             ",\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f",
             (double)latencies_ns[count / 2] / 1e3, (double)latencies_ns[count * 99 / 100] / 1e3,
             (double)latencies_ns[count - 1] / 1e3);
}

void bench_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[512];

    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        bench_fail("%s", error);
}

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    (void)client;
    (void)opaque;
    /* The sink has no coordinator on purpose: an assigned consumer does without. */
    if (error != RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
        fprintf(stderr, "client: %s: %s\n", rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
}

rd_kafka_conf_t *bench_conf(const struct bench_options *options)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set_error_cb(conf, on_error);
    for (int index = 0; index < options->property_count; index++) {
        const char *equals = strchr(options->properties[index], '=');
        char name[128];

        if (!equals || (size_t)(equals - options->properties[index]) >= sizeof(name))
            bench_fail("not property=value: %s", options->properties[index]);
        snprintf(name, sizeof(name), "%.*s", (int)(equals - options->properties[index]),
                 options->properties[index]);
        bench_conf_set(conf, name, equals + 1);
    }
    return conf;
}

rd_kafka_t *bench_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[512];
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof(error));

    if (!client)
        bench_fail("%s", error);
    return client;
}

/* Properties are kept as the text of -X: `name=` is put before the value. */
static void add_property(struct bench_options *options, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 1;
    char *property = bench_alloc(size);

    snprintf(property, size, "%s%s", name, value);
    options->properties = realloc(options->properties, ((size_t)options->property_count + 1) *
                                                           sizeof(*options->properties));
    if (!options->properties)
        bench_fail("no memory");
    options->properties[options->property_count++] = property;
}

static enum bench_call parse_call(const char *name)
{
    if (!strcmp(name, "batch"))
        return BENCH_CALL_BATCH;
    if (!strcmp(name, "name"))
        return BENCH_CALL_BY_NAME;
    if (strcmp(name, "single") != 0)
        bench_fail("unknown call: %s", name);
    return BENCH_CALL_SINGLE;
}

static void parse_option(struct bench_options *options, int option, const char *value)
{
    switch (option) {
    case 'b':
        add_property(options, "bootstrap.servers=", value);
        break;
    case 'z':
        add_property(options, "compression.codec=", value);
        break;
    case 'X':
        add_property(options, "", value);
        break;
    case 't':
        options->topic = value;
        break;
    case 'n':
        options->messages = atol(value);
        break;
    case 's':
        options->value_size = strtoul(value, NULL, 10);
        break;
    case 'k':
        options->key_size = strtoul(value, NULL, 10);
        break;
    case 'H':
        options->headers = atoi(value);
        break;
    case 'c':
        options->call = parse_call(value);
        break;
    case 'T':
        options->threads = atoi(value);
        break;
    case 'r':
        options->rate = atol(value);
        break;
    case 'q':
        options->poll_interval = atoi(value);
        break;
    case 'd':
        options->seconds = atoi(value);
        break;
    case 'e':
        options->by_event = true;
        break;
    case 'o':
        options->with_opaque = true;
        break;
    case 'g':
        options->is_member = true;
        break;
    case 'C':
        options->is_consumer = true;
        break;
    default:
        fputs(usage_text, stderr);
        exit(2);
    }
}

static void print_result(const struct bench_options *options, const struct bench_result *result)
{
    double cpu_s = result->user_s + result->system_s;
    double application_s = (double)result->application_ns / 1e9;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf(
        "{\"mode\":\"%s\",\"library\":\"%s\",\"topic\":\"%s\",\"messages\":%ld,\"errors\":%ld"
        ",\"wall_s\":%.6f,\"messages_per_s\":%.0f,\"cpu_ns_per_message\":%.1f,\"cpu_user_s\":%.6f"
        ",\"cpu_system_s\":%.6f,\"application_share\":%.3f,\"peak_rss_kb\":%ld%s}\n",
        options->mode, rd_kafka_version_str(), options->topic, result->messages, result->errors,
        result->wall_s, (double)result->messages / result->wall_s,
        cpu_s * 1e9 / (double)result->messages, result->user_s, result->system_s,
        cpu_s > 0 ? application_s / cpu_s : 0, usage.ru_maxrss, result->extra);
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .value_size = 100, .threads = 1, .poll_interval = 100, .seconds = 10};
    struct bench_result result = {.messages = 0};
    int mode = 0, option;

    while (argc > 1 && mode < MODE_COUNT && strcmp(argv[1], modes[mode].name) != 0)
        mode++;
    if (argc < 2 || mode == MODE_COUNT) {
        fputs(usage_text, stderr);
        return 2;
    }
    options.mode = modes[mode].name;
    options.topic = modes[mode].topic;
    options.messages = modes[mode].messages;
    optind = 2;
    while ((option = getopt(argc, argv, "b:t:n:s:k:H:z:c:T:r:q:d:X:eoCg")) != -1)
        parse_option(&options, option, optarg);
    if (optind != argc || options.messages < 1 || options.threads < 1 ||
        options.poll_interval < 1) {
        fputs(usage_text, stderr);
        return 2;
    }
    modes[mode].run(&options, &result);
    print_result(&options, &result);
    for (int index = 0; index < options.property_count; index++)
        free(options.properties[index]);
    free(options.properties);
    return result.errors ? 1 : 0;
}
