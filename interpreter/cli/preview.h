#pragma once
/* Looking ahead: a run's values as far as they can be known before it. The core is the same as
 * in a run; the executor answers only evaluations that depend on nothing to come. */

#include "core/state.h"
#include "parse/parse.h"

struct rb_preview {
    struct rb_state *state; /* as it is when the first step begins */
    const struct rb_value
        *values; /* expression number -> value; what only the run can know is
                                       the text `${{ expr }}` */
    bool *known; /* per expression of the plan */
    /* What each file begins with, as far as it is known: that of one whose parameters are not has no
     * connections. */
    struct rb_book_values *books;
    bool
        unanswered; /* a worker died or took too long: what is unknown could be known next time */
};

/* RB_ERR_INVALID when vars or env can't be evaluated. */
bool rb_preview_new(const struct rb_document *document, const struct rb_value *params,
                    struct rb_preview *ret_preview, struct rb_error *err) RB_MUST_CHECK;
/* The same of a run that there is: with what was recorded when it was created, so that whoever
 * looks sees the same. `created` is the payload of run.created, `utc` its time. */
bool rb_preview_of(const struct rb_document *document, const struct rb_value *created,
                   rb_time utc, struct rb_preview *ret_preview,
                   struct rb_error *err) RB_MUST_CHECK;
void rb_preview_done(struct rb_preview *preview);
