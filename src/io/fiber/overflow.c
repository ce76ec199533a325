/* SPDX-License-Identifier: MIT
 *
 * The message for a stack overflow; how it works is in overflow.h.
 *
 * Two parties: threads install and uninstall under the lock; the handler runs anywhere and takes
 * no lock.  It reads its own thread's `current` and, after the first install, `previous_action`,
 * which is written before the handler can run.  Invariant: the handler is in place exactly while
 * `users` is above zero, or the process is dying.
 */
#include "io/fiber/overflow.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <weir/base/error.h>

enum {
    ALTERNATE_SIZE = 64 << 10, /* mapped, touched only by a fault */
    NAME_MAX_SHOWN = 128,
};

static const int signals[] = {SIGSEGV, SIGBUS};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static struct sigaction previous_action[SIGNALS];

/* Initial-exec: the dynamic models may allocate at the first use, which would be in the handler. */
static _Thread_local weir_overflow_watch *current __attribute__((tls_model("initial-exec")));

static int process_enter(void);
static void process_leave(void);
static void handle(int signal, siginfo_t *info, void *context);
static void report(const weir_overflow_watch *watch);
static void chain(int which, siginfo_t *info, void *context);

int weir_overflow_install(weir_overflow_watch *watch)
{
    watch->alternate =
        mmap(NULL, ALTERNATE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (watch->alternate == MAP_FAILED) return WEIR_ENOMEM;
    stack_t alternate = {.ss_sp = watch->alternate, .ss_size = ALTERNATE_SIZE};
    int rc = sigaltstack(&alternate, &watch->previous) ? -errno : 0;
    if (rc) {
        munmap(watch->alternate, ALTERNATE_SIZE);
        return rc;
    }
    watch->outer = current;
    current = watch;
    /* The handler of this very thread must see the watch filled in once it can run. */
    atomic_signal_fence(memory_order_release);
    rc = process_enter();
    if (rc == 0) return 0;
    current = watch->outer;
    sigaltstack(&watch->previous, NULL);
    munmap(watch->alternate, ALTERNATE_SIZE);
    return rc;
}

void weir_overflow_uninstall(weir_overflow_watch *watch)
{
    process_leave();
    current = watch->outer;
    atomic_signal_fence(memory_order_release);
    sigaltstack(&watch->previous, NULL);
    munmap(watch->alternate, ALTERNATE_SIZE);
}

static int process_enter(void)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; users == 0 && rc == 0 && i < SIGNALS; i++) {
        /* Read first, so that the handler never runs before the previous one is known. */
        if (sigaction(signals[i], NULL, &previous_action[i]) ||
            sigaction(signals[i], &action, NULL)) {
            rc = -errno;
            while (i-- > 0) sigaction(signals[i], &previous_action[i], NULL);
            break;
        }
    }
    if (rc == 0) users++;
    pthread_mutex_unlock(&lock);
    return rc;
}

static void process_leave(void)
{
    pthread_mutex_lock(&lock);
    if (--users == 0)
        for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &previous_action[i], NULL);
    pthread_mutex_unlock(&lock);
}

static void handle(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    const weir_overflow_watch *watch = current;
    /* Engines may be nested: the fault can be on a stack of an outer one. */
    while (watch && !weir_stack_slabs_is_guard(watch->slabs, info->si_addr)) watch = watch->outer;
    /* A code above zero means a fault of the processor; si_addr means nothing in a sent signal. */
    if (watch && info->si_code > 0) {
        report(watch);
        for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &previous_action[i], NULL);
    } else {
        chain(signal == signals[0] ? 0 : 1, info, context);
    }
    errno = saved;
}

/* A line put together without the C library's formatted output, which a handler may not use. */
typedef struct line {
    char text[512];
    size_t len;
} line;

static void line_text(line *to, const char *text)
{
    while (*text && to->len < sizeof(to->text)) to->text[to->len++] = *text++;
}

static void line_name(line *to, const char *name)
{
    for (int i = 0; name[i] && i < NAME_MAX_SHOWN; i++) {
        char shown[2] = {name[i], 0};
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f) shown[0] = '?';
        line_text(to, shown);
    }
}

static void line_number(line *to, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits) - 1;
    digits[at] = 0;
    do digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    line_text(to, digits + at);
}

static void report(const weir_overflow_watch *watch)
{
    line message = {.len = 0};
    const char *name = watch->task_name ? watch->task_name(watch->argument) : NULL;
    line_text(&message, "weir: stack overflow in ");
    line_text(&message, name ? "task \"" : "a task without a name");
    if (name) line_name(&message, name);
    line_text(&message, name ? "\" (stack of " : " (stack of ");
    line_number(&message, weir_stack_slabs_stack_size(watch->slabs) >> 10);
    line_text(&message, " KiB): raise weir_engine_options.stack_size (or WEIR_STACK_SIZE)\n");
    /* The process is about to die: there is nobody to tell that the message could not be written.
     */
    ssize_t written = write(STDERR_FILENO, message.text, message.len);
    (void)written;
}

/* What would have happened without us. */
static void chain(int which, siginfo_t *info, void *context)
{
    const struct sigaction *previous = &previous_action[which];
    if (previous->sa_flags & SA_SIGINFO) {
        previous->sa_sigaction(signals[which], info, context);
    } else if (previous->sa_handler == SIG_IGN && info->si_code <= 0) {
        return;
    } else if (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN) {
        previous->sa_handler(signals[which]);
    } else {
        /* A fault happens again when we return, a sent signal must be sent again; both then find
         * the default action. */
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigemptyset(&standard.sa_mask);
        sigaction(signals[which], &standard, NULL);
        if (info->si_code <= 0) raise(signals[which]);
    }
}
