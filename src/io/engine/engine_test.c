/* SPDX-License-Identifier: MIT
 *
 * Does the options' or the environment's word decide which engine is made?
 */
#include <weir/io/engine/engine.h>

#include <stdlib.h>

#include <weir/base/error.h>

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
