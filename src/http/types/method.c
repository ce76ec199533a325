/* SPDX-License-Identifier: MIT
 *
 * Request methods: names and properties.
 */
#include <weir/http/types/method.h>

static const char names[WEIR_HTTP_METHODS][8] = {
    [WEIR_HTTP_OTHER_METHOD] = "",   [WEIR_HTTP_GET] = "GET",         [WEIR_HTTP_HEAD] = "HEAD",
    [WEIR_HTTP_POST] = "POST",       [WEIR_HTTP_PUT] = "PUT",         [WEIR_HTTP_DELETE] = "DELETE",
    [WEIR_HTTP_CONNECT] = "CONNECT", [WEIR_HTTP_OPTIONS] = "OPTIONS", [WEIR_HTTP_TRACE] = "TRACE",
    [WEIR_HTTP_PATCH] = "PATCH",
};

weir_http_method weir_http_method_parse(weir_bytes text)
{
    if (text.len < 3 || text.len > 7) return WEIR_HTTP_OTHER_METHOD;
    for (int method = WEIR_HTTP_GET; method < WEIR_HTTP_METHODS; method++)
        if (names[method][text.len] == '\0' && memcmp(names[method], text.data, text.len) == 0)
            return (weir_http_method)method;
    return WEIR_HTTP_OTHER_METHOD;
}

const char *weir_http_method_name(weir_http_method method)
{
    return (unsigned)method < WEIR_HTTP_METHODS ? names[method] : "";
}

bool weir_http_method_is_safe(weir_http_method method)
{
    /* RFC 9110 9.2.1 */
    return method == WEIR_HTTP_GET || method == WEIR_HTTP_HEAD || method == WEIR_HTTP_OPTIONS ||
           method == WEIR_HTTP_TRACE;
}

bool weir_http_method_is_idempotent(weir_http_method method)
{
    /* RFC 9110 9.2.2 */
    return weir_http_method_is_safe(method) || method == WEIR_HTTP_PUT ||
           method == WEIR_HTTP_DELETE;
}
