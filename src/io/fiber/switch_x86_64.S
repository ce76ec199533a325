/* SPDX-License-Identifier: MIT
 *
 * The start of a fiber on x86-64: rbx holds the entry, rbp its argument, rsp the 16-aligned top.
 * The entry returns the next context (rax) and the value for it (rdx).  The return address is
 * declared undefined and rbp is zero: both kinds of unwinders end here.
 */
    .text
    .globl weir_fiber_start
    .hidden weir_fiber_start
    .type weir_fiber_start, @function
    .p2align 4
weir_fiber_start:
    .cfi_startproc
    .cfi_undefined rip
    .cfi_undefined rbp
    movq %rbp, %rdi
    xorl %ebp, %ebp
    callq *%rbx
    movq %rax, %rsi
    movq %rdx, %rax
    movq 0(%rsi), %rsp
    movq 16(%rsi), %rbp
    movq 24(%rsi), %rbx
    jmpq *8(%rsi)
    .cfi_endproc
    .size weir_fiber_start, . - weir_fiber_start

    .section .note.GNU-stack, "", @progbits
