#include "render/story.h"

#include <string.h>

#include "base/buf.h"
#include "core/rules.h"
#include "plan/template.h"

static void clear_frame(struct rb_frame *frame)
{
    free(frame->key);
    free(frame->title);
    rb_value_unref(frame->failure);
    rb_value_unref(frame->result);
    rb_value_unref(frame->question);
    rb_value_unref(frame->looked);
    *frame = (struct rb_frame){0};
}

void rb_story_done(struct rb_story *story)
{
    for (int i = 0; i < story->count; i++)
        clear_frame(&story->frames[i]);
    clear_frame(&story->ended);
    free(story->frames);
    *story = (struct rb_story){0};
}

/* Until its values are known, and where they never are (a group is not prepared), a title shows
 * the expressions themselves. A loop as a whole has no values: it goes without. */
static char *unfilled(const struct rb_plan *plan, const struct rb_value *title)
{
    struct rb_buf text = {0};
    const struct rb_value *parts = rb_value_get(title, "$text");
    size_t count = parts ? rb_value_count(parts) : 1;
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *part = parts ? rb_value_at(parts, i) : title;
        int64_t expr = rb_value_get_int(part, "$expr", -1);
        if (expr >= 0 && expr < plan->expr_count)
            rb_buf_printf(&text, "${{ %s }}", plan->exprs[expr].source);
        else
            rb_buf_puts(&text, rb_value_as_text(part, ""));
    }
    return rb_buf_take(&text);
}

static void set_title(struct rb_frame *frame, const struct rb_state *state,
                      const struct rb_node *node)
{
    const struct rb_value *title =
        rb_value_get(state->plan->steps[node->step].spec, "title");
    RB_AUTO_VALUE const struct rb_value *filled = NULL;
    if (!title || frame->titled)
        return;
    frame->titled =
        rb_template_fill(state->plan, title, node->active->values, &filled, NULL);
    free(frame->title);
    frame->title = frame->titled ? rb_strdup(rb_value_as_text(filled, NULL))
                   : node->loop  ? NULL
                                 : unfilled(state->plan, title);
}

static void refresh(struct rb_frame *frame, const struct rb_state *state)
{
    const struct rb_node *node = &state->nodes[frame->node];
    if (!node->active)
        return;
    set_title(frame, state, node);
    rb_value_put(&frame->failure, node->active->failure);
    rb_value_put(&frame->result, node->active->result);
    rb_value_put(&frame->question, node->active->question);
    if (node->active->eval)
        rb_value_put(&frame->looked, node->active->eval);
}

static void push(struct rb_story *story, const struct rb_state *state, int node,
                 rb_time mono)
{
    RB_GROW(story->frames, story->count, story->capacity);
    struct rb_frame *frame = &story->frames[story->count++];
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, node, &key);
    const struct rb_value *spec = rb_node_step(state, node)->spec;
    *frame =
        (struct rb_frame){.node = node,
                          .statements = rb_value_count(rb_value_get(spec, "statements")),
                          .attempt = state->nodes[node].attempt,
                          .key = rb_buf_take(&key),
                          .began = mono,
                          .attempt_began = mono};
}

/* Makes the frames those of the nodes under way; both are in the order of the nodes, which are
 * never numbered anew. An event ends one at most. */
static void follow(struct rb_story *story, const struct rb_state *state, rb_time mono)
{
    int at = 0;
    for (int i = 0; i < state->active_count; i++) {
        while (at < story->count && story->frames[at].node != state->active[i]) {
            clear_frame(&story->ended);
            story->ended = story->frames[at];
            memmove(&story->frames[at], &story->frames[at + 1],
                    (size_t)(--story->count - at) * sizeof *story->frames);
        }
        if (at == story->count)
            push(story, state, state->active[i], mono);
        at++;
    }
    while (story->count > at) {
        clear_frame(&story->ended);
        story->ended = story->frames[--story->count];
    }
    story->now = state->current;
}

static struct rb_frame *frame_of(const struct rb_story *story, int node)
{
    for (int i = story->count - 1; i >= 0; i--) {
        if (story->frames[i].node == node)
            return &story->frames[i];
    }
    return NULL;
}

void rb_story_feed(struct rb_story *story, const struct rb_state *state,
                   const struct rb_event *event)
{
    if (story->began == 0)
        story->began = event->mono;
    clear_frame(&story->ended);
    follow(story, state, event->mono);
    struct rb_frame *now = frame_of(story, story->now);
    if (!now)
        return;
    refresh(now, state);
    if (event->type == RB_EV_EFFECT_INTENT ||
        now->attempt != state->nodes[now->node].attempt)
        now->attempt_began = event->mono;
    now->attempt = state->nodes[now->node].attempt;
    /* Adopted: it is alive, so this is the boot that its times were taken in. */
    if (event->type == RB_EV_EFFECT_ADOPTED && state->nodes[now->node].active)
        now->began = now->attempt_began = state->nodes[now->node].active->began;
}

const struct rb_frame *rb_story_now(const struct rb_story *story)
{
    return frame_of(story, story->now);
}

const struct rb_frame *rb_story_subject(const struct rb_story *story)
{
    return story->ended.key ? &story->ended : rb_story_now(story);
}

bool rb_story_missed(const struct rb_story *story, const struct rb_state *state)
{
    const struct rb_frame *ended = &story->ended;
    return ended->key && state->nodes[ended->node].status == RB_STATUS_PASSED &&
           rb_node_outcome(state, ended->node) == RB_STATUS_FAILED;
}

const struct rb_frame *rb_story_of(const struct rb_story *story, int node)
{
    bool ended = story->ended.key && story->ended.node == node;
    return ended ? &story->ended : frame_of(story, node);
}

const char *rb_story_reason(const struct rb_frame *frame)
{
    const char *why;
    const struct rb_value *item;
    rb_verdict_of(frame ? frame->looked : NULL, &why, &item);
    return why;
}
