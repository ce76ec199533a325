/* SPDX-License-Identifier: MIT
 *
 * Is every signal told to every set that has it, is none lost, and do dispositions come back when
 * sets are closed, also while handlers run?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <weir/io/signal.h>

static weir_signals open_set(int first, int second)
{
    const int numbers[] = {first, second};
    weir_signals set;
    check_int(weir_signals_open(&set, numbers, second ? 2 : 1), 0);
    return set;
}

static int wait_for(weir_io *io, weir_signals *set)
{
    int number = 0;
    const int error =
        weir_signals_wait(io, set, weir_deadline_after(io, weir_seconds(20)), &number);
    return error ? error : number;
}

static void post(int number)
{
    kill(getpid(), number);
}

static struct sigaction disposition(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigaction(number, NULL, &action);
    return action;
}

static atomic_uint former_calls;

static void former(int number)
{
    (void)number;
    atomic_fetch_add(&former_calls, 1);
}

static void other(int number)
{
    (void)number;
}

CONTRACT(a_signal_is_told_to_every_set_that_has_it)
{
    weir_signals a = open_set(SIGUSR1, 0), b = open_set(SIGUSR2, SIGUSR1), c = open_set(SIGUSR2, 0);
    post(SIGUSR1);
    check_int(wait_for(io, &a), SIGUSR1);
    check_int(wait_for(io, &b), SIGUSR1);
    post(SIGUSR2);
    check_int(wait_for(io, &b), SIGUSR2);
    check_int(wait_for(io, &c), SIGUSR2);
    check_int(weir_signals_take(&a), WEIR_EAGAIN);
    check_int(weir_signals_take(&b), WEIR_EAGAIN);
    check_int(weir_signals_take(&c), WEIR_EAGAIN);
    weir_signals_close(io, &b);
    weir_signals_close(io, &b);
    post(SIGUSR1);
    check_int(wait_for(io, &a), SIGUSR1);
    weir_signals_close(io, &a);
    weir_signals_close(io, &c);
    check_int(weir_signals_take(&c), WEIR_EAGAIN);
    weir_signals zero = {0};
    check_int(weir_signals_take(&zero), WEIR_EAGAIN);
    weir_signals_close(io, &zero);
}

typedef struct waiter {
    weir_signals *set;
    uint32_t begun;
    int number;
} waiter;

static int wait_once(weir_io *io, void *argument)
{
    waiter *w = argument;
    contract_raise(io, &w->begun);
    return weir_signals_wait(io, w->set, weir_never(), &w->number);
}

CONTRACT(a_signal_wakes_the_task_that_waits_for_it)
{
    weir_signals set = open_set(SIGUSR1, SIGUSR2);
    for (int i = 0; i < 20; i++) {
        waiter w = {.set = &set};
        weir_task task;
        int result = -1;
        check_int(weir_concurrent(io, &task, wait_once, &w, NULL), 0);
        check_int(contract_reached(io, &w.begun, 1), 0);
        if (i % 2) contract_settle(io);
        post(i % 3 ? SIGUSR1 : SIGUSR2);
        check_int(weir_await(io, &task, &result), 0);
        check_int(result, 0);
        check_int(w.number, i % 3 ? SIGUSR1 : SIGUSR2);
        check_int(set.count, 1);
    }
    weir_signals_close(io, &set);
}

CONTRACT(signals_that_come_often_are_told_once_and_counted)
{
    weir_signals set = open_set(SIGUSR1, SIGRTMIN + 3);
    for (int i = 0; i < 5; i++) raise(SIGUSR1);
    for (int i = 0; i < 7; i++) raise(SIGRTMIN + 3);
    check_int(wait_for(io, &set), SIGUSR1);
    check_int(set.count, 5);
    /* By turns: the one that was told does not hold up the other. */
    raise(SIGUSR1);
    check_int(wait_for(io, &set), SIGRTMIN + 3);
    check_int(set.count, 7);
    check_int(wait_for(io, &set), SIGUSR1);
    check_int(set.count, 1);
    check_int(weir_signals_take(&set), WEIR_EAGAIN);
    weir_signals_close(io, &set);
}

CONTRACT(a_signal_wins_a_select_and_one_that_lost_is_kept)
{
    weir_signals a = open_set(SIGUSR1, 0), b = open_set(SIGUSR2, 0);
    for (int i = 0; i < 10; i++) {
        weir_op ops[3], *all[] = {&ops[0], &ops[1], &ops[2]};
        weir_op_set(&ops[0], WEIR_OP_SLEEP, -1);
        weir_signals_op(&a, &ops[1]);
        weir_signals_op(&b, &ops[2]);
        post(SIGUSR1);
        if (i % 2) post(SIGUSR2);
        const int winner = weir_select(io, all, 3, weir_deadline_after(io, weir_seconds(20)));
        check(winner == 1 || (i % 2 && winner == 2));
        /* Whatever the select said: what came is there. */
        check_int(wait_for(io, &a), SIGUSR1);
        if (i % 2) check_int(wait_for(io, &b), SIGUSR2);
        check_int(weir_signals_take(&b), WEIR_EAGAIN);
    }
    weir_signals_close(io, &a);
    weir_signals_close(io, &b);
}

CONTRACT(a_set_in_which_more_is_left_completes_an_op)
{
    weir_signals set = open_set(SIGUSR1, SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR2);
    for (int i = 0; i < 2; i++) {
        weir_op op, *one[] = {&op};
        weir_signals_op(&set, &op);
        check_int(weir_select(io, one, 1, weir_deadline_after(io, weir_seconds(20))), 0);
        check_int(weir_signals_take(&set), i ? SIGUSR2 : SIGUSR1);
    }
    check_int(weir_signals_take(&set), WEIR_EAGAIN);
    weir_signals_close(io, &set);
}

CONTRACT(a_wait_is_canceled_and_expires_and_loses_no_signal)
{
    weir_signals set = open_set(SIGUSR1, 0);
    int number = 7;
    const weir_instant past[] = {{INT64_MIN}, {0}, weir_now(io, WEIR_CLOCK_MONOTONIC)};
    for (size_t i = 0; i < 3; i++)
        check_int(weir_signals_wait(io, &set, past[i], &number), WEIR_EDEADLINE);
    check_int(weir_signals_wait(io, &set, weir_deadline_after(io, weir_milliseconds(2)), &number),
              WEIR_EDEADLINE);
    check_int(number, 7);
    raise(SIGUSR1); /* to this thread: it has come when this returns */
    check_int(weir_signals_wait(io, &set, (weir_instant){1}, &number), 0);
    check_int(number, SIGUSR1);

    post(SIGUSR1);
    weir_recancel(io);
    check_int(wait_for(io, &set), WEIR_ECANCELED);
    check_int(wait_for(io, &set), SIGUSR1);

    waiter w = {.set = &set};
    weir_task task;
    check_int(weir_concurrent(io, &task, wait_once, &w, NULL), 0);
    check_int(contract_reached(io, &w.begun, 1), 0);
    contract_settle(io);
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    post(SIGUSR1);
    check_int(wait_for(io, &set), SIGUSR1);
    weir_signals_close(io, &set);
}

CONTRACT(the_former_disposition_comes_back_with_the_last_set)
{
    struct sigaction before = {.sa_handler = former, .sa_flags = SA_NODEFER}, kept;
    sigemptyset(&before.sa_mask);
    sigaction(SIGUSR1, &before, &kept);
    former_calls = 0;
    weir_signals a = open_set(SIGUSR1, SIGUSR1), b = open_set(SIGUSR2, SIGUSR1);
    check(disposition(SIGUSR1).sa_handler != former);
    raise(SIGUSR1);
    weir_signals_close(io, &a);
    check(disposition(SIGUSR1).sa_handler != former);
    raise(SIGUSR1);
    check_int(former_calls, 0);
    check_int(wait_for(io, &b), SIGUSR1);
    check_int(b.count, 2);
    weir_signals_close(io, &b);
    check(disposition(SIGUSR1).sa_handler == former);
    check(disposition(SIGUSR1).sa_flags & SA_NODEFER);
    check(disposition(SIGUSR2).sa_handler == SIG_DFL);
    raise(SIGUSR1);
    check_int(former_calls, 1);

    /* Who has put another handler there meanwhile keeps it. */
    a = open_set(SIGUSR1, 0);
    signal(SIGUSR1, other);
    weir_signals_close(io, &a);
    check(disposition(SIGUSR1).sa_handler == other);

    /* Also a signal that was ignored is told, and then ignored again. */
    signal(SIGUSR1, SIG_IGN);
    a = open_set(SIGUSR1, 0);
    post(SIGUSR1);
    check_int(wait_for(io, &a), SIGUSR1);
    weir_signals_close(io, &a);
    check(disposition(SIGUSR1).sa_handler == SIG_IGN);
    sigaction(SIGUSR1, &kept, NULL);
}

CONTRACT(what_cannot_be_waited_for_is_refused_and_nothing_changes)
{
    static const int bad[] = {0,       -1,      65,     1000,   INT32_MIN, SIGKILL,
                              SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE,    32};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const int numbers[] = {SIGUSR1, bad[i], SIGRTMAX};
        weir_signals set;
        check_int(weir_signals_open(&set, numbers, 3), WEIR_EINVAL);
        check(set.slot == NULL);
        check(disposition(SIGUSR1).sa_handler == SIG_DFL);
        check(disposition(SIGRTMAX).sa_handler == SIG_DFL);
        weir_signals_close(io, &set);
    }
    weir_signals set;
    check_int(weir_signals_open(&set, NULL, 0), WEIR_EINVAL);
}

CONTRACT(sets_and_descriptors_run_out_and_come_back)
{
    weir_signals sets[WEIR_SIGNALS_LIMIT], one_more;
    const int number = SIGUSR2;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < WEIR_SIGNALS_LIMIT; i++) sets[i] = open_set(SIGUSR1, 0);
        check_int(weir_signals_open(&one_more, &number, 1), WEIR_ELIMIT);
        check(disposition(SIGUSR2).sa_handler == SIG_DFL);
        raise(SIGUSR1);
        for (int i = 0; i < WEIR_SIGNALS_LIMIT; i++) {
            check_int(wait_for(io, &sets[i]), SIGUSR1);
            weir_signals_close(io, &sets[i]);
        }
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(lowest);
    setrlimit(RLIMIT_NOFILE,
              &(struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max});
    const int result = weir_signals_open(&one_more, &number, 1);
    setrlimit(RLIMIT_NOFILE, &limit);
    check_int(result, WEIR_EMFILE);
    check(disposition(SIGUSR2).sa_handler == SIG_DFL);
}

CONTRACT(the_handler_keeps_errno_and_what_is_blocked)
{
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    weir_signals set = open_set(SIGUSR1, 0);
    /* The handler's write fails from here on. */
    const uint64_t full = UINT64_MAX - 1;
    check_int(write(set.fd, &full, sizeof full), sizeof full);
    for (int i = 0; i < 100; i++) {
        errno = 77 + i;
        raise(SIGUSR1);
        check_int(errno, 77 + i);
    }
    check_int(wait_for(io, &set), SIGUSR1);
    check_int(set.count, 100);
    weir_signals_close(io, &set);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int n = 1; n <= SIGRTMAX; n++) check_int(sigismember(&after, n), sigismember(&before, n));
}

/* A handler that is held in the middle: its set's descriptor is a pipe without room. */
typedef struct held {
    int pipe[2];
    atomic_bool closed;
} held;

static void *raise_once(void *argument)
{
    (void)argument;
    raise(SIGUSR1);
    return NULL;
}

static void *let_go(void *argument)
{
    held *h = argument;
    static char bytes[1 << 20];
    /* Time for a close that does not wait to return; one that waits never fails here. */
    usleep(5000);
    check(!atomic_load(&h->closed));
    fcntl(h->pipe[0], F_SETFL, O_NONBLOCK);
    check(read(h->pipe[0], bytes, sizeof bytes) > 0);
    return NULL;
}

CONTRACT(closing_waits_for_a_handler_on_another_thread)
{
    weir_signals set = open_set(SIGUSR1, 0);
    held h = {0};
    const char byte = 0;
    check_int(pipe2(h.pipe, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(h.pipe[1], &byte, 1) == 1) continue;
    fcntl(h.pipe[1], F_SETFL, 0);
    check_int(dup3(h.pipe[1], set.fd, O_CLOEXEC), set.fd);
    pthread_t raiser, releaser;
    pthread_create(&raiser, NULL, raise_once, NULL);
    /* The count comes before the write: who sees it knows that the handler is inside. */
    while (weir_signals_take(&set) != SIGUSR1) sched_yield();
    pthread_create(&releaser, NULL, let_go, &h);
    weir_signals_close(io, &set);
    atomic_store(&h.closed, true);
    pthread_join(raiser, NULL);
    pthread_join(releaser, NULL);
    close(h.pipe[0]);
    close(h.pipe[1]);
}

/* A thread that sends signals to the process until it is told to end. */
typedef struct sender {
    atomic_bool end;
    atomic_uint sent;
} sender;

static void *send_many(void *argument)
{
    sender *s = argument;
    while (!atomic_load(&s->end)) {
        post(SIGUSR1);
        raise(SIGUSR2);
        atomic_fetch_add(&s->sent, 1);
        sched_yield();
    }
    return NULL;
}

CONTRACT(sets_open_and_close_while_signals_come)
{
    struct sigaction kept[2];
    const struct sigaction before = {.sa_handler = former, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &before, &kept[0]);
    sigaction(SIGUSR2, &before, &kept[1]);
    sender s = {0};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, send_many, &s);
    weir_signals whole = open_set(SIGUSR1, 0);
    for (int i = 0; i < 150 && !contract_failed(); i++) {
        weir_signals a = open_set(SIGUSR1, SIGUSR2), b = open_set(SIGUSR2, 0);
        if (i % 4 == 0) check_int(wait_for(io, &b), SIGUSR2);
        if (i % 4 == 1) check(wait_for(io, &a) > 0);
        weir_signals_close(i % 2 ? io : NULL, &a);
        if (i % 8 == 3) check_int(wait_for(io, &whole), SIGUSR1);
        weir_signals_close(io, &b);
    }
    atomic_store(&s.end, true);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    weir_signals_close(io, &whole);
    check(disposition(SIGUSR1).sa_handler == former);
    check(disposition(SIGUSR2).sa_handler == former);
    sigaction(SIGUSR1, &kept[0], NULL);
    sigaction(SIGUSR2, &kept[1], NULL);
}

static int sleep_short(weir_io *io, void *argument)
{
    (void)argument;
    for (int i = 0; i < 5; i++) {
        const weir_deadline when = weir_deadline_after(io, weir_milliseconds(4));
        check_int(weir_sleep_until(io, when), 0);
        check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= when.ns);
    }
    return 0;
}

CONTRACT(other_tasks_wait_undisturbed_while_signals_come)
{
    struct sigaction kept;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGUSR2, &ignore, &kept);
    weir_signals set = open_set(SIGUSR1, 0);
    sender s = {0};
    pthread_t thread;
    pthread_create(&thread, NULL, send_many, &s);
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < 6; i++)
        check_int(weir_group_concurrent(io, &group, sleep_short, NULL, NULL), 0);
    for (int i = 0; i < 30; i++) check_int(wait_for(io, &set), SIGUSR1);
    check_int(weir_group_wait(io, &group), 0);
    atomic_store(&s.end, true);
    pthread_join(thread, NULL);
    weir_signals_close(io, &set);
    sigaction(SIGUSR2, &kept, NULL);
}

/* How many signals were told is how many were handled: none is lost between handlers on several
 * threads and a taker. */
typedef struct burst {
    atomic_bool go;
    unsigned times;
} burst;

static void *raise_many(void *argument)
{
    burst *b = argument;
    while (!atomic_load(&b->go)) sched_yield();
    for (unsigned i = 0; i < b->times; i++) raise(SIGUSR1);
    return NULL;
}

CONTRACT(no_count_is_lost_between_threads_and_a_taker)
{
    enum { THREADS = 3, TIMES = 400 };
    weir_signals set = open_set(SIGUSR1, 0);
    burst b = {.times = TIMES};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, raise_many, &b);
    atomic_store(&b.go, true);
    uint64_t counted = 0;
    while (counted < THREADS * TIMES) {
        if (!check_int(wait_for(io, &set), SIGUSR1)) break;
        counted += set.count;
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    check_int(counted, THREADS * TIMES);
    check_int(weir_signals_take(&set), WEIR_EAGAIN);
    weir_signals_close(io, &set);
}
