/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/messages.h"

#include <stddef.h>

#include "base/assert.h"
#include "wire/layout.h"

#include "wire/schema_tables.h"
#include "wire/schema/all.def"
#include "wire/schema_end.h"
