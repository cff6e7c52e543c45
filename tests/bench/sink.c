/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink broker's sockets and its main loop: see sink.h for what it serves.
 *
 *   sink [--brokers N] [--groups] [port]
 *
 * Listens on 127.0.0.1 and prints `port <number>`. SIGTERM or SIGINT ends it, after one line of
 * JSON that says what it did and what it cost. With --brokers, Metadata names that many brokers,
 * all of them here.
 */
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    INPUT_SIZE = 4096,          /* Read at once: enough for headers; records are not wanted here. */
    FRAME_SIZE_LIMIT = 1 << 24, /* Of a request that is not Produce. */
    OUTPUT_LIMIT = 1 << 16,     /* Answers are sent when they reach it, if not before. */
    PIECES_PER_SEND = 256,
    READS_PER_EVENT = 64, /* From one connection before another has its turn. */
};

static volatile sig_atomic_t is_stopping;

static void on_signal(int number)
{
    (void)number;
    is_stopping = 1;
}

int64_t sink_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void set_events(struct sink *sink, struct sink_connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    if (connection->events == events)
        return;
    if (epoll_ctl(sink->epoll, EPOLL_CTL_MOD, connection->socket, &event))
        fail("epoll_ctl");
    connection->events = events;
}

static void connection_destroy(struct sink *sink, struct sink_connection *connection)
{
    struct sink_connection **link = &sink->connections;

    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    close(connection->socket);
    free(connection->input.data);
    free(connection->output.bytes.data);
    free(connection->output.pieces);
    free(connection);
}

static void accept_connection(struct sink *sink, int listener)
{
    int on = 1;
    int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct sink_connection *connection;
    struct epoll_event event;

    if (socket < 0)
        return;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connection = sink_realloc(NULL, sizeof(*connection));
    memset(connection, 0, sizeof(*connection));
    connection->socket = socket;
    connection->events = EPOLLIN | EPOLLRDHUP;
    connection->next = sink->connections;
    sink->connections = connection;
    event = (struct epoll_event){.events = connection->events, .data.ptr = connection};
    if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, socket, &event))
        fail("epoll_ctl");
}

/* All pieces are sent. An answer that is still being written moves to the front. */
static void output_reset(struct sink_output *output)
{
    size_t open_size = output->bytes.size - output->closed_size;

    if (open_size > 0)
        memmove(output->bytes.data, output->bytes.data + output->closed_size, open_size);
    output->answer_at -= output->closed_size;
    output->bytes.size = open_size;
    output->piece_count = 0;
    output->pieces_sent = 0;
    output->closed_size = 0;
    output->shared_size = 0;
}

/* Forgets what was sent; a piece sent in part becomes its rest. */
static void output_advance(struct sink_output *output, size_t sent)
{
    while (sent > 0) {
        struct sink_piece *piece = &output->pieces[output->pieces_sent];
        size_t part = sent < piece->size ? sent : piece->size;

        if (piece->shared)
            piece->shared += part;
        else
            piece->offset += part;
        piece->size -= part;
        sent -= part;
        if (piece->size == 0)
            output->pieces_sent++;
    }
}

/* SINK_NEEDS_MORE: the socket is full. */
static enum sink_outcome send_output(struct sink *sink, struct sink_connection *connection)
{
    struct sink_output *output = &connection->output;

    while (output->pieces_sent < output->piece_count) {
        struct iovec parts[PIECES_PER_SEND];
        struct msghdr message = {.msg_iov = parts};
        ssize_t sent;

        for (size_t index = output->pieces_sent;
             index < output->piece_count && message.msg_iovlen < PIECES_PER_SEND; index++) {
            const struct sink_piece *piece = &output->pieces[index];
            const uint8_t *from =
                piece->shared ? piece->shared : output->bytes.data + piece->offset;

            parts[message.msg_iovlen++] = (struct iovec){(void *)(uintptr_t)from, piece->size};
        }
        sent = sendmsg(connection->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? SINK_NEEDS_MORE : SINK_BAD;
        sink->counters.bytes_sent += (uint64_t)sent;
        output_advance(output, (size_t)sent);
    }
    output_reset(output);
    return SINK_DONE;
}

/* One whole request that is not Produce. */
static enum sink_outcome handle_frame(struct sink *sink, struct sink_connection *connection,
                                      const uint8_t *frame, size_t size)
{
    struct sink_request request;
    enum sink_outcome outcome;

    sink_request_read(&request, frame, size);
    if (request.body.failed)
        return SINK_BAD;
    outcome = sink_request_handle(sink, connection, &request, sink_now_us());
    connection->is_parked = outcome == SINK_NEEDS_MORE;
    return outcome;
}

/* Works on what is in the input. SINK_NEEDS_MORE: it ends in the middle of a request, or a Fetch is
 * parked. */
static enum sink_outcome handle_input(struct sink *sink, struct sink_connection *connection)
{
    enum sink_outcome outcome = connection->is_parked ? SINK_NEEDS_MORE : SINK_DONE;

    while (outcome == SINK_DONE && connection->output.closed_size < OUTPUT_LIMIT) {
        const uint8_t *at = connection->input.data + connection->input_at;
        size_t buffered = connection->input.size - connection->input_at;
        size_t frame_size;

        if (connection->in_produce) {
            outcome = sink_produce_continue(sink, connection);
            continue;
        }
        if (buffered < 6)
            return SINK_NEEDS_MORE;
        frame_size = (size_t)sink_load(at, 4);
        if (sink_load(at + 4, 2) == SINK_API_PRODUCE) {
            sink_produce_begin(connection);
            continue;
        }
        if (frame_size > FRAME_SIZE_LIMIT)
            return SINK_BAD;
        if (buffered < 4 + frame_size) {
            sink_reserve(&connection->input, 4 + frame_size - buffered);
            return SINK_NEEDS_MORE;
        }
        outcome = handle_frame(sink, connection, at + 4, frame_size);
        if (outcome == SINK_DONE)
            connection->input_at += 4 + frame_size;
    }
    return outcome;
}

/* One read behind what is there. SINK_NEEDS_MORE: nothing has arrived. */
static enum sink_outcome receive(struct sink *sink, struct sink_connection *connection)
{
    struct sink_bytes *input = &connection->input;
    ssize_t received;

    if (connection->input_at > 0) {
        input->size -= connection->input_at;
        memmove(input->data, input->data + connection->input_at, input->size);
        connection->input_at = 0;
    }
    if (input->capacity < INPUT_SIZE || input->size == input->capacity)
        sink_reserve(input, INPUT_SIZE);
    received = recv(connection->socket, input->data + input->size, input->capacity - input->size,
                    MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return SINK_NEEDS_MORE;
    if (received <= 0)
        return SINK_BAD;
    input->size += (size_t)received;
    sink->counters.bytes_received += (uint64_t)received;
    return SINK_DONE;
}

/* Answers and reads until nothing has arrived or the socket takes no more. SINK_BAD: the end of it.
 */
static enum sink_outcome exchange(struct sink *sink, struct sink_connection *connection)
{
    for (int reads = 0;;) {
        enum sink_outcome handled = handle_input(sink, connection);
        enum sink_outcome sent = handled == SINK_BAD ? SINK_BAD : send_output(sink, connection);

        if (sent != SINK_DONE)
            return sent;
        if (handled == SINK_DONE)
            continue;
        if (connection->is_parked || reads++ == READS_PER_EVENT)
            return SINK_NEEDS_MORE;
        handled = receive(sink, connection);
        if (handled != SINK_DONE)
            return handled;
    }
}

static void serve(struct sink *sink, struct sink_connection *connection)
{
    enum sink_outcome outcome = exchange(sink, connection);

    if (outcome == SINK_BAD)
        connection_destroy(sink, connection);
    else if (connection->output.piece_count > 0)
        set_events(sink, connection, EPOLLOUT | EPOLLRDHUP);
    else
        set_events(sink, connection, EPOLLRDHUP | (connection->is_parked ? 0 : EPOLLIN));
}

static void on_event(struct sink *sink, struct sink_connection *connection, uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
        connection_destroy(sink, connection);
    else if (events)
        serve(sink, connection);
}

/* Answers the Fetch requests whose wait is over. Returns when the next one's is, -1 for never. */
static int64_t serve_expired(struct sink *sink)
{
    struct sink_connection *connection, *next;
    int64_t now_us = -1, first_us = -1;

    for (connection = sink->connections; connection; connection = next) {
        next = connection->next;
        if (!connection->is_parked)
            continue;
        if (now_us < 0)
            now_us = sink_now_us();
        if (connection->deadline_us <= now_us) {
            connection->is_parked = false;
            connection->is_expired = true;
            serve(sink, connection);
        }
    }
    for (connection = sink->connections; connection; connection = connection->next)
        if (connection->is_parked && (first_us < 0 || connection->deadline_us < first_us))
            first_us = connection->deadline_us;
    return first_us;
}

static void run(struct sink *sink, const sigset_t *mask)
{
    struct epoll_event events[64];

    while (!is_stopping) {
        int64_t first_us = serve_expired(sink);
        int64_t wait_us = first_us < 0 ? 0 : first_us - sink_now_us();
        struct timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000};
        int count;

        if (wait_us < 0)
            wait = (struct timespec){0, 0};
        count = epoll_pwait2(sink->epoll, events, 64, first_us < 0 ? NULL : &wait, mask);
        if (count < 0 && errno != EINTR)
            fail("epoll_pwait2");
        for (int index = 0; index < count; index++) {
            if (events[index].data.ptr)
                on_event(sink, events[index].data.ptr, events[index].events);
            for (int32_t id = 0; !events[index].data.ptr && id < sink->broker_count; id++)
                accept_connection(sink, sink->listeners[id]);
        }
    }
}

/* Returns the port. */
static int listen_on(struct sink *sink, int32_t broker, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof(address);
    struct epoll_event event = {.events = EPOLLIN};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (listener < 0)
        fail("socket");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)broker);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 128) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        fail("bind");
    if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, listener, &event))
        fail("epoll_ctl");
    sink->listeners[broker] = listener;
    return ntohs(address.sin_port);
}

/* All brokers have the same port. */
static void listen_all(struct sink *sink, int port)
{
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (sink->epoll < 0)
        fail("epoll_create1");
    sink->port = port;
    for (int32_t broker = 0; broker < sink->broker_count; broker++)
        sink->port = listen_on(sink, broker, sink->port);
    printf("port %d\n", sink->port);
    fflush(stdout);
}

static void print_counters(const struct sink_counters *counters)
{
    struct rusage usage;
    double user_s, system_s;

    getrusage(RUSAGE_SELF, &usage);
    user_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
    system_s = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
    printf("{\"produce_requests\":%" PRIu64 ",\"fetch_requests\":%" PRIu64
           ",\"metadata_requests\":%" PRIu64 ",\"api_versions_requests\":%" PRIu64
           ",\"records_produced\":%" PRIu64 ",\"records_served\":%" PRIu64
           ",\"bytes_received\":%" PRIu64 ",\"bytes_sent\":%" PRIu64
           ",\"cpu_user_s\":%.3f,\"cpu_system_s\":%.3f}\n",
           counters->requests[SINK_API_PRODUCE], counters->requests[SINK_API_FETCH],
           counters->requests[SINK_API_METADATA], counters->requests[SINK_API_VERSIONS],
           counters->records_produced, counters->records_served, counters->bytes_received,
           counters->bytes_sent, user_s, system_s);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"brokers", required_argument, NULL, 'b'},
                                            {"groups", no_argument, NULL, 'g'},
                                            {NULL, 0, NULL, 0}};
    struct sigaction action = {.sa_handler = on_signal};
    struct sink sink = {.broker_count = 1, .next_producer_id = 1000};
    sigset_t blocked, mask;
    int option;

    while ((option = getopt_long(argc, argv, "b:g", options, NULL)) != -1) {
        if (option == 'b' && atoi(optarg) > 0 && atoi(optarg) <= SINK_BROKER_LIMIT) {
            sink.broker_count = atoi(optarg);
        } else if (option == 'g') {
            sink.has_groups = true;
        } else {
            fprintf(stderr, "usage: %s [--brokers N] [port]\n", argv[0]);
            return 2;
        }
    }
    /* The signals come through only while epoll waits. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);

    listen_all(&sink, optind < argc ? atoi(argv[optind]) : 0);
    run(&sink, &mask);
    print_counters(&sink.counters);
    while (sink.connections)
        connection_destroy(&sink, sink.connections);
    for (int32_t index = 0; index < sink.topic_count; index++) {
        free(sink.topics[index]->name);
        free(sink.topics[index]->end_offsets);
        free(sink.topics[index]->batch);
        free(sink.topics[index]);
    }
    free(sink.topics);
    return 0;
}
