#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/brief.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"

static void print_text(const struct rb_value *briefs)
{
    for (size_t i = 0; i < rb_value_count(briefs); i++) {
        const struct rb_value *brief = rb_value_at(briefs, i);
        printf("%-26s %-12s %-24s %.19sZ  %s\n", rb_value_get_text(brief, "run", ""),
               rb_value_get_text(brief, "status", ""),
               rb_value_get_text(brief, "runbook", ""),
               rb_value_get_text(brief, "started", ""),
               rb_value_get_text(brief, "waits_for", ""));
    }
    if (rb_value_count(briefs) == 0)
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
    for (size_t i = 0; i < rb_value_count(ids); i++)
        rb_list_add(&list, rb_brief(store, rb_value_as_text(rb_value_at(ids, i), "")));
    RB_AUTO_VALUE const struct rb_value *briefs = rb_list_end(&list);
    if (rb_args_is(args, "output", "json", false)) {
        RB_AUTO_BUF struct rb_buf out = {0};
        rb_json_print(briefs, 2, &out);
        puts(rb_buf_text(&out));
    } else {
        print_text(briefs);
    }
    rb_store_close(store);
    return 0;
}
