#pragma once
/* Why an attempt did not succeed: the words of `retry: {on: [...]}` and of the record. */

/* clang-format off */
#define RB_REASONS(X)                                                                     \
    X(EXIT, "exit")               /* an exit code that was not expected */                \
    X(SIGNAL, "signal")           /* ended by a signal that we did not send */            \
    X(TIMEOUT, "timeout")         /* the attempt's time was up */                         \
    X(SPAWN, "spawn")             /* never started: no such program, folder, permission */\
    X(CONNECT, "connect")         /* there was no connection: nothing was sent */         \
    X(BUSY, "busy")               /* refused for now: it was not done */                  \
    X(LOST, "lost")               /* the connection broke, or the answer did */           \
    X(SQL, "sql")                 /* the database refused a statement */                  \
    X(STATUS, "status")           /* an HTTP status that was not expected */              \
    X(CHECK, "check")             /* expect or check does not hold */                     \
    X(UNKNOWN, "unknown")         /* expect or check could not be decided */              \
    X(SURVIVORS, "survivors")     /* left processes behind */                             \
    X(PROCESSES, "processes")     /* had too many processes at once */                    \
    X(EVAL, "eval")               /* an expression of the step failed */                  \
    X(REFUSED, "refused")         /* a person said no */                                  \
    X(NEEDS, "needs")             /* a step that it needs did not pass */                 \
    X(DOUBT, "doubt")             /* nobody can say whether it happened */                \
    X(INTERRUPTED, "interrupted") /* ended because the run was asked to end */            \
    X(INSIDE, "inside")           /* too much of what it holds has failed */

enum rb_reason {
#define X(name, text) RB_REASON_##name,
    RB_REASONS(X)
#undef X
    RB_REASON_COUNT
};
/* clang-format on */

/* After these it is known that nothing was done: to try again does nothing twice. */
enum {
    RB_REASONS_UNDONE = 1 << RB_REASON_SPAWN | 1 << RB_REASON_CONNECT | 1 << RB_REASON_BUSY,
};

/* After these nobody knows whether it is well. */
enum {
    RB_REASONS_UNKNOWN =
        1 << RB_REASON_UNKNOWN | 1 << RB_REASON_DOUBT | 1 << RB_REASON_EVAL,
};

const char *rb_reason_name(enum rb_reason reason);
/* RB_REASON_COUNT when the word is unknown. */
enum rb_reason rb_reason_find(const char *word);
