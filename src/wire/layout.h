/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from a schema for its structs: default values, sizes in memory and on the wire. Pure
 * functions, shared by the codec and the tables.
 */
#ifndef RK_WIRE_LAYOUT_H
#define RK_WIRE_LAYOUT_H

#include <stddef.h>

#include "base/arena.h"
#include "wire/schema.h"

void rk_layout_set_defaults(const struct rk_layout *layout, void *into);
/* `count` structs set to defaults; NULL when the arena is at its limit. */
void *rk_layout_try_new(const struct rk_layout *layout, struct rk_arena *arena, int32_t count);
/* `at` is the field's member. */
bool rk_field_is_default(const struct rk_field *field, const void *at);
/* Bytes of one item in memory. */
size_t rk_field_item_size(const struct rk_field *field);
/* The fewest bytes a struct, or one item of the field, takes on the wire. */
size_t rk_layout_wire_size_min(const struct rk_layout *layout, int16_t version, bool flexible);
size_t rk_field_wire_size_min(const struct rk_field *field, int16_t version, bool flexible);

#endif
