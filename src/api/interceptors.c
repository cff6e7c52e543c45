/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_interceptor_add_on_*(): a client's interceptors, added from on_new.
 */
#include "api/client.h"
#include "conf/conf.h"

#define ADD(point, POINT)                                                                \
    rd_kafka_resp_err_t rd_kafka_interceptor_add_##point(                                \
        rd_kafka_t *rk, const char *ic_name, rd_kafka_interceptor_f_##point##_t *point,  \
        void *ic_opaque)                                                                 \
    {                                                                                    \
        return rk_interceptors_add(&rk->core->conf_object->interceptors, POINT, ic_name, \
                                   (void (*)(void))point, ic_opaque);                    \
    }

ADD(on_destroy, RK_ON_DESTROY)
ADD(on_send, RK_ON_SEND)
ADD(on_acknowledgement, RK_ON_ACKNOWLEDGEMENT)
ADD(on_consume, RK_ON_CONSUME)
ADD(on_commit, RK_ON_COMMIT)
ADD(on_request_sent, RK_ON_REQUEST_SENT)
ADD(on_response_received, RK_ON_RESPONSE_RECEIVED)
ADD(on_thread_start, RK_ON_THREAD_START)
ADD(on_thread_exit, RK_ON_THREAD_EXIT)
ADD(on_broker_state_change, RK_ON_BROKER_STATE_CHANGE)
