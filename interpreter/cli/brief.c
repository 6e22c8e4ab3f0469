#include "cli/brief.h"

#include <string.h>

#include "base/text.h"
#include "cli/duties.h"
#include "cli/status.h"
#include "core/obligation.h"
#include "core/override.h"
#include "journal/reader.h"
#include "render/words.h"

/* What matters of the events so far. */
struct brief {
    const struct rb_value *created, *end, *question, *wait;
    const struct rb_value *operator_now, *duties;
    struct rb_overrides overrides;
    rb_time started;
    bool ended, finished, rolls_back;
};

/* What is of the same step as the event is over. */
static void forget(const struct rb_value **kept, const struct rb_event *event)
{
    if (*kept &&
        rb_value_equal(rb_value_get(*kept, "step"), rb_value_get(event->d, "step")))
        rb_value_put(kept, NULL);
}

static void take_duties(struct brief *brief, const struct rb_event *event)
{
    RB_AUTO_VALUE const struct rb_value *open = rb_obligation_after(brief->duties, event);
    rb_value_put(&brief->duties, open);
}

/* What was signed answers an item; an approval is open until its step ends. */
static void put_away(struct brief *brief, const struct rb_event *event)
{
    const struct rb_value *question = brief->question;
    bool approval = strcmp(rb_value_get_text(question, "kind", ""), "approval") == 0;
    if (question &&
        rb_value_equal(rb_value_get(question, "step"), rb_value_get(event->d, "step")) &&
        !(approval && event->type == RB_EV_APPROVAL_ACCEPTED))
        rb_value_put(&brief->question, NULL);
}

static void take(struct brief *brief, const struct rb_event *event)
{
    rb_overrides_take(&brief->overrides, event);
    switch (event->type) {
    case RB_EV_RUN_CREATED:
        rb_value_put(&brief->created, event->d);
        brief->started = event->utc;
        break;
    case RB_EV_RUN_RESUMED:
        brief->ended = brief->finished = false;
        break;
    case RB_EV_QUESTION_ASKED:
        rb_value_put(&brief->question, event->d);
        break;
    case RB_EV_QUESTION_ANSWERED:
        if (strcmp(rb_value_get_text(event->d, "answer", ""), "wait") != 0)
            rb_value_put(&brief->question, NULL);
        break;
    case RB_EV_WAIT_BEGAN:
        rb_value_put(&brief->wait, event->d);
        break;
    case RB_EV_STEP_ADMITTED: /* its window has opened meanwhile */
        forget(&brief->question, event);
        break;
    case RB_EV_STEP_PASSED:
        forget(&brief->wait, event);
        take_duties(brief, event);
        put_away(brief, event);
        break;
    case RB_EV_RUN_HANDED_OVER:
        rb_value_put(&brief->operator_now, rb_value_get(event->d, "to"));
        break;
    case RB_EV_OBLIGATION_MET:
        take_duties(brief, event);
        break;
    case RB_EV_APPROVAL_ACCEPTED:
    case RB_EV_ATTEMPT_FAILED:
        put_away(brief, event);
        break;
    case RB_EV_ROLLBACK_BEGAN:
        brief->rolls_back = true;
        break;
    case RB_EV_LAST_BEGAN:
        brief->rolls_back = false;
        break;
    case RB_EV_RUN_SUSPENDED:
    case RB_EV_RUN_FINISHED:
        rb_value_put(&brief->end, event->d);
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

/* "2 obligations, 1 overdue: ready.backup" */
static const struct rb_value *duties_text(const struct rb_value *open)
{
    size_t count = rb_value_count(open);
    return rb_value_textf("%zu obligation%s %s", count, count == 1 ? "" : "s",
                          rb_duties_any_overdue(open) ? "open, OVERDUE" : "open");
}

static const struct rb_value *waits_for(const struct brief *brief)
{
    if (brief->finished && brief->duties)
        return duties_text(brief->duties);
    if (brief->finished)
        return NULL;
    if (brief->question) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_words_question(&text, brief->question, false);
        return rb_value_text(rb_buf_text(&text));
    }
    if (brief->wait) {
        char at[28];
        rb_time_format(rb_value_get_int(brief->wait, "at", 0), at);
        return rb_value_textf("it waits until %.10s %.8sZ", at, at + 11);
    }
    return visible(rb_value_get_text(brief->end, "why", NULL));
}

/* What no undo has taken back, as far as that can be told without the plan. */
static const struct rb_value *left_of(const struct brief *brief)
{
    return brief->finished ? rb_value_ref(rb_value_get(brief->end, "left")) : NULL;
}

static const struct rb_value *summary(const struct brief *brief, const struct rb_run *run)
{
    char started[28] = "";
    const struct rb_value *operator= rb_value_get(brief->created, "operator");
    rb_time_format(brief->started, started);
    return rb_value_map(
        "run", rb_value_text(run->id), "status",
        rb_value_text(status_of(brief, rb_run_is_live(run))), "runbook",
        visible(rb_value_get_text(brief->created, "runbook", NULL)), "title",
        visible(rb_value_get_text(brief->created, "title", NULL)), "environment",
        visible(rb_value_get_text(brief->created, "environment", NULL)), "started",
        rb_value_text(started), "operator",
        visible(rb_value_as_text(brief->operator_now,
                                 rb_value_get_text(operator, "user", NULL))),
        "handed_over", brief->operator_now ? rb_value_bool(true) : NULL, "waits_for",
        waits_for(brief), "overrides", rb_value_ref(brief->overrides.list), "rolls_back",
        brief->rolls_back && !brief->finished ? rb_value_bool(true) : NULL, "left",
        left_of(brief), "obligations", brief->duties ? rb_duties_list(brief->duties) : NULL,
        "overdue",
        brief->duties ? rb_value_bool(rb_duties_any_overdue(brief->duties)) : NULL, NULL);
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
    rb_value_unref(brief.operator_now);
    rb_value_unref(brief.duties);
    rb_value_unref(brief.wait);
    rb_overrides_done(&brief.overrides);
    rb_reader_free(reader);
    rb_run_close(run);
    return result;
}
