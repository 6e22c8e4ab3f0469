#include "core/rules.h"

#include <string.h>

#include "core/effects.h"
#include "core/front.h"
#include "core/look.h"
#include "core/request_notify.h"

static bool failed_by(const struct rb_state *state, struct rb_event *ret,
                      enum rb_verdict verdict, const struct rb_value *item, const char *why)
{
    const char *name = rb_value_get_text(item, "name", "");
    enum rb_reason reason = verdict == RB_UNKNOWN                ? RB_REASON_UNKNOWN
                            : strcmp(name, "expect.exit") == 0   ? RB_REASON_EXIT
                            : strcmp(name, "expect.status") == 0 ? RB_REASON_STATUS
                                                                 : RB_REASON_CHECK;
    return rb_rule_fail(state, ret, reason, rb_state_current(state)->active->eval, why);
}

/* Of a process; what is no process says itself how its time was up. */
static bool out_of_time(const struct rb_state *state, struct rb_event *ret,
                        const struct rb_value *result)
{
    bool all = rb_value_get_int(result, "remaining", 0) == 0;
    return rb_rule_fail(state, ret, RB_REASON_TIMEOUT, NULL,
                        all ? "its time was up; the whole process tree was ended"
                            : "its time was up; some of its processes could not be ended");
}

/* What no expectation can excuse: it did not start, was ended, or left something behind. */
static bool unclean(const struct rb_state *state, struct rb_event *ret,
                    const struct rb_value *result)
{
    const char *killed = rb_value_get_text(result, "killed", "");
    const char *spawn = rb_value_get_text(result, "spawn_error", NULL);
    const char *signal = rb_value_get_text(result, "signal", NULL);
    if (spawn) {
        return rb_rule_fail(state, ret, RB_REASON_SPAWN, NULL,
                            rb_value_get_text(result, "what", spawn));
    }
    if (strcmp(killed, "timeout") == 0)
        return !rb_value_get(result, "error") && out_of_time(state, ret, result);
    if (strcmp(killed, "processes") == 0) {
        return rb_rule_fail(state, ret, RB_REASON_PROCESSES, NULL,
                            "it had too many processes at once; all of them were ended: "
                            "let it start fewer side by side");
    }
    if (*killed)
        return rb_rule_fail(state, ret, RB_REASON_INTERRUPTED, NULL,
                            "it was ended on request");
    if (signal)
        return rb_rule_fail(state, ret, RB_REASON_SIGNAL, NULL, signal);
    if (rb_value_get_int(result, "survivors", 0) > 0) {
        return rb_rule_fail(state, ret, RB_REASON_SURVIVORS, NULL,
                            "it left processes behind; they were ended");
    }
    return false;
}

/* A message was not taken. "Too many requests" and the replies 4yz of a mail server say that it
 * may be later on (RFC 6585, 4; RFC 5321, 4.2.1). */
static bool refused(const struct rb_state *state, struct rb_event *ret,
                    const struct rb_value *result, const char *why)
{
    int64_t status = rb_value_get_int(result, "status", 0);
    bool later = rb_notify_by_mail(state) ? status / 100 == 4 : status == 429;
    return rb_rule_fail(state, ret, later ? RB_REASON_BUSY : RB_REASON_STATUS, NULL, why);
}

/* A server that ends a statement calls it cancelled, whoever wanted that. */
static const struct rb_value *said(const struct rb_value *error, enum rb_reason reason)
{
    const char *message = rb_value_get_text(error, "message", "there is no answer");
    const char *sqlstate = rb_value_get_text(error, "sqlstate", NULL);
    if (!sqlstate)
        return rb_value_text(message);
    return rb_value_textf("%s%s (%s)",
                          reason == RB_REASON_TIMEOUT ? "its time was up: " : "", message,
                          sqlstate);
}

/* There is no whole answer: what was asked did not happen, or twice does no harm. */
static bool unanswered(const struct rb_state *state, struct rb_event *ret,
                       const struct rb_value *result)
{
    bool tells = rb_node_step(state, state->current)->action == RB_ACTION_NOTIFY;
    const struct rb_value *error = rb_value_get(result, "error");
    const char *code = rb_value_get_text(error, "code", "");
    const char *sent =
        rb_value_get_text(result, "sent", rb_value_get_text(error, "sent", ""));
    if (!error)
        return false;
    if (tells && strcmp(code, "refused") == 0)
        return refused(state, ret, result, rb_value_get_text(error, "message", ""));
    bool unsent = strcmp(sent, "no") == 0;
    enum rb_reason reason = tells && unsent                   ? RB_REASON_CONNECT
                            : strcmp(code, "timeout") == 0    ? RB_REASON_TIMEOUT
                            : rb_value_get(error, "sqlstate") ? RB_REASON_SQL
                            : unsent                          ? RB_REASON_CONNECT
                                                              : RB_REASON_LOST;
    RB_AUTO_VALUE const struct rb_value *why = said(error, reason);
    return rb_rule_fail(state, ret, reason, NULL, rb_value_as_text(why, ""));
}

static bool answered(const struct rb_state *state, struct rb_event *ret,
                     const struct rb_value *result)
{
    int64_t status = rb_value_get_int(result, "status", 0);
    if (status / 100 == 2)
        return rb_rule_pass(state, ret, NULL);
    RB_AUTO_VALUE const struct rb_value *why =
        rb_value_textf("status %lld, expected 2xx", (long long)status);
    return rb_rule_fail(state, ret, RB_REASON_STATUS, NULL, rb_value_as_text(why, ""));
}

static bool settled(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *result = rb_state_current(state)->active->result;
    enum rb_action action = rb_node_step(state, state->current)->action;
    if (unclean(state, ret, result) || unanswered(state, ret, result))
        return true;
    if (action == RB_ACTION_NOTIFY && rb_value_get_int(result, "status", 0) == 429)
        return refused(state, ret, result, "status 429: it is too much at once");
    if (rb_next_eval(state))
        return false;
    if (action == RB_ACTION_HTTP || action == RB_ACTION_NOTIFY)
        return answered(state, ret, result);
    if (action == RB_ACTION_SQL)
        return rb_rule_pass(state, ret, NULL);
    int64_t code = rb_value_get_int(result, "exit", -1);
    if (code == 0)
        return rb_rule_pass(state, ret, NULL);
    RB_AUTO_VALUE const struct rb_value *why =
        rb_value_textf("exit code %lld, expected 0", (long long)code);
    return rb_rule_fail(state, ret, RB_REASON_EXIT, NULL, rb_value_as_text(why, ""));
}

static const struct rb_value *declared_outputs(const struct rb_state *state)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    const struct rb_value *items = rb_state_current(state)->active->eval;
    struct rb_map_builder map = {0};
    for (int i = 0; i < step->output_count; i++) {
        RB_AUTO_VALUE const struct rb_value *name =
            rb_value_textf("outputs.%s", step->outputs[i].name);
        const struct rb_value *item = rb_item_named(items, rb_value_as_text(name, ""));
        const struct rb_value *value = rb_value_get(item, "value");
        rb_map_add(&map, step->outputs[i].name,
                   value ? rb_value_ref(value) : rb_value_null());
    }
    return rb_map_end(&map);
}

/* What a person has committed stays committed, whatever was expected of it. */
static bool failed_committed(const struct rb_state *state, struct rb_event *ret,
                             enum rb_verdict verdict, const struct rb_value *item,
                             const char *why)
{
    const struct rb_value *result = rb_state_current(state)->active->result;
    bool review = rb_value_get(rb_node_step(state, state->current)->spec, "review");
    bool committed = review && rb_value_get(result, "xid");
    RB_AUTO_VALUE const struct rb_value *said =
        rb_value_textf("%s%s", why, committed ? "; it is committed all the same" : "");
    return failed_by(state, ret, verdict, item, rb_value_as_text(said, ""));
}

static bool examined(const struct rb_state *state, struct rb_event *ret)
{
    const char *why;
    const struct rb_value *item;
    enum rb_verdict verdict =
        rb_verdict_of(rb_state_current(state)->active->eval, &why, &item);
    if (verdict != RB_HOLDS)
        return failed_committed(state, ret, verdict, item, why);
    return rb_rule_pass(state, ret, declared_outputs(state));
}

static bool gate(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    const char *why;
    const struct rb_value *item;
    enum rb_verdict verdict = rb_verdict_of(node->active->eval, &why, &item);
    rb_time hold = rb_value_get_int(step->spec, "hold_us", 0),
            looked = node->active->looked;
    rb_time since = node->active->held_since ? node->active->held_since : looked;
    if (verdict == RB_HOLDS && looked - since >= hold)
        return rb_rule_pass(state, ret, NULL);
    if (rb_look_is_last(node))
        return verdict == RB_HOLDS
                   ? rb_rule_fail(state, ret, RB_REASON_TIMEOUT, node->active->eval,
                                  "it did not hold for long enough in its time")
                   : rb_rule_fail(state, ret,
                                  verdict == RB_FAILS ? RB_REASON_TIMEOUT
                                                      : RB_REASON_UNKNOWN,
                                  node->active->eval, why);
    return rb_look_say(state, ret, verdict, false);
}

static bool lua(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *items = rb_state_current(state)->active->eval;
    const char *why;
    const struct rb_value *item;
    enum rb_verdict verdict = rb_verdict_of(items, &why, &item);
    if (verdict != RB_HOLDS)
        return failed_by(state, ret, verdict, item, why);
    const struct rb_value *value = rb_value_get(rb_item_named(items, "lua"), "value");
    return rb_rule_pass(state, ret, rb_value_ref(value));
}

static bool item(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    const char *why;
    const struct rb_value *bad;
    if (rb_verdict_of(node->active->eval, &why, &bad) != RB_HOLDS)
        return rb_ask_item(state, ret, why);
    const struct rb_value *entry =
        rb_value_at(rb_value_get(rb_node_step(state, state->current)->spec, "items"),
                    (size_t)node->active->item);
    return rb_rule_say(state, ret, RB_EV_ITEM_PROVEN,
                       rb_value_map("step", rb_rule_key(state), "item",
                                    rb_value_ref(rb_value_get(entry, "id")), "answer",
                                    rb_value_text("yes"), "by", rb_value_text("check"),
                                    NULL));
}

bool rb_rule_judge(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node)
        return false;
    if (node->phase == RB_PHASE_SETTLED)
        return settled(state, ret);
    if (node->phase == RB_PHASE_EXAMINED)
        return examined(state, ret);
    if (node->phase == RB_PHASE_LOOKED)
        return rb_front_is_guard(state, state->current) ? rb_guard_judge(state, ret)
                                                        : gate(state, ret);
    if (node->phase != RB_PHASE_EVALUATED)
        return false;
    switch (rb_node_step(state, state->current)->action) {
    case RB_ACTION_LUA:
        return lua(state, ret);
    case RB_ACTION_WAIT:
        return rb_wait_begin(state, ret);
    default:
        return item(state, ret);
    }
}
