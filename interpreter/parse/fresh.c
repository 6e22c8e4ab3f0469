/* For how long a result counts, and which results a step needs to be young. */

#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"

void rb_fresh_for(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    rb_time span;
    if (rb_scalar_span(value, "fresh_for", c->diags, &span))
        rb_draft_set(draft, "fresh_us", rb_value_int(span));
}

static void need(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const char *text;
    if (rb_scalar_text(item, "needs", c->diags, &text))
        rb_list_add(into, rb_value_textf("%s%s", c->book->prefix, text));
}

/* Which steps these may be is for check/ to say, when all are known. */
void rb_fresh_needs(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft)
{
    struct rb_list_builder list = {0};
    if (rb_fields_each(c, value, "needs", true, need, &list) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 218, value->span, "there are no steps in `needs`"),
            "name a step before this one: needs: [backup]");
    rb_draft_set(draft, "needs", rb_list_end(&list));
}
