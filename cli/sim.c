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
    .help =
        "usage: weir sim [SCENARIO [OPTION …]]\n\n"
        "Runs a scenario once for each seed.  The same seed gives the same run.  Without a\n"
        "scenario, lists them.\n\n"
        "  --seeds A..B        which seeds; default 1..100\n"
        "  --seed N            this one, in this process: for a debugger\n"
        "  --jobs N            processes that share the seeds; default 1\n"
        "  --profile NAME      calm, lossy or hostile; default hostile\n"
        "  --limit SECONDS     of real time for a seed; default 60, 0: none\n"
        "  --without N,N       leaves faults of these numbers out, and their ends\n"
        "  --hash              prints seed and hash of each run\n"
        "  --json              prints the results as a JSON object\n"
        "  --keep FILE         keeps seeds that fail, and runs them first the next time\n\n"
        "Of a single seed:\n"
        "  --trace FILE        writes what happened as text; - is standard output\n"
        "  --svg FILE          draws it: hosts as lanes, packets as arrows\n"
        "  --window FROM..TO   these seconds of it alone, as 1.5..3\n"
        "  --hosts NAME,NAME   these hosts of it alone\n\n"
        "Of the first seed that fails it says why, which faults are needed for it, and how to\n"
        "repeat it.  Exit status: 0 no seed failed, 1 one did, or nothing happened of what the\n"
        "scenario expects of so many seeds, 2 usage.\n",
    .run = run,
};
