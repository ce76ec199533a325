/* SPDX-License-Identifier: MIT
 *
 * Text that others wrote, on a terminal: nothing in it may move the cursor or hide other text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/utf8.h>

#include "cli.h"

bool cli_is_plain(const char *text)
{
    char none[1];
    const size_t len = strlen(text);
    return weir_utf8_show(weir_bytes_of(text, len), none, sizeof none) == len;
}

void cli_put_text(FILE *to, const char *text)
{
    for (size_t len = strlen(text), n; len > 0; text += n, len -= n) {
        char shown[17];
        n = weir_utf8_character(weir_bytes_of(text, len));
        if (n == 0) n = 1;
        weir_utf8_show(weir_bytes_of(text, n), shown, sizeof shown);
        fputs(shown, to);
    }
}

void cli_point(const char *text, size_t at)
{
    if (!*text || !cli_is_plain(text)) return; /* the caret would stand beside it */
    fprintf(stderr, "  %s\n  ", text);
    for (size_t i = 0; i < at; i++) /* one column for each character of UTF-8 */
        if (((unsigned char)text[i] & 0xC0) != 0x80) fputc(' ', stderr);
    fputs("^\n", stderr);
}

void cli_complain(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) text = NULL;
    va_end(arguments);
    fputs("weir: ", stderr);
    cli_put_text(stderr, text ? text : format);
    fputc('\n', stderr);
    free(text);
}
