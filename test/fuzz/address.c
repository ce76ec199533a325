/* SPDX-License-Identifier: MIT
 *
 * Does every text that reads as an address print to a text that reads as the same one, in each
 * form; does every other have its fault within the text; do inet_pton and the exact reader alone
 * agree; and does the kernel's form, also one of random bytes, keep the address?
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/addr_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

/* The text of an address reads as that address and is printed the same again. */
static void check_text(const weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT], again[WEIR_ADDRESS_TEXT];
    weir_address back;
    size_t len = weir_address_print(address, text);
    require(len < sizeof text && strlen(text) == len);
    require(weir_address_parse(weir_bytes_of(text, len), &back) == 0);
    require(weir_address_equal(address, &back));
    require(weir_address_print(&back, again) == len && memcmp(text, again, len) == 0);
}

static void check_kernel_form(const weir_address *address)
{
    struct sockaddr_storage storage;
    weir_address back;
    socklen_t len = weir_address_to_sockaddr(address, &storage);
    require(len > 0 && len <= sizeof storage);
    require(weir_address_from_sockaddr((const struct sockaddr *)&storage, len, &back) == 0);
    require(weir_address_equal(address, &back));
}

/* The exact reader alone says the same. */
static void check_exact(weir_bytes text, unsigned form, int error, const weir_address *address,
                        const weir_address_why *why)
{
    weir_address exact;
    weir_address_why exact_why;
    require(weir_address_read_exact(text, form, 0, &exact, &exact_why) == error);
    require(why->fault == exact_why.fault && why->at == exact_why.at);
    require(why->zone_at == exact_why.zone_at && why->zone_len == exact_why.zone_len);
    require(strcmp(why->zone, exact_why.zone) == 0);
    require(error < 0 || (weir_address_equal(address, &exact) && address->flow == exact.flow));
}

/* The text in this form reads and prints to one that reads as the same; or its fault is in it. */
static void check_form(weir_bytes text, unsigned form)
{
    char first[WEIR_ADDRESS_TEXT], second[WEIR_ADDRESS_TEXT];
    weir_address address, back;
    weir_address_why why;
    const int error = weir_address_parse_as(text, form, 0, &address, &why);
    require(weir_address_parse_as(text, form, 0, &back, NULL) == error);
    check_exact(text, form, error, &address, &why);
    require(why.at <= text.len && why.zone_at + why.zone_len <= text.len);
    require((error < 0) == (why.fault != WEIR_ADDRESS_GOOD));
    if (error < 0) return;
    const int64_t len = weir_address_canonical(text, form, first, sizeof first);
    require(len > 0 && (size_t)len == strlen(first));
    const weir_bytes canonical = weir_bytes_of(first, (size_t)len);
    require(weir_address_parse_as(canonical, form, 0, &back, &why) == 0);
    require(weir_address_equal(&address, &back) && weir_address_compare(&address, &back) == 0);
    require(weir_address_canonical(canonical, form, second, sizeof second) == len);
    require(memcmp(first, second, (size_t)len) == 0);
}

/* inet_pton reads the same addresses, but knows no zones and ends at a NUL. */
static void check_against_pton(weir_bytes text)
{
    char copy[128];
    uint8_t theirs[16];
    weir_address address;
    if (text.len >= sizeof copy || (text.len && memchr(text.data, '%', text.len))) return;
    if (text.len && memchr(text.data, '\0', text.len)) return;
    if (text.len) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    const int error = weir_address_parse_ip(text, 0, &address);
    const bool four = inet_pton(AF_INET, copy, theirs) == 1;
    require((error == 0) == (four || inet_pton(AF_INET6, copy, theirs) == 1));
    if (error) return;
    require(address.kind == (four ? WEIR_ADDRESS_IPV4 : WEIR_ADDRESS_IPV6));
    require(memcmp(address.at.ipv6, theirs, four ? 4 : 16) == 0);
}

static void check_split(weir_bytes text)
{
    weir_host_port parts;
    weir_address_why why;
    const unsigned form = WEIR_ADDRESS_AS_LITERAL | WEIR_ADDRESS_HOST_EMPTY;
    if (weir_address_split(text, form, 1, &parts, &why) < 0) {
        require(why.at <= text.len && why.fault != WEIR_ADDRESS_GOOD);
        return;
    }
    require(parts.host.len <= text.len);
    if (parts.host.len)
        require(parts.bracketed == (memchr(parts.host.data, ':', parts.host.len) != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_bytes text = weir_bytes_of(data, size);
    weir_address address;
    for (unsigned form = 0; form <= WEIR_ADDRESS_FORMS; form++) {
        check_form(text, form);
        check_form(text, form | WEIR_ADDRESS_ZONE_NAME);
        check_form(text, form | WEIR_ADDRESS_ZONE_NAME | WEIR_ADDRESS_ZONE_URL);
    }
    check_against_pton(text);
    check_split(text);
    if (weir_address_parse(text, &address) == 0) {
        check_text(&address);
        check_kernel_form(&address);
    }
    if (weir_address_parse_ip(text, 80, &address) == 0) {
        require(address.port == 80);
        check_text(&address);
        check_kernel_form(&address);
    }
    /* As if the kernel had said it: any bytes, any length. */
    if (weir_address_from_sockaddr((const void *)data, (socklen_t)size, &address) == 0) {
        char out[WEIR_ADDRESS_TEXT];
        require(weir_address_print(&address, out) < sizeof out);
        check_kernel_form(&address);
    }
    return 0;
}
