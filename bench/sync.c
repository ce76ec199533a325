/* SPDX-License-Identifier: MIT
 *
 * What do locks, channels, timers and select cost between tasks?
 *
 *      bench_sync [--io auto|uring|epoll|threads] [--seconds S] MEASURE
 *      bench_sync --list | --about
 *
 * Prints one line, "MEASURE NANOSECONDS ALLOCATIONS", both per operation, from the first run of
 * doubled length that took S seconds (0.05); --list prints the measures with their workers and what
 * one operation is.  bench/peer/sync.go does the same with the same words; run-sync takes turns.
 */
#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/engine/engine.h>
#include <weir/sync/channel.h>
#include <weir/sync/mutex.h>
#include <weir/sync/semaphore.h>

#include "bench.h"

enum { CAPACITY = 64, TASKS = 8, PERMITS = 2, FEW_TIMERS = 1000, MANY_TIMERS = 1000000 };

/* Allocations. --------------------------------------------------------------------------------- */

/* The C library's own names below the ones that the program defines for all of its libraries. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static uint64_t allocations;

static void count_allocation(void)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
    count_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_allocation();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    count_allocation();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_allocation();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    count_allocation();
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

/* Parties: tasks that each do their share. ------------------------------------------------------
 */

static void check(const char *what, int64_t error)
{
    if (error >= 0) return;
    fprintf(stderr, "%s: %s\n", what, weir_strerror((int)error));
    exit(1);
}

typedef struct party {
    weir_task task;
    uint64_t count, item;
} party;

static party parties[TASKS];

/* Starts a party of `count` turns on worker `where`, or on the caller's (WEIR_WORKER_SAME). */
static void start(weir_io *io, int i, weir_task_fn *run, uint64_t count, int where)
{
    weir_task_options options = {.worker = where};
    parties[i].count = count;
    check("spawn", weir_concurrent(io, &parties[i].task, run, &parties[i], &options));
}

static void await(weir_io *io, int count)
{
    for (int i = 0; i < count; i++) check("await", weir_await(io, &parties[i].task, NULL));
}

/* TASKS parties, half of them on each of two workers. */
static void crowd(weir_io *io, uint64_t count, weir_task_fn *even, weir_task_fn *odd)
{
    for (int i = 0; i < TASKS; i++)
        start(io, i, i % 2 ? odd : even, count, i / 2 % (int)weir_workers(io));
    await(io, TASKS);
}

/* Mutex. --------------------------------------------------------------------------------------- */

static struct {
    _Alignas(64) weir_mutex mutex;
    uint64_t counter;
} guarded;

static void lock_often(weir_io *io, uint64_t count)
{
    for (; count; count--) {
        check("lock", weir_mutex_lock(io, &guarded.mutex));
        guarded.counter++;
        weir_mutex_unlock(io, &guarded.mutex);
    }
}

static int lock_in_crowd(weir_io *io, void *argument)
{
    lock_often(io, ((party *)argument)->count);
    return 0;
}

static void mutex_contended(weir_io *io, uint64_t count)
{
    crowd(io, count / TASKS, lock_in_crowd, lock_in_crowd);
}

/* Semaphore. ----------------------------------------------------------------------------------- */

static weir_semaphore semaphore = WEIR_SEMAPHORE_INIT(PERMITS);

static int acquire_in_crowd(weir_io *io, void *argument)
{
    for (uint64_t i = ((party *)argument)->count; i; i--) {
        check("acquire", weir_semaphore_acquire(io, &semaphore, 1));
        weir_semaphore_release(io, &semaphore, 1);
    }
    return 0;
}

static void semaphore_contended(weir_io *io, uint64_t count)
{
    crowd(io, count / TASKS, acquire_in_crowd, acquire_in_crowd);
}

/* Channels. ------------------------------------------------------------------------------------ */

static uint64_t room[CAPACITY];
static weir_channel there, back;

static void open_bounded(weir_io *io)
{
    (void)io;
    check("channel", weir_channel_init(&there, room, CAPACITY, sizeof room[0]));
    check("channel", weir_channel_init(&back, NULL, 0, sizeof room[0]));
}

static void open_rendezvous(weir_io *io)
{
    (void)io;
    check("channel", weir_channel_init(&there, NULL, 0, sizeof room[0]));
    check("channel", weir_channel_init(&back, NULL, 0, sizeof room[0]));
}

static int send_all(weir_io *io, void *argument)
{
    party *self = argument;
    for (uint64_t i = self->count; i; i--)
        check("send", weir_channel_send(io, &there, &self->item));
    return 0;
}

static int receive_all(weir_io *io, void *argument)
{
    party *self = argument;
    for (uint64_t i = self->count; i; i--)
        check("receive", weir_channel_receive(io, &there, &self->item));
    return 0;
}

static int answer_all(weir_io *io, void *argument)
{
    party *self = argument;
    for (uint64_t i = self->count; i; i--) {
        check("receive", weir_channel_receive(io, &there, &self->item));
        check("send", weir_channel_send(io, &back, &self->item));
    }
    return 0;
}

static void channel_item(weir_io *io, uint64_t count)
{
    start(io, 0, send_all, count, WEIR_WORKER_SAME);
    start(io, 1, receive_all, count, WEIR_WORKER_SAME);
    await(io, 2);
}

static void channel_ping_pong(weir_io *io, uint64_t count)
{
    uint64_t *item = &parties[1].item;
    start(io, 0, answer_all, count, WEIR_WORKER_SAME);
    for (uint64_t i = count; i; i--) {
        check("send", weir_channel_send(io, &there, item));
        check("receive", weir_channel_receive(io, &back, item));
    }
    await(io, 1);
}

static void channel_contended(weir_io *io, uint64_t count)
{
    crowd(io, count / (TASKS / 2), send_all, receive_all);
}

static void select_ready(weir_io *io, uint64_t count)
{
    uint64_t *item = &parties[0].item, *never = &parties[1].item;
    for (; count; count--) {
        weir_op ready, waiting, *both[] = {&ready, &waiting};
        check("send", weir_channel_send(io, &there, item));
        weir_channel_receive_op(&ready, &there, item);
        weir_channel_receive_op(&waiting, &back, never);
        if (weir_select(io, both, 2, weir_never()) != 0) bench_fail("select", EINVAL);
    }
}

/* Timers. -------------------------------------------------------------------------------------- */

static weir_queue expired;
static weir_op *armed;
static size_t armed_count;

/* An hour and a bit, so that the timers spread and none fires. */
static void arm(weir_io *io, weir_op *op, uint64_t nth)
{
    int64_t length = INT64_C(3600000000000) + (int64_t)(nth * 7919 % 3600000) * 1000000;
    weir_op_set(op, WEIR_OP_SLEEP, -1);
    op->deadline = weir_deadline_after(io, (weir_duration){length});
    weir_submit(io, op, &expired);
}

static void disarm(weir_io *io, weir_op *op)
{
    weir_op *done;
    weir_op_cancel(io, op);
    check("cancel", weir_queue_next(io, &expired, weir_never(), &done));
}

static void arm_all(weir_io *io, size_t count)
{
    armed_count = count;
    armed = bench_alloc(count, sizeof *armed);
    weir_queue_init(io, &expired);
    for (size_t i = 0; i < count; i++) arm(io, &armed[i], i);
}

static void arm_few(weir_io *io)
{
    arm_all(io, FEW_TIMERS);
}

static void arm_many(weir_io *io)
{
    arm_all(io, MANY_TIMERS);
}

static void disarm_all(weir_io *io)
{
    for (size_t i = 0; i < armed_count; i++) disarm(io, &armed[i]);
    free(armed);
}

static void timer(weir_io *io, uint64_t count)
{
    weir_op op;
    for (; count; count--) {
        arm(io, &op, count);
        disarm(io, &op);
    }
}

/* The measures. -------------------------------------------------------------------------------- */

typedef struct measure {
    const char *key;
    unsigned workers;
    const char *operation;
    void (*timed)(weir_io *io, uint64_t count);
    void (*before)(weir_io *io);
    void (*after)(weir_io *io);
} measure;

static const measure measures[] = {
    {"mutex", 1, "mutex: lock and unlock", lock_often, NULL, NULL},
    {"channel", 1, "channel of 64: an item", channel_item, open_bounded, NULL},
    {"ping-pong", 1, "rendezvous: a round trip", channel_ping_pong, open_rendezvous, NULL},
    {"select", 1, "send, select of two, one ready", select_ready, open_bounded, NULL},
    {"timer-1k", 1, "timer: arm and cancel, 1,000 armed", timer, arm_few, disarm_all},
    {"timer-1m", 1, "timer: the same, 1,000,000 armed", timer, arm_many, disarm_all},
    {"mutex-2", 2, "mutex: 8 tasks", mutex_contended, NULL, NULL},
    {"channel-2", 2, "channel of 64: 4 send, 4 receive", channel_contended, open_bounded, NULL},
    {"semaphore-2", 2, "semaphore of 2 permits: 8 tasks", semaphore_contended, NULL, NULL},
};
enum { MEASURES = sizeof measures / sizeof *measures };

static struct {
    weir_engine_kind kind;
    double seconds;
    const measure *measure;
} options = {.seconds = 0.05};

static int run(weir_io *io, void *argument)
{
    const measure *m = options.measure;
    (void)argument;
    if (m->before) m->before(io);
    for (uint64_t count = 1024;; count *= 2) {
        uint64_t allocated = __atomic_load_n(&allocations, __ATOMIC_RELAXED), begin = bench_now();
        m->timed(io, count);
        double ns = (double)(bench_now() - begin), n = (double)count;
        if (ns < options.seconds * 1e9) continue;
        allocated = __atomic_load_n(&allocations, __ATOMIC_RELAXED) - allocated;
        printf("%s %.2f %.3f\n", m->key, ns / n, (double)allocated / n);
        break;
    }
    if (m->after) m->after(io);
    return 0;
}

static weir_io *make_engine(unsigned workers)
{
    weir_engine_options engine = {.kind = options.kind, .workers = workers};
    weir_io *io;
    check("engine", weir_engine_create(&engine, &io));
    return io;
}

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [--io auto|uring|epoll|threads] [--seconds S] MEASURE | --list | --about\n",
            program);
    return 2;
}

static void list(void)
{
    for (int i = 0; i < MEASURES; i++)
        printf("%s\t%u\t%s\n", measures[i].key, measures[i].workers, measures[i].operation);
}

static void about(void)
{
    weir_io *io = make_engine(1);
#ifdef __clang__
    printf("%s, %s\n", weir_io_describe(io).reactor, __VERSION__);
#else
    printf("%s, gcc %s\n", weir_io_describe(io).reactor, __VERSION__);
#endif
    weir_io_destroy(io);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--io") && value && weir_engine_kind_parse(value) >= 0) {
            options.kind = (weir_engine_kind)weir_engine_kind_parse(argv[++i]);
        } else if (!strcmp(argv[i], "--seconds")) {
            options.seconds = bench_number("--seconds", argv[++i], 0.001, 60);
        } else if (!strcmp(argv[i], "--list")) {
            list();
            return 0;
        } else if (!strcmp(argv[i], "--about")) {
            about();
            return 0;
        } else {
            for (int m = 0; m < MEASURES; m++)
                if (!strcmp(argv[i], measures[m].key)) options.measure = &measures[m];
            if (!options.measure) return usage(argv[0]);
        }
    }
    if (!options.measure) return usage(argv[0]);
    weir_io *io = make_engine(options.measure->workers);
    check("run", weir_run(io, run, NULL));
    weir_io_destroy(io);
    return 0;
}
