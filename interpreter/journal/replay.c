#include "journal/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "core/core.h"
#include "core/front.h"

enum { SHOWN_MAX = 300 };

struct player {
    struct rb_state *state;
    struct rb_effects wanted;
    rb_replay_eval *eval;
    void *context;
    struct rb_replay *replay;
    int writer; /* of the last record, and what that was */
    enum rb_event_type last;
};

/* The type and payload of an event, or of nothing, as far as there is room. */
static void describe(const struct rb_event *event, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf json = {0}, visible = {0};
    if (!event) {
        rb_buf_puts(out, "nothing");
        return;
    }
    rb_json_encode(event->d, &json);
    rb_text_visible(json.data, json.length, false, &visible);
    bool cut = visible.length > SHOWN_MAX;
    size_t shown = cut ? rb_text_valid_utf8(visible.data, SHOWN_MAX) : visible.length;
    rb_buf_printf(out, "%s %.*s%s", rb_event_name(event->type), (int)shown, visible.data,
                  cut ? "..." : "");
}

static bool stop(struct player *player, int64_t seq, const char *what)
{
    player->replay->seq = seq;
    snprintf(player->replay->what, sizeof player->replay->what, "%s", what);
    return false;
}

static bool differ(struct player *player, int64_t seq, const struct rb_buf *what)
{
    player->replay->differs = true;
    return stop(player, seq, rb_buf_text(what));
}

static bool differ_events(struct player *player, int64_t seq,
                          const struct rb_event *recorded, const struct rb_event *derived)
{
    RB_AUTO_BUF struct rb_buf what = {0};
    rb_buf_puts(&what, "recorded ");
    describe(recorded, &what);
    rb_buf_puts(&what, ", derived ");
    describe(derived, &what);
    return differ(player, seq, &what);
}

static bool same_bytes(const struct rb_value *a, const struct rb_value *b)
{
    if (rb_value_equal(a, b))
        return true;
    RB_AUTO_BUF struct rb_buf left = {0}, right = {0};
    rb_json_encode(a, &left);
    rb_json_encode(b, &right);
    return left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
}

static bool check_decision(struct player *player, const struct rb_record *record)
{
    const struct rb_event *recorded = &record->event;
    struct rb_event derived = {0};
    if (!rb_decide(player->state, NULL, &derived))
        return differ_events(player, record->seq, recorded, NULL);
    bool same = derived.type == recorded->type && same_bytes(derived.d, recorded->d);
    bool good = same && derived.utc == recorded->utc && derived.mono == recorded->mono;
    if (!same)
        differ_events(player, record->seq, recorded, &derived);
    else if (!good) {
        RB_AUTO_BUF struct rb_buf what = {0};
        rb_buf_printf(
            &what, "%s is recorded with another time than that of the fact it follows from",
            rb_event_name(recorded->type));
        differ(player, record->seq, &what);
    }
    rb_value_unref(derived.d);
    return good;
}

/* A crash may have cut off decisions that were due; a resumed run decides anew, and who only
 * remarks something decides nothing. */
static bool begins_anew(const struct player *player, const struct rb_record *record)
{
    enum rb_event_type type = record->event.type;
    return type == RB_EV_RUN_RESUMED || type == RB_EV_TAIL_RECOVERED ||
           (rb_event_is_remark(type) &&
            (record->writer != player->writer || player->last == RB_EV_TAIL_RECOVERED));
}

static bool check_quiet(struct player *player, const struct rb_record *record)
{
    struct rb_event due = {0};
    if (begins_anew(player, record) || !rb_decide(player->state, NULL, &due))
        return true;
    differ_events(player, record->seq, &record->event, &due);
    rb_value_unref(due.d);
    return false;
}

static bool check_fact(struct player *player, const struct rb_record *record)
{
    const struct rb_event *recorded = &record->event;
    struct rb_input input = {.type = recorded->type,
                             .d = recorded->d,
                             .utc = recorded->utc,
                             .mono = recorded->mono};
    struct rb_event taken = {0};
    if (rb_decide(player->state, &input, &taken)) {
        rb_value_unref(taken.d);
        return true;
    }
    RB_AUTO_BUF struct rb_buf what = {0};
    rb_buf_puts(&what, "recorded ");
    describe(recorded, &what);
    rb_buf_puts(&what, ", which nothing had asked for");
    return differ(player, record->seq, &what);
}

/* Nothing can be concluded from an evaluation that was cut off, so that a record that says so
 * must not hold more than that. */
static bool says_nothing(const struct rb_value *items)
{
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        const char *verdict = rb_value_get_text(item, "verdict", "unknown");
        if (!rb_value_get(item, "error") || rb_value_get(item, "value") ||
            strcmp(verdict, "unknown") != 0)
            return false;
    }
    return true;
}

/* What was wanted of the step that the result names, or NULL. */
static const struct rb_effect *wanted_eval(struct player *player,
                                           const struct rb_event *event)
{
    rb_time deadline;
    const char *key = rb_value_get_text(event->d, "step", NULL);
    int node = key ? rb_front_find(player->state, key) : -1;
    rb_wanted(player->state, event->mono, &player->wanted, &deadline);
    for (int i = 0; i < player->wanted.count; i++) {
        const struct rb_effect *effect = &player->wanted.items[i];
        if (effect->kind == RB_EFFECT_EVAL && effect->node == node)
            return effect;
    }
    return NULL;
}

static bool evaluate(struct player *player, const struct rb_event *event,
                     const struct rb_value **ret_items, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *job = NULL;
    const struct rb_effect *effect = wanted_eval(player, event);
    if (!effect)
        return rb_fail(err, RB_ERR_RECORD, "nothing was to be evaluated");
    return rb_effect_request(player->state, effect, &job, err) &&
           player->eval(player->context, job, rb_value_get(event->d, "evidence"), ret_items,
                        err);
}

static bool check_eval(struct player *player, const struct rb_record *record)
{
    const struct rb_value *d = record->event.d;
    const struct rb_value *recorded = rb_value_get(d, "items");
    RB_AUTO_VALUE const struct rb_value *derived = NULL;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf what = {0};
    if (rb_value_get_bool(d, "cut", false) && says_nothing(recorded)) {
        player->replay->timeouts++;
        return true;
    }
    if (!evaluate(player, &record->event, &derived, &err)) {
        player->replay->missing = err.code == RB_ERR_NOT_FOUND;
        if (player->replay->missing)
            return stop(player, record->seq, err.message);
        rb_buf_printf(&what, "cannot be evaluated again: %s", err.message);
        return differ(player, record->seq, &what);
    }
    player->replay->evaluations++;
    if (same_bytes(recorded, derived))
        return true;
    struct rb_event again = {.type = RB_EV_EVAL_RESULT};
    RB_AUTO_VALUE const struct rb_value *items =
        rb_value_map("items", rb_value_ref(derived), NULL);
    again.d = items;
    return differ_events(player, record->seq, &record->event, &again);
}

static bool play(struct player *player, const struct rb_record *record)
{
    const struct rb_event *event = &record->event;
    bool fact = rb_event_is_fact(event->type);
    bool good = fact ? check_quiet(player, record) && check_fact(player, record)
                     : check_decision(player, record);
    if (good && player->eval && event->type == RB_EV_EVAL_RESULT)
        good = check_eval(player, record);
    if (!good)
        return false;
    player->replay->facts += fact;
    player->replay->decisions += !fact;
    rb_apply(player->state, event);
    player->writer = record->writer;
    player->last = event->type;
    return true;
}

/* A record that goes on may lack the decisions that are due; one that ended may not. */
static void check_end(struct player *player, int64_t seq)
{
    struct rb_event due = {0};
    enum rb_run_phase phase = player->state->phase;
    if (!rb_decide(player->state, NULL, &due))
        return;
    if (phase == RB_RUN_FINISHED || phase == RB_RUN_SUSPENDED)
        differ_events(player, seq, NULL, &due);
    else
        snprintf(player->replay->what, sizeof player->replay->what,
                 "the record ends before %s, which was due", rb_event_name(due.type));
    rb_value_unref(due.d);
}

static bool play_all(struct player *player, struct rb_reader *reader, struct rb_error *err)
{
    const struct rb_record *record = NULL;
    for (;;) {
        switch (rb_reader_next(reader, &record, err)) {
        case RB_READ_RECORD:
            if (!play(player, record))
                return true;
            break;
        case RB_READ_BAD:
            return false;
        case RB_READ_END:
        case RB_READ_TORN:
            check_end(player, rb_reader_at(reader)->seq + 1);
            return true;
        }
    }
}

bool rb_replay_run(const struct rb_plan *plan, struct rb_reader *reader,
                   rb_replay_eval *eval, void *context, struct rb_replay *ret_replay,
                   struct rb_error *err)
{
    struct rb_replay replay = {0};
    struct player player = {.eval = eval, .context = context, .replay = &replay};
    player.state = rb_state_new(plan);
    bool read = play_all(&player, reader, err);
    replay.finished = player.state->phase == RB_RUN_FINISHED;
    rb_effects_done(&player.wanted);
    rb_state_free(player.state);
    if (read)
        *ret_replay = replay;
    return read;
}
