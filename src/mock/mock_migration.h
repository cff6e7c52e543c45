/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups on their way from one protocol to the other (KIP-848, both ways allowed).
 *
 * A consumer-protocol member that joins a classic group makes a consumer group of it. Classic
 * members stay, and may join: each has a member of the consumer protocol (mock_consumer.h) that
 * stands for it and refers to it. They learn by Heartbeat that they are to join again, say in
 * JoinGroup what they still own, and get in SyncGroup what the coordinator gives them, without what
 * others have not given up. When the last one with the consumer protocol has gone the rest is a
 * classic group again.
 */
#ifndef RK_MOCK_MOCK_MIGRATION_H
#define RK_MOCK_MOCK_MIGRATION_H

#include "mock/mock_classic.h"
#include "mock/mock_consumer.h"

/* A consumer group that has members, of either protocol: requests of classic ones come here. */
bool rk_mock_migration_is_on(const struct rk_mock_group *group);
/* Makes a consumer group of a classic one, or of one without members. GROUP_ID_NOT_FOUND for groups
 * of another type, UNKNOWN when what members said cannot be read. */
rd_kafka_resp_err_t rk_mock_migration_upgrade(struct rk_mock_group *group,
                                              const struct rk_mock_topics_view *view,
                                              uint64_t now_us);
/* Makes a classic group of a consumer group that has only classic members; false if it has not. */
bool rk_mock_migration_try_downgrade(struct rk_mock_group *group, uint64_t now_us);
/* A static member that was away comes back with the classic protocol. */
void rk_mock_migration_release_static(struct rk_mock_group *group, const char *instance_id,
                                      uint64_t now_us);

void rk_mock_migration_join(const struct rk_mock_classic_joiner *joiner,
                            const struct rk_mock_topics_view *view);
void rk_mock_migration_sync(struct rk_mock_group *group,
                            const struct rk_sync_group_request *request,
                            struct rk_mock_classic_wait *wait, uint64_t now_us);
rd_kafka_resp_err_t rk_mock_migration_heartbeat(struct rk_mock_group *group,
                                                const struct rk_heartbeat_request *request,
                                                uint64_t now_us);
void rk_mock_migration_leave(struct rk_mock_group *group, struct rk_mock_classic_member *classic);

#endif
