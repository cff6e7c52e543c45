/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Produces payloads, and writes down what became of each: one letter per message into the file of
 * option -f, A acked, N not persisted, P possibly persisted. Others read the log and compare.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct options options;
    struct production production;
    int64_t started_ms = now_ms();

    options_parse(&options, argc, argv);
    production_run(&production, &options);
    if (options.report_path) {
        FILE *file = fopen(options.report_path, "w");

        CHECK(file, "%s cannot be written", options.report_path);
        CHECK(fwrite(production.outcome, 1, (size_t)options.count, file) == (size_t)options.count &&
                  fclose(file) == 0,
              "%s was not written", options.report_path);
    }
    printf("%" PRId64 " of %" PRId64 " messages acked in %.1f s\n", production.acked, options.count,
           (double)(now_ms() - started_ms) / 1000.0);
    production_clear(&production);
    options_clear(&options);
    return 0;
}
