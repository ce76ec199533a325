/* SPDX-License-Identifier: MIT
 *
 * Hosts looked up by the C library, for what only its plug-ins know: mDNS, LDAP, containers.
 *
 * getaddrinfo(3) blocks and cannot be stopped.  So it runs in a task of the resolver's own, on a
 * thread where it may block, and who waits for it may leave at any time.
 */
#include <weir/dns/lookup.h>

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/work.h>
#include <weir/sync/event.h>

#include "dns/host.h"

/* A call.  Its two holders are the task that runs it and the one that waits; the last one frees it.
 * What it found is the first one's until `done` is set. */
typedef struct call {
    uint32_t refs;
    weir_event done;
    unsigned families; /* weir_dns_family */
    int result;        /* how many addresses, or an error */
    weir_address addresses[WEIR_DNS_HOST_ADDRESSES];
    char name[WEIR_DNS_NAME_MAX];
} call;

static void let_go(call *c)
{
    /* Pairs with the other holder's: what it did to the call comes before the end. */
    if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0) free(c);
}

/* What an error of getaddrinfo(3) is called here. */
static int error_of(int code)
{
    switch (code) {
    case EAI_NONAME: return WEIR_EDNS_NOTFOUND;
    case EAI_NODATA: return WEIR_EDNS_NODATA;
    case EAI_ADDRFAMILY: return WEIR_EDNS_NODATA;
    case EAI_AGAIN: return WEIR_EDNS_SERVFAIL;
    case EAI_FAIL: return WEIR_EDNS_RCODE;
    case EAI_MEMORY: return WEIR_ENOMEM;
    case EAI_FAMILY: return WEIR_EAFNOSUPPORT;
    case EAI_SYSTEM: return errno ? -errno : WEIR_EIO;
    default: return WEIR_EDNS_NAME;
    }
}

static int family_of(unsigned families)
{
    return families == WEIR_DNS_BOTH ? AF_UNSPEC : families == WEIR_DNS_IPV4 ? AF_INET : AF_INET6;
}

/* Takes an address that is wanted and not there yet, a mapped one as the IPv4 address that it is.
 */
static int take(const call *c, int count, const struct addrinfo *from, weir_address *out)
{
    weir_address address;
    if (weir_address_from_sockaddr(from->ai_addr, from->ai_addrlen, &address)) return 0;
    address = weir_address_unmap(&address);
    const unsigned family = address.kind == WEIR_ADDRESS_IPV4 ? WEIR_DNS_IPV4 : WEIR_DNS_IPV6;
    if (!(c->families & family)) return 0;
    for (int i = 0; i < count; i++)
        if (weir_address_equal(&c->addresses[i], &address)) return 0;
    *out = address;
    return 1;
}

/* On a thread where it may block. */
static int64_t ask(void *argument)
{
    call *c = argument;
    const struct addrinfo hints = {.ai_family = family_of(c->families), .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int code = getaddrinfo(c->name, NULL, &hints, &list);
    if (code) return error_of(code);
    int count = 0;
    for (struct addrinfo *a = list; a && count < WEIR_DNS_HOST_ADDRESSES; a = a->ai_next)
        count += take(c, count, a, &c->addresses[count]);
    freeaddrinfo(list);
    return count ? count : WEIR_EDNS_NODATA;
}

static int run(weir_io *io, void *argument)
{
    call *c = argument;
    c->result = (int)weir_work(io, ask, c);
    weir_event_set(io, &c->done);
    let_go(c);
    return 0;
}

/* For a legal name of a host, which is short. */
static call *make_call(weir_bytes name, unsigned families)
{
    call *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->refs = 2;
    c->families = families;
    memcpy(c->name, name.data, name.len);
    return c;
}

/* The simulator's worlds have no C library of their own. */
static bool is_simulated(const weir_io *io)
{
    return strcmp(weir_io_describe(io).engine, "sim") == 0;
}

int weir_dns_lookup_libc(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t port,
                         const weir_dns_lookup_options *options, weir_address *out, size_t room)
{
    const unsigned flags = options ? options->flags : 0;
    if (room == 0) return WEIR_EINVAL;
    weir_address literal;
    int result = weir_dns_literal(name, port, flags, &literal);
    if (result < 0) return result;
    if (is_simulated(io)) return WEIR_EUNSUPPORTED;
    if (result > 0) {
        out[0] = literal;
        return 1;
    }
    call *c = make_call(name, weir_dns_families(flags));
    if (!c) return WEIR_ENOMEM;
    result = weir_group_concurrent(io, &resolver->background, run, c, NULL);
    if (result) {
        free(c);
        return result;
    }
    result = weir_event_wait(io, &c->done);
    if (result == 0) result = c->result;
    if (result > 0 && (size_t)result > room) result = (int)room;
    for (int i = 0; i < result; i++) {
        out[i] = c->addresses[i];
        out[i].port = port;
    }
    let_go(c);
    return result;
}
