/* SPDX-License-Identifier: MIT
 *
 * Streams of a host's addresses: a task looks the host up, and leaves what comes for who asks next.
 */
#include <weir/dns/stream.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/hosts.h>
#include <weir/sync/event.h>

#include "base/spin.h"
#include "dns/host.h"

enum { V6, V4, FAMILIES };

/* A family's addresses.  The looking tasks write it before `told`, under the stream's lock. */
typedef struct family {
    bool told;
    bool announced; /* its FAMILY event was given */
    int error;
    size_t count, given;
    weir_address addresses[WEIR_DNS_HOST_ADDRESSES];
} family;

/* Invariant: `lock` guards `families`, `found`, `order` and `result`; `changed` is set after each
 * change.  What next has given is its caller's task's alone. */
struct weir_dns_stream {
    weir_task task;
    weir_event changed;
    uint32_t lock;
    bool ended, canonical_given;
    uint8_t told;            /* how many families were told of */
    uint8_t order[FAMILIES]; /* which, in the order in which they came */
    int result;
    weir_dns_host found;
    family families[FAMILIES];
    dns_host host;
    weir_bytes name; /* behind the stream, in the same memory */
};

static void take_family(weir_io *io, void *argument, const weir_dns_host *found, unsigned which,
                        const weir_address *addresses, size_t count, int error)
{
    weir_dns_stream *stream = argument;
    uint8_t index = which == WEIR_DNS_IPV6 ? V6 : V4;
    family *f = &stream->families[index];
    weir_spin_lock(&stream->lock);
    if (stream->told == 0) stream->found = *found;
    stream->order[stream->told++] = index;
    memcpy(f->addresses, addresses, count * sizeof *addresses);
    f->count = count;
    f->error = error;
    f->told = true;
    weir_spin_unlock(&stream->lock);
    weir_event_set(io, &stream->changed);
}

static int look(weir_io *io, void *argument)
{
    weir_dns_stream *stream = argument;
    int result = weir_dns_find_host(io, &stream->host, stream->name);
    weir_spin_lock(&stream->lock);
    stream->result = result < 0 ? result : 0;
    stream->ended = true;
    weir_spin_unlock(&stream->lock);
    weir_event_set(io, &stream->changed);
    return 0;
}

int weir_dns_stream_open(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t port,
                         const weir_dns_lookup_options *options, weir_dns_stream **out)
{
    weir_dns_stream *stream = calloc(1, sizeof *stream + name.len);
    if (!stream) return WEIR_ENOMEM;
    char *copy = (char *)(stream + 1);
    if (name.len) memcpy(copy, name.data, name.len);
    stream->name = weir_bytes_of(copy, name.len);
    int error = weir_dns_host_init(&stream->host, resolver, port, options);
    stream->host.sink = take_family;
    stream->host.sink_argument = stream;
    if (!error) error = weir_concurrent(io, &stream->task, look, stream, NULL);
    if (error) {
        free(stream);
        return error;
    }
    *out = stream;
    return 0;
}

/* The next event that is there: 1; 0 if one has to be waited for; with the lock held. */
static int next_event(weir_dns_stream *stream, weir_dns_event *out)
{
    for (unsigned i = 0; i < stream->told; i++) {
        family *f = &stream->families[stream->order[i]];
        if (f->count > 0 && !stream->canonical_given) {
            stream->canonical_given = true;
            *out = (weir_dns_event){.kind = WEIR_DNS_EVENT_CANONICAL, .host = stream->found};
            return 1;
        }
        if (f->given < f->count) {
            out->kind = WEIR_DNS_EVENT_ADDRESS;
            out->address = f->addresses[f->given++];
            return 1;
        }
        if (!f->announced) {
            f->announced = true;
            out->kind = WEIR_DNS_EVENT_FAMILY;
            out->family = stream->order[i] == V4 ? WEIR_ADDRESS_IPV4 : WEIR_ADDRESS_IPV6;
            out->error = f->error;
            return 1;
        }
    }
    return 0;
}

int weir_dns_stream_try(weir_io *io, weir_dns_stream *stream, weir_dns_event *out)
{
    weir_spin_lock(&stream->lock);
    int result = next_event(stream, out);
    bool ended = stream->ended;
    /* Under the lock: what is told from now on sets it again. */
    if (!result && !ended) weir_event_reset(io, &stream->changed);
    weir_spin_unlock(&stream->lock);
    if (result) return result;
    return ended ? stream->result : WEIR_EAGAIN;
}

void weir_dns_stream_op(weir_op *op, weir_dns_stream *stream)
{
    weir_event_op(op, &stream->changed);
}

int weir_dns_stream_next(weir_io *io, weir_dns_stream *stream, weir_deadline deadline,
                         weir_dns_event *out)
{
    for (;;) {
        int result = weir_dns_stream_try(io, stream, out);
        if (result != WEIR_EAGAIN) return result;
        int error = weir_event_wait_until(io, &stream->changed, deadline);
        if (error) return error;
    }
}

void weir_dns_stream_close(weir_io *io, weir_dns_stream *stream)
{
    if (!stream) return;
    weir_cancel(io, &stream->task);
    free(stream);
}
