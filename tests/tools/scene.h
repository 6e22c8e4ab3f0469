#pragma once
/* A release procedure and its events, made by hand: for tests of what shows a run, and for
 * looking at it (view_demo.c). */

#include "render/view.h"

struct scene {
    struct rb_plan plan;
    struct rb_step steps[16];
    struct rb_expr exprs[4];
    struct rb_state *state;
    struct rb_view *view;
    struct rb_view_options options;
    rb_time utc, mono;
    int64_t seq;
    char path[200]; /* of the run's folder */
    int run_dir;
};

/* Makes the run's folder, and the state before the first event. The view is the caller's. */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene); /* removes the folder; the view was closed before */

/* `after` microseconds later this happened: `d` is JSON, formatted. */
void scene_happen(struct scene *scene, rb_time after, const char *name, const char *d, ...)
    __attribute__((format(printf, 4, 5)));
void scene_happen_value(struct scene *scene, rb_time after, const char *name,
                        const struct rb_value *d);
/* Time passed. */
void scene_tick(struct scene *scene, rb_time after);
/* A process wrote to "out" or "err". */
void scene_output(struct scene *scene, const char *dir, const char *stream,
                  const char *text);
