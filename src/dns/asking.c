/* SPDX-License-Identifier: MIT
 *
 * The servers that are asked at present: made anew when the configuration has changed, while
 * questions to the old ones go on.
 */
#include "dns/resolver.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "base/spin.h"

dns_ask_options weir_dns_ask_options(const weir_dns_resolver *resolver,
                                     const weir_dns_config *config)
{
    return (dns_ask_options){.timeout = config->timeout,
                             .attempts = config->attempts,
                             .rotate = config->rotate,
                             .parallel = resolver->parallel,
                             .edns = config->edns0,
                             .mix_case = resolver->mix_case,
                             .fresh_ports = resolver->fresh_ports,
                             .tcp = config->use_vc,
                             .single_request = config->single_request,
                             .single_reopen = config->single_request_reopen,
                             .tcp_idle = resolver->tcp_idle};
}

/* Whether the two ask the same servers in the same way. */
static bool is_same(const weir_dns_config *a, const weir_dns_config *b)
{
    if (a->server_count != b->server_count) return false;
    for (unsigned i = 0; i < a->server_count; i++)
        if (!weir_address_equal(&a->servers[i], &b->servers[i])) return false;
    return a->timeout.ns == b->timeout.ns && a->attempts == b->attempts && a->rotate == b->rotate &&
           a->edns0 == b->edns0 && a->use_vc == b->use_vc &&
           a->single_request == b->single_request &&
           a->single_request_reopen == b->single_request_reopen;
}

/* The present servers, if they are those of the view or of a later one: who began before a change
 * does not bring back what was before.  With the lock held. */
static dns_asking *take_present(weir_dns_resolver *resolver, const weir_dns_view *view)
{
    dns_asking *asking = resolver->asking;
    if (!asking || asking->outdated) return NULL;
    if (asking->generation < view->generation) {
        if (!is_same(&asking->config, &view->config)) return NULL;
        asking->generation = view->generation;
    }
    asking->refs++;
    return asking;
}

static int make_asking(weir_io *io, const weir_dns_resolver *resolver, const weir_dns_view *view,
                       dns_asking **out)
{
    dns_asking *asking = malloc(sizeof *asking);
    if (!asking) return WEIR_ENOMEM;
    asking->refs = 2;
    asking->outdated = false;
    asking->generation = view->generation;
    asking->config = view->config;
    dns_ask_options options = weir_dns_ask_options(resolver, &view->config);
    int error = weir_dns_servers_create(io, view->config.servers, view->config.server_count,
                                        &options, &asking->servers);
    if (error) {
        free(asking);
        return error;
    }
    *out = asking;
    return 0;
}

int weir_dns_asking_take(weir_io *io, weir_dns_resolver *resolver, const weir_dns_view *view,
                         dns_asking **out)
{
    weir_spin_lock(&resolver->lock);
    dns_asking *asking = take_present(resolver, view);
    weir_spin_unlock(&resolver->lock);
    *out = asking;
    if (asking) return 0;
    dns_asking *mine;
    int error = make_asking(io, resolver, view, &mine);
    if (error) return error;
    weir_spin_lock(&resolver->lock);
    /* Another task may have made some meanwhile. */
    asking = take_present(resolver, view);
    dns_asking *old = asking ? NULL : resolver->asking;
    if (!asking) resolver->asking = mine;
    weir_spin_unlock(&resolver->lock);
    *out = asking ? asking : mine;
    if (asking) {
        weir_dns_servers_destroy(io, mine->servers);
        free(mine);
    }
    if (old) weir_dns_asking_release(io, resolver, old);
    return 0;
}

void weir_dns_asking_release(weir_io *io, weir_dns_resolver *resolver, dns_asking *asking)
{
    weir_spin_lock(&resolver->lock);
    bool last = --asking->refs == 0;
    weir_spin_unlock(&resolver->lock);
    if (!last) return;
    weir_dns_servers_destroy(io, asking->servers);
    free(asking);
}
