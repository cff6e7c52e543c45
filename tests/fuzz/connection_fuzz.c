/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole connection whose peer sends what it should, up to a point, and then any bytes.
 *
 * An input says in two bytes after how many of the right bytes the rest follows. Requests of every
 * kind the client sends wait for answers; the peer closes in the end, and each request has then
 * been completed once, with an answer or an error. Nothing waits for time: the connection is one
 * end of a pair of sockets.
 */
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/big_endian.h"
#include "base/memory.h"
#include "cluster/cluster_private.h"
#include "conf/conf.h"
#include "event/core.h"
#include "event/queue.h"
#include "wire/header.h"

enum { LIMIT = 100000, STREAM_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum rk_api_key keys[] = {
    RK_API_METADATA,         RK_API_PRODUCE,         RK_API_FETCH,
    RK_API_LIST_OFFSETS,     RK_API_METADATA,        RK_API_OFFSET_FOR_LEADER_EPOCH,
    RK_API_INIT_PRODUCER_ID, RK_API_OFFSET_COMMIT,   RK_API_FIND_COORDINATOR,
    RK_API_JOIN_GROUP,       RK_API_SYNC_GROUP,      RK_API_HEARTBEAT,
    RK_API_OFFSET_FETCH,     RK_API_LEAVE_GROUP,     RK_API_CONSUMER_GROUP_HEARTBEAT,
    RK_API_LIST_GROUPS,      RK_API_DESCRIBE_GROUPS,
};
enum { REQUESTS = RK_COUNT_OF(keys) };

/* The right bytes: made once. */
static struct {
    uint8_t bytes[STREAM_MAX];
    size_t size, versions_size; /* All of it, and the answer to ApiVersions. */
} stream;

/* One run. */
static struct {
    struct rk_core *core;
    struct rk_loop *background;
    struct rk_cluster *cluster;
    int sockets[2]; /* The client's end (-1: handed out), the peer's. */
    sem_t done, visited;
} run;

/* The right bytes */

static void add_answer(const struct rk_api *api, int16_t version, int32_t id, const void *answer)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    RK_ASSERT(rk_answer_encode(api, version, id, answer, &writer) == RK_CODEC_OK);
    size_t size = rk_writer_total(&writer);
    RK_ASSERT(stream.size + size <= sizeof(stream.bytes));
    rk_writer_copy(&writer, stream.bytes + stream.size);
    stream.size += size;
    rk_writer_clear(&writer);
}

static void make_stream(void)
{
    struct rk_api_versions_answer versions;
    struct rk_api_versions_answer_api_key ranges[REQUESTS];
    memset(ranges, 0, sizeof(ranges));
    for (int i = 0; i < REQUESTS; i++) {
        ranges[i].api_key = (int16_t)keys[i];
        ranges[i].min_version = rk_api_find((int16_t)keys[i])->min_version;
        ranges[i].max_version = rk_api_find((int16_t)keys[i])->max_version;
    }
    rk_api_versions_answer_init(&versions);
    versions.api_keys.items = ranges;
    versions.api_keys.count = REQUESTS;
    add_answer(rk_api_find(RK_API_API_VERSIONS), 4, 0, &versions);
    stream.versions_size = stream.size;
    for (int i = 0; i < REQUESTS; i++) {
        const struct rk_api *api = rk_api_find((int16_t)keys[i]);
        void *answer = calloc(1, api->answer->size);
        rk_codec_init(api->answer, answer);
        add_answer(api, api->max_version, i + 1, answer);
        free(answer);
    }
}

/* The client */

static int hand_out_socket(int domain, int type, int protocol, void *opaque)
{
    (void)domain;
    (void)type;
    (void)protocol;
    (void)opaque;
    int fd = run.sockets[0];
    run.sockets[0] = -1;
    errno = EMFILE;
    return fd;
}

static int connect_at_once(int fd, const struct sockaddr *address, int size, const char *id,
                           void *opaque)
{
    (void)fd;
    (void)address;
    (void)size;
    (void)id;
    (void)opaque;
    return 0;
}

static void on_done(struct rk_request *request)
{
    RK_ASSERT(!request->err == !request->error_text);
    RK_ASSERT(!request->err == (request->answer != NULL));
    if (request->answer && request->api->key == RK_API_METADATA)
        rk_snapshot_release(rk_snapshot_try_merge(&(struct rk_snapshot_merge){
            .answer = request->answer, .version = request->version, .answered_by = 1}));
    rk_request_destroy(request);
    sem_post(&run.done);
}

static void begin(void *unused)
{
    (void)unused;
    struct rk_metadata_answer_broker broker = {.node_id = 1, .host = "127.0.0.1", .port = 9};
    struct rk_metadata_answer answer = {.brokers = {&broker, 1}, .controller_id = 1};
    rk_on_background(run.background);
    rk_metadata_stop(&run.cluster->own.metadata);
    rk_cluster_publish(run.cluster, rk_snapshot_try_merge(&(struct rk_snapshot_merge){
                                        .answer = &answer, .version = 12}));
    for (int i = 0; i < REQUESTS; i++) {
        struct rk_request *request = rk_request_try_new(keys[i], run.background, on_done, NULL);
        RK_ASSERT(request);
        rk_cluster_send(run.cluster, 1, RK_PURPOSE_GENERAL, request);
    }
    sem_post(&run.visited);
}

static void drop_nothing(void *unused)
{
    (void)unused;
}

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ;
}

static void start_client(void)
{
    static const struct rk_topic_parts no_parts;
    char text[128];
    rd_kafka_conf_t *conf = rk_conf_new(NULL);
    rk_conf_set(conf, "receive.message.max.bytes", "100000", text, sizeof(text));
    rk_conf_set(conf, "fetch.max.bytes", "90000", text, sizeof(text));
    rk_conf_set(conf, "message.max.bytes", "90000", text, sizeof(text));
    conf->conf.callbacks.socket_cb = hand_out_socket;
    conf->conf.callbacks.connect_cb = connect_at_once;
    conf->conf.callbacks.enabled_events = RD_KAFKA_EVENT_ERROR;
    conf->modified[RK_CONF_ID_enabled_events] = true;
    run.core = rk_core_new(RD_KAFKA_CONSUMER, rk_strdup("fuzz#consumer-1"), conf);
    run.core->client = (rd_kafka_t *)(void *)run.core;
    run.core->main_queue = rk_queue_new(run.core, "main");
    run.background = rk_loop_new("rdk:bg", NULL);
    run.cluster = rk_cluster_new(run.core, run.background, &no_parts);
    RK_ASSERT(rk_loop_start(run.background));
    rk_cluster_post_call(run.cluster, begin, drop_nothing, NULL);
    await(&run.visited);
}

static void end_client(void)
{
    rk_cluster_terminate(run.cluster);
    rk_cluster_stop(run.cluster);
    rk_loop_stop(run.background);
    rk_cluster_destroy(run.cluster);
    rk_loop_destroy(run.background);
    rk_queue_disable(run.core->main_queue);
    rk_queue_release(run.core->main_queue);
    rk_core_end_logs(run.core);
    rk_core_release(run.core);
}

/* The peer */

static void send_bytes(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(run.sockets[1], bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return; /* The client has closed. */
        bytes += sent;
        size -= (size_t)sent;
    }
}

static bool read_bytes(uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = recv(run.sockets[1], bytes, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

/* False: the client has closed. */
static bool read_requests(int count)
{
    static uint8_t frame[STREAM_MAX];
    for (int i = 0; i < count; i++) {
        uint8_t prefix[RK_FRAME_PREFIX_SIZE];
        if (!read_bytes(prefix, sizeof(prefix)))
            return false;
        size_t size = (size_t)rk_load_be32(prefix);
        RK_ASSERT(size <= sizeof(frame));
        if (!read_bytes(frame, size))
            return false;
    }
    return true;
}

static void answer_with(size_t right, const uint8_t *bytes, size_t size)
{
    if (!read_requests(1))
        return;
    if (right >= stream.versions_size) {
        send_bytes(stream.bytes, stream.versions_size);
        if (!read_requests(REQUESTS))
            return;
        send_bytes(stream.bytes + stream.versions_size, right - stream.versions_size);
    } else {
        send_bytes(stream.bytes, right);
    }
    send_bytes(bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (stream.size == 0)
        make_stream();
    size_t right = ((size_t)data[0] << 8 | data[1]) % (stream.size + 1);
    sem_init(&run.done, 0, 0);
    sem_init(&run.visited, 0, 0);
    RK_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, run.sockets) == 0);
    start_client();
    answer_with(right, data + 2, size - 2);
    shutdown(run.sockets[1], SHUT_WR);
    for (int i = 0; i < REQUESTS; i++)
        await(&run.done);
    end_client();
    close(run.sockets[1]);
    sem_destroy(&run.done);
    sem_destroy(&run.visited);
    return 0;
}
