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
#define STAY                                                                              \
    {                                                                                     \
        0, "wait-at-most", "DURATION", RB_WORD_TEXT, NULL,                                \
            "suspend the run at a wait, or a closed window, that takes longer (default: " \
            "1h where nobody can be asked)"                                               \
    }
#define ANSWERS                                                              \
    {0,      "answers",                                                      \
     "FILE", RB_WORD_FILE,                                                   \
     NULL,   "a YAML file of answers to questions; recorded as such"},       \
    {                                                                        \
        0, "no-input", NULL, RB_WORD_NONE, NULL, "never ask on the terminal" \
    }

#define WAIT                                                                             \
    {                                                                                    \
        0, "wait", NULL, RB_WORD_NONE, NULL,                                             \
            "wait for others: a lock that another run has, signatures and answers from " \
            "elsewhere"                                                                  \
    }
#define SIGNERS                                                                  \
    {0,      "signers",                                                          \
     "FILE", RB_WORD_FILE,                                                       \
     NULL,   "whose keys count (also RUNBOOK_SIGNERS; default: the runbook's)"}, \
    {                                                                            \
        0, "revoked", "FILE", RB_WORD_FILE, NULL,                                \
            "keys that count no more, a KRL (also RUNBOOK_REVOKED)"              \
    }

static const struct rb_option check_options[] = {
    ENVIRONMENT,
    {0, "output", "FORM", RB_WORD_CHOICE, "text|json|github",
     "text with source lines, a JSON list, or GitHub annotations"},
    END,
};
static const struct rb_option plan_options[] = {ENVIRONMENT, PARAMS, OUTPUT_JSON, END};
static const struct rb_option exec_options[] = {ENVIRONMENT, PARAMS, ANSWERS,    WAIT,
                                                SIGNERS,     STAY,   OUTPUT_RUN, END};
static const struct rb_option resume_options[] = {ANSWERS, WAIT, STAY, OUTPUT_RUN, END};
static const struct rb_option json_options[] = {OUTPUT_JSON, END};
static const struct rb_option list_options[] = {
    {0, "overdue", NULL, RB_WORD_NONE, NULL,
     "only runs with an obligation that is overdue; exit code 1 if there is one"},
    OUTPUT_JSON,
    END,
};
static const struct rb_option handover_options[] = {
    {0, "to", "NAME", RB_WORD_TEXT, NULL, "who has the run from now on"},
    {0, "reason", "TEXT", RB_WORD_TEXT, NULL, "why; goes into the record"},
    END,
};
static const struct rb_option logs_options[] = {
    {'f', "follow", NULL, RB_WORD_NONE, NULL, "go on until the run stops"},
    {0, "events", NULL, RB_WORD_NONE, NULL, "every event, with its payload"},
    {0, "evidence", NULL, RB_WORD_NONE, NULL,
     "what the step and its checks asked and were answered"},
    OUTPUT_JSON,
    END,
};
static const struct rb_option cancel_options[] = {
    {0, "rollback", NULL, RB_WORD_NONE, NULL,
     "take back what was done, by the undo of each step, the newest first"},
    {0, "reason", "TEXT", RB_WORD_TEXT, NULL, "why; goes into the record"},
    END,
};
static const struct rb_option unlock_options[] = {
    {0, "reason", "TEXT", RB_WORD_TEXT, NULL, "why; the next run that takes it is told"},
    END,
};
#define SIGNING                                                                            \
    {0,      "key",                                                                        \
     "FILE", RB_WORD_FILE,                                                                 \
     NULL,   "sign with this key (default: the one of ~/.ssh or the agent that may)"},     \
        {0,     "as",                                                                      \
         "WHO", RB_WORD_TEXT,                                                              \
         NULL,  "as this person, where the key is more than one's"},                       \
        {0, "role", "ROLE", RB_WORD_TEXT, NULL, "for this role, where there is a choice"}, \
        {0,        "shown",                                                                \
         "DIGEST", RB_WORD_TEXT,                                                           \
         NULL,     "of the text that was read before: then nothing is asked"},             \
        {0, "reason", "TEXT", RB_WORD_TEXT, NULL, "why; goes into the record"},            \
        {0, "note", "TEXT", RB_WORD_TEXT, NULL, "anything worth keeping in the record"},   \
    {                                                                                      \
        0, "request", "FILE", RB_WORD_FILE, NULL,                                          \
            "write what is to be signed there, to be carried to whoever signs"             \
    }

static const struct rb_option approve_options[] = {
    SIGNING,
    {0, "reject", NULL, RB_WORD_NONE, NULL, "sign that it must not go on; needs --reason"},
    {0, "item", "STEP", RB_WORD_TEXT, NULL, "which approval, where several are open"},
    {0, "sign", "FILE", RB_WORD_FILE, NULL, "sign a request, on any machine: FILE.signed"},
    {0, "accept", "FILE", RB_WORD_FILE, NULL, "hand in what was signed elsewhere"},
    {0, "answer", "WORD", RB_WORD_CHOICE, "yes|no|skip",
     "to a question that belongs to a role (with --sign)"},
    {0, "evidence", "TEXT", RB_WORD_TEXT, NULL, "what shows it (with --sign)"},
    END,
};
static const struct rb_option confirm_options[] = {
    {0, "answer", "WORD", RB_WORD_CHOICE, "yes|no|skip", "no and skip need --reason"},
    {0, "evidence", "TEXT", RB_WORD_TEXT, NULL, "what shows it: a text, a link, a path"},
    SIGNING,
    END,
};
static const struct rb_option roster_options[] = {ENVIRONMENT, SIGNERS, OUTPUT_JSON, END};
static const struct rb_option verify_options[] = {
    {0, "all", NULL, RB_WORD_NONE, NULL, "every run of the store, and the chain of runs"},
    SIGNERS,
    OUTPUT_JSON,
    END,
};
static const struct rb_option no_options[] = {END};

static const char run_exits[] =
    "0    succeeded\n"
    "1    failed\n"
    "2    wrong usage, or an invalid runbook or parameter; nothing was executed\n"
    "3    waiting for a person or a time; `runbook resume` goes on\n"
    "4    refused or stopped by a person\n"
    "5    rolled back: all that was to be taken back is\n"
    "6    the rollback is incomplete, or in part; what is not taken back is named\n"
    "7    the record is not what was written; nothing was executed\n"
    "8    another run holds a lock, or another process works on this run\n"
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
     "runbook exec release.yaml --answers answers.yaml --output json\n"
     "runbook exec freeze.yaml --wait-at-most 10m",
     run_exits, exec_options, rb_cmd_exec},
    {"resume", "RUN", 1, 1, RB_WORD_RUN, "go on with a run",
     "Goes on exactly where the run was: after a crash, a stop, a wait, or a question that "
     "nobody could answer. What still works is adopted; what is in doubt is decided by the "
     "step's "
     "on_interrupt. RUN may be the beginning of an id, or `last`.",
     "runbook resume r-20251122-230107-k3f7\nrunbook resume last --answers answers.yaml",
     run_exits, resume_options, rb_cmd_resume},
    {"status", "RUN", 1, 1, RB_WORD_RUN, "show where a run stands",
     "Shows the run, each step with its state, and what it waits for.",
     "runbook status last", "0  shown\n7  the record does not verify\n", json_options,
     rb_cmd_status},
    {"list", "", 0, 0, RB_WORD_NONE, "list the runs there are",
     "Newest first, each with its state and what it waits for. One that has ended and left "
     "obligations stays listed with them until each is confirmed.",
     "runbook list\nrunbook list --output json\nrunbook list --overdue || alert",
     "0  shown\n1  with --overdue: an obligation is overdue\n", list_options, rb_cmd_list},
    {"logs", "RUN [STEP]", 1, 2, RB_WORD_RUN,
     "show the events of a run, or a step's output",
     "Without a step: what happened, one line each with the event's number and time, after "
     "the chain was checked. With one: what it printed, or what its statements returned. "
     "-f follows a run that is under way.",
     "runbook logs last\nrunbook logs -f last backup\nrunbook logs last healthy --evidence",
     "0  shown\n2  no such run or step\n7  the record does not verify\n", logs_options,
     rb_cmd_logs},
    {"cancel", "RUN", 1, 1, RB_WORD_RUN, "end a run for good",
     "A run under way ends its current step first (as Ctrl-C does); a second `cancel` ends "
     "the step. A suspended run is closed. A cancelled run can't be resumed. With "
     "--rollback "
     "what was done is taken back first, here where nobody is at work on the run.",
     "runbook cancel last --reason 'wrong version'",
     "0  cancelled, or asked to\n2  no such run, or nothing to cancel\n"
     "5  rolled back\n6  the rollback is incomplete, or in part\n",
     cancel_options, rb_cmd_cancel},
    {"approve", "[RUN]", 0, 1, RB_WORD_RUN, "sign that a run may go on, or must not",
     "Shows exactly what will run, and what people skipped or overrode before, asks on the "
     "terminal, and signs with your own SSH key. "
     "The "
     "signature holds for this run, plan, environment, step, role and time, and for the "
     "record as it was when it was asked; a run under way has it at once, a suspended one "
     "when it is resumed. Elsewhere: --request writes a file, --sign signs it on any "
     "machine, "
     "--accept hands it in.",
     "runbook approve r-20251122-230107-k3f7\n"
     "runbook approve last --reject --reason 'the restore test is missing'\n"
     "runbook approve last --request go.json; runbook approve --sign go.json; "
     "runbook approve --accept go.json.signed",
     "0  signed and handed in\n2  no such run, or it waits for no approval\n"
     "4  nothing was signed, or it does not count\n",
     approve_options, rb_cmd_approve},
    {"confirm", "RUN ITEM", 2, 2, RB_WORD_RUN,
     "answer a question, or confirm an obligation",
     "Answers a confirmation, an item of a checklist or a step without action of a run "
     "that is under way or suspended, or confirms an obligation that a run has left, also "
     "one that has ended. ITEM is STEP or STEP.ITEM, as `status` names it. What belongs to "
     "a role is signed as with `approve`. Who is first has answered; the next one is told.",
     "runbook confirm last preflight.backup --answer yes --evidence restore.log\n"
     "runbook confirm last go-live --key ~/.ssh/qa",
     "0  answered\n2  no such run, or it does not wait for that\n"
     "4  nothing was answered: refused, or somebody was first\n"
     "8  the process at work on the run does not take it\n",
     confirm_options, rb_cmd_confirm},
    {"roster", "FILE", 1, 1, RB_WORD_FILE,
     "show who may sign, and what is wrong with their keys",
     "Lists the roles of a runbook, the people in them and their keys, and what would keep "
     "one of them from signing: no key, no namespace, a pattern, a time that is over, one "
     "key "
     "under two names.",
     "runbook roster release.yaml -e production --signers allowed_signers",
     "0  everybody can sign\n1  somebody cannot\n2  an invalid runbook or file of "
     "signers\n",
     roster_options, rb_cmd_roster},
    {"handover", "RUN", 1, 1, RB_WORD_RUN, "give a run to another person",
     "From now on every view names that person as the one who has the run; who gave it, "
     "when and "
     "why is on its record. What is open is listed: questions and obligations. Works on a "
     "run "
     "under way, a suspended one and one that has ended.",
     "runbook handover last --to bob --reason 'end of my shift'",
     "0  handed over\n2  no such run, or nobody to give it to\n8  the process at work on "
     "the "
     "run does not take it\n",
     handover_options, rb_cmd_handover},
    {"locks", "", 0, 0, RB_WORD_NONE, "who holds which lock, and since when",
     "Shows the locks that runbooks name under `locks`: the run that holds each, who runs "
     "it, "
     "since when and what for, and whether a process is at work on it.",
     "runbook locks\nrunbook locks --output json", "0  shown\n", json_options,
     rb_cmd_locks},
    {"unlock", "KEY", 1, 1, RB_WORD_TEXT, "break a lock that no process holds",
     "Takes a lock from a run that is open and that nobody is at work on: one that waits, "
     "or "
     "was cut off. Who next takes the lock is told who broke it and why, and the run "
     "itself has "
     "to take it anew. A run that is to be given up is better cancelled.",
     "runbook unlock db:primary --reason 'alice is ill, the migration was undone by hand'",
     "0  broken\n2  nobody holds it, or no reason was given\n8  a process is at work on "
     "its "
     "run, or a step of it still works\n",
     unlock_options, rb_cmd_unlock},
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
    {"doctor", "[FILE]", 0, 1, RB_WORD_FILE,
     "say what this machine lacks, and whether services answer",
     "Looks at the store, the terminal and the libraries. With a runbook also at what it "
     "requires (tools, files, variables), and asks each of its connections, all at the "
     "same "
     "time and reading only, whether it is there and is what it is declared to be. The "
     "secrets that they need are fetched as a run would, except those that somebody types.",
     "runbook doctor\n"
     "runbook doctor release.yaml -e production -p version=v1.2.0\n"
     "runbook doctor release.yaml -e production -p version=v1.2.0 --output json",
     "0  all is well\n1  something is missing, or a service is not as it should be\n"
     "2  an invalid runbook or parameter\n",
     plan_options, rb_cmd_doctor},
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
