/* SPDX-License-Identifier: MIT
 *
 * Where a message's body ends (RFC 9112 6.3), and whether the connection lives on (RFC 9112 9.3).
 */
#include <weir/http/wire/framing.h>

#include <weir/base/error.h>
#include <weir/http/wire/options.h>

#include "http/types/field_table.h"
#include "http/wire/list.h"

/* RFC 9112 6.3 items 1 and 2: responses without a body, whatever their fields say.  101 ends HTTP
 * on the connection as 2xx to CONNECT does (RFC 9110 7.8). */
static bool decide_by_context(const weir_http_framing_facts *facts, weir_http_framing *decision)
{
    bool success = facts->status >= 200 && facts->status < 300;
    if (facts->status == 101 || (facts->method == WEIR_HTTP_CONNECT && success)) {
        *decision = (weir_http_framing){0, WEIR_HTTP_BODY_TUNNEL, true};
        return true;
    }
    *decision = (weir_http_framing){0, WEIR_HTTP_BODY_NONE, false};
    return facts->method == WEIR_HTTP_HEAD || facts->status < 200 || facts->status == 204 ||
           facts->status == 304;
}

/* RFC 9112 6.1 and 6.3 items 3 and 4. */
static int decide_by_coding(const weir_http_framing_facts *facts, weir_http_framing *decision)
{
    if (facts->coding == WEIR_HTTP_CODING_BAD || facts->version == WEIR_HTTP_1_0)
        return WEIR_EHTTP_TRANSFER_ENCODING;
    bool both = facts->length != WEIR_HTTP_LENGTH_NONE;
    if (both && !(facts->lenient & WEIR_HTTP_LENIENT_TE_CL)) return WEIR_EHTTP_FRAMING_CONFLICT;
    bool chunked = facts->coding != WEIR_HTTP_CODING_NOT_CHUNKED;
    if (!chunked && !facts->response) return WEIR_EHTTP_TRANSFER_ENCODING;
    if (facts->coding != WEIR_HTTP_CODING_CHUNKED && !(facts->lenient & WEIR_HTTP_ACCEPT_CODINGS))
        return WEIR_EHTTP_TRANSFER_CODING;
    if (chunked)
        *decision = (weir_http_framing){0, WEIR_HTTP_BODY_CHUNKED, both};
    else
        *decision = (weir_http_framing){0, WEIR_HTTP_BODY_UNTIL_CLOSE, true};
    return 0;
}

/* RFC 9112 6.3 items 5 and 6. */
static int decide_by_length(const weir_http_framing_facts *facts, weir_http_framing *decision)
{
    if (facts->length == WEIR_HTTP_LENGTH_BAD) return WEIR_EHTTP_CONTENT_LENGTH;
    if (facts->length == WEIR_HTTP_LENGTH_CONFLICT ||
        (facts->length == WEIR_HTTP_LENGTH_REPEATED &&
         !(facts->lenient & WEIR_HTTP_LENIENT_LENGTH_LIST)))
        return WEIR_EHTTP_CONTENT_LENGTH_CONFLICT;
    if (facts->length_value > facts->body_limit) return WEIR_EHTTP_BODY_LIMIT;
    *decision = (weir_http_framing){facts->length_value, WEIR_HTTP_BODY_LENGTH, false};
    return 0;
}

int weir_http_framing_decide(const weir_http_framing_facts *facts, weir_http_framing *framing)
{
    weir_http_framing decision;
    int error = 0;
    if (facts->response && decide_by_context(facts, &decision))
        ;
    else if (facts->coding != WEIR_HTTP_CODING_NONE)
        error = decide_by_coding(facts, &decision);
    else if (facts->length != WEIR_HTTP_LENGTH_NONE)
        error = decide_by_length(facts, &decision);
    else if (facts->response) /* item 8 */
        decision = (weir_http_framing){0, WEIR_HTTP_BODY_UNTIL_CLOSE, true};
    else /* item 7 */
        decision = (weir_http_framing){0, WEIR_HTTP_BODY_NONE, false};
    if (error == 0) *framing = decision;
    return error;
}

/* RFC 9110 8.6: Content-Length = 1*DIGIT; here at most 2^63-1. */
static bool read_length(weir_bytes text, uint64_t *number)
{
    uint64_t n = 0;
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!weir_http_is(text.data[i], WEIR_CHAR_DIGIT)) return false;
        unsigned digit = (unsigned)(text.data[i] - '0');
        if (n > ((uint64_t)INT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

weir_http_length weir_http_length_add(weir_http_length so_far, weir_bytes text, uint64_t *value)
{
    weir_bytes element;
    for (size_t at = 0; weir_http_list_next(text, &at, &element);) {
        uint64_t number;
        if (!read_length(element, &number)) return WEIR_HTTP_LENGTH_BAD;
        if (so_far == WEIR_HTTP_LENGTH_NONE) {
            *value = number;
            so_far = WEIR_HTTP_LENGTH_ONE;
        } else if (so_far <= WEIR_HTTP_LENGTH_REPEATED) {
            so_far = number == *value ? WEIR_HTTP_LENGTH_REPEATED : WEIR_HTTP_LENGTH_CONFLICT;
        }
    }
    return so_far;
}

static size_t skip_blanks(weir_bytes text, size_t at)
{
    while (at < text.len && weir_http_is_blank(text.data[at])) at++;
    return at;
}

/* Returns where the token at `at` ends: `at` itself when there is none. */
static size_t skip_token(weir_bytes text, size_t at)
{
    while (at < text.len && weir_http_is(text.data[at], WEIR_CHAR_TOKEN)) at++;
    return at;
}

/* OWS ";" OWS token BWS "=" BWS token.  Quotes are refused: they could hide a comma.  Moves `*at`
 * past it. */
static bool read_parameter(weir_bytes text, size_t *at)
{
    size_t begin = skip_blanks(text, *at);
    if (begin == text.len || text.data[begin] != ';') return false;
    begin = skip_blanks(text, begin + 1);
    size_t end = skip_token(text, begin);
    if (end == begin) return false;
    end = skip_blanks(text, end);
    if (end == text.len || text.data[end] != '=') return false;
    begin = skip_blanks(text, end + 1);
    *at = skip_token(text, begin);
    return *at > begin;
}

/* RFC 9110 10.1.4: transfer-coding = token *( parameter ).  Gives whether it is chunked, which has
 * no parameters. */
static bool read_coding(weir_bytes text, bool *chunked)
{
    size_t at = skip_token(text, 0);
    if (at == 0) return false;
    *chunked = at == 7 && weir_http_is_name(text.data, "chunked", 7);
    if (*chunked) return at == text.len;
    while (at < text.len)
        if (!read_parameter(text, &at)) return false;
    return true;
}

weir_http_coding weir_http_coding_add(weir_http_coding so_far, weir_bytes text)
{
    weir_bytes element;
    for (size_t at = 0; weir_http_list_next(text, &at, &element);) {
        bool chunked;
        /* RFC 9112 6.1: chunked is the last coding, and applied once. */
        if (!read_coding(element, &chunked) ||
            (so_far != WEIR_HTTP_CODING_NONE && so_far != WEIR_HTTP_CODING_NOT_CHUNKED))
            return WEIR_HTTP_CODING_BAD;
        if (!chunked)
            so_far = WEIR_HTTP_CODING_NOT_CHUNKED;
        else if (so_far == WEIR_HTTP_CODING_NONE)
            so_far = WEIR_HTTP_CODING_CHUNKED;
        else
            so_far = WEIR_HTTP_CODING_MORE_CHUNKED;
    }
    return so_far;
}

unsigned weir_http_connection_options(weir_bytes text)
{
    if (text.len == 10 && weir_http_is_name(text.data, "keep-alive", 10))
        return WEIR_HTTP_CONNECTION_KEEP_ALIVE;
    unsigned options = 0;
    weir_bytes element;
    for (size_t at = 0; weir_http_list_next(text, &at, &element);) {
        if (element.len == 5 && weir_http_is_name(element.data, "close", 5))
            options |= WEIR_HTTP_CONNECTION_CLOSE;
        else if (element.len == 10 && weir_http_is_name(element.data, "keep-alive", 10))
            options |= WEIR_HTTP_CONNECTION_KEEP_ALIVE;
        else if (element.len == 7 && weir_http_is_name(element.data, "upgrade", 7))
            options |= WEIR_HTTP_CONNECTION_UPGRADE;
    }
    return options;
}

bool weir_http_list_has(weir_bytes list, weir_bytes token)
{
    weir_bytes element;
    for (size_t at = 0; weir_http_list_next(list, &at, &element);)
        if (element.len > 0 && weir_bytes_equal_nocase(element, token)) return true;
    return false;
}

bool weir_http_keeps_alive(weir_http_version version, unsigned connection,
                           const weir_http_framing *framing)
{
    if (framing->must_close || framing->body == WEIR_HTTP_BODY_UNTIL_CLOSE ||
        framing->body == WEIR_HTTP_BODY_TUNNEL)
        return false;
    /* RFC 9112 9.3: close wins; HTTP/1.0 has to ask for keep-alive. */
    if (connection & WEIR_HTTP_CONNECTION_CLOSE) return false;
    return version == WEIR_HTTP_1_1 || connection & WEIR_HTTP_CONNECTION_KEEP_ALIVE;
}
