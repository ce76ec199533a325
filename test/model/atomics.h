/* SPDX-License-Identifier: MIT
 *
 * Sends the atomic accesses of the headers and sources that are included after this one through the
 * model checker: each becomes a step.  A spin lock becomes a step that waits.
 *
 * The memory orders are dropped: the checker knows sequential consistency alone, in which a fence
 * does nothing.  A weak compare-and-swap does not fail without reason.
 */
#ifndef WEIR_TEST_MODEL_ATOMICS_H
#define WEIR_TEST_MODEL_ATOMICS_H

#ifdef BASE_SPIN_H
#error "include test/model/atomics.h first"
#endif
#define BASE_SPIN_H

#include "test/model/checker.h"

#define MODEL_PLACE            __FILE__ ":" MODEL_PLACE_(__LINE__)
#define MODEL_PLACE_(line_)    MODEL_PLACE_TEXT_(line_)
#define MODEL_PLACE_TEXT_(n_)  #n_
#define MODEL_VALUE_TYPE_(at_) __typeof__((void)0, *(at_))

#define MODEL_STEP_(kind_, at_, value_) \
    model_step(kind_, at_, sizeof *(at_), (uintptr_t)(value_), MODEL_PLACE)

/* What all updates that always succeed are: gives the old value. */
#define MODEL_UPDATE_(at_, new_)                                            \
    ({                                                                      \
        model_act act_ = MODEL_STEP_(MODEL_UPDATE, at_, new_);              \
        MODEL_VALUE_TYPE_(at_) old_ = *(at_);                               \
        if (act_ == MODEL_FORCED) old_ = (MODEL_VALUE_TYPE_(at_))0;         \
        if (act_ != MODEL_DROPPED) *(at_) = (MODEL_VALUE_TYPE_(at_))(new_); \
        old_;                                                               \
    })

#define __atomic_load_n(at_, order_)                                             \
    (MODEL_STEP_(MODEL_LOAD, at_, 0) == MODEL_FORCED ? (MODEL_VALUE_TYPE_(at_))0 \
                                                     : (MODEL_VALUE_TYPE_(at_)) * (at_))

#define __atomic_store_n(at_, value_, order_)                                                   \
    do {                                                                                        \
        MODEL_VALUE_TYPE_(at_) new_value_ = (value_);                                           \
        if (MODEL_STEP_(MODEL_STORE, at_, new_value_) == MODEL_AS_WRITTEN) *(at_) = new_value_; \
    } while (0)

#define __atomic_exchange_n(at_, value_, order_)      \
    ({                                                \
        MODEL_VALUE_TYPE_(at_) new_value_ = (value_); \
        MODEL_UPDATE_(at_, new_value_);               \
    })

#define __atomic_compare_exchange_n(at_, expected_, value_, weak_, order_, order_failed_) \
    ({                                                                                    \
        MODEL_VALUE_TYPE_(at_) new_value_ = (value_);                                     \
        model_act act_ = MODEL_STEP_(MODEL_UPDATE, at_, new_value_);                      \
        bool same_ = act_ == MODEL_FORCED || *(at_) == *(expected_);                      \
        if (!same_) *(expected_) = *(at_);                                                \
        if (same_ && act_ != MODEL_DROPPED) *(at_) = new_value_;                          \
        same_;                                                                            \
    })

#define __atomic_fetch_add(at_, value_, order_) MODEL_UPDATE_(at_, *(at_) + (value_))
#define __atomic_fetch_sub(at_, value_, order_) MODEL_UPDATE_(at_, *(at_) - (value_))
#define __atomic_fetch_or(at_, value_, order_)  MODEL_UPDATE_(at_, *(at_) | (value_))
#define __atomic_fetch_and(at_, value_, order_) MODEL_UPDATE_(at_, *(at_) & (value_))
#define __atomic_thread_fence(order_)           ((void)0)

static inline bool model_is_zero(const void *word)
{
    return *(const uint32_t *)word == 0;
}

/* base/spin.h: taking is one step, once the word is free. */
static inline void weir_spin_lock(uint32_t *word)
{
    model_wait(model_is_zero, word, sizeof *word, "weir_spin_lock");
    *word = 1;
}

static inline void weir_spin_unlock(uint32_t *word)
{
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static inline void weir_spin_await(const uint32_t *word)
{
    model_wait(model_is_zero, word, sizeof *word, "weir_spin_await");
}

#endif
