/* SPDX-License-Identifier: MIT
 *
 * The name of a host as TLS sends it in the server name indication (RFC 6066 3).
 */
#ifndef WEIR_DNS_SNI_H
#define WEIR_DNS_SNI_H

#include <weir/base/bytes.h>
#include <weir/dns/idna.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the host name for SNI: ASCII (Unicode is converted: idna.h), small letters, no final dot,
 * NUL-terminated.
 *
 * Returns its length; 0, and "", for an IP address, in brackets or not, with a zone or not: none is
 * sent for it; WEIR_EDNS_NAME, WEIR_EUNSUPPORTED, WEIR_ENOMEM as weir_dns_idna_to_ascii.  Any
 * thread; never waits. */
int weir_dns_sni_name(weir_bytes host, char out[WEIR_DNS_ASCII_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
