/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of properties as text for people: CONFIGURATION.md, and
 * rd_kafka_conf_properties_show().
 *
 * The same for every build: what a build lacks is not left out.
 */
#ifndef RK_CONF_CONF_MARKDOWN_H
#define RK_CONF_CONF_MARKDOWN_H

#include "base/text.h"

/* Appends both tables, the client's and the topics', properties sorted by name. */
void rk_conf_markdown_tables(struct rk_text *text);
/* Appends the whole of CONFIGURATION.md. */
void rk_conf_markdown(struct rk_text *text);

#endif
