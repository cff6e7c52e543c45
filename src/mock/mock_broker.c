/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_broker.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/socket.h"

#define ACCEPT_RETRY_US 100000

static void on_listening(struct rk_watch *watch, short revents, uint64_t now_us)
{
    struct rk_mock_broker *broker = rk_container_of(watch, struct rk_mock_broker, watch);
    rk_loop_assert_mine(broker->cluster->loop);
    (void)revents;
    int accepted = 0;
    for (;;) {
        int fd = rk_socket_accept(broker->listen_fd);
        if (fd < 0)
            break;
        rk_mock_connection_new(broker, fd);
        broker->traffic.connections++;
        accepted++;
    }
    if (accepted == 0) { /* The process has no descriptor left: try again, but not at once. */
        rk_loop_unwatch(broker->cluster->loop, &broker->watch);
        rk_loop_start_timer(broker->cluster->loop, &broker->retry, now_us + ACCEPT_RETRY_US);
    }
}

static void on_retry(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_mock_broker *broker = rk_container_of(timer, struct rk_mock_broker, retry);
    (void)now_us;
    rk_loop_watch(broker->cluster->loop, &broker->watch, broker->listen_fd, POLLIN);
}

struct rk_mock_broker *rk_mock_broker_new(struct rk_mock_cluster *cluster, int32_t id)
{
    struct rk_mock_broker *broker = RK_NEW(struct rk_mock_broker);
    broker->cluster = cluster;
    broker->id = id;
    broker->listen_fd = -1;
    TAILQ_INIT(&broker->connections);
    rk_mock_fetch_sessions_init(&broker->sessions);
    rk_watch_init(&broker->watch, on_listening);
    rk_timer_init(&broker->retry, on_retry);
    broker->reserve_fd = rk_socket_reserve(&broker->port);
    if (broker->reserve_fd < 0 || !rk_mock_broker_set_up(broker)) {
        int error = errno;
        if (broker->reserve_fd >= 0)
            rk_socket_close(broker->reserve_fd);
        rk_free(broker);
        errno = error;
        return NULL;
    }
    broker->host = rk_strdup("127.0.0.1");
    broker->advertised_port = broker->port;
    TAILQ_INSERT_TAIL(&cluster->own.brokers, broker, link);
    cluster->own.broker_count++;
    return broker;
}

void rk_mock_broker_destroy(struct rk_mock_broker *broker)
{
    rk_mock_broker_set_down(broker);
    rk_socket_close(broker->reserve_fd);
    rk_mock_fetch_sessions_clear(broker->cluster, &broker->sessions);
    rk_mock_injections_clear(&broker->injections);
    TAILQ_REMOVE(&broker->cluster->own.brokers, broker, link);
    broker->cluster->own.broker_count--;
    rk_free(broker->host);
    rk_free(broker->rack);
    rk_free(broker);
}

struct rk_mock_broker *rk_mock_broker_find(struct rk_mock_cluster *cluster, int32_t id)
{
    struct rk_mock_broker *broker;
    TAILQ_FOREACH (broker, &cluster->own.brokers, link) {
        if (broker->id == id)
            return broker;
    }
    return NULL;
}

struct rk_mock_broker *rk_mock_broker_at(struct rk_mock_cluster *cluster, int index)
{
    struct rk_mock_broker *broker = TAILQ_FIRST(&cluster->own.brokers);
    while (index-- > 0)
        broker = TAILQ_NEXT(broker, link);
    return broker;
}

void rk_mock_broker_set_down(struct rk_mock_broker *broker)
{
    struct rk_loop *loop = broker->cluster->loop;
    if (broker->listen_fd >= 0) {
        rk_loop_stop_timer(loop, &broker->retry);
        rk_loop_unwatch(loop, &broker->watch);
        rk_socket_close(broker->listen_fd);
        broker->listen_fd = -1;
    }
    while (!TAILQ_EMPTY(&broker->connections))
        rk_mock_connection_destroy(TAILQ_FIRST(&broker->connections));
}

bool rk_mock_broker_set_up(struct rk_mock_broker *broker)
{
    if (broker->listen_fd >= 0)
        return true;
    broker->listen_fd = rk_socket_listen(&broker->port);
    if (broker->listen_fd < 0)
        return false;
    rk_loop_watch(broker->cluster->loop, &broker->watch, broker->listen_fd, POLLIN);
    return true;
}
