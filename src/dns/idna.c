/* SPDX-License-Identifier: MIT
 *
 * Names in Unicode: what is ASCII passes, the rest goes label by label to the library.
 */
#include <weir/dns/idna.h>

#include <string.h>

#include <weir/base/error.h>
#include <weir/base/utf8.h>
#include <weir/dns/wire/name.h>

#include "dns/idna.h"
#include "dns/wire/word.h"

static bool is_ascii(weir_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 127) return false;
    return true;
}

static void copy_small(char *out, const char *text, size_t len)
{
    octets_lower((uint8_t *)out, (const uint8_t *)text, len);
    out[len] = '\0';
}

static int check(weir_bytes ascii, unsigned flags, const char **reason)
{
    weir_dns_name_why why;
    const int error = weir_dns_host_check(ascii, flags, &why);
    if (error) *reason = weir_dns_name_fault_text(why.fault);
    return error;
}

static int to_ascii(weir_bytes text, unsigned flags, char *out, const char **reason)
{
    char utf8[WEIR_DNS_UNICODE_TEXT], ascii[WEIR_DNS_ASCII_TEXT];
    if (is_ascii(text)) {
        const int error = check(text, flags, reason);
        if (!error) copy_small(out, text.data, text.len);
        return error ? error : (int)text.len;
    }
    if (text.len >= sizeof utf8) {
        *reason = weir_dns_name_fault_text(WEIR_DNS_NAME_LONG);
        return WEIR_EDNS_NAME;
    }
    if (memchr(text.data, '\0', text.len) || !weir_utf8_valid(text)) {
        *reason = "not UTF-8";
        return WEIR_EDNS_NAME;
    }
    memcpy(utf8, text.data, text.len);
    utf8[text.len] = '\0';
    const int len = dns_idna_encode(utf8, ascii, reason);
    if (len < 0) return len;
    /* Compatibility characters can become dots, slashes, anything: the result is what counts. */
    const int error = check(weir_bytes_of(ascii, (size_t)len), flags, reason);
    if (error) return error;
    copy_small(out, ascii, (size_t)len);
    return len;
}

int weir_dns_idna_to_ascii(weir_bytes text, unsigned flags, char out[WEIR_DNS_ASCII_TEXT],
                           const char **reason)
{
    const char *why = "";
    const int len = to_ascii(text, flags, out, &why);
    if (len < 0 && reason) *reason = why;
    return len;
}

/* Writes one label as people read it.  Returns its length. */
static int show_label(weir_bytes label, char *out, size_t room)
{
    char ascii[WEIR_DNS_LABEL_MAX + 1];
    if (label.len > 4 &&
        weir_bytes_equal_nocase(weir_bytes_of(label.data, 4), weir_bytes_text("xn--"))) {
        copy_small(ascii, label.data, label.len);
        const int len = dns_idna_decode(ascii, out, room);
        if (len != 0) return len;
    }
    if (label.len >= room) return WEIR_EDNS_NAME;
    memcpy(out, label.data, label.len);
    return (int)label.len;
}

int weir_dns_idna_to_unicode(weir_bytes text, char out[WEIR_DNS_UNICODE_TEXT])
{
    char shown[WEIR_DNS_UNICODE_TEXT];
    size_t at = 0, from = 0;
    const int error =
        weir_dns_host_check(text, WEIR_DNS_HOST_UNDERSCORE | WEIR_DNS_HOST_NUMERIC, NULL);
    if (error) return error;
    while (from < text.len) {
        const char *dot = memchr(text.data + from, '.', text.len - from);
        const size_t end = dot ? (size_t)(dot - text.data) : text.len;
        const weir_bytes label = weir_bytes_of(text.data + from, end - from);
        const int len = show_label(label, shown + at, sizeof shown - at);
        if (len < 0) return len;
        at += (size_t)len;
        if (at + 2 > sizeof shown) return WEIR_EDNS_NAME;
        if (dot) shown[at++] = '.';
        from = end + 1;
    }
    memcpy(out, shown, at);
    out[at] = '\0';
    return (int)at;
}
