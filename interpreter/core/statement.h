#pragma once
/* What somebody signs about an open question: one line, the canonical JSON of a map, and a newline.
 *
 *   v            1
 *   run, nonce, plan, environment ("" where there is none)      of run.created
 *   step, q      which question of the run
 *   head, seq    hash and number of the line that asked it: all of the record up to there
 *   expires      until when it may be used, microseconds of UTC; 0: no end
 *   shown        "sha256:..." of the text that the signer was shown
 *   who, role    the signer, as the file of signers has the name, and for what
 *   decision     approve, reject; yes, no, skip of a question that belongs to a role
 *   reason, note, evidence     where they are given
 *
 * Nothing in it is left to the signer but who, role, decision and what follows it. */

#include "base/buf.h"
#include "core/state.h"

/* The members that follow from the run and the question; `question` is the payload of
 * question.asked. */
const struct rb_value *rb_statement_of(const struct rb_value *created,
                                       const struct rb_value *question);

/* The bytes that are signed. */
void rb_statement_bytes(const struct rb_value *statement, struct rb_buf *out);

/* Has every member its type, and is there no other? */
bool rb_statement_is_one(const struct rb_value *statement);

/* The answer to the question that it is: answer, by, role, reason, note, evidence. */
const struct rb_value *rb_statement_answer(const struct rb_value *statement);

/* Does this question want signatures? */
bool rb_question_is_signed(const struct rb_value *question);
