#include "cli/inbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "cli/left.h"
#include "cli/questions.h"
#include "cli/received.h"
#include "cli/run_signers.h"
#include "core/front.h"
#include "core/question.h"
#include "core/statement.h"
#include "effects/clock.h"
#include "render/words.h"

struct open_question {
    const struct rb_value *step, *question;
    int64_t attempt;
    bool told; /* that nobody answers */
};

struct rb_inbox {
    struct rb_inbox_options o;
    uv_fs_event_t watch;
    struct rb_run_signers signers;
    struct open_question *items;
    size_t count, capacity;
    char **judged; /* "NAME Q": what was judged for which question */
    size_t judged_count, judged_capacity;
    int64_t *closed; /* the questions that were open and are no more */
    size_t closed_count, closed_capacity;
    /* What is being judged, and for which question. */
    struct rb_signed signed_;
    struct rb_buf revoked;
    char *mark;
    int64_t q;
    struct rb_signature_check *check;
    bool judging, looking;
};

static struct open_question *open_at(struct rb_inbox *inbox, const char *step)
{
    for (size_t i = 0; i < inbox->count; i++) {
        if (strcmp(rb_value_as_text(inbox->items[i].step, ""), step) == 0)
            return &inbox->items[i];
    }
    return NULL;
}

static struct open_question *open_of(struct rb_inbox *inbox, int64_t q)
{
    for (size_t i = 0; i < inbox->count; i++) {
        if (rb_value_get_int(inbox->items[i].question, "q", -1) == q)
            return &inbox->items[i];
    }
    return NULL;
}

static bool was_judged(const struct rb_inbox *inbox, const char *mark)
{
    for (size_t i = 0; i < inbox->judged_count; i++) {
        if (strcmp(inbox->judged[i], mark) == 0)
            return true;
    }
    return false;
}

static void look(struct rb_inbox *inbox);

static void put(struct rb_inbox *inbox, const struct open_question *open,
                enum rb_event_type type, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *step = rb_value_ref(open->step);
    inbox->o.put(inbox->o.context, step, open->attempt, type, owned);
}

static void broke(struct rb_inbox *inbox, const struct rb_error *err)
{
    inbox->o.broke(inbox->o.context, err);
}

static void let_go(struct rb_inbox *inbox)
{
    rb_signed_done(&inbox->signed_);
    rb_buf_done(&inbox->revoked);
    free(inbox->mark);
    inbox->mark = NULL;
}

/* A question that was closed meanwhile has no use for it; the mark is of that one alone. */
static void judged(void *context, enum rb_signature found, const char *why)
{
    struct rb_inbox *inbox = context;
    const struct open_question *open = open_of(inbox, inbox->q);
    RB_AUTO_VALUE const struct rb_value *payload = NULL;
    struct rb_error err = {0};
    inbox->check = NULL;
    const struct rb_received received = {.run = inbox->o.run,
                                         .document = inbox->o.document,
                                         .created = inbox->o.state->created,
                                         .created_utc = inbox->o.state->created_utc,
                                         .question = open ? open->question : NULL,
                                         .signed_ = &inbox->signed_,
                                         .revoked = inbox->signers.revoked ? &inbox->revoked
                                                                           : NULL,
                                         .found = found,
                                         .why = why,
                                         .keep = true};
    RB_GROW(inbox->judged, inbox->judged_count, inbox->judged_capacity);
    inbox->judged[inbox->judged_count++] = rb_strdup(inbox->mark);
    if (open && !rb_received_payload(&received, &payload, &err))
        broke(inbox, &err);
    else if (open)
        put(inbox, open, RB_EV_APPROVAL_RECEIVED, rb_value_ref(payload));
    let_go(inbox);
    inbox->judging = false;
    look(inbox);
}

/* Without the list of revoked keys no signature is known to be sound. */
static void judge(struct rb_inbox *inbox)
{
    struct rb_error err = {0};
    inbox->judging = true;
    if (!rb_run_signers_revoked(inbox->signers.revoked, &inbox->revoked, &err)) {
        judged(inbox, RB_SIGNATURE_UNKNOWN, err.message);
        return;
    }
    const struct rb_signature_claim claim = {
        .signed_ = &inbox->signed_,
        .signers = inbox->signers.lines,
        .revoked = inbox->signers.revoked ? &inbox->revoked : NULL,
        .utc = rb_clock_utc()};
    struct rb_signature_check *check =
        rb_signature_start(inbox->o.loop, &claim, judged, inbox);
    if (check)
        inbox->check = check;
}

/* What can't be read may be half written: it is looked at again when it changes. */
static bool take_signed(struct rb_inbox *inbox, const char *name)
{
    RB_AUTO_BUF struct rb_buf mark = {0};
    struct rb_signed got = {0};
    if (!rb_left_read(inbox->o.run, name, &got))
        return false;
    const struct open_question *open =
        open_at(inbox, rb_value_get_text(got.statement, "step", ""));
    int64_t q = open ? rb_value_get_int(open->question, "q", -1) : -1;
    rb_buf_printf(&mark, "%s %lld", name, (long long)q);
    if (!open || !rb_question_is_signed(open->question) ||
        was_judged(inbox, rb_buf_text(&mark))) {
        rb_signed_done(&got);
        return false;
    }
    inbox->signed_ = got;
    inbox->mark = rb_buf_take(&mark);
    inbox->q = q;
    judge(inbox);
    return true;
}

static void take_answer(struct rb_inbox *inbox, const struct open_question *open)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *answer = NULL;
    struct rb_error err = {0};
    int64_t q = rb_value_get_int(open->question, "q", -1);
    char name[32];
    snprintf(name, sizeof name, "answer.%lld", (long long)q);
    if (!rb_run_get(inbox->o.run, "inbox", name, &text, &err) ||
        !rb_json_decode(rb_buf_text(&text), text.length, &answer, &err) ||
        !rb_question_allows(open->question, answer, &err))
        return;
    RB_AUTO_VALUE const struct rb_value *which =
        rb_value_map("q", rb_value_int(q), "via", rb_value_text("confirm"), NULL);
    put(inbox, open, RB_EV_QUESTION_ANSWERED, rb_value_merge(answer, which));
}

static void take_answers(struct rb_inbox *inbox)
{
    for (size_t i = 0; i < inbox->count; i++) {
        if (!rb_question_is_signed(inbox->items[i].question) && !inbox->items[i].told)
            take_answer(inbox, &inbox->items[i]);
    }
}

static bool judge_next(struct rb_inbox *inbox)
{
    RB_AUTO_VALUE const struct rb_value *names = rb_left_names(inbox->o.run);
    for (size_t i = 0; i < rb_value_count(names); i++) {
        if (take_signed(inbox, rb_value_as_text(rb_value_key_at(names, i), "")))
            return true;
    }
    return false;
}

static const struct rb_node *node_of(const struct rb_inbox *inbox,
                                     const struct open_question *open)
{
    int at = rb_front_find(inbox->o.state, rb_value_as_text(open->step, ""));
    return at >= 0 ? &inbox->o.state->nodes[at] : NULL;
}

/* Its time has come while nobody ran it: the timer is about to say so, and what follows from that is
 * not that nobody has answered yet. */
static bool is_over(const struct rb_inbox *inbox, const struct open_question *open)
{
    const struct rb_node *node = node_of(inbox, open);
    return node && rb_node_is_due(node, rb_clock_mono());
}

static const struct rb_value *why_unanswered(const struct rb_inbox *inbox,
                                             const struct open_question *open)
{
    const struct rb_node *node = node_of(inbox, open);
    const struct rb_value *accepted = node && node->active ? node->active->approvals : NULL;
    RB_AUTO_BUF struct rb_buf text = {0};
    if (rb_value_count(inbox->signers.lines) == 0)
        return rb_value_text("nobody can sign: the run began without a file of signers");
    if (rb_value_count(accepted) == 0)
        return rb_value_text("nobody has signed yet");
    for (size_t i = 0; i < rb_value_count(accepted); i++) {
        const struct rb_value *one = rb_value_at(accepted, i);
        rb_buf_printf(&text, "%s%s as %s", i > 0 ? ", " : "only ",
                      rb_value_get_text(one, "by", ""), rb_value_get_text(one, "role", ""));
    }
    return rb_value_string(rb_buf_text(&text), text.length);
}

/* All there is has been looked at. */
static void tell_nobody(struct rb_inbox *inbox)
{
    bool none = rb_value_count(inbox->signers.lines) == 0;
    for (size_t i = 0; i < inbox->count; i++) {
        struct open_question *open = &inbox->items[i];
        if (!rb_question_is_signed(open->question) || open->told ||
            (inbox->o.waits && !none) || is_over(inbox, open))
            continue;
        open->told = true;
        put(inbox, open, RB_EV_QUESTION_UNANSWERED,
            rb_value_map("q", rb_value_ref(rb_value_get(open->question, "q")), "why",
                         why_unanswered(inbox, open), NULL));
        i = (size_t)-1; /* what is open may be other questions by now */
    }
}

static void look(struct rb_inbox *inbox)
{
    if (inbox->judging || inbox->looking || inbox->count == 0)
        return;
    inbox->looking = true;
    bool more = true;
    while (more && !inbox->judging)
        more = judge_next(inbox);
    inbox->looking = false;
    if (!inbox->judging)
        tell_nobody(inbox);
}

static void changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct rb_inbox *inbox = handle->data;
    (void)name;
    (void)events;
    (void)status;
    take_answers(inbox);
    look(inbox);
}

/* The loop goes on while somebody may still answer. */
static void hold_loop(struct rb_inbox *inbox)
{
    if (inbox->o.waits && inbox->count > 0)
        uv_ref((uv_handle_t *)&inbox->watch);
    else
        uv_unref((uv_handle_t *)&inbox->watch);
}

static void opened(void *self, const struct rb_value *step, int64_t attempt,
                   const struct rb_value *question)
{
    struct rb_inbox *inbox = self;
    struct rb_error err = {0};
    if (!inbox->signers.lines && rb_question_is_signed(question) &&
        !rb_run_signers_read(inbox->o.run, inbox->o.state->created, &inbox->signers,
                             &err)) {
        broke(inbox, &err);
        return;
    }
    RB_GROW(inbox->items, inbox->count, inbox->capacity);
    inbox->items[inbox->count++] = (struct open_question){
        .step = rb_value_ref(step), .question = rb_value_ref(question), .attempt = attempt};
    hold_loop(inbox);
    take_answers(inbox);
    look(inbox);
}

static void shut(void *self, int64_t q)
{
    struct rb_inbox *inbox = self;
    struct open_question *open = open_of(inbox, q);
    if (!open)
        return;
    RB_GROW(inbox->closed, inbox->closed_count, inbox->closed_capacity);
    inbox->closed[inbox->closed_count++] = q;
    rb_value_unref(open->step);
    rb_value_unref(open->question);
    *open = inbox->items[--inbox->count];
    hold_loop(inbox);
}

/* A run that is suspended has closed what it will ask again. */
static bool was_closed(const struct rb_inbox *inbox, int64_t q)
{
    RB_AUTO_VALUE const struct rb_value *open = rb_questions_open(inbox->o.state);
    for (size_t i = 0; i < rb_value_count(open); i++) {
        if (rb_value_get_int(rb_value_at(open, i), "q", -1) == q)
            return false;
    }
    for (size_t i = 0; i < inbox->closed_count; i++) {
        if (inbox->closed[i] == q)
            return true;
    }
    return false;
}

static void tell_uncounted(const struct rb_inbox *inbox, const char *name,
                           struct rb_buf *out)
{
    RB_CLEANUP(rb_signed_done) struct rb_signed left = {0};
    if (!rb_left_read(inbox->o.run, name, &left) ||
        strcmp(rb_value_get_text(left.statement, "run", ""), inbox->o.run->id) != 0 ||
        !was_closed(inbox, rb_value_get_int(left.statement, "q", -1)) ||
        rb_left_is_recorded(inbox->o.run, &left))
        return;
    rb_words_text(out, rb_value_get_text(left.statement, "step", ""));
    rb_buf_puts(out, ": ");
    rb_left_words(&left, out);
    rb_buf_puts(out, ", was not counted: the question was closed before it was judged\n");
}

void rb_inbox_uncounted(const struct rb_inbox *inbox, struct rb_buf *out)
{
    if (inbox->closed_count == 0)
        return;
    RB_AUTO_VALUE const struct rb_value *names = rb_left_names(inbox->o.run);
    for (size_t i = 0; i < rb_value_count(names); i++)
        tell_uncounted(inbox, rb_value_as_text(rb_value_key_at(names, i), ""), out);
}

struct rb_elsewhere rb_inbox_elsewhere(struct rb_inbox *inbox)
{
    return (struct rb_elsewhere){.self = inbox, .open = opened, .close = shut};
}

struct rb_inbox *rb_inbox_new(const struct rb_inbox_options *options)
{
    struct rb_inbox *inbox = rb_alloc(sizeof *inbox);
    RB_AUTO_BUF struct rb_buf path = {0};
    inbox->o = *options;
    rb_buf_printf(&path, "%s/inbox", options->run->path);
    uv_fs_event_init(options->loop, &inbox->watch);
    inbox->watch.data = inbox;
    uv_fs_event_start(&inbox->watch, changed, rb_buf_text(&path), 0);
    uv_unref((uv_handle_t *)&inbox->watch);
    return inbox;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rb_inbox_free(struct rb_inbox *inbox)
{
    if (!inbox)
        return;
    rb_signature_end(inbox->check);
    while (inbox->count > 0)
        shut(inbox, rb_value_get_int(inbox->items[0].question, "q", -1));
    for (size_t i = 0; i < inbox->judged_count; i++)
        free(inbox->judged[i]);
    let_go(inbox);
    rb_run_signers_done(&inbox->signers);
    free(inbox->judged);
    free(inbox->closed);
    free(inbox->items);
    uv_close((uv_handle_t *)&inbox->watch, closed);
}

bool rb_inbox_leave_signed(struct rb_run *run, const char *bytes, size_t length,
                           char **ret_name, struct rb_error *err)
{
    char hex[RB_DIGEST_HEX + 1];
    RB_AUTO_BUF struct rb_buf name = {0};
    rb_digest_of(bytes, length, hex);
    rb_buf_printf(&name, "signed.%.16s", hex);
    if (!rb_run_put(run, "inbox", rb_buf_text(&name), bytes, length, err))
        return err->sys == EEXIST ? rb_fail(err, RB_ERR_REFUSED,
                                            "this signed answer was left there already")
                                  : false;
    *ret_name = rb_buf_take(&name);
    return true;
}

bool rb_inbox_leave_answer(struct rb_run *run, int64_t q, const struct rb_value *answer,
                           struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    char name[32];
    rb_json_encode(answer, &text);
    snprintf(name, sizeof name, "answer.%lld", (long long)q);
    return rb_run_put(run, "inbox", name, text.data, text.length, err) ||
           (err->sys == EEXIST &&
            rb_fail(err, RB_ERR_REFUSED,
                    "somebody else has answered this question already"));
}
