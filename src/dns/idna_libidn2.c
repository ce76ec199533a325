/* SPDX-License-Identifier: MIT
 *
 * Internationalised names by libidn2: UTS 46, non-transitional (so that "ß" stays itself).
 */
#include "dns/idna.h"

#include <string.h>

#include <idn2.h>

#include <weir/base/error.h>

static int encode(const char *utf8, char **out)
{
    return idn2_lookup_u8((const uint8_t *)utf8, (uint8_t **)out,
                          IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
}

int dns_idna_encode(const char *utf8, char out[WEIR_DNS_ASCII_TEXT], const char **reason)
{
    char *ascii = NULL;
    const int result = encode(utf8, &ascii);
    if (result != IDN2_OK) {
        *reason = idn2_strerror(result);
        return result == IDN2_MALLOC ? WEIR_ENOMEM : WEIR_EDNS_NAME;
    }
    const size_t len = strlen(ascii);
    if (len < WEIR_DNS_ASCII_TEXT) memcpy(out, ascii, len + 1);
    idn2_free(ascii);
    if (len < WEIR_DNS_ASCII_TEXT) return (int)len;
    *reason = idn2_strerror(IDN2_TOO_BIG_DOMAIN);
    return WEIR_EDNS_NAME;
}

/* Whether the label is what its Unicode form is turned into: otherwise two names would be shown
 * alike that are not the same. */
static bool comes_back(const char *utf8, const char *label)
{
    char *ascii = NULL;
    if (encode(utf8, &ascii) != IDN2_OK) return false;
    const bool same = strcmp(ascii, label) == 0;
    idn2_free(ascii);
    return same;
}

int dns_idna_decode(const char *label, char *out, size_t room)
{
    char *utf8 = NULL;
    const int result = idn2_to_unicode_8z8z(label, &utf8, 0);
    if (result == IDN2_MALLOC) return WEIR_ENOMEM;
    if (result != IDN2_OK) return 0;
    const size_t len = strlen(utf8);
    const bool good = len < room && comes_back(utf8, label);
    if (good) memcpy(out, utf8, len + 1);
    idn2_free(utf8);
    return good ? (int)len : 0;
}
