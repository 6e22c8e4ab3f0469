#pragma once
/* What somebody is shown before he signs an answer: the question, who asks it, where people had it otherwise
 * than the runbook says until it was asked, and exactly what will run. It follows from the runbook and
 * the record up to the question alone, so that everybody who looks comes to the same bytes; their digest
 * is part of what is signed. */

#include "base/buf.h"
#include "base/duration.h"
#include "parse/parse.h"

struct rb_shown {
    const struct rb_document *document;
    const struct rb_value *created; /* payload of run.created, and its time */
    rb_time utc;
    const struct rb_value *question;  /* payload of question.asked */
    const struct rb_value *overrides; /* before it (core/override.h); NULL: none */
};
bool rb_shown_text(const struct rb_shown *shown, struct rb_buf *out,
                   struct rb_error *err) RB_MUST_CHECK;
