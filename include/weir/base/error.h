/* SPDX-License-Identifier: MIT
 *
 * Errors: one code space for everything that can fail.
 *
 * A function that can fail returns a value >= 0 on success and a negative code else: the negated
 * errno for errors of the operating system, a WEIR_E... code of its own range for Weir's.  All are
 * listed in error.def with a class and a text.
 */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H

#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The error codes: WEIR_ENOMEM, WEIR_ECANCELED, … (see error.def). */
enum {
#define X(name, code, class_, text) WEIR_##name = (code),
#include <weir/base/error.def>
#undef X
};

/* What the caller of a failed call is to do about it. */
typedef enum weir_error_class {
    WEIR_CLASS_NONE,     /* not an error: the value is >= 0 */
    WEIR_CLASS_RETRY,    /* passing: the same call may succeed now */
    WEIR_CLASS_CANCELED, /* the task was asked to stop: clean up and return */
    WEIR_CLASS_TIMEOUT,  /* a deadline of ours passed */
    WEIR_CLASS_PEER,     /* the other side failed or left: give this connection up */
    WEIR_CLASS_PROTOCOL, /* the other side sent what the protocol forbids */
    WEIR_CLASS_POLICY,   /* refused by a permission or a limit: do not retry */
    WEIR_CLASS_RESOURCE, /* memory or descriptors ran out: retry later, with less */
    WEIR_CLASS_USAGE,    /* the call was wrong: a mistake in the program or its configuration */
    WEIR_CLASS_SYSTEM,   /* the machine or its network says no */
} weir_error_class;

/* The text of an error for a person: "connection refused".
 *
 * Returns a static string, never NULL; for an unknown code "unknown error"; for >= 0 "success".
 * Thread-safe, never waits. */
const char *weir_strerror(int code);

/* The name of an error for a program: "WEIR_ECONNREFUSED".
 *
 * Returns a static string, never NULL: "WEIR_OK" for >= 0, "WEIR_EUNKNOWN" for a code that is not
 * in the list.  Thread-safe, never waits. */
const char *weir_errname(int code);

/* The class of an error.  Codes of the operating system that are not listed are
 * WEIR_CLASS_SYSTEM.  Thread-safe, never waits. */
weir_error_class weir_errclass(int code);

#ifdef __cplusplus
}
#endif
#endif
