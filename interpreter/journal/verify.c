#include "journal/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "journal/evidence.h"
#include "journal/level.h"
#include "journal/structure.h"

enum { CHAIN, STRUCTURE, DECISIONS, EVIDENCE, APPROVALS, SEAL, ANCHORS };
enum { EXIT_SOUND = 0, EXIT_FORGED = 7, EXIT_OPEN = 9 };

static const struct rb_level unknown[] = {
    {"CHAIN", RB_FINDING_PASS, ""},
    {"STRUCTURE", RB_FINDING_PASS, ""},
    {"DECISIONS", RB_FINDING_ABSENT, "not derived again"},
    {"EVIDENCE", RB_FINDING_PASS, ""},
    {"APPROVALS", RB_FINDING_ABSENT, "nobody signed an approval"},
    {"SEAL", RB_FINDING_ABSENT, "not sealed: that its end was cut off would not show"},
    {"ANCHORS", RB_FINDING_ABSENT,
     "nothing outside vouches for it: who owns the files could have written all of it "
     "anew"},
};

struct pass {
    struct rb_level *chain;
    struct rb_structure structure;
    struct rb_evidence evidence;
    int64_t events;
    enum rb_event_type last;
};

static enum rb_read take_all(struct pass *pass, struct rb_reader *reader,
                             struct rb_error *err)
{
    const struct rb_record *record = NULL;
    enum rb_read found;
    while ((found = rb_reader_next(reader, &record, err)) == RB_READ_RECORD) {
        rb_structure_take(&pass->structure, record);
        rb_evidence_take(&pass->evidence, record);
        if (!rb_event_is_beside(record->event.type))
            pass->last = record->event.type;
        pass->events++;
    }
    return found;
}

/* What lies behind the place where the chain breaks was not looked at. */
static void break_off(struct pass *pass, const struct rb_error *err)
{
    bool forged = err->code == RB_ERR_RECORD;
    rb_level_find(pass->chain, forged ? RB_FINDING_FAIL : RB_FINDING_ABSENT, "%s",
                  err->message);
    struct rb_level *others[] = {&pass->structure.level, &pass->evidence.level};
    for (size_t i = 0; i < RB_COUNT(others); i++)
        rb_level_find(others[i], RB_FINDING_ABSENT,
                      "looked at no further than the chain holds: %" PRId64 " events",
                      pass->events);
}

static void judge_chain(struct pass *pass, enum rb_read end, const struct rb_reader_end *at)
{
    if (end == RB_READ_TORN)
        rb_level_find(pass->chain, RB_FINDING_ABSENT,
                      "%" PRId64
                      " events hold, then the record ends inside a line: the last "
                      "%" PRId64 " bytes tell nothing",
                      pass->events, at->size - at->offset);
    else if (pass->events == 0)
        rb_level_find(pass->chain, RB_FINDING_ABSENT, "there is no event");
    else
        rb_level_say(pass->chain, "%" PRId64 " events, each bound to the one before it%s",
                     pass->events,
                     pass->last == RB_EV_RUN_FINISHED ? "" : "; the run has not ended");
}

void rb_verify_run(const struct rb_run *run, struct rb_verification *ret_verification)
{
    struct rb_verification *v = ret_verification;
    struct rb_reader *reader = NULL;
    struct rb_error err = {0};
    struct pass pass = {.chain = &v->levels[CHAIN], .last = RB_EV_COUNT};
    *v = (struct rb_verification){0};
    memcpy(v->levels, unknown, sizeof v->levels);
    rb_structure_init(&pass.structure, run);
    rb_evidence_init(&pass.evidence, run);
    enum rb_read end = RB_READ_BAD;
    if (rb_reader_open(run->dir, &reader, &err))
        end = take_all(&pass, reader, &err);
    if (end == RB_READ_BAD)
        break_off(&pass, &err);
    else
        judge_chain(&pass, end, rb_reader_at(reader));
    rb_structure_end(&pass.structure);
    rb_evidence_end(&pass.evidence);
    v->levels[STRUCTURE] = pass.structure.level;
    v->levels[EVIDENCE] = pass.evidence.level;
    v->events = pass.events;
    v->finished = end == RB_READ_END && pass.last == RB_EV_RUN_FINISHED;
    rb_evidence_done(&pass.evidence);
    rb_reader_free(reader);
    rb_verify_conclude(v);
}

/* Approvals, a seal and anchors add to a record that is complete without them. */
void rb_verify_conclude(struct rb_verification *verification)
{
    bool open = !verification->finished || verification->unproven, forged = false;
    for (int i = 0; i < (int)RB_COUNT(verification->levels); i++) {
        enum rb_finding finding = verification->levels[i].finding;
        forged |= finding == RB_FINDING_FAIL;
        open |= i <= EVIDENCE && finding == RB_FINDING_ABSENT;
    }
    verification->exit = forged ? EXIT_FORGED : open ? EXIT_OPEN : EXIT_SOUND;
}
