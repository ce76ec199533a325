/* SPDX-License-Identifier: MIT
 *
 * Random bytes from the kernel.
 */
#include "io/posix/random.h"

#include <errno.h>
#include <sys/random.h>

int weir_posix_random(weir_io *io, void *out, size_t len)
{
    (void)io;
    for (char *at = out; len > 0;) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -errno;
        at += got;
        len -= (size_t)got;
    }
    return 0;
}
