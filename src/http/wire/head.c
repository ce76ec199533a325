/* SPDX-License-Identifier: MIT
 *
 * Reading a complete head: views, look-ups, and what its fields ask for.
 */
#include <weir/http/types/url.h>

#include "http/wire/list.h"
#include "http/wire/scan.h"

static weir_bytes view(const weir_http_parser *parser, const char *data, uint32_t offset,
                       uint32_t len)
{
    if (parser->state != STATE_DONE) return weir_bytes_of(NULL, 0);
    return weir_bytes_of(data + offset, len);
}

weir_bytes weir_http_parser_method(const weir_http_parser *parser, const char *data)
{
    if (parser->response) return weir_bytes_of(NULL, 0);
    return view(parser, data, parser->text, parser->text_len);
}

weir_bytes weir_http_parser_target(const weir_http_parser *parser, const char *data)
{
    if (parser->response) return weir_bytes_of(NULL, 0);
    return view(parser, data, parser->target, parser->target_len);
}

weir_bytes weir_http_parser_reason(const weir_http_parser *parser, const char *data)
{
    if (!parser->response) return weir_bytes_of(NULL, 0);
    return view(parser, data, parser->text, parser->text_len);
}

int weir_http_parser_status(const weir_http_parser *parser)
{
    if (parser->state != STATE_DONE || !parser->response) return WEIR_EHTTP_NOT_READY;
    return parser->status;
}

weir_bytes weir_http_parser_name(const weir_http_parser *parser, const char *data, uint32_t index)
{
    if (index >= parser->count) return weir_bytes_of(NULL, 0);
    return view(parser, data, parser->fields[index].name, parser->fields[index].name_len);
}

weir_bytes weir_http_parser_value(const weir_http_parser *parser, const char *data, uint32_t index)
{
    if (index >= parser->count || parser->fields[index].folded) return weir_bytes_of(NULL, 0);
    return view(parser, data, parser->fields[index].value, parser->fields[index].value_len);
}

int weir_http_parser_find(const weir_http_parser *parser, weir_http_field_id id, uint32_t from)
{
    if (parser->state != STATE_DONE || (unsigned)id >= WEIR_HTTP_FIELD_IDS ||
        !(parser->seen >> id & 1))
        return -1;
    for (uint32_t i = from; i < parser->count; i++)
        if (parser->fields[i].id == id) return (int)i;
    return -1;
}

int weir_http_parser_find_name(const weir_http_parser *parser, const char *data, weir_bytes name,
                               uint32_t from)
{
    weir_http_field_id id = weir_http_field_id_parse(name);
    if (id != WEIR_HTTP_FIELD_OTHER) return weir_http_parser_find(parser, id, from);
    if (parser->state != STATE_DONE) return -1;
    for (uint32_t i = from; i < parser->count; i++) {
        const weir_http_field *field = &parser->fields[i];
        if (field->id == WEIR_HTTP_FIELD_OTHER &&
            weir_bytes_equal_nocase(name, weir_bytes_of(data + field->name, field->name_len)))
            return (int)i;
    }
    return -1;
}

weir_bytes weir_http_parser_get(const weir_http_parser *parser, const char *data,
                                weir_http_field_id id)
{
    int index = weir_http_parser_find(parser, id, 0);
    if (index < 0) return weir_bytes_of(NULL, 0);
    return weir_http_parser_value(parser, data, (uint32_t)index);
}

/* RFC 9112 5.2: "one or more SP octets" for each fold, which is a line end and the blanks around
 * it. */
static void unfold(char *value, uint32_t len)
{
    for (uint32_t at = 0; at < len;) {
        uint32_t end = at;
        bool fold = false;
        for (; end < len && weir_http_is_blank(value[end]); end++) fold |= value[end] == '\n';
        if (fold) memset(value + at, ' ', end - at);
        at = end + 1;
    }
}

void weir_http_parser_unfold(weir_http_parser *parser, char *data)
{
    if (parser->state != STATE_DONE) return;
    for (uint32_t i = 0; i < parser->count; i++) {
        weir_http_field *field = &parser->fields[i];
        if (!field->folded) continue;
        unfold(data + field->value, field->value_len);
        /* The first line may have been blank. */
        for (; field->value_len > 0 && data[field->value] == ' '; field->value_len--)
            field->value++;
        field->folded = 0;
    }
}

bool weir_http_parser_keeps_alive(const weir_http_parser *parser)
{
    if (parser->state != STATE_DONE) return false;
    /* RFC 9110 15.2, RFC 9112 9.6: an interim response is never the last of its connection. */
    bool interim = parser->response && parser->status < 200 && parser->status != 101;
    return interim || weir_http_keeps_alive((weir_http_version)parser->version, parser->connection,
                                            &parser->framing);
}

bool weir_http_parser_upgrades_to(const weir_http_parser *parser, const char *data,
                                  weir_bytes protocol)
{
    /* RFC 9110 7.8: Upgrade counts only with the connection option, and not in HTTP/1.0. */
    if (parser->version != WEIR_HTTP_1_1 || !(parser->connection & WEIR_HTTP_CONNECTION_UPGRADE))
        return false;
    int index = -1;
    while ((index = weir_http_parser_find(parser, WEIR_HTTP_FIELD_UPGRADE,
                                          (uint32_t)(index + 1))) >= 0) {
        weir_bytes list = weir_http_parser_value(parser, data, (uint32_t)index);
        if (protocol.len > 0 && weir_http_list_has(list, protocol)) return true;
        weir_bytes element;
        for (size_t at = 0; protocol.len == 0 && weir_http_list_next(list, &at, &element);)
            if (element.len > 0) return true;
    }
    return false;
}

int weir_http_parser_expects_continue(const weir_http_parser *parser, const char *data)
{
    /* RFC 9110 10.1.1: ignored in HTTP/1.0; any other expectation may be answered with 417. */
    int index = weir_http_parser_find(parser, WEIR_HTTP_FIELD_EXPECT, 0);
    if (index < 0 || parser->response || parser->version == WEIR_HTTP_1_0) return 0;
    int expects = 0;
    for (; index >= 0;
         index = weir_http_parser_find(parser, WEIR_HTTP_FIELD_EXPECT, (uint32_t)index + 1)) {
        /* RFC 9110 5.6.1.2: empty elements are no members of the list. */
        weir_bytes element, list = weir_http_parser_value(parser, data, (uint32_t)index);
        for (size_t at = 0; weir_http_list_next(list, &at, &element);) {
            if (element.len == 0) continue;
            if (!weir_bytes_equal_nocase(element, weir_bytes_text("100-continue")))
                return WEIR_EHTTP_EXPECTATION;
            expects = 1;
        }
    }
    return expects;
}

weir_bytes weir_http_parser_authority(const weir_http_parser *parser, const char *data)
{
    /* RFC 9112 3.2.2: an absolute target overrides Host. */
    weir_bytes target = weir_http_parser_target(parser, data);
    if (target.len > 0 && (target.data[0] != '/' || parser->method == WEIR_HTTP_CONNECT)) {
        weir_http_target parts;
        if (weir_http_target_split(target, (weir_http_method)parser->method, &parts) == 0 &&
            parts.authority.len > 0)
            return parts.authority;
    }
    return weir_http_parser_get(parser, data, WEIR_HTTP_FIELD_HOST);
}
