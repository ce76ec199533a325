/* SPDX-License-Identifier: MIT
 *
 * What a library for internationalised names has to do: idna_libidn2.c, or idna_absent.c.
 */
#ifndef DNS_IDNA_H
#define DNS_IDNA_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/dns/idna.h>

/* Turns a name, valid UTF-8, into ASCII.  Returns the length in `out`, or WEIR_EDNS_NAME,
 * WEIR_EUNSUPPORTED, WEIR_ENOMEM with *reason. */
int dns_idna_encode(const char *utf8, char out[WEIR_DNS_ASCII_TEXT], const char **reason);

/* Turns one label "xn--..." in small letters into UTF-8, NUL-terminated.  Returns its length, 0 if
 * it is not the ASCII form of any label, or WEIR_ENOMEM. */
int dns_idna_decode(const char *label, char *out, size_t room);

#endif
