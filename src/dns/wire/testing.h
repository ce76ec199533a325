/* SPDX-License-Identifier: MIT
 *
 * For the tests of this floor: names and messages written short.
 */
#ifndef WEIR_DNS_WIRE_TESTING_H
#define WEIR_DNS_WIRE_TESTING_H

#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/message.h>
#include <weir/dns/wire/name.h>

#include "test/harness/guard.h"
#include "test/harness/test.h"

#define BYTES(literal) weir_bytes_of(literal, sizeof(literal) - 1)

/* The name of a legal text. */
static inline weir_dns_name name_of(const char *text)
{
    weir_dns_name name;
    memset(&name, 0xee, sizeof name);
    assert_true(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return name;
}

static inline void assert_name(const weir_dns_name *name, const char *text)
{
    char out[WEIR_DNS_NAME_TEXT];
    const size_t len = weir_dns_name_print(name, out);
    assert_int_equal(len, strlen(out));
    assert_string_equal(out, text);
}

/* A name of random labels, octets of every kind among them: at most `max` octets on the wire. */
static inline weir_dns_name name_random(uint64_t *state, unsigned max)
{
    static const char common[] = "abcXYZ019-_.\\\"();@$ ";
    weir_dns_name name = {.len = 0};
    unsigned len = 0;
    const unsigned end = 1 + (unsigned)(test_random(state) % max);
    const unsigned longest = test_random(state) % 4 ? 9 : WEIR_DNS_LABEL_MAX;
    while (end - len >= 3) {
        unsigned label = 1 + (unsigned)(test_random(state) % longest);
        if (label > end - len - 2) label = end - len - 2;
        name.octets[len++] = (uint8_t)label;
        while (label--) {
            const uint64_t draw = test_random(state);
            name.octets[len++] =
                draw % 3 ? (uint8_t)common[draw / 3 % (sizeof common - 1)] : (uint8_t)(draw >> 8);
        }
    }
    name.octets[len++] = 0;
    name.len = (uint8_t)len;
    return name;
}

#endif
