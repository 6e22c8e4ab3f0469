#pragma once
/* RB06xx: parameters and answers. */

/* clang-format off */
#define RB_DIAG_CODES_INPUT(X)                                                          \
    X(601, RB_DIAG_ERROR, "parameter does not fit its pattern",                         \
      "The runbook declares a pattern for this parameter, and the value given does not match\n" \
      "it. The pattern has to match all of the value, from its first to its last character;\n" \
      "what the runbook does later relies on that.\n"                                   \
      "\n"                                                                              \
      "With this declaration:\n"                                                        \
      "\n"                                                                              \
      "    params:\n"                                                                   \
      "      version: {type: string, pattern: 'v\\d+\\.\\d+\\.\\d+'}\n"                 \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p version=3.25.0\n"                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p version=v3.25.0\n")                             \
    X(602, RB_DIAG_ERROR, "unknown parameter",                                          \
      "The runbook declares no parameter of this name. It is an error and not ignored: a\n" \
      "misspelt name would leave the parameter that was meant at its default.\n"        \
      "\n"                                                                              \
      "Wrong (the parameter is `version`):\n"                                           \
      "\n"                                                                              \
      "    runbook exec release.yaml -p versoin=v3.25.0\n"                              \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p version=v3.25.0\n")                             \
    X(603, RB_DIAG_ERROR, "missing parameter",                                          \
      "The parameter has no default, so it has to be given.\n"                          \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml\n"                                                 \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p version=v3.25.0\n")                             \
    X(604, RB_DIAG_ERROR, "parameter of the wrong type",                                \
      "The value can't be read as the type that the parameter declares. Numbers are decimal\n" \
      "digits, booleans are true or false, lists are `a,b` or `[a, b]`, durations have a unit.\n" \
      "\n"                                                                              \
      "With this declaration:\n"                                                        \
      "\n"                                                                              \
      "    params:\n"                                                                   \
      "      replicas: {type: integer}\n"                                               \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p replicas=three\n"                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p replicas=3\n")                                  \
    X(605, RB_DIAG_ERROR, "parameter is none of its values",                            \
      "The parameter declares the values that it accepts, and the one given is none of them.\n" \
      "\n"                                                                              \
      "With this declaration:\n"                                                        \
      "\n"                                                                              \
      "    params:\n"                                                                   \
      "      region: {type: string, values: [eu, us]}\n"                                \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p region=europe\n"                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p region=eu\n")                                   \
    X(606, RB_DIAG_ERROR, "parameter out of bounds",                                    \
      "The parameter declares a smallest or a largest value, and the one given is outside.\n" \
      "\n"                                                                              \
      "With this declaration:\n"                                                        \
      "\n"                                                                              \
      "    params:\n"                                                                   \
      "      replicas: {type: integer, min: 1, max: 20}\n"                              \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p replicas=0\n"                                   \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p replicas=2\n")                                  \
    X(607, RB_DIAG_ERROR, "given twice",                                                \
      "A parameter is given twice. Which of the two would count is a guess.\n"          \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p version=v1.0.0 -p version=v1.0.1\n"             \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -p version=v1.0.1\n")                              \
    X(608, RB_DIAG_ERROR, "not an answer",                                              \
      "An answer in the answers file is a text (`yes`, `no`, `skip`, a choice or what to fill\n" \
      "in), a map with `answer` and, where wanted, `reason`, `note` and `evidence`, or a list\n" \
      "of those for a question that is asked more than once.\n"                         \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    answers:\n"                                                                  \
      "      release-ok: {yes: true}\n"                                                 \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    answers:\n"                                                                  \
      "      release-ok: {answer: yes, note: agreed in the release meeting}\n")
/* clang-format on */
