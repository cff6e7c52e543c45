/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/liar.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "wire/header.h"

enum { BROKER_MAX = 8, LINK_MAX = 64, API_MAX = 100, READ_SIZE = 65536 };

#define ARENA_LIMIT (256u << 20)

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

/* A request that was passed on and is not answered. */
struct asked {
    struct asked *next;
    struct rk_request_header header;
    const struct rk_api *api;
    void *request;
    struct rk_arena arena;
    uint8_t *frame; /* What the request points into. */
};

struct link {
    int client, broker_socket;
    int broker, number;
    struct bytes from_client, from_broker;
    struct asked *first;
    bool is_silent, is_ended;
};

struct liar {
    pthread_t thread;
    pthread_mutex_t mutex; /* Of everything; recursive, for hooks. */
    int wake_fd;
    bool is_ending;
    int broker_count;
    struct {
        int listener;
        uint16_t port, real_port;
        char bootstrap[32];
        int requests[API_MAX];
        int connections;
    } brokers[BROKER_MAX + 1]; /* By id. */
    char bootstrap[32 * BROKER_MAX];
    struct link *links[LINK_MAX];
    int link_count, link_number;
    int16_t max_versions[API_MAX];
    liar_hook *hook;
    void *opaque;
};

static void fail(const char *what)
{
    fprintf(stderr, "liar: %s: %s\n", what, strerror(errno));
    abort();
}

/* Sockets */

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int listen_on_any(uint16_t *port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, LINK_MAX) ||
        getsockname(fd, (struct sockaddr *)&address, &size))
        fail("listen");
    *port = ntohs(address.sin_port);
    return fd;
}

static void accept_link(struct liar *liar, int broker)
{
    struct sockaddr_in address = loopback(liar->brokers[broker].real_port);
    int client = accept4(liar->brokers[broker].listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    if (liar->link_count == LINK_MAX)
        fail("too many connections");
    struct link *link = rk_calloc(1, sizeof(*link));
    link->client = client;
    link->broker = broker;
    link->number = liar->link_number++;
    link->broker_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(link->broker_socket, (struct sockaddr *)&address, sizeof(address)))
        link->is_ended = true; /* The mock broker is down: so are we. */
    liar->brokers[broker].connections++;
    liar->links[liar->link_count++] = link;
}

static void free_asked(struct asked *asked)
{
    rk_arena_clear(&asked->arena);
    rk_free(asked->frame);
    rk_free(asked);
}

static void free_link(struct link *link)
{
    while (link->first) {
        struct asked *asked = link->first;
        link->first = asked->next;
        free_asked(asked);
    }
    close(link->client);
    close(link->broker_socket);
    rk_free(link->from_client.data);
    rk_free(link->from_broker.data);
    rk_free(link);
}

static void remove_ended(struct liar *liar)
{
    int kept = 0;
    for (int i = 0; i < liar->link_count; i++) {
        if (liar->links[i]->is_ended)
            free_link(liar->links[i]);
        else
            liar->links[kept++] = liar->links[i];
    }
    liar->link_count = kept;
}

static void send_all(struct link *link, int fd, const uint8_t *at, size_t size)
{
    while (size > 0 && !link->is_ended) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent < 0) {
            link->is_ended = errno != EINTR;
            continue;
        }
        at += sent;
        size -= (size_t)sent;
    }
}

static void read_some(struct link *link, int fd, struct bytes *bytes)
{
    if (bytes->capacity - bytes->size < READ_SIZE) {
        bytes->capacity = 2 * bytes->capacity + READ_SIZE;
        bytes->data = rk_realloc(bytes->data, bytes->capacity);
    }
    ssize_t got = recv(fd, bytes->data + bytes->size, READ_SIZE, 0);
    if (got > 0)
        bytes->size += (size_t)got;
    else
        link->is_ended = got == 0 || errno != EINTR;
}

/* The size of the whole frame at the front, its own size included; 0: it is not there yet. */
static size_t whole_frame(const struct bytes *bytes)
{
    if (bytes->size < RK_FRAME_PREFIX_SIZE)
        return 0;
    size_t size = RK_FRAME_PREFIX_SIZE + (size_t)rk_load_be32(bytes->data);
    return size <= bytes->size ? size : 0;
}

static void drop_front(struct bytes *bytes, size_t size)
{
    memmove(bytes->data, bytes->data + size, bytes->size - size);
    bytes->size -= size;
}

/* Requests */

static void note_request(struct liar *liar, struct link *link, size_t size)
{
    struct asked *asked = rk_calloc(1, sizeof(*asked));
    struct rk_reader reader;
    asked->frame = rk_malloc(size);
    memcpy(asked->frame, link->from_client.data, size);
    rk_arena_init(&asked->arena, ARENA_LIMIT);
    rk_reader_init(&reader, asked->frame + RK_FRAME_PREFIX_SIZE, size - RK_FRAME_PREFIX_SIZE);
    asked->api = rk_request_header_decode(&reader, &asked->arena, &asked->header);
    if (!asked->api)
        fail("no request");
    asked->request = rk_arena_try_alloc(&asked->arena, asked->api->request->size);
    if (!rk_codec_decode(asked->api->request, asked->header.api_version, asked->request, &reader,
                         &asked->arena))
        fail(reader.failure);
    liar->brokers[link->broker].requests[asked->api->key]++;
    if (asked->api->key == RK_API_PRODUCE &&
        ((struct rk_produce_request *)asked->request)->acks == 0) {
        free_asked(asked);
        return;
    }
    struct asked **last = &link->first;
    while (*last)
        last = &(*last)->next;
    *last = asked;
}

static void pass_requests(struct liar *liar, struct link *link)
{
    size_t size;
    while (!link->is_ended && (size = whole_frame(&link->from_client)) > 0) {
        note_request(liar, link, size);
        send_all(link, link->broker_socket, link->from_client.data, size);
        drop_front(&link->from_client, size);
    }
}

/* Answers */

/* The client shall know of no other address than ours. */
static void replace_addresses(struct liar *liar, const struct rk_api *api, void *answer)
{
    if (api->key == RK_API_METADATA) {
        struct rk_metadata_answer *metadata = answer;
        for (int32_t i = 0; i < metadata->brokers.count; i++)
            metadata->brokers.items[i].port =
                liar->brokers[metadata->brokers.items[i].node_id].port;
    } else if (api->key == RK_API_FETCH) {
        struct rk_fetch_answer *fetch = answer;
        for (int32_t i = 0; i < fetch->node_endpoints.count; i++)
            fetch->node_endpoints.items[i].port =
                liar->brokers[fetch->node_endpoints.items[i].node_id].port;
    } else if (api->key == RK_API_PRODUCE) {
        struct rk_produce_answer *produce = answer;
        for (int32_t i = 0; i < produce->node_endpoints.count; i++)
            produce->node_endpoints.items[i].port =
                liar->brokers[produce->node_endpoints.items[i].node_id].port;
    } else if (api->key == RK_API_API_VERSIONS) {
        struct rk_api_versions_answer *versions = answer;
        for (int32_t i = 0; i < versions->api_keys.count; i++) {
            struct rk_api_versions_answer_api_key *key = &versions->api_keys.items[i];
            key->max_version = RK_MIN(key->max_version, liar->max_versions[key->api_key]);
        }
    }
}

static void send_answer(struct link *link, const struct liar_answer *answer)
{
    struct rk_writer writer;
    rk_writer_init(&writer);
    if (rk_answer_encode(answer->api, answer->version, answer->correlation_id, answer->answer,
                         &writer))
        fail(writer.failure);
    size_t size = rk_writer_total(&writer);
    uint8_t *bytes = rk_malloc(size);
    rk_writer_copy(&writer, bytes);
    rk_writer_clear(&writer);
    send_all(link, link->client, bytes, size);
    rk_free(bytes);
}

static void tell(struct liar *liar, struct link *link, struct liar_answer *answer)
{
    enum liar_fate fate = liar->hook ? liar->hook(answer, liar->opaque) : LIAR_TELL;
    if (fate == LIAR_TELL || fate == LIAR_TRUTH)
        send_answer(link, answer);
    if (fate == LIAR_RAW || fate == LIAR_RAW_AND_CLOSE)
        send_all(link, link->client, answer->raw.data, answer->raw.size);
    link->is_silent |= fate == LIAR_SILENCE;
    link->is_ended |= fate == LIAR_CLOSE || fate == LIAR_RAW_AND_CLOSE;
}

static void pass_answer(struct liar *liar, struct link *link, size_t size)
{
    struct asked *asked = link->first;
    struct rk_reader reader;
    struct rk_arena arena;
    if (!asked)
        fail("an answer nobody asked for");
    link->first = asked->next;
    rk_arena_init(&arena, ARENA_LIMIT);
    rk_reader_init(&reader, link->from_broker.data + RK_FRAME_PREFIX_SIZE,
                   size - RK_FRAME_PREFIX_SIZE);
    struct liar_answer answer = {
        .broker = link->broker,
        .connection = link->number,
        .api = asked->api,
        .version = asked->header.api_version,
        .correlation_id = rk_answer_header_decode_correlation(&reader),
        .request = asked->request,
        .answer = rk_arena_try_alloc(&arena, asked->api->answer->size),
        .arena = &arena,
        .frame = {link->from_broker.data, size},
    };
    rk_answer_header_decode_rest(&reader, answer.api, answer.version);
    if (!rk_codec_decode(answer.api->answer, answer.version, answer.answer, &reader, &arena))
        fail(reader.failure);
    replace_addresses(liar, answer.api, answer.answer);
    tell(liar, link, &answer);
    rk_arena_clear(&arena);
    free_asked(asked);
}

static void pass_answers(struct liar *liar, struct link *link)
{
    size_t size;
    while (!link->is_ended && (size = whole_frame(&link->from_broker)) > 0) {
        if (!link->is_silent)
            pass_answer(liar, link, size);
        drop_front(&link->from_broker, size);
    }
}

/* The thread */

static void turn(struct liar *liar)
{
    struct pollfd descriptors[1 + BROKER_MAX + 2 * LINK_MAX];
    int count = 0;
    remove_ended(liar);
    descriptors[count++] = (struct pollfd){.fd = liar->wake_fd, .events = POLLIN};
    for (int i = 1; i <= liar->broker_count; i++)
        descriptors[count++] = (struct pollfd){.fd = liar->brokers[i].listener, .events = POLLIN};
    int link_count = liar->link_count;
    for (int i = 0; i < link_count; i++) {
        descriptors[count++] = (struct pollfd){.fd = liar->links[i]->client, .events = POLLIN};
        descriptors[count++] =
            (struct pollfd){.fd = liar->links[i]->broker_socket, .events = POLLIN};
    }
    pthread_mutex_unlock(&liar->mutex);
    if (poll(descriptors, (nfds_t)count, -1) < 0 && errno != EINTR)
        fail("poll");
    pthread_mutex_lock(&liar->mutex);
    for (int i = 0; i < link_count; i++) {
        const struct pollfd *pair = &descriptors[1 + liar->broker_count + 2 * i];
        struct link *link = liar->links[i];
        if (pair[0].revents) {
            read_some(link, link->client, &link->from_client);
            pass_requests(liar, link);
        }
        if (pair[1].revents && !link->is_ended) {
            read_some(link, link->broker_socket, &link->from_broker);
            pass_answers(liar, link);
        }
    }
    for (int i = 1; i <= liar->broker_count; i++) {
        if (descriptors[i].revents)
            accept_link(liar, i);
    }
}

static void *run(void *argument)
{
    struct liar *liar = argument;
    pthread_mutex_lock(&liar->mutex);
    while (!liar->is_ending)
        turn(liar);
    pthread_mutex_unlock(&liar->mutex);
    return NULL;
}

/* Life */

struct liar *liar_new(const char *bootstrap_servers, int broker_count)
{
    struct liar *liar = rk_calloc(1, sizeof(*liar));
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&liar->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    liar->broker_count = broker_count;
    liar->wake_fd = eventfd(0, EFD_CLOEXEC);
    for (int i = 0; i < API_MAX; i++)
        liar->max_versions[i] = INT16_MAX;
    for (int i = 1; i <= broker_count; i++) {
        const char *colon = strchr(bootstrap_servers, ':');
        if (!colon)
            fail("too few brokers");
        liar->brokers[i].real_port = (uint16_t)atoi(colon + 1);
        liar->brokers[i].listener = listen_on_any(&liar->brokers[i].port);
        snprintf(liar->brokers[i].bootstrap, sizeof(liar->brokers[i].bootstrap), "127.0.0.1:%u",
                 liar->brokers[i].port);
        size_t used = strlen(liar->bootstrap);
        snprintf(liar->bootstrap + used, sizeof(liar->bootstrap) - used, "%s%s", i > 1 ? "," : "",
                 liar->brokers[i].bootstrap);
        bootstrap_servers = colon + 1;
    }
    if (pthread_create(&liar->thread, NULL, run, liar))
        fail("thread");
    return liar;
}

void liar_destroy(struct liar *liar)
{
    uint64_t one = 1;
    pthread_mutex_lock(&liar->mutex);
    liar->is_ending = true;
    pthread_mutex_unlock(&liar->mutex);
    if (write(liar->wake_fd, &one, sizeof(one)) < 0)
        fail("wake");
    pthread_join(liar->thread, NULL);
    for (int i = 0; i < liar->link_count; i++)
        free_link(liar->links[i]);
    for (int i = 1; i <= liar->broker_count; i++)
        close(liar->brokers[i].listener);
    close(liar->wake_fd);
    pthread_mutex_destroy(&liar->mutex);
    rk_free(liar);
}

const char *liar_bootstrap(const struct liar *liar)
{
    return liar->bootstrap;
}

const char *liar_bootstrap_of(const struct liar *liar, int broker)
{
    return liar->brokers[broker].bootstrap;
}

uint16_t liar_port(const struct liar *liar, int broker)
{
    return liar->brokers[broker].port;
}

void liar_set_hook(struct liar *liar, liar_hook *hook, void *opaque)
{
    pthread_mutex_lock(&liar->mutex);
    liar->hook = hook;
    liar->opaque = opaque;
    pthread_mutex_unlock(&liar->mutex);
}

void liar_set_max_version(struct liar *liar, int api_key, int16_t version)
{
    pthread_mutex_lock(&liar->mutex);
    liar->max_versions[api_key] = version;
    pthread_mutex_unlock(&liar->mutex);
}

int liar_request_count(struct liar *liar, int broker, int api_key)
{
    int count = 0;
    pthread_mutex_lock(&liar->mutex);
    for (int i = 1; i <= liar->broker_count; i++)
        count += broker == 0 || broker == i ? liar->brokers[i].requests[api_key] : 0;
    pthread_mutex_unlock(&liar->mutex);
    return count;
}

int liar_connection_count(struct liar *liar, int broker)
{
    int count = 0;
    pthread_mutex_lock(&liar->mutex);
    for (int i = 1; i <= liar->broker_count; i++)
        count += broker == 0 || broker == i ? liar->brokers[i].connections : 0;
    pthread_mutex_unlock(&liar->mutex);
    return count;
}

void *liar_alloc(struct liar_answer *answer, size_t size)
{
    void *memory = rk_arena_try_alloc(answer->arena, size);
    if (!memory)
        fail("no memory");
    return memory;
}

void *liar_copy(struct liar_answer *answer, const void *bytes, size_t size)
{
    return memcpy(liar_alloc(answer, size), bytes, size);
}
