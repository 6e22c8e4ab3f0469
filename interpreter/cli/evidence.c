#include "cli/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/output.h"
#include "core/core.h"
#include "core/front.h"
#include "journal/blob.h"

/* Of what was printed or answered, so much is shown; all of it is in its blob. */
enum { EXCERPT_BYTES = 4096, EXCERPT_LINES = 20 };

struct collected {
    const char *step;
    struct rb_list_builder
        events; /* {seq, t, type, d, request of an intent, number of a look} */
};

static bool is_shown(enum rb_event_type type)
{
    return type == RB_EV_EVAL_RESULT || type == RB_EV_EFFECT_INTENT ||
           type == RB_EV_EFFECT_RESULT || type == RB_EV_EFFECT_NOTED ||
           type == RB_EV_QUESTION_ASKED || type == RB_EV_QUESTION_ANSWERED;
}

/* The record has its digest, from which `replay` knows that it was this one. */
static const struct rb_value *request_of(const struct rb_state *state, const char *key)
{
    /* Every action's request is found as a process's is. */
    const struct rb_effect effect = {.kind = RB_EFFECT_PROCESS,
                                     .node = rb_front_find(state, key)};
    const struct rb_value *request = NULL;
    struct rb_error err;
    if (effect.node < 0 || !rb_effect_request(state, &effect, &request, &err))
        return NULL;
    return request;
}

/* Which look of a gate or a guard this evaluation was, or NULL. */
static const struct rb_value *look_of(const struct rb_state *state,
                                      const struct rb_event *event)
{
    int node = rb_front_find(state, rb_value_get_text(event->d, "step", ""));
    bool looks = event->type == RB_EV_EVAL_RESULT &&
                 strcmp(rb_value_get_text(event->d, "phase", ""), "gate") == 0;
    return looks && node >= 0 ? rb_value_int(state->nodes[node].active->polls) : NULL;
}

static void watch(void *context, const struct rb_state *state,
                  const struct rb_record *record)
{
    struct collected *collected = context;
    enum rb_event_type type = record->event.type;
    const char *key = rb_value_get_text(record->event.d, "step", "");
    char t[28];
    if (!is_shown(type) || !rb_output_is_about(collected->step, key))
        return;
    rb_time_format(record->event.utc, t);
    rb_list_add(&collected->events,
                rb_value_map("seq", rb_value_int(record->seq), "t", rb_value_text(t),
                             "type", rb_value_text(rb_event_name(type)), "d",
                             rb_value_ref(record->event.d), "request",
                             type == RB_EV_EFFECT_INTENT ? request_of(state, key) : NULL,
                             "look", look_of(state, &record->event), NULL));
}

static void print_line(const char *label, const struct rb_value *value)
{
    RB_AUTO_BUF struct rb_buf text = {0}, clean = {0};
    rb_json_print(value, 0, &text);
    rb_text_visible(rb_buf_text(&text), text.length, false, &clean);
    printf("  %-9s %s\n", label, rb_buf_text(&clean));
}

static void print_lines(const struct rb_buf *text, int64_t bytes)
{
    RB_AUTO_BUF struct rb_buf clean = {0};
    rb_text_visible(rb_buf_text(text), text->length, true, &clean);
    const char *at = rb_buf_text(&clean);
    int lines = 0;
    for (; *at && lines < EXCERPT_LINES; lines++) {
        size_t length = strcspn(at, "\n");
        printf("            | %.*s\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
    if (*at || (int64_t)text->length < bytes)
        printf("            | ... of %lld bytes in all\n", (long long)bytes);
}

/* The beginning of each stream of an outcome, and of each result's rows: as a table, where there is one. */
static void print_excerpts(const struct rb_history *history, const struct rb_value *outcome)
{
    static const char *const members[] = {"out", "err", "table"};
    for (size_t i = 0; i < RB_COUNT(members); i++) {
        const struct rb_value *reference = rb_value_get(outcome, members[i]);
        const char *hex = rb_blob_hex(reference);
        RB_AUTO_BUF struct rb_buf text = {0};
        struct rb_error err;
        if (strcmp(members[i], "out") == 0 && rb_value_get(outcome, "table"))
            continue;
        if (hex && rb_blob_read(history->run->dir, hex, 0, EXCERPT_BYTES, &text, &err))
            print_lines(&text, rb_value_get_int(reference, "bytes", 0));
        else if (hex)
            printf("            | %s: %s\n", members[i], err.message);
    }
    const struct rb_value *results = rb_value_get(outcome, "results");
    for (size_t i = 0; i < rb_value_count(results); i++) {
        const struct rb_value *table = rb_value_get(rb_value_at(results, i), "table");
        RB_AUTO_VALUE const struct rb_value *alone =
            rb_value_map("table", rb_value_ref(table), NULL);
        print_excerpts(history, alone);
    }
}

/* A value to be filled in has the number of its expression for a name. */
static const char *name_of(const struct rb_plan *plan, const struct rb_value *item)
{
    const char *name = rb_value_get_text(item, "name", "");
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    bool numbered = *name && !*end && number < (unsigned long)plan->expr_count;
    return numbered ? plan->exprs[number].source : name;
}

static void print_item(const struct rb_plan *plan, const struct rb_value *item)
{
    RB_AUTO_BUF struct rb_buf line = {0}, clean = {0};
    const char *wrong = rb_value_get_text(item, "error", NULL);
    const char *verdict = rb_value_get_text(item, "verdict", NULL);
    const char *why = rb_value_get_text(item, "why", NULL);
    rb_buf_printf(&line, "%s: ", name_of(plan, item));
    if (wrong)
        rb_buf_printf(&line, "unknown: %s", wrong);
    else if (verdict)
        rb_buf_printf(&line, "%s%s%s", verdict, why ? ": " : "", why ? why : "");
    else
        rb_json_print(rb_value_get(item, "value"), 0, &line);
    rb_text_visible(rb_buf_text(&line), line.length, false, &clean);
    printf("  %-9s %s\n", "says", rb_buf_text(&clean));
    const struct rb_value *seen = rb_value_get(item, "seen");
    for (size_t i = 0; i < rb_value_count(seen); i++)
        print_line("compared", rb_value_at(seen, i));
}

static void print_evaluation(const struct rb_history *history, const struct rb_value *d)
{
    const struct rb_value *evidence = rb_value_get(d, "evidence");
    const struct rb_value *items = rb_value_get(d, "items");
    for (size_t i = 0; i < rb_value_count(evidence); i++) {
        const struct rb_value *one = rb_value_at(evidence, i);
        RB_AUTO_VALUE const struct rb_value *asked =
            rb_value_map(rb_value_get_text(one, "call", ""),
                         rb_value_ref(rb_value_get(one, "req")), NULL);
        print_line("asked", asked);
        print_line("answered", rb_value_get(one, "outcome"));
        print_excerpts(history, rb_value_get(one, "outcome"));
    }
    for (size_t i = 0; i < rb_value_count(items); i++)
        print_item(history->document->plan, rb_value_at(items, i));
}

/* Who said what to which question. */
static void print_answer(const struct rb_value *d)
{
    static const char *const members[] = {"answer",   "value", "reason", "note",
                                          "evidence", "by",    "via"};
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < RB_COUNT(members); i++) {
        const struct rb_value *member = rb_value_get(d, members[i]);
        if (member)
            rb_map_add(&map, members[i], rb_value_ref(member));
    }
    RB_AUTO_VALUE const struct rb_value *answer = rb_map_end(&map);
    print_line("answered", answer);
}

static void print_note(const struct rb_history *history, const struct rb_value *d)
{
    static const char *const looks[] = {"before", "after"}; /* of a review */
    const struct rb_value *note = rb_value_get(d, "note");
    print_line("noted", d);
    print_excerpts(history, note);
    for (size_t i = 0; i < RB_COUNT(looks); i++) {
        const struct rb_value *look = rb_value_get(note, looks[i]);
        if (look)
            printf("  %s\n", looks[i]);
        print_excerpts(history, look);
    }
}

static void print_event(const struct rb_history *history, const struct rb_value *event)
{
    const struct rb_value *d = rb_value_get(event, "d");
    const char *type = rb_value_get_text(event, "type", "");
    enum rb_event_type kind = rb_event_find(type);
    int64_t look = rb_value_get_int(event, "look", 0);
    printf("%lld %.19sZ %s, %s %lld: %s\n", (long long)rb_value_get_int(event, "seq", 0),
           rb_value_get_text(event, "t", ""), rb_value_get_text(d, "step", ""),
           look ? "look" : "attempt",
           (long long)(look ? look : rb_value_get_int(d, "attempt", 1)),
           kind == RB_EV_EVAL_RESULT ? rb_value_get_text(d, "phase", "") : type);
    switch (kind) {
    case RB_EV_EVAL_RESULT:
        print_evaluation(history, d);
        break;
    case RB_EV_EFFECT_INTENT:
        print_line("asked", rb_value_get(event, "request"));
        break;
    case RB_EV_EFFECT_NOTED:
        print_note(history, d);
        break;
    case RB_EV_QUESTION_ASKED:
        print_line("asked", rb_value_get(d, "text"));
        break;
    case RB_EV_QUESTION_ANSWERED:
        print_answer(d);
        break;
    default:
        print_line("came", d);
        print_excerpts(history, d);
    }
}

static bool show(const struct rb_args *args, struct collected *collected,
                 struct rb_error *err)
{
    struct rb_history history;
    if (!rb_history_open(args, args->words[0], RB_HISTORY_READ, watch, collected, &history,
                         err))
        return false;
    RB_AUTO_VALUE const struct rb_value *events = rb_list_end(&collected->events);
    bool known = rb_plan_find(history.document->plan, collected->step) >= 0 ||
                 rb_value_count(events) > 0;
    for (size_t i = 0; i < rb_value_count(events); i++) {
        RB_AUTO_BUF struct rb_buf line = {0};
        if (!rb_args_is(args, "output", "json", false)) {
            print_event(&history, rb_value_at(events, i));
            continue;
        }
        rb_json_print(rb_value_at(events, i), 0, &line);
        puts(rb_buf_text(&line));
    }
    if (known && rb_value_count(events) == 0)
        fprintf(stderr, "`%s` has not asked anything\n", collected->step);
    if (!known)
        rb_fail(err, RB_ERR_NOT_FOUND, "%s has no step `%s`", history.run->id,
                collected->step);
    rb_history_done(&history);
    return known;
}

int rb_evidence_show(const struct rb_args *args)
{
    struct collected collected = {.step = args->words[1]};
    struct rb_error err = {0};
    bool good = show(args, &collected, &err);
    rb_value_unref(rb_list_end(&collected.events));
    return good ? 0 : rb_report(&err);
}
