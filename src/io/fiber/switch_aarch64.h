/* SPDX-License-Identifier: MIT
 *
 * The switch of switch.h for aarch64 (AAPCS64).
 *
 * sp, pc, x29 and x19 are stored; x29 and x19 because a compiler may need them to address its
 * frame and then refuses to have them clobbered.
 */
#ifndef WEIR_IO_FIBER_SWITCH_AARCH64_H
#define WEIR_IO_FIBER_SWITCH_AARCH64_H

static inline void *weir_fiber_swap(weir_fiber_context *from, const weir_fiber_context *to,
                                    void *value)
{
    register void *x0 __asm__("x0") = value;
    register weir_fiber_context *x1 __asm__("x1") = from;
    register const weir_fiber_context *x2 __asm__("x2") = to;
    __asm__ volatile("mov x3, sp\n\t"
                     "adr x4, 1f\n\t"
                     "stp x3, x4, [x1]\n\t"
                     "stp x29, x19, [x1, #16]\n\t"
                     "ldp x3, x4, [x2]\n\t"
                     "ldp x29, x19, [x2, #16]\n\t"
                     "mov sp, x3\n\t"
                     "br x4\n"
                     "1:\n\t"
                     "hint #36" /* bti j: a landing place for the jump where BTI is enforced */
                     : "+r"(x0), "+r"(x1), "+r"(x2)
                     :
                     : "memory", "cc", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
                       "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x20", "x21", "x22", "x23",
                       "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5",
                       "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16",
                       "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
                       "v28", "v29", "v30", "v31");
    return x0;
}

#endif
