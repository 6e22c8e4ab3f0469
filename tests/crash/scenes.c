#include "scenes.h"

const struct scene scenes[] = {
    {.name = "hello",
     .file = "examples/01-hello.yaml",
     .answers = "",
     .doubts = {"ask", "greet"}},
    {.name = "parameters",
     .file = "examples/02-parameters.yaml",
     .words = {"-p", "version=v1.2.0", "-p", "loud=true"},
     .answers = "",
     .doubts = {"announce", "shout"}},
    {.name = "gates",
     .file = "examples/03-gates.yaml",
     .answers = "",
     .doubts = {"workspace", "measure", "clean"},
     .slow = true},
    {.name = "retry",
     .file = "examples/04-retry.yaml",
     .answers = "",
     .doubts = {"workspace", "flaky", "account", "once", "clean"},
     .repeats = {"sh\x1f-c\x1f"
                 "echo attempt"},
     .slow = true},
    {.name = "people",
     .file = "examples/05-people.yaml",
     .answers = "  tell: yes\n"
                "  ready.backup: {answer: yes, evidence: backups/2025-11-22.dump}\n"
                "  ready.room: {answer: skip, reason: we meet online}\n"
                "  ready.root: yes\n"
                "  details.ticket: OPS-4711\n"
                "  details.risk: medium\n"
                "  details.people: 12\n"
                "  go: yes\n",
     .doubts = {"begin"}},
    {.name = "loops",
     .file = "examples/06-loops.yaml",
     .words = {"-p", "weekend=true"},
     .answers = "",
     .doubts = {"restart[0]", "restart[1]", "pages[0]", "pages[1]", "pages[2]", "report"}},
    {.name = "failure",
     .file = "examples/07-failure.yaml",
     .answers = "  deploy.failure: [retry, retry, retry, retry]\n"
                "  nowhere.failure: {answer: skip, reason: it is not installed here}\n",
     .doubts = {"workspace", "optional", "deploy", "nowhere", "clean"}},
    {.name = "interrupted",
     .file = "examples/08-interrupted.yaml",
     .words = {"-p", "dir=@", "-p", "seconds=0"},
     .answers = "",
     .doubts = {"charge", "once"}},
    {.name = "checks",
     .file = "examples/09-checks.yaml",
     .answers = "",
     .doubts = {"service", "tell"}},
    {.name = "secrets",
     .file = "examples/10-secrets.yaml",
     .answers = "",
     .doubts = {"careless", "input"}},
};
const int scene_count = sizeof scenes / sizeof *scenes;
