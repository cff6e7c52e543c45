/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_fetch.h"

#include "base/clock.h"

/* Not a constant of rdkafka.h. */
#define ERR_FETCH_SESSION_TOPIC_ID_ERROR 106

#define TOPIC_IDS_SINCE                  13
#define SESSIONS_SINCE                   7
#define NO_SESSION_EPOCH                 (-1)
#define FIRST_SESSION_EPOCH              0

static void on_time_over(struct rk_timer *timer, uint64_t now_us);

static struct rk_mock_broker *broker_of(const struct rk_mock_fetch *fetch)
{
    return fetch->connection->broker;
}

static void make_ready(struct rk_mock_fetch *fetch)
{
    if (fetch->is_ready)
        return;
    fetch->is_ready = true;
    TAILQ_INSERT_TAIL(&broker_of(fetch)->cluster->own.ready_fetches, fetch, ready_link);
}

void rk_mock_fetch_wake(struct rk_mock_partition *partition)
{
    struct rk_mock_fetch_part *part;
    LIST_FOREACH (part, &partition->waiting, wait_link)
        make_ready(part->waiting);
}

void rk_mock_fetch_on_append(struct rk_mock_partition *partition, size_t size)
{
    struct rk_mock_fetch_part *part;
    LIST_FOREACH (part, &partition->waiting, wait_link) {
        struct rk_mock_fetch *fetch = part->waiting;
        if (partition->follower_end >= 0 && broker_of(fetch)->id != partition->leader_id)
            continue; /* The follower does not get it. */
        fetch->size += RK_MIN((int64_t)size, (int64_t)part->max_bytes);
        if (fetch->size >= fetch->min_bytes)
            make_ready(fetch);
    }
}

static void on_time_over(struct rk_timer *timer, uint64_t now_us)
{
    struct rk_mock_fetch *fetch = rk_container_of(timer, struct rk_mock_fetch, timer);
    struct rk_mock_cluster *cluster = broker_of(fetch)->cluster;
    (void)now_us;
    make_ready(fetch);
    rk_mock_cluster_settle(cluster);
}

void rk_mock_fetch_lose_session(struct rk_mock_fetch *fetch)
{
    fetch->has_lost_session = true;
    make_ready(fetch);
}

static void stop_waiting(struct rk_mock_fetch *fetch)
{
    struct rk_mock_cluster *cluster = broker_of(fetch)->cluster;
    struct rk_mock_fetch_part *part;
    if (!fetch->is_waiting)
        return;
    fetch->is_waiting = false;
    fetch->connection->fetch = NULL;
    rk_loop_stop_timer(cluster->loop, &fetch->timer);
    TAILQ_FOREACH (part, &fetch->session->parts, link) {
        if (part->waiting)
            LIST_REMOVE(part, wait_link);
        part->waiting = NULL;
    }
    if (fetch->is_ready)
        TAILQ_REMOVE(&cluster->own.ready_fetches, fetch, ready_link);
    fetch->is_ready = false;
}

void rk_mock_fetch_destroy(struct rk_mock_fetch *fetch)
{
    if (!fetch)
        return;
    stop_waiting(fetch);
    if (fetch->session) {
        fetch->session->fetch = NULL;
        if (fetch->session->id == 0)
            rk_mock_fetch_session_destroy(broker_of(fetch)->cluster, fetch->session);
    }
    rk_free(fetch);
}

/* Waits for what its partitions may bring. */
static void wait(struct rk_mock_fetch *fetch, uint64_t deadline_us)
{
    struct rk_mock_cluster *cluster = broker_of(fetch)->cluster;
    struct rk_mock_fetch_part *part;
    TAILQ_FOREACH (part, &fetch->session->parts, link) {
        struct rk_mock_partition *partition =
            rk_mock_fetch_part_find(cluster, fetch->session, part);
        if (!partition)
            continue;
        part->waiting = fetch;
        LIST_INSERT_HEAD(&partition->waiting, part, wait_link);
    }
    fetch->is_waiting = true;
    fetch->connection->fetch = fetch;
    rk_timer_init(&fetch->timer, on_time_over);
    rk_loop_start_timer(cluster->loop, &fetch->timer, deadline_us);
}

/* Whether there is anything to tell before its time is over. */
static bool has_news(struct rk_mock_fetch *fetch)
{
    struct rk_mock_fetch_part *part;
    struct rk_mock_fetch_view view;
    fetch->size = 0;
    if (fetch->injected.err != RD_KAFKA_RESP_ERR_NO_ERROR || TAILQ_EMPTY(&fetch->session->parts))
        return true;
    TAILQ_FOREACH (part, &fetch->session->parts, link) {
        rk_mock_fetch_look(fetch, part, &view);
        if (view.err != RD_KAFKA_RESP_ERR_NO_ERROR || view.preferred_replica >= 0 ||
            view.is_diverging ||
            (!fetch->is_injected &&
             rk_mock_injections_count(&view.partition->injections, RK_API_FETCH) > 0))
            return true;
        if (part->fetch_offset < view.end)
            fetch->size +=
                RK_MIN((int64_t)rk_mock_log_size_from(&view.partition->log, part->fetch_offset),
                       (int64_t)part->max_bytes);
    }
    return fetch->size >= fetch->min_bytes;
}

static bool is_session_error(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND ||
           err == RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH ||
           (int)err == ERR_FETCH_SESSION_TOPIC_ID_ERROR;
}

/* Finds the session of an incremental fetch. */
static rd_kafka_resp_err_t resume_session(struct rk_mock_request *request,
                                          const struct rk_fetch_request *from,
                                          struct rk_mock_fetch_session **found)
{
    struct rk_mock_fetch_sessions *sessions = &request->broker->sessions;
    struct rk_mock_fetch_session *session = rk_mock_fetch_sessions_use(sessions, from->session_id);
    if (!session)
        return RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND;
    if (session->fetch || from->session_epoch != session->next_epoch)
        return RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH;
    if (session->has_topic_ids != (request->version >= TOPIC_IDS_SINCE))
        return (rd_kafka_resp_err_t)ERR_FETCH_SESSION_TOPIC_ID_ERROR;
    session->next_epoch = session->next_epoch == INT32_MAX ? 1 : session->next_epoch + 1;
    *found = session;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* A session with the partitions of a full fetch: of one fetch, or to go on with. */
static struct rk_mock_fetch_session *begin_session(struct rk_mock_request *request,
                                                   const struct rk_fetch_request *from)
{
    struct rk_mock_fetch_sessions *sessions = &request->broker->sessions;
    struct rk_mock_fetch_session *old = NULL;
    if (from->session_id != 0)
        old = rk_mock_fetch_sessions_use(sessions, from->session_id);
    if (old)
        rk_mock_fetch_sessions_end(request->cluster, sessions, old);
    return rk_mock_fetch_session_new(request->version >= TOPIC_IDS_SINCE);
}

/* RK_MOCK_ANSWER: an error stands in `to`. RK_MOCK_SILENT: the fetch has its session. */
static enum rk_mock_outcome open_session(struct rk_mock_request *request,
                                         const struct rk_fetch_request *from,
                                         struct rk_mock_fetch *fetch, struct rk_fetch_answer *to)
{
    struct rk_mock_fetch_sessions *sessions = &request->broker->sessions;
    bool is_full = request->version < SESSIONS_SINCE || from->session_epoch == NO_SESSION_EPOCH ||
                   from->session_epoch == FIRST_SESSION_EPOCH;
    if (is_full) {
        fetch->session = begin_session(request, from);
    } else {
        rd_kafka_resp_err_t err = resume_session(request, from, &fetch->session);
        to->error_code = (int16_t)err;
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return RK_MOCK_ANSWER;
    }
    fetch->is_incremental = !is_full;
    fetch->session->fetch = fetch;

    const char *problem = rk_mock_fetch_session_update(request->cluster, fetch->session, from);
    if (problem) {
        rk_mock_connection_fail(request->connection, "Fetch v%d: %s", request->version, problem);
        return RK_MOCK_REFUSE;
    }
    bool is_empty = TAILQ_EMPTY(&fetch->session->parts);
    if (is_full && !is_empty && request->version >= SESSIONS_SINCE &&
        from->session_epoch == FIRST_SESSION_EPOCH)
        rk_mock_fetch_sessions_add(request->cluster, sessions, fetch->session);
    if (!is_full && is_empty) { /* As with real brokers, a session of nothing ends. */
        fetch->session->fetch = NULL;
        rk_mock_fetch_sessions_end(request->cluster, sessions, fetch->session);
        fetch->session = rk_mock_fetch_session_new(request->version >= TOPIC_IDS_SINCE);
        fetch->session->fetch = fetch;
    }
    return RK_MOCK_SILENT;
}

static void answer_now(struct rk_mock_request *request, struct rk_mock_fetch *fetch,
                       struct rk_fetch_answer *body)
{
    struct rk_mock_answer *answer = rk_mock_answer_new(request->connection);
    if (!rk_mock_fetch_fill(request, fetch, body, answer)) {
        rk_mock_answer_destroy(answer);
        rk_mock_request_no_memory(request);
    } else if (request->is_cut) {
        rk_mock_answer_destroy(answer); /* Whoever called closes the connection. */
    } else {
        rk_mock_request_answer(request, request->version, body, answer);
    }
}

enum rk_mock_outcome rk_mock_on_fetch(struct rk_mock_request *request, const void *body,
                                      void *answer)
{
    const struct rk_fetch_request *from = body;
    struct rk_fetch_answer *to = answer;
    if (is_session_error(request->injected.err)) {
        to->error_code = (int16_t)request->injected.err;
        return RK_MOCK_ANSWER;
    }
    struct rk_mock_fetch *fetch = RK_NEW(struct rk_mock_fetch);
    *fetch = (struct rk_mock_fetch){
        .connection = request->connection,
        .correlation_id = request->correlation_id,
        .version = request->version,
        .is_injected = request->is_injected,
        .injected = request->injected,
        .min_bytes = from->min_bytes,
        .max_bytes = from->max_bytes,
        .isolation_level = from->isolation_level,
        .has_rack = from->rack_id && from->rack_id[0],
    };
    enum rk_mock_outcome outcome = open_session(request, from, fetch, to);
    if (outcome == RK_MOCK_SILENT && from->max_wait_ms > 0 && !has_news(fetch) &&
        !request->cluster->own.has_no_patience) {
        wait(fetch, rk_deadline_from_ms(request->now_us, from->max_wait_ms));
        return RK_MOCK_SILENT;
    }
    if (outcome == RK_MOCK_SILENT)
        answer_now(request, fetch, to);
    rk_mock_fetch_destroy(fetch);
    return outcome;
}

void rk_mock_fetch_finish(struct rk_mock_fetch *fetch, uint64_t now_us)
{
    struct rk_arena arena;
    struct rk_fetch_answer body;
    struct rk_mock_connection *connection = fetch->connection;
    struct rk_mock_request request = {
        .cluster = connection->broker->cluster,
        .broker = connection->broker,
        .connection = connection,
        .api = &rk_fetch_api,
        .version = fetch->version,
        .correlation_id = fetch->correlation_id,
        .now_us = now_us,
        .is_injected = fetch->is_injected,
        .injected = fetch->injected,
        .arena = &arena,
    };
    stop_waiting(fetch);
    rk_mock_request_arena_init(&arena);
    rk_fetch_answer_init(&body);
    if (fetch->has_lost_session) {
        body.error_code = RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND;
        rk_mock_request_answer(&request, request.version, &body, rk_mock_answer_new(connection));
    } else {
        answer_now(&request, fetch, &body);
        if (request.is_cut)
            rk_mock_request_cut(&request);
    }
    rk_arena_clear(&arena);
    rk_mock_fetch_destroy(fetch);
    rk_mock_connection_run(connection, now_us);
}
