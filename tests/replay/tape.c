#include "tape.h"

#include <string.h>

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

static bool compile(struct tape *tape, const struct rb_run *run, struct rb_error *err)
{
    const struct rb_value *created = tape->events[0].d;
    const struct rb_value *source = rb_value_at(rb_value_get(created, "sources"), 0);
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_diags diags = {0};
    if (!rb_run_get(run, "sources", rb_value_get_text(source, "name", ""), &text, err))
        return false;
    tape->document =
        rb_document_read("tape", rb_buf_text(&text), text.length,
                         rb_value_get_text(created, "environment", NULL), &diags);
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
    if ((kind == RB_EFFECT_EVAL && a->type != RB_EV_EVAL_RESULT) ||
        (kind == RB_EFFECT_PROCESS && a->type != RB_EV_EFFECT_RESULT) ||
        (kind == RB_EFFECT_ASK && a->type != RB_EV_QUESTION_ANSWERED) ||
        (kind == RB_EFFECT_NONE && a->type != RB_EV_TIMER_DUE))
        return false;
    if (kind == RB_EFFECT_NONE)
        return true;
    return same_text(a->d, wish, "step") && same_text(a->d, wish, "phase") &&
           rb_value_get_int(a->d, "attempt", 0) == rb_value_get_int(wish, "attempt", 0);
}

/* A question that nobody answered is asked again, and again nobody answers. */
static const struct rb_event *nobody(const struct tape *tape, const struct rb_value *wish)
{
    for (size_t i = 0; i < tape->count; i++) {
        if (tape->events[i].type == RB_EV_QUESTION_UNANSWERED &&
            same_text(tape->events[i].d, wish, "step"))
            return &tape->events[i];
    }
    return NULL;
}

const struct rb_event *tape_answer(const struct tape *tape, const struct rb_state *state,
                                   const struct rb_event *past, size_t past_count)
{
    struct rb_effect effect;
    rb_time deadline;
    rb_wanted(state, &effect, &deadline);
    if (effect.kind == RB_EFFECT_NONE && deadline == 0)
        return NULL;
    bool start = effect.node < 0;
    RB_AUTO_VALUE const struct rb_value *wish = rb_value_map(
        "step", start ? NULL : rb_effect_step(state, &effect), "attempt",
        start ? NULL : rb_value_int(effect.attempt), "phase",
        effect.kind == RB_EFFECT_EVAL ? rb_value_text(effect.phase) : NULL, NULL);
    size_t nth = 0;
    for (size_t i = 0; i < past_count; i++)
        nth += alike(&past[i], wish, effect.kind);
    for (size_t i = 0; i < tape->count; i++) {
        if (alike(&tape->events[i], wish, effect.kind) && nth-- == 0)
            return &tape->events[i];
    }
    return effect.kind == RB_EFFECT_ASK ? nobody(tape, wish) : NULL;
}
