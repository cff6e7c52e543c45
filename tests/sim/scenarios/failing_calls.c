/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the operating system fail at some point of a client's life. */
#include "sim/sim.h"

SIM_SCENARIO(failing_calls, "memory, threads or descriptors are out for a while")
{
    sim_cluster(2);
    sim_topic("t", 4, 2);
    sim_allow(SIM_ALLOW_GAPS); /* The mock cluster's memory is out as well. */
    struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
    struct sim_client *consumer = sim_consumer(NULL);
    if (sim_one_in(2)) {
        sim_produce(producer, "t", -1, 10); /* The topic is known from here on. */
        sim_flush(producer, 10000);
    }
    enum sim_fault fault = sim_one_in(2)   ? SIM_FAULT_MEMORY
                           : sim_one_in(2) ? SIM_FAULT_SOCKET
                                           : SIM_FAULT_THREAD;
    sim_fail_call(fault, 1 + sim_below(100), sim_below(5));
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < 200; i++) {
        sim_produce_one(producer, "t", -1, RD_KAFKA_MSG_F_COPY, 0);
        if (sim_one_in(10))
            rd_kafka_poll(sim_handle(producer), 1);
    }
    sim_flush(producer, 100000);
    while (sim_consume_one(consumer, 1000))
        ;
}

/* Every error of every kind, one after the other; new connections are made each time. */
SIM_SCENARIO(failing_sockets, "calls for sockets and names fail in every way: all is delivered")
{
    static const enum sim_fault kinds[] = {SIM_FAULT_SOCKET, SIM_FAULT_CONNECT, SIM_FAULT_READ,
                                           SIM_FAULT_WRITE, SIM_FAULT_LOOK_UP};
    sim_cluster(2);
    sim_topic("t", 4, 2);
    struct sim_client *producer = sim_producer("linger.ms", "5", "broker.address.ttl", "0",
                                               "reconnect.backoff.max.ms", "1000", NULL);
    struct sim_client *consumer =
        sim_consumer("broker.address.ttl", "0", "reconnect.backoff.max.ms", "1000", NULL);
    sim_assign(consumer, "t", 4, RD_KAFKA_OFFSET_BEGINNING);
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
        for (const int *error = sim_fault_errors(kinds[kind]); *error; error++) {
            sim_fail_call_with(kinds[kind], *error, 1 + sim_below(20), sim_below(3));
            if (sim_one_in(2))
                sim_reset(0);
            sim_produce(producer, "t", -1, 1 + (int)sim_below(20));
            sim_flush(producer, 10000);
            sim_consume_all(consumer, 10000);
        }
    }
}
