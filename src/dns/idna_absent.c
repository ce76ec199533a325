/* SPDX-License-Identifier: MIT
 *
 * Stands for the library of internationalised names where Weir is built without it.
 */
#include "dns/idna.h"

#include <weir/base/error.h>

int dns_idna_encode(const char *utf8, char out[WEIR_DNS_ASCII_TEXT], const char **reason)
{
    (void)utf8;
    (void)out;
    *reason = "not ASCII, and this Weir is built without libidn2";
    return WEIR_EUNSUPPORTED;
}

int dns_idna_decode(const char *label, char *out, size_t room)
{
    (void)label;
    (void)out;
    (void)room;
    return 0;
}
