/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Realistic values for the benchmarks: text in the shape of JSON that compresses about as well as
 * events of a web shop do. The sink broker serves them, the benchmark client produces them. Pure;
 * any thread.
 */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

/* Writes exactly `size` bytes that depend on `number` alone. */
void bench_payload_fill(char *out, size_t size, uint64_t number);

#endif
