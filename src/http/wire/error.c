/* SPDX-License-Identifier: MIT
 *
 * What the errors of the wire mean to a peer: the status to answer, and the rule that was broken.
 */
#include <weir/base/error.h>
#include <weir/http/wire/parser.h>

typedef struct meaning {
    int error;
    int status;
    const char *section;
} meaning;

static const meaning meanings[] = {
    {WEIR_EHTTP_REQUEST_LINE, 400, "RFC 9112 3"},
    {WEIR_EHTTP_METHOD, 400, "RFC 9110 9.1"},
    {WEIR_EHTTP_TARGET, 400, "RFC 9112 3.2"},
    {WEIR_EHTTP_VERSION, 505, "RFC 9112 2.3"},
    {WEIR_EHTTP_STATUS_LINE, 400, "RFC 9112 4"},
    {WEIR_EHTTP_FIELD_NAME, 400, "RFC 9112 5.1"},
    {WEIR_EHTTP_FIELD_VALUE, 400, "RFC 9110 5.5"},
    {WEIR_EHTTP_LINE_END, 400, "RFC 9112 2.2"},
    {WEIR_EHTTP_FOLD, 400, "RFC 9112 5.2"},
    {WEIR_EHTTP_LINE_LIMIT, 414, "RFC 9112 3"},
    {WEIR_EHTTP_FIELD_LIMIT, 431, "RFC 9110 5.4"},
    {WEIR_EHTTP_HEAD_LIMIT, 431, "RFC 9110 5.4"},
    {WEIR_EHTTP_COUNT_LIMIT, 431, "RFC 9110 5.4"},
    {WEIR_EHTTP_CONTENT_LENGTH, 400, "RFC 9110 8.6"},
    {WEIR_EHTTP_CONTENT_LENGTH_CONFLICT, 400, "RFC 9112 6.3"},
    {WEIR_EHTTP_TRANSFER_ENCODING, 400, "RFC 9112 6.1"},
    {WEIR_EHTTP_TRANSFER_CODING, 501, "RFC 9112 6.1"},
    {WEIR_EHTTP_FRAMING_CONFLICT, 400, "RFC 9112 6.3"},
    {WEIR_EHTTP_HOST, 400, "RFC 9112 3.2"},
    {WEIR_EHTTP_CHUNK_SIZE, 400, "RFC 9112 7.1"},
    {WEIR_EHTTP_CHUNK_EXTENSION, 400, "RFC 9112 7.1.1"},
    {WEIR_EHTTP_CHUNK_END, 400, "RFC 9112 7.1"},
    {WEIR_EHTTP_TRAILER, 400, "RFC 9112 7.1.2"},
    {WEIR_EHTTP_BODY_LIMIT, 413, "RFC 9110 15.5.14"},
    {WEIR_EHTTP_EXPECTATION, 417, "RFC 9110 10.1.1"},
};

static const meaning *find(int error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].error == error) return &meanings[i];
    return NULL;
}

int weir_http_error_status(int error)
{
    const meaning *known = find(error);
    return known ? known->status : 500;
}

const char *weir_http_error_section(int error)
{
    const meaning *known = find(error);
    return known ? known->section : "";
}
