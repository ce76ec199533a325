/* SPDX-License-Identifier: MIT
 *
 * One case for each opcode: how to make such an operation that can happen at once, one that waits,
 * and what it is to have achieved.  Several clauses walk through this table.
 */
#ifndef WEIR_TEST_CONTRACT_OP_CASES_H
#define WEIR_TEST_CONTRACT_OP_CASES_H

#include <weir/io/token.h>
#include <weir/io/work.h>

#include "test/contract/contract.h"

/* Results that stand for many. */
#define RESULT_DESCRIPTOR INT64_MAX       /* a new descriptor */
#define RESULT_SOME       (INT64_MAX - 1) /* more than 0 */

/* Everything that one operation may need.  Starts from zero with op_world_init. */
typedef struct op_world {
    weir_op op;
    weir_socket ends[2]; /* the op works on the first */
    weir_socket listener;
    int clients[4]; /* plain descriptors */
    int file, directory;
    char path[64]; /* of the directory; empty: none was made */
    uint32_t word, gate;
    weir_task task;
    weir_group group;
    bool has_task, has_group;
    weir_token token;
    uint32_t worked; /* atomic */
    char buffer[256];
    struct iovec slice;
    weir_message message;
    weir_address address;
    weir_receiver receiver;
    weir_lent lent;
    size_t filled; /* bytes that stand before the op's own */
    int option;
    uint32_t size;
    weir_file_status status;
} op_world;

typedef struct op_case {
    const char *name;
    weir_opcode code;
    int64_t result;      /* of success */
    bool never_canceled; /* it happens whatever is asked for */
    bool spent;          /* after a cancellation its object is only good for closing */

    /* Makes world->op an operation that can happen at once. */
    void (*ready)(weir_io *io, op_world *world);

    /* Makes one that waits for ever; NULL when this operation never waits. */
    void (*waiting)(weir_io *io, op_world *world);

    /* Lets the waiting one happen.  From any task.  NULL: there is no way but time. */
    void (*release)(weir_io *io, op_world *world);

    /* Checks that an op made by `ready` which was not let happen left no trace.  May be NULL. */
    void (*untouched)(weir_io *io, op_world *world);

    /* Checks what it achieved.  May be NULL. */
    void (*achieved)(weir_io *io, op_world *world);
} op_case;

extern const op_case op_cases[];
extern const size_t op_case_count;

/* A fresh world, freed by op_world_free. */
op_world *op_world_new(void);

/* Ends, closes and frees all that the world holds, the op's own result included. */
void op_world_free(weir_io *io, op_world *world, const op_case *op);

/* Checks the result of an op that was to succeed, and what it achieved. */
bool op_check_success(weir_io *io, op_world *world, const op_case *op, int64_t result);

/* Sets the op's result back to nothing, to do it once more. */
void op_again(op_world *world);

#endif
