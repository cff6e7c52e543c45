/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client is doing, as text for people.
 */
#ifndef RK_OBSERVE_DUMP_H
#define RK_OBSERVE_DUMP_H

#include <stdio.h>

#include "observe/observation.h"

/* Application threads. Waits a second at most: a loop may be inside a callback of the application.
 */
void rk_dump(const struct rk_subject *subject, FILE *file);

#endif
