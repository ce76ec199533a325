/* SPDX-License-Identifier: MIT
 *
 * Names of hosts in Unicode to the ASCII form that DNS has for them, and back for people
 * (UTS 46, non-transitional; RFC 5891).
 *
 *      bücher.example  <->  xn--bcher-kva.example
 *
 * Nothing else in Weir takes Unicode as the name of a host, and no octet of it is sent raw: lookups
 * and dials refuse it with WEIR_EDNS_NAME.  A program that reads names from people calls this first
 * (weir_dns_sni_name does so itself).  Only weir_dns_lookup and weir_dns_query, which take any name
 * of DNS, take octets above 127 as they are.  Built without libidn2 only names that are ASCII
 * already pass.
 */
#ifndef WEIR_DNS_IDNA_H
#define WEIR_DNS_IDNA_H

#include <stdint.h>

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_ASCII_TEXT   256  /* room for an ASCII name, with a final dot and the NUL */
#define WEIR_DNS_UNICODE_TEXT 1024 /* room for the UTF-8 of one, NUL included */

/* Turns the UTF-8 text of a host's name into ASCII, in small letters, NUL-terminated; a final dot
 * stays (an ideographic full stop is a dot, too).  What comes out is checked by weir_dns_host_check
 * with `flags` (weir_dns_host_flags); for ASCII nothing else is done.
 *
 * Returns the length; WEIR_EDNS_NAME: no legal name; WEIR_EUNSUPPORTED: not ASCII, and built
 * without libidn2; WEIR_ENOMEM.  `reason`, which may be NULL, is the fault in words for people:
 * static.  `out` is untouched on error.  Any thread; never waits. */
int weir_dns_idna_to_ascii(weir_bytes text, unsigned flags, char out[WEIR_DNS_ASCII_TEXT],
                           const char **reason);

/* Turns an ASCII name into what people read: labels "xn--" become UTF-8, if they are right; others
 * stay as they are, and so does the whole name when it is built without libidn2.  For display only:
 * two names can look the same.
 *
 * Returns the length; WEIR_EDNS_NAME (not an ASCII name), WEIR_ENOMEM.  Any thread; never waits. */
int weir_dns_idna_to_unicode(weir_bytes text, char out[WEIR_DNS_UNICODE_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
