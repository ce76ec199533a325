/* SPDX-License-Identifier: MIT
 *
 * Does the runner take the options that its help tells, and refuse what is none of them instead of
 * running something else?
 */
#include <weir/io/sim/runner.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "io/sim/runner_plan.h"
#include "test/harness/test.h"

enum { WORDS = 8 };

/* Splits a command line at its blanks, in place. */
static int split(char *line, char *words[WORDS])
{
    int count = 0;
    for (char *word = strtok(line, " "); word && count < WORDS; word = strtok(NULL, " "))
        words[count++] = word;
    return count;
}

static bool reads(const char *line, sim_plan *p)
{
    static char copy[200]; /* the plan points into it */
    char *words[WORDS];
    snprintf(copy, sizeof copy, "%s", line);
    *p = (sim_plan){.first = 1, .last = 100, .jobs = 1, .limit = -1};
    return weir_sim_plan_read(p, split(copy, words), words);
}

TEST(sim_runner_refuses_options_that_say_nothing_clear)
{
    static const char *const lines[] = {
        "--seeds",
        "--seeds 5..1",
        "--seeds ..5",
        "--seeds -5",
        "--seeds 5x",
        "--seeds=",
        "--seed 1..2",
        "--seed 18446744073709551616",
        "--jobs 0",
        "--jobs 65",
        "--jobs 2x",
        "--profile wet",
        "--limit x",
        "--limit -1",
        "--without 63",
        "--without 1,",
        "--hash=1",
        "--keep=",
        "--window 5..1",
        "--nosuchthing",
        "nosuchthing",
        "--seeds 1..2 --svg",
        "--hosts ann",
        "--window 1..2",
        "-",
        "--seeds 1 --jobs",
    };
    sim_plan p;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (reads(lines[i], &p)) fail_msg("taken: %s", lines[i]);
}

TEST(sim_runner_takes_values_behind_an_equals_sign_and_as_the_next_word)
{
    sim_plan p;
    assert_true(reads("--seeds 7..0x10 --jobs=3 --limit 0.5 --without=0,62 --hash", &p));
    assert_true(p.first == 7 && p.last == 16 && p.jobs == 3 && p.limit == 500000000 && p.hash);
    assert_true(p.left_out == (UINT64_C(1) | UINT64_C(1) << 62));
    assert_true(reads("--seed=9 --trace - --window ..3 --hosts=ann,bob --profile lossy", &p));
    assert_true(p.here && p.first == 9 && p.last == 9 && p.profile == WEIR_SIM_LOSSY);
    assert_string_equal(p.files.view.hosts, "ann,bob");
    assert_true(p.files.view.until.ns == 3000000000);
}

TEST(sim_runner_helps_with_every_option_that_it_takes)
{
    static const char *const lines[] = {
        "--seeds 1..2",
        "--seed 3",
        "--jobs 2",
        "--profile calm",
        "--limit 1",
        "--without 1",
        "--hash",
        "--json",
        "--keep x",
        "--trace x --seeds 1",
        "--svg x --seeds 1",
        "--window 1..2 --svg x --seeds 1",
        "--hosts a --svg x --seeds 1",
    };
    const size_t count = sizeof lines / sizeof *lines;
    size_t told = 0;
    sim_plan p;
    for (size_t i = 0; i < count; i++) {
        char entry[32];
        snprintf(entry, sizeof entry, "\n  %.*s ", (int)strcspn(lines[i], " "), lines[i]);
        if (!strstr(weir_sim_help(), entry)) fail_msg("not in the help: %s", lines[i]);
        if (!reads(lines[i], &p)) fail_msg("not taken: %s", lines[i]);
    }
    for (const char *at = weir_sim_help(); (at = strstr(at, "\n  --")); at++) told++;
    assert_int_equal(told, count);
}

static int nothing(weir_sim_trial *trial)
{
    (void)trial;
    return 0;
}

TEST(sim_runner_helps_and_does_not_run_what_it_does_not_know)
{
    static const weir_sim_scenario scenarios[] = {{"one", "does nothing", nothing}};
    char help[] = "--help", one[] = "one", other[] = "other", h[] = "-h";
    assert_int_equal(weir_sim_main(scenarios, 1, 1, (char *[]){help}), 0);
    assert_int_equal(weir_sim_main(scenarios, 1, 2, (char *[]){one, h}), 0);
    assert_int_equal(weir_sim_main(scenarios, 1, 1, (char *[]){other}), 2);
    assert_int_equal(weir_sim_main(scenarios, 1, 2, (char *[]){one, other}), 2);
}
