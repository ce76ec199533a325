/* SPDX-License-Identifier: MIT
 *
 * The HTTP server and its clients, in a world where things go wrong.
 *
 * Each request carries a text of its own, and the answer repeats it.  What must hold, whatever the
 * seed and the faults:
 *
 *   - an answer is whole and the one to its request;
 *   - what was answered was handled, and by a run of the handler that this client has caused;
 *   - without faults and losses of connections every request is answered;
 *   - the drain ends by its deadline, with no connection left;
 *   - who goes on trying is answered in the end, whatever was scripted;
 *   - at the end no host has a descriptor open, and nothing is left of what the programs had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/http/server/server.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/sim/runner.h>
#include <weir/net/tcp.h>

#include "worlds.h"

enum {
    MOST_CLIENTS = 16,
    MOST_REQUESTS = 64,
    MOST_BODY = 200000,
    PATIENCE_S = 20, /* for one request */
    DRAIN_S = 5,
    FAULTS_END_S = 30,
    FEW_DESCRIPTORS = 5, /* of the server in the storm: its listener, and four connections */
};

/* What differs from world to world. */
typedef struct http_plan {
    unsigned clients, requests;
    uint64_t body;           /* the largest */
    bool reconnect;          /* a connection for each request, all at the same instants */
    weir_duration read_rest; /* between two reads of an answer */
    weir_duration hold;      /* between connecting and asking */
    bool persist;            /* a request is sent again until it is answered */
    bool files;              /* the answer is part of a file */
    weir_duration drain_at;  /* 0: when all clients are done */
} http_plan;

typedef struct http_world http_world;

typedef struct http_client {
    http_world *world;
    weir_sim_host *host;
    unsigned index;
    weir_tcp_stream tcp;
    bool open;
    unsigned answered;
    uint8_t handled[MOST_REQUESTS]; /* by the server */
} http_client;

struct http_world {
    weir_sim_trial *trial;
    http_plan plan;
    weir_address address;
    weir_sim_host *server;
    http_client clients[MOST_CLIENTS];
    unsigned done; /* clients that have ended */
    bool stop;     /* the server is to drain */
    bool drained;
    unsigned storm; /* times that a client saw the server without a free descriptor */
};

/* The server ------------------------------------------------------------------------------- */

static void note_handled(http_world *world, weir_bytes target)
{
    unsigned client, request;
    char text[32] = "";
    memcpy(text, target.data, target.len < sizeof text ? target.len : sizeof text - 1);
    if (sscanf(text, "/%u/%u", &client, &request) != 2 || client >= world->plan.clients ||
        request >= world->plan.requests) {
        weir_sim_fail(world->trial, "the handler saw a target that nobody sent: %s", text);
        return;
    }
    world->clients[client].handled[request] = 1;
}

/* The file from which all answers are taken, and where one begins. */
static const char file_path[] = "/answers";

static char file_byte(uint64_t at)
{
    return (char)('a' + at % 26);
}

static uint64_t file_offset(unsigned client, unsigned request)
{
    return client * 7 + request * 3;
}

/* Writes the file.  Goes on where a write was short; tries again where it failed. */
static int write_file(weir_io *io)
{
    enum { LENGTH = MOST_BODY + 1000, PART = 10000 };
    char part[PART];
    weir_file file;
    int64_t n = 0;
    while (weir_open(io, WEIR_FILE_CWD, file_path, WEIR_OPEN_WRITE | WEIR_OPEN_CREATE, 0644,
                     &file) != 0)
        if (weir_sleep(io, weir_milliseconds(100)) != 0) return WEIR_ECANCELED;
    for (uint64_t at = 0; at<LENGTH; at += n> 0 ? (uint64_t)n : 0) {
        for (unsigned i = 0; i < PART; i++) part[i] = file_byte(at + i);
        n = weir_write_at(io, file, part, LENGTH - at < PART ? (size_t)(LENGTH - at) : PART, at);
        if (n < 0 && weir_sleep(io, weir_milliseconds(100)) != 0) break;
    }
    weir_close_file(io, file);
    return n < 0 ? (int)n : 0;
}

static void answer_from_file(weir_io *io, weir_http_exchange *exchange, void *context)
{
    unsigned client, request;
    unsigned long long size;
    char text[64] = "";
    weir_file file;
    const weir_bytes target = weir_http_exchange_target(exchange);
    memcpy(text, target.data, target.len < sizeof text ? target.len : sizeof text - 1);
    if (sscanf(text, "/%u/%u/%llu", &client, &request, &size) != 3) return;
    note_handled(context, target);
    const int error = weir_open(io, WEIR_FILE_CWD, file_path, WEIR_OPEN_READ, 0, &file);
    if (error) {
        weir_http_respond_error(exchange, 503, NULL);
        return;
    }
    if (weir_http_respond_begin(exchange, 200) == 0)
        weir_http_respond_file(exchange, file.fd, file_offset(client, request), size);
    weir_close_file(io, file);
}

static void answer(weir_io *io, weir_http_exchange *exchange, void *context)
{
    (void)io;
    char *body = malloc(MOST_BODY);
    size_t used = 0;
    int64_t got;
    if (!body) return;
    while ((got = weir_http_exchange_read(exchange, body + used, MOST_BODY - used)) > 0)
        used += (size_t)got;
    if (got == 0) {
        note_handled(context, weir_http_exchange_target(exchange));
        weir_http_respond(exchange, 200, "text/plain", weir_bytes_of(body, used));
    }
    free(body);
}

typedef struct stopping {
    http_world *world;
    weir_http_server *server;
} stopping;

static int drain_when_told(weir_io *io, void *argument)
{
    stopping *s = argument;
    while (!s->world->stop)
        if (weir_sleep(io, weir_milliseconds(50)) != 0) return 0;
    weir_http_server_drain(s->server, weir_deadline_after(io, weir_seconds(DRAIN_S)));
    return 0;
}

static int run_server_once(weir_io *io, void *argument)
{
    http_world *world = argument;
    stopping s = {.world = world};
    weir_task stopper;
    const weir_http_server_options options = {
        .handler = world->plan.files ? answer_from_file : answer, .context = world};
    int error = world->plan.files ? write_file(io) : 0;
    if (!error) error = weir_http_server_create(io, &options, &s.server);
    if (error) return error;
    /* It may be that nothing can be opened now. */
    while ((error = weir_http_server_listen(s.server, &world->address, NULL)) != 0)
        if (weir_sleep(io, weir_milliseconds(500)) != 0) break;
    if (error) {
        weir_http_server_destroy(s.server);
        return error;
    }
    error = weir_concurrent(io, &stopper, drain_when_told, &s, NULL);
    if (!error) {
        error = weir_http_server_run(s.server);
        weir_cancel(io, &stopper);
        if (weir_http_server_count(s.server).connections != 0)
            weir_sim_fail(world->trial, "the server has ended with connections open");
    }
    weir_http_server_destroy(s.server);
    if (!error) world->drained = true;
    return error;
}

/* It may be that there is no memory for it now. */
static int run_server(weir_io *io, void *argument)
{
    for (;;) {
        const int error = run_server_once(io, argument);
        if (error != WEIR_ENOMEM || weir_sleep(io, weir_milliseconds(500)) != 0) return error;
    }
}

/* A client --------------------------------------------------------------------------------- */

/* Reads into `data` until `enough` bytes are there, or the head is complete. */
static int64_t read_more(weir_io *io, http_client *c, char *data, size_t used, size_t room)
{
    const weir_duration rest = c->world->plan.read_rest;
    if (rest.ns) {
        const int error = weir_sleep(io, rest);
        if (error) return error;
        if (room - used > 4096) room = used + 4096;
    }
    const int64_t got = weir_tcp_read(io, &c->tcp, data + used, room - used);
    return got == 0 ? WEIR_EEOF : got;
}

/* Takes the answer and compares it.  Returns 0, or why there is none; only a whole answer that is
 * wrong is the server's fault. */
static int take_answer(weir_io *io, http_client *c, unsigned request, const char *body, size_t size)
{
    const size_t room = size + 4096;
    char *data = malloc(room + 1), *end = NULL;
    size_t used = 0;
    int64_t got = 0;
    if (!data) return WEIR_ENOMEM;
    while (!end && used < room) {
        got = read_more(io, c, data, used, room);
        if (got < 0) break;
        used += (size_t)got;
        data[used] = 0;
        end = strstr(data, "\r\n\r\n");
    }
    if (!end) {
        free(data);
        return got < 0 ? (int)got : WEIR_ELIMIT;
    }
    const size_t head = (size_t)(end + 4 - data);
    end[3] = 0; /* the last of the head, which is a text then */
    const char *length = strstr(data, "Content-Length: ");
    const size_t told = length && length < end ? strtoull(length + 16, NULL, 10) : 0;
    const int status = (int)strtol(data + 9, NULL, 10);
    const bool keeps = !strstr(data, "Connection: close\r\n");
    while (status == 200 && used < head + told && told == size) {
        got = read_more(io, c, data, used, room);
        if (got < 0) break;
        used += (size_t)got;
    }
    int error = 0;
    if (status != 200) {
        /* 408, 503 …: the server may refuse, if it says so. */
        error = status >= 400 && status < 600 ? WEIR_ECLOSED : 0;
        if (!error) weir_sim_fail(c->world->trial, "a status that no server has: %d", status);
    } else if (told != size) {
        weir_sim_fail(c->world->trial, "the answer to /%u/%u has %zu bytes instead of %zu",
                      c->index, request, told, size);
    } else if (used < head + size) {
        error = (int)got;
    } else if (used > head + size || memcmp(data + head, body, size) != 0) {
        weir_sim_fail(c->world->trial, "the answer to /%u/%u is another one's", c->index, request);
    }
    free(data);
    return error || keeps ? error : 1;
}

static int ask(weir_io *io, http_client *c, unsigned request)
{
    const size_t size = (size_t)weir_random_below(io, c->world->plan.body + 1);
    const bool files = c->world->plan.files;
    char head[128], *body = malloc(size + 1);
    if (!body) return WEIR_ENOMEM;
    for (size_t i = 0; i < size; i++) body[i] = file_byte(file_offset(c->index, request) + i);
    const int len = snprintf(head, sizeof head,
                             files ? "GET /%u/%u/%zu HTTP/1.1\r\nHost: server\r\n\r\n"
                                   : "POST /%u/%u HTTP/1.1\r\nHost: server\r\n"
                                     "Content-Length: %zu\r\n\r\n",
                             c->index, request, size);
    int64_t result = weir_tcp_write_all(io, &c->tcp, head, (size_t)len);
    if (result == len && size && !files) result = weir_tcp_write_all(io, &c->tcp, body, size);
    if (result >= 0) result = take_answer(io, c, request, body, size);
    free(body);
    return (int)result;
}

static void hang_up(weir_io *io, http_client *c)
{
    if (c->open) weir_tcp_close(io, &c->tcp);
    c->open = false;
}

/* One request, on the connection that is open or a new one. */
static int try_once(weir_io *io, http_client *c, unsigned request)
{
    weir_scope scope;
    int error = 0;
    weir_scope_enter_for(io, &scope, weir_seconds(PATIENCE_S));
    if (!c->open) {
        error = weir_tcp_connect(io, &c->world->address, &c->tcp);
        c->open = error == 0;
    }
    if (!error && c->world->plan.hold.ns) error = weir_sleep(io, c->world->plan.hold);
    if (weir_sim_open_descriptors(c->world->server) >= FEW_DESCRIPTORS) c->world->storm++;
    if (!error) error = ask(io, c, request);
    weir_scope_leave(io, &scope);
    if (error) hang_up(io, c);
    return error;
}

static int run_client(weir_io *io, void *argument)
{
    http_client *c = argument;
    http_world *world = c->world;
    int error = 0;
    for (unsigned r = 0; r < world->plan.requests && !world->stop; r++) {
        const weir_duration pause = world->plan.reconnect
                                        ? weir_milliseconds(500)
                                        : weir_milliseconds((int64_t)weir_random_below(io, 200));
        error =
            world->plan.reconnect
                ? weir_sleep_until(
                      io, (weir_instant){(weir_now(io, WEIR_CLOCK_MONOTONIC).ns / pause.ns + 1) *
                                         pause.ns})
                : weir_sleep(io, pause);
        if (error == 0) error = try_once(io, c, r);
        while (world->plan.persist && error < 0 && error != WEIR_ECANCELED && !world->stop) {
            error = weir_sleep(io, weir_milliseconds(100));
            if (error == 0) error = try_once(io, c, r);
        }
        if (error == WEIR_ECANCELED) break;
        if (error >= 0) {
            c->answered++;
            if (!c->handled[r])
                weir_sim_fail(world->trial, "/%u/%u was answered and not handled", c->index, r);
        }
        if (world->plan.reconnect) hang_up(io, c);
    }
    hang_up(io, c);
    world->done++;
    return 0;
}

/* The world -------------------------------------------------------------------------------- */

static void check_end(http_world *world)
{
    weir_sim_trial *trial = world->trial;
    unsigned answered = 0;
    for (unsigned i = 0; i < world->plan.clients; i++) {
        answered += world->clients[i].answered;
        if (weir_sim_open_descriptors(world->clients[i].host) != 0)
            weir_sim_fail(trial, "client %u has left descriptors open", i);
    }
    if (weir_sim_open_descriptors(world->server) != 0)
        weir_sim_fail(trial, "the server has left descriptors open");
    if (world->plan.hold.ns && trial->fault_count && world->storm == 0)
        weir_sim_fail(trial, "the server never was without a descriptor");
    if (!world->drained) weir_sim_fail(trial, "the server did not end its drain");
    const weir_sim_usage left = weir_sim_usage_of(trial->sim);
    if (left.tasks + left.nodes + left.connections + left.buffers + left.events != 0)
        weir_sim_fail(trial, "left: %zu tasks, %zu nodes, %zu connections, %zu buffers, %zu events",
                      left.tasks, left.nodes, left.connections, left.buffers, left.events);
    const bool disturbed = !world->plan.persist && trial->fault_count > 0;
    if (!disturbed && !world->plan.drain_at.ns &&
        answered != world->plan.clients * world->plan.requests)
        weir_sim_fail(trial, "%u of %u requests were answered", answered,
                      world->plan.clients * world->plan.requests);
}

static int watch(weir_io *io, void *argument)
{
    http_world *world = argument;
    const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const weir_instant end = weir_instant_add(begin, weir_seconds(600));
    const weir_instant drain = weir_instant_add(begin, world->plan.drain_at);
    for (;;) {
        const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
        const bool all = world->done >= world->plan.clients;
        if (all || now.ns >= end.ns || (world->plan.drain_at.ns && now.ns >= drain.ns)) break;
        weir_sleep(io, weir_milliseconds(100));
    }
    /* Also a server that was restarted late is there by then. */
    const weir_duration settle = weir_seconds(FAULTS_END_S + 5);
    while (weir_instant_since(weir_now(io, WEIR_CLOCK_MONOTONIC), begin).ns < settle.ns &&
           world->trial->fault_count > 0)
        weir_sleep(io, weir_seconds(1));
    world->stop = true;
    /* Also who sends to a host that is away gives up. */
    weir_sleep(io, weir_seconds(DRAIN_S + 1800));
    return 0;
}

static int build(weir_sim_trial *trial, http_world *world)
{
    static const char *const names[MOST_CLIENTS] = {
        "client-0",  "client-1",  "client-2",  "client-3", "client-4",  "client-5",
        "client-6",  "client-7",  "client-8",  "client-9", "client-10", "client-11",
        "client-12", "client-13", "client-14", "client-15"};
    int error = weir_sim_add_host(trial->sim, "server", "10.0.0.1", &world->server);
    if (!error) error = weir_address_parse(weir_bytes_text("10.0.0.1:80"), &world->address);
    if (!error) error = weir_sim_start(world->server, "server", run_server, world);
    for (unsigned i = 0; i < world->plan.clients && !error; i++) {
        http_client *c = &world->clients[i];
        char address[32];
        snprintf(address, sizeof address, "10.0.1.%u", i + 1);
        *c = (http_client){.world = world, .index = i};
        error = weir_sim_add_host(trial->sim, names[i], address, &c->host);
        if (!error) error = weir_sim_start(c->host, "client", run_client, c);
    }
    return error;
}

typedef int script_fn(weir_sim_trial *trial, http_world *world);

static int run(weir_sim_trial *trial, const http_plan *plan, script_fn *script)
{
    weir_sim_host *watcher;
    http_world *world = calloc(1, sizeof *world);
    if (!world) return WEIR_ENOMEM;
    world->trial = trial;
    world->plan = *plan;
    int error = build(trial, world);
    if (!error) error = weir_sim_add_host(trial->sim, "watcher", NULL, &watcher);
    if (!error) error = script(trial, world);
    if (!error) error = weir_run(weir_sim_io(watcher), watch, world);
    if (!error) check_end(world);
    free(world);
    return error;
}

static int drawn_script(weir_sim_trial *trial, http_world *world)
{
    weir_sim_host *hosts[MOST_CLIENTS + 1] = {world->server};
    for (unsigned i = 0; i < world->plan.clients; i++) hosts[i + 1] = world->clients[i].host;
    return weir_sim_trial_draw(trial, weir_seconds(FAULTS_END_S), hosts, world->plan.clients + 1);
}

/* The network alone is bad. */
static int no_script(weir_sim_trial *trial, http_world *world)
{
    (void)trial;
    (void)world;
    return 0;
}

static int partition_script(weir_sim_trial *trial, http_world *world)
{
    int error = 0;
    for (unsigned i = 0; i < world->plan.clients && !error; i++) {
        weir_sim_host *client = world->clients[i].host;
        const weir_sim_fault faults[] = {
            {weir_milliseconds(100 + 50 * i), WEIR_SIM_CUT, world->server, client, 0},
            {weir_milliseconds(100 + 90 * i), WEIR_SIM_CUT, client, world->server, 0},
            {weir_seconds(3 + 4 * i), WEIR_SIM_JOIN, world->server, client, 0},
            {weir_seconds(5 + 3 * i), WEIR_SIM_JOIN, client, world->server, 0}};
        for (size_t f = 0; f < 4 && !error; f++) error = weir_sim_trial_fault(trial, &faults[f]);
    }
    return error;
}

static int descriptors_script(weir_sim_trial *trial, http_world *world)
{
    const weir_sim_fault few = {weir_milliseconds(300), WEIR_SIM_DESCRIPTORS, world->server, NULL,
                                FEW_DESCRIPTORS};
    return weir_sim_trial_fault(trial, &few);
}

/* So many of a million fail, of the server and of the clients, for a while. */
static int failing(weir_sim_trial *trial, http_world *world, weir_sim_fault_kind kind,
                   int64_t server, int64_t client)
{
    int error = 0;
    for (unsigned i = 0; i <= world->plan.clients && !error; i++) {
        weir_sim_host *host = i ? world->clients[i - 1].host : world->server;
        const weir_sim_fault begin = {weir_milliseconds(200), kind, host, NULL,
                                      i ? client : server};
        const weir_sim_fault end = {weir_seconds(20), kind, host, NULL, 0};
        error = weir_sim_trial_fault(trial, &begin);
        if (!error) error = weir_sim_trial_fault(trial, &end);
    }
    return error;
}

static int memory_script(weir_sim_trial *trial, http_world *world)
{
    return failing(trial, world, WEIR_SIM_MEMORY, 50000, 5000);
}

static int disk_script(weir_sim_trial *trial, http_world *world)
{
    const weir_sim_fault full = {weir_milliseconds(0), WEIR_SIM_DISK_FULL, world->server, NULL,
                                 50000};
    const weir_sim_fault enough = {weir_milliseconds(1500), WEIR_SIM_DISK_FULL, world->server, NULL,
                                   0};
    int error = weir_sim_trial_fault(trial, &full);
    if (!error) error = weir_sim_trial_fault(trial, &enough);
    return error ? error : failing(trial, world, WEIR_SIM_DISK_ERROR, 20000, 0);
}

static int clock_script(weir_sim_trial *trial, http_world *world)
{
    int error = 0;
    for (int i = 0; i < 10 && !error; i++) {
        const weir_sim_fault jump = {weir_milliseconds(200 * (i + 1)), WEIR_SIM_SKEW, world->server,
                                     NULL, (i % 2 ? -1 : 1) * INT64_C(3600000000000) * (i + 1)};
        error = weir_sim_trial_fault(trial, &jump);
    }
    return error;
}

int world_http(weir_sim_trial *trial)
{
    return run(trial, &(http_plan){.clients = 5, .requests = 20, .body = 20000}, drawn_script);
}

int world_http_partition(weir_sim_trial *trial)
{
    return run(trial, &(http_plan){.clients = 4, .requests = 10, .body = 150000}, partition_script);
}

int world_http_drain(weir_sim_trial *trial)
{
    const http_plan plan = {
        .clients = 8, .requests = 60, .body = 5000, .drain_at = weir_milliseconds(1500)};
    return run(trial, &plan, no_script);
}

int world_http_slow_reader(weir_sim_trial *trial)
{
    const http_plan plan = {
        .clients = 3, .requests = 3, .body = 190000, .read_rest = weir_milliseconds(40)};
    return run(trial, &plan, drawn_script);
}

int world_http_reconnect(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 16, .requests = 10, .body = 100, .reconnect = true};
    return run(trial, &plan, drawn_script);
}

int world_http_descriptors(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 12,
                            .requests = 10,
                            .body = 500,
                            .reconnect = true,
                            .hold = weir_milliseconds(300),
                            .persist = true};
    return run(trial, &plan, descriptors_script);
}

int world_http_memory(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 6, .requests = 12, .body = 30000, .persist = true};
    return run(trial, &plan, memory_script);
}

int world_http_files(weir_sim_trial *trial)
{
    const http_plan plan = {
        .clients = 4, .requests = 15, .body = 60000, .persist = true, .files = true};
    return run(trial, &plan, disk_script);
}

int world_http_clock(weir_sim_trial *trial)
{
    return run(trial, &(http_plan){.clients = 3, .requests = 20, .body = 1000}, clock_script);
}
