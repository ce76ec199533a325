/* SPDX-License-Identifier: MIT
 *
 * Files over HTTP: a path becomes a file beneath the served directory, or an answer that says why
 * not.
 *
 * The kernel keeps the path beneath the directory (RESOLVE_BENEATH): ".." and links that lead out
 * end in an error, whatever the encoding was.
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "serve.h"

enum { PATH = 4096 };

static void answer_error(weir_http_exchange *exchange, int error)
{
    switch (error) {
    case WEIR_ENOENT:
    case WEIR_ENOTDIR:
    case WEIR_ENAMETOOLONG: weir_http_respond_error(exchange, 404, "no such file"); break;
    case WEIR_EACCES:
    case WEIR_EPERM: weir_http_respond_error(exchange, 403, "this file may not be read"); break;
    case WEIR_EXDEV:
    case WEIR_ELOOP:
        weir_http_respond_error(exchange, 403, "the path leaves the served directory");
        break;
    case WEIR_EMFILE:
    case WEIR_ENFILE:
    case WEIR_ENOMEM: weir_http_respond_error(exchange, 503, weir_strerror(error)); break;
    default: weir_http_respond_error(exchange, 500, weir_strerror(error)); break;
    }
}

/* Whether a path names something hidden: a part that begins with a dot, ".well-known" apart
 * (RFC 8615). */
static bool is_hidden(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        while (*part == '/') part++;
        if (*part != '.') continue;
        const size_t len = strcspn(part, "/");
        if (!(len == 11 && memcmp(part, ".well-known", 11) == 0)) return true;
    }
    return false;
}

/* Whether a part of the path is "..". */
static bool climbs(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")); at += 2)
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0')) return true;
    return false;
}

/* Sends the client to the same path with a slash at its end. */
static void redirect(weir_http_exchange *exchange)
{
    char location[PATH + 4];
    weir_bytes path = weir_http_exchange_path(exchange);
    const weir_bytes query = weir_http_exchange_query(exchange);
    /* "//host" would name another server. */
    while (path.len > 1 && path.data[1] == '/') {
        path.data++;
        path.len--;
    }
    int n = snprintf(location, sizeof location, "%.*s/%s%.*s", (int)path.len, path.data,
                     query.len ? "?" : "", (int)query.len, query.data ? query.data : "");
    if (n < 0 || (size_t)n >= sizeof location) {
        weir_http_respond_error(exchange, 414, NULL);
        return;
    }
    static const char text[] = "301 Moved Permanently\nThis directory's address ends in a slash.\n";
    weir_http_respond_begin(exchange, 301);
    weir_http_respond_field(exchange, WEIR_HTTP_FIELD_LOCATION, weir_bytes_of(location, (size_t)n));
    weir_http_respond_field(exchange, WEIR_HTTP_FIELD_CONTENT_TYPE,
                            weir_bytes_text("text/plain; charset=utf-8"));
    weir_http_respond_length(exchange, sizeof text - 1);
    weir_http_respond_write(exchange, weir_bytes_of(text, sizeof text - 1));
    weir_http_respond_end(exchange);
}

static void add_field(weir_http_exchange *exchange, weir_http_field_id id, const char *value)
{
    weir_http_respond_field(exchange, id, weir_bytes_text(value));
}

static void add_validators(weir_http_exchange *exchange, const serve_validators *v)
{
    add_field(exchange, WEIR_HTTP_FIELD_ETAG, v->etag);
    if (v->date[0]) add_field(exchange, WEIR_HTTP_FIELD_LAST_MODIFIED, v->date);
}

static void answer_unsatisfiable(weir_http_exchange *exchange, uint64_t size)
{
    char range[48];
    snprintf(range, sizeof range, "bytes */%llu", (unsigned long long)size);
    static const char text[] = "416 Range Not Satisfiable\nThe file is shorter.\n";
    weir_http_respond_begin(exchange, 416);
    add_field(exchange, WEIR_HTTP_FIELD_CONTENT_RANGE, range);
    add_field(exchange, WEIR_HTTP_FIELD_CONTENT_TYPE, "text/plain; charset=utf-8");
    weir_http_respond_length(exchange, sizeof text - 1);
    weir_http_respond_write(exchange, weir_bytes_of(text, sizeof text - 1));
    weir_http_respond_end(exchange);
}

/* Answers with a regular file, as far as the request's conditions ask for it. */
static void answer_file(weir_io *io, weir_http_exchange *exchange, weir_file file,
                        const weir_file_status *status, const char *name)
{
    serve_validators v;
    serve_validators_of(status, &v);
    const int64_t now = weir_now(io, WEIR_CLOCK_REAL).ns / 1000000000;
    const int condition = serve_conditions(exchange, &v, now);
    if (condition == 412) {
        weir_http_respond_error(exchange, 412, "the file is another one by now");
        return;
    }
    if (condition == 304) {
        weir_http_respond_begin(exchange, 304);
        add_validators(exchange, &v);
        weir_http_respond_end(exchange);
        return;
    }
    uint64_t offset, length;
    const int code = serve_range(exchange, &v, status->size, now, &offset, &length);
    if (code == 416) {
        answer_unsatisfiable(exchange, status->size);
        return;
    }
    weir_http_respond_begin(exchange, code);
    add_field(exchange, WEIR_HTTP_FIELD_CONTENT_TYPE, mime_type(name));
    add_validators(exchange, &v);
    add_field(exchange, WEIR_HTTP_FIELD_ACCEPT_RANGES, "bytes");
    add_field(exchange, WEIR_HTTP_FIELD_X_CONTENT_TYPE_OPTIONS, "nosniff");
    if (code == 206) {
        char range[80];
        snprintf(range, sizeof range, "bytes %llu-%llu/%llu", (unsigned long long)offset,
                 (unsigned long long)(offset + length - 1), (unsigned long long)status->size);
        add_field(exchange, WEIR_HTTP_FIELD_CONTENT_RANGE, range);
    }
    weir_http_respond_file(exchange, file.fd, offset, length);
}

/* Answers with a directory: its index.html, or its listing. */
static void answer_directory(serve_context *context, weir_http_exchange *exchange,
                             weir_file directory, char *path, const char *name)
{
    weir_io *io = context->io;
    const size_t len = strlen(path);
    if (len + sizeof "index.html" > PATH) {
        answer_error(exchange, WEIR_ENAMETOOLONG);
        return;
    }
    memcpy(path + len, "index.html", sizeof "index.html");
    weir_file index;
    weir_file_status status;
    const char *index_name = strcmp(name, ".") == 0 ? "index.html" : name;
    int error =
        weir_open(io, context->root, index_name, WEIR_OPEN_READ | WEIR_OPEN_BENEATH, 0, &index);
    if (!error) {
        error = weir_stat(io, index, NULL, &status);
        const bool regular = !error && status.kind == WEIR_FILE_REGULAR;
        if (regular) answer_file(io, exchange, index, &status, "index.html");
        weir_close_file(io, index);
        if (regular) return;
    }
    path[len] = '\0';
    if (context->listing) {
        serve_listing(context, exchange, directory, path);
    } else {
        weir_http_respond_error(exchange, 403, "this directory is not listed");
    }
}

static void answer_path(serve_context *context, weir_http_exchange *exchange, char *path)
{
    weir_io *io = context->io;
    const char *name = path + strspn(path, "/");
    if (*name == '\0') name = ".";
    weir_file file;
    int error = weir_open(io, context->root, name, WEIR_OPEN_READ | WEIR_OPEN_BENEATH, 0, &file);
    if (error) {
        answer_error(exchange, error);
        return;
    }
    weir_file_status status;
    error = weir_stat(io, file, NULL, &status);
    if (error) {
        answer_error(exchange, error);
    } else if (status.kind == WEIR_FILE_REGULAR) {
        answer_file(io, exchange, file, &status, name);
    } else if (status.kind != WEIR_FILE_DIRECTORY) {
        weir_http_respond_error(exchange, 403, "not a regular file");
    } else if (path[strlen(path) - 1] != '/') {
        redirect(exchange);
    } else {
        answer_directory(context, exchange, file, path, name);
    }
    weir_close_file(io, file);
}

/* Refuses every method but GET and HEAD; true when it did. */
static bool refuse_method(weir_http_exchange *exchange)
{
    const weir_http_method method = weir_http_exchange_method(exchange);
    if (method == WEIR_HTTP_GET || method == WEIR_HTTP_HEAD) return false;
    if (method == WEIR_HTTP_OTHER_METHOD) {
        weir_http_respond_error(exchange, 501, "this method is not known here");
        return true;
    }
    static const char text[] = "405 Method Not Allowed\nFiles can be fetched with GET and HEAD.\n";
    const bool options = method == WEIR_HTTP_OPTIONS;
    weir_http_respond_begin(exchange, options ? 204 : 405);
    add_field(exchange, WEIR_HTTP_FIELD_ALLOW, "GET, HEAD, OPTIONS");
    if (!options) {
        add_field(exchange, WEIR_HTTP_FIELD_CONTENT_TYPE, "text/plain; charset=utf-8");
        weir_http_respond_length(exchange, sizeof text - 1);
        weir_http_respond_write(exchange, weir_bytes_of(text, sizeof text - 1));
    }
    weir_http_respond_end(exchange);
    return true;
}

void serve_files(weir_io *io, weir_http_exchange *exchange, void *argument)
{
    (void)io;
    serve_context *context = argument;
    char path[PATH];
    if (refuse_method(exchange)) return;
    int64_t len = weir_http_exchange_path_decode(exchange, path, sizeof path);
    if (len == WEIR_EHTTP_SPACE) {
        weir_http_respond_error(exchange, 414, NULL);
    } else if (len <= 0 || path[0] != '/') {
        weir_http_respond_error(exchange, 400, "the path cannot be understood");
    } else if (climbs(path)) {
        weir_http_respond_error(exchange, 403, "the path leaves the served directory");
    } else if (!context->hidden && is_hidden(path)) {
        weir_http_respond_error(exchange, 404, "no such file");
    } else {
        answer_path(context, exchange, path);
    }
}
