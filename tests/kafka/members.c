/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of groups, several in one program, and what they are told: static ones that come back,
 * patterns, topics that change, assignors of the coordinator, groups of another type.
 *
 * Each check (option -c) has a new topic of four partitions, whose name the group has too, or that
 * of -Y group.id=NAME. With -Y group.protocol=consumer the members are of that protocol. Prints
 * "reports N" when the first member comes to hold N partitions, for who changes topics meanwhile.
 */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 3, WAIT_MS = 60 * 1000, POLL_MS = 10, CLOSE_MAX_MS = 30 * 1000 };

struct member {
    rd_kafka_t *rk;
    int changes; /* Callbacks that gave or took something. */
    int losses;
    rd_kafka_resp_err_t error; /* The last that came in a message's place. */
};

static struct options options;
static struct member members[MEMBERS];

/* ---- One member ------------------------------------------------------------------------------ */

static bool has_consumer_protocol(void)
{
    char name[32] = "";
    size_t size = sizeof(name);

    return rd_kafka_conf_get(options.consumer, "group.protocol", name, &size) == 0 &&
           strcmp(name, "consumer") == 0;
}

/* How many partitions it holds; in order into `text`, unless that is NULL. */
static int held(const struct member *member, char text[256])
{
    rd_kafka_topic_partition_list_t *list;
    int count;

    check_error(rd_kafka_assignment(member->rk, &list), "assignment");
    rd_kafka_topic_partition_list_sort(list, NULL, NULL);
    count = list->cnt;
    for (int i = 0, used = 0; text && i < count; i++)
        used += snprintf(text + used, 256 - (size_t)used, " %s/%d", list->elems[i].topic,
                         (int)list->elems[i].partition);
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    bool is_cooperative = strcmp(rd_kafka_rebalance_protocol(consumer), "COOPERATIVE") == 0;
    bool is_assigned = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    struct member *member = opaque;
    rd_kafka_error_t *error = NULL;

    member->losses += rd_kafka_assignment_lost(consumer);
    member->changes += list->cnt > 0;
    if (!is_cooperative)
        check_error(rd_kafka_assign(consumer, is_assigned ? list : NULL), "assign");
    else if (is_assigned)
        error = rd_kafka_incremental_assign(consumer, list);
    else
        error = rd_kafka_incremental_unassign(consumer, list);
    CHECK(!error, "rebalance: %s", rd_kafka_error_string(error));
    if (member == &members[0]) {
        printf("reports %d\n", held(member, NULL));
        fflush(stdout);
    }
}

/* A member with a property of its own, unless the name is NULL. */
static struct member *start(int index, const char *name, const char *value)
{
    char error[512];
    struct member *member = &members[index];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(options.consumer);

    *member = (struct member){0};
    if (!has_consumer_protocol())
        set(conf, "heartbeat.interval.ms", "500");
    set(conf, "topic.metadata.refresh.interval.ms", "1000");
    set(conf, "enable.partition.eof", "false");
    if (name)
        set(conf, name, value);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_opaque(conf, member);
    member->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    CHECK(member->rk, "%s", error);
    check_error(rd_kafka_poll_set_consumer(member->rk), "poll_set_consumer");
    return member;
}

static rd_kafka_resp_err_t try_subscribe(struct member *member, const char *first,
                                         const char *second)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(2);
    rd_kafka_resp_err_t err;

    rd_kafka_topic_partition_list_add(topics, first, RD_KAFKA_PARTITION_UA);
    if (second)
        rd_kafka_topic_partition_list_add(topics, second, RD_KAFKA_PARTITION_UA);
    err = rd_kafka_subscribe(member->rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return err;
}

static struct member *subscribe(struct member *member, const char *first, const char *second)
{
    check_error(try_subscribe(member, first, second), "subscribe");
    return member;
}

static void end(struct member *member)
{
    int64_t began_ms = now_ms();
    rd_kafka_resp_err_t err = rd_kafka_consumer_close(member->rk);

    CHECK(!err || rd_kafka_fatal_error(member->rk, NULL, 0) == err, "consumer_close: %s",
          rd_kafka_err2name(err));
    CHECK(now_ms() - began_ms < CLOSE_MAX_MS, "closing took %" PRId64 " ms", now_ms() - began_ms);
    rd_kafka_destroy(member->rk);
    member->rk = NULL;
}

static void end_all(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        if (members[i].rk)
            end(&members[i]);
    }
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void poll_all(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        rd_kafka_message_t *message =
            members[i].rk ? rd_kafka_consumer_poll(members[i].rk, POLL_MS) : NULL;

        if (!message)
            continue;
        if (message->err)
            fprintf(stderr, "member %d: %s: %s\n", i, rd_kafka_err2name(message->err),
                    rd_kafka_message_errstr(message));
        if (message->err)
            members[i].error = message->err;
        rd_kafka_message_destroy(message);
    }
}

/* Until the first members hold these numbers of partitions; those at the end with none: -1. */
static void await(int first, int second, int third)
{
    const int counts[MEMBERS] = {first, second, third};
    int64_t until_ms = now_ms() + WAIT_MS;
    int same;

    do {
        poll_all();
        same = 0;
        for (int i = 0; i < MEMBERS; i++)
            same += counts[i] < 0 || held(&members[i], NULL) == counts[i];
        CHECK(now_ms() < until_ms, "they hold %d, %d, %d partitions, not %d, %d, %d",
              held(&members[0], NULL), members[1].rk ? held(&members[1], NULL) : -1,
              members[2].rk ? held(&members[2], NULL) : -1, first, second, third);
    } while (same < MEMBERS);
}

/* Until the member is told of the error, or that it is fatal. */
static void await_error(struct member *member, rd_kafka_resp_err_t err, bool is_fatal)
{
    int64_t until_ms = now_ms() + WAIT_MS;

    while ((is_fatal ? rd_kafka_fatal_error(member->rk, NULL, 0) : member->error) != err) {
        poll_all();
        CHECK(now_ms() < until_ms, "told of %s, not %s", rd_kafka_err2name(member->error),
              rd_kafka_err2name(err));
    }
    CHECK(is_fatal || !rd_kafka_fatal_error(member->rk, NULL, 0), "%s is fatal",
          rd_kafka_err2name(err));
}

/* ---- Checks ---------------------------------------------------------------------------------- */

/* One goes and comes again in time: it has its partitions back, and the other noticed nothing. A
 * second one of its name is refused by the consumer protocol, and takes its place in the classic.
 */
static void check_static(void)
{
    char before[256], after[256];
    struct member *first = subscribe(start(0, "group.instance.id", "one"), options.topic, NULL);
    struct member *second = subscribe(start(1, "group.instance.id", "two"), options.topic, NULL);
    struct member *third;
    int changes;

    await(2, 2, -1);
    held(first, before);
    changes = second->changes;
    end(first);
    first = subscribe(start(0, "group.instance.id", "one"), options.topic, NULL);
    await(2, 2, -1);
    held(first, after);
    CHECK(strcmp(before, after) == 0, "had%s, and has%s", before, after);

    third = subscribe(start(2, "group.instance.id", "one"), options.topic, NULL);
    if (has_consumer_protocol()) {
        await_error(third, RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID, true);
        CHECK(held(first, NULL) == 2 && !first->losses, "the first has lost its partitions");
    } else {
        await_error(first, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, true);
        await(-1, 2, 2);
        held(third, after);
        CHECK(strcmp(before, after) == 0, "the first had%s, the third has%s", before, after);
    }
    CHECK(second->changes == changes, "the second was rebalanced");
}

/* A pattern finds the topic, and the one that comes later. */
static void check_pattern(void)
{
    char pattern[256];
    struct member *first = start(0, NULL, NULL);

    if (has_consumer_protocol()) { /* The coordinator's word counts. */
        subscribe(first, "^(", NULL);
        await_error(first, RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION, false);
        snprintf(pattern, sizeof(pattern), "^%s(-more)?", options.topic);
    } else {
        CHECK(try_subscribe(first, "^(", NULL) == RD_KAFKA_RESP_ERR__INVALID_ARG,
              "a bad pattern is taken");
        snprintf(pattern, sizeof(pattern), "^%s(-more)?$", options.topic);
    }
    subscribe(first, pattern, NULL);
    await(4, -1, -1);
    await(8, -1, -1);
    CHECK(!first->losses, "something was lost");
}

/* Partitions that are added, and a topic that was not there. */
static void check_topics(void)
{
    char more[256];

    snprintf(more, sizeof(more), "%s-more", options.topic);
    subscribe(start(0, NULL, NULL), options.topic, more);
    await(4, -1, -1);
    await(6, -1, -1);
    await(10, -1, -1);
    CHECK(!members[0].losses, "something was lost");
}

/* Brokers that match no patterns say so, and the member goes on with names. */
static void check_no_patterns(void)
{
    char pattern[256];
    struct member *member = start(0, NULL, NULL);

    snprintf(pattern, sizeof(pattern), "^%s.*", options.topic);
    subscribe(member, pattern, NULL);
    await_error(member, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, false);
    subscribe(member, options.topic, NULL);
    await(4, -1, -1);
    subscribe(member, pattern, NULL);
    member->error = RD_KAFKA_RESP_ERR_NO_ERROR;
    await_error(member, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, false);
    subscribe(member, options.topic, NULL);
    await(4, -1, -1);
}

static void check_assignor(const char *assignor, int fewer, int more)
{
    char second[256];
    int count;

    snprintf(second, sizeof(second), "%s-more", options.topic);
    for (int i = 0; i < 2; i++)
        subscribe(start(i, "group.remote.assignor", assignor), options.topic, second);
    do {
        poll_all();
        count = held(&members[0], NULL);
    } while (count < fewer || count > more || held(&members[1], NULL) != fewer + more - count);
    end_all();
}

/* Of two topics of three partitions each: by range one member has both first two. */
static void check_assignors(void)
{
    struct member *other;

    check_assignor("range", 2, 4);
    check_assignor("uniform", 3, 3);
    other = subscribe(start(0, "group.remote.assignor", "nobody's"), options.topic, NULL);
    await_error(other, RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR, true);
}

/* The group is of something else than consumers: told, and what has no group goes on. */
static void check_type(void)
{
    struct member *first, *second;

    set(options.consumer, "group.protocol", "classic");
    first = subscribe(start(0, "group.protocol.type", "other"), options.topic, NULL);
    await(4, -1, -1);
    second = subscribe(start(1, NULL, NULL), options.topic, NULL);
    await_error(second, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, false);
    end(second);
    if (options.check[4] == '_') { /* type_consumer */
        set(options.consumer, "group.protocol", "consumer");
        second = subscribe(start(1, NULL, NULL), options.topic, NULL);
        await_error(second, RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, false);
    } else {
        second = subscribe(start(1, NULL, NULL), options.topic, NULL);
    }
    CHECK(held(first, NULL) == 4 && !first->losses, "the first has lost its partitions");
    end(first);
    /* The group is empty now: it can be of the other type. */
    await(-1, 4, -1);
}

/* Where the group's members may not be upgraded, or brought back to the classic protocol: whoever
 * speaks the other one is told, and is in when they are gone. */
static void check_policy(void)
{
    struct member *first, *second;
    bool is_consumer = has_consumer_protocol();

    set(options.consumer, "group.protocol", is_consumer ? "classic" : "consumer");
    first = subscribe(start(0, NULL, NULL), options.topic, NULL);
    await(4, -1, -1);
    set(options.consumer, "group.protocol", is_consumer ? "consumer" : "classic");
    second = subscribe(start(1, NULL, NULL), options.topic, NULL);
    await_error(second,
                is_consumer ? RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND
                            : RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
                false);
    CHECK(held(first, NULL) == 4 && !first->losses, "the first has lost its partitions");
    end(first);
    await(-1, 4, -1);
}

/* Of two topics one may not be seen, nor may another group be joined: told, until it is not
 * subscribed to any more, or it is allowed, which "reports 100" asks for. A pattern does not find
 * what may not be seen. */
static void check_denied(void)
{
    char name[256];
    struct member *first, *other;

    snprintf(name, sizeof(name), "^%s(-more)?%s", options.topic,
             has_consumer_protocol() ? "" : "$");
    subscribe(start(0, NULL, NULL), name, NULL);
    await(4, -1, -1);
    CHECK(members[0].error != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
          "the pattern finds what may not be seen");
    end(&members[0]);

    snprintf(name, sizeof(name), "%s-more", options.topic);
    first = subscribe(start(0, NULL, NULL), options.topic, name);
    await_error(first, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, false);
    subscribe(first, options.topic, NULL);
    await(4, -1, -1);
    first->error = RD_KAFKA_RESP_ERR_NO_ERROR;
    subscribe(first, options.topic, name);
    await_error(first, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, false);
    await(4, -1, -1);
    snprintf(name, sizeof(name), "%s-other", options.topic);
    other = subscribe(start(1, "group.id", name), options.topic, NULL);
    await_error(other, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, false);
    printf("reports 100\n");
    fflush(stdout);
    await(8, 4, -1);
    CHECK(!first->losses, "it has lost what it may have");
}

/* Brokers that do not have the protocol, or do not offer it: a final error says so. */
static void check_unsupported(void)
{
    struct member *member = subscribe(start(0, NULL, NULL), options.topic, NULL);
    int64_t until_ms = now_ms() + WAIT_MS;
    rd_kafka_resp_err_t err;
    char text[512] = "";

    do {
        poll_all();
        err = rd_kafka_fatal_error(member->rk, text, sizeof(text));
    } while (!err && now_ms() < until_ms);
    CHECK(err == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION ||
              err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
          "told of %s", rd_kafka_err2name(err));
    CHECK(strstr(text, "ConsumerGroupHeartbeat"), "told \"%s\"", text);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } checks[] = {
        {"static", check_static},           {"pattern", check_pattern},
        {"topics", check_topics},           {"type", check_type},
        {"type_consumer", check_type},      {"assignors", check_assignors},
        {"policy", check_policy},           {"denied", check_denied},
        {"unsupported", check_unsupported}, {"no_patterns", check_no_patterns},
    };

    options_parse(&options, argc, argv);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].name, options.check) == 0) {
            checks[i].run();
            end_all();
            options_clear(&options);
            return 0;
        }
    }
    fail("unknown check");
}
