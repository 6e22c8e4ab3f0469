#pragma once
/* Runbook texts for the tests of parse/: what is found in them, and what plans they become. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "parse/parse.h"

/* The findings in order as "107@6:3 201@9:5" (code, line, column); "" when there are none. */
void expect_findings(const char *text, const char *expected);

/* The same for one step: `text` is what follows "- " in the list of steps, its further lines
 * indented by two; places count from its own first line, columns from where its keys stand. */
void expect_step_findings(const char *text, const char *expected);

/* A member of the plan as canonical JSON (a leaf is "$$expr"), by path: "vars", "" is all of
 * it, an absent member is "none". The text has no findings. */
void expect_plan(const char *text, const char *environment, const char *path,
                 const char *expected);
/* The same of the step that `text` is. */
void expect_step(const char *text, const char *path, const char *expected);

/* Some help line among the findings contains this. */
void expect_help(const char *text, const char *expected);
void expect_step_help(const char *text, const char *expected);

/* A document that the caller frees; the text has no findings. */
struct rb_document *read_good(const char *text);
