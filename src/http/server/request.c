/* SPDX-License-Identifier: MIT
 *
 * What a handler asks of a request: views into its head.
 */
#include <weir/base/error.h>

#include "http/server/exchange.h"

weir_http_method weir_http_exchange_method(const weir_http_exchange *exchange)
{
    return (weir_http_method)exchange->parser.method;
}

weir_bytes weir_http_exchange_method_text(const weir_http_exchange *exchange)
{
    return weir_http_parser_method(&exchange->parser, exchange->message);
}

weir_http_version weir_http_exchange_version(const weir_http_exchange *exchange)
{
    return (weir_http_version)exchange->parser.version;
}

weir_bytes weir_http_exchange_target(const weir_http_exchange *exchange)
{
    return weir_http_parser_target(&exchange->parser, exchange->message);
}

/* The parts of the target; none when there is no request. */
static weir_http_target split(const weir_http_exchange *exchange)
{
    weir_http_target parts = {0};
    const weir_bytes target = weir_http_exchange_target(exchange);
    if (target.data) weir_http_target_split(target, weir_http_exchange_method(exchange), &parts);
    return parts;
}

weir_bytes weir_http_exchange_path(const weir_http_exchange *exchange)
{
    const weir_http_target parts = split(exchange);
    if (parts.form == WEIR_HTTP_TARGET_ASTERISK) return weir_http_exchange_target(exchange);
    return parts.path;
}

int64_t weir_http_exchange_path_decode(const weir_http_exchange *exchange, char *out,
                                       size_t capacity)
{
    if (capacity == 0) return WEIR_EHTTP_SPACE;
    int64_t n = weir_http_path_decode(weir_http_exchange_path(exchange), out, capacity - 1);
    if (n >= 0) out[n] = '\0';
    return n;
}

weir_bytes weir_http_exchange_query(const weir_http_exchange *exchange)
{
    return split(exchange).query;
}

weir_bytes weir_http_exchange_authority(const weir_http_exchange *exchange)
{
    return weir_http_parser_authority(&exchange->parser, exchange->message);
}

weir_bytes weir_http_exchange_field(const weir_http_exchange *exchange, weir_http_field_id id)
{
    return weir_http_parser_get(&exchange->parser, exchange->message, id);
}

weir_bytes weir_http_exchange_field_named(const weir_http_exchange *exchange, weir_bytes name)
{
    int index = weir_http_parser_find_name(&exchange->parser, exchange->message, name, 0);
    if (index < 0) return weir_bytes_of(NULL, 0);
    return weir_http_parser_value(&exchange->parser, exchange->message, (uint32_t)index);
}

uint32_t weir_http_exchange_fields(const weir_http_exchange *exchange)
{
    return exchange->complete ? exchange->parser.count : 0;
}

bool weir_http_exchange_field_at(const weir_http_exchange *exchange, uint32_t index,
                                 weir_bytes *name, weir_bytes *value)
{
    if (index >= weir_http_exchange_fields(exchange)) return false;
    *name = weir_http_parser_name(&exchange->parser, exchange->message, index);
    *value = weir_http_parser_value(&exchange->parser, exchange->message, index);
    return true;
}

int weir_http_exchange_peer(const weir_http_exchange *exchange, weir_address *out)
{
    return weir_tcp_peer(exchange->io, &exchange->connection->tcp, out);
}

bool weir_http_exchange_draining(const weir_http_exchange *exchange)
{
    return weir_http_keeper_stage(exchange->keeper) != WEIR_HTTP_SERVING;
}

bool weir_http_exchange_has_responded(const weir_http_exchange *exchange)
{
    return exchange->answer.phase != WEIR_HTTP_UNANSWERED;
}

void weir_http_exchange_close(weir_http_exchange *exchange)
{
    exchange->close = true;
}
