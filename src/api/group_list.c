/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_list_groups() and rd_kafka_group_list_destroy().
 */
#include <stdlib.h>
#include <string.h>

#include "admin/group_list.h"
#include "api/client.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cluster/error_policy.h"
#include "event/visit.h"
#include "wire/messages.h"

#define LIST_MAX_SIZE (1024UL * 1024 * 1024)

/* What the application gets, and where everything in it stands. */
struct list {
    struct rd_kafka_group_list public; /* First. */
    struct rk_arena arena;
};

/* False: no memory. NULL becomes "". */
static bool copy_text(struct rk_arena *arena, char **to, const char *from)
{
    from = from ? from : "";
    *to = rk_arena_try_text(arena, from, strlen(from));
    return *to;
}

static bool copy_bytes(struct rk_arena *arena, void **to, int *size, struct rk_bytes from)
{
    *size = RK_MAX(from.size, 0);
    *to = NULL;
    if (*size == 0)
        return true;
    *to = rk_arena_try_text(arena, (const char *)from.data, (size_t)from.size);
    return *to;
}

static bool add_member(struct rk_arena *arena, struct rd_kafka_group_member_info *to,
                       const struct rk_describe_groups_answer_member *from)
{
    return copy_text(arena, &to->member_id, from->member_id) &&
           copy_text(arena, &to->client_id, from->client_id) &&
           copy_text(arena, &to->client_host, from->client_host) &&
           copy_bytes(arena, &to->member_metadata, &to->member_metadata_size,
                      from->member_metadata) &&
           copy_bytes(arena, &to->member_assignment, &to->member_assignment_size,
                      from->member_assignment);
}

static int order_listed(const void *a, const void *b)
{
    const struct rk_list_groups_answer_group *one = a, *other = b;
    return strcmp(one->group_id, other->group_id);
}

static int order_name(const void *name, const void *listed)
{
    const struct rk_list_groups_answer_group *group = listed;
    return strcmp(name, group->group_id);
}

/* The answer is ours by now. */
static void sort_listed(const struct rk_group_part *part)
{
    struct rk_list_groups_answer *answer = part->list ? part->list->answer : NULL;
    if (answer && answer->groups.count > 0)
        qsort(answer->groups.items, (size_t)answer->groups.count, sizeof(*answer->groups.items),
              order_listed);
}

/* What the list said of a group that the description leaves out: one of another kind than the
 * classic ones. */
static const struct rk_list_groups_answer_group *
find_listed(const struct rk_group_part *part, const struct rk_describe_groups_answer_group *group)
{
    const struct rk_list_groups_answer *answer = part->list->answer;
    if (group->members.count > 0 || answer->groups.count <= 0 ||
        (group->group_state && strcmp(group->group_state, "Dead") != 0))
        return NULL;
    const struct rk_list_groups_answer_group *listed =
        bsearch(group->group_id, answer->groups.items, (size_t)answer->groups.count,
                sizeof(*answer->groups.items), order_name);
    return listed && listed->group_state && listed->group_state[0] ? listed : NULL;
}

static bool add_group(struct list *list, const struct rk_group_part *part,
                      const struct rk_describe_groups_answer_group *from)
{
    struct rd_kafka_group_info *to = &list->public.groups[list->public.group_cnt++];
    const struct rk_list_groups_answer_group *listed = find_listed(part, from);
    struct rk_arena *arena = &list->arena;
    to->broker.id = part->broker->id;
    to->broker.port = part->broker->port;
    to->err = rk_error_of_broker(from->error_code);
    to->members =
        rk_arena_try_alloc(arena, (size_t)RK_MAX(from->members.count, 1) * sizeof(*to->members));
    if (!to->members || !copy_text(arena, &to->broker.host, part->broker->host) ||
        !copy_text(arena, &to->group, from->group_id) ||
        !copy_text(arena, &to->state, listed ? listed->group_state : from->group_state) ||
        !copy_text(arena, &to->protocol_type,
                   listed ? listed->protocol_type : from->protocol_type) ||
        !copy_text(arena, &to->protocol, from->protocol_data))
        return false;
    for (int32_t i = 0; i < from->members.count; i++) {
        if (!add_member(arena, &to->members[to->member_cnt++], &from->members.items[i]))
            return false;
    }
    return true;
}

static bool fill(struct list *list, const struct rk_group_parts *parts)
{
    size_t count = 1;
    for (int i = 0; i < parts->count; i++) {
        const struct rk_request *describe = parts->items[i].describe;
        const struct rk_describe_groups_answer *answer = describe ? describe->answer : NULL;
        count += answer ? (size_t)answer->groups.count : 0;
    }
    list->public.groups = rk_arena_try_alloc(&list->arena, count * sizeof(*list->public.groups));
    if (!list->public.groups)
        return false;
    for (int i = 0; i < parts->count; i++) {
        const struct rk_request *describe = parts->items[i].describe;
        const struct rk_describe_groups_answer *answer = describe ? describe->answer : NULL;
        sort_listed(&parts->items[i]);
        for (int32_t g = 0; answer && g < answer->groups.count; g++) {
            if (!add_group(list, &parts->items[i], &answer->groups.items[g]))
                return false;
        }
    }
    return true;
}

/* 0 when all brokers have answered, _PARTIAL when some have, else why none has. */
static rd_kafka_resp_err_t outcome(const struct rk_group_parts *parts)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    int failed = 0;
    for (int i = 0; i < parts->count; i++) {
        if (parts->items[i].err) {
            err = parts->items[i].err;
            failed++;
            if (err == RD_KAFKA_RESP_ERR__DESTROY)
                return err;
        }
    }
    if (parts->count == 0)
        return RD_KAFKA_RESP_ERR__TRANSPORT;
    return failed > 0 && failed < parts->count ? RD_KAFKA_RESP_ERR__PARTIAL : err;
}

static rd_kafka_resp_err_t ask(rd_kafka_t *rk, const char *group, int timeout_ms,
                               struct rk_group_parts **parts)
{
    uint64_t deadline_us = rk_deadline_from_ms(rk_clock_now_us(), timeout_ms);
    struct rk_visit visit;
    if (!rk_visit_may_wait(rk->core, "rd_kafka_list_groups()"))
        return RD_KAFKA_RESP_ERR__STATE;
    if (!rk_visit_begin(&visit, rk->core))
        return RD_KAFKA_RESP_ERR__DESTROY;
    rd_kafka_resp_err_t err = rk_group_lists_ask(rk->group_lists, group, deadline_us, parts);
    rk_visit_end(&visit);
    return err;
}

rd_kafka_resp_err_t rd_kafka_list_groups(rd_kafka_t *rk, const char *group,
                                         const struct rd_kafka_group_list **grplistp,
                                         int timeout_ms)
{
    struct rk_group_parts *parts;
    rd_kafka_resp_err_t err = ask(rk, group, timeout_ms, &parts);
    if (err)
        return err;
    err = outcome(parts);
    if (!err || err == RD_KAFKA_RESP_ERR__PARTIAL) {
        struct list *list = RK_NEW(struct list);
        rk_arena_init(&list->arena, LIST_MAX_SIZE);
        if (fill(list, parts)) {
            *grplistp = &list->public;
        } else {
            rd_kafka_group_list_destroy(&list->public);
            err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
        }
    }
    rk_group_parts_destroy(parts);
    return err;
}

void rd_kafka_group_list_destroy(const struct rd_kafka_group_list *grplist)
{
    if (!grplist)
        return;
    struct list *list = (struct list *)(uintptr_t)grplist;
    rk_arena_clear(&list->arena);
    rk_free(list);
}
