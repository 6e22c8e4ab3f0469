#include "core/rules.h"

#include "core/book.h"
#include "core/effects.h"
#include "plan/param.h"

/* What it is given has to be what the file says of it: it was written as an expression, and nobody could
 * know before. */
static bool fits(const struct rb_param *param, const struct rb_value *value,
                 struct rb_buf *why)
{
    RB_AUTO_BUF struct rb_buf misfit = {0}, help = {0};
    rb_buf_printf(why, "with.%s: ", param->name);
    if (!rb_param_is(param, value)) {
        rb_buf_puts(why, "it has to be ");
        rb_param_describe(param, why);
        return false;
    }
    bool good = rb_param_misfit(param, value, &misfit, &help) == 0;
    rb_buf_puts(why, rb_buf_text(&misfit));
    return good;
}

static const struct rb_value *params_of(const struct rb_book *book,
                                        const struct rb_value *with, struct rb_buf *why)
{
    struct rb_map_builder map = {0};
    bool good = true;
    for (int i = 0; good && i < book->param_count; i++) {
        const struct rb_param *param = &book->params[i];
        const struct rb_value *given = rb_value_get(with, param->name);
        RB_AUTO_BUF struct rb_buf wrong = {0};
        good = !given || fits(param, given, &wrong);
        const struct rb_value *value = given ? given : param->fallback;
        if (value)
            rb_map_add(&map, param->name, rb_value_ref(value));
        if (!good)
            rb_buf_puts(why, rb_buf_text(&wrong));
    }
    const struct rb_value *params = rb_map_end(&map);
    if (good)
        return params;
    rb_value_unref(params);
    return NULL;
}

static bool begin(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_book *book = rb_book_of(state, state->current);
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    RB_AUTO_BUF struct rb_buf why = {0};
    struct rb_error err = {0};
    if (!rb_filled_spec(state, &spec, &err))
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, err.message);
    const struct rb_value *params = params_of(book, rb_value_get(spec, "with"), &why);
    if (!params)
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, rb_buf_text(&why));
    return rb_rule_say(state, ret, RB_EV_CALL_BEGAN,
                       rb_value_map("step", rb_rule_key(state), "runbook",
                                    rb_value_text(book->name), "params", params, NULL));
}

const char *rb_call_asks(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    if (!step->calls || !node->book || node->book->error)
        return NULL;
    if (!rb_book_done(state, state->current))
        return "start";
    return step->output_count > 0 && rb_sequence_is_through(state) ? "examine" : NULL;
}

bool rb_call_begin(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_book_values *book = rb_book_at(state, state->current);
    if (!book)
        return begin(state, ret);
    return book->error && rb_rule_fail(state, ret, RB_REASON_EVAL, NULL,
                                       rb_value_as_text(book->error, ""));
}
