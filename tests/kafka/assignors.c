/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library's assignors and what members tell each other, for Assignors.java to compare with its
 * own: answers lines of words with lines of words. Linked with the library's inside.
 *
 *   assign ASSIGNOR BROKERS {ID RACK} TOPICS {NAME PARTITIONS {REPLICAS {ID}}} MEMBERS {ID INSTANCE
 *       SUBSCRIPTION}               -> per member, in that order, its assignment
 *   write ASSIGNOR VERSION GENERATION RACK TOPICS {NAME} OWNED {NAME PARTITION}  -> subscription
 *   read ASSIGNOR SUBSCRIPTION      -> GENERATION RACK TOPICS {NAME} OWNED {NAME PARTITION}
 *   read_assignment ASSIGNMENT      -> COUNT {NAME PARTITION}
 *
 * Bytes are in hexadecimal. "-" is a text that is null.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "event/partition_list.h"
#include "group/leader_plan.h"

enum { BROKERS_MAX = 16, TOPICS_MAX = 64, MEMBERS_MAX = 64, PARTITIONS_MAX = 1024 };

static char *rest; /* Of the line. */

static void check(bool good, const char *problem)
{
    if (good)
        return;
    printf("FAILED: %s\n", problem);
    exit(1);
}

/* ---- Words ----------------------------------------------------------------------------------- */

static const char *word(void)
{
    const char *text = strtok_r(NULL, " \n", &rest);
    check(text != NULL, "a word is missing");
    return text;
}

static const char *word_or_null(void)
{
    const char *text = word();
    return strcmp(text, "-") == 0 ? NULL : text;
}

static int number(void)
{
    return (int)strtol(word(), NULL, 10);
}

static int count_below(int limit)
{
    int count = number();
    check(count >= 0 && count <= limit, "too many of something");
    return count;
}

/* In a line's own memory: two letters become one byte. */
static struct rk_bytes bytes(void)
{
    char *text = (char *)(uintptr_t)word();
    size_t size = strlen(text) / 2;
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        text[i] = (char)strtoul(pair, NULL, 16);
    }
    return (struct rk_bytes){(const uint8_t *)text, (int32_t)size};
}

static void print_bytes(const struct rk_writer *writer)
{
    check(!writer->failed, "nothing was written");
    putchar(' ');
    for (size_t i = 0; i < writer->size; i++)
        printf("%02x", writer->data[i]);
}

static void print_list(const rd_kafka_topic_partition_list_t *list)
{
    printf(" %d", list->cnt);
    for (int i = 0; i < list->cnt; i++)
        printf(" %s %" PRId32, list->elems[i].topic, list->elems[i].partition);
}

/* ---- Assigning ------------------------------------------------------------------------------- */

static struct {
    struct rk_snapshot snapshot;
    struct rk_snapshot_broker brokers[BROKERS_MAX];
    struct rk_snapshot_topic topics[TOPICS_MAX], *sorted[TOPICS_MAX];
    struct rk_snapshot_partition partitions[PARTITIONS_MAX];
    int32_t replicas[PARTITIONS_MAX][BROKERS_MAX];
    int32_t partition_count; /* Of all topics. */
    struct rk_join_group_answer answer;
    struct rk_join_group_answer_member members[MEMBERS_MAX];
} group;

/* Brokers come by id, topics by name. */
static void read_snapshot(void)
{
    memset(&group, 0, sizeof(group));
    group.snapshot.brokers = group.brokers;
    group.snapshot.topics = group.sorted;
    group.snapshot.broker_count = count_below(BROKERS_MAX);
    for (int32_t b = 0; b < group.snapshot.broker_count; b++) {
        group.brokers[b].id = number();
        group.brokers[b].rack = word_or_null();
    }
    group.snapshot.topic_count = count_below(TOPICS_MAX);
    for (int32_t t = 0; t < group.snapshot.topic_count; t++) {
        struct rk_snapshot_topic *topic = group.sorted[t] = &group.topics[t];
        topic->name = word();
        topic->partitions = &group.partitions[group.partition_count];
        topic->partition_count = count_below(PARTITIONS_MAX - group.partition_count);
        for (int32_t p = 0; p < topic->partition_count; p++) {
            struct rk_snapshot_partition *partition = &topic->partitions[p];
            partition->replicas = group.replicas[group.partition_count++];
            partition->replica_count = count_below(BROKERS_MAX);
            for (int32_t r = 0; r < partition->replica_count; r++)
                partition->replicas[r] = number();
        }
    }
}

static void read_members(void)
{
    rk_join_group_answer_init(&group.answer);
    group.answer.members.items = group.members;
    group.answer.members.count = count_below(MEMBERS_MAX);
    for (int32_t m = 0; m < group.answer.members.count; m++) {
        group.members[m].member_id = word();
        group.members[m].group_instance_id = word_or_null();
        group.members[m].metadata = bytes();
    }
    group.answer.member_id = group.answer.leader = group.members[0].member_id;
}

static void assign(void)
{
    const struct rk_assignor *assignor = rk_assignor_find(word());
    check(assignor != NULL, "unknown assignor");
    read_snapshot();
    read_members();
    check(rk_leader_plan_is_possible(&group.answer), "such a group is not believed");
    struct rk_leader_plan *plan = rk_leader_plan_try_new(assignor, &group.answer);
    check(plan && plan->unreadable_count == 0, "a subscription cannot be read");
    for (int i = 0; i < plan->topics->cnt; i++) {
        const struct rk_snapshot_topic *topic =
            rk_snapshot_find_topic(&group.snapshot, plan->topics->elems[i].topic);
        plan->topics->elems[i].partition = topic ? topic->partition_count : 0;
    }
    check(rk_leader_plan_try_assign(plan, &group.snapshot), "no assignment");
    printf("ok");
    for (int32_t m = 0; m < plan->member_count; m++) {
        struct rk_writer writer;
        rk_writer_init(&writer);
        rk_protocol_write_assignment(&writer, plan->members[m].subscription.version,
                                     plan->members[m].assignment);
        print_bytes(&writer);
        rk_writer_clear(&writer);
    }
    putchar('\n');
    rk_leader_plan_destroy(plan);
}

/* ---- What members say ------------------------------------------------------------------------ */

static void write_subscription(void)
{
    rd_kafka_topic_partition_list_t *topics = rk_partition_list_new(0);
    rd_kafka_topic_partition_list_t *owned = rk_partition_list_new(0);
    struct rk_protocol_subscription_source source = {.topics = topics, .owned = owned};
    struct rk_writer writer;
    source.userdata = rk_protocol_userdata_of(word());
    int16_t version = (int16_t)number();
    source.generation = number();
    source.rack = word_or_null();
    for (int i = count_below(TOPICS_MAX); i > 0; i--)
        rk_partition_list_add(topics, word(), RD_KAFKA_PARTITION_UA);
    for (int i = count_below(PARTITIONS_MAX); i > 0; i--) {
        const char *name = word();
        rk_partition_list_add(owned, name, number());
    }
    rk_writer_init(&writer);
    rk_protocol_write_subscription(&writer, version, &source);
    printf("ok");
    print_bytes(&writer);
    putchar('\n');
    rk_writer_clear(&writer);
    rk_partition_list_destroy(topics);
    rk_partition_list_destroy(owned);
}

static void read_subscription(void)
{
    enum rk_protocol_userdata userdata = rk_protocol_userdata_of(word());
    struct rk_bytes data = bytes();
    struct rk_protocol_subscription found;
    struct rk_arena arena;
    int count = 0;
    rk_arena_init(&arena, 1 << 20);
    check(rk_protocol_try_read_subscription(data.data, (size_t)data.size, userdata, &arena, &found),
          "a subscription cannot be read");
    printf("ok %" PRId32 " %s %" PRId32, found.generation, found.rack ? found.rack : "-",
           found.topic_count);
    for (int32_t t = 0; t < found.topic_count; t++)
        printf(" %s", found.topics[t]);
    for (int32_t t = 0; t < found.owned.count; t++)
        count += found.owned.items[t].partition_count;
    printf(" %d", count);
    for (int32_t t = 0; t < found.owned.count; t++) {
        for (int32_t p = 0; p < found.owned.items[t].partition_count; p++)
            printf(" %s %" PRId32, found.owned.items[t].name, found.owned.items[t].partitions[p]);
    }
    putchar('\n');
    rk_arena_clear(&arena);
}

static void read_assignment(void)
{
    struct rk_bytes data = bytes();
    rd_kafka_topic_partition_list_t *list =
        rk_protocol_try_read_assignment(data.data, (size_t)data.size);
    check(list != NULL, "an assignment cannot be read");
    printf("ok");
    print_list(list);
    putchar('\n');
    rk_partition_list_destroy(list);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*answer)(void);
    } questions[] = {{"assign", assign},
                     {"write", write_subscription},
                     {"read", read_subscription},
                     {"read_assignment", read_assignment}};
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        const char *name = strtok_r(line, " \n", &rest);
        bool is_known = false;
        for (size_t i = 0; name && i < sizeof(questions) / sizeof(questions[0]); i++) {
            if (strcmp(questions[i].name, name) == 0) {
                questions[i].answer();
                is_known = true;
            }
        }
        check(is_known, "unknown question");
        fflush(stdout);
    }
    free(line);
    return 0;
}
