/* SPDX-License-Identifier: MIT
 *
 * A connection of the server: what is kept of it while it waits, and the slab that it comes from.
 *
 *     accepted ─> FRESH ─bytes─> BUSY ─handed back─> WRITING ─> IDLE ─bytes─> BUSY …
 *                   │              │ cannot start: REFUSING (503)
 *                   └──────────────┴──> STOPPING ─> CLOSING ─> back to the slab
 *
 * Actors: the keeper owns it in every state but BUSY, in which the exchange's task does; the
 * exchange's last touch is the submission of `op` to the keeper's queue.
 * Invariant: `op` is in flight in every state but BUSY, and at most once in the keeper's queue.
 */
#ifndef HTTP_SERVER_CONNECTION_H
#define HTTP_SERVER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/op.h>
#include <weir/net/tcp.h>

typedef enum weir_http_state {
    WEIR_HTTP_FRESH,    /* READ_LENT in flight; no request yet */
    WEIR_HTTP_IDLE,     /* READ_LENT in flight; between requests */
    WEIR_HTTP_BUSY,     /* an exchange's */
    WEIR_HTTP_WRITING,  /* WRITE of the last responses in flight */
    WEIR_HTTP_REFUSING, /* WRITE of a 503 in flight */
    WEIR_HTTP_STOPPING, /* RECEIVER_STOP in flight */
    WEIR_HTTP_CLOSING,  /* CLOSE in flight */
} weir_http_state;

typedef struct weir_http_connection weir_http_connection;
typedef struct weir_http_keeper weir_http_keeper;

enum { WEIR_HTTP_OUTPUT = 4096 };

/* Bytes to send: the exchange's while it runs, then the keeper's. */
typedef struct weir_http_output {
    struct weir_http_output *next; /* in the keeper's free list */
    struct iovec slice;            /* what the keeper writes */
    size_t used;
    int error; /* the first failure to write; nothing is written after it */
    char data[WEIR_HTTP_OUTPUT];
} weir_http_output;

struct weir_http_connection {
    weir_tcp_stream tcp;
    weir_op op;
    weir_lent lent; /* where READ_LENT puts what came */
    weir_http_keeper *keeper;
    weir_http_output *output;              /* BUSY, WRITING; else NULL */
    weir_http_connection *next, *previous; /* in a list of waiting ones, by time, or NULL */
    int64_t since;                         /* when it came into that list */
    uint32_t requests;                     /* so far */
    uint32_t handled, refused; /* by the exchange that hands it back; the keeper counts them */
    uint8_t state;             /* weir_http_state */
    bool close;                /* not to be used again: the exchange's word at the hand-over, or the
                                  keeper's to an exchange that shall part with it */
    bool closed;               /* … and closed already */
};

/* A list of connections in the order in which they came. */
typedef struct weir_http_list {
    weir_http_connection *first, *last;
} weir_http_list;

void weir_http_list_add(weir_http_list *list, weir_http_connection *connection);

bool weir_http_list_holds(const weir_http_list *list, const weir_http_connection *connection);

/* Takes it out; nothing when it is not in. */
void weir_http_list_remove(weir_http_list *list, weir_http_connection *connection);

/* Memory for connections, kept until the slab ends: as much as were open at the same time. */
typedef struct weir_http_slab {
    void *blocks;
    weir_http_connection *free;
} weir_http_slab;

/* A connection, or NULL without memory. */
weir_http_connection *weir_http_slab_take(weir_http_slab *slab);
void weir_http_slab_give(weir_http_slab *slab, weir_http_connection *connection);
void weir_http_slab_end(weir_http_slab *slab);

#endif
