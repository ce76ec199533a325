/* SPDX-License-Identifier: MIT
 *
 * `weir serve`: options, start, and the root task that listens, serves and drains.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/task.h>
#include <weir/net/endpoint.h>

#include "serve.h"
#include "start.h"
#include "target.h"

/* What the command line said. */
typedef struct serve_plan {
    const char *directory; /* NULL with hello or echo */
    cli_list listen;
    const char *engine, *log_form;
    uint32_t workers, stall_ms;
    bool hello, echo, hidden, no_listing, debug;
    weir_duration grace;
    weir_http_server_options server;
    serve_context context;
    serve_signals signals;
} serve_plan;

/* Handlers and their log ------------------------------------------------------------------- */

static void hello(weir_io *io, weir_http_exchange *exchange, void *context)
{
    static const char text[] = "Hello, World!";
    (void)io;
    (void)context;
    weir_http_respond(exchange, 200, "text/plain", weir_bytes_of(text, sizeof text - 1));
}

/* Reads the whole content into memory of its own: the count, or an error. */
static int64_t read_all(weir_http_exchange *exchange, char **out)
{
    size_t used = 0, capacity = 0;
    *out = NULL;
    for (;;) {
        if (used == capacity) {
            capacity = capacity ? 2 * capacity : 16384;
            char *bigger = realloc(*out, capacity);
            if (!bigger) return WEIR_ENOMEM;
            *out = bigger;
        }
        int64_t n = weir_http_exchange_read(exchange, *out + used, capacity - used);
        if (n < 0) return n;
        if (n == 0) return (int64_t)used;
        used += (size_t)n;
    }
}

static void echo(weir_io *io, weir_http_exchange *exchange, void *context)
{
    (void)io;
    (void)context;
    const weir_bytes type = weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_CONTENT_TYPE);
    char *body = NULL;
    int64_t len = 0;
    if (weir_http_exchange_method(exchange) == WEIR_HTTP_CONNECT) {
        /* A 200 would promise a tunnel (RFC 9110 9.3.6). */
        weir_http_respond_error(exchange, 501, "no tunnels here");
        return;
    }
    if (weir_http_exchange_has_body(exchange, NULL)) len = read_all(exchange, &body);
    if (len == WEIR_ENOMEM) weir_http_respond_error(exchange, 503, "out of memory");
    if (len >= 0) {
        weir_http_respond_begin(exchange, 200);
        if (type.data) weir_http_respond_field(exchange, WEIR_HTTP_FIELD_CONTENT_TYPE, type);
        weir_http_respond_length(exchange, (uint64_t)len);
        weir_http_respond_write(exchange, weir_bytes_of(body, (size_t)len));
        weir_http_respond_end(exchange);
    }
    free(body);
}

static void log_done(weir_io *io, const weir_http_exchange *exchange,
                     const weir_http_outcome *outcome, void *context)
{
    serve_context *serve = context;
    serve_log_add(io, &serve->log, exchange, outcome);
}

/* Starting --------------------------------------------------------------------------------- */

static void announce(const serve_plan *plan, const weir_address *bound)
{
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print(bound, text);
    const char *what = plan->hello  ? "a fixed text"
                       : plan->echo ? "each request's own body"
                                    : plan->directory;
    const weir_io_description about = weir_io_describe(plan->context.io);
    fprintf(stderr, "weir: serving %s at http://%s/ (%s engine, %s, %u %s)\n", what, text,
            about.engine, about.reactor, about.workers, about.workers == 1 ? "worker" : "workers");
}

static void suggest(const serve_plan *plan, const weir_address *bound)
{
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print(bound, text);
    if (plan->echo) {
        fprintf(stderr, "weir: try  curl -i -d 'some text' http://%s/\n", text);
    } else {
        fprintf(stderr, "weir: try  curl -i http://%s/   Ctrl-C stops\n", text);
    }
}

/* What listening on one of its endpoints has of a server. */
typedef struct listening {
    const serve_plan *plan;
    weir_http_server *server;
    weir_address *first; /* that was bound; NONE before */
} listening;

static int listen_one(void *context, const weir_address *address, weir_address *bound)
{
    const listening *l = context;
    const int error = weir_http_server_listen(l->server, address, bound);
    if (error) return error;
    if (l->first->kind == WEIR_ADDRESS_NONE) *l->first = *bound;
    announce(l->plan, bound);
    return 0;
}

static int listen_on(const serve_plan *plan, weir_http_server *server, const char *text,
                     weir_address *first)
{
    cli_target target = {.text = text, .transport = CLI_TCP};
    listening l = {plan, server, first};
    const int error = weir_endpoint_parse(weir_bytes_text(text), &target.endpoint);
    if (error) {
        cli_complain("--listen %s: %s; it takes 8080, :8080, localhost:8080, 192.0.2.1:80 or "
                     "[::1]:8080",
                     text, weir_strerror(error));
        return error;
    }
    return cli_listen_each(&target, listen_one, &l) > 0 ? 0 : WEIR_EINVAL;
}

static int open_root(serve_plan *plan)
{
    if (!plan->directory) return 0;
    int error = weir_open(plan->context.io, WEIR_FILE_CWD, plan->directory,
                          WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY, 0, &plan->context.root);
    if (error) cli_complain("cannot serve %s: %s", plan->directory, weir_strerror(error));
    return error;
}

static int serve_until_stopped(weir_io *io, serve_plan *plan, weir_http_server *server)
{
    weir_task watch;
    plan->signals.server = server;
    const weir_task_options options = {.name = "signals", .worker = WEIR_WORKER_SAME};
    int error = weir_concurrent(io, &watch, serve_signals_watch, &plan->signals, &options);
    if (error) {
        cli_complain("cannot start: %s", weir_strerror(error));
        return error;
    }
    error = weir_http_server_run(server);
    weir_cancel(io, &watch);
    if (error) cli_complain("stopped: %s", weir_strerror(error));
    return error;
}

static int root_main(weir_io *io, void *argument)
{
    serve_plan *plan = argument;
    weir_http_server *server = NULL;
    weir_address first = {0};
    int error = open_root(plan);
    if (error) return error;
    error = weir_http_server_create(io, &plan->server, &server);
    if (error) cli_complain("cannot start: %s", weir_strerror(error));
    for (unsigned i = 0; i < plan->listen.count && !error; i++)
        error = listen_on(plan, server, plan->listen.items[i], &first);
    if (!error) {
        suggest(plan, &first);
        error = serve_until_stopped(io, plan, server);
    }
    weir_http_server_destroy(server);
    if (plan->context.root.fd >= 0) weir_close_file(io, plan->context.root);
    return error;
}

/* Options ---------------------------------------------------------------------------------- */

static int parse_log(const serve_plan *plan)
{
    const char *form = plan->log_form;
    if (!form) return plan->directory ? LOG_COMMON : LOG_OFF;
    if (strcmp(form, "off") == 0) return LOG_OFF;
    if (strcmp(form, "common") == 0) return LOG_COMMON;
    if (strcmp(form, "json") == 0) return LOG_JSON;
    cli_complain("--log takes off, common or json, not \"%s\"", form);
    return -1;
}

static int parse_plan(serve_plan *plan, int argc, char **argv)
{
    weir_http_server_options *s = &plan->server;
    const cli_option options[] = {
        {"listen", CLI_LIST, &plan->listen},
        {"workers", CLI_COUNT, &plan->workers},
        {"io", CLI_TEXT, &plan->engine},
        {"log", CLI_TEXT, &plan->log_form},
        {"hello", CLI_FLAG, &plan->hello},
        {"echo", CLI_FLAG, &plan->echo},
        {"hidden", CLI_FLAG, &plan->hidden},
        {"no-listing", CLI_FLAG, &plan->no_listing},
        {"stall", CLI_COUNT, &plan->stall_ms},
        {"debug", CLI_FLAG, &plan->debug},
        {"max-connections", CLI_COUNT, &s->max_connections},
        {"max-requests", CLI_COUNT, &s->max_requests},
        {"max-body", CLI_BYTES, &s->max_body},
        {"header-timeout", CLI_SECONDS, &s->header_timeout},
        {"idle-timeout", CLI_SECONDS, &s->idle_timeout},
        {"body-timeout", CLI_SECONDS, &s->body_timeout},
        {"write-timeout", CLI_SECONDS, &s->write_timeout},
        {"drain-timeout", CLI_SECONDS, &plan->grace},
        {0},
    };
    const char *words[1] = {NULL};
    if (cli_parse(&cli_serve, options, argc, argv, words, 1) < 0) return -1;
    if (plan->hello + plan->echo + (words[0] != NULL) > 1) {
        cli_complain("serve takes one of DIR, --hello and --echo");
        return -1;
    }
    if (!plan->hello && !plan->echo) plan->directory = words[0] ? words[0] : ".";
    if (plan->listen.count == 0) plan->listen.items[plan->listen.count++] = "127.0.0.1:8080";
    return 0;
}

static weir_io *make_engine(const serve_plan *plan)
{
    const weir_engine_options options = {.workers = plan->workers,
                                         .dump_signal = SIGUSR1,
                                         .stall = weir_milliseconds(plan->stall_ms),
                                         .debug = plan->debug};
    return cli_make_engine(plan->engine, &options);
}

static int run(int argc, char **argv)
{
    serve_plan plan = {.grace = weir_seconds(30), .context.root = {-1}};
    if (parse_plan(&plan, argc, argv) < 0) return CLI_USAGE;
    const int form = parse_log(&plan);
    if (form < 0) return CLI_USAGE;
    plan.context.hidden = plan.hidden;
    plan.context.listing = !plan.no_listing;
    plan.server.context = &plan.context;
    plan.server.handler = plan.hello ? hello : plan.echo ? echo : serve_files;
    if (form != LOG_OFF) plan.server.done = log_done;
    plan.signals.grace = plan.grace;
    cli_raise_limit();

    int error = cli_open_signals(&plan.signals.set);
    if (!error) error = serve_log_start(&plan.context.log, (serve_log_form)form, STDOUT_FILENO);
    if (error) {
        cli_complain("cannot start: %s", weir_strerror(error));
        return CLI_FAILED;
    }
    plan.context.io = make_engine(&plan);
    error = plan.context.io ? weir_run(plan.context.io, root_main, &plan) : WEIR_EINVAL;
    weir_io_destroy(plan.context.io);
    serve_log_end(&plan.context.log);
    /* The signals stay open: one that comes now does not change how the program ends. */
    return error ? CLI_FAILED : CLI_OK;
}

const cli_command cli_serve = {
    .name = "serve",
    .summary = "serve a directory over HTTP",
    .help = "usage: weir serve [DIR] [OPTION …]\n\n"
            "Serves the files beneath DIR (default: the present directory) over HTTP/1.1.\n"
            "SIGINT or SIGTERM finishes open requests and ends; SIGUSR1 lists all tasks on\n"
            "standard error.\n\n"
            "  --listen ADDR          127.0.0.1:8080 (the default), :8080 for all addresses,\n"
            "                         8080, localhost:8080, [::1]:8080; repeatable\n"
            "  --workers N            threads that serve; default: one per processor\n"
            "  --io ENGINE            auto, uring, epoll or threads\n"
            "  --log FORM             off, common or json, to standard output\n"
            "  --hidden               serve names that begin with a dot, too\n"
            "  --no-listing           do not list directories without index.html\n"
            "  --hello                answer every request with a fixed text\n"
            "  --echo                 answer every request with its own body\n\n"
            "  --max-connections N    default 100000; more wait in the kernel\n"
            "  --max-requests N       per connection; default: no limit\n"
            "  --max-body SIZE        of a request; default 16m\n"
            "  --header-timeout S     seconds for a request's head; default 10\n"
            "  --idle-timeout S       between requests; default 60\n"
            "  --body-timeout S       for a request's body; default 30\n"
            "  --write-timeout S      for each 256 KiB of a response; default 30\n"
            "  --drain-timeout S      for open requests at the end; default 30\n"
            "  --stall MS             name tasks that hold their worker longer than this\n"
            "  --debug                check how descriptors are used, at some cost\n\n"
            "example: weir serve /usr/share/doc --listen localhost:8000\n",
    .run = run,
};
