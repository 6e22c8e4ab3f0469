#include "parse/shell_programs.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "parse/shell_flow.h"

/* clang-format off */
static const struct rb_shell_program programs[] = {
    { "sh bash dash ash zsh ksh mksh rbash fish", RB_SOURCE_FLAG, "c", "--command",
      "oO", "", RB_STDIN_ALONE, 501,
      "give it as an argument: sh -c '... \"$1\" ...' sh ${{ ... }}" },
    { "ssh autossh", RB_SOURCE_OPERANDS, "", NULL, "BbcDEeFIiJLlmOopQRSWw", "",
      RB_STDIN_ALONE, 501,
      "send it on standard input: ssh host 'IFS= read -r x; ... \"$x\"' <<< ${{ ... }}" },
    { "su", RB_SOURCE_OPTION, "c", "--command", "gGsTw", "", RB_STDIN_SOURCE, 501,
      "`sudo -u USER program ${{ ... }}` starts no shell" },
    { "runuser", RB_SOURCE_OPTION, "c", "--command", "gGsTwu", "", RB_STDIN_DATA, 501,
      "`runuser -u USER -- program ${{ ... }}` starts no shell" },
    { "env", RB_SOURCE_OPTION, "S", "--split-string", "uC", "", RB_STDIN_PASSED, 501,
      "give it as an argument behind the program: env NAME=value program ${{ ... }}" },
    { "tmux", RB_SOURCE_OPERANDS, "", NULL, "cefFLnsStxy", "", RB_STDIN_DATA, 501,
      "let the script that tmux runs read the value from a file" },
    { "alias", RB_SOURCE_ALL, "", NULL, "", "", RB_STDIN_DATA, 501,
      "define a function that has the value in a variable" },
    { "make gmake", RB_SOURCE_OPTION, "E", "--eval", "CIjlWo", "f", RB_STDIN_DATA, 501,
      "name a variable in the makefile, and quote it in its recipe" },
    { "tar gtar bsdtar", RB_SOURCE_OPTION, "IF", "--use-compress-program", "bCfgHKLNTVX", "",
      RB_STDIN_DATA, 501, "name the program, without a value" },
    { "rsync", RB_SOURCE_OPTION, "e", "--rsh", "BfMT", "", RB_STDIN_DATA, 501,
      "name the program, without a value" },
    { "script flock sg", RB_SOURCE_OPTION, "c", "--command", "", "", RB_STDIN_DATA, 501,
      "run the program without `-c`, or keep the commands in a file" },
    { "eval", RB_SOURCE_ALL, "", NULL, "", "", RB_STDIN_DATA, 501,
      "call the program without eval; collect arguments in an array: args+=(${{ ... }})" },
    { "watch parallel", RB_SOURCE_ALL, "", NULL, "", "", RB_STDIN_DATA, 501,
      "put the command into a loop of the script: for x in ...; do program ${{ ... }}; done" },
    { "compgen complete bind enable", RB_SOURCE_ALL, "", NULL, "", "", RB_STDIN_DATA, 501,
      "these are for interactive shells; a script does without them" },
    { "trap", RB_SOURCE_OPERAND, "", NULL, "", "", RB_STDIN_DATA, 501,
      "name a variable in it: x=${{ ... }}; trap '... \"$x\" ...' EXIT" },
    { "at batch", RB_SOURCE_OPTION, "", NULL, "qt", "f", RB_STDIN_SOURCE, 501,
      "let the script that is put off read the value from a file" },
    { "crontab", RB_SOURCE_OPTION, "", NULL, "u", "", RB_STDIN_ALONE, 501,
      "let the script that cron runs read the value from a file" },
    { "psql", RB_SOURCE_OPTION, "c", "--command", "dFhLoPpRTUv", "f", RB_STDIN_SOURCE, 503,
      "give it as a variable: psql -v name=${{ ... }} <<'SQL', and write :'name' in the SQL" },
    { "mysql mariadb", RB_SOURCE_OPTION, "e", "--execute", "uhPDSp", "", RB_STDIN_SOURCE, 503,
      "give it as hex: x=$(printf %s ${{ ... }} | xxd -p), and write UNHEX('$x') in the SQL" },
    { "sqlite", RB_SOURCE_OPERANDS, "", NULL, "", "", RB_STDIN_SOURCE, 503,
      "give it as hex: x=$(printf %s ${{ ... }} | xxd -p), and write x'$x' in the SQL" },
    { "mongosh mongo", RB_SOURCE_OPTION, "", "--eval", "u", "", RB_STDIN_SOURCE, 503,
      "give it in the environment: X=${{ ... }} mongosh --eval '... process.env.X ...'" },
    { "awk gawk mawk nawk", RB_SOURCE_OPERAND, "e", "--source", "Fvi", "f", RB_STDIN_DATA, 503,
      "give it as a variable: awk -v name=${{ ... }} '... name ...'" },
    { "sed", RB_SOURCE_OPERAND, "e", "--expression", "l", "f", RB_STDIN_DATA, 503,
      "sed takes no variables: use awk -v name=${{ ... }}, or bash's ${text//old/new}" },
    { "jq", RB_SOURCE_OPERAND, "", NULL, "L", "f", RB_STDIN_DATA, 503,
      "give it as a variable: jq --arg name ${{ ... }} '... $name ...'" },
    { "perl", RB_SOURCE_OPTION, "eE", NULL, "I", "", RB_STDIN_ALONE, 503,
      "give it as an argument: perl -e '... $ARGV[0] ...' -- ${{ ... }}" },
    { "python pypy", RB_SOURCE_OPTION, "c", NULL, "WX", "", RB_STDIN_ALONE, 503,
      "give it as an argument: python3 -c '... sys.argv[1] ...' ${{ ... }}" },
    { "ruby", RB_SOURCE_OPTION, "e", NULL, "Ir", "", RB_STDIN_ALONE, 503,
      "give it as an argument: ruby -e '... ARGV[0] ...' -- ${{ ... }}" },
    { "node nodejs", RB_SOURCE_OPTION, "ep", "--eval --print -pe", "r", "", RB_STDIN_ALONE, 503,
      "give it as an argument: node -e '... process.argv[1] ...' -- ${{ ... }}" },
    { "php", RB_SOURCE_OPTION, "r", "--run", "dc", "", RB_STDIN_ALONE, 503,
      "give it as an argument: php -r '... $argv[1] ...' -- ${{ ... }}" },
    { "lua", RB_SOURCE_OPTION, "e", NULL, "l", "", RB_STDIN_ALONE, 503,
      "give it as an argument: lua - ${{ ... }} <<'LUA', and read arg[1] there" },
    { "ed red", RB_SOURCE_OPTION, "", NULL, "p", "", RB_STDIN_SOURCE, 503,
      "use awk -v name=${{ ... }}, or bash's ${text//old/new}" },
    { "vi vim nvim ex", RB_SOURCE_OPTION, "c", "--cmd", "SsTtuUwW", "", RB_STDIN_DATA, 503,
      "use awk -v name=${{ ... }}, or bash's ${text//old/new}" },
    { "gdb", RB_SOURCE_OPTION, "", "-ex --ex -iex --eval-command --init-eval-command", "pcd",
      "x", RB_STDIN_SOURCE, 503, "keep the commands in a file, and name it with -x" },
    { "expect", RB_SOURCE_OPTION, "c", NULL, "", "", RB_STDIN_ALONE, 503,
      "give it as an argument: expect -f FILE ${{ ... }}, and read $argv there" },
};
/* clang-format on */

/* The name without its folder (pod/psql is no program) and without its version. */
static size_t bare_name(const char *name, const char **ret_base)
{
    const char *slash = *name == '/' ? strrchr(name, '/') : NULL;
    *ret_base = slash ? slash + 1 : name;
    size_t length = strlen(*ret_base);
    while (length > 1 && strchr("0123456789.", (*ret_base)[length - 1]))
        length--;
    return length;
}

static bool in_list(const char *list, const char *name, size_t length)
{
    for (const char *at = list; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, name, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

const struct rb_shell_program *rb_shell_program_find(const char *name)
{
    const char *base;
    size_t length = bare_name(name, &base);
    for (size_t i = 0; i < RB_COUNT(programs); i++) {
        if (in_list(programs[i].names, base, length))
            return &programs[i];
    }
    return NULL;
}

static bool is_one_of(const char *name, const char *list)
{
    const char *base;
    size_t length = bare_name(name, &base);
    return in_list(list, base, length);
}

bool rb_shell_runs_another(const char *name)
{
    static const char list[] =
        "sudo doas env nohup nice ionice chrt taskset time timeout xargs find setsid "
        "stdbuf exec setpriv prlimit faketime runuser numactl unbuffer busybox toybox "
        "command builtin docker podman nerdctl kubectl oc crictl lxc flock chroot nsenter "
        "unshare systemd-run strace ltrace firejail bwrap sshpass proxychains torsocks";
    return is_one_of(name, list);
}

bool rb_shell_runs_nothing(const char *name)
{
    return is_one_of(
        name, "echo printf grep egrep fgrep logger useradd usermod adduser chsh man");
}

/* Names that a variable may have, which programs run or load: of a script, of options, of a library. */
bool rb_shell_runs_variable(const char *name)
{
    static const char list[] =
        "BASH_ENV ENV PS0 PS1 PS2 PS4 PROMPT_COMMAND PYTHONSTARTUP PERL5OPT PERL5DB "
        "RUBYOPT "
        "NODE_OPTIONS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS GIT_SSH_COMMAND "
        "GIT_SSH "
        "GIT_EXTERNAL_DIFF GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_ASKPASS "
        "GIT_PROXY_COMMAND GIT_CONFIG_PARAMETERS SSH_ASKPASS SUDO_ASKPASS EDITOR VISUAL "
        "PAGER "
        "MANPAGER BROWSER LESSOPEN LESSCLOSE TAR_OPTIONS RSYNC_RSH MAKEFLAGS MAKEFILES";
    return rb_text_starts(name, "LD_") || rb_shell_one_of(name, list);
}

/* Arguments that say what a program runs. */
static const struct {
    const char *names;
    const char
        *option; /* that the setting stands behind, or NULL: it is an option itself */
    const char *starts; /* in small letters */
} settings[] = {
    {"git", "-c",
     "alias. core.sshcommand= core.pager= core.editor= core.fsmonitor= core.hookspath= "
     "core.askpass= core.gitproxy= credential.helper= diff.external= sequence.editor= "
     "gpg.program= pager. filter."},
    {"git", NULL, "--upload-pack= --receive-pack= --exec="},
    {"ssh autossh scp sftp sshfs", "-o",
     "proxycommand localcommand remotecommand knownhostscommand \1"},
    {"ssh autossh scp sftp sshfs", NULL,
     "-oproxycommand -olocalcommand -oremotecommand -oknownhostscommand -o\1"},
    {"tar gtar", NULL,
     "--checkpoint-action= --to-command= --rsh-command= --info-script= "
     "--new-volume-script="},
    {"rsync", NULL, "--rsync-path="},
};

static bool begins_with_one(const char *word, const char *starts)
{
    for (const char *at = starts; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncasecmp(word, at, strcspn(at, " ")) == 0)
            return true;
    }
    return false;
}

bool rb_shell_takes_settings(const char *name)
{
    for (size_t i = 0; i < RB_COUNT(settings); i++) {
        if (is_one_of(name, settings[i].names))
            return true;
    }
    return false;
}

bool rb_shell_is_setting(const char *name, const char *before, const char *word)
{
    for (size_t i = 0; i < RB_COUNT(settings); i++) {
        const char *option = settings[i].option;
        if (is_one_of(name, settings[i].names) &&
            (!option || strcmp(before, option) == 0) &&
            begins_with_one(word, settings[i].starts))
            return true;
    }
    return false;
}

struct rb_shell_arguments rb_shell_arguments(const struct rb_shell_command *command, int at,
                                             const struct rb_shell_program *program)
{
    return (struct rb_shell_arguments){
        .command = command, .program = program, .at = at + 1};
}

static const struct rb_shell_word *next_word(struct rb_shell_arguments *arguments)
{
    if (arguments->at >= arguments->command->word_count)
        return NULL;
    return &arguments->command->words[arguments->at++];
}

/* Shells: their options go on behind `-c`, and may begin with `+`. */
static bool is_flag(const struct rb_shell_program *program)
{
    return program->source == RB_SOURCE_FLAG;
}

/* A letter of `-abc`, with its argument if it takes one. */
static enum rb_shell_argument next_letter(struct rb_shell_arguments *arguments,
                                          const struct rb_shell_word **ret_word,
                                          char *ret_letter)
{
    const struct rb_shell_program *program = arguments->program;
    char letter = *arguments->cluster++;
    bool source = strchr(program->letters, letter);
    bool rest = *arguments->cluster;
    *ret_letter = letter;
    *ret_word = &arguments->command->words[arguments->at - 1];
    if (!rest)
        arguments->cluster = NULL;
    if (source && is_flag(program)) {
        arguments->flagged = true;
        return RB_ARGUMENT_OPTION;
    }
    if (!source && !strchr(program->with, letter) && !strchr(program->unless, letter))
        return RB_ARGUMENT_OPTION;
    arguments->cluster = NULL;
    if (!rest)
        *ret_word = next_word(arguments);
    return source && *ret_word ? RB_ARGUMENT_SOURCE : RB_ARGUMENT_OPTION;
}

static enum rb_shell_argument next_long(struct rb_shell_arguments *arguments,
                                        const struct rb_shell_word **ret_word)
{
    const char *text = (*ret_word)->text, *option = arguments->program->option;
    size_t length = strcspn(text, "=");
    if (rb_shell_one_of(text, "--arg --argjson --slurpfile --rawfile"))
        arguments->at += 2;
    if (!in_list(option, text, length))
        return RB_ARGUMENT_OPTION;
    if (text[length] != '=')
        *ret_word = next_word(arguments);
    return *ret_word ? RB_ARGUMENT_SOURCE : RB_ARGUMENT_OPTION;
}

/* Shells and most languages take no options behind their source or their script, and what runs
 * another program none behind its name. */
static enum rb_shell_argument leave_options(struct rb_shell_arguments *arguments,
                                            enum rb_shell_argument argument)
{
    bool first =
        arguments->program->input == RB_STDIN_ALONE ||
        (arguments->program->input == RB_STDIN_PASSED && argument == RB_ARGUMENT_OPERAND);
    if (argument != RB_ARGUMENT_OPTION && first)
        arguments->only_operands = true;
    return argument;
}

static enum rb_shell_argument read_argument(struct rb_shell_arguments *arguments,
                                            const struct rb_shell_word **ret_word,
                                            char *ret_letter)
{
    *ret_letter = '\0';
    if (arguments->cluster)
        return next_letter(arguments, ret_word, ret_letter);
    *ret_word = next_word(arguments);
    if (!*ret_word)
        return RB_ARGUMENT_END;
    const char *text = (*ret_word)->text;
    bool option = text[0] == '-' || (text[0] == '+' && is_flag(arguments->program));
    if (arguments->only_operands || arguments->program->source == RB_SOURCE_ALL ||
        !option || (text[1] == '\0' && !arguments->flagged))
        return RB_ARGUMENT_OPERAND;
    if (strcmp(text, "--") == 0 || text[1] == '\0') {
        arguments->only_operands = true;
        *ret_word = next_word(arguments);
        return *ret_word ? RB_ARGUMENT_OPERAND : RB_ARGUMENT_END;
    }
    if (text[1] == '-' || in_list(arguments->program->option, text, strcspn(text, "=")))
        return next_long(arguments, ret_word);
    arguments->cluster = text + 1;
    return next_letter(arguments, ret_word, ret_letter);
}

enum rb_shell_argument rb_shell_next_argument(struct rb_shell_arguments *arguments,
                                              const struct rb_shell_word **ret_word,
                                              char *ret_letter)
{
    enum rb_shell_argument argument = read_argument(arguments, ret_word, ret_letter);
    if (argument == RB_ARGUMENT_OPERAND && arguments->flagged) {
        arguments->flagged = false;
        argument = RB_ARGUMENT_SOURCE;
    }
    return leave_options(arguments, argument);
}
