/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rd_kafka_conf_*(): the client's configuration as an object of the application. Callbacks stand in
 * conf_callbacks.c.
 */
#include <stdio.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/conf_markdown.h"

rd_kafka_conf_t *rd_kafka_conf_new(void)
{
    return rk_conf_new(rd_kafka_log_print);
}

void rd_kafka_conf_destroy(rd_kafka_conf_t *conf)
{
    rk_conf_destroy(conf);
}

rd_kafka_conf_t *rd_kafka_conf_dup(const rd_kafka_conf_t *conf)
{
    return rk_conf_dup(conf, 0, NULL);
}

rd_kafka_conf_t *rd_kafka_conf_dup_filter(const rd_kafka_conf_t *conf, size_t filter_cnt,
                                          const char **filter)
{
    return rk_conf_dup(conf, filter_cnt, filter);
}

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                      char *errstr, size_t errstr_size)
{
    return rk_conf_set(conf, name, value, errstr, errstr_size);
}

rd_kafka_conf_res_t rd_kafka_conf_get(const rd_kafka_conf_t *conf, const char *name, char *dest,
                                      size_t *dest_size)
{
    return rk_conf_get(conf, name, dest, dest_size);
}

const char **rd_kafka_conf_dump(rd_kafka_conf_t *conf, size_t *cntp)
{
    return rk_conf_dump(conf, cntp);
}

void rd_kafka_conf_dump_free(const char **arr, size_t cnt)
{
    rk_conf_dump_free(arr, cnt);
}

void rd_kafka_conf_properties_show(FILE *fp)
{
    struct rk_text text = {0};
    rk_conf_markdown_tables(&text);
    fputs(rk_text_chars(&text), fp);
    rk_text_clear(&text);
}

void rd_kafka_conf_set_default_topic_conf(rd_kafka_conf_t *conf, rd_kafka_topic_conf_t *tconf)
{
    rk_conf_set_default_topic_conf(conf, tconf);
}

rd_kafka_topic_conf_t *rd_kafka_conf_get_default_topic_conf(rd_kafka_conf_t *conf)
{
    return conf->default_topic_conf;
}

rd_kafka_conf_res_t rd_kafka_conf_set_ssl_cert(rd_kafka_conf_t *conf,
                                               rd_kafka_cert_type_t cert_type,
                                               rd_kafka_cert_enc_t cert_enc, const void *buffer,
                                               size_t size, char *errstr, size_t errstr_size)
{
    return rk_conf_set_certificate(conf, cert_type, cert_enc, buffer, size, errstr, errstr_size);
}

/* Functions of all types are kept as one. */
#define ANY_FUNCTION(function) ((void (*)(void))(function))

rd_kafka_resp_err_t
rd_kafka_conf_interceptor_add_on_conf_set(rd_kafka_conf_t *conf, const char *ic_name,
                                          rd_kafka_interceptor_f_on_conf_set_t *on_conf_set,
                                          void *ic_opaque)
{
    return rk_interceptors_add(&conf->interceptors, RK_ON_CONF_SET, ic_name,
                               ANY_FUNCTION(on_conf_set), ic_opaque);
}

rd_kafka_resp_err_t
rd_kafka_conf_interceptor_add_on_conf_dup(rd_kafka_conf_t *conf, const char *ic_name,
                                          rd_kafka_interceptor_f_on_conf_dup_t *on_conf_dup,
                                          void *ic_opaque)
{
    return rk_interceptors_add(&conf->interceptors, RK_ON_CONF_DUP, ic_name,
                               ANY_FUNCTION(on_conf_dup), ic_opaque);
}

rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_conf_destroy(
    rd_kafka_conf_t *conf, const char *ic_name,
    rd_kafka_interceptor_f_on_conf_destroy_t *on_conf_destroy, void *ic_opaque)
{
    return rk_interceptors_add(&conf->interceptors, RK_ON_CONF_DESTROY, ic_name,
                               ANY_FUNCTION(on_conf_destroy), ic_opaque);
}

rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_new(rd_kafka_conf_t *conf, const char *ic_name,
                                                         rd_kafka_interceptor_f_on_new_t *on_new,
                                                         void *ic_opaque)
{
    return rk_interceptors_add(&conf->interceptors, RK_ON_NEW, ic_name, ANY_FUNCTION(on_new),
                               ic_opaque);
}
