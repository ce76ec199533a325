/* SPDX-License-Identifier: MIT
 *
 * JSON written as it comes.
 */
#include "dns_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "cli.h"

/* Of any length; without memory for it null, as a hole would be no JSON. */
static void put(dns_json *json, weir_bytes text)
{
    const size_t room = 6 * text.len + 16;
    char *out = malloc(room);
    const size_t len = out ? cli_json_string(text.data, text.len, out, room) : 0;
    if (len > 0)
        fwrite(out, 1, len, json->to);
    else
        fputs("null", json->to);
    free(out);
}

static void begin(dns_json *json, const char *key)
{
    if (json->comma) fputc(',', json->to);
    json->comma = true;
    if (key) fprintf(json->to, "\"%s\":", key);
}

void dns_json_open(dns_json *json, const char *key, char bracket)
{
    begin(json, key);
    fputc(bracket, json->to);
    json->comma = false;
}

void dns_json_close(dns_json *json, char bracket)
{
    fputc(bracket, json->to);
    json->comma = true;
}

void dns_json_bytes(dns_json *json, const char *key, weir_bytes value)
{
    begin(json, key);
    put(json, value);
}

void dns_json_text(dns_json *json, const char *key, const char *value)
{
    dns_json_bytes(json, key, weir_bytes_text(value));
}

void dns_json_hex(dns_json *json, const char *key, weir_bytes value)
{
    begin(json, key);
    fputc('"', json->to);
    for (size_t i = 0; i < value.len; i++)
        fprintf(json->to, "%02x", (unsigned)(unsigned char)value.data[i]);
    fputc('"', json->to);
}

void dns_json_number(dns_json *json, const char *key, uint64_t value)
{
    begin(json, key);
    fprintf(json->to, "%" PRIu64, value);
}

void dns_json_milliseconds(dns_json *json, const char *key, weir_duration value)
{
    begin(json, key);
    fprintf(json->to, "%.3f", (double)value.ns / 1e6);
}

void dns_json_bool(dns_json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->to);
}

void dns_json_name(dns_json *json, const char *key, const weir_dns_name *name)
{
    char text[WEIR_DNS_NAME_TEXT];
    weir_dns_name_print(name, text);
    dns_json_text(json, key, text);
}

void dns_json_address(dns_json *json, const char *key, const weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print_as(address, address->port ? WEIR_ADDRESS_AS_SOCKET : WEIR_ADDRESS_AS_IP,
                          NULL, text, sizeof text);
    dns_json_text(json, key, text);
}

void dns_json_error(dns_json *json, const char *key, int error)
{
    dns_json_open(json, key, '{');
    dns_json_text(json, "name", weir_errname(error));
    dns_json_text(json, "text", weir_strerror(error));
    dns_json_close(json, '}');
}
