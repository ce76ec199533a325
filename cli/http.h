/* SPDX-License-Identifier: MIT
 *
 * `weir http parse`: a walk over bytes that tells a report what the parser made of them.
 *
 *     http_parse.c   the command: options, input
 *     http_walk.c    message after message, with the library's parser and chunked decoder
 *     http_why.c     decisions and errors in words
 *     http_text.c    the report for people        http_json.c    the report for programs
 */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <stdio.h>

#include <weir/http/types/url.h>
#include <weir/http/wire/chunked.h>
#include <weir/http/wire/parser.h>

#include "cli.h"

enum { HTTP_METHODS = 64 };

/* How to read. */
typedef struct http_settings {
    weir_http_options options;
    bool response;
    bool goes_on; /* more bytes would follow those that are there */
    unsigned method_count;
    weir_http_method methods[HTTP_METHODS]; /* that the responses answer, in turn */
} http_settings;

/* A message and where it stands.  Offsets count from the first byte of the input. */
typedef struct http_message {
    const http_settings *how;
    weir_bytes input;
    unsigned number;         /* from 1 */
    bool response;           /* which kind it is */
    size_t start;            /* offset of its first byte, empty lines included */
    const char *head;        /* the head from there, folded values joined */
    size_t head_len;         /* 0 while the head is not whole */
    size_t fields_end;       /* offset of the empty line that ends the head */
    int status;              /* of a response */
    weir_http_method method; /* of the request, also for a response */
    weir_http_version version;
    weir_bytes version_text; /* in `input` */
    const weir_http_parser *parser;
} http_message;

/* A field line of the head or the trailer section. */
typedef struct http_field {
    weir_bytes name, value, raw; /* raw: the line as it came, with its end */
    size_t offset, value_offset;
    bool kept; /* of a trailer */
} http_field;

typedef struct http_chunk {
    size_t offset;        /* of the size line */
    uint64_t size;        /* that it announces; 0: the last chunk */
    weir_bytes extension; /* in the size line, after the size */
    size_t data;          /* offset of the data */
    size_t have;          /* bytes of them that are there */
} http_chunk;

typedef struct http_error {
    int code;
    size_t offset;
    char where[80]; /* WEIR_EEOF: "after 3 of 5 bytes of the body" */
    char hint[120]; /* the option that would take it; empty: none */
} http_error;

typedef enum http_outcome {
    HTTP_COMPLETE,
    HTTP_MORE, /* the input ends inside, and goes on elsewhere */
    HTTP_CUT,  /* the stream ends inside */
    HTTP_REFUSED,
} http_outcome;

/* How a message ended. */
typedef struct http_end {
    http_outcome outcome;
    size_t offset;    /* of the first byte after it */
    size_t body;      /* offset of the body */
    uint64_t content; /* bytes of content that are there */
    size_t rest;      /* bytes after it that no message is looked for in */
    const char *why_rest;
    http_error error; /* REFUSED, CUT, MORE */
} http_end;

typedef struct http_report http_report;

/* What a report does with a walk; the calls come in this order. */
typedef struct http_form {
    void (*begin)(http_report *, const http_message *);
    void (*head)(http_report *, const http_message *);
    void (*content)(http_report *, const http_message *, size_t offset, size_t have);
    void (*chunk)(http_report *, const http_message *, const http_chunk *);
    void (*trailer)(http_report *, const http_message *, const http_field *);
    void (*end)(http_report *, const http_message *, const http_end *);
    /* Input in which no message begins: nothing, or `len` bytes of empty lines. */
    void (*nothing)(http_report *, size_t offset, size_t len);
} http_form;

typedef enum http_list { HTTP_LIST_NONE, HTTP_LIST_CHUNKS, HTTP_LIST_TRAILERS } http_list;

struct http_report {
    const http_form *form;
    bool colour;
    int digits;     /* width of an offset */
    int names;      /* width of the column of names */
    http_list list; /* that is open */
};

extern const http_form http_text, http_json;

/* Tells the report everything about the input.  Returns the exit status. */
int http_walk(const http_settings *how, weir_bytes input, http_report *report);

/* Field `index` of the head. */
http_field http_field_at(const http_message *message, uint32_t index);

/* A decision in words, with the rule that led to it. */
typedef struct http_reason {
    const char *rule; /* "RFC 9112 6.3 item 6" */
    const char *text;
} http_reason;

http_reason http_why_framing(const http_message *message);
http_reason http_why_connection(const http_message *message);

const char *http_body_name(weir_http_body body);
const char *http_form_name(weir_http_target_form form);

/* What an error means, in a sentence or two. */
const char *http_error_meaning(int code);
const char *http_error_rule(int code);

/* The status to answer with: to the request, or as a proxy that got the response. */
int http_error_answer(const http_message *message, int code);

/* A departure from strictness, as --lenient names it. */
typedef struct http_lenience {
    const char *name;
    uint32_t flag;
} http_lenience;
extern const http_lenience http_leniences[]; /* a NULL name ends it */

/* A limit, as --limit names it.  Returns false when there is none of that name. */
typedef struct http_limit {
    const char *name;
    uint32_t *small; /* one of the two */
    uint64_t *large;
} http_limit;
bool http_limit_find(weir_http_options *options, const char *name, size_t len, http_limit *out);

/* The name of the limit that an error is about; NULL: none, or one of several. */
const char *http_limit_of_error(int code);

/* Bytes as text ------------------------------------------------------------------------------ */

enum { HTTP_ESCAPE = 4 }; /* the longest escape */

/* Writes a byte as printable ASCII: itself, \r \n \t \\ or \xHH.  Returns how many, no NUL. */
size_t http_escape(char byte, char out[HTTP_ESCAPE]);

void http_put_escaped(weir_bytes bytes, FILE *to);

/* Where a byte stands, and the line around it made to fit. */
typedef struct http_place {
    size_t line, column; /* from 1; columns are bytes */
    char text[128];      /* escaped; "…" where it was shortened */
    unsigned caret;      /* column of the byte in `text`, from 0 */
    unsigned width;      /* columns it takes */
    char byte[24];       /* "0x20 (space)", or "the end of the input" */
} http_place;

void http_place_of(weir_bytes input, size_t offset, http_place *out);

#endif
