/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "conf/property_value.h"

/* One check run: the object, and where the reason of a refusal goes. */
struct check {
    struct rd_kafka_conf_s *object;
    struct rk_conf *conf; /* &object->conf */
    rd_kafka_type_t type;
    char *errstr;
    size_t size;
};

#define IS_SET(check, member)       rk_conf_is_modified((check)->object, member)
#define TOPIC_IS_SET(topic, member) rk_topic_conf_is_modified(topic, member)

RK_FORMAT(3, 4)
static bool refuse(char *errstr, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (errstr && size)
        vsnprintf(errstr, size, format, arguments);
    va_end(arguments);
    return false;
}

#define REFUSE(check, ...) refuse((check)->errstr, (check)->size, __VA_ARGS__)

/* Numbers that an earlier run derived go back to their defaults, so that each run starts from what
 * the application set. */
static void forget_derived(struct rd_kafka_conf_s *conf)
{
    for (int i = 0; i < RK_CONF_IDS; i++)
        if (!conf->modified[i] && rk_conf_properties[i].offset != RK_PROPERTY_NO_OFFSET)
            rk_property_reset_number(&rk_conf_properties[i], &conf->conf);
}

static void forget_derived_topic(struct rd_kafka_topic_conf_s *topic_conf)
{
    for (int i = 0; i < RK_TOPIC_CONF_IDS; i++)
        if (!topic_conf->modified[i] && rk_topic_conf_properties[i].offset != RK_PROPERTY_NO_OFFSET)
            rk_property_reset_number(&rk_topic_conf_properties[i], &topic_conf->conf);
}

static const char *security_name(int protocol)
{
    static const char *const names[] = {
        [RK_CONF_SECURITY_PLAINTEXT] = "plaintext",
        [RK_CONF_SECURITY_SSL] = "ssl",
        [RK_CONF_SECURITY_SASL_PLAINTEXT] = "sasl_plaintext",
        [RK_CONF_SECURITY_SASL_SSL] = "sasl_ssl",
    };
    return names[protocol];
}

static bool check_oauthbearer(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (conf->enable_sasl_oauthbearer_unsecure_jwt && conf->callbacks.oauthbearer_token_refresh_cb)
        return REFUSE(check, "`enable.sasl.oauthbearer.unsecure.jwt` and a token refresh callback "
                             "exclude each other");
    if (conf->sasl_oauthbearer_method != RK_CONF_OAUTH_METHOD_OIDC)
        return true;
    int metadata = conf->sasl_oauthbearer_metadata_authentication_type;
    bool azure_query = metadata == RK_CONF_OAUTH_METADATA_AZURE_IMDS &&
                       conf->sasl_oauthbearer_config &&
                       strstr(conf->sasl_oauthbearer_config, "query=");
    if (!conf->sasl_oauthbearer_token_endpoint_url && !azure_query &&
        metadata != RK_CONF_OAUTH_METADATA_AWS_IAM)
        return REFUSE(check, "`sasl.oauthbearer.token.endpoint.url` must be set when "
                             "`sasl.oauthbearer.method` is `oidc`");
    if (!conf->callbacks.oauthbearer_token_refresh_cb)
        conf->enable_sasl_queue = 1;
    return true;
}

static bool check_security(struct check *check)
{
    struct rk_conf *conf = check->conf;
    int protocol = conf->security_protocol;
    bool tls = protocol == RK_CONF_SECURITY_SSL || protocol == RK_CONF_SECURITY_SASL_SSL;
    bool sasl =
        protocol == RK_CONF_SECURITY_SASL_PLAINTEXT || protocol == RK_CONF_SECURITY_SASL_SSL;
    if (conf->test_mock_num_brokers > 0) {
        conf->security_protocol = RK_CONF_SECURITY_PLAINTEXT;
        tls = sasl = false;
    }
    if (conf->ssl_keystore_location && !conf->ssl_keystore_password)
        return REFUSE(check, "`ssl.keystore.password` must be set with `ssl.keystore.location`");
    if (conf->ssl_ca_location && (conf->ssl_ca || conf->ssl_ca_pem))
        return REFUSE(check, "`ssl.ca.location` and `%s` exclude each other",
                      conf->ssl_ca_pem ? "ssl.ca.pem" : "ssl_ca");
    if (conf->https_ca_location && conf->https_ca_pem)
        return REFUSE(check, "`https.ca.location` and `https.ca.pem` exclude each other");
    if (!strcasecmp(conf->sasl_mechanisms, "OAUTHBEARER") && !check_oauthbearer(check))
        return false;
    if (tls && !(rk_conf_features() & RK_CONF_FEATURE_SSL))
        return REFUSE(check,
                      "`security.protocol` is `%s`, but this build of the library has no TLS",
                      security_name(protocol));
    if (sasl && !(rk_conf_features() & RK_CONF_FEATURE_SASL))
        return REFUSE(check,
                      "`security.protocol` is `%s`, but this build of the library has no SASL",
                      security_name(protocol));
    return true;
}

static bool names_azure(const char *brokers)
{
    for (; brokers && *brokers; brokers++)
        if (!strncasecmp(brokers, "azure", 5))
            return true;
    return false;
}

static bool check_all_clients(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (IS_SET(check, socket_cb) && !conf->callbacks.socket_cb)
        return REFUSE(check, "`socket_cb` must not be NULL");
    if (IS_SET(check, open_cb) && !conf->callbacks.open_cb)
        return REFUSE(check, "`open_cb` must not be NULL");
    if (IS_SET(check, topic_metadata_refresh_interval_ms) && !IS_SET(check, metadata_max_age_ms) &&
        conf->topic_metadata_refresh_interval_ms > 0)
        conf->metadata_max_age_ms = 3 * conf->topic_metadata_refresh_interval_ms;
    if (conf->reconnect_backoff_max_ms < conf->reconnect_backoff_ms)
        return REFUSE(
            check, "`reconnect.backoff.max.ms` (%d) must be at least `reconnect.backoff.ms` (%d)",
            conf->reconnect_backoff_max_ms, conf->reconnect_backoff_ms);
    if (!IS_SET(check, topic_metadata_refresh_fast_interval_ms))
        conf->topic_metadata_refresh_fast_interval_ms = conf->retry_backoff_ms;
    if (!IS_SET(check, connections_max_idle_ms) && names_azure(conf->metadata_broker_list))
        conf->connections_max_idle_ms = 230000;
    if (!IS_SET(check, allow_auto_create_topics))
        conf->allow_auto_create_topics = check->type == RD_KAFKA_PRODUCER;
    if (!conf->api_version_request && strncmp(conf->broker_version_fallback, "0.9", 3) &&
        strncmp(conf->broker_version_fallback, "0.8", 3))
        conf->api_version_request = 1;
    if (conf->debug)
        conf->log_level = 7;
    return check_security(check);
}

static bool check_fetch_sizes(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (conf->fetch_min_bytes > 100000000)
        return REFUSE(check, "`fetch.min.bytes` (%d) must be at most 100000000",
                      conf->fetch_min_bytes);
    if (!IS_SET(check, fetch_max_bytes)) {
        int64_t queued_bytes = (int64_t)conf->queued_max_messages_kbytes * 1024;
        int64_t fetch_bytes = RK_MIN((int64_t)conf->fetch_max_bytes, queued_bytes);
        conf->fetch_max_bytes = (int)RK_MAX(fetch_bytes, (int64_t)conf->message_max_bytes);
    } else if (conf->fetch_max_bytes < conf->message_max_bytes) {
        return REFUSE(check, "`fetch.max.bytes` (%d) must be at least `message.max.bytes` (%d)",
                      conf->fetch_max_bytes, conf->message_max_bytes);
    }
    int needed = conf->fetch_max_bytes + 512; /* fetch.max.bytes ends 512 below the limit of int. */
    if (!IS_SET(check, receive_message_max_bytes))
        conf->receive_message_max_bytes = RK_MAX(conf->receive_message_max_bytes, needed);
    else if (conf->receive_message_max_bytes < needed)
        return REFUSE(check,
                      "`receive.message.max.bytes` (%d) must be at least `fetch.max.bytes` + 512 "
                      "(%d)",
                      conf->receive_message_max_bytes, needed);
    return true;
}

/* Names known, and not assignors of both kinds. */
static bool check_assignors(struct check *check)
{
    const char *strategy = check->conf->partition_assignment_strategy;
    bool eager = false, cooperative = false;
    for (const char *at = strategy; *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t end = strcspn(at, ","), size = end;
        while (size && strchr(" \t", at[size - 1]))
            size--;
        if ((size == 5 && !memcmp(at, "range", 5)) ||
            (size == 10 && !memcmp(at, "roundrobin", 10)) ||
            (size == 6 && !memcmp(at, "sticky", 6)))
            eager = true;
        else if (size == 18 && !memcmp(at, "cooperative-sticky", 18))
            cooperative = true;
        else if (size)
            return REFUSE(check,
                          "`partition.assignment.strategy` names \"%.*s\": must be range, "
                          "roundrobin, sticky or cooperative-sticky",
                          (int)size, at);
        at += end;
    }
    if (!eager && !cooperative)
        return REFUSE(check, "`partition.assignment.strategy` names no strategy");
    if (eager && cooperative)
        return REFUSE(check,
                      "`partition.assignment.strategy` (%s) must not mix cooperative-sticky with "
                      "the others",
                      strategy);
    return true;
}

static bool check_group(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (conf->group_protocol == RK_CONF_GROUP_PROTOCOL_CONSUMER) {
        const char *classic = IS_SET(check, session_timeout_ms)      ? "session.timeout.ms"
                              : IS_SET(check, heartbeat_interval_ms) ? "heartbeat.interval.ms"
                              : IS_SET(check, group_protocol_type)   ? "group.protocol.type"
                              : IS_SET(check, partition_assignment_strategy)
                                  ? "partition.assignment.strategy"
                                  : NULL;
        if (classic)
            return REFUSE(check, "`%s` must not be set when `group.protocol` is `consumer`",
                          classic);
        return true;
    }
    if (IS_SET(check, group_remote_assignor) && conf->group_remote_assignor)
        return REFUSE(check, "`group.remote.assignor` needs `group.protocol` to be `consumer`");
    if (conf->max_poll_interval_ms < conf->session_timeout_ms)
        return REFUSE(check,
                      "`max.poll.interval.ms` (%d) must be at least `session.timeout.ms` (%d)",
                      conf->max_poll_interval_ms, conf->session_timeout_ms);
    return check_assignors(check);
}

static bool check_consumer(struct check *check)
{
    check->conf->enable_idempotence = 0;
    return check_fetch_sizes(check) && check_group(check);
}

static bool check_transactions(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (!conf->transactional_id)
        return true;
    if (IS_SET(check, enable_idempotence) && !conf->enable_idempotence)
        return REFUSE(check, "`transactional.id` needs `enable.idempotence` to be true");
    conf->enable_idempotence = 1;
    if (!IS_SET(check, socket_timeout_ms))
        conf->socket_timeout_ms = RK_MAX(conf->transaction_timeout_ms - 100, 900);
    else if (conf->socket_timeout_ms > (int64_t)conf->transaction_timeout_ms + 100)
        return REFUSE(
            check, "`socket.timeout.ms` (%d) must be at most `transaction.timeout.ms` (%d) + 100",
            conf->socket_timeout_ms, conf->transaction_timeout_ms);
    return true;
}

static bool check_idempotence(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (!conf->enable_idempotence) {
        if (conf->enable_gapless_guarantee)
            return REFUSE(check, "`enable.gapless.guarantee` needs `enable.idempotence`");
        return true;
    }
    if (!IS_SET(check, max_in_flight_requests_per_connection))
        conf->max_in_flight_requests_per_connection = 5;
    else if (conf->max_in_flight_requests_per_connection > 5)
        return REFUSE(check, "`max.in.flight` (%d) must be at most 5 with `enable.idempotence`",
                      conf->max_in_flight_requests_per_connection);
    if (conf->message_send_max_retries < 1)
        return REFUSE(check, "`retries` must be at least 1 with `enable.idempotence`");
    if (conf->queue_buffering_backpressure_threshold > 1)
        return REFUSE(check, "`queue.buffering.backpressure.threshold` must be 1 with "
                             "`enable.idempotence`");
    return true;
}

/* The producer properties of a topic. `linger_ms` is lowered where it may be, else NULL. */
static bool finish_topic_producer(const struct rd_kafka_conf_s *object,
                                  struct rd_kafka_topic_conf_s *topic_conf, double *linger_ms,
                                  char *errstr, size_t size)
{
    const struct rk_conf *conf = &object->conf;
    struct rk_topic_conf *topic = &topic_conf->conf;
    if (conf->transactional_id) {
        if (!TOPIC_IS_SET(topic_conf, message_timeout_ms))
            topic->message_timeout_ms = conf->transaction_timeout_ms;
        else if (topic->message_timeout_ms > conf->transaction_timeout_ms)
            return refuse(errstr, size,
                          "`message.timeout.ms` (%d) must be at most `transaction.timeout.ms` (%d)",
                          topic->message_timeout_ms, conf->transaction_timeout_ms);
    }
    if (conf->enable_idempotence) {
        if (topic->request_required_acks != RK_TOPIC_CONF_ACKS_ALL)
            return refuse(errstr, size, "`acks` (%d) must be `all` with `enable.idempotence`",
                          topic->request_required_acks);
        if (topic->queuing_strategy != RK_TOPIC_CONF_QUEUING_FIFO)
            return refuse(errstr, size,
                          "`queuing.strategy` must be `fifo` with "
                          "`enable.idempotence`");
    }
    if (topic->message_timeout_ms == 0 || topic->message_timeout_ms > conf->queue_buffering_max_ms)
        return true;
    if (rk_conf_is_modified(object, queue_buffering_max_ms))
        return refuse(errstr, size,
                      "`message.timeout.ms` (%d) must be greater than `linger.ms` (%g)",
                      topic->message_timeout_ms, conf->queue_buffering_max_ms);
    if (linger_ms)
        *linger_ms = topic->message_timeout_ms - 0.1;
    return true;
}

static bool check_producer(struct check *check)
{
    struct rk_conf *conf = check->conf;
    if (!check_transactions(check) || !check_idempotence(check))
        return false;
    struct rd_kafka_topic_conf_s *topic_conf = rk_conf_default_topic_conf(check->object);
    double linger_ms = conf->queue_buffering_max_ms;
    if (!finish_topic_producer(check->object, topic_conf, &linger_ms, check->errstr, check->size))
        return false;
    conf->queue_buffering_max_ms = linger_ms;
    if (!IS_SET(check, sticky_partitioning_linger_ms))
        conf->sticky_partitioning_linger_ms =
            (int)RK_MIN(2 * conf->queue_buffering_max_ms, 900000.0);
    return true;
}

rd_kafka_resp_err_t rk_conf_finish(struct rd_kafka_conf_s *conf, rd_kafka_type_t type, char *errstr,
                                   size_t size)
{
    struct check check = {conf, &conf->conf, type, errstr, size};
    forget_derived(conf);
    if (conf->default_topic_conf)
        forget_derived_topic(conf->default_topic_conf);
    bool fine = check_all_clients(&check) &&
                (type == RD_KAFKA_PRODUCER ? check_producer(&check) : check_consumer(&check));
    return fine ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__INVALID_ARG;
}

/* What a share consumer must not be given: it has another way for it, or none. */
static const char *find_not_for_share(const struct rd_kafka_conf_s *conf)
{
    static const enum rk_conf_id refused[] = {
        RK_CONF_ID_rebalance_cb,
        RK_CONF_ID_offset_commit_cb,
        RK_CONF_ID_consume_cb,
        RK_CONF_ID_enable_auto_commit,
        RK_CONF_ID_group_protocol,
        RK_CONF_ID_socket_max_fails,
        RK_CONF_ID_partition_assignment_strategy,
        RK_CONF_ID_group_instance_id,
        RK_CONF_ID_isolation_level,
        RK_CONF_ID_group_remote_assignor,
        RK_CONF_ID_queued_min_messages,
        RK_CONF_ID_queued_max_messages_kbytes,
        RK_CONF_ID_fetch_queue_backoff_ms,
        RK_CONF_ID_fetch_error_backoff_ms,
        RK_CONF_ID_enable_partition_eof,
        RK_CONF_ID_message_copy_max_bytes,
        RK_CONF_ID_topic_blacklist,
        RK_CONF_ID_allow_auto_create_topics,
    };
    for (size_t i = 0; i < RK_COUNT_OF(refused); i++)
        if (conf->modified[refused[i]])
            return rk_conf_properties[refused[i]].name;
    if (conf->conf.callbacks.enabled_events & RD_KAFKA_EVENT_REBALANCE)
        return "RD_KAFKA_EVENT_REBALANCE";
    const struct rd_kafka_topic_conf_s *topic_conf = conf->default_topic_conf;
    if (topic_conf && TOPIC_IS_SET(topic_conf, auto_offset_reset))
        return "auto.offset.reset";
    if (topic_conf && TOPIC_IS_SET(topic_conf, consume_callback_max_messages))
        return "consume.callback.max.messages";
    return NULL;
}

rd_kafka_resp_err_t rk_conf_finish_share(struct rd_kafka_conf_s *conf, char *errstr, size_t size)
{
    const char *refused = find_not_for_share(conf);
    if (refused) {
        refuse(errstr, size, "`%s` must not be set for a share consumer", refused);
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    rd_kafka_resp_err_t err = rk_conf_finish(conf, RD_KAFKA_CONSUMER, errstr, size);
    if (err)
        return err;
    if (!rk_conf_is_modified(conf, connections_max_idle_ms))
        conf->conf.connections_max_idle_ms = 540000;
    if (!rk_conf_is_modified(conf, reconnect_backoff_ms))
        conf->conf.reconnect_backoff_ms = 50;
    if (!rk_conf_is_modified(conf, reconnect_backoff_max_ms))
        conf->conf.reconnect_backoff_max_ms = RK_MAX(1000, conf->conf.reconnect_backoff_ms);
    if (!rk_conf_is_modified(conf, receive_message_max_bytes))
        conf->conf.receive_message_max_bytes = INT32_MAX;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rk_topic_conf_finish(const struct rd_kafka_conf_s *conf,
                                         struct rd_kafka_topic_conf_s *topic_conf,
                                         rd_kafka_type_t type, char *errstr, size_t size)
{
    forget_derived_topic(topic_conf);
    if (type != RD_KAFKA_PRODUCER)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!finish_topic_producer(conf, topic_conf, NULL, errstr, size))
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (topic_conf->conf.compression_codec == RK_TOPIC_CONF_COMPRESSION_INHERIT)
        topic_conf->conf.compression_codec = conf->conf.compression_codec;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void warn_of_properties(const struct rk_property *properties, int count,
                               const bool *modified, rd_kafka_type_t type, rk_conf_warn_t *warn,
                               void *opaque)
{
    enum rk_property_clients kind =
        type == RD_KAFKA_PRODUCER ? RK_CLIENTS_PRODUCER : RK_CLIENTS_CONSUMER;
    for (int i = 0; i < count; i++) {
        const struct rk_property *property = &properties[i];
        struct rk_text text = {0};
        if (!modified[i])
            continue;
        if (!(property->clients & kind))
            rk_text_appendf(&text,
                            "Configuration property %s is a %s property and will be ignored by "
                            "this %s instance",
                            property->name,
                            property->clients == RK_CLIENTS_PRODUCER ? "producer" : "consumer",
                            type == RD_KAFKA_PRODUCER ? "producer" : "consumer");
        else if (property->status & RK_STATUS_DEPRECATED)
            rk_text_appendf(&text, "Configuration property %s is deprecated: %s", property->name,
                            property->text);
        else if (property->status & RK_STATUS_EXPERIMENTAL)
            rk_text_appendf(&text, "Configuration property %s is experimental: %s", property->name,
                            property->text);
        if (text.size)
            warn(opaque, 4, rk_text_chars(&text));
        rk_text_clear(&text);
    }
}

void rk_conf_warnings(const struct rd_kafka_conf_s *conf, rd_kafka_type_t type,
                      rk_conf_warn_t *warn, void *opaque)
{
    warn_of_properties(rk_conf_properties, RK_CONF_IDS, conf->modified, type, warn, opaque);
    if (conf->default_topic_conf)
        rk_topic_conf_warnings(conf->default_topic_conf, type, warn, opaque);
    if (conf->default_topic_conf_was_replaced)
        warn(opaque, 4,
             "Topic properties were set on the client's configuration and then lost, because "
             "rd_kafka_conf_set_default_topic_conf() replaced them");
    if (conf->conf.retry_backoff_ms > conf->conf.retry_backoff_max_ms)
        warn(opaque, 4,
             "Configuration property retry.backoff.ms is greater than retry.backoff.max.ms: every "
             "wait is retry.backoff.max.ms");
    if (!conf->conf.metadata_broker_list && conf->conf.test_mock_num_brokers == 0)
        warn(opaque, 5,
             "No `bootstrap.servers` configured: the client cannot connect to a cluster until "
             "rd_kafka_brokers_add() is called");
}

void rk_topic_conf_warnings(const struct rd_kafka_topic_conf_s *topic_conf, rd_kafka_type_t type,
                            rk_conf_warn_t *warn, void *opaque)
{
    warn_of_properties(rk_topic_conf_properties, RK_TOPIC_CONF_IDS, topic_conf->modified, type,
                       warn, opaque);
}
