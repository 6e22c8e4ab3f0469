#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/pattern.h"
#include "core/question.h"
#include "render/prompt_inner.h"
#include "render/words.h"

/* The label of each text that is typed for a choice. */
static const char *const labels[] = {
    [RB_NEEDS_NOTHING] = "> ",      [RB_MAY_REASON] = "> ",
    [RB_NEEDS_REASON] = "reason> ", [RB_NEEDS_EVIDENCE] = "evidence> ",
    [RB_NEEDS_NOTE] = "note> ",     [RB_NEEDS_PURPOSE] = "what for> ",
    [RB_NEEDS_HELP] = "> ",
};

struct rb_prompt *rb_prompt_new(const struct rb_value *question, const char *resume)
{
    struct rb_prompt *prompt = rb_alloc(sizeof *prompt);
    prompt->question = rb_value_ref(question);
    prompt->resume = resume;
    prompt->choices = rb_choices_of(question);
    const struct rb_value *field = rb_value_get(question, "field");
    const struct rb_value *fallback = rb_value_get(field, "default");
    if (!prompt->choices && fallback)
        rb_words_value(&prompt->prefill, fallback);
    return prompt;
}

const char *rb_prompt_step(const struct rb_prompt *prompt)
{
    return rb_value_get_text(prompt->question, "step", "");
}

void rb_prompt_free(struct rb_prompt *prompt)
{
    if (!prompt)
        return;
    rb_value_unref(prompt->question);
    rb_value_unref(prompt->answer);
    free(prompt->evidence);
    free(prompt->note);
    free(prompt->purpose);
    free(prompt->message);
    rb_buf_done(&prompt->prefill);
    free(prompt);
}

const char *rb_prompt_label(const struct rb_prompt *prompt)
{
    return labels[prompt->pending ? prompt->pending->needs : RB_NEEDS_NOTHING];
}

const char *rb_prompt_prefill(const struct rb_prompt *prompt)
{
    return prompt->pending ? "" : rb_buf_text(&prompt->prefill);
}

const struct rb_value *rb_prompt_question(const struct rb_prompt *prompt)
{
    return prompt->question;
}

const char *rb_prompt_purpose(const struct rb_prompt *prompt)
{
    return prompt->purpose;
}

const struct rb_value *rb_prompt_answer(const struct rb_prompt *prompt)
{
    return prompt->answer;
}

static enum rb_prompt_turn complain(struct rb_prompt *prompt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum rb_prompt_turn complain(struct rb_prompt *prompt, const char *format, ...)
{
    struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    free(prompt->message);
    prompt->message = rb_buf_take(&text);
    return RB_PROMPT_MORE;
}

static const struct rb_value *or_absent(const char *text)
{
    return text ? rb_value_text(text) : NULL;
}

/* The answer is given when the question allows it; else what is wrong is said. */
static enum rb_prompt_turn give(struct rb_prompt *prompt, const struct rb_value *owned,
                                const char *reason)
{
    RB_AUTO_VALUE const struct rb_value *answer =
        rb_value_map("answer", owned, "reason", or_absent(reason), "evidence",
                     or_absent(prompt->evidence), "note", or_absent(prompt->note), NULL);
    struct rb_error err = {0};
    if (!rb_question_allows(prompt->question, answer, &err))
        return complain(prompt, "%s", err.message);
    prompt->answer = rb_value_ref(answer);
    return RB_PROMPT_ANSWERED;
}

bool rb_prompt_lacks_evidence(const struct rb_prompt *prompt)
{
    return rb_value_get_bool(prompt->question, "evidence", false) && !prompt->evidence;
}

static void keep(char **slot, const char *text)
{
    free(*slot);
    *slot = rb_strdup(text);
}

static enum rb_prompt_turn choose(struct rb_prompt *prompt, const struct rb_choice *choice,
                                  const char *text);

/* The text that a choice needs was typed. */
static enum rb_prompt_turn complete(struct rb_prompt *prompt,
                                    const struct rb_choice *choice, const char *text)
{
    if (*text == '\0') {
        prompt->pending = choice;
        return complain(prompt, "a %s is needed; Ctrl-D goes back",
                        choice->needs == RB_NEEDS_REASON    ? "reason"
                        : choice->needs == RB_NEEDS_PURPOSE ? "purpose"
                                                            : "text");
    }
    prompt->pending = NULL;
    if (choice->needs == RB_NEEDS_REASON)
        return give(prompt, rb_value_text(choice->word), text);
    if (choice->needs == RB_NEEDS_PURPOSE) {
        keep(&prompt->purpose, text);
        return RB_PROMPT_SHELL;
    }
    keep(choice->needs == RB_NEEDS_EVIDENCE ? &prompt->evidence : &prompt->note, text);
    const struct rb_choice *after = prompt->after;
    prompt->after = NULL;
    return after ? choose(prompt, after, "") : RB_PROMPT_MORE;
}

static enum rb_prompt_turn choose(struct rb_prompt *prompt, const struct rb_choice *choice,
                                  const char *text)
{
    if (choice->needs == RB_NEEDS_HELP) {
        prompt->help = true;
        return RB_PROMPT_MORE;
    }
    if (choice->needs == RB_MAY_REASON)
        return give(prompt, rb_value_text(choice->word), *text ? text : NULL);
    if (choice->needs != RB_NEEDS_NOTHING) {
        if (*text)
            return complete(prompt, choice, text);
        prompt->pending = choice;
        return RB_PROMPT_MORE;
    }
    if (strcmp(choice->word, "yes") == 0 && rb_prompt_lacks_evidence(prompt)) {
        prompt->after = choice;
        prompt->pending = rb_choice_find(prompt->choices, "e", 1);
        return RB_PROMPT_MORE;
    }
    return give(prompt, rb_value_text(choice->word), NULL);
}

static enum rb_prompt_turn say_choices(struct rb_prompt *prompt, const char *line)
{
    RB_AUTO_BUF struct rb_buf keys = {0}, typed = {0};
    for (const struct rb_choice *choice = prompt->choices; choice->key; choice++)
        rb_buf_printf(&keys, keys.length > 0 ? ", %c" : "%c", choice->key);
    if (*line == '\0')
        return complain(prompt, "Enter alone is no answer: type one of %s",
                        rb_buf_text(&keys));
    rb_words_text(&typed, line);
    return complain(prompt, "\"%.60s\" is none of %s", rb_buf_text(&typed),
                    rb_buf_text(&keys));
}

static enum rb_prompt_turn take_choice(struct rb_prompt *prompt, const char *line)
{
    const char *type = rb_value_get_text(prompt->question, "type", NULL);
    if (type && strcmp(line, type) == 0)
        return give(prompt, rb_value_text("yes"), NULL);
    size_t length = strcspn(line, " ");
    const char *text = line + length + strspn(line + length, " ");
    const struct rb_choice *choice = rb_choice_find(prompt->choices, line, length);
    /* "n the disk is full" gives the reason at once; more after anything else is a mistake. */
    bool spare = choice && *text &&
                 (choice->needs == RB_NEEDS_NOTHING || choice->needs == RB_NEEDS_HELP);
    if (choice && !spare)
        return choose(prompt, choice, text);
    return type ? complain(prompt, "that is not it: type it exactly, or n for no")
                : say_choices(prompt, line);
}

/* A typed line as the type of the field has it; where it is none, the text, to be refused. */
static const struct rb_value *typed(const struct rb_value *field, const char *line)
{
    static const char *const truths[] = {"true", "yes", "y"}, *const lies[] = {"false",
                                                                               "no", "n"};
    const char *type = rb_value_get_text(field, "type", "string");
    char *end = NULL;
    errno = 0;
    long long whole = strtoll(line, &end, 10);
    bool is_whole = *line && !*end && errno == 0;
    if (is_whole && (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0))
        return rb_value_int(whole);
    double number = strtod(line, &end);
    if (strcmp(type, "number") == 0 && *line && !*end && isfinite(number))
        return rb_value_number(number);
    for (size_t i = 0; strcmp(type, "boolean") == 0 && i < RB_COUNT(truths); i++) {
        if (strcasecmp(line, truths[i]) == 0 || strcasecmp(line, lies[i]) == 0)
            return rb_value_bool(strcasecmp(line, truths[i]) == 0);
    }
    return rb_value_text(line);
}

static enum rb_prompt_turn take_value(struct rb_prompt *prompt, const char *line)
{
    const struct rb_value *field = rb_value_get(prompt->question, "field");
    const char *pattern = rb_value_get_text(field, "pattern", NULL);
    rb_buf_clear(&prompt->prefill); /* what is refused can be mended */
    rb_buf_puts(&prompt->prefill, line);
    if (pattern && rb_pattern_whole(pattern, line, strlen(line)) != RB_PATTERN_MATCHES)
        return complain(prompt, "it has to match %s", pattern);
    return give(prompt, typed(field, line), NULL);
}

static void clear_message(struct rb_prompt *prompt)
{
    free(prompt->message);
    prompt->message = NULL;
    prompt->help = false;
}

enum rb_prompt_turn rb_prompt_line(struct rb_prompt *prompt, const char *line)
{
    clear_message(prompt);
    if (!prompt->choices)
        return take_value(prompt, line);
    if (prompt->pending)
        return complete(prompt, prompt->pending, line);
    return take_choice(prompt, line);
}

enum rb_prompt_turn rb_prompt_end(struct rb_prompt *prompt)
{
    clear_message(prompt);
    if (!prompt->pending)
        return RB_PROMPT_OPEN;
    prompt->pending = NULL;
    prompt->after = NULL;
    return RB_PROMPT_MORE;
}
