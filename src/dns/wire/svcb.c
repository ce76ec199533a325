/* SPDX-License-Identifier: MIT
 *
 * The parameters of SVCB and HTTPS records (RFC 9460 2.2 and 7): a sequence of
 *
 *     key 2 octets | length 2 octets | value
 *
 * with keys strictly ascending.
 */
#include <weir/base/error.h>

#include "dns/wire/data.h"
#include "dns/wire/octets.h"

int weir_dns_svcb_next(weir_bytes *parameters, uint16_t *key, weir_bytes *value)
{
    const uint8_t *at = (const uint8_t *)parameters->data;
    if (parameters->len == 0) return 0;
    if (parameters->len < 4) return WEIR_EDNS_MESSAGE;
    const size_t len = octets_get16(at + 2);
    if (len > parameters->len - 4) return WEIR_EDNS_MESSAGE;
    *key = octets_get16(at);
    *value = weir_bytes_of(at + 4, len);
    *parameters = weir_bytes_of(at + 4 + len, parameters->len - 4 - len);
    return 1;
}

/* RFC 9460 8: every key listed is there; strictly ascending, so both lists are passed over once. */
static bool good_mandatory(weir_bytes list, weir_bytes parameters)
{
    const uint8_t *at = (const uint8_t *)list.data;
    uint16_t key = WEIR_DNS_SVCB_MANDATORY;
    weir_bytes value;
    if (list.len == 0 || list.len % 2 != 0) return false;
    for (size_t i = 0; i < list.len; i += 2) {
        const uint16_t wanted = octets_get16(at + i);
        if (wanted <= key) return false;
        while (key < wanted) {
            if (weir_dns_svcb_next(&parameters, &key, &value) <= 0) return false;
        }
        if (key != wanted) return false;
    }
    return true;
}

/* RFC 9460 7.1.1: names of protocols, each not empty. */
static bool good_alpn(weir_bytes value)
{
    weir_bytes name;
    int more = value.len > 0 ? 1 : WEIR_EDNS_MESSAGE;
    while (more > 0) {
        more = weir_dns_txt_next(&value, &name);
        if (more > 0 && name.len == 0) return false;
    }
    return more == 0;
}

static bool good_value(uint16_t key, weir_bytes value, weir_bytes after)
{
    switch (key) {
    case WEIR_DNS_SVCB_MANDATORY: return good_mandatory(value, after);
    case WEIR_DNS_SVCB_ALPN: return good_alpn(value);
    case WEIR_DNS_SVCB_NO_DEFAULT_ALPN: return value.len == 0;
    case WEIR_DNS_SVCB_PORT: return value.len == 2;
    case WEIR_DNS_SVCB_IPV4HINT: return value.len > 0 && value.len % 4 == 0;
    case WEIR_DNS_SVCB_ECH: return value.len > 0;
    case WEIR_DNS_SVCB_IPV6HINT: return value.len > 0 && value.len % 16 == 0;
    default: return true;
    }
}

bool dns_svcb_check(const weir_dns_data *data)
{
    weir_bytes rest = data->as.svcb.parameters, value;
    const bool alias = data->as.svcb.priority == 0;
    int before = -1, more;
    uint16_t key;
    while ((more = weir_dns_svcb_next(&rest, &key, &value)) > 0) {
        if (key <= before || (!alias && !good_value(key, value, rest))) return false;
        before = key;
    }
    return more == 0;
}
