/* SPDX-License-Identifier: MIT
 *
 * What the simulator leaves out of the contract, each with the fact about it that is the reason.
 */
#include "test/contract/sim_kernel.h"

#include <stddef.h>
#include <string.h>

static const char threads[] = "the simulator has one thread: no other one calls into it";

static const struct {
    const char *test, *reason;
} skips[] = {
    {"", threads},
};

const char *sim_skip_reason(const char *test)
{
    for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++)
        if (strcmp(skips[i].test, test) == 0) return skips[i].reason;
    return NULL;
}
