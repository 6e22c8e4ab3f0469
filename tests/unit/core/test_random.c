/* Thousands of runbooks that nobody wrote meet a world that fails, doubts, interrupts and kills, and
 * memory is lost at any event. What has to hold is in random_rules.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/several.h"
#include "parse/parse.h"
#include "random_world.h"

#ifdef __SANITIZE_ADDRESS__ /* ten times as slow; the plain build goes through more */
enum { BOOKS = 1500 };
#else
enum { BOOKS = 6000 };
#endif
enum { CUTS = 2, INPUTS_MAX = 400 };

/* What the books have come to, so that it is seen that all of it happened. */
struct ends {
    int inputs, succeeded, rolled_back, incomplete, went_on;
    int waited, paused;       /* waits that began; samples that pause a run */
    int accepted, refused;    /* signatures */
    int rejected, expired;    /* approvals */
    int closed, overridden;   /* questions about a window; answers that let a step begin */
    int again;                /* results that were made again because they were old */
    int resumed, in_rollback; /* prefixes; those in which a rollback had begun */
};

static struct rb_document *compile(const struct rb_buf *text)
{
    struct rb_diags diags = {0};
    struct several several;
    several_split(&several, text->data, text->length);
    struct rb_document *document = several_read(&several, "random", NULL, true, &diags);
    several_done(&several);
    if (diags.errors > 0)
        fail_msg("RB%04d %s in:\n%s", diags.items[0].code, diags.items[0].message,
                 text->data);
    rb_diags_done(&diags);
    return document;
}

static bool is_over_as(const struct world *world, const char *status)
{
    return strcmp(rb_value_get_text(world->state->end, "status", ""), status) == 0;
}

/* What fails and doubts often enough may go on for ever: then all goes well from some time on, and it
 * comes to its end. */
static int drive(struct world *world)
{
    int inputs = 0;
    while (world_turn(world) && ++inputs < INPUTS_MAX)
        ;
    if (inputs == INPUTS_MAX) {
        world_calm(world);
        for (int left = INPUTS_MAX; world_turn(world) && left > 0; left--)
            ;
        if (!rb_state_is_over(world->state))
            fail_msg("all goes well, and it does not come to its end");
    }
    world_check(world);
    return inputs;
}

/* Only what a journal would tell is left of it, up to some event. In an honest world it comes to its end,
 * and of the record as a whole there holds what holds of any. */
static void lose_memory(const struct world *world, uint64_t seed, struct ends *ends)
{
    struct dice dice = dice_of(seed);
    for (int i = 0; i < CUTS; i++) {
        struct world resumed;
        size_t length = 1 + dice_roll(&dice, (unsigned)world->count);
        if (world->told)
            printf("--- the first %zu events, and then:\n", length);
        world_resumed(&resumed, world, length, seed + (uint64_t)i);
        ends->in_rollback += resumed.state->rollback && !rb_state_is_over(resumed.state);
        ends->resumed += !rb_state_is_over(resumed.state);
        drive(&resumed);
        if (!rb_state_is_over(resumed.state))
            fail_msg("cut after %zu events it does not come to its end", length);
        world_done(&resumed);
    }
}

static void count_consent(const struct rb_event *event, struct ends *ends)
{
    const char *why = rb_value_get_text(event->d, "why", "");
    ends->accepted += event->type == RB_EV_APPROVAL_ACCEPTED;
    ends->refused += event->type == RB_EV_APPROVAL_REFUSED;
    ends->rejected += strncmp(why, "rejected by", strlen("rejected by")) == 0;
    ends->expired +=
        strncmp(why, "the approval expired", strlen("the approval expired")) == 0;
    ends->closed += rb_value_get(event->d, "cause") && event->type == RB_EV_QUESTION_ASKED;
    ends->overridden += event->type == RB_EV_WINDOW_OVERRIDDEN;
    ends->again += event->type == RB_EV_STEP_BEGAN && rb_value_get(event->d, "for");
}

static void count(const struct rb_event *event, struct ends *ends)
{
    const char *status = rb_value_get_text(event->d, "status", "");
    ends->incomplete += strcmp(status, "incomplete") == 0;
    ends->waited += event->type == RB_EV_WAIT_BEGAN;
    ends->paused += rb_value_get_bool(event->d, "pauses", false);
}

static void run(uint64_t seed, bool told, struct ends *ends)
{
    struct world world = {.dice = dice_of(seed), .told = told};
    RB_AUTO_BUF struct rb_buf text = {0};
    random_book(&world.dice, &text);
    if (told)
        puts(rb_buf_text(&text));
    struct rb_document *document = compile(&text);
    world_begin(&world, document->plan);
    int inputs = drive(&world);
    ends->inputs += inputs;
    ends->succeeded += is_over_as(&world, "succeeded");
    ends->rolled_back += is_over_as(&world, "rolled_back");
    for (size_t i = 0; i < world.count; i++) {
        count(&world.events[i], ends);
        count_consent(&world.events[i], ends);
    }
    ends->went_on += inputs == INPUTS_MAX;
    lose_memory(&world, seed, ends);
    world_done(&world);
    rb_document_free(document);
}

static uint64_t seed_at_work; /* for the message of a failure */

static void whatever_happens_a_run_ends_as_it_should(void **state)
{
    (void)state;
    const char *given = getenv("RANDOM_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : 1;
    struct ends ends = {0};
    for (seed_at_work = first; seed_at_work < first + (given ? 1 : BOOKS); seed_at_work++)
        run(seed_at_work, given, &ends);
    printf("%d books, %d inputs: %d succeeded, %d rolled back, %d times incomplete, %d "
           "waits, %d times paused, %d went on; %d prefixes resumed, %d of them in a "
           "rollback\n",
           BOOKS, ends.inputs, ends.succeeded, ends.rolled_back, ends.incomplete,
           ends.waited, ends.paused, ends.went_on, ends.resumed, ends.in_rollback);
    printf(
        "%d signatures counted, %d not; %d approvals rejected, %d expired; %d times asked "
        "about a window, %d times overridden; %d results made again\n",
        ends.accepted, ends.refused, ends.rejected, ends.expired, ends.closed,
        ends.overridden, ends.again);
    /* What never happens proves nothing. */
    if (given)
        return;
    assert_true(ends.succeeded > BOOKS / 20 && ends.rolled_back > BOOKS / 20);
    assert_true(ends.incomplete > BOOKS / 100 && ends.in_rollback > BOOKS / 20);
    assert_true(ends.waited > BOOKS / 20 && ends.paused > BOOKS / 20);
    assert_true(ends.accepted > BOOKS / 20 && ends.refused > BOOKS / 20);
    assert_true(ends.rejected > BOOKS / 50 && ends.expired > BOOKS / 50);
    assert_true(ends.closed > BOOKS / 20 && ends.overridden > BOOKS / 20);
    assert_true(ends.again > BOOKS / 20);
    assert_true(ends.went_on < BOOKS / 100);
}

static int tell_seed(void **state)
{
    (void)state;
    printf("the last one was RANDOM_SEED=%llu\n", (unsigned long long)seed_at_work);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whatever_happens_a_run_ends_as_it_should, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
