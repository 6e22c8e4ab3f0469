#pragma once
/* RB01xx: the text of the YAML file. */

/* clang-format off */
#define RB_DIAG_CODES_YAML(X)                                                           \
    X(101, RB_DIAG_ERROR, "YAML syntax",                                                \
      "The file is not YAML from this place on, so nothing after it could be read. The\n" \
      "usual causes are a value that contains `: ` or ` #` without quotes, a quote that is\n" \
      "never closed, and lines of one block that are indented differently.\n"           \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    title: Release: part one\n"                                                  \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    title: \"Release: part one\"\n")                                             \
    X(102, RB_DIAG_ERROR, "bytes that are not UTF-8",                                   \
      "The file holds bytes that are no UTF-8 text, most often because it was saved in an\n" \
      "older encoding. What such a byte means depends on who reads it, so the text that was\n" \
      "reviewed and the text that runs could differ.\n"                                 \
      "\n"                                                                              \
      "Wrong (saved as Latin-1, the u-umlaut is the single byte FC):\n"                 \
      "\n"                                                                              \
      "    title: Datenbank f\\xFCr Berlin\n"                                           \
      "\n"                                                                              \
      "Right (saved as UTF-8, it is the two bytes C3 BC):\n"                            \
      "\n"                                                                              \
      "    title: Datenbank für Berlin\n")                                              \
    X(103, RB_DIAG_ERROR, "control character",                                          \
      "The file holds a control character: an escape, a NUL, a lone carriage return or\n" \
      "another one that no reader sees. A program that gets it may read the text up to it,\n" \
      "and a terminal that shows it may do something else than show it.\n"              \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    exec: [deploy, \"release\\0--force\"]\n"                                     \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    exec: [deploy, release]\n"                                                   \
      "\n"                                                                              \
      "A program that needs such a character can make it itself:\n"                     \
      "\n"                                                                              \
      "    run: printf 'a\\0b' | xargs -0 -n1 echo\n")                                  \
    X(104, RB_DIAG_ERROR, "invisible character",                                        \
      "The file holds a character that takes no room or changes the direction in which text\n" \
      "is shown: what a reviewer reads is then not what runs. Such characters usually come\n" \
      "along when text is copied from a web page or a chat.\n"                          \
      "\n"                                                                              \
      "Wrong (a zero-width space before the path):\n"                                   \
      "\n"                                                                              \
      "    run: rm -rf <U+200B>/srv/old\n"                                              \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    run: rm -rf /srv/old\n")                                                     \
    X(105, RB_DIAG_ERROR, "not plain UTF-8",                                            \
      "The file is UTF-16, or UTF-8 with a byte order mark. A runbook is UTF-8 text without\n" \
      "one, so that every tool that shows, compares or signs it sees the same bytes.\n" \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    the file begins with the bytes EF BB BF, FF FE or FE FF\n"                   \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    the file begins with its first letter: runbook: release\n")                  \
    X(106, RB_DIAG_ERROR, "tab",                                                        \
      "A tab stands where YAML counts columns. Every editor shows tabs in a width of its own,\n" \
      "so lines that look aligned may not be. Inside a value, as in a shell script, tabs are\n" \
      "fine.\n"                                                                         \
      "\n"                                                                              \
      "Wrong (a tab before `run`):\n"                                                   \
      "\n"                                                                              \
      "    - id: backup\n"                                                              \
      "    	run: pg_dump -Fc dcmms\n"                                                   \
      "\n"                                                                              \
      "Right (spaces):\n"                                                               \
      "\n"                                                                              \
      "    - id: backup\n"                                                              \
      "      run: pg_dump -Fc dcmms\n")                                                 \
    X(107, RB_DIAG_ERROR, "duplicate key",                                              \
      "The same key stands twice in one mapping. Most readers of YAML silently keep the last\n" \
      "one: the runbook would then do what its first half does not say.\n"              \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: migrate\n"                                                             \
      "      on_failure: stop\n"                                                        \
      "      run: ./migrate.sh\n"                                                       \
      "      on_failure: continue\n"                                                    \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: migrate\n"                                                             \
      "      on_failure: stop\n"                                                        \
      "      run: ./migrate.sh\n")                                                      \
    X(108, RB_DIAG_ERROR, "anchor or alias",                                            \
      "Anchors (`&name`) and aliases (`*name`) are not read. A value that stands somewhere\n" \
      "else is easily overlooked in a review, and a few nested aliases can stand for millions\n" \
      "of values. Values that are used more than once belong into `vars`, settings that many\n" \
      "steps share into `defaults` or into a group.\n"                                  \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: first\n"                                                               \
      "      env: &env {PGHOST: db}\n"                                                  \
      "    - id: second\n"                                                              \
      "      env: *env\n"                                                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    - id: both\n"                                                                \
      "      env: {PGHOST: db}\n"                                                       \
      "      steps:\n"                                                                  \
      "        - id: first\n"                                                           \
      "        - id: second\n")                                                         \
    X(109, RB_DIAG_ERROR, "merge key",                                                  \
      "The merge key `<<` lays one mapping under another. It is not read: a key that comes\n" \
      "from elsewhere could take away a check or a gate without a trace in the step itself.\n" \
      "Settings that many steps share belong into `defaults`, into a group, or into\n"  \
      "`environments`.\n"                                                               \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    - id: migrate\n"                                                             \
      "      <<: *common\n"                                                             \
      "      run: ./migrate.sh\n"                                                       \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    defaults: {timeout: 10m}\n"                                                  \
      "    steps:\n"                                                                    \
      "      - id: migrate\n"                                                           \
      "        run: ./migrate.sh\n")                                                    \
    X(110, RB_DIAG_ERROR, "tag",                                                        \
      "A tag (`!name`, `!!name`) tells a YAML reader to make something else of the value. Here\n" \
      "each field knows what type its value has, and nothing in a file may run or include\n" \
      "anything by being read.\n"                                                       \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    port: !!str 5432\n"                                                          \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    port: \"5432\"\n")                                                           \
    X(111, RB_DIAG_ERROR, "more than one document",                                     \
      "A file holds one runbook. A second document after `---` or `...` would be ignored by\n" \
      "one reader and run by another.\n"                                                \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    runbook: backup\n"                                                           \
      "    ---\n"                                                                       \
      "    runbook: restore\n"                                                          \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    backup.yaml:   runbook: backup\n"                                            \
      "    restore.yaml:  runbook: restore\n")                                          \
    X(112, RB_DIAG_ERROR, "YAML directive",                                             \
      "Lines that begin with `%` change how the rest of the file is read. They are not needed\n" \
      "and not read.\n"                                                                 \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    %YAML 1.1\n"                                                                 \
      "    ---\n"                                                                       \
      "    runbook: release\n"                                                          \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook: release\n")                                                         \
    X(113, RB_DIAG_ERROR, "nested too deep",                                            \
      "Values are nested more than 64 deep. Nobody can review that, and it is how files are\n" \
      "built that try to bring a reader down. Groups of steps in groups of steps are usually\n" \
      "better as steps one after the other.\n"                                          \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    steps: [{id: a, steps: [{id: b, steps: [{id: c, steps: ...\n"                \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    steps:\n"                                                                    \
      "      - id: a\n"                                                                 \
      "      - id: b\n")                                                                \
    X(114, RB_DIAG_ERROR, "empty file",                                                 \
      "There is no YAML in the file, at most comments.\n"                               \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    # to be written\n"                                                           \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    runbook: release\n"                                                          \
      "    steps:\n"                                                                    \
      "      - id: go\n"                                                                \
      "        title: Tell the team that the release begins\n")                         \
    X(115, RB_DIAG_ERROR, "file too large",                                             \
      "The file has more than 16 MiB. Runbooks are read by people; data belongs into files of\n" \
      "its own that a step reads.\n"                                                    \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    stdin: |\n"                                                                  \
      "      (twenty megabytes of SQL)\n"                                               \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    exec: [psql, -f, dump.sql]\n")                                               \
    X(116, RB_DIAG_ERROR, "key that is not a text",                                     \
      "A key of a mapping has to be a text. Usually a value that begins with `{` or `[` was\n" \
      "meant as text and lacks its quotes.\n"                                           \
      "\n"                                                                              \
      "Wrong:\n"                                                                        \
      "\n"                                                                              \
      "    vars:\n"                                                                     \
      "      {host}: db\n"                                                              \
      "\n"                                                                              \
      "Right:\n"                                                                        \
      "\n"                                                                              \
      "    vars:\n"                                                                     \
      "      host: db\n")
/* clang-format on */
