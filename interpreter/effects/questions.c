#include "effects/questions.h"

#include <string.h>

#include "core/statement.h"

struct question {
    int node;
    const struct rb_value *step, *question;
    int64_t attempt;
};

struct rb_questions {
    struct rb_questions_options o;
    struct question *items; /* the first is being asked */
    size_t count, capacity;
    bool open;   /* it was handed to the asker, who has not answered */
    bool asking; /* somebody further up the stack asks one after the other */
};

struct rb_questions *rb_questions_new(const struct rb_questions_options *options)
{
    struct rb_questions *questions = rb_alloc(sizeof *questions);
    questions->o = *options;
    return questions;
}

static void let_go(const struct question *question)
{
    rb_value_unref(question->step);
    rb_value_unref(question->question);
}

void rb_questions_free(struct rb_questions *questions)
{
    if (!questions)
        return;
    while (questions->count > 0)
        let_go(&questions->items[--questions->count]);
    free(questions->items);
    free(questions);
}

static void tell_open(struct rb_questions *questions, const struct rb_effect *effect,
                      const struct rb_value *question)
{
    const struct rb_elsewhere *elsewhere = &questions->o.elsewhere;
    RB_AUTO_VALUE const struct rb_value *step = rb_effect_step(questions->o.state, effect);
    if (elsewhere->open)
        elsewhere->open(elsewhere->self, step, effect->attempt, question);
}

static void tell_closed(struct rb_questions *questions, int64_t q)
{
    const struct rb_elsewhere *elsewhere = &questions->o.elsewhere;
    if (elsewhere->close)
        elsewhere->close(elsewhere->self, q);
}

static struct question take_out(struct rb_questions *questions, size_t at)
{
    struct question question = questions->items[at];
    memmove(&questions->items[at], &questions->items[at + 1],
            (--questions->count - at) * sizeof question);
    return question;
}

static void ask_first(struct rb_questions *questions);

static void answered(void *context, const struct rb_value *answer, const char *why)
{
    struct rb_questions *questions = context;
    if (!questions->open)
        return;
    questions->open = false;
    struct question first = take_out(questions, 0);
    RB_AUTO_VALUE const struct rb_value *who = rb_value_map(
        "q", rb_value_ref(rb_value_get(first.question, "q")), "by",
        rb_value_text(questions->o.operator_name), "why",
        answer ? NULL : rb_value_text(why ? why : "there is no terminal"), NULL);
    questions->o.put(questions->o.context, first.step, first.attempt,
                     answer ? RB_EV_QUESTION_ANSWERED : RB_EV_QUESTION_UNANSWERED,
                     rb_value_merge(answer, who));
    let_go(&first);
    ask_first(questions);
}

static void ask_first(struct rb_questions *questions)
{
    if (questions->asking)
        return;
    questions->asking = true;
    while (questions->count > 0 && !questions->open) {
        questions->open = true;
        if (questions->o.asker.ask)
            questions->o.asker.ask(questions->o.asker.self, questions->items[0].question,
                                   answered, questions);
        else
            answered(questions, NULL, NULL);
    }
    questions->asking = false;
}

void rb_questions_begin(struct rb_questions *questions, const struct rb_effect *effect,
                        const struct rb_value *question)
{
    tell_open(questions, effect, question);
    if (rb_question_is_signed(question))
        return;
    RB_GROW(questions->items, questions->count, questions->capacity);
    questions->items[questions->count++] =
        (struct question){.node = effect->node,
                          .step = rb_effect_step(questions->o.state, effect),
                          .question = rb_value_ref(question),
                          .attempt = effect->attempt};
    ask_first(questions);
}

void rb_questions_withdraw(struct rb_questions *questions, const struct rb_effect *effect)
{
    size_t at = 0;
    tell_closed(questions, effect->number);
    while (at < questions->count && questions->items[at].node != effect->node)
        at++;
    if (at == questions->count)
        return;
    struct question off = take_out(questions, at);
    let_go(&off);
    if (at > 0 || !questions->open)
        return;
    questions->open = false;
    if (questions->o.asker.unask)
        questions->o.asker.unask(questions->o.asker.self);
    ask_first(questions);
}
