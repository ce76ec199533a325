/* SPDX-License-Identifier: MIT
 *
 * The list of servers and what was learned of them.
 */
#include "dns/servers.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>

/* A server in disgrace is tried last, for twice as long after each failure more. */
static const weir_duration first_disgrace = {2000000000}, plain_time = {600000000000};
enum { DISGRACE_DOUBLINGS = 5, UDP_SIZE_MAX = 4096 };

static bool acceptable(const weir_address *servers, size_t count, const dns_ask_options *options)
{
    if (count < 1 || count > DNS_SERVERS) return false;
    for (size_t i = 0; i < count; i++) {
        const bool ip =
            servers[i].kind == WEIR_ADDRESS_IPV4 || servers[i].kind == WEIR_ADDRESS_IPV6;
        if (!ip || servers[i].port == 0) return false;
    }
    return options->timeout.ns > 0 && options->attempts > 0 && options->tcp_idle.ns >= 0;
}

static uint16_t size_to_offer(uint16_t wished)
{
    if (wished == 0) return WEIR_DNS_EDNS_SIZE;
    if (wished < WEIR_DNS_UDP_MAX) return WEIR_DNS_UDP_MAX;
    return wished < UDP_SIZE_MAX ? wished : UDP_SIZE_MAX;
}

int weir_dns_servers_create(weir_io *io, const weir_address *servers, size_t count,
                            const dns_ask_options *options, dns_servers **out)
{
    if (!acceptable(servers, count, options)) return WEIR_EINVAL;
    dns_servers *s = calloc(1, sizeof *s);
    if (!s) return WEIR_ENOMEM;
    s->count = (unsigned)count;
    s->options = *options;
    s->options.udp_size = size_to_offer(options->udp_size);
    s->transport = &weir_dns_tcp_transport;
    int error = 0;
    for (size_t i = 0; i < count && !error; i++) {
        s->peers[i].address = servers[i];
        s->peers[i].address.flow = 0;
        /* One for each server, so that none can pose as another, and two servers cannot tell that
         * they have the same client (RFC 7873 4.1). */
        error = weir_random_secure(io, s->peers[i].cookie.client, 8);
    }
    if (!error) error = weir_random_secure(io, &s->turn, sizeof s->turn);
    if (error)
        free(s);
    else
        *out = s;
    return error;
}

void weir_dns_servers_destroy(weir_io *io, dns_servers *servers)
{
    weir_scope shield;
    weir_shield(io, &shield);
    weir_wait_lock(io, &servers->lock);
    servers->ending = true;
    weir_wait_unlock(io, &servers->lock);
    weir_group_cancel(io, &servers->links);
    weir_scope_leave(io, &shield);
    explicit_bzero(servers->random, sizeof servers->random);
    free(servers);
}

/* Takes from the store, and wipes what it gives: what was drawn cannot be read again. */
static bool take_random(dns_servers *s, uint8_t *out, size_t len)
{
    if (s->random_left < len) return false;
    s->random_left -= (unsigned)len;
    memcpy(out, s->random + s->random_left, len);
    memset(s->random + s->random_left, 0, len);
    return true;
}

int weir_dns_servers_random(weir_io *io, dns_servers *servers, void *out, size_t len)
{
    weir_wait_lock(io, &servers->lock);
    const bool taken = take_random(servers, out, len);
    weir_wait_unlock(io, &servers->lock);
    if (taken) return 0;
    uint8_t fresh[sizeof servers->random];
    const int error = weir_random_secure(io, fresh, sizeof fresh);
    if (error) return error;
    weir_wait_lock(io, &servers->lock);
    memcpy(servers->random, fresh, sizeof fresh);
    servers->random_left = sizeof fresh;
    take_random(servers, out, len);
    weir_wait_unlock(io, &servers->lock);
    memset(fresh, 0, sizeof fresh);
    __asm__ volatile("" : : "r"(fresh) : "memory"); /* the wiping is not left out */
    return 0;
}

unsigned weir_dns_servers_order(weir_io *io, dns_servers *servers, weir_instant now,
                                uint8_t order[DNS_SERVERS])
{
    const unsigned count = servers->count;
    if (count == 1) {
        order[0] = 0;
        return 1;
    }
    unsigned good = 0, bad = 0;
    uint8_t last[DNS_SERVERS];
    weir_wait_lock(io, &servers->lock);
    const unsigned first = servers->options.rotate ? servers->turn++ % count : 0;
    for (unsigned i = 0; i < count; i++) {
        const unsigned peer = (first + i) % count;
        if (weir_instant_compare(servers->peers[peer].avoid_until, now) > 0)
            last[bad++] = (uint8_t)peer;
        else
            order[good++] = (uint8_t)peer;
    }
    weir_wait_unlock(io, &servers->lock);
    memcpy(order + good, last, bad);
    return count;
}

void weir_dns_servers_manner(weir_io *io, dns_servers *servers, unsigned peer, weir_instant now,
                             dns_manner *out)
{
    const dns_peer *p = &servers->peers[peer];
    weir_wait_lock(io, &servers->lock);
    out->plain = weir_instant_compare(p->plain_until, now) > 0;
    out->cookie = p->cookie;
    weir_wait_unlock(io, &servers->lock);
}

void weir_dns_servers_praise(weir_io *io, dns_servers *servers, unsigned peer)
{
    dns_peer *p = &servers->peers[peer];
    weir_wait_lock(io, &servers->lock);
    p->failures = 0;
    p->avoid_until.ns = 0;
    weir_wait_unlock(io, &servers->lock);
}

void weir_dns_servers_blame(weir_io *io, dns_servers *servers, unsigned peer, weir_instant now)
{
    dns_peer *p = &servers->peers[peer];
    weir_wait_lock(io, &servers->lock);
    /* Once in a disgrace: one refusal may end many questions, and each of them tells. */
    if (weir_instant_compare(p->avoid_until, now) <= 0) {
        const weir_duration length = weir_duration_scale(first_disgrace, 1LL << p->failures);
        p->avoid_until = weir_instant_add(now, length);
        if (p->failures < DISGRACE_DOUBLINGS) p->failures++;
    }
    weir_wait_unlock(io, &servers->lock);
}

void weir_dns_servers_keep_plain(weir_io *io, dns_servers *servers, unsigned peer, weir_instant now)
{
    weir_wait_lock(io, &servers->lock);
    servers->peers[peer].plain_until = weir_instant_add(now, plain_time);
    weir_wait_unlock(io, &servers->lock);
}

int weir_dns_servers_cookie(weir_io *io, dns_servers *servers, unsigned peer,
                            const weir_address *source, weir_dns_cookie *out)
{
    dns_peer *p = &servers->peers[peer];
    weir_address from = *source;
    from.port = 0;
    weir_wait_lock(io, &servers->lock);
    if (p->source.kind == WEIR_ADDRESS_NONE) p->source = from;
    const bool same = weir_address_equal(&p->source, &from);
    *out = p->cookie;
    weir_wait_unlock(io, &servers->lock);
    if (same) return 0;
    uint8_t client[sizeof p->cookie.client];
    const int error = weir_dns_servers_random(io, servers, client, sizeof client);
    if (error) return error;
    weir_op *chain = NULL;
    weir_wait_lock(io, &servers->lock);
    if (!weir_address_equal(&p->source, &from)) { /* nobody has been quicker */
        p->source = from;
        memcpy(p->cookie.client, client, sizeof client);
        p->cookie.server_len = 0;
        chain = weir_dns_link_moved(servers, peer);
    }
    *out = p->cookie;
    weir_wait_unlock(io, &servers->lock);
    weir_wait_complete_all(chain, WEIR_EADDRNOTAVAIL);
    return 0;
}

void weir_dns_servers_keep_cookie(weir_io *io, dns_servers *servers, unsigned peer,
                                  const weir_dns_cookie *cookie)
{
    weir_dns_cookie *kept = &servers->peers[peer].cookie;
    weir_wait_lock(io, &servers->lock);
    if (memcmp(kept->client, cookie->client, sizeof kept->client) == 0) {
        kept->server_len = cookie->server_len;
        memcpy(kept->server, cookie->server, cookie->server_len);
    }
    weir_wait_unlock(io, &servers->lock);
}
