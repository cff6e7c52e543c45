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

enum { WAIT_MS = 60 * 1000, PAUSE_MS = 50 };

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

static rd_kafka_t *join(const struct options *options, rd_kafka_conf_t *conf)
{
    char error[256];
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
    consumer = join(options, rd_kafka_conf_dup(options->consumer));
    CHECK(find_group(producer, NULL, options->topic, "Stable") == 1, "it has no member");
    CHECK(find_group(consumer, options->topic, options->topic, "Stable") == 1, "it has no member");
    check_error(rd_kafka_list_groups(producer, "nobody's group", &list, WAIT_MS), "list_groups");
    CHECK(list->group_cnt == 0, "there are %d groups of no name", list->group_cnt);
    rd_kafka_group_list_destroy(list);
    end(consumer);
    CHECK(find_group(producer, NULL, options->topic, "Empty") == 0, "it has members");
    rd_kafka_destroy(producer);
}

/* ---- Each call, of a member -------------------------------------------------------------------
 */

struct told {
    int count;
    int64_t offset;
    void *opaque;
};

static void on_commit(rd_kafka_t *consumer, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct told *told = opaque;

    (void)consumer;
    if (err == RD_KAFKA_RESP_ERR__NO_OFFSET)
        return; /* There was nothing to commit. */
    check_error(err, "a commit");
    CHECK(list->cnt == 1, "a commit of %d partitions", list->cnt);
    check_error(list->elems[0].err, "the partition");
    told->count++;
    told->offset = list->elems[0].offset;
    told->opaque = opaque;
}

static rd_kafka_topic_partition_list_t *at(const struct options *options, int64_t offset,
                                           const char *note)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, options->topic, 0);

    entry->offset = offset;
    if (note) {
        entry->metadata = strdup(note);
        entry->metadata_size = strlen(note);
    }
    return list;
}

static void expect_note(rd_kafka_t *consumer, const struct options *options, int64_t offset,
                        const char *note)
{
    rd_kafka_topic_partition_list_t *list = committed(consumer, options);
    const rd_kafka_topic_partition_t *entry = &list->elems[0];

    CHECK(entry->offset == offset && entry->metadata_size == strlen(note) &&
              memcmp(entry->metadata, note, strlen(note)) == 0,
          "%" PRId64 " is committed, with %d bytes of metadata", entry->offset,
          (int)entry->metadata_size);
    rd_kafka_topic_partition_list_destroy(list);
}

/* What the application stores, in three ways, and commits. */
static void store(rd_kafka_t *consumer, const struct options *options)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, options->topic, NULL);
    rd_kafka_topic_partition_list_t *list = at(options, 20, "a note");
    rd_kafka_message_t *message = next_message(consumer, WAIT_MS);
    int64_t offset = message->offset;
    rd_kafka_error_t *error;

    check_error(message->err, "the message");
    CHECK(rd_kafka_commit(consumer, NULL, 0) == RD_KAFKA_RESP_ERR__NO_OFFSET, "nothing was stored");
    CHECK(!(error = rd_kafka_offset_store_message(message)), "offset_store_message: %s",
          rd_kafka_error_string(error));
    rd_kafka_message_destroy(message);
    check_error(rd_kafka_commit(consumer, NULL, 0), "commit");
    expect_committed(consumer, options, offset + 1);
    check_error(rd_kafka_offset_store(topic, 0, 9), "offset_store");
    check_error(rd_kafka_commit(consumer, NULL, 0), "commit");
    expect_committed(consumer, options, 10);
    check_error(rd_kafka_offsets_store(consumer, list), "offsets_store");
    check_error(rd_kafka_commit(consumer, NULL, 0), "commit");
    expect_note(consumer, options, 20, "a note");
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(topic);
}

/* What is committed as it is given: at once or later, told by a call, an event or nobody. */
static void commit_given(rd_kafka_t *consumer, const struct options *options, struct told *told)
{
    rd_kafka_topic_partition_list_t *list = at(options, 30, "another");
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
    rd_kafka_message_t *message = next_message(consumer, WAIT_MS);
    int64_t offset = message->offset, until_ms = now_ms() + WAIT_MS;
    rd_kafka_event_t *event;
    struct told own = {0};
    int count = told->count;

    check_error(rd_kafka_commit_queue(consumer, list, NULL, on_commit, &own), "commit_queue");
    CHECK(own.count == 1 && own.offset == 30 && told->count == count, "told %d times", own.count);
    expect_note(consumer, options, 30, "another");
    list->elems[0].offset = 40;
    check_error(rd_kafka_commit_queue(consumer, list, queue, NULL, &own), "commit_queue");
    event = rd_kafka_queue_poll(queue, WAIT_MS);
    CHECK(event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT, "no event");
    check_error(rd_kafka_event_error(event), "the event");
    CHECK(rd_kafka_event_opaque(event) == &own &&
              rd_kafka_event_topic_partition_list(event)->elems[0].offset == 40,
          "the event is of another commit");
    rd_kafka_event_destroy(event);
    list->elems[0].offset = 50;
    check_error(rd_kafka_commit(consumer, list, 1), "commit");
    while (told->offset != 50 && now_ms() < until_ms)
        rd_kafka_poll(consumer, PAUSE_MS);
    CHECK(told->offset == 50, "the callback was told of %" PRId64, told->offset);
    check_error(rd_kafka_commit_message(consumer, message, 0), "commit_message");
    expect_committed(consumer, options, offset + 1);
    rd_kafka_message_destroy(message);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
}

static void check_calls(struct options *options)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(options->consumer);
    struct told told = {0};
    rd_kafka_t *consumer;

    fill(options);
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "auto.offset.reset", "earliest");
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rd_kafka_conf_set_opaque(conf, &told);
    consumer = join(options, conf);
    store(consumer, options);
    commit_given(consumer, options, &told);
    end(consumer);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct options *options);
    } checks[] = {
        {"manual", check_manual}, {"automatic", check_automatic}, {"metadata", check_metadata},
        {"list", check_list},     {"calls", check_calls},
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
