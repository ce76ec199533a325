/* SPDX-License-Identifier: MIT
 *
 * The switch of switch.h for x86-64 (System V ABI).
 *
 * rsp, rip, rbp and rbx are stored; rbp and rbx because a compiler may need them to address its
 * frame and then refuses to have them clobbered.  Nothing is pushed, so the caller's red zone
 * stays as it is.
 */
#ifndef WEIR_IO_FIBER_SWITCH_X86_64_H
#define WEIR_IO_FIBER_SWITCH_X86_64_H

/* Registers that exist only when the compiler may use AVX-512. */
#ifdef __AVX512F__
#define WEIR_FIBER_WIDE_CLOBBERS                                                                  \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", \
        "k7"
#else
#define WEIR_FIBER_WIDE_CLOBBERS
#endif

static inline void *weir_fiber_swap(weir_fiber_context *from, const weir_fiber_context *to,
                                    void *value)
{
    __asm__ volatile("leaq 1f(%%rip), %%rcx\n\t"
                     "movq %%rsp, 0(%[from])\n\t"
                     "movq %%rcx, 8(%[from])\n\t"
                     "movq %%rbp, 16(%[from])\n\t"
                     "movq %%rbx, 24(%[from])\n\t"
                     "movq 0(%[to]), %%rsp\n\t"
                     "movq 16(%[to]), %%rbp\n\t"
                     "movq 24(%[to]), %%rbx\n\t"
                     "jmpq *8(%[to])\n"
                     "1:"
                     : "+a"(value), [from] "+D"(from), [to] "+S"(to)
                     :
                     : "memory", "cc", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st",
                       "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
                       "st(7)" WEIR_FIBER_WIDE_CLOBBERS);
    return value;
}

#undef WEIR_FIBER_WIDE_CLOBBERS

#endif
