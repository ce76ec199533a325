/* SPDX-License-Identifier: MIT
 *
 * Does the runner find the seeds that fail, whatever way they fail, keep them, and shrink their
 * scripts to what the failure needs?
 */
#include <weir/io/sim/runner.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "io/fiber/sanitizer.h"
#include "io/sim/runner_keep.h"
#include "io/sim/world.h"
#include "test/harness/test.h"

static bool is_mended;

static int fail_sometimes(weir_sim_trial *trial)
{
    if (trial->seed == 7 && !is_mended) _exit(3);
    if (trial->seed % 10 == 3 && !is_mended) weir_sim_fail(trial, "the seed ends with a 3");
    return 0;
}

static const weir_sim_scenario scenarios[] = {{"first", "fails for some seeds", fail_sometimes},
                                              {"second", "the same", fail_sometimes}};

static int run(const char *scenario, const char *seeds, const char *keep)
{
    char *words[] = {(char *)(uintptr_t)scenario,
                     (char *)"--seeds",
                     (char *)(uintptr_t)seeds,
                     (char *)"--profile",
                     (char *)"calm",
                     (char *)"--jobs",
                     (char *)"3",
                     (char *)"--keep",
                     (char *)(uintptr_t)keep};
    return weir_sim_main(scenarios, 2, 9, words);
}

static bool keeps(const char *path, const char *scenario, uint64_t seed)
{
    uint64_t seeds[16];
    const size_t count = weir_sim_keep_read(path, scenario, "calm", seeds, 16);
    for (size_t i = 0; i < count; i++)
        if (seeds[i] == seed) return true;
    return false;
}

TEST(sim_runner_keeps_seeds_that_fail_and_runs_them_again)
{
    char path[] = "/tmp/weir-sim-keep-XXXXXX";
    uint64_t seeds[16];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    is_mended = false;
    assert_int_equal(run("first", "1..30", path), 1);
    assert_int_equal(run("second", "11..14", path), 1);
    assert_int_equal(weir_sim_keep_read(path, "first", "calm", seeds, 16), 4);
    assert_true(keeps(path, "first", 3) && keeps(path, "first", 7) && keeps(path, "first", 13));
    assert_int_equal(weir_sim_keep_read(path, "second", "calm", seeds, 16), 1);
    assert_int_equal(weir_sim_keep_read(path, "first", "lossy", seeds, 16), 0);
    /* Other seeds are asked for, and those of the last time are run all the same. */
    assert_int_equal(run("first", "101..102", path), 1);
    assert_int_equal(weir_sim_keep_read(path, "first", "calm", seeds, 16), 4);
    is_mended = true;
    assert_int_equal(run("first", "101..102", path), 0);
    assert_int_equal(weir_sim_keep_read(path, "first", "calm", seeds, 16), 0);
    assert_true(keeps(path, "second", 13));
    unlink(path);
}

TEST(sim_runner_says_when_the_file_for_seeds_is_no_file)
{
    uint64_t seeds[1];
    assert_int_equal(weir_sim_keep_read("/nowhere/at/all", "a", "calm", seeds, 1), 0);
    assert_int_equal(weir_sim_keep_write("/nowhere/at/all", "a", "calm", seeds, 0), WEIR_ENOENT);
}

/* What a runner of its own says on both of its outputs, and its exit status. */
static char said[1 << 16];

static int run_and_listen(const weir_sim_scenario *scenario, int argc, const char *const argv[])
{
    char *words[16] = {(char *)(uintptr_t)scenario->name};
    int ends[2], status;
    for (int i = 0; i < argc; i++) words[i + 1] = (char *)(uintptr_t)argv[i];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    const pid_t runner = fork();
    if (runner == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        status = weir_sim_main(scenario, 1, argc + 1, words);
        fflush(NULL);
        _exit(status);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; (n = read(ends[0], said + length, sizeof said - 1 - length)) > 0;)
        length += (size_t)n;
    said[length] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(runner, &status, 0), runner);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define RUN(scenario_, ...)                                                                  \
    run_and_listen(scenario_, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
                   (const char *const[]){__VA_ARGS__})

static void expect_said(const char *words)
{
    if (!strstr(said, words)) fail_msg("\"%s\" is missing in:\n%s", words, said);
}

static void expect_not_said(const char *words)
{
    if (strstr(said, words)) fail_msg("\"%s\" is in:\n%s", words, said);
}

static int do_nothing(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

static int note_run(weir_sim_trial *trial)
{
    weir_sim_host *h;
    const int error = weir_sim_add_host(trial->sim, "host", NULL, &h);
    fprintf(stderr, "it runs\n");
    return error ? error : weir_run(weir_sim_io(h), do_nothing, NULL);
}

TEST(sim_runner_fails_when_a_file_cannot_be_written_and_runs_nothing_if_it_shows_before)
{
    static const weir_sim_scenario scenario = {"noting", "says that it runs", note_run};
    static const char *const options[] = {"--trace", "--svg", "--keep"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(RUN(&scenario, "--seeds", "1", options[i], "/nowhere/at/all"), 1);
        expect_said("weir sim: cannot write \"/nowhere/at/all\": ");
        expect_said(options[i]);
        expect_not_said("it runs");
        /* Here it shows at the end; but seeds are kept in a file alone. */
        assert_int_equal(RUN(&scenario, "--seeds", "1", options[i], "/dev/full"), 1);
        if (i < 2) expect_said("it runs");
        expect_said("weir sim: cannot write \"/dev/full\": ");
    }
    assert_int_equal(RUN(&scenario, "--seed", "1", "--svg", "/dev/full"), 1);
    assert_int_equal(RUN(&scenario, "--seeds", "1", "--trace", "/dev/null", "--svg", "/dev/null"),
                     0);
}

TEST(sim_runner_shows_words_that_a_terminal_would_obey)
{
    static const weir_sim_scenario scenario = {"noting", "says that it runs", note_run};
    static const char word[] = "\x1b[2J", escaped[] = "\\x1B[2J";
    const char *const lines[][5] = {
        {word},
        {"-\x1b[2J"},
        {"--seeds", word},
        {"--seeds", "1", "--svg", "/nowhere/\x1b[2J"},
        {"--seeds", "1", "--trace=/dev/null", "--hosts", word},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int count = 0;
        while (count < 5 && lines[i][count]) count++;
        run_and_listen(&scenario, count, lines[i]);
        expect_said(escaped);
        expect_not_said("\x1b");
    }
}

static int sleep_a_second(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_seconds(1));
}

__attribute__((noinline)) static int turn_for_ever(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    for (volatile unsigned turns = 0;; turns++) continue;
    return 0;
}

static int add_and_run(weir_sim_trial *trial, weir_task_fn *run_it)
{
    weir_sim_host *only;
    const int error = weir_sim_add_host(trial->sim, "host", "10.0.0.1", &only);
    return error ? error : weir_run(weir_sim_io(only), run_it, NULL);
}

static int hang(weir_sim_trial *trial)
{
    return add_and_run(trial, trial->seed == 2 ? turn_for_ever : sleep_a_second);
}

TEST(sim_runner_kills_a_trial_that_does_not_end_and_says_where_it_was)
{
    const weir_sim_scenario scenario = {"hang", "", hang};
    /* The others run, and on a busy machine even they may take that long. */
    assert_int_equal(RUN(&scenario, "--seeds", "2..4", "--limit", "0.2"), 1);
    expect_said("3 seeds, ");
    expect_said("seed 2 fails: it did not end within 0.2 s of real time");
    expect_said("repeat: hang --profile hostile --seed 2");
#ifndef WEIR_WITH_TSAN /* it holds the signal back, and ends a handler that allocates */
    /* How long it was is the machine's: others run beside it. */
    expect_said("seed 2 has not ended after ");
    expect_said("root  running");
    /* In the calling process, too. */
    assert_int_not_equal(RUN(&scenario, "--seed", "2", "--limit", "1"), 0);
    expect_said("seed 2 has not ended after ");
#endif
}

static int sleep_for_ever(weir_io *io, void *argument)
{
    const bool is_rude = argument;
    for (int error = 0; !error || is_rude;) error = weir_sleep(io, weir_hours(10));
    return 0;
}

static int yield_for_ever(weir_io *io, void *argument)
{
    (void)argument;
    for (int error = 0; !error;) error = weir_yield(io);
    return 0;
}

static int forget_time(weir_sim_trial *trial)
{
    weir_sim_host *only;
    if (trial->seed == 1) weir_sim_set_limit(trial->sim, weir_hours(25));
    const int error = weir_sim_add_host(trial->sim, "host", "10.0.0.1", &only);
    const weir_instant before = weir_now(weir_sim_io(only), WEIR_CLOCK_MONOTONIC);
    if (error) return error;
    weir_run(weir_sim_io(only), sleep_for_ever, trial->seed == 3 ? trial : NULL);
    const weir_duration took =
        weir_instant_since(weir_now(weir_sim_io(only), WEIR_CLOCK_MONOTONIC), before);
    const int64_t most = trial->seed == 1 ? 25 : 24 * 30 + 1;
    if (took.ns > most * 3600 * INT64_C(1000000000)) weir_sim_fail(trial, "it has not stopped");
    return 0; /* whatever weir_run says */
}

TEST(sim_runner_ends_a_world_by_its_limit_of_virtual_time)
{
    const weir_sim_scenario scenario = {"forget", "", forget_time};
    for (int seed = 1; seed <= 3; seed++) {
        weir_sim_trial trial = {.seed = (uint64_t)seed};
        assert_false(weir_sim_try(&scenario, &trial, NULL));
        assert_string_equal(trial.why, "the world has not ended by its limit of time");
        weir_sim_destroy(trial.sim);
    }
}

static int live_lock(weir_sim_trial *trial)
{
    trial->sim->options.patience = 10000;
    return add_and_run(trial, yield_for_ever);
}

TEST(sim_a_trial_in_a_livelock_has_failed)
{
    const weir_sim_scenario scenario = {"live", "", live_lock};
    weir_sim_trial trial = {.seed = 1};
    assert_false(weir_sim_try(&scenario, &trial, NULL));
    assert_string_equal(trial.why, "the world is in a livelock, and ended with WEIR_EDEADLK");
    weir_sim_destroy(trial.sim);
}

/* Draws a script, and fails for a reason that needs an end, or a fault, or for another one. */
static int fail_by_script(weir_sim_trial *trial)
{
    weir_sim_host *hosts[2];
    int error = weir_sim_add_host(trial->sim, "a", "10.0.0.1", &hosts[0]);
    if (!error) error = weir_sim_add_host(trial->sim, "b", "10.0.0.2", &hosts[1]);
    const weir_sim_fault script[] = {{{1000}, WEIR_SIM_UNPLUG, hosts[0], NULL, 0},
                                     {{2000}, WEIR_SIM_CRASH, hosts[1], NULL, 0},
                                     {{3000}, WEIR_SIM_PLUG, hosts[0], NULL, 0},
                                     {{4000}, WEIR_SIM_RESTART, hosts[1], NULL, 0},
                                     {{5000}, WEIR_SIM_RESET, hosts[0], NULL, 0}};
    for (size_t i = 0; i < 5 && !error; i++) error = weir_sim_trial_fault(trial, &script[i]);
    if (error) return error;
    error = weir_run(weir_sim_io(hosts[0]), sleep_a_second, NULL);
    /* Fault 1 decides whether it fails; without the others it fails in another way. */
    if (trial->left_out & 2) return error;
    if (trial->left_out & 1) {
        weir_sim_fail(trial, "another way");
    } else {
        weir_sim_fail(trial, "left out are %llu", (unsigned long long)trial->left_out);
    }
    return error;
}

TEST(sim_runner_takes_out_faults_with_their_ends_while_the_failure_is_of_the_same_kind)
{
    const weir_sim_scenario scenario = {"script", "", fail_by_script};
    assert_int_equal(RUN(&scenario, "--seeds", "5"), 1);
    expect_said("seed 5 fails: left out are 16");
    expect_said("unplug a");
    expect_said("plug a (0), the end of 0");
    expect_said("crash b");
    expect_said("restart b (0), the end of 1");
    expect_not_said("reset");
    expect_said("--seed 5 --without 4\n");
    /* An end goes with its fault, and not without. */
    assert_int_equal(RUN(&scenario, "--seed", "5", "--without", "0,3"), 1);
    expect_said("seed 5 fails: another way");
    expect_not_said("plug a");
    expect_said("restart b");
    assert_int_equal(RUN(&scenario, "--seed", "5", "--without", "1"), 0);
}

static int draw_hostile(weir_sim_trial *trial)
{
    weir_sim_host *hosts[3];
    int error = 0;
    for (int i = 0; i < 3 && !error; i++)
        error = weir_sim_add_host(trial->sim, "h", NULL, &hosts[i]);
    return error ? error : weir_sim_trial_draw(trial, weir_seconds(5), hosts, 3);
}

TEST(sim_a_drawn_fault_and_its_end_are_a_pair)
{
    const weir_sim_scenario scenario = {"draw", "", draw_hostile};
    for (uint64_t seed = 1; seed <= 50; seed++) {
        weir_sim_trial trial = {.seed = seed, .profile = WEIR_SIM_HOSTILE};
        assert_true(weir_sim_try(&scenario, &trial, NULL));
        assert_true(trial.fault_count >= 12);
        for (size_t i = 0; i < trial.fault_count; i++) {
            const weir_sim_fault_kind kind = trial.faults[i].kind;
            if (kind == WEIR_SIM_JOIN || kind == WEIR_SIM_PLUG || kind == WEIR_SIM_RESTART)
                assert_int_equal(trial.begun_by[i], i);
        }
        weir_sim_destroy(trial.sim);
    }
}

static int count_things(weir_sim_trial *trial)
{
    weir_sim_host *only;
    const int error = weir_sim_add_host(trial->sim, "host", "10.0.0.1", &only);
    if (error) return error;
    weir_io *io = weir_sim_io(only);
    weir_sim_expect(trial, "rare", 20);
    weir_sim_expect(trial, "often", 0);
    if (trial->seed % 2) weir_sim_tally(io, "often", 3);
    if (trial->seed == 77) weir_sim_tally(io, "rare", 1);
    weir_sim_tally(io, "beside", trial->seed);
    for (int i = 0; i <= WEIR_SIM_COUNTERS && trial->seed == 99; i++) {
        char name[2] = {(char)('A' + i), 0};
        weir_sim_tally(io, name, 1);
    }
    if (weir_sim_tally_of(trial->sim, "beside") != trial->seed) weir_sim_fail(trial, "no sum");
    if (weir_sim_tally_of(trial->sim, "nothing") != 0) weir_sim_fail(trial, "a sum of nothing");
    return 0;
}

TEST(sim_runner_sums_counters_and_fails_when_an_expected_one_is_zero)
{
    const weir_sim_scenario scenario = {"count", "", count_things};
    assert_int_equal(RUN(&scenario, "--seeds", "1..19", "--jobs", "4"), 0);
    expect_said("          30  in 10 seeds\n");
    expect_said("         190  in 19 seeds\n");
    assert_int_equal(RUN(&scenario, "--seeds", "1..20", "--jobs", "4"), 1);
    expect_said("20 seeds, 0 failed");
    expect_said("  in 0 seeds  <- expected");
    assert_int_equal(RUN(&scenario, "--seeds", "60..80", "--jobs", "2"), 0);
    assert_int_equal(RUN(&scenario, "--seeds", "4", "--json"), 1);
    expect_said("\"failed\":0,\"missed\":1,\"counters\":{\"rare\":{\"sum\":0,\"seeds\":0,"
                "\"expected_in\":20},\"often\":{\"sum\":0");
    /* More counters than fit. */
    assert_int_equal(RUN(&scenario, "--seeds", "99"), 1);
    expect_said("more than 64 counters");
}

static int leave(weir_sim_trial *trial)
{
    if (trial->seed == 2) exit(0); /* as if all were well */
    if (trial->seed == 3) kill(getpid(), SIGKILL);
    if (trial->seed == 4) weir_sim_fail(trial, "a \"quoted\" text");
    return 0;
}

TEST(sim_runner_tells_every_way_to_fail_and_runs_the_seeds_behind_it)
{
    const weir_sim_scenario scenario = {"leave", "", leave};
    assert_int_equal(RUN(&scenario, "--seeds", "1..6", "--json"), 1);
    expect_said("\"run\":6,\"failed\":3");
    expect_said("{\"seed\":2,\"why\":\"it ended the process with status 0\"");
    expect_said("{\"seed\":3,\"why\":\"it was killed by signal 9");
    expect_said("{\"seed\":4,\"why\":\"a \\\"quoted\\\" text\"");
    assert_int_equal(RUN(&scenario, "--seed", "4"), 1);
    expect_said("seed 4 fails: a \"quoted\" text");
}

static int spoil(weir_sim_trial *trial)
{
    static bool is_spoiled;
    if (is_spoiled) weir_sim_fail(trial, "the process of another seed that failed");
    is_spoiled = trial->seed % 3 == 0;
    if (is_spoiled) weir_sim_fail(trial, "a third");
    return 0;
}

TEST(sim_a_seed_does_not_share_a_process_with_one_that_has_failed)
{
    const weir_sim_scenario scenario = {"spoil", "", spoil};
    assert_int_equal(RUN(&scenario, "--seeds", "1..12", "--json"), 1);
    expect_said("\"run\":12,\"failed\":4");
    expect_not_said("another seed");
}

static int tell_and_hang(weir_sim_trial *trial)
{
    (void)trial;
    printf("%ld\n", (long)getpid());
    fflush(stdout);
    while (pause() < 0) continue;
    return 0;
}

TEST(sim_seeds_end_when_their_runner_is_killed)
{
    const weir_sim_scenario scenario = {"hang", "", tell_and_hang};
    char *words[] = {(char *)"hang", (char *)"--seeds", (char *)"1..2", (char *)"--jobs",
                     (char *)"2"};
    int ends[2];
    char text[64];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    const pid_t runner = fork();
    if (runner == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        _exit(weir_sim_main(&scenario, 1, 5, words));
    }
    close(ends[1]);
    for (int lines = 0; lines < 2;) {
        char byte;
        assert_int_equal(read(ends[0], &byte, 1), 1);
        lines += byte == '\n';
    }
    kill(runner, SIGKILL);
    waitpid(runner, NULL, 0);
    /* The pipe ends when the last one that could write to it is gone. */
    assert_int_equal(read(ends[0], text, sizeof text), 0);
    close(ends[0]);
}
