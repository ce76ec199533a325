/* SPDX-License-Identifier: MIT
 *
 * The listing of a directory as a page for people: folders first, sizes, dates, usable on a phone.
 *
 * Names are bytes: the link holds them percent-encoded, the text escaped for HTML and with U+FFFD
 * for what is not UTF-8.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <weir/base/error.h>
#include <weir/base/utf8.h>

#include "serve.h"

static const char style[] =
    "<style>:root{color-scheme:light dark;--line:#8883;--soft:#888;--link:#0a66c2}"
    "@media(prefers-color-scheme:dark){:root{--link:#6cb6ff}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:0 auto;padding:1.5rem 1rem}"
    "h1{font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}"
    "h1 a{color:inherit}h1 span{color:var(--soft);padding:0 .15em}"
    "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}"
    "table{width:100%;border-collapse:collapse}"
    "td,th{padding:.5rem .4rem;border-bottom:1px solid var(--line);text-align:left}"
    "th{font-size:.8rem;font-weight:600;color:var(--soft)}"
    "td:first-child{overflow-wrap:anywhere}tr:hover td{background:#8881}"
    ".s,.d{white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}"
    ".s{text-align:right}"
    /* A sheet and a folder, drawn: no font needs to have them. */
    "i{display:inline-block;box-sizing:border-box;width:.75em;height:.95em;margin:0 .8em 0 .2em;"
    "border:1.5px solid var(--soft);border-radius:2px;vertical-align:-.1em}"
    "i.f{width:1.05em;height:.75em;margin-right:.6em;margin-left:.1em;background:var(--soft);"
    "border-radius:1px 4px 2px 2px;vertical-align:0}"
    "i.u{border:0;border-left:1.5px solid;border-bottom:1.5px solid;color:var(--soft);"
    "width:.6em;height:.6em;transform:rotate(45deg);border-radius:0;vertical-align:.05em}"
    "footer{margin-top:1rem;color:var(--soft);font-size:.85rem}"
    "@media(max-width:34rem){.d{display:none}}</style>";

typedef struct entry {
    char *name;
    uint64_t size;
    int64_t modified; /* seconds */
    bool directory;
} entry;

typedef struct entries {
    entry *items;
    size_t count, capacity;
} entries;

/* The page being written; `failed` once memory ran out. */
typedef struct page {
    char *data;
    size_t len, capacity;
    bool failed;
} page;

static void put(page *p, const char *data, size_t len)
{
    if (p->capacity - p->len < len && !p->failed) {
        size_t capacity = p->capacity ? p->capacity : 8192;
        while (capacity - p->len < len) capacity *= 2;
        char *bigger = realloc(p->data, capacity);
        p->failed = !bigger;
        if (bigger) {
            p->data = bigger;
            p->capacity = capacity;
        }
    }
    if (p->failed) return;
    memcpy(p->data + p->len, data, len);
    p->len += len;
}

static void put_text(page *p, const char *text)
{
    put(p, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void put_format(page *p, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_text(p, text);
}

/* Text between tags or in a quoted attribute. */
static void put_escaped(page *p, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        const unsigned char c = (unsigned char)text[i];
        const size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        const char *entity = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '"'  ? "&quot;"
                             : c == '\'' ? "&#39;"
                                         : NULL;
        if (entity) {
            put_text(p, entity);
            i++;
        } else if (c < 0x20 || c == 0x7F || n > len - i ||
                   !weir_utf8_valid(weir_bytes_of(text + i, n))) {
            put_text(p, "\xEF\xBF\xBD");
            i++;
        } else {
            put(p, text + i, n);
            i += n;
        }
    }
}

/* A part of a path for a link (RFC 3986 2.3): only the unreserved characters stay. */
static void put_encoded(page *p, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "-._~";
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        if (letter || (c >= '0' && c <= '9') || (c && strchr(plain, c))) {
            put(p, text + i, 1);
        } else {
            const char triple[3] = {'%', hex[c >> 4], hex[c & 15]};
            put(p, triple, 3);
        }
    }
}

static int compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->directory != y->directory) return x->directory ? -1 : 1;
    int order = strcasecmp(x->name, y->name);
    return order ? order : strcmp(x->name, y->name);
}

static int add_entry(entries *all, const char *name, const weir_file_status *status)
{
    if (all->count == all->capacity) {
        const size_t capacity = all->capacity ? 2 * all->capacity : 64;
        entry *bigger = realloc(all->items, capacity * sizeof *bigger);
        if (!bigger) return WEIR_ENOMEM;
        all->items = bigger;
        all->capacity = capacity;
    }
    entry *e = &all->items[all->count];
    e->name = strdup(name);
    if (!e->name) return WEIR_ENOMEM;
    e->size = status->size;
    e->modified = status->modified.ns / 1000000000;
    e->directory = status->kind == WEIR_FILE_DIRECTORY;
    all->count++;
    return 0;
}

/* What a name stands for; a link is followed as serving it would, beneath the root. */
static int look_up(serve_context *context, weir_file directory, const char *path, const char *name,
                   weir_file_status *out)
{
    int error = weir_stat(context->io, directory, name, out);
    if (error || out->kind != WEIR_FILE_LINK) return error;
    char whole[4096 + 256];
    const char *parent = path + strspn(path, "/");
    if (snprintf(whole, sizeof whole, "%s%s", parent, name) >= (int)sizeof whole)
        return WEIR_ENAMETOOLONG;
    weir_file file;
    error =
        weir_open(context->io, context->root, whole, WEIR_OPEN_READ | WEIR_OPEN_BENEATH, 0, &file);
    if (error) return error;
    error = weir_stat(context->io, file, NULL, out);
    weir_close_file(context->io, file);
    return error;
}

/* Collects what can be fetched from the directory. */
static int collect(serve_context *context, weir_file file, const char *path, entries *all)
{
    weir_directory *directory = malloc(sizeof *directory);
    if (!directory) return WEIR_ENOMEM;
    weir_directory_init(directory, file);
    weir_directory_entry found;
    int more;
    while ((more = weir_directory_next(context->io, directory, &found)) > 0) {
        if (found.name[0] == '.' && !context->hidden) continue;
        weir_file_status status;
        int error = look_up(context, file, path, found.name, &status);
        if (error == WEIR_ECANCELED || error == WEIR_EDEADLINE) more = error;
        if (more < 0) break;
        if (error || (status.kind != WEIR_FILE_REGULAR && status.kind != WEIR_FILE_DIRECTORY))
            continue;
        more = add_entry(all, found.name, &status);
        if (more < 0) break;
    }
    free(directory);
    return more;
}

/* The path as a title whose parts are links: "/ docs / guide /". */
static void put_heading(page *p, const char *path)
{
    put_text(p, "<h1><a href=\"/\">/</a>");
    const char *part = path + strspn(path, "/");
    while (*part) {
        const size_t len = strcspn(part, "/");
        put_text(p, "<a href=\"/");
        for (const char *at = path + strspn(path, "/"); at <= part;) {
            const size_t n = strcspn(at, "/");
            put_encoded(p, at, n);
            put_text(p, "/");
            at += n;
            at += strspn(at, "/");
            if (!*at) break;
        }
        put_text(p, "\">");
        put_escaped(p, part, len);
        put_text(p, "</a><span>/</span>");
        part += len;
        part += strspn(part, "/");
    }
    put_text(p, "</h1>\n");
}

static void put_size(page *p, uint64_t size)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)size;
    int unit = -1;
    while (value >= 999.5 && unit < 5) {
        value /= 1000;
        unit++;
    }
    if (unit < 0) {
        put_format(p, "%llu B", (unsigned long long)size);
    } else {
        put_format(p, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    }
}

static void put_entry(page *p, const entry *e)
{
    const size_t len = strlen(e->name);
    const char *slash = e->directory ? "/" : "";
    put_format(p, "<tr><td><i%s></i><a href=\"./", e->directory ? " class=f" : "");
    put_encoded(p, e->name, len);
    put_format(p, "%s\">", slash);
    put_escaped(p, e->name, len);
    put_format(p, "%s</a></td><td class=s>", slash);
    if (!e->directory) put_size(p, e->size);
    const time_t seconds = (time_t)e->modified;
    struct tm date;
    char text[32] = "", exact[32] = "";
    if (gmtime_r(&seconds, &date)) {
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &date);
        strftime(exact, sizeof exact, "%Y-%m-%dT%H:%M:%SZ", &date);
    }
    put_format(p, "</td><td class=d><time datetime=\"%s\">%s</time></td></tr>\n", exact, text);
}

static void put_page(page *p, const char *path, const entries *all)
{
    size_t folders = 0;
    put_text(p, "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
                "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>");
    put_escaped(p, path, strlen(path));
    put_text(p, "</title>\n");
    put(p, style, sizeof style - 1);
    put_text(p, "</head>\n<body>\n");
    put_heading(p, path);
    put_text(p, "<table><thead><tr><th>Name</th><th class=s>Size</th>"
                "<th class=d>Modified (UTC)</th></tr></thead><tbody>\n");
    if (path[strspn(path, "/")])
        put_text(p, "<tr><td><i class=u></i><a href=\"../\">parent folder</a></td>"
                    "<td class=s></td><td class=d></td></tr>\n");
    for (size_t i = 0; i < all->count; i++) {
        folders += all->items[i].directory;
        put_entry(p, &all->items[i]);
    }
    const size_t files = all->count - folders;
    put_format(p,
               "</tbody></table>\n<footer>%zu %s, %zu %s \xC2\xB7 served by Weir</footer>\n"
               "</body></html>\n",
               folders, folders == 1 ? "folder" : "folders", files, files == 1 ? "file" : "files");
}

void serve_listing(serve_context *context, weir_http_exchange *exchange, weir_file directory,
                   const char *path)
{
    entries all = {0};
    page p = {0};
    int error = collect(context, directory, path, &all);
    if (!error) {
        if (all.count > 1) qsort(all.items, all.count, sizeof *all.items, compare);
        put_page(&p, path, &all);
    }
    if (error == WEIR_EACCES) {
        weir_http_respond_error(exchange, 403, "this directory may not be read");
    } else if (error || p.failed) {
        weir_http_respond_error(exchange, error && error != WEIR_ENOMEM ? 500 : 503, NULL);
    } else {
        weir_http_respond(exchange, 200, "text/html; charset=utf-8", weir_bytes_of(p.data, p.len));
    }
    for (size_t i = 0; i < all.count; i++) free(all.items[i].name);
    free(all.items);
    free(p.data);
}
