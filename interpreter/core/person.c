#include "core/person.h"

static const struct rb_value *member(const struct rb_value *fact, const char *name)
{
    return rb_value_ref(rb_value_get(fact, name));
}

void rb_person_words(const char *deed, const struct rb_value *fact, struct rb_buf *out)
{
    const char *reason = rb_value_get_text(fact, "reason", "");
    rb_buf_printf(out, "%s by %s%s%s", deed, rb_value_get_text(fact, "by", "a person"),
                  *reason ? ": " : "", reason);
}

const struct rb_value *rb_person_named(const struct rb_value *owned,
                                       const struct rb_value *fact)
{
    RB_AUTO_VALUE const struct rb_value *before = owned;
    RB_AUTO_VALUE const struct rb_value *person =
        rb_value_map("by", rb_value_text("person"), "who", member(fact, "by"), "reason",
                     member(fact, "reason"), NULL);
    return rb_value_merge(before, person);
}
