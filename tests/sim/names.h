/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual name resolution: what getaddrinfo(3) and getnameinfo(3) of the resolver see. */
#ifndef SIM_NAMES_H
#define SIM_NAMES_H

#include <stdbool.h>

/* Packets to this address vanish (sim_address_dead in sim.h). */
bool sim_address_is_dead(const char *address);

#endif
