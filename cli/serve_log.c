/* SPDX-License-Identifier: MIT
 *
 * The access log.
 *
 *     127.0.0.1 - - [21/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 1234
 *     {"time":"2026-11-21T08:00:00.123Z","client":"127.0.0.1","method":"GET",…}
 *
 * Actors: exchanges on any worker add lines under the lock; the writer thread swaps the two buffers
 * under the lock and writes outside of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "serve.h"

enum { LINE = 2048, TARGET = 1024 };

static void write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* nobody reads the log: serving goes on */
        data += n;
        len -= (size_t)n;
    }
}

static void *writer_main(void *argument)
{
    serve_log *log = argument;
    pthread_mutex_lock(&log->lock);
    while (!log->ending || log->used > 0) {
        if (log->used == 0) {
            pthread_cond_wait(&log->more, &log->lock);
            continue;
        }
        char *full = log->buffer;
        const size_t len = log->used;
        const uint64_t dropped = log->dropped;
        log->buffer = log->spare;
        log->used = 0;
        log->dropped = 0;
        pthread_mutex_unlock(&log->lock);
        write_all(log->fd, full, len);
        if (dropped) cli_complain("the access log lost %llu lines", (unsigned long long)dropped);
        pthread_mutex_lock(&log->lock);
        log->spare = full;
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

int serve_log_start(serve_log *log, serve_log_form form, int fd)
{
    *log = (serve_log){.form = form, .fd = fd, .second = INT64_MIN};
    if (form == LOG_OFF) return 0;
    log->buffer = malloc(LOG_BUFFER);
    log->spare = malloc(LOG_BUFFER);
    if (log->buffer && log->spare) {
        pthread_mutex_init(&log->lock, NULL);
        pthread_cond_init(&log->more, NULL);
        int error = pthread_create(&log->thread, NULL, writer_main, log);
        log->running = error == 0;
        if (!error) return 0;
        pthread_cond_destroy(&log->more);
        pthread_mutex_destroy(&log->lock);
    }
    free(log->buffer);
    free(log->spare);
    return WEIR_ENOMEM;
}

void serve_log_end(serve_log *log)
{
    if (!log->running) return;
    pthread_mutex_lock(&log->lock);
    log->ending = true;
    pthread_cond_signal(&log->more);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    pthread_cond_destroy(&log->more);
    pthread_mutex_destroy(&log->lock);
    free(log->buffer);
    free(log->spare);
    log->running = false;
}

/* Text for the inside of quotes: quotes, backslashes and what is not printable become \xHH. */
static size_t escape(weir_bytes text, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len && room - used > 5; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c > 0x7E || c == '"' || c == '\\') {
            used += (size_t)snprintf(out + used, room - used, "\\x%02X", c);
        } else {
            out[used++] = (char)c;
        }
    }
    out[used] = '\0';
    return used;
}

/* The client's address without its port. */
static void print_client(const weir_http_exchange *exchange, char out[WEIR_ADDRESS_TEXT])
{
    weir_address peer;
    if (weir_http_exchange_peer(exchange, &peer) || peer.kind == WEIR_ADDRESS_UNIX) {
        strcpy(out, "-");
        return;
    }
    weir_address_print(&peer, out);
    char *colon = strrchr(out, ':');
    if (colon) *colon = '\0';
    const size_t len = strlen(out);
    if (out[0] == '[' && out[len - 1] == ']') {
        memmove(out, out + 1, len - 2);
        out[len - 2] = '\0';
    }
}

/* What a line is made of, before the lock is taken. */
typedef struct parts {
    char client[WEIR_ADDRESS_TEXT];
    char method[32], target[TARGET];
    const char *version;
    const weir_http_outcome *outcome;
    int64_t now; /* real time, nanoseconds */
} parts;

/* Makes the time stamp of the second if it is a new one.  Under the lock.  The program never sets a
 * locale: months are in English. */
static const char *stamp(serve_log *log, int64_t second)
{
    if (log->second == second) return log->stamp;
    log->second = second;
    const time_t time = (time_t)second;
    struct tm date;
    if (log->form == LOG_COMMON) {
        localtime_r(&time, &date);
        strftime(log->stamp, sizeof log->stamp, "%d/%b/%Y:%H:%M:%S %z", &date);
    } else {
        gmtime_r(&time, &date);
        strftime(log->stamp, sizeof log->stamp, "%Y-%m-%dT%H:%M:%S", &date);
    }
    return log->stamp;
}

static int print_common(serve_log *log, const parts *p, char *out, size_t room)
{
    char request[TARGET + 64] = "-";
    if (p->method[0])
        snprintf(request, sizeof request, "%s %s %s", p->method, p->target, p->version);
    return snprintf(out, room, "%s - - [%s] \"%s\" %d %llu\n", p->client,
                    stamp(log, p->now / 1000000000), request, p->outcome->status,
                    (unsigned long long)p->outcome->body_bytes);
}

static int print_json(serve_log *log, const parts *p, char *out, size_t room)
{
    const weir_http_outcome *o = p->outcome;
    int n = snprintf(out, room,
                     "{\"time\":\"%s.%03dZ\",\"client\":\"%s\",\"method\":%s,\"target\":%s,"
                     "\"version\":\"%s\",\"status\":%d,\"bytes\":%llu,\"duration_us\":%lld",
                     stamp(log, p->now / 1000000000), (int)(p->now / 1000000 % 1000), p->client,
                     p->method, p->target, p->version, o->status, (unsigned long long)o->body_bytes,
                     (long long)(o->duration.ns / 1000));
    if (n < 0 || (size_t)n >= room) return n;
    const char *error = o->error ? weir_errname(o->error) : NULL;
    int more = error ? snprintf(out + n, room - (size_t)n, ",\"error\":\"%s\"}\n", error)
                     : snprintf(out + n, room - (size_t)n, "}\n");
    return n + more;
}

/* Puts the request's words in the form of the log. */
static void print_request(const serve_log *log, const weir_http_exchange *exchange, parts *p)
{
    const weir_bytes method = weir_http_exchange_method_text(exchange);
    weir_bytes target = weir_http_exchange_target(exchange);
    p->version = weir_http_version_text(weir_http_exchange_version(exchange));
    if (log->form == LOG_COMMON) {
        escape(method, p->method, sizeof p->method);
        escape(target, p->target, sizeof p->target);
        return;
    }
    size_t n = cli_json_string(method.data, method.len, p->method, sizeof p->method - 1);
    if (n == 0) n = cli_json_string("?", 1, p->method, sizeof p->method - 1);
    p->method[n] = '\0';
    /* A target that is too long is cut, so that the line stays one line of JSON. */
    for (n = 0; n == 0; target.len /= 2)
        n = cli_json_string(target.data, target.len, p->target, sizeof p->target - 1);
    p->target[n] = '\0';
}

void serve_log_add(weir_io *io, serve_log *log, const weir_http_exchange *exchange,
                   const weir_http_outcome *outcome)
{
    if (!log->running) return;
    parts p = {.outcome = outcome, .now = weir_now(io, WEIR_CLOCK_REAL).ns};
    print_client(exchange, p.client);
    print_request(log, exchange, &p);

    pthread_mutex_lock(&log->lock);
    char *at = log->buffer + log->used;
    const size_t room = LOG_BUFFER - log->used;
    int n = -1;
    if (room > LINE)
        n = log->form == LOG_COMMON ? print_common(log, &p, at, LINE)
                                    : print_json(log, &p, at, LINE);
    if (n > 0 && n < LINE) {
        const bool asleep = log->used == 0;
        log->used += (size_t)n;
        if (asleep) pthread_cond_signal(&log->more);
    } else {
        log->dropped++;
    }
    pthread_mutex_unlock(&log->lock);
}
