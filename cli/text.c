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

size_t cli_character(const char *text, size_t len)
{
    const unsigned char lead = (unsigned char)text[0];
    const size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return n <= len && weir_utf8_valid(weir_bytes_of(text, n)) ? n : 0;
}

bool cli_is_control(const char *text, size_t len)
{
    const unsigned char *c = (const unsigned char *)text;
    if (len == 1) return c[0] < 0x20 || c[0] == 0x7F;
    if (len == 2) return c[0] == 0xC2 && c[1] < 0xA0; /* U+0080 to U+009F */
    if (len != 3 || c[0] != 0xE2) return false;
    if (c[1] == 0x80) return c[2] >= 0xA8 && c[2] <= 0xAE; /* U+2028 to U+202E */
    return c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9;   /* U+2066 to U+2069 */
}

bool cli_is_plain(const char *text)
{
    for (size_t len = strlen(text), n; len > 0; text += n, len -= n) {
        n = cli_character(text, len);
        if (n == 0 || cli_is_control(text, n)) return false;
    }
    return true;
}

void cli_put_text(FILE *to, const char *text)
{
    for (size_t len = strlen(text), n; len > 0; text += n, len -= n) {
        n = cli_character(text, len);
        const bool good = n > 0 && !cli_is_control(text, n);
        if (n == 0) n = 1;
        if (good) fwrite(text, 1, n, to);
        for (size_t i = 0; i < n && !good; i++) fprintf(to, "\\x%02X", (unsigned char)text[i]);
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
