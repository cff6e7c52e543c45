/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_headers_*() and rd_kafka_header_*(): lists of message headers.
 */
#include "event/headers.h"

rd_kafka_headers_t *rd_kafka_headers_new(size_t initial_count)
{
    return rk_headers_new(initial_count);
}

void rd_kafka_headers_destroy(rd_kafka_headers_t *hdrs)
{
    rk_headers_destroy(hdrs);
}

rd_kafka_headers_t *rd_kafka_headers_copy(const rd_kafka_headers_t *src)
{
    return rk_headers_try_copy(src);
}

rd_kafka_resp_err_t rd_kafka_header_add(rd_kafka_headers_t *hdrs, const char *name,
                                        ssize_t name_size, const void *value, ssize_t value_size)
{
    return rk_headers_add(hdrs, name, name_size, value, value_size);
}

rd_kafka_resp_err_t rd_kafka_header_remove(rd_kafka_headers_t *hdrs, const char *name)
{
    return rk_headers_remove(hdrs, name) ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

/* Hands out a header, or says that there is none. */
static rd_kafka_resp_err_t give(const struct rk_record_header *header, const void **valuep,
                                size_t *sizep)
{
    if (!header)
        return RD_KAFKA_RESP_ERR__NOENT;
    *valuep = header->value;
    *sizep = header->value ? (size_t)header->value_size : 0;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_header_get_last(const rd_kafka_headers_t *hdrs, const char *name,
                                             const void **valuep, size_t *sizep)
{
    return give(rk_headers_find_last(hdrs, name), valuep, sizep);
}

rd_kafka_resp_err_t rd_kafka_header_get(const rd_kafka_headers_t *hdrs, size_t idx,
                                        const char *name, const void **valuep, size_t *sizep)
{
    return give(rk_headers_find(hdrs, name, idx), valuep, sizep);
}

rd_kafka_resp_err_t rd_kafka_header_get_all(const rd_kafka_headers_t *hdrs, size_t idx,
                                            const char **namep, const void **valuep, size_t *sizep)
{
    if (idx >= rk_headers_count(hdrs))
        return RD_KAFKA_RESP_ERR__NOENT;
    const struct rk_record_header *header = rk_headers_at(hdrs, idx);
    *namep = header->name;
    return give(header, valuep, sizep);
}

size_t rd_kafka_header_cnt(const rd_kafka_headers_t *hdrs)
{
    return rk_headers_count(hdrs);
}
