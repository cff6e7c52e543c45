/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of net/socket.h that calls no operating system: addresses, and the names of errors. */
#include "net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void rk_addresses_clear(struct rk_addresses *addresses)
{
    rk_free(addresses->items);
    *addresses = (struct rk_addresses){0};
}

void rk_addresses_copy(struct rk_addresses *to, const struct rk_addresses *from)
{
    size_t size = (size_t)from->count * sizeof(*from->items);
    rk_addresses_clear(to);
    if (!size)
        return;
    to->items = rk_malloc(size);
    memcpy(to->items, from->items, size);
    to->count = from->count;
}

void rk_address_text(const struct rk_address *address, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)&address->storage;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(text, size, "ipv4#%s:%d", host, ntohs(v4->sin_port));
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)&address->storage;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(text, size, "ipv6#[%s]:%d", host, ntohs(v6->sin6_port));
    } else {
        rk_text_copy(text, size, "unknown#");
    }
}

const char *rk_socket_error_text(int error)
{
    static _Thread_local char buffer[96];
    return strerror_r(error, buffer, sizeof(buffer));
}
