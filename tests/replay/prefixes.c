/* For every prefix of every journal of a store: fold it, drop memory, resume on the fake
 * executor, and end in the same state as the uninterrupted run; after each event the state
 * folded from the journal's bytes equals the live one.
 *
 *   prefixes STORE [MOST]     MOST: at most so many prefixes a run, evenly spread (default all) */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "journal/like.h"
#include "player.h"

/* Of samples, beside what is on the tape. */
enum { REPEATS_MOST = 2000 };

/* A run that is being carried on: live, and folded from what its journal would hold. */
struct course {
    struct rb_state *live, *folded;
    struct rb_event *past;
    size_t count, capacity;
    struct rb_record record;
    struct rb_likes *written, *read;
};

static bool same(const struct rb_state *a, const struct rb_state *b)
{
    RB_AUTO_VALUE const struct rb_value *one = rb_state_dump(a), *other = rb_state_dump(b);
    return rb_value_equal(one, other);
}

/* The event as its line in the journal gives it back. */
static bool through_journal(struct course *course, const struct rb_event *event)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    struct rb_record back = {0};
    struct rb_error err = {0};
    memcpy(course->record.prev, course->record.hash, sizeof course->record.prev);
    course->record.seq = (int64_t)course->count;
    course->record.writer = 1;
    course->record.event = *event;
    RB_AUTO_VALUE const struct rb_value *shorter =
        rb_likes_shorten(course->written, event, course->record.seq);
    course->record.event.d = shorter;
    rb_line_encode(&course->record, &line);
    if (!rb_line_decode(line.data, line.length - 1, &back, &err) ||
        !rb_likes_restore(course->read, &back, &err)) {
        fprintf(stderr, "seq %zu does not read back: %s\n", course->count, err.message);
        return false;
    }
    rb_apply(course->folded, &back.event);
    rb_record_done(&back);
    return true;
}

static bool go(struct course *course, const struct rb_event *event)
{
    rb_apply(course->live, event);
    if (!through_journal(course, event))
        return false;
    RB_GROW(course->past, course->count, course->capacity);
    course->past[course->count] = *event;
    rb_value_ref(course->past[course->count++].d);
    return true;
}

static bool put(struct course *course, const struct rb_input *input)
{
    struct rb_event event;
    if (!rb_decide(course->live, input, &event)) {
        fprintf(stderr, "%s was not accepted\n", rb_event_name(input->type));
        return false;
    }
    do {
        bool good = go(course, &event);
        rb_value_unref(event.d);
        if (!good)
            return false;
    } while (rb_decide(course->live, NULL, &event));
    return same(course->live, course->folded) ||
           (fprintf(stderr, "after seq %zu the fold is another state\n", course->count),
            false);
}

static bool carry_on(struct player *player, struct course *course)
{
    size_t most = 4 * player->tape->count + REPEATS_MOST;
    for (size_t steps = 0; steps < most; steps++) {
        struct rb_input input;
        if (!player_next(player, course->live, course->past, course->count, &input))
            return true;
        bool good = put(course, &input);
        rb_value_unref(input.d);
        if (!good)
            return false;
    }
    fprintf(stderr, "it does not come to an end\n");
    return false;
}

static void drop(struct course *course)
{
    for (size_t i = 0; i < course->count; i++)
        rb_value_unref(course->past[i].d);
    free(course->past);
    rb_likes_free(course->written);
    rb_likes_free(course->read);
    rb_state_free(course->live);
    rb_state_free(course->folded);
}

/* What a run comes to: how it ended, and what each step instance left. */
static const struct rb_value *outcome(const struct rb_state *state)
{
    RB_AUTO_VALUE const struct rb_value *dump = rb_state_dump(state);
    struct rb_list_builder nodes = {0};
    const struct rb_value *all = rb_value_get(dump, "nodes");
    for (size_t i = 0; i < rb_value_count(all); i++) {
        const struct rb_value *node = rb_value_at(all, i);
        const struct rb_value *outputs = rb_value_get(node, "outputs");
        rb_list_add(&nodes,
                    rb_value_map("key", rb_value_ref(rb_value_get(node, "key")), "status",
                                 rb_value_ref(rb_value_get(node, "status")), "attempt",
                                 rb_value_ref(rb_value_get(node, "attempt")), "outputs",
                                 outputs ? rb_value_ref(outputs) : NULL, NULL));
    }
    return rb_value_map("end", state->end ? rb_value_ref(state->end) : NULL, "phase",
                        rb_value_int(state->phase), "nodes", rb_list_end(&nodes), NULL);
}

static void print_difference(const struct rb_value *want, const struct rb_value *got)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "uninterrupted: ");
    rb_json_print(want, 0, &text);
    rb_buf_puts(&text, "\nresumed:       ");
    rb_json_print(got, 0, &text);
    fprintf(stderr, "%s\n", rb_buf_text(&text));
}

/* Who wrote these events, as far as decisions depend on it. */
static const struct rb_value *writer_of(const struct tape *tape, size_t length)
{
    size_t at = length - 1;
    while (at > 0 && tape->events[at].type != RB_EV_RUN_RESUMED)
        at--;
    const struct rb_value *stay = rb_value_get(tape->events[at].d, "stay_us");
    return rb_value_map(
        "interactive",
        rb_value_bool(rb_value_get_bool(tape->events[at].d, "interactive", false)),
        "stay_us", stay ? rb_value_ref(stay) : NULL, NULL);
}

/* Of all prefixes: those that were resumed, and those of which whoever resumes may come to another end. */
struct tried {
    size_t resumed, left_out;
};

static size_t refused(const struct rb_event *events, size_t count)
{
    size_t times = 0;
    for (size_t i = 0; i < count; i++)
        times += events[i].type == RB_EV_APPROVAL_REFUSED;
    return times;
}

/* Resumes as a new process would. A signal that was about to stop the run is sent again, but what it would
 * have kept from beginning may have begun by then; and who signed has seen another record. */
static bool resume(struct course *course, struct player *player, const struct rb_value *who,
                   bool *ret_comparable)
{
    const struct rb_event *last = &course->past[course->count - 1];
    struct rb_input resumed = {RB_EV_RUN_RESUMED, who, last->utc, last->mono};
    bool stops = course->live->stop_level > 0;
    size_t quiet = course->count + 1;
    if (!put(course, &resumed))
        return false;
    *ret_comparable = !stops || course->count == quiet;
    if (*ret_comparable && !carry_on(player, course))
        return false;
    *ret_comparable &=
        !player->overtaken && refused(course->past, course->count) <=
                                  refused(player->tape->events, player->tape->count);
    return true;
}

static bool ends_alike(const struct course *course, const struct rb_value *want)
{
    RB_AUTO_VALUE const struct rb_value *got = outcome(course->live);
    bool alike = rb_value_equal(got, want);
    if (!alike)
        print_difference(want, got);
    return alike;
}

/* The first `length` events, and then on: nobody resumes a run that is over. */
static bool try_prefix(const struct tape *tape, size_t length, const struct rb_value *want,
                       struct tried *tried)
{
    struct course course = {.live = rb_state_new(tape->document->plan),
                            .folded = rb_state_new(tape->document->plan),
                            .written = rb_likes_new(),
                            .read = rb_likes_new()};
    memset(course.record.hash, '0', RB_HASH_HEX);
    bool good = true;
    for (size_t i = 0; i < length && good; i++)
        good = go(&course, &tape->events[i]);
    if (good && !rb_state_is_over(course.live)) {
        RB_AUTO_VALUE const struct rb_value *who = writer_of(tape, length);
        struct player player = player_at(tape, length);
        bool comparable = true;
        good = resume(&course, &player, who, &comparable) &&
               (!comparable || ends_alike(&course, want));
        tried->resumed += comparable;
        tried->left_out += !comparable;
    }
    if (!good)
        fprintf(stderr, "  resumed after %zu of %zu events\n", length, tape->count);
    drop(&course);
    return good;
}

static const struct rb_value *whole(const struct tape *tape)
{
    struct rb_state *state = rb_state_new(tape->document->plan);
    for (size_t i = 0; i < tape->count; i++)
        rb_apply(state, &tape->events[i]);
    const struct rb_value *want = outcome(state);
    rb_state_free(state);
    return want;
}

static bool try_run(const struct tape *tape, size_t most, struct tried *tried)
{
    RB_AUTO_VALUE const struct rb_value *want = whole(tape);
    size_t step = most ? (tape->count + most - 1) / most : 1;
    for (size_t length = 1; length < tape->count; length += step) {
        if (!try_prefix(tape, length, want, tried))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *ids = NULL;
    size_t most = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc < 2 || !rb_store_open(argv[1], &store, &err) ||
        !rb_store_list(store, &ids, &err)) {
        fprintf(stderr, "prefixes: %s\n", argc < 2 ? "name a store" : err.message);
        return 2;
    }
    struct tried tried = {0};
    size_t bad = 0;
    for (size_t i = 0; i < rb_value_count(ids); i++) {
        const char *id = rb_value_as_text(rb_value_at(ids, i), "");
        struct tape tape;
        if (!tape_read(store, id, &tape, &err)) {
            fprintf(stderr, "%s: %s\n", id, err.message);
            bad++;
            continue;
        }
        if (!try_run(&tape, most, &tried)) {
            fprintf(stderr, "%s: does not end as it did\n", id);
            bad++;
        }
        tape_done(&tape);
    }
    printf("%zu runs, %zu prefixes resumed and %zu left out, %zu runs that differ\n",
           rb_value_count(ids), tried.resumed, tried.left_out, bad);
    rb_store_close(store);
    return bad > 0;
}
