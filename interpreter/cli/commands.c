#include "cli/command.h"

#include <string.h>

#include "cli/commands.h"

const struct rb_option rb_common_options[] = {
    {0, "store", "DIR", RB_WORD_FOLDER, NULL,
     "where runs are kept (also RUNBOOK_STORE; default ~/.local/state/runbook)"},
    {'h', "help", NULL, RB_WORD_NONE, NULL, "show this help"},
    {0, NULL, NULL, RB_WORD_NONE, NULL, NULL},
};

#define END                                     \
    {                                           \
        0, NULL, NULL, RB_WORD_NONE, NULL, NULL \
    }
#define OUTPUT_JSON                                       \
    {                                                     \
        0, "output", "FORM", RB_WORD_CHOICE, "text|json", \
            "text for people, json for programs"          \
    }
#define OUTPUT_RUN                                                              \
    {                                                                           \
        0, "output", "FORM", RB_WORD_CHOICE, "auto|tty|plain|github|json",      \
            "how the run is shown; json is one event a line on standard output" \
    }
#define ENVIRONMENT                                     \
    {                                                   \
        'e', "environment", "NAME", RB_WORD_TEXT, NULL, \
            "lay this environment over the runbook"     \
    }
#define PARAMS                                                                             \
    {'p', "param", "NAME=VALUE", RB_WORD_TEXT, NULL, "give a parameter; may be repeated"}, \
    {                                                                                      \
        0, "params", "FILE", RB_WORD_FILE, NULL, "a YAML file of parameters"               \
    }
#define ANSWERS                                                              \
    {0,      "answers",                                                      \
     "FILE", RB_WORD_FILE,                                                   \
     NULL,   "a YAML file of answers to questions; recorded as such"},       \
    {                                                                        \
        0, "no-input", NULL, RB_WORD_NONE, NULL, "never ask on the terminal" \
    }

static const struct rb_option check_options[] = {
    ENVIRONMENT,
    {0, "output", "FORM", RB_WORD_CHOICE, "text|json|github",
     "text with source lines, a JSON list, or GitHub annotations"},
    END,
};
static const struct rb_option plan_options[] = {ENVIRONMENT, PARAMS, OUTPUT_JSON, END};
static const struct rb_option exec_options[] = {ENVIRONMENT, PARAMS, ANSWERS, OUTPUT_RUN,
                                                END};
static const struct rb_option resume_options[] = {ANSWERS, OUTPUT_RUN, END};
static const struct rb_option json_options[] = {OUTPUT_JSON, END};
static const struct rb_option logs_options[] = {
    {'f', "follow", NULL, RB_WORD_NONE, NULL, "go on until the run stops"},
    {0, "events", NULL, RB_WORD_NONE, NULL, "every event, with its payload"},
    {0, "evidence", NULL, RB_WORD_NONE, NULL,
     "what the step and its checks asked and were answered"},
    OUTPUT_JSON,
    END,
};
static const struct rb_option cancel_options[] = {
    {0, "reason", "TEXT", RB_WORD_TEXT, NULL, "why; goes into the record"},
    END,
};
static const struct rb_option verify_options[] = {
    {0, "all", NULL, RB_WORD_NONE, NULL, "every run of the store, and the chain of runs"},
    OUTPUT_JSON,
    END,
};
static const struct rb_option no_options[] = {END};

static const char run_exits[] =
    "0    succeeded\n"
    "1    failed\n"
    "2    wrong usage, or an invalid runbook or parameter; nothing was executed\n"
    "3    waiting for a person; `runbook resume` goes on\n"
    "4    refused or stopped by a person\n"
    "8    another process works on this run\n"
    "70   a defect of the interpreter\n"
    "74   the journal could not be written, or its disk is full\n"
    "130  interrupted; `runbook resume` goes on\n";
static const char record_exits[] = "0  the record is sound, and the run has ended\n"
                                   "7  it does not verify, or its decisions differ\n"
                                   "9  sound as far as it goes, but open or incomplete\n";

const struct rb_command rb_commands[] = {
    {"check", "FILE...", 1, -1, RB_WORD_FILE, "find every mistake in a runbook",
     "Reads each file, reports all that is wrong with it at once, and executes nothing. "
     "Each "
     "finding has a code that `runbook explain` tells more about.",
     "runbook check release.yaml\nrunbook check --output github runbooks/*.yaml",
     "0  no errors\n1  errors were found\n2  a file could not be read\n", check_options,
     rb_cmd_check},
    {"plan", "FILE", 1, 1, RB_WORD_FILE, "show what a run would do",
     "Shows every step in order with what it would do, as far as it can be told before; "
     "what "
     "only a run can know is marked. Does nothing.",
     "runbook plan release.yaml -e production -p version=v1.2.0",
     "0  shown\n2  an invalid runbook or parameter\n", plan_options, rb_cmd_plan},
    {"exec", "FILE", 1, 1, RB_WORD_FILE, "run a runbook",
     "Checks the file, makes a record of the run, and runs it step by step. The run's id "
     "comes "
     "first. Questions are asked on the terminal; without one they are answered by "
     "--answers "
     "or the run is suspended.",
     "runbook exec release.yaml -e production -p version=v1.2.0\n"
     "runbook exec release.yaml --answers answers.yaml --output json",
     run_exits, exec_options, rb_cmd_exec},
    {"resume", "RUN", 1, 1, RB_WORD_RUN, "go on with a run",
     "Goes on exactly where the run was: after a crash, a stop, or a question that nobody "
     "could answer. What still works is adopted; what is in doubt is decided by the step's "
     "on_interrupt. RUN may be the beginning of an id, or `last`.",
     "runbook resume r-20251122-230107-k3f7\nrunbook resume last --answers answers.yaml",
     run_exits, resume_options, rb_cmd_resume},
    {"status", "RUN", 1, 1, RB_WORD_RUN, "show where a run stands",
     "Shows the run, each step with its state, and what it waits for.",
     "runbook status last", "0  shown\n7  the record does not verify\n", json_options,
     rb_cmd_status},
    {"list", "", 0, 0, RB_WORD_NONE, "list the runs there are",
     "Newest first, each with its state and what it waits for.",
     "runbook list\nrunbook list --output json", "0  shown\n", json_options, rb_cmd_list},
    {"logs", "RUN [STEP]", 1, 2, RB_WORD_RUN,
     "show the events of a run, or a step's output",
     "Without a step: what happened, one line each with the event's number and time, after "
     "the chain was checked. With one: what it printed. -f follows a run that is under "
     "way.",
     "runbook logs last\nrunbook logs -f last backup\nrunbook logs last healthy --evidence",
     "0  shown\n2  no such run or step\n7  the record does not verify\n", logs_options,
     rb_cmd_logs},
    {"cancel", "RUN", 1, 1, RB_WORD_RUN, "end a run for good",
     "A run under way ends its current step first (as Ctrl-C does); a second `cancel` ends "
     "the step. A suspended run is closed. A cancelled run can't be resumed.",
     "runbook cancel last --reason 'wrong version'",
     "0  cancelled, or asked to\n2  no such run, or nothing to cancel\n", cancel_options,
     rb_cmd_cancel},
    {"replay", "RUN", 1, 1, RB_WORD_RUN, "derive every decision of a run again",
     "Runs the interpreter on the record: every decision is derived from the recorded "
     "facts "
     "and compared, every check is evaluated on its recorded evidence. Touches nothing "
     "else.",
     "runbook replay last", record_exits, json_options, rb_cmd_replay},
    {"verify", "[RUN]", 0, 1, RB_WORD_RUN, "prove that a record is what was written",
     "Checks the chain, the structure, the evidence and the decisions of a run, and says "
     "of "
     "each PASS, FAIL or ABSENT. Nothing absent ever counts as passed.",
     "runbook verify last\nrunbook verify --all", record_exits, verify_options,
     rb_cmd_verify},
    {"explain", "CODE", 1, 1, RB_WORD_TEXT, "tell more about a finding of check",
     "Says what is wrong, why it matters, and how it is done right.",
     "runbook explain RB0401", "0  shown\n2  no such code\n", no_options, rb_cmd_explain},
    {"completion", "SHELL", 1, 1, RB_WORD_CHOICE, "print completion for bash, zsh or fish",
     "Made from the same table as this help.",
     "runbook completion bash > ~/.local/share/bash-completion/completions/runbook",
     "0  printed\n2  no such shell\n", no_options, rb_cmd_completion},
    {"doctor", "[FILE]", 0, 1, RB_WORD_FILE, "say what this machine lacks",
     "Looks at the store, the clock, the terminal and the libraries; with a runbook also "
     "at "
     "what it requires: tools, files, variables.",
     "runbook doctor\nrunbook doctor release.yaml",
     "0  all is well\n1  something is missing\n2  an invalid runbook\n", json_options,
     rb_cmd_doctor},
    {NULL, NULL, 0, 0, RB_WORD_NONE, NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct rb_command *rb_command_find(const char *name)
{
    for (const struct rb_command *command = rb_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}
