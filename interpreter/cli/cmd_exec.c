#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/digest.h"
#include "cli/claim.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/operator.h"
#include "cli/pools.h"
#include "cli/preview.h"
#include "cli/run_signers.h"
#include "cli/session.h"
#include "cli/signers_file.h"
#include "cli/stay.h"
#include "cli/trust.h"
#include "effects/clock.h"
#include "effects/notes.h"
#include "journal/writer.h"

/* What is to be run, once nothing is wrong with it any more. */
struct order {
    struct rb_load_bytes source;
    struct rb_document *document;
    const struct rb_value *params;
    const struct rb_value *engine;
    const struct rb_value *here;
    struct rb_load_answers answers;
    struct rb_signers_file signers;
};

static void done(struct order *order)
{
    rb_load_bytes_done(&order->source);
    rb_document_free(order->document);
    rb_value_unref(order->params);
    rb_value_unref(order->engine);
    rb_value_unref(order->here);
    rb_load_answers_done(&order->answers);
    rb_signers_file_done(&order->signers);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
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

/* Only where something has to be signed. */
static bool take_signers(const struct rb_args *args, struct order *order,
                         struct rb_error *err)
{
    const char *path = args->words[0];
    if (!rb_plan_is_signed(order->document->plan))
        return true;
    if (strcmp(base_name(path), RB_SIGNERS_NAME) == 0)
        return rb_fail(err, RB_ERR_USAGE,
                       "%s: a runbook that has to be signed needs another name", path);
    return rb_signers_file_read(args, order->document->plan, path, &order->signers, err);
}

static bool take_order(const struct rb_args *args, struct order *order,
                       struct rb_error *err)
{
    struct rb_diags diags = {0};
    const char *path = args->words[0], *params = rb_args_value(args, "params");
    rb_time stay;
    if (!rb_stay_read(args, false, &stay, err))
        return false;
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
           rb_pools_allow(order->document, order->params, err) &&
           take_signers(args, order, err) && (order->engine = rb_engine_versions(err)) &&
           (order->here = rb_here(err));
}

static const struct rb_value *hex_of(const unsigned char *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf hex = {0};
    for (size_t i = 0; i < length; i++)
        rb_buf_printf(&hex, "%02x", bytes[i]);
    return rb_value_text(rb_buf_text(&hex));
}

static const struct rb_value *source_of(const char *name, const char *path,
                                        const struct rb_buf *text)
{
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of(text->data, text->length, hex);
    return rb_value_map("name", rb_value_text(name), "sha256",
                        rb_value_textf("sha256:%s", hex), "bytes",
                        rb_value_int((int64_t)text->length), "path",
                        path ? rb_value_text(path) : NULL, NULL);
}

/* The runbook first; those with a path are called. */
static const struct rb_value *sources_of(const char *path, const struct order *order)
{
    const struct rb_called_files *called = &order->source.called;
    struct rb_list_builder list = {0};
    rb_list_add(&list, source_of(base_name(path), NULL, &order->source.runbook));
    if (order->signers.lines)
        rb_list_add(&list, source_of(RB_SIGNERS_NAME, NULL, &order->signers.text));
    for (int i = 0; i < called->count; i++) {
        RB_AUTO_FREE char *name = rb_called_name(called, i);
        rb_list_add(&list,
                    source_of(name, called->items[i]->path, &called->items[i]->text));
    }
    return rb_list_end(&list);
}

/* Whose keys count in this run, whatever becomes of the file; which are revoked by then, another file
 * says at its time. NULL: nothing is to be signed. */
static const struct rb_value *signers_of(const struct order *order)
{
    const struct rb_signers_file *signers = &order->signers;
    if (!signers->lines)
        return NULL;
    RB_AUTO_VALUE const struct rb_value *source =
        source_of(RB_SIGNERS_NAME, NULL, &signers->text);
    RB_AUTO_VALUE const struct rb_value *paths =
        rb_value_map("path", rb_value_text(signers->path), "revoked",
                     signers->revoked ? rb_value_text(signers->revoked) : NULL, NULL);
    return rb_value_merge(source, paths);
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
                                      const struct rb_run *run, struct rb_error *err)
{
    const struct rb_plan *plan = order->document->plan;
    unsigned char nonce[32];
    if (getentropy(nonce, sizeof nonce) != 0) {
        rb_fail_errno(err, RB_ERR_IO, "no randomness for the run's nonce");
        return NULL;
    }
    return rb_value_map(
        "run", rb_value_text(run->id), "runbook", rb_value_text(plan->name), "title",
        plan->title ? rb_value_text(plan->title) : NULL, "file", rb_value_text(path),
        "nonce", hex_of(nonce, sizeof nonce), "plan",
        rb_value_textf("sha256:%s", plan->digest), "sources", sources_of(path, order),
        "signers", signers_of(order), "environment",
        plan->environment ? rb_value_text(plan->environment) : NULL, "params",
        rb_value_ref(order->params), "secrets", secrets_of(plan), "environ",
        rb_environ(plan), "cwd", rb_value_ref(order->here), NULL);
}

/* What the run needs later on, even after a boot; one sync serves all. */
static bool keep_files(struct rb_run *run, const char *path, const struct order *order,
                       struct rb_error *err)
{
    const struct rb_buf *plan = &order->document->plan->canonical;
    char boot[RB_BOOT_ID + 1];
    if (!rb_note_boot_id(boot, err))
        return false;
    const struct rb_called_files *called = &order->source.called;
    const struct rb_buf *own = &order->source.runbook;
    const struct rb_run_file always[] = {
        {"sources", base_name(path), own->data, own->length},
        {NULL, "plan.json", plan->data, plan->length},
        {NULL, RB_NOTE_BOOT, boot, strlen(boot)},
        {"sources", RB_SIGNERS_NAME, order->signers.text.data, order->signers.text.length}};
    size_t count = RB_COUNT(always) - !order->signers.lines;
    size_t most = count + (size_t)called->count;
    RB_AUTO_FREE struct rb_run_file *files = rb_alloc(most * sizeof *files);
    memcpy(files, always, count * sizeof *files);
    for (int i = 0; i < called->count; i++) {
        const struct rb_buf *text = &called->items[i]->text;
        files[count + (size_t)i] = (struct rb_run_file){
            "sources", rb_called_name(called, i), text->data, text->length};
    }
    bool good = rb_run_fill(run, files, most, err);
    for (size_t i = count; i < most; i++)
        free((char *)files[i].name);
    return good;
}

/* Which they are is known before the run: what the start of a run evaluates looks at nothing. */
static bool claim_locks(const struct rb_args *args, const struct order *order,
                        struct rb_store *store, struct rb_claim *claim,
                        struct rb_error *err)
{
    struct rb_preview preview;
    if (!rb_claim_open(store, order->document->plan, NULL, claim, err))
        return false;
    if (!claim->locks)
        return rb_claim_id(claim->run, err);
    if (!rb_preview_new(order->document, order->params, &preview, err))
        return false;
    bool taken = rb_claim_take(args, claim, preview.state->locks, err);
    rb_preview_done(&preview);
    return taken;
}

static bool create_run(const struct rb_args *args, const struct order *order,
                       struct rb_store *store, struct rb_claim *claim,
                       struct rb_run **ret_run, struct rb_error *err)
{
    for (int tries = 0; tries < 10; tries++) {
        rb_claim_done(claim);
        if (!claim_locks(args, order, store, claim, err))
            return false;
        if (rb_run_create(store, claim->run, ret_run, err))
            return true;
        if (err->sys != EEXIST)
            break;
    }
    return false;
}

static int perform(const struct rb_args *args, const struct order *order,
                   struct rb_store *store, struct rb_run *run, const struct rb_claim *claim,
                   struct rb_error *err)
{
    struct rb_writer *writer = NULL;
    if (!keep_files(run, args->words[0], order, err) ||
        !rb_writer_create(run, &writer, err))
        return rb_report(err);
    RB_AUTO_VALUE const struct rb_value *payload = created(args->words[0], order, run, err);
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
                                           .document = order->document,
                                           .signers = order->signers.lines,
                                           .file = args->words[0],
                                           .locks = claim->locks,
                                           .lock_holder = claim->holder,
                                           .epoch = 1,
                                           .asks = true,
                                           .first = RB_EV_RUN_CREATED,
                                           .payload = payload};
    int status = payload ? rb_session_run(&start) : rb_report(err);
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
    struct rb_claim claim = {0};
    struct rb_error err = {0};
    int status;
    if (rb_clock_check(&err) && take_order(args, &order, &err) &&
        rb_store_open(rb_args_value(args, "store"), &store, &err) &&
        rb_store_is_ours(store, &err) &&
        create_run(args, &order, store, &claim, &run, &err))
        status = perform(args, &order, store, run, &claim, &err);
    else
        status = rb_report(&err);
    rb_claim_done(&claim);
    rb_run_close(run);
    rb_store_close(store);
    done(&order);
    return status;
}
