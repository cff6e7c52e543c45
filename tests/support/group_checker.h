/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at every assignment that a mock cluster's coordinator sees: no partition may be two
 * members' in one generation, or at one time (KIP-848).
 *
 * The test makes it and keeps it as long as the groups; watch with rk_mock_cluster_run(), or before
 * anything runs.
 */
#ifndef RK_TESTS_SUPPORT_GROUP_CHECKER_H
#define RK_TESTS_SUPPORT_GROUP_CHECKER_H

#include "mock/mock_group.h"

struct group_checker {
    int assignments;   /* Looked at so far. */
    char problem[256]; /* The first one; "": none. */
};

void group_checker_watch(struct group_checker *checker, struct rk_mock_groups *groups);
/* One look. */
void group_checker_look(struct group_checker *checker, const struct rk_mock_group *group);

#endif
