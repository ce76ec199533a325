/* SPDX-License-Identifier: MIT
 *
 * The epoll set: registrations, waiting lists, and what is known without asking the kernel.
 *
 * An event carries descriptor and generation; one of an earlier generation is dropped.  A
 * descriptor is registered for reading alone until somebody waits to write: Unix and datagram
 * sockets report every byte that leaves as "writable", which would wake a server once per reply.
 *
 * Invariant (EMPTY): the bit is set only while the descriptor is armed for READ and nothing could
 * be read at a moment after the last event was taken; whatever arrives later is an event still to
 * come.
 */
#include "io/posix/readiness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "io/parking.h"
#include "io/posix/clock.h"

/* Bits of entry->known. */
enum {
    REGISTERED = 1, /* with the kernel, for entry->armed */
    EMPTY = 2,      /* see the invariant */
    ENDED = 4,  /* the peer has ended, failed or sent urgent data: a short read proves nothing */
    PROBED = 8, /* TCP is known */
    TCP = 16,
};

enum { BATCH = 256 };

static const uint64_t wakeup_key = UINT64_MAX;

static uint64_t key_of(int fd, uint32_t generation)
{
    return (uint64_t)generation << 32 | (uint32_t)fd;
}

int weir_readiness_init(weir_readiness *set, weir_descriptors *descriptors, int wakeup)
{
    memset(set, 0, sizeof(*set));
    set->descriptors = descriptors;
    set->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (set->epoll < 0) return -errno;
    set->owns_wakeup = wakeup < 0;
    set->wakeup = set->owns_wakeup ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : wakeup;
    if (set->wakeup < 0) {
        int error = -errno;
        close(set->epoll);
        return error;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = wakeup_key};
    if (epoll_ctl(set->epoll, EPOLL_CTL_ADD, set->wakeup, &event) == 0) return 0;
    int error = -errno;
    if (set->owns_wakeup) close(set->wakeup);
    close(set->epoll);
    return error;
}

void weir_readiness_deinit(weir_readiness *set)
{
    if (set->owns_wakeup) close(set->wakeup);
    close(set->epoll);
    for (int i = 0; i < WEIR_DESCRIPTORS_CHUNKS; i++) free(set->chunks[i]);
}

static weir_readiness_entry *find(const weir_readiness *set, int fd)
{
    if (fd < 0 || fd / WEIR_DESCRIPTORS_CHUNK >= WEIR_DESCRIPTORS_CHUNKS) return NULL;
    weir_readiness_entry *chunk = set->chunks[fd / WEIR_DESCRIPTORS_CHUNK];
    return chunk ? &chunk[fd % WEIR_DESCRIPTORS_CHUNK] : NULL;
}

static int reserve(weir_readiness *set, int fd)
{
    int error = weir_descriptors_reserve(set->descriptors, fd);
    if (error < 0) return error;
    weir_readiness_entry **slot = &set->chunks[fd / WEIR_DESCRIPTORS_CHUNK];
    if (!*slot) *slot = calloc(WEIR_DESCRIPTORS_CHUNK, sizeof(**slot));
    return *slot ? 0 : WEIR_ENOMEM;
}

/* The entry if what it says holds for the descriptor that has the number now, else NULL. */
static weir_readiness_entry *find_valid(const weir_readiness *set, int fd)
{
    weir_readiness_entry *entry = find(set, fd);
    if (!entry || !(entry->known & REGISTERED)) return NULL;
    return entry->generation == weir_descriptors_generation(set->descriptors, fd) ? entry : NULL;
}

/* Whether the op takes from the descriptor, so that EMPTY means that it would have to wait. */
static bool is_taker(const weir_op *op)
{
    switch (op->code) {
    case WEIR_OP_READ: return op->args.vector.count > 0 && op->args.vector.data[0].iov_len > 0;
    case WEIR_OP_RECEIVE:
    case WEIR_OP_RECEIVE_MANY: return !weir_attempt_takes_errors(op);
    case WEIR_OP_ACCEPT:
    case WEIR_OP_READ_LENT: return true;
    default: return false;
    }
}

bool weir_readiness_is_empty(const weir_readiness *set, int fd)
{
    const weir_readiness_entry *entry = find_valid(set, fd);
    return entry && (entry->known & EMPTY);
}

static bool is_tcp(weir_readiness_entry *entry, int fd)
{
    if (!(entry->known & PROBED)) entry->known |= weir_attempt_is_tcp(fd) ? PROBED | TCP : PROBED;
    return entry->known & TCP;
}

static void note_empty(weir_readiness *set, int fd, bool was_short)
{
    weir_readiness_entry *entry = find_valid(set, fd);
    if (!entry || !(entry->armed & WEIR_POLL_READ)) return;
    /* A short read empties a TCP socket (see epoll(7)) unless the end of the stream or an urgent
     * mark follows.  Other kinds keep messages or lines apart: only "would block" counts. */
    if (was_short && ((entry->known & ENDED) || !is_tcp(entry, fd))) return;
    entry->known |= EMPTY;
}

/* recvmmsg(2) goes on until nothing is left, or an error or urgent data come between. */
static void note_few(weir_readiness *set, const weir_op *op, int64_t result)
{
    const weir_readiness_entry *entry = find_valid(set, op->fd);
    const bool is_few = result > 0 && (uint64_t)result < op->args.messages.count;
    if (is_few && entry && !(entry->known & ENDED)) note_empty(set, op->fd, false);
}

void weir_readiness_note_read(weir_readiness *set, int fd, int64_t result, size_t room)
{
    if (result == WEIR_ATTEMPT_WAIT || result == WEIR_EAGAIN)
        note_empty(set, fd, false);
    else if (result > 0 && (uint64_t)result < room)
        note_empty(set, fd, true);
}

int64_t weir_readiness_try(weir_readiness *set, weir_op *op)
{
    bool takes = is_taker(op);
    if (takes && weir_readiness_is_empty(set, op->fd)) return WEIR_ATTEMPT_WAIT;
    if (!takes) return weir_descriptors_attempt(set->descriptors, op);
    int64_t result = weir_descriptors_attempt(set->descriptors, op);
    if (result == WEIR_ATTEMPT_WAIT)
        note_empty(set, op->fd, false);
    else if (op->code == WEIR_OP_READ && weir_attempt_was_short(op, result))
        note_empty(set, op->fd, true);
    else if (op->code == WEIR_OP_RECEIVE_MANY)
        note_few(set, op, result);
    return result;
}

/* Registers the descriptor for `events` besides what it is registered for.
 * Returns 0; 1: it cannot be waited for; a negative error. */
static int arm(weir_readiness *set, weir_readiness_entry *entry, int fd, uint32_t generation,
               uint32_t events)
{
    if (!(entry->known & REGISTERED) || entry->generation != generation) {
        entry->armed = 0;
        entry->known = 0;
        entry->generation = generation;
    }
    uint32_t armed = entry->armed | events;
    struct epoll_event event = {.events = EPOLLET, .data.u64 = key_of(fd, generation)};
    if (armed & WEIR_POLL_READ) event.events |= EPOLLIN | EPOLLRDHUP | EPOLLPRI;
    if (armed & WEIR_POLL_WRITE) event.events |= EPOLLOUT;

    int how = entry->known & REGISTERED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int failed = epoll_ctl(set->epoll, how, fd, &event);
    /* The kernel may know the number still (an open file that outlives its number) or no more
     * (closed behind our back). */
    if (failed && how == EPOLL_CTL_ADD && errno == EEXIST)
        failed = epoll_ctl(set->epoll, EPOLL_CTL_MOD, fd, &event);
    else if (failed && how == EPOLL_CTL_MOD && errno == ENOENT)
        failed = epoll_ctl(set->epoll, EPOLL_CTL_ADD, fd, &event);
    if (failed) return errno == EPERM ? 1 : -errno;
    entry->armed = (uint8_t)armed;
    entry->known |= REGISTERED;
    return 0;
}

static void append(weir_op **head, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    words->next = NULL;
    words->previous = op;
    if (*head) {
        weir_op_words *first = weir_op_words_of(*head);
        words->previous = first->previous;
        weir_op_words_of(first->previous)->next = op;
        first->previous = op;
    } else {
        *head = op;
    }
}

static void unlink_op(weir_op **head, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    if (words->next)
        weir_op_words_of(words->next)->previous = words->previous;
    else
        weir_op_words_of(*head)->previous = words->previous;
    if (*head == op)
        *head = words->next;
    else
        weir_op_words_of(words->previous)->next = words->next;
    words->next = words->previous = NULL;
}

int weir_readiness_add(weir_readiness *set, weir_op *op)
{
    int error = reserve(set, op->fd);
    if (error < 0) return error;
    weir_readiness_entry *entry = find(set, op->fd);
    uint32_t generation = weir_descriptors_generation(set->descriptors, op->fd);
    uint32_t events = weir_attempt_events(op);
    if (!(entry->known & REGISTERED) || entry->generation != generation ||
        (events & ~(uint32_t)entry->armed)) {
        error = arm(set, entry, op->fd, generation, events);
        if (error) return error;
    }
    /* The try before this found nothing, and if something has come since, arming told epoll. */
    if (is_taker(op)) entry->known |= EMPTY;
    append(&entry->waiting, op);
    return 0;
}

bool weir_readiness_remove(weir_readiness *set, weir_op *op)
{
    weir_readiness_entry *entry = find(set, op->fd);
    /* A linked op has a previous one, itself if it is alone. */
    if (!entry || !weir_op_words_of(op)->previous) return false;
    unlink_op(&entry->waiting, op);
    return true;
}

/* Moves the ops that wait for any of `ready` to the end of the list at *tail. */
static weir_op **hand_out(weir_readiness_entry *entry, uint32_t ready, weir_op **tail)
{
    for (weir_op *op = entry->waiting, *next; op; op = next) {
        next = weir_op_words_of(op)->next;
        if (!(ready & WEIR_POLL_ERROR) && !(ready & weir_attempt_events(op))) continue;
        unlink_op(&entry->waiting, op);
        *tail = op;
        tail = &weir_op_words_of(op)->next;
    }
    return tail;
}

static weir_op **take_event(weir_readiness *set, const struct epoll_event *event, weir_op **tail)
{
    if (event->data.u64 == wakeup_key) return tail;
    weir_readiness_entry *entry = find(set, (int)(uint32_t)event->data.u64);
    if (!entry || entry->generation != event->data.u64 >> 32) return tail;

    uint32_t ready = 0;
    if (event->events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI)) ready |= WEIR_POLL_READ;
    if (event->events & EPOLLOUT) ready |= WEIR_POLL_WRITE;
    if (event->events & (EPOLLERR | EPOLLHUP)) ready |= WEIR_POLL_ERROR;
    if (ready & (WEIR_POLL_READ | WEIR_POLL_ERROR)) entry->known &= (uint8_t)~EMPTY;
    if (event->events & (EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP)) entry->known |= ENDED;
    set->events++;
    return hand_out(entry, ready, tail);
}

static int wait_for_events(weir_readiness *set, struct epoll_event *events, int64_t timeout)
{
    if (timeout > 0 && timeout != WEIR_FOREVER_NS) {
        struct timespec span = weir_posix_timespec(timeout);
        int count = epoll_pwait2(set->epoll, events, BATCH, &span, NULL);
        if (count >= 0 || errno != ENOSYS) return count;
    }
    return epoll_wait(set->epoll, events, BATCH, weir_posix_milliseconds(timeout));
}

weir_op *weir_readiness_wait(weir_readiness *set, int64_t timeout)
{
    struct epoll_event events[BATCH];
    /* -1 is EINTR: a signal is a cause to return. */
    int count = wait_for_events(set, events, timeout);
    weir_op *ready = NULL;
    weir_op **tail = &ready;
    set->more = count == BATCH;
    for (int i = 0; i < count; i++) tail = take_event(set, &events[i], tail);
    return ready;
}

void weir_readiness_wake(weir_readiness *set)
{
    uint64_t one = 1;
    /* Fails only when the counter is full, which takes centuries: it is never read. */
    ssize_t written = TEMP_FAILURE_RETRY(write(set->wakeup, &one, sizeof(one)));
    (void)written;
}
