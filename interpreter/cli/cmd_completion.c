#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/load.h"

static void words(const char *separator)
{
    for (const struct rb_command *c = rb_commands; c->name; c++)
        printf("%s%s", c == rb_commands ? "" : separator, c->name);
}

static void bash_options(const struct rb_option *option)
{
    for (; option && option->name; option++)
        printf(" --%s", option->name);
}

static void bash(void)
{
    fputs("_runbook()\n{\n    local cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]}\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '",
          stdout);
    words(" ");
    fputs("' -- \"$cur\"))\n        return\n    fi\n    case $cmd in\n", stdout);
    for (const struct rb_command *c = rb_commands; c->name; c++) {
        printf("    %s)\n        if [ \"${cur:0:1}\" = - ]; then\n"
               "            COMPREPLY=($(compgen -W '",
               c->name);
        bash_options(c->options);
        bash_options(rb_common_options);
        fputs("' -- \"$cur\"))\n", stdout);
        if (c->kind == RB_WORD_RUN) {
            fputs("        else\n            COMPREPLY=($(compgen -W \"last $(runbook list "
                  "2>/dev/null | cut -d' ' -f1)\" -- \"$cur\"))\n",
                  stdout);
        }
        fputs("        fi ;;\n", stdout);
    }
    fputs("    esac\n}\ncomplete -o default -F _runbook runbook\n", stdout);
}

static void zsh(void)
{
    fputs("#compdef runbook\nautoload -U +X bashcompinit && bashcompinit\n", stdout);
    bash();
}

static void fish(void)
{
    for (const struct rb_command *c = rb_commands; c->name; c++) {
        printf("complete -c runbook -n __fish_use_subcommand -f -a %s -d '%s'\n", c->name,
               c->summary);
        for (const struct rb_option *o = c->options; o->name; o++) {
            printf("complete -c runbook -n '__fish_seen_subcommand_from %s' -l %s%s -d '",
                   c->name, o->name, o->value ? " -r" : "");
            for (const char *h = o->help; *h; h++)
                printf(*h == '\'' ? "\\'" : "%c", *h);
            fputs("'\n", stdout);
        }
    }
}

int rb_cmd_completion(const struct rb_args *args)
{
    const char *shell = args->words[0];
    if (strcmp(shell, "bash") == 0) {
        bash();
    } else if (strcmp(shell, "zsh") == 0) {
        zsh();
    } else if (strcmp(shell, "fish") == 0) {
        fish();
    } else {
        struct rb_error err = {0};
        rb_fail(&err, RB_ERR_USAGE,
                "there is completion for bash, zsh and fish, not for `%s`", shell);
        return rb_report(&err);
    }
    return 0;
}
