/* SPDX-License-Identifier: MIT
 *
 * The worlds as a program of their own, for the test suite: what `weir sim` does, and a run fails
 * also when something that the worlds are about has never happened in it.
 */
#include <stdio.h>

#include "tally.h"
#include "worlds.h"

int main(int argc, char **argv)
{
    if (worlds_tally_begin() != 0) return 2;
    const int status = weir_sim_main(worlds, worlds_count, argc - 1, argv + 1);
    return worlds_tally_check() > 0 && status == 0 ? 1 : status;
}
