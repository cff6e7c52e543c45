/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread roles and lock annotations, checked by clang's -Wthread-safety; nothing for other
 * compilers.
 *
 * A function that may only run on a broker's loop says RK_ON_BROKER on its prototype, one of the
 * background loop RK_ON_BACKGROUND. A callback that is reached through a function pointer claims
 * its role at its start: rk_on_broker(loop), rk_on_background(loop) (runtime/loop.h), which also
 * assert that the calling thread runs that very loop.
 */
#ifndef RK_RUNTIME_ROLES_H
#define RK_RUNTIME_ROLES_H

#if defined(__clang__)
#define RK_ANNOTATE(x) __attribute__((x))
#else
#define RK_ANNOTATE(x)
#endif

#define RK_CAPABILITY(name)   RK_ANNOTATE(capability(name))
#define RK_GUARDED_BY(x)      RK_ANNOTATE(guarded_by(x))
#define RK_PT_GUARDED_BY(x)   RK_ANNOTATE(pt_guarded_by(x))
#define RK_REQUIRES(x)        RK_ANNOTATE(requires_capability(x))
#define RK_EXCLUDES(x)        RK_ANNOTATE(locks_excluded(x))
#define RK_ACQUIRES(x)        RK_ANNOTATE(acquire_capability(x))
#define RK_RELEASES(x)        RK_ANNOTATE(release_capability(x))
#define RK_ASSERTS(x)         RK_ANNOTATE(assert_capability(x))
#define RK_NO_THREAD_ANALYSIS RK_ANNOTATE(no_thread_safety_analysis)

struct RK_CAPABILITY("role") rk_role {
    char unused;
};

extern struct rk_role rk_role_broker;
extern struct rk_role rk_role_background;

#define RK_ON_BROKER     RK_REQUIRES(rk_role_broker)
#define RK_ON_BACKGROUND RK_REQUIRES(rk_role_background)

#endif
