/* SPDX-License-Identifier: MIT
 *
 * `weir resolve`: what is looked up, and what was found.
 */
#ifndef CLI_RESOLVE_H
#define CLI_RESOLVE_H

#include "dns.h"

typedef struct resolving {
    dns_asker asker;
    bool ipv4, ipv6, no_search, no_hosts, libc;
    bool config, reverse, mail;
    const char *service;
    unsigned flags; /* weir_dns_lookup_flags */

    char name[WEIR_DNS_NAME_TEXT];
    uint16_t port;
    weir_address address; /* with --reverse */
    weir_dns_steps steps;
    dns_json json;
} resolving;

/* Each looks something up and prints it, as text or as members of an object; returns 0 or the
 * error, which is not told yet. */
int resolve_host(weir_io *io, resolving *r);
int resolve_address(weir_io *io, resolving *r);
int resolve_service(weir_io *io, resolving *r);
int resolve_mail(weir_io *io, resolving *r);
int resolve_config(weir_io *io, resolving *r);

/* Where a name was looked for. */
void resolve_put_steps(resolving *r);

/* Begins a line of text: a word of its own column, or blanks. */
void resolve_begin(const resolving *r, const char *word);

/* Room for the text of resolve_why. */
enum { RESOLVE_WHY = 96 };

/* Why RFC 6724 has one address before the next, each with the source that this machine would use,
 * of kind NONE where there is none. */
void resolve_why(const weir_address *first, const weir_address *first_source,
                 const weir_address *next, const weir_address *next_source, char out[RESOLVE_WHY]);

#endif
