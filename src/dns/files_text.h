/* SPDX-License-Identifier: MIT
 *
 * Lines and words of the system's configuration files.
 */
#ifndef DNS_FILES_TEXT_H
#define DNS_FILES_TEXT_H

#include <stdbool.h>
#include <string.h>

#include <weir/base/bytes.h>

static inline bool dns_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next line off `rest`, without its end: LF, CRLF, or that of the text.  False after the
 * last. */
static inline bool dns_next_line(weir_bytes *rest, weir_bytes *line)
{
    if (rest->len == 0) return false;
    const char *end = (const char *)memchr(rest->data, '\n', rest->len);
    const size_t len = end ? (size_t)(end - rest->data) : rest->len;
    const size_t taken = end ? len + 1 : len;
    *line = weir_bytes_of(rest->data, len > 0 && rest->data[len - 1] == '\r' ? len - 1 : len);
    *rest = weir_bytes_of(rest->data + taken, rest->len - taken);
    return true;
}

/* Takes the next word, which ends at a blank, off `rest`.  False if there is none. */
static inline bool dns_next_word(weir_bytes *rest, weir_bytes *word)
{
    size_t at = 0, end;
    while (at < rest->len && dns_is_blank(rest->data[at])) at++;
    for (end = at; end < rest->len && !dns_is_blank(rest->data[end]);) end++;
    if (end == at) return false;
    *word = weir_bytes_of(rest->data + at, end - at);
    *rest = weir_bytes_of(rest->data + end, rest->len - end);
    return true;
}

/* Cuts a line at the first of "#". */
static inline weir_bytes dns_without_comment(weir_bytes line)
{
    const char *sign = line.len ? (const char *)memchr(line.data, '#', line.len) : NULL;
    return sign ? weir_bytes_of(line.data, (size_t)(sign - line.data)) : line;
}

#endif
