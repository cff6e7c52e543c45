/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many brokers, partitions and clients (acceptance scenario 29), smaller than there unless --full
 * says so: threads and descriptors are as many as brokers in use ask for, each broker gets few
 * requests, and clients that have nothing to do do nothing.
 */

#include "base/memory.h"
#include "mock/mock_cluster.h"
#include "sim/checkers.h"
#include "sim/scheduler.h"
#include "sim/sim.h"

static size_t requests_so_far(void)
{
    size_t count = 0;
    rk_free(rk_mock_cluster_requests(sim_mock(), &count));
    return count;
}

SIM_SCENARIO(wide, "30 brokers, 300 partitions (200, 5000): one message each, consumed, idle")
{
    const int brokers = sim_is_full() ? 200 : 30, partitions = sim_is_full() ? 5000 : 300;
    sim_cluster(brokers);
    sim_topic("t", partitions, 3);
    sim_request_cap(60);
    int threads = sim_internal_threads(), descriptors = sim_descriptors_open();
    struct sim_client *producer = sim_producer("linger.ms", "50", NULL);
    for (int i = 0; i < partitions; i++)
        sim_produce_one(producer, "t", i, RD_KAFKA_MSG_F_COPY, 20);
    sim_flush(producer, 30000);
    sim_check((int)sim_counts(producer).acked == partitions, "not all are delivered");
    struct sim_client *consumer = sim_consumer("fetch.wait.max.ms", "5000", NULL);
    sim_assign(consumer, "t", partitions, RD_KAFKA_OFFSET_BEGINNING);
    sim_consume(consumer, partitions, 30000);
    threads = sim_internal_threads() - threads;
    descriptors = sim_descriptors_open() - descriptors;
    sim_note("%d threads, %d descriptors", threads, descriptors);
    sim_check(threads <= 2 * (brokers + 3), "%d threads", threads);
    /* A thread's own, connections for metadata and bootstrap, for data; the mock's ends. */
    sim_check(descriptors <= 2 * brokers * (1 + 2 * 2) + 20, "%d descriptors", descriptors);
    size_t requests = requests_so_far();
    sim_run_for(60000);
    requests = requests_so_far() - requests;
    sim_note("%d requests in an idle minute", (int)requests);
    sim_check((int)requests <= brokers * (60 / 5 + 2), "%d requests in an idle minute",
              (int)requests);
}

SIM_SCENARIO(idle, "a producer with nothing to do does nothing: no request and no wake-up")
{
    sim_cluster(3);
    sim_topic("t", 6, 3);
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    sim_produce(producer, "t", -1, 100);
    sim_flush(producer, 10000);
    sim_run_for(5000);
    size_t requests = requests_so_far();
    uint64_t points = sim_points();
    sim_run_for(60000);
    sim_note("%d switch points in an idle minute", (int)(sim_points() - points));
    sim_check(requests_so_far() == requests, "requests in an idle minute");
    sim_check(sim_points() - points < 100, "%d switch points in an idle minute",
              (int)(sim_points() - points));
}

SIM_SCENARIO(many_clients, "20 (1000) clients in one process come, work and go")
{
    static struct sim_client *clients[1000];
    const int count = sim_is_full() ? 1000 : 20;
    sim_cluster(3);
    sim_topic("t", 6, 3);
    for (int i = 0; i < count; i++) {
        clients[i] = sim_producer("linger.ms", "5", NULL);
        sim_produce(clients[i], "t", -1, 20);
        sim_run_for(50); /* So many connections at once would look like a storm. */
    }
    for (int i = 0; i < count; i++)
        sim_flush(clients[i], 10000);
    for (int i = 0; i < count; i++)
        sim_check(sim_counts(clients[i]).acked == 20, "not all are delivered");
}
