/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mailboxes: order, waking the owner only when it sleeps, discarding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "runtime/mailbox.h"

#include <poll.h>

enum { THREADS = 4, LETTERS = 5000 };

struct letter {
    struct rk_mail mail;
    int sender, number;
    struct rk_mailbox *again; /* Posts another one when discarded. */
};

static int delivered, discarded;
static struct rk_mailbox mailbox;

static void deliver(struct rk_mail *mail)
{
    delivered++;
    rk_free(rk_container_of(mail, struct letter, mail));
}

static void post(int sender, int number, struct rk_mailbox *again);

static void discard(struct rk_mail *mail)
{
    struct letter *letter = rk_container_of(mail, struct letter, mail);
    discarded++;
    if (letter->again)
        post(0, 0, NULL);
    rk_free(letter);
}

static void post(int sender, int number, struct rk_mailbox *again)
{
    struct letter *letter = RK_NEW(struct letter);
    letter->mail.deliver = deliver;
    letter->mail.discard = discard;
    letter->sender = sender;
    letter->number = number;
    letter->again = again;
    rk_mailbox_post(&mailbox, &letter->mail);
}

static int set_up(void **state)
{
    (void)state;
    delivered = discarded = 0;
    return rk_mailbox_init(&mailbox) ? 0 : -1;
}

static bool is_woken(int timeout_ms)
{
    struct pollfd entry = {.fd = mailbox.wake_fd, .events = POLLIN};
    return poll(&entry, 1, timeout_ms) == 1;
}

static void wakes_only_a_sleeper_and_once(void **state)
{
    (void)state;
    post(0, 0, NULL);
    assert_false(is_woken(0));
    assert_false(rk_mailbox_prepare_sleep(&mailbox, RK_NEVER)); /* There is mail. */
    post(0, 1, NULL);
    assert_false(is_woken(0));

    struct rk_mail_list list;
    rk_mailbox_take(&mailbox, &list);
    assert_true(rk_mailbox_prepare_sleep(&mailbox, RK_NEVER));
    post(0, 2, NULL);
    assert_true(is_woken(0));
    rk_wake_drain(mailbox.wake_fd);
    post(0, 3, NULL);
    assert_false(is_woken(0)); /* It is awake, or about to be. */

    int number = 0;
    struct rk_mail *mail;
    struct rk_mail_list more;
    rk_mailbox_take(&mailbox, &more);
    STAILQ_CONCAT(&list, &more);
    while ((mail = STAILQ_FIRST(&list)) != NULL) {
        STAILQ_REMOVE_HEAD(&list, link);
        assert_int_equal(rk_container_of(mail, struct letter, mail)->number, number++);
        mail->deliver(mail);
    }
    assert_int_equal(number, 4);
    rk_mailbox_clear(&mailbox);
    assert_int_equal(discarded, 0);
}

static void post_by(uint64_t by_us)
{
    struct letter *letter = RK_NEW(struct letter);
    letter->mail.deliver = deliver;
    letter->mail.discard = discard;
    rk_mailbox_post_by(&mailbox, &letter->mail, by_us);
}

static void mail_that_has_time_lets_its_owner_sleep(void **state)
{
    (void)state;
    assert_true(rk_mailbox_prepare_sleep(&mailbox, 1000));
    post_by(1000);
    assert_false(is_woken(0));
    rk_mailbox_wake(&mailbox);
    assert_true(is_woken(0));
    rk_wake_drain(mailbox.wake_fd);
    rk_mailbox_wake(&mailbox);
    assert_false(is_woken(0)); /* It is awake already. */

    rk_mailbox_discard_all(&mailbox);
    assert_true(rk_mailbox_prepare_sleep(&mailbox, 1000));
    post_by(1000);
    post_by(999); /* Too soon for it. */
    assert_true(is_woken(0));
    rk_mailbox_clear(&mailbox);
    assert_int_equal(discarded, 3);
}

static void what_is_left_is_discarded(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        post(0, i, i == 4 ? &mailbox : NULL); /* One posts another while it is discarded. */
    rk_mailbox_clear(&mailbox);
    assert_int_equal(discarded, 11);
    assert_int_equal(delivered, 0);
}

static void run_sender(void *argument)
{
    int sender = (int)(intptr_t)argument;
    for (int i = 0; i < LETTERS; i++)
        post(sender, i, NULL);
}

static void many_senders_none_lost_each_in_order(void **state)
{
    (void)state;
    struct rk_thread *threads[THREADS];
    int next[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        threads[i] = rk_thread_start("sender", run_sender, (void *)(intptr_t)i);
    for (int total = 0; total < THREADS * LETTERS;) {
        struct rk_mail_list list;
        struct rk_mail *mail;
        if (rk_mailbox_prepare_sleep(&mailbox, RK_NEVER)) {
            assert_true(is_woken(10000)); /* A missed wake-up ends here. */
            rk_wake_drain(mailbox.wake_fd);
        }
        rk_mailbox_take(&mailbox, &list);
        while ((mail = STAILQ_FIRST(&list)) != NULL) {
            STAILQ_REMOVE_HEAD(&list, link);
            struct letter *letter = rk_container_of(mail, struct letter, mail);
            assert_int_equal(letter->number, next[letter->sender]++);
            mail->deliver(mail);
            total++;
        }
    }
    for (int i = 0; i < THREADS; i++)
        rk_thread_join(threads[i]);
    rk_mailbox_clear(&mailbox);
    assert_int_equal(delivered, THREADS * LETTERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(wakes_only_a_sleeper_and_once, set_up),
        cmocka_unit_test_setup(mail_that_has_time_lets_its_owner_sleep, set_up),
        cmocka_unit_test_setup(what_is_left_is_discarded, set_up),
        cmocka_unit_test_setup(many_senders_none_lost_each_in_order, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
