#pragma once
/* What somebody is shown before he signs an answer: the question, who asks it, and exactly what will
 * run. It follows from the runbook, the first event and the question alone, so that everybody who
 * looks comes to the same bytes; their digest is part of what is signed. */

#include "base/buf.h"
#include "base/duration.h"
#include "parse/parse.h"

/* `created` is the payload of run.created and `utc` its time; `question` that of question.asked. */
bool rb_shown_text(const struct rb_document *document, const struct rb_value *created,
                   rb_time utc, const struct rb_value *question, struct rb_buf *out,
                   struct rb_error *err) RB_MUST_CHECK;
