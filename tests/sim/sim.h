/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How to write a scenario of the simulation.
 *
 * A scenario is one function in tests/sim/scenarios/<name>.c:
 *
 *     #include "sim/sim.h"
 *
 *     SIM_SCENARIO(crash, "a broker crashes and comes back under load")
 *     {
 *         sim_cluster(3);
 *         sim_topic("t", 6, 3);
 *         struct sim_client *producer = sim_producer("linger.ms", "5", NULL);
 *         sim_at(200, sim_broker_stop, 2);
 *         sim_at(3000, sim_broker_start, 2);
 *         sim_produce(producer, "t", -1, 5000);
 *         sim_flush(producer, 30000);
 *     }
 *
 * It runs in a process of its own, once per seed, as the application's thread; the whole library,
 * the mock cluster and the network between them run in virtual time, one thread at a time. All of
 * rd_kafka_*() may be called besides the verbs below. The seed decides which thread runs when, how
 * fast links are, and what sim_below() says; the same seed does the same again. Waiting is free:
 * virtual hours pass at once.
 *
 * No function of the operating system that waits, reads the time or makes a thread or descriptor
 * may be used: sim_run_for(), sim_spawn(), sim_pipe() stand for them. Variables that several
 * threads of a scenario use need no lock.
 *
 * When the function returns, what is left is destroyed, within seconds, and the
 * checkers look (checkers.h says at what). What a scenario rightly breaks it allows with
 * sim_allow(). Anything else that must hold is said with sim_check().
 *
 * Verbs with one int argument fit sim_at(). A broker's number 0 stands for all of them.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdkafka.h"
#include "sim/faults.h"

struct sim_scenario {
    const char *name, *text;
    void (*run)(void);
    struct sim_scenario *next;
    bool is_wrong; /* Fails, as it is to: runs only when it is named. */
};

#define SIM_SCENARIO(id, says)       SIM_SCENARIO_OF(id, says, false)
#define SIM_WRONG_SCENARIO(id, says) SIM_SCENARIO_OF(id, says, true)

#define SIM_SCENARIO_OF(id, says, wrong)                                     \
    static void scenario_##id(void);                                         \
    static struct sim_scenario entry_##id = {                                \
        .name = #id, .text = says, .run = scenario_##id, .is_wrong = wrong}; \
    __attribute__((constructor)) static void register_##id(void)             \
    {                                                                        \
        sim_register(&entry_##id);                                           \
    }                                                                        \
    static void scenario_##id(void)

void sim_register(struct sim_scenario *scenario);

/* Ends the run as failed, with the trace and where each thread stands. */
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define sim_check(condition, ...)  \
    do {                           \
        if (!(condition))          \
            sim_fail(__VA_ARGS__); \
    } while (0)

/* Time, threads, chance */

void sim_run_for(int64_t ms); /* The calling thread sleeps. */
uint64_t sim_now_ms(void);    /* Since the start of the run. */
uint64_t sim_now_us(void);    /* The clock of rk_clock_now_us. */
/* 0 ... limit - 1, from the seed. */
uint64_t sim_below(uint64_t limit);
/* It was started with --full: sizes as in the field, for runs that may take minutes. */
bool sim_is_full(void);
/* Once in that many. */
bool sim_one_in(uint64_t n);
struct sim_thread;
struct sim_thread *sim_spawn(const char *name, void (*run)(void *argument), void *argument);
void sim_join(struct sim_thread *thread);
/* Runs the action, in a thread of its own for all of them, that much later. */
void sim_at(int64_t ms, void (*action)(int argument), int argument);
/* Waits until all actions so far have run. */
void sim_await_actions(void);
/* A descriptor for rd_kafka_queue_io_event_enable(). */
int sim_pipe(void);
bool sim_pipe_wait(int fd, int timeout_ms); /* False: nothing was written. */
void sim_pipe_close(int fd);
void sim_note(const char *format, ...) __attribute__((format(printf, 1, 2))); /* Into the trace. */

/* The cluster: brokers 1 to n, known as broker1, ... broker<n> */

void sim_cluster(int broker_count);
const char *sim_bootstraps(void); /* "broker1:20001,..." */
struct rk_mock_cluster;
struct rk_mock_cluster *sim_mock(void); /* For mock/mock_cluster.h: injected errors and the like. */
void sim_topic(const char *topic, int partition_count, int replication);
/* A process ends: its connections are closed, its port refuses; its partitions get other leaders
 * some time later, or when it is back. */
void sim_broker_stop(int broker);
/* A machine vanishes: nobody is told, packets are lost. Leaders as above. */
void sim_broker_power_off(int broker);
void sim_broker_start(int broker);
/* Other brokers lead its partitions, at once. */
void sim_leaders_leave(int broker);
/* The partition forgets its last records, however acknowledged: an unclean election. Allows loss.
 */
void sim_lose_tail(const char *topic, int partition, int count);
/* Offset behind the last record. */
int64_t sim_log_end(const char *topic, int partition);

/* Links to brokers. Faults stay until sim_heal(). */

enum sim_connect_mode {
    SIM_CONNECT_WORKS,
    SIM_CONNECT_REFUSED,
    SIM_CONNECT_HANGS,
    SIM_CONNECT_SILENT, /* Established, but the broker never sees it. */
};

struct sim_link {
    uint64_t latency_us, jitter_us; /* One way. */
    uint64_t bytes_per_second;      /* 0: no limit. */
    size_t buffer;                  /* What a direction holds between write and read. */
    size_t drip_size;               /* 0: no drip. Else as many bytes arrive at once, */
    uint64_t drip_every_us;         /* and this often. */
    bool is_blackhole;              /* Packets vanish; TCP repeats them when it is over. */
    bool is_frozen;                 /* What is sent waits, as if on its way. */
    uint64_t corrupt_one_in;        /* Writes of the broker; 0: none. */
    enum sim_connect_mode connect;
};

struct sim_link *sim_link(int broker); /* To read or change at will; not 0. */
void sim_blackhole(int broker);
void sim_half_open(
    int broker);            /* Today's connections are dead and nobody is told; new ones work. */
void sim_reset(int broker); /* Today's connections are reset. */
void sim_refuse(int broker);
void sim_hang_connects(int broker);
void sim_silent(int broker);
void sim_drip(int broker, size_t size, uint64_t every_us);
void sim_small_buffers(int broker);
void sim_keep_whole(void); /* What is written is no longer cut into pieces on its way. */
/* One in so many writes of the broker has a byte changed; until sim_corrupt(0, 0). Allows lies. */
void sim_corrupt(int broker, uint64_t one_in);
/* The process stands still: what it was sent waits, new connections are not served. */
void sim_freeze(int broker);
void sim_heal(int broker); /* The link is as it was at first, what was held up arrives. */

/* Names and addresses */

enum sim_name_state { SIM_NAME_WORKS, SIM_NAME_FAILS, SIM_NAME_HANGS };

void sim_name(const char *name, const char *addresses); /* "10.0.0.1,10.0.0.2" */
void sim_name_state(const char *name, enum sim_name_state state);
void sim_address_dead(const char *address, bool is_dead); /* Packets to it vanish. */

/* The process */

void sim_wall_clock_jump(int64_t shift_ms);
void sim_descriptor_limit(int limit); /* -1: none. */
int sim_descriptors_open(void);
size_t sim_memory_in_use(void); /* Of rk_malloc() and the like, in bytes. */
size_t sim_memory_peak(void);   /* Since the start, or: */
void sim_memory_peak_begin(void);
/* Time passes, and no thread of the machine runs. */
void sim_suspend(int64_t ms);

/* Clients: pairs of property and value up to NULL. Logs and errors go into the trace. */

struct sim_client;
struct sim_client *sim_producer(const char *property, ...);
struct sim_client *sim_consumer(const char *property, ...);
/* The same; `prepare` sets more of the configuration, whose opaque stays the client. */
struct sim_client *sim_consumer_with(void (*prepare)(rd_kafka_conf_t *conf), const char *property,
                                     va_list rest);
rd_kafka_t *sim_handle(struct sim_client *client);
/* Serves callbacks of a producer for that long. */
void sim_poll_for(struct sim_client *client, int64_t ms);
/* How often a client has logged with that facility, of the first 1000 lines. */
int sim_logged(const char *facility);
/* Fails when it takes longer. The clients left at the end get 1000 ms, consumers 4000: they
 * wait for their last commits. */
void sim_destroy(struct sim_client *client, int64_t within_ms);

/* Numbered messages of random size and flags; polls while the queue is full. partition -1: any. */
void sim_produce(struct sim_client *client, const char *topic, int partition, int count);
/* One, without polling; the error of rd_kafka_producev(). size 0: by chance. */
rd_kafka_resp_err_t sim_produce_one(struct sim_client *client, const char *topic, int partition,
                                    int flags, size_t size);
/* All messages are reported within that time, or the run fails. */
void sim_flush(struct sim_client *client, int64_t within_ms);
/* As many are delivered within that time, whatever becomes of the others. */
void sim_await_acked(struct sim_client *client, uint64_t count, int64_t within_ms);
struct sim_counts {
    uint64_t accepted; /* By produce. */
    uint64_t acked, not_persisted, possibly_persisted;
};
struct sim_counts sim_counts(const struct sim_client *client);

/* The first partitions of the topic, from that offset (RD_KAFKA_OFFSET_BEGINNING ...). */
void sim_assign(struct sim_client *client, const char *topic, int partition_count, int64_t offset);
void sim_seek(struct sim_client *client, const char *topic, int partition, int64_t offset);
void sim_pause(struct sim_client *client, const char *topic, int partition, bool is_paused);
/* One partition more, or less. */
void sim_assign_one(struct sim_client *client, const char *topic, int partition, int64_t offset);
void sim_unassign_one(struct sim_client *client, const char *topic, int partition);
/* The next message is checked; false when none came in time. Errors are noted in the trace. */
bool sim_consume_one(struct sim_client *client, int64_t within_ms);
/* As many messages come within that time, or the run fails. */
void sim_consume(struct sim_client *client, int count, int64_t within_ms);
/* Everything in the logs of the partitions it was ever assigned is consumed, or the run fails; of
 * the first partitions of one topic. */
void sim_consume_all(struct sim_client *client, int64_t within_ms);
void sim_consume_all_of(struct sim_client *client, const char *topic, int partition_count,
                        int64_t within_ms);
uint64_t sim_consumed(const struct sim_client *client);

/* What the scenario rightly breaks */

enum sim_allowance {
    SIM_ALLOW_LOSS = 1,       /* Acknowledged records may be missing from the log. */
    SIM_ALLOW_DISORDER = 2,   /* Although the configuration promises order. */
    SIM_ALLOW_GAPS = 4,       /* A consumer may skip or repeat: logs change behind its back. */
    SIM_ALLOW_UNREPORTED = 8, /* Messages in flight when a client is destroyed; implied there. */
    SIM_ALLOW_ABANDONED = 16, /* Threads of look-ups that hang may be left. */
    SIM_ALLOW_SLOW_DESTROY = 32,
    SIM_ALLOW_LIES =
        64, /* Brokers lie: reports and positions prove nothing. Implies the first 3. */
};

void sim_allow(unsigned allowances);
/* Requests that one broker may get within a second; 2000 unless said. */
void sim_request_cap(int per_second);
/* The same for connections to a broker; 64 if it is not said. */
void sim_connect_cap(int per_second);

/* For other parts of tests/sim: into the trace, and the time of the last fault. */
void sim_note_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
