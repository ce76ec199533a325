/* SPDX-License-Identifier: MIT
 *
 * Does the options' or the environment's word decide which engine is made, and is it made whole or
 * not at all?
 */
#include <weir/io/engine/engine.h>

#include <signal.h>
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "test/harness/test.h"

TEST(words_name_engines)
{
    assert_int_equal(weir_engine_kind_parse("auto"), WEIR_ENGINE_AUTO);
    assert_int_equal(weir_engine_kind_parse("uring"), WEIR_ENGINE_URING);
    assert_int_equal(weir_engine_kind_parse("epoll"), WEIR_ENGINE_EPOLL);
    assert_int_equal(weir_engine_kind_parse("threads"), WEIR_ENGINE_THREADS);
    assert_int_equal(weir_engine_kind_parse(""), -1);
    assert_int_equal(weir_engine_kind_parse("thread"), -1);
    assert_int_equal(weir_engine_kind_parse("EPOLL"), -1);
}

static void expect(const char *word, weir_engine_kind kind, int error, const char *engine)
{
    weir_engine_options options = {.kind = kind};
    weir_io *io = NULL;
    if (word)
        setenv("WEIR_IO", word, 1);
    else
        unsetenv("WEIR_IO");
    assert_int_equal(weir_engine_create(&options, &io), error);
    unsetenv("WEIR_IO");
    if (error) return;
    assert_string_equal(weir_io_describe(io).engine, engine);
    weir_io_destroy(io);
}

TEST(the_environment_decides_what_the_options_leave_open)
{
    expect("threads", WEIR_ENGINE_AUTO, 0, "threaded");
    expect("epoll", WEIR_ENGINE_AUTO, 0, "evented");
    expect("nonsense", WEIR_ENGINE_AUTO, WEIR_EINVAL, NULL);
    expect("", WEIR_ENGINE_AUTO, 0, "evented");
    expect(NULL, WEIR_ENGINE_AUTO, 0, "evented");
    expect("nonsense", WEIR_ENGINE_THREADS, 0, "threaded");
    expect("threads", WEIR_ENGINE_EPOLL, 0, "evented");
    expect(NULL, (weir_engine_kind)99, WEIR_EINVAL, NULL);
}

TEST(absurd_options_are_refused)
{
    weir_engine_options signals = {.kind = WEIR_ENGINE_EPOLL, .dump_signal = 1000};
    weir_engine_options negative = {.kind = WEIR_ENGINE_EPOLL, .dump_signal = -1};
    weir_engine_options stall = {.kind = WEIR_ENGINE_EPOLL, .stall = weir_seconds(-1)};
    weir_io *io = NULL;
    assert_int_equal(weir_engine_create(&signals, &io), WEIR_EINVAL);
    assert_int_equal(weir_engine_create(&negative, &io), WEIR_EINVAL);
    assert_int_equal(weir_engine_create(&stall, &io), WEIR_EINVAL);
    assert_null(io);
}

static int nothing(weir_io *io, void *argument)
{
    (void)argument;
    weir_sleep(io, weir_milliseconds(1));
    return 77;
}

/* Makes, runs and ends an engine with all that looks at it. */
static int make_and_run(weir_engine_kind kind)
{
    weir_engine_options options = {.kind = kind,
                                   .workers = 2,
                                   .dump_signal = SIGUSR1,
                                   .stall = weir_seconds(10),
                                   .debug = true};
    weir_io *io = NULL;
    int error = weir_engine_create(&options, &io);
    if (error) {
        assert_null(io);
        return error;
    }
    assert_non_null(io->debug);
    error = weir_run(io, nothing, NULL);
    weir_io_destroy(io);
    return error;
}

static void fail_each_allocation(weir_engine_kind kind)
{
    int before = test_fd_count();
    assert_int_equal(make_and_run(kind), 77);
    for (size_t n = 0;; n++) {
        test_alloc_fail_once(n);
        int result = make_and_run(kind);
        size_t failed = test_alloc_failed();
        test_alloc_reset();
        if (!failed) break;
        /* Some, as a chunk of a table, can be done without. */
        if (result != 77) assert_true(result == WEIR_ENOMEM || result == WEIR_EAGAIN);
    }
    assert_int_equal(test_fd_count(), before);
}

TEST(an_engine_that_is_watched_survives_each_failed_allocation)
{
    fail_each_allocation(WEIR_ENGINE_EPOLL);
    fail_each_allocation(WEIR_ENGINE_THREADS);
}
