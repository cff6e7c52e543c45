/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The public interface of Milena, an Apache Kafka client library for C.
 *
 * Programs written for librdkafka 2.15 compile against this header and link with the library
 * unchanged: functions, types, values and struct layouts are the same. rdkafka_mock.h adds the
 * cluster that is built into the library.
 *
 * The header can be read from top to bottom: objects and errors, configuration, clients, topics,
 * queues, producing, consuming, transactions, events; then what fewer programs need: metadata,
 * logging, security, share consumers, administration, interceptors.
 *
 * What holds for all functions, unless their comment says otherwise:
 *
 * Threads. Clients, topics and queues may be used by any number of threads at once.
 * Configurations, lists, headers, messages, events and the objects that describe an admin request
 * belong to one thread at a time.
 *
 * Callbacks run on the thread that calls rd_kafka_poll(), rd_kafka_consumer_poll(),
 * rd_kafka_flush(), rd_kafka_consumer_close() or one of their relatives, with none of the
 * library's locks held. The few that run on one of the library's threads say so.
 *
 * Ownership. Strings, lists, keys and options given to a function are copied. Where a function
 * keeps what it is given, its comment says "takes". A const pointer that is returned belongs to
 * the object it was asked from and lives as long as that; any other pointer that is returned
 * belongs to the caller, who frees it with the function that is named. Pointers called opaque
 * are the application's own and are only handed back.
 *
 * Times. timeout_ms is in milliseconds: 0 does not wait, -1 waits without limit. Timestamps of
 * messages are milliseconds since 1970-01-01 00:00 UTC.
 *
 * Texts are UTF-8 and end with NUL. errstr is a buffer of errstr_size bytes, filled with a text
 * that ends with NUL when the call fails; NULL with size 0 is fine.
 *
 * Errors come in three ways. Most functions return an rd_kafka_resp_err_t, 0 meaning success.
 * Newer ones return an rd_kafka_error_t, NULL meaning success, which the caller destroys. The
 * oldest return -1 or NULL and leave the code in rd_kafka_last_error(), which is the thread's own.
 * A function whose feature is not built yet returns RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED in its way
 * (NULL or -1 where it has no other); README.md lists these.
 */

#ifndef _RDKAFKA_H_
#define _RDKAFKA_H_

#include <stdio.h>
#include <inttypes.h>
#include <sys/types.h>

#ifdef _WIN32
#include <basetsd.h>
#ifndef WIN32_MEAN_AND_LEAN
#define WIN32_MEAN_AND_LEAN
#endif
#include <winsock2.h>
#ifndef _SSIZE_T_DEFINED
#define _SSIZE_T_DEFINED
typedef SSIZE_T ssize_t;
#endif
#else
#include <sys/socket.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ==============================================================================================
 * Platform
 *
 * How the compiler is told about exported, deprecated and printf-like functions. Programs use
 * RD_UNUSED, RD_INLINE and their companions too.
 * ============================================================================================== */

#ifdef _WIN32
#define RD_UNUSED
#define RD_INLINE     __inline
#define RD_DEPRECATED __declspec(deprecated)
#define RD_FORMAT(...)
#ifdef LIBRDKAFKA_STATICLIB
#define RD_EXPORT
#elif defined(LIBRDKAFKA_EXPORTS)
#define RD_EXPORT __declspec(dllexport)
#else
#define RD_EXPORT __declspec(dllimport)
#endif
#ifndef LIBRDKAFKA_TYPECHECKS
#define LIBRDKAFKA_TYPECHECKS 0
#endif

#else
#define RD_UNUSED __attribute__((unused))
#define RD_INLINE inline
#define RD_EXPORT
#define RD_DEPRECATED __attribute__((deprecated))
#if defined(__GNUC__) || defined(__clang__)
#define RD_HAS_STATEMENT_EXPRESSIONS
#define RD_FORMAT(...) __attribute__((format(__VA_ARGS__)))
#else
#define RD_FORMAT(...)
#endif
#ifndef LIBRDKAFKA_TYPECHECKS
#define LIBRDKAFKA_TYPECHECKS 1
#endif
#endif

/* The library is built with hidden visibility; what these headers declare is its interface. */
#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility push(default)
#endif

/*
 * Yield RET, after having the compiler check in code that never runs that each ARG can be assigned
 * to its TYPE without a warning. ARG is written out more than once but evaluated only where it is
 * used.
 */
#if LIBRDKAFKA_TYPECHECKS && defined(RD_HAS_STATEMENT_EXPRESSIONS)
#define _LRK_TYPECHECK(RET, TYPE, ARG)         \
    __extension__({                            \
        if (0) {                               \
            TYPE _lrk_first RD_UNUSED = (ARG); \
        }                                      \
        RET;                                   \
    })
#define _LRK_TYPECHECK2(RET, TYPE, ARG, TYPE2, ARG2) \
    __extension__({                                  \
        if (0) {                                     \
            TYPE _lrk_first RD_UNUSED = (ARG);       \
            TYPE2 _lrk_second RD_UNUSED = (ARG2);    \
        }                                            \
        RET;                                         \
    })
#define _LRK_TYPECHECK3(RET, TYPE, ARG, TYPE2, ARG2, TYPE3, ARG3) \
    __extension__({                                               \
        if (0) {                                                  \
            TYPE _lrk_first RD_UNUSED = (ARG);                    \
            TYPE2 _lrk_second RD_UNUSED = (ARG2);                 \
            TYPE3 _lrk_third RD_UNUSED = (ARG3);                  \
        }                                                         \
        RET;                                                      \
    })
#else
#define _LRK_TYPECHECK(RET, TYPE, ARG)                            (RET)
#define _LRK_TYPECHECK2(RET, TYPE, ARG, TYPE2, ARG2)              (RET)
#define _LRK_TYPECHECK3(RET, TYPE, ARG, TYPE2, ARG2, TYPE3, ARG3) (RET)
#endif

/* ==============================================================================================
 * Version
 * ============================================================================================== */

/**
 * The librdkafka release that this header is compatible with, as 0xMMmmrrpp: major, minor,
 * revision, and 0xff for a final release. 2.15.0 here.
 */
#define RD_KAFKA_VERSION 0x020f00ff

/** Names for the `debug` property, separated by commas; it accepts "telemetry" too. */
#define RD_KAFKA_DEBUG_CONTEXTS                                           \
    "all,generic,broker,topic,metadata,feature,queue,msg,protocol,cgrp,"  \
    "security,fetch,interceptor,plugin,consumer,admin,eos,mock,assignor," \
    "conf"

/**
 * RD_KAFKA_VERSION of the library that is running, which may be newer or older than the header.
 */
RD_EXPORT int rd_kafka_version(void);

/**
 * The library that is running, as text for people: its name, Milena, and its version. Static.
 */
RD_EXPORT const char *rd_kafka_version_str(void);

/** RD_KAFKA_DEBUG_CONTEXTS of the library that is running. Static. */
RD_EXPORT const char *rd_kafka_get_debug_contexts(void);

/* ==============================================================================================
 * Objects
 *
 * All are opaque: made, read and destroyed by functions only.
 * ============================================================================================== */

/** What a client is for. */
typedef enum rd_kafka_type_t {
    RD_KAFKA_PRODUCER, /**< Sends messages. */
    RD_KAFKA_CONSUMER  /**< Receives messages. */
} rd_kafka_type_t;

/** A client: one producer or one consumer, with its connections and threads. */
typedef struct rd_kafka_s rd_kafka_t;

/** A topic as one client knows it. Counted: every rd_kafka_topic_new() needs its destroy. */
typedef struct rd_kafka_topic_s rd_kafka_topic_t;

/** The configuration of a client that is to be made. */
typedef struct rd_kafka_conf_s rd_kafka_conf_t;

/** The configuration of a topic that is to be made, or of all topics of a client. */
typedef struct rd_kafka_topic_conf_s rd_kafka_topic_conf_t;

/** A queue of messages, events and callbacks on their way to the application. Counted. */
typedef struct rd_kafka_queue_s rd_kafka_queue_t;

/** Something taken from a queue that is not (only) a message. */
typedef struct rd_kafka_op_s rd_kafka_event_t;

/** How an admin operation ended for one topic. */
typedef struct rd_kafka_topic_result_s rd_kafka_topic_result_t;

/** A consumer's membership in its group, as a transactional producer has to know it (KIP-447). */
typedef struct rd_kafka_consumer_group_metadata_s rd_kafka_consumer_group_metadata_t;

/** An error: a code, a text, and what can be done about it. NULL stands for success. */
typedef struct rd_kafka_error_s rd_kafka_error_t;

/** The headers of a message (KIP-82): names and values in order, names may repeat. */
typedef struct rd_kafka_headers_s rd_kafka_headers_t;

/** How an admin operation ended for one consumer group. */
typedef struct rd_kafka_group_result_s rd_kafka_group_result_t;

/** How the creation of one ACL ended. */
typedef struct rd_kafka_acl_result_s rd_kafka_acl_result_t;

/** A 128-bit identifier, as every topic has one (KIP-516). */
typedef struct rd_kafka_Uuid_s rd_kafka_Uuid_t;

/** How an admin operation ended for one partition. */
typedef struct rd_kafka_topic_partition_result_s rd_kafka_topic_partition_result_t;

/** A share consumer (KIP-932). */
typedef struct rd_kafka_share_s rd_kafka_share_t;

/** The messages one rd_kafka_share_poll() returned. */
typedef struct rd_kafka_messages_s rd_kafka_messages_t;

/** A partition and the offsets acknowledged in it. */
typedef struct rd_kafka_share_partition_offsets_s rd_kafka_share_partition_offsets_t;

/** A list of these. */
typedef struct rd_kafka_share_partition_offsets_list_s rd_kafka_share_partition_offsets_list_t;

/* ==============================================================================================
 * Error codes
 * ============================================================================================== */

/**
 * What became of a call or a message.
 *
 * Codes between _BEGIN and _END come from the client itself, the others are the numbers brokers
 * answer with. A newer broker may answer one that is not listed: rd_kafka_err2str() copes.
 */

typedef enum {
    /* Codes made by the client itself. */
    /** The first of the client's own codes; no error. */
    RD_KAFKA_RESP_ERR__BEGIN = -200,
    /** A message or an answer is malformed. */
    RD_KAFKA_RESP_ERR__BAD_MSG = -199,
    /** Compressed data is damaged or its codec is not supported */
    RD_KAFKA_RESP_ERR__BAD_COMPRESSION = -198,
    /** The client is being destroyed, or the consumer closed. */
    RD_KAFKA_RESP_ERR__DESTROY = -197,
    /** The operation failed inside the client */
    RD_KAFKA_RESP_ERR__FAIL = -196,
    /** The connection to the broker failed. */
    RD_KAFKA_RESP_ERR__TRANSPORT = -195,
    /** The system is out of a resource the client cannot do without */
    RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE = -194,
    /** The host name could not be resolved */
    RD_KAFKA_RESP_ERR__RESOLVE = -193,
    /** The message was not delivered within message.timeout.ms. */
    RD_KAFKA_RESP_ERR__MSG_TIMED_OUT = -192,
    /** The end of the partition was reached; with enable.partition.eof, and no failure. */
    RD_KAFKA_RESP_ERR__PARTITION_EOF = -191,
    /** The partition does not exist, or this client does not use it. */
    RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION = -190,
    /** A file or directory could not be used */
    RD_KAFKA_RESP_ERR__FS = -189,
    /** The topic does not exist in the cluster. */
    RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC = -188,
    /** No broker can be reached. The client goes on trying. */
    RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN = -187,
    /** An argument or a property is not valid */
    RD_KAFKA_RESP_ERR__INVALID_ARG = -186,
    /** The operation did not finish within its timeout. */
    RD_KAFKA_RESP_ERR__TIMED_OUT = -185,
    /** queue.buffering.max.messages or .kbytes is reached: poll, then try again. */
    RD_KAFKA_RESP_ERR__QUEUE_FULL = -184,
    /** Fewer replicas are in sync than the topic requires */
    RD_KAFKA_RESP_ERR__ISR_INSUFF = -183,
    /** The broker's address has changed */
    RD_KAFKA_RESP_ERR__NODE_UPDATE = -182,
    /** TLS failed */
    RD_KAFKA_RESP_ERR__SSL = -181,
    /** The group's or transaction's coordinator is not known yet. */
    RD_KAFKA_RESP_ERR__WAIT_COORD = -180,
    /** The consumer has no group.id. */
    RD_KAFKA_RESP_ERR__UNKNOWN_GROUP = -179,
    /** The operation is under way */
    RD_KAFKA_RESP_ERR__IN_PROGRESS = -178,
    /** An earlier operation of this kind has not finished, or a fatal error is there already. */
    RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS = -177,
    /** A subscription that exists already stands in the way */
    RD_KAFKA_RESP_ERR__EXISTING_SUBSCRIPTION = -176,
    /** Rebalance: the listed partitions are given to this consumer. */
    RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS = -175,
    /** Rebalance: the listed partitions are taken from this consumer. */
    RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS = -174,
    /** The call conflicts with another use of the object. */
    RD_KAFKA_RESP_ERR__CONFLICT = -173,
    /** The call is not possible in the present state. */
    RD_KAFKA_RESP_ERR__STATE = -172,
    /** The protocol is not known */
    RD_KAFKA_RESP_ERR__UNKNOWN_PROTOCOL = -171,
    /** Not implemented, or not for this kind of client. */
    RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED = -170,
    /** Authentication failed */
    RD_KAFKA_RESP_ERR__AUTHENTICATION = -169,
    /** There is no offset to commit. */
    RD_KAFKA_RESP_ERR__NO_OFFSET = -168,
    /** Overtaken by a newer operation */
    RD_KAFKA_RESP_ERR__OUTDATED = -167,
    /** Timed out while waiting in the client's queue */
    RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE = -166,
    /** The feature is missing in this build, or the broker is too old for it. */
    RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE = -165,
    /** Waiting for cached information to be refreshed */
    RD_KAFKA_RESP_ERR__WAIT_CACHE = -164,
    /** The operation was interrupted */
    RD_KAFKA_RESP_ERR__INTR = -163,
    /** The application could not serialize the key */
    RD_KAFKA_RESP_ERR__KEY_SERIALIZATION = -162,
    /** The application could not serialize the value */
    RD_KAFKA_RESP_ERR__VALUE_SERIALIZATION = -161,
    /** The application could not deserialize the key */
    RD_KAFKA_RESP_ERR__KEY_DESERIALIZATION = -160,
    /** The application could not deserialize the value */
    RD_KAFKA_RESP_ERR__VALUE_DESERIALIZATION = -159,
    /** The answer is incomplete */
    RD_KAFKA_RESP_ERR__PARTIAL = -158,
    /** The object may not be changed */
    RD_KAFKA_RESP_ERR__READ_ONLY = -157,
    /** There is no such entry */
    RD_KAFKA_RESP_ERR__NOENT = -156,
    /** More was asked for than the data holds */
    RD_KAFKA_RESP_ERR__UNDERFLOW = -155,
    /** The object is not of the expected type */
    RD_KAFKA_RESP_ERR__INVALID_TYPE = -154,
    /** To be tried again */
    RD_KAFKA_RESP_ERR__RETRY = -153,
    /** rd_kafka_purge() removed the message before it was sent. */
    RD_KAFKA_RESP_ERR__PURGE_QUEUE = -152,
    /** rd_kafka_purge() removed the message after it was sent, before the answer. */
    RD_KAFKA_RESP_ERR__PURGE_INFLIGHT = -151,
    /** A fatal error has been raised; rd_kafka_fatal_error() has its code. */
    RD_KAFKA_RESP_ERR__FATAL = -150,
    /** The client's state is inconsistent */
    RD_KAFKA_RESP_ERR__INCONSISTENT = -149,
    /** A message is lost and enable.gapless.guarantee rules out going on. */
    RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE = -148,
    /** The application did not poll within max.poll.interval.ms and lost its partitions. */
    RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED = -147,
    /** The broker is not known */
    RD_KAFKA_RESP_ERR__UNKNOWN_BROKER = -146,
    /** The function needs a property that is not set. */
    RD_KAFKA_RESP_ERR__NOT_CONFIGURED = -145,
    /** A newer instance has taken this one's place. */
    RD_KAFKA_RESP_ERR__FENCED = -144,
    /** The application reported an error */
    RD_KAFKA_RESP_ERR__APPLICATION = -143,
    /** The group gave the partitions away without this consumer having a say. */
    RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST = -142,
    /** There was nothing to do */
    RD_KAFKA_RESP_ERR__NOOP = -141,
    /** There is no usable offset and auto.offset.reset=error. */
    RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET = -140,
    /** The log was cut off below the consumer's position, and auto.offset.reset=error (KIP-320). */
    RD_KAFKA_RESP_ERR__LOG_TRUNCATION = -139,
    /** The broker rejected another record of the same batch (KIP-467). */
    RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD = -138,
    /** The broker is no longer part of the cluster */
    RD_KAFKA_RESP_ERR__DESTROY_BROKER = -137,
    /** The last of them; no error. */
    RD_KAFKA_RESP_ERR__END = -100,

    /* Codes answered by brokers: the numbers of the Kafka protocol. */
    /** The broker met an unexpected error */
    RD_KAFKA_RESP_ERR_UNKNOWN = -1,
    /** Success */
    RD_KAFKA_RESP_ERR_NO_ERROR = 0,
    /** The offset is outside of the partition's log */
    RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE = 1,
    /** The broker found a message damaged */
    RD_KAFKA_RESP_ERR_INVALID_MSG = 2,
    /** The broker does not know the topic or partition */
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART = 3,
    /** The broker found a message of impossible size */
    RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE = 4,
    /** The partition has no leader at the moment */
    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE = 5,
    /** The broker does not lead the partition */
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION = 6,
    /** The broker could not finish the request in time */
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT = 7,
    /** The broker is not available */
    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE = 8,
    /** The broker has no usable replica of the partition */
    RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE = 9,
    /** The message or batch is larger than allowed */
    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE = 10,
    /** The controller's epoch is outdated */
    RD_KAFKA_RESP_ERR_STALE_CTRL_EPOCH = 11,
    /** The metadata of a committed offset is too large */
    RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE = 12,
    /** The connection was lost before the broker could answer */
    RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION = 13,
    /** The coordinator is still loading its state */
    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS = 14,
    /** The coordinator is not available */
    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE = 15,
    /** The broker is not the coordinator */
    RD_KAFKA_RESP_ERR_NOT_COORDINATOR = 16,
    /** The topic's name is not valid, or the topic may not be used */
    RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION = 17,
    /** The batch is larger than the broker's segments */
    RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE = 18,
    /** Too few replicas are in sync: not stored */
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS = 19,
    /** Stored, but on too few replicas in sync */
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20,
    /** The required acks are not valid */
    RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS = 21,
    /** The group has moved on to another generation */
    RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION = 22,
    /** The group's members do not agree on a protocol */
    RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL = 23,
    /** The group's name is not valid */
    RD_KAFKA_RESP_ERR_INVALID_GROUP_ID = 24,
    /** The group does not know this member */
    RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID = 25,
    /** The session timeout is outside of the broker's limits */
    RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT = 26,
    /** The group is rebalancing */
    RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS = 27,
    /** The committed offset and metadata are too large */
    RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE = 28,
    /** Not authorized for the topic */
    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED = 29,
    /** Not authorized for the group */
    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED = 30,
    /** Not authorized for the cluster */
    RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED = 31,
    /** The message's timestamp is outside of the accepted range */
    RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP = 32,
    /** The broker does not offer this SASL mechanism */
    RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM = 33,
    /** The request does not fit the state of authentication */
    RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE = 34,
    /** The broker does not support this version of the request */
    RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION = 35,
    /** The topic exists already */
    RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS = 36,
    /** The number of partitions is not valid */
    RD_KAFKA_RESP_ERR_INVALID_PARTITIONS = 37,
    /** The replication factor is not possible */
    RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR = 38,
    /** The assignment of replicas is not valid */
    RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT = 39,
    /** The configuration is not valid */
    RD_KAFKA_RESP_ERR_INVALID_CONFIG = 40,
    /** The broker is not the controller */
    RD_KAFKA_RESP_ERR_NOT_CONTROLLER = 41,
    /** The broker rejected the request as not valid */
    RD_KAFKA_RESP_ERR_INVALID_REQUEST = 42,
    /** The topic's message format does not allow this */
    RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT = 43,
    /** A policy of the broker forbids this */
    RD_KAFKA_RESP_ERR_POLICY_VIOLATION = 44,
    /** The batch's sequence number does not follow the last */
    RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER = 45,
    /** The batch's sequence number was seen before */
    RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER = 46,
    /** A producer with a newer epoch exists */
    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH = 47,
    /** The transaction's state does not allow this */
    RD_KAFKA_RESP_ERR_INVALID_TXN_STATE = 48,
    /** The producer id does not belong to this transactional id */
    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING = 49,
    /** The transaction timeout is longer than the broker allows */
    RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT = 50,
    /** Another operation on this transaction is under way */
    RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS = 51,
    /** A newer transaction coordinator exists */
    RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED = 52,
    /** Not authorized for the transactional id */
    RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53,
    /** The broker has security switched off */
    RD_KAFKA_RESP_ERR_SECURITY_DISABLED = 54,
    /** Not attempted, because another part of the request failed */
    RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED = 55,
    /** The broker's disk failed */
    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR = 56,
    /** The broker has no such log directory */
    RD_KAFKA_RESP_ERR_LOG_DIR_NOT_FOUND = 57,
    /** The broker rejected the credentials */
    RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED = 58,
    /** The broker does not know the producer id (any more) */
    RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID = 59,
    /** The partition's replicas are being moved */
    RD_KAFKA_RESP_ERR_REASSIGNMENT_IN_PROGRESS = 60,
    /** Delegation tokens are not enabled */
    RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTH_DISABLED = 61,
    /** There is no such delegation token */
    RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_NOT_FOUND = 62,
    /** The delegation token belongs to somebody else */
    RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_OWNER_MISMATCH = 63,
    /** Delegation tokens cannot be handled over this connection */
    RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_REQUEST_NOT_ALLOWED = 64,
    /** Not authorized for the delegation token */
    RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTHORIZATION_FAILED = 65,
    /** The delegation token has expired */
    RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_EXPIRED = 66,
    /** The type of principal is not supported */
    RD_KAFKA_RESP_ERR_INVALID_PRINCIPAL_TYPE = 67,
    /** The group still has members */
    RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP = 68,
    /** There is no such group */
    RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND = 69,
    /** The broker does not know the fetch session (any more) */
    RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND = 70,
    /** The fetch session is at another epoch */
    RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH = 71,
    /** The leader has no listener of the kind this client uses */
    RD_KAFKA_RESP_ERR_LISTENER_NOT_FOUND = 72,
    /** The cluster does not allow deletion of topics */
    RD_KAFKA_RESP_ERR_TOPIC_DELETION_DISABLED = 73,
    /** The client's leader epoch is older than the broker's */
    RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH = 74,
    /** The client's leader epoch is newer than the broker's */
    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH = 75,
    /** The topic or broker does not support the codec */
    RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE = 76,
    /** The broker's epoch is outdated */
    RD_KAFKA_RESP_ERR_STALE_BROKER_EPOCH = 77,
    /** The new leader does not know its end offset yet */
    RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE = 78,
    /** The group needs a member id before joining */
    RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED = 79,
    /** The preferred leader is not available */
    RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE = 80,
    /** The group has as many members as it may have */
    RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED = 81,
    /** Another member uses the same group.instance.id */
    RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID = 82,
    /** No replica that could lead is available */
    RD_KAFKA_RESP_ERR_ELIGIBLE_LEADERS_NOT_AVAILABLE = 83,
    /** The partition needs no election */
    RD_KAFKA_RESP_ERR_ELECTION_NOT_NEEDED = 84,
    /** No replicas are being moved */
    RD_KAFKA_RESP_ERR_NO_REASSIGNMENT_IN_PROGRESS = 85,
    /** The group is still subscribed to the topic */
    RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC = 86,
    /** The broker's validation rejected the record */
    RD_KAFKA_RESP_ERR_INVALID_RECORD = 87,
    /** A pending transaction may still change the offset */
    RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT = 88,
    /** The quota for such requests is used up */
    RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED = 89,
    /** A newer producer with the same transactional id exists */
    RD_KAFKA_RESP_ERR_PRODUCER_FENCED = 90,
    /** There is no such resource */
    RD_KAFKA_RESP_ERR_RESOURCE_NOT_FOUND = 91,
    /** The resource is named more than once */
    RD_KAFKA_RESP_ERR_DUPLICATE_RESOURCE = 92,
    /** The credential does not meet the requirements */
    RD_KAFKA_RESP_ERR_UNACCEPTABLE_CREDENTIAL = 93,
    /** The voters differ on who may vote */
    RD_KAFKA_RESP_ERR_INCONSISTENT_VOTER_SET = 94,
    /** The feature cannot be set to this version */
    RD_KAFKA_RESP_ERR_INVALID_UPDATE_VERSION = 95,
    /** The update of features failed */
    RD_KAFKA_RESP_ERR_FEATURE_UPDATE_FAILED = 96,
    /** A forwarded principal could not be read */
    RD_KAFKA_RESP_ERR_PRINCIPAL_DESERIALIZATION_FAILURE = 97,
    /** The broker does not know the topic id */
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID = 100,
    /** The topic id does not match the topic's name */
    RD_KAFKA_RESP_ERR_INCONSISTENT_TOPIC_ID = 103,
    /** The group has fenced this member's epoch */
    RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH = 110,
    /** Another member still uses the same group.instance.id */
    RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID = 111,
    /** The broker does not offer this assignor */
    RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR = 112,
    /** The member's epoch is outdated */
    RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH = 113,
    /** The request went to the wrong type of endpoint */
    RD_KAFKA_RESP_ERR_MISMATCHED_ENDPOINT_TYPE = 114,
    /** The type of endpoint is not supported */
    RD_KAFKA_RESP_ERR_UNSUPPORTED_ENDPOINT_TYPE = 115,
    /** The controller id is not known */
    RD_KAFKA_RESP_ERR_UNKNOWN_CONTROLLER_ID = 116,
    /** The telemetry subscription has changed */
    RD_KAFKA_RESP_ERR_UNKNOWN_SUBSCRIPTION_ID = 117,
    /** The pushed metrics are larger than allowed */
    RD_KAFKA_RESP_ERR_TELEMETRY_TOO_LARGE = 118,
    /** The registration is not valid */
    RD_KAFKA_RESP_ERR_INVALID_REGISTRATION = 119,
    /** The transaction has to be aborted */
    RD_KAFKA_RESP_ERR_TRANSACTION_ABORTABLE = 120,
    /** The record is not held by this member (any more) */
    RD_KAFKA_RESP_ERR_INVALID_RECORD_STATE = 121,
    /** The broker does not know the share session (any more) */
    RD_KAFKA_RESP_ERR_SHARE_SESSION_NOT_FOUND = 122,
    /** The share session is at another epoch */
    RD_KAFKA_RESP_ERR_INVALID_SHARE_SESSION_EPOCH = 123,
    /** The share state's epoch has moved on */
    RD_KAFKA_RESP_ERR_FENCED_STATE_EPOCH = 124,
    /** The voter's key does not match */
    RD_KAFKA_RESP_ERR_INVALID_VOTER_KEY = 125,
    /** The voter is a member already */
    RD_KAFKA_RESP_ERR_DUPLICATE_VOTER = 126,
    /** There is no such voter */
    RD_KAFKA_RESP_ERR_VOTER_NOT_FOUND = 127,
    /** The regular expression is not valid */
    RD_KAFKA_RESP_ERR_INVALID_REGULAR_EXPRESSION = 128,
    /** The client has to start again from its bootstrap servers */
    RD_KAFKA_RESP_ERR_REBOOTSTRAP_REQUIRED = 129,
    /** The Streams topology is not valid */
    RD_KAFKA_RESP_ERR_STREAMS_INVALID_TOPOLOGY = 130,
    /** The epoch of the Streams topology is not valid */
    RD_KAFKA_RESP_ERR_STREAMS_INVALID_TOPOLOGY_EPOCH = 131,
    /** A newer Streams topology exists */
    RD_KAFKA_RESP_ERR_STREAMS_TOPOLOGY_FENCED = 132,
    /** The broker has no room for another share session */
    RD_KAFKA_RESP_ERR_SHARE_SESSION_LIMIT_REACHED = 133,
    /** One more than the highest code; moves when codes are added. */
    RD_KAFKA_RESP_ERR_END_ALL = 134,
} rd_kafka_resp_err_t;

/* Newer names that Kafka gave to some codes. */
#define RD_KAFKA_RESP_ERR_NOT_LEADER_OR_FOLLOWER RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
#define RD_KAFKA_RESP_ERR_GROUP_LOAD_IN_PROGRESS RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS
#define RD_KAFKA_RESP_ERR_GROUP_COORDINATOR_NOT_AVAILABLE \
    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE
#define RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP RD_KAFKA_RESP_ERR_NOT_COORDINATOR

/** An entry of the table that rd_kafka_get_err_descs() returns. */
struct rd_kafka_err_desc {
    rd_kafka_resp_err_t code; /**< The code. */
    const char *name;         /**< As rd_kafka_err2name() returns it. */
    const char *desc; /**< As rd_kafka_err2str() returns it; NULL: the number has no meaning. */
};

/**
 * The table of all codes, for bindings that make constants or exceptions of them.
 *
 * `*errdescs` is set to a static table and `*cntp` to its number of entries. There is an entry
 * for every number from RD_KAFKA_RESP_ERR__BEGIN on; skip those without a description.
 */
RD_EXPORT void rd_kafka_get_err_descs(const struct rd_kafka_err_desc **errdescs, size_t *cntp);

/**
 * What a code means, as a short sentence for people. Texts may change between versions: compare
 * codes.
 *
 * Returns: a static text; for an unknown code "Err-<number>?" in a buffer of the calling thread,
 * which the thread's next unknown code overwrites.
 */
RD_EXPORT const char *rd_kafka_err2str(rd_kafka_resp_err_t err);

/**
 * The name of a code: the enumerator without RD_KAFKA_RESP_ERR_, such as "_TIMED_OUT" or
 * "NO_ERROR".
 *
 * Returns: a static text; for an unknown code "ERR_<number>?" in a buffer of the calling thread.
 */
RD_EXPORT const char *rd_kafka_err2name(rd_kafka_resp_err_t err);

/**
 * The error of the calling thread's last call of one of the older functions, those that return -1
 * or NULL: rd_kafka_new(), rd_kafka_topic_new(), rd_kafka_produce(), rd_kafka_consume() and their
 * relatives. They set it to 0 when they succeed. Functions that return a code or an
 * rd_kafka_error_t may leave it as it is.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_last_error(void);

/**
 * The code that goes with an errno value of an older function, RD_KAFKA_RESP_ERR__FAIL for those
 * without one.
 *
 * Deprecated: use rd_kafka_last_error().
 */
RD_EXPORT RD_DEPRECATED rd_kafka_resp_err_t rd_kafka_errno2err(int errnox);

/**
 * The calling thread's errno, for programs whose C library has another errno than this library's.
 *
 * Deprecated: use rd_kafka_last_error().
 */
RD_EXPORT RD_DEPRECATED int rd_kafka_errno(void);

/* ==============================================================================================
 * Error objects
 * ============================================================================================== */

/** The error's code; 0 when `error` is NULL. */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_error_code(const rd_kafka_error_t *error);

/** The name of the error's code, as rd_kafka_err2name() returns it; "" when `error` is NULL. */
RD_EXPORT const char *rd_kafka_error_name(const rd_kafka_error_t *error);

/**
 * What went wrong, for people, with the names and numbers at hand; the meaning of the code when
 * there is nothing more to say; "" when `error` is NULL. Lives as long as `error`.
 */
RD_EXPORT const char *rd_kafka_error_string(const rd_kafka_error_t *error);

/**
 * 1: the client cannot go on and has to be destroyed; see rd_kafka_fatal_error(). Else 0, also
 * for NULL.
 */
RD_EXPORT int rd_kafka_error_is_fatal(const rd_kafka_error_t *error);

/** 1: the same call may succeed when it is made again. Else 0, also for NULL. */
RD_EXPORT int rd_kafka_error_is_retriable(const rd_kafka_error_t *error);

/**
 * 1: the transaction cannot be committed any more; call rd_kafka_abort_transaction(), and begin
 * another. Else 0, also for NULL. Comes from transactional producers only.
 */
RD_EXPORT int rd_kafka_error_txn_requires_abort(const rd_kafka_error_t *error);

/**
 * Frees an error that a function returned or rd_kafka_error_new() made. NULL is fine. Errors that
 * belong to another object (an event, a result) are freed with it, not here.
 */
RD_EXPORT void rd_kafka_error_destroy(rd_kafka_error_t *error);

/**
 * Makes an error of the application's own, for a binding or an interceptor that has to return
 * one.
 *
 * `fmt` and what follows are as for printf(); NULL leaves the text to the code's meaning.
 *
 * Returns: an error without flags, for rd_kafka_error_destroy().
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_error_new(rd_kafka_resp_err_t code, const char *fmt, ...)
    RD_FORMAT(printf, 2, 3);

/* ==============================================================================================
 * Topic partitions
 *
 * Lists of partitions go in and out of many functions: an entry says which partition, what is
 * asked or told about it, and in `err` what became of it. An entry's strings are owned by its
 * list. Entries are copied by rd_kafka_topic_partition_list_copy() only, never by assignment.
 * ============================================================================================== */

/** No partition in particular: leaves the choice to the partitioner. */
#define RD_KAFKA_PARTITION_UA ((int32_t)-1)

/* Offsets with a meaning instead of a place. */
#define RD_KAFKA_OFFSET_BEGINNING -2    /**< The oldest message there is. */
#define RD_KAFKA_OFFSET_END       -1    /**< After the newest message: what comes from now on. */
#define RD_KAFKA_OFFSET_STORED    -1000 /**< The offset committed for the group. */
#define RD_KAFKA_OFFSET_INVALID   -1001 /**< No offset, or not known. */
#define RD_KAFKA_OFFSET_TAIL_BASE -2000 /**< Where RD_KAFKA_OFFSET_TAIL() counts from. */
/** The CNT newest messages, and what comes after them. */
#define RD_KAFKA_OFFSET_TAIL(CNT) (RD_KAFKA_OFFSET_TAIL_BASE - (CNT))

/** A partition, and what a function wants to know or tells about it. */
typedef struct rd_kafka_topic_partition_s {
    char *topic;             /**< Topic name. */
    int32_t partition;       /**< Its number, from 0, or RD_KAFKA_PARTITION_UA. */
    int64_t offset;          /**< An offset, RD_KAFKA_OFFSET_..., or a time. */
    void *metadata;          /**< Bytes kept with a committed offset, from malloc(). */
    size_t metadata_size;    /**< Size of `metadata`. */
    void *opaque;            /**< The application's own. */
    rd_kafka_resp_err_t err; /**< What became of this entry. */
    void *_private;          /**< The library's own: leader epoch and more. */
} rd_kafka_topic_partition_t;

/** A list of partitions that grows as needed. */
typedef struct rd_kafka_topic_partition_list_s {
    int cnt;                           /**< Entries in the list. */
    int size;                          /**< Entries there is room for. */
    rd_kafka_topic_partition_t *elems; /**< The entries; they move when the list grows. */
} rd_kafka_topic_partition_list_t;

/**
 * Frees a single entry that a function returned (rd_kafka_event_topic_partition()), never one
 * that is part of a list.
 */
RD_EXPORT void rd_kafka_topic_partition_destroy(rd_kafka_topic_partition_t *rktpar);

/**
 * Sets the entry's leader epoch: which of the partition's leaders wrote the message before
 * `offset` (KIP-320). A consumer that starts there, or a group that resumes there, uses it to
 * notice a log that was cut off. -1 takes it away.
 */
RD_EXPORT void rd_kafka_topic_partition_set_leader_epoch(rd_kafka_topic_partition_t *rktpar,
                                                         int32_t leader_epoch);

/** The entry's leader epoch, or -1 when it has none. */
RD_EXPORT int32_t
rd_kafka_topic_partition_get_leader_epoch(const rd_kafka_topic_partition_t *rktpar);

/**
 * Makes an empty list with room for `size` entries; it grows when it has to.
 *
 * Returns: a list for rd_kafka_topic_partition_list_destroy().
 */
RD_EXPORT rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_new(int size);

/** Frees a list and all in it. NULL is fine. */
RD_EXPORT void rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *rkparlist);

/**
 * Adds an entry at the end, with offset RD_KAFKA_OFFSET_INVALID and nothing else set. Does not
 * look for duplicates.
 *
 * Returns: the entry, whose members may be set; valid until the list grows.
 */
RD_EXPORT rd_kafka_topic_partition_t *
rd_kafka_topic_partition_list_add(rd_kafka_topic_partition_list_t *rktparlist, const char *topic,
                                  int32_t partition);

/** Adds the partitions `start` to `stop`, both included. */
RD_EXPORT void rd_kafka_topic_partition_list_add_range(rd_kafka_topic_partition_list_t *rktparlist,
                                                       const char *topic, int32_t start,
                                                       int32_t stop);

/**
 * Removes the entry of this topic and partition; those behind it move up.
 *
 * Returns: 1, or 0 when there is none.
 */
RD_EXPORT int rd_kafka_topic_partition_list_del(rd_kafka_topic_partition_list_t *rktparlist,
                                                const char *topic, int32_t partition);

/**
 * Removes the entry number `idx`, counted from 0; those behind it move up.
 *
 * Returns: 1, or 0 when the list is not that long.
 */
RD_EXPORT int rd_kafka_topic_partition_list_del_by_idx(rd_kafka_topic_partition_list_t *rktparlist,
                                                       int idx);

/**
 * A copy with everything that belongs to the entries, leader epochs included.
 *
 * Returns: a list for rd_kafka_topic_partition_list_destroy().
 */
RD_EXPORT rd_kafka_topic_partition_list_t *
rd_kafka_topic_partition_list_copy(const rd_kafka_topic_partition_list_t *src);

/**
 * Sets the offset of the entry of this topic and partition.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION when there is none.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_topic_partition_list_set_offset(rd_kafka_topic_partition_list_t *rktparlist,
                                         const char *topic, int32_t partition, int64_t offset);

/**
 * Looks for the entry of this topic and partition.
 *
 * Returns: the entry inside the list, or NULL.
 */
RD_EXPORT rd_kafka_topic_partition_t *
rd_kafka_topic_partition_list_find(const rd_kafka_topic_partition_list_t *rktparlist,
                                   const char *topic, int32_t partition);

/**
 * Sorts the list.
 *
 * `cmp` gets two rd_kafka_topic_partition_t and returns less than, equal to or more than 0, as
 * for qsort(). NULL sorts by topic name, then by partition. `cmp_opaque` is its third argument.
 */
RD_EXPORT void rd_kafka_topic_partition_list_sort(rd_kafka_topic_partition_list_t *rktparlist,
                                                  int (*cmp)(const void *a, const void *b,
                                                             void *cmp_opaque),
                                                  void *cmp_opaque);

/* ==============================================================================================
 * Message headers (KIP-82)
 *
 * A list belongs to one message or to the application, and to one thread at a time. Names are
 * text, values are any bytes and may be null.
 * ============================================================================================== */

/**
 * Makes an empty list with room for `initial_count` headers; it grows when it has to.
 *
 * Returns: a list for rd_kafka_headers_destroy(), or for a produced message, which takes it.
 */
RD_EXPORT rd_kafka_headers_t *rd_kafka_headers_new(size_t initial_count);

/** Frees a list that is the application's own: not one that still belongs to a message. */
RD_EXPORT void rd_kafka_headers_destroy(rd_kafka_headers_t *hdrs);

/** Returns: a copy of the list, for rd_kafka_headers_destroy(). */
RD_EXPORT rd_kafka_headers_t *rd_kafka_headers_copy(const rd_kafka_headers_t *src);

/**
 * Adds a header at the end. Other headers of that name stay.
 *
 * - `name`, `name_size`: its name; a size of -1 takes all up to the NUL.
 * - `value`, `value_size`: its value, copied; a size of -1 takes all up to the NUL. NULL makes a
 *   null value.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__READ_ONLY when the list may not be changed.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_header_add(rd_kafka_headers_t *hdrs, const char *name,
                                                  ssize_t name_size, const void *value,
                                                  ssize_t value_size);

/**
 * Removes all headers of this name.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__NOENT when there is none, or RD_KAFKA_RESP_ERR__READ_ONLY when
 * the list may not be changed.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_header_remove(rd_kafka_headers_t *hdrs, const char *name);

/**
 * The last header of this name: the one that counts where a name should be unique.
 *
 * Sets `*valuep` and `*sizep` to the value inside the list. A NUL follows every value that is not
 * null, so that text can be read as it is.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__NOENT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_header_get_last(const rd_kafka_headers_t *hdrs,
                                                       const char *name, const void **valuep,
                                                       size_t *sizep);

/**
 * One after another, the headers of one name: the one number `idx`, counted from 0 among those.
 * See rd_kafka_header_get_last().
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__NOENT when there are no more.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_header_get(const rd_kafka_headers_t *hdrs, size_t idx,
                                                  const char *name, const void **valuep,
                                                  size_t *sizep);

/**
 * One after another, all headers: the one number `idx`, counted from 0. `*namep` is set too. See
 * rd_kafka_header_get_last().
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__NOENT when there are no more.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_header_get_all(const rd_kafka_headers_t *hdrs, size_t idx,
                                                      const char **namep, const void **valuep,
                                                      size_t *sizep);

/** The number of headers in the list. */
RD_EXPORT size_t rd_kafka_header_cnt(const rd_kafka_headers_t *hdrs);

/* ==============================================================================================
 * Messages
 *
 * A message that was consumed, or the report about one that was produced, or a consumer's error
 * in a message's place: look at `err` first. The functions below read more than the struct has,
 * so they take only messages that the library handed out, never one the application filled in.
 * ============================================================================================== */

/** A message. */
typedef struct rd_kafka_message_s {
    /** 0: a message. Else why it could not be delivered, or a consumer's error, or its news. */
    rd_kafka_resp_err_t err;
    /** Its topic, valid as long as the message; NULL for an error that is about none. */
    rd_kafka_topic_t *rkt;
    /** Its partition. */
    int32_t partition;
    /** Its value, NULL for null; for a consumer's error the text. */
    void *payload;
    /** Size of the value. */
    size_t len;
    /** Its key, NULL for null. */
    void *key;
    /** Size of the key. */
    size_t key_len;
    /** Its offset; in a report RD_KAFKA_OFFSET_INVALID when the broker told none. */
    int64_t offset;
    /** In a report what produce() was given as opaque; else the library's own. */
    void *_private;
} rd_kafka_message_t;

/** Where a message's timestamp comes from. */
typedef enum rd_kafka_timestamp_type_t {
    RD_KAFKA_TIMESTAMP_NOT_AVAILABLE,  /**< It has none. */
    RD_KAFKA_TIMESTAMP_CREATE_TIME,    /**< From the producer. */
    RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME /**< From the broker that stored it. */
} rd_kafka_timestamp_type_t;

/** Whether a produced message is in the partition's log: what a retry by the application would
 * mean. */
typedef enum {
    RD_KAFKA_MSG_STATUS_NOT_PERSISTED = 0,      /**< It is not: it never left, or was refused. */
    RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED = 1, /**< Sent, but no answer tells: it may be. */
    RD_KAFKA_MSG_STATUS_PERSISTED = 2           /**< It is, as `acks` demands. */
} rd_kafka_msg_status_t;

/**
 * Gives a message back. NULL is fine.
 *
 * For messages from rd_kafka_consumer_poll(), rd_kafka_consume() and the batch calls. Not for
 * those inside an event, which go with it, and not for those a callback was given.
 *
 * Threads: any; not necessarily the one that consumed it.
 */
RD_EXPORT void rd_kafka_message_destroy(rd_kafka_message_t *rkmessage);

/**
 * What `err` means, for people: the text a consumer's error came with, the reason the broker gave
 * for refusing a produced message, or the meaning of the code. NULL when `err` is 0. Lives as
 * long as the message.
 */
RD_EXPORT const char *rd_kafka_message_errstr(const rd_kafka_message_t *rkmessage);

/**
 * The broker's own words about why it refused a produced message (KIP-467), or the meaning of the
 * code. NULL when `err` is 0. Lives as long as the message.
 */
RD_EXPORT const char *rd_kafka_message_produce_errstr(const rd_kafka_message_t *rkmessage);

/**
 * The message's timestamp in milliseconds since 1970 UTC, or -1 when there is none or `err` is
 * set. `*tstype`, unless NULL, is set to where it comes from.
 */
RD_EXPORT int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *rkmessage,
                                             rd_kafka_timestamp_type_t *tstype);

/**
 * For a report: the microseconds from produce() to the answer of the broker or the failure, or -1
 * when not known. -1 for consumed messages.
 */
RD_EXPORT int64_t rd_kafka_message_latency(const rd_kafka_message_t *rkmessage);

/** The broker a message was consumed from or delivered to, or -1 when not known. */
RD_EXPORT int32_t rd_kafka_message_broker_id(const rd_kafka_message_t *rkmessage);

/**
 * The message's headers, which stay its own: `*hdrsp` is valid as long as the message. They are
 * decoded by the first call.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__NOENT when there are none, RD_KAFKA_RESP_ERR__BAD_MSG when they
 * are malformed.
 * Threads: one at a time per message.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *rkmessage,
                                                       rd_kafka_headers_t **hdrsp);

/**
 * As rd_kafka_message_headers(), but the list becomes the caller's, for
 * rd_kafka_headers_destroy(), and the message has none any more.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_message_detach_headers(rd_kafka_message_t *rkmessage,
                                                              rd_kafka_headers_t **hdrsp);

/**
 * Replaces the message's headers, destroying those it had. For interceptors, on messages that
 * have not been sent.
 *
 * Takes: `hdrs`; NULL takes the headers away.
 */
RD_EXPORT void rd_kafka_message_set_headers(rd_kafka_message_t *rkmessage,
                                            rd_kafka_headers_t *hdrs);

/**
 * Whether a produced message is in the log. Consumed messages are RD_KAFKA_MSG_STATUS_PERSISTED.
 */
RD_EXPORT rd_kafka_msg_status_t rd_kafka_message_status(const rd_kafka_message_t *rkmessage);

/**
 * The epoch of the leader that wrote a consumed message (KIP-320), or -1 when not known. To be
 * stored or committed along with its offset.
 */
RD_EXPORT int32_t rd_kafka_message_leader_epoch(const rd_kafka_message_t *rkmessage);

/**
 * How often a share group has handed out the message, this time included (KIP-932); -1 for
 * messages that do not come from a share consumer.
 */
RD_EXPORT int16_t rd_kafka_message_delivery_count(const rd_kafka_message_t *rkmessage);

/* ==============================================================================================
 * Uuid
 *
 * As text they are 22 characters of base64, in its usual alphabet. Kafka's own tools write the
 * same with '-' for '+' and '_' for '/'.
 * ============================================================================================== */

/** The 22 characters, without padding. Lives as long as `uuid`. */
RD_EXPORT const char *rd_kafka_Uuid_base64str(const rd_kafka_Uuid_t *uuid);

/** The lower 64 of its bits. */
RD_EXPORT int64_t rd_kafka_Uuid_least_significant_bits(const rd_kafka_Uuid_t *uuid);

/** The upper 64 of its bits. */
RD_EXPORT int64_t rd_kafka_Uuid_most_significant_bits(const rd_kafka_Uuid_t *uuid);

/**
 * Makes one of its two halves.
 *
 * Returns: an object for rd_kafka_Uuid_destroy().
 */
RD_EXPORT rd_kafka_Uuid_t *rd_kafka_Uuid_new(int64_t most_significant_bits,
                                             int64_t least_significant_bits);

/** Returns: a copy, for rd_kafka_Uuid_destroy(). */
RD_EXPORT rd_kafka_Uuid_t *rd_kafka_Uuid_copy(const rd_kafka_Uuid_t *uuid);

/** Frees one that rd_kafka_Uuid_new() or rd_kafka_Uuid_copy() returned. */
RD_EXPORT void rd_kafka_Uuid_destroy(rd_kafka_Uuid_t *uuid);

/* ==============================================================================================
 * Configuration
 *
 * Properties are set by name and text, and checked against each other when the client is made.
 * CONFIGURATION.md lists them all. A configuration is made, filled, and given to rd_kafka_new(),
 * which takes it; it belongs to one thread at a time.
 *
 * Callbacks are set here too. Each gets, as its last argument, the pointer of
 * rd_kafka_conf_set_opaque().
 * ============================================================================================== */

/** What became of setting or reading a property. */
typedef enum {
    RD_KAFKA_CONF_UNKNOWN = -2, /**< There is no such property, or (reading) it is not set. */
    RD_KAFKA_CONF_INVALID = -1, /**< The value is not valid, or this build lacks the feature. */
    RD_KAFKA_CONF_OK = 0        /**< Done. */
} rd_kafka_conf_res_t;

/** What a certificate of rd_kafka_conf_set_ssl_cert() is. */
typedef enum rd_kafka_cert_type_t {
    RD_KAFKA_CERT_PUBLIC_KEY,  /**< The client's certificate. */
    RD_KAFKA_CERT_PRIVATE_KEY, /**< The client's private key. */
    RD_KAFKA_CERT_CA,          /**< Certificates of the authorities the client trusts. */
    RD_KAFKA_CERT__CNT         /**< Number of values above. */
} rd_kafka_cert_type_t;

/** How it is encoded. */
typedef enum rd_kafka_cert_enc_t {
    RD_KAFKA_CERT_ENC_PKCS12, /**< PKCS#12. */
    RD_KAFKA_CERT_ENC_DER,    /**< DER, that is ASN.1. */
    RD_KAFKA_CERT_ENC_PEM,    /**< PEM. */
    RD_KAFKA_CERT_ENC__CNT    /**< Number of values above. */
} rd_kafka_cert_enc_t;

/* From netdb.h, for rd_kafka_conf_set_resolve_cb(). */
struct addrinfo;

/**
 * Makes a configuration with every property at its default.
 *
 * Returns: a configuration, for rd_kafka_new(), or for rd_kafka_conf_destroy() when no client
 * comes of it.
 */
RD_EXPORT rd_kafka_conf_t *rd_kafka_conf_new(void);

/**
 * Frees a configuration that no client has taken. Passwords and keys in it are overwritten first.
 */
RD_EXPORT void rd_kafka_conf_destroy(rd_kafka_conf_t *conf);

/**
 * Copies a configuration: the properties that were set, the default topic configuration,
 * callbacks and opaque. Interceptors are not copied; their on_conf_dup is called to add
 * themselves again, and plugins are loaded again.
 *
 * Returns: a configuration of the caller's.
 */
RD_EXPORT rd_kafka_conf_t *rd_kafka_conf_dup(const rd_kafka_conf_t *conf);

/**
 * As rd_kafka_conf_dup(), leaving out properties.
 *
 * - `filter`, `filter_cnt`: beginnings of names; a property that begins with any of them is not
 *   copied.
 */
RD_EXPORT rd_kafka_conf_t *rd_kafka_conf_dup_filter(const rd_kafka_conf_t *conf, size_t filter_cnt,
                                                    const char **filter);

/**
 * The configuration of a client, to be read with rd_kafka_conf_get() or rd_kafka_conf_dump(). The
 * client's own, as long as it lives: neither change nor destroy it.
 */
RD_EXPORT const rd_kafka_conf_t *rd_kafka_conf(rd_kafka_t *rk);

/**
 * Sets a property.
 *
 * - `name`: a name of CONFIGURATION.md, aliases included. A topic property goes into the default
 *   topic configuration, which is made when there is none.
 * - `value`: as text. Numbers may be decimal or 0x hexadecimal; booleans are true or false. NULL
 *   or "" puts a text back to its default and is not valid for others. A list of flags such as
 *   `debug` adds to what is set; "-name" takes one away.
 *
 * Returns: RD_KAFKA_CONF_OK; RD_KAFKA_CONF_UNKNOWN or RD_KAFKA_CONF_INVALID with a text in
 * `errstr` that names the property, the value and what is allowed. The configuration is then as
 * before.
 */
RD_EXPORT rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name,
                                                const char *value, char *errstr,
                                                size_t errstr_size);

/**
 * Says which kinds of events the client shall make, where there is a choice: a mask of
 * RD_KAFKA_EVENT_DR, _ERROR, _REBALANCE, _OFFSET_COMMIT, _OAUTHBEARER_TOKEN_REFRESH and
 * _BACKGROUND. They are read from queues with rd_kafka_queue_poll(). Replaces the mask set
 * before; a callback that is set counts as its kind. Results of admin operations have the values
 * 100 to 107 or bits of their own, come without asking, and must not be in the mask.
 */
RD_EXPORT void rd_kafka_conf_set_events(rd_kafka_conf_t *conf, int events);

/**
 * Has events handled on a thread of the library instead of by polling.
 *
 * `event_cb` gets the events of the queue of rd_kafka_queue_get_background() and destroys each
 * with rd_kafka_event_destroy(). Forward a queue there to have its events handled too.
 *
 * Threads: the client's background thread, one event at a time. It may call the library, but must
 * not destroy the client.
 */
RD_EXPORT void rd_kafka_conf_set_background_event_cb(
    rd_kafka_conf_t *conf, void (*event_cb)(rd_kafka_t *rk, rd_kafka_event_t *rkev, void *opaque));

/**
 * Producer: has `dr_cb` called once for every message, when it is delivered or has failed, with
 * its value, the outcome and the opaque it was produced with.
 *
 * Deprecated: rd_kafka_conf_set_dr_msg_cb() tells more. When both are set, that one is called.
 */
RD_EXPORT void rd_kafka_conf_set_dr_cb(rd_kafka_conf_t *conf,
                                       void (*dr_cb)(rd_kafka_t *rk, void *payload, size_t len,
                                                     rd_kafka_resp_err_t err, void *opaque,
                                                     void *msg_opaque));

/**
 * Producer: has `dr_msg_cb` called once for every message, when it is delivered or has failed;
 * with delivery.report.only.error, only when it has failed.
 *
 * `rkmessage` has the outcome in `err`, the offset in `offset` where the broker told it, and the
 * opaque of produce() in `_private`. It belongs to the library and lives during the call; a value
 * passed with RD_KAFKA_MSG_F_FREE is freed afterwards. rd_kafka_message_status() says whether a
 * failed message may be in the log all the same.
 */
RD_EXPORT void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
                                           void (*dr_msg_cb)(rd_kafka_t *rk,
                                                             const rd_kafka_message_t *rkmessage,
                                                             void *opaque));

/**
 * Consumer: has `consume_cb` called for each message when a queue with messages is served by
 * callbacks: rd_kafka_poll() after rd_kafka_poll_set_consumer(), or
 * rd_kafka_queue_poll_callback(). rd_kafka_consumer_poll() and the other calls that return
 * messages go on doing so.
 *
 * `rkmessage` is destroyed after the call.
 */
RD_EXPORT void rd_kafka_conf_set_consume_cb(rd_kafka_conf_t *conf,
                                            void (*consume_cb)(rd_kafka_message_t *rkmessage,
                                                               void *opaque));

/**
 * Consumer: has `rebalance_cb` called when the group gives or takes partitions. Without it (and
 * without RD_KAFKA_EVENT_REBALANCE) the client assigns by itself.
 *
 * `err` is RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS or RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS. The
 * callback has to do the (un)assignment: with rd_kafka_rebalance_protocol() "COOPERATIVE" by
 * rd_kafka_incremental_assign() or rd_kafka_incremental_unassign(), else by rd_kafka_assign()
 * with `partitions` or NULL. Offsets in `partitions` may be changed before assigning, to start
 * elsewhere. On anything unexpected, assign NULL. rd_kafka_assignment_lost() tells whether
 * partitions taken belong to somebody else already; if not, this is the place to commit. The list
 * belongs to the library.
 *
 * Threads: the one in rd_kafka_consumer_poll(), rd_kafka_consumer_close() or rd_kafka_destroy().
 */
RD_EXPORT void rd_kafka_conf_set_rebalance_cb(
    rd_kafka_conf_t *conf,
    void (*rebalance_cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque));

/**
 * Consumer: has `offset_commit_cb` called with the outcome of commits: of automatic ones, and of
 * rd_kafka_commit() and rd_kafka_commit_message(). `err` is that of the request as a whole;
 * RD_KAFKA_RESP_ERR__NO_OFFSET of rd_kafka_commit() means there was nothing to commit. `offsets`
 * has the offset and `err` of each partition and belongs to the library.
 */
RD_EXPORT void rd_kafka_conf_set_offset_commit_cb(
    rd_kafka_conf_t *conf,
    void (*offset_commit_cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                             rd_kafka_topic_partition_list_t *offsets, void *opaque));

/**
 * Has `error_cb` called with errors that concern the client as a whole: brokers out of reach,
 * authentication that failed. They are for information, the client goes on trying; but
 * RD_KAFKA_RESP_ERR__FATAL means it cannot, see rd_kafka_fatal_error(). Without it (and without
 * RD_KAFKA_EVENT_ERROR) they are logged.
 *
 * `err` is an rd_kafka_resp_err_t; `reason` is for people.
 */
RD_EXPORT void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf,
                                          void (*error_cb)(rd_kafka_t *rk, int err,
                                                           const char *reason, void *opaque));

/**
 * Has `throttle_cb` called when a broker has throttled this client because of a quota, and when
 * it no longer does: `throttle_time_ms` is then 0.
 */
RD_EXPORT void rd_kafka_conf_set_throttle_cb(
    rd_kafka_conf_t *conf,
    void (*throttle_cb)(rd_kafka_t *rk, const char *broker_name, int32_t broker_id,
                        int throttle_time_ms, void *opaque));

/**
 * Has `log_cb` called for every log line instead of writing to standard error; NULL is for
 * silence.
 *
 * `level` is as in syslog(3), `fac` a short word for what it is about, `buf` the text. `rk` may
 * be NULL.
 *
 * Threads: any of the library's, at any time, so it must be quick and must not call the library. A
 * call that waits (a flush, a close, metadata, a commit that is not asynchronous, a poll with a
 * timeout ...) is refused on a thread of the library, RD_KAFKA_RESP_ERR__STATE where the call has
 * an error, and a log at level 0 says which; rd_kafka_destroy() ends the process there, with a
 * message. With log.queue=true it runs from the queue of rd_kafka_set_log_queue() instead.
 */
RD_EXPORT void rd_kafka_conf_set_log_cb(rd_kafka_conf_t *conf,
                                        void (*log_cb)(const rd_kafka_t *rk, int level,
                                                       const char *fac, const char *buf));

/**
 * Has `stats_cb` called every statistics.interval.ms with the statistics as JSON, which
 * STATISTICS.md describes.
 *
 * `json` has `json_len` bytes and a NUL after them. When the callback returns 0 the library frees
 * it; when it returns 1 the application has taken it and frees it with rd_kafka_mem_free().
 */
RD_EXPORT void rd_kafka_conf_set_stats_cb(rd_kafka_conf_t *conf,
                                          int (*stats_cb)(rd_kafka_t *rk, char *json,
                                                          size_t json_len, void *opaque));

/**
 * Has `oauthbearer_token_refresh_cb` called when sasl.mechanism is OAUTHBEARER and a (new) token
 * is needed (KIP-255): before the first connection, and before the token expires. It gets one and
 * calls rd_kafka_oauthbearer_set_token(), or rd_kafka_oauthbearer_set_token_failure().
 * `oauthbearer_config` is the value of sasl.oauthbearer.config.
 *
 * Threads: the one that polls; with rd_kafka_conf_enable_sasl_queue(), the one that serves that
 * queue.
 */
RD_EXPORT void rd_kafka_conf_set_oauthbearer_token_refresh_cb(
    rd_kafka_conf_t *conf,
    void (*oauthbearer_token_refresh_cb)(rd_kafka_t *rk, const char *oauthbearer_config,
                                         void *opaque));

/**
 * With `enable` 1, gives callbacks and events about authentication a queue of their own,
 * rd_kafka_queue_get_sasl(), so that tokens are refreshed even while the application does not
 * poll; see rd_kafka_sasl_background_callbacks_enable(). Default 0: they come with all others.
 */
RD_EXPORT void rd_kafka_conf_enable_sasl_queue(rd_kafka_conf_t *conf, int enable);

/**
 * Has `socket_cb` open sockets instead of socket(2), for example to mark them. Returns the
 * descriptor, or -1 with errno set.
 *
 * Threads: the library's. It must not call the library: a call that waits is refused there, as
 * rd_kafka_conf_set_log_cb() says, and rd_kafka_destroy() ends the process with a message.
 */
RD_EXPORT void rd_kafka_conf_set_socket_cb(rd_kafka_conf_t *conf,
                                           int (*socket_cb)(int domain, int type, int protocol,
                                                            void *opaque));

/**
 * Has `connect_cb` connect sockets instead of connect(2), for example through a proxy. The socket
 * does not block; returns 0 when it is connected or connecting, else an errno value. `id` is the
 * broker's name, for logs.
 *
 * Threads: the library's. It must not call the library: a call that waits is refused there, as
 * rd_kafka_conf_set_log_cb() says, and rd_kafka_destroy() ends the process with a message.
 */
RD_EXPORT void
rd_kafka_conf_set_connect_cb(rd_kafka_conf_t *conf,
                             int (*connect_cb)(int sockfd, const struct sockaddr *addr, int addrlen,
                                               const char *id, void *opaque));

/**
 * Has `closesocket_cb` close sockets instead of close(2); it returns 0, or -1 with errno set.
 *
 * Threads: the library's. It must not call the library: a call that waits is refused there, as
 * rd_kafka_conf_set_log_cb() says, and rd_kafka_destroy() ends the process with a message.
 */
RD_EXPORT void rd_kafka_conf_set_closesocket_cb(rd_kafka_conf_t *conf,
                                                int (*closesocket_cb)(int sockfd, void *opaque));

#ifndef _WIN32

/**
 * Has `open_cb` open files instead of open(2), for example with O_CLOEXEC. Returns the
 * descriptor, or -1 with errno set.
 *
 * Threads: any. It must not call the library. Not on Windows.
 */
RD_EXPORT void rd_kafka_conf_set_open_cb(rd_kafka_conf_t *conf,
                                         int (*open_cb)(const char *pathname, int flags,
                                                        mode_t mode, void *opaque));

#endif

/**
 * Has `resolve_cb` look up host names instead of getaddrinfo(3), whose arguments and result it
 * has. It is also called with `node` and `service` NULL to free `*res`, where a result of its own
 * needs another way than freeaddrinfo(3).
 *
 * Threads: the library's. It must not call the library: a call that waits is refused there, as
 * rd_kafka_conf_set_log_cb() says, and rd_kafka_destroy() ends the process with a message.
 */
RD_EXPORT void rd_kafka_conf_set_resolve_cb(rd_kafka_conf_t *conf,
                                            int (*resolve_cb)(const char *node, const char *service,
                                                              const struct addrinfo *hints,
                                                              struct addrinfo **res, void *opaque));

/**
 * Has `ssl_cert_verify_cb` judge each certificate of a broker, after OpenSSL has.
 *
 * - `broker_name`, `broker_id`: which broker; the id is -1 for one that is only known by its
 *   address.
 * - `x509_error`: OpenSSL's verdict, X509_V_OK for a good one; may be changed.
 * - `depth`: where in the chain; 0 is the broker's own certificate.
 * - `buf`, `size`: the certificate in DER.
 *
 * It returns 1 to accept, or 0 with a text in `errstr` to refuse.
 *
 * Returns: RD_KAFKA_CONF_OK, or RD_KAFKA_CONF_INVALID when this build has no TLS.
 * Threads: the library's, several at once. It must not call the library.
 */
RD_EXPORT rd_kafka_conf_res_t rd_kafka_conf_set_ssl_cert_verify_cb(
    rd_kafka_conf_t *conf,
    int (*ssl_cert_verify_cb)(rd_kafka_t *rk, const char *broker_name, int32_t broker_id,
                              int *x509_error, int depth, const char *buf, size_t size,
                              char *errstr, size_t errstr_size, void *opaque));

/**
 * Sets a certificate or key from memory, instead of ssl.certificate.pem and the like.
 *
 * - `buffer`, `size`: the certificate, copied. NULL takes away one that was set. A private key,
 *   and PKCS#12, may need ssl.key.password, to be set before.
 *
 * Returns: RD_KAFKA_CONF_OK, or RD_KAFKA_CONF_INVALID with a text in `errstr`.
 */
RD_EXPORT rd_kafka_conf_res_t rd_kafka_conf_set_ssl_cert(rd_kafka_conf_t *conf,
                                                         rd_kafka_cert_type_t cert_type,
                                                         rd_kafka_cert_enc_t cert_enc,
                                                         const void *buffer, size_t size,
                                                         char *errstr, size_t errstr_size);

/**
 * Sets the data that the OpenSSL engine of ssl.engine.location is given with its own callbacks.
 * Must live as long as the client.
 */
RD_EXPORT void rd_kafka_conf_set_engine_callback_data(rd_kafka_conf_t *conf, void *callback_data);

/** Sets the pointer that callbacks get, and that rd_kafka_opaque() returns. */
RD_EXPORT void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque);

/**
 * Sets the configuration for topics that are not given one of their own. Replaces what was set by
 * topic properties before.
 *
 * Takes: `tconf`.
 * Deprecated: set topic properties with rd_kafka_conf_set().
 */
RD_EXPORT void rd_kafka_conf_set_default_topic_conf(rd_kafka_conf_t *conf,
                                                    rd_kafka_topic_conf_t *tconf);

/**
 * The configuration for topics without one of their own, to be read or changed in place; NULL
 * when no topic property is set. Belongs to `conf`.
 */
RD_EXPORT rd_kafka_topic_conf_t *rd_kafka_conf_get_default_topic_conf(rd_kafka_conf_t *conf);

/**
 * Reads a property of the client's or of the default topic configuration.
 *
 * - `dest`: where the value goes, cut off when there is no room; NULL only asks for the size.
 * - `dest_size`: the size of `dest`; set to the size the value needs, NUL included.
 *
 * Returns: RD_KAFKA_CONF_OK, or RD_KAFKA_CONF_UNKNOWN when there is no such property or it is a
 * text that is not set.
 */
RD_EXPORT rd_kafka_conf_res_t rd_kafka_conf_get(const rd_kafka_conf_t *conf, const char *name,
                                                char *dest, size_t *dest_size);

/**
 * All properties that have a value, as texts: name, value, name, value... Passwords are not
 * hidden.
 *
 * `*cntp` is set to the number of texts, twice the number of properties.
 *
 * Returns: an array for rd_kafka_conf_dump_free().
 */
RD_EXPORT const char **rd_kafka_conf_dump(rd_kafka_conf_t *conf, size_t *cntp);

/** Frees what rd_kafka_conf_dump() or rd_kafka_topic_conf_dump() returned. */
RD_EXPORT void rd_kafka_conf_dump_free(const char **arr, size_t cnt);

/** Writes a table of all properties, with ranges, defaults and meaning, to `fp`. */
RD_EXPORT void rd_kafka_conf_properties_show(FILE *fp);

/* ==============================================================================================
 * Topic configuration
 *
 * Properties that can differ between the topics of a client.
 * ============================================================================================== */

/**
 * Makes a configuration with every property at its default.
 *
 * Returns: a configuration, for rd_kafka_topic_new() or rd_kafka_conf_set_default_topic_conf(),
 * or for rd_kafka_topic_conf_destroy().
 */
RD_EXPORT rd_kafka_topic_conf_t *rd_kafka_topic_conf_new(void);

/** Returns: a copy of the caller's. */
RD_EXPORT rd_kafka_topic_conf_t *rd_kafka_topic_conf_dup(const rd_kafka_topic_conf_t *conf);

/**
 * Returns: a copy, of the caller's, of the configuration that topics of this client get by
 * default.
 */
RD_EXPORT rd_kafka_topic_conf_t *rd_kafka_default_topic_conf_dup(rd_kafka_t *rk);

/** Frees a configuration that nothing has taken. */
RD_EXPORT void rd_kafka_topic_conf_destroy(rd_kafka_topic_conf_t *topic_conf);

/** Sets a topic property; as rd_kafka_conf_set(). The name may begin with "topic.". */
RD_EXPORT rd_kafka_conf_res_t rd_kafka_topic_conf_set(rd_kafka_topic_conf_t *conf, const char *name,
                                                      const char *value, char *errstr,
                                                      size_t errstr_size);

/** Reads a topic property; as rd_kafka_conf_get(). */
RD_EXPORT rd_kafka_conf_res_t rd_kafka_topic_conf_get(const rd_kafka_topic_conf_t *conf,
                                                      const char *name, char *dest,
                                                      size_t *dest_size);

/** All topic properties that have a value; as rd_kafka_conf_dump(). */
RD_EXPORT const char **rd_kafka_topic_conf_dump(rd_kafka_topic_conf_t *conf, size_t *cntp);

/**
 * Sets the pointer that the partitioner gets as `rkt_opaque`, and that rd_kafka_topic_opaque()
 * returns.
 */
RD_EXPORT void rd_kafka_topic_conf_set_opaque(rd_kafka_topic_conf_t *conf, void *rkt_opaque);

/**
 * Producer: has `partitioner` choose the partition of messages that are produced to
 * RD_KAFKA_PARTITION_UA.
 *
 * - `keydata`, `keylen`: the message's key; NULL and 0 for none.
 * - `partition_cnt`: how many partitions the topic has.
 * - `rkt_opaque`, `msg_opaque`: the topic's and the message's pointer.
 *
 * It returns a partition below `partition_cnt`, or RD_KAFKA_PARTITION_UA to fail the message. It
 * is called again when the topic's partitions have changed before the message was sent.
 *
 * Threads: the one that produces, or one of the library's. It must be quick, must not block, and
 * of the library may call only rd_kafka_topic_partition_available() and the partitioners below. On
 * a thread of the library calls that wait are refused, as rd_kafka_conf_set_log_cb() says; on the
 * other, rd_kafka_destroy() is, and other calls work.
 */
RD_EXPORT void rd_kafka_topic_conf_set_partitioner_cb(
    rd_kafka_topic_conf_t *topic_conf,
    int32_t (*partitioner)(const rd_kafka_topic_t *rkt, const void *keydata, size_t keylen,
                           int32_t partition_cnt, void *rkt_opaque, void *msg_opaque));

/**
 * Sets how messages are ordered in the producer's queue. Kept so that programs link; has no
 * effect: use the property queuing.strategy.
 *
 * Deprecated: has no effect.
 */
RD_EXPORT void rd_kafka_topic_conf_set_msg_order_cmp(
    rd_kafka_topic_conf_t *topic_conf,
    int (*msg_order_cmp)(const rd_kafka_message_t *a, const rd_kafka_message_t *b));

/* ==============================================================================================
 * Partitioners
 *
 * What the property `partitioner` names, as functions: for a partitioner of the application's
 * that only decides some cases itself. Their arguments are those of
 * rd_kafka_topic_conf_set_partitioner_cb(). All return a partition from 0 to `partition_cnt` - 1,
 * from any thread.
 * ============================================================================================== */

/**
 * Whether the partition has a leader at the moment: 1 or 0.
 *
 * Threads: to be called by a partitioner only.
 */
RD_EXPORT int rd_kafka_topic_partition_available(const rd_kafka_topic_t *rkt, int32_t partition);

/** A random partition that has a leader, if the second draw finds one. */
RD_EXPORT int32_t rd_kafka_msg_partitioner_random(const rd_kafka_topic_t *rkt, const void *key,
                                                  size_t keylen, int32_t partition_cnt,
                                                  void *rkt_opaque, void *msg_opaque);

/**
 * By CRC32 of the key: the same key goes to the same partition. All messages without a key go to
 * one partition.
 */
RD_EXPORT int32_t rd_kafka_msg_partitioner_consistent(const rd_kafka_topic_t *rkt, const void *key,
                                                      size_t keylen, int32_t partition_cnt,
                                                      void *rkt_opaque, void *msg_opaque);

/** By CRC32 of the key; at random when there is no key or it is empty. The default. */
RD_EXPORT int32_t rd_kafka_msg_partitioner_consistent_random(const rd_kafka_topic_t *rkt,
                                                             const void *key, size_t keylen,
                                                             int32_t partition_cnt,
                                                             void *rkt_opaque, void *msg_opaque);

/**
 * By Murmur2 of the key, as Java clients do. All messages without a key go to one partition.
 */
RD_EXPORT int32_t rd_kafka_msg_partitioner_murmur2(const rd_kafka_topic_t *rkt, const void *key,
                                                   size_t keylen, int32_t partition_cnt,
                                                   void *rkt_opaque, void *msg_opaque);

/**
 * By Murmur2 of the key; at random when there is no key. Does what the default of Java clients
 * does.
 */
RD_EXPORT int32_t rd_kafka_msg_partitioner_murmur2_random(const rd_kafka_topic_t *rkt,
                                                          const void *key, size_t keylen,
                                                          int32_t partition_cnt, void *rkt_opaque,
                                                          void *msg_opaque);

/**
 * By FNV-1a of the key, as some Go clients do. All messages without a key go to one partition.
 */
RD_EXPORT int32_t rd_kafka_msg_partitioner_fnv1a(const rd_kafka_topic_t *rkt, const void *key,
                                                 size_t keylen, int32_t partition_cnt,
                                                 void *rkt_opaque, void *msg_opaque);

/** By FNV-1a of the key; at random when there is no key. */
RD_EXPORT int32_t rd_kafka_msg_partitioner_fnv1a_random(const rd_kafka_topic_t *rkt,
                                                        const void *key, size_t keylen,
                                                        int32_t partition_cnt, void *rkt_opaque,
                                                        void *msg_opaque);

/* ==============================================================================================
 * Clients
 * ============================================================================================== */

/** For rd_kafka_destroy_flags(): a consumer does not leave its group or commit; it is just gone. */
#define RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE 0x8

/**
 * Makes a client and starts its threads. It connects when there is something to do; brokers need
 * not be there yet.
 *
 * - `type`: RD_KAFKA_PRODUCER or RD_KAFKA_CONSUMER.
 * - `conf`: its configuration; NULL for the defaults.
 *
 * Returns: the client, for rd_kafka_destroy(), or NULL with a text in `errstr` and
 * rd_kafka_last_error(): RD_KAFKA_RESP_ERR__INVALID_ARG when properties do not go together,
 * RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE when threads cannot be started.
 * Takes: `conf`, but only on success; after a failure it may be changed and tried again.
 * Threads: signals are blocked on the threads it starts.
 */
RD_EXPORT rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *errstr,
                                   size_t errstr_size);

/**
 * Ends a client and frees it.
 *
 * A consumer that has not been closed is closed first, as by rd_kafka_consumer_close():
 * rd_kafka_conf_set_rebalance_cb()'s callback may run. A producer drops, without report, what has
 * not been delivered: call rd_kafka_flush() before. It waits for the client's threads to end,
 * with a limit also when no broker can be reached. Messages, topics and queues still held may be
 * read, and have to be given back, afterwards.
 *
 * Threads: any but the library's own, and not from a callback of the client: the former ends the
 * process with a message, the latter is refused with a log at level 0, as is destroying a client
 * twice. Threads that are inside a call which blocks are let go, with RD_KAFKA_RESP_ERR__DESTROY
 * where the call has an error, and destroy waits for their callbacks to return; but no thread may
 * begin a call any more.
 */
RD_EXPORT void rd_kafka_destroy(rd_kafka_t *rk);

/** As rd_kafka_destroy(), with RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE or 0 in `flags`. */
RD_EXPORT void rd_kafka_destroy_flags(rd_kafka_t *rk, int flags);

/**
 * The client's name: its client.id, "#producer-" or "#consumer-", and a number that is unique in
 * the process. Lives as long as the client.
 */
RD_EXPORT const char *rd_kafka_name(const rd_kafka_t *rk);

/** What the client is: the `type` it was made with. */
RD_EXPORT rd_kafka_type_t rd_kafka_type(const rd_kafka_t *rk);

/** The pointer of rd_kafka_conf_set_opaque(). */
RD_EXPORT void *rd_kafka_opaque(const rd_kafka_t *rk);

/**
 * Whether the client has met an error it cannot recover from, such as a broken guarantee of an
 * idempotent producer. Such a client does nothing more; destroy it.
 *
 * The cause is put into `errstr`.
 *
 * Returns: the first fatal error's code, 0 when there is none.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *errstr,
                                                   size_t errstr_size);

/**
 * Raises a fatal error as if the client had met it, to test how the application copes. `reason`
 * is part of its text.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS when there was one before.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_test_fatal_error(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                                        const char *reason);

/**
 * What is still to be done for the application: messages that are not delivered, or whose report
 * it has not taken, and events and callbacks that wait in the client's own queues. When it is 0,
 * a producer can be destroyed without losing anything.
 */
RD_EXPORT int rd_kafka_outq_len(rd_kafka_t *rk);

/** The number of threads of the library in this process, over all clients. */
RD_EXPORT int rd_kafka_thread_cnt(void);

/**
 * Waits until no thread of the library is left in this process.
 *
 * Returns: 0, or -1 at the timeout, with RD_KAFKA_RESP_ERR__TIMED_OUT as rd_kafka_last_error().
 * Deprecated: rd_kafka_destroy() waits by itself.
 */
RD_EXPORT int rd_kafka_wait_destroyed(int timeout_ms);

/**
 * Adds bootstrap servers, "host[:port],..." as in bootstrap.servers.
 *
 * Returns: how many were added.
 * Deprecated: set bootstrap.servers.
 */
RD_EXPORT int rd_kafka_brokers_add(rd_kafka_t *rk, const char *brokerlist);

/**
 * The ids of the brokers the cluster has told of, without bootstrap servers that are not among
 * them.
 *
 * `*cntp` is set to their number.
 *
 * Returns: an array for rd_kafka_mem_free(), or NULL when there are none.
 */
RD_EXPORT int32_t *rd_kafka_brokers_learned_ids(rd_kafka_t *rk, size_t *cntp);

/** Writes what the client is doing to `fp`: text for people who debug it. */
RD_EXPORT void rd_kafka_dump(FILE *fp, rd_kafka_t *rk);

/**
 * Runs the tests that are built into the library.
 *
 * Returns: the number that failed; 0 also when there are none, as in Milena, whose tests are
 * separate.
 */
RD_EXPORT int rd_kafka_unittest(void);

/* ==============================================================================================
 * Memory
 *
 * The library allocates with the C library's malloc(). These are for programs that do not share
 * it, as on Windows, and for bindings.
 * ============================================================================================== */

/**
 * As calloc(). `rk` may be NULL.
 *
 * Returns: memory for rd_kafka_mem_free().
 */
RD_EXPORT void *rd_kafka_mem_calloc(rd_kafka_t *rk, size_t num, size_t size);

/**
 * As malloc(). `rk` may be NULL.
 *
 * Returns: memory for rd_kafka_mem_free().
 */
RD_EXPORT void *rd_kafka_mem_malloc(rd_kafka_t *rk, size_t size);

/**
 * Frees memory that the library allocated for the application, where it says that this function
 * does. `rk` may be NULL.
 */
RD_EXPORT void rd_kafka_mem_free(rd_kafka_t *rk, void *ptr);

/* ==============================================================================================
 * Topics
 * ============================================================================================== */

/**
 * Makes a topic known to the client: for rd_kafka_produce(), for the older consumer calls, or to
 * give it a configuration of its own. It does not create a topic in the cluster.
 *
 * - `topic`: its name, at most 512 bytes.
 * - `conf`: its configuration; NULL for the client's default. Ignored when the client has the
 *   topic already.
 *
 * Returns: the topic, for rd_kafka_topic_destroy(), the same one for the same name; or NULL with
 * rd_kafka_last_error() RD_KAFKA_RESP_ERR__INVALID_ARG.
 * Takes: `conf`, also on failure.
 */
RD_EXPORT rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *topic,
                                               rd_kafka_topic_conf_t *conf);

/** Gives back one rd_kafka_topic_new(). Messages in the producer's queue keep their topic. */
RD_EXPORT void rd_kafka_topic_destroy(rd_kafka_topic_t *rkt);

/** The topic's name; lives as long as the topic. */
RD_EXPORT const char *rd_kafka_topic_name(const rd_kafka_topic_t *rkt);

/** The pointer of rd_kafka_topic_conf_set_opaque(), or NULL. */
RD_EXPORT void *rd_kafka_topic_opaque(const rd_kafka_topic_t *rkt);

/* ==============================================================================================
 * Polling and queues
 *
 * What goes up to the application waits in queues. Every client has a main queue, which
 * rd_kafka_poll() serves: delivery reports, errors, statistics. A consumer with a group has
 * another for messages and rebalances, which rd_kafka_consumer_poll() serves. Each partition
 * being consumed has one that forwards there. An application can make more, and forward one to
 * another. The same entry shows as a callback when a queue is served by callbacks, and as an
 * event where it is read with rd_kafka_queue_poll().
 * ============================================================================================== */

/**
 * Serves the client's main queue: runs the callbacks that wait there, or waits for one to come.
 * To be called regularly by every producer and by consumers that do not use
 * rd_kafka_consumer_poll(); what is not taken fills memory, and a producer's queue limits.
 *
 * Returns: how many events were served; a batch of delivery reports counts as one.
 */
RD_EXPORT int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms);

/**
 * Called inside a callback: has the rd_kafka_poll() (or other serving call) of this thread return
 * after it, leaving what is left for the next one.
 */
RD_EXPORT void rd_kafka_yield(rd_kafka_t *rk);

/**
 * Makes a queue: to consume into, or to get the results of admin operations.
 *
 * Returns: a queue for rd_kafka_queue_destroy().
 */
RD_EXPORT rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk);

/** Gives a queue back. What stands in it goes with the last one who holds it. */
RD_EXPORT void rd_kafka_queue_destroy(rd_kafka_queue_t *rkqu);

/**
 * The queue that rd_kafka_poll() serves.
 *
 * Returns: a queue for rd_kafka_queue_destroy().
 */
RD_EXPORT rd_kafka_queue_t *rd_kafka_queue_get_main(rd_kafka_t *rk);

/**
 * The queue for authentication of rd_kafka_conf_enable_sasl_queue().
 *
 * Returns: a queue for rd_kafka_queue_destroy(), or NULL when it was not enabled.
 */
RD_EXPORT rd_kafka_queue_t *rd_kafka_queue_get_sasl(rd_kafka_t *rk);

/**
 * The queue that rd_kafka_consumer_poll() serves. Polling it in other ways counts as polling for
 * max.poll.interval.ms as well.
 *
 * Returns: a queue for rd_kafka_queue_destroy(), or NULL when the consumer has no group.id.
 */
RD_EXPORT rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *rk);

/**
 * The queue of one partition. It forwards to the consumer's queue until rd_kafka_queue_forward()
 * says otherwise: forward it to NULL to consume the partition on its own. While it forwards,
 * polling it takes from where it forwards to.
 *
 * Returns: a queue for rd_kafka_queue_destroy(), or NULL when the client is not a consumer.
 */
RD_EXPORT rd_kafka_queue_t *rd_kafka_queue_get_partition(rd_kafka_t *rk, const char *topic,
                                                         int32_t partition);

/**
 * The queue whose events go to the callback of rd_kafka_conf_set_background_event_cb(), on a
 * thread of the library: forward others here. Without that callback the callbacks of the events
 * themselves run there.
 *
 * Returns: a queue for rd_kafka_queue_destroy(), or NULL when the thread cannot be started.
 */
RD_EXPORT rd_kafka_queue_t *rd_kafka_queue_get_background(rd_kafka_t *rk);

/**
 * Has everything in `src`, and what comes there from now on, go to `dst`. NULL as `dst` ends it;
 * what was moved stays there. A ring of queues is refused.
 */
RD_EXPORT void rd_kafka_queue_forward(rd_kafka_queue_t *src, rd_kafka_queue_t *dst);

/** How much stands in the queue, or in the one it forwards to. */
RD_EXPORT size_t rd_kafka_queue_length(rd_kafka_queue_t *rkqu);

/**
 * Has a descriptor written to when the queue was empty and something has come, for programs that
 * wait with poll(2) or the like. After it is woken, the program serves the queue until it is
 * empty.
 *
 * - `fd`: a descriptor that does not block, such as a pipe, socket or eventfd; -1 ends it.
 * - `payload`, `size`: what is written, copied.
 *
 * A queue has either this or rd_kafka_queue_cb_event_enable(); the last call counts. After fd -1
 * nothing is written any more.
 */
RD_EXPORT void rd_kafka_queue_io_event_enable(rd_kafka_queue_t *rkqu, int fd, const void *payload,
                                              size_t size);

/**
 * Has a function called when the queue was empty and something has come.
 *
 * `event_cb` is called with `qev_opaque`; NULL ends it, and once that call has returned nothing
 * is called any more.
 *
 * Threads: any of the library's, with the queue's lock held: it must only wake something, and not
 * call the library. A call that needs the queue ends the process, with a message.
 */
RD_EXPORT void rd_kafka_queue_cb_event_enable(rd_kafka_queue_t *rkqu,
                                              void (*event_cb)(rd_kafka_t *rk, void *qev_opaque),
                                              void *qev_opaque);

/**
 * Has a call that waits for this queue return, as if its timeout had passed; when none is
 * waiting, the next one returns at once.
 */
RD_EXPORT void rd_kafka_queue_yield(rd_kafka_queue_t *rkqu);

/* ==============================================================================================
 * Producing
 *
 * A message is handed over by one of the produce calls, which does not wait for the network. It
 * is sent with others in a batch, and once the broker has answered, or all attempts have failed,
 * the delivery report comes: see rd_kafka_conf_set_dr_msg_cb() and RD_KAFKA_EVENT_DR. Exactly one
 * report comes for each message that was accepted, none for one that was not.
 *
 * The topic need not be known yet: messages wait until the cluster has told about its partitions.
 * ============================================================================================== */

/* Flags of the produce calls. With neither FREE nor COPY the value has to stay until the report. */
#define RD_KAFKA_MSG_F_FREE      0x1 /**< The library frees the value after the report. */
#define RD_KAFKA_MSG_F_COPY      0x2 /**< The library copies the value; goes before FREE. */
#define RD_KAFKA_MSG_F_BLOCK     0x4 /**< Wait while the queue is full; another thread polls. */
#define RD_KAFKA_MSG_F_PARTITION 0x8 /**< produce_batch: each message has its own partition. */

/** What rd_kafka_producev() is told next; not used by name but through the RD_KAFKA_V_ macros. */
typedef enum rd_kafka_vtype_t {
    RD_KAFKA_VTYPE_END,       /**< That was all. */
    RD_KAFKA_VTYPE_TOPIC,     /**< `cstr`: topic by name. */
    RD_KAFKA_VTYPE_RKT,       /**< `rkt`: topic by object. */
    RD_KAFKA_VTYPE_PARTITION, /**< `i32`: partition. */
    RD_KAFKA_VTYPE_VALUE,     /**< `mem`: value. */
    RD_KAFKA_VTYPE_KEY,       /**< `mem`: key. */
    RD_KAFKA_VTYPE_OPAQUE,    /**< `ptr`: pointer for the report. */
    RD_KAFKA_VTYPE_MSGFLAGS,  /**< `i`: RD_KAFKA_MSG_F_... */
    RD_KAFKA_VTYPE_TIMESTAMP, /**< `i64`: milliseconds since 1970 UTC. */
    RD_KAFKA_VTYPE_HEADER,    /**< `header`: a header. */
    RD_KAFKA_VTYPE_HEADERS    /**< `headers`: a list of headers. */
} rd_kafka_vtype_t;

/** One argument of rd_kafka_produceva(): the member of `u` that goes with `vtype` is set. */
typedef struct rd_kafka_vu_s {
    rd_kafka_vtype_t vtype; /**< What this is. */
    union {
        const char *cstr;      /**< TOPIC */
        rd_kafka_topic_t *rkt; /**< RKT */
        int i;                 /**< MSGFLAGS */
        int32_t i32;           /**< PARTITION */
        int64_t i64;           /**< TIMESTAMP */
        struct {
            void *ptr;
            size_t size;
        } mem; /**< VALUE, KEY */
        struct {
            const char *name;
            const void *val;
            ssize_t size;
        } header;                    /**< HEADER; size -1: up to the NUL. */
        rd_kafka_headers_t *headers; /**< HEADERS */
        void *ptr;                   /**< OPAQUE */
        char _pad[64];               /**< Room for more. */
    } u;
} rd_kafka_vu_t;

/*
 * The arguments of rd_kafka_producev(). Types are checked by the compiler where it can (see
 * LIBRDKAFKA_TYPECHECKS). Without checks too, the values arrive as the types that are expected.
 */

/** Ends the arguments. */
#define RD_KAFKA_V_END RD_KAFKA_VTYPE_END
/** Topic by name (const char *). */
#define RD_KAFKA_V_TOPIC(topic) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_TOPIC, const char *, topic), (const char *)(topic)
/** Topic by object (rd_kafka_topic_t *). */
#define RD_KAFKA_V_RKT(rkt) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_RKT, rd_kafka_topic_t *, rkt), (rd_kafka_topic_t *)(rkt)
/** Partition (int32_t). Without it, the partitioner chooses. */
#define RD_KAFKA_V_PARTITION(partition) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_PARTITION, int32_t, partition), (int32_t)(partition)
/** Value (void *, size_t). */
#define RD_KAFKA_V_VALUE(VALUE, LEN)                                                    \
    _LRK_TYPECHECK2(RD_KAFKA_VTYPE_VALUE, void *, VALUE, size_t, LEN), (void *)(VALUE), \
        (size_t)(LEN)
/** Key (const void *, size_t), copied. */
#define RD_KAFKA_V_KEY(KEY, LEN)                                                        \
    _LRK_TYPECHECK2(RD_KAFKA_VTYPE_KEY, const void *, KEY, size_t, LEN), (void *)(KEY), \
        (size_t)(LEN)
/** Pointer for the delivery report (void *). */
#define RD_KAFKA_V_OPAQUE(msg_opaque) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_OPAQUE, void *, msg_opaque), (void *)(msg_opaque)
/** RD_KAFKA_MSG_F_... flags (int). */
#define RD_KAFKA_V_MSGFLAGS(msgflags) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_MSGFLAGS, int, msgflags), (int)(msgflags)
/** Timestamp in milliseconds since 1970 UTC (int64_t). Without it, or 0: now. */
#define RD_KAFKA_V_TIMESTAMP(timestamp) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_TIMESTAMP, int64_t, timestamp), (int64_t)(timestamp)
/** One header (const char *, const void *, ssize_t; -1: up to the NUL), copied. May be repeated. */
#define RD_KAFKA_V_HEADER(NAME, VALUE, LEN)                                                        \
    _LRK_TYPECHECK3(RD_KAFKA_VTYPE_HEADER, const char *, NAME, const void *, VALUE, ssize_t, LEN), \
        (const char *)(NAME), (const void *)(VALUE), (ssize_t)(LEN)
/** A list of headers (rd_kafka_headers_t *), taken on success. Not together with
 * RD_KAFKA_V_HEADER(). */
#define RD_KAFKA_V_HEADERS(HDRS) \
    _LRK_TYPECHECK(RD_KAFKA_VTYPE_HEADERS, rd_kafka_headers_t *, HDRS), (rd_kafka_headers_t *)(HDRS)

/* Flags of rd_kafka_purge(). */
#define RD_KAFKA_PURGE_F_QUEUE        0x1 /**< Messages that have not been sent. */
#define RD_KAFKA_PURGE_F_INFLIGHT     0x2 /**< Messages that were sent and are not answered. */
#define RD_KAFKA_PURGE_F_NON_BLOCKING 0x4 /**< Do not wait until it is done. */

/**
 * Hands over a message.
 *
 * - `rkt`: its topic.
 * - `partition`: its partition; RD_KAFKA_PARTITION_UA leaves it to the partitioner.
 * - `msgflags`: RD_KAFKA_MSG_F_FREE, _COPY or neither, and _BLOCK.
 * - `payload`, `len`: its value. NULL is null, which deletes a key in a compacted topic; it is
 *   not the same as empty.
 * - `key`, `keylen`: its key, copied; NULL for none.
 * - `msg_opaque`: comes back as `_private` of the delivery report.
 *
 * Returns: 0, or -1 with rd_kafka_last_error() and errno: RD_KAFKA_RESP_ERR__QUEUE_FULL
 * (ENOBUFS), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE (EMSGSIZE),
 * RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION (ESRCH), RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC (ENOENT),
 * RD_KAFKA_RESP_ERR__FATAL (ECANCELED), RD_KAFKA_RESP_ERR__STATE (ENOEXEC: a transactional
 * producer outside of a transaction).
 * Ownership: after a failure the value is the caller's, RD_KAFKA_MSG_F_FREE or not.
 */
RD_EXPORT int rd_kafka_produce(rd_kafka_topic_t *rkt, int32_t partition, int msgflags,
                               void *payload, size_t len, const void *key, size_t keylen,
                               void *msg_opaque);

/**
 * Hands over a message that is described by RD_KAFKA_V_... arguments, RD_KAFKA_V_END as the last.
 * The topic has to be there, by name or object; the rest may be left out.
 *
 * Returns: 0, or a code as of rd_kafka_produce(); RD_KAFKA_RESP_ERR__INVALID_ARG without topic or
 * with an argument that is not known; RD_KAFKA_RESP_ERR__CONFLICT for RD_KAFKA_V_HEADER()
 * together with RD_KAFKA_V_HEADERS().
 * Ownership: after a failure the value and the list of headers are the caller's.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_producev(rd_kafka_t *rk, ...);

/**
 * As rd_kafka_producev(), with the arguments in an array of `cnt` entries: for languages that
 * cannot make variable arguments. RD_KAFKA_VTYPE_END is not accepted.
 *
 * Returns: NULL, or an error with the codes of rd_kafka_producev().
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *vus,
                                               size_t cnt);

/**
 * Hands over several messages of one topic.
 *
 * - `partition`, `msgflags`: as of rd_kafka_produce(), for all; with RD_KAFKA_MSG_F_PARTITION
 *   each has its partition in its own `partition`.
 * - `rkmessages`, `message_cnt`: the messages; `payload`, `len`, `key`, `key_len` and `_private`
 *   (the opaque) are read. Each one's `err` is set: 0 when it was accepted.
 *
 * Returns: how many were accepted. When the queue is full, all that follow fail too.
 * Ownership: as of rd_kafka_produce(), but a value with RD_KAFKA_MSG_F_FREE whose partition does
 * not exist is freed.
 */
RD_EXPORT int rd_kafka_produce_batch(rd_kafka_topic_t *rkt, int32_t partition, int msgflags,
                                     rd_kafka_message_t *rkmessages, int message_cnt);

/**
 * Waits until everything handed over is delivered or has failed, and sends it without waiting for
 * linger.ms. Runs callbacks meanwhile. In event mode another thread has to take the events; then
 * only the messages are waited for.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__TIMED_OUT when something is left,
 * RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED for a consumer.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_flush(rd_kafka_t *rk, int timeout_ms);

/**
 * Drops messages, for example before destroy. Their reports come with
 * RD_KAFKA_RESP_ERR__PURGE_QUEUE or RD_KAFKA_RESP_ERR__PURGE_INFLIGHT; the latter may be in the
 * log all the same.
 *
 * - `purge_flags`: RD_KAFKA_PURGE_F_...; 0 does nothing.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__INVALID_ARG for an unknown flag,
 * RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED for a consumer.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_purge(rd_kafka_t *rk, int purge_flags);

/* ==============================================================================================
 * Consuming partition by partition
 *
 * The older calls: each topic and partition is started, consumed from and stopped by itself,
 * without a group. They need no group.id, except to start at RD_KAFKA_OFFSET_STORED. A program
 * uses either these or the calls of the next section.
 * ============================================================================================== */

/**
 * Starts to consume a partition.
 *
 * - `offset`: where: an offset, RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END,
 *   RD_KAFKA_OFFSET_TAIL() or, with a group.id, RD_KAFKA_OFFSET_STORED. When there is no message
 *   at that offset, auto.offset.reset decides.
 *
 * Returns: 0, or -1 with rd_kafka_last_error() and errno: RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION
 * (ESRCH) for a negative partition, RD_KAFKA_RESP_ERR__INVALID_ARG (EINVAL) for an offset that is
 * not valid.
 */
RD_EXPORT int rd_kafka_consume_start(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset);

/**
 * As rd_kafka_consume_start(), with the messages going to `rkqu`, where those of several
 * partitions may meet: for rd_kafka_consume_queue(). Not to be mixed with rd_kafka_consume() of
 * that partition.
 */
RD_EXPORT int rd_kafka_consume_start_queue(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset,
                                           rd_kafka_queue_t *rkqu);

/**
 * Stops to consume a partition, and waits until it is done. Messages that were fetched and not
 * taken are dropped.
 *
 * Returns: 0, or -1 as rd_kafka_consume_start().
 */
RD_EXPORT int rd_kafka_consume_stop(rd_kafka_topic_t *rkt, int32_t partition);

/**
 * Has a partition that is being consumed go on at another offset. What was fetched before is not
 * handed out any more.
 *
 * - `offset`: as of rd_kafka_consume_start().
 * - `timeout_ms`: how long to wait until it is done; 0 does not wait, and errors then show as a
 *   consumer's error.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__INVALID_ARG,
 * RD_KAFKA_RESP_ERR__STATE for one that is not being consumed, as all are after
 * rd_kafka_consumer_close(), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION for one that the client has not
 * heard of.
 * Deprecated: use rd_kafka_seek_partitions().
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_seek(rd_kafka_topic_t *rkt, int32_t partition,
                                            int64_t offset, int timeout_ms);

/**
 * Has partitions that are being consumed go on at the `offset` of their entries. What was fetched
 * before is not handed out any more.
 *
 * - `partitions`: each entry's `err` is set: 0, RD_KAFKA_RESP_ERR__STATE for one that is not
 *   being consumed, RD_KAFKA_RESP_ERR__IN_PROGRESS when the timeout came first. An entry's
 *   leader epoch, if set, is checked against the log.
 * - `timeout_ms`: how long to wait; 0 does not, and does not set `err` to more than what is known
 *   at once.
 *
 * Returns: NULL, or an error about the call as a whole, such as RD_KAFKA_RESP_ERR__TIMED_OUT.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_seek_partitions(rd_kafka_t *rk,
                                                     rd_kafka_topic_partition_list_t *partitions,
                                                     int timeout_ms);

/**
 * Waits for a message of a partition that was started with rd_kafka_consume_start().
 *
 * Returns: a message or a consumer's error (see `err`) for rd_kafka_message_destroy(); NULL with
 * rd_kafka_last_error() and errno: RD_KAFKA_RESP_ERR__TIMED_OUT (ETIMEDOUT),
 * RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION (ESRCH) for one that was not started.
 */
RD_EXPORT rd_kafka_message_t *rd_kafka_consume(rd_kafka_topic_t *rkt, int32_t partition,
                                               int timeout_ms);

/**
 * Waits until `rkmessages_size` messages of a started partition have come, or the timeout.
 *
 * `rkmessages` is filled with messages and errors, each for rd_kafka_message_destroy().
 *
 * Returns: how many, or -1 with rd_kafka_last_error() as rd_kafka_consume().
 */
RD_EXPORT ssize_t rd_kafka_consume_batch(rd_kafka_topic_t *rkt, int32_t partition, int timeout_ms,
                                         rd_kafka_message_t **rkmessages, size_t rkmessages_size);

/**
 * Waits for a message of a started partition and calls `consume_cb` for each that stands in its
 * queue then, at most for consume.callback.max.messages.
 *
 * `rkmessage` is destroyed after the call; `commit_opaque` is given on. The callback may end it
 * early with rd_kafka_yield().
 *
 * Returns: how many, or -1 with rd_kafka_last_error() as rd_kafka_consume().
 * Deprecated: use rd_kafka_consume_batch().
 */
RD_EXPORT int rd_kafka_consume_callback(rd_kafka_topic_t *rkt, int32_t partition, int timeout_ms,
                                        void (*consume_cb)(rd_kafka_message_t *rkmessage,
                                                           void *commit_opaque),
                                        void *commit_opaque);

/**
 * Waits for a message of a queue, as rd_kafka_consume() does for one partition. Any queue that
 * messages come to will do.
 */
RD_EXPORT rd_kafka_message_t *rd_kafka_consume_queue(rd_kafka_queue_t *rkqu, int timeout_ms);

/**
 * Waits for messages of a queue, as rd_kafka_consume_batch() does for one partition. With the
 * queue of rd_kafka_queue_get_consumer() this is how a group's consumer takes many at a time. What
 * was taken is returned before a callback is called whose turn has come: it may end the assignment
 * that the messages are of. What another thread, or a group without a rebalance callback, does
 * while the call waits for more does not take back what it has taken already: these messages count
 * as handed out before.
 */
RD_EXPORT ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *rkqu, int timeout_ms,
                                               rd_kafka_message_t **rkmessages,
                                               size_t rkmessages_size);

/**
 * Calls `consume_cb` for each message that stands in a queue, waiting for the first, as
 * rd_kafka_consume_callback() does for one partition, without its limit.
 *
 * Deprecated: use rd_kafka_consume_batch_queue().
 */
RD_EXPORT int rd_kafka_consume_callback_queue(rd_kafka_queue_t *rkqu, int timeout_ms,
                                              void (*consume_cb)(rd_kafka_message_t *rkmessage,
                                                                 void *commit_opaque),
                                              void *commit_opaque);

/* ==============================================================================================
 * Consuming
 *
 * A consumer with a group.id either subscribes to topics and shares their partitions with the
 * other members of its group, or is assigned partitions by the application, or both by turns. All
 * it receives, errors included, comes from rd_kafka_consumer_poll().
 *
 * Functions of this section return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP for a consumer without
 * group.id and for a producer.
 * ============================================================================================== */

/**
 * Subscribes to topics: joins the group and gets a share of their partitions. Replaces the
 * subscription there was.
 *
 * - `topics`: only the names are read. One that begins with '^' is a regular expression, matched
 *   against all topics of the cluster as they come and go; with group.protocol=consumer by the
 *   coordinator, in the syntax of RE2, against whole names.
 *
 * The assignment follows later, see rd_kafka_conf_set_rebalance_cb(). Topics that do not exist
 * show as consumer errors. Counts as a poll (max.poll.interval.ms).
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__INVALID_ARG for an empty list or an empty, repeated or malformed
 * name, RD_KAFKA_RESP_ERR__FATAL after a fatal error. With group.protocol=consumer a malformed
 * regular expression is found by the coordinator: it comes as a consumer error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk,
                                                 const rd_kafka_topic_partition_list_t *topics);

/**
 * Ends the subscription and leaves the group. Does not wait: what the member has is revoked in the
 * polls that follow, then it leaves, whether brokers answer or not. An assignment that it has not
 * been told of yet it is never told of.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, or RD_KAFKA_RESP_ERR__DESTROY once it is closed.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_unsubscribe(rd_kafka_t *rk);

/**
 * The topics subscribed to, as they were given.
 *
 * `*topics` is set to a list for rd_kafka_topic_partition_list_destroy(); it may be empty.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, or RD_KAFKA_RESP_ERR__DESTROY once the consumer is
 * closed, without a list.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_subscription(rd_kafka_t *rk,
                                                    rd_kafka_topic_partition_list_t **topics);

/**
 * Waits for the next message, and runs callbacks that have come meanwhile, rebalances included.
 *
 * To be called at least every max.poll.interval.ms, also when messages are not wanted (see
 * rd_kafka_pause_partitions()), or the group gives the partitions to others. Not needed where the
 * consumer's queue is polled in another way.
 *
 * Returns: a message, or an error in a message's place (see `err`), for
 * rd_kafka_message_destroy(); NULL at the timeout.
 */
RD_EXPORT rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms);

/**
 * Leaves the group in order: revokes the assignment, with the rebalance callback on this thread,
 * commits what is stored when enable.auto.commit is on, and tells the group. Messages not taken
 * are dropped. The client itself has to be destroyed afterwards.
 *
 * Beside the callback it takes ten seconds at most, whatever brokers do.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__DESTROY when it was closed before, or the fatal error there is,
 * in which case it is not closed.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_consumer_close(rd_kafka_t *rk);

/**
 * As rd_kafka_consumer_close(), without waiting: the rebalances of closing go to `rkqu`, which
 * the application serves until rd_kafka_consumer_closed() is 1: ten seconds at most, beside the
 * callbacks, whatever brokers do.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__INVALID_ARG without queue.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_consumer_close_queue(rd_kafka_t *rk, rd_kafka_queue_t *rkqu);

/** Whether closing is complete: 1 or 0. */
RD_EXPORT int rd_kafka_consumer_closed(rd_kafka_t *rk);

/**
 * Sets the partitions to consume, instead of those there are.
 *
 * - `partitions`: each starts at its `offset`: an offset, RD_KAFKA_OFFSET_BEGINNING, _END,
 *   RD_KAFKA_OFFSET_TAIL(), or _STORED for what the group has committed, which _INVALID stands
 *   for too. NULL or an empty list ends consuming.
 *
 * After a fatal error the list is not looked at: consuming ends.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG for an offset or name that is not valid or appears
 * twice, RD_KAFKA_RESP_ERR__STATE while a cooperative rebalance has to be answered,
 * RD_KAFKA_RESP_ERR__UNKNOWN_GROUP without group.id.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *rk,
                                              const rd_kafka_topic_partition_list_t *partitions);

/**
 * Adds partitions to those being consumed, as rd_kafka_assign() starts them. To be used in a
 * rebalance when rd_kafka_rebalance_protocol() is "COOPERATIVE" (KIP-429), or at any time outside
 * of one.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__INVALID_ARG for no list or repeated entries,
 * RD_KAFKA_RESP_ERR__CONFLICT for partitions that are assigned already, RD_KAFKA_RESP_ERR__STATE
 * while an eager rebalance has to be answered.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_incremental_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *partitions);

/**
 * Takes partitions away from those being consumed; see rd_kafka_incremental_assign(). A rebalance
 * that takes partitions goes on when all of them were given up, in one call or several; what a
 * callback leaves of them when it has given up others is taken away behind it.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__INVALID_ARG for no list, repeated entries or
 * partitions that are not assigned, RD_KAFKA_RESP_ERR__STATE.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_incremental_unassign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *partitions);

/**
 * The partitions being consumed, as the application or the client assigned them.
 *
 * `*partitions` is set to a list for rd_kafka_topic_partition_list_destroy(); it may be empty.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, or RD_KAFKA_RESP_ERR__DESTROY once the consumer is
 * closed, without a list.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_assignment(rd_kafka_t *rk,
                                                  rd_kafka_topic_partition_list_t **partitions);

/**
 * In a rebalance: whether the partitions that are being revoked have been given to others
 * already, so that their offsets cannot be committed any more. 1 until the next (un)assign, else
 * 0.
 */
RD_EXPORT int rd_kafka_assignment_lost(rd_kafka_t *rk);

/**
 * How the group rebalances: "EAGER" takes all partitions before it gives, "COOPERATIVE" only what
 * has to move (KIP-429), "NONE" as long as that is not known. Static; NULL without group.
 */
RD_EXPORT const char *rd_kafka_rebalance_protocol(rd_kafka_t *rk);

/**
 * The name the group has given to this member: "" before it has.
 *
 * Returns: a text for rd_kafka_mem_free(), or NULL when the client has no group, or is closed.
 */
RD_EXPORT char *rd_kafka_memberid(const rd_kafka_t *rk);

/**
 * Has the client's main queue forward to the consumer's queue, for good, so that
 * rd_kafka_consumer_poll() serves everything and rd_kafka_poll() is not to be called any more.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__UNKNOWN_GROUP.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t *rk);

/* ==============================================================================================
 * Positions
 *
 * Where consuming stands. These work with assigned partitions and with those of
 * rd_kafka_consume_start().
 * ============================================================================================== */

/**
 * Stops to fetch and hand out messages of partitions, which stay assigned. Messages fetched and
 * not taken are dropped, and fetched again after rd_kafka_resume_partitions(). On a producer:
 * stops to send to them.
 *
 * Each entry's `err` is set: 0, or RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_pause_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions);

/**
 * Ends rd_kafka_pause_partitions(): goes on behind the last message that was handed out. Sets
 * `err` in the same way.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_resume_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions);

/**
 * Sets the `offset` of each entry to that of the next message the application will get,
 * RD_KAFKA_OFFSET_INVALID when it has not got one yet, and its `err` to 0 or
 * RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_position(rd_kafka_t *rk,
                                                rd_kafka_topic_partition_list_t *partitions);

/**
 * Asks the cluster for the offset of the oldest message of a partition, `*low`, and the offset
 * behind the newest one that consumers may see, `*high`. Either may be NULL. For any client; the
 * partition need not be consumed.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION or a broker's
 * error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_query_watermark_offsets(rd_kafka_t *rk, const char *topic,
                                                               int32_t partition, int64_t *low,
                                                               int64_t *high, int timeout_ms);

/**
 * The same two offsets as last told by a broker along with fetched messages, without asking:
 * RD_KAFKA_OFFSET_INVALID as long as that has not happened.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *rk, const char *topic,
                                                             int32_t partition, int64_t *low,
                                                             int64_t *high);

/**
 * Looks up the first message of each partition whose timestamp is not before a time.
 *
 * - `offsets`: the time goes in `offset`, in milliseconds since 1970 UTC. It is replaced by the
 *   offset found, RD_KAFKA_OFFSET_END when there is no such message, and `err` is set.
 *
 * Returns: 0 when all that could be asked was, RD_KAFKA_RESP_ERR__INVALID_ARG for an empty list,
 * RD_KAFKA_RESP_ERR__TIMED_OUT, or a broker's error.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *rk,
                                                         rd_kafka_topic_partition_list_t *offsets,
                                                         int timeout_ms);

/* ==============================================================================================
 * Offsets of a group
 *
 * A group resumes at the offset that was committed for a partition: that of the next message to
 * process. A message's offset becomes a stored offset when the message is handed out
 * (enable.auto.offset.store), or when the application stores it; stored offsets are committed
 * every auto.commit.interval.ms (enable.auto.commit), or by rd_kafka_commit().
 * ============================================================================================== */

/**
 * Stores `offset` + 1 for a partition: pass the offset of the message that was processed.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__STATE when the partition is not assigned,
 * RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION for one that the client has not heard of.
 * Deprecated: use rd_kafka_offsets_store() or rd_kafka_offset_store_message(), which keep the
 * leader epoch.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_offset_store(rd_kafka_topic_t *rkt, int32_t partition,
                                                    int64_t offset);

/**
 * Stores offsets to be committed: of the next message, last one + 1. Metadata and leader epoch of
 * the entries are kept with them.
 *
 * Each entry's `err` is set: 0, or RD_KAFKA_RESP_ERR__STATE when it is not assigned.
 *
 * Returns: 0 when any entry succeeded, else the error of the entries;
 * RD_KAFKA_RESP_ERR__INVALID_ARG when enable.auto.offset.store is on.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_offsets_store(rd_kafka_t *rk,
                                                     rd_kafka_topic_partition_list_t *offsets);

/**
 * Stores the offset behind a message that was consumed, with its leader epoch. To be called after
 * it was processed, with enable.auto.offset.store=false.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__INVALID_ARG for an error in a message's place,
 * RD_KAFKA_RESP_ERR__STATE when its partition is not assigned any more.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_offset_store_message(rd_kafka_message_t *rkmessage);

/**
 * Commits offsets for the group.
 *
 * - `offsets`: offsets of the next message to process; NULL for all stored offsets of the
 *   assignment. The list is not changed: what became of each partition comes with the callback of
 *   rd_kafka_conf_set_offset_commit_cb() or RD_KAFKA_EVENT_OFFSET_COMMIT.
 * - `async`: 0 waits for the group's answer, else it does not.
 *
 * Returns: 0, or the commit's error (0 when `async`): RD_KAFKA_RESP_ERR__NO_OFFSET when there is
 * nothing to commit, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST when the partitions are others' already,
 * RD_KAFKA_RESP_ERR__WAIT_COORD when the group's coordinator could not be found,
 * RD_KAFKA_RESP_ERR__FATAL.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t *rk,
                                              const rd_kafka_topic_partition_list_t *offsets,
                                              int async);

/** Commits the offset behind a message for its partition; see rd_kafka_commit(). */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_commit_message(rd_kafka_t *rk,
                                                      const rd_kafka_message_t *rkmessage,
                                                      int async);

/**
 * Commits offsets for the group, with the outcome going to a queue.
 *
 * - `offsets`: as of rd_kafka_commit().
 * - `rkqu`: where the outcome goes, as RD_KAFKA_EVENT_OFFSET_COMMIT, whose
 *   rd_kafka_event_opaque() is `commit_opaque`, or as a call of `cb`. NULL waits for it and calls
 *   `cb` before it returns.
 * - `cb`: called with the outcome; may be NULL. Its list belongs to the library.
 *
 * Returns: 0 when the commit has been started; with `rkqu` NULL, its outcome.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_commit_queue(
    rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets, rd_kafka_queue_t *rkqu,
    void (*cb)(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *offsets,
               void *commit_opaque),
    void *commit_opaque);

/**
 * Asks for the offsets that are committed for the group.
 *
 * Each entry's `offset` is set, RD_KAFKA_OFFSET_INVALID when there is none, its metadata and
 * leader epoch too, and its `err`. With isolation.level=read_committed it waits for transactions
 * that are about to commit offsets (KIP-447).
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__WAIT_COORD, the group's
 * error, or RD_KAFKA_RESP_ERR__DESTROY once the consumer is closed.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_committed(rd_kafka_t *rk,
                                                 rd_kafka_topic_partition_list_t *partitions,
                                                 int timeout_ms);

/* ==============================================================================================
 * Group metadata (KIP-447)
 *
 * A consumer's membership, to be given to the producer that commits its offsets in a transaction,
 * in this process or another.
 * ============================================================================================== */

/**
 * The consumer's present membership. To be taken anew for every
 * rd_kafka_send_offsets_to_transaction(), since it changes with each rebalance.
 *
 * Returns: an object for rd_kafka_consumer_group_metadata_destroy(), or NULL when the client has
 * no group.
 */
RD_EXPORT rd_kafka_consumer_group_metadata_t *rd_kafka_consumer_group_metadata(rd_kafka_t *rk);

/**
 * Makes one that only names a group: for a producer that commits offsets without being fenced off
 * by the group.
 *
 * Returns: an object for rd_kafka_consumer_group_metadata_destroy().
 */
RD_EXPORT rd_kafka_consumer_group_metadata_t *
rd_kafka_consumer_group_metadata_new(const char *group_id);

/**
 * Makes one of its parts, for bindings: the generation (or member epoch), the member id, and
 * group.instance.id or NULL.
 *
 * Returns: an object for rd_kafka_consumer_group_metadata_destroy().
 */
RD_EXPORT rd_kafka_consumer_group_metadata_t *
rd_kafka_consumer_group_metadata_new_with_genid(const char *group_id, int32_t generation_id,
                                                const char *member_id,
                                                const char *group_instance_id);

/** The group. Lives as long as the object. */
RD_EXPORT const char *
rd_kafka_consumer_group_metadata_group_id(const rd_kafka_consumer_group_metadata_t *group_metadata);

/** The member's group.instance.id, or NULL. Lives as long as the object. */
RD_EXPORT const char *rd_kafka_consumer_group_metadata_group_instance_id(
    const rd_kafka_consumer_group_metadata_t *group_metadata);

/** The member's name. Lives as long as the object. */
RD_EXPORT const char *rd_kafka_consumer_group_metadata_member_id(
    const rd_kafka_consumer_group_metadata_t *group_metadata);

/** The generation of the group, or the member's epoch; -1 when not known. */
RD_EXPORT int32_t rd_kafka_consumer_group_metadata_generation_id(
    const rd_kafka_consumer_group_metadata_t *group_metadata);

/** Frees one that a function above returned. */
RD_EXPORT void rd_kafka_consumer_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *);

/**
 * Writes it as bytes, for another process of the same machine type and library version.
 *
 * `*bufferp` and `*sizep` are set; the buffer is for rd_kafka_mem_free().
 *
 * Returns: NULL, or an error.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_consumer_group_metadata_write(const rd_kafka_consumer_group_metadata_t *cgmd,
                                       void **bufferp, size_t *sizep);

/**
 * Makes one of the bytes that rd_kafka_consumer_group_metadata_write() wrote.
 *
 * `*cgmdp` is set to an object for rd_kafka_consumer_group_metadata_destroy().
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__BAD_MSG when the bytes are not such.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_consumer_group_metadata_read(rd_kafka_consumer_group_metadata_t **cgmdp,
                                      const void *buffer, size_t size);

/* ==============================================================================================
 * Transactions (KIP-98)
 *
 * A producer with a transactional.id writes to several partitions, and commits the offsets it
 * consumed, so that consumers with isolation.level=read_committed see all of it or nothing. Once
 * rd_kafka_init_transactions(); then, again and again: begin, produce, send offsets, and commit
 * or abort.
 *
 * Every function returns NULL or an error that says what to do: rd_kafka_error_is_fatal(), the
 * producer is finished, most often because another one with the same transactional.id has taken
 * over (RD_KAFKA_RESP_ERR__FENCED); rd_kafka_error_txn_requires_abort(), abort this transaction;
 * rd_kafka_error_is_retriable(), call again. Common to all: RD_KAFKA_RESP_ERR__NOT_CONFIGURED
 * without transactional.id, RD_KAFKA_RESP_ERR__INVALID_ARG for a consumer,
 * RD_KAFKA_RESP_ERR__STATE out of turn, RD_KAFKA_RESP_ERR__CONFLICT while another of them is
 * running.
 *
 * They wait at most `timeout_ms`; the call that timed out may be repeated, and goes on where it
 * was. -1 takes the time from transaction.timeout.ms.
 * ============================================================================================== */

/**
 * Gets the producer its id, fences off earlier producers with the same transactional.id, and ends
 * their transactions. Once, before the first transaction.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_init_transactions(rd_kafka_t *rk, int timeout_ms);

/** Begins a transaction; messages may be produced from now on. Does not wait. */
RD_EXPORT rd_kafka_error_t *rd_kafka_begin_transaction(rd_kafka_t *rk);

/**
 * Commits a consumer's offsets as part of the transaction.
 *
 * - `offsets`: of the next message to process, for each partition that was consumed; entries
 *   without an offset of 0 or more are left out.
 * - `cgmetadata`: the consumer's rd_kafka_consumer_group_metadata(). The consumer itself must not
 *   commit: set enable.auto.commit=false.
 *
 * Messages consumed after the offsets belong to the next transaction.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                     const rd_kafka_consumer_group_metadata_t *cgmetadata,
                                     int timeout_ms);

/**
 * Waits until all messages are delivered and commits the transaction. Callbacks run meanwhile
 * unless another thread polls. When a message failed the transaction has to be aborted.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms);

/**
 * Drops messages that are not sent, waits for the others, and aborts the transaction: its
 * messages stay invisible to read_committed consumers. The reports of those dropped come with
 * RD_KAFKA_RESP_ERR__PURGE_QUEUE or RD_KAFKA_RESP_ERR__PURGE_INFLIGHT.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_abort_transaction(rd_kafka_t *rk, int timeout_ms);

/* ==============================================================================================
 * Events
 *
 * An alternative to callbacks: the application reads a queue with rd_kafka_queue_poll() and asks
 * each event what it is. Kinds that callbacks exist for come as events when they are named in
 * rd_kafka_conf_set_events(). An event owns all that is read from it, and is freed with
 * rd_kafka_event_destroy().
 * ============================================================================================== */

/** One of RD_KAFKA_EVENT_... . */
typedef int rd_kafka_event_type_t;

/*
 * Some are single bits, some are plain numbers: compare them, do not test bits. ..._RESULT is the
 * outcome of an admin operation. LOG needs log.queue=true. BACKGROUND is not an event: in the mask
 * of rd_kafka_conf_set_events() it has the background thread started with the client.
 */
#define RD_KAFKA_EVENT_NONE                                0x0  /**< No event. */
#define RD_KAFKA_EVENT_DR                                  0x1  /**< Delivery reports. */
#define RD_KAFKA_EVENT_FETCH                               0x2  /**< A message. */
#define RD_KAFKA_EVENT_LOG                                 0x4  /**< A log line. */
#define RD_KAFKA_EVENT_ERROR                               0x8  /**< An error. */
#define RD_KAFKA_EVENT_REBALANCE                           0x10 /**< To be (un)assigned. */
#define RD_KAFKA_EVENT_OFFSET_COMMIT                       0x20 /**< The outcome of a commit. */
#define RD_KAFKA_EVENT_STATS                               0x40 /**< Statistics. */
#define RD_KAFKA_EVENT_CREATETOPICS_RESULT                 100
#define RD_KAFKA_EVENT_DELETETOPICS_RESULT                 101
#define RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT             102
#define RD_KAFKA_EVENT_ALTERCONFIGS_RESULT                 103
#define RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT              104
#define RD_KAFKA_EVENT_DELETERECORDS_RESULT                105
#define RD_KAFKA_EVENT_DELETEGROUPS_RESULT                 106
#define RD_KAFKA_EVENT_DELETECONSUMERGROUPOFFSETS_RESULT   107
#define RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH           0x100 /**< A token is needed. */
#define RD_KAFKA_EVENT_BACKGROUND                          0x200 /**< See below. */
#define RD_KAFKA_EVENT_CREATEACLS_RESULT                   0x400
#define RD_KAFKA_EVENT_DESCRIBEACLS_RESULT                 0x800
#define RD_KAFKA_EVENT_DELETEACLS_RESULT                   0x1000
#define RD_KAFKA_EVENT_LISTCONSUMERGROUPS_RESULT           0x2000
#define RD_KAFKA_EVENT_DESCRIBECONSUMERGROUPS_RESULT       0x4000
#define RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT     0x8000
#define RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT    0x10000
#define RD_KAFKA_EVENT_INCREMENTALALTERCONFIGS_RESULT      0x20000
#define RD_KAFKA_EVENT_DESCRIBEUSERSCRAMCREDENTIALS_RESULT 0x40000
#define RD_KAFKA_EVENT_ALTERUSERSCRAMCREDENTIALS_RESULT    0x80000
#define RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT               0x100000
#define RD_KAFKA_EVENT_DESCRIBECLUSTER_RESULT              0x200000
#define RD_KAFKA_EVENT_LISTOFFSETS_RESULT                  0x400000
#define RD_KAFKA_EVENT_ELECTLEADERS_RESULT                 0x800000

/**
 * Waits for the next event of a queue. What has no form as an event runs its callback meanwhile.
 *
 * Returns: an event for rd_kafka_event_destroy(), or NULL at the timeout.
 */
RD_EXPORT rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *rkqu, int timeout_ms);

/**
 * Serves a queue by callbacks, as rd_kafka_poll() does the main queue.
 *
 * Returns: how many events were served.
 */
RD_EXPORT int rd_kafka_queue_poll_callback(rd_kafka_queue_t *rkqu, int timeout_ms);

/** What kind of event it is; RD_KAFKA_EVENT_NONE for NULL. */
RD_EXPORT rd_kafka_event_type_t rd_kafka_event_type(const rd_kafka_event_t *rkev);

/** The name of its kind, for people, such as "DeliveryReport". Static. */
RD_EXPORT const char *rd_kafka_event_name(const rd_kafka_event_t *rkev);

/** Frees an event and all that was read from it. NULL is fine. */
RD_EXPORT void rd_kafka_event_destroy(rd_kafka_event_t *rkev);

/**
 * RD_KAFKA_EVENT_DR, RD_KAFKA_EVENT_FETCH: its messages, one after another.
 *
 * Returns: a message that belongs to the event, or NULL when there are no more.
 */
RD_EXPORT const rd_kafka_message_t *rd_kafka_event_message_next(rd_kafka_event_t *rkev);

/**
 * RD_KAFKA_EVENT_DR, RD_KAFKA_EVENT_FETCH: puts up to `size` of its next messages, which belong
 * to the event, into `rkmessages`.
 *
 * Returns: how many.
 */
RD_EXPORT size_t rd_kafka_event_message_array(rd_kafka_event_t *rkev,
                                              const rd_kafka_message_t **rkmessages, size_t size);

/** How many messages the event has; 0 for kinds without. */
RD_EXPORT size_t rd_kafka_event_message_count(rd_kafka_event_t *rkev);

/**
 * RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH: the value of sasl.oauthbearer.config; may be NULL.
 */
RD_EXPORT const char *rd_kafka_event_config_string(rd_kafka_event_t *rkev);

/**
 * The event's error: what happened, for RD_KAFKA_EVENT_ERROR;
 * RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS or _REVOKE_PARTITIONS for RD_KAFKA_EVENT_REBALANCE; else
 * the outcome of the operation as a whole. For a fatal error it is the code of its cause.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *rkev);

/** The same for people; "" or the code's meaning when there is nothing more to say. */
RD_EXPORT const char *rd_kafka_event_error_string(rd_kafka_event_t *rkev);

/** RD_KAFKA_EVENT_ERROR: 1 when it is fatal, see rd_kafka_fatal_error(). Else 0. */
RD_EXPORT int rd_kafka_event_error_is_fatal(rd_kafka_event_t *rkev);

/**
 * The pointer given to what the event is the outcome of: rd_kafka_commit_queue() or
 * rd_kafka_AdminOptions_set_opaque(). Else NULL.
 */
RD_EXPORT void *rd_kafka_event_opaque(rd_kafka_event_t *rkev);

/**
 * RD_KAFKA_EVENT_LOG: sets what it is about, the text, and the level as in syslog(3).
 *
 * Returns: 0, or -1 for other events.
 */
RD_EXPORT int rd_kafka_event_log(rd_kafka_event_t *rkev, const char **fac, const char **str,
                                 int *level);

/**
 * RD_KAFKA_EVENT_LOG: writes the names of the debug contexts the line belongs to, separated by
 * commas, into `dst` of `dstsize` bytes.
 *
 * Returns: 0, or -1 for other events.
 */
RD_EXPORT int rd_kafka_event_debug_contexts(rd_kafka_event_t *rkev, char *dst, size_t dstsize);

/** RD_KAFKA_EVENT_STATS: the JSON. Else NULL. */
RD_EXPORT const char *rd_kafka_event_stats(rd_kafka_event_t *rkev);

/**
 * RD_KAFKA_EVENT_REBALANCE, RD_KAFKA_EVENT_OFFSET_COMMIT: the partitions it is about, belonging
 * to the event; may be NULL for a commit. Else NULL.
 */
RD_EXPORT rd_kafka_topic_partition_list_t *
rd_kafka_event_topic_partition_list(rd_kafka_event_t *rkev);

/**
 * RD_KAFKA_EVENT_ERROR: the partition a consumer's error is about.
 *
 * Returns: an object of the caller's for rd_kafka_topic_partition_destroy(), or NULL when it is
 * about none.
 */
RD_EXPORT rd_kafka_topic_partition_t *rd_kafka_event_topic_partition(rd_kafka_event_t *rkev);

/* ==============================================================================================
 * Cluster metadata
 * ============================================================================================== */

/** A broker. */
typedef struct rd_kafka_metadata_broker {
    int32_t id; /**< Broker id. */
    char *host; /**< Host name or address. */
    int port;   /**< Port. */
} rd_kafka_metadata_broker_t;

/** A partition. */
typedef struct rd_kafka_metadata_partition {
    int32_t id;              /**< Partition. */
    rd_kafka_resp_err_t err; /**< What the broker reports about it; 0: all is well. */
    int32_t leader;          /**< Broker id of the leader, -1: none. */
    int replica_cnt;         /**< Number of `replicas`. */
    int32_t *replicas;       /**< Broker ids of all replicas. */
    int isr_cnt;             /**< Number of `isrs`. */
    int32_t *isrs;           /**< Broker ids of the replicas in sync. */
} rd_kafka_metadata_partition_t;

/** A topic. */
typedef struct rd_kafka_metadata_topic {
    char *topic;                                    /**< Name. */
    int partition_cnt;                              /**< Number of `partitions`. */
    struct rd_kafka_metadata_partition *partitions; /**< In order of their ids. */
    rd_kafka_resp_err_t err;                        /**< What the broker reports about it. */
} rd_kafka_metadata_topic_t;

/** What rd_kafka_metadata() returns. */
typedef struct rd_kafka_metadata {
    int broker_cnt;                           /**< Number of `brokers`. */
    struct rd_kafka_metadata_broker *brokers; /**< Brokers of the cluster. */
    int topic_cnt;                            /**< Number of `topics`. */
    struct rd_kafka_metadata_topic *topics;   /**< Topics asked for. */
    int32_t orig_broker_id;                   /**< Id of the broker that answered. */
    char *orig_broker_name;                   /**< Its name. */
} rd_kafka_metadata_t;

/** A broker, in results of admin operations. */
typedef struct rd_kafka_Node_s rd_kafka_Node_t;

/**
 * Asks the cluster for its brokers and topics.
 *
 * - `all_topics`: not 0: all topics of the cluster; 0: those this client knows.
 * - `only_rkt`: this topic alone; or NULL.
 * - `*metadatap` is set to the answer, for rd_kafka_metadata_destroy().
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT when no broker can be
 * asked, or a broker's error.
 */
#if defined(__GNUC__) && defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
RD_EXPORT rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics,
                                                rd_kafka_topic_t *only_rkt,
                                                const struct rd_kafka_metadata **metadatap,
                                                int timeout_ms);
#if defined(__GNUC__) && defined(__cplusplus)
#pragma GCC diagnostic pop
#endif

/** Frees what rd_kafka_metadata() returned. */
RD_EXPORT void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata);

/**
 * The id of the cluster, once a broker has told it: waits for that at most `timeout_ms`.
 *
 * Returns: a text for rd_kafka_mem_free(), or NULL at the timeout or when brokers are older than
 * 0.10.1.
 */
RD_EXPORT char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms);

/**
 * The broker id of the cluster's controller, once a broker has told it: waits for that at most
 * `timeout_ms`.
 *
 * Returns: the id, or -1 at the timeout or when brokers are older than 0.10.
 */
RD_EXPORT int32_t rd_kafka_controllerid(rd_kafka_t *rk, int timeout_ms);

/** The broker's id, -1 when not known. */
RD_EXPORT int rd_kafka_Node_id(const rd_kafka_Node_t *node);

/** Its host name or address. Lives as long as the object. */
RD_EXPORT const char *rd_kafka_Node_host(const rd_kafka_Node_t *node);

/** Its port. */
RD_EXPORT uint16_t rd_kafka_Node_port(const rd_kafka_Node_t *node);

/** Its rack, or NULL. Lives as long as the object. */
RD_EXPORT const char *rd_kafka_Node_rack(const rd_kafka_Node_t *node);

/* ==============================================================================================
 * Consumer groups of the cluster
 * ============================================================================================== */

/** A member of a group. */
struct rd_kafka_group_member_info {
    char *member_id;            /**< Name the group gave to it. */
    char *client_id;            /**< Its client.id. */
    char *client_host;          /**< Where it connects from. */
    void *member_metadata;      /**< What it subscribed with, as bytes of the group's protocol. */
    int member_metadata_size;   /**< Size of `member_metadata`. */
    void *member_assignment;    /**< What it was assigned, as bytes of the group's protocol. */
    int member_assignment_size; /**< Size of `member_assignment`. */
};

/** The state of a group. */
typedef enum {
    RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN = 0,              /**< Not known. */
    RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE = 1,  /**< Members are joining. */
    RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE = 2, /**< The assignment is being made. */
    RD_KAFKA_CONSUMER_GROUP_STATE_STABLE = 3, /**< All members have their partitions. */
    RD_KAFKA_CONSUMER_GROUP_STATE_DEAD = 4,   /**< Gone. */
    RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY = 5,  /**< No members, but offsets. */
    RD_KAFKA_CONSUMER_GROUP_STATE__CNT        /**< Number of values above. */
} rd_kafka_consumer_group_state_t;

/** The protocol of a group. */
typedef enum {
    RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN = 0,  /**< Not known. */
    RD_KAFKA_CONSUMER_GROUP_TYPE_CONSUMER = 1, /**< The one of KIP-848: brokers assign. */
    RD_KAFKA_CONSUMER_GROUP_TYPE_CLASSIC = 2,  /**< The older one: a member assigns. */
    RD_KAFKA_CONSUMER_GROUP_TYPE__CNT          /**< Number of values above. */
} rd_kafka_consumer_group_type_t;

/** A group. */
struct rd_kafka_group_info {
    struct rd_kafka_metadata_broker broker;     /**< Its coordinator. */
    char *group;                                /**< Name. */
    rd_kafka_resp_err_t err;                    /**< What the broker reports about it. */
    char *state;                                /**< State, as text. */
    char *protocol_type;                        /**< "consumer", or what else uses groups. */
    char *protocol;                             /**< The assignor. */
    struct rd_kafka_group_member_info *members; /**< Members. */
    int member_cnt;                             /**< Number of `members`. */
};

/** What rd_kafka_list_groups() returns. */
struct rd_kafka_group_list {
    struct rd_kafka_group_info *groups; /**< Groups. */
    int group_cnt;                      /**< Number of `groups`. */
};

/**
 * Asks all brokers for the groups they coordinate, and has them described. Blocks.
 *
 * - `group`: this group alone; NULL for all. One that does not exist gives an empty list.
 * - `*grplistp` is set to the answer, for rd_kafka_group_list_destroy().
 * - A broker that cannot answer yet is asked again for as long as `timeout_ms` says.
 *
 * Groups of the newer kind (RD_KAFKA_CONSUMER_GROUP_TYPE_CONSUMER) and share groups come with their
 * state, and without members.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT,
 * RD_KAFKA_RESP_ERR__DESTROY when another thread destroys the client, or a broker's error. With
 * RD_KAFKA_RESP_ERR__PARTIAL too the list is set: some brokers did not answer. Deprecated: use
 * rd_kafka_ListConsumerGroups() and rd_kafka_DescribeConsumerGroups().
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_list_groups(rd_kafka_t *rk, const char *group,
                                                   const struct rd_kafka_group_list **grplistp,
                                                   int timeout_ms);

/** Frees what rd_kafka_list_groups() returned, with all that is in it. NULL is fine. */
RD_EXPORT void rd_kafka_group_list_destroy(const struct rd_kafka_group_list *grplist);

/** The name of a state, such as "Stable"; NULL for a value that is not one. Static. */
RD_EXPORT const char *rd_kafka_consumer_group_state_name(rd_kafka_consumer_group_state_t state);

/**
 * The state of that name, upper and lower case being the same;
 * RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN for others.
 */
RD_EXPORT rd_kafka_consumer_group_state_t rd_kafka_consumer_group_state_code(const char *name);

/** The name of a type, such as "Classic"; NULL for a value that is not one. Static. */
RD_EXPORT const char *rd_kafka_consumer_group_type_name(rd_kafka_consumer_group_type_t type);

/**
 * The type of that name, upper and lower case being the same;
 * RD_KAFKA_CONSUMER_GROUP_TYPE_UNKNOWN for others.
 */
RD_EXPORT rd_kafka_consumer_group_type_t rd_kafka_consumer_group_type_code(const char *name);

/* ==============================================================================================
 * Logging
 *
 * What the client logs goes to standard error, or to the callback of rd_kafka_conf_set_log_cb().
 * Levels are those of syslog(3): 0, the system is unusable, to 7, debugging. log_level and debug
 * choose what is logged.
 * ============================================================================================== */

/**
 * With log.queue=true: has log lines go to a queue, for the callback or as RD_KAFKA_EVENT_LOG.
 * Until it is called, lines are kept.
 *
 * - `rkqu`: the queue; NULL for the client's main queue.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__NOT_CONFIGURED without log.queue=true.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_set_log_queue(rd_kafka_t *rk, rd_kafka_queue_t *rkqu);

/**
 * Replaces the function that log lines go to, as rd_kafka_conf_set_log_cb() sets it.
 *
 * Deprecated: use rd_kafka_conf_set_log_cb(), which also sees the first lines.
 */
RD_EXPORT RD_DEPRECATED void rd_kafka_set_logger(rd_kafka_t *rk,
                                                 void (*func)(const rd_kafka_t *rk, int level,
                                                              const char *fac, const char *buf));

/**
 * Changes the level up to which lines are logged.
 *
 * Deprecated: set log_level.
 */
RD_EXPORT void rd_kafka_set_log_level(rd_kafka_t *rk, int level);

/**
 * Writes a line to standard error: what log_cb is by default. May be given to
 * rd_kafka_conf_set_log_cb().
 */
RD_EXPORT void rd_kafka_log_print(const rd_kafka_t *rk, int level, const char *fac,
                                  const char *buf);

/** Writes a line with syslog(3). To be given to rd_kafka_conf_set_log_cb(). */
RD_EXPORT void rd_kafka_log_syslog(const rd_kafka_t *rk, int level, const char *fac,
                                   const char *buf);

/* ==============================================================================================
 * Authentication
 *
 * See also rd_kafka_conf_set_oauthbearer_token_refresh_cb() and
 * rd_kafka_conf_enable_sasl_queue().
 * ============================================================================================== */

/**
 * Has the queue of rd_kafka_conf_enable_sasl_queue() served on the client's background thread, so
 * that tokens are refreshed without the application polling.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__NOT_CONFIGURED when that queue was not enabled.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_sasl_background_callbacks_enable(rd_kafka_t *rk);

/**
 * Replaces user name and password of the mechanisms PLAIN and SCRAM. Used from the next
 * connection on; open connections stay.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__INVALID_ARG when either is NULL.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_sasl_set_credentials(rd_kafka_t *rk, const char *username,
                                                          const char *password);

/**
 * Gives the client a token for sasl.mechanism=OAUTHBEARER (KIP-255).
 *
 * - `token_value`: the token as it is sent, most often a signed JWT.
 * - `md_lifetime_ms`: when it expires, in milliseconds since 1970 UTC.
 * - `md_principal_name`: whom it is for.
 * - `extensions`, `extension_size`: SASL extensions (KIP-342): name, value, name, value...; the
 *   size counts both.
 *
 * Returns: 0; else, with a text in `errstr`, RD_KAFKA_RESP_ERR__INVALID_ARG for a token that has
 * expired or characters that are not allowed, RD_KAFKA_RESP_ERR__STATE when another mechanism is
 * in use, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED when this build lacks it.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_oauthbearer_set_token(
    rd_kafka_t *rk, const char *token_value, int64_t md_lifetime_ms, const char *md_principal_name,
    const char **extensions, size_t extension_size, char *errstr, size_t errstr_size);

/**
 * Tells the client that no token could be had. It reports RD_KAFKA_RESP_ERR__AUTHENTICATION with
 * the text `errstr`, goes on with the token it has, and asks again after ten seconds.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__INVALID_ARG without text, RD_KAFKA_RESP_ERR__STATE,
 * RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_oauthbearer_set_token_failure(rd_kafka_t *rk,
                                                                     const char *errstr);

/* ==============================================================================================
 * Share consumers (KIP-932)
 *
 * The members of a share group take single messages of the same partitions, as from a job queue,
 * and acknowledge each. A message that is not acknowledged in time, or is released, is handed out
 * again, to any member.
 *
 * A share consumer is used by one thread at a time: a call while another is running returns
 * RD_KAFKA_RESP_ERR__CONFLICT, a call from its own callback, or after it was closed,
 * RD_KAFKA_RESP_ERR__STATE. Functions that take an rd_kafka_t are not for share consumers.
 * ============================================================================================== */

/** What became of a message. */
typedef enum rd_kafka_share_AcknowledgeType_s {
    RD_KAFKA_SHARE_ACKNOWLEDGE_TYPE_ACCEPT = 1,  /**< It was processed. */
    RD_KAFKA_SHARE_ACKNOWLEDGE_TYPE_RELEASE = 2, /**< It was not: hand it out again. */
    RD_KAFKA_SHARE_ACKNOWLEDGE_TYPE_REJECT = 3   /**< It cannot be: never hand it out again. */
} rd_kafka_share_AcknowledgeType_t;

/**
 * Makes a share consumer.
 *
 * - `conf`: its configuration, with a group.id; properties that make no sense for it must not be
 *   set.
 *
 * Returns: the consumer, for rd_kafka_share_destroy(), or NULL with a text in `errstr`.
 * Takes: `conf`, on success only.
 */
RD_EXPORT rd_kafka_share_t *rd_kafka_share_consumer_new(rd_kafka_conf_t *conf, char *errstr,
                                                        size_t errstr_size);

/**
 * Subscribes to topics, replacing the subscription there was; an empty list ends it. Only the
 * names are read; there are no regular expressions.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__INVALID_ARG, or as the section says.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_share_subscribe(rd_kafka_share_t *rkshare, const rd_kafka_topic_partition_list_t *topics);

/**
 * Ends the subscription.
 *
 * Returns: 0, or as the section says.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_share_unsubscribe(rd_kafka_share_t *rkshare);

/**
 * The topics subscribed to: `*topics` is set to a list for
 * rd_kafka_topic_partition_list_destroy().
 *
 * Returns: 0, or as the section says.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_share_subscription(rd_kafka_share_t *rkshare,
                                                          rd_kafka_topic_partition_list_t **topics);

/**
 * Waits for messages.
 *
 * With share.acknowledgement.mode=implicit, those of the call before are accepted by this call;
 * with explicit, all of them have to be acknowledged before.
 *
 * `*rkmessages` is set to messages for rd_kafka_messages_destroy(), or NULL at the timeout.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__STATE when nothing is subscribed to or messages
 * have not been acknowledged.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_poll(rd_kafka_share_t *rkshare, int timeout_ms,
                                                rd_kafka_messages_t **rkmessages);

/** The number of messages; 0 for NULL. */
RD_EXPORT size_t rd_kafka_messages_count(const rd_kafka_messages_t *messages);

/**
 * The message number `index`, counted from 0, which has to be less than their number. It belongs
 * to `messages`.
 */
RD_EXPORT rd_kafka_message_t *rd_kafka_messages_get(const rd_kafka_messages_t *messages,
                                                    size_t index);

/** Frees the messages. NULL is fine. Does not acknowledge them. */
RD_EXPORT void rd_kafka_messages_destroy(rd_kafka_messages_t *messages);

/**
 * Accepts a message. With share.acknowledgement.mode=explicit only, else
 * RD_KAFKA_RESP_ERR__STATE. Sent with the next poll or commit; until then another call for the
 * same message replaces it.
 *
 * Returns: 0, RD_KAFKA_RESP_ERR__INVALID_ARG, or RD_KAFKA_RESP_ERR__STATE for a message this
 * consumer does not hold.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_share_acknowledge(rd_kafka_share_t *rkshare,
                                                         const rd_kafka_message_t *rkmessage);

/** As rd_kafka_share_acknowledge(), saying what became of the message. */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_share_acknowledge_type(rd_kafka_share_t *rkshare, const rd_kafka_message_t *rkmessage,
                                rd_kafka_share_AcknowledgeType_t type);

/** As rd_kafka_share_acknowledge_type(), for a message named by its place. */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_share_acknowledge_offset(rd_kafka_share_t *rkshare, const char *topic, int32_t partition,
                                  int64_t offset, rd_kafka_share_AcknowledgeType_t type);

/**
 * Sends acknowledgements without waiting for the answer, which comes to the callback of
 * rd_kafka_share_set_acknowledgement_commit_cb().
 *
 * Returns: NULL, or an error as the section says.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_commit_async(rd_kafka_share_t *rkshare);

/**
 * Sends acknowledgements and waits for the answer.
 *
 * `*partitions` is set to a list for rd_kafka_topic_partition_list_destroy() with an `err` for
 * each partition, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT for those not answered in time; NULL when
 * there was nothing to send.
 *
 * Returns: NULL, or an error as the section says.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_share_commit_sync(rd_kafka_share_t *rkshare, int timeout_ms,
                           rd_kafka_topic_partition_list_t **partitions);

/**
 * Has a function called with the outcome of acknowledgements: for one partition at a time, its
 * offsets and `err`. The list belongs to the library. NULL ends it.
 *
 * Returns: NULL, or an error as the section says.
 * Threads: the one in rd_kafka_share_poll(), a commit or close.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_set_acknowledgement_commit_cb(
    rd_kafka_share_t *rkshare,
    void (*share_acknowledgement_commit_cb)(rd_kafka_share_t *rkshare,
                                            rd_kafka_share_partition_offsets_list_t *partitions,
                                            rd_kafka_resp_err_t err, void *opaque),
    void *opaque);

/** The number of entries. */
RD_EXPORT size_t
rd_kafka_share_partition_offsets_list_count(const rd_kafka_share_partition_offsets_list_t *list);

/** The entry number `index`, counted from 0; it belongs to the list. */
RD_EXPORT const rd_kafka_share_partition_offsets_t *
rd_kafka_share_partition_offsets_list_get(const rd_kafka_share_partition_offsets_list_t *list,
                                          size_t index);

/** Frees a list that is the application's own. */
RD_EXPORT void
rd_kafka_share_partition_offsets_list_destroy(rd_kafka_share_partition_offsets_list_t *list);

/** The partition of an entry. */
RD_EXPORT const rd_kafka_topic_partition_t *rd_kafka_share_partition_offsets_partition(
    const rd_kafka_share_partition_offsets_t *partition_offsets);

/** The offsets of an entry, as an array. */
RD_EXPORT const int64_t *rd_kafka_share_partition_offsets_offsets(
    const rd_kafka_share_partition_offsets_t *partition_offsets);

/** How many these are. */
RD_EXPORT size_t rd_kafka_share_partition_offsets_offsets_cnt(
    const rd_kafka_share_partition_offsets_t *partition_offsets);

/**
 * Sends what is acknowledged, gives back what is not, and leaves the group. The consumer itself
 * has to be destroyed afterwards.
 *
 * Returns: NULL, or an error as the section says.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_consumer_close(rd_kafka_share_t *rkshare);

/**
 * As rd_kafka_share_consumer_close(), without waiting: callbacks of closing go to `rkqu`, which
 * the application serves until rd_kafka_share_consumer_closed() is 1.
 *
 * Returns: NULL, or an error: RD_KAFKA_RESP_ERR__INVALID_ARG without queue.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_consumer_close_queue(rd_kafka_share_t *rkshare,
                                                                rd_kafka_queue_t *rkqu);

/** Whether closing is complete: 1 or 0. */
RD_EXPORT int rd_kafka_share_consumer_closed(rd_kafka_share_t *rkshare);

/**
 * Ends a share consumer and frees it, closing it first if need be.
 *
 * Returns: NULL, or an error when another thread is using it: it then lives on.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_destroy(rd_kafka_share_t *rkshare);

/** As rd_kafka_share_destroy(), with RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE or 0 in `flags`. */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_destroy_flags(rd_kafka_share_t *rkshare, int flags);

/** As rd_kafka_set_log_queue(), with an error object. */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_set_log_queue(rd_kafka_share_t *rkshare,
                                                         rd_kafka_queue_t *rkqu);

/** As rd_kafka_queue_get_sasl(). */
RD_EXPORT rd_kafka_queue_t *rd_kafka_share_queue_get_sasl(rd_kafka_share_t *rkshare);

/** As rd_kafka_sasl_background_callbacks_enable(). */
RD_EXPORT rd_kafka_error_t *
rd_kafka_share_sasl_background_callbacks_enable(rd_kafka_share_t *rkshare);

/** As rd_kafka_sasl_set_credentials(). */
RD_EXPORT rd_kafka_error_t *rd_kafka_share_sasl_set_credentials(rd_kafka_share_t *rkshare,
                                                                const char *username,
                                                                const char *password);

/** As rd_kafka_oauthbearer_set_token(). */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_share_oauthbearer_set_token(
    rd_kafka_share_t *rkshare, const char *token_value, int64_t md_lifetime_ms,
    const char *md_principal_name, const char **extensions, size_t extension_size, char *errstr,
    size_t errstr_size);

/** As rd_kafka_oauthbearer_set_token_failure(). */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_share_oauthbearer_set_token_failure(rd_kafka_share_t *rkshare, const char *errstr);

/* ==============================================================================================
 * Results of admin operations, as events
 *
 * Each is the event itself under another name, read with the functions of its operation, and
 * freed with rd_kafka_event_destroy().
 * ============================================================================================== */

typedef rd_kafka_event_t rd_kafka_CreateTopics_result_t;
typedef rd_kafka_event_t rd_kafka_DeleteTopics_result_t;
typedef rd_kafka_event_t rd_kafka_CreateAcls_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeAcls_result_t;
typedef rd_kafka_event_t rd_kafka_DeleteAcls_result_t;
typedef rd_kafka_event_t rd_kafka_CreatePartitions_result_t;
typedef rd_kafka_event_t rd_kafka_AlterConfigs_result_t;
typedef rd_kafka_event_t rd_kafka_IncrementalAlterConfigs_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeConfigs_result_t;
typedef rd_kafka_event_t rd_kafka_DeleteRecords_result_t;
typedef rd_kafka_event_t rd_kafka_ListConsumerGroups_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeConsumerGroups_result_t;
typedef rd_kafka_event_t rd_kafka_DeleteGroups_result_t;
typedef rd_kafka_event_t rd_kafka_DeleteConsumerGroupOffsets_result_t;
typedef rd_kafka_event_t rd_kafka_AlterConsumerGroupOffsets_result_t;
typedef rd_kafka_event_t rd_kafka_ListConsumerGroupOffsets_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeTopics_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeCluster_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeUserScramCredentials_result_t;
typedef rd_kafka_event_t rd_kafka_AlterUserScramCredentials_result_t;
typedef rd_kafka_event_t rd_kafka_ListOffsets_result_t;
typedef rd_kafka_event_t rd_kafka_ElectLeaders_result_t;

/**
 * The event as the result of rd_kafka_CreateTopics(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_CreateTopics_result_t *
rd_kafka_event_CreateTopics_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DeleteTopics(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DeleteTopics_result_t *
rd_kafka_event_DeleteTopics_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_CreatePartitions(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_CreatePartitions_result_t *
rd_kafka_event_CreatePartitions_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_AlterConfigs(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_AlterConfigs_result_t *
rd_kafka_event_AlterConfigs_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_IncrementalAlterConfigs(); NULL when it is another kind of
 * event.
 */
RD_EXPORT const rd_kafka_IncrementalAlterConfigs_result_t *
rd_kafka_event_IncrementalAlterConfigs_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DescribeConfigs(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DescribeConfigs_result_t *
rd_kafka_event_DescribeConfigs_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DeleteRecords(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DeleteRecords_result_t *
rd_kafka_event_DeleteRecords_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_ListConsumerGroups(); NULL when it is another kind of
 * event.
 */
RD_EXPORT const rd_kafka_ListConsumerGroups_result_t *
rd_kafka_event_ListConsumerGroups_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DescribeConsumerGroups(); NULL when it is another kind of
 * event.
 */
RD_EXPORT const rd_kafka_DescribeConsumerGroups_result_t *
rd_kafka_event_DescribeConsumerGroups_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DescribeTopics(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DescribeTopics_result_t *
rd_kafka_event_DescribeTopics_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DescribeCluster(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DescribeCluster_result_t *
rd_kafka_event_DescribeCluster_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DeleteGroups(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DeleteGroups_result_t *
rd_kafka_event_DeleteGroups_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DeleteConsumerGroupOffsets(); NULL when it is another kind
 * of event.
 */
RD_EXPORT const rd_kafka_DeleteConsumerGroupOffsets_result_t *
rd_kafka_event_DeleteConsumerGroupOffsets_result(rd_kafka_event_t *rkev);

/** The event as the result of rd_kafka_CreateAcls(); NULL when it is another kind of event. */
RD_EXPORT const rd_kafka_CreateAcls_result_t *
rd_kafka_event_CreateAcls_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DescribeAcls(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_DescribeAcls_result_t *
rd_kafka_event_DescribeAcls_result(rd_kafka_event_t *rkev);

/** The event as the result of rd_kafka_DeleteAcls(); NULL when it is another kind of event. */
RD_EXPORT const rd_kafka_DeleteAcls_result_t *
rd_kafka_event_DeleteAcls_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_ListConsumerGroupOffsets(); NULL when it is another kind of
 * event.
 */
RD_EXPORT const rd_kafka_ListConsumerGroupOffsets_result_t *
rd_kafka_event_ListConsumerGroupOffsets_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_AlterConsumerGroupOffsets(); NULL when it is another kind
 * of event.
 */
RD_EXPORT const rd_kafka_AlterConsumerGroupOffsets_result_t *
rd_kafka_event_AlterConsumerGroupOffsets_result(rd_kafka_event_t *rkev);

/** The event as the result of rd_kafka_ListOffsets(); NULL when it is another kind of event. */
RD_EXPORT const rd_kafka_ListOffsets_result_t *
rd_kafka_event_ListOffsets_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_DescribeUserScramCredentials(); NULL when it is another
 * kind of event.
 */
RD_EXPORT const rd_kafka_DescribeUserScramCredentials_result_t *
rd_kafka_event_DescribeUserScramCredentials_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_AlterUserScramCredentials(); NULL when it is another kind
 * of event.
 */
RD_EXPORT const rd_kafka_AlterUserScramCredentials_result_t *
rd_kafka_event_AlterUserScramCredentials_result(rd_kafka_event_t *rkev);

/**
 * The event as the result of rd_kafka_ElectLeaders(); NULL when it is another kind of event.
 */
RD_EXPORT const rd_kafka_ElectLeaders_result_t *
rd_kafka_event_ElectLeaders_result(rd_kafka_event_t *rkev);

/* ==============================================================================================
 * Administration
 *
 * An operation is described by objects of the application, started with one call that does not
 * wait, and answered by an event on the queue it was given: RD_KAFKA_EVENT_..._RESULT. Any client
 * will do, producer or consumer.
 *
 * - The call copies what it is given; everything stays the caller's.
 * - `options` may be NULL for the defaults. `rkqu` must not be NULL.
 * - rd_kafka_event_error() is the outcome of the request as a whole,
 *   RD_KAFKA_RESP_ERR__INVALID_ARG for arguments that are not valid; the result then holds
 *   nothing. Else every item has an outcome of its own.
 * - A result is the event under another name: rd_kafka_event_..._result(). All that is read from
 *   it belongs to the event and lives until rd_kafka_event_destroy(). Functions that return an
 *   array set `*cntp` to its length; NULL with 0 when it is empty. Results come in the order of
 *   what was asked for.
 * - Objects that an application makes are freed with their ..._destroy(). The ..._destroy_array()
 *   functions free the objects of an array, not the array.
 * ============================================================================================== */

/** The operations, for rd_kafka_AdminOptions_new(). */
typedef enum rd_kafka_admin_op_t {
    RD_KAFKA_ADMIN_OP_ANY = 0,      /**< Any of them. */
    RD_KAFKA_ADMIN_OP_CREATETOPICS, /**< rd_kafka_CreateTopics(); and so on. */
    RD_KAFKA_ADMIN_OP_DELETETOPICS,
    RD_KAFKA_ADMIN_OP_CREATEPARTITIONS,
    RD_KAFKA_ADMIN_OP_ALTERCONFIGS,
    RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
    RD_KAFKA_ADMIN_OP_DELETERECORDS,
    RD_KAFKA_ADMIN_OP_DELETEGROUPS,
    RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS,
    RD_KAFKA_ADMIN_OP_CREATEACLS,
    RD_KAFKA_ADMIN_OP_DESCRIBEACLS,
    RD_KAFKA_ADMIN_OP_DELETEACLS,
    RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS,
    RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS,
    RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
    RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS,
    RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS,
    RD_KAFKA_ADMIN_OP_DESCRIBEUSERSCRAMCREDENTIALS,
    RD_KAFKA_ADMIN_OP_ALTERUSERSCRAMCREDENTIALS,
    RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
    RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER,
    RD_KAFKA_ADMIN_OP_LISTOFFSETS,
    RD_KAFKA_ADMIN_OP_ELECTLEADERS,
    RD_KAFKA_ADMIN_OP__CNT /**< Number of values above. */
} rd_kafka_admin_op_t;

/** Which offsets count as the end of a partition, for rd_kafka_AdminOptions_set_isolation_level().
 */
typedef enum rd_kafka_IsolationLevel_t {
    RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED = 0, /**< Those of all messages. */
    RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED = 1    /**< Those before the first open transaction. */
} rd_kafka_IsolationLevel_t;

/** What an ACL is about, and what the client may do (authorized operations). */
typedef enum rd_kafka_AclOperation_t {
    RD_KAFKA_ACL_OPERATION_UNKNOWN = 0,           /**< Not known to this library. */
    RD_KAFKA_ACL_OPERATION_ANY = 1,               /**< In filters: whichever. */
    RD_KAFKA_ACL_OPERATION_ALL = 2,               /**< All operations. */
    RD_KAFKA_ACL_OPERATION_READ = 3,              /**< Read. */
    RD_KAFKA_ACL_OPERATION_WRITE = 4,             /**< Write. */
    RD_KAFKA_ACL_OPERATION_CREATE = 5,            /**< Create. */
    RD_KAFKA_ACL_OPERATION_DELETE = 6,            /**< Delete. */
    RD_KAFKA_ACL_OPERATION_ALTER = 7,             /**< Alter. */
    RD_KAFKA_ACL_OPERATION_DESCRIBE = 8,          /**< Describe. */
    RD_KAFKA_ACL_OPERATION_CLUSTER_ACTION = 9,    /**< What brokers do among themselves. */
    RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS = 10, /**< Read the configuration. */
    RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS = 11,    /**< Change the configuration. */
    RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE = 12, /**< Write idempotently. */
    RD_KAFKA_ACL_OPERATION__CNT                   /**< Number of values above. */
} rd_kafka_AclOperation_t;

/** What a configuration or an ACL belongs to. */
typedef enum rd_kafka_ResourceType_t {
    RD_KAFKA_RESOURCE_UNKNOWN = 0,          /**< Not known to this library. */
    RD_KAFKA_RESOURCE_ANY = 1,              /**< In filters: whichever. */
    RD_KAFKA_RESOURCE_TOPIC = 2,            /**< A topic. */
    RD_KAFKA_RESOURCE_GROUP = 3,            /**< A group. */
    RD_KAFKA_RESOURCE_BROKER = 4,           /**< A broker; ACLs: the cluster. */
    RD_KAFKA_RESOURCE_TRANSACTIONAL_ID = 5, /**< A transactional.id. */
    RD_KAFKA_RESOURCE__CNT                  /**< Number of values above. */
} rd_kafka_ResourceType_t;

/** How the name in an ACL is meant. */
typedef enum rd_kafka_ResourcePatternType_t {
    RD_KAFKA_RESOURCE_PATTERN_UNKNOWN = 0,  /**< Not known to this library. */
    RD_KAFKA_RESOURCE_PATTERN_ANY = 1,      /**< In filters: whichever. */
    RD_KAFKA_RESOURCE_PATTERN_MATCH = 2,    /**< In filters: all that apply to the name. */
    RD_KAFKA_RESOURCE_PATTERN_LITERAL = 3,  /**< This name; "*" is every name. */
    RD_KAFKA_RESOURCE_PATTERN_PREFIXED = 4, /**< Names that begin so. */
    RD_KAFKA_RESOURCE_PATTERN_TYPE__CNT     /**< Number of values above. */
} rd_kafka_ResourcePatternType_t;

/** How it ended for the topic; 0: well. */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_topic_result_error(const rd_kafka_topic_result_t *topicres);

/** The same for people, in the broker's words where it has some; NULL when it ended well. */
RD_EXPORT const char *rd_kafka_topic_result_error_string(const rd_kafka_topic_result_t *topicres);

/** The topic. */
RD_EXPORT const char *rd_kafka_topic_result_name(const rd_kafka_topic_result_t *topicres);

/** How it ended for the group; NULL: well. */
RD_EXPORT const rd_kafka_error_t *
rd_kafka_group_result_error(const rd_kafka_group_result_t *groupres);

/** The group. */
RD_EXPORT const char *rd_kafka_group_result_name(const rd_kafka_group_result_t *groupres);

/**
 * The group's partitions with an offset and `err` of their own; NULL where the operation has
 * none.
 */
RD_EXPORT const rd_kafka_topic_partition_list_t *
rd_kafka_group_result_partitions(const rd_kafka_group_result_t *groupres);

/** The partition; its `err` is that of rd_kafka_topic_partition_result_error(). */
RD_EXPORT const rd_kafka_topic_partition_t *rd_kafka_topic_partition_result_partition(
    const rd_kafka_topic_partition_result_t *partition_result);

/** How it ended for the partition: an error object with code 0 when it ended well. */
RD_EXPORT const rd_kafka_error_t *
rd_kafka_topic_partition_result_error(const rd_kafka_topic_partition_result_t *partition_result);

/* ==============================================================================================
 * Administration: options
 * ============================================================================================== */

/** Options of an operation. */
typedef struct rd_kafka_AdminOptions_s rd_kafka_AdminOptions_t;

/**
 * Makes options with everything at its default.
 *
 * - `for_api`: the operation they are for; then what it does not have cannot be set.
 *   RD_KAFKA_ADMIN_OP_ANY accepts everything, and operations ignore what they do not have.
 *
 * Returns: options for rd_kafka_AdminOptions_destroy(); NULL for a value that is not one.
 */
RD_EXPORT rd_kafka_AdminOptions_t *rd_kafka_AdminOptions_new(rd_kafka_t *rk,
                                                             rd_kafka_admin_op_t for_api);

/** Frees options. */
RD_EXPORT void rd_kafka_AdminOptions_destroy(rd_kafka_AdminOptions_t *options);

/**
 * Sets how long the operation may take as a whole, looking for brokers included: 0 to 3600000 ms.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG with a text in `errstr`.
 * Default: socket.timeout.ms.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_AdminOptions_set_request_timeout(
    rd_kafka_AdminOptions_t *options, int timeout_ms, char *errstr, size_t errstr_size);

/**
 * Sets how long the broker shall wait for the operation to take effect in the cluster: 0 to
 * 3600000 ms; -1 does not wait for it. For CreateTopics, DeleteTopics, CreatePartitions,
 * DeleteRecords, ElectLeaders and ListOffsets.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG with a text in `errstr`.
 * Default: socket.timeout.ms.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_AdminOptions_set_operation_timeout(
    rd_kafka_AdminOptions_t *options, int timeout_ms, char *errstr, size_t errstr_size);

/**
 * With 1, has the broker check the request and not carry it out. For CreateTopics,
 * CreatePartitions, AlterConfigs and IncrementalAlterConfigs.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG with a text in `errstr`.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_AdminOptions_set_validate_only(
    rd_kafka_AdminOptions_t *options, int true_or_false, char *errstr, size_t errstr_size);

/**
 * Sends the request to this broker instead of the one it would go to: 0 or more.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG with a text in `errstr`.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_AdminOptions_set_broker(rd_kafka_AdminOptions_t *options,
                                                               int32_t broker_id, char *errstr,
                                                               size_t errstr_size);

/**
 * With 1, waits for transactions that are about to commit offsets (KIP-447). For
 * ListConsumerGroupOffsets.
 *
 * Returns: NULL or an error.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_AdminOptions_set_require_stable_offsets(rd_kafka_AdminOptions_t *options,
                                                 int true_or_false);

/**
 * With 1, also asks what the client is allowed to do (KIP-430). For DescribeTopics,
 * DescribeCluster and DescribeConsumerGroups.
 *
 * Returns: NULL or an error.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_AdminOptions_set_include_authorized_operations(rd_kafka_AdminOptions_t *options,
                                                        int true_or_false);

/**
 * Lists only groups in one of these states (KIP-518). For ListConsumerGroups.
 *
 * Returns: NULL or an error: RD_KAFKA_RESP_ERR__INVALID_ARG for values that are repeated or
 * unknown.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_AdminOptions_set_match_consumer_group_states(
    rd_kafka_AdminOptions_t *options, const rd_kafka_consumer_group_state_t *consumer_group_states,
    size_t consumer_group_states_cnt);

/**
 * Lists only groups of one of these types (KIP-848). For ListConsumerGroups.
 *
 * Returns: NULL or an error: RD_KAFKA_RESP_ERR__INVALID_ARG for values that are repeated or
 * unknown.
 */
RD_EXPORT rd_kafka_error_t *rd_kafka_AdminOptions_set_match_consumer_group_types(
    rd_kafka_AdminOptions_t *options, const rd_kafka_consumer_group_type_t *consumer_group_types,
    size_t consumer_group_types_cnt);

/**
 * Sets what counts as the end of a partition. For ListOffsets.
 *
 * Returns: NULL or an error.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_AdminOptions_set_isolation_level(rd_kafka_AdminOptions_t *options,
                                          rd_kafka_IsolationLevel_t value);

/** Sets the pointer that rd_kafka_event_opaque() of the result returns. */
RD_EXPORT void rd_kafka_AdminOptions_set_opaque(rd_kafka_AdminOptions_t *options, void *ev_opaque);

/* ==============================================================================================
 * Administration: topics
 * ============================================================================================== */

/** A topic to create. */
typedef struct rd_kafka_NewTopic_s rd_kafka_NewTopic_t;
/** A topic to delete. */
typedef struct rd_kafka_DeleteTopic_s rd_kafka_DeleteTopic_t;
/** Partitions to add to a topic. */
typedef struct rd_kafka_NewPartitions_s rd_kafka_NewPartitions_t;

/**
 * Describes a topic to create.
 *
 * - `num_partitions`: how many; -1 leaves it to the broker (KIP-464).
 * - `replication_factor`: how many replicas of each; -1 leaves it to the broker, or to
 *   rd_kafka_NewTopic_set_replica_assignment().
 *
 * Returns: an object for rd_kafka_NewTopic_destroy(), or NULL with a text in `errstr`.
 */
RD_EXPORT rd_kafka_NewTopic_t *rd_kafka_NewTopic_new(const char *topic, int num_partitions,
                                                     int replication_factor, char *errstr,
                                                     size_t errstr_size);

/** Frees it. */
RD_EXPORT void rd_kafka_NewTopic_destroy(rd_kafka_NewTopic_t *new_topic);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_NewTopic_destroy_array(rd_kafka_NewTopic_t **new_topics,
                                               size_t new_topic_cnt);

/**
 * Says which brokers have the replicas of a partition, the first being its preferred leader. To
 * be called for the partitions in order from 0, and with a replication factor of -1.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG with a text in `errstr`.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_NewTopic_set_replica_assignment(
    rd_kafka_NewTopic_t *new_topic, int32_t partition, int32_t *broker_ids, size_t broker_id_cnt,
    char *errstr, size_t errstr_size);

/**
 * Sets a property of the topic; the broker checks it.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_NewTopic_set_config(rd_kafka_NewTopic_t *new_topic,
                                                           const char *name, const char *value);

/** Creates topics. Result: rd_kafka_CreateTopics_result_topics(). */
RD_EXPORT void rd_kafka_CreateTopics(rd_kafka_t *rk, rd_kafka_NewTopic_t **new_topics,
                                     size_t new_topic_cnt, const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *rkqu);

/** The outcome for each topic. */
RD_EXPORT const rd_kafka_topic_result_t **
rd_kafka_CreateTopics_result_topics(const rd_kafka_CreateTopics_result_t *result, size_t *cntp);

/**
 * Names a topic to delete.
 *
 * Returns: an object for rd_kafka_DeleteTopic_destroy().
 */
RD_EXPORT rd_kafka_DeleteTopic_t *rd_kafka_DeleteTopic_new(const char *topic);

/** Frees it. */
RD_EXPORT void rd_kafka_DeleteTopic_destroy(rd_kafka_DeleteTopic_t *del_topic);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_DeleteTopic_destroy_array(rd_kafka_DeleteTopic_t **del_topics,
                                                  size_t del_topic_cnt);

/** Deletes topics. Result: rd_kafka_DeleteTopics_result_topics(). */
RD_EXPORT void rd_kafka_DeleteTopics(rd_kafka_t *rk, rd_kafka_DeleteTopic_t **del_topics,
                                     size_t del_topic_cnt, const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *rkqu);

/** The outcome for each topic. */
RD_EXPORT const rd_kafka_topic_result_t **
rd_kafka_DeleteTopics_result_topics(const rd_kafka_DeleteTopics_result_t *result, size_t *cntp);

/**
 * Describes partitions to add to a topic.
 *
 * - `new_total_cnt`: how many it shall have altogether.
 *
 * Returns: an object for rd_kafka_NewPartitions_destroy(), or NULL with a text in `errstr`.
 */
RD_EXPORT rd_kafka_NewPartitions_t *rd_kafka_NewPartitions_new(const char *topic,
                                                               size_t new_total_cnt, char *errstr,
                                                               size_t errstr_size);

/** Frees it. */
RD_EXPORT void rd_kafka_NewPartitions_destroy(rd_kafka_NewPartitions_t *new_parts);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_NewPartitions_destroy_array(rd_kafka_NewPartitions_t **new_parts,
                                                    size_t new_parts_cnt);

/**
 * Says which brokers have the replicas of an added partition.
 *
 * - `new_partition_idx`: which of those that are added, from 0, in order.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG with a text in `errstr`.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_NewPartitions_set_replica_assignment(
    rd_kafka_NewPartitions_t *new_parts, int32_t new_partition_idx, int32_t *broker_ids,
    size_t broker_id_cnt, char *errstr, size_t errstr_size);

/** Adds partitions to topics. Result: rd_kafka_CreatePartitions_result_topics(). */
RD_EXPORT void rd_kafka_CreatePartitions(rd_kafka_t *rk, rd_kafka_NewPartitions_t **new_parts,
                                         size_t new_parts_cnt,
                                         const rd_kafka_AdminOptions_t *options,
                                         rd_kafka_queue_t *rkqu);

/** The outcome for each topic. */
RD_EXPORT const rd_kafka_topic_result_t **
rd_kafka_CreatePartitions_result_topics(const rd_kafka_CreatePartitions_result_t *result,
                                        size_t *cntp);

/* ==============================================================================================
 * Administration: descriptions of topics and the cluster
 * ============================================================================================== */

/** Topics to describe. */
typedef struct rd_kafka_TopicCollection_s rd_kafka_TopicCollection_t;
/** A partition of a described topic. */
typedef struct rd_kafka_TopicPartitionInfo_s rd_kafka_TopicPartitionInfo_t;
/** A described topic. */
typedef struct rd_kafka_TopicDescription_s rd_kafka_TopicDescription_t;

/**
 * Names topics to describe.
 *
 * Returns: an object for rd_kafka_TopicCollection_destroy().
 */
RD_EXPORT rd_kafka_TopicCollection_t *rd_kafka_TopicCollection_of_topic_names(const char **topics,
                                                                              size_t topics_cnt);

/** Frees it. */
RD_EXPORT void rd_kafka_TopicCollection_destroy(rd_kafka_TopicCollection_t *topics);

/** Describes topics. Result: rd_kafka_DescribeTopics_result_topics(). */
RD_EXPORT void rd_kafka_DescribeTopics(rd_kafka_t *rk, const rd_kafka_TopicCollection_t *topics,
                                       const rd_kafka_AdminOptions_t *options,
                                       rd_kafka_queue_t *rkqu);

/** The topics. */
RD_EXPORT const rd_kafka_TopicDescription_t **
rd_kafka_DescribeTopics_result_topics(const rd_kafka_DescribeTopics_result_t *result, size_t *cntp);

/** The topic's partitions. */
RD_EXPORT const rd_kafka_TopicPartitionInfo_t **
rd_kafka_TopicDescription_partitions(const rd_kafka_TopicDescription_t *topicdesc, size_t *cntp);

/** The partition's number. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-qualifiers"
#endif
RD_EXPORT const int
rd_kafka_TopicPartitionInfo_partition(const rd_kafka_TopicPartitionInfo_t *partition);
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/** Its leader, or NULL when there is none. */
RD_EXPORT const rd_kafka_Node_t *
rd_kafka_TopicPartitionInfo_leader(const rd_kafka_TopicPartitionInfo_t *partition);

/** Its replicas in sync. */
RD_EXPORT const rd_kafka_Node_t **
rd_kafka_TopicPartitionInfo_isr(const rd_kafka_TopicPartitionInfo_t *partition, size_t *cntp);

/** All its replicas. */
RD_EXPORT const rd_kafka_Node_t **
rd_kafka_TopicPartitionInfo_replicas(const rd_kafka_TopicPartitionInfo_t *partition, size_t *cntp);

/** What the client may do with the topic, when that was asked for; else NULL. */
RD_EXPORT const rd_kafka_AclOperation_t *
rd_kafka_TopicDescription_authorized_operations(const rd_kafka_TopicDescription_t *topicdesc,
                                                size_t *cntp);

/** The topic's name. */
RD_EXPORT const char *rd_kafka_TopicDescription_name(const rd_kafka_TopicDescription_t *topicdesc);

/** Its id (KIP-516). */
RD_EXPORT const rd_kafka_Uuid_t *
rd_kafka_TopicDescription_topic_id(const rd_kafka_TopicDescription_t *topicdesc);

/** 1 for a topic that Kafka keeps for itself, else 0. */
RD_EXPORT int rd_kafka_TopicDescription_is_internal(const rd_kafka_TopicDescription_t *topicdesc);

/** The error about this topic; NULL: none. */
RD_EXPORT const rd_kafka_error_t *
rd_kafka_TopicDescription_error(const rd_kafka_TopicDescription_t *topicdesc);

/**
 * Describes the cluster. Result: rd_kafka_DescribeCluster_result_nodes() and those after it.
 */
RD_EXPORT void rd_kafka_DescribeCluster(rd_kafka_t *rk, const rd_kafka_AdminOptions_t *options,
                                        rd_kafka_queue_t *rkqu);

/** Its brokers. */
RD_EXPORT const rd_kafka_Node_t **
rd_kafka_DescribeCluster_result_nodes(const rd_kafka_DescribeCluster_result_t *result,
                                      size_t *cntp);

/** What the client may do with the cluster, when that was asked for; else NULL. */
RD_EXPORT const rd_kafka_AclOperation_t *rd_kafka_DescribeCluster_result_authorized_operations(
    const rd_kafka_DescribeCluster_result_t *result, size_t *cntp);

/** Its controller, or NULL. */
RD_EXPORT const rd_kafka_Node_t *
rd_kafka_DescribeCluster_result_controller(const rd_kafka_DescribeCluster_result_t *result);

/** Its id. */
RD_EXPORT const char *
rd_kafka_DescribeCluster_result_cluster_id(const rd_kafka_DescribeCluster_result_t *result);

/* ==============================================================================================
 * Administration: configurations
 * ============================================================================================== */

/** A property of a resource. */
typedef struct rd_kafka_ConfigEntry_s rd_kafka_ConfigEntry_t;
/** A resource with properties: a topic, a broker, a group. */
typedef struct rd_kafka_ConfigResource_s rd_kafka_ConfigResource_t;

/** Where a property has its value from. */
typedef enum rd_kafka_ConfigSource_t {
    RD_KAFKA_CONFIG_SOURCE_UNKNOWN_CONFIG = 0,        /**< Not known to this library. */
    RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG = 1,  /**< Set for the topic. */
    RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG = 2, /**< Set for the broker while it runs. */
    RD_KAFKA_CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER_CONFIG = 3, /**< The same for all brokers. */
    RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG = 4,          /**< The broker's file. */
    RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG = 5,                /**< Built in. */
    RD_KAFKA_CONFIG_SOURCE_GROUP_CONFIG = 8,                  /**< Set for the group. */
    RD_KAFKA_CONFIG_SOURCE__CNT                               /**< One more than the highest. */
} rd_kafka_ConfigSource_t;

/** How rd_kafka_IncrementalAlterConfigs() changes a property. */
typedef enum rd_kafka_AlterConfigOpType_t {
    RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET = 0,      /**< To a value. */
    RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE = 1,   /**< Back to its default. */
    RD_KAFKA_ALTER_CONFIG_OP_TYPE_APPEND = 2,   /**< Adds to a list. */
    RD_KAFKA_ALTER_CONFIG_OP_TYPE_SUBTRACT = 3, /**< Takes away from a list. */
    RD_KAFKA_ALTER_CONFIG_OP_TYPE__CNT          /**< Number of values above. */
} rd_kafka_AlterConfigOpType_t;

/** The name of a source, for people. Static. */
RD_EXPORT const char *rd_kafka_ConfigSource_name(rd_kafka_ConfigSource_t confsource);

/** The property's name. */
RD_EXPORT const char *rd_kafka_ConfigEntry_name(const rd_kafka_ConfigEntry_t *entry);

/** Its value; NULL when it has none or it is a secret. */
RD_EXPORT const char *rd_kafka_ConfigEntry_value(const rd_kafka_ConfigEntry_t *entry);

/** Where the value is from. */
RD_EXPORT rd_kafka_ConfigSource_t rd_kafka_ConfigEntry_source(const rd_kafka_ConfigEntry_t *entry);

/** 1 when it cannot be changed while the broker runs, else 0. */
RD_EXPORT int rd_kafka_ConfigEntry_is_read_only(const rd_kafka_ConfigEntry_t *entry);

/** 1 when it has its default, else 0. */
RD_EXPORT int rd_kafka_ConfigEntry_is_default(const rd_kafka_ConfigEntry_t *entry);

/** 1 when it is a secret, which brokers do not tell; else 0. */
RD_EXPORT int rd_kafka_ConfigEntry_is_sensitive(const rd_kafka_ConfigEntry_t *entry);

/** 1 when it was read with rd_kafka_ConfigEntry_synonyms(), else 0. */
RD_EXPORT int rd_kafka_ConfigEntry_is_synonym(const rd_kafka_ConfigEntry_t *entry);

/** Where else the property could have its value from, the one that counts first (KIP-226). */
RD_EXPORT const rd_kafka_ConfigEntry_t **
rd_kafka_ConfigEntry_synonyms(const rd_kafka_ConfigEntry_t *entry, size_t *cntp);

/** The name of a pattern type, for people. Static. */
RD_EXPORT const char *
rd_kafka_ResourcePatternType_name(rd_kafka_ResourcePatternType_t resource_pattern_type);

/** The name of a resource type, for people. Static. */
RD_EXPORT const char *rd_kafka_ResourceType_name(rd_kafka_ResourceType_t restype);

/**
 * Names a resource: a topic or group by name, a broker by its id as text.
 *
 * Returns: an object for rd_kafka_ConfigResource_destroy(), or NULL for arguments that are not
 * valid.
 */
RD_EXPORT rd_kafka_ConfigResource_t *rd_kafka_ConfigResource_new(rd_kafka_ResourceType_t restype,
                                                                 const char *resname);

/** Frees one that the application made. */
RD_EXPORT void rd_kafka_ConfigResource_destroy(rd_kafka_ConfigResource_t *config);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_ConfigResource_destroy_array(rd_kafka_ConfigResource_t **config,
                                                     size_t config_cnt);

/**
 * For rd_kafka_AlterConfigs(): sets a property; NULL for its default.
 *
 * Returns: 0, or RD_KAFKA_RESP_ERR__INVALID_ARG.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_ConfigResource_set_config(rd_kafka_ConfigResource_t *config,
                                                                 const char *name,
                                                                 const char *value);

/**
 * For rd_kafka_IncrementalAlterConfigs(): changes a property; `value` is NULL with
 * RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE only.
 *
 * Returns: NULL or an error: RD_KAFKA_RESP_ERR__INVALID_ARG.
 */
RD_EXPORT rd_kafka_error_t *
rd_kafka_ConfigResource_add_incremental_config(rd_kafka_ConfigResource_t *config, const char *name,
                                               rd_kafka_AlterConfigOpType_t op_type,
                                               const char *value);

/** The properties. */
RD_EXPORT const rd_kafka_ConfigEntry_t **
rd_kafka_ConfigResource_configs(const rd_kafka_ConfigResource_t *config, size_t *cntp);

/** What the resource is. */
RD_EXPORT rd_kafka_ResourceType_t
rd_kafka_ConfigResource_type(const rd_kafka_ConfigResource_t *config);

/** Its name. */
RD_EXPORT const char *rd_kafka_ConfigResource_name(const rd_kafka_ConfigResource_t *config);

/** In a result, how it ended for this resource; 0: well. */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_ConfigResource_error(const rd_kafka_ConfigResource_t *config);

/** The same for people; NULL when it ended well. */
RD_EXPORT const char *rd_kafka_ConfigResource_error_string(const rd_kafka_ConfigResource_t *config);

/**
 * Sets the properties of resources; all that are not named go back to their defaults. Broker
 * resources go to the broker itself, of which a request may have one. Result:
 * rd_kafka_AlterConfigs_result_resources().
 *
 * Deprecated: use rd_kafka_IncrementalAlterConfigs().
 */
RD_EXPORT void rd_kafka_AlterConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs,
                                     size_t config_cnt, const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *rkqu);

/** The outcome for each resource. */
RD_EXPORT const rd_kafka_ConfigResource_t **
rd_kafka_AlterConfigs_result_resources(const rd_kafka_AlterConfigs_result_t *result, size_t *cntp);

/**
 * Changes single properties of resources (KIP-339). Result:
 * rd_kafka_IncrementalAlterConfigs_result_resources().
 */
RD_EXPORT void rd_kafka_IncrementalAlterConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs,
                                                size_t config_cnt,
                                                const rd_kafka_AdminOptions_t *options,
                                                rd_kafka_queue_t *rkqu);

/** The outcome for each resource. */
RD_EXPORT const rd_kafka_ConfigResource_t **rd_kafka_IncrementalAlterConfigs_result_resources(
    const rd_kafka_IncrementalAlterConfigs_result_t *result, size_t *cntp);

/**
 * Reads the properties of resources: all, or those set with rd_kafka_ConfigResource_set_config(),
 * whose value is then ignored. Result: rd_kafka_DescribeConfigs_result_resources().
 */
RD_EXPORT void rd_kafka_DescribeConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs,
                                        size_t config_cnt, const rd_kafka_AdminOptions_t *options,
                                        rd_kafka_queue_t *rkqu);

/** The resources with their properties. */
RD_EXPORT const rd_kafka_ConfigResource_t **
rd_kafka_DescribeConfigs_result_resources(const rd_kafka_DescribeConfigs_result_t *result,
                                          size_t *cntp);

/* ==============================================================================================
 * Administration: records and offsets of partitions
 * ============================================================================================== */

/** Records to delete. */
typedef struct rd_kafka_DeleteRecords_s rd_kafka_DeleteRecords_t;
/** An offset that was looked up. */
typedef struct rd_kafka_ListOffsetsResultInfo_s rd_kafka_ListOffsetsResultInfo_t;
/** Which partitions elect which kind of leader. */
typedef struct rd_kafka_ElectLeaders_s rd_kafka_ElectLeaders_t;

/** What rd_kafka_ListOffsets() looks for; 0 or more is a time in milliseconds since 1970 UTC. */
typedef enum rd_kafka_OffsetSpec_t {
    RD_KAFKA_OFFSET_SPEC_MAX_TIMESTAMP = -3, /**< The message with the latest timestamp. */
    RD_KAFKA_OFFSET_SPEC_EARLIEST = -2,      /**< The oldest message. */
    RD_KAFKA_OFFSET_SPEC_LATEST = -1         /**< Behind the newest message. */
} rd_kafka_OffsetSpec_t;

/** Who may become leader. */
typedef enum rd_kafka_ElectionType_t {
    RD_KAFKA_ELECTION_TYPE_PREFERRED = 0, /**< The preferred replica. */
    RD_KAFKA_ELECTION_TYPE_UNCLEAN = 1    /**< Any replica, also when messages are lost by it. */
} rd_kafka_ElectionType_t;

/**
 * Describes records to delete: in each partition of the list those before its `offset`, all with
 * RD_KAFKA_OFFSET_END.
 *
 * Returns: an object for rd_kafka_DeleteRecords_destroy().
 */
RD_EXPORT rd_kafka_DeleteRecords_t *
rd_kafka_DeleteRecords_new(const rd_kafka_topic_partition_list_t *before_offsets);

/** Frees it. */
RD_EXPORT void rd_kafka_DeleteRecords_destroy(rd_kafka_DeleteRecords_t *del_records);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_DeleteRecords_destroy_array(rd_kafka_DeleteRecords_t **del_records,
                                                    size_t del_record_cnt);

/**
 * Deletes records (KIP-107). `del_record_cnt` has to be 1. Result:
 * rd_kafka_DeleteRecords_result_offsets().
 */
RD_EXPORT void rd_kafka_DeleteRecords(rd_kafka_t *rk, rd_kafka_DeleteRecords_t **del_records,
                                      size_t del_record_cnt, const rd_kafka_AdminOptions_t *options,
                                      rd_kafka_queue_t *rkqu);

/** Each partition with its `err` and, in `offset`, its oldest message now. */
RD_EXPORT const rd_kafka_topic_partition_list_t *
rd_kafka_DeleteRecords_result_offsets(const rd_kafka_DeleteRecords_result_t *result);

/**
 * Looks up offsets of partitions: in `topic_partitions`, each entry's `offset` is one of
 * rd_kafka_OffsetSpec_t or a time, the first message not before it. Result:
 * rd_kafka_ListOffsets_result_infos().
 */
RD_EXPORT void rd_kafka_ListOffsets(rd_kafka_t *rk,
                                    rd_kafka_topic_partition_list_t *topic_partitions,
                                    const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu);

/** What was found for each partition. */
RD_EXPORT const rd_kafka_ListOffsetsResultInfo_t **
rd_kafka_ListOffsets_result_infos(const rd_kafka_ListOffsets_result_t *result, size_t *cntp);

/** The partition with `offset` and `err`; `offset` is -1 when there is no such message. */
RD_EXPORT const rd_kafka_topic_partition_t *
rd_kafka_ListOffsetsResultInfo_topic_partition(const rd_kafka_ListOffsetsResultInfo_t *result_info);

/** The timestamp of the message that was found, -1 where that makes no sense. */
RD_EXPORT int64_t
rd_kafka_ListOffsetsResultInfo_timestamp(const rd_kafka_ListOffsetsResultInfo_t *result_info);

/**
 * Describes an election; `partitions` NULL means all partitions.
 *
 * Returns: an object for rd_kafka_ElectLeaders_destroy().
 */
RD_EXPORT rd_kafka_ElectLeaders_t *
rd_kafka_ElectLeaders_new(rd_kafka_ElectionType_t election_type,
                          rd_kafka_topic_partition_list_t *partitions);

/** Frees it. */
RD_EXPORT void rd_kafka_ElectLeaders_destroy(rd_kafka_ElectLeaders_t *elect_leaders);

/**
 * Has partitions elect their leaders (KIP-460). Result:
 * rd_kafka_ElectLeaders_result_partitions().
 */
RD_EXPORT void rd_kafka_ElectLeaders(rd_kafka_t *rk, rd_kafka_ElectLeaders_t *elect_leaders,
                                     const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *rkqu);

/** The outcome for each partition. */
RD_EXPORT const rd_kafka_topic_partition_result_t **
rd_kafka_ElectLeaders_result_partitions(const rd_kafka_ElectLeaders_result_t *result, size_t *cntp);

/* ==============================================================================================
 * Administration: consumer groups
 * ============================================================================================== */

/** A group in a list. */
typedef struct rd_kafka_ConsumerGroupListing_s rd_kafka_ConsumerGroupListing_t;
/** Named for compatibility; no function uses it. */
typedef struct rd_kafka_ListConsumerGroupsResult_s rd_kafka_ListConsumerGroupsResult_t;
/** A described group. */
typedef struct rd_kafka_ConsumerGroupDescription_s rd_kafka_ConsumerGroupDescription_t;
/** A member of a described group. */
typedef struct rd_kafka_MemberDescription_s rd_kafka_MemberDescription_t;
/** The partitions of a member. */
typedef struct rd_kafka_MemberAssignment_s rd_kafka_MemberAssignment_t;
/** A group to delete. */
typedef struct rd_kafka_DeleteGroup_s rd_kafka_DeleteGroup_t;
/** Committed offsets to list. */
typedef struct rd_kafka_ListConsumerGroupOffsets_s rd_kafka_ListConsumerGroupOffsets_t;
/** Committed offsets to change. */
typedef struct rd_kafka_AlterConsumerGroupOffsets_s rd_kafka_AlterConsumerGroupOffsets_t;
/** Committed offsets to delete. */
typedef struct rd_kafka_DeleteConsumerGroupOffsets_s rd_kafka_DeleteConsumerGroupOffsets_t;

/**
 * Lists the groups of the cluster, asking all brokers. Result:
 * rd_kafka_ListConsumerGroups_result_valid() and rd_kafka_ListConsumerGroups_result_errors().
 */
RD_EXPORT void rd_kafka_ListConsumerGroups(rd_kafka_t *rk, const rd_kafka_AdminOptions_t *options,
                                           rd_kafka_queue_t *rkqu);

/** The group's name. */
RD_EXPORT const char *
rd_kafka_ConsumerGroupListing_group_id(const rd_kafka_ConsumerGroupListing_t *grplist);

/** 1 for a group that only stores offsets, without members; else 0. */
RD_EXPORT int rd_kafka_ConsumerGroupListing_is_simple_consumer_group(
    const rd_kafka_ConsumerGroupListing_t *grplist);

/** Its state. */
RD_EXPORT rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupListing_state(const rd_kafka_ConsumerGroupListing_t *grplist);

/** Its type. */
RD_EXPORT rd_kafka_consumer_group_type_t
rd_kafka_ConsumerGroupListing_type(const rd_kafka_ConsumerGroupListing_t *grplist);

/** The groups. */
RD_EXPORT const rd_kafka_ConsumerGroupListing_t **
rd_kafka_ListConsumerGroups_result_valid(const rd_kafka_ListConsumerGroups_result_t *result,
                                         size_t *cntp);

/** What went wrong with single brokers: the list is then not complete. */
RD_EXPORT const rd_kafka_error_t **
rd_kafka_ListConsumerGroups_result_errors(const rd_kafka_ListConsumerGroups_result_t *result,
                                          size_t *cntp);

/** Describes groups by name. Result: rd_kafka_DescribeConsumerGroups_result_groups(). */
RD_EXPORT void rd_kafka_DescribeConsumerGroups(rd_kafka_t *rk, const char **groups,
                                               size_t groups_cnt,
                                               const rd_kafka_AdminOptions_t *options,
                                               rd_kafka_queue_t *rkqu);

/** The groups. */
RD_EXPORT const rd_kafka_ConsumerGroupDescription_t **rd_kafka_DescribeConsumerGroups_result_groups(
    const rd_kafka_DescribeConsumerGroups_result_t *result, size_t *cntp);

/** The group's name. */
RD_EXPORT const char *
rd_kafka_ConsumerGroupDescription_group_id(const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** The error about this group; NULL: none. */
RD_EXPORT const rd_kafka_error_t *
rd_kafka_ConsumerGroupDescription_error(const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** 1 for a group that only stores offsets, without members; else 0. */
RD_EXPORT int rd_kafka_ConsumerGroupDescription_is_simple_consumer_group(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** The assignor in use. */
RD_EXPORT const char *rd_kafka_ConsumerGroupDescription_partition_assignor(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** What the client may do with the group, when that was asked for; else NULL. */
RD_EXPORT const rd_kafka_AclOperation_t *rd_kafka_ConsumerGroupDescription_authorized_operations(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc, size_t *cntp);

/** Its state. */
RD_EXPORT rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupDescription_state(const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** Its coordinator, or NULL. */
RD_EXPORT const rd_kafka_Node_t *
rd_kafka_ConsumerGroupDescription_coordinator(const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** Its type. */
RD_EXPORT rd_kafka_consumer_group_type_t
rd_kafka_ConsumerGroupDescription_type(const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** How many members it has. */
RD_EXPORT size_t
rd_kafka_ConsumerGroupDescription_member_count(const rd_kafka_ConsumerGroupDescription_t *grpdesc);

/** The member number `idx`, counted from 0; NULL when there are not so many. */
RD_EXPORT const rd_kafka_MemberDescription_t *
rd_kafka_ConsumerGroupDescription_member(const rd_kafka_ConsumerGroupDescription_t *grpdesc,
                                         size_t idx);

/** The member's client.id. */
RD_EXPORT const char *
rd_kafka_MemberDescription_client_id(const rd_kafka_MemberDescription_t *member);

/** Its group.instance.id, or NULL. */
RD_EXPORT const char *
rd_kafka_MemberDescription_group_instance_id(const rd_kafka_MemberDescription_t *member);

/** The name the group gave to it. */
RD_EXPORT const char *
rd_kafka_MemberDescription_consumer_id(const rd_kafka_MemberDescription_t *member);

/** Where it connects from. */
RD_EXPORT const char *rd_kafka_MemberDescription_host(const rd_kafka_MemberDescription_t *member);

/** What it is assigned. */
RD_EXPORT const rd_kafka_MemberAssignment_t *
rd_kafka_MemberDescription_assignment(const rd_kafka_MemberDescription_t *member);

/** The partitions of an assignment; may be empty. */
RD_EXPORT const rd_kafka_topic_partition_list_t *
rd_kafka_MemberAssignment_partitions(const rd_kafka_MemberAssignment_t *assignment);

/** What it shall be assigned (KIP-848); NULL for classic groups. */
RD_EXPORT const rd_kafka_MemberAssignment_t *
rd_kafka_MemberDescription_target_assignment(const rd_kafka_MemberDescription_t *member);

/**
 * Names a group to delete.
 *
 * Returns: an object for rd_kafka_DeleteGroup_destroy().
 */
RD_EXPORT rd_kafka_DeleteGroup_t *rd_kafka_DeleteGroup_new(const char *group);

/** Frees it. */
RD_EXPORT void rd_kafka_DeleteGroup_destroy(rd_kafka_DeleteGroup_t *del_group);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_DeleteGroup_destroy_array(rd_kafka_DeleteGroup_t **del_groups,
                                                  size_t del_group_cnt);

/**
 * Deletes groups without members, and their offsets. Result:
 * rd_kafka_DeleteGroups_result_groups().
 */
RD_EXPORT void rd_kafka_DeleteGroups(rd_kafka_t *rk, rd_kafka_DeleteGroup_t **del_groups,
                                     size_t del_group_cnt, const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *rkqu);

/** The outcome for each group. */
RD_EXPORT const rd_kafka_group_result_t **
rd_kafka_DeleteGroups_result_groups(const rd_kafka_DeleteGroups_result_t *result, size_t *cntp);

/**
 * Names a group and the partitions whose committed offsets are asked for; NULL for all.
 *
 * Returns: an object for rd_kafka_ListConsumerGroupOffsets_destroy().
 */
RD_EXPORT rd_kafka_ListConsumerGroupOffsets_t *
rd_kafka_ListConsumerGroupOffsets_new(const char *group_id,
                                      const rd_kafka_topic_partition_list_t *partitions);

/** Frees it. */
RD_EXPORT void
rd_kafka_ListConsumerGroupOffsets_destroy(rd_kafka_ListConsumerGroupOffsets_t *list_grpoffsets);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_ListConsumerGroupOffsets_destroy_array(
    rd_kafka_ListConsumerGroupOffsets_t **list_grpoffsets, size_t list_grpoffset_cnt);

/**
 * Asks for committed offsets of a group; `list_grpoffsets_cnt` has to be 1. Result:
 * rd_kafka_ListConsumerGroupOffsets_result_groups().
 */
RD_EXPORT void rd_kafka_ListConsumerGroupOffsets(
    rd_kafka_t *rk, rd_kafka_ListConsumerGroupOffsets_t **list_grpoffsets,
    size_t list_grpoffsets_cnt, const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu);

/** The group with its offsets; see rd_kafka_group_result_partitions(). */
RD_EXPORT const rd_kafka_group_result_t **rd_kafka_ListConsumerGroupOffsets_result_groups(
    const rd_kafka_ListConsumerGroupOffsets_result_t *result, size_t *cntp);

/**
 * Names a group and the offsets to commit for it.
 *
 * Returns: an object for rd_kafka_AlterConsumerGroupOffsets_destroy().
 */
RD_EXPORT rd_kafka_AlterConsumerGroupOffsets_t *
rd_kafka_AlterConsumerGroupOffsets_new(const char *group_id,
                                       const rd_kafka_topic_partition_list_t *partitions);

/** Frees it. */
RD_EXPORT void
rd_kafka_AlterConsumerGroupOffsets_destroy(rd_kafka_AlterConsumerGroupOffsets_t *alter_grpoffsets);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_AlterConsumerGroupOffsets_destroy_array(
    rd_kafka_AlterConsumerGroupOffsets_t **alter_grpoffsets, size_t alter_grpoffset_cnt);

/**
 * Commits offsets for a group without members; `alter_grpoffsets_cnt` has to be 1. Result:
 * rd_kafka_AlterConsumerGroupOffsets_result_groups().
 */
RD_EXPORT void rd_kafka_AlterConsumerGroupOffsets(
    rd_kafka_t *rk, rd_kafka_AlterConsumerGroupOffsets_t **alter_grpoffsets,
    size_t alter_grpoffsets_cnt, const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu);

/** The group with an `err` for each partition. */
RD_EXPORT const rd_kafka_group_result_t **rd_kafka_AlterConsumerGroupOffsets_result_groups(
    const rd_kafka_AlterConsumerGroupOffsets_result_t *result, size_t *cntp);

/**
 * Names a group and the partitions whose committed offsets are to be deleted.
 *
 * Returns: an object for rd_kafka_DeleteConsumerGroupOffsets_destroy().
 */
RD_EXPORT rd_kafka_DeleteConsumerGroupOffsets_t *
rd_kafka_DeleteConsumerGroupOffsets_new(const char *group,
                                        const rd_kafka_topic_partition_list_t *partitions);

/** Frees it. */
RD_EXPORT void
rd_kafka_DeleteConsumerGroupOffsets_destroy(rd_kafka_DeleteConsumerGroupOffsets_t *del_grpoffsets);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_DeleteConsumerGroupOffsets_destroy_array(
    rd_kafka_DeleteConsumerGroupOffsets_t **del_grpoffsets, size_t del_grpoffset_cnt);

/**
 * Deletes committed offsets of topics that the group is not subscribed to (KIP-496);
 * `del_grpoffsets_cnt` has to be 1. Result: rd_kafka_DeleteConsumerGroupOffsets_result_groups().
 */
RD_EXPORT void rd_kafka_DeleteConsumerGroupOffsets(
    rd_kafka_t *rk, rd_kafka_DeleteConsumerGroupOffsets_t **del_grpoffsets,
    size_t del_grpoffsets_cnt, const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu);

/** The group with an `err` for each partition. */
RD_EXPORT const rd_kafka_group_result_t **rd_kafka_DeleteConsumerGroupOffsets_result_groups(
    const rd_kafka_DeleteConsumerGroupOffsets_result_t *result, size_t *cntp);

/* ==============================================================================================
 * Administration: SCRAM users (KIP-554)
 * ============================================================================================== */

/** A SCRAM mechanism. */
typedef enum rd_kafka_ScramMechanism_t {
    RD_KAFKA_SCRAM_MECHANISM_UNKNOWN = 0, /**< Not known to this library. */
    RD_KAFKA_SCRAM_MECHANISM_SHA_256 = 1, /**< SCRAM-SHA-256. */
    RD_KAFKA_SCRAM_MECHANISM_SHA_512 = 2, /**< SCRAM-SHA-512. */
    RD_KAFKA_SCRAM_MECHANISM__CNT         /**< Number of values above. */
} rd_kafka_ScramMechanism_t;

/** That a user has a password for a mechanism. */
typedef struct rd_kafka_ScramCredentialInfo_s rd_kafka_ScramCredentialInfo_t;
/** A user. */
typedef struct rd_kafka_UserScramCredentialsDescription_s
    rd_kafka_UserScramCredentialsDescription_t;
/** A password to set or delete. */
typedef struct rd_kafka_UserScramCredentialAlteration_s rd_kafka_UserScramCredentialAlteration_t;
/** How that ended. */
typedef struct rd_kafka_AlterUserScramCredentials_result_response_s
    rd_kafka_AlterUserScramCredentials_result_response_t;

/**
 * Describes users by name; all with `user_cnt` 0. Result:
 * rd_kafka_DescribeUserScramCredentials_result_descriptions().
 */
RD_EXPORT void rd_kafka_DescribeUserScramCredentials(rd_kafka_t *rk, const char **users,
                                                     size_t user_cnt,
                                                     const rd_kafka_AdminOptions_t *options,
                                                     rd_kafka_queue_t *rkqu);

/** The users. */
RD_EXPORT const rd_kafka_UserScramCredentialsDescription_t **
rd_kafka_DescribeUserScramCredentials_result_descriptions(
    const rd_kafka_DescribeUserScramCredentials_result_t *result, size_t *cntp);

/** The user's name. */
RD_EXPORT const char *rd_kafka_UserScramCredentialsDescription_user(
    const rd_kafka_UserScramCredentialsDescription_t *description);

/** The error about this user: an error object with code 0 when there is none. */
RD_EXPORT const rd_kafka_error_t *rd_kafka_UserScramCredentialsDescription_error(
    const rd_kafka_UserScramCredentialsDescription_t *description);

/** For how many mechanisms the user has a password. */
RD_EXPORT size_t rd_kafka_UserScramCredentialsDescription_scramcredentialinfo_count(
    const rd_kafka_UserScramCredentialsDescription_t *description);

/** The one number `idx`, counted from 0. */
RD_EXPORT const rd_kafka_ScramCredentialInfo_t *
rd_kafka_UserScramCredentialsDescription_scramcredentialinfo(
    const rd_kafka_UserScramCredentialsDescription_t *description, size_t idx);

/** The mechanism. */
RD_EXPORT rd_kafka_ScramMechanism_t
rd_kafka_ScramCredentialInfo_mechanism(const rd_kafka_ScramCredentialInfo_t *scram_credential_info);

/** Its number of iterations. */
RD_EXPORT int32_t rd_kafka_ScramCredentialInfo_iterations(
    const rd_kafka_ScramCredentialInfo_t *scram_credential_info);

/**
 * Describes a password to set, which replaces one there is for the mechanism.
 *
 * - `iterations`: 4096 to 16384 are usual; brokers have limits.
 * - `password`, `salt`: bytes, copied; the password is hashed here and does not leave the
 *   process. A `salt` of NULL is drawn at random.
 *
 * Returns: an object for rd_kafka_UserScramCredentialAlteration_destroy().
 */
RD_EXPORT rd_kafka_UserScramCredentialAlteration_t *
rd_kafka_UserScramCredentialUpsertion_new(const char *username, rd_kafka_ScramMechanism_t mechanism,
                                          int32_t iterations, const unsigned char *password,
                                          size_t password_size, const unsigned char *salt,
                                          size_t salt_size);

/**
 * Describes a password to delete.
 *
 * Returns: an object for rd_kafka_UserScramCredentialAlteration_destroy().
 */
RD_EXPORT rd_kafka_UserScramCredentialAlteration_t *
rd_kafka_UserScramCredentialDeletion_new(const char *username, rd_kafka_ScramMechanism_t mechanism);

/** Frees it; the password is overwritten. */
RD_EXPORT void rd_kafka_UserScramCredentialAlteration_destroy(
    rd_kafka_UserScramCredentialAlteration_t *alteration);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_UserScramCredentialAlteration_destroy_array(
    rd_kafka_UserScramCredentialAlteration_t **alterations, size_t alteration_cnt);

/**
 * Sets and deletes passwords. Result: rd_kafka_AlterUserScramCredentials_result_responses().
 */
RD_EXPORT void rd_kafka_AlterUserScramCredentials(
    rd_kafka_t *rk, rd_kafka_UserScramCredentialAlteration_t **alterations, size_t alteration_cnt,
    const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu);

/** The outcome for each user. */
RD_EXPORT const rd_kafka_AlterUserScramCredentials_result_response_t **
rd_kafka_AlterUserScramCredentials_result_responses(
    const rd_kafka_AlterUserScramCredentials_result_t *result, size_t *cntp);

/** The user's name. */
RD_EXPORT const char *rd_kafka_AlterUserScramCredentials_result_response_user(
    const rd_kafka_AlterUserScramCredentials_result_response_t *response);

/** How it ended for the user: an error object with code 0 when it ended well. */
RD_EXPORT const rd_kafka_error_t *rd_kafka_AlterUserScramCredentials_result_response_error(
    const rd_kafka_AlterUserScramCredentials_result_response_t *response);

/* ==============================================================================================
 * Administration: access control lists (KIP-140)
 * ============================================================================================== */

/** An ACL: who may, or may not, do what with which resource. */
typedef struct rd_kafka_AclBinding_s rd_kafka_AclBinding_t;
/** Which ACLs are meant: as an ACL, where NULL and the ANY values match whatever there is. */
typedef rd_kafka_AclBinding_t rd_kafka_AclBindingFilter_t;
/** The ACLs one filter deleted. */
typedef struct rd_kafka_DeleteAcls_result_response_s rd_kafka_DeleteAcls_result_response_t;

/** Whether an ACL allows or denies. */
typedef enum rd_kafka_AclPermissionType_t {
    RD_KAFKA_ACL_PERMISSION_TYPE_UNKNOWN = 0, /**< Not known to this library. */
    RD_KAFKA_ACL_PERMISSION_TYPE_ANY = 1,     /**< In filters: whichever. */
    RD_KAFKA_ACL_PERMISSION_TYPE_DENY = 2,    /**< Denies. */
    RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW = 3,   /**< Allows. */
    RD_KAFKA_ACL_PERMISSION_TYPE__CNT         /**< Number of values above. */
} rd_kafka_AclPermissionType_t;

/** The name of an operation, for people. Static. */
RD_EXPORT const char *rd_kafka_AclOperation_name(rd_kafka_AclOperation_t acl_operation);

/** The name of a permission type, for people. Static. */
RD_EXPORT const char *
rd_kafka_AclPermissionType_name(rd_kafka_AclPermissionType_t acl_permission_type);

/**
 * Describes an ACL to create.
 *
 * - `restype`, `name`, `resource_pattern_type`: the resource; the pattern is
 *   RD_KAFKA_RESOURCE_PATTERN_LITERAL or _PREFIXED.
 * - `principal`: whom it is for, such as "User:alice".
 * - `host`: where from, an address or "*".
 * - `operation`, `permission_type`: what is allowed or denied.
 *
 * Returns: an object for rd_kafka_AclBinding_destroy(), or NULL with a text in `errstr`.
 */
RD_EXPORT rd_kafka_AclBinding_t *
rd_kafka_AclBinding_new(rd_kafka_ResourceType_t restype, const char *name,
                        rd_kafka_ResourcePatternType_t resource_pattern_type, const char *principal,
                        const char *host, rd_kafka_AclOperation_t operation,
                        rd_kafka_AclPermissionType_t permission_type, char *errstr,
                        size_t errstr_size);

/**
 * Describes which ACLs are meant: `name`, `principal` and `host` may be NULL, the others their
 * ANY value.
 *
 * Returns: an object for rd_kafka_AclBinding_destroy(), or NULL with a text in `errstr`.
 */
RD_EXPORT rd_kafka_AclBindingFilter_t *rd_kafka_AclBindingFilter_new(
    rd_kafka_ResourceType_t restype, const char *name,
    rd_kafka_ResourcePatternType_t resource_pattern_type, const char *principal, const char *host,
    rd_kafka_AclOperation_t operation, rd_kafka_AclPermissionType_t permission_type, char *errstr,
    size_t errstr_size);

/** The type of its resource. */
RD_EXPORT rd_kafka_ResourceType_t rd_kafka_AclBinding_restype(const rd_kafka_AclBinding_t *acl);

/** The name of its resource. */
RD_EXPORT const char *rd_kafka_AclBinding_name(const rd_kafka_AclBinding_t *acl);

/** Whom it is for. */
RD_EXPORT const char *rd_kafka_AclBinding_principal(const rd_kafka_AclBinding_t *acl);

/** Where from. */
RD_EXPORT const char *rd_kafka_AclBinding_host(const rd_kafka_AclBinding_t *acl);

/** Which operation. */
RD_EXPORT rd_kafka_AclOperation_t rd_kafka_AclBinding_operation(const rd_kafka_AclBinding_t *acl);

/** Whether it is allowed or denied. */
RD_EXPORT rd_kafka_AclPermissionType_t
rd_kafka_AclBinding_permission_type(const rd_kafka_AclBinding_t *acl);

/** How the name is meant. */
RD_EXPORT rd_kafka_ResourcePatternType_t
rd_kafka_AclBinding_resource_pattern_type(const rd_kafka_AclBinding_t *acl);

/** In a result of rd_kafka_DeleteAcls(), the error about this ACL; NULL: none. */
RD_EXPORT const rd_kafka_error_t *rd_kafka_AclBinding_error(const rd_kafka_AclBinding_t *acl);

/** Frees one that the application made. */
RD_EXPORT void rd_kafka_AclBinding_destroy(rd_kafka_AclBinding_t *acl_binding);

/** Frees all of an array. */
RD_EXPORT void rd_kafka_AclBinding_destroy_array(rd_kafka_AclBinding_t **acl_bindings,
                                                 size_t acl_bindings_cnt);

/** Creates ACLs. Result: rd_kafka_CreateAcls_result_acls(). */
RD_EXPORT void rd_kafka_CreateAcls(rd_kafka_t *rk, rd_kafka_AclBinding_t **new_acls,
                                   size_t new_acls_cnt, const rd_kafka_AdminOptions_t *options,
                                   rd_kafka_queue_t *rkqu);

/** The outcome for each ACL. */
RD_EXPORT const rd_kafka_acl_result_t **
rd_kafka_CreateAcls_result_acls(const rd_kafka_CreateAcls_result_t *result, size_t *cntp);

/** How it ended for the ACL; NULL: well. */
RD_EXPORT const rd_kafka_error_t *rd_kafka_acl_result_error(const rd_kafka_acl_result_t *aclres);

/** Lists ACLs. Result: rd_kafka_DescribeAcls_result_acls(). */
RD_EXPORT void rd_kafka_DescribeAcls(rd_kafka_t *rk, rd_kafka_AclBindingFilter_t *acl_filter,
                                     const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *rkqu);

/** The ACLs. */
RD_EXPORT const rd_kafka_AclBinding_t **
rd_kafka_DescribeAcls_result_acls(const rd_kafka_DescribeAcls_result_t *result, size_t *cntp);

/**
 * Deletes the ACLs that match any of the filters. Result: rd_kafka_DeleteAcls_result_responses().
 */
RD_EXPORT void rd_kafka_DeleteAcls(rd_kafka_t *rk, rd_kafka_AclBindingFilter_t **del_acls,
                                   size_t del_acls_cnt, const rd_kafka_AdminOptions_t *options,
                                   rd_kafka_queue_t *rkqu);

/** The outcome for each filter. */
RD_EXPORT const rd_kafka_DeleteAcls_result_response_t **
rd_kafka_DeleteAcls_result_responses(const rd_kafka_DeleteAcls_result_t *result, size_t *cntp);

/** The error about the filter; NULL: none. */
RD_EXPORT const rd_kafka_error_t *rd_kafka_DeleteAcls_result_response_error(
    const rd_kafka_DeleteAcls_result_response_t *result_response);

/** The ACLs that matched; see rd_kafka_AclBinding_error() for each. */
RD_EXPORT const rd_kafka_AclBinding_t **rd_kafka_DeleteAcls_result_response_matching_acls(
    const rd_kafka_DeleteAcls_result_response_t *result_response, size_t *matching_acls_cntp);

/* ==============================================================================================
 * Interceptors and plugins (KIP-42)
 *
 * Functions that see, and may change, what passes through the client. They are added to a
 * configuration, from a plugin's conf_init or by the application; those that belong to a client
 * are added in on_new. Several are called in the order they were added in. What one returns is
 * logged when it is an error, and changes nothing else. They must not block and not call
 * functions of this client, but for those of this section: on a thread of the library calls that
 * wait are refused, and rd_kafka_destroy() ends the process, as rd_kafka_conf_set_log_cb() says; on
 * the application's, rd_kafka_destroy() is refused.
 *
 * A plugin is a shared object that plugin.library.paths names; it exports a function conf_init of
 * the type below.
 *
 * Common to all: `ic_opaque` is what was given when it was added; `ic_name` names it in logs.
 * Adding the same function under the same name twice is RD_KAFKA_RESP_ERR__CONFLICT.
 * ============================================================================================== */

/**
 * A plugin's conf_init: adds interceptors to `conf`, and may set `*plug_opaquep`. On failure it
 * returns a code and fills `errstr`; setting plugin.library.paths then fails.
 */
typedef rd_kafka_resp_err_t(rd_kafka_plugin_f_conf_init_t)(rd_kafka_conf_t *conf,
                                                           void **plug_opaquep, char *errstr,
                                                           size_t errstr_size);

/**
 * A property is being set; `val` NULL: to its default. RD_KAFKA_CONF_UNKNOWN passes it on,
 * RD_KAFKA_CONF_OK says that it was a property of the interceptor's own and ends it,
 * RD_KAFKA_CONF_INVALID refuses it with a text in `errstr`. May be called several times for one
 * call of the application.
 */
typedef rd_kafka_conf_res_t(rd_kafka_interceptor_f_on_conf_set_t)(rd_kafka_conf_t *conf,
                                                                  const char *name, const char *val,
                                                                  char *errstr, size_t errstr_size,
                                                                  void *ic_opaque);

/** A configuration is being copied: the interceptor has to add itself to `new_conf`, which begins
 * without any. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_conf_dup_t)(rd_kafka_conf_t *new_conf,
                                                                  const rd_kafka_conf_t *old_conf,
                                                                  size_t filter_cnt,
                                                                  const char **filter,
                                                                  void *ic_opaque);

/** The configuration, or the client that took it, is going away: the place to free `ic_opaque`. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_conf_destroy_t)(void *ic_opaque);

/** rd_kafka_new() is making a client: the place to add those that follow. Its thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_new_t)(rd_kafka_t *rk,
                                                             const rd_kafka_conf_t *conf,
                                                             void *ic_opaque, char *errstr,
                                                             size_t errstr_size);

/** The client is being destroyed, or could not be made after all. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_destroy_t)(rd_kafka_t *rk, void *ic_opaque);

/** A message is being produced, before its partition is chosen; headers may be changed. The
 * application's thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_send_t)(rd_kafka_t *rk,
                                                              rd_kafka_message_t *rkmessage,
                                                              void *ic_opaque);

/** A message is delivered or has failed, before its report. A thread of the library, or the
 * producing one when produce() fails. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_acknowledgement_t)(
    rd_kafka_t *rk, rd_kafka_message_t *rkmessage, void *ic_opaque);

/** A message is being handed to the application; headers may be changed. The thread it is handed
 * to. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_consume_t)(rd_kafka_t *rk,
                                                                 rd_kafka_message_t *rkmessage,
                                                                 void *ic_opaque);

/** Offsets were committed or could not be; each entry has its own `err`. A thread of the library.
 */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_commit_t)(
    rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets, rd_kafka_resp_err_t err,
    void *ic_opaque);

/** A request of `size` bytes was written whole. The broker's thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_request_sent_t)(
    rd_kafka_t *rk, int sockfd, const char *brokername, int32_t brokerid, int16_t ApiKey,
    int16_t ApiVersion, int32_t CorrId, size_t size, void *ic_opaque);

/** An answer of `size` bytes came `rtt` microseconds after its request, or did not come, see `err`;
 * `rtt` is then -1. The broker's thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_response_received_t)(
    rd_kafka_t *rk, int sockfd, const char *brokername, int32_t brokerid, int16_t ApiKey,
    int16_t ApiVersion, int32_t CorrId, size_t size, int64_t rtt, rd_kafka_resp_err_t err,
    void *ic_opaque);

/** What a thread of the library does. */
typedef enum rd_kafka_thread_type_t {
    RD_KAFKA_THREAD_MAIN,       /**< The client's main thread. */
    RD_KAFKA_THREAD_BACKGROUND, /**< Its background thread. */
    RD_KAFKA_THREAD_BROKER      /**< The thread of a broker. */
} rd_kafka_thread_type_t;

/** A thread of the library has started. A broker's ends when there is nothing to do with the
 * broker, and another one starts later. That thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_thread_start_t)(
    rd_kafka_t *rk, rd_kafka_thread_type_t thread_type, const char *thread_name, void *ic_opaque);

/** A thread of the library is about to end. That thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_thread_exit_t)(
    rd_kafka_t *rk, rd_kafka_thread_type_t thread_type, const char *thread_name, void *ic_opaque);

/** The connection to a broker has come to another state; `state` names it as the statistics do. The
 * broker's thread. */
typedef rd_kafka_resp_err_t(rd_kafka_interceptor_f_on_broker_state_change_t)(
    rd_kafka_t *rk, int32_t broker_id, const char *secproto, const char *name, int port,
    const char *state, void *ic_opaque);

/**
 * Adds `on_conf_set` for the setting of properties.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_conf_set(
    rd_kafka_conf_t *conf, const char *ic_name, rd_kafka_interceptor_f_on_conf_set_t *on_conf_set,
    void *ic_opaque);

/**
 * Adds `on_conf_dup` for copies of the configuration.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_conf_dup(
    rd_kafka_conf_t *conf, const char *ic_name, rd_kafka_interceptor_f_on_conf_dup_t *on_conf_dup,
    void *ic_opaque);

/**
 * Adds `on_conf_destroy` for the end of the configuration. It may be added several times.
 *
 * Returns: 0.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_conf_destroy(
    rd_kafka_conf_t *conf, const char *ic_name,
    rd_kafka_interceptor_f_on_conf_destroy_t *on_conf_destroy, void *ic_opaque);

/**
 * Adds `on_new` for the making of the client.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_conf_interceptor_add_on_new(rd_kafka_conf_t *conf, const char *ic_name,
                                     rd_kafka_interceptor_f_on_new_t *on_new, void *ic_opaque);

/**
 * Adds `on_destroy` for the end of the client. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_destroy(
    rd_kafka_t *rk, const char *ic_name, rd_kafka_interceptor_f_on_destroy_t *on_destroy,
    void *ic_opaque);

/**
 * Adds `on_send` for messages that are produced. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_interceptor_add_on_send(rd_kafka_t *rk, const char *ic_name,
                                 rd_kafka_interceptor_f_on_send_t *on_send, void *ic_opaque);

/**
 * Adds `on_acknowledgement` for messages that are delivered or have failed. To be called from
 * on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_acknowledgement(
    rd_kafka_t *rk, const char *ic_name,
    rd_kafka_interceptor_f_on_acknowledgement_t *on_acknowledgement, void *ic_opaque);

/**
 * Adds `on_consume` for messages that are handed out. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_consume(
    rd_kafka_t *rk, const char *ic_name, rd_kafka_interceptor_f_on_consume_t *on_consume,
    void *ic_opaque);

/**
 * Adds `on_commit` for outcomes of commits. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t
rd_kafka_interceptor_add_on_commit(rd_kafka_t *rk, const char *ic_name,
                                   rd_kafka_interceptor_f_on_commit_t *on_commit, void *ic_opaque);

/**
 * Adds `on_request_sent` for requests that were sent. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_request_sent(
    rd_kafka_t *rk, const char *ic_name, rd_kafka_interceptor_f_on_request_sent_t *on_request_sent,
    void *ic_opaque);

/**
 * Adds `on_response_received` for answers. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_response_received(
    rd_kafka_t *rk, const char *ic_name,
    rd_kafka_interceptor_f_on_response_received_t *on_response_received, void *ic_opaque);

/**
 * Adds `on_thread_start` for threads that start. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_thread_start(
    rd_kafka_t *rk, const char *ic_name, rd_kafka_interceptor_f_on_thread_start_t *on_thread_start,
    void *ic_opaque);

/**
 * Adds `on_thread_exit` for threads that end. To be called from on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_thread_exit(
    rd_kafka_t *rk, const char *ic_name, rd_kafka_interceptor_f_on_thread_exit_t *on_thread_exit,
    void *ic_opaque);

/**
 * Adds `on_broker_state_change` for changes of the connections to brokers. To be called from
 * on_new.
 *
 * Returns: 0 or RD_KAFKA_RESP_ERR__CONFLICT.
 */
RD_EXPORT rd_kafka_resp_err_t rd_kafka_interceptor_add_on_broker_state_change(
    rd_kafka_t *rk, const char *ic_name,
    rd_kafka_interceptor_f_on_broker_state_change_t *on_broker_state_change, void *ic_opaque);

#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif /* _RDKAFKA_H_ */
