/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_consumer_group_metadata_*(): a consumer's membership as an object of the application's.
 */
#include "event/group_metadata.h"

#include "api/client.h"

#include "event/error.h"
#include "group/group.h"

rd_kafka_consumer_group_metadata_t *rd_kafka_consumer_group_metadata_new(const char *group_id)
{
    return rd_kafka_consumer_group_metadata_new_with_genid(group_id, -1, "", NULL);
}

rd_kafka_consumer_group_metadata_t *
rd_kafka_consumer_group_metadata_new_with_genid(const char *group_id, int32_t generation_id,
                                                const char *member_id,
                                                const char *group_instance_id)
{
    if (!group_id)
        return NULL;
    return rk_group_metadata_new(group_id, generation_id, member_id ? member_id : "",
                                 group_instance_id);
}

const char *
rd_kafka_consumer_group_metadata_group_id(const rd_kafka_consumer_group_metadata_t *group_metadata)
{
    return group_metadata->group_id;
}

const char *rd_kafka_consumer_group_metadata_group_instance_id(
    const rd_kafka_consumer_group_metadata_t *group_metadata)
{
    return group_metadata->group_instance_id;
}

const char *
rd_kafka_consumer_group_metadata_member_id(const rd_kafka_consumer_group_metadata_t *group_metadata)
{
    return group_metadata->member_id;
}

int32_t rd_kafka_consumer_group_metadata_generation_id(
    const rd_kafka_consumer_group_metadata_t *group_metadata)
{
    return group_metadata->generation_id;
}

void rd_kafka_consumer_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *group_metadata)
{
    rk_group_metadata_destroy(group_metadata);
}

rd_kafka_error_t *
rd_kafka_consumer_group_metadata_write(const rd_kafka_consumer_group_metadata_t *cgmd,
                                       void **bufferp, size_t *sizep)
{
    *bufferp = rk_group_metadata_write(cgmd, sizep);
    if (!*bufferp)
        return rk_error_new(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, 0,
                            "No memory for %zu bytes of group metadata", *sizep);
    return NULL;
}

rd_kafka_error_t *rd_kafka_consumer_group_metadata_read(rd_kafka_consumer_group_metadata_t **cgmdp,
                                                        const void *buffer, size_t size)
{
    const char *problem = NULL;
    *cgmdp = rk_group_metadata_read(buffer, size, &problem);
    return *cgmdp ? NULL : rk_error_new(RD_KAFKA_RESP_ERR__BAD_MSG, 0, "%s", problem);
}

rd_kafka_consumer_group_metadata_t *rd_kafka_consumer_group_metadata(rd_kafka_t *rk)
{
    return rk->group && !rk_group_is_over(rk->group) ? rk_group_metadata(rk->group) : NULL;
}
