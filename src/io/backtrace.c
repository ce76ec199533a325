/* SPDX-License-Identifier: MIT
 *
 * Call stacks and their words.
 *
 * addr2line prints the address, and then two lines per function that stands there, the innermost
 * inlined one first: its name, and "file:line".  The library's own frames are known by their files,
 * which lie where this one does.
 */
#include "io/backtrace.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORD = 256,
    SHOWN = 4,        /* frames */
    PATIENCE = 10000, /* milliseconds for addr2line to say its next words */
    TOOL_ARGUMENTS = 4,
    INLINED = 4, /* functions at one address, on the average */
    ANSWER = WEIR_BACKTRACE * INLINED * 2 * WORD,
};

/* What is known of a frame. */
typedef struct frame {
    const char *module; /* path; NULL: unknown */
    uintptr_t offset;   /* as addr2line wants it */
    char function[WORD];
    char line[WORD]; /* "file:line", or the file; empty: unknown */
} frame;

void weir_backtrace_take(weir_backtrace *out)
{
    out->count = backtrace(out->frames, WEIR_BACKTRACE);
}

bool weir_backtrace_same(const weir_backtrace *a, const weir_backtrace *b)
{
    return a->count == b->count &&
           memcmp(a->frames, b->frames, (size_t)a->count * sizeof a->frames[0]) == 0;
}

/* What the dynamic linker knows. */
static void locate(frame *f, void *address)
{
    /* The call stands before the address of return. */
    uintptr_t at = (uintptr_t)address - 1;
    Dl_info info;
    f->function[0] = f->line[0] = 0;
    f->module = NULL;
    f->offset = at;
    if (!dladdr((void *)at, &info) || !info.dli_fname) return;
    f->module = info.dli_fname;
    const ElfW(Ehdr) *head = info.dli_fbase;
    if (head->e_type == ET_DYN) f->offset = at - (uintptr_t)info.dli_fbase;
    if (info.dli_sname) snprintf(f->function, WORD, "%s", info.dli_sname);
}

/* The file of a module as another process can open it: the program itself may be known by a path
 * that held elsewhere. */
static void module_path(char out[WORD], const char *module)
{
    if (module[0] == '/') {
        snprintf(out, WORD, "%s", module);
    } else {
        snprintf(out, WORD, "/proc/%ld/exe", (long)getpid());
    }
}

/* Starts a program whose output is read from the descriptor that is returned, or -1. */
static int spawn(char *arguments[], pid_t *child)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return -1;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(child, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!error) return ends[0];
    close(ends[0]);
    return -1;
}

/* Starts addr2line for the frames of a module.  Returns the end to read from, or -1. */
static int start_tool(const frame *frames, int count, const char *module, pid_t *child)
{
    char path[WORD], addresses[WEIR_BACKTRACE][24];
    char *arguments[WEIR_BACKTRACE + TOOL_ARGUMENTS + 1] = {"addr2line", "-afi", "-e", path};
    int used = TOOL_ARGUMENTS;
    for (int i = 0; i < count; i++) {
        if (!frames[i].module || strcmp(frames[i].module, module) != 0) continue;
        if (used == TOOL_ARGUMENTS) module_path(path, module);
        snprintf(addresses[i], sizeof addresses[i], "0x%llx", (unsigned long long)frames[i].offset);
        arguments[used++] = addresses[i];
    }
    return spawn(arguments, child);
}

/* Reads what the tool says until it ends or falls silent.  Returns the length. */
static size_t read_answer(int fd, char *out, size_t room)
{
    size_t len = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (len < room && poll(&ready, 1, PATIENCE) > 0) {
        ssize_t n = read(fd, out + len, room - len);
        if (n <= 0) break;
        len += (size_t)n;
    }
    return len;
}

/* Cuts the next line off; its length is below WORD.  False: there is none. */
static bool next_line(char **at, char *end, char out[WORD])
{
    char *stop = memchr(*at, '\n', (size_t)(end - *at));
    if (!stop) return false;
    int len = (int)(stop - *at);
    /* The end of a long path tells more than its begin. */
    int skip = len >= WORD ? len - WORD + 1 : 0;
    snprintf(out, WORD, "%.*s", len - skip, *at + skip);
    *at = stop + 1;
    return true;
}

/* Whether a frame is in the library, or in what the C library puts around a signal handler. */
static bool is_own(const frame *f)
{
    static const char here[] = __FILE__;
    const size_t root = sizeof here - sizeof "io/backtrace.c";
    if (strstr(f->function, "restore_rt")) return true;
    if (f->line[0]) return strncmp(f->line, here, root) == 0;
    return strncmp(f->function, "weir_", 5) == 0;
}

/* Takes what the tool says of one function. */
static void set_words(frame *f, const char *function, char *line)
{
    static const char unknown[] = "??";
    if (strncmp(function, unknown, 2) != 0) snprintf(f->function, WORD, "%s", function);
    if (strncmp(line, unknown, 2) == 0) return;
    /* The file is known at least where the compiler gave code no line. */
    char *note = strstr(line, " (discriminator");
    if (note) *note = 0;
    char *colon = strrchr(line, ':');
    if (colon && (strcmp(colon, ":0") == 0 || strcmp(colon, ":?") == 0)) *colon = 0;
    snprintf(f->line, WORD, "%s", line);
}

/* Takes what the tool says of a frame: the innermost function there that is not the library's. */
static bool set_frame(frame *f, char **at, char *end)
{
    char function[WORD], line[WORD];
    if (!next_line(at, end, function)) return false; /* the address */
    for (bool found = false; *at < end && strncmp(*at, "0x", 2) != 0;) {
        if (!next_line(at, end, function) || !next_line(at, end, line)) return false;
        if (!found) set_words(f, function, line);
        found = !is_own(f);
    }
    return true;
}

/* Asks addr2line about all frames of a module. */
static void ask_tool(frame *frames, int count, const char *module, char answer[ANSWER])
{
    pid_t child;
    int fd = start_tool(frames, count, module, &child);
    if (fd < 0) return;
    char *at = answer, *end = answer + read_answer(fd, answer, ANSWER);
    close(fd);
    kill(child, SIGKILL); /* it has said all, or is too slow */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    for (int i = 0; i < count; i++)
        if (frames[i].module && strcmp(frames[i].module, module) == 0 &&
            !set_frame(&frames[i], &at, end))
            return;
}

static bool is_first_of_module(const frame *frames, int i)
{
    if (!frames[i].module) return false;
    for (int k = 0; k < i; k++)
        if (frames[k].module && strcmp(frames[k].module, frames[i].module) == 0) return false;
    return true;
}

static void add_frame(weir_text *out, const frame *f, const char *before)
{
    const char *name = f->module ? strrchr(f->module, '/') : NULL;
    name = name ? name + 1 : f->module ? f->module : "?";
    weir_text_add(out, "%s%s", before, f->function[0] ? f->function : "?");
    if (f->line[0]) {
        weir_text_add(out, " (%s)", f->line);
    } else {
        weir_text_add(out, " (%s+0x%llx)", name, (unsigned long long)f->offset);
    }
}

static void print(frame *frames, int count, char answer[ANSWER], weir_text *out)
{
    for (int i = 0; i < count; i++)
        if (is_first_of_module(frames, i)) ask_tool(frames, count, frames[i].module, answer);
    /* Before our own frames there may be those of a sanitizer, which stands before backtrace. */
    int first = 0, shown = 0;
    while (first < count && first < 4 && !is_own(&frames[first])) first++;
    if (first == 4 || first == count) first = 0;
    for (int i = first; i < count && shown < SHOWN; i++)
        if (!is_own(&frames[i])) add_frame(out, &frames[i], shown++ ? " < " : "");
    for (int i = first; i < count && !shown; i++)
        if (!strstr(frames[i].line, "/src/io/")) add_frame(out, &frames[i], shown++ ? " < " : "");
    if (!shown) weir_text_add(out, "an unknown place");
}

void weir_backtrace_print(const weir_backtrace *trace, weir_text *out)
{
    /* Not on the stack: the caller may be a task with a small one. */
    struct {
        frame frames[WEIR_BACKTRACE];
        char answer[ANSWER];
    } *room = malloc(sizeof *room);
    if (!room) {
        weir_text_add(out, "an unknown place (out of memory)");
        return;
    }
    for (int i = 0; i < trace->count; i++) locate(&room->frames[i], trace->frames[i]);
    print(room->frames, trace->count, room->answer, out);
    free(room);
}
