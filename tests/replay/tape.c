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
