/* SPDX-License-Identifier: MIT
 *
 * `weir echo`: its counters for people and programs, each second and at the end.
 */
#include <inttypes.h>
#include <unistd.h>

#include <weir/io/clock.h>

#include "echo.h"
#include "event.h"

static echo_counts look(const echo *e)
{
    const echo_counts *c = &e->counts;
    return (echo_counts){
        .connections = __atomic_load_n(&c->connections, __ATOMIC_RELAXED),
        .open = __atomic_load_n(&c->open, __ATOMIC_RELAXED),
        .failed = __atomic_load_n(&c->failed, __ATOMIC_RELAXED),
        .messages = __atomic_load_n(&c->messages, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&c->bytes, __ATOMIC_RELAXED),
        .dropped = __atomic_load_n(&c->dropped, __ATOMIC_RELAXED),
    };
}

static double seconds_since(weir_io *io, weir_instant then)
{
    return (double)(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - then.ns) / 1e9;
}

/* "1.5 MB" of bytes, decimal units. */
static const char *size_text(double bytes, char out[24])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    int unit = 0;
    for (; bytes >= 999.5 && unit < 5; unit++) bytes /= 1000;
    snprintf(out, 24, unit == 0 || bytes >= 99.5 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return out;
}

static void event_of(const echo *e, const char *name, const echo_counts *c, double seconds)
{
    cli_event event;
    cli_event_begin(&event, name);
    cli_event_seconds(&event, "seconds", seconds);
    cli_event_number(&event, "connections", c->connections);
    cli_event_number(&event, "open", c->open);
    cli_event_number(&event, "failed", c->failed);
    cli_event_number(&event, "messages", c->messages);
    cli_event_number(&event, "bytes", c->bytes);
    cli_event_number(&event, "dropped", c->dropped);
    (void)e;
    cli_event_end(&event, stdout);
}

static void line_of(const echo_counts *now, const echo_counts *then, double total, double seconds)
{
    char rate[24];
    fprintf(stderr,
            "%6.0f s  %" PRIu64 " open  %.0f connections/s  %.0f messages/s  %s/s  %" PRIu64
            " failed  %" PRIu64 " dropped\n",
            total, now->open, (double)(now->connections - then->connections) / seconds,
            (double)(now->messages - then->messages) / seconds,
            size_text((double)(now->bytes - then->bytes) / seconds, rate), now->failed,
            now->dropped);
}

int echo_stats(weir_io *io, void *argument)
{
    const echo *e = argument;
    weir_instant last = e->began;
    echo_counts then = {0};
    while (weir_sleep(io, weir_seconds(1)) == 0) {
        const echo_counts now = look(e);
        const double seconds = seconds_since(io, last), total = seconds_since(io, e->began);
        last = weir_now(io, WEIR_CLOCK_MONOTONIC);
        if (e->json)
            event_of(e, "stats", &now, total);
        else
            line_of(&now, &then, total, seconds);
        then = now;
    }
    return 0;
}

void echo_total(echo *e)
{
    const echo_counts now = look(e);
    const double seconds = seconds_since(e->io, e->began);
    char size[24];
    if (e->json) {
        event_of(e, "total", &now, seconds);
        return;
    }
    cli_complain("echoed %s in %" PRIu64 " messages over %" PRIu64 " connections in %.1f s; "
                 "%" PRIu64 " failed, %" PRIu64 " messages dropped",
                 size_text((double)now.bytes, size), now.messages, now.connections, seconds,
                 now.failed, now.dropped);
}
