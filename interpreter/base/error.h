#pragma once
/* The error channel: a call of ours failed; one error, returned to whoever can act on it.
 * Mistakes of a runbook's author are diagnostics (diag.h), facts of a run are events. */

#include <stdarg.h>
#include <stdbool.h>

/* name, text, exit status of the program when the error reaches cli/ */
#define RB_ERROR_CODES(X)                                     \
    X(RB_ERR_USAGE, "wrong usage", 2)                         \
    X(RB_ERR_INVALID, "invalid input", 2)                     \
    X(RB_ERR_NOT_FOUND, "not found", 2)                       \
    X(RB_ERR_IO, "input/output error", 74)                    \
    X(RB_ERR_JOURNAL, "the journal could not be written", 74) \
    X(RB_ERR_RECORD, "the record does not verify", 7)         \
    X(RB_ERR_OPEN, "the record is open", 9)                   \
    X(RB_ERR_LOCKED, "another run holds the lock", 8)         \
    X(RB_ERR_REFUSED, "refused", 4)                           \
    X(RB_ERR_PROTOCOL, "a helper process misbehaved", 70)     \
    X(RB_ERR_INTERRUPTED, "interrupted", 130)                 \
    X(RB_ERR_DEFECT, "a defect of the interpreter", 70)

enum rb_error_code {
    RB_OK,
#define X(name, text, status) name,
    RB_ERROR_CODES(X)
#undef X
};

struct rb_error {
    enum rb_error_code code;
    int sys;           /* errno at the failing call, or 0 */
    char message[512]; /* one line, no newline; control characters already made visible */
};

/* Sets *err (which may be NULL) and returns false, so that a function can end with it. */
bool rb_fail(struct rb_error *err, enum rb_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like rb_fail with code RB_ERR_IO unless given, and ": strerror(errno)" appended. */
bool rb_fail_errno(struct rb_error *err, enum rb_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "text: " before the message; returns false. */
bool rb_error_prefix(struct rb_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Exit status of the program for a code: the X-macro's third column. */
int rb_error_exit_status(enum rb_error_code code);
const char *rb_error_code_text(enum rb_error_code code);

/* The same again in a form that compilers and analysers can see through: they then know that
 * where one of these is called, no ret_x was written. */
static inline bool rb_failed(bool never)
{
    (void)never;
    return false;
}
#define rb_fail(...)         rb_failed(rb_fail(__VA_ARGS__))
#define rb_fail_errno(...)   rb_failed(rb_fail_errno(__VA_ARGS__))
#define rb_error_prefix(...) rb_failed(rb_error_prefix(__VA_ARGS__))

#define RB_MUST_CHECK __attribute__((warn_unused_result))
