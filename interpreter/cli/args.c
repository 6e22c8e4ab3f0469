#include "cli/args.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { OPTIONS_MAX = 64 };

static const struct rb_option *find_in(const struct rb_option *options, const char *name,
                                       size_t length)
{
    for (; options && options->name; options++) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0)
            return options;
        if (length == 1 && options->letter == name[0])
            return options;
    }
    return NULL;
}

static const struct rb_option *find(const struct rb_command *command, const char *name,
                                    size_t length)
{
    const struct rb_option *own = find_in(command->options, name, length);
    return own ? own : find_in(rb_common_options, name, length);
}

static bool unknown(const struct rb_command *command, const char *word,
                    struct rb_error *err)
{
    const char *names[OPTIONS_MAX + 1];
    int count = 0;
    for (const struct rb_option *o = command->options; o && o->name && count < 48; o++)
        names[count++] = o->name;
    for (const struct rb_option *o = rb_common_options; o->name && count < OPTIONS_MAX; o++)
        names[count++] = o->name;
    names[count] = NULL;
    const char *name = word + strspn(word, "-");
    const char *near = rb_text_nearest(name, names);
    return rb_fail(err, RB_ERR_USAGE,
                   "`%s` has no option `%s`%s%s%s; see `runbook %s --help`", command->name,
                   word, near ? "; did you mean `--" : "", near ? near : "",
                   near ? "`?" : "", command->name);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; *at; at += *at == '|') {
        size_t span = strcspn(at, "|");
        if (span == length && strncmp(at, value, span) == 0)
            return true;
        at += span;
    }
    return false;
}

static bool give(struct rb_args *args, const struct rb_option *option, const char *value,
                 struct rb_error *err)
{
    if (value && option->kind == RB_WORD_CHOICE && !is_choice(option->choices, value)) {
        return rb_fail(err, RB_ERR_USAGE, "--%s takes one of %s, not `%s`", option->name,
                       option->choices, value);
    }
    RB_GROW(args->given, args->given_count, args->given_capacity);
    args->given[args->given_count++] = (struct rb_given){option, value};
    args->help |= strcmp(option->name, "help") == 0;
    return true;
}

/* Reads the option at *at and moves *at to the last word that it took. */
static bool take_option(struct rb_args *args, char ***at, struct rb_error *err)
{
    const char *word = **at;
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    size_t length = is_long ? strcspn(name, "=") : 1;
    const struct rb_option *option = find(args->command, name, length);
    if (!option || (is_long && length == 1))
        return unknown(args->command, word, err);
    const char *rest = name + length;
    const char *inside = *rest ? rest + (is_long ? 1 : 0) : NULL;
    if (!option->value) {
        if (inside)
            return rb_fail(err, RB_ERR_USAGE, "--%s takes no value", option->name);
        return give(args, option, NULL, err);
    }
    if (inside)
        return give(args, option, inside, err);
    if (!(*at)[1])
        return rb_fail(err, RB_ERR_USAGE, "--%s needs a value: %s", option->name,
                       option->value);
    ++*at;
    return give(args, option, **at, err);
}

static void add_word(struct rb_args *args, const char *word)
{
    RB_GROW(args->words, args->word_count, args->word_capacity);
    args->words[args->word_count++] = word;
}

static bool count_fits(const struct rb_args *args, struct rb_error *err)
{
    const struct rb_command *command = args->command;
    bool few = args->word_count < command->min;
    if (args->help || (!few && (command->max < 0 || args->word_count <= command->max)))
        return true;
    return rb_fail(err, RB_ERR_USAGE, "%s; usage: runbook %s %s",
                   few ? "an argument is missing" : "too many arguments", command->name,
                   command->arguments);
}

bool rb_args_read(const struct rb_command *command, char **argv, struct rb_args *ret_args,
                  struct rb_error *err)
{
    struct rb_args args = {.command = command};
    bool options = true, good = true;
    for (char **at = argv; *at && good; at++) {
        if (options && strcmp(*at, "--") == 0)
            options = false;
        else if (options && (*at)[0] == '-' && (*at)[1])
            good = take_option(&args, &at, err);
        else
            add_word(&args, *at);
    }
    if (good && count_fits(&args, err)) {
        *ret_args = args;
        return true;
    }
    rb_args_done(&args);
    return false;
}

void rb_args_done(struct rb_args *args)
{
    free(args->given);
    free(args->words);
    *args = (struct rb_args){0};
}

const char *rb_args_value(const struct rb_args *args, const char *name)
{
    const char *value = NULL;
    for (int i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, name) == 0)
            value = args->given[i].value;
    }
    return value;
}

bool rb_args_flag(const struct rb_args *args, const char *name)
{
    for (int i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, name) == 0)
            return true;
    }
    return false;
}

bool rb_args_is(const struct rb_args *args, const char *name, const char *word,
                bool otherwise)
{
    const char *value = rb_args_value(args, name);
    return value ? strcmp(value, word) == 0 : otherwise;
}
