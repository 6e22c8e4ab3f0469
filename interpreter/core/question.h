#pragma once
/* Questions to a person: the payload of question.asked, and what its answer may be.
 *
 * question: step, attempt, q (number in the run, from 0), kind, and
 *   kind "item"     text, item (id), index, count, evidence (true: required), detail (what its
 *                   check found); answers yes, no (reason), skip (reason)
 *   kind "manual"   text (the title), why; answers yes, no (reason), skip (reason)
 *   kind "confirm"  text, type (the word to type out; absent: none); answers yes, no
 *   kind "review"   text, rows (touched by each statement; null: no count), expected (by the last),
 *                   before, after (results of the review's query, effects/sql.md), notices, idle_us
 *                   (how long it is held); answers commit, rollback (reason)
 *   kind "field"    text, field (declaration of plan/spec.md), index, count; answer: the value
 *   kind "window"   text, opens (UTC microseconds; absent: nobody knows when, and nobody waits for it),
 *                   window (the step whose it is; absent: the run's), cause (closed|clock|unknown), off_us (of
 *                   a clock: so far from where it should be);
 *                   answers wait, override (reason), stop
 *   kind "failure"  text (why it failed), rollback (true: it can be chosen), guard (true: it is
 *                   about one); answers retry, skip (reason), stop, done (reason), rollback
 *   kind "doubt"    text (what is known), rollback; the same answers
 *   kind "undo"     text: of the step that this one takes back, in doubt; answers undo, leave (reason),
 *                   stop
 *   kind "approval" text, roles (list), quorum, expires (microseconds of UTC), shown (what the author
 *                   puts before the signer: a map); answers approve, reject (reason), both signed
 *   kind "rejected" text (why it is not approved); answers retry, stop, rollback
 * An item, a confirmation or a step without action may have `roles` too, with one in it: its answer
 * is signed by somebody of that role (core/statement.h) and by nobody else.
 * `why` of the step comes along where there is one.
 *
 * answer: answer, reason, note, evidence, by (who), via (terminal|answers). An answer that the
 * question does not allow is refused by rb_question_allows, before it becomes an input. */

#include "base/error.h"
#include "base/value.h"

/* RB_ERR_INVALID says what is allowed. */
bool rb_question_allows(const struct rb_value *question, const struct rb_value *answer,
                        struct rb_error *err) RB_MUST_CHECK;
/* May who is asked look around in a shell before the answer? After a failure, and in doubt. */
bool rb_question_offers_shell(const struct rb_value *question);
/* The name of the question in an answers file: "release-ok", "preflight.disk",
 * "migrate.failure". A new string. */
char *rb_question_name(const struct rb_value *question);
/* Those of its roles that none of the accepted signatures is for, a list. */
const struct rb_value *rb_question_roles_left(const struct rb_value *question,
                                              const struct rb_value *accepted);
