/* SPDX-License-Identifier: BSD-2-Clause */
/* Realistic values for the benchmarks: see payload.h. */
#include "payload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* splitmix64: the same numbers on every machine. */
static uint64_t next_number(uint64_t *state)
{
    uint64_t number = *state += UINT64_C(0x9e3779b97f4a7c15);

    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

static size_t write_event(char *out, size_t capacity, uint64_t number, uint64_t *state)
{
    static const char *const events[] = {"page_view", "add_to_cart", "search", "checkout"};
    static const char *const countries[] = {"DE", "FR", "US", "JP", "BR", "IN", "SE", "ZA"};
    uint64_t chance = next_number(state);
    int written =
        snprintf(out, capacity,
                 "{\"id\":%" PRIu64
                 ",\"event\":\"%s\",\"user\":\"u%05u\",\"country\":\"%s\",\"price\":%u.%02u,"
                 "\"session\":\"%08x\",\"items\":[%u,%u]}",
                 UINT64_C(1000000) + number, events[chance & 3], (unsigned)(chance >> 2) % 50000,
                 countries[(chance >> 20) & 7], (unsigned)(chance >> 24) % 900,
                 (unsigned)(chance >> 34) % 100, (unsigned)next_number(state),
                 (unsigned)(chance >> 40) % 4000, (unsigned)(chance >> 52) % 4000);

    return written < 0 ? 0 : (size_t)written;
}

void bench_payload_fill(char *out, size_t size, uint64_t number)
{
    uint64_t state = number;
    char event[256];
    size_t at = 0;

    while (at < size) {
        size_t length = write_event(event, sizeof(event), number, &state);
        size_t part = length < size - at ? length : size - at;

        memcpy(out + at, event, part);
        at += part;
    }
}
