/* SPDX-License-Identifier: MIT
 *
 * The list of tests, main(), seeds, and the count of descriptors.
 */
#include "test/harness/test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The signals which cmocka catches during a test. */
static const int fatal_signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof fatal_signals[0] };

static test_case *first_test;
static test_case **last_link = &first_test;
static struct sigaction signals_at_start[FATAL_SIGNALS];
static const char *program_name;
static const test_case *running;
static uint64_t running_seed;
static bool running_has_seed;

void test_register(test_case *test)
{
    *last_link = test;
    last_link = &test->next;
}

uint64_t test_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t test_seed(void)
{
    if (running_has_seed) return running_seed;
    const char *given = getenv("WEIR_TEST_SEED");
    if (given) {
        running_seed = strtoull(given, NULL, 0);
    } else if (running->has_seed) {
        running_seed = running->seed;
    } else if (getentropy(&running_seed, sizeof running_seed) != 0) {
        fail_msg("no random seed: %s", strerror(errno));
    }
    running_has_seed = true;
    fprintf(stderr, "seed: repeat with WEIR_TEST_SEED=%#llx %s --only %s\n",
            (unsigned long long)running_seed, program_name, running->name);
    return running_seed;
}

void test_skip(void)
{
    unsetenv("CMOCKA_TEST_ABORT");
    _skip("", 0);
}

bool test_is_emulated(void)
{
    const char *launch = getenv("WEIR_LAUNCH");
    return launch && strstr(launch, "qemu");
}

int test_fd_count(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    int count = -1; /* the directory itself is among them */
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') count++;
    closedir(dir);
    return count;
}

/* Runs one test with the signal handlers the process began with: cmocka's would jump off whatever
 * stack faulted, and hide the sanitizer's report. */
static void run_one(void **state)
{
    running = *state;
    running_has_seed = false;
    for (size_t i = 0; i < FATAL_SIGNALS; i++)
        sigaction(fatal_signals[i], &signals_at_start[i], NULL);
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    test_alloc_reset();
    running->run();
    test_alloc_reset();
}

static bool is_chosen(const test_case *test, bool only, char **filters, int count)
{
    if (count == 0) return true;
    for (int i = 0; i < count; i++) {
        if (only ? strcmp(test->name, filters[i]) == 0 : strstr(test->name, filters[i]) != NULL)
            return true;
    }
    return false;
}

static int run_chosen(bool only, char **filters, int filter_count)
{
    size_t count = 0;
    for (test_case *test = first_test; test; test = test->next)
        count += is_chosen(test, only, filters, filter_count);
    if (count == 0) {
        fprintf(stderr, "%s: no test of that name\n", program_name);
        return 2;
    }
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    if (!tests) return 2;
    size_t i = 0;
    for (test_case *test = first_test; test; test = test->next) {
        if (!is_chosen(test, only, filters, filter_count)) continue;
        tests[i].name = test->name;
        tests[i].test_func = run_one;
        tests[i].initial_state = test;
        i++;
    }
    int failed = _cmocka_run_group_tests(program_name, tests, count, NULL, NULL);
    free(tests);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    program_name = slash ? slash + 1 : argv[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < FATAL_SIGNALS; i++)
        sigaction(fatal_signals[i], NULL, &signals_at_start[i]);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (test_case *test = first_test; test; test = test->next) puts(test->name);
        return 0;
    }
    bool only = argc > 1 && strcmp(argv[1], "--only") == 0;
    int skipped = only ? 2 : 1;
    return run_chosen(only, argv + skipped, argc - skipped);
}
