/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is checked, and worked out, over several properties when a client or a topic is created.
 *
 * Values the application did not set follow from those it did; values it did set stand, and a
 * contradiction between them is an error.
 */
#ifndef RK_CONF_CONF_CHECK_H
#define RK_CONF_CONF_CHECK_H

#include <stddef.h>

#include "rdkafka.h"

struct rd_kafka_conf_s;
struct rd_kafka_topic_conf_s;

/*
 * Adjusts `conf` in place for a client of this type: its default topic configuration too. On
 * RD_KAFKA_RESP_ERR__INVALID_ARG `errstr` names the properties; the object stays the caller's, to
 * be corrected and tried again. The same input gives the same result, however often.
 */
rd_kafka_resp_err_t rk_conf_finish(struct rd_kafka_conf_s *conf, rd_kafka_type_t type, char *errstr,
                                   size_t size);
/* The same for a share consumer. */
rd_kafka_resp_err_t rk_conf_finish_share(struct rd_kafka_conf_s *conf, char *errstr, size_t size);

/*
 * For a topic's own configuration, or a copy of the default one; `conf` is the client's, finished.
 * "inherit" is replaced by the client's compression.
 */
rd_kafka_resp_err_t rk_topic_conf_finish(const struct rd_kafka_conf_s *conf,
                                         struct rd_kafka_topic_conf_s *topic_conf,
                                         rd_kafka_type_t type, char *errstr, size_t size);

/*
 * Calls `warn` with one sentence each for what was set in vain (it belongs to the other kind of
 * client), is deprecated or experimental, or is missing. `level` is syslog's: 4 warning, 5 notice.
 */
typedef void(rk_conf_warn_t)(void *opaque, int level, const char *text);
void rk_conf_warnings(const struct rd_kafka_conf_s *conf, rd_kafka_type_t type,
                      rk_conf_warn_t *warn, void *opaque);
void rk_topic_conf_warnings(const struct rd_kafka_topic_conf_s *topic_conf, rd_kafka_type_t type,
                            rk_conf_warn_t *warn, void *opaque);

#endif
