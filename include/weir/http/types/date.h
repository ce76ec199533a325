/* SPDX-License-Identifier: MIT
 *
 * HTTP dates: the one form that is sent and the three that are understood (RFC 9110 5.6.7).
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT       IMF-fixdate: sent and received
 *     Sunday, 06-Nov-94 08:49:37 GMT      RFC 850: received
 *     Sun Nov  6 08:49:37 1994            asctime: received
 *
 * Times are seconds since 1970-01-01 00:00:00 UTC without leap seconds.
 */
#ifndef WEIR_HTTP_TYPES_DATE_H
#define WEIR_HTTP_TYPES_DATE_H

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many bytes an IMF-fixdate has. */
#define WEIR_HTTP_DATE_LEN 29

/* Writes `seconds` as IMF-fixdate and a NUL to `out`.
 *
 * Returns WEIR_HTTP_DATE_LEN.
 * Errors: WEIR_EINVAL: the year lies outside 0 to 9999; `out` is untouched.  Pure. */
int weir_http_date_format(int64_t seconds, char out[WEIR_HTTP_DATE_LEN + 1]);

/* Reads a date of any of the three forms; no blanks around it.
 *
 * `now` (seconds) settles the century of the two-digit form: a year that would lie more than 50
 * years in the future is the one in the past with the same digits.  The day of the week must be a
 * name of one, but need not fit the date.  A leap second (:60) is read as the second after it.
 *
 * Returns 0 and gives the time in `*seconds`.
 * Errors: WEIR_EINVAL: not a date; `*seconds` is untouched.  Pure. */
int weir_http_date_parse(weir_bytes text, int64_t now, int64_t *seconds);

#ifdef __cplusplus
}
#endif
#endif
