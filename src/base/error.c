/* SPDX-License-Identifier: MIT
 *
 * Names, texts and classes of errors, looked up in the one list error.def.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrordesc_np: the C library's texts without a lock or a locale */
#endif
#include <weir/base/error.h>

#include <stddef.h>
#include <string.h>

/* Errnos end below this (the kernel's MAX_ERRNO); Weir's own codes begin above it. */
enum { LAST_ERRNO = 4095 };

struct error_line {
    weir_error_class class_;
    const char *name;
    const char *text;
};

/* The line of a code, or NULL.  A switch, so that a code which stands twice does not compile. */
static const struct error_line *find_line(int code)
{
    switch (code) {
#define X(name_, code_, class_, text_)                                                      \
    case code_: {                                                                           \
        static const struct error_line line = {WEIR_CLASS_##class_, "WEIR_" #name_, text_}; \
        return &line;                                                                       \
    }
#include <weir/base/error.def>
#undef X
    default: return NULL;
    }
}

/* The C library's text of an errno that is not in the list, or NULL. */
static const char *system_text(int code)
{
    return code < 0 && code >= -LAST_ERRNO ? strerrordesc_np(-code) : NULL;
}

const char *weir_strerror(int code)
{
    if (code >= 0) return "success";
    const struct error_line *line = find_line(code);
    if (line) return line->text;
    const char *text = system_text(code);
    return text ? text : "unknown error";
}

const char *weir_errname(int code)
{
    if (code >= 0) return "WEIR_OK";
    const struct error_line *line = find_line(code);
    return line ? line->name : "WEIR_EUNKNOWN";
}

weir_error_class weir_errclass(int code)
{
    if (code >= 0) return WEIR_CLASS_NONE;
    const struct error_line *line = find_line(code);
    return line ? line->class_ : WEIR_CLASS_SYSTEM;
}
