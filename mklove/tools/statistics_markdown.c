/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes STATISTICS.md, from the table of fields, to standard output.
 */
#include <stdio.h>

#include "observe/statistics_json.h"

int main(void)
{
    struct rk_text text = {0};
    rk_statistics_markdown(&text);
    int written = fputs(rk_text_chars(&text), stdout);
    rk_text_clear(&text);
    return written == EOF || fflush(stdout) == EOF;
}
