#include "base/moment.h"
#include "base/zone.h"
#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "parse/window.h"

static void until(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_draft_set(into, "until", rb_leaf_text(c, value, rb_compiler_where(c, "until")));
}

static void tz(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_draft_set(into, "tz", rb_window_zone(c, value));
}

/* What is written out is looked at now; what has values in it, when they are there. */
static void look_at(struct rb_compiler *c, const struct rb_yaml_node *mapping)
{
    const struct rb_yaml_node *value = rb_yaml_get(mapping, "until");
    struct rb_moment moment;
    if (value->kind != RB_NODE_SCALAR || strstr(value->text, "${{"))
        return;
    if (!rb_moment_parse(value->text, &moment))
        rb_diag_help(rb_diag_add(c->diags, 223, value->span, "`until`: `%s` is not a time",
                                 value->text),
                     "write it like 2025-11-22T23:00:00Z, or 22:00 with a `tz` beside it; "
                     "a duration may follow: 2025-11-24T10:00:00Z - 48h");
    else if (moment.kind != RB_MOMENT_ABSOLUTE && !rb_yaml_get(mapping, "tz"))
        rb_fields_missing(c->diags, mapping, "`wait`", "tz",
                          "a time without its distance from UTC is that of a place: "
                          "tz: Europe/Berlin");
}

void rb_wait_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"until", until}, {"tz", tz}, {0}};
    rb_time span;
    if (value->kind == RB_NODE_MAPPING) {
        rb_fields_read(c, value, "`wait`", fields, draft);
        if (rb_yaml_get(value, "until"))
            look_at(c, value);
        else
            rb_fields_missing(c->diags, value, "`wait`", "until",
                              "write `wait: 10m`, or `wait: {until: ...}`");
    } else if (rb_scalar_span(value, "wait", c->diags, &span)) {
        rb_draft_set(draft, "for_us", rb_value_int(span));
    }
}
