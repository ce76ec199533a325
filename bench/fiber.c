/* SPDX-License-Identifier: MIT
 *
 * What does a task cost: to switch to, to start and join, and in memory while it waits?
 *
 *      bench_fiber [--io auto|uring|epoll|threads]... [-r ROUNDS] [--cpu N] [--json]
 *
 * One worker, pinned to one processor.  Each time is measured over enough repetitions to take
 * 50 ms, ROUNDS times, interleaved.  Memory is the growth of the resident set of a fresh process
 * while many tasks wait, divided by their number.
 */
#include <sched.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/engine/engine.h>
#include <weir/io/group.h>
#include <weir/io/socket.h>
#include <weir/io/word.h>

#include "bench.h"

enum { MOST_ROUNDS = 99, MOST_ENGINES = 4, BATCH = 1000 };
enum { WAITERS = 100000, READERS = 10000, MOST_THREADS = 1000 };

static const weir_task_options same = {.worker = WEIR_WORKER_SAME};

static void check(const char *what, int error)
{
    if (error >= 0) return;
    fprintf(stderr, "%s: %s\n", what, weir_strerror(error));
    exit(1);
}

/* What is timed: each does its thing `count` times. */

static int yield_often(weir_io *io, void *argument)
{
    for (uint64_t i = *(uint64_t *)argument; i; i--) check("yield", weir_yield(io));
    return 0;
}

static void yield_round_trips(weir_io *io, uint64_t count)
{
    weir_task a, b;
    check("spawn", weir_concurrent(io, &a, yield_often, &count, &same));
    check("spawn", weir_concurrent(io, &b, yield_often, &count, &same));
    check("await", weir_await(io, &a, NULL));
    check("await", weir_await(io, &b, NULL));
}

static int nothing(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

static void spawn_any(weir_io *io, uint64_t count)
{
    weir_task task;
    for (; count; count--) {
        check("spawn", weir_concurrent(io, &task, nothing, NULL, NULL));
        check("await", weir_await(io, &task, NULL));
    }
}

static void spawn_same(weir_io *io, uint64_t count)
{
    weir_task task;
    for (; count; count--) {
        check("spawn", weir_concurrent(io, &task, nothing, NULL, &same));
        check("await", weir_await(io, &task, NULL));
    }
}

static void spawn_batches(weir_io *io, uint64_t count)
{
    static weir_task tasks[BATCH];
    for (uint64_t done = 0; done < count; done += BATCH) {
        for (int i = 0; i < BATCH; i++)
            check("spawn", weir_concurrent(io, &tasks[i], nothing, NULL, &same));
        for (int i = 0; i < BATCH; i++) check("await", weir_await(io, &tasks[i], NULL));
    }
}

static void spawn_groups(weir_io *io, uint64_t count)
{
    weir_group group = WEIR_GROUP_INIT;
    for (uint64_t done = 0; done < count; done += BATCH) {
        for (int i = 0; i < BATCH; i++)
            check("spawn", weir_group_concurrent(io, &group, nothing, NULL, &same));
        check("wait", weir_group_wait(io, &group));
    }
}

/* What waits while memory is read.  Each counts itself in before it goes to sleep. */

typedef struct waiting {
    weir_task_fn *wait;
    unsigned count, arrived;
    int (*pairs)[2];
    double growth; /* bytes, of all together */
} waiting;

static const uint32_t word; /* nobody changes it */

static unsigned arrive(waiting *w)
{
    return __atomic_fetch_add(&w->arrived, 1, __ATOMIC_RELAXED); /* threads count side by side */
}

static int wait_for_word(weir_io *io, void *argument)
{
    arrive(argument);
    return weir_wait(io, &word, 0, weir_never());
}

static weir_socket next_socket(waiting *w)
{
    return (weir_socket){w->pairs[arrive(w)][0]};
}

static int wait_in_read(weir_io *io, void *argument)
{
    char data[256];
    return (int)weir_read(io, next_socket(argument), data, sizeof data);
}

static int wait_in_read_lent(weir_io *io, void *argument)
{
    weir_receiver receiver;
    weir_lent lent = {0};
    weir_receiver_init(&receiver, next_socket(argument));
    int result = (int)weir_read_lent(io, &receiver, &lent);
    weir_receiver_stop(io, &receiver);
    return result;
}

/* Starts all, lets them go to sleep, and notes the growth. */
static int grow(weir_io *io, void *argument)
{
    waiting *w = argument;
    weir_group group = WEIR_GROUP_INIT;
    uint64_t before = bench_resident(getpid());
    for (unsigned i = 0; i < w->count; i++)
        check("spawn", weir_group_concurrent(io, &group, w->wait, w, &same));
    while (__atomic_load_n(&w->arrived, __ATOMIC_RELAXED) < w->count)
        check("yield", weir_yield(io));
    check("sleep", weir_sleep(io, weir_milliseconds(50))); /* submissions reach the kernel */
    w->growth = (double)bench_resident(getpid()) - (double)before;
    weir_group_cancel(io, &group);
    return 0;
}

static void make_pairs(waiting *w)
{
    size_t room = bench_raise_descriptors(2 * (size_t)w->count + 64);
    if (2 * (size_t)w->count + 64 > room) w->count = (unsigned)((room - 64) / 2);
    w->pairs = bench_alloc(w->count, sizeof *w->pairs);
    for (unsigned i = 0; i < w->count; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, w->pairs[i]))
            bench_fail("socketpair", errno);
}

typedef struct measure {
    const char *name, *unit, *key;
    void (*timed)(weir_io *io, uint64_t count);
    weir_task_fn *wait; /* instead: memory while tasks wait in this */
    unsigned waiters;
    const char *peers; /* on another machine */
} measure;

static const measure measures[] = {
    {"yield round trip (2 tasks)", "ns", "yield_round_trip", yield_round_trips, NULL, 0,
     "boost.context 11 (no scheduler), libdill 39, Photon 54, Go 73, tokio 317"},
    {"spawn + join, any worker", "ns", "spawn_join_any", spawn_any, NULL, 0,
     "libdill 27, boost 38, tokio 67-90, Photon 171, Go 162-265"},
    {"spawn + join, same worker", "ns", "spawn_join_same", spawn_same, NULL, 0, "as above"},
    {"spawn + join, 1,000 at once", "ns", "spawn_join_batch", spawn_batches, NULL, 0, "as above"},
    {"spawn + join, group of 1,000", "ns", "spawn_join_group", spawn_groups, NULL, 0, "as above"},
    {"memory per task in weir_wait", "B", "memory_wait", NULL, wait_for_word, WAITERS, ""},
    {"memory per task in weir_read", "B", "memory_read", NULL, wait_in_read, READERS,
     "Go about 8,192 with its buffer"},
    {"... in weir_read_lent", "B", "memory_read_lent", NULL, wait_in_read_lent, READERS, ""},
};
enum { MEASURES = sizeof measures / sizeof *measures };

/* One engine and what was found on it. */
typedef struct column {
    weir_engine_kind kind;
    weir_io *io;
    weir_io_description about;
    uint64_t repetitions[MEASURES];
    double found[MEASURES][MOST_ROUNDS];
    unsigned tasks[MEASURES]; /* that waited */
} column;

static struct {
    int rounds, cpu;
    bool json;
    size_t engines;
} options = {.rounds = 7};

static weir_io *make_engine(weir_engine_kind kind)
{
    weir_engine_options engine = {.kind = kind, .workers = 1};
    weir_io *io;
    check("engine", weir_engine_create(&engine, &io));
    return io;
}

typedef struct timing {
    const measure *measure;
    uint64_t count;
    double ns;
} timing;

static int time_it(weir_io *io, void *argument)
{
    timing *t = argument;
    uint64_t start = bench_now();
    t->measure->timed(io, t->count);
    t->ns = (double)(bench_now() - start);
    return 0;
}

static double nanoseconds_each(column *c, int at)
{
    timing t = {.measure = &measures[at], .count = c->repetitions[at]};
    if (!t.count) {
        for (t.count = BATCH; t.ns < 50e6; t.count *= 2) check("run", weir_run(c->io, time_it, &t));
        t.count /= 2;
        c->repetitions[at] = t.count;
    }
    check("run", weir_run(c->io, time_it, &t));
    return t.ns / (double)t.count;
}

/* Measures in a child, so that nothing that an earlier measure left behind counts. */
static double bytes_each(column *c, int at)
{
    waiting w = {.wait = measures[at].wait, .count = measures[at].waiters};
    if (c->kind == WEIR_ENGINE_THREADS && w.count > MOST_THREADS) w.count = MOST_THREADS;
    int answer[2];
    if (pipe(answer)) bench_fail("pipe", errno);
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) bench_fail("fork", errno);
    if (child == 0) {
        if (w.wait != wait_for_word) make_pairs(&w);
        check("run", weir_run(make_engine(c->kind), grow, &w));
        _exit(write(answer[1], &w, sizeof w) == sizeof w ? 0 : 1);
    }
    close(answer[1]);
    bool good = read(answer[0], &w, sizeof w) == sizeof w;
    close(answer[0]);
    waitpid(child, NULL, 0);
    if (!good) bench_fail("a measure of memory failed", 0);
    c->tasks[at] = w.count;
    return w.growth / w.count;
}

static void measure_all(column *columns)
{
    for (size_t e = 0; e < options.engines; e++) {
        column *c = &columns[e];
        for (int at = 0; at < MEASURES; at++)
            for (int round = 0; measures[at].wait && round < options.rounds; round++)
                c->found[at][round] = bytes_each(c, at);
        c->io = make_engine(c->kind);
        c->about = weir_io_describe(c->io);
    }
    for (int round = 0; round < options.rounds; round++)
        for (int at = 0; at < MEASURES; at++)
            for (size_t e = 0; measures[at].timed && e < options.engines; e++)
                columns[e].found[at][round] = nanoseconds_each(&columns[e], at);
    for (size_t e = 0; e < options.engines; e++) weir_io_destroy(columns[e].io);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_machine(const char *before, const char *between, const char *after)
{
    struct utsname system;
    char line[256], *model = NULL;
    uname(&system);
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !model && fgets(line, sizeof line, file))
        if (!strncmp(line, "model name", 10)) model = strchr(line, ':');
    if (file) fclose(file);
    if (model) model[strcspn(model, "\n")] = 0;
    printf("%s%s%s%s %s%s", before, model ? model + 2 : system.machine, between, system.sysname,
           system.release, after);
}

static void print_tables(const column *columns)
{
    print_machine("", ", ", "");
    printf("; one worker on processor %d; %d rounds\n", options.cpu, options.rounds);
    for (size_t e = 0; e < options.engines; e++) {
        const column *c = &columns[e];
        printf("\n%-30s %9s %9s %9s      peers (other machine)\n", c->about.reactor, "min",
               "median", "max");
        for (int at = 0; at < MEASURES; at++) {
            const measure *m = &measures[at];
            const double *found = c->found[at];
            printf("%-30s %9.1f %9.1f %9.1f %-3s ", m->name, found[0], found[options.rounds / 2],
                   found[options.rounds - 1], m->unit);
            if (m->wait) printf(" %u tasks%s", c->tasks[at], *m->peers ? "; " : "");
            printf("%s%s\n", m->wait ? "" : " ", m->peers);
        }
    }
}

static void print_json(const column *columns)
{
    print_machine("{\"bench\":\"fiber\",\"cpu\":\"", "\",\"kernel\":\"", "\"");
    printf(",\"rounds\":%d,\"results\":[", options.rounds);
    const char *comma = "";
    for (size_t e = 0; e < options.engines; e++) {
        for (int at = 0; at < MEASURES; at++) {
            const double *found = columns[e].found[at];
            printf("%s\n{\"engine\":\"%s\",\"reactor\":\"%s\",\"measure\":\"%s\","
                   "\"unit\":\"%s\",\"tasks\":%u,\"min\":%.2f,\"median\":%.2f,\"max\":%.2f}",
                   comma, columns[e].about.engine, columns[e].about.reactor, measures[at].key,
                   measures[at].unit, columns[e].tasks[at], found[0], found[options.rounds / 2],
                   found[options.rounds - 1]);
            comma = ",";
        }
    }
    printf("]}\n");
}

static bool parse(int argc, char **argv, column *columns)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--json")) {
            options.json = true;
        } else if (!strcmp(argv[i], "--io") && value && weir_engine_kind_parse(value) >= 0 &&
                   options.engines < MOST_ENGINES) {
            columns[options.engines++].kind = (weir_engine_kind)weir_engine_kind_parse(argv[++i]);
        } else if (!strcmp(argv[i], "-r")) {
            options.rounds = (int)bench_number("-r", argv[++i], 1, MOST_ROUNDS);
        } else if (!strcmp(argv[i], "--cpu")) {
            options.cpu = (int)bench_number("--cpu", argv[++i], 0, CPU_SETSIZE - 1);
        } else {
            return false;
        }
    }
    if (!options.engines) options.engines = 1;
    return true;
}

int main(int argc, char **argv)
{
    static column columns[MOST_ENGINES];
    if (!parse(argc, argv, columns)) {
        fprintf(stderr,
                "usage: %s [--io auto|uring|epoll|threads]... [-r ROUNDS] [--cpu N] "
                "[--json]\n",
                argv[0]);
        return 2;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(options.cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one)) bench_fail("--cpu", errno);
    measure_all(columns);
    for (size_t e = 0; e < options.engines; e++)
        for (int at = 0; at < MEASURES; at++)
            qsort(columns[e].found[at], (size_t)options.rounds, sizeof(double), ascending);
    if (options.json)
        print_json(columns);
    else
        print_tables(columns);
    return 0;
}
