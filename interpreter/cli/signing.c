#include "cli/signing.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "cli/asked.h"
#include "cli/run_signers.h"
#include "cli/shown.h"
#include "core/question.h"
#include "core/statement.h"
#include "effects/signers.h"

void rb_signing_done(struct rb_signing *signing)
{
    rb_value_unref(signing->created);
    rb_value_unref(signing->question);
    rb_value_unref(signing->overrides);
    rb_value_unref(signing->signers);
    rb_called_done(&signing->called);
    rb_buf_done(&signing->source);
    rb_buf_done(&signing->roster);
    rb_buf_done(&signing->shown);
    rb_document_free(signing->own);
    *signing = (struct rb_signing){0};
}

static bool show(struct rb_signing *signing, struct rb_error *err)
{
    char hex[RB_DIGEST_HEX + 1];
    const struct rb_shown showing = {.document = signing->document,
                                     .created = signing->created,
                                     .utc = signing->created_utc,
                                     .question = signing->question,
                                     .overrides = signing->overrides};
    if (!rb_shown_text(&showing, &signing->shown, err))
        return false;
    rb_digest_of(rb_buf_text(&signing->shown), signing->shown.length, hex);
    snprintf(signing->digest, sizeof signing->digest, "sha256:%s", hex);
    return true;
}

/* Is it one that somebody elsewhere may answer, and that nobody has answered? */
static bool is_open(const struct rb_node *node)
{
    return node->active && node->active->question &&
           (node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_UNANSWERED ||
            (node->phase == RB_PHASE_WAITING && node->active->entering));
}

static bool is_named(const struct rb_value *question, const char *name)
{
    RB_AUTO_FREE char *own = rb_question_name(question);
    if (name)
        return strcmp(own, name) == 0;
    return strcmp(rb_value_get_text(question, "kind", ""), "approval") == 0;
}

static const struct rb_value *find(const struct rb_state *state, const char *name,
                                   int *ret_count, struct rb_buf *ret_others)
{
    const struct rb_value *found = NULL;
    *ret_count = 0;
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        if (!is_open(node))
            continue;
        RB_AUTO_FREE char *own = rb_question_name(node->active->question);
        rb_buf_printf(ret_others, "%s%s", ret_others->length ? ", " : "", own);
        if (!is_named(node->active->question, name))
            continue;
        found = node->active->question;
        ++*ret_count;
    }
    return found;
}

static bool choose(const struct rb_history *history, const char *name,
                   const struct rb_value **ret_question, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf others = {0};
    int count;
    *ret_question = find(history->state, name, &count, &others);
    if (count == 1)
        return true;
    const char *run = history->run->id;
    if (count > 1)
        return rb_fail(err, RB_ERR_USAGE,
                       "%s waits for more than one approval: say which by --item: %s", run,
                       rb_buf_text(&others));
    if (others.length == 0)
        return rb_fail(err, RB_ERR_USAGE, "%s waits for nobody's answer", run);
    return rb_fail(err, RB_ERR_USAGE, "%s does not wait for %s; what is open: %s", run,
                   name ? name : "an approval", rb_buf_text(&others));
}

bool rb_signing_of_run(const struct rb_history *history, const char *name,
                       struct rb_signing *ret_signing, struct rb_error *err)
{
    const struct rb_value *question;
    struct rb_asked asked;
    struct rb_run_signers signers = {0};
    if (!choose(history, name, &question, err) ||
        !rb_asked_find(history->run, rb_value_get_int(question, "q", -1), &asked, err))
        return false;
    struct rb_signing signing = {.document = history->document,
                                 .created = rb_value_ref(history->created),
                                 .created_utc = history->state->created_utc,
                                 .question = asked.question,
                                 .overrides = asked.overrides,
                                 .seq = asked.seq};
    const struct rb_source *source = history->document->source;
    memcpy(signing.hash, asked.hash, sizeof signing.hash);
    rb_buf_append(&signing.source, source->text, source->length);
    bool good =
        rb_history_called(history, &signing.called, err) &&
        rb_run_signers_read(history->run, history->created, &signers, err) &&
        (!rb_value_get(history->created, "signers") ||
         rb_run_get(history->run, "sources", RB_SIGNERS_NAME, &signing.roster, err)) &&
        show(&signing, err);
    signing.signers = rb_value_ref(signers.lines);
    rb_run_signers_done(&signers);
    if (good)
        *ret_signing = signing;
    else
        rb_signing_done(&signing);
    return good;
}

void rb_signing_request(const struct rb_signing *signing, struct rb_buf *out)
{
    struct rb_map_builder called = {0};
    for (int i = 0; i < signing->called.count; i++) {
        const struct rb_called_file *one = signing->called.items[i];
        rb_map_add(&called, one->path,
                   rb_value_string(rb_buf_text(&one->text), one->text.length));
    }
    RB_AUTO_VALUE const struct rb_value *file = rb_value_map(
        "v", rb_value_int(1), "called", called.count > 0 ? rb_map_end(&called) : NULL,
        "created", rb_value_ref(signing->created), "utc",
        rb_value_int(signing->created_utc), "question", rb_value_ref(signing->question),
        "overrides", rb_value_ref(signing->overrides), "seq", rb_value_int(signing->seq),
        "head", rb_value_text(signing->hash), "source",
        rb_value_string(rb_buf_text(&signing->source), signing->source.length), "signers",
        rb_value_string(rb_buf_text(&signing->roster), signing->roster.length), NULL);
    rb_json_encode(file, out);
    rb_buf_putc(out, '\n');
}

/* What runs is made of the runbook here, not believed. */
static bool compile(struct rb_signing *signing, struct rb_error *err)
{
    struct rb_diags diags = {0};
    RB_AUTO_BUF struct rb_buf plan = {0};
    signing->own =
        rb_called_compile(signing->created, &signing->source, &signing->called, &diags);
    bool good = diags.errors == 0 && signing->own->plan;
    rb_diags_done(&diags);
    if (good) {
        rb_plan_seal(signing->own->plan);
        rb_buf_printf(&plan, "sha256:%s", signing->own->plan->digest);
    }
    signing->document = signing->own;
    return strcmp(rb_buf_text(&plan), rb_value_get_text(signing->created, "plan", "")) ==
               0 ||
           rb_fail(
               err, RB_ERR_INVALID,
               "the runbook in it does not give the plan that it names: it was changed, "
               "or made with another version of runbook");
}

static void take_called(const struct rb_value *called, struct rb_called_files *files)
{
    for (size_t i = 0; i < rb_value_count(called); i++) {
        const struct rb_value *text = rb_value_member_at(called, i);
        RB_AUTO_BUF struct rb_buf bytes = {0};
        rb_buf_append(&bytes, rb_value_as_text(text, ""), rb_value_length(text));
        rb_called_add(files, rb_value_as_text(rb_value_key_at(called, i), ""), &bytes);
    }
}

static bool take(const struct rb_value *file, struct rb_signing *signing,
                 struct rb_error *err)
{
    const struct rb_value *source = rb_value_get(file, "source");
    const struct rb_value *roster = rb_value_get(file, "signers");
    const struct rb_value *created = rb_value_get(file, "created");
    const struct rb_value *question = rb_value_get(file, "question");
    const char *head = rb_value_get_text(file, "head", "");
    if (rb_value_get_int(file, "v", 0) != 1 || !rb_value_is(created, RB_MAP) ||
        !rb_question_is_signed(question) || strlen(head) != RB_HASH_HEX ||
        !rb_value_is(source, RB_STRING) || rb_value_length(source) > RB_SOURCE_MAX)
        return rb_fail(
            err, RB_ERR_INVALID,
            "it is no request, as `runbook approve RUN --request FILE` writes it");
    signing->created = rb_value_ref(created);
    signing->question = rb_value_ref(question);
    signing->overrides = rb_value_ref(rb_value_get(file, "overrides"));
    signing->created_utc = rb_value_get_int(file, "utc", 0);
    signing->seq = rb_value_get_int(file, "seq", -1);
    memcpy(signing->hash, head, sizeof signing->hash);
    rb_buf_append(&signing->source, rb_value_as_text(source, ""), rb_value_length(source));
    take_called(rb_value_get(file, "called"), &signing->called);
    signing->signers =
        rb_signers_read(rb_value_as_text(roster, ""), rb_value_length(roster));
    return compile(signing, err) && show(signing, err);
}

bool rb_signing_of_request(const char *bytes, size_t length, struct rb_signing *ret_signing,
                           struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *file = NULL;
    struct rb_signing signing = {0};
    while (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (!rb_json_decode(bytes, length, &file, err))
        return rb_error_prefix(err, "it is no request");
    if (take(file, &signing, err)) {
        *ret_signing = signing;
        return true;
    }
    rb_signing_done(&signing);
    return false;
}
