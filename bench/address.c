/* SPDX-License-Identifier: MIT
 *
 * What does it cost to read and to write an address, beside inet_pton and inet_ntop?
 *
 *      bench_address [--rounds N] [--json]
 *
 * Both take turns in rounds of a run each; printed are the nanoseconds of an operation (median,
 * least, most) and the median of the rounds' ratios, theirs to ours: above 1, Weir is faster.  The
 * C library has no address with port: there it is inet_pton or inet_ntop on the address alone.
 */
#include <arpa/inet.h>

#include <weir/io/addr.h>

#include "bench.h"

enum { ROUNDS = 15, ROUNDS_LIMIT = 999, REPEATS = 100000 };

static const struct {
    const char *name, *text, *bare;
} texts[] = {
    {"ipv4", "192.0.2.1", "192.0.2.1"},
    {"ipv4-long", "203.100.113.255", "203.100.113.255"},
    {"ipv4-port", "192.0.2.1:8080", "192.0.2.1"},
    {"ipv6-full", "2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3:8d3:1319:8a2e:370:7348"},
    {"ipv6-half", "fe80::1ff:fe23:4567:890a", "fe80::1ff:fe23:4567:890a"},
    {"ipv6-short", "2001:db8::1", "2001:db8::1"},
    {"ipv6-loopback", "::1", "::1"},
    {"ipv6-mapped", "::ffff:192.0.2.128", "::ffff:192.0.2.128"},
    {"ipv6-port", "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:443",
     "2001:db8:85a3:8d3:1319:8a2e:370:7348"},
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* What one text needs: how it stands, and its address for both. */
typedef struct subject {
    weir_bytes text;
    const char *bare;
    unsigned form;
    int family;
    weir_address address;
    uint8_t octets[16];
} subject;

static volatile unsigned sink;

static void our_parse(const subject *s)
{
    weir_address address;
    if (weir_address_parse_as(s->text, s->form, 0, &address, NULL)) bench_fail("parse", EINVAL);
    sink += address.at.ipv6[0];
}

static void their_parse(const subject *s)
{
    uint8_t octets[16];
    if (inet_pton(s->family, s->bare, octets) != 1) bench_fail("inet_pton", EINVAL);
    sink += octets[0];
}

static void our_print(const subject *s)
{
    char text[WEIR_ADDRESS_IPV6_PORT_TEXT];
    sink += (unsigned)weir_address_print_as(&s->address, s->form, NULL, text, sizeof text);
}

static void their_print(const subject *s)
{
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(s->family, s->octets, text, sizeof text)) bench_fail("inet_ntop", errno);
    sink += (unsigned char)text[0];
}

static double run(void (*call)(const subject *), const subject *s)
{
    const uint64_t begin = bench_now();
    for (int i = 0; i < REPEATS; i++) call(s);
    return (double)(bench_now() - begin) / REPEATS;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, const char *name, int rounds, double values[3][ROUNDS_LIMIT],
                   bool json, bool last)
{
    for (int i = 0; i < 3; i++) qsort(values[i], (size_t)rounds, sizeof(double), by_value);
    const double *ours = values[0], *theirs = values[1], ratio = values[2][rounds / 2];
    const int middle = rounds / 2, end = rounds - 1;
    if (json)
        printf("  {\"operation\": \"%s\", \"text\": \"%s\", \"weir_ns\": [%.2f, %.2f, %.2f], "
               "\"libc_ns\": [%.2f, %.2f, %.2f], \"ratio\": %.2f}%s\n",
               what, name, ours[middle], ours[0], ours[end], theirs[middle], theirs[0], theirs[end],
               ratio, last ? "" : ",");
    else
        printf("%-6s %-14s %7.1f %7.1f %7.1f   %7.1f %7.1f %7.1f   %6.2f\n", what, name,
               ours[middle], ours[0], ours[end], theirs[middle], theirs[0], theirs[end], ratio);
}

static void measure(const char *what, const char *name, int rounds, const subject *s,
                    void (*ours)(const subject *), void (*theirs)(const subject *), bool json,
                    bool last)
{
    static double values[3][ROUNDS_LIMIT];
    run(ours, s), run(theirs, s); /* warm */
    for (int i = 0; i < rounds; i++) {
        values[0][i] = run(ours, s);
        values[1][i] = run(theirs, s);
        values[2][i] = values[1][i] / values[0][i];
    }
    report(what, name, rounds, values, json, last);
}

static subject subject_of(int i)
{
    subject s = {.text = weir_bytes_text(texts[i].text), .bare = texts[i].bare};
    s.form = strcmp(texts[i].text, s.bare) ? WEIR_ADDRESS_AS_SOCKET : WEIR_ADDRESS_AS_IP;
    if (weir_address_parse_as(s.text, s.form, 0, &s.address, NULL)) bench_fail("parse", EINVAL);
    s.family = weir_address_family(&s.address);
    weir_address_octets(&s.address, s.octets);
    return s;
}

int main(int argc, char **argv)
{
    int rounds = ROUNDS;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) {
            json = true;
        } else if (!strcmp(argv[i], "--rounds")) {
            rounds = (int)bench_number("--rounds", argv[++i], 1, ROUNDS_LIMIT);
        } else {
            fprintf(stderr, "usage: %s [--rounds N] [--json]\n", argv[0]);
            return 2;
        }
    }
    if (json)
        printf("[\n");
    else
        printf("                      Weir, ns: median, least, most   C library, ns           "
               "ratio\n");
    for (int i = 0; i < TEXTS; i++) {
        const subject s = subject_of(i);
        measure("parse", texts[i].name, rounds, &s, our_parse, their_parse, json, false);
        measure("print", texts[i].name, rounds, &s, our_print, their_print, json, i + 1 == TEXTS);
    }
    if (json) printf("]\n");
    return 0;
}
