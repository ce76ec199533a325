/* SPDX-License-Identifier: MIT
 *
 * `weir doctor`: what this machine offers, which engine Weir takes and why, and what to change.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/http/wire/parser.h>
#include <weir/io/engine/engine.h>

#include "cli.h"

typedef enum finding { FINE, NOTE, BAD } finding;

/* One line of the report. */
typedef struct row {
    const char *key, *label;
    finding verdict;
    char value[96];
    char advice[160]; /* empty when there is nothing to do */
} row;

enum { MAX_ROWS = 24 };

typedef struct report {
    row rows[MAX_ROWS];
    int count;
} report;

static row *add(report *r, const char *key, const char *label, finding verdict)
{
    row *line = &r->rows[r->count++];
    line->key = key;
    line->label = label;
    line->verdict = verdict;
    return line;
}

/* Reads the first line of a small file; empty when there is none. */
static void read_line(const char *path, char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file) return;
    if (!fgets(out, (int)size, file)) out[0] = '\0';
    fclose(file);
    out[strcspn(out, "\n")] = '\0';
}

static void look_at_engine(report *r)
{
    weir_io *io = NULL;
    int error = weir_engine_create(NULL, &io);
    row *line = add(r, "engine", "engine", error ? BAD : FINE);
    if (error) {
        snprintf(line->value, sizeof line->value, "none: %s", weir_strerror(error));
        snprintf(line->advice, sizeof line->advice,
                 "check WEIR_IO: auto, uring, epoll, threads, sim");
        return;
    }
    const weir_io_description about = weir_io_describe(io);
    snprintf(line->value, sizeof line->value, "%s, %s, %u workers", about.engine, about.reactor,
             about.workers);
    line = add(r, "engine_reason", "why this one", FINE);
    snprintf(line->value, sizeof line->value, "%s", about.why);
    weir_io_destroy(io);
}

static void look_at_uring(report *r)
{
    weir_io *io = NULL;
    const weir_engine_options options = {.kind = WEIR_ENGINE_URING, .workers = 1};
    int error = weir_engine_create(&options, &io);
    row *line = add(r, "io_uring", "io_uring", error ? NOTE : FINE);
    snprintf(line->value, sizeof line->value, "%s", error ? weir_strerror(error) : "available");
    if (!error) weir_io_destroy(io);
    char disabled[16];
    read_line("/proc/sys/kernel/io_uring_disabled", disabled, sizeof disabled);
    if (error && disabled[0] && disabled[0] != '0')
        snprintf(line->advice, sizeof line->advice,
                 "kernel.io_uring_disabled is %s; sysctl kernel.io_uring_disabled=0 allows it",
                 disabled);
    else if (error)
        snprintf(line->advice, sizeof line->advice, "epoll serves instead");
}

static void look_at_kernel(report *r)
{
    struct utsname machine = {0};
    uname(&machine);
    row *line = add(r, "kernel", "kernel", FINE);
    int major = 0, minor = 0;
    sscanf(machine.release, "%d.%d", &major, &minor);
    snprintf(line->value, sizeof line->value, "%.64s (%.16s)", machine.release, machine.machine);
    if (major < 5 || (major == 5 && minor < 15)) {
        line->verdict = BAD;
        snprintf(line->advice, sizeof line->advice, "Weir is made for Linux 5.15 and later");
    }

    const int guard_install = 102; /* MADV_GUARD_INSTALL, Linux 6.13; older headers lack it */
    const long page = sysconf(_SC_PAGESIZE);
    void *memory =
        mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool guards = memory != MAP_FAILED && madvise(memory, (size_t)page, guard_install) == 0;
    if (memory != MAP_FAILED) munmap(memory, (size_t)page);
    line = add(r, "guard_pages", "stack guards", guards ? FINE : NOTE);
    snprintf(line->value, sizeof line->value, "%s",
             guards ? "MADV_GUARD_INSTALL" : "mprotect (two mappings per stack)");
    if (!guards) {
        char maps[32];
        read_line("/proc/sys/vm/max_map_count", maps, sizeof maps);
        snprintf(line->advice, sizeof line->advice,
                 "vm.max_map_count (%s) bounds the tasks; Linux 6.13 lifts that", maps);
    }

    const uint64_t how[3] = {O_PATH | O_CLOEXEC, 0, 8 /* RESOLVE_BENEATH */};
    const int fd = (int)syscall(SYS_openat2, AT_FDCWD, ".", how, sizeof how);
    line = add(r, "openat2", "openat2", fd >= 0 ? FINE : BAD);
    snprintf(line->value, sizeof line->value, "%s", fd >= 0 ? "available" : "missing");
    if (fd >= 0) close(fd);
    if (fd < 0)
        snprintf(line->advice, sizeof line->advice, "weir serve DIR cannot keep paths beneath DIR");
}

static void print_limit(rlim_t value, char *out, size_t size)
{
    if (value == RLIM_INFINITY) {
        snprintf(out, size, "unlimited");
    } else {
        snprintf(out, size, "%llu", (unsigned long long)value);
    }
}

static void look_at_limit(report *r, const char *key, const char *label, int which)
{
    struct rlimit limit = {0};
    getrlimit((__rlimit_resource_t)which, &limit);
    char soft[24], hard[24];
    print_limit(limit.rlim_cur, soft, sizeof soft);
    print_limit(limit.rlim_max, hard, sizeof hard);
    row *line = add(r, key, label, FINE);
    snprintf(line->value, sizeof line->value, "%s, at most %s", soft, hard);
    if (which == RLIMIT_NOFILE && limit.rlim_max < 10000) {
        line->verdict = NOTE;
        snprintf(line->advice, sizeof line->advice,
                 "each connection takes one; raise the hard limit (LimitNOFILE=, limits.conf)");
    }
}

static void look_at_machine(report *r)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    const bool known = sched_getaffinity(0, sizeof set, &set) == 0;
    row *line = add(r, "processors", "processors", FINE);
    snprintf(line->value, sizeof line->value, "%d usable, %ld online", known ? CPU_COUNT(&set) : 0,
             sysconf(_SC_NPROCESSORS_ONLN));
    line = add(r, "http_scanner", "HTTP heads by", FINE);
    snprintf(line->value, sizeof line->value, "%s", weir_http_parser_scanner());
    look_at_limit(r, "open_files", "open files", RLIMIT_NOFILE);
    look_at_limit(r, "locked_memory", "locked memory", RLIMIT_MEMLOCK);
    char text[32];
    read_line("/proc/sys/net/core/somaxconn", text, sizeof text);
    const bool small = text[0] && atoi(text) < 1024;
    line = add(r, "somaxconn", "accept backlog", small ? NOTE : FINE);
    snprintf(line->value, sizeof line->value, "%s (net.core.somaxconn)",
             text[0] ? text : "unknown");
    if (small)
        snprintf(line->advice, sizeof line->advice, "bursts: sysctl net.core.somaxconn=4096");
}

static void print_json(const report *r)
{
    char text[512];
    putchar('{');
    for (int i = 0; i < r->count; i++) {
        const row *line = &r->rows[i];
        size_t n = cli_json_string(line->value, strlen(line->value), text, sizeof text);
        printf("%s\"%s\":{\"value\":%.*s,\"ok\":%s", i ? "," : "", line->key, (int)n, text,
               line->verdict == FINE ? "true" : "false");
        if (line->advice[0]) {
            n = cli_json_string(line->advice, strlen(line->advice), text, sizeof text);
            printf(",\"advice\":%.*s", (int)n, text);
        }
        putchar('}');
    }
    puts("}");
}

static void print_table(const report *r)
{
    static const char *const marks[] = {"ok", "note", "BAD"};
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
    const bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    for (int i = 0; i < r->count; i++) {
        const row *line = &r->rows[i];
        printf("  %s%-4s%s  %-15s %s\n", colour ? colours[line->verdict] : "", marks[line->verdict],
               colour ? "\033[0m" : "", line->label, line->value);
        if (line->advice[0]) printf("        %-15s %s\n", "", line->advice);
    }
}

static int run(int argc, char **argv)
{
    bool json = false;
    const cli_option options[] = {{"json", CLI_FLAG, &json}, {0}};
    if (cli_parse(&cli_doctor, options, argc, argv, NULL, 0) < 0) return CLI_USAGE;
    report r = {.count = 0};
    look_at_engine(&r);
    look_at_uring(&r);
    look_at_kernel(&r);
    look_at_machine(&r);
    if (json) {
        print_json(&r);
    } else {
        printf("weir %s\n", WEIR_VERSION);
        print_table(&r);
    }
    for (int i = 0; i < r.count; i++)
        if (r.rows[i].verdict == BAD) return CLI_FAILED;
    return CLI_OK;
}

const cli_command cli_doctor = {
    .name = "doctor",
    .summary = "tell which engine runs here and why, and what the kernel and limits allow",
    .help = "usage: weir doctor [--json]\n\n"
            "Looks at the kernel and the limits of this process and says what Weir makes of them.\n"
            "Ends with 1 when something needed is missing.\n\n"
            "  --json   as one JSON object\n\n"
            "The variable WEIR_IO (auto, uring, epoll, threads, sim) chooses the engine.\n\n"
            "example: WEIR_IO=epoll weir doctor\n",
    .run = run,
};
