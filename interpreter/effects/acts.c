#include "effects/acts.h"

#include <string.h>

#include "core/front.h"
#include "core/request_http.h"

struct act {
    int node;
    enum rb_effect_kind kind;
    const struct rb_value *step, *request;
    int64_t attempt;
};

struct rb_acts {
    struct rb_acts_options o;
    struct act *items;
    size_t count, capacity;
};

struct rb_acts *rb_acts_new(const struct rb_acts_options *options)
{
    struct rb_acts *acts = rb_alloc(sizeof *acts);
    acts->o = *options;
    return acts;
}

static void let_go(const struct act *act)
{
    rb_value_unref(act->step);
    rb_value_unref(act->request);
}

void rb_acts_free(struct rb_acts *acts)
{
    if (!acts)
        return;
    while (acts->count > 0)
        let_go(&acts->items[--acts->count]);
    free(acts->items);
    free(acts);
}

static const char *dir_of(const struct act *act)
{
    return rb_value_get_text(act->request, "dir", "");
}

static struct act *find(struct rb_acts *acts, const char *dir)
{
    for (size_t i = 0; i < acts->count; i++) {
        if (strcmp(dir_of(&acts->items[i]), dir) == 0)
            return &acts->items[i];
    }
    return NULL;
}

/* It is over: a fact about it, which says so. */
static void end(struct rb_acts *acts, struct act *act, enum rb_event_type type,
                const struct rb_value *owned)
{
    struct act ended = *act;
    *act = acts->items[--acts->count];
    acts->o.put(acts->o.context, ended.step, ended.attempt, type, owned);
    let_go(&ended);
}

/* Not even the note of its start had room: it was not started, and can be later. */
static bool had_no_room(const struct rb_acts *acts, const char *dir,
                        const struct rb_value *outcome)
{
    const char *why = rb_value_get_text(outcome, "spawn_error", "");
    const char *code = rb_value_get_text(rb_value_get(outcome, "error"), "code", "");
    return (strcmp(why, "ENOSPC") == 0 || strcmp(why, "EDQUOT") == 0 ||
            strcmp(code, "no_room") == 0) &&
           rb_drivers_is_new(acts->o.drivers, dir);
}

void rb_acts_settle(struct rb_acts *acts, const char *dir, const struct rb_value *outcome)
{
    struct act *act = find(acts, dir);
    if (act && had_no_room(acts, dir, outcome)) {
        acts->o.disk_full(acts->o.context);
        end(acts, act, RB_EV_EFFECT_UNSTARTED, NULL);
    } else if (act) {
        end(acts, act, RB_EV_EFFECT_RESULT, rb_value_ref(outcome));
    }
}

void rb_acts_adopt(struct rb_acts *acts, const char *dir)
{
    const struct act *act = find(acts, dir);
    if (act)
        acts->o.put(acts->o.context, act->step, act->attempt, RB_EV_EFFECT_ADOPTED, NULL);
}

void rb_acts_undo(struct rb_acts *acts, const char *dir)
{
    struct act *act = find(acts, dir);
    if (act)
        end(acts, act, RB_EV_EFFECT_UNSTARTED, NULL);
}

void rb_acts_doubt(struct rb_acts *acts, const char *dir, const char *why)
{
    struct act *act = find(acts, dir);
    if (act)
        end(acts, act, RB_EV_EFFECT_DOUBT, rb_value_map("why", rb_value_text(why), NULL));
}

void rb_acts_note(struct rb_acts *acts, const char *dir, const struct rb_value *note)
{
    const struct act *act = find(acts, dir);
    if (act)
        acts->o.put(acts->o.context, act->step, act->attempt, RB_EV_EFFECT_NOTED,
                    rb_value_map("note", rb_value_ref(note), NULL));
}

/* From the end: whoever is asked about may end, and leave its place to the last. */
void rb_acts_look_again(struct rb_acts *acts)
{
    for (size_t i = acts->count; i-- > 0;) {
        if (i >= acts->count || acts->items[i].kind != RB_EFFECT_PROCESS)
            continue;
        RB_AUTO_VALUE const struct rb_value *request = rb_value_ref(acts->items[i].request);
        rb_drivers_look_again(acts->o.drivers, request);
    }
}

/* A message goes to the URL of its connection itself. */
static const struct rb_value *at_home(const struct rb_acts *acts,
                                      const struct rb_effect *effect,
                                      const struct rb_value *request)
{
    const struct rb_state at = rb_state_at(acts->o.state, effect->node);
    const struct rb_step *step = rb_node_step(&at, effect->node);
    if (step->action != RB_ACTION_HTTP)
        return rb_value_ref(request);
    return rb_request_http_at_home(&at, rb_value_get_text(step->spec, "connection", NULL),
                                   request);
}

void rb_acts_begin(struct rb_acts *acts, const struct rb_effect *effect,
                   const struct rb_value *request)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    RB_AUTO_VALUE const struct rb_value *live = at_home(acts, effect, request);
    const struct rb_active *active = acts->o.state->nodes[effect->node].active;
    RB_GROW(acts->items, acts->count, acts->capacity);
    acts->items[acts->count++] = (struct act){.node = effect->node,
                                              .kind = effect->kind,
                                              .step = rb_effect_step(acts->o.state, effect),
                                              .request = rb_value_ref(request),
                                              .attempt = effect->attempt};
    /* Notes of an attempt that the record has just begun mean that the record lost something that
     * it had said was safe: never run it again on the quiet. */
    if (active->inherited)
        rb_drivers_find(acts->o.drivers, effect->kind, request, active->note);
    else if (rb_drivers_is_new(acts->o.drivers, dir))
        (void)!rb_drivers_ask(acts->o.drivers, effect->kind, live);
    else
        rb_acts_doubt(acts, dir,
                      "there are notes of this attempt that the record does not know of");
}

void rb_acts_withdraw(struct rb_acts *acts, const struct rb_effect *effect)
{
    for (size_t i = 0; i < acts->count; i++) {
        struct act *act = &acts->items[i];
        if (act->node != effect->node || act->kind != effect->kind)
            continue;
        if (!rb_drivers_end(acts->o.drivers, act->kind, dir_of(act)))
            end(acts, act, RB_EV_EFFECT_UNSTARTED, NULL);
        return;
    }
}
