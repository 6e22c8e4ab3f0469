#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/evidence.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/output.h"
#include "render/words.h"

static const long FOLLOW_NS = 200L * 1000 * 1000;

/* What has been shown so far of a journal that may be growing. */
struct showing {
    const struct rb_args *args;
    int64_t next; /* seq of the first record not shown yet */
    struct rb_story story;
    bool json, events;
};

static void print_place(const struct rb_record *record)
{
    char t[28];
    rb_time_format(record->event.utc, t);
    printf("%5lld %.23sZ ", (long long)record->seq, t);
}

static void print_event(const struct rb_record *record)
{
    RB_AUTO_BUF struct rb_buf text = {0}, clean = {0};
    rb_json_print(record->event.d, 0, &text);
    rb_text_visible(rb_buf_text(&text), text.length, false, &clean);
    print_place(record);
    printf("%-20s %s\n", rb_event_name(record->event.type), rb_buf_text(&clean));
}

static void print_sentence(const struct rb_story *story, const struct rb_state *state,
                           const struct rb_record *record)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!rb_words_event(story, state, &record->event, &text))
        return;
    print_place(record);
    puts(rb_buf_text(&text));
}

static void print_json(const struct rb_record *record)
{
    char t[28];
    rb_time_format(record->event.utc, t);
    RB_AUTO_VALUE const struct rb_value *all =
        rb_value_map("seq", rb_value_int(record->seq), "t", rb_value_text(t), "w",
                     rb_value_int(record->writer), "type",
                     rb_value_text(rb_event_name(record->event.type)), "d",
                     rb_value_ref(record->event.d), "h", rb_value_text(record->hash), NULL);
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(all, 0, &out);
    puts(rb_buf_text(&out));
}

static void show(void *context, const struct rb_state *state,
                 const struct rb_record *record)
{
    struct showing *showing = context;
    if (record->seq == 0) /* read afresh: the story is told from its beginning again */
        rb_story_done(&showing->story);
    rb_story_feed(&showing->story, state, &record->event);
    if (record->seq < showing->next)
        return;
    showing->next = record->seq + 1;
    if (showing->json) {
        print_json(record);
        return;
    }
    if (showing->events)
        print_event(record);
    else
        print_sentence(&showing->story, state, record);
}

/* A journal that grows is read afresh from its beginning: the chain is checked each time. */
static bool show_once(struct showing *showing, bool *ret_live, struct rb_error *err)
{
    struct rb_history history;
    if (!rb_history_open(showing->args, showing->args->words[0], RB_HISTORY_READ, show,
                         showing, &history, err))
        return false;
    *ret_live = rb_run_is_live(history.run);
    rb_history_done(&history);
    fflush(stdout);
    return true;
}

static int show_events(const struct rb_args *args)
{
    struct showing showing = {.args = args,
                              .json = rb_args_is(args, "output", "json", false),
                              .events = rb_args_flag(args, "events")};
    struct rb_error err = {0};
    bool live = false;
    bool follow = rb_args_flag(args, "follow");
    bool good;
    do {
        good = show_once(&showing, &live, &err);
        if (good && follow && live)
            nanosleep(&(struct timespec){.tv_nsec = FOLLOW_NS}, NULL);
    } while (good && follow && live);
    rb_story_done(&showing.story);
    return good ? 0 : rb_report(&err);
}

int rb_cmd_logs(const struct rb_args *args)
{
    bool evidence = rb_args_flag(args, "evidence");
    struct rb_error err = {0};
    if (args->word_count > 1)
        return evidence ? rb_evidence_show(args) : rb_output_show(args);
    if (!evidence)
        return show_events(args);
    rb_fail(&err, RB_ERR_INVALID,
            "--evidence is of one step: runbook logs RUN STEP --evidence");
    return rb_report(&err);
}
