/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Name look-ups: literal addresses, failing and hanging names, abandoned callers, limits.
 *
 * The system's resolver is replaced here: "ok.*" has two addresses, "hang.*" does not answer until
 * the test lets it, anything else is not known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "net/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The system */

static _Atomic int asked, asked_now, asked_at_most;
static sem_t may_answer;

static struct addrinfo *new_info(const char *address, int port)
{
    struct sockaddr_in *v4 = calloc(1, sizeof(*v4));
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, address, &v4->sin_addr);
    struct addrinfo *info = calloc(1, sizeof(*info));
    info->ai_family = AF_INET;
    info->ai_addrlen = sizeof(*v4);
    info->ai_addr = (struct sockaddr *)v4;
    return info;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    struct in_addr literal;
    int port = atoi(service);
    if (inet_pton(AF_INET, host, &literal) == 1) {
        if (hints->ai_family == AF_INET6)
            return EAI_ADDRFAMILY;
        *result = new_info(host, port);
        return 0;
    }
    if (hints->ai_flags & AI_NUMERICHOST)
        return EAI_NONAME;
    atomic_fetch_add(&asked, 1);
    int now = atomic_fetch_add(&asked_now, 1) + 1;
    int most = atomic_load(&asked_at_most);
    while (now > most && !atomic_compare_exchange_weak(&asked_at_most, &most, now))
        ;
    bool hangs = strncmp(host, "hang.", 5) == 0;
    while (hangs && sem_wait(&may_answer) != 0)
        ;
    atomic_fetch_sub(&asked_now, 1);
    if (strncmp(host, "none.", 5) == 0) {
        *result = NULL;
        return 0;
    }
    if (!hangs && strncmp(host, "ok.", 3) != 0)
        return EAI_NONAME;
    *result = new_info("127.0.0.7", port);
    (*result)->ai_next = new_info("127.0.0.8", port);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

int getnameinfo(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size,
                char *service, socklen_t service_size, int flags)
{
    char text[INET_ADDRSTRLEN];
    (void)size;
    (void)service;
    (void)service_size;
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
              sizeof(text));
    if ((flags & NI_NAMEREQD) && strcmp(text, "127.0.0.8") == 0)
        return EAI_NONAME;
    snprintf(host, host_size, "%s", flags & NI_NUMERICHOST ? text : "canonical.test");
    return 0;
}

/* The client's side: a loop, and what it was answered. */

static struct rk_loop *loop;
static struct rk_resolver *resolver;

struct question {
    const char *host;
    enum rk_address_family family;
    bool is_canonical;
    struct rk_resolver_job *job;
    sem_t answered;
    _Atomic int answers;
    char error[128], first_address[64], names[128];
    int count;
};

static void on_answer(void *owner, struct rk_resolver_answer *answer)
{
    struct question *question = owner;
    rk_loop_assert_mine(loop);
    question->job = NULL;
    question->count = answer->addresses.count;
    if (answer->error)
        snprintf(question->error, sizeof(question->error), "%s", answer->error);
    if (answer->addresses.count > 0)
        rk_address_text(&answer->addresses.items[0], question->first_address,
                        sizeof(question->first_address));
    for (int i = 0; i < answer->name_count; i++) {
        strcat(question->names, answer->names[i]);
        strcat(question->names, ";");
    }
    atomic_fetch_add(&question->answers, 1);
    sem_post(&question->answered);
}

/* Runs something on the loop and waits for it. */
struct visit {
    struct rk_mail mail;
    void (*run)(void *argument);
    void *argument;
    sem_t done;
};

static void deliver_visit(struct rk_mail *mail)
{
    struct visit *visit = rk_container_of(mail, struct visit, mail);
    visit->run(visit->argument);
    sem_post(&visit->done);
}

static void on_loop(void (*run)(void *argument), void *argument)
{
    struct visit visit = {.mail.deliver = deliver_visit, .run = run, .argument = argument};
    sem_init(&visit.done, 0, 0);
    rk_loop_post(loop, &visit.mail);
    while (sem_wait(&visit.done) != 0)
        ;
    sem_destroy(&visit.done);
}

static void start_question(void *argument)
{
    struct question *question = argument;
    question->job = question->is_canonical
                        ? rk_resolver_start_canonical(resolver, question->host, 9092,
                                                      question->family, loop, on_answer, question)
                        : rk_resolver_start(resolver, question->host, 9092, question->family, loop,
                                            on_answer, question);
}

static void abandon_question(void *argument)
{
    struct question *question = argument;
    if (question->job)
        rk_resolver_abandon(question->job);
    question->job = NULL;
}

static void start_and_abandon(void *argument)
{
    start_question(argument);
    abandon_question(argument);
}

static void ask(struct question *question, const char *host)
{
    *question = (struct question){.host = host};
    sem_init(&question->answered, 0, 0);
    on_loop(start_question, question);
}

static void await(struct question *question)
{
    while (sem_wait(&question->answered) != 0)
        ;
}

static int set_up(void **state)
{
    (void)state;
    asked = asked_now = asked_at_most = 0;
    sem_init(&may_answer, 0, 0);
    loop = rk_loop_new("rdk:test", NULL);
    resolver = rk_resolver_new();
    return loop && rk_loop_start(loop) ? 0 : -1;
}

static void wait_until_no_thread(void)
{
    while (rk_thread_count() > 0)
        rk_thread_pause_us(1000);
}

static void let_answer(int count)
{
    for (int i = 0; i < count; i++)
        sem_post(&may_answer);
}

static int tear_down(void **state)
{
    (void)state;
    let_answer(100); /* After a failed test. */
    rk_loop_stop(loop);
    rk_loop_destroy(loop);
    rk_resolver_destroy(resolver);
    wait_until_no_thread();
    sem_destroy(&may_answer);
    return 0;
}

static void await_asked_now(int count)
{
    while (atomic_load(&asked_now) != count)
        rk_thread_pause_us(1000);
}

/* Tests */

static void literal_addresses_need_no_thread(void **state)
{
    (void)state;
    struct question question;
    ask(&question, "127.0.0.1");
    await(&question);
    assert_string_equal(question.error, "");
    assert_int_equal(question.count, 1);
    assert_string_equal(question.first_address, "ipv4#127.0.0.1:9092");
    assert_int_equal(asked, 0);
}

static void names(void **state)
{
    (void)state;
    struct question found, unknown, empty;
    ask(&found, "ok.test");
    await(&found);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.first_address, "ipv4#127.0.0.7:9092");
    ask(&unknown, "unknown.test");
    await(&unknown);
    assert_int_equal(unknown.count, 0);
    assert_string_equal(unknown.error, gai_strerror(EAI_NONAME));
    ask(&empty, "none.test");
    await(&empty);
    assert_string_equal(empty.error, "no address");
}

static void canonical_names(void **state)
{
    (void)state;
    struct question question = {.host = "ok.test", .is_canonical = true};
    sem_init(&question.answered, 0, 0);
    on_loop(start_question, &question);
    await(&question);
    assert_string_equal(question.names, "canonical.test;127.0.0.8;");
}

static void abandoned_before_the_answer_arrives(void **state)
{
    (void)state;
    const char *hosts[] = {"127.0.0.1", "ok.test", "unknown.test", "hang.a.test"};
    struct question questions[RK_COUNT_OF(hosts)];
    for (size_t i = 0; i < RK_COUNT_OF(hosts); i++) {
        questions[i] = (struct question){.host = hosts[i]};
        on_loop(start_and_abandon, &questions[i]);
    }
    let_answer(1);
    rk_thread_pause_us(20000);
    struct question last; /* Behind whatever was posted. */
    ask(&last, "127.0.0.1");
    await(&last);
    for (size_t i = 0; i < RK_COUNT_OF(hosts); i++)
        assert_int_equal(questions[i].answers, 0);
}

static void a_hanging_host_takes_one_thread_of_four(void **state)
{
    (void)state;
    struct question hanging[6], fine;
    for (int i = 0; i < 6; i++)
        ask(&hanging[i], "hang.a.test");
    await_asked_now(1);
    ask(&fine, "ok.test");
    await(&fine); /* Not behind the others. */
    assert_int_equal(asked_at_most, 2);
    let_answer(1);
    for (int i = 0; i < 6; i++) {
        await(&hanging[i]);
        assert_int_equal(hanging[i].count, 2);
    }
    assert_int_equal(asked, 2); /* One answer for all who asked the same. */
}

static void at_most_four_at_once(void **state)
{
    (void)state;
    static const char *const hosts[] = {"hang.0", "hang.1", "hang.2",
                                        "hang.3", "hang.4", "ok.test"};
    struct question questions[RK_COUNT_OF(hosts)];
    for (size_t i = 0; i < RK_COUNT_OF(hosts); i++)
        ask(&questions[i], hosts[i]);
    await_asked_now(4);
    rk_thread_pause_us(10000);
    assert_int_equal(asked, 4);
    on_loop(abandon_question, &questions[0]); /* Its thread is not free for that. */
    on_loop(abandon_question, &questions[5]); /* One that waits. */
    rk_thread_pause_us(10000);
    assert_int_equal(asked, 4);
    let_answer(5);
    for (int i = 1; i < 5; i++)
        await(&questions[i]);
    assert_int_equal(asked_at_most, 4);
    assert_int_equal(questions[0].answers + questions[5].answers, 0);
}

/* Of those who wait for the answer of an abandoned look-up, all get it. */
static void an_abandoned_look_up_still_answers_others(void **state)
{
    (void)state;
    struct question gone, waiting;
    ask(&gone, "hang.a.test");
    ask(&waiting, "hang.a.test");
    await_asked_now(1);
    on_loop(abandon_question, &gone);
    let_answer(1);
    await(&waiting);
    assert_int_equal(waiting.count, 2);
    assert_int_equal(asked, 1);
    assert_int_equal(gone.answers, 0);
}

static void sixteen_that_hang_are_enough(void **state)
{
    (void)state;
    struct rk_resolver *own = resolver, *others[4];
    struct question questions[16], next;
    char hosts[16][16];
    for (int i = 0; i < 16; i++) {
        if (i % 4 == 0)
            others[i / 4] = rk_resolver_new();
        resolver = others[i / 4];
        snprintf(hosts[i], sizeof(hosts[i]), "hang.%d", i);
        ask(&questions[i], hosts[i]);
    }
    await_asked_now(16);
    for (int i = 0; i < 16; i++)
        on_loop(abandon_question, &questions[i]);
    for (int i = 0; i < 4; i++)
        rk_resolver_destroy(others[i]);
    resolver = own;
    ask(&next, "ok.test");
    await(&next);
    assert_string_equal(next.error, "too many name look-ups hang in the system's resolver");
    struct question literal;
    ask(&literal, "127.0.0.1");
    await(&literal);
    assert_int_equal(literal.count, 1);
    let_answer(16);
    while (rk_thread_count() > 1)
        rk_thread_pause_us(1000);
    ask(&next, "ok.test");
    await(&next);
    assert_int_equal(next.count, 2);
}

/* The client goes away while names are looked up: its loop first, then the resolver. */
static void everything_ends_while_threads_hang(void **state)
{
    (void)state;
    struct question running, waiting, delivered;
    ask(&running, "hang.a.test");
    ask(&waiting, "hang.a.test");
    await_asked_now(1);
    on_loop(abandon_question, &running);
    on_loop(abandon_question, &waiting);
    rk_loop_stop(loop);
    delivered = (struct question){.host = "127.0.0.1"};
    start_question(&delivered); /* Its answer lies in the mailbox when the loop is freed. */
    rk_loop_destroy(loop);
    rk_resolver_destroy(resolver);
    let_answer(1);
    wait_until_no_thread();
    assert_int_equal(running.answers + waiting.answers + delivered.answers, 0);
    loop = rk_loop_new("rdk:test", NULL);
    resolver = rk_resolver_new();
}

static void many_at_once(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static struct question questions[MANY];
    static char hosts[MANY][16];
    for (int i = 0; i < MANY; i++) {
        snprintf(hosts[i], sizeof(hosts[i]), i % 3 ? "ok.%d" : "unknown.%d", i % 20);
        ask(&questions[i], hosts[i]);
        if (i % 7 == 0)
            on_loop(abandon_question, &questions[i]);
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 7 == 0)
            continue;
        await(&questions[i]);
        assert_int_equal(questions[i].count, i % 3 ? 2 : 0);
    }
    assert_true(asked_at_most <= 4);
}

/* The application's resolve_cb */

static int freed_lists;

static int resolve(const char *node, const char *service, const struct addrinfo *hints,
                   struct addrinfo **result, void *opaque)
{
    assert_ptr_equal(opaque, &freed_lists);
    if (!node) {
        freed_lists++;
        freeaddrinfo(*result);
        return 0;
    }
    assert_string_equal(service, "9093");
    assert_int_equal(hints->ai_socktype, SOCK_STREAM);
    if (strcmp(node, "mine") != 0)
        return EAI_AGAIN;
    *result = new_info("10.1.2.3", 9093);
    return 0;
}

static void by_the_applications_callback(void **state)
{
    (void)state;
    struct rk_resolver_answer answer = {0};
    char text[64];
    rk_resolver_call_back(resolve, &freed_lists, "mine", 9093, RK_FAMILY_ANY, &answer);
    assert_null(answer.error);
    assert_int_equal(answer.addresses.count, 1);
    rk_address_text(&answer.addresses.items[0], text, sizeof(text));
    assert_string_equal(text, "ipv4#10.1.2.3:9093");
    assert_int_equal(freed_lists, 1);
    rk_addresses_clear(&answer.addresses);
    answer = (struct rk_resolver_answer){0};
    rk_resolver_call_back(resolve, &freed_lists, "yours", 9093, RK_FAMILY_ANY, &answer);
    assert_string_equal(answer.error, gai_strerror(EAI_AGAIN));
    assert_int_equal(freed_lists, 1);
    rk_free(answer.error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(literal_addresses_need_no_thread),
        TEST(names),
        TEST(canonical_names),
        TEST(abandoned_before_the_answer_arrives),
        TEST(a_hanging_host_takes_one_thread_of_four),
        TEST(at_most_four_at_once),
        TEST(an_abandoned_look_up_still_answers_others),
        TEST(sixteen_that_hang_are_enough),
        TEST(everything_ends_while_threads_hang),
        TEST(many_at_once),
        TEST(by_the_applications_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
