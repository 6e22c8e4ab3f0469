/* Golden traces of the core: a runbook, inputs, and what must follow from them, as text.
 *
 *   trace FILE...            compares; prints the difference
 *   trace --write FILE...    writes what follows into the file instead
 *
 * A file holds a runbook (and behind it those that it calls: tests/tools/several.h), a line `---`, and the
 * trace:
 *   > +5s effect.result {"exit":0}    an input, so much later; step and attempt are filled in,
 *                                     where it names none: those of the last event
 *   > +5s                             time passes, and nothing arrives
 *   @ +2h                             the wall clock is set; `@ -1h`, back; `@ boot`: the machine was
 *                                     booted anew, and its other clock begins from 0
 *   step.passed {...}                 an event that is a decision
 *   ? process process:copy.1.0        what is wanted afterwards; `? wake +5s` for a deadline */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/several.h"
#include "base/file.h"
#include "base/json.h"
#include "core/core.h"

static const rb_time BEGIN = INT64_C(1764000000) * RB_SEC;

struct trace {
    struct rb_state *state;
    rb_time mono;
    rb_time begin; /* what the wall clock said when the other one was 0 */
    struct rb_buf out;
};

static void print_event(struct trace *trace, const struct rb_event *event)
{
    rb_buf_printf(&trace->out, "%s ", rb_event_name(event->type));
    rb_json_encode(event->d, &trace->out);
    rb_buf_putc(&trace->out, '\n');
}

static void print_wanted(struct trace *trace)
{
    static const char *const kinds[] = {"nothing", "eval", "process", "http", "sql",
                                        "mail",    "ask",  "release", "lock"};
    struct rb_effects wanted = {0};
    rb_time wake;
    rb_wanted(trace->state, trace->mono, &wanted, &wake);
    for (int i = 0; i < wanted.count; i++) {
        const struct rb_effect *effect = &wanted.items[i];
        const char *kind = kinds[effect->kind];
        RB_AUTO_BUF struct rb_buf key = {0};
        if (effect->node >= 0)
            rb_node_key(trace->state, effect->node, &key);
        rb_buf_printf(&trace->out, "? %s %s:%s.%d.%d\n", kind,
                      effect->phase ? effect->phase : kind, rb_buf_text(&key),
                      effect->attempt, effect->number);
    }
    if (wake) {
        rb_buf_puts(&trace->out, "? wake +");
        rb_duration_format(wake - trace->mono, &trace->out);
        rb_buf_putc(&trace->out, '\n');
    } else if (wanted.count == 0 && trace->state->phase != RB_RUN_FINISHED &&
               trace->state->phase != RB_RUN_SUSPENDED) {
        rb_buf_puts(&trace->out, "? nothing\n");
    }
    rb_effects_done(&wanted);
}

/* Facts about the current step name it. */
static const struct rb_value *completed(const struct rb_state *state,
                                        const struct rb_value *d)
{
    struct rb_effect effect = {.node = state->current};
    if (state->current < 0)
        return rb_value_ref(d);
    RB_AUTO_VALUE const struct rb_value *about =
        rb_value_map("step", rb_effect_step(state, &effect), "attempt",
                     rb_value_int(rb_state_current(state)->attempt), NULL);
    return rb_value_merge(about, d);
}

static bool put(struct trace *trace, enum rb_event_type type, const struct rb_value *given)
{
    RB_AUTO_VALUE const struct rb_value *d = completed(trace->state, given);
    struct rb_input input = {type, d, trace->begin + trace->mono, trace->mono};
    struct rb_event event;
    if (!rb_decide(trace->state, &input, &event)) {
        rb_buf_puts(&trace->out, "! not accepted\n");
        return true;
    }
    rb_apply(trace->state, &event);
    rb_value_unref(event.d);
    for (int i = 0; rb_decide(trace->state, NULL, &event); i++) {
        if (i > 100)
            return false;
        print_event(trace, &event);
        rb_apply(trace->state, &event);
        rb_value_unref(event.d);
    }
    print_wanted(trace);
    return true;
}

/* "> +5s" */
static bool pass(struct trace *trace, const char *line)
{
    rb_time span;
    if (!rb_duration_parse(line + 3, &span, NULL))
        return false;
    trace->mono += span;
    rb_buf_printf(&trace->out, "%s\n", line);
    print_wanted(trace);
    return true;
}

/* "> +5s effect.result {...}" */
static bool input(struct trace *trace, const char *line)
{
    char later[32], name[64];
    int at = 0;
    rb_time span;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *d = NULL;
    if (strncmp(line, "> +", 3) == 0 && pass(trace, line))
        return true;
    if (sscanf(line, "> +%31s %63s %n", later, name, &at) != 2 ||
        !rb_duration_parse(later, &span, &err) || rb_event_find(name) == RB_EV_COUNT ||
        !rb_json_decode(line + at, strlen(line + at), &d, &err)) {
        fprintf(stderr, "can't read: %s (%s)\n", line, err.message);
        return false;
    }
    trace->mono += span;
    rb_buf_printf(&trace->out, "%s\n", line);
    return put(trace, rb_event_find(name), d);
}

/* "@ +2h" */
static bool set_clock(struct trace *trace, const char *line)
{
    rb_time span;
    struct rb_error err = {0};
    rb_buf_printf(&trace->out, "%s\n", line);
    if (strcmp(line, "@ boot") == 0) {
        trace->begin += trace->mono;
        trace->mono = 0;
        return true;
    }
    if (strlen(line) < 4 || !rb_duration_parse(line + 3, &span, &err)) {
        fprintf(stderr, "can't read: %s (%s)\n", line, err.message);
        return false;
    }
    trace->begin += line[2] == '-' ? -span : span;
    return true;
}

static bool follow(struct trace *trace, char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == '#')
            rb_buf_printf(&trace->out, "%s\n", line);
        else if (line[0] == '>' && !input(trace, line))
            return false;
        else if (line[0] == '@' && !set_clock(trace, line))
            return false;
    }
    return true;
}

static struct rb_document *compile(const char *path, const char *text, size_t length)
{
    struct rb_diags diags = {0};
    struct several several;
    several_split(&several, text, length);
    struct rb_document *document = several_read(&several, path, NULL, true, &diags);
    several_done(&several);
    for (int i = 0; i < diags.count; i++)
        fprintf(stderr, "%s:%d: %s\n", path, diags.items[i].span.line,
                diags.items[i].message);
    bool good = diags.errors == 0;
    rb_diags_done(&diags);
    if (good)
        return document;
    rb_document_free(document);
    return NULL;
}

static bool conclude(const char *path, const char *head, size_t head_length,
                     const char *want, const struct trace *trace, bool write)
{
    if (strcmp(want, rb_buf_text(&trace->out)) == 0)
        return true;
    if (!write) {
        fprintf(stderr, "%s: what follows is\n%s", path, rb_buf_text(&trace->out));
        return false;
    }
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "%.*s%s", (int)head_length, head, rb_buf_text(&trace->out));
    return fclose(file) == 0;
}

static bool run(const char *path, bool write)
{
    RB_AUTO_BUF struct rb_buf file = {0};
    struct rb_error err = {0};
    if (!rb_file_read(AT_FDCWD, path, RB_SOURCE_MAX, &file, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return false;
    }
    const char *mark = strstr(rb_buf_text(&file), "\n---\n");
    if (!mark)
        return fprintf(stderr, "%s: no line ---\n", path) < 0;
    size_t head = (size_t)(mark + 5 - rb_buf_text(&file));
    struct rb_document *document = compile(path, rb_buf_text(&file), head - 4);
    if (!document)
        return false;
    struct trace trace = {
        .state = rb_state_new(document->plan), .mono = RB_SEC, .begin = BEGIN};
    RB_AUTO_FREE char *text = rb_strdup(rb_buf_text(&file) + head);
    bool good = follow(&trace, text) && conclude(path, rb_buf_text(&file), head,
                                                 rb_buf_text(&file) + head, &trace, write);
    rb_buf_done(&trace.out);
    rb_state_free(trace.state);
    rb_document_free(document);
    return good;
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
    int bad = 0, first = 1 + write;
    for (int i = first; i < argc; i++)
        bad += !run(argv[i], write);
    printf("%d traces, %d that differ\n", argc - first, bad);
    return bad > 0 || argc == first;
}
