/* SPDX-License-Identifier: MIT
 *
 * Ending a tree of tasks gracefully: on SIGINT or SIGTERM every leaf finishes what it has begun,
 * within a limit.
 *
 *     tree                   then: Ctrl-C
 */
#include <signal.h>
#include <stdio.h>

#include <weir/weir.h>

enum { BRANCHES = 2, LEAVES = 3 };

typedef struct leaf {
    weir_token *closing;
    const char *branch;
    int number;
} leaf;

/* What must not be left half done: two steps, behind a shield. */
static void do_one_piece(weir_io *io, int *pieces)
{
    weir_scope shield;
    weir_shield(io, &shield);
    weir_sleep(io, weir_milliseconds(5));
    weir_sleep(io, weir_milliseconds(5));
    weir_scope_leave(io, &shield);
    ++*pieces;
}

static int work(weir_io *io, void *argument)
{
    const leaf *l = argument;
    int pieces = 0;
    char why[160];
    weir_scope scope;
    weir_scope_enter_token(io, &scope, l->closing);
    do {
        do_one_piece(io, &pieces);
    } while (weir_check(io) == 0);
    weir_cause cause = weir_cause_of(io);
    weir_scope_leave(io, &scope);

    weir_cause_print(&cause, why, sizeof why);
    printf("%s/%d: %s after %s\n", l->branch, l->number, why, pieces > 0 ? "whole pieces" : "none");
    return 0;
}

static int branch(weir_io *io, void *argument)
{
    leaf *leaves = argument;
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < LEAVES; i++) weir_group_async(io, &group, work, &leaves[i]);
    int error = weir_group_wait(io, &group);
    printf("%s: ended\n", leaves[0].branch);
    return error;
}

static int root(weir_io *io, void *argument)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    static const char *const names[BRANCHES] = {"left", "right"};
    leaf leaves[BRANCHES][LEAVES];
    weir_token closing = {0};
    weir_group tree = WEIR_GROUP_INIT;
    weir_signals stop;
    int signo;
    (void)argument;
    int error = weir_signals_open(&stop, numbers, 2);
    if (error) return error;
    for (int b = 0; b < BRANCHES; b++) {
        for (int i = 0; i < LEAVES; i++) leaves[b][i] = (leaf){&closing, names[b], i};
        weir_group_async(io, &tree, branch, leaves[b]);
    }
    printf("running\n");
    fflush(stdout);

    error = weir_signals_wait(io, &stop, weir_never(), &signo);
    weir_token_cancel(io, &closing, error ? weir_strerror(error) : "asked by a signal");
    weir_scope limit;
    weir_scope_enter_for(io, &limit, weir_seconds(5));
    error = weir_group_wait(io, &tree); /* who is not done in time is canceled */
    weir_scope_leave(io, &limit);
    printf("root: %s\n", error ? weir_strerror(error) : "all have ended");
    weir_token_end(io, &closing);
    weir_signals_close(io, &stop);
    return error;
}

int main(void)
{
    weir_io *io;
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, root, NULL);
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "tree: %s\n", weir_strerror(error));
    return error != 0;
}
