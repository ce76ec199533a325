/* SPDX-License-Identifier: MIT
 *
 * What the two readers of a configuration share: telling what was ignored, and the options.
 */
#ifndef DNS_CONFIG_H
#define DNS_CONFIG_H

#include <weir/dns/config.h>

/* Counts something that was ignored; the first is kept with its text. */
void dns_config_ignore(weir_dns_config *config, uint32_t line, weir_dns_config_fault fault,
                       weir_bytes text);

/* Applies the words behind "options" on line `line`. */
void dns_config_options(weir_dns_config *config, uint32_t line, weir_bytes words);

#endif
