/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_mock_group_*(), rd_kafka_mock_set_group_*(), rd_kafka_mock_cgrp_*(): the groups of a
 * mock cluster.
 */
#include "api/mock.h"
#include "base/memory.h"

/* Copied texts of one object. */
struct rd_kafka_mock_cgrp_consumer_target_assignment_s {
    struct rk_mock_target *places;
    size_t count;
};

void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *mcluster,
                                                    int32_t delay_ms)
{
    rk_mock_cluster_set_group_delay(mcluster->cluster, delay_ms);
}

void rd_kafka_mock_set_group_consumer_session_timeout_ms(rd_kafka_mock_cluster_t *mcluster,
                                                         int group_consumer_session_timeout_ms)
{
    rk_mock_cluster_set_consumer_session(mcluster->cluster, group_consumer_session_timeout_ms);
}

void rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(
    rd_kafka_mock_cluster_t *mcluster, int group_consumer_heartbeat_interval_ms)
{
    rk_mock_cluster_set_consumer_heartbeat(mcluster->cluster, group_consumer_heartbeat_interval_ms);
}

rd_kafka_mock_cgrp_consumer_target_assignment_t *
rd_kafka_mock_cgrp_consumer_target_assignment_new(char **member_ids, int member_cnt,
                                                  rd_kafka_topic_partition_list_t **assignment)
{
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target =
        RK_NEW(rd_kafka_mock_cgrp_consumer_target_assignment_t);
    size_t count = 0;
    for (int i = 0; i < member_cnt; i++)
        count += (size_t)assignment[i]->cnt;
    target->places = rk_calloc(count + 1, sizeof(*target->places));
    for (int i = 0; i < member_cnt; i++) {
        for (int k = 0; k < assignment[i]->cnt; k++) {
            struct rk_mock_target *place = &target->places[target->count++];
            place->member_id = rk_strdup(member_ids[i]);
            place->topic = rk_strdup(assignment[i]->elems[k].topic);
            place->partition = assignment[i]->elems[k].partition;
        }
    }
    return target;
}

void rd_kafka_mock_cgrp_consumer_target_assignment_destroy(
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target_assignment)
{
    for (size_t i = 0; i < target_assignment->count; i++) {
        rk_free((void *)(uintptr_t)target_assignment->places[i].member_id);
        rk_free((void *)(uintptr_t)target_assignment->places[i].topic);
    }
    rk_free(target_assignment->places);
    rk_free(target_assignment);
}

void rd_kafka_mock_cgrp_consumer_target_assignment(
    rd_kafka_mock_cluster_t *mcluster, const char *group_id,
    rd_kafka_mock_cgrp_consumer_target_assignment_t *target_assignment)
{
    rk_mock_cluster_set_group_target(mcluster->cluster, group_id, target_assignment->places,
                                     target_assignment->count);
}
