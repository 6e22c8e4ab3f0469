#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/again.h"
#include "cli/approvals.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "journal/verify.h"

enum { UNSOUND = 7 };

static const char *const words[] = {"PASS", "FAIL", "ABSENT"};

static struct rb_level *level(struct rb_verification *verification, const char *name)
{
    for (size_t i = 0; i < RB_COUNT(verification->levels); i++) {
        if (strcmp(verification->levels[i].name, name) == 0)
            return &verification->levels[i];
    }
    return NULL;
}

static void say(struct rb_level *at, enum rb_finding finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct rb_level *at, enum rb_finding finding, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    at->finding = finding;
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it has just begun
    vsnprintf(at->text, sizeof at->text, format, list);
    va_end(list);
}

/* Decisions can only be derived from a record whose chain holds. */
static void derive(const struct rb_args *args, const char *id,
                   struct rb_verification *verification)
{
    struct rb_history history;
    struct rb_replay replay;
    struct rb_error err = {0};
    struct rb_level *at = level(verification, "DECISIONS");
    if (level(verification, "CHAIN")->finding == RB_FINDING_FAIL) {
        say(at, RB_FINDING_ABSENT, "not derived: the chain does not hold");
        return;
    }
    if (!rb_history_begin(args, id, &history, &err)) {
        say(at, err.code == RB_ERR_OPEN ? RB_FINDING_ABSENT : RB_FINDING_FAIL, "%s",
            err.message);
        return;
    }
    bool derived = rb_again(&history, &replay, &err);
    bool whole = level(verification, "EVIDENCE")->finding == RB_FINDING_PASS;
    if (derived && replay.missing) {
        say(at, RB_FINDING_ABSENT, "not derived to the end: %.300s", replay.what);
    } else if (!whole && (!derived || replay.differs)) {
        say(at, RB_FINDING_ABSENT, "not derived to the end: EVIDENCE is not whole");
    } else if (!derived) {
        say(at, RB_FINDING_FAIL, "%s", err.message);
    } else if (replay.differs) {
        say(at, RB_FINDING_FAIL, "seq %lld: %.300s", (long long)replay.seq, replay.what);
    } else {
        say(at, replay.decisions > 0 ? RB_FINDING_PASS : RB_FINDING_ABSENT,
            "%lld decisions derived from %lld facts, %lld evaluations repeated",
            (long long)replay.decisions, (long long)replay.facts,
            (long long)replay.evaluations);
    }
    rb_history_done(&history);
}

/* Signatures are over a record whose chain holds, or over nothing. */
static void verify_signatures(const struct rb_args *args, const struct rb_auditor *auditor,
                              const char *id, struct rb_verification *verification)
{
    struct rb_history history;
    struct rb_error err = {0};
    struct rb_level *at = level(verification, "APPROVALS");
    if (level(verification, "CHAIN")->finding == RB_FINDING_FAIL ||
        !rb_history_begin(args, id, &history, &err)) {
        say(at, RB_FINDING_ABSENT, "not verified: %s",
            err.code == RB_OK ? "the chain does not hold" : err.message);
        return;
    }
    verification->unproven = !rb_approvals_verify(auditor, &history, at);
    rb_history_done(&history);
}

static const struct rb_value *as_json(const struct rb_run *run,
                                      const struct rb_verification *verification)
{
    struct rb_list_builder levels = {0};
    for (size_t i = 0; i < RB_COUNT(verification->levels); i++) {
        const struct rb_level *at = &verification->levels[i];
        rb_list_add(&levels, rb_value_map("name", rb_value_text(at->name), "finding",
                                          rb_value_text(words[at->finding]), "text",
                                          rb_value_text(at->text), NULL));
    }
    return rb_value_map(
        "run", rb_value_text(run->id), "events", rb_value_int(verification->events),
        "finished", rb_value_bool(verification->finished), "exit",
        rb_value_int(verification->exit), "levels", rb_list_end(&levels), NULL);
}

static void print_text(const struct rb_run *run, const struct rb_verification *verification)
{
    printf("%s: %s\n", run->id,
           verification->exit == 0   ? "sound"
           : verification->exit == 9 ? "sound as far as it goes, but open or incomplete"
                                     : "does NOT verify");
    for (size_t i = 0; i < RB_COUNT(verification->levels); i++) {
        const struct rb_level *at = &verification->levels[i];
        printf("  %-10s %-7s %s\n", at->name, words[at->finding], at->text);
    }
}

/* The place of the run in the chain of runs belongs to its structure. */
static void place_in_chain(struct rb_store *store, const char *id,
                           struct rb_verification *verification)
{
    struct rb_error err = {0};
    struct rb_level *at = level(verification, "STRUCTURE");
    if (!rb_store_verify_chain(store, id, &err) && at->finding != RB_FINDING_FAIL)
        say(at, RB_FINDING_FAIL, "%s", err.message);
}

/* What every record of one command is held against, and where what is found goes. */
struct audit {
    const struct rb_args *args;
    struct rb_store *store;
    struct rb_auditor auditor;
    struct rb_list_builder *list; /* NULL: it is printed at once */
};

static int verify_one(const struct audit *audit, const char *id)
{
    struct rb_store *store = audit->store;
    struct rb_run *run = NULL;
    struct rb_verification verification;
    struct rb_error err = {0};
    if (!rb_run_open(store, id, &run, &err))
        return rb_report(&err);
    rb_verify_run(run, &verification);
    derive(audit->args, run->id, &verification);
    verify_signatures(audit->args, &audit->auditor, run->id, &verification);
    place_in_chain(store, run->id, &verification);
    rb_verify_conclude(&verification);
    if (audit->list)
        rb_list_add(audit->list, as_json(run, &verification));
    else
        print_text(run, &verification);
    rb_run_close(run);
    return verification.exit;
}

/* The worst of all: what does not verify weighs more than what is open. */
static int worse(int a, int b)
{
    if (a == UNSOUND || b == UNSOUND)
        return UNSOUND;
    return a > b ? a : b;
}

static int verify_all(const struct audit *audit)
{
    struct rb_store *store = audit->store;
    RB_AUTO_VALUE const struct rb_value *ids = NULL;
    struct rb_error err = {0};
    if (!rb_store_list(store, &ids, &err))
        return rb_report(&err);
    int status = 0;
    for (size_t i = 0; i < rb_value_count(ids); i++) {
        const char *id = rb_value_as_text(rb_value_at(ids, i), "");
        status = worse(status, verify_one(audit, id));
    }
    if (rb_store_verify_chain(store, NULL, &err)) {
        fprintf(stderr, "the chain of runs holds: none is missing\n");
        return status;
    }
    rb_report(&err);
    return UNSOUND;
}

int rb_cmd_verify(const struct rb_args *args)
{
    struct audit audit = {.args = args};
    struct rb_error err = {0};
    bool json = rb_args_is(args, "output", "json", false);
    bool all = rb_args_flag(args, "all");
    if (!all && args->word_count == 0)
        rb_fail(&err, RB_ERR_USAGE, "name a run, or --all; `runbook list` shows the runs");
    if (err.code != RB_OK || !rb_history_store(args, &audit.store, &err))
        return rb_report(&err);
    if (!rb_auditor_read(args, &audit.auditor, &err)) {
        rb_store_close(audit.store);
        return rb_report(&err);
    }
    struct rb_list_builder list = {0};
    audit.list = json ? &list : NULL;
    int status = all ? verify_all(&audit) : verify_one(&audit, args->words[0]);
    RB_AUTO_VALUE const struct rb_value *found = rb_list_end(&list);
    if (json) {
        RB_AUTO_BUF struct rb_buf out = {0};
        rb_json_print(found, 2, &out);
        puts(rb_buf_text(&out));
    }
    rb_auditor_done(&audit.auditor);
    rb_store_close(audit.store);
    return status;
}
