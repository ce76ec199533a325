/* SPDX-License-Identifier: MIT
 *
 * Does a worker that goes to sleep miss nothing: is each message taken once, in its sender's order,
 * and is no wake-up lost?
 *
 * Real code: weir_inbox_push and weir_inbox_take, sleep_now, read_inbox, wake and
 * weir_evented_worker_send.  The worker takes turns between inbox and sleep, as its loop does when
 * there is no fiber; the messages are posts.
 */
#include "test/model/evented.h"

#include "test/harness/test.h"

enum { SENDERS = 3, EACH = 2 };

static struct {
    weir_post posts[SENDERS][EACH];
    int expected, received, last[SENDERS];
} at;

static void receive(weir_io *io, weir_post *post)
{
    (void)io;
    long number = post - &at.posts[0][0];
    int sender = (int)(number / EACH), nth = (int)(number % EACH);
    model_check(at.last[sender] < nth, "messages of a sender come twice or out of order");
    at.last[sender] = nth;
    at.received++;
}

static void begin(int expected)
{
    model_evented_begin(1);
    at.expected = expected;
    at.received = 0;
    for (int i = 0; i < SENDERS; i++) {
        at.last[i] = -1;
        for (int nth = 0; nth < EACH; nth++) at.posts[i][nth] = (weir_post){.run = receive};
    }
    model_engine.posted = (uint64_t)expected;
}

static void begin_one(void)
{
    begin(1);
}

static void begin_two(void)
{
    begin(2);
}

static void begin_three(void)
{
    begin(3);
}

static void begin_four(void)
{
    begin(4);
}

static void work(void)
{
    worker *w = &model_workers[0];
    *model_evented_local() = w;
    for (;;) {
        model_evented_read_inbox(w);
        if (at.received == at.expected) return;
        model_evented_sleep(w);
    }
}

static void is_complete(void)
{
    model_evented_read_inbox(&model_workers[0]);
    model_check(at.received == at.expected, "a message is lost");
}

static void send_post(int sender, int nth)
{
    weir_evented_worker_send(
        &model_workers[0], (weir_inbox_message *)(void *)&at.posts[sender][nth].link, MESSAGE_POST);
}

static void send_two_0(void)
{
    send_post(0, 0);
    send_post(0, 1);
}

static void send_two_1(void)
{
    send_post(1, 0);
    send_post(1, 1);
}

static void send_one_0(void)
{
    send_post(0, 0);
}

static void send_one_1(void)
{
    send_post(1, 0);
}

static void send_one_2(void)
{
    send_post(2, 0);
}

static model_scenario scenario(const char *name, int preemptions, void (*start)(void),
                               void (*sender_0)(void), void (*sender_1)(void))
{
    return (model_scenario){
        .name = name,
        .preemptions = preemptions,
        .begin = start,
        .threads = {{"worker", work}, {"sender 0", sender_0}, {"sender 1", sender_1}},
        .end = is_complete,
        .local = model_evented_local(),
    };
}

TEST(sleep_loses_no_wake_up)
{
    model_scenario s =
        scenario("sleep, a sender of two messages", MODEL_ALL, begin_two, send_two_0, NULL);
    model_holds(&s);
    s = scenario("sleep, two senders", MODEL_ALL, begin_two, send_one_0, send_one_1);
    model_holds(&s);
}

TEST(sleep_loses_no_wake_up_of_many)
{
    model_scenario s =
        scenario("sleep, two senders of two messages", 3, begin_four, send_two_0, send_two_1);
    model_holds(&s);
    s = scenario("sleep, three senders", 2, begin_three, send_one_0, send_one_1);
    s.threads[3].name = "sender 2";
    s.threads[3].run = send_one_2;
    model_holds(&s);
}

/* Mutants. ------------------------------------------------------------------------------------- */

/* `sleeping` is stored after the look at the inbox. */
static model_act announces_too_late(int thread, const model_access *access)
{
    worker *w = &model_workers[0];
    bool announces = thread == 0 && access->address == &w->sleeping && access->value == 1;
    return announces ? model_hold_back(access, &w->inbox.head) : MODEL_AS_WRITTEN;
}

/* A push does not compare. */
static model_act pushes_blindly(int thread, const model_access *access)
{
    bool push = thread > 0 && access->kind == MODEL_UPDATE &&
                access->address == &model_workers[0].inbox.head;
    return push ? MODEL_FORCED : MODEL_AS_WRITTEN;
}

/* Taking loads the head, and forgets to empty the inbox. */
static model_act takes_and_leaves(int thread, const model_access *access)
{
    bool take = thread == 0 && access->kind == MODEL_UPDATE &&
                access->address == &model_workers[0].inbox.head;
    return take ? MODEL_DROPPED : MODEL_AS_WRITTEN;
}

static void wake_then_push(void)
{
    worker *w = &model_workers[0];
    model_evented_wake(w);
    model_evented_push(w, (weir_inbox_message *)(void *)&at.posts[0][0].link, MESSAGE_POST);
}

static void breaks(model_scenario s, const char *name,
                   model_act (*alter)(int, const model_access *))
{
    s.name = name;
    s.alter = alter;
    model_breaks(&s);
}

TEST(sleep_mutants_are_caught)
{
    model_scenario small = scenario("", MODEL_ALL, begin_two, send_one_0, send_one_1);
    breaks(small, "sleep, mutant: announced after the look at the inbox", announces_too_late);
    breaks(small, "inbox, mutant: a push does not compare", pushes_blindly);
    breaks(small, "inbox, mutant: taken and left there", takes_and_leaves);
    small = scenario("", MODEL_ALL, begin_one, wake_then_push, NULL);
    breaks(small, "wake, mutant: before the push", NULL);
}
