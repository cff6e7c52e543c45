/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of each partition of the group: who had it, what was handed out and committed. */
#include <inttypes.h>
#include <string.h>

#include "event/group_metadata.h"
#include "mock/mock_state.h"
#include "sim/checkers.h"
#include "sim/members.h"
#include "sim/scheduler.h"
#include "support/group_checker.h"

enum { OFFSETS_MAX = 1 << 15, CALM_AFTER_MS = 30000, LED_AFTER_MS = 20000 };

/* A partition. */
struct place {
    struct place *next;
    char topic[32];
    int32_t partition;
    uint32_t holders; /* Slots of members that have it, by what their callbacks said. */
    uint32_t late;    /* Of these who took it after others had, for they had not polled in time. */
    int last_slot;    /* Who took it last. */
    int64_t committed;
    int64_t kept;       /* Committed by who had it last, or on its way; -1: not. */
    int64_t handed_out; /* The end of it. */
    int64_t sought;     /* As far back as who has it sought; INT64_MAX: did not. */
    uint8_t seen[OFFSETS_MAX];
};

static struct {
    struct place *places;
    uint64_t calm_from_ms;
    uint64_t led_from_ms; /* Until then all may wait for a leader that is gone. */
    struct group_checker checker;
} history;

static struct place *place_of(const char *topic, int32_t partition)
{
    struct place *place = history.places;
    sim_hide_begin();
    while (place && (place->partition != partition || strcmp(place->topic, topic) != 0))
        place = place->next;
    if (!place) {
        place = sim_alloc(sizeof(*place));
        snprintf(place->topic, sizeof(place->topic), "%s", topic);
        place->partition = partition;
        place->last_slot = -1;
        place->committed = place->kept = -1;
        place->sought = INT64_MAX;
        place->next = history.places;
        history.places = place;
    }
    sim_hide_end();
    return place;
}

/* What the coordinator says */

static void on_assigned(void *argument, const struct rk_mock_group *group)
{
    (void)argument;
    group_checker_look(&history.checker, group);
    sim_check(!history.checker.problem[0], "%s", history.checker.problem);
}

static void on_committed(void *argument, const char *group_id, const char *topic, int32_t partition,
                         int64_t before, int64_t offset)
{
    (void)argument;
    struct place *place = place_of(topic, partition);
    sim_trace_text("committed %s: %s [%d] %d", group_id, topic, (int)partition, (int)offset);
    sim_check(offset >= before || offset >= place->sought,
              "%s [%d]: %" PRId64 " was committed after %" PRId64, topic, (int)partition, offset,
              before);
    sim_check(offset <= place->handed_out,
              "%s [%d]: %" PRId64 " was committed, but %" PRId64 " was handed out last", topic,
              (int)partition, offset, place->handed_out);
    place->committed = offset;
}

static void watch(struct rk_mock_cluster *mock, void *argument)
{
    (void)argument;
    mock->own.groups.on_assigned = on_assigned;
    mock->own.groups.on_committed = on_committed;
}

void sim_history_begin(void)
{
    rk_mock_cluster_run(sim_mock(), watch, NULL);
}

void sim_history_disturb(bool is_disturbed)
{
    history.calm_from_ms = is_disturbed ? UINT64_MAX : sim_now_ms() + CALM_AFTER_MS;
}

void sim_history_leader_gone(void)
{
    history.led_from_ms = sim_now_ms() + LED_AFTER_MS;
    for (struct place *place = history.places; place; place = place->next)
        place->kept = -1;
}

bool sim_history_is_calm(void)
{
    return sim_now_ms() >= history.calm_from_ms;
}

/* What the members say */

static bool holds(const struct place *place, const struct sim_member *member)
{
    return (place->holders & 1u << member->slot) != 0;
}

static int32_t generation_of(const struct sim_member *member)
{
    sim_hide_begin(); /* The baton has brought the other's handle here. */
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata(sim_handle(member->client));
    sim_hide_end();
    int32_t generation = metadata->generation_id;
    rd_kafka_consumer_group_metadata_destroy(metadata);
    return generation;
}

/* It should know that others may have its partitions. */
static bool is_overdue(const struct sim_member *member)
{
    return sim_now_ms() + 1 >= member->polled_ms + (uint64_t)member->max_poll_ms;
}

/* Nobody else may have it; but who was put out of the group may not know yet. */
static void check_others(const struct sim_member *member, const struct place *place)
{
    for (int slot = 0; slot < SIM_MEMBERS_MAX; slot++) {
        const struct sim_member *other = sim_member_at(slot);
        if (!other || other == member || other->may_be_fenced || !holds(place, other))
            continue;
        sim_check(!sim_history_is_calm() || is_overdue(other) || other->is_late || member->is_late,
                  "%s [%d] is taken by member %d, while member %d has it", place->topic,
                  (int)place->partition, member->slot, slot);
        int32_t mine = generation_of(member), its = generation_of(other);
        sim_check(mine != its || mine < 0,
                  "%s [%d] is member %d's and member %d's in generation %d", place->topic,
                  (int)place->partition, member->slot, slot, (int)mine);
    }
}

void sim_history_take(struct sim_member *member, const char *topic, int32_t partition)
{
    struct place *place = place_of(topic, partition);
    sim_check(!holds(place, member), "%s [%d] is given to member %d, who has it", topic,
              (int)partition, member->slot);
    check_others(member, place);
    sim_check(generation_of(member) >= 0 || member->is_late || !sim_history_is_calm(),
              "%s [%d] is given to member %d, who does not know its generation", topic,
              (int)partition, member->slot);
    sim_check(place->kept <= place->committed || !sim_history_is_calm(),
              "%s [%d]: member %d takes it at %" PRId64 ", but member %d gave it up at %" PRId64,
              topic, (int)partition, member->slot, place->committed, place->last_slot, place->kept);
    if (member->is_late && place->holders) /* Soon it knows that it is out. */
        place->late |= 1u << member->slot;
    else
        place->last_slot = member->slot;
    place->holders |= 1u << member->slot;
    place->kept = -1;
    place->sought = INT64_MAX;
    sim_progress_of(member->client, topic, partition)->expected =
        place->committed < 0 ? 0 : place->committed;
}

void sim_history_give_up(struct sim_member *member, const char *topic, int32_t partition,
                         bool is_lost, bool is_kept)
{
    struct place *place = place_of(topic, partition);
    sim_check(holds(place, member), "%s [%d] is taken from member %d, who has not got it", topic,
              (int)partition, member->slot);
    sim_check(!is_lost || member->is_late || !sim_history_is_calm(),
              "%s [%d] is lost to member %d, although nothing is wrong", topic, (int)partition,
              member->slot);
    place->holders &= ~(1u << member->slot);
    place->late &= place->holders;
    if (is_lost || !is_kept || !sim_history_is_calm() || sim_now_ms() < history.led_from_ms)
        return;
    int64_t next = sim_progress_of(member->client, topic, partition)->expected;
    place->kept = next > 0 ? next : -1;
}

void sim_history_seek(const char *topic, int32_t partition, int64_t offset)
{
    struct place *place = place_of(topic, partition);
    place->sought = offset < place->sought ? offset : place->sought;
}

void sim_history_hand_out(struct sim_member *member, const char *topic, int32_t partition,
                          int64_t offset)
{
    struct place *place = place_of(topic, partition);
    sim_check(holds(place, member),
              "%s [%d]: %" PRId64 " is handed out to member %d, who has not got the partition",
              topic, (int)partition, offset, member->slot);
    bool is_late = (place->late & 1u << member->slot) || member->seems_alive;
    sim_check(place->last_slot == member->slot || is_late || !sim_history_is_calm(),
              "%s [%d]: %" PRId64 " is handed out to member %d, after member %d took it", topic,
              (int)partition, offset, member->slot, place->last_slot);
    sim_check(offset < OFFSETS_MAX, "more than %d records", OFFSETS_MAX);
    place->seen[offset] = 1;
    if (offset >= place->handed_out)
        place->handed_out = offset + 1;
}

void sim_history_forget(const struct sim_member *member)
{
    for (struct place *place = history.places; place; place = place->next) {
        place->holders &= ~(1u << member->slot);
        place->late &= place->holders;
    }
}

int sim_history_count(const struct sim_member *member)
{
    int count = 0;
    for (const struct place *place = history.places; place; place = place->next)
        count += holds(place, member);
    return count;
}

static const char *missing_of(const struct place *place, int64_t end)
{
    static char text[160];
    const char *what = NULL;
    if (!place->holders || (place->holders & (place->holders - 1)))
        what = place->holders ? "has two owners" : "has no owner";
    for (int64_t offset = 0; offset < end && !what; offset++) {
        if (!place->seen[offset])
            what = "has records that nobody was handed out";
    }
    sim_hide_begin();
    if (what)
        snprintf(text, sizeof(text), "%s [%d] %s", place->topic, (int)place->partition, what);
    sim_hide_end();
    return what ? text : NULL;
}

const char *sim_history_missing(const char *topic)
{
    for (const struct sim_log *log = sim_read_logs(); log; log = log->next) {
        sim_hide_begin();
        bool is_it = strcmp(log->topic, topic) == 0;
        sim_hide_end();
        const char *missing =
            is_it ? missing_of(place_of(topic, log->partition), log->end_offset) : NULL;
        if (missing)
            return missing;
    }
    return NULL;
}

const char *sim_history_uncommitted(void)
{
    static char text[160];
    for (const struct place *place = history.places; place; place = place->next) {
        if (place->committed == place->handed_out || place->handed_out == 0)
            continue;
        sim_hide_begin();
        snprintf(text, sizeof(text), "%s [%d]: %" PRId64 " is committed, %" PRId64 " handed out",
                 place->topic, (int)place->partition, place->committed, place->handed_out);
        sim_hide_end();
        return text;
    }
    return NULL;
}

int64_t sim_history_any_offset(const char *topic, int32_t partition)
{
    return (int64_t)sim_below((uint64_t)place_of(topic, partition)->handed_out + 1);
}
