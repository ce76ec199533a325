/* SPDX-License-Identifier: MIT
 *
 * JSON written as it comes: objects and arrays open and close, members follow one another.
 */
#ifndef CLI_DNS_JSON_H
#define CLI_DNS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/dns/wire/name.h>
#include <weir/dns/wire/record.h>
#include <weir/io/addr.h>

/* A plain value; begins with `to` set. */
typedef struct dns_json {
    FILE *to;
    bool comma; /* before the next value */
} dns_json;

/* `key` is NULL in arrays and for the outermost value; `bracket` is one of "{[" and "}]". */
void dns_json_open(dns_json *json, const char *key, char bracket);
void dns_json_close(dns_json *json, char bracket);
void dns_json_text(dns_json *json, const char *key, const char *value);
void dns_json_bytes(dns_json *json, const char *key, weir_bytes value);
void dns_json_hex(dns_json *json, const char *key, weir_bytes value);
void dns_json_number(dns_json *json, const char *key, uint64_t value);
void dns_json_milliseconds(dns_json *json, const char *key, weir_duration value);
void dns_json_bool(dns_json *json, const char *key, bool value);
void dns_json_name(dns_json *json, const char *key, const weir_dns_name *name);

/* With its port if it has one. */
void dns_json_address(dns_json *json, const char *key, const weir_address *address);

/* An error: {"name":"WEIR_EDNS_NOTFOUND","text":"no such name"}. */
void dns_json_error(dns_json *json, const char *key, int error);

/* The data of a record as an object of its own. */
void dns_json_data(dns_json *json, const char *key, const weir_dns_data *data);

#endif
