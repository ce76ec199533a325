/* SPDX-License-Identifier: MIT
 *
 * Is any data of any type read within its bounds; does what was read, written again, read the same;
 * and does its text keep to its room?
 *
 * The first octet chooses a type, the second where the data begins in a message of the rest.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAT = 66000 };

static void require(bool holds)
{
    if (!holds) abort();
}

static uint16_t type_of(uint8_t choice)
{
    static const uint16_t high[] = {99, 256, 257, 32769, 65535, 252};
    if (choice < 70) return choice;
    return choice - 70 < 6 ? high[choice - 70] : (uint16_t)(choice * 257);
}

/* Memory of exactly `room` bytes: the sanitizer sees one more. */
static void print_into(const weir_dns_data *data, size_t room, size_t whole)
{
    char *text = malloc(room ? room : 1);
    if (!text) return;
    require(weir_dns_data_print(data, text, room) == whole);
    if (room > 0) require(strlen(text) == (whole < room ? whole : room - 1));
    for (size_t i = 0; room > 0 && text[i]; i++) require(text[i] >= ' ' && text[i] < 0x7f);
    free(text);
}

static void look_at_text(const weir_dns_data *data)
{
    const size_t whole = weir_dns_data_print(data, NULL, 0);
    print_into(data, 0, whole);
    print_into(data, 1, whole);
    print_into(data, whole / 2 + 1, whole);
    print_into(data, whole, whole);
    print_into(data, whole + 1, whole);
}

static void lower(uint8_t *octets, int len)
{
    for (int i = 0; i < len; i++)
        if (octets[i] >= 'A' && octets[i] <= 'Z') octets[i] |= 0x20;
}

/* In a message names are compressed, for which letter case does not count. */
static void write_and_read(const weir_dns_data *data, uint8_t *flat, int len)
{
    static uint8_t message[FLAT], again[FLAT];
    static const weir_dns_name root = {1, {0}};
    weir_dns_writer writer;
    weir_dns_reader reader;
    weir_dns_header header = {0};
    weir_dns_record record;
    weir_dns_writer_init(&writer, message, sizeof message, &header);
    if (weir_dns_writer_data(&writer, WEIR_DNS_ANSWER, &root, 1, data) < 0) return;
    require(weir_dns_reader_init(&reader, weir_dns_writer_message(&writer), &header) == 0);
    require(weir_dns_reader_record(&reader, &record) == 1);
    require(weir_dns_record_flatten(&reader, &record, again, sizeof again) == len);
    lower(flat, len);
    lower(again, len);
    require(memcmp(flat, again, (size_t)len) == 0);
}

static void look_at_data(const weir_dns_data *data)
{
    static uint8_t flat[FLAT], again[FLAT];
    weir_dns_data decoded;
    const int len = weir_dns_data_encode(data, flat, sizeof flat);
    look_at_text(data);
    if (len == WEIR_EDNS_SPACE) return;
    require(len >= 0 && len <= 65535);
    const weir_bytes octets = weir_bytes_of(flat, (size_t)len);
    require(weir_dns_data_decode(data->type, octets, &decoded) == 0);
    require(weir_dns_data_encode(&decoded, again, sizeof again) == len);
    require(memcmp(flat, again, (size_t)len) == 0);
    if (len > 0) require(weir_dns_data_encode(&decoded, again, (size_t)len - 1) < 0);
    write_and_read(data, flat, len);
}

static void look_at_options(weir_bytes rest)
{
    weir_bytes value;
    uint16_t code;
    while (weir_dns_edns_next(&rest, &code, &value) > 0) {
        weir_dns_cookie cookie;
        weir_dns_extended_error error;
        weir_duration timeout;
        uint8_t out[40];
        if (weir_dns_cookie_decode(value, &cookie) == 0) {
            require(weir_dns_cookie_encode(&cookie, out) == value.len);
            require(memcmp(out, value.data, value.len) == 0);
        }
        if (weir_dns_extended_error_decode(value, &error) == 0)
            require(error.text.len == value.len - 2);
        (void)weir_dns_keepalive_decode(value, &timeout);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_dns_data decoded;
    if (size < 2) return 0;
    const weir_bytes message = weir_bytes_of(data + 2, size - 2);
    const size_t at = data[1] < message.len ? data[1] : message.len;
    const weir_bytes octets = weir_bytes_of(message.data + at, message.len - at);
    const weir_dns_reader reader = {.message = message};
    const weir_dns_record record = {.type = type_of(data[0]), .data_at = at, .data = octets};
    if (weir_dns_record_data(&reader, &record, &decoded) == 0) look_at_data(&decoded);
    if (weir_dns_data_decode(record.type, octets, &decoded) == 0) look_at_data(&decoded);
    look_at_options(octets);
    return 0;
}
