/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mailbox: how anything crosses from one thread to another.
 *
 * What is posted is a small struct of the module that posts and handles it, with a struct rk_mail
 * inside: `deliver` runs on the owner's loop, in the order of posting; `discard` runs instead, on
 * any thread, when the loop has ended, and only frees. Exactly one of the two is called, once.
 * Posting takes no memory.
 *
 * An owner whose thread has ended for want of work leaves its mailbox at rest: mail is kept, and
 * whoever posts it calls the keeper (loop.h).
 */
#ifndef RK_RUNTIME_MAILBOX_H
#define RK_RUNTIME_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "runtime/thread.h"

struct rk_mail {
    STAILQ_ENTRY(rk_mail) link;
    void (*deliver)(struct rk_mail *mail);
    void (*discard)(struct rk_mail *mail);
};

STAILQ_HEAD(rk_mail_list, rk_mail);

struct rk_mailbox {
    struct rk_mutex mutex;
    struct {
        struct rk_mail_list mail;
        bool sleeping; /* The owner waits and must be woken. */
        uint64_t sleeps_until_us;
        bool resting;  /* The owner has no thread: the keeper is called for mail. */
        bool has_work; /* Although it rests, it has more to do than mail. */
    } shared;
    int wake_fd;
    void (*call_keeper)(void *argument); /* Set before the first post; any thread. */
    void *keeper;
};

/* False with errno when there is no descriptor to be had. */
bool rk_mailbox_init(struct rk_mailbox *mailbox);
/* Discards what is left. */
void rk_mailbox_clear(struct rk_mailbox *mailbox);
/* Any thread. takes: mail */
void rk_mailbox_post(struct rk_mailbox *mailbox, struct rk_mail *mail);
/* The same for mail that has time until then: an owner that will be awake by itself is not woken.
 */
void rk_mailbox_post_by(struct rk_mailbox *mailbox, struct rk_mail *mail, uint64_t by_us);
/* Any thread: mail that was posted so has become urgent. */
void rk_mailbox_wake(struct rk_mailbox *mailbox);
/* Owner: everything posted so far, into `list`. */
void rk_mailbox_take(struct rk_mailbox *mailbox, struct rk_mail_list *list);
/* Owner, before waiting until then: false when there is mail, so that it must not wait. */
bool rk_mailbox_prepare_sleep(struct rk_mailbox *mailbox, uint64_t until_us);
/* Discards everything posted so far. */
void rk_mailbox_discard_all(struct rk_mailbox *mailbox);

/* Owner: from now on posts call the keeper. */
void rk_mailbox_rest(struct rk_mailbox *mailbox, bool has_work);
void rk_mailbox_end_rest(struct rk_mailbox *mailbox);
/* Any thread. `has_work`: so its owner said, or there is mail. */
bool rk_mailbox_is_resting(struct rk_mailbox *mailbox, bool *has_work);
/* Takes it back, if it is there. Any thread. */
void rk_mailbox_withdraw(struct rk_mailbox *mailbox, struct rk_mail *mail);

#endif
