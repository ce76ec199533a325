/* SPDX-License-Identifier: MIT
 *
 * Signals: one handler for the process, which counts each signal for every set that has it.
 *
 *      handler, on any thread                      closing
 *        the set has it? ─ no: done                  the former disposition, if it was the last set
 *        busy + 1                                    mask = 0
 *        the set has it still?                       until busy is 0
 *          counts + 1, write to the descriptor       close the descriptor; the slot is free
 *        busy - 1
 *
 * Invariant: who raised `busy` and then saw the mask may touch the slot until it lowers `busy`; who
 * cleared the mask and then saw `busy` at 0 is alone with it.  Both orders are sequentially
 * consistent, so of a handler and a closer at least one sees the other.  Slots are static, so that
 * a late handler always looks at memory that is there.
 *
 * A count is raised before the descriptor is written to, and a taker empties the descriptor before
 * it looks at the counts: so while a count is left unseen the descriptor is readable.
 *
 * Dispositions belong to the process: hence the table of the process, under `dispositions.lock`,
 * which the handler never takes.
 */
#include <weir/io/signal.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/socket.h>

enum { SIGNALS = 64 };

typedef struct weir_signals_slot {
    _Atomic uint64_t mask;            /* bit n - 1: the set has signal n */
    atomic_uint busy;                 /* handlers inside */
    int fd;                           /* set before the mask */
    bool taken;                       /* under dispositions.lock */
    _Atomic uint64_t counts[SIGNALS]; /* [n - 1]: how often signal n came */
} slot;

static slot slots[WEIR_SIGNALS_LIMIT];

static struct {
    pthread_mutex_t lock;
    unsigned users[SIGNALS]; /* sets that have the signal */
    struct sigaction former[SIGNALS];
} dispositions = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t bit_of(int number)
{
    return (uint64_t)1 << (number - 1);
}

static void raise_descriptor(int fd)
{
    /* Fails only when it is full, and then it is readable. */
    const uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof one);
    (void)ignored;
}

/* Async-signal-safe: lock-free atomics and write(2). */
static void handle(int number)
{
    const int error = errno;
    for (slot *s = slots; s < slots + WEIR_SIGNALS_LIMIT; s++) {
        /* Keeps closers from waiting for handlers of signals that are not theirs. */
        if (!(atomic_load_explicit(&s->mask, memory_order_relaxed) & bit_of(number))) continue;
        atomic_fetch_add(&s->busy, 1);
        if (atomic_load(&s->mask) & bit_of(number)) {
            atomic_fetch_add(&s->counts[number - 1], 1);
            raise_descriptor(s->fd);
        }
        atomic_fetch_sub(&s->busy, 1);
    }
    errno = error;
}

/* The set of numbers as bits; 0 when one of them cannot be waited for. */
static uint64_t mask_of(const int numbers[], size_t count)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < count; i++) {
        const int n = numbers[i];
        if (n < 1 || n > SIGNALS || n == SIGKILL || n == SIGSTOP) return 0;
        if (n == SIGSEGV || n == SIGBUS || n == SIGILL || n == SIGFPE) return 0;
        mask |= bit_of(n);
    }
    return mask;
}

static bool is_ours(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == handle;
}

/* One set less has the signals: those which no set has any more get back what they did. */
static void put_back(uint64_t mask)
{
    for (int n = 1; n <= SIGNALS; n++) {
        if (!(mask & bit_of(n)) || --dispositions.users[n - 1]) continue;
        struct sigaction now;
        if (sigaction(n, NULL, &now) == 0 && is_ours(&now))
            sigaction(n, &dispositions.former[n - 1], NULL);
    }
}

/* ThreadSanitizer calls handlers later, by functions that it knows; a restarted system call that it
 * does not know would never return to one. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
enum { RESTART = 0 };
#define WEIR_NO_RESTART
#endif
#endif
#ifndef WEIR_NO_RESTART
enum { RESTART = SA_RESTART };
#endif

/* One set more has the signals.  0, or an error: as before. */
static int put_handler(uint64_t mask)
{
    /* On the alternate stack where there is one: a fiber's may be small. */
    struct sigaction action = {.sa_handler = handle, .sa_flags = RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (int n = 1; n <= SIGNALS; n++) {
        if (!(mask & bit_of(n))) continue;
        if (dispositions.users[n - 1] == 0 && sigaction(n, &action, &dispositions.former[n - 1])) {
            put_back(mask & (bit_of(n) - 1));
            return WEIR_EINVAL; /* the C library's own */
        }
        dispositions.users[n - 1]++;
    }
    return 0;
}

/* Ends the handler's work for a slot: at the return no handler touches it. */
static void retire(slot *s)
{
    atomic_store(&s->mask, 0);
    /* Pairs with the handler's increment before its second look at the mask. */
    while (atomic_load(&s->busy)) sched_yield();
}

static slot *free_slot(void)
{
    for (slot *s = slots; s < slots + WEIR_SIGNALS_LIMIT; s++)
        if (!s->taken) return s;
    return NULL;
}

int weir_signals_open(weir_signals *signals, const int numbers[], size_t count)
{
    memset(signals, 0, sizeof *signals);
    signals->fd = -1;
    const uint64_t mask = mask_of(numbers, count);
    if (!mask) return WEIR_EINVAL;
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return -errno;

    int error = WEIR_ELIMIT;
    pthread_mutex_lock(&dispositions.lock);
    slot *s = free_slot();
    if (s) {
        s->fd = fd;
        for (int i = 0; i < SIGNALS; i++) atomic_init(&s->counts[i], 0);
        /* Before the handler is there: a signal that it catches has a set to go to. */
        atomic_store(&s->mask, mask);
        error = put_handler(mask);
        if (error) retire(s);
        s->taken = !error;
    }
    pthread_mutex_unlock(&dispositions.lock);
    if (error) {
        close(fd);
        return error;
    }
    signals->slot = s;
    signals->fd = fd;
    return 0;
}

void weir_signals_close(weir_io *io, weir_signals *signals)
{
    slot *s = signals->slot;
    if (!s) return;
    pthread_mutex_lock(&dispositions.lock);
    put_back(atomic_load(&s->mask));
    retire(s);
    s->taken = false;
    pthread_mutex_unlock(&dispositions.lock);
    /* By the engine, which may remember the descriptor by its number. */
    if (io) {
        weir_close_socket(io, (weir_socket){signals->fd});
    } else {
        close(signals->fd);
    }
    *signals = (weir_signals){.fd = -1};
}

int weir_signals_wait(weir_io *io, weir_signals *signals, weir_deadline deadline, int *number)
{
    for (;;) {
        const int error = weir_check(io);
        if (error) return error;
        const int taken = weir_signals_take(signals);
        if (taken > 0) {
            *number = taken;
            return 0;
        }
        weir_op op;
        weir_signals_op(signals, &op);
        /* 0 means none in an op; here every past instant is past. */
        weir_op_set_deadline(&op, deadline);
        const int64_t ready = weir_do(io, &op);
        if (ready < 0) return (int)ready;
    }
}

void weir_signals_op(const weir_signals *signals, weir_op *op)
{
    weir_op_set(op, WEIR_OP_POLL, signals->fd);
    op->args.poll = WEIR_POLL_READ;
}

int weir_signals_take(weir_signals *signals)
{
    if (!signals->slot) return WEIR_EAGAIN;
    uint64_t drained;
    ssize_t ignored = read(signals->fd, &drained, sizeof drained);
    (void)ignored;
    int found = 0;
    bool more = false;
    for (int i = 0; i < SIGNALS && !more; i++) {
        const int n = (signals->last + i) % SIGNALS + 1;
        _Atomic uint64_t *count = &signals->slot->counts[n - 1];
        if (!atomic_load(count)) continue;
        if (found) {
            more = true;
        } else {
            found = n;
            signals->count = atomic_exchange(count, 0);
        }
    }
    if (more) raise_descriptor(signals->fd);
    if (!found) return WEIR_EAGAIN;
    signals->last = found;
    return found;
}
