#pragma once
/* RB02xx: keys, types, structure. */

/* clang-format off */
#define RB_DIAG_CODES_SCHEMA(X)                                                         \
    X(201, RB_DIAG_ERROR, "unknown key",                                                \
      "No key of this name has a meaning here. An unknown key is an error and not ignored,\n" \
      "because a misspelt one would silently take away what it was written for: a step\n" \
      "whose `gate` is spelt `gaet` would run without its gate.\n"                      \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: healthy\n"                                                             \
      "      gaet: steps.probe.outputs.errors == 0\n"                                   \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: healthy\n"                                                             \
      "      gate: steps.probe.outputs.errors == 0\n")                                  \
    X(202, RB_DIAG_ERROR, "missing key",                                                \
      "A key that has to be there is not.\n"                                            \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    steps:\n"                                                                    \
      "      - run: ./deploy.sh\n"                                                      \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    steps:\n"                                                                    \
      "      - id: deploy\n"                                                            \
      "        run: ./deploy.sh\n")                                                     \
    X(203, RB_DIAG_ERROR, "wrong kind of value",                                        \
      "The key takes another kind of value: a text, a list, or a map of keys and values. In\n" \
      "YAML a list has `- ` before each item, or stands in `[ ]`; a map has `key: value`, or\n" \
      "stands in `{ }`.\n"                                                              \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    exec: pg_dump -Fc dcmms\n"                                                   \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    exec: [pg_dump, -Fc, dcmms]\n")                                              \
    X(204, RB_DIAG_ERROR, "not true or false",                                          \
      "The key takes true or false and nothing else. Readers of YAML differ in what `yes`,\n" \
      "`on` or `y` mean, so none of them is taken here.\n"                              \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    idempotent: yes\n"                                                           \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    idempotent: true\n")                                                         \
    X(205, RB_DIAG_ERROR, "not a number",                                               \
      "The key takes a number in decimal digits. `010` is eight to one reader and ten to the\n" \
      "next, `1e3` a number or a text, and a number in quotes is a text.\n"             \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    retry: 010\n"                                                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    retry: 10\n")                                                                \
    X(206, RB_DIAG_ERROR, "not a duration",                                             \
      "The key takes a duration: whole numbers with their units d, h, m, s and ms, the larger\n" \
      "unit first. A bare number says nothing about its unit, and what is meant as seconds by\n" \
      "one is read as milliseconds by the next.\n"                                      \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    timeout: 90\n"                                                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    timeout: 90s\n"                                                              \
      "\n"                                                                              \
      "Others: `500ms`, `1h30m`, `2d`.\n")                                              \
    X(207, RB_DIAG_ERROR, "none of the words",                                          \
      "The key takes one of a few words.\n"                                             \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    on_failure: abort\n"                                                         \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    on_failure: stop\n")                                                         \
    X(208, RB_DIAG_ERROR, "value that can be read in two ways",                         \
      "No field says what type this value has, and it can be read as a text or as something\n" \
      "else: readers of YAML take `no` for false, `010` for eight and `1.10` for 1.1. A guess\n" \
      "would be right most of the time. Quotes make it a text.\n"                       \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    vars:\n"                                                                     \
      "      version: 1.10\n"                                                           \
      "      debug: no\n"                                                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    vars:\n"                                                                     \
      "      version: \"1.10\"\n"                                                       \
      "      debug: false\n")                                                           \
    X(209, RB_DIAG_ERROR, "not a name",                                                 \
      "The text can't be a name here. Ids of steps and items are used on command lines, in\n" \
      "answers and in file names: lower-case letters, digits, `-` and `_`. Names that an\n" \
      "expression uses after a dot (parameters, variables, outputs, fields) are letters,\n" \
      "digits and `_`, as Lua needs them. Some names are taken: those that every expression\n" \
      "knows, `RB_...` for environment variables, `$...` for members of a map.\n"       \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: Migrate the database\n"                                                \
      "    params:\n"                                                                   \
      "      db-host: {type: string}\n"                                                 \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: migrate\n"                                                             \
      "      title: Migrate the database\n"                                             \
      "    params:\n"                                                                   \
      "      db_host: {type: string}\n")                                                \
    X(210, RB_DIAG_ERROR, "duplicate id",                                               \
      "Two steps of a runbook, or two items of a checklist, have the same id. Ids name them\n" \
      "in the record, in expressions, in answers and on the command line, in all of the\n" \
      "runbook, also across groups.\n"                                                  \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: check\n"                                                               \
      "      run: ./check.sh before\n"                                                  \
      "    - id: check\n"                                                               \
      "      run: ./check.sh after\n"                                                   \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: check-before\n"                                                        \
      "      run: ./check.sh before\n"                                                  \
      "    - id: check-after\n"                                                         \
      "      run: ./check.sh after\n")                                                  \
    X(211, RB_DIAG_ERROR, "more than one action",                                       \
      "A step has at most one action, so that the record can say of each whether it happened.\n" \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: deploy\n"                                                              \
      "      confirm: Deploy now?\n"                                                    \
      "      run: ./deploy.sh\n"                                                        \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: deploy-ok\n"                                                           \
      "      confirm: Deploy now?\n"                                                    \
      "    - id: deploy\n"                                                              \
      "      run: ./deploy.sh\n")                                                       \
    X(212, RB_DIAG_ERROR, "key without a meaning here",                                 \
      "The key is known, but has no meaning beside this action or type. It is an error and\n" \
      "not ignored: whoever wrote it expects it to do something.\n"                     \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: go\n"                                                                  \
      "      confirm: Deploy now?\n"                                                    \
      "      retry: 3\n"                                                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: go\n"                                                                  \
      "      confirm: Deploy now?\n")                                                   \
    X(213, RB_DIAG_ERROR, "braces around Lua",                                          \
      "`when`, `check`, `gate`, `probe` and the values of `outputs` are Lua as they stand.\n" \
      "`${{ }}` marks Lua inside of other text and is not needed here.\n"               \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    when: ${{ params.version ~= \"v1\" }}\n"                                     \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    when: params.version ~= \"v1\"\n")                                           \
    X(214, RB_DIAG_ERROR, "value where none can stand",                                 \
      "This field has to be known before the run begins, so no `${{ }}` can stand in it. For a\n" \
      "pattern there is a second reason: a value would be read as a part of the pattern.\n" \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    timeout: ${{ params.patience }}\n"                                           \
      "    expect: {stdout: \"/version ${{ params.version }}/\"}\n"                     \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    timeout: 10m\n"                                                              \
      "    check: result.stdout:find(params.version, 1, true) ~= nil\n")                \
    X(215, RB_DIAG_ERROR, "pattern",                                                    \
      "The regular expression does not compile. Patterns are those of Perl (PCRE2). Single\n" \
      "quotes keep backslashes as they are; in double quotes YAML reads them first.\n"  \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    pattern: \"v(\\\\d+\"\n"                                                     \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    pattern: 'v(\\d+)'\n")                                                       \
    X(216, RB_DIAG_ERROR, "default that does not fit",                                  \
      "The default of a parameter or field is not a value that it accepts.\n"           \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    params:\n"                                                                   \
      "      env: {type: string, values: [staging, production], default: prod}\n"       \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    params:\n"                                                                   \
      "      env: {type: string, values: [staging, production], default: production}\n") \
    X(217, RB_DIAG_ERROR, "out of range",                                               \
      "The number, percentage or duration is outside of what can be meant here.\n"      \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    retry: {attempts: 0}\n"                                                      \
      "    expect: {exit: 300}\n"                                                       \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    retry: {attempts: 3}\n"                                                      \
      "    expect: {exit: 3}\n")                                                        \
    X(218, RB_DIAG_ERROR, "nothing in it",                                              \
      "The list or map is empty, or shorter than it has to be, and would do nothing or always\n" \
      "hold.\n"                                                                         \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    gate: {checks: {}}\n"                                                        \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    gate: {checks: {errors: steps.load.outputs.errors == 0}}\n")                 \
    X(219, RB_DIAG_ERROR, "statements that return nothing",                             \
      "A field that asks a question holds Lua statements, but none of them returns an answer.\n" \
      "Often `=`, which assigns, was written for `==`, which compares.\n"               \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    check: status = \"healthy\"\n"                                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    check: status == \"healthy\"\n"                                              \
      "\n"                                                                              \
      "Statements end with `return`:\n"                                                 \
      "\n"                                                                              \
      "    check: |\n"                                                                  \
      "      local n = tonumber(result.stdout)\n"                                       \
      "      return n and n > 0, \"no rows\"\n")                                        \
    X(220, RB_DIAG_ERROR, "unknown environment",                                        \
      "The environment that was asked for is not one of those the runbook declares.\n"  \
      "\n"                                                                              \
      "Wrong (with `environments: {staging: ..., production: ...}`):\n"                 \
      "\n"                                                                              \
      "    runbook exec release.yaml -e prod\n"                                         \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook exec release.yaml -e production\n")                                  \
    X(221, RB_DIAG_ERROR, "another version of runbook is needed",                       \
      "`requires: {runbook: ...}` names the versions of this program that the runbook was\n" \
      "written for, and this is none of them; or it names no versions at all.\n"        \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    requires: {runbook: latest}\n"                                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    requires: {runbook: \">=0.1\"}\n")                                           \
    X(222, RB_DIAG_ERROR, "keys that exclude each other",                               \
      "Two keys say the same thing, or two different things about the same matter.\n"   \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    gate: {check: a == 1, checks: {b: b == 2}}\n"                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    gate: {checks: {a: a == 1, b: b == 2}}\n")                                   \
    X(223, RB_DIAG_ERROR, "not a time",                                                 \
      "A point in time is written as RFC 3339 does, with its zone: `Z` is UTC. Beside a\n" \
      "`tz` it is a date and a time, or a time of day: the next one there is. A duration\n" \
      "may follow: `2025-11-24T10:00:00Z - 48h`. A date is written like 2025-12-24.\n" \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    wait: {until: \"tomorrow, 9 am\"}\n"                                         \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    wait: {until: \"2025-11-23T08:00:00Z\"}\n")                                  \
    X(224, RB_DIAG_ERROR, "too many errors",                                            \
      "So many errors were found in this file that the rest of it was not looked at. Usually\n" \
      "one of the first explains most of the others.\n"                                 \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    a spreadsheet or a log, given as a runbook\n"                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook check release.yaml\n")                                               \
    X(225, RB_DIAG_ERROR, "a secret without its one source",                            \
      "A secret says where its value is fetched when it is needed: from an environment\n" \
      "variable of whoever runs the runbook, from a file, from what a command prints, or\n" \
      "from a person who types it. It has exactly one of them; an environment of the\n" \
      "runbook can give another one.\n"                                                 \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    secrets:\n"                                                                  \
      "      db: hunter2\n"                                                             \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    secrets:\n"                                                                  \
      "      db: {env: PGPASSWORD}\n") \
    X(226, RB_DIAG_ERROR, "a guard that covers no step",                                \
      "A guard watches while steps of the runbook run: from one to another, or one, with all\n" \
      "that is in it. It names them by their `id`, and they stand in `steps:` itself: what is\n" \
      "inside of a group has no place between others of the runbook.\n"                  \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    guards:\n"                                                                   \
      "      - id: error-rate\n"                                                        \
      "        check: prom.value(\"metrics\", \"error_rate\") <= 0.05\n"                \
      "        covers: {from: migrat, to: bake}\n"                                      \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    guards:\n"                                                                   \
      "      - id: error-rate\n"                                                        \
      "        check: prom.value(\"metrics\", \"error_rate\") <= 0.05\n"                \
      "        covers: {from: migrate, to: bake}\n")                                    \
    X(230, RB_DIAG_ERROR, "not an HTTP URL",                                            \
      "A request goes to a URL of the scheme http or https, and to nothing else. Beside a\n" \
      "`connection` a path is enough: it follows the connection's URL, which is therefore a\n" \
      "whole one without `?` or `#`. User and password belong in `auth`.\n"             \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    http: {url: \"ftp://example.org/dump\"}\n"                                   \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    http: {url: \"https://example.org/dump\"}\n") \
    X(231, RB_DIAG_ERROR, "a header that can't be sent",                                \
      "The value of a header is one line: what follows a line break would be another header.\n" \
      "Content-Length and Transfer-Encoding follow from the body, and a second opinion on\n" \
      "them is how one request is made to look like two.\n"                             \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    headers: {Content-Length: \"7\"}\n"                                          \
      "    body: a=1&b=2\n"                                                             \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    body: a=1&b=2\n") \
    X(234, RB_DIAG_ERROR, "not a mail address",                                         \
      "A mail goes from one plain address to others: `name@domain`, in ASCII, without\n"\
      "quotes, blanks or a name around it.\n"                                           \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    from: \"dCMMS runbook <runbook@dcmms.io>\"\n"                                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    from: runbook@dcmms.io\n") \
    X(235, RB_DIAG_WARNING, "a password in the file",                                   \
      "What stands in a runbook is read by whoever reads the file, and is part of the plan\n"\
      "and of each record. A secret is named there and fetched when it is needed; what comes\n"\
      "back of it is taken out of all that is kept.\n"                                  \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    connections:\n"                                                              \
      "      app: {type: postgres, dbname: app, user: app, password: correct-horse}\n"  \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    secrets: {app: {env: APP_PASSWORD}}\n"                                       \
      "    connections:\n"                                                              \
      "      app: {type: postgres, dbname: app, user: app, password: \"${{ secrets.app }}\"}\n")\
    X(260, RB_DIAG_ERROR, "a window that never opens",                                \
      "A window is open from one time of day to another. Where `to` is before `from` it ends\n" \
      "on the next day; the end of a day is 24:00.\n"                                 \
      "\n"                                                                            \
      "Wrong:\n"                                                                      \
      "\n"                                                                            \
      "    window: {from: \"09:00\", to: \"09:00\", tz: Europe/Berlin}\n"             \
      "\n"                                                                            \
      "Right:\n"                                                                      \
      "\n"                                                                            \
      "    window: {from: \"09:00\", to: \"16:00\", tz: Europe/Berlin}\n") \
    X(261, RB_DIAG_ERROR, "not a time zone",                                          \
      "Times of day are those of a place, which is named as tzdata does it: by continent and\n" \
      "city. What the abbreviations mean depends on who reads them.\n"                \
      "\n"                                                                            \
      "Wrong:\n"                                                                      \
      "\n"                                                                            \
      "    window: {from: \"09:00\", to: \"16:00\", tz: \"CET (winter)\"}\n"          \
      "\n"                                                                            \
      "Right:\n"                                                                      \
      "\n"                                                                            \
      "    window: {from: \"09:00\", to: \"16:00\", tz: Europe/Berlin}\n") \
    X(270, RB_DIAG_ERROR, "a file that can't be called", \
      "`call` names another runbook, by its path from the folder of the file that calls. It\n" \
      "is read before the run begins, so its path is written out, and no file calls itself,\n" \
      "also not through others.\n" \
      "\n" \
      "Wrong:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: \"${{ params.file }}\"\n" \
      "\n" \
      "Right:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n") \
    X(271, RB_DIAG_ERROR, "a parameter that the called file does not have", \
      "`with` gives values to the parameters of the file that is called, by their names\n" \
      "there.\n" \
      "\n" \
      "Wrong:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n" \
      "      with: {vresion: v1.2.0}\n" \
      "\n" \
      "Right:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n" \
      "      with: {version: v1.2.0}\n") \
    X(272, RB_DIAG_ERROR, "a parameter that the called file needs", \
      "A parameter without a default has to be given, by a call as on the command line.\n" \
      "\n" \
      "Wrong:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n" \
      "\n" \
      "Right:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n" \
      "      with: {version: \"${{ params.version }}\"}\n") \
    X(273, RB_DIAG_ERROR, "a value that the called file does not take", \
      "A value that is written out is held against the declaration of the parameter: its\n" \
      "pattern, its values, its bounds. What an expression gives is held against it when the\n" \
      "call begins.\n" \
      "\n" \
      "Wrong:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n" \
      "      with: {version: 1.2.0}\n" \
      "\n" \
      "Right:\n" \
      "\n" \
      "    - id: migrate\n" \
      "      call: database-migration.yaml\n" \
      "      with: {version: v1.2.0}\n") \
    X(274, RB_DIAG_ERROR, "something that only a run as a whole has", \
      "Guards, last steps and what is done when a run has failed belong to the run, and so\n" \
      "does a lock, which is held before anything begins. A file that is called can't bring\n" \
      "them along: what it does is a part of another run.\n" \
      "\n" \
      "Wrong, in the file that is called:\n" \
      "\n" \
      "    locks: [\"db:${{ params.host }}\"]\n" \
      "\n" \
      "Right, in the file that calls it:\n" \
      "\n" \
      "    locks: [\"db:${{ params.host }}\"]\n" \
      "    steps:\n" \
      "      - id: migrate\n" \
      "        call: database-migration.yaml\n" \
      "        with: {host: \"${{ params.host }}\"}\n")
/* clang-format on */
