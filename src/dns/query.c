/* SPDX-License-Identifier: MIT
 *
 * Writes questions (RFC 1035 4.1, RFC 6891 6.1, RFC 7873 4).
 */
#include "dns/query.h"

#include <weir/dns/wire/record.h>

static void add_edns(weir_dns_writer *writer, const dns_query *query, bool dnssec_ok,
                     uint16_t udp_size)
{
    uint8_t options[4 + 40];
    int len = 0;
    if (query->has_cookie) {
        uint8_t value[40];
        const size_t size = weir_dns_cookie_encode(&query->cookie, value);
        len = weir_dns_edns_append(options, 0, sizeof options, WEIR_DNS_EDNS_COOKIE,
                                   weir_bytes_of(value, size));
    }
    const weir_dns_edns edns = {.udp_size = udp_size,
                                .dnssec_ok = dnssec_ok,
                                .options = weir_bytes_of(options, len > 0 ? (size_t)len : 0)};
    weir_dns_writer_edns(writer, &edns);
}

size_t weir_dns_query_write(const dns_query *query, const dns_question *question, uint16_t udp_size,
                            uint8_t out[DNS_QUERY_ROOM])
{
    const weir_dns_header header = {
        .id = query->id,
        .recursion_desired = !question->no_recursion,
        .authentic = question->want_authentic,
        .checking_disabled = question->checking_disabled,
    };
    weir_dns_writer writer;
    weir_dns_writer_init(&writer, out, DNS_QUERY_ROOM, &header);
    /* The room is enough for all of it: neither can fail. */
    weir_dns_writer_question(&writer, query->name, query->type, WEIR_DNS_CLASS_IN);
    if (query->edns) add_edns(&writer, query, question->dnssec_ok, udp_size);
    return weir_dns_writer_message(&writer).len;
}
