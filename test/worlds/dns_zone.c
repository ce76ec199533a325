/* SPDX-License-Identifier: MIT
 *
 * The zone: which records a name has, computed from its number and version.
 *
 *     n7.world.             A     10.(128+name).version.(j+1)
 *                           AAAA  2001:db8:name:version::(j+1)
 *                           TXT   "n7 v12 j0", "n7 v12 j1", …
 *                           MX    10 m0.v12.n7.world. …
 *     n8.world.             CNAME v12.n8.world.  (a name of the kind DNS_ALIAS)
 *     _svc._tcp.n7.world.   SRV   j version port n(7+j).world.
 *     7.0.64.100.in-addr.arpa.  PTR  v12.n7.world.
 */
#include <stdio.h>
#include <string.h>

#include "dns_world.h"

dns_kind dns_kind_of(unsigned name)
{
    return (dns_kind)(name % DNS_KINDS);
}

const char *dns_kind_name(dns_kind kind)
{
    static const char *const names[] = {"plain",    "IPv4 alone", "alias",
                                        "flapping", "missing",    "large"};
    return names[kind];
}

bool dns_exists(unsigned name, unsigned version)
{
    const dns_kind kind = dns_kind_of(name);
    return kind != DNS_MISSING && !(kind == DNS_FLAPPING && version % 2);
}

bool dns_has(unsigned name, dns_slot slot, unsigned version)
{
    if (slot == DNS_SLOT_PTR) return true;
    if (slot == DNS_SLOT_AAAA && dns_kind_of(name) == DNS_IPV4_ALONE) return false;
    return dns_exists(name, version);
}

unsigned dns_count(const dns_world *world, unsigned name, dns_slot slot, unsigned version)
{
    if (slot == DNS_SLOT_PTR) return 1;
    if (dns_kind_of(name) == DNS_LARGE) return DNS_LIST_SIZE;
    /* Of two addresses next to each other one belongs to a server that answers. */
    return (world->plan.dial ? 2 : 1) + (name + version + slot) % 3;
}

unsigned dns_ttl(unsigned name, unsigned version)
{
    static const unsigned ttls[] = {2, 5, 1, DNS_TTL_MAX, 0, 12};
    return ttls[(name * 5 + version) % 6];
}

weir_address dns_address(const dns_world *world, unsigned name, dns_slot slot, unsigned version,
                         unsigned j)
{
    uint8_t four[4] = {10, (uint8_t)(128 + name), (uint8_t)version, (uint8_t)(j + 1)};
    uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)name, 0, (uint8_t)version};
    six[15] = (uint8_t)(j + 1);
    if (slot == DNS_SLOT_AAAA) return weir_address_from_octets(six, sizeof six, 0);
    if (world->plan.dial && version != DNS_FORGED) {
        four[1] = 0;
        four[2] = 3;
        four[3] = (uint8_t)((name + version + j) % DNS_ECHOES + 1);
    }
    return weir_address_from_octets(four, sizeof four, 0);
}

static int slot_of(uint16_t type)
{
    switch (type) {
    case WEIR_DNS_A: return DNS_SLOT_A;
    case WEIR_DNS_AAAA: return DNS_SLOT_AAAA;
    case WEIR_DNS_TXT: return DNS_SLOT_TXT;
    case WEIR_DNS_SRV: return DNS_SLOT_SRV;
    case WEIR_DNS_MX: return DNS_SLOT_MX;
    case WEIR_DNS_PTR: return DNS_SLOT_PTR;
    default: return -1;
    }
}

dns_asked dns_asked_of(const weir_dns_question *question)
{
    weir_dns_name lower = question->name;
    char text[WEIR_DNS_NAME_TEXT];
    unsigned name;
    int end = 0;
    const int slot = slot_of(question->type);
    const char *format = "n%u.world%n";
    if (slot == DNS_SLOT_SRV) format = "_svc._tcp.n%u.world%n";
    if (slot == DNS_SLOT_PTR) format = "%u.0.64.100.in-addr.arpa%n";
    weir_dns_name_lower(&lower);
    weir_dns_name_print_host(&lower, text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const int got = sscanf(text, format, &name, &end);
#pragma GCC diagnostic pop
    const bool ours = got == 1 && end > 0 && !text[end] && slot >= 0 && name < DNS_NAMES;
    return (dns_asked){ours, ours ? name : 0, ours ? (dns_slot)slot : DNS_SLOT_A};
}

static weir_dns_name name_of(const char *text)
{
    weir_dns_name out = {0};
    (void)weir_dns_name_parse(weir_bytes_text(text), &out);
    return out;
}

static weir_dns_name alias_of(unsigned name, unsigned version)
{
    char text[64];
    snprintf(text, sizeof text, "v%u.n%u.world.", version, name);
    return name_of(text);
}

static void fill(const dns_world *world, weir_dns_data *data, const dns_asked *asked,
                 unsigned version, unsigned j, uint8_t string[64])
{
    char text[64];
    switch (asked->slot) {
    case DNS_SLOT_A:
    case DNS_SLOT_AAAA: {
        const weir_address address = dns_address(world, asked->name, asked->slot, version, j);
        if (asked->slot == DNS_SLOT_A)
            memcpy(data->as.a, address.at.ipv4, 4);
        else
            memcpy(data->as.aaaa, address.at.ipv6, 16);
        break;
    }
    case DNS_SLOT_TXT:
        string[0] =
            (uint8_t)snprintf((char *)string + 1, 60, "n%u v%u j%u", asked->name, version, j);
        data->as.txt = weir_bytes_of(string, (size_t)string[0] + 1);
        break;
    case DNS_SLOT_SRV:
        data->as.srv.priority = (uint16_t)j;
        data->as.srv.weight = (uint16_t)version;
        data->as.srv.port = world->plan.dial ? DNS_ECHO_PORT : (uint16_t)(1000 + version);
        snprintf(text, sizeof text, "n%u.world.", (asked->name + j) % DNS_NAMES);
        data->as.srv.target = name_of(text);
        break;
    case DNS_SLOT_MX:
        data->as.mx.preference = (uint16_t)(10 * (j + 1));
        snprintf(text, sizeof text, "m%u.v%u.n%u.world.", j, version, asked->name);
        data->as.mx.exchange = name_of(text);
        break;
    default: data->as.name = alias_of(asked->name, version); break;
    }
}

unsigned dns_write_answer(const dns_world *world, weir_dns_writer *writer,
                          const weir_dns_question *question, const dns_asked *asked,
                          unsigned version, bool mixed)
{
    const unsigned count = dns_count(world, asked->name, asked->slot, version);
    const uint32_t ttl = dns_ttl(asked->name, version);
    weir_dns_name owner = question->name;
    unsigned missing = 0;
    if (dns_kind_of(asked->name) == DNS_ALIAS && asked->slot != DNS_SLOT_PTR &&
        asked->slot != DNS_SLOT_SRV) {
        weir_dns_data data = {.type = WEIR_DNS_CNAME};
        data.as.name = alias_of(asked->name, version);
        missing += weir_dns_writer_data(writer, WEIR_DNS_ANSWER, &owner, ttl, &data) != 0;
        owner = data.as.name;
    }
    for (unsigned j = 0; j < count; j++) {
        uint8_t string[64];
        weir_dns_data data = {.type = question->type};
        fill(world, &data, asked, version - (mixed && j >= (count + 1) / 2 && version > 0), j,
             string);
        /* The TTL of a set is the least of its records (RFC 2181 5.2 has them alike). */
        missing += weir_dns_writer_data(writer, WEIR_DNS_ANSWER, &owner, ttl + j, &data) != 0;
    }
    return missing;
}
