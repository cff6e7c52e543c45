/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes CONFIGURATION.md, from the table of properties, to standard output.
 */
#include <stdio.h>

#include "conf/conf_markdown.h"

int main(void)
{
    struct rk_text text = {0};
    rk_conf_markdown(&text);
    int written = fputs(rk_text_chars(&text), stdout);
    rk_text_clear(&text);
    return written == EOF || fflush(stdout) == EOF;
}
