#include "core/rules.h"

#include <string.h>

#include "base/digest.h"
#include "core/effects.h"

static enum rb_reason reason_of(const struct rb_node *node)
{
    return rb_reason_find(rb_value_get_text(node->active->failure, "reason", ""));
}

static bool within_time(const struct rb_state *state, rb_time delay)
{
    const struct rb_node *node = rb_state_current(state);
    rb_time within = rb_node_step(state, state->current)->within;
    return within == 0 || state->mono + delay < node->active->first_attempt + within;
}

/* Jitter is derived, not drawn: replay must come to the same delay. */
static rb_time jittered(const struct rb_state *state, rb_time delay, int percent)
{
    if (percent == 0)
        return delay;
    RB_AUTO_BUF struct rb_buf seed = {0};
    char hex[RB_DIGEST_HEX + 1];
    rb_buf_puts(&seed, rb_value_get_text(state->created, "nonce", ""));
    rb_node_key(state, state->current, &seed);
    rb_buf_printf(&seed, ".%d", rb_state_current(state)->attempt);
    rb_digest_of(seed.data, seed.length, hex);
    hex[4] = '\0';
    rb_time part = (rb_time)strtol(hex, NULL, 16);
    return delay - delay * percent / 100 * part / 65536;
}

static rb_time delay_of(const struct rb_state *state)
{
    const struct rb_retry *retry = &rb_node_step(state, state->current)->retry;
    int attempt = rb_state_current(state)->attempt;
    rb_time delay = retry->delay;
    if (retry->backoff == RB_BACKOFF_LINEAR)
        delay *= attempt;
    for (int i = 1; retry->backoff == RB_BACKOFF_EXPONENTIAL && i < attempt; i++) {
        if (delay < 86400 * RB_SEC)
            delay *= 2;
    }
    if (retry->max_delay && delay > retry->max_delay)
        delay = retry->max_delay;
    return jittered(state, delay, retry->jitter_percent);
}

bool rb_retry_allowed(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_retry *retry = &rb_node_step(state, state->current)->retry;
    enum rb_reason reason = reason_of(node);
    if (node->attempt >= retry->attempts || reason == RB_REASON_REFUSED ||
        reason == RB_REASON_INTERRUPTED || !within_time(state, delay_of(state)))
        return false;
    if (retry->on && !(retry->on & 1u << reason))
        return false;
    if (retry->when < 0)
        return true;
    const struct rb_value *item = rb_item_named(node->active->eval, "retry_when");
    return strcmp(rb_value_get_text(item, "verdict", ""), "holds") == 0;
}

bool rb_retry_needs_probe(const struct rb_state *state)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    enum rb_reason reason = reason_of(rb_state_current(state));
    return rb_action_is_effect(step->action) && !step->idempotent && step->probe >= 0 &&
           reason != RB_REASON_SPAWN && reason != RB_REASON_CONNECT;
}

bool rb_retry_schedule(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    return rb_rule_say(state, ret, RB_EV_RETRY_SCHEDULED,
                       rb_value_map("step", rb_rule_key(state), "attempt",
                                    rb_value_int(node->attempt + 1), "at",
                                    rb_value_int(state->utc + delay_of(state)), NULL));
}

static bool go_on(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *reason = rb_value_get(node->active->failure, "reason");
    return rb_rule_say(state, ret, RB_EV_STEP_FAILED,
                       rb_value_map("step", rb_rule_key(state), "attempts",
                                    rb_value_int(node->attempt), "reason",
                                    rb_value_ref(reason), "why", rb_value_text(why),
                                    "continued", rb_value_bool(true), NULL));
}

static bool end(const struct rb_state *state, struct rb_event *ret, const char *status,
                const char *why, int code)
{
    return rb_rule_say(state, ret, RB_EV_RUN_FINISHED,
                       rb_value_map("status", rb_value_text(status), "step",
                                    rb_rule_key(state), "why", rb_value_text(why), "exit",
                                    rb_value_int(code), NULL));
}

/* A question that nobody had answered is asked as it was. */
static bool ask_again(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    const struct rb_active *active = rb_state_current(state)->active;
    if (active->asked_failure)
        why = rb_value_get_text(active->question, "text", why);
    return rb_ask_choice(state, ret, active->in_doubt ? "doubt" : "failure", why);
}

bool rb_rule_failure(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node)
        return false;
    const char *why = rb_value_get_text(node->active->failure, "why", "");
    if (node->phase == RB_PHASE_HALTED)
        return ask_again(state, ret, why);
    if (node->phase != RB_PHASE_ATTEMPT_FAILED)
        return false;
    if (rb_retry_allowed(state))
        return rb_retry_needs_probe(state) ? false : rb_retry_schedule(state, ret);
    enum rb_on_failure policy = rb_node_step(state, state->current)->on_failure;
    if (policy == RB_FAIL_CONTINUE)
        return go_on(state, ret, why);
    bool refused = reason_of(node) == RB_REASON_REFUSED;
    bool final =
        refused && rb_node_step(state, state->current)->action == RB_ACTION_CONFIRM;
    if (policy == RB_FAIL_ASK || (state->interactive && !final))
        return rb_ask_choice(state, ret, "failure", why);
    return end(state, ret, refused ? "refused" : "failed", why, refused ? 4 : 1);
}
