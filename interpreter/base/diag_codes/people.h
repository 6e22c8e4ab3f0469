#pragma once
/* RB07xx: roles, the people in them, and what they sign. */

/* clang-format off */
#define RB_DIAG_CODES_PEOPLE(X)                                                         \
    X(701, RB_DIAG_ERROR, "unknown role",                                               \
      "An approval or an answer belongs to a role that the runbook does not declare.\n" \
      "Roles stand under `roles:`, each with the people who may sign for it; an\n"      \
      "environment may name others for it.\n"                                           \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    roles: {tech-lead: [tl@example.org]}\n"                                      \
      "    steps:\n"                                                                    \
      "      - {id: go, approve: {roles: [techlead]}}\n"                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    steps:\n"                                                                    \
      "      - {id: go, approve: {roles: [tech-lead]}}\n")                              \
    X(702, RB_DIAG_ERROR, "an approval that can't be had",                              \
      "More different people have to sign than there are in the roles: the run could\n" \
      "only wait until the approval expires. Without `quorum` one of each role has to\n"\
      "sign, and nobody signs for two; with it so many of them, of any of the roles.\n" \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    roles: {on-call: [a@example.org]}\n"                                         \
      "    steps:\n"                                                                    \
      "      - {id: go, approve: {roles: [on-call], quorum: 2}}\n"                      \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    roles: {on-call: [a@example.org, b@example.org]}\n")                         \
    X(703, RB_DIAG_ERROR, "a refusal that changes nothing",                             \
      "A step that goes on when it fails would go on when the approval is refused or\n" \
      "expires. What shall be done only with an approval stands after it, and what\n"   \
      "needs none does not ask for one: use `when:`.\n"                                 \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - {id: go, approve: {roles: [tech-lead]}, on_failure: continue}\n"           \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - {id: go, approve: {roles: [tech-lead]}}\n")                                \
    X(704, RB_DIAG_ERROR, "not the name of one person",                                 \
      "A person is named as in the file of signers: letters, digits, `@`, `.` and the\n"\
      "like. No space, no comma, and no `*` or `?`: a pattern would let sign whom\n"    \
      "nobody meant.\n"                                                                 \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    roles: {tech-lead: ['*@example.org']}\n"                                     \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    roles: {tech-lead: [tl@example.org]}\n")
/* clang-format on */
