/* SPDX-License-Identifier: MIT
 *
 * Answers: made of packed octets, and read record by record.
 */
#include <weir/dns/answer.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "dns/packed.h"

const char *weir_dns_origin_text(weir_dns_origin origin)
{
    static const char *const texts[] = {
        [WEIR_DNS_FROM_NOWHERE] = "nowhere",      [WEIR_DNS_FROM_LITERAL] = "address itself",
        [WEIR_DNS_FROM_SPECIAL] = "special name", [WEIR_DNS_FROM_HOSTS] = "hosts file",
        [WEIR_DNS_FROM_CACHE] = "cache",          [WEIR_DNS_FROM_STALE] = "stale cache",
        [WEIR_DNS_FROM_SERVER] = "name server",
    };
    if ((unsigned)origin >= sizeof texts / sizeof texts[0]) return "nowhere";
    return texts[origin];
}

void weir_dns_answer_free(weir_dns_answer *answer)
{
    free(answer->octets);
    *answer = (weir_dns_answer){0};
}

int weir_dns_answer_next_raw(const weir_dns_answer *answer, size_t *at, uint16_t *type,
                             weir_bytes *out)
{
    size_t place = answer->records_at + *at;
    if (place >= answer->len) return 0;
    uint16_t words[2];
    memcpy(words, answer->octets + place, sizeof words);
    *type = words[0];
    *out = (weir_bytes){(const char *)answer->octets + place + sizeof words, words[1]};
    *at += sizeof words + words[1];
    return 1;
}

int weir_dns_answer_next(const weir_dns_answer *answer, size_t *at, weir_dns_data *out)
{
    uint16_t type;
    weir_bytes octets;
    if (!weir_dns_answer_next_raw(answer, at, &type, &octets)) return 0;
    int error = weir_dns_data_decode(type, octets, out);
    return error < 0 ? error : 1;
}

/* Reads a name in wire form that is known to be whole; returns its octets. */
static size_t read_name(const uint8_t *octets, weir_dns_name *out)
{
    size_t len = 0;
    while (octets[len] != 0) len += (size_t)octets[len] + 1;
    out->len = (uint8_t)(len + 1);
    memcpy(out->octets, octets, out->len);
    return out->len;
}

int weir_dns_answer_alias(const weir_dns_answer *answer, size_t *at, weir_dns_name *out)
{
    size_t place = DNS_PACKED_HEAD + *at;
    if (!answer->octets || place >= answer->records_at) return 0;
    *at += read_name(answer->octets + place, out);
    return 1;
}

int weir_dns_packed_answer(weir_bytes packed, const weir_dns_name *name, weir_dns_answer *out)
{
    const uint8_t *octets = (const uint8_t *)packed.data;
    dns_packed_head head = weir_dns_packed_read(octets);
    *out = (weir_dns_answer){.authentic = (head.flags & DNS_PACKED_AUTHENTIC) != 0,
                             .count = head.records,
                             .aliases = head.aliases,
                             .name = *name,
                             .canonical = *name,
                             .records_at = DNS_PACKED_HEAD + (uint32_t)head.alias_octets,
                             .len = (uint32_t)packed.len};
    out->octets = malloc(packed.len);
    if (!out->octets) return WEIR_ENOMEM;
    memcpy(out->octets, octets, packed.len);
    size_t at = 0;
    while (weir_dns_answer_alias(out, &at, &out->canonical)) continue;
    if (head.outcome == DNS_OUTCOME_NOTFOUND) return WEIR_EDNS_NOTFOUND;
    return head.outcome == DNS_OUTCOME_NODATA ? WEIR_EDNS_NODATA : 0;
}
