/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All messages as C structs, from the .def files of schema/: struct rk_<api>_request, struct
 * rk_<api>_answer and their parts, named as schema.h says. Per API there are also rk_<api>_api,
 * rk_<api>_request_schema and rk_<api>_answer_schema, and per struct:
 *
 *     rk_<struct>_init(into)              sets every member to its default; owns nothing
 *     rk_<struct>_try_new(arena, count)   `count` of them set to defaults, in the arena; NULL when
 *                                         the arena is at its limit; count 0 gives a valid pointer
 */
#ifndef RK_WIRE_MESSAGES_H
#define RK_WIRE_MESSAGES_H

#include "base/arena.h"
#include "base/types.h"
#include "wire/api.h"
#include "wire/schema.h"

#include "wire/schema_structs.h"
#include "wire/schema/all.def"
#include "wire/schema_end.h"

#endif
