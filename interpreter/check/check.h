#pragma once
/* The rules that a compiled runbook is held against; one file per family of rules. */

#include "parse/parse.h"

/* Runs every rule; all findings go to diags (sorted by the caller). Works on a document with
 * errors as far as there is something to look at. */
void rb_check_document(const struct rb_document *document, struct rb_diags *diags);
