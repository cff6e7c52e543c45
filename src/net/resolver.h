/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Name resolution without blocking a loop: a seam (resolver_posix.c), replaced in tests.
 *
 * Each look-up is a short-lived thread that owns a counted job and touches nothing else;
 * getaddrinfo cannot be cancelled, so a caller that has gone abandons the job. At most four run at
 * once per resolver, and one per host: others wait, and whoever waits for the very question that
 * is being asked shares its answer. With sixteen abandoned in the process a look-up fails at once.
 */
#ifndef RK_NET_RESOLVER_H
#define RK_NET_RESOLVER_H

#include "net/socket.h"
#include "runtime/loop.h"

struct addrinfo;
struct rk_resolver;
struct rk_resolver_job;

struct rk_resolver *rk_resolver_new(void);
/* Look-ups still running are abandoned. */
void rk_resolver_destroy(struct rk_resolver *resolver);

enum rk_address_family { RK_FAMILY_ANY, RK_FAMILY_V4, RK_FAMILY_V6 };

struct rk_resolver_answer {
    char *error;                   /* NULL: found. */
    struct rk_addresses addresses; /* Whoever gets the answer may take them. */
    char **names;                  /* Of rk_resolver_start_canonical: those of the addresses. */
    int name_count;
};

/*
 * Looks up host:port; `on_answer` runs on `loop`, unless rk_resolver_abandon was called first. A
 * literal address is answered too by post, without a thread. Any loop.
 */
struct rk_resolver_job *
rk_resolver_start(struct rk_resolver *resolver, const char *host, uint16_t port,
                  enum rk_address_family family, struct rk_loop *loop,
                  void (*on_answer)(void *owner, struct rk_resolver_answer *answer), void *owner);
/*
 * The same, and then asks what the addresses are called: each canonical name once, or the address
 * as text where it has none (client.dns.lookup).
 */
struct rk_resolver_job *
rk_resolver_start_canonical(struct rk_resolver *resolver, const char *host, uint16_t port,
                            enum rk_address_family family, struct rk_loop *loop,
                            void (*on_answer)(void *owner, struct rk_resolver_answer *answer),
                            void *owner);
/* The loop that was named: on_answer will not run. The job is gone after on_answer or this. */
void rk_resolver_abandon(struct rk_resolver_job *job);

/*
 * The same through the application's resolve_cb, on the calling thread. The caller owns what is in
 * the answer.
 */
typedef int rk_resolve_callback(const char *node, const char *service, const struct addrinfo *hints,
                                struct addrinfo **result, void *opaque);
void rk_resolver_call_back(rk_resolve_callback *callback, void *opaque, const char *host,
                           uint16_t port, enum rk_address_family family,
                           struct rk_resolver_answer *answer);

#endif
