#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"

/* One thing that was looked at. */
static const struct rb_value *finding(const char *what, bool good, const char *text)
{
    return rb_value_map("what", rb_value_text(what), "ok", rb_value_bool(good), "text",
                        rb_value_text(text), NULL);
}

static const struct rb_value *look_at_store(const struct rb_args *args)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    if (!rb_history_store(args, &store, &err))
        return finding("store", false, err.message);
    const struct rb_value *found = finding("store", true, rb_store_path(store));
    rb_store_close(store);
    return found;
}

static const struct rb_value *look_at_terminal(void)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty >= 0)
        close(tty);
    return finding("terminal", true,
                   tty >= 0
                       ? "questions can be asked here"
                       : "there is none: questions need --answers, or suspend the run");
}

static const struct rb_value *look_at_shell(void)
{
    bool good = access("/bin/bash", X_OK) == 0 || access("/usr/bin/bash", X_OK) == 0;
    return finding("bash", good,
                   good ? "`run:` steps can run" : "`run:` steps need bash; install it");
}

static const struct rb_value *look_at_engine(void)
{
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *versions = rb_engine_versions(&err);
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!versions)
        return finding("engine", false, err.message);
    for (size_t i = 0; i < rb_value_count(versions); i++) {
        rb_buf_printf(&text, "%s%s %s", i ? ", " : "",
                      rb_value_as_text(rb_value_key_at(versions, i), ""),
                      rb_value_as_text(rb_value_member_at(versions, i), ""));
    }
    return finding("engine", true, rb_buf_text(&text));
}

static void add_missing(struct rb_list_builder *list, const char *file,
                        const struct rb_plan *plan)
{
    RB_AUTO_BUF struct rb_buf missing = {0};
    if (rb_load_missing(plan, &missing) == 0)
        rb_list_add(list, finding(file, true, "all that it requires is here"));
    for (const char *at = rb_buf_text(&missing); *at;) {
        size_t length = strcspn(at, "\n");
        RB_AUTO_FREE char *line = rb_strndup(at, length);
        rb_list_add(list, finding(file, false, line));
        at += length + 1;
    }
}

static void print(const struct rb_value *findings)
{
    for (size_t i = 0; i < rb_value_count(findings); i++) {
        const struct rb_value *f = rb_value_at(findings, i);
        printf("%-8s %-10s %s\n", rb_value_get_bool(f, "ok", false) ? "ok" : "MISSING",
               rb_value_get_text(f, "what", ""), rb_value_get_text(f, "text", ""));
    }
}

static bool add_file(struct rb_list_builder *list, const char *file)
{
    struct rb_diags diags = {0};
    struct rb_error err = {0};
    struct rb_document *document = rb_load(file, NULL, &diags, NULL, &err);
    bool good = document && diags.errors == 0;
    if (good)
        add_missing(list, file, document->plan);
    else if (document)
        rb_load_report(&diags, RB_DIAG_TEXT);
    else
        rb_report(&err);
    rb_diags_done(&diags);
    rb_document_free(document);
    return good;
}

int rb_cmd_doctor(const struct rb_args *args)
{
    struct rb_list_builder list = {0};
    rb_list_add(&list, look_at_engine());
    rb_list_add(&list, look_at_store(args));
    rb_list_add(&list, look_at_terminal());
    rb_list_add(&list, look_at_shell());
    bool readable = args->word_count == 0 || add_file(&list, args->words[0]);
    RB_AUTO_VALUE const struct rb_value *findings = rb_list_end(&list);
    int status = readable ? 0 : 2;
    for (size_t i = 0; i < rb_value_count(findings) && status == 0; i++)
        status = rb_value_get_bool(rb_value_at(findings, i), "ok", false) ? 0 : 1;
    if (rb_args_is(args, "output", "json", false)) {
        RB_AUTO_BUF struct rb_buf out = {0};
        rb_json_print(findings, 2, &out);
        puts(rb_buf_text(&out));
    } else {
        print(findings);
    }
    return status;
}
