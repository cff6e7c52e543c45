/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/request.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "wire/codec.h"

#define ARENA_LIMIT        (64u << 20)
#define DEFAULT_TIMEOUT_US 60000000u

static void deliver_done(struct rk_mail *mail)
{
    struct rk_request *request = rk_container_of(mail, struct rk_request, mail);
    request->on_done(request);
}

static void discard_done(struct rk_mail *mail)
{
    rk_request_destroy(rk_container_of(mail, struct rk_request, mail));
}

struct rk_request *rk_request_try_new(enum rk_api_key key, struct rk_loop *reply_loop,
                                      rk_request_handler *on_done, void *owner)
{
    struct rk_request *request = rk_try_calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    request->api = rk_api_find((int16_t)key);
    RK_ASSERT(request->api && request->api->request);
    rk_arena_init(&request->arena, ARENA_LIMIT);
    request->message = rk_arena_try_alloc(&request->arena, request->api->request->size);
    if (!request->message) {
        rk_free(request);
        return NULL;
    }
    rk_codec_init(request->api->request, request->message);
    rk_writer_init(&request->wire.writer);
    request->min_version = request->api->min_version;
    request->max_version = request->api->max_version;
    request->timeout_us = DEFAULT_TIMEOUT_US;
    request->deadline_us = RK_NEVER;
    request->reply_loop = reply_loop;
    request->on_done = on_done;
    request->owner = owner;
    request->version = -1;
    request->broker_id = -1;
    return request;
}

void rk_request_reset(struct rk_request *request)
{
    rk_writer_clear(&request->wire.writer);
    request->wire.queued_us = 0;
    rk_arena_clear(&request->answer_arena);
    rk_block_release(request->frame);
    request->frame = NULL;
    rk_free(request->error_text);
    request->error_text = NULL;
    request->err = RD_KAFKA_RESP_ERR_NO_ERROR;
    request->was_written = false;
    request->answer = NULL;
    request->version = -1;
    request->broker_id = -1;
}

void rk_request_destroy(struct rk_request *request)
{
    if (!request)
        return;
    rk_writer_clear(&request->wire.writer);
    rk_arena_clear(&request->arena);
    rk_arena_clear(&request->answer_arena);
    rk_block_release(request->frame);
    rk_free(request->error_text);
    rk_free(request);
}

void *rk_request_try_alloc(struct rk_request *request, size_t size)
{
    return rk_arena_try_alloc(&request->arena, size);
}

void rk_request_complete(struct rk_request *request)
{
    if (rk_loop_is_mine(request->reply_loop)) {
        request->on_done(request);
        return;
    }
    request->mail.deliver = deliver_done;
    request->mail.discard = discard_done;
    rk_loop_post(request->reply_loop, &request->mail);
}

void rk_request_fail(struct rk_request *request, rd_kafka_resp_err_t err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = rk_text_formatv(format, arguments); /* May be about the one before. */
    va_end(arguments);
    rk_free(request->error_text);
    request->error_text = text;
    request->err = err;
    rk_request_complete(request);
}
