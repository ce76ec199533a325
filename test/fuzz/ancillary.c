/* SPDX-License-Identifier: MIT
 *
 * Is control data of any bytes read without a step outside, and does what was read, written again,
 * mean the same?
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/net/ancillary.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static void check_again(const weir_ancillary *first)
{
    _Alignas(size_t) char bytes[WEIR_ANCILLARY_SEND_ROOM];
    weir_ancillary again;
    weir_address_kind family = WEIR_ADDRESS_IPV4;
    if (first->has & WEIR_ANCILLARY_LOCAL && first->destination.kind == WEIR_ADDRESS_IPV6)
        family = WEIR_ADDRESS_IPV6;
    int64_t len = weir_ancillary_write(first, family, NULL, bytes, sizeof bytes);
    require(len >= 0 && (size_t)len <= sizeof bytes);
    require(weir_ancillary_read(bytes, (size_t)len, &again) == 0);
    const uint32_t sent = WEIR_ANCILLARY_LOCAL | WEIR_ANCILLARY_TRAFFIC_CLASS | WEIR_ANCILLARY_TTL |
                          WEIR_ANCILLARY_SEGMENT;
    require(again.has == (first->has & sent));
    if (again.has & WEIR_ANCILLARY_TTL) require(again.ttl == first->ttl);
    if (again.has & WEIR_ANCILLARY_TRAFFIC_CLASS)
        require(again.traffic_class == first->traffic_class);
    if (again.has & WEIR_ANCILLARY_SEGMENT) require(again.segment == first->segment);
    if (again.has & WEIR_ANCILLARY_LOCAL && first->local.kind != WEIR_ADDRESS_NONE)
        require(again.local.kind == first->local.kind &&
                memcmp(again.local.at.ipv6, first->local.at.ipv6,
                       first->local.kind == WEIR_ADDRESS_IPV4 ? 4 : 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_ancillary about;
    /* Memory of exactly this size, and writable: turning is in place. */
    void *copy = malloc(size + !size);
    if (!copy) return 0;
    memcpy(copy, data, size);
    (void)weir_ancillary_read(copy, size, &about);
    check_again(&about);
    weir_message message = {.control = copy, .control_len = (uint32_t)size};
    (void)weir_ancillary_segment(&message);
    message.address = size % 2 ? weir_address_loopback4(1) : weir_address_loopback6(1);
    weir_ancillary_turn(&message);
    require(message.control_len <= size);
    free(copy);
    return 0;
}
