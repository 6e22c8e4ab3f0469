#include "core/rules.h"

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "core/effects.h"
#include "core/obligation.h"

static bool intend(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    struct rb_error err = {0};
    if (!rb_action_request(state, &request, &err))
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, err.message);
    RB_AUTO_BUF struct rb_buf bytes = {0};
    char hex[RB_DIGEST_HEX + 1];
    rb_json_encode(request, &bytes);
    rb_digest_of(bytes.data, bytes.length, hex);
    return rb_rule_say(state, ret, RB_EV_EFFECT_INTENT,
                       rb_value_map("step", rb_rule_key(state), "attempt",
                                    rb_value_int(rb_state_current(state)->attempt), "class",
                                    rb_value_ref(rb_value_get(request, "class")), "req",
                                    rb_value_textf("sha256:%s", hex), NULL));
}

/* The fields of `ask:` become its outputs. */
static const struct rb_value *fields(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *declared =
        rb_value_get(rb_node_step(state, state->current)->spec, "fields");
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < rb_value_count(declared); i++) {
        const struct rb_value *answer =
            rb_value_get(rb_value_at(node->active->answers, i), "answer");
        rb_map_add(&map, rb_value_get_text(rb_value_at(declared, i), "name", ""),
                   answer ? rb_value_ref(answer) : rb_value_null());
    }
    return rb_map_end(&map);
}

static bool listed(const struct rb_state *state, struct rb_event *ret, const char *member)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *list =
        rb_value_get(rb_node_step(state, state->current)->spec, member);
    if ((size_t)node->active->item >= rb_value_count(list))
        return rb_rule_pass(state, ret,
                            strcmp(member, "fields") == 0 ? fields(state) : NULL);
    return rb_ask_item(state, ret, NULL);
}

bool rb_rule_action(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node || node->phase != RB_PHASE_READY ||
        node->loop || rb_next_eval(state))
        return false;
    if (rb_obligation_is_left(state))
        return rb_obligation_pass(state, ret);
    switch (rb_node_step(state, state->current)->action) {
    case RB_ACTION_RUN:
    case RB_ACTION_EXEC:
    case RB_ACTION_PIPE:
    case RB_ACTION_HTTP:
    case RB_ACTION_SQL:
    case RB_ACTION_NOTIFY:
        return intend(state, ret);
    case RB_ACTION_WAIT:
        return node->active->waited ? rb_rule_pass(state, ret, NULL)
                                    : rb_wait_begin(state, ret);
    case RB_ACTION_CHECKLIST:
        return listed(state, ret, "items");
    case RB_ACTION_ASK:
        return listed(state, ret, "fields");
    case RB_ACTION_APPROVE:
    case RB_ACTION_CONFIRM:
    case RB_ACTION_MANUAL:
        return rb_ask_item(state, ret, NULL);
    default:
        return false;
    }
}
