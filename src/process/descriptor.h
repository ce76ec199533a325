/* SPDX-License-Identifier: MIT
 *
 * What makes a weir_stdio of a descriptor that is the stream's alone.
 */
#ifndef PROCESS_DESCRIPTOR_H
#define PROCESS_DESCRIPTOR_H

#include <weir/process/stdio.h>

/* Makes a stream that owns `fd`, a non-blocking end of a pipe; -1 gives a closed stream. */
void process_stream_init(weir_stdio *out, int fd);

#endif
