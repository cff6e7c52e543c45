/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a mock cluster does with requests: errors it answers with, versions and coordinators it
 * offers, and those it has received.
 */
#include <stdarg.h>

#include "api/mock.h"
#include "base/assert.h"
#include "base/memory.h"

struct rd_kafka_mock_request_s {
    struct rk_mock_tracked_request request;
};

/* Errors without delays, from an argument list; rk_free. */
static struct rk_mock_error *errors_from_arguments(size_t count, va_list arguments)
{
    struct rk_mock_error *errors = rk_calloc(count + 1, sizeof(*errors));
    for (size_t i = 0; i < count; i++)
        errors[i].err = va_arg(arguments, rd_kafka_resp_err_t);
    return errors;
}

void rd_kafka_mock_push_request_errors(rd_kafka_mock_cluster_t *mcluster, int16_t ApiKey,
                                       size_t cnt, ...)
{
    va_list arguments;
    va_start(arguments, cnt);
    struct rk_mock_error *errors = errors_from_arguments(cnt, arguments);
    va_end(arguments);
    rk_mock_cluster_push_errors(mcluster->cluster, ApiKey, errors, cnt);
    rk_free(errors);
}

void rd_kafka_mock_push_request_errors_array(rd_kafka_mock_cluster_t *mcluster, int16_t ApiKey,
                                             size_t cnt, const rd_kafka_resp_err_t *errors)
{
    struct rk_mock_error *copy = rk_calloc(cnt + 1, sizeof(*copy));
    for (size_t i = 0; i < cnt; i++)
        copy[i].err = errors[i];
    rk_mock_cluster_push_errors(mcluster->cluster, ApiKey, copy, cnt);
    rk_free(copy);
}

rd_kafka_resp_err_t rd_kafka_mock_broker_push_request_error_rtts(rd_kafka_mock_cluster_t *mcluster,
                                                                 int32_t broker_id, int16_t ApiKey,
                                                                 size_t cnt, ...)
{
    struct rk_mock_error *errors = rk_calloc(cnt + 1, sizeof(*errors));
    va_list arguments;
    va_start(arguments, cnt);
    for (size_t i = 0; i < cnt; i++) {
        errors[i].err = va_arg(arguments, rd_kafka_resp_err_t);
        int rtt_ms = va_arg(arguments, int);
        errors[i].delay_us = (uint64_t)RK_MAX(rtt_ms, 0) * 1000;
    }
    va_end(arguments);
    rd_kafka_resp_err_t err =
        rk_mock_cluster_push_broker_errors(mcluster->cluster, broker_id, ApiKey, errors, cnt);
    rk_free(errors);
    return err;
}

rd_kafka_resp_err_t rd_kafka_mock_broker_error_stack_cnt(rd_kafka_mock_cluster_t *mcluster,
                                                         int32_t broker_id, int16_t ApiKey,
                                                         size_t *cntp)
{
    *cntp = 0;
    return rk_mock_cluster_count_broker_errors(mcluster->cluster, broker_id, ApiKey, cntp);
}

rd_kafka_resp_err_t rd_kafka_mock_partition_push_request_errors(rd_kafka_mock_cluster_t *mcluster,
                                                                const char *topic,
                                                                int32_t partition, int16_t ApiKey,
                                                                size_t cnt, ...)
{
    va_list arguments;
    va_start(arguments, cnt);
    struct rk_mock_error *errors = errors_from_arguments(cnt, arguments);
    va_end(arguments);
    rd_kafka_resp_err_t err = rk_mock_cluster_push_partition_errors(mcluster->cluster, topic,
                                                                    partition, ApiKey, errors, cnt);
    rk_free(errors);
    return err;
}

void rd_kafka_mock_clear_request_errors(rd_kafka_mock_cluster_t *mcluster, int16_t ApiKey)
{
    rk_mock_cluster_clear_errors(mcluster->cluster, ApiKey);
}

rd_kafka_resp_err_t rd_kafka_mock_set_apiversion(rd_kafka_mock_cluster_t *mcluster, int16_t ApiKey,
                                                 int16_t MinVersion, int16_t MaxVersion)
{
    return rk_mock_cluster_set_versions(mcluster->cluster, ApiKey, MinVersion, MaxVersion);
}

rd_kafka_resp_err_t rd_kafka_mock_coordinator_set(rd_kafka_mock_cluster_t *mcluster,
                                                  const char *key_type, const char *key,
                                                  int32_t broker_id)
{
    return rk_mock_cluster_set_coordinator(mcluster->cluster, key_type, key, broker_id);
}

void rd_kafka_mock_start_request_tracking(rd_kafka_mock_cluster_t *mcluster)
{
    rk_mock_cluster_track_requests(mcluster->cluster, true);
}

void rd_kafka_mock_stop_request_tracking(rd_kafka_mock_cluster_t *mcluster)
{
    rk_mock_cluster_track_requests(mcluster->cluster, false);
}

void rd_kafka_mock_clear_requests(rd_kafka_mock_cluster_t *mcluster)
{
    rk_mock_cluster_forget_requests(mcluster->cluster);
}

rd_kafka_mock_request_t **rd_kafka_mock_get_requests(rd_kafka_mock_cluster_t *mcluster,
                                                     size_t *cntp)
{
    struct rk_mock_tracked_request *requests = rk_mock_cluster_requests(mcluster->cluster, cntp);
    if (!requests)
        return NULL;
    rd_kafka_mock_request_t **array = rk_calloc(*cntp, sizeof(*array));
    for (size_t i = 0; i < *cntp; i++) {
        array[i] = RK_NEW(rd_kafka_mock_request_t);
        array[i]->request = requests[i];
    }
    rk_free(requests);
    return array;
}

void rd_kafka_mock_request_destroy(rd_kafka_mock_request_t *mreq)
{
    rk_free(mreq);
}

void rd_kafka_mock_request_destroy_array(rd_kafka_mock_request_t **mreqs, size_t mreq_cnt)
{
    for (size_t i = 0; i < mreq_cnt; i++)
        rk_free(mreqs[i]);
    rk_free(mreqs);
}

int32_t rd_kafka_mock_request_id(rd_kafka_mock_request_t *mreq)
{
    return mreq->request.broker_id;
}

int16_t rd_kafka_mock_request_api_key(rd_kafka_mock_request_t *mreq)
{
    return mreq->request.api_key;
}

int64_t rd_kafka_mock_request_timestamp(rd_kafka_mock_request_t *mreq)
{
    return mreq->request.timestamp_us;
}
