/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/mailbox.h"

#include "base/assert.h"

bool rk_mailbox_init(struct rk_mailbox *mailbox)
{
    mailbox->wake_fd = rk_wake_open();
    if (mailbox->wake_fd < 0)
        return false;
    rk_mutex_init(&mailbox->mutex, RK_RANK_MAILBOX);
    STAILQ_INIT(&mailbox->shared.mail);
    mailbox->shared.sleeping = false;
    mailbox->shared.resting = false;
    return true;
}

void rk_mailbox_clear(struct rk_mailbox *mailbox)
{
    rk_mailbox_discard_all(mailbox);
    rk_mutex_clear(&mailbox->mutex);
    rk_wake_close(mailbox->wake_fd);
}

void rk_mailbox_post(struct rk_mailbox *mailbox, struct rk_mail *mail)
{
    rk_mutex_lock(&mailbox->mutex);
    STAILQ_INSERT_TAIL(&mailbox->shared.mail, mail, link);
    bool wake = mailbox->shared.sleeping;
    bool resting = mailbox->shared.resting;
    mailbox->shared.sleeping = false;
    rk_mutex_unlock(&mailbox->mutex);
    if (wake)
        rk_wake_signal(mailbox->wake_fd);
    if (RK_UNLIKELY(resting))
        mailbox->call_keeper(mailbox->keeper);
}

void rk_mailbox_post_by(struct rk_mailbox *mailbox, struct rk_mail *mail, uint64_t by_us)
{
    rk_mutex_lock(&mailbox->mutex);
    STAILQ_INSERT_TAIL(&mailbox->shared.mail, mail, link);
    bool wake = mailbox->shared.sleeping && mailbox->shared.sleeps_until_us > by_us;
    bool resting = mailbox->shared.resting;
    if (wake)
        mailbox->shared.sleeping = false;
    rk_mutex_unlock(&mailbox->mutex);
    if (wake)
        rk_wake_signal(mailbox->wake_fd);
    if (RK_UNLIKELY(resting))
        mailbox->call_keeper(mailbox->keeper);
}

void rk_mailbox_wake(struct rk_mailbox *mailbox)
{
    rk_mutex_lock(&mailbox->mutex);
    bool wake = mailbox->shared.sleeping;
    mailbox->shared.sleeping = false;
    rk_mutex_unlock(&mailbox->mutex);
    if (wake)
        rk_wake_signal(mailbox->wake_fd);
}

void rk_mailbox_take(struct rk_mailbox *mailbox, struct rk_mail_list *list)
{
    STAILQ_INIT(list);
    rk_mutex_lock(&mailbox->mutex);
    STAILQ_CONCAT(list, &mailbox->shared.mail);
    mailbox->shared.sleeping = false;
    rk_mutex_unlock(&mailbox->mutex);
}

bool rk_mailbox_prepare_sleep(struct rk_mailbox *mailbox, uint64_t until_us)
{
    rk_mutex_lock(&mailbox->mutex);
    bool empty = STAILQ_EMPTY(&mailbox->shared.mail);
    mailbox->shared.sleeping = empty;
    mailbox->shared.sleeps_until_us = until_us;
    rk_mutex_unlock(&mailbox->mutex);
    return empty;
}

void rk_mailbox_discard_all(struct rk_mailbox *mailbox)
{
    struct rk_mail_list list;
    rk_mailbox_take(mailbox, &list);
    while (!STAILQ_EMPTY(&list)) {
        struct rk_mail *mail = STAILQ_FIRST(&list);
        STAILQ_REMOVE_HEAD(&list, link);
        mail->discard(mail); /* May post here again. */
        if (STAILQ_EMPTY(&list))
            rk_mailbox_take(mailbox, &list);
    }
}

void rk_mailbox_rest(struct rk_mailbox *mailbox, bool has_work)
{
    rk_mutex_lock(&mailbox->mutex);
    mailbox->shared.resting = true;
    mailbox->shared.has_work = has_work;
    rk_mutex_unlock(&mailbox->mutex);
}

void rk_mailbox_end_rest(struct rk_mailbox *mailbox)
{
    rk_mutex_lock(&mailbox->mutex);
    mailbox->shared.resting = false;
    rk_mutex_unlock(&mailbox->mutex);
}

bool rk_mailbox_is_resting(struct rk_mailbox *mailbox, bool *has_work)
{
    rk_mutex_lock(&mailbox->mutex);
    bool resting = mailbox->shared.resting;
    *has_work = mailbox->shared.has_work || !STAILQ_EMPTY(&mailbox->shared.mail);
    rk_mutex_unlock(&mailbox->mutex);
    return resting;
}

void rk_mailbox_withdraw(struct rk_mailbox *mailbox, struct rk_mail *mail)
{
    struct rk_mail *other;
    rk_mutex_lock(&mailbox->mutex);
    STAILQ_FOREACH (other, &mailbox->shared.mail, link) {
        if (other == mail)
            break;
    }
    if (other)
        STAILQ_REMOVE(&mailbox->shared.mail, other, rk_mail, link);
    rk_mutex_unlock(&mailbox->mutex);
}
