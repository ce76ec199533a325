/* SPDX-License-Identifier: MIT
 *
 * The HTTP server and its clients, in a world where things go wrong: what the parts share.
 *
 *     http_scenarios.c ─ plans and scripts of faults; builds the world and watches over its end
 *        ├── http_server.c   the server's program and its handler, which writes the ledger
 *        ├── http_client.c   a client's program: bursts of requests, pauses, hanging up
 *        │     ├── http_request.c  what can be asked, and what must come of it
 *        │     └── http_answer.c   takes an answer and compares it, byte for byte
 *        └── http_check.c    the ledger, and what must hold whatever the seed and the faults
 *
 * Each request has a number of its own, and none is sent twice: one that is tried again has a new
 * number.  So the ledger, which the simulated machines do not know and which outlives them, tells
 * what became of each.
 */
#ifndef WEIR_TEST_WORLDS_HTTP_WORLD_H
#define WEIR_TEST_WORLDS_HTTP_WORLD_H

#include <weir/http/server/server.h>
#include <weir/io/sim/runner.h>
#include <weir/net/tcp.h>

enum {
    HTTP_CLIENTS = 16,   /* at most */
    HTTP_NUMBERS = 4096, /* of requests, per client */
    HTTP_BODY = 400000,  /* the largest: more than both buffers of a connection have room for */
    HTTP_FILE = HTTP_CLIENTS * HTTP_NUMBERS * 16 + HTTP_BODY,
    HTTP_BURST = 6,         /* the most requests in one write */
    HTTP_BURST_BODY = 2000, /* the largest body of one of several: all have room on the way */
    HTTP_PATIENCE_S = 40,   /* for one burst */
    HTTP_HEADER_S = 4,
    HTTP_IDLE_S = 10,
    HTTP_BODY_S = 8,
    HTTP_RATE = 10000, /* bytes per second that a body must keep up */
    HTTP_DRAIN_S = 5,
    HTTP_FAULTS_END_S = 30,
    HTTP_MOST_REQUESTS = 8, /* on a connection */
    HTTP_MOST_LENGTH = 1 << 20,
    HTTP_FEW_DESCRIPTORS = 5, /* in the storm: the server's listener, and four connections */
};

/* What can be asked: http_request.c has a row for each. */
typedef enum http_kind {
    HTTP_GET, /* those up to HTTP_FOLLOWED may have others behind them */
    HTTP_GET_CHUNKED,
    HTTP_HEAD,
    HTTP_LENGTH,
    HTTP_CHUNKED,
    HTTP_UNREAD,
    HTTP_OLD_KEEP,
    HTTP_OTHER_METHOD,
    HTTP_FOLLOWED = HTTP_OTHER_METHOD,
    HTTP_CONTINUE,
    HTTP_CLOSE,
    HTTP_OLD,
    HTTP_OLD_CHUNKED,
    HTTP_HALF,
    HTTP_UNREAD_LARGE,
    HTTP_GARBAGE,
    HTTP_LONG_LINE,
    HTTP_LONG_FIELD,
    HTTP_MANY_FIELDS,
    HTTP_NO_HOST,
    HTTP_VERSION_3,
    HTTP_TWO_FRAMINGS,
    HTTP_BAD_CHUNK,
    HTTP_TOO_LARGE,
    HTTP_BAD_EXPECT,
    HTTP_SLOW_HEAD,
    HTTP_SLOW_BODY,
    HTTP_SILENT,
    HTTP_CUT_HEAD,
    HTTP_CUT_BODY,
    HTTP_RESET,
    HTTP_ABANDON,
    HTTP_KINDS
} http_kind;

/* Mistakes that are made on purpose, to see that they are found: http_planted.c. */
typedef enum http_bug {
    HTTP_NO_BUG,
    HTTP_BUG_TWICE,
    HTTP_BUG_LEAK_431,
    HTTP_BUG_LEAK_408,
    HTTP_BUG_ANOTHER,
    HTTP_BUG_DRAIN,
    HTTP_BUG_MEMORY,
    HTTP_BUG_LOST,
} http_bug;

/* What differs from world to world. */
typedef struct http_plan {
    unsigned clients, requests;
    uint64_t body;           /* the largest */
    bool all_kinds;          /* also the bad and the odd ones, and bursts */
    bool bursts;             /* of good ones */
    bool reconnect;          /* a connection for each request, all at the same instants */
    weir_duration read_rest; /* between two reads of an answer */
    size_t buffers;          /* of a client's sockets, in bytes; 0: as usual */
    weir_duration hold;      /* between connecting and asking */
    bool persist;            /* a request is sent again until it is answered */
    bool files;              /* the answer is part of a file */
    weir_duration work;      /* between taking a request and answering it, at most */
    weir_duration drain_at;  /* 0: when all clients are done */
    weir_duration renew;     /* so often the server drains and begins anew; 0: never */
    uint32_t connections;    /* that the server has at most; 0: any number */
    http_bug bug;
} http_plan;

/* What became of a request. */
typedef struct http_entry {
    uint8_t kind;
    uint8_t called; /* times that the handler was called with it */
    uint8_t done;   /* … and took it as a whole */
    bool sent;
    bool late;   /* it was answered during a drain, as the server knew */
    bool barred; /* its connection was to be closed before it: it may not be handled any more */
} http_entry;

typedef struct http_request {
    http_kind kind;
    unsigned number;
    size_t size; /* of the answer's content */
    size_t body; /* of the request's */
    char how; /* the answer is made: w whole, s in steps, c in chunks, u with the body unread, b in
                 steps that begin before the body is read */
} http_request;

typedef struct http_world http_world;

typedef struct http_client {
    http_world *world;
    weir_sim_host *host;
    unsigned index;
    weir_tcp_stream tcp;
    bool open;
    int64_t connected_at;
    unsigned on_connection; /* requests that the connection has seen the answers of */
    unsigned asked;         /* of the plan's requests */
    unsigned answered;
    unsigned next;   /* number */
    bool last;       /* it has asked all, and asks once more */
    bool ended;      /* … and was answered */
    size_t at, used; /* of the inbox: what came and is not taken */
    char inbox[HTTP_BODY + 8192];
    size_t wire_len, now; /* of the wire: what is to be sent, and how much of it at once */
    char wire[HTTP_BODY + 65536];
    http_entry ledger[HTTP_NUMBERS];
} http_client;

struct http_world {
    weir_sim_trial *trial;
    http_plan plan;
    weir_address address;
    weir_sim_host *server, *watcher;
    http_client clients[HTTP_CLIENTS];
    bool healed;        /* the faults are over */
    bool stop;          /* the server is to drain … */
    bool drained;       /* … and has */
    bool draining;      /* for this time or for good … */
    int64_t stopped_at; /* … since */
    int64_t renewed_at; /* it has listened again; 0: since the beginning */
    int64_t began;
    unsigned storm;      /* times that a client saw the server without a free descriptor */
    unsigned scratch[2]; /* of HTTP_BUG_ANOTHER */
};

/* http_request.c --------------------------------------------------------------------------- */

typedef struct http_kind_row {
    const char *name;
    uint8_t weight;  /* among all kinds */
    uint16_t status; /* of the answer; 0: the connection ends without one */
    bool handled;    /* the handler takes it as a whole; else … */
    bool called;     /* … it may be called, and does not get all of it */
    bool closes;
    bool waits; /* the client waits for what comes */
} http_kind_row;

extern const http_kind_row http_kinds[HTTP_KINDS];

/* Draws a request of those kinds that may be followed, or of all that the plan has. */
http_request http_request_draw(weir_io *io, http_client *c, bool followed, bool alone);

/* Adds it to the wire.  What has to be sent later is behind `now`. */
void http_request_write(weir_io *io, http_client *c, const http_request *r);

/* The file from which answers are taken; the content that belongs to a request, both ways, which is
 * the file from there on. */
const char *http_file(void);
const char *http_content(unsigned client, unsigned number);
uint64_t http_content_offset(unsigned client, unsigned number);

/* http_answer.c ---------------------------------------------------------------------------- */

/* Takes the answer to a request and compares it.  `continued` (may be NULL): returns 0 also at a
 * 100 (Continue), which it then tells.
 *
 * Returns 0; 1: and the server ends the connection with it; WEIR_EAGAIN: the server has refused in
 * a way that the faults excuse; why there is no answer. */
int http_take_answer(weir_io *io, http_client *c, const http_request *r, bool *continued);

/* Reads up to the end: nothing may come.  Returns 0 at the end, or an error. */
int http_take_end(weir_io *io, http_client *c);

/* Reads more into the inbox.  Returns the count, WEIR_EEOF at the end, or an error. */
int64_t http_take_more(weir_io *io, http_client *c);

/* http_server.c, http_client.c ------------------------------------------------------------- */

weir_task_fn http_run_server, http_run_client;

/* http_check.c ----------------------------------------------------------------------------- */

/* What the handler tells: it was called with a request; it has all of it.  NULL: nobody asked. */
http_entry *http_note_called(http_world *world, unsigned client, unsigned number);
void http_note_done(http_world *world, unsigned client, unsigned number);

/* What a client tells: a request was answered as it had to be; it will not be, for `error`. */
void http_note_answered(http_client *c, const http_request *r);
void http_note_unanswered(http_client *c, const http_request *r, int error);

/* Whether faults of the script may have to do with it that a client is not answered. */
bool http_excused(const http_client *c);

/* Whether a drain may have to do with what became of the connection. */
bool http_drained(const http_client *c);

/* Whether a host reads slowly at this moment, by the script. */
bool http_reads_slowly(const http_world *world, const weir_sim_host *host);

/* Something was written to a host, which has taken since `begin`: counts those writes that a slow
 * reader has kept waiting. */
void http_note_written(http_world *world, const weir_sim_host *to, weir_instant begin);

/* Counts, and says what has to be counted in a run of seeds. */
void http_count(http_world *world, const char *what);
void http_expect(http_world *world);

void http_check_end(http_world *world);

/* http_scenarios.c ------------------------------------------------------------------------- */

/* Adds faults to the trial. */
typedef int http_script(weir_sim_trial *trial, http_world *world);

http_script http_drawn_script, http_no_script;

/* Runs the world of a plan with the faults of a script. */
int http_run(weir_sim_trial *trial, const http_plan *plan, http_script *script);

#endif
