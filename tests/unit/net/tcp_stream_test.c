/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP streams and the sockets under them, against a peer on loopback in the same thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "net/tcp_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static int listener = -1;
static uint16_t port;

static int set_up(void **state)
{
    (void)state;
    port = 0;
    listener = rk_socket_listen(&port);
    return listener >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rk_socket_close(listener);
    return 0;
}

static struct rk_address address_of(uint16_t of_port)
{
    struct rk_address address = {.size = sizeof(struct sockaddr_in)};
    struct sockaddr_in *v4 = (void *)&address.storage;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(of_port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static struct rk_stream *connect_to(uint16_t to_port)
{
    struct rk_address address = address_of(to_port);
    int fd = rk_socket_open(AF_INET);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return rk_tcp_stream_new(fd, rk_socket_connect(fd, &address), NULL, NULL);
}

static void wait_for(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};
    assert_int_equal(poll(&entry, 1, 10000), 1);
}

static int finish_handshake(struct rk_stream *stream)
{
    int result;
    while ((result = rk_stream_handshake(stream)) == RK_STREAM_AGAIN) {
        assert_true(rk_stream_events(stream) & POLLOUT);
        wait_for(stream->fd, POLLOUT);
    }
    return result;
}

static int accept_peer(void)
{
    wait_for(listener, POLLIN);
    int peer = rk_socket_accept(listener);
    assert_true(peer >= 0);
    return peer;
}

static void bytes_go_both_ways(void **state)
{
    (void)state;
    struct rk_stream *stream = connect_to(port);
    assert_int_equal(finish_handshake(stream), 1);
    assert_int_equal(rk_stream_handshake(stream), 1);
    assert_int_equal(rk_stream_events(stream), 0);
    int peer = accept_peer(), error;
    char bytes[16];
    assert_int_equal(rk_stream_read(stream, bytes, sizeof(bytes)), RK_STREAM_AGAIN);

    struct iovec parts[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    assert_int_equal(rk_stream_write(stream, parts, 3), 5);
    wait_for(peer, POLLIN);
    assert_int_equal(rk_socket_read(peer, bytes, sizeof(bytes), &error), 5);
    assert_memory_equal(bytes, "abcde", 5);

    struct iovec answer = {"xyz", 3};
    assert_int_equal(rk_socket_write(peer, &answer, 1, &error), 3);
    wait_for(stream->fd, POLLIN);
    assert_int_equal(rk_stream_read(stream, bytes, 2), 2);
    assert_int_equal(rk_stream_read(stream, bytes, 2), 1);

    rk_socket_close(peer);
    wait_for(stream->fd, POLLIN);
    assert_int_equal(rk_stream_read(stream, bytes, sizeof(bytes)), 0);
    rk_stream_destroy(stream);
}

static void a_refused_connection_says_so(void **state)
{
    (void)state;
    uint16_t closed_port = 0;
    int other = rk_socket_listen(&closed_port);
    rk_socket_close(other);
    struct rk_stream *stream = connect_to(closed_port);
    assert_int_equal(finish_handshake(stream), RK_STREAM_FAILED);
    assert_string_equal(rk_stream_error(stream), "Connection refused");
    assert_int_equal(rk_stream_handshake(stream), RK_STREAM_FAILED);
    rk_stream_destroy(stream);
}

static void a_full_socket_takes_no_more(void **state)
{
    (void)state;
    struct rk_stream *stream = connect_to(port);
    assert_int_equal(finish_handshake(stream), 1);
    int peer = accept_peer(), error;
    static char big[1 << 16];
    struct iovec parts[2000]; /* More than the system takes at once. */
    for (size_t i = 0; i < 2000; i++)
        parts[i] = (struct iovec){big, 1 + i % 100};
    ssize_t sent, total = 0;
    while ((sent = rk_stream_write(stream, parts, 2000)) > 0)
        total += sent;
    assert_int_equal(sent, RK_STREAM_AGAIN);
    while (total > 0) {
        ssize_t got = rk_socket_read(peer, big, sizeof(big), &error);
        if (got < 0)
            wait_for(peer, POLLIN);
        else
            total -= got;
    }
    wait_for(stream->fd, POLLOUT);
    assert_true(rk_stream_write(stream, parts, 2000) > 0);
    rk_socket_close(peer);
    rk_stream_destroy(stream);
}

static void a_reset_is_an_error_with_its_text(void **state)
{
    (void)state;
    struct rk_stream *stream = connect_to(port);
    assert_int_equal(finish_handshake(stream), 1);
    int peer = accept_peer();
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    rk_socket_close(peer);
    wait_for(stream->fd, POLLIN);
    char byte;
    struct iovec part = {"x", 1};
    assert_int_equal(rk_stream_read(stream, &byte, 1), RK_STREAM_FAILED);
    assert_string_equal(rk_stream_error(stream), "Connection reset by peer");
    assert_int_equal(rk_stream_write(stream, &part, 1), RK_STREAM_FAILED); /* No SIGPIPE. */
    assert_string_equal(rk_stream_error(stream), "Broken pipe");
    rk_stream_destroy(stream);
}

static int closed_fd = -1;

static void close_it(void *argument, int fd)
{
    assert_ptr_equal(argument, &closed_fd);
    closed_fd = fd;
    close(fd);
}

static void closed_by_the_application(void **state)
{
    (void)state;
    int fd = rk_socket_open(AF_INET);
    struct rk_stream *stream = rk_tcp_stream_new(fd, EACCES, close_it, &closed_fd);
    assert_int_equal(rk_stream_handshake(stream), RK_STREAM_FAILED);
    assert_string_equal(rk_stream_error(stream), "Permission denied");
    assert_int_equal(closed_fd, -1);
    rk_stream_destroy(stream);
    assert_int_equal(closed_fd, fd);
    rk_stream_destroy(NULL);
}

static void foreign_descriptors_are_adopted(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(rk_socket_adopt(fd));
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    rk_socket_set_options(fd, &(struct rk_socket_options){.send_buffer = 20000,
                                                          .receive_buffer = 30000,
                                                          .keepalive = true,
                                                          .no_delay = true});
    int value = 0;
    socklen_t size = sizeof(value);
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &size);
    assert_true(value >= 30000 && value <= 60000);
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    assert_int_equal(value, 1);
    rk_socket_close(fd);
}

static void a_taken_port_cannot_be_listened_on(void **state)
{
    (void)state;
    uint16_t same = port;
    errno = 0;
    assert_int_equal(rk_socket_listen(&same), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(rk_socket_accept(listener), -1); /* Nobody came. */
}

static void texts_of_addresses(void **state)
{
    (void)state;
    char text[64];
    struct rk_address v4 = address_of(9092), v6 = {.size = sizeof(struct sockaddr_in6)};
    rk_address_text(&v4, text, sizeof(text));
    assert_string_equal(text, "ipv4#127.0.0.1:9092");
    struct sockaddr_in6 *raw = (void *)&v6.storage;
    raw->sin6_family = AF_INET6;
    raw->sin6_port = htons(1);
    raw->sin6_addr = in6addr_loopback;
    rk_address_text(&v6, text, sizeof(text));
    assert_string_equal(text, "ipv6#[::1]:1");
    v6.storage.ss_family = AF_UNIX;
    rk_address_text(&v6, text, sizeof(text));
    assert_string_equal(text, "unknown#");
    rk_address_text(&v4, text, 6);
    assert_string_equal(text, "ipv4#");
}

static void lists_of_addresses(void **state)
{
    (void)state;
    struct rk_addresses from = {0}, to = {0};
    rk_addresses_copy(&to, &from);
    assert_int_equal(to.count, 0);
    struct rk_address items[] = {address_of(1), address_of(2)};
    struct rk_addresses two = {.items = items, .count = 2};
    rk_addresses_copy(&to, &two);
    rk_addresses_copy(&to, &two);
    assert_int_equal(to.count, 2);
    assert_memory_equal(&to.items[1], &items[1], sizeof(items[1]));
    rk_addresses_clear(&to);
    rk_addresses_clear(&to);
    assert_int_equal(to.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_go_both_ways),
        TEST(a_refused_connection_says_so),
        TEST(a_full_socket_takes_no_more),
        TEST(a_reset_is_an_error_with_its_text),
        TEST(closed_by_the_application),
        TEST(foreign_descriptors_are_adopted),
        TEST(a_taken_port_cannot_be_listened_on),
        TEST(texts_of_addresses),
        TEST(lists_of_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
