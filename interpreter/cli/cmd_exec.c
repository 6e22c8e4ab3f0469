#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/digest.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/session.h"
#include "cli/trust.h"
#include "effects/clock.h"
#include "effects/notes.h"
#include "journal/writer.h"

/* What is to be run, once nothing is wrong with it any more. */
struct order {
    struct rb_buf source;
    struct rb_document *document;
    const struct rb_value *params;
    const struct rb_value *engine;
    struct rb_load_answers answers;
};

static void done(struct order *order)
{
    rb_buf_done(&order->source);
    rb_document_free(order->document);
    rb_value_unref(order->params);
    rb_value_unref(order->engine);
    rb_load_answers_done(&order->answers);
}

static bool nothing_missing(const struct rb_plan *plan, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf missing = {0};
    int count = rb_load_missing(plan, &missing);
    if (count == 0)
        return true;
    fputs(rb_buf_text(&missing), stderr);
    return rb_fail(err, RB_ERR_USAGE,
                   "%d thing%s that the runbook requires %s missing; nothing "
                   "was executed",
                   count, count == 1 ? "" : "s", count == 1 ? "is" : "are");
}

static bool take_order(const struct rb_args *args, struct order *order,
                       struct rb_error *err)
{
    struct rb_diags diags = {0};
    const char *path = args->words[0], *params = rb_args_value(args, "params");
    if (!rb_trust_file(path, err) || (params && !rb_trust_file(params, err)))
        return false;
    order->document =
        rb_load(path, rb_args_value(args, "environment"), &diags, &order->source, err);
    if (!order->document)
        return false;
    bool good = diags.errors > 0 ||
                rb_load_params(args, order->document, &diags, &order->params, err);
    rb_load_report(&diags, RB_DIAG_TEXT);
    int errors = diags.errors;
    rb_diags_done(&diags);
    if (errors > 0)
        return rb_fail(err, RB_ERR_USAGE, "%s can't be run like this; nothing was executed",
                       path);
    if (good)
        rb_plan_seal(order->document->plan);
    return good && rb_load_answers(args, &order->answers, err) &&
           nothing_missing(order->document->plan, err) &&
           (order->engine = rb_engine_versions(err));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const struct rb_value *hex_of(const unsigned char *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf hex = {0};
    for (size_t i = 0; i < length; i++)
        rb_buf_printf(&hex, "%02x", bytes[i]);
    return rb_value_text(rb_buf_text(&hex));
}

static const struct rb_value *source_of(const char *name, const struct rb_buf *text)
{
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of(text->data, text->length, hex);
    return rb_value_map("name", rb_value_text(name), "sha256",
                        rb_value_textf("sha256:%s", hex), "bytes",
                        rb_value_int((int64_t)text->length), NULL);
}

/* Where they come from, never what they are; NULL: there are none. */
static const struct rb_value *secrets_of(const struct rb_plan *plan)
{
    struct rb_map_builder map = {0};
    for (int i = 0; i < plan->secret_count; i++)
        rb_map_add(&map, plan->secrets[i].name, rb_value_ref(plan->secrets[i].source));
    return map.count > 0 ? rb_map_end(&map) : NULL;
}

/* The payload of run.created, less what the session adds. */
static const struct rb_value *created(const char *path, const struct order *order,
                                      const struct rb_run *run)
{
    const struct rb_plan *plan = order->document->plan;
    unsigned char nonce[32];
    char cwd[PATH_MAX] = "/";
    if (getentropy(nonce, sizeof nonce) != 0 || !getcwd(cwd, sizeof cwd))
        return NULL;
    return rb_value_map("run", rb_value_text(run->id), "runbook", rb_value_text(plan->name),
                        "title", plan->title ? rb_value_text(plan->title) : NULL, "file",
                        rb_value_text(path), "nonce", hex_of(nonce, sizeof nonce), "plan",
                        rb_value_textf("sha256:%s", plan->digest), "sources",
                        rb_value_list(source_of(base_name(path), &order->source), NULL),
                        "environment",
                        plan->environment ? rb_value_text(plan->environment) : NULL,
                        "params", rb_value_ref(order->params), "secrets", secrets_of(plan),
                        "environ", rb_environ(plan), "cwd", rb_value_text(cwd), NULL);
}

/* What the run needs later on, even after a boot; one sync serves all. */
static bool keep_files(struct rb_run *run, const char *path, const struct order *order,
                       struct rb_error *err)
{
    const struct rb_buf *plan = &order->document->plan->canonical;
    char boot[RB_BOOT_ID + 1];
    if (!rb_note_boot_id(boot, err))
        return false;
    const struct rb_run_file files[] = {
        {"sources", base_name(path), order->source.data, order->source.length},
        {NULL, "plan.json", plan->data, plan->length},
        {NULL, RB_NOTE_BOOT, boot, strlen(boot)}};
    return rb_run_fill(run, files, RB_COUNT(files), err);
}

static bool create_run(struct rb_store *store, struct rb_run **ret_run,
                       struct rb_error *err)
{
    unsigned char entropy;
    char id[32];
    for (int tries = 0; tries < 10; tries++) {
        if (getentropy(&entropy, sizeof entropy) != 0)
            return rb_fail_errno(err, RB_ERR_IO, "no randomness for the run's id");
        rb_run_make_id(rb_clock_utc(), entropy, id);
        if (rb_run_create(store, id, ret_run, err))
            return true;
        if (err->sys != EEXIST)
            break;
    }
    return false;
}

static int perform(const struct rb_args *args, const struct order *order,
                   struct rb_store *store, struct rb_run *run, struct rb_error *err)
{
    struct rb_writer *writer = NULL;
    if (!keep_files(run, args->words[0], order, err) ||
        !rb_writer_create(run, &writer, err))
        return rb_report(err);
    RB_AUTO_VALUE const struct rb_value *payload = created(args->words[0], order, run);
    struct rb_state *state = rb_state_new(order->document->plan);
    struct rb_state *shown = rb_state_new(order->document->plan);
    const struct rb_session_start start = {.args = args,
                                           .store = store,
                                           .run = run,
                                           .state = state,
                                           .shown = shown,
                                           .writer = writer,
                                           .answers = &order->answers,
                                           .engine = order->engine,
                                           .file = args->words[0],
                                           .epoch = 1,
                                           .asks = true,
                                           .first = RB_EV_RUN_CREATED,
                                           .payload = payload};
    int status = payload ? rb_session_run(&start) : 70;
    rb_writer_close(writer);
    rb_state_free(shown);
    rb_state_free(state);
    return status;
}

int rb_cmd_exec(const struct rb_args *args)
{
    struct order order = {0};
    struct rb_store *store = NULL;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    int status;
    if (take_order(args, &order, &err) &&
        rb_store_open(rb_args_value(args, "store"), &store, &err) &&
        create_run(store, &run, &err))
        status = perform(args, &order, store, run, &err);
    else
        status = rb_report(&err);
    rb_run_close(run);
    rb_store_close(store);
    done(&order);
    return status;
}
