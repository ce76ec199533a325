/* SPDX-License-Identifier: MIT
 *
 * The name of a host for TLS.
 */
#include <weir/dns/sni.h>

#include <weir/base/error.h>
#include <weir/io/addr.h>

int weir_dns_sni_name(weir_bytes host, char out[WEIR_DNS_ASCII_TEXT])
{
    char text[WEIR_DNS_ASCII_TEXT];
    weir_address address;
    weir_address_why why;
    if (weir_address_parse_as(host, WEIR_ADDRESS_AS_HOST | WEIR_ADDRESS_ZONE_NAME, 0, &address,
                              &why) == 0) {
        /* A name has no colon, so a port behind the address is no name either: refused below. */
        if (address.port == 0) {
            out[0] = '\0';
            return 0;
        }
        return WEIR_EDNS_NAME;
    }
    int len = weir_dns_idna_to_ascii(host, 0, text, NULL);
    if (len < 0) return len;
    if (len > 0 && text[len - 1] == '.') len--;
    for (int i = 0; i < len; i++) out[i] = text[i];
    out[len] = '\0';
    return len;
}
