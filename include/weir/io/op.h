/* SPDX-License-Identifier: MIT
 *
 * The operation as a value: one thing that can be waited for, on the caller's stack.
 *
 * Everything that can wait (accept, read, sleep, join a task, open a file …) is a weir_op: an
 * opcode, arguments, and a result.  Public calls such as weir_read fill an op and weir_do it;
 * several ops can be submitted to a queue and taken as they complete, in O(1) each.
 *
 *      weir_do      submit and wait                       one op, straight-line code
 *      weir_submit  start; the completion goes to a queue  many ops, one collector
 *      weir_select  start some, take the first, cancel and settle the rest
 *
 * Ownership: an op, its buffers and everything it points to are lent to the engine from weir_do or
 * weir_submit until the completion; an op completes exactly once, also after weir_op_cancel.
 *
 * Completion rules that hold on every engine:
 *   - a result >= 0 means that it happened, even when a cancellation came at the same moment: bytes
 *     that were read and sockets that were accepted are never lost; the request stays pending;
 *   - WEIR_ECANCELED and WEIR_EDEADLINE mean that it did not happen (for READ, ACCEPT and the other
 *     takers of data: nothing was consumed);
 *   - a task that has been asked to stop, or whose scope has expired, gets its answer from weir_do
 *     before the operation has any effect.
 */
#ifndef WEIR_IO_OP_H
#define WEIR_IO_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <weir/base/time.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_io weir_io;
typedef struct weir_op weir_op;
typedef struct weir_queue weir_queue;
typedef struct weir_task weir_task;
typedef struct weir_group weir_group;
typedef struct weir_receiver weir_receiver;
typedef struct weir_lent weir_lent;
typedef struct weir_message weir_message;
typedef struct weir_file_status weir_file_status;
typedef struct weir_wait_kind weir_wait_kind;

/* What is done with a completed op instead of keeping it in the queue; see weir_queue.handler. */
typedef void weir_queue_handler(weir_io *io, weir_op *op);

/* Work for weir_work: must not call what needs a task.  The result is >= 0 or a negative error. */
typedef int64_t weir_work_fn(void *argument);

/* What an op does.  The result is 0 unless said otherwise; errors are in the call's header. */
typedef enum weir_opcode {
    WEIR_OP_NOP,           /* completes at once: submitted to a queue it is a message */
    WEIR_OP_SLEEP,         /* completes with 0 when `deadline` has passed; without one, never */
    WEIR_OP_WORD_WAIT,     /* args.word: until woken; WEIR_EAGAIN when the word differs */
    WEIR_OP_JOIN,          /* args.task: until the task has ended */
    WEIR_OP_GROUP_WAIT,    /* args.group: until the group is empty */
    WEIR_OP_WAIT,          /* args.wait: a lock, a channel, a token … (wait.h); result: its own */
    WEIR_OP_WORK,          /* args.work: runs it on a thread where it may block; its result */
    WEIR_OP_SOCKET,        /* args.socket: result is the new descriptor */
    WEIR_OP_PAIR,          /* args.pair: two connected Unix sockets, into out[0] and out[1] */
    WEIR_OP_PIPE,          /* args.pair: a pipe: out[0] reads what out[1] writes */
    WEIR_OP_DUPLICATE,     /* fd: result is a second descriptor of the same open socket or file */
    WEIR_OP_ADOPT,         /* fd, args.type: takes over a foreign socket; result is fd */
    WEIR_OP_BIND,          /* fd, args.address */
    WEIR_OP_LISTEN,        /* fd, args.backlog */
    WEIR_OP_ACCEPT,        /* fd: result is the new descriptor */
    WEIR_OP_CONNECT,       /* fd, args.address */
    WEIR_OP_READ,          /* fd, args.vector: result is bytes, 0 at the end of the stream */
    WEIR_OP_READ_LENT,     /* args.lent: result is bytes, 0 at the end of the stream */
    WEIR_OP_RECEIVER_STOP, /* args.lent.receiver: until nothing is received any more */
    WEIR_OP_WRITE,         /* fd, args.vector: result is bytes */
    WEIR_OP_SEND,          /* fd, args.messages, the first: result is bytes */
    WEIR_OP_RECEIVE,       /* fd, args.messages, the first: result is bytes stored */
    WEIR_OP_SEND_MANY,     /* fd, args.messages: result is how many went, > 0 */
    WEIR_OP_RECEIVE_MANY,  /* fd, args.messages: waits for one; result is how many came */
    WEIR_OP_SPLICE,     /* fd = socket, args.splice: moves bytes to or from a pipe; their count */
    WEIR_OP_POLL,       /* fd, args.poll: result is the set of ready WEIR_POLL_… */
    WEIR_OP_SHUTDOWN,   /* fd, args.shutdown */
    WEIR_OP_CLOSE,      /* fd: never canceled */
    WEIR_OP_GET_OPTION, /* fd, args.option: getsockopt(2) */
    WEIR_OP_SET_OPTION, /* fd, args.option: setsockopt(2) */
    WEIR_OP_LOCAL_ADDRESS, /* fd, args.address_out */
    WEIR_OP_PEER_ADDRESS,  /* fd, args.address_out */
    WEIR_OP_OPEN,          /* fd = directory, args.open: result is the new descriptor */
    WEIR_OP_STAT,          /* fd, args.stat */
    WEIR_OP_READ_AT,       /* fd, args.at: result is bytes, 0 at the end of the file */
    WEIR_OP_WRITE_AT,      /* fd, args.at: result is bytes */
    WEIR_OP_LIST,          /* fd, args.list: result is bytes of entries, 0 at the end */
    WEIR_OP_SEND_FILE,     /* fd = socket, args.send_file: result is bytes */
    WEIR_OP_UNLINK,        /* fd = directory, args.path: takes a name away */
    WEIR_OP_CHANGE_MODE,  /* fd, args.mode: permissions of a file, or of a socket yet to be bound */
    WEIR_OP_CHANGE_OWNER, /* fd, args.owner */
    WEIR_OP_LOCK,         /* fd, args.lock: a WEIR_LOCK_…; WEIR_EAGAIN instead of waiting */
    WEIR_OP_COUNT
} weir_opcode;

enum {
    WEIR_OP_ALL = 1,  /* WRITE: complete only when all bytes went, or an error or cancellation ended
                         it; a count below the total says so, and args.vector.error tells why */
    WEIR_OP_TRY = 2,  /* ACCEPT, READ, WRITE, SEND, RECEIVE, …_MANY, POLL, SPLICE: complete with
                         WEIR_EAGAIN instead of waiting */
    WEIR_OP_PEEK = 4, /* READ, RECEIVE on a socket: what is read stays there */
    WEIR_OP_ZEROCOPY = 8, /* WRITE: let the network card read the caller's memory, where kernel and
                             socket can; completes only when the memory is the caller's again */
};

/* One operation.  Set `code` and what its line above names, and leave the rest zero
 * (`weir_op op = {.code = …}`), or begin with weir_op_set. */
struct weir_op {
    uint8_t code;           /* weir_opcode */
    uint8_t flags;          /* WEIR_OP_ALL, WEIR_OP_TRY … */
    uint16_t reserved;      /* the engine's */
    int32_t fd;             /* descriptor that the op works on */
    int64_t result;         /* valid after completion: >= 0, or a negative WEIR_E… */
    weir_deadline deadline; /* {0} = none (in calls that take one, weir_never() is none and 0 is
                               past); else WEIR_EDEADLINE when it passes first */
    weir_queue *queue;      /* where the completion goes; set by weir_submit */
    void *user;             /* the caller's; untouched */
    union {
        struct {
            const uint32_t *address; /* 4-byte aligned */
            uint32_t expected;
        } word;
        weir_task *task;
        weir_group *group;
        struct {
            const weir_wait_kind *kind;
            void *object;
            union {
                void *pointer;
                uint64_t count;
            } value; /* the kind's: where an item goes, how many permits … */
        } wait;
        struct {
            weir_work_fn *run;
            void *argument;
        } work;
        struct {
            int family, type, protocol; /* socket(2); close-on-exec is added */
        } socket;
        struct {
            int *out;      /* two descriptors, close-on-exec and non-blocking */
            int type;      /* PAIR: SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
            uint32_t room; /* PIPE: bytes that it is to hold; 0: the kernel's default */
        } pair;
        int type; /* ADOPT: SOCK_STREAM …, 0 for any */
        int backlog;
        const weir_address *address;
        weir_address *address_out;
        struct {
            const struct iovec *data; /* at most 1024 */
            uint32_t count;
            uint32_t repeat; /* WRITE: how often the last slice is sent; 0 skips it */
            int32_t error;   /* out, WRITE: what ended it after the bytes that went; 0: nothing,
                                or a cancellation, which the next call tells */
        } vector;
        struct {
            weir_receiver *receiver;
            weir_lent *out;
        } lent;
        struct {
            weir_message *first;
            uint32_t count;
        } messages;
        struct {
            size_t length;
            int pipe;
            bool take; /* from the socket into the pipe, which has room; else out of the pipe,
                          which has bytes, to the socket */
        } splice;
        uint32_t poll;
        int shutdown; /* SHUT_RD, SHUT_WR, SHUT_RDWR */
        struct {
            int level, name;
            void *value;
            uint32_t *size; /* in: room or length; out (GET): length */
        } option;
        struct {
            const char *path; /* NUL-terminated */
            uint32_t flags;   /* WEIR_OPEN_… */
            uint32_t mode;    /* permissions of a created file */
        } open;
        struct {
            const char *path; /* NULL: fd itself */
            weir_file_status *out;
        } stat;
        const char *path; /* NUL-terminated */
        uint32_t mode;
        struct {
            uint32_t user, group; /* UINT32_MAX: as it is */
        } owner;
        uint32_t lock; /* WEIR_LOCK_… (file.h) */
        struct {
            const struct iovec *data;
            uint64_t offset;
            uint32_t count;
        } at;
        struct {
            void *buffer; /* filled as by getdents64(2) */
            size_t size;
        } list;
        struct {
            uint64_t offset;
            size_t length;
            int file;
            int32_t error; /* out: as of vector */
        } send_file;
    } args;
    uint64_t engine[9]; /* the engine's while the op is in flight */
};

/* Ops that wait for an object, in the order of arrival; see wait.h.  The zero value is empty. */
typedef struct weir_wait_list {
    weir_op *first, *last;
} weir_wait_list;

/* A queue collects completions, in the order in which they arrive.
 *
 * Any task of the same engine may submit ops to it; one task takes them out.  A plain value in the
 * caller's hands; it must outlive the ops in flight on it.  Initialise with weir_queue_init. */
struct weir_queue {
    weir_op *head, *tail; /* completed, not yet taken; linked through the op's engine words */
    uint32_t lock;        /* engines whose tasks are threads guard all fields with it */
    uint32_t reserved;
    void *waiter; /* who waits in weir_queue_next */
    void *home;   /* the worker whose task takes from the queue */

    /* If set, completions are handed to it instead of being kept: on a thread of the engine, not in
     * a task.  It must not wait; it may submit the op again, and complete or wake others. */
    weir_queue_handler *handler;
};

/* Begins to fill an op: sets all that stands before the arguments, and leaves these and the
 * engine's words as they are, which costs less than zeroing them.  `user` is untouched. */
static inline void weir_op_set(weir_op *op, weir_opcode code, int fd)
{
    op->code = (uint8_t)code;
    op->flags = 0;
    op->reserved = 0;
    op->fd = fd;
    op->deadline.ns = 0;
    op->queue = NULL;
}

/* Gives an op a deadline as calls take it: weir_never() is none, every past instant is past.  (In
 * an op 0 is none; a SLEEP until weir_never() never ends.) */
static inline void weir_op_set_deadline(weir_op *op, weir_deadline deadline)
{
    if (!weir_is_never(deadline)) op->deadline.ns = deadline.ns > 0 ? deadline.ns : 1;
}

/* Submits `op` and waits for its completion.
 *
 * Returns op->result: >= 0, or a negative error of the operation; WEIR_ECANCELED when the task was
 * asked to stop, or the token of a scope was canceled; WEIR_EDEADLINE when op->deadline or a
 * scope's deadline passed first (weir_cause tells more about both);
 * WEIR_EUNSUPPORTED when this engine lacks the operation; WEIR_ENOTTASK when the caller is not a
 * task of `io` and the op cannot be done without waiting.
 * Ownership: the op and what it points to are lent until the return.
 * A cancellation point, except for CLOSE and RECEIVER_STOP.  From a task of `io`. */
int64_t weir_do(weir_io *io, weir_op *op);

/* Starts `op` without waiting; its completion, with op->result, will come out of `queue`.
 *
 * Never fails by itself: an error is a completion.  Not a cancellation point: a task that has been
 * asked to stop can still submit (its weir_queue_next will tell).  No thread or memory is taken
 * for an op in flight.  The task's scopes do not apply to the op; op->deadline does.
 * From a task of `io`; the op stays on the caller's worker. */
void weir_submit(weir_io *io, weir_op *op, weir_queue *queue);

/* Prepares an empty queue, whose completions the calling task will take.
 * From a task of `io`; never waits. */
void weir_queue_init(weir_io *io, weir_queue *queue);

/* Prepares a queue that hands each completed op to `handler` (weir_queue.handler).
 * From a task of `io`; never waits. */
void weir_queue_init_handler(weir_io *io, weir_queue *queue, weir_queue_handler *handler);

/* Takes the next completed op, waiting for one until `deadline`.
 *
 * Returns 0 and the op in *out; WEIR_EDEADLINE, WEIR_ECANCELED: *out is NULL, the queue is
 * unchanged.  Completions that are already there are handed out before a deadline is looked at.
 * A cancellation point.  From the task that initialised the queue. */
int weir_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out);

/* Takes the next completed op if there is one, without waiting: the op, or NULL.
 * Not a cancellation point.  From the task that initialised the queue. */
weir_op *weir_queue_try(weir_io *io, weir_queue *queue);

/* Asks an op in flight to end soon.  Its completion still comes, with WEIR_ECANCELED if it had not
 * happened yet.  Does nothing for an op that has completed.
 *
 * Never waits.  From a task on the worker that submitted the op, as the submitter itself is. */
void weir_op_cancel(weir_io *io, weir_op *op);

/* Starts `count` ops of any kinds, waits for the first to complete, cancels the others and waits
 * until they have settled.
 *
 * Returns the index of the winner; its result is in the op.  The results of all others are in
 * theirs: WEIR_ECANCELED, or what they achieved before they could be stopped (a socket accepted by
 * a loser is in its result and now the caller's).  The ops are started in an order that rotates, so
 * that an op that is always ready cannot starve the others.
 * Errors: WEIR_EDEADLINE, WEIR_ECANCELED (all ops have settled then, too), WEIR_EINVAL for count 0.
 * A cancellation point.  From a task of `io`. */
int weir_select(weir_io *io, weir_op *ops[], size_t count, weir_deadline deadline);

/* What an op does, in a word for people: "read", "channel receive".  Static text. */
const char *weir_op_name(const weir_op *op);

#ifdef __cplusplus
}
#endif
#endif
