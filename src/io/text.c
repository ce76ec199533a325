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
