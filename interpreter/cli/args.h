#pragma once
/* The command line, read by a command's table of options. */

#include "base/error.h"
#include "cli/command.h"

struct rb_given {
    const struct rb_option *option;
    const char *value; /* NULL for a flag */
};

struct rb_args {
    const struct rb_command *command;
    struct rb_given *given; /* in order */
    int given_count, given_capacity;
    const char **words; /* arguments that are not options */
    int word_count, word_capacity;
    bool help;
};

/* argv[0] is the first word after the command's name. Options may stand anywhere; after "--"
 * all is an argument. RB_ERR_USAGE names what is wrong and what was meant. */
bool rb_args_read(const struct rb_command *command, char **argv, struct rb_args *ret_args,
                  struct rb_error *err) RB_MUST_CHECK;
void rb_args_done(struct rb_args *args);

/* The last value of an option, or NULL. */
const char *rb_args_value(const struct rb_args *args, const char *name);
bool rb_args_flag(const struct rb_args *args, const char *name);
/* Is the option's value this word? `otherwise` when it was not given. */
bool rb_args_is(const struct rb_args *args, const char *name, const char *word,
                bool otherwise);
