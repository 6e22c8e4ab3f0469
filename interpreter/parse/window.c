#include "parse/window.h"

#include "base/moment.h"
#include "base/zone.h"
#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/roles.h"
#include "parse/scalar.h"

/* Monday is 1, as in ISO 8601. */
static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu",
                                        "Fri", "Sat", "Sun", NULL};
enum { DAYS = 7 };

struct window {
    bool days[DAYS];
    const struct rb_yaml_node *from, *to;
    const struct rb_value *zone, *role;
    struct rb_list_builder except;
};

static void day(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct window *window = into;
    int index;
    if (rb_scalar_word(item, "days", day_names, c->diags, &index))
        window->days[index] = true;
}

static void days(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    if (rb_fields_each(c, value, "days", true, day, into) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "there are no days in `days`"),
                     "leave it out for every day, or name some: days: [Mon, Tue]");
}

static void from(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c;
    ((struct window *)into)->from = value;
}

static void to(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c;
    ((struct window *)into)->to = value;
}

static void tz(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct window *window = into;
    rb_value_unref(window->zone);
    window->zone = rb_window_zone(c, value);
}

static void date(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct window *window = into;
    const char *text;
    if (!rb_scalar_text(item, "except", c->diags, &text))
        return;
    if (rb_moment_is_date(text))
        rb_list_add(&window->except, rb_value_text(text));
    else
        rb_diag_help(rb_diag_add(c->diags, 223, item->span,
                                 "`except`: `%s` is not a date that there is", text),
                     "write it like 2025-12-24");
}

/* Who may say that a step begins outside of it. */
static void override(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct window *window = into;
    rb_value_unref(window->role);
    window->role = rb_role_read(c, value);
}

static void except(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_fields_each(c, value, "except", true, date, into);
}

const struct rb_value *rb_window_zone(struct rb_compiler *c,
                                      const struct rb_yaml_node *node)
{
    const char *text;
    if (!rb_scalar_text(node, "tz", c->diags, &text))
        return NULL;
    if (rb_zone_is_name(text))
        return rb_value_text(text);
    rb_diag_help(
        rb_diag_add(c->diags, 261, node->span, "`%s` is no name of a time zone", text),
        "write it as tzdata does: Europe/Berlin, America/New_York, UTC");
    return NULL;
}

/* A time of day, or the one that is meant where it is left out; NULL after a diagnostic. */
static const char *time_of(struct rb_compiler *c, const struct rb_yaml_node *node,
                           const char *name, const char *otherwise, rb_time *ret_since)
{
    const char *text = otherwise;
    if (node && !rb_scalar_text(node, name, c->diags, &text))
        return NULL;
    bool fits = rb_moment_of_day(text, ret_since) && strlen(text) == 5;
    if (fits || !node)
        return text;
    rb_diag_help(rb_diag_add(c->diags, 223, node->span, "`%s`: `%s` is not a time of day",
                             name, text),
                 "write it like \"09:00\"; the end of a day is \"24:00\"");
    return NULL;
}

/* 24:00 is the beginning of another day: nothing begins there, and something may end. */
static bool has_time_in_it(struct rb_compiler *c, const struct window *window, rb_time from,
                           rb_time to)
{
    static const rb_time midnight = 86400 * RB_SEC;
    if (from != to && from < midnight && to > 0)
        return true;
    struct rb_span span = window->from ? window->from->span : window->to->span;
    rb_diag_help(rb_diag_add(c->diags, 260, span, "this window never opens"),
                 to == 0 ? "it ends at the end of a day: to: \"24:00\""
                         : "`to` is a time after `from`, or one of the next day: from: "
                           "\"22:00\", to: \"04:00\"");
    return false;
}

static const struct rb_value *day_numbers(const struct window *window)
{
    struct rb_list_builder list = {0};
    bool any = false;
    for (int i = 0; i < DAYS; i++)
        any |= window->days[i];
    for (int i = 0; i < DAYS; i++) {
        if (window->days[i] || !any)
            rb_list_add(&list, rb_value_int(i + 1));
    }
    return rb_list_end(&list);
}

static const struct rb_value *finish(struct rb_compiler *c, const struct window *window,
                                     const struct rb_value *owned_except)
{
    rb_time since_from, since_to;
    const char *begin = time_of(c, window->from, "from", "00:00", &since_from);
    const char *end = time_of(c, window->to, "to", "24:00", &since_to);
    if (!begin || !end || !has_time_in_it(c, window, since_from, since_to) ||
        !window->zone) {
        rb_value_unref(owned_except);
        rb_value_unref(window->zone);
        rb_value_unref(window->role);
        return NULL;
    }
    return rb_value_map("days", day_numbers(window), "from", rb_value_text(begin), "to",
                        rb_value_text(end), "tz", window->zone, "except", owned_except,
                        "override", window->role, NULL);
}

const struct rb_value *rb_window_read(struct rb_compiler *c,
                                      const struct rb_yaml_node *node)
{
    static const struct rb_field fields[] = {
        {"days", days},     {"from", from},         {"to", to}, {"tz", tz},
        {"except", except}, {"override", override}, {0}};
    struct window window = {0};
    if (!rb_fields_read(c, node, "`window`", fields, &window))
        return NULL;
    if (!rb_yaml_get(node, "tz"))
        rb_fields_missing(c->diags, node, "`window`", "tz",
                          "its times are those of a place: tz: Europe/Berlin");
    bool excepts = window.except.count > 0;
    const struct rb_value *except = rb_list_end(&window.except);
    if (!excepts) {
        rb_value_unref(except);
        except = NULL;
    }
    return finish(c, &window, except);
}

void rb_window_of_step(struct rb_compiler *c, const struct rb_yaml_node *value,
                       struct rb_draft *draft)
{
    rb_draft_set(draft, "window", rb_window_read(c, value));
}
