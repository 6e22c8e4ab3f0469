#include "tape.h"

#include <string.h>

#include "../tools/several.h"
#include "journal/reader.h"

static bool read_events(struct tape *tape, struct rb_reader *reader, struct rb_error *err)
{
    const struct rb_record *record;
    enum rb_read got;
    while ((got = rb_reader_next(reader, &record, err)) == RB_READ_RECORD) {
        RB_GROW(tape->events, tape->count, tape->capacity);
        tape->events[tape->count] = record->event;
        rb_value_ref(tape->events[tape->count++].d);
    }
    return got != RB_READ_BAD;
}

static bool add_source(const struct rb_run *run, const struct rb_value *source,
                       struct rb_buf *text, struct rb_error *err)
{
    return rb_run_get(run, "sources", rb_value_get_text(source, "name", ""), text, err);
}

static bool compile(struct tape *tape, const struct rb_run *run, struct rb_error *err)
{
    const struct rb_value *created = tape->events[0].d;
    const struct rb_value *sources = rb_value_get(created, "sources");
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_diags diags = {0};
    struct several several;
    if (!add_source(run, rb_value_at(sources, 0), &text, err))
        return false;
    for (size_t i = 1; i < rb_value_count(sources); i++) {
        const struct rb_value *source = rb_value_at(sources, i);
        const char *path = rb_value_get_text(source, "path", NULL);
        if (path)
            rb_buf_printf(&text, "=== %s\n", path);
        if (path && !add_source(run, source, &text, err))
            return false;
    }
    several_split(&several, rb_buf_text(&text), text.length);
    tape->document = several_read(
        &several, "tape", rb_value_get_text(created, "environment", NULL), true, &diags);
    several_done(&several);
    int errors = diags.errors;
    rb_diags_done(&diags);
    return errors == 0 ||
           rb_fail(err, RB_ERR_INVALID, "the stored source does not compile");
}

bool tape_read(struct rb_store *store, const char *run_id, struct tape *ret_tape,
               struct rb_error *err)
{
    struct tape tape = {0};
    struct rb_run *run = NULL;
    struct rb_reader *reader = NULL;
    bool good = rb_run_open(store, run_id, &run, err) &&
                rb_reader_open(run->dir, &reader, err) && read_events(&tape, reader, err) &&
                tape.count > 0 && compile(&tape, run, err);
    rb_reader_free(reader);
    rb_run_close(run);
    if (good)
        *ret_tape = tape;
    else
        tape_done(&tape);
    return good;
}

void tape_done(struct tape *tape)
{
    for (size_t i = 0; i < tape->count; i++)
        rb_value_unref(tape->events[i].d);
    free(tape->events);
    rb_document_free(tape->document);
    *tape = (struct tape){0};
}

bool tape_is_interrupted(const struct tape *tape, size_t from)
{
    for (size_t i = from; i < tape->count; i++) {
        enum rb_event_type type = tape->events[i].type;
        if (type == RB_EV_SIGNAL_RECEIVED || type == RB_EV_RUN_RESUMED ||
            type == RB_EV_TAIL_RECOVERED || type == RB_EV_EFFECT_DOUBT ||
            type == RB_EV_EFFECT_UNSTARTED || type == RB_EV_EFFECT_ADOPTED)
            return true;
    }
    return false;
}

static bool same_text(const struct rb_value *a, const struct rb_value *b,
                      const char *member)
{
    return strcmp(rb_value_get_text(a, member, ""), rb_value_get_text(b, member, "")) == 0;
}

/* Are these facts outcomes of the same wish? */
static bool alike(const struct rb_event *a, const struct rb_value *wish,
                  enum rb_effect_kind kind)
{
    bool noted = kind == RB_EFFECT_SQL && a->type == RB_EV_EFFECT_NOTED;
    bool acts =
        kind == RB_EFFECT_PROCESS || kind == RB_EFFECT_HTTP || kind == RB_EFFECT_SQL;
    if (kind == RB_EFFECT_RELEASE ||
        (kind == RB_EFFECT_EVAL && a->type != RB_EV_EVAL_RESULT) ||
        (acts && !noted && a->type != RB_EV_EFFECT_RESULT) ||
        (kind == RB_EFFECT_ASK && a->type != RB_EV_QUESTION_ANSWERED &&
         a->type != RB_EV_APPROVAL_RECEIVED) ||
        (kind == RB_EFFECT_NONE && a->type != RB_EV_TIMER_DUE))
        return false;
    if (kind == RB_EFFECT_NONE)
        return true;
    if (kind == RB_EFFECT_LOCK)
        return a->type == RB_EV_LOCK_TAKEN || a->type == RB_EV_LOCK_REFUSED;
    return same_text(a->d, wish, "step") && same_text(a->d, wish, "phase") &&
           rb_value_get_int(a->d, "attempt", 0) == rb_value_get_int(wish, "attempt", 0);
}

/* A question that nobody answered is asked again, and again nobody answers: by the last one, so that no
 * time goes back. */
static const struct rb_event *nobody(const struct tape *tape, const struct rb_value *wish,
                                     int q)
{
    const struct rb_event *last = NULL;
    for (size_t i = tape->count; i-- > 0;) {
        const struct rb_event *event = &tape->events[i];
        if (event->type != RB_EV_QUESTION_UNANSWERED || !same_text(event->d, wish, "step"))
            continue;
        if (rb_value_get_int(event->d, "q", -1) == q)
            return event;
        last = last ? last : event;
    }
    return last;
}

/* A run that goes on takes its locks again, and what it had it gets. */
static const struct rb_event *last_lock(const struct tape *tape)
{
    for (size_t i = tape->count; i > 0; i--) {
        if (tape->events[i - 1].type == RB_EV_LOCK_TAKEN)
            return &tape->events[i - 1];
    }
    return NULL;
}

static const struct rb_event *answer_to(const struct tape *tape,
                                        const struct rb_state *state,
                                        const struct rb_effect *effect,
                                        const struct rb_event *past, size_t past_count)
{
    bool start = effect->node < 0;
    RB_AUTO_VALUE const struct rb_value *wish = rb_value_map(
        "step", start ? NULL : rb_effect_step(state, effect), "attempt",
        start ? NULL : rb_value_int(effect->attempt), "phase",
        effect->kind == RB_EFFECT_EVAL ? rb_value_text(effect->phase) : NULL, NULL);
    size_t nth = 0;
    for (size_t i = 0; i < past_count; i++)
        nth += alike(&past[i], wish, effect->kind);
    for (size_t i = 0; i < tape->count; i++) {
        if (alike(&tape->events[i], wish, effect->kind) && nth-- == 0)
            return &tape->events[i];
    }
    if (effect->kind == RB_EFFECT_LOCK)
        return last_lock(tape);
    return effect->kind == RB_EFFECT_ASK ? nobody(tape, wish, effect->number) : NULL;
}

/* Nobody signed that time, and then it expired: it does not come back to that. */
static bool is_again(const struct rb_event *event, const struct rb_event *past,
                     size_t past_count)
{
    bool again = false;
    for (size_t i = 0; i < past_count && event->type == RB_EV_QUESTION_UNANSWERED; i++)
        again |= past[i].type == event->type && same_text(past[i].d, event->d, "step");
    return again;
}

/* The clock of the tape. Who resumes looks at once, so that where several things wait the next
 * deadline is another one: a time of the record that is before it has passed already. */
static const struct rb_event *time_at(const struct tape *tape, rb_time deadline,
                                      const struct rb_event *past, size_t past_count)
{
    size_t nth = 0;
    for (size_t i = 0; i < past_count; i++)
        nth += past[i].type == RB_EV_TIMER_DUE;
    for (size_t i = 0; i < tape->count; i++) {
        const struct rb_event *event = &tape->events[i];
        if (event->type != RB_EV_TIMER_DUE || (nth > 0 && nth-- > 0))
            continue;
        if (event->mono >= deadline)
            return event;
    }
    return NULL;
}

/* Of several answers the one that came first on the tape. */
const struct rb_event *tape_answer(const struct tape *tape, const struct rb_state *state,
                                   const struct rb_event *past, size_t past_count)
{
    struct rb_effects wanted = {0};
    rb_time deadline;
    const struct rb_event *first = NULL;
    rb_wanted(state, &wanted, &deadline);
    if (deadline != 0) /* it may have been before the machine was booted */
        first = time_at(tape, deadline, past, past_count);
    for (int i = 0; i < wanted.count; i++) {
        const struct rb_event *event =
            answer_to(tape, state, &wanted.items[i], past, past_count);
        int node = wanted.items[i].node;
        bool over = node >= 0 && rb_node_expires(&state->nodes[node]) && event &&
                    is_again(event, past, past_count);
        if (event && (!first || (event < first && !over)))
            first = event;
    }
    rb_effects_done(&wanted);
    return first;
}
