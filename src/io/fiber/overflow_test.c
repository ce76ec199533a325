/* SPDX-License-Identifier: MIT
 *
 * Does a task that overflows its stack end with a message that names it, and do all other faults go
 * where they went before?
 */
#include "io/fiber/overflow.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fiber/switch.h"

#include "test/harness/test.h"

typedef struct fiber {
    weir_stack stack;
    weir_fiber_context context;
} fiber;

typedef struct result {
    char text[8192];
    int status;
} result;

static const char *name_of(void *argument)
{
    return argument;
}

/* Runs `body` in a child without core files and collects its standard error and status. */
static void in_child(void (*body)(void), result *out)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    char sink[4096];
    for (ssize_t n; (n = read(ends[0], sink, sizeof(sink))) > 0;) {
        size_t room = sizeof(out->text) - 1 - len;
        size_t kept = (size_t)n < room ? (size_t)n : room;
        memcpy(out->text + len, sink, kept);
        len += kept;
    }
    out->text[len] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &out->status, 0), child);
}

/* In an instrumented build the sanitizer was there before us and ends the process its own way. */
static bool died_of_fault(int status)
{
#if defined(WEIR_WITH_ASAN) || defined(WEIR_WITH_TSAN)
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
#else
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
#endif
}

__attribute__((noinline)) static int fall(int depth)
{
    volatile char block[300];
    block[depth % 300] = 1;
    return depth < 0 ? 0 : fall(depth + 1) + block[depth % 300];
}

static weir_fiber_context thread_context;
static volatile int fallen;

static weir_fiber_next fall_forever(void *argument)
{
    (void)argument;
    fallen = fall(0);
    return (weir_fiber_next){&thread_context, NULL};
}

static void run_overflow(const char *name, bool mprotect_guards)
{
    weir_stack_slabs *slabs;
    weir_stack_options options = {.reserve = sizeof(fiber), .mprotect_guards = mprotect_guards};
    if (weir_stack_slabs_create(&slabs, &options)) _exit(90);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 4);
    weir_overflow_watch watch = {.slabs = slabs, .task_name = name_of, .argument = (void *)name};
    if (weir_overflow_install(&watch)) _exit(91);
    weir_fiber_adopt(&thread_context);
    fiber *one = (fiber *)weir_stack_pool_get(&pool);
    if (!one) _exit(92);
    weir_fiber_prepare(&one->context, &one->stack, fall_forever, one);
    weir_fiber_switch(&thread_context, &one->context, NULL);
    _exit(93);
}

static void overflow_named(void)
{
    run_overflow("greedy \"parser\"\n", false);
}

static void overflow_with_mprotect(void)
{
    run_overflow("greedy", true);
}

static void overflow_unnamed(void)
{
    run_overflow(NULL, false);
}

static void *overflow_here(void *argument)
{
    run_overflow(argument, false);
    return NULL;
}

static void overflow_on_a_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, overflow_here, "on a thread")) _exit(94);
    pthread_join(thread, NULL);
}

static const char *stack_words(void)
{
    return WEIR_SANITIZER_STACK_FACTOR == 1 ? "(stack of 64 KiB)" : "(stack of 256 KiB)";
}

TEST(an_overflow_names_the_task_its_stack_and_the_option)
{
    result child;
    in_child(overflow_named, &child);
    assert_non_null(strstr(child.text, "weir: stack overflow in task \"greedy \"parser\"?\" "));
    assert_non_null(strstr(child.text, stack_words()));
    assert_non_null(
        strstr(child.text, ": raise weir_engine_options.stack_size (or WEIR_STACK_SIZE)\n"));
    assert_true(died_of_fault(child.status));
}

TEST(an_overflow_is_named_with_mprotect_guards_too)
{
    result child;
    in_child(overflow_with_mprotect, &child);
    assert_non_null(strstr(child.text, "weir: stack overflow in task \"greedy\" "));
    assert_true(died_of_fault(child.status));
}

TEST(an_overflow_of_a_task_without_a_name_is_reported)
{
    result child;
    in_child(overflow_unnamed, &child);
    assert_non_null(strstr(child.text, "weir: stack overflow in a task without a name "));
    assert_true(died_of_fault(child.status));
}

TEST(an_overflow_on_another_thread_is_reported)
{
    result child;
    in_child(overflow_on_a_thread, &child);
    assert_non_null(strstr(child.text, "weir: stack overflow in task \"on a thread\" "));
    assert_true(died_of_fault(child.status));
}

static void install_for_nothing(weir_overflow_watch *watch)
{
    static weir_stack_slabs *slabs;
    weir_stack_options options = {.reserve = sizeof(fiber)};
    if (!slabs && weir_stack_slabs_create(&slabs, &options)) _exit(90);
    *watch = (weir_overflow_watch){.slabs = slabs, .task_name = name_of, .argument = "innocent"};
    if (weir_overflow_install(watch)) _exit(91);
}

static char *volatile forbidden;

static void fault_elsewhere(void)
{
    weir_overflow_watch watch;
    signal(SIGSEGV, SIG_DFL);
    install_for_nothing(&watch);
    forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *forbidden = 1;
}

TEST(a_fault_elsewhere_dies_without_our_message)
{
    result child;
    in_child(fault_elsewhere, &child);
    assert_null(strstr(child.text, "weir:"));
    assert_true(died_of_fault(child.status));
}

static void earlier_handler(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGSEGV && info->si_addr == forbidden ? 42 : 43);
}

static void fault_with_earlier_handler(void)
{
    struct sigaction action = {.sa_sigaction = earlier_handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    weir_overflow_watch watch;
    install_for_nothing(&watch);
    forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *forbidden = 1;
}

TEST(a_fault_elsewhere_reaches_the_earlier_handler)
{
    result child;
    in_child(fault_with_earlier_handler, &child);
    assert_true(WIFEXITED(child.status));
    assert_int_equal(WEXITSTATUS(child.status), 42);
}

static void sent_signal(void)
{
    weir_overflow_watch watch;
    signal(SIGSEGV, SIG_DFL);
    install_for_nothing(&watch);
    raise(SIGSEGV);
}

TEST(a_sent_signal_kills_as_ever)
{
    result child;
    in_child(sent_signal, &child);
    assert_null(strstr(child.text, "weir:"));
    assert_true(died_of_fault(child.status));
}

TEST(the_last_uninstall_restores_handlers_and_signal_stack)
{
    struct sigaction before, within, after;
    stack_t stack_before, stack_after;
    sigaction(SIGSEGV, NULL, &before);
    sigaltstack(NULL, &stack_before);
    weir_overflow_watch outer, inner;
    install_for_nothing(&outer);
    install_for_nothing(&inner);
    weir_overflow_uninstall(&inner);
    sigaction(SIGSEGV, NULL, &within);
    assert_ptr_not_equal(within.sa_sigaction, before.sa_sigaction);
    weir_overflow_uninstall(&outer);
    sigaction(SIGSEGV, NULL, &after);
    sigaltstack(NULL, &stack_after);
    assert_ptr_equal(after.sa_sigaction, before.sa_sigaction);
    assert_ptr_equal(stack_after.ss_sp, stack_before.ss_sp);
    assert_int_equal(stack_after.ss_flags, stack_before.ss_flags);
    weir_stack_slabs_destroy((weir_stack_slabs *)outer.slabs);
}

TEST(failed_allocation_of_the_signal_stack_is_reported)
{
    weir_stack_slabs *slabs;
    weir_stack_options options = {.reserve = sizeof(fiber)};
    assert_int_equal(weir_stack_slabs_create(&slabs, &options), 0);
    weir_overflow_watch watch = {.slabs = slabs, .task_name = name_of};
    test_alloc_fail_after(0);
    int rc = weir_overflow_install(&watch);
    test_alloc_reset();
    assert_int_equal(rc, -ENOMEM);
    weir_stack_slabs_destroy(slabs);
}
