/* SPDX-License-Identifier: MIT
 *
 * What does it cost to read the head of a request, to take a chunked body apart and to write the
 * head of a response, beside picohttpparser, http_parser, memcpy and snprintf?
 *
 *      bench_parse [--rounds N] [--seed N] [--cpu N] [--peer NAME=FILE] [--json] [INPUT...]
 *
 * First every contender has to see the same fields, or bytes, as Weir.  Then they take turns in
 * rounds of a short run each, on one thread that stays on one processor.  Printed are the
 * nanoseconds of processor time of an operation (median, least, most), how far the middle half of
 * the rounds spreads, and the median of the rounds' ratios to the peer that the input is compared
 * with: above 1, the contender is faster than that peer.
 */
#include <dlfcn.h>
#include <sched.h>

#include "http/wire/scan.h"

#include "parse_heads.h"
#include "parse_peers.h"

enum { ROUNDS = 41, ROUNDS_LIMIT = 999, CONTENDERS = 16, PEERS = 4, DRAWS = 64 * MIXED_HEADS };
enum { RUN = 1000000 /* nanoseconds of a run, at least */ };

static const char *const inputs[] = {
    "cookie-703",       "minimal-27",       "chromium-671", "mixed-64",        "chunked-copy",
    "chunked-copy-16k", "chunked-copy-far", "chunked-see",  "chunked-see-16k", "response",
};
enum { INPUTS = sizeof inputs / sizeof *inputs };

typedef struct settings {
    int rounds, cpu;
    uint64_t seed;
    bool json, begun;
    contender peers[PEERS];
    int peer_count;
    char **only; /* the inputs asked for; NULL: all */
    int only_count;
} settings;

/* What is measured: texts, one of which each call gets, and who does it. */
typedef struct input {
    const char *name, *unit;
    const char *text[MIXED_HEADS];
    size_t len[MIXED_HEADS];
    int texts;
    const uint8_t *draws; /* which text comes when, DRAWS of them; NULL: the first always */
    int64_t expected;     /* of each call; -1: what the first contender says */
    double operations;    /* in a call */
    double bytes;         /* in an operation */
    contender contenders[CONTENDERS];
    int count;
    bool copied; /* a call fills `destination` */
    int base;    /* the contender that the others are compared with */
} input;

static contender *add(input *in, contender one)
{
    if (in->count == CONTENDERS) bench_fail("too many contenders", 0);
    in->contenders[in->count] = one;
    return &in->contenders[in->count++];
}

/* As add, and the others are compared with this one. */
static void add_base(input *in, contender one)
{
    add(in, one);
    in->base = in->count - 1;
}

/* Weir with each scanner that this machine runs. */
static void add_weir(input *in, int64_t (*call)(const char *, size_t),
                     bool (*field)(int, weir_bytes *, weir_bytes *))
{
    static char names[8][32];
    const weir_http_scanner *const *scanners = weir_http_scanners();
    for (int i = 0; scanners[i] && i < 8; i++) {
        snprintf(names[i], sizeof names[i], "weir %s", scanners[i]->name);
        add(in, (contender){names[i], call, field, scanners[i]});
    }
}

static void add_heads(const settings *set, input *in)
{
    add_weir(in, weir_head, weir_field);
    in->base = -1;
#ifdef BENCH_H2O
    add_base(in, (contender){"phr (libh2o)", phr_head, phr_field, NULL});
#endif
#ifdef BENCH_HTTP_PARSER
    add(in, (contender){"http_parser", old_head, old_field, NULL});
#endif
    for (int i = 0; i < set->peer_count; i++) add(in, set->peers[i]);
}

/* Correctness first. */

static void check_fields(const input *in, const contender *one, int64_t count,
                         const weir_bytes expected[][2])
{
    for (int i = 0; one->field && i < (int)count; i++) {
        weir_bytes name, value;
        if (!one->field(i, &name, &value) || !weir_bytes_equal(name, expected[i][0]) ||
            !weir_bytes_equal(value, expected[i][1])) {
            fprintf(stderr, "%s, %s: field %d is \"%.*s: %.*s\", not \"%.*s: %.*s\"\n", in->name,
                    one->name, i, (int)name.len, name.data, (int)value.len, value.data,
                    (int)expected[i][0].len, expected[i][0].data, (int)expected[i][1].len,
                    expected[i][1].data);
            exit(1);
        }
    }
}

static void check_copy(const input *in, const contender *one)
{
    for (int i = 0; i < (int)in->operations; i++)
        for (size_t k = 0; k < CHUNK; k++)
            if (destination[(size_t)i * CHUNK + k] != 'a' + i % 26) {
                fprintf(stderr, "%s, %s: chunk %d is not what was sent\n", in->name, one->name, i);
                exit(1);
            }
}

static void check(const input *in)
{
    for (int text = 0; text < in->texts; text++) {
        weir_bytes expected[FIELDS][2];
        int64_t wanted = in->expected;
        for (int i = 0; i < in->count; i++) {
            const contender *one = &in->contenders[i];
            weir_http_scanner_use(one->scanner);
            if (in->copied) memset(destination, 0, (size_t)in->operations * CHUNK);
            const int64_t got = one->call(in->text[text], in->len[text]);
            if (i == 0 && wanted < 0) wanted = got;
            if (got != wanted || got < 0) {
                fprintf(stderr, "%s, %s: gives %lld instead of %lld on text %d:\n%.*s\n", in->name,
                        one->name, (long long)got, (long long)wanted, text,
                        in->len[text] < MIXED_ROOM ? (int)in->len[text] : 0, in->text[text]);
                exit(1);
            }
            if (in->copied) check_copy(in, one);
            for (int k = 0; i == 0 && one->field && k < (int)got; k++)
                if (!one->field(k, &expected[k][0], &expected[k][1])) bench_fail("field", EINVAL);
            check_fields(in, one, got, (const weir_bytes(*)[2])expected);
        }
    }
}

/* Measuring. */

/* Nanoseconds of the processor that this thread has used: what others use meanwhile does not count,
 * but for what they push out of the caches. */
static uint64_t now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)) bench_fail("clock_gettime", errno);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t run(const input *in, const contender *one, unsigned repeats)
{
    int64_t sum = 0;
    const uint64_t begin = now();
    if (in->draws) {
        for (unsigned i = 0; i < repeats; i++) {
            const unsigned text = in->draws[i % DRAWS];
            sum += one->call(in->text[text], in->len[text]);
        }
    } else {
        for (unsigned i = 0; i < repeats; i++) sum += one->call(in->text[0], in->len[0]);
    }
    const uint64_t end = now();
    sink = sink + (uint64_t)sum;
    return end - begin;
}

/* How often to repeat for a run that is long enough: one of the mixed set goes through all draws.
 */
static unsigned repeats_of(const input *in, const contender *one)
{
    const unsigned least = in->draws ? DRAWS : 1;
    for (unsigned repeats = least;; repeats *= 2)
        if (run(in, one, repeats) >= RUN || repeats > 1u << 26) return repeats;
}

typedef struct series {
    double ns[ROUNDS_LIMIT], ratio[ROUNDS_LIMIT];
} series;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(settings *set, const input *in, const contender *one, series *s, bool compared)
{
    const int rounds = set->rounds;
    qsort(s->ns, (size_t)rounds, sizeof(double), by_value);
    qsort(s->ratio, (size_t)rounds, sizeof(double), by_value);
    const double median = s->ns[rounds / 2], least = s->ns[0], most = s->ns[rounds - 1];
    const double spread = (s->ns[rounds * 3 / 4] - s->ns[rounds / 4]) / median * 100;
    if (set->json) {
        printf("%s\n  {\"input\": \"%s\", \"unit\": \"%s\", \"bytes\": %.1f, \"peer\": \"%s\", "
               "\"ns\": {\"median\": %.2f, \"min\": %.2f, \"max\": %.2f}, \"spread_percent\": %.1f",
               set->begun ? "," : "", in->name, in->unit, in->bytes, one->name, median, least, most,
               spread);
        if (compared)
            printf(", \"compared_with\": \"%s\", \"ratio\": %.3f", in->contenders[in->base].name,
                   s->ratio[rounds / 2]);
        printf("}");
    } else {
        printf("  %-18s %9.1f %9.1f %9.1f %6.1f%% ", one->name, median, least, most, spread);
        if (compared)
            printf("%8.2f %8.2f\n", s->ratio[rounds / 2], in->bytes / median);
        else
            printf("%8s %8.2f\n", "-", in->bytes / median);
    }
    set->begun = true;
}

static bool is_wanted(const settings *set, const char *name)
{
    for (int i = 0; i < set->only_count; i++)
        if (!strcmp(set->only[i], name)) return true;
    return set->only_count == 0;
}

static void measure(settings *set, const input *in)
{
    static series values[CONTENDERS];
    unsigned repeats[CONTENDERS];
    check(in);
    for (int i = 0; i < in->count; i++) {
        weir_http_scanner_use(in->contenders[i].scanner);
        repeats[i] = repeats_of(in, &in->contenders[i]);
    }
    for (int round = 0; round < set->rounds; round++) {
        for (int k = 0; k < in->count; k++) {
            /* Each goes first in its turn. */
            const int i = (round + k) % in->count;
            weir_http_scanner_use(in->contenders[i].scanner);
            /* What the one before did to clock, caches and predictors is over after a run. */
            run(in, &in->contenders[i], repeats[i]);
            values[i].ns[round] =
                (double)run(in, &in->contenders[i], repeats[i]) / repeats[i] / in->operations;
        }
        for (int i = 0; in->base >= 0 && i < in->count; i++)
            values[i].ratio[round] = values[in->base].ns[round] / values[i].ns[round];
    }
    if (!set->json)
        printf("\n%s: %.0f bytes, ns per %s%s%s\n  %-18s %9s %9s %9s %7s %8s %8s\n", in->name,
               in->bytes, in->unit, in->base >= 0 ? ", compared with " : "",
               in->base >= 0 ? in->contenders[in->base].name : "", "", "median", "min", "max",
               "spread", "ratio", "GB/s");
    for (int i = 0; i < in->count; i++)
        report(set, in, &in->contenders[i], &values[i], in->base >= 0);
}

/* The inputs. */

/* A copy at the begin of a buffer as a connection has it. */
static const char *in_buffer(const char *text, size_t len)
{
    char *buffer = aligned_alloc(4096, 16384);
    if (!buffer || len > 16384) bench_fail("memory", ENOMEM);
    return memcpy(memset(buffer, 0, 16384), text, len);
}

static void measure_head(settings *set, const char *name, const char *text, size_t len, int fields)
{
    if (!is_wanted(set, name)) return;
    input in = {.name = name, .unit = "head", .texts = 1, .expected = fields, .operations = 1};
    in.text[0] = in_buffer(text, len);
    in.len[0] = len;
    in.bytes = (double)len;
    add_heads(set, &in);
    measure(set, &in);
    free((char *)in.text[0]);
}

/* Each head as often as any other, in an order that no predictor learns. */
static void measure_mixed(settings *set, const char *name)
{
    static uint8_t draws[DRAWS];
    if (!is_wanted(set, name)) return;
    mixed_set *heads = mixed_new(set->seed);
    input in = {.name = name, .unit = "head", .texts = MIXED_HEADS, .expected = -1};
    unsigned order[MIXED_HEADS];
    in.draws = draws;
    in.operations = 1;
    for (unsigned i = 0; i < MIXED_HEADS; i++) {
        in.text[i] = heads->text[i];
        in.len[i] = heads->len[i];
        in.bytes += (double)heads->len[i] / MIXED_HEADS;
        order[i] = i;
    }
    for (int i = 0; i < DRAWS; i++) {
        if (i % MIXED_HEADS == 0) mixed_shuffle(&heads->state, order, MIXED_HEADS);
        draws[i] = (uint8_t)order[i % MIXED_HEADS];
    }
    add_heads(set, &in);
    measure(set, &in);
    free(heads);
}

/* A body of `chunks` chunks, given to the decoders in parts of `each` bytes. */
static void measure_chunked(settings *set, const char *name, size_t chunks, size_t each,
                            bool copied)
{
    if (!is_wanted(set, name)) return;
    const size_t len = chunks * CHUNK_WHOLE + 5;
    char *body = bench_alloc(1, len), *at = body;
    for (size_t i = 0; i < chunks; i++, at += CHUNK_WHOLE) {
        memcpy(at, "10000\r\n", CHUNK_LINE);
        memset(at + CHUNK_LINE, (int)('a' + i % 26), CHUNK);
        memcpy(at + CHUNK_LINE + CHUNK, "\r\n", 2);
    }
    memcpy(at, "0\r\n\r\n", 5);
    destination = bench_alloc(chunks, CHUNK);
    part = each ? each : len;
    input in = {.name = name, .unit = "chunk", .texts = 1, .operations = (double)chunks};
    in.text[0] = body;
    in.len[0] = len;
    in.expected = (int64_t)(chunks * CHUNK);
    in.bytes = CHUNK;
    in.copied = copied;
    in.base = -1;
    add_weir(&in, copied ? weir_chunked_copied : weir_chunked_seen, NULL);
#ifdef BENCH_HTTP_PARSER
    if (copied)
        add(&in, (contender){"http_parser", old_chunked_copied, NULL, NULL});
    else
        add_base(&in, (contender){"http_parser", old_chunked_seen, NULL, NULL});
#endif
    if (copied) add_base(&in, (contender){"memcpy", plain_copied, NULL, NULL});
    measure(set, &in);
    free(body);
    free(destination);
    destination = NULL;
}

static void measure_response(settings *set, const char *name)
{
    if (!is_wanted(set, name)) return;
    input in = {.name = name, .unit = "head", .texts = 1, .operations = 1};
    response.server = weir_bytes_text("weir");
    response.date = weir_bytes_text("Sun, 06 Nov 1994 08:49:37 GMT");
    response.type = weir_bytes_text("text/html; charset=utf-8");
    response.cache = weir_bytes_text("public, max-age=3600");
    response.tag = weir_bytes_text("\"5e0f-61b2a7c3d4e5f\"");
    response.length = 24079;
    in.text[0] = "";
    in.expected = printed_response("", 0);
    in.bytes = (double)in.expected;
    char *printed = strdup(response.text);
    if (!printed || weir_response("", 0) != in.expected ||
        memcmp(printed, response.text, (size_t)in.expected) != 0)
        bench_fail("the two response heads differ", 0);
    free(printed);
    add(&in, (contender){"weir", weir_response, NULL, NULL});
    add_base(&in, (contender){"snprintf", printed_response, NULL, NULL});
    measure(set, &in);
}

/* The command line. */

_Noreturn static void usage(const char *program, FILE *to)
{
    fprintf(to,
            "usage: %s [OPTION...] [INPUT...]\n"
            "  --rounds N        take turns so often (%d)\n"
            "  --seed N          of the mixed heads (1)\n"
            "  --cpu N           stay on this processor (the last one there is)\n"
            "  --peer NAME=FILE  measure one more parser: a shared object with a function\n"
            "                    int bench_parse_head(const char *data, size_t len)\n"
            "                    that returns how many fields the request head has, or -1\n"
            "  --json            print a list of objects\n"
            "inputs:",
            program, ROUNDS);
    for (int i = 0; i < INPUTS; i++) fprintf(to, " %s", inputs[i]);
    fprintf(to, "\n");
    exit(to == stderr ? 2 : 0);
}

static int (*loaded[PEERS])(const char *, size_t);
#define LOADED(i)                                           \
    static int64_t loaded_##i(const char *data, size_t len) \
    {                                                       \
        return loaded[i](data, len);                        \
    }
LOADED(0)
LOADED(1)
LOADED(2)
LOADED(3)

static void load(settings *set, char *word)
{
    static int64_t (*const calls[])(const char *, size_t) = {loaded_0, loaded_1, loaded_2,
                                                             loaded_3};
    char *file = word ? strchr(word, '=') : NULL;
    if (!file || set->peer_count == PEERS)
        bench_fail("--peer needs NAME=FILE, four times at most", 0);
    *file++ = 0;
    void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    void *symbol = object ? dlsym(object, "bench_parse_head") : NULL;
    if (!symbol) bench_fail(dlerror(), 0);
    memcpy(&loaded[set->peer_count], &symbol, sizeof symbol);
    set->peers[set->peer_count] = (contender){word, calls[set->peer_count], NULL, NULL};
    set->peer_count++;
}

static settings parse(int argc, char **argv)
{
    settings set = {.rounds = ROUNDS, .seed = 1, .cpu = -1};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--help")) usage(argv[0], stdout);
        if (!strcmp(argv[i], "--json")) {
            set.json = true;
        } else if (!strcmp(argv[i], "--rounds")) {
            set.rounds = (int)bench_number(argv[i++], value, 1, ROUNDS_LIMIT);
        } else if (!strcmp(argv[i], "--seed")) {
            set.seed = (uint64_t)bench_number(argv[i++], value, 0, 1e15);
        } else if (!strcmp(argv[i], "--cpu")) {
            set.cpu = (int)bench_number(argv[i++], value, 0, CPU_SETSIZE - 1);
        } else if (!strcmp(argv[i], "--peer")) {
            load(&set, value);
            i++;
        } else {
            usage(argv[0], stderr);
        }
    }
    for (int k = i; k < argc; k++) {
        int found = 0;
        while (found < INPUTS && strcmp(argv[k], inputs[found])) found++;
        if (found == INPUTS) usage(argv[0], stderr);
    }
    set.only = argv + i;
    set.only_count = argc - i;
    return set;
}

/* Stays on one processor: the last allowed one, if none is named. */
static int pin(int cpu)
{
    cpu_set_t allowed;
    if (cpu < 0 && sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        for (int i = 0; i < CPU_SETSIZE; i++)
            if (CPU_ISSET(i, &allowed)) cpu = i;
    CPU_ZERO(&allowed);
    if (cpu >= 0) CPU_SET((size_t)cpu, &allowed);
    if (sched_setaffinity(0, sizeof allowed, &allowed)) bench_fail("--cpu", errno);
    return cpu;
}

static void say_what_is_missing(void)
{
#ifndef BENCH_H2O
    fprintf(stderr, "left out: picohttpparser (libh2o-evloop-dev was not there at the build)\n");
#endif
#ifndef BENCH_HTTP_PARSER
    fprintf(stderr, "left out: http_parser (libhttp-parser-dev was not there at the build)\n");
#endif
}

int main(int argc, char **argv)
{
    settings set = parse(argc, argv);
    const int cpu = pin(set.cpu);
    say_what_is_missing();
    if (set.json)
        printf("[");
    else
        printf("%d rounds on processor %d; Weir's best scanner here: %s\n", set.rounds, cpu,
               weir_http_parser_scanner());
    weir_http_parser_request(&weir.parser, NULL, weir.fields, FIELDS);
    measure_head(&set, "cookie-703", head_cookie, sizeof head_cookie - 1, 9);
    measure_head(&set, "minimal-27", head_minimal, sizeof head_minimal - 1, 1);
    measure_head(&set, "chromium-671", head_chromium, sizeof head_chromium - 1, 15);
    measure_mixed(&set, "mixed-64");
    measure_chunked(&set, "chunked-copy", 4, 0, true);
    measure_chunked(&set, "chunked-copy-16k", 4, 16384, true);
    measure_chunked(&set, "chunked-copy-far", 512, 0, true);
    measure_chunked(&set, "chunked-see", 4, 0, false);
    measure_chunked(&set, "chunked-see-16k", 4, 16384, false);
    measure_response(&set, "response");
    if (set.json) printf("\n]\n");
    struct rusage used;
    if (!getrusage(RUSAGE_SELF, &used) && !set.json)
        printf("\nInterrupted by other threads %ld times: see min.\n", used.ru_nivcsw);
    return 0;
}
