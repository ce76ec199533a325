/* SPDX-License-Identifier: MIT
 *
 * Status codes: reason phrases and classes.
 */
#include <weir/http/types/status.h>

const char *weir_http_status_reason(int code)
{
    switch (code) {
#define X(number, name, reason) \
    case number: return reason;
        WEIR_HTTP_STATUS_LIST(X)
#undef X
    default: return "";
    }
}

int weir_http_status_class(int code)
{
    if (code < 100 || code > 999) return 0;
    /* RFC 9110 15: a code outside 100 to 599 is treated as a 5xx. */
    return code < 600 ? code / 100 : 5;
}
