/* SPDX-License-Identifier: MIT
 *
 * The worlds as a program of their own, for the test suite: what `weir sim` does.
 */
#include "worlds.h"

int main(int argc, char **argv)
{
    return weir_sim_main(worlds, worlds_count, argc - 1, argv + 1);
}
