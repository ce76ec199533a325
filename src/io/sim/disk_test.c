/* SPDX-License-Identifier: MIT
 *
 * Does the simulated disk tell when what is changed?
 */
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/sim/sim.h>

#include "test/harness/test.h"

static int64_t modified(weir_io *io, const char *path)
{
    weir_file_status status;
    assert_int_equal(weir_stat(io, WEIR_FILE_CWD, path, &status), 0);
    return status.modified.ns;
}

static int change_files(weir_io *io, void *argument)
{
    weir_file file;
    (void)argument;
    const int64_t first = modified(io, "/tmp");
    weir_sleep(io, weir_seconds(1));
    assert_int_equal(
        weir_open(io, WEIR_FILE_CWD, "/tmp/a", WEIR_OPEN_WRITE | WEIR_OPEN_CREATE, 0600, &file), 0);
    const int64_t second = modified(io, "/tmp");
    assert_true(second > first);
    assert_int_equal(modified(io, "/tmp/a"), second);
    weir_sleep(io, weir_seconds(1));
    assert_int_equal(weir_write_at(io, file, "x", 1, 0), 1);
    assert_true(modified(io, "/tmp/a") > second);
    assert_int_equal(modified(io, "/tmp"), second);
    const int64_t written = modified(io, "/tmp/a");
    weir_sleep(io, weir_seconds(1));
    /* Permissions are no contents. */
    assert_int_equal(weir_change_mode(io, file, 0640), 0);
    assert_int_equal(modified(io, "/tmp/a"), written);
    assert_int_equal(weir_unlink(io, WEIR_FILE_CWD, "/tmp/a"), 0);
    const int64_t third = modified(io, "/tmp");
    assert_true(third > second);
    weir_close_file(io, file);
    assert_int_equal(modified(io, "/tmp"), third);
    assert_int_equal(
        weir_open(io, WEIR_FILE_CWD, "/tmp/b", WEIR_OPEN_WRITE | WEIR_OPEN_CREATE, 0600, &file), 0);
    assert_int_equal(weir_write_at(io, file, "text", 4, 0), 4);
    weir_close_file(io, file);
    const int64_t full = modified(io, "/tmp/b");
    weir_sleep(io, weir_seconds(1));
    assert_int_equal(
        weir_open(io, WEIR_FILE_CWD, "/tmp/b", WEIR_OPEN_WRITE | WEIR_OPEN_TRUNCATE, 0, &file), 0);
    weir_close_file(io, file);
    assert_true(modified(io, "/tmp/b") > full);
    return 0;
}

TEST(sim_a_change_of_a_file_or_a_directory_is_dated)
{
    weir_sim *sim;
    weir_sim_host *host;
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = 1}, &sim), 0);
    assert_int_equal(weir_sim_add_host(sim, "only", NULL, &host), 0);
    assert_int_equal(weir_run(weir_sim_io(host), change_files, NULL), 0);
    weir_sim_destroy(sim);
}
