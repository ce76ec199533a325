/* SPDX-License-Identifier: MIT
 *
 * The start of a fiber on aarch64: x19 holds the entry, x29 its argument, sp the 16-aligned top.
 * The entry returns the next context (x0) and the value for it (x1).  The return address is
 * declared undefined and x29 is zero: both kinds of unwinders end here.
 */
    .text
    .globl weir_fiber_start
    .hidden weir_fiber_start
    .type weir_fiber_start, %function
    .p2align 4
weir_fiber_start:
    .cfi_startproc
    .cfi_undefined x30
    hint #36 /* bti j */
    mov x0, x29
    mov x29, xzr
    mov x30, xzr
    blr x19
    mov x2, x0
    mov x0, x1
    ldp x3, x4, [x2]
    ldp x29, x19, [x2, #16]
    mov sp, x3
    br x4
    .cfi_endproc
    .size weir_fiber_start, . - weir_fiber_start

    .section .note.GNU-stack, "", %progbits
