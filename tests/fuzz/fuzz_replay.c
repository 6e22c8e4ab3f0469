/* Arbitrary facts for the core: whatever it takes, it must not break, must come to rest, and
 * must derive the same decisions again from the journal it wrote.
 *
 * A line of the input is a letter, which says what arrives, and JSON that is laid over what an
 * honest world would have said. */

#include "../tools/honest.h"
#include "base/json.h"
#include "core/core.h"
#include "fuzz.h"
#include "journal/like.h"
#include "journal/link.h"
#include "journal/replay.h"
#include "parse/parse.h"

enum { INPUTS_MAX = 200, DECISIONS_MAX = 1000 };

static const char runbook[] =
    "runbook: fuzz\n"
    "title: All there is\n"
    "defaults: {timeout: 1m}\n"
    "params:\n"
    "  hosts: {type: list, of: string, default: [a, b]}\n"
    "vars:\n"
    "  first: ${{ params.hosts[1] }}\n"
    "  text: of ${{ vars.first }}\n"
    "env: {WHO: 'for ${{ vars.text }}'}\n"
    "steps:\n"
    "  - id: tell\n"
    "    title: Tell\n"
    "  - id: ready\n"
    "    title: Ready\n"
    "    checklist:\n"
    "      - {id: one, text: One, evidence: true}\n"
    "      - {id: two, text: Two, check: 'sh.exec{\"true\"}.ok'}\n"
    "  - id: details\n"
    "    title: Details\n"
    "    ask:\n"
    "      ticket: {type: string, pattern: 'OPS-\\d+', title: Ticket}\n"
    "      people: {type: integer, min: 1, max: 500, title: People}\n"
    "  - id: go\n"
    "    title: Go\n"
    "    confirm: {message: 'Begin ${{ steps.details.outputs.ticket }}?', type: begin}\n"
    "  - id: try\n"
    "    title: Try\n"
    "    run: echo ${{ steps.details.outputs.people }}\n"
    "    probe: sh.exec{\"true\"}.ok\n"
    "    retry: {attempts: 3, delay: 1s, backoff: exponential}\n"
    "    on_failure: ask\n"
    "    outputs: {dir: 'result.stdout:match(\"[^\\n]+\")'}\n"
    "    expect: {exit: 0, stdout: /x/}\n"
    "    check: return result.stdout == \"\", \"no\"\n"
    "    undo: [{id: back, exec: [echo]}]\n"
    "  - id: pipe\n"
    "    title: Pipe\n"
    "    pipe: [[echo, '${{ steps.try.outputs.dir }}'], [cat]]\n"
    "    on_failure: continue\n"
    "  - id: hold\n"
    "    title: Hold\n"
    "    gate: {check: 'sh.exec{\"true\"}.ok', every: 1s, hold: 2s, timeout: 10s}\n"
    "  - id: pause\n"
    "    title: Pause\n"
    "    wait: 5s\n"
    "    fresh_for: 1s\n"
    "  - id: each\n"
    "    title: Each\n"
    "    for_each: ${{ params.hosts }}\n"
    "    as: host\n"
    "    steps:\n"
    "      - id: role\n"
    "        title: Role\n"
    "        lua: 'return {db = host == \"a\"}'\n"
    "      - id: restart\n"
    "        title: Restart\n"
    "        when: not steps.role.outputs.db\n"
    "        exec: [echo, '${{ host }}']\n"
    "        undo: {exec: [echo, '${{ host }}']}\n"
    "  - id: late\n"
    "    title: Late\n"
    "    exec: [echo]\n"
    "    needs: [pause]\n"
    "    window: {from: '09:00', to: '16:00', tz: UTC}\n"
    "  - id: evening\n"
    "    title: Evening\n"
    "    wait: {until: '22:00 - 1h', tz: UTC}\n"
    "  - id: last\n"
    "    title: Last\n"
    "    exec: [echo]\n"
    "    on_failure: {steps: [{id: look, exec: [echo]}], then: rollback}\n"
    "finally: [{id: unlock, exec: [echo]}]\n";

struct world {
    const struct rb_plan *plan;
    struct rb_state *state;
    struct rb_record record;
    struct rb_likes *likes;
    struct rb_buf journal;
    int64_t tick;
};

static void take(struct world *world, const struct rb_event *event)
{
    struct rb_record *record = &world->record;
    RB_AUTO_VALUE const struct rb_value *written =
        rb_likes_shorten(world->likes, event, record->seq);
    record->event = *event;
    record->event.d = written;
    rb_line_encode(record, &world->journal);
    memcpy(record->prev, record->hash, sizeof record->prev);
    record->seq++;
    rb_apply(world->state, event);
    rb_value_unref(event->d);
}

static void put(struct world *world, enum rb_event_type type, const struct rb_value *d)
{
    struct rb_input input = {.type = type,
                             .d = d,
                             .utc = INT64_C(1763852467104512) + world->tick,
                             .mono = INT64_C(104512345) + world->tick};
    struct rb_event event;
    if (!rb_decide(world->state, &input, &event))
        return;
    take(world, &event);
    int decisions = 0;
    while (rb_decide(world->state, NULL, &event)) {
        take(world, &event);
        assert(++decisions < DECISIONS_MAX);
    }
}

static enum rb_event_type type_of(char letter, enum rb_effect_kind kind)
{
    static const enum rb_event_type answers[] = {
        [RB_EFFECT_NONE] = RB_EV_TIMER_DUE,
        [RB_EFFECT_EVAL] = RB_EV_EVAL_RESULT,
        [RB_EFFECT_PROCESS] = RB_EV_EFFECT_RESULT,
        [RB_EFFECT_HTTP] = RB_EV_EFFECT_RESULT,
        [RB_EFFECT_SQL] = RB_EV_EFFECT_RESULT,
        [RB_EFFECT_RELEASE] = RB_EV_EFFECT_RESULT,
        [RB_EFFECT_ASK] = RB_EV_QUESTION_ANSWERED,
        [RB_EFFECT_LOCK] = RB_EV_LOCK_TAKEN,
    };
    int type = letter >= 'a' && letter <= 'z'   ? letter - 'a'
               : letter >= 'A' && letter <= 'Z' ? letter - 'A' + 26
                                                : RB_EV_COUNT;
    return type < (int)RB_EV_COUNT ? (enum rb_event_type)type : answers[kind];
}

static void arrive(struct world *world, const char *line, size_t length)
{
    RB_AUTO_VALUE const struct rb_value *given = NULL, *request = NULL, *usual = NULL;
    struct rb_effects all = {0};
    struct rb_effect wanted = {.node = -1};
    struct rb_error err = {0};
    rb_time deadline = 0;
    int64_t now = INT64_C(104512345) + world->tick;
    rb_wanted(world->state, now, &all, &deadline);
    /* Which of them is answered first is a matter of the line, too. */
    if (all.count > 0)
        wanted = all.items[length % (size_t)all.count];
    rb_effects_done(&all);
    if (!rb_effect_request(world->state, &wanted, &request, &err))
        request = NULL;
    usual = honest_answer(world->state, &wanted, request);
    bool over =
        rb_json_decode(line + 1, length - 1, &given, NULL) && rb_value_is(given, RB_MAP);
    RB_AUTO_VALUE const struct rb_value *d = rb_value_merge(usual, over ? given : NULL);
    world->tick += deadline > now ? deadline - now : RB_SEC;
    put(world, type_of(line[0], wanted.kind), d);
}

static void check_replay(const struct world *world)
{
    struct rb_replay replay;
    struct rb_error err = {0};
    struct rb_reader *reader = rb_reader_new(
        fuzz_file("journal", rb_buf_text(&world->journal), world->journal.length));
    assert(rb_replay_run(world->plan, reader, NULL, NULL, &replay, &err));
    assert(!replay.differs);
    rb_reader_free(reader);
}

/* Compiled once: what is fuzzed comes later. */
static const struct rb_plan *the_plan(void)
{
    static struct rb_document *document;
    struct rb_diags diags = {0};
    if (!document)
        document = rb_document_read("fuzz", runbook, sizeof runbook - 1, NULL, &diags);
    assert(diags.errors == 0);
    rb_diags_done(&diags);
    return document->plan;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct world world = {
        .plan = the_plan(), .record = {.writer = 1}, .likes = rb_likes_new()};
    world.state = rb_state_new(world.plan);
    memcpy(world.record.prev, RB_LINK_ZERO, sizeof world.record.prev);
    struct fuzz_lines lines = fuzz_lines_of(bytes, length);
    const char *line;
    size_t line_length;
    for (int i = 0; i < INPUTS_MAX && fuzz_line_next(&lines, &line, &line_length); i++) {
        if (line_length > 0)
            arrive(&world, line, line_length);
    }
    check_replay(&world);
    rb_state_free(world.state);
    rb_likes_free(world.likes);
    rb_buf_done(&world.journal);
    return 0;
}
