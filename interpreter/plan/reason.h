#pragma once
/* Why an attempt did not succeed: the words of `retry: {on: [...]}` and of the record. */

/* clang-format off */
#define RB_REASONS(X)                                                                     \
    X(EXIT, "exit")               /* an exit code that was not expected */                \
    X(SIGNAL, "signal")           /* ended by a signal that we did not send */            \
    X(TIMEOUT, "timeout")         /* the attempt's time was up */                         \
    X(SPAWN, "spawn")             /* never started: no such program, folder, permission */\
    X(CONNECT, "connect")         /* there was no connection: nothing was sent */         \
    X(LOST, "lost")               /* the connection broke, or the answer did */           \
    X(SQL, "sql")                 /* the database refused a statement */                  \
    X(STATUS, "status")           /* an HTTP status that was not expected */              \
    X(CHECK, "check")             /* expect or check does not hold */                     \
    X(UNKNOWN, "unknown")         /* expect or check could not be decided */              \
    X(SURVIVORS, "survivors")     /* left processes behind */                             \
    X(EVAL, "eval")               /* an expression of the step failed */                  \
    X(REFUSED, "refused")         /* a person said no */                                  \
    X(DOUBT, "doubt")             /* nobody can say whether it happened */                \
    X(INTERRUPTED, "interrupted") /* ended because the run was asked to end */

enum rb_reason {
#define X(name, text) RB_REASON_##name,
    RB_REASONS(X)
#undef X
    RB_REASON_COUNT
};
/* clang-format on */

const char *rb_reason_name(enum rb_reason reason);
/* RB_REASON_COUNT when the word is unknown. */
enum rb_reason rb_reason_find(const char *word);
