#include "random_book.h"

enum { DEPTH_MAX = 3, STEPS_MAX = 14, PARTS_MAX = 2, AGED_MOST = 8 };

struct dice dice_of(uint64_t seed)
{
    return (struct dice){seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
}

/* xorshift64* (Vigna, 2016). */
unsigned dice_roll(struct dice *dice, unsigned sides)
{
    uint64_t x = dice->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    dice->state = x;
    return (unsigned)((x * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % sides;
}

bool dice_percent(struct dice *dice, unsigned percent)
{
    return dice_roll(dice, 100) < percent;
}

struct book {
    struct dice *dice;
    struct rb_buf *out;
    int steps;
    int parts;   /* files that are called so far */
    bool rescue; /* in an undo, a handler or a last row */
    /* Numbers of the steps whose results grow old; from `seen` on those that a step may need. */
    int aged[AGED_MOST], aged_count, seen;
};

static void line(struct book *book, int indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void line(struct book *book, int indent, const char *format, ...)
{
    va_list args;
    rb_buf_printf(book->out, "%*s", indent, "");
    va_start(args, format);
    rb_buf_vprintf(book->out, format, args);
    va_end(args);
    rb_buf_putc(book->out, '\n');
}

static bool maybe(const struct book *book, unsigned percent)
{
    return dice_percent(book->dice, percent);
}

static void row(struct book *book, int indent, int depth, unsigned most);
static void row_apart(struct book *book, int indent, int depth, unsigned most);

static void policy(struct book *book, int indent)
{
    static const char *const words[] = {"stop", "continue", "ask", "rollback"};
    line(book, indent, "on_failure: %s",
         words[dice_roll(book->dice, book->rescue ? 3 : 4)]);
}

static void row_in(struct book *book, int indent, const char *name)
{
    bool rescue = book->rescue;
    book->rescue = true;
    line(book, indent, "%s:", name);
    row_apart(book, indent + 2, DEPTH_MAX, 2);
    book->rescue = rescue;
}

/* By one of each role, or by so many people. */
static void approve(struct book *book, int indent)
{
    static const char *const roles[] = {"lead", "qa", "lead, qa"};
    unsigned which = dice_roll(book->dice, RB_COUNT(roles));
    line(book, indent, "approve:");
    line(book, indent + 2, "roles: [%s]", roles[which]);
    line(book, indent + 2, "expires: %us", 4 + dice_roll(book->dice, 40));
    if (maybe(book, 40))
        line(book, indent + 2, "quorum: %u", 1 + dice_roll(book->dice, which == 2 ? 3 : 2));
}

/* Worlds begin at 00:16:40. */
static void wait_until(struct book *book, int indent)
{
    if (maybe(book, 50))
        line(book, indent, "wait: {until: \"1970-01-01T00:17:%02uZ\"}",
             dice_roll(book->dice, 60));
    else
        line(book, indent, "wait: {until: \"22:00 + %us\", tz: UTC}",
             1 + dice_roll(book->dice, 9));
}

/* What a person or the time has to do with; true: it may have an undo. */
static bool pause(struct book *book, int indent)
{
    switch (dice_roll(book->dice, 8)) {
    case 0:
        line(book, indent, "confirm: Go on?");
        return true;
    case 1:
        line(book, indent, "checklist: [one, {text: two, check: \"1 == 1\"}]");
        return true;
    case 2:
        line(book, indent, "ask: {note: {type: string}}");
        break;
    case 3:
        line(book, indent, "wait: %us", 1 + dice_roll(book->dice, 9));
        break;
    case 4:
        wait_until(book, indent);
        break;
    case 5:
    case 6:
        approve(book, indent);
        break;
    default:
        line(book, indent, "gate: {check: \"1 == 1\", every: 2s, timeout: %us, hold: %us}",
             5 + dice_roll(book->dice, 9), 1 + dice_roll(book->dice, 4));
    }
    return false;
}

static void act(struct book *book, int indent)
{
    line(book, indent, "exec: [do]");
    if (maybe(book, 20))
        line(book, indent, "probe: \"1 == 1\"");
    if (maybe(book, 15))
        line(book, indent, "idempotent: true");
    if (maybe(book, 25))
        line(book, indent, "check: \"1 == 1\"");
    if (maybe(book, 15))
        line(book, indent, "on_interrupt: fail");
    if (maybe(book, 15))
        line(book, indent, "retry: {attempts: 2, on: [exit]}");
}

static void undo(struct book *book, int indent)
{
    if (book->rescue || maybe(book, 40))
        return;
    if (maybe(book, 50))
        line(book, indent, "undo: {exec: [back]}");
    else
        row_in(book, indent, "undo");
}

/* Where it is open is the calendar's to say. */
static void window(struct book *book, int indent)
{
    bool role = maybe(book, 30);
    line(book, indent, "window: {from: \"09:00\", to: \"16:00\", tz: UTC%s}",
         role ? ", override: lead" : "");
}

/* What comes after it in its list, and in the lists in that, may need it. */
static void age(struct book *book, int indent, int number)
{
    if (book->rescue || book->aged_count == AGED_MOST || maybe(book, 60))
        return;
    line(book, indent, "fresh_for: %us", 2 + dice_roll(book->dice, 20));
    book->aged[book->aged_count++] = number;
}

static void need(struct book *book, int indent)
{
    int count = book->aged_count - book->seen;
    if (!book->rescue && count > 0 && maybe(book, 60))
        line(book, indent, "needs: [s%d]",
             book->aged[book->seen + (int)dice_roll(book->dice, (unsigned)count)]);
}

/* It may run beside what stands before it, or more than once: it needs nothing of that. */
static void row_apart(struct book *book, int indent, int depth, unsigned most)
{
    int seen = book->seen;
    book->seen = book->aged_count;
    row(book, indent, depth, most);
    book->seen = seen;
}

static void branches(struct book *book, int indent, int depth)
{
    for (unsigned left = 1 + dice_roll(book->dice, 3); left > 0; left--)
        row_apart(book, indent, depth, 1);
}

/* A `limit` of a loop is not one of its branches. */
static void group(struct book *book, int indent, int depth, bool loops)
{
    bool parallel = maybe(book, 50);
    line(book, indent, parallel ? "parallel:" : "steps:");
    if (parallel)
        branches(book, indent + 2, depth + 1);
    else if (loops)
        row_apart(book, indent + 2, depth + 1, 3);
    else
        row(book, indent + 2, depth + 1, 3);
    if (parallel && maybe(book, 30))
        line(book, indent, "on_branch_failure: cancel");
    if (parallel && !loops && maybe(book, 40))
        line(book, indent, "limit: %u", 1 + dice_roll(book->dice, 2));
}

/* Of a file of its own, which comes behind the others. */
static void call(struct book *book, int indent)
{
    line(book, indent, "call: part%d.yaml", book->parts++);
    line(book, indent, "with: {p: \"${{ 1 }}\"}");
}

static void part(struct book *book, int number)
{
    rb_buf_printf(book->out, "=== part%d.yaml\n", number);
    line(book, 0, "runbook: part");
    line(book, 0, "params: {p: {type: string}}");
    if (maybe(book, 50))
        line(book, 0, "vars: {v: \"${{ params.p }}\"}");
    if (maybe(book, 30))
        line(book, 0, "on_failure: %s", maybe(book, 50) ? "rollback" : "ask");
    line(book, 0, "defaults: {timeout: 1m}");
    if (maybe(book, 50))
        line(book, 0, "outputs: {o: params.p}");
    line(book, 0, "steps:");
    row_apart(book, 2, DEPTH_MAX, 2);
}

static void loop(struct book *book, int indent)
{
    line(book, indent, "for_each: [a, b, c]");
    if (maybe(book, 40))
        line(book, indent, "max_failures: %u", 1 + dice_roll(book->dice, 2));
    if (maybe(book, 30))
        line(book, indent, "limit: 2");
}

static void step(struct book *book, int indent, int depth)
{
    bool holds = depth < DEPTH_MAX && book->steps < STEPS_MAX && maybe(book, 35);
    int number = book->steps++;
    line(book, indent, "- id: s%d", number);
    indent += 2;
    need(book, indent);
    if (!book->rescue && maybe(book, 12))
        window(book, indent);
    if (maybe(book, 20))
        line(book, indent, "when: \"1 == 2\"");
    bool loops = depth < DEPTH_MAX && maybe(book, 20);
    if (loops)
        loop(book, indent);
    bool calls = holds && book->parts < PARTS_MAX && maybe(book, 40);
    bool undone = true;
    if (calls)
        call(book, indent);
    else if (holds)
        group(book, indent, depth, loops);
    else if (maybe(book, 30))
        undone = pause(book, indent);
    else
        act(book, indent);
    if (undone)
        undo(book, indent);
    if (!holds && !book->rescue && maybe(book, 15))
        row_in(book, indent, "on_failure");
    else if (maybe(book, 50))
        policy(book, indent);
    age(book, indent, number);
}

static void row(struct book *book, int indent, int depth, unsigned most)
{
    int count = book->aged_count;
    for (unsigned left = 1 + dice_roll(book->dice, most); left > 0; left--)
        step(book, indent, depth);
    book->aged_count = count;
}

void random_book(struct dice *dice, struct rb_buf *out)
{
    struct book book = {.dice = dice, .out = out};
    line(&book, 0, "runbook: random");
    line(&book, 0, "roles: {lead: [ann@x, bob@x, op@x], qa: [cy@x, dan@x, bob@x]}");
    if (maybe(&book, 10))
        window(&book, 0);
    line(&book, 0, "defaults: {timeout: 1m}");
    if (maybe(&book, 50))
        line(&book, 0, "on_failure: rollback");
    line(&book, 0, "steps:");
    row(&book, 2, 0, 4);
    if (maybe(&book, 40)) {
        static const char *const trips[] = {"rollback", "stop", "pause", "ask"};
        line(&book, 0, "guards:");
        line(&book, 2,
             "- {id: guard, check: \"1 == 1\", every: 3s, trips_after: %us, on_trip: %s}",
             1 + dice_roll(dice, 3), trips[dice_roll(dice, 4)]);
    }
    book.rescue = true;
    if (maybe(&book, 60)) {
        line(&book, 0, "finally:");
        row(&book, 2, DEPTH_MAX, 2);
    }
    book.rescue = false;
    for (int i = 0; i < book.parts; i++)
        part(&book, i);
}
