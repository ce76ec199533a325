/* SPDX-License-Identifier: MIT
 *
 * What the suite knows of the simulator: which tests it leaves out, and why; and its descriptors.
 */
#ifndef WEIR_TEST_CONTRACT_SIM_KERNEL_H
#define WEIR_TEST_CONTRACT_SIM_KERNEL_H

/* Why the simulator does not run a test, or NULL if it does. */
const char *sim_skip_reason(const char *test);

/* Descriptors that the simulated host of the running test has open. */
int sim_kernel_open_count(void);

#endif
