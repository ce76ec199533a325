/* SPDX-License-Identifier: MIT
 *
 * Growing texts and the escapes of the case files.
 */
#include "test/cases/case_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/harness/test.h"

enum { REPEATED_MAX = 1 << 22 }; /* bytes of one \{N*...}: more is a slip of the pen */

void case_text_free(case_text *text)
{
    free(text->data);
    *text = (case_text){NULL, 0, 0};
}

static void reserve(case_text *text, size_t more)
{
    if (text->room - text->len >= more) return;
    size_t room = text->room * 2 + more + 64;
    char *data = realloc(text->data, room);
    assert_non_null(data);
    text->data = data;
    text->room = room;
}

void case_text_add(case_text *text, const char *data, size_t len)
{
    reserve(text, len);
    if (len > 0) memcpy(text->data + text->len, data, len);
    text->len += len;
}

void case_text_print(case_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert_true(len >= 0);
    reserve(text, (size_t)len + 1);
    va_start(arguments, format);
    vsnprintf(text->data + text->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    text->len += (size_t)len;
}

void case_text_escape(case_text *text, weir_bytes bytes)
{
    static const char hex[] = "0123456789ABCDEF";
    reserve(text, bytes.len * 4);
    char *to = text->data + text->len;
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];
        char letter = c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : c == '\\' ? '\\' : 0;
        if (letter) {
            *to++ = '\\';
            *to++ = letter;
        } else if (c >= 0x20 && c < 0x7F) {
            *to++ = c;
        } else {
            *to++ = '\\';
            *to++ = 'x';
            *to++ = hex[(uint8_t)c >> 4];
            *to++ = hex[c & 15];
        }
    }
    text->len = (size_t)(to - text->data);
}

void case_text_end_line(case_text *text)
{
    if (text->len > 0 && text->data[text->len - 1] == ' ') {
        text->len--;
        case_text_add(text, "\\s", 2);
    }
    case_text_add(text, "\n", 1);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte after a backslash that stands for one byte by itself; -1 for any other. */
static int letter_escape(char c)
{
    switch (c) {
    case 'r': return '\r';
    case 'n': return '\n';
    case 't': return '\t';
    case '\\': return '\\';
    case '0': return '\0';
    case 's': return ' ';
    default: return -1;
    }
}

/* \{N*text}: `spelled` begins after the brace.  Gives in `*used` how much of it that was. */
static const char *repeat(case_text *text, weir_bytes spelled, size_t *used)
{
    size_t at = 0, times = 0;
    while (at < spelled.len && at < 8 && spelled.data[at] >= '0' && spelled.data[at] <= '9')
        times = times * 10 + (size_t)(spelled.data[at++] - '0');
    if (at == 0 || at == spelled.len || spelled.data[at] != '*') return "\\{ without N*";
    const char *inner = spelled.data + ++at;
    const char *end = memchr(inner, '}', spelled.len - at);
    if (!end) return "\\{ without }";
    case_text once = {NULL, 0, 0};
    const char *wrong =
        memmem(inner, (size_t)(end - inner), "\\{", 2)
            ? "\\{ inside \\{"
            : case_text_unescape(&once, weir_bytes_of(inner, (size_t)(end - inner)));
    if (!wrong && (once.len == 0 || times > REPEATED_MAX / once.len))
        wrong = "\\{ too long or empty";
    for (size_t i = 0; !wrong && i < times; i++) case_text_add(text, once.data, once.len);
    case_text_free(&once);
    *used = (size_t)(end - spelled.data) + 1;
    return wrong;
}

const char *case_text_unescape(case_text *text, weir_bytes spelled)
{
    for (size_t i = 0; i < spelled.len; i++) {
        char c = spelled.data[i];
        if (c < 0x20 || c > 0x7E) return "a byte outside 0x20 to 0x7E";
        if (c == '\\') {
            if (++i == spelled.len) return "a backslash at the end of the line";
            c = spelled.data[i];
            int byte = letter_escape(c);
            if (c == '{') {
                size_t used = 0;
                const char *wrong =
                    repeat(text, weir_bytes_of(spelled.data + i + 1, spelled.len - i - 1), &used);
                if (wrong) return wrong;
                i += used;
                continue;
            }
            if (c == 'x') {
                int high = spelled.len - i > 2 ? hex_digit(spelled.data[i + 1]) : -1;
                int low = spelled.len - i > 2 ? hex_digit(spelled.data[i + 2]) : -1;
                byte = high < 0 || low < 0 ? -1 : high << 4 | low;
                i += 2;
            }
            if (byte < 0) return "an unknown escape";
            c = (char)byte;
        }
        case_text_add(text, &c, 1);
    }
    return NULL;
}
