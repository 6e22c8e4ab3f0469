#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/probe.h"
#include "cli/say.h"
#include "cli/signers_file.h"
#include "effects/keygen.h"

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
    bool good = rb_store_is_ours(store, &err);
    const struct rb_value *found =
        finding("store", good, good ? rb_store_path(store) : err.message);
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
        const char *target = rb_value_get_text(f, "target", NULL);
        bool good = rb_value_get_bool(f, "ok", false);
        rb_say(stdout, "%-8s %-10s %s%s%s",
               good     ? "ok"
               : target ? "FAILED"
                        : "MISSING",
               rb_value_get_text(f, "what", ""), target ? target : "", target ? ": " : "",
               rb_value_get_text(f, "text", ""));
    }
}

/* What signs, judges and verifies: one that answers at all. */
static void add_signing(struct rb_list_builder *list, const struct rb_plan *plan)
{
    static const char *const argv[] = {"ssh-keygen", "-Y", "help", NULL};
    RB_AUTO_BUF struct rb_buf said = {0};
    const struct rb_keygen_call call = {.argv = argv, .limit_ms = 10000};
    if (!rb_plan_is_signed(plan))
        return;
    bool good = rb_keygen_run(&call, &said) >= 0;
    rb_list_add(list,
                finding("ssh-keygen", good,
                        good ? "signatures can be made and judged" : rb_buf_text(&said)));
}

static bool has_connections(const struct rb_plan *plan)
{
    bool has = false;
    for (int i = 0; i < plan->book_count; i++)
        has |= rb_value_count(plan->books[i]->connections) > 0;
    return has;
}

/* What it requires comes before its connections: with these, secrets are taken out of the
 * environment. */
static bool add_document(struct rb_list_builder *list, const struct rb_args *args,
                         const struct rb_document *document, struct rb_diags *diags,
                         struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *params = NULL;
    add_missing(list, args->words[0], document->plan);
    add_signing(list, document->plan);
    if (!has_connections(document->plan))
        return true;
    return rb_load_params(args, document, diags, &params, err) && diags->errors == 0 &&
           rb_probe_all(document, params, NULL, list, err);
}

static bool add_file(struct rb_list_builder *list, const struct rb_args *args)
{
    struct rb_diags diags = {0};
    struct rb_error err = {0};
    struct rb_document *document =
        rb_load(args->words[0], rb_args_value(args, "environment"), &diags, NULL, &err);
    bool good =
        document && diags.errors == 0 && add_document(list, args, document, &diags, &err);
    if (!good && diags.errors > 0)
        rb_load_report(&diags, RB_DIAG_TEXT);
    else if (!good)
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
    bool readable = args->word_count == 0 || add_file(&list, args);
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
