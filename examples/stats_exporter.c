/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serves the statistics of a client as Prometheus metrics over HTTP.
 *
 *   stats_exporter [options] <bootstrap servers> <topic>
 *   stats_exporter -d
 *
 * In a program of your own: call export_statistics() in stats_cb, and keep the rest. Only the table
 * `metrics` says what is exported; STATISTICS.md says what else there is. Needs libmicrohttpd and
 * cJSON.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <microhttpd.h>

#include "support/workload.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* What is exported */

enum level { CLIENT, BROKER, TOPIC, PARTITION };

struct metric {
    enum level level;
    const char *field;
    const char *name; /* Behind "kafka_client_". */
    const char *type;
    double scale; /* To Prometheus's base units: seconds, bytes. */
    const char *help;
};

static const struct metric metrics[] = {
    {CLIENT, "age", "age_seconds", "gauge", 1e-6, "Time since the client was made."},
    {CLIENT, "replyq", "poll_queue_length", "gauge", 1, "What waits to be polled."},
    {CLIENT, "msg_cnt", "queued_messages", "gauge", 1, "Messages in the producer."},
    {CLIENT, "msg_size", "queued_bytes", "gauge", 1, "Bytes of messages in the producer."},
    {CLIENT, "msg_max", "queued_messages_limit", "gauge", 1, "Most messages in the producer."},
    {BROKER, "tx", "requests_total", "counter", 1, "Requests sent."},
    {BROKER, "txbytes", "sent_bytes_total", "counter", 1, "Bytes sent."},
    {BROKER, "txerrs", "send_errors_total", "counter", 1, "Writes that failed."},
    {BROKER, "txretries", "retries_total", "counter", 1, "Requests sent again."},
    {BROKER, "req_timeouts", "timeouts_total", "counter", 1, "Requests not answered in time."},
    {BROKER, "rx", "answers_total", "counter", 1, "Answers received."},
    {BROKER, "rxbytes", "received_bytes_total", "counter", 1, "Bytes received."},
    {BROKER, "rxerrs", "receive_errors_total", "counter", 1, "Reads that failed."},
    {BROKER, "connects", "connects_total", "counter", 1, "Attempts to connect."},
    {BROKER, "disconnects", "disconnects_total", "counter", 1, "Connections that ended."},
    {BROKER, "outbuf_cnt", "requests_waiting", "gauge", 1, "Requests to be written."},
    {BROKER, "waitresp_cnt", "requests_in_flight", "gauge", 1, "Requests not answered yet."},
    {BROKER, "rtt", "round_trip_seconds", "gauge", 1e-6, "From a request to its answer."},
    {BROKER, "int_latency", "queue_latency_seconds", "gauge", 1e-6, "From produce() to a request."},
    {BROKER, "throttle", "throttle_seconds", "gauge", 1e-3, "Pauses that brokers asked for."},
    {TOPIC, "batchsize", "batch_bytes", "gauge", 1, "Sizes of batches sent."},
    {TOPIC, "batchcnt", "batch_messages", "gauge", 1, "Messages in batches sent."},
    {PARTITION, "txmsgs", "sent_messages_total", "counter", 1, "Messages sent."},
    {PARTITION, "txbytes", "sent_message_bytes_total", "counter", 1, "Bytes of messages sent."},
    {PARTITION, "rxmsgs", "received_messages_total", "counter", 1, "Messages fetched."},
    {PARTITION, "rxbytes", "received_message_bytes_total", "counter", 1, "Bytes of these."},
    {PARTITION, "msgq_cnt", "partition_queued_messages", "gauge", 1, "Messages to be sent."},
    {PARTITION, "msgs_inflight", "partition_in_flight_messages", "gauge", 1, "Sent, not reported."},
    {PARTITION, "fetchq_cnt", "partition_fetched_messages", "gauge", 1, "Fetched and not taken."},
    {PARTITION, "hi_offset", "partition_high_watermark", "gauge", 1, "End of the partition."},
    {PARTITION, "stored_offset", "partition_stored_offset", "gauge", 1, "To be committed."},
    {PARTITION, "consumer_lag_stored", "partition_lag", "gauge", 1, "Behind the end."},
    {PARTITION, "leader", "partition_leader", "gauge", 1, "Id of the leader; -1: none."},
};

static const char *const quantiles[][2] = {
    {"p50", "0.5"}, {"p75", "0.75"}, {"p90", "0.9"}, {"p95", "0.95"}, {"p99", "0.99"}};

/* The text under construction */

struct page {
    char *chars;
    size_t size;
    FILE *file;
};

/* Label values are escaped as the exposition format wants it. */
static void print_label(FILE *file, const char *name, const char *value, const char *separator)
{
    fprintf(file, "%s%s=\"", separator, name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            fprintf(file, "\\%c", *value);
        else if (*value == '\n')
            fprintf(file, "\\n");
        else
            fputc(*value, file);
    }
    fputc('"', file);
}

struct labels {
    const char *client, *broker, *topic, *partition;
};

static void print_labels(FILE *file, const struct labels *labels)
{
    print_label(file, "client", labels->client, "{");
    if (labels->broker)
        print_label(file, "broker", labels->broker, ",");
    if (labels->topic)
        print_label(file, "topic", labels->topic, ",");
    if (labels->partition)
        print_label(file, "partition", labels->partition, ",");
}

static void print_value(FILE *file, const struct metric *metric, const struct labels *labels,
                        const cJSON *value)
{
    if (cJSON_IsNumber(value)) {
        fprintf(file, "kafka_client_%s", metric->name);
        print_labels(file, labels);
        fprintf(file, "} %.15g\n", value->valuedouble * metric->scale);
        return;
    }
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        const cJSON *part = cJSON_GetObjectItemCaseSensitive(value, quantiles[i][0]);
        if (!part)
            continue;
        fprintf(file, "kafka_client_%s", metric->name);
        print_labels(file, labels);
        print_label(file, "quantile", quantiles[i][1], ",");
        fprintf(file, "} %.15g\n", part->valuedouble * metric->scale);
    }
}

static const cJSON *item_of(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void print_partitions(FILE *file, const struct metric *metric, const cJSON *topic,
                             struct labels labels)
{
    const cJSON *partition;
    cJSON_ArrayForEach(partition, item_of(topic, "partitions"))
    {
        labels.partition = partition->string;
        if (strcmp(labels.partition, "-1") != 0)
            print_value(file, metric, &labels, item_of(partition, metric->field));
    }
}

static void print_metric(FILE *file, const struct metric *metric, const cJSON *statistics,
                         struct labels labels)
{
    const cJSON *item;
    fprintf(file, "# HELP kafka_client_%s %s\n# TYPE kafka_client_%s %s\n", metric->name,
            metric->help, metric->name, metric->type);
    if (metric->level == CLIENT)
        print_value(file, metric, &labels, item_of(statistics, metric->field));
    if (metric->level == BROKER) {
        cJSON_ArrayForEach(item, item_of(statistics, "brokers"))
        {
            labels.broker = item->string;
            print_value(file, metric, &labels, item_of(item, metric->field));
        }
    }
    if (metric->level != TOPIC && metric->level != PARTITION)
        return;
    cJSON_ArrayForEach(item, item_of(statistics, "topics"))
    {
        labels.topic = item->string;
        if (metric->level == TOPIC)
            print_value(file, metric, &labels, item_of(item, metric->field));
        else
            print_partitions(file, metric, item, labels);
    }
}

/* States are labels of a metric that is 1. */
static void print_states(FILE *file, const cJSON *statistics, struct labels labels)
{
    const cJSON *item, *partition;
    fprintf(file, "# HELP kafka_client_broker_up Whether it is connected.\n"
                  "# TYPE kafka_client_broker_up gauge\n");
    cJSON_ArrayForEach(item, item_of(statistics, "brokers"))
    {
        const char *state = cJSON_GetStringValue(item_of(item, "state"));
        labels.broker = item->string;
        fprintf(file, "kafka_client_broker_up");
        print_labels(file, &labels);
        fprintf(file, "} %d\n", state && strcmp(state, "UP") == 0);
    }
    labels.broker = NULL;
    fprintf(file, "# HELP kafka_client_partition_reason Why a partition is not moving.\n"
                  "# TYPE kafka_client_partition_reason gauge\n");
    cJSON_ArrayForEach(item, item_of(statistics, "topics"))
    {
        labels.topic = item->string;
        cJSON_ArrayForEach(partition, item_of(item, "partitions"))
        {
            const char *reason = cJSON_GetStringValue(item_of(partition, "reason_code"));
            if (!reason) /* librdkafka does not tell. */
                continue;
            labels.partition = partition->string;
            fprintf(file, "kafka_client_partition_reason");
            print_labels(file, &labels);
            print_label(file, "reason", reason, ",");
            fprintf(file, "} 1\n");
        }
    }
}

/* What is served: replaced by the main thread, read by the server's. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *served;

static void export_statistics(const char *json, void *opaque)
{
    cJSON *statistics = cJSON_Parse(json);
    struct page page = {.chars = NULL};
    (void)opaque;
    if (!statistics || !(page.file = open_memstream(&page.chars, &page.size))) {
        cJSON_Delete(statistics);
        return;
    }
    struct labels labels = {.client = cJSON_GetStringValue(item_of(statistics, "name"))};
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        print_metric(page.file, &metrics[i], statistics, labels);
    print_states(page.file, statistics, labels);
    fclose(page.file);
    cJSON_Delete(statistics);
    pthread_mutex_lock(&mutex);
    char *before = served;
    served = page.chars;
    pthread_mutex_unlock(&mutex);
    free(before);
}

/* The server */

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state)
{
    (void)opaque;
    (void)version;
    (void)body;
    (void)body_size;
    (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "GET only\n");
    if (strcmp(url, "/") == 0)
        return respond(connection, MHD_HTTP_OK, "text/html", "<a href=\"/metrics\">metrics</a>\n");
    if (strcmp(url, "/metrics") != 0)
        return respond(connection, MHD_HTTP_NOT_FOUND, "text/plain", "see /metrics\n");
    pthread_mutex_lock(&mutex);
    enum MHD_Result result = respond(
        connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", served ? served : "");
    pthread_mutex_unlock(&mutex);
    return result;
}

static struct MHD_Daemon *start_server(const char *address, int port)
{
    struct sockaddr_in socket_address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &socket_address.sin_addr) != 1)
        return NULL;
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, NULL,
                            MHD_OPTION_SOCK_ADDR, &socket_address, MHD_OPTION_CONNECTION_TIMEOUT,
                            10u, MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_END);
}

static int usage(void)
{
    fprintf(stderr, "usage: stats_exporter [options] <bootstrap servers> <topic>\n"
                    "       stats_exporter -d [options]\n"
                    "  -a ADDR    address to listen at; 127.0.0.1\n"
                    "  -p PORT    port to listen at; 9404, 0: any\n" WORKLOAD_HELP);
    return 2;
}

int main(int argc, char **argv)
{
    struct workload workload;
    const char *address = "127.0.0.1";
    int option, port = 9404;
    workload_init(&workload, export_statistics, NULL);
    while ((option = getopt(argc, argv, "a:p:" WORKLOAD_OPTIONS)) != -1) {
        if (option == 'a')
            address = optarg;
        else if (option == 'p')
            port = atoi(optarg);
        else if (!workload_option(&workload, option, optarg))
            return usage();
    }
    if (!workload_start(&workload, argc - optind, argv + optind))
        return usage();
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    struct MHD_Daemon *server = start_server(address, port);
    if (!server) {
        fprintf(stderr, "cannot listen at %s:%d\n", address, port);
        workload_stop(&workload);
        return 1;
    }
    printf("http://%s:%u/metrics\n", address,
           MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (!stop)
        workload_run(&workload, 200);
    MHD_stop_daemon(server);
    workload_stop(&workload);
    free(served);
    return 0;
}
