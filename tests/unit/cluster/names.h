/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system's resolver, replaced: "hang" does not answer until the test lets it, "two" has an
 * address where nobody listens and the peer's, anything else that is no address is unknown.
 */
#ifndef RK_TEST_CLUSTER_NAMES_H
#define RK_TEST_CLUSTER_NAMES_H

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

static sem_t may_answer;

static struct addrinfo *new_info(const char *address, const char *service)
{
    struct sockaddr_in *v4 = calloc(1, sizeof(*v4));
    struct addrinfo *info = calloc(1, sizeof(*info));
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)atoi(service));
    inet_pton(AF_INET, address, &v4->sin_addr);
    info->ai_family = AF_INET;
    info->ai_addrlen = sizeof(*v4);
    info->ai_addr = (struct sockaddr *)v4;
    return info;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    struct in_addr literal;
    bool is_literal = inet_pton(AF_INET, host, &literal) == 1;
    if (!is_literal && (hints->ai_flags & AI_NUMERICHOST))
        return EAI_NONAME;
    if (strcmp(host, "hang") == 0)
        await(&may_answer);
    else if (!is_literal && strcmp(host, "two") != 0)
        return EAI_NONAME;
    *result = new_info(is_literal ? host : "127.0.0.1", service);
    if (strcmp(host, "two") == 0)
        (*result)->ai_next = new_info("127.0.0.2", service);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

#endif
