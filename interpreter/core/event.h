#pragma once
/* The vocabulary of a run: what happened, once, never changed.
 *
 * A *fact* came from outside: each carries exactly one input (core/input.h), from which decide
 * makes the event. A *decision* follows from the state alone; replay derives it again.
 * The payload is a map; its members are named in the table below.
 *
 * A step instance is named by a key: the step's id, and for each loop it stands in, from the
 * outside in, the number of the element from 0: `copy[2]`, `check[0][4]`. */

#include <stdbool.h>

#include "base/duration.h"
#include "base/value.h"

/* X(NAME, "journal.name", fact), after its payload. */
/* clang-format off */
#define RB_EVENTS(X)                                                                             \
    /* run, nonce, plan, sources, environment, params, secrets (sources), engine, limits, */     \
    /* operator, interactive, stay_us */                                                         \
    X(RUN_CREATED, "run.created", true)                                                          \
    /* operator, engine, interactive, stay_us (longer waits suspend), answers (digest) */         \
    X(RUN_RESUMED, "run.resumed", true)                                                          \
    /* vars, env, locks: the values that hold for the whole run */                                \
    X(RUN_STARTED, "run.started", false)                                                         \
    /* step, for: a step instance is entered; again, because `for` needs a young result of it */ \
    X(STEP_BEGAN, "step.began", false)                                                           \
    /* step, until: its windows are open (until then), what it needs is young: it goes on */       \
    X(STEP_ADMITTED, "step.admitted", false)                                                     \
    /* step, window (whose), until, cause, off_us, reason, by: a person lets steps begin outside of */ \
    /* it, or takes the clock to be right although it is so far off */                           \
    X(WINDOW_OVERRIDDEN, "window.overridden", false)                                             \
    /* step, count: for_each has so many elements */                                             \
    X(LOOP_BEGAN, "loop.began", false)                                                           \
    /* step, runbook, params: the steps of another file begin, with these values */                \
    X(CALL_BEGAN, "call.began", false)                                                           \
    /* step, phase: start|window|prepare|examine|gate|item|probe|lua|until, attempt, items, */     \
    /* evidence, cut */                                                                          \
    X(EVAL_RESULT, "eval.result", true)                                                          \
    /* step, attempt, class: write|ask|wait, req: "sha256:..." digest of the filled-in request */\
    X(EFFECT_INTENT, "effect.intent", false)                                                     \
    /* step, attempt, exit|signal|spawn_error|killed, duration_us, out, err, survivors */        \
    X(EFFECT_RESULT, "effect.result", true)                                                      \
    /* step, attempt, note: what tells later whether it was done (effects/sql.md) */              \
    X(EFFECT_NOTED, "effect.noted", true)                                                        \
    /* step, attempt: running again under this writer */                                         \
    X(EFFECT_ADOPTED, "effect.adopted", true)                                                    \
    /* step, attempt: found never to have started */                                             \
    X(EFFECT_UNSTARTED, "effect.unstarted", true)                                                \
    /* step, attempt, why: nobody can say whether it happened */                                 \
    X(EFFECT_DOUBT, "effect.doubt", true)                                                        \
    /* step, attempt, q, kind, prompt...: see core/question.h */                                 \
    X(QUESTION_ASKED, "question.asked", false)                                                   \
    /* step, q, answer, reason, note, evidence, by, via: terminal|answers */                     \
    X(QUESTION_ANSWERED, "question.answered", true)                                              \
    /* step, q, why: nobody can be asked */                                                      \
    X(QUESTION_UNANSWERED, "question.unanswered", true)                                          \
    /* step, attempt, q, statement, signature (blob), key, head {seq, hash}, shown (blob), revoked */\
    /* (blob), sound, why: somebody signed an answer to it (core/statement.h) */                   \
    X(APPROVAL_RECEIVED, "approval.received", true)                                              \
    /* step, attempt, q, answer, by, role, key, reason, note, evidence: it counts */             \
    X(APPROVAL_ACCEPTED, "approval.accepted", false)                                             \
    /* the same, why: it does not */                                                             \
    X(APPROVAL_REFUSED, "approval.refused", false)                                               \
    /* step, item, answer: "yes", by: "check": its check proved it */                            \
    X(ITEM_PROVEN, "item.proven", false)                                                         \
    /* step, attempt, reason, verdict, why, checks: one attempt did not succeed */               \
    X(ATTEMPT_FAILED, "attempt.failed", false)                                                   \
    /* step, attempt (the next one), at: UTC microseconds */                                     \
    X(RETRY_SCHEDULED, "retry.scheduled", false)                                                 \
    /* step, at: until when */                                                                   \
    X(WAIT_BEGAN, "wait.began", false)                                                           \
    /* step, polls, verdict, at: when it looks again, pauses: (a guard) nothing is begun until it */ \
    /* holds; why is in the eval.result before it. It stands for each look after it as well that */ \
    /* comes to the same: no more than its eval.result is said of those */                       \
    X(GATE_WAITING, "gate.waiting", false)                                                       \
    /* nothing: the deadline came that the state waits for */                                    \
    X(TIMER_DUE, "timer.due", true)                                                              \
    /* step, why: by `when` with its value, or by a person with a reason */                      \
    X(STEP_SKIPPED, "step.skipped", false)                                                       \
    /* step, attempts, outputs, overridden (with reason), obligations (core/obligation.h) */                                      \
    X(STEP_PASSED, "step.passed", false)                                                         \
    /* step, attempts, reason, why, continued: true where on_failure says go on */               \
    X(STEP_FAILED, "step.failed", false)                                                         \
    /* step, why, status, exit, stops: it can't go on, and other branches can; when none can, or */\
    /* at once where a person stops it all (stops), the run ends so */                           \
    X(STEP_HALTED, "step.halted", false)                                                         \
    /* step, choice: retry|undo, by: person|probe|idempotent, who, reason: tried again after */  \
    /* failure or doubt; an undo begins, of what nobody could say whether it happened */         \
    X(STEP_DECIDED, "step.decided", false)                                                       \
    /* name: INT|TERM|HUP|cancel|rollback|ENOSPC|secret, level: 1 after the step, 2 end it, 3 leave, by, */\
    /* reason, why (of a secret that nobody can be asked for) */                                 \
    X(SIGNAL_RECEIVED, "signal.received", true)                                                  \
    /* by_us: the wall clock was set, back where less than 0, as the other one tells */            \
    X(CLOCK_SET, "clock.set", true)                                                              \
    /* bytes, sha256: a torn last line was put aside */                                          \
    X(TAIL_RECOVERED, "tail.recovered", true)                                                    \
    /* step, why, until (there is nothing to do before), */                                       \
    /* exit: 3 a person has to answer or a time to come, 4 by one, 74 no space, 130 interrupted */       \
    X(RUN_SUSPENDED, "run.suspended", false)                                                     \
    /* status: succeeded|failed|refused|cancelled|rolled_back|incomplete (the rollback is), step, */\
    /* why, failed (passed over), exit, also (steps of other branches that failed), left (what no */\
    /* undo has taken back yet), last_failed (of the last steps) */                              \
    X(RUN_FINISHED, "run.finished", false)                                                       \
    /* step, why, by: on_failure|guard|person, who, reason, undo: what is to be taken back, in */ \
    /* this order */                                                                             \
    X(ROLLBACK_BEGAN, "rollback.began", false)                                                   \
    /* status, why, exit...: what run.finished says once the last steps have run */              \
    X(LAST_BEGAN, "last.began", false) \
    /* keys, folder, over (what was known of an earlier holder) */                               \
    X(LOCK_TAKEN, "lock.taken", true)                                                            \
    /* key, run, by, host, since, purpose, why: another run holds it */                          \
    X(LOCK_REFUSED, "lock.refused", true) \
    /* from, to, by, reason, inbox (number of the request): another person has it from now on */ \
    X(RUN_HANDED_OVER, "run.handed_over", true)                                                  \
    /* step, item, by, note, evidence, inbox: a duty that was left open is done (obligation.h) */\
    X(OBLIGATION_MET, "obligation.met", true)                                                    \
    /* step, attempt, q, by, why, shell, cwd: who was asked q looks around in a shell first */    \
    X(SHELL_OPENED, "shell.opened", true)                                                        \
    /* step, q, exit|signal|error, duration_us */                                                \
    X(SHELL_CLOSED, "shell.closed", true)
/* clang-format on */

enum rb_event_type {
#define X(name, text, fact) RB_EV_##name,
    RB_EVENTS(X)
#undef X
        RB_EV_COUNT
};

struct rb_event {
    enum rb_event_type type;
    const struct rb_value *d; /* payload, a map; one reference held */
    rb_time utc;              /* of the input it follows from */
    rb_time mono;             /* CLOCK_BOOTTIME of the same */
};

const char *rb_event_name(enum rb_event_type type);
bool rb_event_is_fact(enum rb_event_type type);
/* May it be put into the record of a run that nobody is at work on, and that may have ended? */
bool rb_event_is_remark(enum rb_event_type type);
/* Does it neither begin nor end anything of the run itself, also where that has ended? */
bool rb_event_is_beside(enum rb_event_type type);
/* RB_EV_COUNT when the name is unknown. */
enum rb_event_type rb_event_find(const char *name);
