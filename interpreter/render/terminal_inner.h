#pragma once
/* The view on a terminal, in parts: what scrolls by for good (terminal_told.c), the region below
 * it (terminal_live.c), questions (terminal_ask.c, terminal_secret.c), the time in which
 * somebody else has the terminal (terminal_lent.c), and what holds them together (terminal.c). */

#include "render/editor.h"
#include "render/prompt.h"
#include "render/screen.h"
#include "render/story.h"
#include "render/view.h"

struct rb_terminal {
    struct rb_view view;
    struct rb_view_options options;
    int tty;
    struct rb_paint paint;
    struct rb_screen screen;
    struct rb_story story;
    const struct rb_state *state; /* borrowed; NULL before the first event */
    rb_time utc, mono;            /* now, as far as known */
    int key_width;                /* where the column behind the steps' keys begins */
    bool ours;                    /* the terminal is: we are in its foreground */
    bool lent; /* to a shell, until it is taken back; it is not ours then */

    int untold, told; /* attempt whose failure is not told in full yet, 0: none;
                                         attempt that was */
    int untold_node, told_node;

    int64_t totals[2]; /* what a process had written at the last look */
    int stream;        /* the one of the two that wrote last */

    struct rb_prompt *prompt; /* NULL: no question is open */
    struct rb_editor editor;
    struct rb_hidden *hidden; /* a secret is being typed; NULL: none */
    char *tall; /* a question that was printed, being taller than the screen; NULL: none */
    rb_view_answered *answered;
    void *context;

    uv_poll_t poll;
    uv_signal_t stopped; /* SIGTSTP */
    int handles;         /* not closed yet */
};

/* Lines for good about an event. */
void rb_terminal_tell(struct rb_terminal *terminal, const struct rb_event *event);
/* How deep in others the step of a node stands, as far as it is shown. */
int rb_terminal_depth(const struct rb_terminal *terminal, int node);
/* "go on with: ..." */
void rb_terminal_tell_resume(struct rb_terminal *terminal);
/* The rows of the region. */
void rb_terminal_live(struct rb_terminal *terminal, struct rb_rows *rows);

void rb_terminal_ask(struct rb_view *view, const struct rb_value *question,
                     rb_view_answered *answered, void *context);
void rb_terminal_unask(struct rb_view *view);
/* The same for a secret (terminal_secret.c), which is typed unseen. */
void rb_terminal_ask_secret(struct rb_view *view, const char *name, const char *text,
                            rb_view_typed *typed, void *context);
void rb_terminal_secret_rows(struct rb_terminal *terminal, struct rb_rows *rows);
void rb_terminal_print_secret(struct rb_terminal *terminal);
void rb_terminal_read_secret(struct rb_terminal *terminal);
void rb_terminal_forget_secret(struct rb_terminal *terminal); /* accepts none */
/* The input row, below the rows of the question. */
void rb_terminal_input(const struct rb_terminal *terminal, struct rb_row *row);
/* Something can be read. */
void rb_terminal_read(uv_poll_t *poll, int status, int events);

/* To a shell beside the run, and back (terminal_lent.c). */
void rb_terminal_lend(struct rb_view *view);
void rb_terminal_take_back(struct rb_view *view);

/* Draws what there is to draw, unless the terminal is lent. */
void rb_terminal_draw(struct rb_terminal *terminal);
/* The same, where a question is printed anew if the cursor can't be moved. */
void rb_terminal_show(struct rb_terminal *terminal);
/* Takes the terminal if it has become ours, and lets go of it if it no longer is. */
void rb_terminal_look_whose(struct rb_terminal *terminal);
