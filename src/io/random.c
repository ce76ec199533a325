/* SPDX-License-Identifier: MIT
 *
 * Random bytes: fast ones from the engine, secure ones from the kernel.
 */
#include <weir/io/random.h>

#include <errno.h>
#include <sys/random.h>

#include <weir/io/io.h>

void weir_random(weir_io *io, void *out, size_t len)
{
    io->table->random(io, out, len);
}

uint64_t weir_random_below(weir_io *io, uint64_t bound)
{
    if (bound == 0) return 0;
    /* Numbers below 2^64 mod bound would make the small results more likely: draw again. */
    uint64_t uneven = -bound % bound;
    uint64_t number;
    do {
        weir_random(io, &number, sizeof number);
    } while (number < uneven);
    return number % bound;
}

int weir_random_secure(void *out, size_t len)
{
    for (char *at = out; len > 0;) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -errno;
        at += got;
        len -= (size_t)got;
    }
    return 0;
}
