/* SPDX-License-Identifier: BSD-2-Clause */
#include "mock/mock_tracking.h"

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

void rk_mock_tracking_clear(struct rk_mock_tracking *tracking)
{
    rk_free(tracking->requests);
    tracking->requests = NULL;
    tracking->count = 0;
    tracking->capacity = 0;
}

void rk_mock_tracking_add(struct rk_mock_tracking *tracking,
                          const struct rk_mock_tracked_request *request)
{
    if (!tracking->is_on)
        return;
    if (tracking->count == tracking->capacity) {
        tracking->capacity = RK_MAX(tracking->capacity * 2, (size_t)64);
        tracking->requests =
            rk_realloc(tracking->requests, tracking->capacity * sizeof(*tracking->requests));
    }
    tracking->requests[tracking->count++] = *request;
}

void rk_mock_tracking_switch(struct rk_mock_tracking *tracking, bool is_on)
{
    rk_mock_tracking_clear(tracking);
    tracking->is_on = is_on;
}

struct rk_mock_tracked_request *rk_mock_tracking_copy(const struct rk_mock_tracking *tracking,
                                                      size_t *count)
{
    *count = tracking->count;
    if (tracking->count == 0)
        return NULL;
    struct rk_mock_tracked_request *copy = rk_malloc(tracking->count * sizeof(*copy));
    memcpy(copy, tracking->requests, tracking->count * sizeof(*copy));
    return copy;
}
