/* SPDX-License-Identifier: MIT
 *
 * The people of a simulated chat: plain clients.
 */
#ifndef CHAT_SIM_PERSON_H
#define CHAT_SIM_PERSON_H

#include "chat_sim_check.h"

/* The program of a person's host: joins, says its lines, and joins again when it was cut off. */
int person_run(weir_io *io, void *person);

#endif
