#pragma once
/* What a person sees of a transaction that is held open: what its query returned before and after
 * the statements, the rows each touched, notices, and how long it is held. */

#include "render/failure.h"

/* Of a question of the kind `review` (core/question.h). */
void rb_review_lines(const struct rb_value *question, const struct rb_failure_place *place,
                     rb_failure_tell *tell, void *context);
