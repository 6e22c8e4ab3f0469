#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/brief.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "render/words.h"

enum { OVERDUE = 1 };

enum { NAMED_MAX = 3 };

/* "b: skipped, preflight.backup: skipped, and 4 more" */
static void add_overrides(struct rb_buf *out, const struct rb_value *overrides)
{
    size_t count = rb_value_count(overrides);
    for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
        rb_buf_puts(out, i == 0 ? "; by a person: " : ", ");
        rb_words_override_name(out, rb_value_at(overrides, i));
    }
    if (count > NAMED_MAX)
        rb_buf_printf(out, ", and %zu more", count - NAMED_MAX);
}

/* What whoever reads on has to know, each after a semicolon. */
static void add_remarks(struct rb_buf *out, const struct rb_value *brief)
{
    const char *waits = rb_value_get_text(brief, "waits_for", NULL);
    if (waits)
        rb_buf_printf(out, "; %s", waits);
    if (rb_value_get_bool(brief, "rolls_back", false))
        rb_buf_puts(out, "; THE ROLLBACK IS NOT COMPLETE");
    rb_words_list(out, rb_value_get(brief, "left"), "; NOT TAKEN BACK: ");
    add_overrides(out, rb_value_get(brief, "overrides"));
    if (rb_value_get_bool(brief, "handed_over", false))
        rb_buf_printf(out, "; handed over to %s", rb_value_get_text(brief, "operator", ""));
}

static void print_text(const struct rb_value *briefs, bool late)
{
    for (size_t i = 0; i < rb_value_count(briefs); i++) {
        const struct rb_value *brief = rb_value_at(briefs, i);
        RB_AUTO_BUF struct rb_buf status = {0}, remarks = {0};
        rb_words_status(rb_value_get_text(brief, "status", ""), rb_value_get(brief, "left"),
                        &status);
        add_remarks(&remarks, brief);
        printf("%-23s %-12s %-22s %.19sZ%s%s\n", rb_value_get_text(brief, "run", ""),
               rb_buf_text(&status), rb_value_get_text(brief, "runbook", ""),
               rb_value_get_text(brief, "started", ""), remarks.length ? " " : "",
               remarks.length ? rb_buf_text(&remarks) + 1 : "");
    }
    if (rb_value_count(briefs) == 0 && !late)
        fputs("no runs yet; `runbook exec FILE` makes one\n", stderr);
}

int rb_cmd_list(const struct rb_args *args)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *ids = NULL;
    if (!rb_history_store(args, &store, &err) || !rb_store_list(store, &ids, &err)) {
        rb_store_close(store);
        return rb_report(&err);
    }
    struct rb_list_builder list = {0};
    bool late = rb_args_flag(args, "overdue");
    for (size_t i = 0; i < rb_value_count(ids); i++) {
        const struct rb_value *brief =
            rb_brief(store, rb_value_as_text(rb_value_at(ids, i), ""));
        if (!late || rb_value_get_bool(brief, "overdue", false))
            rb_list_add(&list, brief);
        else
            rb_value_unref(brief);
    }
    bool any = list.count > 0;
    RB_AUTO_VALUE const struct rb_value *briefs = rb_list_end(&list);
    if (rb_args_is(args, "output", "json", false)) {
        RB_AUTO_BUF struct rb_buf out = {0};
        rb_json_print(briefs, 2, &out);
        puts(rb_buf_text(&out));
    } else {
        print_text(briefs, late);
    }
    rb_store_close(store);
    return late && any ? OVERDUE : 0;
}
