/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/scripted_private.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "wire/header.h"

enum {
    READ_SIZE = 65536,
    RECEIVE_BUFFER = 32768, /* Small, so that a broker which does not read is felt soon. */
    METADATA_MAX = 13,
    PRODUCE_MIN = 3,
    PRODUCE_MAX = 13,
    API_VERSIONS_MAX = 4,
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Sockets */

void scripted_open_listener(struct scripted_broker *broker)
{
    int on = 1, size = RECEIVE_BUFFER;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(broker->port)};
    socklen_t address_size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    broker->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (broker->listener < 0)
        scripted_fail("socket");
    setsockopt(broker->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(broker->listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (bind(broker->listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(broker->listener, SCRIPTED_CONNECTION_MAX) ||
        getsockname(broker->listener, (struct sockaddr *)&address, &address_size))
        scripted_fail("listen");
    broker->port = ntohs(address.sin_port);
}

static void accept_connection(struct scripted_cluster *cluster, int broker)
{
    int on = 1;
    int socket =
        accept4(cluster->brokers[broker].listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0)
        return;
    if (cluster->connection_count == SCRIPTED_CONNECTION_MAX)
        scripted_fail("too many connections");
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct scripted_connection *connection = rk_calloc(1, sizeof(*connection));
    connection->socket = socket;
    connection->broker = broker;
    cluster->connections[cluster->connection_count++] = connection;
}

static void free_connection(struct scripted_connection *connection)
{
    while (connection->first) {
        struct scripted_output *output = connection->first;
        connection->first = output->next;
        rk_free(output->data);
        rk_free(output);
    }
    close(connection->socket);
    rk_free(connection->input.data);
    rk_free(connection);
}

static void remove_ended(struct scripted_cluster *cluster)
{
    int kept = 0;
    for (int i = 0; i < cluster->connection_count; i++) {
        if (cluster->connections[i]->is_ended)
            free_connection(cluster->connections[i]);
        else
            cluster->connections[kept++] = cluster->connections[i];
    }
    cluster->connection_count = kept;
}

/* Answers */

static struct scripted_output *add_output(struct scripted_connection *connection, size_t size)
{
    struct scripted_output *output = rk_calloc(1, sizeof(*output));
    output->data = rk_malloc(size + 1);
    output->size = size;
    struct scripted_output **last = &connection->first;
    while (*last)
        last = &(*last)->next;
    *last = output;
    return output;
}

static struct scripted_output *send_answer(struct scripted_connection *connection,
                                           const struct rk_api *api,
                                           const struct rk_request_header *header,
                                           const void *answer, int16_t version)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    if (rk_answer_encode(api, version, header->correlation_id, answer, &writer))
        scripted_fail(writer.failure);
    struct scripted_output *output = add_output(connection, rk_writer_total(&writer));
    rk_writer_copy(&writer, output->data);
    rk_writer_clear(&writer);
    return output;
}

static void answer_api_versions(struct scripted_cluster *cluster,
                                struct scripted_connection *connection, const struct rk_api *api,
                                const struct rk_request_header *header, struct rk_arena *arena)
{
    static const int16_t keys[][2] = {
        {RK_API_PRODUCE, PRODUCE_MIN}, {RK_API_METADATA, 0}, {RK_API_API_VERSIONS, 0}};
    struct rk_api_versions_answer answer;
    rk_api_versions_answer_init(&answer);
    bool is_known = header->api_version <= cluster->max_versions[RK_API_API_VERSIONS];
    if (!is_known)
        answer.error_code = RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
    answer.api_keys.count = RK_COUNT_OF(keys);
    answer.api_keys.items = rk_api_versions_answer_api_key_try_new(arena, RK_COUNT_OF(keys));
    for (size_t i = 0; i < RK_COUNT_OF(keys); i++) {
        answer.api_keys.items[i].api_key = keys[i][0];
        int16_t max_version = cluster->max_versions[keys[i][0]];
        answer.api_keys.items[i].min_version = RK_MIN(keys[i][1], max_version);
        answer.api_keys.items[i].max_version = max_version;
    }
    send_answer(connection, api, header, &answer, is_known ? header->api_version : 0);
}

static void answer_metadata(struct scripted_cluster *cluster,
                            struct scripted_connection *connection, const struct rk_api *api,
                            const struct rk_request_header *header,
                            const struct rk_metadata_request *request, struct rk_arena *arena)
{
    struct rk_metadata_answer answer;
    rk_metadata_answer_init(&answer);
    answer.cluster_id = "scripted";
    answer.controller_id = 0;
    answer.brokers.items = rk_metadata_answer_broker_try_new(arena, cluster->broker_count);
    answer.brokers.count = cluster->broker_count;
    for (int i = 0; i < cluster->broker_count; i++) {
        answer.brokers.items[i].node_id = i;
        answer.brokers.items[i].host = "127.0.0.1";
        answer.brokers.items[i].port = cluster->brokers[i].port;
    }
    scripted_log_describe(&cluster->log, request, &answer, arena);
    send_answer(connection, api, header, &answer, header->api_version);
}

static void answer_produce(struct scripted_cluster *cluster, struct scripted_connection *connection,
                           const struct rk_api *api, const struct rk_request_header *header,
                           const struct rk_produce_request *request, struct rk_arena *arena)
{
    struct rk_produce_answer answer;
    rk_produce_answer_init(&answer);
    struct scripted_produce produce = {
        .broker = connection->broker,
        .number = cluster->request_counts[RK_API_PRODUCE] - 1,
        .version = header->api_version,
        .request = request,
        .answer = &answer,
        .arena = arena,
    };
    scripted_log_prepare(&cluster->log, connection->broker, header->api_version, request, &answer,
                         arena);
    enum scripted_fate fate = SCRIPTED_ANSWER;
    if (cluster->hook)
        fate = cluster->hook(&produce, cluster->hook_opaque);
    if (!produce.keeps_nothing)
        scripted_log_append(&cluster->log, request, &answer, header->api_version, produce.number);
    if (fate == SCRIPTED_CLOSE)
        connection->is_ended = true;
    if (fate == SCRIPTED_CLOSE || fate == SCRIPTED_SILENCE || request->acks == 0)
        return;
    struct scripted_output *output =
        send_answer(connection, api, header, &answer, header->api_version);
    output->is_held = fate == SCRIPTED_HOLD;
    output->not_before_ms = produce.delay_ms ? now_ms() + (uint64_t)produce.delay_ms : 0;
    if (fate == SCRIPTED_MALFORMED) {
        memset(output->data + 8, 0xff, output->size - 8);
        output->size = RK_MIN(output->size, (size_t)20);
        rk_store_be32(output->data, (int32_t)output->size - 4);
    }
}

static void on_frame(struct scripted_cluster *cluster, struct scripted_connection *connection,
                     const uint8_t *frame, size_t size)
{
    struct rk_arena arena;
    struct rk_reader reader;
    struct rk_request_header header;
    rk_arena_init(&arena, 64u << 20);
    rk_reader_init(&reader, frame, size);
    const struct rk_api *api = rk_request_header_decode(&reader, &arena, &header);
    if (!api)
        scripted_fail("a request that is not served here");
    cluster->request_counts[api->key]++;
    void *request = rk_arena_try_alloc(&arena, api->request->size);
    bool is_known = header.api_version <= cluster->max_versions[api->key];
    if (is_known && !rk_codec_decode(api->request, header.api_version, request, &reader, &arena))
        scripted_fail(reader.failure);
    if (api->key == RK_API_API_VERSIONS && cluster->max_versions[api->key] < 0)
        connection->is_ended = true; /* As brokers before 0.10 do. */
    else if (api->key == RK_API_API_VERSIONS)
        answer_api_versions(cluster, connection, api, &header, &arena);
    else if (!is_known)
        scripted_fail("a version that was not announced");
    else if (api->key == RK_API_METADATA)
        answer_metadata(cluster, connection, api, &header, request, &arena);
    else if (api->key == RK_API_PRODUCE)
        answer_produce(cluster, connection, api, &header, request, &arena);
    else
        scripted_fail("a request that is not served here");
    rk_arena_clear(&arena);
    pthread_cond_broadcast(&cluster->changed);
}

static void consume_input(struct scripted_cluster *cluster, struct scripted_connection *connection)
{
    struct scripted_buffer *input = &connection->input;
    size_t at = 0;
    while (!connection->is_ended && input->size - at >= RK_FRAME_PREFIX_SIZE) {
        size_t size = (size_t)rk_load_be32(input->data + at);
        if (input->size - at - RK_FRAME_PREFIX_SIZE < size)
            break;
        at += RK_FRAME_PREFIX_SIZE;
        on_frame(cluster, connection, input->data + at, size);
        at += size;
    }
    memmove(input->data, input->data + at, input->size - at);
    input->size -= at;
}

static void read_input(struct scripted_cluster *cluster, struct scripted_connection *connection)
{
    struct scripted_buffer *input = &connection->input;
    if (input->capacity - input->size < READ_SIZE) {
        input->capacity = 2 * input->capacity + READ_SIZE;
        input->data = rk_realloc(input->data, input->capacity);
    }
    ssize_t got = recv(connection->socket, input->data + input->size, READ_SIZE, 0);
    if (got <= 0) {
        connection->is_ended = got == 0 || errno != EAGAIN;
        return;
    }
    input->size += (size_t)got;
    consume_input(cluster, connection);
}

/* Returns when it wants to be called again; 0: no need. */
static uint64_t write_output(struct scripted_connection *connection, uint64_t now)
{
    while (connection->first && !connection->is_ended) {
        struct scripted_output *output = connection->first;
        if (output->is_held)
            return 0;
        if (output->not_before_ms > now)
            return output->not_before_ms;
        ssize_t sent = send(connection->socket, output->data + output->sent,
                            output->size - output->sent, MSG_NOSIGNAL);
        if (sent < 0) {
            connection->is_ended = errno != EAGAIN;
            return now + 1;
        }
        output->sent += (size_t)sent;
        if (output->sent < output->size)
            continue;
        connection->first = output->next;
        rk_free(output->data);
        rk_free(output);
    }
    return 0;
}

/* One turn. `descriptors`: the wake-up's, the listeners', the connections'. */
static void turn(struct scripted_cluster *cluster)
{
    struct pollfd descriptors[1 + SCRIPTED_BROKER_MAX + SCRIPTED_CONNECTION_MAX];
    int count = cluster->broker_count + 1, timeout_ms = -1;
    uint64_t now = now_ms();
    descriptors[0] = (struct pollfd){.fd = cluster->wake_fd, .events = POLLIN};
    for (int i = 0; i < cluster->broker_count; i++)
        descriptors[1 + i] = (struct pollfd){.fd = cluster->brokers[i].listener, .events = POLLIN};
    for (int i = 0; i < cluster->connection_count; i++) {
        struct scripted_connection *connection = cluster->connections[i];
        uint64_t again_ms = write_output(connection, now);
        if (again_ms && (timeout_ms < 0 || again_ms - now < (uint64_t)timeout_ms))
            timeout_ms = (int)(again_ms - now);
    }
    remove_ended(cluster);
    int connection_count = cluster->connection_count;
    for (int i = 0; i < connection_count; i++) {
        struct scripted_connection *connection = cluster->connections[i];
        bool is_stalled = cluster->brokers[connection->broker].is_stalled;
        descriptors[count++] =
            (struct pollfd){.fd = is_stalled ? -1 : connection->socket, .events = POLLIN};
    }
    scripted_unlock(cluster);
    if (poll(descriptors, (nfds_t)count, timeout_ms) < 0 && errno != EINTR)
        scripted_fail("poll");
    scripted_lock(cluster);
    uint64_t ignored;
    if (descriptors[0].revents && read(cluster->wake_fd, &ignored, sizeof(ignored)) < 0)
        scripted_fail("read");
    for (int i = 0; i < connection_count; i++) {
        struct scripted_connection *connection = cluster->connections[i];
        if (descriptors[1 + cluster->broker_count + i].revents && !connection->is_ended &&
            !cluster->brokers[connection->broker].is_stalled)
            read_input(cluster, connection);
    }
    for (int i = 0; i < cluster->broker_count; i++) {
        if (descriptors[1 + i].revents && cluster->brokers[i].listener >= 0)
            accept_connection(cluster, i);
    }
}

static void *run(void *argument)
{
    struct scripted_cluster *cluster = argument;
    scripted_lock(cluster);
    while (!cluster->is_ending)
        turn(cluster);
    scripted_unlock(cluster);
    return NULL;
}

/* Life */

struct scripted_cluster *scripted_new(int broker_count)
{
    struct scripted_cluster *cluster = rk_calloc(1, sizeof(*cluster));
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&cluster->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    pthread_cond_init(&cluster->changed, NULL);
    scripted_log_init(&cluster->log, broker_count);
    cluster->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    cluster->broker_count = broker_count;
    cluster->max_versions[RK_API_PRODUCE] = PRODUCE_MAX;
    cluster->max_versions[RK_API_METADATA] = METADATA_MAX;
    cluster->max_versions[RK_API_API_VERSIONS] = API_VERSIONS_MAX;
    for (int i = 0; i < broker_count; i++)
        scripted_open_listener(&cluster->brokers[i]);
    snprintf(cluster->bootstrap, sizeof(cluster->bootstrap), "127.0.0.1:%u",
             cluster->brokers[0].port);
    if (pthread_create(&cluster->thread, NULL, run, cluster))
        scripted_fail("thread");
    return cluster;
}

void scripted_destroy(struct scripted_cluster *cluster)
{
    scripted_lock(cluster);
    cluster->is_ending = true;
    scripted_wake(cluster);
    scripted_unlock(cluster);
    pthread_join(cluster->thread, NULL);
    for (int i = 0; i < cluster->connection_count; i++)
        free_connection(cluster->connections[i]);
    for (int i = 0; i < cluster->broker_count; i++) {
        if (cluster->brokers[i].listener >= 0)
            close(cluster->brokers[i].listener);
    }
    close(cluster->wake_fd);
    scripted_log_clear(&cluster->log);
    pthread_cond_destroy(&cluster->changed);
    pthread_mutex_destroy(&cluster->mutex);
    rk_free(cluster);
}

const char *scripted_bootstrap(const struct scripted_cluster *cluster)
{
    return cluster->bootstrap;
}
