/* SPDX-License-Identifier: MIT
 *
 * The calls of sanitizer.h in instrumented builds; nothing in others.
 */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "io/fiber/sanitizer.h"

#if defined(WEIR_WITH_ASAN) || defined(WEIR_WITH_TSAN)

#include <pthread.h>
#include <stdatomic.h>

#ifdef WEIR_WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef WEIR_WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#include "io/fiber/switch.h"

/* What runs between two stacks: ThreadSanitizer's own marks would be made on one and taken off
 * another. */
#ifdef __clang__
#define UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation, noinline))
#else
#define UNINSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined"), noinline))
#endif

static weir_fiber_entry start;

#ifdef WEIR_WITH_TSAN
/* The runtimes end the process when they can make no more: gcc 12's at 8,128 fibers and threads,
 * clang's when its two mappings per fiber reach vm.max_map_count.  We stop before. */
#ifdef __clang__
enum { MOST_FIBERS = 20000 };
#else
enum { MOST_FIBERS = 7500 };
#endif
static _Atomic int fibers;
#endif

bool weir_sanitizer_stack_open(weir_sanitizer_stack *stack)
{
    (void)stack;
#ifdef WEIR_WITH_TSAN
    if (atomic_fetch_add_explicit(&fibers, 1, memory_order_relaxed) >= MOST_FIBERS) {
        atomic_fetch_sub_explicit(&fibers, 1, memory_order_relaxed);
        return false;
    }
    stack->fiber = __tsan_create_fiber(0);
#endif
    return true;
}

void weir_sanitizer_stack_close(weir_sanitizer_stack *stack)
{
    (void)stack;
#ifdef WEIR_WITH_TSAN
    __tsan_destroy_fiber(stack->fiber);
    atomic_fetch_sub_explicit(&fibers, 1, memory_order_relaxed);
#endif
}

void weir_sanitizer_slab_open(void *memory, size_t size)
{
    (void)memory;
    (void)size;
#ifdef WEIR_WITH_ASAN
    __lsan_register_root_region(memory, size);
#endif
}

void weir_sanitizer_slab_close(void *memory, size_t size)
{
    (void)memory;
    (void)size;
#ifdef WEIR_WITH_ASAN
    /* Marks of dead frames would outlive the mapping and hit whoever is mapped here next. */
    __asan_unpoison_memory_region(memory, size);
    __lsan_unregister_root_region(memory, size);
#endif
}

void weir_sanitizer_adopt(weir_sanitizer_context *context)
{
    *context = (weir_sanitizer_context){0};
#ifdef WEIR_WITH_ASAN
    pthread_attr_t attributes;
    void *low = NULL;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &low, &context->size);
        pthread_attr_destroy(&attributes);
    }
    context->low = low;
#endif
#ifdef WEIR_WITH_TSAN
    context->fiber = __tsan_get_current_fiber();
#endif
}

void weir_sanitizer_prepare(weir_sanitizer_context *context, const weir_sanitizer_stack *stack,
                            void *low, size_t size, weir_fiber_entry **entry, void **argument)
{
    (void)stack;
    (void)low;
    (void)size;
    *context = (weir_sanitizer_context){.entry = *entry, .argument = *argument};
#ifdef WEIR_WITH_ASAN
    context->low = low;
    context->size = size;
    __asan_unpoison_memory_region(low, size);
#endif
#ifdef WEIR_WITH_TSAN
    context->fiber = stack->fiber;
#endif
    *entry = start;
    *argument = context;
}

UNINSTRUMENTED void weir_sanitizer_before(weir_sanitizer_context *from,
                                          const weir_sanitizer_context *to)
{
    (void)from;
#ifdef WEIR_WITH_ASAN
    __sanitizer_start_switch_fiber(&from->fake_stack, to->low, to->size);
#endif
#ifdef WEIR_WITH_TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

UNINSTRUMENTED void weir_sanitizer_after(weir_sanitizer_context *from)
{
    (void)from;
#ifdef WEIR_WITH_ASAN
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

UNINSTRUMENTED static weir_fiber_next start(void *argument)
{
    weir_sanitizer_context *context = argument;
#ifdef WEIR_WITH_ASAN
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
    weir_fiber_next next = context->entry(context->argument);
    weir_sanitizer_context *to = &next.to->sanitizer;
    (void)to;
#ifdef WEIR_WITH_ASAN
    /* No place to keep the fake stack: this fiber is over and it is freed. */
    __sanitizer_start_switch_fiber(NULL, to->low, to->size);
#endif
#ifdef WEIR_WITH_TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
    return next;
}

#endif
