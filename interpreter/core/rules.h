#pragma once
/* The rules of decide: each looks at the state and, where it has something to say, makes one
 * event. They are asked in the order of `rb_decide`. Shared helpers are in rules.c. */

#include "core/core.h"

typedef bool rb_rule(const struct rb_state *state, struct rb_event *ret_event);

rb_rule rb_rule_run;      /* start, next step, finish */
rb_rule rb_rule_stuck;    /* nothing moves any more: suspend, or finish as failed */
rb_rule rb_rule_stop;     /* a signal was received */
rb_rule rb_rule_pause;    /* only times are waited for, and long: suspend */
rb_rule rb_rule_enter;    /* windows, and what a step needs, before it begins */
rb_rule rb_rule_fresh;    /* what the current node needs: begin it again, or fail */
rb_rule rb_rule_sequence; /* groups, loops, `when`, preparation */
rb_rule rb_rule_ended;    /* by a branch beside it that failed */
rb_rule rb_rule_action;   /* begin a process, a wait, a question */
rb_rule rb_rule_review;   /* a transaction before its COMMIT */
rb_rule rb_rule_judge;    /* a result, an evaluation, a gate's poll */
rb_rule rb_rule_approval; /* signatures that arrived, and whether they are enough */
rb_rule rb_rule_answer;   /* what a person's answer means */
rb_rule rb_rule_failure;  /* retry, ask, go on, end */
rb_rule rb_rule_doubt;    /* after a crash */
rb_rule rb_rule_guard;    /* begin and end of what is watched beside */
rb_rule rb_rule_undo;     /* of what may not have happened */

/* A decision of this type; `owned` becomes the payload. Returns true. */
bool rb_rule_say(const struct rb_state *state, struct rb_event *ret,
                 enum rb_event_type type, const struct rb_value *owned);
/* The key of the current node as a value. */
const struct rb_value *rb_rule_key(const struct rb_state *state);
/* The current step passed, with these outputs or none (NULL). */
bool rb_rule_pass(const struct rb_state *state, struct rb_event *ret,
                  const struct rb_value *owned_outputs);
bool rb_rule_fail(const struct rb_state *state, struct rb_event *ret, enum rb_reason reason,
                  const struct rb_value *checks, const char *why);

/* The run ends so (`owned` as in run.finished), or first come its last steps. */
bool rb_rule_finish(const struct rb_state *state, struct rb_event *ret,
                    const struct rb_value *owned);

/* Are all windows of the current node open, and is what it needs young? */
bool rb_entry_is_open(const struct rb_state *state);
bool rb_fresh_holds(const struct rb_state *state);

/* What a sample of the current node, a guard, means. */
bool rb_guard_judge(const struct rb_state *state, struct rb_event *ret);

/* Which evaluation the current node wants now, or NULL: "prepare", "start" (of
 * a call), "lua", "gate" (of guards as well), "item",
 * "examine", "probe". decide is quiet while it wants one; wanted asks for it. */
const char *rb_next_eval(const struct rb_state *state);

/* Of a call: what is to be evaluated now, or NULL; and call.began, or why it can't begin. */
const char *rb_call_asks(const struct rb_state *state);
bool rb_call_begin(const struct rb_state *state, struct rb_event *ret);
/* All in the current node is done, and none of it has failed. */
bool rb_sequence_is_through(const struct rb_state *state);

/* The wait of the current node begins; it needs an evaluation first where its time is that of a
 * place. */
bool rb_wait_begin(const struct rb_state *state, struct rb_event *ret);
bool rb_wait_asks(const struct rb_state *state);

/* A person stops the run here. */
bool rb_answer_stop(const struct rb_state *state, struct rb_event *ret);

/* How the items of an evaluation turned out, together: holds when all do; fails when one
 * does; unknown otherwise. *ret_why is the first reason (borrowed), *ret_item its item. */
enum rb_verdict { RB_HOLDS, RB_FAILS, RB_UNKNOWN };
enum rb_verdict rb_verdict_of(const struct rb_value *items, const char **ret_why,
                              const struct rb_value **ret_item);
const struct rb_value *rb_item_named(const struct rb_value *items, const char *name);

/* Would this failed attempt be tried again, and does that need the probe first? */
bool rb_retry_allowed(const struct rb_state *state);
bool rb_retry_needs_probe(const struct rb_state *state);
bool rb_retry_schedule(const struct rb_state *state, struct rb_event *ret);
