/* SPDX-License-Identifier: MIT
 *
 * How a resolver asks: servers, search list, options; read from the text of resolv.conf(5).
 *
 *      nameserver 192.0.2.53           up to 3; IPv4, IPv6, IPv6%zone; without any 127.0.0.1, ::1
 *      search corp.example example     the last line of "search" and "domain" counts
 *      domain corp.example             a search list of one
 *      options ndots:2 timeout:3 attempts:2 rotate use-vc ...
 *      # or ; at the start of a line   a comment
 *
 * Reading never fails: as in the C library, what is not understood is ignored; here it is counted
 * as well, and the first of it is told.  The environment is not read.
 */
#ifndef WEIR_DNS_CONFIG_H
#define WEIR_DNS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/dns/wire/name.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_PORT             53
#define WEIR_DNS_SERVERS_MAX      8  /* that a program can name */
#define WEIR_DNS_FILE_SERVERS_MAX 3  /* of a resolv.conf (MAXNS of <resolv.h>) */
#define WEIR_DNS_SEARCH_MAX       32 /* domains of a search list */
#define WEIR_DNS_NDOTS_MAX        15
#define WEIR_DNS_ATTEMPTS_MAX     5
#define WEIR_DNS_TIMEOUT_MAX_S    30

/* Why something in the text was ignored. */
typedef enum weir_dns_config_fault {
    WEIR_DNS_CONFIG_GOOD,
    WEIR_DNS_CONFIG_KEYWORD,     /* not a keyword that is known here */
    WEIR_DNS_CONFIG_SERVER,      /* not an IP address, or without a value */
    WEIR_DNS_CONFIG_ZONE,        /* no interface of the zone's name */
    WEIR_DNS_CONFIG_SERVERS,     /* a server beyond the third */
    WEIR_DNS_CONFIG_DOMAIN,      /* not a domain name */
    WEIR_DNS_CONFIG_DOMAINS,     /* a domain beyond the limit of the search list */
    WEIR_DNS_CONFIG_OPTION,      /* not an option that is known here */
    WEIR_DNS_CONFIG_NUMBER,      /* the option's number is none */
    WEIR_DNS_CONFIG_UNSUPPORTED, /* known and not obeyed: sortlist, inet6 */
} weir_dns_config_fault;

/* What was ignored. */
typedef struct weir_dns_config_ignored {
    uint32_t count; /* lines and, in a list, elements */
    uint32_t line;  /* of the first one, from 1; 0: nothing was ignored */
    weir_dns_config_fault fault;
    char text[64]; /* its beginning, NUL-terminated; bytes that are not printable ASCII as "?" */
} weir_dns_config_ignored;

/* A plain value.  Set up by weir_dns_config_init, _parse, or both; fields may be changed after. */
typedef struct weir_dns_config {
    weir_address servers[WEIR_DNS_SERVERS_MAX]; /* in the order to ask */
    uint8_t server_count;
    uint8_t search_count;
    uint8_t ndots;         /* from so many dots on a name is first asked as it stands; 1 */
    uint8_t attempts;      /* rounds over the servers; 2 */
    weir_duration timeout; /* of an attempt at one server; 5 s */

    bool rotate;                /* begin with another server each time */
    bool edns0;                 /* send an OPT record; true here (the C library: false) */
    bool use_vc;                /* TCP alone */
    bool single_request;        /* A and AAAA one after the other */
    bool single_request_reopen; /* the same, and from another port */
    bool no_aaaa;               /* suppress questions for AAAA */
    bool trust_ad;              /* ask for, and hand on, the AD bit */
    bool no_tld_query;          /* never ask for a name of one label as it stands */
    bool no_reload;             /* do not read the file again when it changes */

    bool servers_assumed; /* the text named no server: these are the loopback addresses */
    bool zones_unknown;   /* a server was left out because its interface is not there */

    weir_dns_config_ignored ignored;
    weir_dns_name search[WEIR_DNS_SEARCH_MAX];
} weir_dns_config;

/* The defaults: no server, no search list, the values told above.  Any thread; never waits. */
void weir_dns_config_init(weir_dns_config *out);

/* Reads the text of a resolv.conf; an empty text gives the defaults with 127.0.0.1 and ::1 as
 * servers.  Line ends are LF or CRLF; a keyword begins its line and is followed by a blank; what
 * follows a server's address, or a domain's name, is ignored.  Numbers beyond an option's range
 * become the end of the range (timeout:0 is 1 s).  "-NAME" turns an option off that is a mere name.
 *
 * Never fails and never waits; asks the kernel for the interface when a server has a zone by name.
 * Any thread.  resolv.conf(5). */
void weir_dns_config_parse(weir_bytes resolv_conf, weir_dns_config *out);

/* Applies options as they stand behind "options", e.g. of an environment's RES_OPTIONS, which only
 * a program that wants it reads.  What is not understood is added to config->ignored with line 0.
 * Never waits. */
void weir_dns_config_apply_options(weir_dns_config *config, weir_bytes options);

/* Appends a server: "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353",
 * "fe80::1%eth0"; the port is 53 if none is told.
 *
 * Returns 0; WEIR_EADDRTEXT, WEIR_EPORTTEXT (also port 0), WEIR_EZONETEXT; WEIR_ELIMIT when there
 * are WEIR_DNS_SERVERS_MAX.  `why`, which may be NULL, tells what is wrong.  Never waits. */
int weir_dns_config_add_server(weir_dns_config *config, weir_bytes text, weir_address_why *why);

/* Appends a domain to the search list.  Returns 0; WEIR_EDNS_NAME: no name that hosts may be below
 * ("_" is allowed, Unicode is not); WEIR_ELIMIT when there are WEIR_DNS_SEARCH_MAX. */
int weir_dns_config_add_search(weir_dns_config *config, weir_bytes domain);

/* Whether a resolver can work by it.  Returns 0; WEIR_EINVAL: no or too many servers, a server that
 * is no IP address or has port 0, a timeout or a number of attempts of 0, ndots or a count beyond
 * its limit, a search domain that weir_dns_config_add_search refuses. */
int weir_dns_config_check(const weir_dns_config *config);

/* The fault in words for people.  Never NULL; static. */
const char *weir_dns_config_fault_text(weir_dns_config_fault fault);

#ifdef __cplusplus
}
#endif
#endif
