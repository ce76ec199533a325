/* SPDX-License-Identifier: MIT
 *
 * The search over schedules, and the coroutines that are scheduled.
 *
 * The choices of the present schedule are a path of nodes.  A node holds what the choice was made
 * from: which threads could go on, what each was about to do, which alternatives have been tried,
 * and which need not be (`sleep`).  Invariant: a schedule is a function of its choices, so the
 * nodes before the one whose choice was changed stay true in the next run.
 *
 * Sleep sets: an alternative that has been tried at a node need not be tried again below its
 * siblings until somebody makes an access that meets the alternative's: only then can the order
 * matter.  This is sound for the whole search only; under a bound on preemptions the schedule that
 * stands for the others may be beyond the bound.
 */
#include "test/model/checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/harness/test.h"

enum { MOST_STEPS = 2000, MOST_NAMES = 64, MOST_RANGES = 32 };

/* When the search is given up: the scenario is too large. */
static uint64_t most_schedules = 5000000;

typedef struct coroutine {
    weir_stack stack; /* first: the stack's head */
    weir_fiber_context context;
    weir_fiber_context *at; /* the context that it runs on: its own, or one that it switched to */
    model_access next;      /* what it is about to do */
    bool finished;
    void *local;
} coroutine;

typedef struct node {
    uint8_t chosen, enabled, done, sleep;
    int8_t before; /* who ran before, or -1 */
    int preemptions;
    struct {
        model_kind kind;
        const void *address;
    } next[MODEL_MOST_THREADS];
} node;

typedef struct range {
    uintptr_t from, to;
} range;

static struct {
    const model_scenario *scenario;
    model_result *result;
    unsigned threads;
    coroutine *coroutines[MODEL_MOST_THREADS];
    weir_fiber_context scheduler;
    int current; /* the running thread, or -1 */
    bool failed, trace;
    node path[MOST_STEPS];
    unsigned depth;   /* steps of the present schedule */
    unsigned planned; /* nodes whose choice is made */
    range ignored[MOST_RANGES], freed[MOST_RANGES];
    unsigned ignored_count, freed_count;
    struct {
        const void *address;
        const char *name;
    } names[MOST_NAMES];
    unsigned name_count;
    struct {
        model_access store;
        const void *until; /* NULL: none is held back, or it is due */
        int thread;
        bool due;
    } held;
} run = {.current = -1};

/* Ranges and names. ---------------------------------------------------------------------------- */

static void add(range *ranges, unsigned *count, const void *memory, size_t size)
{
    if (*count == MOST_RANGES) fail_msg("too many ranges of memory");
    uintptr_t from = (uintptr_t)memory;
    ranges[(*count)++] = (range){from, from + size};
}

static bool lies_in(const range *ranges, unsigned count, const void *address)
{
    for (unsigned i = 0; i < count; i++)
        if ((uintptr_t)address - ranges[i].from < ranges[i].to - ranges[i].from) return true;
    return false;
}

void model_ignore(const void *memory, size_t size)
{
    add(run.ignored, &run.ignored_count, memory, size);
}

bool model_is_freed(const void *memory)
{
    return lies_in(run.freed, run.freed_count, memory);
}

void model_name(const void *address, const char *name)
{
    if (run.name_count == MOST_NAMES) fail_msg("too many names");
    run.names[run.name_count].address = address;
    run.names[run.name_count++].name = name;
}

static const char *name_of(const void *address)
{
    for (unsigned i = 0; i < run.name_count; i++)
        if (run.names[i].address == address) return run.names[i].name;
    return "memory";
}

static void print_step(const model_access *access, model_act act)
{
    static const char *const kinds[] = {"load", "store", "update", "free"};
    static const char *const acts[] = {"", ", dropped", ", forced"};
    const char *file = strrchr(access->place, '/');
    unsigned long long found = 0;
    if (access->size <= sizeof found) memcpy(&found, access->address, access->size);
    fprintf(stderr, "%5u  %-10s %-6s %-22s", run.depth, run.scenario->threads[run.current].name,
            access->ready ? "wait" : kinds[access->kind], name_of(access->address));
    if (access->size <= sizeof found) fprintf(stderr, " %#llx", found);
    if (access->kind == MODEL_STORE || (access->kind == MODEL_UPDATE && !access->ready))
        fprintf(stderr, " to %#llx", (unsigned long long)access->value);
    fprintf(stderr, "%s  (%s)\n", acts[act], file ? file + 1 : access->place);
}

/* In a thread. --------------------------------------------------------------------------------- */

static coroutine *self(void)
{
    return run.coroutines[run.current];
}

const weir_fiber_context *model_context(void)
{
    return &self()->context;
}

void model_switching_to(weir_fiber_context *context)
{
    self()->at = context;
}

static void leave(void)
{
    weir_fiber_switch(self()->at, &run.scheduler, NULL);
}

static void set_failed(const char *why)
{
    if (!run.failed) snprintf(run.result->why, sizeof run.result->why, "%s", why);
    run.failed = true;
}

void model_check(bool holds, const char *why)
{
    if (holds) return;
    set_failed(why);
    if (run.current >= 0) leave(); /* for ever */
}

model_act model_hold_back(const model_access *store, const void *until)
{
    run.held.store = *store;
    run.held.until = until;
    run.held.thread = run.current;
    run.held.due = false;
    return MODEL_DROPPED;
}

static model_act stop_before(const model_access *access)
{
    self()->next = *access;
    leave();
    model_act act = MODEL_AS_WRITTEN;
    if (run.scenario->alter) act = run.scenario->alter(run.current, access);
    if (run.trace) print_step(access, act);
    if (model_is_freed(access->address)) model_check(false, "freed memory is accessed");
    return act;
}

/* Makes the store that is held back, if it is due, as a step of its own. */
static void let_go(void)
{
    const model_access store = run.held.store;
    if (!run.held.due || run.held.thread != run.current) return;
    run.held.due = false;
    self()->next = store;
    leave();
    if (run.trace) print_step(&store, MODEL_AS_WRITTEN);
    /* The little end comes first on all processors that Weir runs on. */
    memcpy((void *)(uintptr_t)store.address, &store.value, store.size);
}

model_act model_step(model_kind kind, const volatile void *address, size_t size, uintptr_t value,
                     const char *place)
{
    const void *at = (const void *)address;
    if (run.current < 0) return MODEL_AS_WRITTEN;
    if (lies_in(run.ignored, run.ignored_count, at)) return MODEL_AS_WRITTEN;
    let_go();
    model_act act = stop_before(&(model_access){kind, at, size, value, place, NULL});
    if (at == run.held.until && run.held.thread == run.current) {
        run.held.until = NULL;
        run.held.due = true;
    }
    return act;
}

void model_wait(bool (*ready)(const void *address), const void *address, size_t size,
                const char *place)
{
    if (run.current < 0) return;
    let_go();
    stop_before(&(model_access){MODEL_UPDATE, address, size, 0, place, ready});
}

void model_free(const void *memory, size_t size, const char *place)
{
    if (run.current >= 0) stop_before(&(model_access){MODEL_FREE, memory, size, 0, place, NULL});
    add(run.freed, &run.freed_count, memory, size);
}

static weir_fiber_next thread_main(void *argument)
{
    coroutine *c = argument;
    run.scenario->threads[run.current].run();
    c->finished = true;
    return (weir_fiber_next){&run.scheduler, NULL};
}

/* One schedule. -------------------------------------------------------------------------------- */

static void resume(int thread)
{
    void **local = run.scenario->local;
    coroutine *c = run.coroutines[thread];
    run.current = thread;
    if (local) *local = c->local;
    weir_fiber_switch(&run.scheduler, c->at, NULL);
    if (local) c->local = *local;
    run.current = -1;
}

/* Fresh memory, and each thread up to its first access. */
static void begin(void)
{
    run.failed = false;
    run.depth = 0;
    run.ignored_count = run.freed_count = run.name_count = 0;
    run.held.until = NULL;
    run.held.due = false;
    if (run.scenario->local) *run.scenario->local = NULL;
    run.scenario->begin();
    for (unsigned i = 0; i < run.threads; i++) {
        coroutine *c = run.coroutines[i];
        c->at = &c->context;
        c->finished = false;
        c->local = NULL;
        weir_fiber_prepare(&c->context, &c->stack, thread_main, c);
        resume((int)i);
    }
}

static bool meets(const node *n, unsigned a, unsigned b)
{
    if (n->next[a].kind == MODEL_FREE || n->next[b].kind == MODEL_FREE) return true;
    if (n->next[a].address != n->next[b].address) return false;
    return n->next[a].kind != MODEL_LOAD || n->next[b].kind != MODEL_LOAD;
}

static bool is_able(const coroutine *c)
{
    return !c->finished && (!c->next.ready || c->next.ready(c->next.address));
}

/* Fills the node of the next choice, but for the choice itself. */
static void look_around(node *n, const node *parent)
{
    memset(n, 0, sizeof *n);
    n->before = -1;
    for (unsigned i = 0; i < run.threads; i++) {
        const coroutine *c = run.coroutines[i];
        n->next[i].kind = c->next.kind;
        n->next[i].address = c->next.address;
        if (is_able(c)) n->enabled |= (uint8_t)(1u << i);
    }
    if (!parent) return;
    n->before = (int8_t)parent->chosen;
    n->preemptions = parent->preemptions;
    if (parent->before >= 0 && parent->chosen != parent->before)
        n->preemptions += parent->enabled >> parent->before & 1;
    if (run.scenario->preemptions != MODEL_ALL) return;
    for (unsigned i = 0; i < run.threads; i++)
        if ((parent->sleep | parent->done) >> i & 1 && !meets(parent, i, parent->chosen))
            n->sleep |= (uint8_t)(1u << i);
}

/* Makes the next choice of a node that has one left. */
static bool choose(node *n)
{
    unsigned left = n->enabled & ~(unsigned)(n->done | n->sleep);
    bool goes_on = n->before >= 0 && n->enabled >> n->before & 1;
    if (goes_on && run.scenario->preemptions != MODEL_ALL &&
        n->preemptions >= run.scenario->preemptions)
        left &= 1u << n->before;
    if (!left) return false;
    goes_on = goes_on && left >> n->before & 1;
    n->chosen = goes_on ? (uint8_t)n->before : (uint8_t)__builtin_ctz(left);
    return true;
}

static bool all_finished(void)
{
    for (unsigned i = 0; i < run.threads; i++)
        if (!run.coroutines[i]->finished) return false;
    return true;
}

static void tell_who_waits(void)
{
    char *why = run.result->why;
    size_t size = sizeof run.result->why, len = 0;
    set_failed("all wait for ever:");
    len = strlen(why);
    for (unsigned i = 0; i < run.threads && len < size; i++)
        if (!run.coroutines[i]->finished)
            len +=
                (size_t)snprintf(why + len, size - len, " %s (%s)", run.scenario->threads[i].name,
                                 name_of(run.coroutines[i]->next.address));
}

/* Runs the schedule whose first `planned` choices are made.  False: it was left, its rest is known
 * from others. */
static bool run_one(void)
{
    begin();
    while (!run.failed) {
        node *n = &run.path[run.depth];
        if (run.depth >= run.planned) {
            look_around(n, run.depth ? n - 1 : NULL);
            if (!n->enabled) break;
            if (!choose(n)) return false;
        } else if (!is_able(run.coroutines[n->chosen])) {
            set_failed("the schedule does not fit the scenario");
            break;
        }
        resume(n->chosen);
        run.result->steps++;
        if (++run.depth == MOST_STEPS) set_failed("no end: the threads run in a circle");
    }
    if (!run.failed && !all_finished()) tell_who_waits();
    if (!run.failed && run.scenario->end) run.scenario->end();
    return true;
}

/* Changes the last choice that has an alternative.  False: there is none. */
static bool step_back(void)
{
    for (; run.depth > 0; run.depth--) {
        node *n = &run.path[run.depth - 1];
        n->done |= (uint8_t)(1u << n->chosen);
        if (choose(n)) {
            run.planned = run.depth;
            return true;
        }
    }
    return false;
}

static void write_schedule(char *out, size_t size)
{
    size_t len = 0;
    for (unsigned i = 0, count; i < run.depth && len < size; i += count) {
        for (count = 1; i + count < run.depth; count++)
            if (run.path[i + count].chosen != run.path[i].chosen) break;
        len += (size_t)snprintf(out + len, size - len, "%s%c%u", i ? " " : "",
                                'a' + run.path[i].chosen, count);
    }
}

/* The search. ---------------------------------------------------------------------------------- */

static void open_search(const model_scenario *scenario, model_result *result)
{
    static weir_stack_slabs *slabs; /* for the life of the program */
    static weir_stack_pool pool;
    *result = (model_result){.failed = false};
    run.scenario = scenario;
    run.result = result;
    run.planned = run.depth = 0;
    run.trace = false;
    weir_fiber_adopt(&run.scheduler);
    if (!slabs) {
        weir_stack_options options = {.reserve = sizeof(coroutine)};
        assert_int_equal(weir_stack_slabs_create(&slabs, &options), 0);
        weir_stack_pool_init(&pool, slabs, MODEL_MOST_THREADS);
    }
    for (run.threads = 0; run.threads < MODEL_MOST_THREADS; run.threads++) {
        if (!scenario->threads[run.threads].run) break;
        coroutine **c = &run.coroutines[run.threads];
        if (!*c) *c = (coroutine *)(void *)weir_stack_pool_get(&pool);
        assert_non_null(*c);
    }
}

static void close_schedule(model_result *result)
{
    result->failed = run.failed;
    if (run.depth > result->deepest) result->deepest = run.depth;
}

void model_run(const model_scenario *scenario, model_result *result)
{
    open_search(scenario, result);
    do {
        if (run_one())
            result->schedules++;
        else
            result->pruned++;
        close_schedule(result);
        result->unfinished = result->schedules + result->pruned == most_schedules;
    } while (!result->failed && !result->unfinished && step_back());
    if (result->failed) write_schedule(result->schedule, sizeof result->schedule);
}

void model_replay(const model_scenario *scenario, const char *schedule, bool trace,
                  model_result *result)
{
    open_search(scenario, result);
    while (*schedule && run.planned < MOST_STEPS) {
        char *after;
        unsigned thread = (unsigned)(*schedule - 'a');
        unsigned long count = strtoul(schedule + 1, &after, 10);
        if (thread >= run.threads || after == schedule + 1) break;
        for (; count > 0 && run.planned < MOST_STEPS; count--)
            run.path[run.planned++] = (node){.chosen = (uint8_t)thread};
        schedule = after + strspn(after, " ");
    }
    run.trace = trace;
    if (trace) fprintf(stderr, "%s:\n", scenario->name);
    run_one();
    close_schedule(result);
    result->schedules = 1;
    if (trace && run.failed) fprintf(stderr, "       %s\n", result->why);
}

/* As tests. ------------------------------------------------------------------------------------ */

static void report(const model_scenario *scenario, const model_result *result)
{
    char bound[32] = "all";
    if (scenario->preemptions != MODEL_ALL)
        snprintf(bound, sizeof bound, "at most %d preemptions", scenario->preemptions);
    printf("model: %s: %llu schedules (%s), %llu cut short, %llu steps, the longest %u%s%s\n",
           scenario->name, (unsigned long long)result->schedules, bound,
           (unsigned long long)result->pruned, (unsigned long long)result->steps, result->deepest,
           result->failed ? "; broken: " : "", result->why);
}

/* What the environment asks for instead of the scenario's own bound. */
static void deepen(model_scenario *scenario)
{
    const char *given = getenv("WEIR_MODEL_PREEMPTIONS");
    if (!given || scenario->preemptions == MODEL_ALL) return;
    scenario->preemptions = (int)strtol(given, NULL, 10);
    most_schedules = UINT64_MAX;
}

void model_holds(const model_scenario *scenario)
{
    model_result result, again;
    model_scenario deep = *scenario;
    const char *given = getenv("WEIR_MODEL_SCHEDULE");
    size_t named = strlen(scenario->name);
    if (given) {
        if (strncmp(given, scenario->name, named) != 0 || given[named] != '=') return;
        model_replay(scenario, given + named + 1, true, &again);
        assert_false(again.failed);
        return;
    }
    deepen(&deep);
    model_run(&deep, &result);
    report(&deep, &result);
    if (result.unfinished) fail_msg("%s is too large to be searched", scenario->name);
    if (!result.failed) return;
    model_replay(scenario, result.schedule, true, &again);
    fail_msg("%s; repeat with WEIR_MODEL_SCHEDULE=\"%s=%s\"", result.why, scenario->name,
             result.schedule);
}

void model_breaks(const model_scenario *scenario)
{
    model_result result, again;
    model_run(scenario, &result);
    report(scenario, &result);
    if (!result.failed) fail_msg("%s: the mutant was not caught", scenario->name);
    model_replay(scenario, result.schedule, false, &again);
    assert_true(again.failed);
    assert_string_equal(again.why, result.why);
}
