/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets of a group whose consumers assign partitions themselves: committed by calls or from time
 * to time, read back, and resumed at. And what the cluster says of a group with a member.
 *
 * Each check (option -c) has a new topic to itself, whose name is also that of its group.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 30 * 1000, PAUSE_MS = 50 };

static void fill(struct options *options)
{
    struct production production;

    production_run(&production, options);
    CHECK(production.acked == options->count, "only %" PRId64 " messages were delivered",
          production.acked);
    production_clear(&production);
}

static rd_kafka_t *begin(const struct options *options, const char *auto_commit)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(options->consumer);
    rd_kafka_t *consumer;

    set(conf, "group.id", options->topic);
    set(conf, "enable.auto.commit", auto_commit);
    set(conf, "auto.commit.interval.ms", "100");
    set(conf, "auto.offset.reset", "earliest");
    consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    CHECK(consumer, "%s", error);
    assign_all(consumer, options, RD_KAFKA_OFFSET_STORED);
    return consumer;
}

static void end(rd_kafka_t *consumer)
{
    check_error(rd_kafka_consumer_close(consumer), "consumer_close");
    rd_kafka_destroy(consumer);
}

static void read_some(rd_kafka_t *consumer, int64_t from, int64_t until)
{
    for (int64_t offset = from; offset < until; offset++) {
        rd_kafka_message_t *message = next_message(consumer, WAIT_MS);

        CHECK(!message->err && message->offset == offset,
              "%s at offset %" PRId64 ", not the message at %" PRId64,
              rd_kafka_err2name(message->err), message->offset, offset);
        rd_kafka_message_destroy(message);
    }
}

static rd_kafka_topic_partition_list_t *committed(rd_kafka_t *consumer,
                                                  const struct options *options)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, options->topic, 0);
    check_error(rd_kafka_committed(consumer, list, WAIT_MS), "committed");
    check_error(list->elems[0].err, "committed");
    return list;
}

static void expect_committed(rd_kafka_t *consumer, const struct options *options, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = committed(consumer, options);

    CHECK(list->elems[0].offset == offset, "%" PRId64 " is committed, not %" PRId64,
          list->elems[0].offset, offset);
    rd_kafka_topic_partition_list_destroy(list);
}

static void check_manual(struct options *options)
{
    rd_kafka_t *consumer;
    rd_kafka_message_t *message;

    fill(options);
    consumer = begin(options, "false");
    expect_committed(consumer, options, RD_KAFKA_OFFSET_INVALID);
    CHECK(rd_kafka_commit(consumer, NULL, 0) == RD_KAFKA_RESP_ERR__NO_OFFSET,
          "something was committed");
    read_some(consumer, 0, 300);
    check_error(rd_kafka_commit(consumer, NULL, 0), "commit");
    expect_committed(consumer, options, 300);
    read_some(consumer, 300, 350);
    end(consumer);

    consumer = begin(options, "false");
    read_some(consumer, 300, 310);
    message = next_message(consumer, WAIT_MS);
    check_error(rd_kafka_commit_message(consumer, message, 0), "commit_message");
    rd_kafka_message_destroy(message);
    expect_committed(consumer, options, 311);
    end(consumer);
}

static void check_automatic(struct options *options)
{
    rd_kafka_t *consumer;
    int64_t offset = 0;

    fill(options);
    consumer = begin(options, "true");
    read_some(consumer, 0, 200);
    for (int64_t until = now_ms() + WAIT_MS; offset != 200 && now_ms() < until;) {
        rd_kafka_topic_partition_list_t *list = committed(consumer, options);

        offset = list->elems[0].offset;
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_poll(consumer, PAUSE_MS);
    }
    CHECK(offset == 200, "%" PRId64 " was committed, not 200", offset);
    read_some(consumer, 200, 300);
    end(consumer);
    consumer = begin(options, "true");
    read_some(consumer, 300, 301);
    end(consumer);
}

static void check_metadata(struct options *options)
{
    rd_kafka_t *consumer;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry;

    fill(options);
    consumer = begin(options, "false");
    entry = rd_kafka_topic_partition_list_add(list, options->topic, 0);
    entry->offset = 7;
    entry->metadata = strdup("a note");
    entry->metadata_size = strlen("a note");
    check_error(rd_kafka_commit(consumer, list, 0), "commit");
    rd_kafka_topic_partition_list_destroy(list);
    list = committed(consumer, options);
    CHECK(list->elems[0].offset == 7 && list->elems[0].metadata_size == strlen("a note") &&
              memcmp(list->elems[0].metadata, "a note", strlen("a note")) == 0,
          "the note is lost");
    rd_kafka_topic_partition_list_destroy(list);
    end(consumer);
}

static rd_kafka_t *join(const struct options *options)
{
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(options->consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_t *assigned;
    rd_kafka_t *consumer;
    int64_t until = now_ms() + WAIT_MS;
    int count = 0;

    set(conf, "group.id", options->topic);
    set(conf, "client.id", "lister");
    consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    CHECK(consumer, "%s", error);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_add(topics, options->topic, RD_KAFKA_PARTITION_UA);
    check_error(rd_kafka_subscribe(consumer, topics), "subscribe");
    rd_kafka_topic_partition_list_destroy(topics);
    while (count == 0 && now_ms() < until) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, PAUSE_MS);

        if (message)
            rd_kafka_message_destroy(message);
        check_error(rd_kafka_assignment(consumer, &assigned), "assignment");
        count = assigned->cnt;
        rd_kafka_topic_partition_list_destroy(assigned);
    }
    CHECK(count > 0, "nothing was assigned");
    return consumer;
}

/* The group is in the list once, when it is alone in it or not. Returns its members. */
static int find_group(rd_kafka_t *client, const char *only, const char *name, const char *state)
{
    const struct rd_kafka_group_list *list = NULL;
    int found = 0, members = 0;

    check_error(rd_kafka_list_groups(client, only, &list, WAIT_MS), "list_groups");
    for (int i = 0; i < list->group_cnt; i++) {
        const struct rd_kafka_group_info *group = &list->groups[i];

        if (strcmp(group->group, name) != 0)
            continue;
        found++;
        members = group->member_cnt;
        check_error(group->err, "the group");
        CHECK(strcmp(group->state, state) == 0 && strcmp(group->protocol_type, "consumer") == 0,
              "it is %s, of %s", group->state, group->protocol_type);
        for (int m = 0; m < members; m++)
            CHECK(strcmp(group->members[m].client_id, "lister") == 0 &&
                      group->members[m].member_metadata_size > 0 &&
                      group->members[m].member_assignment_size > 0,
                  "member %s is of %s, with %d and %d bytes", group->members[m].member_id,
                  group->members[m].client_id, group->members[m].member_metadata_size,
                  group->members[m].member_assignment_size);
    }
    CHECK(found == 1, "it is there %d times among %d", found, list->group_cnt);
    rd_kafka_group_list_destroy(list);
    return members;
}

static void check_list(struct options *options)
{
    const struct rd_kafka_group_list *list = NULL;
    rd_kafka_t *producer, *consumer;
    char error[256];

    producer =
        rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(options->producer), error, sizeof(error));
    CHECK(producer, "%s", error);
    consumer = join(options);
    CHECK(find_group(producer, NULL, options->topic, "Stable") == 1, "it has no member");
    CHECK(find_group(consumer, options->topic, options->topic, "Stable") == 1, "it has no member");
    check_error(rd_kafka_list_groups(producer, "nobody's group", &list, WAIT_MS), "list_groups");
    CHECK(list->group_cnt == 0, "there are %d groups of no name", list->group_cnt);
    rd_kafka_group_list_destroy(list);
    end(consumer);
    CHECK(find_group(producer, NULL, options->topic, "Empty") == 0, "it has members");
    rd_kafka_destroy(producer);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct options *options);
    } checks[] = {
        {"manual", check_manual},
        {"automatic", check_automatic},
        {"metadata", check_metadata},
        {"list", check_list},
    };
    struct options options;

    options_parse(&options, argc, argv);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].name, options.check) == 0) {
            checks[i].run(&options);
            options_clear(&options);
            return 0;
        }
    }
    fail("unknown check");
}
