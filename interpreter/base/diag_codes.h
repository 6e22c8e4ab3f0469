#pragma once
/* All diagnostics: X(code, severity, title, explanation). A code never changes its meaning
 * and is never given away again. One fragment per family, each in ascending order: RB01xx
 * the text of the YAML file          yaml.h RB02xx  keys, types, structure schema.h RB03xx
 * interpolation and Lua text         text.h RB04xx  references refs.h RB05xx  flow and
 * safety                    safety.h RB06xx  parameters and answers             input.h RB07xx
 * roles, people, signatures          people.h An
 * explanation says why, then shows what is wrong and what is right, each example indented
 * by four spaces. */

#include "base/diag_codes/input.h"
#include "base/diag_codes/people.h"
#include "base/diag_codes/refs.h"
#include "base/diag_codes/safety.h"
#include "base/diag_codes/schema.h"
#include "base/diag_codes/text.h"
#include "base/diag_codes/yaml.h"

/* clang-format off */
#define RB_DIAG_CODES(X)  \
    RB_DIAG_CODES_YAML(X)   \
    RB_DIAG_CODES_SCHEMA(X) \
    RB_DIAG_CODES_TEXT(X)   \
    RB_DIAG_CODES_REFS(X)   \
    RB_DIAG_CODES_SAFETY(X) \
    RB_DIAG_CODES_INPUT(X)  \
    RB_DIAG_CODES_PEOPLE(X)
/* clang-format on */
