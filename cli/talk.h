/* SPDX-License-Identifier: MIT
 *
 * `weir talk` and `weir listen`: standard input and output connected with a peer.
 */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include <weir/base/time.h>
#include <weir/io/signal.h>
#include <weir/process/stdio.h>
#include <weir/sync/event.h>
#include <weir/sync/mutex.h>

#include "dns.h"
#include "target.h"

/* What the command line said, and what one run of the program has. */
typedef struct talk {
    weir_io *io;
    const cli_command *command;
    const char *engine, *source;
    cli_transports transports;
    bool hex, json, keep;
    weir_duration timeout; /* 0: none */

    weir_stdio in, out, err;
    bool input_ended; /* standard input has ended, maybe in an earlier conversation */
    bool terminal;    /* standard input is one */
    bool quiet_out;   /* a dump goes where the bytes would go: they are left out */
    bool colour;      /* standard error is a terminal */
    weir_mutex dumping;
    weir_signals signals;
    bool watched; /* `signals` is open */
    int signal;   /* that ended it, or 0 */
} talk;

/* One conversation.
 *
 * Stream and packet connections have one socket.  Datagrams come in at several listeners when we
 * listen (localhost is two addresses); the answer goes to whom was heard: the first, or with --keep
 * the last.  Invariant: `lock` guards `request` and `via`; `heard` is set once they are valid. */
typedef struct talk_call {
    talk *talk;
    cli_transport transport;
    bool connected;          /* `peer` alone is talked to */
    weir_address peer;       /* NONE: not known yet */
    weir_socket socket;      /* streams and packets */
    weir_udp_socket udp;     /* connected UDP */
    weir_unix_datagram name; /* connected Unix datagrams */
    cli_listener *listeners; /* datagrams from anybody */
    unsigned listener_count;

    weir_event heard;
    weir_mutex lock;
    weir_datagram request; /* UDP: what is answered; Unix datagrams: its peer */
    cli_listener *via;

    weir_instant began;
    int64_t active;       /* atomic: when bytes went last, monotonic */
    bool waits_for_input; /* atomic */
    uint64_t sent;        /* atomic, as it is looked at meanwhile */
    uint64_t received, sent_messages, received_messages;
    bool refused_name; /* an unnamed sender was complained about */
    int send_error, receive_error;
    const char *send_trouble, *receive_trouble; /* what could not be done */
} talk_call;

/* Prepares standard input, output and error.  Returns false after a message; talk_close is due in
 * either case. */
bool talk_open(talk *t, weir_io *io);
void talk_close(talk *t);

/* Parses words and options, those that only one command has included (`own`, ended by {0}).
 * Returns the count of words or -1 after a message. */
int talk_parse(talk *t, const cli_command *command, const cli_option *own, int argc, char **argv,
               const char *words[], int room);

/* Makes an engine and runs `main` with `argument`.  Returns the exit status. */
int talk_run(talk *t, weir_task_fn *main, void *argument);

/* Begins to catch SIGINT and SIGTERM: something must be cleaned up.  Returns 0 or an error. */
int talk_watch_signals(talk *t);

/* Takes the signal that an op of weir_signals_op has announced; returns whether there was one. */
bool talk_take_signal(talk *t);

/* Where `weir talk` may connect. */
enum { TALK_TARGETS = 16 };
typedef struct talk_targets {
    talk talk;
    cli_target targets[TALK_TARGETS];
    unsigned count;
    weir_address source; /* NONE: the kernel chooses */
    dns_asker asker;     /* for names; without a resolver until the first one comes */
} talk_targets;

/* Connects to the first target that answers, and complains about those before.  Returns whether
 * there is one; the call is then to be ended with talk_hang_up. */
bool talk_connect(talk_targets *targets, talk_call *call);
void talk_hang_up(talk_call *call);

/* Connects both ways until both have ended.  Returns CLI_OK or CLI_FAILED, after a message. */
int talk_converse(talk_call *call);

/* The two directions, as tasks; each leaves its error and trouble in the call. */
weir_task_fn talk_send, talk_receive;

/* The two ends of the wire: a message, or some bytes.  talk_take returns 0 at the end of a stream;
 * an empty datagram is *empty. */
int64_t talk_take(talk_call *call, char *buffer, size_t room, bool *empty);
int64_t talk_give(talk_call *call, const char *data, size_t len);

/* How large a piece is given or taken. */
enum { TALK_ROOM = 256 * 1024, TALK_PIECE = 64 * 1024 };
size_t talk_piece(const talk_call *call);

/* Tells of an event: to people in words `before` and `after` the address; with --json to programs
 * by its name. */
void talk_tell(const talk *t, const char *event, const char *before, const char *after,
               cli_transport transport, const weir_address *address);

/* Tells programs (--json) of an address or a name that could not be connected to. */
void talk_event_failed(const char *text, cli_transport transport, int error);

#endif
