#pragma once
/* Questions to a person: the payload of question.asked, and what its answer may be.
 *
 * question: step, attempt, q (number in the run, from 0), kind, and
 *   kind "item"     text, item (id), index, count, evidence (true: required), detail (what its
 *                   check found); answers yes, no (reason), skip (reason)
 *   kind "manual"   text (the title), why; answers yes, no (reason), skip (reason)
 *   kind "confirm"  text, type (the word to type out; absent: none); answers yes, no
 *   kind "field"    text, field (declaration of plan/spec.md), index, count; answer: the value
 *   kind "failure"  text (why it failed); answers retry, skip (reason), stop, and done (reason)
 *   kind "doubt"    text (what is known); answers retry, done (reason), skip (reason), stop
 * `why` of the step comes along where there is one.
 *
 * answer: answer, reason, note, evidence, by (who), via (terminal|answers). An answer that the
 * question does not allow is refused by rb_question_allows, before it becomes an input. */

#include "base/error.h"
#include "base/value.h"

/* RB_ERR_INVALID says what is allowed. */
bool rb_question_allows(const struct rb_value *question, const struct rb_value *answer,
                        struct rb_error *err) RB_MUST_CHECK;
/* The name of the question in an answers file: "release-ok", "preflight.disk",
 * "migrate.failure". A new string. */
char *rb_question_name(const struct rb_value *question);
