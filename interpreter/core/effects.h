#pragma once
/* What the current node asks of the world: keys, requests, questions. Shared by the rules
 * and by wanted; pure. */

#include "core/core.h"

/* The key of a child of the current node (element -1: not an element of a loop). */
void rb_child_key(const struct rb_state *state, int step, int element, struct rb_buf *out);

/* The filled-in spec of the current node. */
bool rb_filled_spec(const struct rb_state *state, const struct rb_value **ret_spec,
                    struct rb_error *err) RB_MUST_CHECK;

/* The process request of the current node (effects/process.md). */
bool rb_process_request(const struct rb_state *state, const struct rb_value **ret_request,
                        struct rb_error *err) RB_MUST_CHECK;

/* What a shell beside the current node has: `env` and `cwd` as its process has them, or as one of the
 * run has them where these can't be filled in; without secrets, whose variables are the list
 * `left_out`. A new reference. */
const struct rb_value *rb_shell_request(const struct rb_state *state);
/* What the action of the current node asks for, by its driver. */
bool rb_action_request(const struct rb_state *state, const struct rb_value **ret_request,
                       struct rb_error *err) RB_MUST_CHECK;

/* A text without NUL bytes of a filled-in value, for what `what` and `name` say in messages. */
bool rb_request_text(const struct rb_value *value, const char *what, const char *name,
                     const struct rb_value **ret_text, struct rb_error *err) RB_MUST_CHECK;
/* The same, or a secret whose value is put there by its driver: {"$secret": name}. */
bool rb_request_secret(const struct rb_value *value, const char *what, const char *name,
                       const struct rb_value **ret_value,
                       struct rb_error *err) RB_MUST_CHECK;
/* How long an attempt of the current node may take. */
rb_time rb_request_timeout(const struct rb_state *state);

/* The folder of its notes and output: "<key>.<attempt>". */
const struct rb_value *rb_process_dir(const struct rb_state *state);

/* The evaluation job of the current node for this phase, or of the start (effects/job.md). An
 * expectation that can't be filled in is an error. */
bool rb_eval_job(const struct rb_state *state, const char *phase,
                 const struct rb_value **ret_job, struct rb_error *err) RB_MUST_CHECK;
/* The same for what is asked about the calendar: windows, and when a wait ends. */
const struct rb_value *rb_calendar_job(const struct rb_state *state, const char *phase);
bool rb_calendar_has(const char *phase);
/* The bounds of an evaluation. */
const struct rb_value *rb_eval_limits(const struct rb_state *state, const char *phase);

/* A job that evaluates these expressions as values, named by their numbers, in what their file sees,
 * which has these values: for `plan`, which looks ahead. A new reference. */
const struct rb_value *rb_eval_job_of(const struct rb_state *state,
                                      const struct rb_book_values *book, const int *exprs,
                                      int count);

/* question.asked for the next item, field or confirmation; detail (may be NULL) tells what its
 * check found. */
bool rb_ask_item(const struct rb_state *state, struct rb_event *ret, const char *detail);
/* question.asked about a transaction that is held open: whether it is to be committed. */
bool rb_ask_review(const struct rb_state *state, struct rb_event *ret);
/* question.asked of the kind "window"; `owned` are its members. */
bool rb_ask_window(const struct rb_state *state, struct rb_event *ret,
                   const struct rb_value *owned);
/* question.asked about a failure or doubt of the current node. */
bool rb_ask_choice(const struct rb_state *state, struct rb_event *ret, const char *kind,
                   const char *detail);
