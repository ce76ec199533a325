/* SPDX-License-Identifier: MIT
 *
 * Does the checker itself run all schedules, no fewer and few twice, and find what textbooks say is
 * broken?
 */
#include "test/model/atomics.h"

#include "test/harness/test.h"

static uint32_t x, y, turn, seen[2], inside;

static void zero(void)
{
    x = y = turn = seen[0] = seen[1] = inside = 0;
    model_name(&x, "x");
    model_name(&y, "y");
}

static uint64_t schedules(const model_scenario *scenario)
{
    model_result result;
    model_run(scenario, &result);
    assert_false(result.failed);
    return result.schedules;
}

static void write_x_twice(void)
{
    __atomic_store_n(&x, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&x, 2, __ATOMIC_SEQ_CST);
}

static void write_y_twice(void)
{
    __atomic_store_n(&y, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&y, 2, __ATOMIC_SEQ_CST);
}

TEST(accesses_that_meet_are_run_in_every_order)
{
    model_scenario scenario = {.preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", write_x_twice}, {"b", write_x_twice}}};
    assert_int_equal(schedules(&scenario), 6); /* 4 over 2 */
    scenario.preemptions = 99;
    assert_int_equal(schedules(&scenario), 6);
    scenario.preemptions = 0;
    assert_int_equal(schedules(&scenario), 2);
    scenario.preemptions = 1;
    assert_int_equal(schedules(&scenario), 4);
    scenario.threads[2].run = write_x_twice;
    scenario.preemptions = MODEL_ALL;
    assert_int_equal(schedules(&scenario), 90); /* 6! / (2! 2! 2!) */
}

TEST(accesses_that_do_not_meet_are_run_in_one_order)
{
    model_scenario scenario = {.preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", write_x_twice}, {"b", write_y_twice}}};
    assert_int_equal(schedules(&scenario), 1);
    scenario.preemptions = 99;
    assert_int_equal(schedules(&scenario), 6);
}

static void count_badly(void)
{
    uint32_t found = __atomic_load_n(&x, __ATOMIC_SEQ_CST);
    __atomic_store_n(&x, found + 1, __ATOMIC_SEQ_CST);
}

static void count_well(void)
{
    __atomic_fetch_add(&x, 1, __ATOMIC_SEQ_CST);
}

static void is_two(void)
{
    model_check(x == 2, "a count is lost");
}

TEST(a_lost_update_is_found)
{
    model_scenario scenario = {.name = "count by load and store",
                               .preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", count_badly}, {"b", count_badly}},
                               .end = is_two};
    model_breaks(&scenario);
    scenario.preemptions = 1;
    model_breaks(&scenario);
    scenario.preemptions = 0;
    model_holds(&scenario);
    scenario = (model_scenario){.name = "count by adding",
                                .preemptions = MODEL_ALL,
                                .begin = zero,
                                .threads = {{"a", count_well}, {"b", count_well}},
                                .end = is_two};
    model_holds(&scenario);
}

/* Store buffering: what sequential consistency forbids is never seen, the rest is. */
static unsigned outcomes;

static void store_x_load_y(void)
{
    __atomic_store_n(&x, 1, __ATOMIC_SEQ_CST);
    seen[0] = __atomic_load_n(&y, __ATOMIC_SEQ_CST);
}

static void store_y_load_x(void)
{
    __atomic_store_n(&y, 1, __ATOMIC_SEQ_CST);
    seen[1] = __atomic_load_n(&x, __ATOMIC_SEQ_CST);
}

static void note_outcome(void)
{
    outcomes |= 1u << (2 * seen[0] + seen[1]);
}

TEST(every_outcome_is_seen_and_no_other)
{
    model_scenario scenario = {.preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", store_x_load_y}, {"b", store_y_load_x}},
                               .end = note_outcome};
    outcomes = 0;
    schedules(&scenario);
    assert_int_equal(outcomes, 1u << 1 | 1u << 2 | 1u << 3);
}

/* Peterson's lock, with a step inside. */

static bool may_enter_a(const void *address)
{
    (void)address;
    return y == 0 || turn == 0;
}

static bool may_enter_b(const void *address)
{
    (void)address;
    return x == 0 || turn == 1;
}

static void visit(void)
{
    model_check(__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST) == 0, "both are inside");
    __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
}

static void peterson_a(void)
{
    __atomic_store_n(&x, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&turn, 1, __ATOMIC_SEQ_CST);
    model_wait(may_enter_a, &turn, sizeof turn, MODEL_PLACE);
    visit();
    __atomic_store_n(&x, 0, __ATOMIC_SEQ_CST);
}

static void peterson_b(void)
{
    __atomic_store_n(&y, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&turn, 0, __ATOMIC_SEQ_CST);
    model_wait(may_enter_b, &turn, sizeof turn, MODEL_PLACE);
    visit();
    __atomic_store_n(&y, 0, __ATOMIC_SEQ_CST);
}

static void peterson_b_in_wrong_order(void)
{
    __atomic_store_n(&turn, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&y, 1, __ATOMIC_SEQ_CST);
    model_wait(may_enter_b, &turn, sizeof turn, MODEL_PLACE);
    visit();
}

TEST(petersons_lock_holds_and_its_mutant_does_not)
{
    model_scenario scenario = {.name = "Peterson",
                               .preemptions = 6, /* a wait that looks at two words: no sleep sets */
                               .begin = zero,
                               .threads = {{"a", peterson_a}, {"b", peterson_b}}};
    model_holds(&scenario);
    scenario.threads[1].run = peterson_b_in_wrong_order;
    model_breaks(&scenario);
}

static void lock_x_then_y(void)
{
    weir_spin_lock(&x);
    weir_spin_lock(&y);
    weir_spin_unlock(&y);
    weir_spin_unlock(&x);
}

static void lock_y_then_x(void)
{
    weir_spin_lock(&y);
    weir_spin_lock(&x);
    weir_spin_unlock(&x);
    weir_spin_unlock(&y);
}

TEST(a_deadlock_is_found)
{
    model_scenario scenario = {.name = "two locks, two orders",
                               .preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", lock_x_then_y}, {"b", lock_y_then_x}}};
    model_breaks(&scenario);
    scenario.threads[1].run = lock_x_then_y;
    scenario.name = "two locks, one order";
    model_holds(&scenario);
}

static void free_x(void)
{
    model_free(&x, sizeof x, MODEL_PLACE);
}

TEST(an_access_after_the_end_of_memory_is_found)
{
    model_scenario scenario = {.name = "use after free",
                               .preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", free_x}, {"b", count_well}}};
    model_breaks(&scenario);
    scenario.threads[1].run = write_y_twice;
    scenario.name = "use of something else";
    model_holds(&scenario);
}

static void spin_for_ever(void)
{
    while (__atomic_load_n(&x, __ATOMIC_RELAXED) == 0) continue;
}

TEST(a_circle_is_found)
{
    model_scenario scenario = {.name = "a loop without an end",
                               .preemptions = MODEL_ALL,
                               .begin = zero,
                               .threads = {{"a", spin_for_ever}}};
    model_result result;
    model_run(&scenario, &result);
    assert_true(result.failed);
}
