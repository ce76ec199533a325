/* SPDX-License-Identifier: MIT
 *
 * A name server in the test's own process that does what a script says: answers, errs, delays,
 * falls silent, lies.  UDP and TCP on one port of the loopback, on any engine, simulated ones too.
 *
 *     static const dns_server_rule rules[] = {
 *         {.name = "a.example.", .records = {"a.example. 300 A 192.0.2.1"}},
 *         {.name = "slow.example.", .delay = {50000000}, .records = {"slow.example. 0 A
 * 192.0.2.2"}},
 *         {.name = "*.lost.example.", .times = 2, .does = DNS_SERVER_DROP},
 *         {.name = "big.example.", .transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
 *         {.rcode = WEIR_DNS_NXDOMAIN},
 *     };
 *     dns_server *server;
 *     check_int(dns_server_start(io, rules, sizeof rules / sizeof *rules, &server), 0);
 *     weir_address address = dns_server_address(server);
 *     …
 *     check_int(dns_server_seen(server).udp, 3);
 *     dns_server_stop(io, server);
 *
 * The first rule that fits a question and is not used up answers it; where none does, the answer
 * is REFUSED.  Public headers only.
 */
#ifndef WEIR_TEST_HARNESS_DNS_SERVER_H
#define WEIR_TEST_HARNESS_DNS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/wire/message.h>
#include <weir/dns/wire/name.h>
#include <weir/dns/wire/record.h>
#include <weir/io/addr.h>
#include <weir/io/op.h>
#include <weir/io/socket.h>
#include <weir/net/udp.h>

enum { DNS_SERVER_UDP = 1, DNS_SERVER_TCP = 2 };

/* What a rule does besides or instead of answering; bits. */
enum dns_server_trick {
    DNS_SERVER_DROP = 1 << 0,           /* no answer at all */
    DNS_SERVER_WRONG_ID = 1 << 1,       /* the answer has another id … */
    DNS_SERVER_WRONG_QUESTION = 1 << 2, /* … another name in its question … */
    DNS_SERVER_WRONG_TYPE = 1 << 3,     /* … another type in its question … */
    DNS_SERVER_WRONG_CASE = 1 << 4,     /* … the letters of its question in the other case … */
    DNS_SERVER_WRONG_SOURCE = 1 << 5,   /* … comes from another port (UDP) … */
    DNS_SERVER_NO_QR = 1 << 6,          /* … is marked as a question … */
    DNS_SERVER_NO_QUESTION = 1 << 7,    /* … has no question … */
    DNS_SERVER_TRUNCATE = 1 << 8,       /* … has TC, and no records … */
    DNS_SERVER_GARBAGE = 1 << 9,    /* … has octets after its question that are no records … */
    DNS_SERVER_SHORT = 1 << 10,     /* … is cut off after five octets */
    DNS_SERVER_THEN_GOOD = 1 << 11, /* after the bad answer the good one follows */
    DNS_SERVER_NO_EDNS = 1 << 12,   /* FORMERR, if the question has an OPT record */
    DNS_SERVER_BADVERS = 1 << 13,   /* BADVERS, if the question has an OPT record */
    DNS_SERVER_PLAIN = 1 << 14,     /* never an OPT record in the answer */
    DNS_SERVER_COOKIE = 1 << 15,    /* gives and knows cookies */
    DNS_SERVER_BADCOOKIE = 1 << 16, /* with COOKIE: BADCOOKIE over UDP, without our right one */
    DNS_SERVER_FOREIGN_COOKIE = 1 << 17, /* answers with a client cookie that is not the client's */
    DNS_SERVER_CLOSE = 1 << 18,          /* TCP: closes instead of answering */
    DNS_SERVER_RESET = 1 << 19,          /* TCP: resets instead of answering */
    DNS_SERVER_CUT = 1 << 20,            /* TCP: closes in the middle of the answer */
    DNS_SERVER_CUT_LENGTH = 1 << 21,     /* TCP: closes after one octet of the length */
    DNS_SERVER_SLOW_BYTES = 1 << 22,     /* TCP: the answer goes out in pieces of seven octets */
    DNS_SERVER_CLOSE_AFTER = 1 << 23,    /* TCP: answers and closes */
};

enum { DNS_SERVER_RECORDS = 40 };

/* What is done with questions; zero is the default of each member. */
typedef struct dns_server_rule {
    const char *name;    /* "host.example."; "*.example." is all below it; NULL: every name */
    uint16_t type;       /* 0: every type */
    unsigned transport;  /* 0: both */
    unsigned times;      /* good for so many questions, then the next rule that fits; 0: always */
    unsigned does;       /* enum dns_server_trick */
    unsigned rcode;      /* of the answer; above 15 needs EDNS */
    bool not_recursive;  /* RA off */
    bool authentic;      /* AD on */
    weir_duration delay; /* before the answer; others are answered meanwhile */
    unsigned until;      /* not before the server has got so many questions */
    unsigned flood;      /* so many answers with a wrong id go before it */
    uint16_t extended;   /* an extended error, if not 0 … */
    const char *extended_text; /* … and its text */
    unsigned pad;              /* so many TXT records of 200 octets more */

    /* "owner ttl TYPE data", A, AAAA, NS, CNAME, PTR, DNAME, MX, SRV, TXT, SOA, HTTPS (priority
     * and target); the first character "!" puts it into the authority section, "+" into the
     * additional one; the owner "@" is the question's name.  Up to the first NULL. */
    const char *records[DNS_SERVER_RECORDS];
} dns_server_rule;

/* What came. */
typedef struct dns_server_counts {
    unsigned udp, tcp;                    /* questions */
    unsigned connections;                 /* accepted */
    unsigned open;                        /* connections that are open now */
    unsigned edns, cookies, good_cookies; /* questions with them */
} dns_server_counts;

enum { DNS_SERVER_LOG = 256 };

/* A question that came. */
typedef struct dns_server_question {
    weir_dns_question question; /* in the letters that came */
    weir_dns_header header;
    weir_address from;
    bool tcp, edns, cookie, dnssec_ok;
    uint8_t client[8]; /* with `cookie`: the client's part */
    uint16_t udp_size;
    unsigned connection; /* TCP: which, from 1 on */
} dns_server_question;

typedef struct dns_server dns_server;

/* Starts a server on a free port of 127.0.0.1.  At most 32 rules, which are copied; their texts are
 * borrowed until it is stopped.
 * Returns 0 and *out, or the error.  From a task of `io`. */
int dns_server_start(weir_io *io, const dns_server_rule *rules, size_t count, dns_server **out);

/* The same on an address, e.g. of another host of a simulated world; port 0: a free one. */
int dns_server_start_at(weir_io *io, const weir_address *address, const dns_server_rule *rules,
                        size_t count, dns_server **out);

/* Where it listens. */
weir_address dns_server_address(const dns_server *server);

/* What has come up to now. */
dns_server_counts dns_server_seen(dns_server *server);

/* The question number `index` from 0 on, of the first DNS_SERVER_LOG; false: not yet. */
bool dns_server_asked(dns_server *server, unsigned index, dns_server_question *out);

/* Waits until so many questions have come, over UDP and TCP together.  Returns 0 or the error of
 * the wait. */
int dns_server_wait(weir_io *io, dns_server *server, unsigned questions);

/* Replaces the rules from now on. */
void dns_server_rules(dns_server *server, const dns_server_rule *rules, size_t count);

/* Closes all connections that are open, as a server does that has enough of idle ones. */
void dns_server_drop_connections(weir_io *io, dns_server *server);

/* Stops it and frees it; shielded from cancellation. */
void dns_server_stop(weir_io *io, dns_server *server);

/* An address of 127.0.0.1 where nobody answers, neither on UDP nor on TCP.  The port stays that of
 * `keeper`, so that no other test can take it, until dns_server_nobody_end. */
typedef struct dns_server_keeper {
    weir_udp_socket udp;
    weir_socket tcp;
} dns_server_keeper;

weir_address dns_server_nobody(weir_io *io, dns_server_keeper *keeper);
void dns_server_nobody_end(weir_io *io, dns_server_keeper *keeper);

#endif
