/* SPDX-License-Identifier: MIT
 *
 * Does every text that reads as an address print to a text that reads as the same one, and does the
 * kernel's form, also one of random bytes, keep it?
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/io/addr.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_bytes text = weir_bytes_of(data, size);
    weir_address address;
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
