/* SPDX-License-Identifier: MIT
 *
 * The server's program: its handler, which takes each request as a whole and then answers with the
 * content that belongs to it, and its life from start to drain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/random.h>

#include "http_world.h"

/* One life of the server, from create to destroy. */
typedef struct life {
    http_world *world;
    weir_http_server *server;
    uint64_t calls; /* of the handler */
    uint64_t ends;  /* of exchanges */
} life;

/* A request, as its target tells it. */
typedef struct asked {
    unsigned client, number;
    size_t size;
    char how;
} asked;

/* The file from which answers are taken. */
static const char file_path[] = "/answers";

/* Writes the file.  Goes on where a write was short; tries again where it failed. */
static int write_file(weir_io *io, const http_plan *plan)
{
    enum { PART = 10000 };
    const uint64_t length = http_content_offset(plan->clients, 0) + HTTP_BODY;
    weir_file file;
    int64_t n = 0;
    while (weir_open(io, WEIR_FILE_CWD, file_path, WEIR_OPEN_WRITE | WEIR_OPEN_CREATE, 0644,
                     &file) != 0)
        if (weir_sleep(io, weir_milliseconds(100)) != 0) return WEIR_ECANCELED;
    for (uint64_t at = 0; at<length; at += n> 0 ? (uint64_t)n : 0) {
        n = weir_write_at(io, file, http_file() + at,
                          length - at < PART ? (size_t)(length - at) : PART, at);
        if (n < 0 && weir_sleep(io, weir_milliseconds(100)) != 0) break;
    }
    weir_close_file(io, file);
    return n < 0 ? (int)n : 0;
}

static void answer_from_file(weir_io *io, weir_http_exchange *x, const asked *a)
{
    weir_file file;
    if (weir_open(io, WEIR_FILE_CWD, file_path, WEIR_OPEN_READ, 0, &file) != 0) {
        weir_http_respond_error(x, 503, NULL);
        return;
    }
    if (weir_http_respond_begin(x, 200) == 0)
        weir_http_respond_file(x, file.fd, http_content_offset(a->client, a->number), a->size);
    weir_close_file(io, file);
}

/* The head of an answer that is made step by step, with or without a length. */
static int begin_steps(weir_http_exchange *x, const asked *a)
{
    char own[32];
    const int len = snprintf(own, sizeof own, "/%u/%u", a->client, a->number);
    int error = weir_http_respond_begin(x, 200);
    if (!error)
        error = weir_http_respond_field_named(x, weir_bytes_text("Request"),
                                              weir_bytes_of(own, (size_t)len));
    if (!error && a->how != 'c') error = weir_http_respond_length(x, a->size);
    return error;
}

static void answer_in_steps(weir_io *io, weir_http_exchange *x, http_world *world, const asked *a,
                            const char *content)
{
    int error = a->how == 'b' ? 0 : begin_steps(x, a);
    for (size_t at = 0; at < a->size && !error;) {
        size_t piece = 1 + (size_t)weir_random_below(io, a->size / 4 + 1);
        if (piece > a->size - at) piece = a->size - at;
        const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
        error = weir_http_respond_write(x, weir_bytes_of(content + at, piece));
        at += piece;
        if (!error && weir_random_below(io, 4) == 0) error = weir_http_respond_flush(x);
        http_note_written(world, world->clients[a->client].host, begin);
    }
    if (!error) weir_http_respond_end(x);
}

/* Takes the body, which is the content that is to be answered.  False: it did not come. */
static bool take_body(weir_io *io, weir_http_exchange *x, http_world *world, const asked *a,
                      char *content)
{
    size_t used = 0;
    int64_t got = 0;
    if (!weir_http_exchange_has_body(x, NULL)) return true;
    const bool little = weir_random_below(io, 4) == 0;
    for (;;) {
        const size_t room = little ? 1 + (size_t)weir_random_below(io, 500) : HTTP_BODY + 1;
        got = weir_http_exchange_read(x, content + used,
                                      room < HTTP_BODY + 1 - used ? room : HTTP_BODY + 1 - used);
        if (got <= 0) break;
        const http_entry *entry = &world->clients[a->client].ledger[a->number];
        if (entry->kind != HTTP_BAD_CHUNK &&
            memcmp(content + used, http_content(a->client, a->number) + used, (size_t)got) != 0)
            weir_sim_fail(world->trial, "the body of /%u/%u (%s) is another one's at %zu",
                          a->client, a->number, http_kinds[entry->kind].name, used);
        used += (size_t)got;
    }
    if (got == 0 && used != a->size)
        weir_sim_fail(world->trial, "the body of /%u/%u has %zu bytes instead of %zu", a->client,
                      a->number, used, a->size);
    return got == 0;
}

/* Answers a request that is there as a whole. */
static void answer(weir_io *io, weir_http_exchange *x, http_world *world, asked a, char *content)
{
    const http_bug bug = world->plan.bug;
    http_note_done(world, a.client, a.number);
    if (bug == HTTP_BUG_TWICE && a.how == 's' && a.size % 64 == 1)
        http_note_called(world, a.client, a.number);
    if (bug == HTTP_BUG_LOST && a.size % 64 == 1) return weir_http_exchange_close(x);
    /* Work: others have their turn between taking a request and answering it. */
    world->scratch[0] = a.client;
    world->scratch[1] = a.number;
    const uint64_t work = world->plan.work.ns ? (uint64_t)world->plan.work.ns : 20000000;
    if ((world->plan.work.ns || weir_random_below(io, 4) == 0) &&
        weir_sleep(io, (weir_duration){(int64_t)weir_random_below(io, work)}) != 0)
        return;
    if (bug == HTTP_BUG_ANOTHER) {
        a.client = world->scratch[0];
        a.number = world->scratch[1];
    }
    world->clients[a.client].ledger[a.number].late = weir_http_exchange_draining(x);
    if (weir_http_exchange_method(x) == WEIR_HTTP_OTHER_METHOD) {
        weir_http_respond_error(x, 501, NULL);
    } else if (world->plan.files) {
        answer_from_file(io, x, &a);
    } else {
        memcpy(content, http_content(a.client, a.number), a.size);
        if (a.how == 'w' || a.how == 'u') {
            weir_http_respond(x, 200, "text/plain", weir_bytes_of(content, a.size));
        } else {
            answer_in_steps(io, x, world, &a, content);
        }
    }
}

static void handle(weir_io *io, weir_http_exchange *x, void *context)
{
    life *l = context;
    asked a = {0};
    char text[64] = "";
    const weir_bytes target = weir_http_exchange_target(x);
    l->calls++;
    memcpy(text, target.data, target.len < sizeof text ? target.len : sizeof text - 1);
    if (sscanf(text, "/%u/%u/%zu/%c", &a.client, &a.number, &a.size, &a.how) != 4 ||
        a.size > HTTP_BODY || !http_note_called(l->world, a.client, a.number)) {
        weir_sim_fail(l->world->trial, "the handler saw a target that nobody sent: %s", text);
        return;
    }
    char *content = malloc(HTTP_BODY + 1);
    if (!content) {
        weir_http_respond_error(x, 503, NULL);
        return;
    }
    if (a.how == 'b') begin_steps(x, &a);
    if (a.how == 'u' || take_body(io, x, l->world, &a, content)) {
        answer(io, x, l->world, a, content);
    } else if (l->world->plan.bug == HTTP_BUG_MEMORY) {
        return;
    }
    free(content);
}

/* Told after each exchange. */
static void note_end(weir_io *io, const weir_http_exchange *x, const weir_http_outcome *outcome,
                     void *context)
{
    life *l = context;
    const http_bug bug = l->world->plan.bug;
    weir_socket leaked;
    (void)x;
    l->ends++;
    /* It writes a log, say, while the answer may wait to be sent and the server to be drained. */
    if (l->world->plan.work.ns && weir_random_below(io, 2))
        weir_sleep(
            io, (weir_duration){(int64_t)weir_random_below(io, (uint64_t)l->world->plan.work.ns)});
    if ((bug == HTTP_BUG_LEAK_431 && outcome->status == 431) ||
        (bug == HTTP_BUG_LEAK_408 && outcome->status == 408))
        (void)weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &leaked);
}

static int drain_when_told(weir_io *io, void *argument)
{
    life *l = argument;
    http_world *world = l->world;
    const weir_duration renew = world->plan.renew;
    const int seconds = world->plan.bug == HTTP_BUG_DRAIN ? 0 : HTTP_DRAIN_S;
    int64_t end = WEIR_FOREVER_NS;
    if (renew.ns)
        end = weir_now(io, WEIR_CLOCK_MONOTONIC).ns + renew.ns / 2 +
              (int64_t)weir_random_below(io, (uint64_t)renew.ns);
    while (!world->stop && weir_now(io, WEIR_CLOCK_MONOTONIC).ns < end)
        if (weir_sleep(io, weir_milliseconds(renew.ns ? 10 : 50)) != 0) return 0;
    world->draining = true;
    world->stopped_at = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    weir_http_server_drain(l->server, weir_deadline_after(io, weir_seconds(seconds)));
    return 0;
}

/* After its end nothing is under way: the counters agree with what was seen. */
static void check_counts(const life *l)
{
    const weir_http_server_counts counts = weir_http_server_count(l->server);
    weir_sim_trial *trial = l->world->trial;
    if (counts.connections != 0) weir_sim_fail(trial, "the server has ended with connections open");
    if (counts.requests != l->calls)
        weir_sim_fail(trial, "the server counts %llu requests, its handler %llu",
                      (unsigned long long)counts.requests, (unsigned long long)l->calls);
    if (l->ends < l->calls)
        weir_sim_fail(trial, "of %llu exchanges %llu have ended", (unsigned long long)l->calls,
                      (unsigned long long)l->ends);
}

static int serve(weir_io *io, http_world *world)
{
    life l = {.world = world};
    weir_task stopper;
    const weir_http_server_options options = {.handler = handle,
                                              .done = note_end,
                                              .context = &l,
                                              .header_timeout = weir_seconds(HTTP_HEADER_S),
                                              .idle_timeout = weir_seconds(HTTP_IDLE_S),
                                              .body_timeout = weir_seconds(HTTP_BODY_S),
                                              .min_rate = HTTP_RATE,
                                              .max_requests = HTTP_MOST_REQUESTS,
                                              .max_connections = world->plan.connections,
                                              .max_body = HTTP_MOST_LENGTH};
    int error = weir_http_server_create(io, &options, &l.server);
    if (error) return error;
    error = weir_http_server_listen(l.server, &world->address, NULL);
    if (!error && world->draining) {
        world->draining = false;
        world->renewed_at = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
        http_count(world, "a server renewed");
    }
    if (!error) error = weir_concurrent(io, &stopper, drain_when_told, &l, NULL);
    if (!error) {
        error = weir_http_server_run(l.server);
        weir_cancel(io, &stopper);
        check_counts(&l);
    }
    weir_http_server_destroy(l.server);
    return error;
}

/* It may be that there is no memory for it now, or that nothing can be opened. */
int http_run_server(weir_io *io, void *argument)
{
    http_world *world = argument;
    int error = world->plan.files ? write_file(io, &world->plan) : 0;
    if (error) return error;
    for (;;) {
        error = serve(io, world);
        if (error == WEIR_ECANCELED) return error;
        if (error) {
            if (weir_sleep(io, weir_milliseconds(500)) != 0) return WEIR_ECANCELED;
            continue;
        }
        const int64_t took = weir_now(io, WEIR_CLOCK_MONOTONIC).ns - world->stopped_at;
        if (took > weir_seconds(HTTP_DRAIN_S + 1).ns)
            weir_sim_fail(world->trial, "the drain took %lld ms", (long long)(took / 1000000));
        if (!world->stop) continue;
        world->drained = true;
        return 0;
    }
}
