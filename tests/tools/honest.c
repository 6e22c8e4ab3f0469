#include "honest.h"

#include <string.h>

/* An item of an evaluation that went well, as its kind asks for. */
static const struct rb_value *item_of(const struct rb_value *item)
{
    bool verdict = strcmp(rb_value_get_text(item, "kind", ""), "verdict") == 0;
    bool truth = strcmp(rb_value_get_text(item, "kind", ""), "truth") == 0;
    bool list = strcmp(rb_value_get_text(item, "name", ""), "for_each") == 0;
    bool window =
        strncmp(rb_value_get_text(item, "name", ""), "window", strlen("window")) == 0;
    const struct rb_value *value =
        truth    ? rb_value_bool(true)
        : window ? rb_value_map("open", rb_value_bool(true), NULL)
        : list   ? rb_value_list(rb_value_text("a"), rb_value_text("b"), NULL)
                 : rb_value_text("v");
    return rb_value_map("name", rb_value_ref(rb_value_get(item, "name")), "verdict",
                        verdict ? rb_value_text("holds") : NULL, "value",
                        verdict ? (rb_value_unref(value), NULL) : value, NULL);
}

static const struct rb_value *items_of(const struct rb_value *job)
{
    const struct rb_value *items = rb_value_get(job, "items");
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(items); i++)
        rb_list_add(&list, item_of(rb_value_at(items, i)));
    return rb_list_end(&list);
}

const struct rb_value *honest_answer(const struct rb_state *state,
                                     const struct rb_effect *wanted,
                                     const struct rb_value *request)
{
    const struct rb_value *q = rb_value_get(request, "q");
    bool eval = wanted->kind == RB_EFFECT_EVAL, ask = wanted->kind == RB_EFFECT_ASK;
    return rb_value_map("step", wanted->node >= 0 ? rb_effect_step(state, wanted) : NULL,
                        "attempt", wanted->node >= 0 ? rb_value_int(wanted->attempt) : NULL,
                        "phase", eval ? rb_value_text(wanted->phase) : NULL, "items",
                        eval ? items_of(request) : NULL, "q",
                        ask && q ? rb_value_ref(q) : NULL, "answer",
                        ask ? rb_value_text("yes") : NULL, "exit",
                        wanted->kind == RB_EFFECT_PROCESS ? rb_value_int(0) : NULL, NULL);
}
