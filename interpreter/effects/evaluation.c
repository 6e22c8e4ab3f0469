#include "effects/evaluation.h"

#include <string.h>

static const struct {
    const char *member, *name;
} expectations[] = {
    {"exit", "expect.exit"},       {"status", "expect.status"},
    {"body", "expect.body"},       {"stdout", "expect.stdout"},
    {"stderr", "expect.stderr"},   {"json", "expect.json"},
    {"rows", "expect.rows"},       {"value", "expect.value"},
    {"columns", "expect.columns"}, {"max_time_us", "expect.max_time"},
};

static void add_headers(const struct rb_value *expect, struct rb_list_builder *names)
{
    const struct rb_value *headers = rb_value_get(expect, "header");
    for (size_t i = 0; i < rb_value_count(headers); i++)
        rb_list_add(names,
                    rb_value_textf("expect.header.%s",
                                   rb_value_as_text(rb_value_key_at(headers, i), "")));
}

const struct rb_value *rb_evaluation_names(const struct rb_value *job)
{
    struct rb_list_builder names = {0};
    const struct rb_value *expect = rb_value_get(job, "expect");
    for (size_t i = 0; i < RB_COUNT(expectations); i++) {
        if (rb_value_get(expect, expectations[i].member))
            rb_list_add(&names, rb_value_text(expectations[i].name));
        if (strcmp(expectations[i].member, "status") == 0)
            add_headers(expect, &names);
    }
    const struct rb_value *items = rb_value_get(job, "items");
    for (size_t i = 0; i < rb_value_count(items); i++)
        rb_list_add(&names,
                    rb_value_text(rb_value_get_text(rb_value_at(items, i), "name", "")));
    return rb_list_end(&names);
}

const struct rb_value *rb_evaluation_failed(const struct rb_value *job, const char *message)
{
    RB_AUTO_VALUE const struct rb_value *names = rb_evaluation_names(job);
    struct rb_list_builder items = {0};
    for (size_t i = 0; i < rb_value_count(names); i++) {
        rb_list_add(&items, rb_value_map("name", rb_value_ref(rb_value_at(names, i)),
                                         "error", rb_value_text(message), NULL));
    }
    return rb_value_map("items", rb_list_end(&items), NULL);
}

static const char *kind_of(const struct rb_value *job, size_t index, size_t expected)
{
    if (index < expected)
        return "verdict";
    const struct rb_value *item = rb_value_at(rb_value_get(job, "items"), index - expected);
    return rb_value_get_text(item, "kind", "");
}

static bool item_fits(const struct rb_value *item, const struct rb_value *name,
                      const char *kind)
{
    if (!rb_value_equal(rb_value_get(item, "name"), name))
        return false;
    if (rb_value_is(rb_value_get(item, "error"), RB_STRING))
        return true;
    if (strcmp(kind, "optional") == 0)
        return true;
    if (strcmp(kind, "verdict") != 0)
        return rb_value_get(item, "value") != NULL;
    const char *verdict = rb_value_get_text(item, "verdict", "");
    return strcmp(verdict, "holds") == 0 || strcmp(verdict, "fails") == 0 ||
           strcmp(verdict, "unknown") == 0;
}

bool rb_evaluation_fits(const struct rb_value *job, const struct rb_value *outcome)
{
    RB_AUTO_VALUE const struct rb_value *names = rb_evaluation_names(job);
    const struct rb_value *items = rb_value_get(outcome, "items");
    size_t count = rb_value_count(names);
    size_t expected = count - rb_value_count(rb_value_get(job, "items"));
    if (!rb_value_is(items, RB_LIST) || rb_value_count(items) != count ||
        rb_value_count(outcome) != 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!item_fits(rb_value_at(items, i), rb_value_at(names, i),
                       kind_of(job, i, expected)))
            return false;
    }
    return true;
}
