/* SPDX-License-Identifier: MIT
 *
 * What commands that look names up share: the resolver that they ask, names as people write them,
 * and what became of each attempt.
 */
#ifndef CLI_DNS_H
#define CLI_DNS_H

#include <stdbool.h>
#include <stdio.h>

#include <weir/dns/idna.h>
#include <weir/dns/lookup.h>
#include <weir/io/task.h>

#include "cli.h"
#include "dns_json.h"

/* A word that is taken for an option: "-x" for "--reverse". */
typedef struct dns_alias {
    const char *word;
    const char *option; /* NULL: the word is left out */
    bool prefix;        /* what follows the word is the value: "+time=3" */
} dns_alias;

/* Translates aliases, up to "--"; an array of them ends with a NULL word.  A word that begins with
 * "+" and is none is refused.  Returns the new words, to be freed, or NULL after a message. */
char **dns_translate(const cli_command *command, const dns_alias *aliases, int *argc, char **argv);

typedef struct dns_asker {
    const cli_command *command;
    bool json, trace, tcp;
    cli_list servers;
    const char *engine;
    const char *files[WEIR_DNS_FILE_COUNT]; /* NULL: the system's */
    weir_duration timeout;                  /* 0: the configuration's */
    const char *attempts_text, *port_text;  /* as given; NULL: not */
    uint8_t attempts;                       /* 0: the configuration's */
    uint16_t port;                          /* 0: that of each server */

    bool colour, misused; /* misused: a mistake of the command line was found late */
    weir_instant started;
    weir_dns_resolver *system;   /* by the files */
    weir_dns_resolver *resolver; /* with what the options change; may be the same */
    weir_dns_config config;      /* of `resolver` */
    weir_dns_report report;
} dns_asker;

/* The options that say whom a command asks, and what it reads; entries of its table. */
#define DNS_FILE_OPTIONS(asker)                                                \
    {"server", CLI_LIST, &(asker)->servers},                                   \
        {"resolv-conf", CLI_TEXT, &(asker)->files[WEIR_DNS_FILE_RESOLV_CONF]}, \
        {"hosts", CLI_TEXT, &(asker)->files[WEIR_DNS_FILE_HOSTS]},             \
    {                                                                          \
        "nsswitch", CLI_TEXT, &(asker)->files[WEIR_DNS_FILE_NSSWITCH]          \
    }

/* Reads --attempts and --port.  Returns false after a message. */
bool dns_read_numbers(dns_asker *asker);

/* Makes the engine, runs `main` in it, and returns its status. */
int dns_run_command(dns_asker *asker, weir_task_fn *main, void *argument);

/* Makes the resolvers and reads the files.  Returns false after a message; dns_close is due in
 * either case. */
bool dns_open(weir_io *io, dns_asker *asker);
void dns_close(weir_io *io, dns_asker *asker);

/* Says that nothing came of asking: "cannot look up NAME TYPE: …", with who was asked and what to
 * try.  `type` may be "". */
void dns_complain(const dns_asker *asker, const char *name, const char *type, int error);

/* Turns a name as people write it, in Unicode too, into ASCII.  Returns false after a message that
 * points at what is wrong. */
bool dns_ascii(const char *text, char out[WEIR_DNS_NAME_TEXT]);

/* The same of a name that a host can have, by these rules (weir_dns_host_flags). */
bool dns_host_ascii(const char *text, unsigned rules, char out[WEIR_DNS_ASCII_TEXT]);

/* The name in Unicode, or "" where that is the same. */
void dns_unicode(const weir_dns_name *name, char out[WEIR_DNS_UNICODE_TEXT]);

/* Reads an address without port, for its reverse name; returns false after a message. */
bool dns_read_address(const char *text, weir_address *out);

/* Begins and ends a colour on a terminal. */
enum dns_colour { DNS_PLAIN, DNS_DIM, DNS_BOLD, DNS_RED, DNS_GREEN };
void dns_paint(const dns_asker *asker, enum dns_colour colour);

/* "UDP" or "TCP" */
const char *dns_transport(unsigned transport);

/* Attempts: a table whose lines begin with `margin`, and a member "attempts". */
void dns_print_attempts(const dns_asker *asker, const char *margin);
void dns_json_attempts(dns_json *json, const dns_asker *asker);

/* A message as dig shows it, and as members of an object. */
void dns_print_message(const dns_asker *asker, const weir_dns_message *message, bool recursion);
void dns_json_message(dns_json *json, const weir_dns_message *message);

/* Only the records of the answer; only their data; a line each. */
void dns_print_answer(const weir_dns_message *message);
void dns_print_short(const weir_dns_message *message);

/* Writes data as a zone file has it. */
void dns_put_data(FILE *to, const weir_dns_data *data);

#endif
