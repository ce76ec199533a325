/* SPDX-License-Identifier: MIT
 *
 * Dumping tasks.
 */
#include "io/dump.h"

int weir_dump_watch_open(weir_io *io, weir_dump_watch **out)
{
    (void)io;
    *out = NULL;
    return 0;
}

void weir_dump_watch_close(weir_dump_watch *watch)
{
    (void)watch;
}

int weir_dump(weir_io *io, int fd)
{
    (void)io;
    (void)fd;
    return 0;
}

size_t weir_cause_print(const weir_cause *cause, char *out, size_t size)
{
    (void)cause;
    if (size) *out = 0;
    return 0;
}
