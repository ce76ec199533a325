/* SPDX-License-Identifier: MIT
 *
 * Random bytes: fast ones and secure ones, both from the engine.
 */
#include <weir/io/random.h>

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

int weir_random_secure(weir_io *io, void *out, size_t len)
{
    return io->table->random_secure(io, out, len);
}
