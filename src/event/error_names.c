/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/error_names.h"

#include <errno.h>
#include <stdio.h>

enum { FIRST_CODE = RD_KAFKA_RESP_ERR__BEGIN };

/* One entry per number from FIRST_CODE on; numbers without a meaning have no description. */
static const struct rd_kafka_err_desc descriptions[] = {
    [RD_KAFKA_RESP_ERR__BEGIN - FIRST_CODE] = {RD_KAFKA_RESP_ERR__BEGIN, "_BEGIN", NULL},
    [RD_KAFKA_RESP_ERR__END - FIRST_CODE] = {RD_KAFKA_RESP_ERR__END, "_END", NULL},
#define RK_ERROR(code, NAME, description) \
    [(code)-FIRST_CODE] = {RD_KAFKA_RESP_ERR_##NAME, #NAME, description},
#include "event/error_codes.def"
#undef RK_ERROR
};

enum { DESCRIPTION_COUNT = sizeof(descriptions) / sizeof(descriptions[0]) };

_Static_assert((int)DESCRIPTION_COUNT == RD_KAFKA_RESP_ERR_END_ALL - FIRST_CODE,
               "error_codes.def reaches up to the last code");

static const struct rd_kafka_err_desc *find(rd_kafka_resp_err_t err)
{
    int code = err;

    if (code < FIRST_CODE || code >= FIRST_CODE + DESCRIPTION_COUNT)
        return NULL;
    return descriptions[code - FIRST_CODE].desc ? &descriptions[code - FIRST_CODE] : NULL;
}

bool rk_error_is_known(rd_kafka_resp_err_t err)
{
    return find(err) != NULL;
}

const char *rd_kafka_err2str(rd_kafka_resp_err_t err)
{
    static _Thread_local char unknown[32];
    const struct rd_kafka_err_desc *description = find(err);

    if (description)
        return description->desc;
    snprintf(unknown, sizeof(unknown), "Err-%d?", (int)err);
    return unknown;
}

const char *rd_kafka_err2name(rd_kafka_resp_err_t err)
{
    static _Thread_local char unknown[32];
    const struct rd_kafka_err_desc *description = find(err);

    if (description)
        return description->name;
    snprintf(unknown, sizeof(unknown), "ERR_%d?", (int)err);
    return unknown;
}

void rd_kafka_get_err_descs(const struct rd_kafka_err_desc **errdescs, size_t *cntp)
{
    *errdescs = descriptions;
    *cntp = DESCRIPTION_COUNT;
}

rd_kafka_resp_err_t rd_kafka_errno2err(int errnox)
{
    switch (errnox) {
    case EINVAL:
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    case EBUSY:
        return RD_KAFKA_RESP_ERR__CONFLICT;
    case ENOENT:
        return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    case ESRCH:
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    case ETIMEDOUT:
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    case EMSGSIZE:
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    case ENOBUFS:
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    case ECANCELED:
        return RD_KAFKA_RESP_ERR__FATAL;
    default:
        return RD_KAFKA_RESP_ERR__FAIL;
    }
}
