/* SPDX-License-Identifier: MIT
 *
 * Random bytes from the kernel.
 */
#ifndef IO_POSIX_RANDOM_H
#define IO_POSIX_RANDOM_H

#include <stddef.h>

#include <weir/io/io.h>

/* weir_io_table.random_secure of the engines that run on the kernel: getrandom(2). */
int weir_posix_random(weir_io *io, void *out, size_t len);

#endif
