/* SPDX-License-Identifier: MIT
 *
 * Text that grows.
 */
#include "io/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 512 };

/* Makes room for `more` bytes and the NUL. */
static bool reserve(weir_text *text, size_t more)
{
    if (text->room - text->len > more) return true;
    size_t room = text->room ? text->room : FIRST_ROOM;
    while (room - text->len <= more && room < SIZE_MAX / 2) room *= 2;
    char *data = room - text->len > more ? realloc(text->data, room) : NULL;
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

void weir_text_add(weir_text *text, const char *format, ...)
{
    if (text->failed || !reserve(text, 0)) return;
    for (;;) {
        va_list arguments;
        va_start(arguments, format);
        size_t room = text->room - text->len;
        int len = vsnprintf(text->data + text->len, room, format, arguments);
        va_end(arguments);
        if (len < 0) return;
        if ((size_t)len < room) {
            text->len += (size_t)len;
            return;
        }
        text->data[text->len] = 0;
        if (!reserve(text, (size_t)len)) return;
    }
}

void weir_text_free(weir_text *text)
{
    free(text->data);
    *text = (weir_text){0};
}

void weir_text_duration(char out[WEIR_DURATION_TEXT], weir_duration duration)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{INT64_C(3600000000000), "h"},
                 {INT64_C(60000000000), "min"},
                 {1000000000, "s"},
                 {1000000, "ms"},
                 {1000, "us"},
                 {1, "ns"}};
    const char *sign = duration.ns < 0 ? "-" : "";
    uint64_t ns = duration.ns < 0 ? -(uint64_t)duration.ns : (uint64_t)duration.ns;
    size_t i = 0;
    while (i < 5 && ns < (uint64_t)units[i].ns) i++;
    uint64_t unit = (uint64_t)units[i].ns;
    if (ns == 0) i = 2;
    uint64_t whole = ns / unit, tenth = unit > 1 ? ns % unit / (unit / 10 ? unit / 10 : 1) : 0;
    if (tenth > 0 && whole < 100) {
        snprintf(out, WEIR_DURATION_TEXT, "%s%llu.%llu %s", sign, (unsigned long long)whole,
                 (unsigned long long)tenth, units[i].name);
    } else {
        snprintf(out, WEIR_DURATION_TEXT, "%s%llu %s", sign, (unsigned long long)whole,
                 units[i].name);
    }
}
