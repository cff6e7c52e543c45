/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/reply.h"

#include "base/memory.h"

struct rk_reply {
    struct rk_mutex mutex;
    struct rk_condition answered;
    void (*drop)(void *answer);
    struct {
        int references;
        bool done;
        void *answer; /* Until the waiter takes it. */
    } shared;
};

struct rk_reply *rk_reply_new(void (*drop)(void *answer))
{
    struct rk_reply *reply = RK_NEW(struct rk_reply);
    rk_mutex_init(&reply->mutex, RK_RANK_REPLY);
    rk_condition_init(&reply->answered);
    reply->drop = drop;
    reply->shared.references = 2;
    return reply;
}

void rk_reply_release(struct rk_reply *reply)
{
    rk_mutex_lock(&reply->mutex);
    bool last = --reply->shared.references == 0;
    rk_mutex_unlock(&reply->mutex);
    if (!last)
        return;
    if (reply->shared.answer && reply->drop)
        reply->drop(reply->shared.answer);
    rk_condition_clear(&reply->answered);
    rk_mutex_clear(&reply->mutex);
    rk_free(reply);
}

void rk_reply_answer(struct rk_reply *reply, void *answer)
{
    rk_mutex_lock(&reply->mutex);
    reply->shared.done = true;
    reply->shared.answer = answer;
    rk_condition_broadcast(&reply->answered);
    rk_mutex_unlock(&reply->mutex);
    rk_reply_release(reply);
}

void rk_reply_abandon(struct rk_reply *reply)
{
    rk_reply_answer(reply, NULL);
}

bool rk_reply_wait(struct rk_reply *reply, uint64_t deadline_us, void **answer)
{
    *answer = NULL;
    rk_mutex_lock(&reply->mutex);
    while (!reply->shared.done) {
        if (!rk_condition_wait(&reply->answered, &reply->mutex, deadline_us) && !reply->shared.done)
            break;
    }
    bool done = reply->shared.done;
    *answer = reply->shared.answer;
    reply->shared.answer = NULL;
    rk_mutex_unlock(&reply->mutex);
    return done;
}
