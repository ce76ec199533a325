/* SPDX-License-Identifier: MIT
 *
 * Questions of tools: put to servers as they are, and the message given as it came.
 */
#include <weir/dns/lookup.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "dns/resolver.h"

/* Gives the message of a reply away. */
static int take_message(const dns_reply *reply, weir_dns_message *out)
{
    *out = (weir_dns_message){0};
    if (reply->message.len == 0) return reply->error;
    char *octets = malloc(reply->message.len);
    if (!octets) return WEIR_ENOMEM;
    memcpy(octets, reply->message.data, reply->message.len);
    *out = (weir_dns_message){.octets = weir_bytes_of(octets, reply->message.len),
                              .server = reply->server,
                              .transport = (weir_dns_transport)reply->transport,
                              .rcode = reply->rcode};
    return reply->error;
}

static bool is_server(const weir_address *address)
{
    const bool ip = address->kind == WEIR_ADDRESS_IPV4 || address->kind == WEIR_ADDRESS_IPV6;
    return ip && address->port != 0;
}

static int ask(weir_io *io, weir_dns_resolver *resolver, const weir_dns_view *view,
               const dns_question *question, const weir_dns_query_options *options,
               weir_dns_message *out)
{
    dns_ask_options how = weir_dns_ask_options(resolver, &view->config);
    how.tcp |= options->tcp;
    how.edns = !options->no_edns;
    const weir_address *servers = options->server ? options->server : view->config.servers;
    dns_servers *list;
    int error = weir_dns_servers_create(
        io, servers, options->server ? 1 : view->config.server_count, &how, &list);
    if (error) return error;
    dns_reply replies[DNS_ASK_TYPES];
    error = weir_dns_ask(io, list, question, replies, options->report);
    bool stopped = error == WEIR_ECANCELED || error == WEIR_EDEADLINE;
    if (!stopped) error = take_message(&replies[0], out);
    weir_dns_reply_free(&replies[0]);
    weir_dns_servers_destroy(io, list);
    return error;
}

int weir_dns_query(weir_io *io, weir_dns_resolver *resolver, const weir_dns_name *name,
                   uint16_t type, const weir_dns_query_options *options, weir_dns_message *out)
{
    static const weir_dns_query_options defaults;
    if (!options) options = &defaults;
    *out = (weir_dns_message){0};
    if (options->dnssec && options->no_edns) return WEIR_EINVAL;
    if (!weir_dns_is_askable(type)) return WEIR_EINVAL;
    if (options->server && !is_server(options->server)) return WEIR_EINVAL;
    const weir_dns_view *view;
    int error = weir_dns_resolver_view(io, resolver, &view);
    if (error) return error;
    dns_question question = {.name = name,
                             .types = {type},
                             .type_count = 1,
                             .no_recursion = options->no_recursion,
                             .checking_disabled = options->checking_disabled,
                             .dnssec_ok = options->dnssec,
                             .want_authentic = true,
                             .ignore_truncation = options->ignore_truncation,
                             .only_server = -1};
    error = ask(io, resolver, view, &question, options, out);
    weir_dns_view_release(view);
    return error;
}

void weir_dns_message_free(weir_dns_message *message)
{
    free((char *)message->octets.data);
    *message = (weir_dns_message){0};
}
