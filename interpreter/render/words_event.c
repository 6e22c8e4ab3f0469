#include <string.h>

#include "render/words_inner.h"

const char *rb_telling_text(const struct rb_telling *telling, const char *member)
{
    return rb_value_get_text(telling->d, member, NULL);
}

bool rb_telling_says(const struct rb_telling *telling, const char *member, const char *word)
{
    return strcmp(rb_value_get_text(telling->d, member, ""), word) == 0;
}

void rb_telling_because(const struct rb_telling *telling, const char *member)
{
    const char *why = rb_telling_text(telling, member);
    if (!why || !*why)
        return;
    rb_buf_puts(telling->out, ": ");
    rb_words_text(telling->out, why);
}

void rb_telling_key(const struct rb_telling *telling)
{
    rb_words_text(telling->out, rb_telling_text(telling, "step"));
    rb_buf_puts(telling->out, ": ");
}

void rb_telling_also(const struct rb_telling *telling, const char *member)
{
    const struct rb_value *value = rb_value_get(telling->d, member);
    if (!value || rb_value_is(value, RB_NULL))
        return;
    rb_buf_printf(telling->out, "; %s: ", member);
    rb_words_value(telling->out, value);
}

bool rb_words_event(const struct rb_story *story, const struct rb_state *state,
                    const struct rb_event *event, struct rb_buf *out)
{
    struct rb_telling telling = {
        .story = story, .state = state, .event = event, .d = event->d, .out = out};
    return rb_words_of_run(&telling) || rb_words_of_step(&telling);
}
