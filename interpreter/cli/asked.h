#pragma once
/* Where in the record a question was asked: the head that an answer to it is signed over. */

#include "journal/line.h"
#include "journal/store.h"

/* The line of question.asked with this number, and what people had otherwise before it (core/override.h,
 * NULL: nothing); RB_ERR_NOT_FOUND when there is none. Both are new references. */
struct rb_asked {
    int64_t seq;
    char hash[RB_HASH_HEX + 1];
    const struct rb_value *question, *overrides;
};
bool rb_asked_find(const struct rb_run *run, int64_t q, struct rb_asked *ret_asked,
                   struct rb_error *err) RB_MUST_CHECK;
