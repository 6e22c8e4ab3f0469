#pragma once
/* The answers file of `--answers F`:
 *
 *   answers:
 *     release-ok: yes                       # a confirm, or a step with no action
 *     preflight.disk: {answer: yes, note: 41 % free, evidence: df.txt}     # item of a checklist
 *     ticket.number: 4711                   # field of an ask
 *     migrate.failure: retry                # what to do when it failed: retry, skip, done, stop
 *     migrate.doubt: {answer: done, reason: seen in the history table}
 *     copy[2].failure: [retry, skip]        # the first time, the second time
 *
 * `yes`, `no`, `skip` and the choices are words here, never booleans. */

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"

/* *ret_answers: map of name -> list of {answer, reason?, note?, evidence?, line}. An answer that
 * is a decimal number, true or false without quotes has that type: for a field that wants text,
 * rb_template_text gives it back as it was written. The arena has to outlive the diagnostics,
 * whose places are in it. */
bool rb_answers_read(struct rb_arena *arena, const char *path, const char *text,
                     size_t length, struct rb_diags *diags,
                     const struct rb_value **ret_answers);
