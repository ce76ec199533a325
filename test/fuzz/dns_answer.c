/* SPDX-License-Identifier: MIT
 *
 * Is what any message says of a question boiled down within its bounds, to octets that can be read
 * as an answer, and again and again to the same?
 *
 *     input = type 2, name's length 1, the name's octets, a message
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "dns/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

/* A name of a message's octets, if they are one. */
static bool take_name(const uint8_t *data, size_t size, weir_dns_name *out)
{
    size_t at = 0;
    while (at < size && data[at] != 0 && data[at] <= WEIR_DNS_LABEL_MAX) at += 1u + data[at];
    if (at >= size || data[at] != 0 || at >= WEIR_DNS_NAME_MAX) return false;
    out->len = (uint8_t)(at + 1);
    memcpy(out->octets, data, out->len);
    weir_dns_name_lower(out);
    return true;
}

static void check_name(const weir_dns_name *name)
{
    size_t at = 0;
    require(name->len > 0);
    while (name->octets[at] != 0) at += 1u + name->octets[at];
    require(at + 1 == name->len);
}

static void check_records(const weir_dns_answer *answer, uint16_t type)
{
    weir_dns_data decoded;
    weir_bytes octets;
    uint16_t is;
    size_t at = 0, again = 0;
    unsigned count = 0;
    while (weir_dns_answer_next_raw(answer, &at, &is, &octets)) {
        require(is == type || type == WEIR_DNS_ANY);
        if (is == WEIR_DNS_A) require(octets.len == 4);
        if (is == WEIR_DNS_AAAA) require(octets.len == 16);
        require(weir_dns_answer_next(answer, &again, &decoded) == 1);
        require(again == at);
        count++;
    }
    require(weir_dns_answer_next(answer, &again, &decoded) == 0);
    require(count == answer->count && count <= DNS_RECORDS);
    require(answer->records_at + at == answer->len);
}

static void check_answer(const dns_packed *packed, const weir_dns_name *name, uint16_t type)
{
    weir_dns_answer answer;
    const weir_bytes octets = weir_bytes_of(packed->octets, packed->len);
    const int result = weir_dns_packed_answer(octets, name, &answer);
    require(result == 0 || result == WEIR_EDNS_NOTFOUND || result == WEIR_EDNS_NODATA);
    require((result == 0) == (answer.count > 0));
    require(packed->ttl <= INT32_MAX);
    check_records(&answer, type);
    weir_dns_name alias = *name;
    size_t at = 0;
    unsigned aliases = 0;
    while (weir_dns_answer_alias(&answer, &at, &alias)) {
        check_name(&alias);
        aliases++;
    }
    require(aliases == answer.aliases && aliases <= DNS_ALIASES);
    require(weir_dns_name_equal(&alias, &answer.canonical));
    weir_dns_answer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_dns_name name;
    if (size < 3 || size - 3 < data[2] || !take_name(data + 3, data[2], &name)) return 0;
    const uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    const size_t skip = 3u + data[2];
    /* Of its own, so that a sanitizer sees its end. */
    uint8_t *copy = malloc(size - skip + 1);
    require(copy != NULL);
    memcpy(copy, data + skip, size - skip);
    const weir_bytes message = weir_bytes_of(copy, size - skip);
    dns_packed packed, twice;
    weir_dns_packed_init(&packed);
    weir_dns_packed_init(&twice);
    const int error = weir_dns_packed_digest(&packed, message, &name, type);
    require(error == 0 || error == WEIR_EDNS_ANSWER);
    require(weir_dns_packed_digest(&twice, message, &name, type) == error);
    if (error == 0) {
        require(packed.ttl == twice.ttl && packed.len == twice.len);
        require(memcmp(packed.octets, twice.octets, packed.len) == 0);
        check_answer(&packed, &name, type);
        require(weir_dns_packed_copy(&twice, packed.octets, packed.len) == 0);
        check_answer(&twice, &name, type);
    }
    weir_dns_packed_free(&packed);
    weir_dns_packed_free(&twice);
    free(copy);
    return 0;
}
