/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics as text: the JSON that the application gets, and the manual of its fields.
 *
 * Pure functions over the table of fields.
 */
#ifndef RK_OBSERVE_STATISTICS_JSON_H
#define RK_OBSERVE_STATISTICS_JSON_H

#include "observe/statistics_fields.h"

/* One line, without a newline. */
void rk_statistics_json(struct rk_text *text, const struct rk_stats_client *client);
/* STATISTICS.md. */
void rk_statistics_markdown(struct rk_text *text);

#endif
