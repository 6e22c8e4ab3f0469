#include "core/effects.h"
#include "core/rules.h"
#include "core/window.h"
#include "plan/window.h"

#include <string.h>

static const struct rb_value *text_of(const struct rb_state *state,
                                      const struct rb_window_view *view)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    char at[28];
    const char *whose = view->owner < 0 ? "the window of the run" : "the window";
    rb_time off = rb_steady_off(&state->steady);
    switch (view->says) {
    case RB_WINDOW_CLOCK:
        rb_buf_puts(&text, "the clock was set ");
        rb_buf_puts(&text, off < 0 ? "back by " : "forth by ");
        rb_duration_human((off < 0 ? -off : off) + RB_SEC / 2, &text);
        rb_buf_printf(&text,
                      " while the run was under way: what it says of %s is not to "
                      "be relied on",
                      whose);
        break;
    case RB_WINDOW_UNKNOWN:
        rb_buf_printf(&text, "nobody can say whether %s is open: %s", whose, view->why);
        break;
    default:
        rb_buf_printf(&text, "%s (", whose);
        rb_window_text(rb_window_spec(state->plan, view->owner), &text);
        rb_buf_puts(&text, ") is closed");
        rb_time_format(view->at, at);
        if (view->at)
            rb_buf_printf(&text, " and opens at %.10s %.8sZ", at, at + 11);
    }
    return rb_value_string(rb_buf_text(&text), text.length);
}

static bool ask(const struct rb_state *state, struct rb_event *ret,
                const struct rb_window_view *view)
{
    static const char *const causes[] = {[RB_WINDOW_CLOSED] = "closed",
                                         [RB_WINDOW_UNKNOWN] = "unknown",
                                         [RB_WINDOW_CLOCK] = "clock"};
    const char *whose = view->owner < 0 ? NULL : state->plan->steps[view->owner].id;
    const struct rb_value *role =
        rb_value_get(rb_window_spec(state->plan, view->owner), "override");
    rb_time off = rb_steady_off(&state->steady);
    return rb_ask_window(
        state, ret,
        rb_value_map("text", text_of(state, view), "cause",
                     rb_value_text(causes[view->says]), "opens",
                     view->at ? rb_value_int(view->at) : NULL, "off_us",
                     view->says == RB_WINDOW_CLOCK ? rb_value_int(off) : NULL, "window",
                     whose ? rb_value_text(whose) : NULL, "roles",
                     role ? rb_value_list(rb_value_ref(role), NULL) : NULL, NULL));
}

static const struct rb_value *member(const struct rb_value *map, const char *name)
{
    return rb_value_ref(rb_value_get(map, name));
}

/* Until it would open anyway; where nobody knows that, for the rest of the run. */
static bool overridden(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_active *active = rb_state_current(state)->active;
    const struct rb_value *question = active->question;
    return rb_rule_say(
        state, ret, RB_EV_WINDOW_OVERRIDDEN,
        rb_value_map("step", rb_rule_key(state), "window", member(question, "window"),
                     "cause", member(question, "cause"), "off_us",
                     member(question, "off_us"), "until", member(question, "opens"),
                     "reason", member(active->answer, "reason"), "by",
                     member(active->answer, "by"), NULL));
}

static bool answered(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *answer = rb_state_current(state)->active->answer;
    bool override = strcmp(rb_value_get_text(answer, "answer", ""), "override") == 0;
    return override ? overridden(state, ret) : rb_answer_stop(state, ret);
}

bool rb_entry_is_open(const struct rb_state *state)
{
    return rb_window_view(state).says == RB_WINDOW_ADMITS && rb_fresh_holds(state);
}

bool rb_rule_enter(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node || !node->active->entering)
        return false;
    if (node->phase == RB_PHASE_ANSWERED)
        return answered(state, ret);
    if (node->phase != RB_PHASE_ENTERING || node->active->under > 0)
        return false;
    const struct rb_window_view view = rb_window_view(state);
    if (view.says == RB_WINDOW_LOOK)
        return false;
    if (view.says != RB_WINDOW_ADMITS)
        return ask(state, ret, &view);
    if (rb_rule_fresh(state, ret))
        return true;
    return rb_rule_say(state, ret, RB_EV_STEP_ADMITTED,
                       rb_value_map("step", rb_rule_key(state), "until",
                                    view.at ? rb_value_int(view.at) : NULL, NULL));
}
