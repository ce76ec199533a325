/* SPDX-License-Identifier: MIT
 *
 * Does the runner find the seeds that fail, whatever way they fail, and keep them?
 */
#include <weir/io/sim/runner.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/sim/runner_keep.h"
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
    assert_false(weir_sim_keep_write("/nowhere/at/all", "a", "calm", seeds, 0));
}
