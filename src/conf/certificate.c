/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "conf/property_value.h"

rd_kafka_conf_res_t rk_conf_set_certificate(struct rd_kafka_conf_s *conf, rd_kafka_cert_type_t type,
                                            rd_kafka_cert_enc_t encoding, const void *bytes,
                                            size_t size, char *errstr, size_t errstr_size)
{
    static const enum rk_conf_id ids[RD_KAFKA_CERT__CNT] = {
        [RD_KAFKA_CERT_PUBLIC_KEY] = RK_CONF_ID_ssl_certificate,
        [RD_KAFKA_CERT_PRIVATE_KEY] = RK_CONF_ID_ssl_key,
        [RD_KAFKA_CERT_CA] = RK_CONF_ID_ssl_ca,
    };
    struct rk_certificate **places[RD_KAFKA_CERT__CNT] = {
        [RD_KAFKA_CERT_PUBLIC_KEY] = &conf->conf.ssl_certificate,
        [RD_KAFKA_CERT_PRIVATE_KEY] = &conf->conf.ssl_key,
        [RD_KAFKA_CERT_CA] = &conf->conf.ssl_ca,
    };
    const char *wrong = conf->frozen ? "the configuration belongs to a client"
                        : (unsigned)type >= RD_KAFKA_CERT__CNT         ? "no such certificate type"
                        : (unsigned)encoding >= RD_KAFKA_CERT_ENC__CNT ? "no such encoding"
                                                                       : NULL;
    struct rk_certificate *certificate = NULL;
    if (!wrong && bytes) {
        certificate = size <= SIZE_MAX / 2 ? rk_try_malloc(sizeof(*certificate) + size) : NULL;
        if (!certificate)
            wrong = "out of memory";
    }
    if (wrong) {
        if (errstr && errstr_size)
            snprintf(errstr, errstr_size, "Certificate cannot be set: %s", wrong);
        return RD_KAFKA_CONF_INVALID;
    }
    rk_property_clear(&rk_conf_properties[ids[type]], &conf->conf);
    if (certificate) {
        certificate->encoding = encoding;
        certificate->size = size;
        memcpy(certificate->bytes, bytes, size);
    }
    *places[type] = certificate;
    conf->modified[ids[type]] = true;
    return RD_KAFKA_CONF_OK;
}
