/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consumes payloads that somebody else produces, until all came and every partition has ended. With
 * "-c at_least_once" messages may come twice and, sent again, out of order. Tells how many messages
 * each broker gave, and the longest silence between two.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct options options;
    struct reception reception;

    options_parse(&options, argc, argv);
    reception_run(&reception, &options, NULL);
    if (strcmp(options.check, "at_least_once") != 0) {
        CHECK(reception.duplicates == 0, "%" PRId64 " messages came twice", reception.duplicates);
        CHECK(reception.out_of_order == 0, "%" PRId64 " messages were out of order",
              reception.out_of_order);
    }
    for (int i = 0; i < RECEPTION_BROKERS; i++) {
        if (reception.from_broker[i] > 0)
            printf("broker %d: %" PRId64 "\n", i, reception.from_broker[i]);
    }
    printf("last: broker %d\n", (int)reception.last_broker);
    printf("silence: %" PRId64 "\n", reception.silence_ms);
    printf("%" PRId64 " messages, %" PRId64 " twice\n", reception.distinct, reception.duplicates);
    reception_clear(&reception);
    options_clear(&options);
    return 0;
}
