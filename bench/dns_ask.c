/* SPDX-License-Identifier: MIT
 *
 * A resolver that asks for many names, none of which it knows: bench/run-dns measures it beside
 * c-ares and dnsperf.
 *
 *      bench_dns_ask PORT PREFIX COUNT FLIGHT [--io auto|uring|epoll|threads]
 *
 * Looks up the IPv4 addresses of PREFIX-0.wild.test, PREFIX-1.wild.test … at the name server on
 * 127.0.0.1:PORT, FLIGHT at a time, each by a task that waits for its answer.  Prints nothing; ends
 * with 1 if a lookup failed.
 */
#include <weir/base/error.h>
#include <weir/dns/lookup.h>
#include <weir/io/engine/engine.h>
#include <weir/io/group.h>

#include "bench.h"

static struct {
    const char *prefix;
    weir_dns_resolver *resolver;
    unsigned port, count, flight, next;
} run;

static int look_up(weir_io *io, void *argument)
{
    (void)argument;
    weir_dns_lookup_options options = {.flags = WEIR_DNS_IPV4_ONLY | WEIR_DNS_NO_HOSTS};
    for (;;) {
        char name[128];
        weir_address out;
        unsigned i = __atomic_fetch_add(&run.next, 1, __ATOMIC_RELAXED);
        if (i >= run.count) return 0;
        int len = snprintf(name, sizeof name, "%s-%u.wild.test", run.prefix, i);
        int count = weir_dns_lookup_host(io, run.resolver, weir_bytes_of(name, (size_t)len), 80,
                                         &options, &out, 1, NULL);
        if (count < 0) bench_fail(weir_strerror(count), 0);
    }
}

static int ask(weir_io *io, void *argument)
{
    (void)argument;
    weir_dns_config config;
    weir_dns_config_init(&config);
    config.servers[config.server_count++] = weir_address_loopback4((uint16_t)run.port);
    weir_dns_resolver_options options = {.files.config = &config};
    int error = weir_dns_resolver_create(io, &options, &run.resolver);
    if (error) return error;
    weir_group group = WEIR_GROUP_INIT;
    for (unsigned i = 0; i < run.flight && !error; i++)
        error = weir_group_concurrent(io, &group, look_up, NULL, NULL);
    if (!error) error = weir_group_wait(io, &group);
    weir_dns_resolver_destroy(io, run.resolver);
    return error;
}

int main(int argc, char **argv)
{
    weir_engine_options engine = {.workers = 1};
    int kind = argc == 7 && !strcmp(argv[5], "--io") ? weir_engine_kind_parse(argv[6]) : 0;
    if ((argc != 5 && argc != 7) || kind < 0) {
        fprintf(stderr, "usage: %s PORT PREFIX COUNT FLIGHT [--io auto|uring|epoll|threads]\n",
                argv[0]);
        return 2;
    }
    engine.kind = (weir_engine_kind)kind;
    run.port = (unsigned)bench_number("PORT", argv[1], 1, 65535);
    run.prefix = argv[2];
    run.count = (unsigned)bench_number("COUNT", argv[3], 1, 1e8);
    run.flight = (unsigned)bench_number("FLIGHT", argv[4], 1, 10000);
    int error = weir_engine_run(&engine, ask, NULL);
    if (error) fprintf(stderr, "%s\n", weir_strerror(error));
    return error != 0;
}
