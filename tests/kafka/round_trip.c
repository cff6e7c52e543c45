/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produces payloads and reads them back: each comes once, byte for byte, in the order of its
 * partition, at the place its delivery report named (not so with acks=0, and "-c acks_0").
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct options options;
    struct production production;
    struct reception reception;

    options_parse(&options, argc, argv);
    production_run(&production, &options);
    CHECK(production.acked == options.count, "%" PRId64 " of %" PRId64 " messages were delivered",
          production.acked, options.count);
    reception_run(&reception, &options, strcmp(options.check, "acks_0") == 0 ? NULL : &production);
    CHECK(reception.duplicates == 0, "%" PRId64 " messages came twice", reception.duplicates);
    CHECK(reception.out_of_order == 0, "%" PRId64 " messages were out of order",
          reception.out_of_order);
    production_clear(&production);
    reception_clear(&reception);
    options_clear(&options);
    return 0;
}
