#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/args.h"
#include "cli/help.h"
#include "cli/start.h"
#include "effects/fs_look.h"

static int usage(const struct rb_error *err)
{
    fprintf(stderr, "runbook: %s\n", err->message);
    return rb_error_exit_status(err->code);
}

static int unknown(const char *word)
{
    const char *names[32];
    int count = 0;
    for (const struct rb_command *c = rb_commands; c->name && count < 31; c++)
        names[count++] = c->name;
    names[count] = NULL;
    const char *near = rb_text_nearest(word, names);
    struct rb_error err = {0};
    rb_fail(&err, RB_ERR_USAGE,
            "there is no command `%s`%s%s%s; `runbook --help` lists them", word,
            near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    return usage(&err);
}

/* `runbook man` and `runbook man exec`: what the build installs. */
static int man(char **words)
{
    const struct rb_command *command = words[0] ? rb_command_find(words[0]) : NULL;
    if (words[0] && !command)
        return unknown(words[0]);
    rb_help_man(command, stdout);
    return 0;
}

static int run(const struct rb_command *command, char **words)
{
    struct rb_error err = {0};
    struct rb_args args;
    if (!rb_args_read(command, words, &args, &err))
        return usage(&err);
    int status = 0;
    if (args.help)
        rb_help_command(command, stdout);
    else
        status = command->run(&args);
    rb_args_done(&args);
    return status;
}

/* Common options may stand before the command: they are moved behind it. */
static char **command_first(char **words)
{
    char *option = words[0];
    if (!option || strcmp(option, "--store") != 0 || !words[1] || !words[2])
        return words;
    char *folder = words[1];
    words[0] = words[2];
    words[1] = option;
    words[2] = folder;
    return words;
}

static int answer(char **words)
{
    const char *name = words[0];
    if (!name || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        const struct rb_command *about =
            name && words[1] ? rb_command_find(words[1]) : NULL;
        if (about)
            rb_help_command(about, stdout);
        else
            rb_help_program(name ? stdout : stderr);
        return name ? 0 : 2;
    }
    if (strcmp(name, "--version") == 0) {
        puts("runbook " RB_VERSION);
        return 0;
    }
    if (strcmp(name, "look") == 0 && words[1])
        return rb_fs_look(words[1]);
    if (strcmp(name, "man") == 0)
        return man(words + 1);
    const struct rb_command *command = rb_command_find(name);
    return command ? run(command, words + 1) : unknown(name);
}

static bool reader_left(int fd)
{
    struct pollfd poll_fd = {.fd = fd};
    return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLERR);
}

/* An answer of which a part is lost is no success, unless its reader did not want the rest. */
static int all_printed(int status)
{
    bool flushed = fflush(stdout) == 0 && !ferror(stdout);
    if (flushed || reader_left(STDOUT_FILENO))
        return status;
    fputs("runbook: standard output did not take all of the answer\n", stderr);
    return status == 0 ? rb_error_exit_status(RB_ERR_IO) : status;
}

int main(int argc, char **argv)
{
    struct rb_error err = {0};
    if (!rb_start_process(&err))
        return usage(&err);
    return all_printed(answer(command_first(argv + (argc > 0))));
}
