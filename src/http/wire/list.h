/* SPDX-License-Identifier: MIT
 *
 * The elements of a comma-separated field value (RFC 9110 5.6.1).
 */
#ifndef WEIR_HTTP_WIRE_LIST_H
#define WEIR_HTTP_WIRE_LIST_H

#include <weir/base/bytes.h>

/* Line ends are here only inside a folded value, where they stand for blanks (RFC 9112 5.2). */
static inline bool weir_http_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next element of a comma-separated list from `*at` on, without outer blanks.
 * Returns false after the last; a list has always one element, which may be empty. */
static inline bool weir_http_list_next(weir_bytes list, size_t *at, weir_bytes *element)
{
    if (*at > list.len) return false;
    size_t start = *at, end = *at;
    while (end < list.len && list.data[end] != ',') end++;
    *at = end + 1;
    while (start < end && weir_http_is_blank(list.data[start])) start++;
    while (end > start && weir_http_is_blank(list.data[end - 1])) end--;
    *element = weir_bytes_of(list.data + start, end - start);
    return true;
}

#endif
