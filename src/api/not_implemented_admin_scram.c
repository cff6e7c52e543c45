/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Administration of SCRAM users: not implemented yet. An operation answers with an error event;
 * none of its objects exists, so functions that read one are never reached.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_ScramMechanism_t
rd_kafka_ScramCredentialInfo_mechanism(const rd_kafka_ScramCredentialInfo_t *scram_credential_info)
{
    return RD_KAFKA_SCRAM_MECHANISM_UNKNOWN;
}

int32_t
rd_kafka_ScramCredentialInfo_iterations(const rd_kafka_ScramCredentialInfo_t *scram_credential_info)
{
    return -1;
}

const char *rd_kafka_UserScramCredentialsDescription_user(
    const rd_kafka_UserScramCredentialsDescription_t *description)
{
    return NULL;
}

const rd_kafka_error_t *rd_kafka_UserScramCredentialsDescription_error(
    const rd_kafka_UserScramCredentialsDescription_t *description)
{
    return NULL;
}

size_t rd_kafka_UserScramCredentialsDescription_scramcredentialinfo_count(
    const rd_kafka_UserScramCredentialsDescription_t *description)
{
    return 0;
}

const rd_kafka_ScramCredentialInfo_t *rd_kafka_UserScramCredentialsDescription_scramcredentialinfo(
    const rd_kafka_UserScramCredentialsDescription_t *description, size_t idx)
{
    return NULL;
}

const rd_kafka_UserScramCredentialsDescription_t **
rd_kafka_DescribeUserScramCredentials_result_descriptions(
    const rd_kafka_DescribeUserScramCredentials_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_DescribeUserScramCredentials(rd_kafka_t *rk, const char **users, size_t user_cnt,
                                           const rd_kafka_AdminOptions_t *options,
                                           rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_DESCRIBEUSERSCRAMCREDENTIALS_RESULT);
}

rd_kafka_UserScramCredentialAlteration_t *
rd_kafka_UserScramCredentialUpsertion_new(const char *username, rd_kafka_ScramMechanism_t mechanism,
                                          int32_t iterations, const unsigned char *password,
                                          size_t password_size, const unsigned char *salt,
                                          size_t salt_size)
{
    return NULL;
}

rd_kafka_UserScramCredentialAlteration_t *
rd_kafka_UserScramCredentialDeletion_new(const char *username, rd_kafka_ScramMechanism_t mechanism)
{
    return NULL;
}

void rd_kafka_UserScramCredentialAlteration_destroy(
    rd_kafka_UserScramCredentialAlteration_t *alteration)
{
}

void rd_kafka_UserScramCredentialAlteration_destroy_array(
    rd_kafka_UserScramCredentialAlteration_t **alterations, size_t alteration_cnt)
{
}

const char *rd_kafka_AlterUserScramCredentials_result_response_user(
    const rd_kafka_AlterUserScramCredentials_result_response_t *response)
{
    return NULL;
}

const rd_kafka_error_t *rd_kafka_AlterUserScramCredentials_result_response_error(
    const rd_kafka_AlterUserScramCredentials_result_response_t *response)
{
    return NULL;
}

const rd_kafka_AlterUserScramCredentials_result_response_t **
rd_kafka_AlterUserScramCredentials_result_responses(
    const rd_kafka_AlterUserScramCredentials_result_t *result, size_t *cntp)
{
    *cntp = 0;
    return NULL;
}

void rd_kafka_AlterUserScramCredentials(rd_kafka_t *rk,
                                        rd_kafka_UserScramCredentialAlteration_t **alterations,
                                        size_t alteration_cnt,
                                        const rd_kafka_AdminOptions_t *options,
                                        rd_kafka_queue_t *rkqu)
{
    rk_admin_not_implemented(rk, rkqu, options, RD_KAFKA_EVENT_ALTERUSERSCRAMCREDENTIALS_RESULT);
}
