/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials and tokens: not implemented yet.
 */
#include "api/not_implemented.h"

#include <stddef.h>

/* Arguments of what is not implemented have no use. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

rd_kafka_error_t *rd_kafka_sasl_background_callbacks_enable(rd_kafka_t *rk)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_error_t *rd_kafka_sasl_set_credentials(rd_kafka_t *rk, const char *username,
                                                const char *password)
{
    return rk_not_implemented_error(__func__);
}

rd_kafka_resp_err_t rd_kafka_oauthbearer_set_token(rd_kafka_t *rk, const char *token_value,
                                                   int64_t md_lifetime_ms,
                                                   const char *md_principal_name,
                                                   const char **extensions, size_t extension_size,
                                                   char *errstr, size_t errstr_size)
{
    rk_not_implemented_text(__func__, errstr, errstr_size);
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

rd_kafka_resp_err_t rd_kafka_oauthbearer_set_token_failure(rd_kafka_t *rk, const char *errstr)
{
    return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}
