#include "cli/brief.h"

#include <string.h>

#include "base/text.h"
#include "cli/status.h"
#include "journal/reader.h"

/* What matters of the events so far. */
struct brief {
    const struct rb_value *created, *end, *question;
    rb_time started;
    bool ended, finished;
};

static void keep(const struct rb_value **slot, const struct rb_value *value)
{
    const struct rb_value *old = *slot;
    *slot = value ? rb_value_ref(value) : NULL;
    rb_value_unref(old);
}

static void take(struct brief *brief, const struct rb_event *event)
{
    switch (event->type) {
    case RB_EV_RUN_CREATED:
        keep(&brief->created, event->d);
        brief->started = event->utc;
        break;
    case RB_EV_RUN_RESUMED:
        brief->ended = brief->finished = false;
        break;
    case RB_EV_QUESTION_ASKED:
        keep(&brief->question, event->d);
        break;
    case RB_EV_QUESTION_ANSWERED:
        keep(&brief->question, NULL);
        break;
    case RB_EV_RUN_SUSPENDED:
    case RB_EV_RUN_FINISHED:
        keep(&brief->end, event->d);
        brief->ended = true;
        brief->finished = event->type == RB_EV_RUN_FINISHED;
        break;
    default:
        break;
    }
}

static const char *status_of(const struct brief *brief, bool live)
{
    enum rb_run_phase phase = brief->finished ? RB_RUN_FINISHED
                              : brief->ended  ? RB_RUN_SUSPENDED
                                              : RB_RUN_RUNNING;
    return rb_run_status(phase, brief->end, live);
}

static const struct rb_value *visible(const char *text)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    if (!text)
        return NULL;
    rb_text_visible(text, strlen(text), false, &out);
    return rb_value_text(rb_buf_text(&out));
}

static const struct rb_value *waits_for(const struct brief *brief)
{
    if (brief->finished)
        return NULL;
    const char *text = rb_value_get_text(brief->question, "text", NULL);
    return visible(text ? text : rb_value_get_text(brief->end, "why", NULL));
}

static const struct rb_value *summary(const struct brief *brief, const struct rb_run *run)
{
    char started[28] = "";
    const struct rb_value *operator= rb_value_get(brief->created, "operator");
    rb_time_format(brief->started, started);
    return rb_value_map("run", rb_value_text(run->id), "status",
                        rb_value_text(status_of(brief, rb_run_is_live(run))), "runbook",
                        visible(rb_value_get_text(brief->created, "runbook", NULL)),
                        "title", visible(rb_value_get_text(brief->created, "title", NULL)),
                        "environment",
                        visible(rb_value_get_text(brief->created, "environment", NULL)),
                        "started", rb_value_text(started), "operator",
                        visible(rb_value_get_text(operator, "user", NULL)), "waits_for",
                        waits_for(brief), NULL);
}

static const struct rb_value *unsound(const char *id, const struct rb_error *err)
{
    return rb_value_map("run", rb_value_text(id), "status", rb_value_text("unsound"),
                        "waits_for", rb_value_text(err->message), NULL);
}

const struct rb_value *rb_brief(struct rb_store *store, const char *id)
{
    struct rb_run *run = NULL;
    struct rb_reader *reader = NULL;
    struct rb_error err = {0};
    struct brief brief = {0};
    const struct rb_record *record;
    enum rb_read got = RB_READ_BAD;
    if (rb_run_open(store, id, &run, &err) && rb_reader_open(run->dir, &reader, &err)) {
        while ((got = rb_reader_next(reader, &record, &err)) == RB_READ_RECORD)
            take(&brief, &record->event);
    }
    const struct rb_value *result =
        got == RB_READ_BAD ? unsound(id, &err) : summary(&brief, run);
    rb_value_unref(brief.created);
    rb_value_unref(brief.end);
    rb_value_unref(brief.question);
    rb_reader_free(reader);
    rb_run_close(run);
    return result;
}
