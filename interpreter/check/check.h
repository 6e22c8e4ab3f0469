#pragma once
/* The rules that a compiled runbook is held against; one file per family of rules. */

#include "parse/parse.h"

/* Runs every rule; all findings go to diags (sorted by the caller). Works on a document with
 * errors as far as there is something to look at. */
void rb_check_document(const struct rb_document *document, struct rb_diags *diags);

/* Of a document that was read as a whole: what no file shows by itself, since only the run around it is
 * rolled back. */
void rb_check_whole(const struct rb_document *document, struct rb_diags *diags);

/* Of the plan of a run in production, with all that it calls: that nothing at all is taken back. */
void rb_check_no_way_back(const struct rb_plan *plan, struct rb_diags *diags);
