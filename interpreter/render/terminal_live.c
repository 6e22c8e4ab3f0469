#include "render/terminal_inner.h"

#include <string.h>

#include "core/front.h"
#include "render/tail.h"
#include "render/words.h"

enum { MOST_LINES = 6, MOST_FRONTS = 12, DOING_ROWS = 2, MOST_DEPTH = 8 };

int rb_terminal_depth(const struct rb_terminal *t, int node)
{
    int depth = 0, at = t->state->nodes[node].parent;
    for (; at >= 0 && depth < MOST_DEPTH; at = t->state->nodes[at].parent) {
        depth++;
        if (!t->state->nodes[at].active)
            break; /* an undo stands in the rollback, not in what it takes back */
    }
    return depth;
}

/* Rows for output: the rest of the region and two lines above it stay in view. */
static int output_lines(const struct rb_terminal *t)
{
    int lines = t->screen.rows - 6;
    return lines < 1 ? 1 : lines > MOST_LINES ? MOST_LINES : lines;
}

static enum rb_mark mark_of(const struct rb_node *node)
{
    switch (node->phase) {
    case RB_PHASE_WAITING:
    case RB_PHASE_LOOKED:
        return RB_MARK_WAITING;
    case RB_PHASE_ASKING:
    case RB_PHASE_DOUBT:
        return RB_MARK_ASKING;
    case RB_PHASE_STUCK:
    case RB_PHASE_UNANSWERED:
        return RB_MARK_FAILED;
    default:
        return RB_MARK_RUNNING;
    }
}

/* Behind the step where there is room, else below it. */
static void add_doing(struct rb_terminal *t, struct rb_rows *rows, struct rb_row *row,
                      const char *doing, int indent)
{
    if (!row->cut && row->width + 3 + rb_row_width(doing) <= row->limit) {
        rb_row_add(row, &t->paint, RB_INK_PLAIN, "   ");
        rb_row_add(row, &t->paint, RB_INK_DIM, doing);
        return;
    }
    rb_rows_new(rows, t->screen.columns - 1);
    int most = rows->count - 1 + DOING_ROWS;
    rb_rows_wrap(rows, &t->paint, RB_INK_DIM, indent, doing);
    bool cut = rows->count > most;
    while (rows->count > most)
        rb_row_done(&rows->items[--rows->count]);
    if (cut)
        rb_row_add(&rows->items[most - 1], &t->paint, RB_INK_DIM,
                   t->paint.utf8 ? " …" : " ~");
}

/* The step on one row with what it does at its end, or on two where they do not fit. */
static void add_step(struct rb_terminal *t, const struct rb_frame *now,
                     struct rb_rows *rows)
{
    const struct rb_state at = rb_state_at(t->state, now->node);
    int limit = t->screen.columns - 1, indent = 2 * rb_terminal_depth(t, now->node);
    RB_AUTO_BUF struct rb_buf key = {0}, title = {0}, doing = {0};
    struct rb_row *row = rb_rows_new(rows, limit);
    rb_row_pad(row, indent);
    rb_row_mark(row, &t->paint, mark_of(rb_state_current(&at)));
    rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
    rb_words_text(&key, now->key);
    rb_words_text(&title, now->title);
    rb_row_add(row, &t->paint, RB_INK_STRONG, rb_buf_text(&key));
    if (title.length > 0)
        rb_row_add(row, &t->paint, RB_INK_PLAIN, "  ");
    rb_row_add(row, &t->paint, RB_INK_PLAIN, rb_buf_text(&title));
    if (rb_words_doing(now, &at, t->mono, &doing))
        add_doing(t, rows, row, rb_buf_text(&doing), indent + 2);
}

/* Those under way, as many as there is room for; what hangs or asks is not more than the rest. */
static void add_fronts(struct rb_terminal *t, struct rb_rows *rows)
{
    int room = t->screen.rows / 2, left = 0;
    for (int i = 0; i < t->state->active_count; i++) {
        int node = t->state->active[i];
        const struct rb_frame *frame = rb_story_of(&t->story, node);
        if (t->state->nodes[node].active->under > 0 || !frame)
            continue;
        if (rows->count < room && rows->count < MOST_FRONTS)
            add_step(t, frame, rows);
        else
            left++;
    }
    if (left == 0)
        return;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "and %d more", left);
    struct rb_row *row = rb_rows_new(rows, t->screen.columns - 1);
    rb_row_pad(row, 2);
    rb_row_add(row, &t->paint, RB_INK_DIM, rb_buf_text(&text));
}

/* The stream that wrote since the last look is the one to show. */
static void add_output(struct rb_terminal *t, struct rb_rows *rows)
{
    static const char *const names[] = {"out", "err"};
    int front = rb_front_first(t->state);
    const struct rb_node *node = &t->state->nodes[front];
    if (node->phase != RB_PHASE_RUNNING)
        return;
    RB_AUTO_BUF struct rb_buf dir = {0};
    rb_node_key(t->state, front, &dir);
    rb_buf_printf(&dir, ".%d", node->attempt);
    struct rb_tail tails[2];
    for (int i = 0; i < 2; i++) {
        rb_tail_read(t->options.run_dir, rb_buf_text(&dir), names[i], output_lines(t),
                     &tails[i]);
        if (tails[i].total != t->totals[i] && tails[i].count > 0)
            t->stream = i;
        t->totals[i] = tails[i].total;
    }
    const struct rb_tail *tail =
        &tails[tails[t->stream].count > 0 ? t->stream : !t->stream];
    for (int i = 0; i < tail->count; i++) {
        struct rb_row *row = rb_rows_new(rows, t->screen.columns - 1);
        rb_row_pad(row, 2);
        rb_row_mark(row, &t->paint, RB_MARK_BAR);
        rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
        rb_row_add(row, &t->paint, RB_INK_DIM, tail->lines[i]);
    }
    rb_tail_done(&tails[0]);
    rb_tail_done(&tails[1]);
}

static void add_footer(struct rb_terminal *t, struct rb_rows *rows)
{
    static const char *const levels[] = {
        "Ctrl-C stops after this step",
        "stops after this step; Ctrl-C again ends the step",
        "ending the step; Ctrl-C again leaves at once",
        "leaving",
    };
    int done, total, level = t->state->stop_level;
    const char *between = t->paint.utf8 ? " · " : ", ";
    struct rb_row *row = rb_rows_new(rows, t->screen.columns - 1);
    RB_AUTO_BUF struct rb_buf text = {0};
    level = level < 0 ? 0 : level > 3 ? 3 : level;
    rb_state_progress(t->state, &done, &total);
    rb_buf_printf(&text, "%d of %d steps done, %d left%s", done, total, total - done,
                  between);
    rb_words_span(&text, t->mono - t->story.began);
    rb_buf_puts(&text, " so far");
    rb_row_pad(row, 2);
    /* What Ctrl-C did comes first, what it would do comes last. */
    if (level > 0) {
        rb_row_add(row, &t->paint, RB_INK_CARE, levels[level]);
        rb_row_add(row, &t->paint, RB_INK_DIM, between);
    }
    rb_row_add(row, &t->paint, RB_INK_DIM, rb_buf_text(&text));
    if (level == 0) {
        rb_row_add(row, &t->paint, RB_INK_DIM, between);
        rb_row_add(row, &t->paint, RB_INK_DIM, levels[level]);
    }
}

/* A question that is taller than the screen scrolls by for good, each time it changes. */
static void print_tall(struct rb_terminal *t, const struct rb_rows *rows)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    for (int i = 0; i < rows->count; i++)
        rb_buf_append(&text, rows->items[i].text.data, rows->items[i].text.length);
    if (t->tall && strcmp(t->tall, rb_buf_text(&text)) == 0)
        return;
    free(t->tall);
    t->tall = rb_buf_take(&text);
    for (int i = 0; i < rows->count; i++)
        rb_screen_print(&t->screen, &rows->items[i]);
}

/* Who answers has to know that the rest does not wait for it. */
static void add_beside(struct rb_terminal *t, struct rb_rows *rows)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    int others = t->state ? rb_front_count(t->state) - 1 : 0;
    if (others < 1)
        return;
    rb_buf_printf(&text, "%d more beside it", others);
    const char *before = ": ";
    for (int i = 0; i < t->state->active_count; i++) {
        int node = t->state->active[i];
        const struct rb_active *active = t->state->nodes[node].active;
        const struct rb_frame *frame = rb_story_of(&t->story, node);
        if (active->under > 0 || !frame ||
            strcmp(frame->key, rb_prompt_step(t->prompt)) == 0)
            continue;
        rb_buf_puts(&text, before);
        rb_words_text(&text, frame->key);
        before = ", ";
    }
    struct rb_row *row = rb_rows_new(rows, t->screen.columns - 1);
    rb_row_pad(row, 4);
    rb_row_add(row, &t->paint, RB_INK_DIM, rb_buf_text(&text));
}

static void add_question(struct rb_terminal *t, struct rb_rows *rows)
{
    rb_prompt_rows(t->prompt, &t->paint, t->screen.columns - 1, rows);
    if (rows->count > t->screen.rows - 2) {
        print_tall(t, rows);
        rb_rows_done(rows);
    }
    add_beside(t, rows);
    rb_terminal_input(t, rb_rows_new(rows, t->screen.columns - 1));
}

void rb_terminal_live(struct rb_terminal *t, struct rb_rows *rows)
{
    bool live = t->state &&
                (t->state->phase == RB_RUN_RUNNING || t->state->phase == RB_RUN_STARTING);
    if (t->hidden) {
        rb_terminal_secret_rows(t, rows);
        return;
    }
    if (t->prompt) {
        add_question(t, rows);
        return;
    }
    if (!live)
        return;
    add_fronts(t, rows);
    if (rb_front_count(t->state) == 1)
        add_output(t, rows);
    add_footer(t, rows);
}
