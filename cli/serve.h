/* SPDX-License-Identifier: MIT
 *
 * What the files of `weir serve` share.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include <pthread.h>

#include <weir/http/server/server.h>
#include <weir/io/file.h>
#include <weir/io/io.h>
#include <weir/io/signal.h>

#include "cli.h"

/* The access log: lines gathered in memory, written by a thread of its own, so that a slow terminal
 * or disk never holds a worker.  When it falls behind, lines are dropped and counted.
 * Invariant: `lock` guards all; the writer sleeps only while `used` is 0. */
enum { LOG_BUFFER = 256 * 1024 };

typedef enum serve_log_form { LOG_OFF, LOG_COMMON, LOG_JSON } serve_log_form;

typedef struct serve_log {
    serve_log_form form;
    int fd;
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t thread;
    char *buffer, *spare; /* being filled; being written */
    size_t used;
    uint64_t dropped; /* lines */
    int64_t second;   /* for which `stamp` was made */
    char stamp[40];
    bool running, ending;
} serve_log;

/* Starts the writer.  0, or a negative WEIR_E… code.  LOG_OFF starts nothing. */
int serve_log_start(serve_log *log, serve_log_form form, int fd);

/* Adds a line for an exchange. */
void serve_log_add(weir_io *io, serve_log *log, const weir_http_exchange *exchange,
                   const weir_http_outcome *outcome);

/* Writes what is left and ends the writer. */
void serve_log_end(serve_log *log);

/* What the handlers know. */
typedef struct serve_context {
    weir_io *io;
    weir_file root; /* the served directory */
    bool hidden;    /* serve names that begin with a dot */
    bool listing;   /* list directories without index.html */
    serve_log log;
} serve_context;

/* Serves a file or directory beneath context->root (serve_files.c). */
void serve_files(weir_io *io, weir_http_exchange *exchange, void *context);

/* Answers with the listing of a directory.  `path` is the decoded path, beginning and ending with
 * "/" (serve_listing.c). */
void serve_listing(serve_context *context, weir_http_exchange *exchange, weir_file directory,
                   const char *path);

/* Validators of a file (serve_conditions.c). */
typedef struct serve_validators {
    char etag[64]; /* with its quotes */
    size_t etag_len;
    int64_t modified; /* seconds since 1970 */
    char date[30];
} serve_validators;

void serve_validators_of(const weir_file_status *status, serve_validators *out);

/* Evaluates If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since: 0 to go on, 304 or
 * 412 (RFC 9110 13.2.2). */
int serve_conditions(const weir_http_exchange *exchange, const serve_validators *validators,
                     int64_t now);

/* Evaluates Range and If-Range: 206 and the part, 200 for all, 416 (RFC 9110 14). */
int serve_range(const weir_http_exchange *exchange, const serve_validators *validators,
                uint64_t size, int64_t now, uint64_t *offset, uint64_t *length);

/* The media type for a file name; never NULL (mime_table.c). */
const char *mime_type(const char *name);

/* Waits for SIGINT and SIGTERM and drains the server (serve_signals.c). */
typedef struct serve_signals {
    weir_http_server *server;
    weir_duration grace;
    weir_signals set;
} serve_signals;

weir_task_fn serve_signals_watch;

#endif
