/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/scripted_private.h"

#include <sys/socket.h>
#include <time.h>

enum { WAIT_MS = 60000 };

/* What tests change */

void scripted_add_topic(struct scripted_cluster *cluster, const char *topic, int partition_count)
{
    scripted_lock(cluster);
    scripted_log_add_topic(&cluster->log, topic, partition_count);
    scripted_unlock(cluster);
}

void scripted_recreate_topic(struct scripted_cluster *cluster, const char *topic,
                             int partition_count)
{
    scripted_lock(cluster);
    scripted_log_remove_topic(&cluster->log, topic);
    scripted_log_add_topic(&cluster->log, topic, partition_count);
    scripted_unlock(cluster);
}

void scripted_remove_topic(struct scripted_cluster *cluster, const char *topic)
{
    scripted_lock(cluster);
    scripted_log_remove_topic(&cluster->log, topic);
    scripted_unlock(cluster);
}

void scripted_set_topic_error(struct scripted_cluster *cluster, const char *topic, int err)
{
    scripted_lock(cluster);
    scripted_log_find(&cluster->log, topic)->err = err;
    scripted_unlock(cluster);
}

void scripted_set_leader(struct scripted_cluster *cluster, const char *topic, int partition,
                         int broker)
{
    scripted_lock(cluster);
    struct scripted_partition *found = scripted_log_partition(&cluster->log, topic, partition);
    found->leader = broker;
    found->leader_epoch++;
    scripted_unlock(cluster);
}

void scripted_set_up(struct scripted_cluster *cluster, int broker, bool is_up)
{
    scripted_lock(cluster);
    struct scripted_broker *self = &cluster->brokers[broker];
    if (!is_up && self->listener >= 0) {
        shutdown(self->listener, SHUT_RDWR); /* The thread may be in poll(), which keeps it open. */
        close(self->listener);
        self->listener = -1;
        for (int i = 0; i < cluster->connection_count; i++) {
            if (cluster->connections[i]->broker != broker)
                continue;
            shutdown(cluster->connections[i]->socket, SHUT_RDWR);
            cluster->connections[i]->is_ended = true;
        }
    } else if (is_up && self->listener < 0) {
        scripted_open_listener(self);
    }
    scripted_wake(cluster);
    scripted_unlock(cluster);
}

void scripted_set_reading(struct scripted_cluster *cluster, int broker, bool is_reading)
{
    scripted_lock(cluster);
    cluster->brokers[broker].is_stalled = !is_reading;
    scripted_wake(cluster);
    scripted_unlock(cluster);
}

void scripted_set_max_version(struct scripted_cluster *cluster, int api_key, int16_t version)
{
    scripted_lock(cluster);
    cluster->max_versions[api_key] = version;
    scripted_unlock(cluster);
}

void scripted_set_hook(struct scripted_cluster *cluster, scripted_produce_hook *hook, void *opaque)
{
    scripted_lock(cluster);
    cluster->hook = hook;
    cluster->hook_opaque = opaque;
    scripted_unlock(cluster);
}

void scripted_release(struct scripted_cluster *cluster)
{
    scripted_lock(cluster);
    for (int i = 0; i < cluster->connection_count; i++) {
        for (struct scripted_output *output = cluster->connections[i]->first; output;
             output = output->next)
            output->is_held = false;
    }
    scripted_wake(cluster);
    scripted_unlock(cluster);
}

/* What tests look at */

int scripted_request_count(struct scripted_cluster *cluster, int api_key)
{
    scripted_lock(cluster);
    int count = cluster->request_counts[api_key];
    scripted_unlock(cluster);
    return count;
}

bool scripted_wait_requests(struct scripted_cluster *cluster, int api_key, int count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    int result = 0;
    scripted_lock(cluster);
    while (cluster->request_counts[api_key] < count && !result)
        result = pthread_cond_timedwait(&cluster->changed, &cluster->mutex, &until);
    bool came = cluster->request_counts[api_key] >= count;
    scripted_unlock(cluster);
    return came;
}

int scripted_record_count(struct scripted_cluster *cluster, const char *topic, int partition)
{
    scripted_lock(cluster);
    int count = scripted_log_partition(&cluster->log, topic, partition)->record_count;
    scripted_unlock(cluster);
    return count;
}

const struct scripted_record *scripted_record_at(struct scripted_cluster *cluster,
                                                 const char *topic, int partition, int index)
{
    scripted_lock(cluster);
    struct scripted_partition *found = scripted_log_partition(&cluster->log, topic, partition);
    const struct scripted_record *record =
        index < found->record_count ? &found->records[index] : NULL;
    scripted_unlock(cluster);
    return record;
}

const char *scripted_topic_name(struct scripted_cluster *cluster,
                                const struct rk_produce_request_topic *topic)
{
    scripted_lock(cluster);
    const struct scripted_topic *found =
        scripted_log_find_requested(&cluster->log, topic->name, &topic->topic_id);
    const char *name = found ? found->name : "";
    scripted_unlock(cluster);
    return name;
}
