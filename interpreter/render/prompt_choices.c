#include "render/prompt_choices.h"

#include <string.h>
#include <strings.h>

static const struct rb_choice of_item[] = {
    {'y', "yes", "yes", RB_NEEDS_NOTHING, true, "it is so, confirmed by you"},
    {'n', "no", "no", RB_NEEDS_REASON, true,
     "it is not so: the step fails, and you are asked how to go on"},
    {'s', "skip", "skip", RB_NEEDS_REASON, true,
     "it does not apply this time: recorded as skipped, with your reason"},
    {'e', "evidence", "evidence", RB_NEEDS_EVIDENCE, false,
     "what shows it: a text, a link, the path of a file"},
    {'o', "note", "note", RB_NEEDS_NOTE, false, "anything worth keeping in the record"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

static const struct rb_choice of_confirm[] = {
    {'y', "yes", "yes", RB_NEEDS_NOTHING, true, "go on"},
    {'n', "no", "no", RB_NEEDS_NOTHING, true,
     "the step fails, and you are asked how to go on"},
    {'o', "note", "note", RB_NEEDS_NOTE, false, "anything worth keeping in the record"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

static const struct rb_choice of_review[] = {
    {'c', "commit", "commit", RB_NEEDS_NOTHING, true,
     "it is as it should be: COMMIT, what was done stays"},
    {'r', "rollback", "roll back", RB_NEEDS_REASON, true,
     "ROLLBACK, as if nothing had been done: the step is refused, with your reason, and "
     "the "
     "run ends"},
    {'o', "note", "note", RB_NEEDS_NOTE, false, "anything worth keeping in the record"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

/* Without `yes`: that is the word to be typed out. */
static const struct rb_choice of_typed[] = {
    {'n', "no", "no", RB_NEEDS_NOTHING, true,
     "the step fails, and you are asked how to go on"},
    {'o', "note", "note", RB_NEEDS_NOTE, false, "anything worth keeping in the record"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

#define A_SHELL                                                                          \
    {                                                                                    \
        'h', "shell", "a shell", RB_NEEDS_PURPOSE, false,                                \
            "look around first, in the folder and environment of the step, but without " \
            "secrets; what runs beside it goes on, and then the question is asked again" \
    }

#define AFTER_FAILURE                                                                    \
    {'r', "retry", "retry", RB_MAY_REASON, true, "run this step once more"},             \
        {'s',    "skip",                                                                 \
         "skip", RB_NEEDS_REASON,                                                        \
         true,   "go on without it: recorded as skipped, with your reason"},             \
        {'k',                                                                            \
         "done",                                                                         \
         "mark done",                                                                    \
         RB_NEEDS_REASON,                                                                \
         true,                                                                           \
         "its effect is in place, you made sure: recorded as passed by you, with your "  \
         "reason"},                                                                      \
        {'t',                                                                            \
         "stop",                                                                         \
         "stop, resume later",                                                           \
         RB_MAY_REASON,                                                                  \
         true,                                                                           \
         "end here, and leave all as it is; it can be resumed later, at this question"}, \
        A_SHELL

static const struct rb_choice of_failure[] = {
    AFTER_FAILURE,
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

static const struct rb_choice of_undoable[] = {
    AFTER_FAILURE,
    {'b', "rollback", "roll back", RB_MAY_REASON, true,
     "take back what was done, the newest first, by the undo of each step"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

static const struct rb_choice of_undo[] = {
    {'u', "undo", "undo", RB_MAY_REASON, true, "it was done: take it back"},
    {'l', "leave", "leave it", RB_NEEDS_REASON, true,
     "it was not done, or is to stay: recorded as left, with your reason"},
    {'t', "stop", "stop, resume later", RB_MAY_REASON, true,
     "end here, in the middle of the rollback; it can be resumed, at this question"},
    A_SHELL,
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

static const struct rb_choice of_window[] = {
    {'w', "wait", "wait", RB_NEEDS_NOTHING, true,
     "until it opens; Ctrl-C leaves, and it can be resumed later"},
    {'o', "override", "override", RB_NEEDS_REASON, true,
     "go on all the same: recorded with your reason, and shown wherever the run is"},
    {'t', "stop", "stop, resume later", RB_MAY_REASON, true,
     "end here, nothing is undone; it can be resumed later"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

/* What has to be signed is neither skipped nor said to be done. */
static const struct rb_choice of_rejected[] = {
    {'r', "retry", "retry", RB_MAY_REASON, true, "ask for the approval anew"},
    {'t', "stop", "stop, resume later", RB_MAY_REASON, true,
     "end here, nothing is undone; it can be resumed later, at this question"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

static const struct rb_choice of_rejected_undoable[] = {
    {'r', "retry", "retry", RB_MAY_REASON, true, "ask for the approval anew"},
    {'t', "stop", "stop, resume later", RB_MAY_REASON, true,
     "end here, nothing is undone; it can be resumed later, at this question"},
    {'b', "rollback", "roll back", RB_MAY_REASON, true,
     "take back what was done, the newest first, by the undo of each step"},
    {'?', "help", "help", RB_NEEDS_HELP, false, "these lines"},
    {0},
};

const struct rb_choice *rb_choices_of(const struct rb_value *question)
{
    const char *kind = rb_value_get_text(question, "kind", "");
    if (strcmp(kind, "field") == 0)
        return NULL;
    if (strcmp(kind, "review") == 0)
        return of_review;
    if (strcmp(kind, "confirm") == 0)
        return rb_value_get(question, "type") ? of_typed : of_confirm;
    if (strcmp(kind, "rejected") == 0)
        return rb_value_get_bool(question, "rollback", false) ? of_rejected_undoable
                                                              : of_rejected;
    if (strcmp(kind, "window") == 0) /* without a time there is nothing to wait for */
        return rb_value_get(question, "opens") ? of_window : of_window + 1;
    if (strcmp(kind, "failure") == 0 || strcmp(kind, "doubt") == 0)
        return rb_value_get_bool(question, "rollback", false) ? of_undoable : of_failure;
    if (strcmp(kind, "undo") == 0)
        return of_undo;
    return of_item;
}

const struct rb_choice *rb_choice_find(const struct rb_choice *choices, const char *word,
                                       size_t length)
{
    for (; choices->key; choices++) {
        bool is_key = length == 1 && strncasecmp(word, &choices->key, 1) == 0;
        bool is_word = length == strlen(choices->word) &&
                       strncasecmp(word, choices->word, length) == 0;
        if (is_key || is_word)
            return choices;
    }
    return NULL;
}
