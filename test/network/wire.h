/* SPDX-License-Identifier: MIT
 *
 * A cable between two interfaces that loses, delays, reorders and duplicates frames: what `tc
 * netem` does, on any kernel, from a seed.
 *
 * A thread takes each frame from one interface (packet(7)), draws its fate, and gives it to the
 * other.  The hosts' ends must not leave checksums and segmentation to the network card.
 */
#ifndef WEIR_TEST_NETWORK_WIRE_H
#define WEIR_TEST_NETWORK_WIRE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct wire wire;

/* What happens to frames; chances are of 1,000. */
typedef struct wire_faults {
    unsigned lost;
    unsigned duplicated;
    unsigned reordered; /* held back until some that come later have gone */
    unsigned delay_us;  /* of every frame */
    bool cut;           /* nothing passes; what is under way is lost */
} wire_faults;

/* What happened to frames since the start. */
typedef struct wire_counts {
    unsigned passed, lost, duplicated, reordered;
} wire_counts;

/* Joins the interfaces port0 and port1 of the calling thread's network namespace.
 * Returns NULL and errno when there may be no packet sockets. */
wire *wire_start(uint64_t seed);

/* Ends the thread and frees the wire.  NULL does nothing. */
void wire_stop(wire *w);

/* From now on.  From any thread. */
void wire_set(wire *w, const wire_faults *faults);
wire_counts wire_count(wire *w);

#endif
