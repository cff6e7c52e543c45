/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/text.h"

#define MAX_RUNNING   4  /* Per resolver. */
#define MAX_ABANDONED 16 /* Per process; each is a thread stuck in getaddrinfo. */

enum job_state {
    JOB_WAITING,  /* For a thread. */
    JOB_RUNNING,  /* A helper thread asks. */
    JOB_ANSWERED, /* Posted, or abandoned while it ran. */
};

/* Counted: the helper thread and the caller's loop may each go first. */
struct rk_resolver_job {
    TAILQ_ENTRY(rk_resolver_job) link; /* Waiting or running. */
    struct rk_mail mail;
    _Atomic int references;
    _Atomic bool is_abandoned;
    struct rk_resolver *resolver;
    char *host;
    uint16_t port;
    enum rk_address_family family;
    bool is_canonical;
    struct rk_loop *loop;
    void (*on_answer)(void *owner, struct rk_resolver_answer *answer);
    void *owner;
    struct rk_resolver_answer answer; /* The helper's until it posts. */
    enum job_state state;             /* Under the resolver's lock. */
};

TAILQ_HEAD(job_list, rk_resolver_job);

struct rk_resolver {
    _Atomic int references; /* The client's, and one per job that has a thread. */
    struct rk_mutex mutex;
    struct {
        struct job_list waiting, running;
        int running_count;
        bool is_closed;
    } shared;
};

static _Atomic int abandoned_threads;

static void release_resolver(struct rk_resolver *resolver)
{
    if (atomic_fetch_sub(&resolver->references, 1) != 1)
        return;
    rk_mutex_clear(&resolver->mutex);
    rk_free(resolver);
}

static void release_job(struct rk_resolver_job *job)
{
    if (atomic_fetch_sub(&job->references, 1) != 1)
        return;
    rk_free(job->answer.error);
    rk_addresses_clear(&job->answer.addresses);
    for (int i = 0; i < job->answer.name_count; i++)
        rk_free(job->answer.names[i]);
    rk_free(job->answer.names);
    rk_free(job->host);
    release_resolver(job->resolver);
    rk_free(job);
}

struct rk_resolver *rk_resolver_new(void)
{
    struct rk_resolver *resolver = RK_NEW(struct rk_resolver);
    atomic_init(&resolver->references, 1);
    rk_mutex_init(&resolver->mutex, RK_RANK_RESOLVER);
    TAILQ_INIT(&resolver->shared.waiting);
    TAILQ_INIT(&resolver->shared.running);
    return resolver;
}

void rk_resolver_destroy(struct rk_resolver *resolver)
{
    if (!resolver)
        return;
    struct job_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
    rk_mutex_lock(&resolver->mutex);
    resolver->shared.is_closed = true;
    TAILQ_CONCAT(&waiting, &resolver->shared.waiting, link);
    rk_mutex_unlock(&resolver->mutex);
    struct rk_resolver_job *job;
    while ((job = TAILQ_FIRST(&waiting)) != NULL) {
        TAILQ_REMOVE(&waiting, job, link);
        release_job(job);
    }
    release_resolver(resolver);
}

static void deliver_answer(struct rk_mail *mail)
{
    struct rk_resolver_job *job = rk_container_of(mail, struct rk_resolver_job, mail);
    if (!atomic_load(&job->is_abandoned))
        job->on_answer(job->owner, &job->answer);
    release_job(job);
}

static void discard_answer(struct rk_mail *mail)
{
    release_job(rk_container_of(mail, struct rk_resolver_job, mail));
}

static void post_answer(struct rk_resolver_job *job)
{
    job->mail.deliver = deliver_answer;
    job->mail.discard = discard_answer;
    rk_loop_post(job->loop, &job->mail);
}

static void collect(struct rk_resolver_answer *answer, const struct addrinfo *list)
{
    int count = 0;
    for (const struct addrinfo *info = list; info; info = info->ai_next)
        count++;
    answer->addresses.items = rk_calloc((size_t)count, sizeof(struct rk_address));
    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        if (!info->ai_addr || info->ai_addrlen > sizeof(struct sockaddr_storage))
            continue;
        struct rk_address *address = &answer->addresses.items[answer->addresses.count++];
        memcpy(&address->storage, info->ai_addr, info->ai_addrlen);
        address->size = info->ai_addrlen;
    }
}

/* What is asked for: the hints, and the port as text. */
static struct addrinfo question(enum rk_address_family family, int flags, uint16_t port,
                                char service[8])
{
    static const int families[] = {
        [RK_FAMILY_ANY] = AF_UNSPEC,
        [RK_FAMILY_V4] = AF_INET,
        [RK_FAMILY_V6] = AF_INET6,
    };
    snprintf(service, 8, "%u", port);
    return (struct addrinfo){.ai_family = families[family],
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | flags};
}

static void take_result(struct rk_resolver_answer *answer, int result, int error,
                        const struct addrinfo *list)
{
    if (result == 0)
        collect(answer, list);
    if (answer->addresses.count == 0)
        answer->error = rk_strdup(result == EAI_SYSTEM ? rk_socket_error_text(error)
                                  : result             ? gai_strerror(result)
                                                       : "no address");
}

static void look_up(struct rk_resolver_job *job, int flags)
{
    char service[8];
    struct addrinfo hints = question(job->family, flags, job->port, service);
    struct addrinfo *list = NULL;
    int result = getaddrinfo(job->host, service, &hints, &list);
    take_result(&job->answer, result, errno, list);
    if (list)
        freeaddrinfo(list);
}

static void add_name(struct rk_resolver_answer *answer, const char *name)
{
    for (int i = 0; i < answer->name_count; i++) {
        if (strcmp(answer->names[i], name) == 0)
            return;
    }
    answer->names = rk_realloc(answer->names, (size_t)(answer->name_count + 1) * sizeof(char *));
    answer->names[answer->name_count++] = rk_strdup(name);
}

static void look_up_names(struct rk_resolver_answer *answer)
{
    for (int i = 0; i < answer->addresses.count; i++) {
        const struct rk_address *address = &answer->addresses.items[i];
        const struct sockaddr *raw = (const struct sockaddr *)&address->storage;
        char name[NI_MAXHOST];
        if (getnameinfo(raw, address->size, name, sizeof(name), NULL, 0, NI_NAMEREQD) == 0 ||
            getnameinfo(raw, address->size, name, sizeof(name), NULL, 0, NI_NUMERICHOST) == 0)
            add_name(answer, name);
    }
}

void rk_resolver_call_back(rk_resolve_callback *callback, void *opaque, const char *host,
                           uint16_t port, enum rk_address_family family,
                           struct rk_resolver_answer *answer)
{
    char service[8];
    struct addrinfo hints = question(family, 0, port, service);
    struct addrinfo *list = NULL;
    int result = callback(host, service, &hints, &list, opaque);
    take_result(answer, result, errno, list);
    if (list)
        callback(NULL, NULL, NULL, &list, opaque); /* How it is told to free the list. */
}

static void start_waiting(struct rk_resolver *resolver);

/* Posts the answer. Under the lock, because whoever ends the loop abandons its jobs first: a job
 * that is not abandoned has a loop. */
static void answer_job(struct rk_resolver_job *job)
{
    job->state = JOB_ANSWERED;
    post_answer(job);
}

static bool is_same_question(const struct rk_resolver_job *a, const struct rk_resolver_job *b)
{
    return a->port == b->port && a->family == b->family && a->is_canonical == b->is_canonical &&
           strcmp(a->host, b->host) == 0;
}

static void copy_answer(struct rk_resolver_answer *to, const struct rk_resolver_answer *from)
{
    to->error = rk_strdup_or_null(from->error);
    rk_addresses_copy(&to->addresses, &from->addresses);
    for (int i = 0; i < from->name_count; i++)
        add_name(to, from->names[i]);
}

/* Gives the answer to those who wait to ask the same. Under the lock. */
static void share_answer(struct rk_resolver *resolver, const struct rk_resolver_job *job)
{
    struct rk_resolver_job *waiting = TAILQ_FIRST(&resolver->shared.waiting);
    while (waiting) {
        struct rk_resolver_job *next = TAILQ_NEXT(waiting, link);
        if (is_same_question(waiting, job)) {
            TAILQ_REMOVE(&resolver->shared.waiting, waiting, link);
            copy_answer(&waiting->answer, &job->answer);
            answer_job(waiting);
        }
        waiting = next;
    }
}

/* The thread of a job is done, or could not be had: posts the answer, unless nobody waits. */
static void finish(struct rk_resolver_job *job)
{
    struct rk_resolver *resolver = job->resolver;
    rk_mutex_lock(&resolver->mutex);
    TAILQ_REMOVE(&resolver->shared.running, job, link);
    resolver->shared.running_count--;
    share_answer(resolver, job);
    bool is_abandoned = atomic_load(&job->is_abandoned);
    if (is_abandoned)
        job->state = JOB_ANSWERED;
    else
        answer_job(job);
    rk_mutex_unlock(&resolver->mutex);
    if (is_abandoned) {
        atomic_fetch_sub(&abandoned_threads, 1);
        release_job(job);
    }
}

static void run(void *argument)
{
    struct rk_resolver_job *job = argument;
    look_up(job, 0);
    if (job->is_canonical)
        look_up_names(&job->answer);
    finish(job);
    start_waiting(job->resolver);
    release_job(job);
}

static void start_thread(struct rk_resolver_job *job)
{
    atomic_fetch_add(&job->references, 1);
    struct rk_thread *thread = rk_thread_start("rdk:dns", run, job);
    if (thread) {
        rk_thread_detach(thread);
        return;
    }
    job->answer.error = rk_strdup("no thread for the name look-up");
    finish(job);
    release_job(job);
}

static bool is_host_asked(const struct rk_resolver *resolver, const char *host)
{
    const struct rk_resolver_job *job;
    TAILQ_FOREACH (job, &resolver->shared.running, link) {
        if (strcmp(job->host, host) == 0)
            return true;
    }
    return false;
}

/* The next that may run, or NULL; it counts as running from here on. */
static struct rk_resolver_job *take_waiting(struct rk_resolver *resolver)
{
    struct rk_resolver_job *job = NULL;
    rk_mutex_lock(&resolver->mutex);
    if (resolver->shared.running_count < MAX_RUNNING && !resolver->shared.is_closed) {
        TAILQ_FOREACH (job, &resolver->shared.waiting, link) {
            if (!is_host_asked(resolver, job->host))
                break;
        }
    }
    if (job) {
        TAILQ_REMOVE(&resolver->shared.waiting, job, link);
        TAILQ_INSERT_TAIL(&resolver->shared.running, job, link);
        resolver->shared.running_count++;
        job->state = JOB_RUNNING;
    }
    rk_mutex_unlock(&resolver->mutex);
    return job;
}

static void start_waiting(struct rk_resolver *resolver)
{
    struct rk_resolver_job *job;
    while ((job = take_waiting(resolver)) != NULL)
        start_thread(job);
}

static struct rk_resolver_job *new_job(struct rk_resolver *resolver, const char *host,
                                       uint16_t port, enum rk_address_family family,
                                       struct rk_loop *loop)
{
    struct rk_resolver_job *job = RK_NEW(struct rk_resolver_job);
    atomic_init(&job->references, 1);
    atomic_fetch_add(&resolver->references, 1);
    job->resolver = resolver;
    job->host = rk_strdup(host);
    job->port = port;
    job->family = family;
    job->loop = loop;
    job->state = JOB_ANSWERED;
    return job;
}

static void enqueue(struct rk_resolver *resolver, struct rk_resolver_job *job)
{
    if (atomic_load(&abandoned_threads) >= MAX_ABANDONED) {
        job->answer.error = rk_strdup("too many name look-ups hang in the system's resolver");
        post_answer(job);
        return;
    }
    rk_mutex_lock(&resolver->mutex);
    job->state = JOB_WAITING;
    TAILQ_INSERT_TAIL(&resolver->shared.waiting, job, link);
    rk_mutex_unlock(&resolver->mutex);
    start_waiting(resolver);
}

struct rk_resolver_job *
rk_resolver_start(struct rk_resolver *resolver, const char *host, uint16_t port,
                  enum rk_address_family family, struct rk_loop *loop,
                  void (*on_answer)(void *owner, struct rk_resolver_answer *answer), void *owner)
{
    struct rk_resolver_job *job = new_job(resolver, host, port, family, loop);
    job->on_answer = on_answer;
    job->owner = owner;
    look_up(job, AI_NUMERICHOST);
    if (!job->answer.error) {
        post_answer(job);
        return job;
    }
    rk_free(job->answer.error);
    job->answer.error = NULL;
    enqueue(resolver, job);
    return job;
}

struct rk_resolver_job *
rk_resolver_start_canonical(struct rk_resolver *resolver, const char *host, uint16_t port,
                            enum rk_address_family family, struct rk_loop *loop,
                            void (*on_answer)(void *owner, struct rk_resolver_answer *answer),
                            void *owner)
{
    struct rk_resolver_job *job = new_job(resolver, host, port, family, loop);
    job->is_canonical = true;
    job->on_answer = on_answer;
    job->owner = owner;
    enqueue(resolver, job);
    return job;
}

void rk_resolver_abandon(struct rk_resolver_job *job)
{
    struct rk_resolver *resolver = job->resolver;
    rk_mutex_lock(&resolver->mutex);
    atomic_store(&job->is_abandoned, true);
    bool was_waiting = job->state == JOB_WAITING;
    if (was_waiting)
        TAILQ_REMOVE(&resolver->shared.waiting, job, link);
    else if (job->state == JOB_RUNNING)
        atomic_fetch_add(&abandoned_threads, 1);
    rk_mutex_unlock(&resolver->mutex);
    if (was_waiting)
        release_job(job);
}
