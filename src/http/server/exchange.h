/* SPDX-License-Identifier: MIT
 *
 * An exchange's state: on the stack of its task, from the first bytes until the connection is idle
 * again; reused for each request that comes in between.
 *
 *     input    bytes that came and are not used up      [ head | body … | next request ]
 *     output   bytes to send, several responses in one write; what is left when the exchange ends
 * is written by the keeper, so that no stack waits for it
 */
#ifndef HTTP_SERVER_EXCHANGE_H
#define HTTP_SERVER_EXCHANGE_H

#include <weir/http/server/exchange.h>
#include <weir/http/types/url.h>
#include <weir/http/wire/chunked.h>
#include <weir/http/wire/parser.h>
#include <weir/http/wire/serializer.h>

#include "http/server/keeper.h"

enum {
    WEIR_HTTP_FIELDS = 128,
    WEIR_HTTP_INPUT = 2048,
    WEIR_HTTP_HEAD_RESERVE = 128, /* of the output: what finishing a head adds */
};

/* The bytes that came.  The window is in `small` or in `own`; while a body is read it is in `lent`,
 * or in `spill` when bytes that came in two parts are wanted in one.  A request's head lies in
 * `small` or `own`, which stay as they are until the next head: no buffer of the engine is held for
 * it while a handler works. */
typedef struct weir_http_input {
    char *data; /* the window is data[at, end) */
    size_t at, end;
    char *own; /* heap, `capacity` bytes, or NULL */
    size_t capacity;
    char *spill; /* heap, `spill_capacity` bytes, or NULL */
    size_t spill_capacity;
    weir_lent lent;
    char small[WEIR_HTTP_INPUT];
} weir_http_input;

/* What of the request's content is still to be had. */
typedef struct weir_http_content {
    uint64_t left;  /* of a LENGTH body */
    uint64_t taken; /* bytes given to the reader */
    weir_http_chunked chunked;
    weir_bytes piece; /* of a chunk: decoded, not yet given */
    int64_t began;    /* monotonic: the first wait for it; 0: none yet */
    int error;        /* final */
    uint8_t body;     /* weir_http_body; NONE when all was read */
    bool expects;     /* the client waits for 100 (Continue) */
} weir_http_content;

typedef enum weir_http_phase {
    WEIR_HTTP_UNANSWERED,
    WEIR_HTTP_HEAD_OPEN, /* fields may be added */
    WEIR_HTTP_CONTENT,   /* the head is complete */
    WEIR_HTTP_ANSWERED,
} weir_http_phase;

/* The response as far as it is made. */
typedef struct weir_http_answer {
    weir_http_out head; /* a cursor over the free part of the output, while HEAD_OPEN */
    uint64_t length;    /* announced */
    uint64_t written;   /* content so far */
    int status;
    uint8_t phase;                  /* weir_http_phase */
    bool has_length, chunked, bare; /* bare: content is counted and not sent */
} weir_http_answer;

struct weir_http_exchange {
    weir_io *io;
    weir_http_keeper *keeper;
    weir_http_connection *connection;
    const weir_http_server *server;
    const char *message; /* where the head lies; the parser's offsets count from here */
    weir_http_parser parser;
    weir_http_answer answer;
    weir_http_content content;
    bool complete; /* the head was parsed to its end */
    bool close;    /* the connection is not to be used after this exchange */
    bool linger;   /* … and the peer may still be sending */
    int error;     /* why the exchange failed, for the outcome */
    weir_instant began;
    weir_http_input input;
    weir_http_output *output; /* the connection's */
};

/* input.c ---------------------------------------------------------------------------------- */

void weir_http_input_init(weir_http_input *input);

/* Adds what a lent buffer holds to the window and gives it back.  0, or WEIR_ENOMEM. */
int weir_http_input_keep(weir_http_exchange *x, weir_lent *lent);

/* Moves the window to where a head may lie.  0, or WEIR_ENOMEM. */
int weir_http_input_settle(weir_http_exchange *x);

/* Adds bytes behind the window, which stays in one piece: > 0, 0 at the end of the stream, an
 * error. */
int64_t weir_http_input_extend(weir_http_exchange *x, weir_deadline deadline);

/* Adds bytes behind the window, or replaces an empty one, and leaves the head where it is: > 0, 0
 * at the end of the stream, or an error. */
int64_t weir_http_input_refill(weir_http_exchange *x, weir_deadline deadline);

void weir_http_input_end(weir_http_exchange *x);

/* output.c --------------------------------------------------------------------------------- */

/* Sends what is there.  0, or the error that is kept. */
int weir_http_output_flush(weir_http_exchange *x);

/* The same, and behind it `len` bytes that are not in the buffer, in one write. */
int weir_http_output_flush_with(weir_http_exchange *x, const char *data, size_t len);

/* Adds bytes; large ones go out with what is there, in one write.  0, or the error. */
int weir_http_output_add(weir_http_exchange *x, const char *data, size_t len);

/* Fills the free part and then sends the rest from a file.  The bytes of it, or the error. */
int64_t weir_http_output_file(weir_http_exchange *x, int file, uint64_t offset, uint64_t length);

/* body.c ----------------------------------------------------------------------------------- */

/* Prepares to read the content of the request whose head is complete. */
void weir_http_content_begin(weir_http_exchange *x);

/* Whether the content that is not read is too much, or too uncertain, to drop it. */
bool weir_http_content_is_costly(const weir_http_exchange *x);

/* Reads and drops what is left of the content.  0, or why the connection cannot go on. */
int weir_http_content_discard(weir_http_exchange *x);

/* respond.c -------------------------------------------------------------------------------- */

void weir_http_answer_begin(weir_http_exchange *x);

/* While the head is open: sends the responses before it and then `len` bytes, and moves the head to
 * the front.  0, or the error. */
int weir_http_answer_send_before(weir_http_exchange *x, const char *data, size_t len);

#endif
