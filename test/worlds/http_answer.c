/* SPDX-License-Identifier: MIT
 *
 * Taking answers: by a reader of its own, so that a mistake of Weir's parser is none of the check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "http_world.h"

/* A head, as a text that ends behind its last field line. */
typedef struct head {
    char text[2048];
    int status;
} head;

#define FAIL(c, r, format, ...)                                                        \
    (weir_sim_fail((c)->world->trial, "/%u/%u (%s): " format, (c)->index, (r)->number, \
                   http_kinds[(r)->kind].name, __VA_ARGS__),                           \
     WEIR_EHTTP_STATUS_LINE)

int64_t http_take_more(weir_io *io, http_client *c)
{
    const weir_duration rest = c->world->plan.read_rest;
    if (c->at > 0) {
        memmove(c->inbox, c->inbox + c->at, c->used - c->at);
        c->used -= c->at;
        c->at = 0;
    }
    size_t room = sizeof c->inbox - c->used;
    if (room == 0) return WEIR_ELIMIT;
    if (rest.ns) {
        const int error = weir_sleep(io, rest);
        if (error) return error;
        if (room > 4096) room = 4096;
    }
    const int64_t got = weir_tcp_read(io, &c->tcp, c->inbox + c->used, room);
    if (got > 0) c->used += (size_t)got;
    return got == 0 ? WEIR_EEOF : got;
}

/* Takes what is up to `mark` and it: its length, or an error. */
static int64_t take_until(weir_io *io, http_client *c, const char *mark)
{
    const size_t len = strlen(mark);
    for (;;) {
        const char *from = c->inbox + c->at;
        const char *found = memmem(from, c->used - c->at, mark, len);
        if (found) {
            c->at += (size_t)(found - from) + len;
            return (int64_t)(found - from) + (int64_t)len;
        }
        const int64_t got = http_take_more(io, c);
        if (got < 0) return got;
    }
}

/* The value of a field, which is there once or not at all (NULL); up to its line's end. */
static const char *field(const head *h, const char *name)
{
    char line[64];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *found = strstr(h->text, line);
    if (!found || strstr(found + 1, line)) return NULL;
    return found + strlen(line);
}

static bool has(const head *h, const char *name, const char *value)
{
    const char *found = field(h, name);
    const size_t len = strlen(value);
    return found && strncmp(found, value, len) == 0 && strncmp(found + len, "\r\n", 2) == 0;
}

static int take_head(weir_io *io, http_client *c, const http_request *r, head *h)
{
    const int64_t len = take_until(io, c, "\r\n\r\n");
    if (len < 0) return (int)len;
    if (len < 15 || (size_t)len > sizeof h->text) return FAIL(c, r, "a head of %d bytes", (int)len);
    memcpy(h->text, c->inbox + c->at - len, (size_t)len - 2);
    h->text[len - 2] = 0;
    if (strlen(h->text) != (size_t)len - 2 || strncmp(h->text, "HTTP/1.1 ", 9) != 0)
        return FAIL(c, r, "no head of an answer: %.20s", h->text);
    h->status = (int)strtol(h->text + 9, NULL, 10);
    return 0;
}

/* Takes `len` bytes of content, `at` behind its begin. */
static int take_piece(weir_io *io, http_client *c, const http_request *r, size_t at, size_t len,
                      bool compare)
{
    while (len > 0) {
        size_t there = c->used - c->at;
        if (there == 0) {
            const int64_t got = http_take_more(io, c);
            if (got < 0) return (int)got;
            continue;
        }
        if (there > len) there = len;
        if (compare && memcmp(c->inbox + c->at, http_content(c->index, r->number) + at, there) != 0)
            return FAIL(c, r, "the answer is to another one, at %zu", at);
        c->at += there;
        at += there;
        len -= there;
    }
    return 0;
}

static int take_chunks(weir_io *io, http_client *c, const http_request *r)
{
    size_t at = 0;
    for (;;) {
        const int64_t line = take_until(io, c, "\r\n");
        if (line < 0) return (int)line;
        const size_t len = strtoull(c->inbox + c->at - line, NULL, 16);
        if (len > r->size - at) return FAIL(c, r, "a chunk of %zu bytes at %zu", len, at);
        int error = take_piece(io, c, r, at, len, true);
        const int64_t end = error ? error : take_until(io, c, "\r\n");
        if (end < 0) return (int)end;
        if (end != 2) return FAIL(c, r, "a chunk without an end at %zu", at);
        at += len;
        if (len > 0) continue;
        return at == r->size ? 0 : FAIL(c, r, "%zu bytes instead of %zu", at, r->size);
    }
}

/* Content that ends with the connection. */
static int take_rest(weir_io *io, http_client *c, const http_request *r)
{
    const int error = take_piece(io, c, r, 0, r->size, true);
    return error ? error : http_take_end(io, c);
}

static int take_content(weir_io *io, http_client *c, const http_request *r, const head *h)
{
    const bool own = h->status == 200;
    const char *length = field(h, "Content-Length");
    const size_t told = length ? strtoull(length, NULL, 10) : 0;
    if (own && length && told != r->size) return FAIL(c, r, "%zu bytes, not %zu", told, r->size);
    if (r->kind == HTTP_HEAD) return length || !own ? 0 : FAIL(c, r, "no length: %.30s", h->text);
    if (length) return take_piece(io, c, r, 0, told, own);
    if (r->how != 'c' || !own) return FAIL(c, r, "no length in the answer %d", h->status);
    if (has(h, "Transfer-Encoding", "chunked")) return take_chunks(io, c, r);
    return r->kind == HTTP_OLD_CHUNKED ? take_rest(io, c, r) : FAIL(c, r, "no framing %s", "");
}

/* Whether the server may end the connection with an answer that does not have to. */
static bool may_close(const http_client *c)
{
    return http_drained(c) || c->on_connection == HTTP_MOST_REQUESTS;
}

/* Is it the head that it has to be?  0; WEIR_EAGAIN: no, and excused; or a failure. */
static int check_head(http_client *c, const http_request *r, const head *h)
{
    const http_kind_row *row = &http_kinds[r->kind];
    const bool closes = has(h, "Connection", "close");
    char own[32];
    /* RFC 9110 6.6.1: an answer of the class 5xx may do without. */
    if (!field(h, "Date") && h->status < 500)
        return FAIL(c, r, "no date in the answer %d", h->status);
    if (h->status != row->status) {
        /* 503: out of memory; 408: what was sent did not come in time. */
        if (http_excused(c) && (h->status == 503 || h->status == 408)) return WEIR_EAGAIN;
        if (h->status == 500 && c->ledger[r->number].done)
            return FAIL(c, r, "it was handled and its answer is lost: %d", h->status);
        return FAIL(c, r, "the status is %d instead of %d", h->status, row->status);
    }
    c->on_connection++;
    snprintf(own, sizeof own, "/%u/%u", c->index, r->number);
    if (field(h, "Request") && !has(h, "Request", own))
        return FAIL(c, r, "the answer is to another one: %.6s", field(h, "Request"));
    if (h->status == 200 && r->how != 'w' && r->how != 'u' && !c->world->plan.files &&
        !field(h, "Request"))
        return FAIL(c, r, "no field Request in the answer %d", h->status);
    /* Our half of the connection is no word about the other one. */
    if (row->closes && !closes && r->kind != HTTP_HALF)
        return FAIL(c, r, "the answer %d does not say that it closes", h->status);
    if (closes && !row->closes && !may_close(c))
        return FAIL(c, r, "the server closes after %u requests", c->on_connection);
    if (!closes && c->on_connection >= HTTP_MOST_REQUESTS && r->kind != HTTP_HALF)
        return FAIL(c, r, "the server goes on after %u requests", c->on_connection);
    if (!closes && c->ledger[r->number].late && r->kind != HTTP_HALF)
        return FAIL(c, r, "the answer %d goes on during a drain", h->status);
    if (r->kind == HTTP_OLD_KEEP && !closes && !has(h, "Connection", "keep-alive"))
        return FAIL(c, r, "the answer %d does not say that it keeps the connection", h->status);
    return 0;
}

int http_take_answer(weir_io *io, http_client *c, const http_request *r, bool *continued)
{
    head h;
    int error = take_head(io, c, r, &h);
    if (!error && h.status == 100) {
        if (!continued || *continued) return FAIL(c, r, "nobody waits for a status %d", 100);
        *continued = true;
        return 0;
    }
    if (!error) error = check_head(c, r, &h);
    if (!error || error == WEIR_EAGAIN) {
        const int cut = take_content(io, c, r, &h);
        if (cut) error = cut;
    }
    return error ? error : has(&h, "Connection", "close");
}

int http_take_end(weir_io *io, http_client *c)
{
    if (c->at < c->used) return WEIR_EHTTP_LENGTH;
    const int64_t got = http_take_more(io, c);
    if (got > 0) return WEIR_EHTTP_LENGTH;
    return got == WEIR_EEOF ? 0 : (int)got;
}
