/* SPDX-License-Identifier: MIT
 *
 * When any one allocation of a lookup fails, or all from some point on, or there are no
 * descriptors: does the call say so or succeed, and does the next one work?
 */
#include "test/network/dns_lookup.h"

#include <sys/resource.h>

enum { TRIALS_LIMIT = 300 };

typedef int shortage_call(weir_io *io, house *h);

static int call_host(weir_io *io, house *h)
{
    const int result = house_find(io, h, "host.example", 0);
    return result < 0 ? result : 0;
}

static int call_records(weir_io *io, house *h)
{
    weir_dns_answer answer;
    const int result = house_lookup(io, h, "big.example", WEIR_DNS_TXT, 0, &answer);
    if (result == 0) {
        check_int(answer.count, 16);
        weir_dns_answer_free(&answer);
    }
    return result;
}

static int call_localhost(weir_io *io, house *h)
{
    weir_dns_answer answer;
    const int result = house_lookup(io, h, "localhost", WEIR_DNS_A, 0, &answer);
    if (result == 0) weir_dns_answer_free(&answer);
    return result;
}

static int call_service(weir_io *io, house *h)
{
    weir_dns_service services[2];
    const int result =
        weir_dns_lookup_service(io, h->resolver, weir_bytes_text("sip"), weir_bytes_text("tcp"),
                                weir_bytes_text("example"), NULL, services, 2);
    return result < 0 ? result : 0;
}

static int call_address(weir_io *io, house *h)
{
    weir_dns_name name;
    const weir_address address = weir_address_loopback4(0);
    const int result = weir_dns_lookup_address(io, h->resolver, &address, NULL, &name, 1);
    return result < 0 ? result : 0;
}

static int call_query(weir_io *io, house *h)
{
    const weir_dns_name name = house_name("host.example");
    const weir_dns_query_options options = {.tcp = true};
    weir_dns_message message;
    const int result = weir_dns_query(io, h->resolver, &name, WEIR_DNS_A, &options, &message);
    if (result == 0) check(message.octets.len > 0);
    weir_dns_message_free(&message);
    return result;
}

static int call_stream(weir_io *io, house *h)
{
    weir_dns_stream *stream;
    weir_dns_event event;
    int result =
        weir_dns_stream_open(io, h->resolver, weir_bytes_text("host.example"), 1, NULL, &stream);
    if (result) return result;
    while ((result = weir_dns_stream_next(io, stream, weir_never(), &event)) > 0) continue;
    weir_dns_stream_close(io, stream);
    return result;
}

static const struct {
    const char *name;
    shortage_call *call;
} calls[] = {
    {"host", call_host},       {"records", call_records}, {"localhost", call_localhost},
    {"service", call_service}, {"address", call_address}, {"query", call_query},
    {"stream", call_stream},
};

enum { CALLS = sizeof calls / sizeof *calls };

static house *begin(weir_io *io)
{
    house *h = house_new(
        io, RULES({.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1", "@ 300 A 192.0.2.2"}},
                  {.type = WEIR_DNS_AAAA, .records = {"@ 300 AAAA 2001:db8::1"}},
                  {.type = WEIR_DNS_TXT, .transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                  {.type = WEIR_DNS_TXT, .pad = 15, .records = {"@ 300 TXT a"}},
                  {.type = WEIR_DNS_SRV, .records = {"@ 300 SRV 1 1 1 a.example."}},
                  {.type = WEIR_DNS_PTR, .records = {"@ 300 PTR a.example."}}));
    /* The server has no memory either: what it does not answer is given up soon. */
    h->config.timeout = weir_milliseconds(100);
    h->config.attempts = 2;
    return h;
}

/* One call with the allocations from number `n` on refused, or that one alone.  False when there
 * were not so many. */
static bool try_one(weir_io *io, int which, size_t n, bool alone)
{
    house *h = begin(io);
    if (alone)
        test_alloc_fail_once(n);
    else
        test_alloc_fail_after(n);
    int result = weir_dns_resolver_create(io, &h->options, &h->resolver);
    if (result) h->resolver = NULL;
    if (!result) result = calls[which].call(io, h);
    const bool refused = test_alloc_failed() > 0;
    test_alloc_reset();
    const bool good = result == 0 || result == WEIR_ENOMEM || result == WEIR_ENOBUFS ||
                      result == WEIR_ECONCURRENCY || result == WEIR_EDNS_TIMEOUT ||
                      result == WEIR_EDNS_TRUNCATED; /* the server has no memory for TCP */
    if (!check(good || !refused))
        fprintf(stderr, "    … %s, result %d\n", calls[which].name, result);
    if (!refused) check_int(result, 0);
    if (h->resolver || house_open(io, h)) check_int(calls[which].call(io, h), 0);
    house_end(io, h);
    return refused;
}

static void try_all(weir_io *io, bool alone)
{
    for (int which = 0; which < CALLS; which++) {
        for (size_t n = 0; n < TRIALS_LIMIT && !contract_failed(); n++) {
            contract_at(calls[which].name, n);
            if (!try_one(io, which, n, alone)) break;
        }
    }
}

CONTRACT(dns_lookup_survives_a_failed_allocation)
{
    try_all(io, true);
}

LOOKUP_ON_SIM(dns_lookup_survives_the_end_of_memory)
{
    try_all(io, false);
}

CONTRACT(dns_lookup_without_descriptors_says_so)
{
    house *h = begin(io);
    h->config.timeout = weir_seconds(20);
    house_open(io, h);
    check_int(call_host(io, h), 0);
    weir_dns_resolver_flush(h->resolver, NULL);
    struct rlimit limit, low;
    check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 3;
    check_int(setrlimit(RLIMIT_NOFILE, &low), 0);
    check_int(call_host(io, h), WEIR_EMFILE);
    check_int(call_records(io, h), WEIR_EMFILE);
    check_int(call_stream(io, h), WEIR_EMFILE);
    check_int(call_query(io, h), WEIR_EMFILE);
    check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < CALLS; i++) check_int(calls[i].call(io, h), 0);
    house_end(io, h);
}
