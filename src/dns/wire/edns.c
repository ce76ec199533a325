/* SPDX-License-Identifier: MIT
 *
 * The OPT record (RFC 6891 6.1): its class is a size, its TTL is
 *
 *     upper response code 8 bits | version 8 bits | DO 1 bit | 15 bits of zero
 *
 * and its data is options: code 2 octets | length 2 octets | value.
 */
#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>

#include "dns/wire/octets.h"

enum { DNSSEC_OK = 0x8000 };

int weir_dns_edns_next(weir_bytes *options, uint16_t *code, weir_bytes *value)
{
    /* An option lies as a parameter of SVCB does. */
    return weir_dns_svcb_next(options, code, value);
}

static bool whole(weir_bytes options)
{
    uint16_t code;
    weir_bytes value;
    int more;
    do {
        more = weir_dns_edns_next(&options, &code, &value);
    } while (more > 0);
    return more == 0;
}

int weir_dns_edns_decode(const weir_dns_reader *reader, const weir_dns_record *record,
                         weir_dns_edns *out)
{
    const bool root =
        record->name_at < reader->message.len && reader->message.data[record->name_at] == 0;
    if (record->type != WEIR_DNS_OPT || !root || !whole(record->data)) return WEIR_EDNS_MESSAGE;
    out->udp_size = record->class_ < WEIR_DNS_UDP_MAX ? WEIR_DNS_UDP_MAX : record->class_;
    out->extended_rcode = (uint8_t)(record->raw_ttl >> 24);
    out->version = (uint8_t)(record->raw_ttl >> 16);
    out->dnssec_ok = (record->raw_ttl & DNSSEC_OK) != 0;
    out->options = record->data;
    return 0;
}

unsigned weir_dns_edns_rcode(const weir_dns_header *header, const weir_dns_edns *edns)
{
    const unsigned upper = edns ? edns->extended_rcode : 0;
    return upper << 4 | (header->rcode & 0xf);
}

int weir_dns_writer_edns(weir_dns_writer *writer, const weir_dns_edns *edns)
{
    static const weir_dns_name root = {1, {0}};
    const uint32_t ttl = (uint32_t)edns->extended_rcode << 24 | (uint32_t)edns->version << 16 |
                         (edns->dnssec_ok ? DNSSEC_OK : 0);
    if (!whole(edns->options)) return WEIR_EINVAL;
    return weir_dns_writer_record(writer, WEIR_DNS_ADDITIONAL, &root, WEIR_DNS_OPT, edns->udp_size,
                                  ttl, edns->options);
}

int weir_dns_edns_append(uint8_t *options, size_t len, size_t room, uint16_t code, weir_bytes value)
{
    const size_t limit = room < UINT16_MAX ? room : UINT16_MAX;
    if (len > limit || limit - len < 4 || limit - len - 4 < value.len) return WEIR_EDNS_SPACE;
    const uint8_t head[4] = {(uint8_t)(code >> 8), (uint8_t)code, (uint8_t)(value.len >> 8),
                             (uint8_t)value.len};
    memcpy(options + len, head, sizeof head);
    if (value.len > 0) memcpy(options + len + 4, value.data, value.len);
    return (int)(len + 4 + value.len);
}

static bool server_cookie(size_t len)
{
    return len >= 8 && len <= 32;
}

int weir_dns_cookie_decode(weir_bytes value, weir_dns_cookie *out)
{
    if (value.len != 8 && (value.len < 8 || !server_cookie(value.len - 8)))
        return WEIR_EDNS_MESSAGE;
    *out = (weir_dns_cookie){.server_len = (uint8_t)(value.len - 8)};
    memcpy(out->client, value.data, 8);
    memcpy(out->server, value.data + 8, out->server_len);
    return 0;
}

size_t weir_dns_cookie_encode(const weir_dns_cookie *cookie, uint8_t *out)
{
    const size_t server = server_cookie(cookie->server_len) ? cookie->server_len : 0;
    memcpy(out, cookie->client, 8);
    memcpy(out + 8, cookie->server, server);
    return 8 + server;
}

int weir_dns_keepalive_decode(weir_bytes value, weir_duration *timeout)
{
    if (value.len == 0) return 0;
    if (value.len != 2) return WEIR_EDNS_MESSAGE;
    *timeout = weir_milliseconds((int64_t)octets_get16((const uint8_t *)value.data) * 100);
    return 1;
}
