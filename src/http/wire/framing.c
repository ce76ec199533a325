/* SPDX-License-Identifier: MIT
 *
 * Where a message's body ends (RFC 9112 6.3), and whether the connection lives on (RFC 9112 9.3).
 */
#include <weir/http/wire/framing.h>

#include <weir/base/error.h>
#include <weir/http/wire/options.h>

#include "http/types/field_table.h"

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

/* Line ends are here only inside a folded value, where they stand for blanks (RFC 9112 5.2). */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next element of a comma-separated list from `*at` on, without outer blanks.
 * Returns false after the last; a list has always one element, which may be empty. */
static bool next_element(weir_bytes list, size_t *at, weir_bytes *element)
{
    if (*at > list.len) return false;
    size_t start = *at, end = *at;
    while (end < list.len && list.data[end] != ',') end++;
    *at = end + 1;
    while (start < end && is_blank(list.data[start])) start++;
    while (end > start && is_blank(list.data[end - 1])) end--;
    *element = weir_bytes_of(list.data + start, end - start);
    return true;
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
    for (size_t at = 0; next_element(text, &at, &element);) {
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

/* RFC 9110 10.1.4: transfer-coding = token *( OWS ";" OWS parameter ).  Quotes are refused: they
 * could hide a comma.  Gives whether it is chunked, which has no parameters. */
static bool read_coding(weir_bytes text, bool *chunked)
{
    size_t name = 0;
    while (name < text.len && weir_http_is(text.data[name], WEIR_CHAR_TOKEN)) name++;
    if (name == 0) return false;
    *chunked = name == 7 && weir_http_is_name(text.data, "chunked", 7);
    if (name == text.len) return true;
    size_t at = name;
    while (at < text.len && is_blank(text.data[at])) at++;
    if (*chunked || text.data[at] != ';') return false;
    for (; at < text.len; at++)
        if (!weir_http_is(text.data[at], WEIR_CHAR_TOKEN) && !is_blank(text.data[at]) &&
            text.data[at] != ';' && text.data[at] != '=')
            return false;
    return true;
}

weir_http_coding weir_http_coding_add(weir_http_coding so_far, weir_bytes text)
{
    weir_bytes element;
    for (size_t at = 0; next_element(text, &at, &element);) {
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
    unsigned options = 0;
    weir_bytes element;
    for (size_t at = 0; next_element(text, &at, &element);) {
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
    for (size_t at = 0; next_element(list, &at, &element);)
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
