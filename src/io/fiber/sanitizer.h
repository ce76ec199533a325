/* SPDX-License-Identifier: MIT
 *
 * What AddressSanitizer, LeakSanitizer and ThreadSanitizer must be told about fibers and their
 * stacks.  This is the only place that asks which sanitizer is built in; in a plain build the
 * structures are empty and every call compiles to nothing.
 *
 * AddressSanitizer must know the bounds of the stack that code runs on, and keeps a "fake stack"
 * per fiber.  ThreadSanitizer keeps a call stack and a clock per fiber; its fiber object is slow to
 * make, so it lives as long as the stack has memory and not as long as one task.
 */
#ifndef WEIR_IO_FIBER_SANITIZER_H
#define WEIR_IO_FIBER_SANITIZER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WEIR_WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WEIR_WITH_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WEIR_WITH_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#define WEIR_WITH_TSAN 1
#endif

typedef struct weir_fiber_context weir_fiber_context;

/* What a fiber does when it ends: the context that goes on, and the value that its
 * weir_fiber_switch returns there. */
typedef struct weir_fiber_next {
    weir_fiber_context *to;
    void *value;
} weir_fiber_next;

/* The first function of a fiber.  When it returns, the fiber is over and `to` goes on. */
typedef weir_fiber_next weir_fiber_entry(void *argument);

/* Part of a stack that lives as long as the stack has memory. */
typedef struct weir_sanitizer_stack {
#ifdef WEIR_WITH_TSAN
    void *fiber;
#endif
} weir_sanitizer_stack;

/* Part of a context. */
typedef struct weir_sanitizer_context {
#if defined(WEIR_WITH_ASAN) || defined(WEIR_WITH_TSAN)
    weir_fiber_entry *entry; /* the engine's; ours runs around it */
    void *argument;
#endif
#ifdef WEIR_WITH_ASAN
    const void *low;
    size_t size;
    void *fake_stack;
#endif
#ifdef WEIR_WITH_TSAN
    void *fiber;
#endif
} weir_sanitizer_context;

#if defined(WEIR_WITH_ASAN) || defined(WEIR_WITH_TSAN)

/* A stack gets memory, or gives it back.  `open` fails (false) when the sanitizer can make no
 * further fiber (see MOST_FIBERS in sanitizer.c). */
bool weir_sanitizer_stack_open(weir_sanitizer_stack *stack);
void weir_sanitizer_stack_close(weir_sanitizer_stack *stack);

/* A slab is mapped, or about to be unmapped: leak search looks for pointers in it meanwhile. */
void weir_sanitizer_slab_open(void *memory, size_t size);
void weir_sanitizer_slab_close(void *memory, size_t size);

/* The context of the calling thread's own stack. */
void weir_sanitizer_adopt(weir_sanitizer_context *context);

/* A new fiber: `*entry` and `*argument` are replaced by the ones that the switch shall start. */
void weir_sanitizer_prepare(weir_sanitizer_context *context, const weir_sanitizer_stack *stack,
                            void *low, size_t size, weir_fiber_entry **entry, void **argument);

/* Around each switch: before leaving `from`, and after coming back to it. */
void weir_sanitizer_before(weir_sanitizer_context *from, const weir_sanitizer_context *to);
void weir_sanitizer_after(weir_sanitizer_context *from);

#else

static inline bool weir_sanitizer_stack_open(weir_sanitizer_stack *stack)
{
    (void)stack;
    return true;
}

static inline void weir_sanitizer_stack_close(weir_sanitizer_stack *stack)
{
    (void)stack;
}

static inline void weir_sanitizer_slab_open(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

static inline void weir_sanitizer_slab_close(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

static inline void weir_sanitizer_adopt(weir_sanitizer_context *context)
{
    (void)context;
}

static inline void weir_sanitizer_prepare(weir_sanitizer_context *context,
                                          const weir_sanitizer_stack *stack, void *low, size_t size,
                                          weir_fiber_entry **entry, void **argument)
{
    (void)context;
    (void)stack;
    (void)low;
    (void)size;
    (void)entry;
    (void)argument;
}

static inline void weir_sanitizer_before(weir_sanitizer_context *from,
                                         const weir_sanitizer_context *to)
{
    (void)from;
    (void)to;
}

static inline void weir_sanitizer_after(weir_sanitizer_context *from)
{
    (void)from;
}

#endif

/* How many times more stack instrumented code needs, and whether guards must be visible in the
 * process's map: the leak search reads every page that the map calls readable. */
#ifdef WEIR_WITH_ASAN
enum { WEIR_SANITIZER_STACK_FACTOR = 4, WEIR_SANITIZER_GUARDS_IN_MAP = 1 };
#else
enum { WEIR_SANITIZER_STACK_FACTOR = 1, WEIR_SANITIZER_GUARDS_IN_MAP = 0 };
#endif

#endif
