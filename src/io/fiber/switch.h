/* SPDX-License-Identifier: MIT
 *
 * Contexts and the switch between them: stop here, go on there.
 *
 * The switch stores four words (stack pointer, address to go on at, frame pointer and the base
 * pointer of frames with variable size) and declares every other register clobbered, so that the
 * compiler itself saves what it needs and nothing more.  It is code inside the caller: it jumps
 * and neither calls nor returns, so the processor's return predictor stays in step, and a parked
 * context has an ordinary frame: a debugger that is given the context's sp, pc, fp and base (rbx or
 * x19) walks it.  A pair of switches takes 3 to 7 ns on a 2.8 GHz Xeon; the classical function that
 * pushes six registers and returns on another stack takes 21, as each return is mispredicted.
 *
 * Not saved, as they are the thread's: the floating point control words (mxcsr and x87, fpcr),
 * the signal mask.  A task that changes rounding must put it back before it waits.
 * Hardware shadow stacks (x86 SHSTK, aarch64 GCS) are not served; the start code carries no
 * mark for them, so that the linker does not claim them for the program.
 */
#ifndef WEIR_IO_FIBER_SWITCH_H
#define WEIR_IO_FIBER_SWITCH_H

#include "io/fiber/sanitizer.h"
#include "io/fiber/stack.h"

/* A place where code has stopped and can go on.  The fields are private.  The first four are known
 * to the switch by their offsets. */
struct weir_fiber_context {
    void *sp;
    void *pc;
    void *fp;
    void *base;
    weir_sanitizer_context sanitizer;
};

#if defined(__x86_64__)
#include "io/fiber/switch_x86_64.h"
#elif defined(__aarch64__)
#include "io/fiber/switch_aarch64.h"
#else
#error "no fiber switch for this processor"
#endif

/* Where a new fiber begins (switch_*.S): base holds the entry, fp its argument. */
void weir_fiber_start(void);

/* Makes `context` the one of the calling thread's own stack, as a place to switch away from.
 * Needed once per thread.  Cannot fail. */
static inline void weir_fiber_adopt(weir_fiber_context *context)
{
    context->sp = context->pc = context->fp = context->base = NULL;
    weir_sanitizer_adopt(&context->sanitizer);
}

/* Makes `context` a new fiber on `stack` that begins with entry(argument) at the first switch to
 * it; the value of that first switch is dropped.  The stack itself is not written, so that its
 * memory is touched first by the thread that runs the fiber.  When entry returns, the switch that
 * had left the context `to` returns `value` there, and the stack may be put back.
 * Ownership: the stack is lent until then; context may lie in the stack's control block. */
static inline void weir_fiber_prepare(weir_fiber_context *context, weir_stack *stack,
                                      weir_fiber_entry *entry, void *argument)
{
    weir_sanitizer_prepare(&context->sanitizer, &stack->sanitizer, stack->low,
                           (size_t)((char *)stack - stack->low), &entry, &argument);
    context->sp = stack;
    context->pc = (void *)weir_fiber_start;
    context->fp = argument;
    context->base = (void *)entry;
}

/* Stops here, storing the place in `from`, and goes on at `to`.
 *
 * Returns, when somebody switches to `from`, the value that they give.
 * Both must be contexts of the calling thread, or `to` one that has not begun. */
static inline void *weir_fiber_switch(weir_fiber_context *from, weir_fiber_context *to, void *value)
{
    weir_sanitizer_before(&from->sanitizer, &to->sanitizer);
    value = weir_fiber_swap(from, to, value);
    weir_sanitizer_after(&from->sanitizer);
    return value;
}

#endif
