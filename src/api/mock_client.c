/* SPDX-License-Identifier: BSD-2-Clause */
#include "api/mock_client.h"

#include <errno.h>

#include "api/client.h"
#include "api/mock.h"
#include "base/memory.h"
#include "base/text.h"
#include "conf/conf.h"
#include "net/socket.h"

rd_kafka_mock_cluster_t *rk_client_new_mock(rd_kafka_conf_t *conf, char *errstr, size_t size)
{
    int count = conf->conf.test_mock_num_brokers;
    rd_kafka_mock_cluster_t *mcluster =
        rk_api_mock_new(NULL, count, conf->conf.debug & RK_DEBUG_MOCK);
    if (!mcluster) {
        char *text = rk_text_format("test.mock.num.brokers: no mock cluster of %d brokers: %s",
                                    count, rk_socket_error_text(errno));
        rk_text_copy(errstr, size, text);
        rk_free(text);
        return NULL;
    }
    rk_mock_cluster_set_broker_rtt(mcluster->cluster, -1, conf->conf.test_mock_broker_rtt);
    if (rd_kafka_conf_set(conf, "bootstrap.servers", rk_mock_cluster_bootstraps(mcluster->cluster),
                          errstr, size) == RD_KAFKA_CONF_OK)
        return mcluster;
    rd_kafka_mock_cluster_destroy(mcluster);
    return NULL;
}

void rk_client_adopt_mock(rd_kafka_t *rk, rd_kafka_mock_cluster_t *mcluster)
{
    atomic_store(&mcluster->rk, rk);
    rk_log(rk->core, RK_LOG_NOTICE, "MOCK",
           "test.mock.num.brokers: this client uses a mock cluster of its own at %s, without "
           "security, and no other",
           rk_mock_cluster_bootstraps(mcluster->cluster));
}

void rk_client_destroy_mock(rd_kafka_mock_cluster_t *mcluster)
{
    rd_kafka_mock_cluster_destroy(mcluster);
}
