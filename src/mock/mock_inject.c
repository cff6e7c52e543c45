/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_inject.h"

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

void rk_mock_injections_clear(struct rk_mock_injections *injections)
{
    for (int i = 0; i < injections->count; i++)
        rk_free(injections->queues[i].errors);
    rk_free(injections->queues);
    *injections = (struct rk_mock_injections){0};
}

static struct rk_mock_error_queue *find(const struct rk_mock_injections *injections,
                                        int16_t api_key)
{
    for (int i = 0; i < injections->count; i++) {
        if (injections->queues[i].api_key == api_key)
            return &injections->queues[i];
    }
    return NULL;
}

static struct rk_mock_error_queue *find_or_add(struct rk_mock_injections *injections,
                                               int16_t api_key)
{
    struct rk_mock_error_queue *queue = find(injections, api_key);
    if (queue)
        return queue;
    size_t count = (size_t)injections->count + 1;
    injections->queues = rk_realloc(injections->queues, count * sizeof(*injections->queues));
    queue = &injections->queues[injections->count++];
    *queue = (struct rk_mock_error_queue){.api_key = api_key};
    return queue;
}

void rk_mock_injections_push(struct rk_mock_injections *injections, int16_t api_key,
                             const struct rk_mock_error *errors, size_t count)
{
    if (count == 0)
        return;
    struct rk_mock_error_queue *queue = find_or_add(injections, api_key);
    if (queue->first > 0) {
        memmove(queue->errors, queue->errors + queue->first, queue->count * sizeof(*errors));
        queue->first = 0;
    }
    if (count > queue->capacity - queue->count) {
        queue->capacity = RK_MAX(queue->capacity * 2, queue->count + count);
        queue->errors = rk_realloc(queue->errors, queue->capacity * sizeof(*errors));
    }
    memcpy(queue->errors + queue->count, errors, count * sizeof(*errors));
    queue->count += count;
}

bool rk_mock_injections_take(struct rk_mock_injections *injections, int16_t api_key,
                             struct rk_mock_error *error)
{
    struct rk_mock_error_queue *queue = find(injections, api_key);
    if (!queue || queue->count == 0)
        return false;
    *error = queue->errors[queue->first++];
    queue->count--;
    return true;
}

void rk_mock_injections_forget(struct rk_mock_injections *injections, int16_t api_key)
{
    struct rk_mock_error_queue *queue = find(injections, api_key);
    if (queue)
        queue->count = 0;
}

size_t rk_mock_injections_count(const struct rk_mock_injections *injections, int16_t api_key)
{
    const struct rk_mock_error_queue *queue = find(injections, api_key);
    return queue ? queue->count : 0;
}
