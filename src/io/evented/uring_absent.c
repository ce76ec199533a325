/* SPDX-License-Identifier: MIT
 *
 * In place of the io_uring reactor in a build without liburing: its probe says that it is not
 * there.
 */
#include <weir/base/error.h>

#include "io/evented/engine.h"

static int probe(void)
{
    return WEIR_ENOSYS;
}

const weir_reactor weir_reactor_uring = {.name = "io_uring", .probe = probe};
