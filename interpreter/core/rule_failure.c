#include "core/rules.h"

#include <string.h>

#include "base/digest.h"
#include "core/container.h"
#include "core/effects.h"
#include "core/front.h"
#include "core/rollback.h"

enum { LONGEST = 3600 }; /* seconds */

static enum rb_reason reason_of(const struct rb_node *node)
{
    return rb_reason_find(rb_value_get_text(node->active->failure, "reason", ""));
}

static bool within_time(const struct rb_state *state, rb_time delay)
{
    const struct rb_node *node = rb_state_current(state);
    rb_time within = rb_node_step(state, state->current)->within;
    return within == 0 ||
           state->steady.elapsed + delay < node->active->first_attempt + within;
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

/* Who refuses for now may say for how long (RFC 9110, 10.2.3). More than an hour is not waited. */
static rb_time asked_delay(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *headers = rb_value_get(node->active->result, "headers");
    const char *after = rb_value_get_text(headers, "retry-after", "");
    size_t digits = strspn(after, "0123456789");
    if (reason_of(node) != RB_REASON_BUSY || digits == 0 || after[digits])
        return 0;
    long seconds = digits > 4 ? LONGEST : strtol(after, NULL, 10);
    return (seconds < LONGEST ? seconds : LONGEST) * RB_SEC;
}

static rb_time delay_of(const struct rb_state *state)
{
    const struct rb_retry *retry = &rb_node_step(state, state->current)->retry;
    const struct rb_node *node = rb_state_current(state);
    int attempt = node->attempt - node->first + 1;
    rb_time delay = retry->delay;
    if (retry->backoff == RB_BACKOFF_LINEAR)
        delay *= attempt;
    for (int i = 1; retry->backoff == RB_BACKOFF_EXPONENTIAL && i < attempt; i++) {
        if (delay < 86400 * RB_SEC)
            delay *= 2;
    }
    if (retry->max_delay && delay > retry->max_delay)
        delay = retry->max_delay;
    delay = jittered(state, delay, retry->jitter_percent);
    rb_time asked = asked_delay(state);
    return delay > asked ? delay : asked;
}

bool rb_retry_allowed(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    const struct rb_retry *retry = &step->retry;
    enum rb_reason reason = reason_of(node);
    if (node->loop && node->elements) /* they are tried again, each of its own */
        return false;
    bool doubtful = reason == RB_REASON_DOUBT && !step->idempotent && step->probe < 0;
    if (node->attempt - node->first + 1 >= retry->attempts || doubtful ||
        reason == RB_REASON_REFUSED || reason == RB_REASON_INTERRUPTED ||
        reason == RB_REASON_NEEDS || !within_time(state, delay_of(state)))
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
           !(RB_REASONS_UNDONE & 1u << reason);
}

bool rb_retry_schedule(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    return rb_rule_say(state, ret, RB_EV_RETRY_SCHEDULED,
                       rb_value_map("step", rb_rule_key(state), "attempt",
                                    rb_value_int(node->attempt + 1), "at",
                                    rb_value_int(state->utc + delay_of(state)), NULL));
}

/* What holds it counts it, and goes on or not. */
static bool count(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    const struct rb_node *node = rb_state_current(state);
    bool element = rb_container_is_counted_element(state);
    const struct rb_active *loop = element ? state->nodes[node->parent].active : NULL;
    return rb_rule_say(
        state, ret, RB_EV_STEP_FAILED,
        rb_value_map(
            "step", rb_rule_key(state), "attempts", rb_value_int(node->attempt), "reason",
            rb_value_ref(rb_value_get(node->active->failure, "reason")), "why",
            rb_value_text(why), "elements",
            rb_value_ref(rb_value_get(node->active->failure, "elements")), "failures",
            loop ? rb_value_int(loop->failure_count + 1) : NULL, "most",
            loop ? rb_value_int(rb_container_most(state, node->parent)) : NULL, NULL));
}

static bool go_on(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *reason = rb_value_get(node->active->failure, "reason");
    return rb_rule_say(
        state, ret, RB_EV_STEP_FAILED,
        rb_value_map("step", rb_rule_key(state), "attempts", rb_value_int(node->attempt),
                     "reason", rb_value_ref(reason), "why", rb_value_text(why), "continued",
                     rb_value_bool(true), "elements",
                     rb_value_ref(rb_value_get(node->active->failure, "elements")), NULL));
}

/* Where other branches are under way the run ends when they can't go on either. */
static bool end(const struct rb_state *state, struct rb_event *ret, const char *status,
                const char *why, int code)
{
    bool undoing = state->rollback && !state->last;
    bool alone = rb_front_is_alone(state);
    const struct rb_value *d = rb_value_map(
        "status", rb_value_text(undoing ? "incomplete" : status), "step",
        rb_rule_key(state), "why", rb_value_text(why), "left",
        undoing && alone ? rb_rollback_left(state) : NULL, "exit",
        rb_value_int(undoing ? 6 : code), "stops",
        rb_front_is_guard(state, state->current) ? rb_value_bool(true) : NULL, NULL);
    return alone ? rb_rule_finish(state, ret, d)
                 : rb_rule_say(state, ret, RB_EV_STEP_HALTED, d);
}

static bool is_signed(const struct rb_step *step)
{
    const struct rb_value *items = rb_value_get(step->spec, "items");
    bool is = step->action == RB_ACTION_APPROVE || rb_value_get(step->spec, "role");
    for (size_t i = 0; i < rb_value_count(items) && !is; i++)
        is = rb_value_get(rb_value_at(items, i), "role");
    return is;
}

/* What has to be signed is skipped by nobody who can't sign for it. */
static const char *kind_of(const struct rb_state *state)
{
    return rb_state_current(state)->active->in_doubt        ? "doubt"
           : is_signed(rb_node_step(state, state->current)) ? "rejected"
                                                            : "failure";
}

static bool ask(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    return rb_ask_choice(state, ret, kind_of(state), why);
}

/* A question that nobody had answered is asked as it was. */
static bool ask_again(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    const struct rb_active *active = rb_state_current(state)->active;
    if (active->asked_failure)
        why = rb_value_get_text(active->question, "text", why);
    return ask(state, ret, why);
}

/* The steps of its on_failure come first. */
static bool handle(const struct rb_state *state, struct rb_event *ret, int handler)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    enum rb_action action = state->plan->steps[handler].action;
    rb_child_key(state, handler, -1, &key);
    return rb_rule_say(state, ret, RB_EV_STEP_BEGAN,
                       rb_value_map("step", rb_value_text(rb_buf_text(&key)), "action",
                                    rb_value_text(rb_action_name(action)), NULL));
}

/* A person who says no, or ends what runs, stops the run, whatever may fail. */
static bool is_counted(const struct rb_state *state, enum rb_on_failure policy)
{
    enum rb_reason reason = reason_of(rb_state_current(state));
    if (reason == RB_REASON_REFUSED || !rb_container_counts(state))
        return false;
    if (rb_container_is_ended(state, state->current))
        return true;
    return reason != RB_REASON_INTERRUPTED &&
           (policy == RB_FAIL_STOP || policy == RB_FAIL_ROLLBACK ||
            rb_container_is_counted_element(state));
}

static bool settle(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    if (is_counted(state, step->on_failure))
        return count(state, ret, why);
    if (rb_container_passes_over(state))
        return go_on(state, ret, why);
    enum rb_reason reason = reason_of(rb_state_current(state));
    bool refused = reason == RB_REASON_REFUSED;
    /* What nobody knows never rolls a run back by itself: a person decides (language, rule 4). */
    bool unknown = RB_REASONS_UNKNOWN & 1u << reason;
    bool back = step->on_failure == RB_FAIL_ROLLBACK && !state->rollback && !state->last;
    bool final = refused &&
                 (step->action == RB_ACTION_CONFIRM || rb_value_get(step->spec, "review"));
    bool guard = step->action == RB_ACTION_GUARD;
    if (step->on_failure == RB_FAIL_ASK || ((back || guard) && unknown) ||
        (state->interactive && !final && !guard))
        return ask(state, ret, why);
    if (back)
        return rb_rollback_begin(state, ret,
                                 rb_value_map("why", rb_value_text(why), "by",
                                              rb_value_text(guard ? "guard" : "on_failure"),
                                              NULL),
                                 guard);
    return end(state, ret, refused ? "refused" : "failed", why, refused ? 4 : 1);
}

bool rb_rule_failure(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node || node->active->under > 0)
        return false;
    const char *why = rb_value_get_text(node->active->failure, "why", "");
    if (node->phase == RB_PHASE_HALTED)
        return ask_again(state, ret, why);
    if (node->phase != RB_PHASE_ATTEMPT_FAILED)
        return false;
    if (rb_retry_allowed(state))
        return rb_retry_needs_probe(state) ? false : rb_retry_schedule(state, ret);
    int handler = rb_node_step(state, state->current)->handler;
    return handler >= 0 && !node->active->handled ? handle(state, ret, handler)
                                                  : settle(state, ret, why);
}
