/* SPDX-License-Identifier: MIT
 *
 * What does a host cost that the resolver knows already: time, beside getaddrinfo and c-ares, which
 * find it in the hosts file; and memory?
 *
 *      bench_dns cached [--rounds N] [--json]
 *      bench_dns memory [--names N] [--json]
 *
 * A name server in the same process fills the cache.  `cached` measures the thread's processor
 * time of whole calls: the name as text in, addresses sorted by RFC 6724 out.  The peers
 * keep no cache of their own, and read the hosts file in each call: it is their quickest way to an
 * answer.  `memory` looks up N names of one address each, and divides by N what the cache says that
 * it takes, and how much the process grew.
 */
#include <netdb.h>

#include <weir/base/error.h>
#include <weir/dns/lookup.h>
#include <weir/dns/wire/record.h>
#include <weir/io/engine/engine.h>
#include <weir/io/group.h>
#include <weir/net/udp.h>

#include "turns.h"

#ifdef BENCH_CARES
#include <ares.h>
#endif

enum { ROUNDS = 41, NAMES = 1000000, FLIGHT = 64, TTL = 86400 };

static struct {
    bool memory, json;
    int rounds;
    unsigned names;
} set = {.rounds = ROUNDS, .names = NAMES};

static void check(const char *what, int64_t error)
{
    if (error < 0) bench_fail(what, 0);
}

/* The name server ------------------------------------------------------------------------------ */

typedef struct server {
    weir_udp_socket udp;
    weir_address address;
} server;

/* One address of the type asked for; but no IPv6 address for names that do not begin with "dual",
 * which a SOA record allows to be remembered. */
static size_t answer(weir_bytes message, uint8_t *out, size_t room)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_writer writer;
    if (weir_dns_reader_init(&reader, message, &header)) return 0;
    if (weir_dns_reader_question(&reader, &question) != 1) return 0;
    header.response = header.recursion_available = true;
    weir_dns_writer_init(&writer, out, room, &header);
    weir_dns_writer_question(&writer, &question.name, question.type, question.class_);
    weir_dns_data data = {.type = question.type};
    weir_dns_section section = WEIR_DNS_ANSWER;
    if (question.type == WEIR_DNS_A) {
        memcpy(data.as.a, (uint8_t[]){127, 0, 0, 1}, 4);
    } else if (memcmp(question.name.octets, "\4dual", 5) == 0) {
        data.as.aaaa[15] = 1;
    } else {
        section = WEIR_DNS_AUTHORITY;
        data.type = WEIR_DNS_SOA;
        data.as.soa = (weir_dns_soa){
            .primary = question.name, .mailbox = question.name, .minimum = TTL, .expire = TTL};
    }
    check("answer", weir_dns_writer_data(&writer, section, &question.name, TTL, &data));
    return writer.len;
}

static int serve(weir_io *io, void *argument)
{
    server *s = argument;
    for (;;) {
        static uint8_t in[1500], out[1500];
        weir_address from;
        int64_t got = weir_udp_receive_from(io, &s->udp, in, sizeof in, &from);
        if (got < 0) return (int)got;
        size_t len = answer(weir_bytes_of(in, (size_t)got), out, sizeof out);
        int64_t sent = len ? weir_udp_send_to(io, &s->udp, out, len, &from) : 0;
        if (sent == WEIR_ECANCELED) return (int)sent;
    }
}

/* Time ----------------------------------------------------------------------------------------- */

typedef struct one_host {
    weir_io *io;
    weir_dns_resolver *resolver;
    const char *name;
    unsigned flags;
    int expected; /* addresses */
    int family;   /* for the peers */
#ifdef BENCH_CARES
    ares_channel channel;
#endif
} one_host;

static void by_weir(void *context)
{
    one_host *h = context;
    weir_address out[4];
    weir_dns_lookup_options options = {.flags = h->flags};
    int count = weir_dns_lookup_host(h->io, h->resolver, weir_bytes_text(h->name), 80, &options,
                                     out, 4, NULL);
    if (count != h->expected) {
        fprintf(stderr, "%s: ", h->name);
        bench_fail(count < 0 ? weir_strerror(count) : "wrong number of addresses", 0);
    }
}

static void by_system(void *context)
{
    one_host *h = context;
    struct addrinfo hints = {.ai_family = h->family, .ai_socktype = SOCK_STREAM}, *list = NULL;
    int error = getaddrinfo(h->name, NULL, &hints, &list);
    if (error) bench_fail(gai_strerror(error), 0);
    freeaddrinfo(list);
}

#ifdef BENCH_CARES
static void taken(void *argument, int status, int timeouts, struct hostent *host)
{
    (void)timeouts;
    if (status != ARES_SUCCESS || !host->h_addr_list[0]) bench_fail(ares_strerror(status), 0);
    ++*(int *)argument;
}

/* What it finds in the hosts file it tells before the call returns. */
static void by_ares(void *context)
{
    one_host *h = context;
    int calls = 0;
    ares_gethostbyname(h->channel, h->name, h->family, taken, &calls);
    if (calls != 1) bench_fail("c-ares does not answer at once", 0);
}
#endif

/* The first name in the hosts file that has no special meaning, with an IPv4 address; and the
 * number of lines. */
static bool find_in_hosts(char name[256], int *lines)
{
    char line[1024], address[256], word[256];
    bool found = false;
    FILE *file = fopen("/etc/hosts", "r");
    for (*lines = 0; file && fgets(line, sizeof line, file); ++*lines)
        if (!found && sscanf(line, "%255[0-9.] %255s", address, word) == 2 &&
            !strstr(word, "localhost")) {
            strcpy(name, word);
            found = true;
        }
    if (file) fclose(file);
    return found;
}

static void measure_time(weir_io *io, weir_dns_resolver *resolver)
{
    static char name[256] = "host.example.com";
    static turns t = {.base = -1};
    static char title[400];
    int lines;
    bool in_hosts = find_in_hosts(name, &lines);
    one_host both = {
        .io = io, .resolver = resolver, .name = name, .flags = WEIR_DNS_NO_HOSTS, .expected = 1};
    one_host dual = both, ipv4 = both, local = both, system = both;
    dual.name = "dual.example.com";
    dual.expected = 2;
    ipv4.flags |= WEIR_DNS_IPV4_ONLY;
    local.flags = WEIR_DNS_IPV4_ONLY;
    system.family = AF_INET;
    turns_add(&t, "weir, cache: A", by_weir, &ipv4);
    turns_add(&t, "weir, cache: A, and that there is no AAAA", by_weir, &both);
    turns_add(&t, "weir, cache: A and AAAA (another name)", by_weir, &dual);
    if (in_hosts) {
        turns_add(&t, "weir, hosts file: A", by_weir, &local);
        t.base = t.count;
        turns_add(&t, "getaddrinfo", by_system, &system);
    }
#ifdef BENCH_CARES
    one_host ares = system;
    struct ares_options options = {.lookups = (char[]){"f"}};
    ares_library_init(ARES_LIB_INIT_ALL);
    if (ares_init_options(&ares.channel, &options, ARES_OPT_LOOKUPS)) bench_fail("c-ares", 0);
    if (in_hosts) turns_add(&t, "c-ares", by_ares, &ares);
#endif
    snprintf(title, sizeof title, "ns per lookup of \"%s\"; the hosts file has %d lines", name,
             lines);
    t.title = title;
    for (int i = 0; i < t.count; i++) t.contenders[i].call(t.contenders[i].context);
    turns_measure(&t, set.rounds, set.json);
}

/* Memory --------------------------------------------------------------------------------------- */

typedef struct looker {
    weir_dns_resolver *resolver;
    unsigned *next, end;
} looker;

static int look_up(weir_io *io, void *argument)
{
    looker *l = argument;
    weir_dns_lookup_options options = {.flags = WEIR_DNS_IPV4_ONLY | WEIR_DNS_NO_HOSTS};
    while (*l->next < l->end) {
        char name[64];
        weir_address out;
        int len = snprintf(name, sizeof name, "host%06u.example.com", (*l->next)++);
        int count = weir_dns_lookup_host(io, l->resolver, weir_bytes_of(name, (size_t)len), 80,
                                         &options, &out, 1, NULL);
        if (count != 1) bench_fail(weir_strerror(count), 0);
    }
    return 0;
}

static void look_all_up(weir_io *io, weir_dns_resolver *resolver, unsigned begin, unsigned end)
{
    looker l = {resolver, &begin, end};
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < FLIGHT; i++)
        check("spawn", weir_group_concurrent(io, &group, look_up, &l, NULL));
    check("wait", weir_group_wait(io, &group));
}

static void measure_memory(weir_io *io, weir_dns_resolver *resolver)
{
    unsigned warm = 1000; /* sockets, stacks and buffers are there then */
    weir_dns_statistics before, after;
    look_all_up(io, resolver, 0, warm);
    weir_dns_resolver_statistics(resolver, &before);
    uint64_t resident = bench_resident(getpid());
    look_all_up(io, resolver, warm, set.names + warm);
    resident = bench_resident(getpid()) - resident;
    weir_dns_resolver_statistics(resolver, &after);
    if (after.entries != set.names + warm) bench_fail("names are missing", 0);
    double counted = (double)(after.bytes - before.bytes) / set.names;
    double grown = (double)resident / set.names;
    if (set.json)
        printf("{\"names\": %u, \"bytes_counted\": %.1f, \"bytes_resident\": %.1f}\n", set.names,
               counted, grown);
    else
        printf("%u names like host123456.example.com with one A record: bytes for each\n"
               "  %-40s %9.1f\n  %-40s %9.1f\n",
               set.names, "the cache's own count, with its table", counted,
               "growth of the resident set", grown);
}

/* ---------------------------------------------------------------------------------------------- */

static int measure(weir_io *io, void *argument)
{
    (void)argument;
    static server s;
    static weir_dns_config config;
    weir_dns_resolver_options options = {.files.config = &config, .cache_bytes = 1u << 30};
    weir_dns_resolver *resolver;
    weir_task serving;
    weir_address loopback = weir_address_loopback4(0);
    check("bind", weir_udp_bind(io, &loopback, NULL, &s.udp));
    check("address", weir_udp_local(io, &s.udp, &s.address));
    weir_dns_config_init(&config);
    config.servers[config.server_count++] = s.address;
    check("resolver", weir_dns_resolver_create(io, &options, &resolver));
    check("server", weir_concurrent(io, &serving, serve, &s, NULL));
    (set.memory ? measure_memory : measure_time)(io, resolver);
    weir_cancel(io, &serving);
    weir_udp_close(io, &s.udp);
    weir_dns_resolver_destroy(io, resolver);
    return 0;
}

int main(int argc, char **argv)
{
    bool good = argc >= 2 && (!strcmp(argv[1], "cached") || !strcmp(argv[1], "memory"));
    for (int i = 2; i < argc && good; i++) {
        if (!strcmp(argv[i], "--json"))
            set.json = true;
        else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
            set.rounds = (int)bench_number("--rounds", argv[++i], 1, TURNS_ROUNDS_MAX);
        else if (!strcmp(argv[i], "--names") && i + 1 < argc)
            set.names = (unsigned)bench_number("--names", argv[++i], 1, 1e8);
        else
            good = false;
    }
    if (!good) {
        fprintf(stderr, "usage: %s cached [--rounds N] [--json] | memory [--names N] [--json]\n",
                argv[0]);
        return 2;
    }
    set.memory = !strcmp(argv[1], "memory");
    /* The C library needs a larger stack than tasks have by default. */
    weir_engine_options engine = {.workers = 1, .stack_size = 1 << 20};
    int error = weir_engine_run(&engine, measure, NULL);
    if (error) fprintf(stderr, "%s\n", weir_strerror(error));
    return error != 0;
}
