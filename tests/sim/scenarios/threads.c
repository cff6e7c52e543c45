/* SPDX-License-Identifier: BSD-2-Clause */
/* Several threads of the application share clients. */
#include "sim/sim.h"

enum { THREADS = 4, MESSAGES = 200 };

static bool is_over;

static void produce_some(void *argument)
{
    struct sim_client *producer = argument;
    for (int i = 0; i < MESSAGES; i++) {
        int flags = sim_one_in(3) ? RD_KAFKA_MSG_F_BLOCK : 0;
        rd_kafka_resp_err_t err = sim_produce_one(producer, "t", -1, flags, 0);
        while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            sim_run_for(1);
            err = sim_produce_one(producer, "t", -1, flags, 0);
        }
        sim_check(!err, "produce: %s", rd_kafka_err2name(err));
    }
}

static void poll_all_the_time(void *argument)
{
    while (!is_over)
        sim_poll_for(argument, 10);
}

SIM_SCENARIO(threads, "four threads produce into a small queue, one polls")
{
    struct sim_thread *threads[THREADS];
    sim_cluster(2);
    sim_topic("t", 4, 2);
    sim_allow(SIM_ALLOW_DISORDER);
    struct sim_client *producer =
        sim_producer("linger.ms", "1", "queue.buffering.max.messages", "50", NULL);
    struct sim_thread *poller = sim_spawn("poller", poll_all_the_time, producer);
    for (int i = 0; i < THREADS; i++)
        threads[i] = sim_spawn("producer", produce_some, producer);
    for (int i = 0; i < THREADS; i++)
        sim_join(threads[i]);
    is_over = true;
    sim_join(poller);
    sim_flush(producer, 10000);
    sim_check(sim_counts(producer).acked == THREADS * MESSAGES, "not all are delivered");
}

SIM_SCENARIO(events_by_descriptor, "a queue tells of its events through a descriptor")
{
    int fd = sim_pipe();
    sim_cluster(1);
    sim_topic("t", 1, 1);
    struct sim_client *producer = sim_producer("linger.ms", "1", NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(sim_handle(producer));
    rd_kafka_queue_io_event_enable(queue, fd, "1", 1);
    sim_produce(producer, "t", 0, 100);
    while (sim_counts(producer).acked < 100) {
        sim_check(sim_pipe_wait(fd, 5000), "nothing was written to the descriptor");
        rd_kafka_poll(sim_handle(producer), 0);
    }
    rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
    rd_kafka_queue_destroy(queue);
    sim_pipe_close(fd);
}
