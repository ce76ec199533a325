/* SPDX-License-Identifier: MIT
 *
 * Bytes as printable text, and the line around one of them.
 */
#include <string.h>

#include "http.h"

size_t http_escape(char byte, char out[HTTP_ESCAPE])
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char c = (unsigned char)byte;
    const char letter = c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : c == '\\' ? '\\' : 0;
    if (!letter && c >= 0x20 && c <= 0x7E) {
        out[0] = byte;
        return 1;
    }
    out[0] = '\\';
    out[1] = letter;
    if (letter) return 2;
    out[1] = 'x';
    out[2] = digits[c >> 4];
    out[3] = digits[c & 15];
    return 4;
}

void http_put_escaped(weir_bytes bytes, FILE *to)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char out[HTTP_ESCAPE];
        fwrite(out, 1, http_escape(bytes.data[i], out), to);
    }
}

/* Columns on each side of the byte that are shown. */
enum { BEFORE = 44, AFTER = 24 };

static const char dots[] = "…";

static void name_byte(char byte, char out[24])
{
    const unsigned char c = (unsigned char)byte;
    const char *name = c == 0      ? " (NUL)"
                       : c == '\t' ? " (HTAB)"
                       : c == '\n' ? " (LF)"
                       : c == '\r' ? " (CR)"
                       : c == ' '  ? " (space)"
                       : c == 0x7F ? " (DEL)"
                                   : "";
    if (c > ' ' && c < 0x7F)
        snprintf(out, 24, "0x%02X (%c)", c, c);
    else
        snprintf(out, 24, "0x%02X%s", c, name);
}

void http_place_of(weir_bytes input, size_t offset, http_place *out)
{
    char escaped[HTTP_ESCAPE];
    size_t line = offset, from, to, used = 0, columns = 0;
    while (line > 0 && input.data[line - 1] != '\n') line--;
    out->line = 1;
    for (size_t i = 0; i < line; i++) out->line += input.data[i] == '\n';
    out->column = offset - line + 1;

    /* At the end of the input an empty line would show nothing: take the one before it. */
    size_t shown = line;
    if (line == input.len && line > 0)
        for (shown--; shown > 0 && input.data[shown - 1] != '\n';) shown--;
    for (from = offset; from > shown; from--) {
        const size_t width = http_escape(input.data[from - 1], escaped);
        if (columns + width > BEFORE) break;
        columns += width;
    }
    if (from > shown) {
        memcpy(out->text, dots, strlen(dots));
        used = strlen(dots);
        columns++;
    }
    out->caret = (unsigned)columns;
    out->width = 1;
    bool whole = false;
    for (columns = 0, to = from; to < input.len && columns <= AFTER && !whole; to++) {
        const size_t width = http_escape(input.data[to], out->text + used);
        used += width;
        if (to == offset) out->width = (unsigned)width;
        if (to > offset) columns += width;
        whole = to >= offset && input.data[to] == '\n';
    }
    if (to < input.len && !whole) {
        memcpy(out->text + used, dots, strlen(dots));
        used += strlen(dots);
    }
    out->text[used] = '\0';
    if (offset < input.len)
        name_byte(input.data[offset], out->byte);
    else
        snprintf(out->byte, sizeof out->byte, "the end of the input");
}
