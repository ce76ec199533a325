/* SPDX-License-Identifier: MIT
 *
 * Dumping tasks: a table for people, made in memory and then written.
 *
 *     evented engine, io_uring, 2 workers, 3 tasks
 *     spawned 3, finished 0, stolen 1, …
 *     worker 0
 *       NAME    STATE    WAITS FOR  FD  FOR     GROUP   SCOPE                      SPAWNED AT
 *       root    running  -          -   -       -       -                          -
 *       client  waiting  read       7   2.5 s   f0c2e8  4.1 s left, client.c:17    main.c:42
 *
 * The visits come one at a time, on whatever thread, while the engine holds its own lock: they only
 * copy.
 */
#include "io/dump.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "io/text.h"

enum {
    COLUMNS = 8,
    CELL = 160,            /* longer text is cut */
    WRITE_PATIENCE = 1000, /* milliseconds, for a descriptor that takes nothing */
};

typedef struct collection {
    weir_task_info *tasks;
    size_t count, room;
    bool failed;
} collection;

typedef char row[COLUMNS][CELL];

static void visit(void *argument, const weir_task_info *info)
{
    collection *all = argument;
    if (all->count == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        weir_task_info *tasks = realloc(all->tasks, room * sizeof *tasks);
        if (!tasks) {
            all->failed = true;
            return;
        }
        all->tasks = tasks;
        all->room = room;
    }
    all->tasks[all->count++] = *info;
}

/* By worker; those that were spawned at the same line beside each other. */
static int compare(const void *left, const void *right)
{
    const weir_task_info *a = left, *b = right;
    if (a->worker != b->worker) return a->worker < b->worker ? -1 : 1;
    int order = strcmp(a->name ? a->name : "", b->name ? b->name : "");
    if (!order) order = strcmp(a->place ? a->place : "", b->place ? b->place : "");
    if (!order) order = (a->id > b->id) - (a->id < b->id);
    return order;
}

static void put(char cell[CELL], const char *text)
{
    snprintf(cell, CELL, "%s", text ? text : "-");
}

static void put_state(char cell[CELL], const weir_task_info *task)
{
    static const char *const states[] = {[WEIR_TASK_NEW] = "new",
                                         [WEIR_TASK_READY] = "ready",
                                         [WEIR_TASK_RUNNING] = "running",
                                         [WEIR_TASK_WAITING] = "waiting"};
    snprintf(cell, CELL, "%s%s%s", states[task->state], task->asked ? ", asked to stop" : "",
             task->shielded ? ", shielded" : "");
}

static void put_scope(char cell[CELL], const weir_task_info *task, weir_instant now)
{
    char left[WEIR_DURATION_ROOM] = "";
    bool limited = !weir_is_never(task->deadline);
    weir_duration length = limited ? weir_instant_until(now, task->deadline) : weir_seconds(0);
    bool passed = length.ns < 0;
    if (passed) length.ns = -length.ns;
    if (limited) weir_duration_print(length, left, sizeof left);
    snprintf(cell, CELL, "%s%s%s%s", left,
             !limited ? ""
             : passed ? " over"
                      : " left",
             limited && task->scope ? ", " : "", task->scope ? task->scope : "");
    if (!cell[0]) put(cell, NULL);
}

static void fill(row cells, const weir_task_info *task, weir_instant now)
{
    put(cells[0], task->name);
    put_state(cells[1], task);
    put(cells[2], task->waits_for);
    put(cells[3], NULL);
    put(cells[4], NULL);
    if (task->state == WEIR_TASK_WAITING) {
        if (task->fd >= 0) snprintf(cells[3], CELL, "%d", task->fd);
        weir_duration_print(task->waited, cells[4], CELL);
    }
    put(cells[5], NULL);
    if (task->group)
        snprintf(cells[5], CELL, "%06llx", (unsigned long long)((uintptr_t)task->group & 0xFFFFFF));
    put_scope(cells[6], task, now);
    put(cells[7], task->place);
}

static const row heads = {"NAME", "STATE", "WAITS FOR", "FD",
                          "FOR",  "GROUP", "SCOPE",     "SPAWNED AT"};

static void add_row(weir_text *out, const row cells, const size_t widths[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        int width = i + 1 < COLUMNS ? (int)widths[i] : 0;
        weir_text_add(out, "  %-*s", width, cells[i]);
    }
    weir_text_add(out, "\n");
}

static void add_table(weir_text *out, const collection *all, weir_instant now, bool workers)
{
    size_t widths[COLUMNS];
    row cells;
    for (size_t i = 0; i < COLUMNS; i++) widths[i] = strlen(heads[i]);
    for (size_t t = 0; t < all->count; t++) {
        fill(cells, &all->tasks[t], now);
        for (size_t i = 0; i < COLUMNS; i++)
            if (strlen(cells[i]) > widths[i]) widths[i] = strlen(cells[i]);
    }
    for (size_t t = 0; t < all->count && !out->failed; t++) {
        const weir_task_info *task = &all->tasks[t];
        if (t == 0 || task->worker != all->tasks[t - 1].worker) {
            if (workers) weir_text_add(out, "worker %u\n", task->worker);
            if (workers || t == 0) add_row(out, heads, widths);
        }
        fill(cells, task, now);
        add_row(out, cells, widths);
    }
}

static void add_counters(weir_text *out, const weir_counters *c)
{
    uint64_t ops = 0;
    for (int i = 0; i < WEIR_OP_COUNT; i++) ops += c->ops[i];
    weir_text_add(out,
                  "spawned %llu, finished %llu, stolen %llu, operations %llu (%llu waited), "
                  "switches %llu, wake-ups %llu, sleeps %llu, kernel entries %llu, offloaded %llu",
                  (unsigned long long)c->spawned, (unsigned long long)c->finished,
                  (unsigned long long)c->stolen, (unsigned long long)ops,
                  (unsigned long long)c->completions, (unsigned long long)c->switches,
                  (unsigned long long)c->wakeups, (unsigned long long)c->sleeps,
                  (unsigned long long)c->enters, (unsigned long long)c->offloaded);
    if (c->detached_failed)
        weir_text_add(out, ", detached that failed %llu", (unsigned long long)c->detached_failed);
    weir_text_add(out, "\n");
}

/* Says what is missing when a worker did not answer: all that is known is whose tasks are there. */
static void add_missing(weir_text *out, const collection *all, const weir_counters *c,
                        unsigned workers)
{
    uint64_t alive = c->spawned > c->finished ? c->spawned - c->finished : 0;
    weir_text_add(out, "incomplete: a task has held its worker for 100 ms, so its worker could not "
                       "tell of its tasks");
    if (alive > all->count)
        weir_text_add(out, "; about %llu are missing", (unsigned long long)(alive - all->count));
    const char *before = "; none was seen of worker ";
    for (unsigned w = 0, t = 0; w < workers; w++) {
        while (t < all->count && all->tasks[t].worker < w) t++;
        if (t < all->count && all->tasks[t].worker == w) continue;
        weir_text_add(out, "%s%u", before, w);
        before = ", ";
    }
    weir_text_add(out, "\n");
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (poll(&wait, 1, WRITE_PATIENCE) == 0) return WEIR_EAGAIN;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int weir_dump(weir_io *io, int fd)
{
    collection all = {0};
    int error = weir_tasks(io, visit, &all);
    if (all.failed) error = WEIR_ENOMEM;
    if (error && error != WEIR_EDEADLINE) {
        free(all.tasks);
        return error;
    }
    if (all.count > 1) qsort(all.tasks, all.count, sizeof all.tasks[0], compare);

    weir_io_description about = weir_io_describe(io);
    weir_counters counters = weir_counters_of(io);
    weir_text out = {0};
    weir_text_add(&out, "%s engine, %s, %u %s, %zu %s\n", about.engine, about.reactor,
                  about.workers, about.workers == 1 ? "worker" : "workers", all.count,
                  all.count == 1 ? "task" : "tasks");
    add_counters(&out, &counters);
    if (error) add_missing(&out, &all, &counters, about.workers);
    add_table(&out, &all, weir_now(io, WEIR_CLOCK_MONOTONIC), about.workers > 1);
    int wrong = out.failed ? WEIR_ENOMEM : write_all(fd, out.data, out.len);
    weir_text_free(&out);
    free(all.tasks);
    return wrong ? wrong : error;
}
