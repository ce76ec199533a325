/* SPDX-License-Identifier: MIT
 *
 * The options that are a number: which sockets have them, their default and their range.
 */
#ifndef IO_SIM_OPTION_TABLE_H
#define IO_SIM_OPTION_TABLE_H

enum {
    OPTION_TCP = 1,
    OPTION_UDP = 2,
    OPTION_LOCAL = 4,
    OPTION_SIX = 8,      /* only sockets of IPv6 */
    OPTION_SWITCH = 16,  /* 0 or 1 */
    OPTION_BUFFER = 32,  /* kept doubled, within the range */
    OPTION_READ = 64,    /* cannot be set */
    OPTION_DENIED = 128, /* needs a privilege */
    OPTION_RESET = 256,  /* -1 is the default */
    OPTION_IP = OPTION_TCP | OPTION_UDP,
    OPTION_ALL = OPTION_IP | OPTION_LOCAL,
};

typedef struct sim_option_row {
    int level, name, kinds;
    int of_tcp, of_others; /* the value of a new socket */
    int least, most;
} sim_option_row;

extern const sim_option_row weir_sim_option_rows[];
extern const int weir_sim_option_count;

#endif
