/* SPDX-License-Identifier: MIT
 *
 * What records say, as JSON: an object with a member for each field, named as in its RFC.
 */
#include "dns_json.h"

static void put_strings(dns_json *json, const char *key, weir_bytes strings)
{
    weir_bytes one;
    dns_json_open(json, key, '[');
    while (weir_dns_txt_next(&strings, &one) > 0) dns_json_bytes(json, NULL, one);
    dns_json_close(json, ']');
}

static void put_types(dns_json *json, const char *key, weir_bytes types)
{
    char text[WEIR_DNS_TYPE_TEXT];
    dns_json_open(json, key, '[');
    for (int type = -1; (type = weir_dns_types_next(types, type)) >= 0;) {
        weir_dns_type_print((uint16_t)type, text);
        dns_json_text(json, NULL, text);
    }
    dns_json_close(json, ']');
}

static void put_type(dns_json *json, const char *key, uint16_t type)
{
    char text[WEIR_DNS_TYPE_TEXT];
    weir_dns_type_print(type, text);
    dns_json_text(json, key, text);
}

static void put_ip(dns_json *json, const char *key, const weir_dns_data *data)
{
    const bool six = data->type == WEIR_DNS_AAAA;
    const weir_address address =
        weir_address_from_octets(six ? data->as.aaaa : data->as.a, six ? 16 : 4, 0);
    dns_json_address(json, key, &address);
}

static void put_soa(dns_json *json, const weir_dns_soa *soa)
{
    dns_json_name(json, "primary", &soa->primary);
    dns_json_name(json, "mailbox", &soa->mailbox);
    dns_json_number(json, "serial", soa->serial);
    dns_json_number(json, "refresh", soa->refresh);
    dns_json_number(json, "retry", soa->retry);
    dns_json_number(json, "expire", soa->expire);
    dns_json_number(json, "minimum", soa->minimum);
}

static void put_naptr(dns_json *json, const weir_dns_data *data)
{
    dns_json_number(json, "order", data->as.naptr.order);
    dns_json_number(json, "preference", data->as.naptr.preference);
    dns_json_bytes(json, "flags", data->as.naptr.flags);
    dns_json_bytes(json, "services", data->as.naptr.services);
    dns_json_bytes(json, "regexp", data->as.naptr.regexp);
    dns_json_name(json, "replacement", &data->as.naptr.replacement);
}

static void put_svcb(dns_json *json, const weir_dns_data *data)
{
    weir_bytes parameters = data->as.svcb.parameters, value;
    uint16_t key;
    dns_json_number(json, "priority", data->as.svcb.priority);
    dns_json_name(json, "target", &data->as.svcb.target);
    dns_json_open(json, "parameters", '[');
    while (weir_dns_svcb_next(&parameters, &key, &value) > 0) {
        dns_json_open(json, NULL, '{');
        dns_json_number(json, "key", key);
        if (key == WEIR_DNS_SVCB_ALPN)
            put_strings(json, "value", value);
        else
            dns_json_hex(json, "value", value);
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
}

static void put_rrsig(dns_json *json, const weir_dns_data *data)
{
    put_type(json, "covered", data->as.rrsig.covered);
    dns_json_number(json, "algorithm", data->as.rrsig.algorithm);
    dns_json_number(json, "labels", data->as.rrsig.labels);
    dns_json_number(json, "original_ttl", data->as.rrsig.original_ttl);
    dns_json_number(json, "expiration", data->as.rrsig.expiration);
    dns_json_number(json, "inception", data->as.rrsig.inception);
    dns_json_number(json, "key_tag", data->as.rrsig.key_tag);
    dns_json_name(json, "signer", &data->as.rrsig.signer);
    dns_json_hex(json, "signature", data->as.rrsig.signature);
}

static void put_nsec3(dns_json *json, const weir_dns_data *data)
{
    dns_json_number(json, "algorithm", data->as.nsec3.algorithm);
    dns_json_number(json, "flags", data->as.nsec3.flags);
    dns_json_number(json, "iterations", data->as.nsec3.iterations);
    dns_json_hex(json, "salt", data->as.nsec3.salt);
    if (data->type == WEIR_DNS_NSEC3PARAM) return;
    dns_json_hex(json, "next", data->as.nsec3.next);
    put_types(json, "types", data->as.nsec3.types);
}

/* The types of DNSSEC and of keys.  Returns whether it was one. */
static bool put_secure(dns_json *json, const weir_dns_data *data)
{
    switch (data->type) {
    case WEIR_DNS_DS:
    case WEIR_DNS_CDS:
        dns_json_number(json, "key_tag", data->as.ds.key_tag);
        dns_json_number(json, "algorithm", data->as.ds.algorithm);
        dns_json_number(json, "digest_type", data->as.ds.digest_type);
        dns_json_hex(json, "digest", data->as.ds.digest);
        return true;
    case WEIR_DNS_DNSKEY:
    case WEIR_DNS_CDNSKEY:
    case WEIR_DNS_KEY:
        dns_json_number(json, "flags", data->as.dnskey.flags);
        dns_json_number(json, "protocol", data->as.dnskey.protocol);
        dns_json_number(json, "algorithm", data->as.dnskey.algorithm);
        dns_json_hex(json, "key", data->as.dnskey.key);
        return true;
    case WEIR_DNS_RRSIG:
    case WEIR_DNS_SIG: put_rrsig(json, data); return true;
    case WEIR_DNS_NSEC:
        dns_json_name(json, "next", &data->as.nsec.next);
        put_types(json, "types", data->as.nsec.types);
        return true;
    case WEIR_DNS_NSEC3:
    case WEIR_DNS_NSEC3PARAM: put_nsec3(json, data); return true;
    case WEIR_DNS_TLSA:
    case WEIR_DNS_SMIMEA:
        dns_json_number(json, "usage", data->as.tlsa.usage);
        dns_json_number(json, "selector", data->as.tlsa.selector);
        dns_json_number(json, "matching", data->as.tlsa.matching);
        dns_json_hex(json, "data", data->as.tlsa.data);
        return true;
    case WEIR_DNS_SSHFP:
        dns_json_number(json, "algorithm", data->as.sshfp.algorithm);
        dns_json_number(json, "hash", data->as.sshfp.hash);
        dns_json_hex(json, "fingerprint", data->as.sshfp.fingerprint);
        return true;
    default: return false;
    }
}

static bool put_service(dns_json *json, const weir_dns_data *data)
{
    switch (data->type) {
    case WEIR_DNS_SRV:
        dns_json_number(json, "priority", data->as.srv.priority);
        dns_json_number(json, "weight", data->as.srv.weight);
        dns_json_number(json, "port", data->as.srv.port);
        dns_json_name(json, "target", &data->as.srv.target);
        return true;
    case WEIR_DNS_URI:
        dns_json_number(json, "priority", data->as.uri.priority);
        dns_json_number(json, "weight", data->as.uri.weight);
        dns_json_bytes(json, "target", data->as.uri.target);
        return true;
    case WEIR_DNS_NAPTR: put_naptr(json, data); return true;
    case WEIR_DNS_SVCB:
    case WEIR_DNS_HTTPS: put_svcb(json, data); return true;
    case WEIR_DNS_CAA:
        dns_json_number(json, "flags", data->as.caa.flags);
        dns_json_bytes(json, "tag", data->as.caa.tag);
        dns_json_bytes(json, "value", data->as.caa.value);
        return true;
    default: return false;
    }
}

/* The types of RFC 1035 and what is like them. */
static bool put_classic(dns_json *json, const weir_dns_data *data)
{
    switch (data->type) {
    case WEIR_DNS_A:
    case WEIR_DNS_AAAA: put_ip(json, "address", data); return true;
    case WEIR_DNS_NS:
    case WEIR_DNS_CNAME:
    case WEIR_DNS_PTR:
    case WEIR_DNS_DNAME: dns_json_name(json, "name", &data->as.name); return true;
    case WEIR_DNS_SOA: put_soa(json, &data->as.soa); return true;
    case WEIR_DNS_MX:
        dns_json_number(json, "preference", data->as.mx.preference);
        dns_json_name(json, "exchange", &data->as.mx.exchange);
        return true;
    case WEIR_DNS_TXT:
    case WEIR_DNS_SPF: put_strings(json, "strings", data->as.txt); return true;
    case WEIR_DNS_HINFO:
        dns_json_bytes(json, "cpu", data->as.hinfo.cpu);
        dns_json_bytes(json, "os", data->as.hinfo.os);
        return true;
    case WEIR_DNS_RP:
        dns_json_name(json, "mailbox", &data->as.rp.mailbox);
        dns_json_name(json, "text", &data->as.rp.other);
        return true;
    default: return false;
    }
}

void dns_json_data(dns_json *json, const char *key, const weir_dns_data *data)
{
    dns_json_open(json, key, '{');
    /* Rare types have their text alone, and unknown ones their octets. */
    if (!put_classic(json, data) && !put_service(json, data) && !put_secure(json, data) &&
        !weir_dns_type_known(data->type))
        dns_json_hex(json, "octets", data->as.raw);
    dns_json_close(json, '}');
}
