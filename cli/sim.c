/* SPDX-License-Identifier: MIT
 *
 * `weir sim`: worlds in the simulator, with many seeds.
 */
#include <weir/io/sim/runner.h>

#include "cli.h"
#include "worlds.h"

static int run(int argc, char **argv)
{
    return weir_sim_main(worlds, worlds_count, argc, argv);
}

const cli_command cli_sim = {
    .name = "sim",
    .summary = "run a scenario in the simulator with many seeds",
    .help = "usage: weir sim [SCENARIO [OPTION …]]\n\n",
    .help_end = weir_sim_help,
    .run = run,
};
