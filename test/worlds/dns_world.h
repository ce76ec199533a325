/* SPDX-License-Identifier: MIT
 *
 * Resolvers, name servers that misbehave, and servers to dial, in a world where things go wrong:
 * what the parts share.
 *
 *     dns_scenarios.c ─ plans; builds the world, changes the zone, watches over the end
 *        ├── dns_server.c    a name server's program: its port, its connections, its moods
 *        │     ├── dns_zone.c    what each name has in which version, written as an answer
 *        │     └── dns_forge.c   messages that are none of the server's
 *        ├── dns_client.c    a client's program: a resolver, tasks that look up, until all is well
 *        │     ├── dns_lookups.c   each kind of lookup, and the records that came
 *        │     └── dns_dialer.c    connections by name, and whom they reach
 *        ├── dns_files.c     a client's resolv.conf and hosts, which change
 *        ├── dns_echo.c      the servers that are dialed
 *        └── dns_check.c     what was told to whom, and what must hold whatever the seed
 *
 * The zone has DNS_NAMES names, and each has versions, of which one is in force at a time.  All
 * records can be computed from the name and the version, and the version from each record.
 */
#ifndef WEIR_TEST_WORLDS_DNS_WORLD_H
#define WEIR_TEST_WORLDS_DNS_WORLD_H

#include <weir/dns/dial.h>
#include <weir/dns/stream.h>
#include <weir/io/sim/runner.h>
#include <weir/net/tcp.h>
#include <weir/net/udp.h>

enum {
    DNS_NAMES = 24,
    DNS_VERSIONS = 120, /* of a name, at most */
    DNS_FORGED = 255,   /* no version: the records of a liar have it */
    DNS_CLIENTS = 4,    /* at most */
    DNS_TASKS = 5,      /* of a client, at most */
    DNS_NAMESERVERS = 3,
    DNS_ECHOES = 6,
    DNS_ECHO_PORT = 7,
    DNS_TTL_MAX = 20,
    DNS_TIMEOUT_S = 1,
    DNS_ROUNDS = 2,
    DNS_CANDIDATES = 3, /* names that the search list makes of one */
    DNS_AGAIN = 5,      /* ways in which one server is asked in one step */
    DNS_STALE_S = 20,
    DNS_STALE_TTL = 30, /* that a stale answer is told to have (RFC 8767 4) */
    DNS_FAULTS_END_S = 30,
    DNS_LIST_SIZE = 12, /* records of a large answer */
    DNS_CACHE_BYTES = 16 * 1024,
    DNS_DIAL_MS = 3000, /* at most, in a good network: a quarter of a second for each address */
    DNS_LOOK_MS = 200,  /* between two looks at the files */
};

/* What a name is.  dns_kind_of tells it by its number. */
typedef enum dns_kind {
    DNS_PLAIN,
    DNS_IPV4_ALONE,
    DNS_ALIAS,    /* a CNAME, whose target has the version in its name */
    DNS_FLAPPING, /* there is such a name in even versions */
    DNS_MISSING,  /* there never is */
    DNS_LARGE,    /* over UDP always cut off */
    DNS_KINDS
} dns_kind;

/* What is asked for, and written into the ledger. */
typedef enum dns_slot {
    DNS_SLOT_A,
    DNS_SLOT_AAAA,
    DNS_SLOT_TXT,
    DNS_SLOT_SRV,
    DNS_SLOT_MX,
    DNS_SLOT_PTR,
    DNS_SLOTS
} dns_slot;

/* Mistakes that are made on purpose, to see that they are found. */
typedef enum dns_bug {
    DNS_NO_BUG,
    DNS_BUG_GUESSED,   /* a liar has every id right */
    DNS_BUG_OLD,       /* the server answers from before the last change */
    DNS_BUG_MIXED,     /* … and with records of two versions */
    DNS_BUG_NO_NAME,   /* … that there is no such name */
    DNS_BUG_LEAK,      /* a connection that was dialed is forgotten */
    DNS_BUG_FORGOTTEN, /* an answer is not freed */
} dns_bug;

/* What differs from world to world. */
typedef struct dns_plan {
    unsigned clients, tasks, lookups; /* lookups of each task */
    bool moods;                       /* two of the name servers misbehave until the end */
    bool liar;                        /* forged messages, before the server's */
    bool dial;                        /* dials instead of lookups; the zone has their addresses */
    bool files;                       /* the configuration is in files, which change */
    bool shortage;                    /* memory or descriptors are short, in place of faults */
    bool together;                    /* all tasks of a client ask the same at the same instant */
    weir_duration change;             /* between two changes of the zone, at most; 0: none */
    dns_bug bug;
} dns_plan;

typedef struct dns_world dns_world;

/* When a name server last told a client a version of a name's records; 0: never. */
typedef int64_t dns_told[DNS_NAMES][DNS_SLOTS][DNS_VERSIONS];

typedef struct dns_client {
    dns_world *world;
    weir_sim_host *host;
    unsigned index;
    weir_dns_resolver_options options;
    weir_dns_config config;
    weir_dns_resolver *resolver;
    bool ended[DNS_TASKS]; /* tasks that did all they had to, in any life */
    bool done;             /* … and have found that all is well again */
    int64_t received;      /* questions that name servers have had of it */
    int64_t ask_bound;     /* nanoseconds that one name may take */
    int64_t together_at;   /* the next instant at which all ask */
    unsigned together_name;
    /* dns_files.c */
    unsigned server, address; /* that the files name … */
    int64_t server_since, address_since;
    int64_t looked;                 /* a lookup that began then saw the files, and … */
    int64_t look_began, look_ended; /* … one that is the next to count */
    dns_told told, told_tcp;
} dns_client;

typedef struct dns_nameserver {
    dns_world *world;
    weir_sim_host *host;
    unsigned index;
    weir_address address;
    uint64_t asked;
    unsigned mood; /* dns_server.c */
    int64_t mood_until;
} dns_nameserver;

typedef struct dns_echo {
    dns_world *world;
    weir_sim_host *host;
    unsigned index;
    unsigned open;
} dns_echo;

typedef struct dns_name_state {
    unsigned version;
    int64_t since; /* nanoseconds, when it came into force */
} dns_name_state;

struct dns_world {
    weir_sim_trial *trial;
    dns_plan plan;
    weir_sim_host *watcher;
    dns_name_state names[DNS_NAMES];
    dns_nameserver servers[DNS_NAMESERVERS];
    dns_echo echoes[DNS_ECHOES];
    dns_client clients[DNS_CLIENTS];
    bool healed; /* the faults and the moods are over */
    bool stop;
};

/* dns_zone.c ------------------------------------------------------------------------------- */

/* What a question asks about. */
typedef struct dns_asked {
    bool ours;     /* a name of the zone, of a type that the ledger knows */
    unsigned name; /* its number */
    dns_slot slot;
} dns_asked;

dns_kind dns_kind_of(unsigned name);
const char *dns_kind_name(dns_kind kind);
dns_asked dns_asked_of(const weir_dns_question *question);

/* Whether there are records of a slot, and whether there is such a name at all. */
bool dns_has(unsigned name, dns_slot slot, unsigned version);
bool dns_exists(unsigned name, unsigned version);
unsigned dns_count(const dns_world *world, unsigned name, dns_slot slot, unsigned version);
unsigned dns_ttl(unsigned name, unsigned version);

/* The address j of a name. */
weir_address dns_address(const dns_world *world, unsigned name, dns_slot slot, unsigned version,
                         unsigned j);

/* Writes the answer section; `mixed`: its latter half is of the version before. Returns how many
 * records did not fit. */
unsigned dns_write_answer(const dns_world *world, weir_dns_writer *writer,
                          const weir_dns_question *question, const dns_asked *asked,
                          unsigned version, bool mixed);

/* dns_forge.c ------------------------------------------------------------------------------ */

/* Turns a query into a message that must not be taken for its answer.  Returns its length. */
size_t dns_forge(weir_io *io, const dns_world *world, weir_bytes query, uint8_t *out, size_t room);

/* dns_check.c ------------------------------------------------------------------------------ */

void dns_count_of(dns_world *world, const char *what, uint64_t amount);
void dns_expect(dns_world *world);
void dns_check_end(dns_world *world);
int64_t dns_now(const dns_world *world);

/* A name server sends this; it was asked by the host with this address. */
dns_client *dns_client_of(dns_world *world, const weir_address *peer);
void dns_note_told(dns_world *world, dns_client *c, const dns_asked *asked, unsigned version,
                   bool tcp);

/* What a lookup has come to. */
typedef struct dns_outcome {
    unsigned name;
    dns_slot slot;
    unsigned version;
    unsigned records;
    weir_dns_origin origin;
    uint32_t ttl; /* of the records or of more, the least; 0: it was not told */
    int64_t began;
} dns_outcome;

/* Records have come: they have to be the whole of a version that was told, and not too old. */
void dns_check_records(dns_client *c, const dns_outcome *o);

/* A lookup says that there is no such name, or no such record: somebody has to have told it. */
void dns_check_absent(dns_client *c, const dns_outcome *o, bool no_name);

/* Any other error: is there a reason? */
void dns_check_error(dns_client *c, const char *what, unsigned name, int error, bool limited);

/* A lookup took as long as this; `limit`: its scope, or 0. */
void dns_check_time(dns_client *c, const char *what, unsigned candidates, int64_t began,
                    int64_t limit);

/* The resolver's counters after a lookup. */
void dns_check_counters(dns_client *c);

/* Whether nothing but the moods of two name servers can be in the way. */
bool dns_is_calm(const dns_world *world);

/* dns_lookups.c, dns_dialer.c -------------------------------------------------------------- */

/* One lookup or dial of a kind that is drawn; `limit`: nanoseconds of its scope, or 0.  Returns 0
 * if it found what it had to, or the error; what is wrong is told to the trial. */
int dns_look(weir_io *io, dns_client *c, unsigned name, int64_t limit);
int dns_look_host(weir_io *io, dns_client *c, unsigned name, int64_t limit);
int dns_dial(weir_io *io, dns_client *c, unsigned name, int64_t limit);

/* dns_files.c ------------------------------------------------------------------------------ */

#define DNS_PATH_CONF  "/resolv.conf"
#define DNS_PATH_HOSTS "/hosts"

int dns_files_begin(weir_io *io, dns_client *c);
int dns_files_change(weir_io *io, dns_client *c);

/* Looks up the name of the hosts file. */
int dns_files_look(weir_io *io, dns_client *c);

/* A name server was asked by a client: is it one of its servers? */
void dns_files_asked(dns_client *c, unsigned server);

/* programs --------------------------------------------------------------------------------- */

weir_task_fn dns_run_server, dns_run_client, dns_run_echo;

int dns_run(weir_sim_trial *trial, const dns_plan *plan);

#endif
